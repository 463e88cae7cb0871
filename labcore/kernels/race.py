"""Several ways to do the same work, timed side by side: what a reader's machine says of a prediction."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from labcore.measure.timing import in_turns
from labcore.units import Ratio, Seconds


@dataclass(frozen=True)
class Race:
    """The times of each way, in the order of the rounds; all ways ran once in every round."""

    times: Mapping[str, tuple[Seconds, ...]]

    def median(self, name: str) -> Seconds:
        """The median time of one way."""
        return statistics.median(self.times[name])

    def quartiles(self, name: str) -> tuple[Seconds, Seconds]:
        """The lower and upper quartile of one way's times."""
        low, _, high = statistics.quantiles(self.times[name], n=4, method="inclusive")
        return low, high

    def slower(self, name: str, than: str) -> Ratio:
        """How many times as long one way takes as another: the median over the rounds of their ratio.

        >>> Race({"rows": (1.0, 1.0, 2.0), "columns": (5.0, 4.0, 10.0)}).slower("columns", than="rows")
        5.0
        """
        pairs = zip(self.times[name], self.times[than], strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def race(
    ways: Mapping[str, Callable[[], object]], repeats: int = 7, clock: Callable[[], Seconds] = time.perf_counter
) -> Race:
    """Time some ways to do the same work; they take turns, so that what slows one slows the others.

    >>> sorted(race({"a": int, "b": float}, repeats=2).times)
    ['a', 'b']
    """
    if not ways:
        raise ValueError("a race needs at least one way to do the work, got none")
    return Race(dict(zip(ways, map(tuple, in_turns(list(ways.values()), repeats, clock)), strict=True)))
