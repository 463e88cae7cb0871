"""The rows of a batch in time: who was in which, and what it did there."""

from __future__ import annotations

from collections.abc import Sequence

from labcore.runtime.timeline import Event, Timeline
from labcore.serving.run import Run
from labcore.units import Seconds


def gantt(run: Run) -> Timeline:
    """Who was in which row of the batch when, for a drawing: 'reads', 'writes', 'idle' (a static batch's leavers).

    Events name the row as their engine and the request as their stream.

    >>> from labcore.serving.batching import Static
    >>> from labcore.serving.engine import Clock
    >>> from labcore.serving.requests import requests
    >>> from labcore.serving.simulate import simulate
    >>> run = simulate(requests([0.0, 0.0], prompt=10, answer=[1, 4]), Clock(T_pass=1.0), Static(2))
    >>> [(e.engine, e.what, e.start, e.end) for e in gantt(run).events][:3]
    [('row 0', 'reads', 0.0, 1.0), ('row 0', 'idle', 1.0, 4.0), ('row 1', 'reads', 0.0, 1.0)]
    """
    starts, ends, events = run.iterations["start"], run.ends, []
    kept = run.scheduler.slots_kept
    leaves: dict[int, int] = {}  # the last iteration of a static batch, by the one in which it joined
    for stay in run.stays:
        leaves[stay["joined"]] = max(stay["left"], leaves.get(stay["joined"], 0))
    rows: list[int] = []  # the iteration in which each row was last taken
    for stay in sorted(run.stays, key=lambda one: (one["joined"], one["request"])):
        free = leaves[stay["joined"]] if kept else stay["left"]
        row = next((k for k, taken in enumerate(rows) if taken < stay["joined"]), len(rows))
        rows[row : row + 1] = [free]
        read = stay["first"] if stay["first"] >= 0 else stay["left"]
        times = starts[stay["joined"]], ends[read], ends[stay["left"]], ends[free]
        events += _bars(times, f"row {row}", str(stay["request"]))
    return Timeline(tuple(events), len(run.iterations))


def _bars(times: Sequence[Seconds], row: str, request: str) -> list[Event]:
    spans = zip(("reads", "writes", "idle"), times[:-1], times[1:], strict=True)
    return [Event(float(start), float(end), row, what, request) for what, start, end in spans if end > start]
