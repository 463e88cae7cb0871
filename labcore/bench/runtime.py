"""Speed of the simulated runtime, beside its engine alone."""

from __future__ import annotations

from labcore.bench.rows import Row, at_least
from labcore.runtime.speed import bare_events_per_second, events_per_second

LEAST = 15_000  # a tenth of what a quiet core gives


def simulated_events() -> Row:
    """Events a second of a device that serves requests, in simulated time."""
    against = f"a tenth of a quiet core's; SimPy alone here {bare_events_per_second():,.0f}"
    return at_least("events of a served trace", events_per_second(), LEAST, against, "events/s")


MEASUREMENTS = (simulated_events,)
