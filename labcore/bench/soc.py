"""Speed of the simulated bus and deadlines."""

from __future__ import annotations

from collections.abc import Callable

from labcore.bench.rows import Row, at_least, median_time

BURSTS_LEAST, SWITCHES_LEAST = 23_000, 11_000  # a second: a tenth, or less, of what a quiet machine does


def bus_bursts() -> Row:
    """Bursts a second of a bus that four masters share in turn."""
    from labcore.soc.bus import Bus, Master, simulate

    masters = [Master(f"master {k}", 1e9, 1.0) for k in range(4)]
    bus, duration = Bus(25.6e9, 1e6), 0.2
    events = simulate(masters, bus, duration).events
    T = median_time(lambda: simulate(masters, bus, duration), 5)
    return at_least("bursts of a shared bus", events / T, BURSTS_LEAST, "limit", "bursts/s")


def deadline_events() -> Row:
    """Scheduling events a second of three tasks under priorities."""
    from labcore.soc.realtime import Periodic, simulate

    tasks = [Periodic("brake", 2, 10), Periodic("detector", 12, 33), Periodic("voice", 30, 100)]
    events = simulate(tasks, "priority", 33_000).events
    T = median_time(lambda: simulate(tasks, "priority", 33_000), 5)
    return at_least("events of a schedule", events / T, SWITCHES_LEAST, "limit", "events/s")


MEASUREMENTS: tuple[Callable[[], Row], ...] = (bus_bursts, deadline_events)
