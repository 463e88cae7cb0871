"""What is predicted for loops on this machine: the time from L1, and the time that each level below adds.

One model for all: the time with all data in L1, and for each level below the bytes fetched from it over its bandwidth.
Where all of that overlaps the longest part is the time, where nothing does their sum. Lines written back travel the
other way and are not counted; a level gives what it gives to a plain sum; nothing is fetched ahead in vain.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from labcore.kernels.race import Race, race
from labcore.measure.kernels import LINE, kernels
from labcore.measure.machine import caches
from labcore.measure.timing import timed, wall
from labcore.units import Bytes, BytesPerSecond, Seconds

USUAL = ({"level": 1, "bytes": 32 * 2**10}, {"level": 2, "bytes": 2**20})  # where the system does not say
LARGEST: Bytes = 16 * 2**20  # working set that stands for the level behind L2
SHARE = 0.1  # of a product, run from L1


def own_clock() -> Callable[[], Seconds]:
    """A clock that counts this thread's seconds, so that other programs take none; wall time where it is coarse.

    >>> own_clock()() <= own_clock()()
    True
    """
    fine = time.get_clock_info("thread_time").resolution <= 1e-6
    return time.thread_time if fine else time.perf_counter


@dataclass(frozen=True)
class Fill:
    """A cache of so many bytes, the level that fills it, and the bandwidth at which one thread is filled."""

    name: str
    capacity: Bytes
    below: str
    BW: BytesPerSecond


@functools.cache
def fills() -> tuple[Fill, ...]:
    """L1 and L2 of this machine with the measured bandwidth of the level behind each, one thread; about a second.

    >>> [fill.name for fill in fills()]
    ['L1', 'L2']
    """
    known = {cache["level"]: cache["bytes"] for cache in (*USUAL, *caches())}  # what the system says counts
    sizes = [known[1], known[2], known.get(3, 8 * LARGEST)]
    names = ["L1", "L2", "L3" if 3 in known else "DRAM"]
    sets = [min((low * high) ** 0.5, LARGEST) for low, high in pairwise(sizes)]  # between two capacities
    return tuple(map(Fill, names[:-1], sizes[:-1], names[1:], map(read_rate, sets)))


def read_rate(working_set: Bytes) -> BytesPerSecond:
    """Bytes a second of one thread that sums a vector of float64, again and again.

    >>> read_rate(4096) > 0
    True
    """
    x = np.ones(int(working_set) // 8)
    return x.nbytes / in_cache(lambda passes: kernels().read(x, x, x, passes))


def predicted_times(
    hot: Mapping[str, Seconds], moved: Mapping[str, Sequence[Bytes]], levels: Sequence[Fill]
) -> dict[str, dict[str, Seconds]]:
    """For each way the seconds that it spends on L1 and on each level below.

    >>> predicted_times({"ikj": 1.0}, {"ikj": [4e9]}, [Fill("L1", 32768, "L2", 2e9)])
    {'ikj': {'L1': 1.0, 'L2': 2.0}}
    """
    return {
        way: {"L1": T} | {level.below: D_vol / level.BW for D_vol, level in zip(moved[way], levels, strict=True)}
        for way, T in hot.items()
    }


def short_side(long: int, word: Bytes, capacity: Bytes) -> int:
    """How many rows of a length, of each of two operands, take at most half of a cache; one at least.

    >>> short_side(500, word=8, capacity=32768)
    2
    """
    return max(1, int(capacity // 2 // (2 * long * word)))


def ones(rows: int, columns: int, dtype: type) -> np.ndarray:
    """A row-major matrix of ones that begins on a cache line, (rows, columns): else its times change with its place.

    >>> ones(3, 2, np.float32).ctypes.data % LINE
    0
    """
    nbytes = rows * columns * np.dtype(dtype).itemsize
    buffer = np.empty(nbytes + LINE, np.uint8)
    start = -buffer.ctypes.data % LINE
    matrix = buffer[start : start + nbytes].view(dtype).reshape(rows, columns)
    matrix.fill(1)
    return matrix


def in_cache(run: Callable[[int], object]) -> Seconds:
    """The time of one pass of `run`, which is called with passes and finds again what it left in a cache.

    >>> in_cache(lambda passes: None) > 0
    True
    """
    return timed(run, repeats=15, T_least=0.004, elapsed=functools.partial(wall, clock=own_clock())).T


def race_and_warm(
    ways: Mapping[str, Callable[[], object]], warm: Mapping[str, tuple[Callable[[int], object], float]], repeats: int
) -> tuple[Race, dict[str, Seconds]]:
    """Race some ways, and in the same rounds their loops on data in L1; gives the race, and seconds from L1.

    `warm` has for each way a run, called with passes, and how many passes are as much work as the way: a tenth is run.

    >>> timed, hot = race_and_warm({"a": int}, {"a": (lambda passes: None, 100.0)}, repeats=2)
    >>> list(timed.times), hot["a"] > 0
    (['a'], True)
    """
    passes = {way: max(1, round(SHARE * whole)) for way, (_, whole) in warm.items()}
    tenths = {(way, "L1"): functools.partial(run, passes[way]) for way, (run, _) in warm.items()}
    both = race({**ways, **tenths}, repeats, own_clock())
    hot = {way: both.median((way, "L1")) * whole / passes[way] for way, (_, whole) in warm.items()}
    return Race({way: both.times[way] for way in ways}), hot
