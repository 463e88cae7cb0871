"""What happened when: the events of a run, and the questions that one asks of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labcore.units import Ratio, Seconds


@dataclass(frozen=True)
class Event:
    """Something occupied `units` of an engine from `start` to `end`."""

    start: Seconds
    end: Seconds
    engine: str
    what: str
    stream: str = ""
    units: int = 1

    @property
    def T(self) -> Seconds:
        """How long it took."""
        return self.end - self.start


@dataclass(frozen=True)
class Timeline:
    """The events of a run in the order of their beginning, and the `steps` that the simulator took for them.

    >>> line = Timeline((Event(0.0, 2.0, "compute", "a"), Event(2.0, 3.0, "link out", "a")), steps=4)
    >>> line.makespan, line.busy("compute"), line.utilization("link out")
    (3.0, 2.0, 0.3333333333333333)
    """

    events: tuple[Event, ...]
    steps: int

    @property
    def makespan(self) -> Seconds:
        """When the last event ends; time begins at 0."""
        return max((one.end for one in self.events), default=0.0)

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that did anything, in the order in which they began to."""
        return tuple(dict.fromkeys(one.engine for one in self.events))

    def on(self, engine: str) -> list[Event]:
        """The events of one engine; raises ValueError for an engine that did nothing."""
        if engine not in self.engines:
            raise ValueError(f"nothing ran on {engine!r}; there were {', '.join(self.engines) or 'no events'}")
        return [one for one in self.events if one.engine == engine]

    def busy(self, engine: str) -> Seconds:
        """Unit-seconds that an engine worked: two of its units for a second count two."""
        return sum(one.T * one.units for one in self.on(engine))

    def utilization(self, engine: str, units: int = 1) -> Ratio:
        """The share of an engine's unit-seconds, from 0 to the end of the run, in which it worked."""
        return self.busy(engine) / (units * self.makespan) if self.makespan else 0.0

    def most_at_once(self, engine: str) -> int:
        """The most units of an engine that were occupied at one time; an end frees its units for a start."""
        return most_at_once((one.start, one.end, one.units) for one in self.on(engine))


def most_at_once(intervals: Iterable[tuple[float, float, float]]) -> float:
    """The largest sum of amounts held at one time, of (start, end, amount); an interval of no length holds nothing.

    >>> most_at_once([(0, 2, 1), (1, 3, 1), (2, 4, 1)])
    2
    """
    changes = sorted(change for start, end, n in intervals if end > start for change in ((start, 1, n), (end, 0, -n)))
    held = most = 0
    for _, _, change in changes:  # at one time, what ends comes before what starts
        held += change
        most = max(most, held)
    return most


def in_order(events: Iterable[Event], steps: int) -> Timeline:
    """A timeline of events in any order.

    >>> in_order([Event(1.0, 2.0, "x", "b"), Event(0.0, 1.0, "x", "a")], steps=2).events[0].what
    'a'
    """
    return Timeline(tuple(sorted(events, key=lambda one: (one.start, one.end))), steps)
