"""How a time is taken: enough passes to outlast the clock, several repeats, their median and quartiles."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labcore.units import Ratio, Seconds, positive, positive_ints

T_MOST: Seconds = 0.4  # of all samples of one median
FAR_TOO_LONG = 50  # times the least time of a sample: no disturbance stretches a shorter one so far
Run = Callable[[int], object]  # does the work that many times and returns when it is done


@dataclass(frozen=True)
class Timing:
    """The time of one pass: median, lower and upper quartile of some repeats."""

    T: Seconds
    T_low: Seconds
    T_high: Seconds
    repeats: int

    def rates(self, work: float) -> tuple[float, float, float]:
        """Work a second: by the median, and between the quartiles; the longer time is the lower rate.

        >>> Timing(2.0, 1.0, 4.0, 3).rates(work=8)
        (4.0, 2.0, 8.0)
        """
        return work / self.T, work / self.T_high, work / self.T_low


def relative_spread(value: float, low: float, high: float) -> Ratio:
    """How far the quartiles lie apart, as a share of the median.

    >>> relative_spread(10.0, 9.0, 11.0)
    0.2
    """
    return (high - low) / value


def wall(run: Run, passes: int, clock: Callable[[], Seconds] = time.perf_counter) -> Seconds:
    """Wall time of some passes.

    >>> ticks = iter([1.0, 3.5])
    >>> wall(lambda passes: None, 1, clock=lambda: next(ticks))
    2.5
    """
    start = clock()
    run(passes)
    return clock() - start


def timed(run: Run, repeats: int = 7, T_least: Seconds = 0.01, elapsed: Callable[[Run, int], Seconds] = wall) -> Timing:
    """The time of one pass of `run`, from samples that each take at least `T_least`.

    The passes of a sample are found by trying, at most ten times as many at each try. The tries warm caches and
    clocks up and are not counted; the shorter of two decides, since a disturbed one looks long enough. Samples that
    together would take longer than 0.4 s are fewer, three at least if that many were asked for. Raises ValueError
    where repeats is not a whole number of at least 1.

    >>> timed(lambda passes: None, repeats=3, elapsed=lambda run, passes: 0.25 * passes).T
    0.25
    """
    positive_ints(repeats=repeats)
    positive(T_least=T_least)
    elapsed(run, 1)
    passes = 1
    while (spent := _shorter_of_two(run, passes, T_least, elapsed)) < T_least and passes < 2**40:
        factor = 1.2 * T_least / spent if spent > 0 else 10
        passes = math.ceil(passes * min(max(factor, 1.2), 10))
    repeats = min(repeats, max(3, int(T_MOST / max(spent, T_least))))
    times = sorted(max(elapsed(run, passes), 1e-9) / passes for _ in range(repeats))
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive") if repeats > 1 else 3 * times
    return Timing(middle, low, high, repeats)


def in_turns(
    calls: Sequence[Callable[[], object]], repeats: int = 15, clock: Callable[[], Seconds] = time.perf_counter
) -> list[list[Seconds]]:
    """Wall times of some calls that take turns, after a round that warms up: what slows one slows the others.

    >>> [len(times) for times in in_turns([int, float, str], repeats=3)]
    [3, 3, 3]
    """
    positive_ints(repeats=repeats)
    times: list[list[Seconds]] = [[] for _ in calls]
    for k in range(repeats + 1):
        for call, spent in zip(calls, times, strict=True):
            start = clock()
            call()
            if k:
                spent.append(clock() - start)
    return times


def _shorter_of_two(run: Run, passes: int, T_least: Seconds, elapsed: Callable[[Run, int], Seconds]) -> Seconds:
    """The second try is for what a disturbance may have stretched; it is spared where the first is far too long."""
    first = elapsed(run, passes)
    return first if not T_least <= first < FAR_TOO_LONG * T_least else min(first, elapsed(run, passes))
