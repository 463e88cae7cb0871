"""What a call costs by its rows on the reader's machine, and what padding to a few lengths costs there.

A token is a row of four numbers, and the work on it is numpy's `tan`, one thread, all in a cache. A call costs
something however few rows it has, as a launch does; the knee is where the rows cost as much as the call.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from labcore.kernels.race import Race, race
from labcore.measure.timing import Timing, timed
from labcore.units import Seconds, positive_ints

WIDTH = 4
LENGTHS = tuple(2**k for k in range(14))  # 1 to 8192 rows


def call(rows: np.ndarray, out: np.ndarray) -> Callable[[], object]:
    """The call that is timed: (n, 4) -> (n, 4).

    >>> out = np.empty((1, 4))
    >>> _ = call(np.zeros((1, 4)), out)()
    >>> float(out[0, 0])
    0.0
    """
    return functools.partial(np.tan, rows, out)


def call_times(lengths: Sequence[int] = LENGTHS, repeats: int = 5) -> dict[int, Timing]:
    """The time of a call for each number of rows.

    >>> list(call_times([1, 2], repeats=1))
    [1, 2]
    """
    positive_ints(**{f"length {n}": n for n in lengths})
    x, out = _rows(max(lengths))

    def passes(n: int) -> Callable[[int], None]:
        one = call(x[:n], out[:n])

        def run(times: int) -> None:
            for _ in range(times):
                one()

        return run

    return {n: timed(passes(n), repeats, T_least=0.004) for n in lengths}


def fitted(times: Mapping[int, Seconds]) -> tuple[Seconds, Seconds]:
    """A call's fixed time and a row's time, through the shortest and the longest of some calls.

    >>> fitted({1: 3.0, 11: 23.0})
    (1.0, 2.0)
    """
    if len(times) < 2:
        raise ValueError(f"a line takes two lengths at least, got {len(times)}; time another")
    few, many = min(times), max(times)
    T_row = (times[many] - times[few]) / (many - few)
    return times[few] - few * T_row, T_row


def padding_race(padded: Mapping[str, Sequence[int]], repeats: int = 7) -> Race:
    """The same requests under several plans, one call each, of as many rows as the plan pads it to.

    >>> list(padding_race({"static": [2, 2], "dynamic": [1, 2]}, repeats=1).times)
    ['static', 'dynamic']
    """
    x, out = _rows(max(map(max, padded.values())))

    def run(lengths: Sequence[int]) -> None:
        for n in lengths:
            np.tan(x[:n], out[:n])

    return race({name: functools.partial(run, lengths) for name, lengths in padded.items()}, repeats)


def _rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.ones((count, WIDTH)), np.ones((count, WIDTH))
