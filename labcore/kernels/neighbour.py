"""A copy of much memory, step by step: alone, and beside a thread that does nothing else than copy."""

from __future__ import annotations

import threading

import numpy as np

from labcore.kernels.race import Race, race
from labcore.units import positive_ints

ALONE, BESIDE = "alone", "beside a neighbour"


def neighbour_race(mebibytes: int = 64, steps: int = 40) -> Race:
    """Time of each step of a copy, first alone, then while a second thread copies as much, over and over.

    >>> one = neighbour_race(mebibytes=1, steps=2)
    >>> [(name, len(times)) for name, times in one.times.items()]
    [('alone', 2), ('beside a neighbour', 2)]
    """
    positive_ints(mebibytes=mebibytes, steps=steps)
    mine, yours = ([np.ones(mebibytes * 2**20 // 8) for _ in range(2)] for _ in range(2))
    quiet = _steps(mine, steps)
    stop = threading.Event()
    thread = threading.Thread(target=_copy_until, args=(yours, stop), daemon=True)
    thread.start()
    try:
        crowded = _steps(mine, steps)
    finally:
        stop.set()
        thread.join()
    return Race({ALONE: quiet, BESIDE: crowded})


def _steps(pair: list[np.ndarray], steps: int) -> tuple[float, ...]:
    return race({ALONE: lambda: np.copyto(*pair)}, repeats=steps).times[ALONE]


def _copy_until(pair: list[np.ndarray], stop: threading.Event) -> None:
    while not stop.is_set():
        np.copyto(*pair)  # numpy lets other threads run meanwhile
