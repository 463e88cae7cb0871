"""The memory staircase: sustained bandwidth and load latency by the size of the working set."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from labcore.measure.kernels import ARRAYS, LINE, kernels, side_by_side
from labcore.measure.rows import Bandwidth, Latency
from labcore.measure.timing import timed
from labcore.units import Bytes, Seconds, positive_ints

WORD = 8  # bytes of a float64, and of a link of the chase
LOADS = 256  # of one pass of the chase: enough to outweigh its call


def working_sets(smallest: Bytes, largest: Bytes, per_octave: int = 2) -> list[int]:
    """Sizes in bytes, `per_octave` to each doubling, from the smallest to the largest.

    >>> working_sets(1024, 4096, per_octave=1)
    [1024, 2048, 4096]
    """
    positive_ints(smallest=smallest, largest=largest, per_octave=per_octave)
    count = int(per_octave * np.log2(largest / smallest) + 1e-9) + 1
    return [round(smallest * 2 ** (k / per_octave)) for k in range(count)]


def vectors(buffer: np.ndarray, arrays: int, working_set: Bytes, threads: int) -> list[np.ndarray]:
    """Equal vectors of float64 that fill a working set, whole cache lines a thread, none shorter than one line each.

    >>> [len(v) for v in vectors(np.empty(1024), arrays=3, working_set=6144, threads=2)]
    [256, 256, 256]
    """
    unit = threads * LINE // WORD
    length = max(working_set // (WORD * arrays) // unit, 1) * unit
    return [buffer[k * length : (k + 1) * length] for k in range(arrays)]


def bandwidth(
    kernel: str, working_set: Bytes, threads: int, buffer: np.ndarray, repeats: int = 7, T_least: Seconds = 0.01
) -> Bandwidth:
    """Sustained bandwidth of a kernel (read, write, copy, triad) over a working set that all threads share out.

    Bytes are counted as STREAM does: each array once, so 8, 8, 16, 24 B an element. A line that a store misses is
    fetched first on most machines (write-allocate); that traffic is not counted. Raises ValueError for a buffer
    that is too small.

    >>> row = bandwidth("triad", 6144, 1, np.empty(768), repeats=1, T_least=1e-4)
    >>> row.working_set, row.BW > 0
    (6144, True)
    """
    arrays = vectors(buffer, ARRAYS[kernel], working_set, threads)
    moved = sum(v.nbytes for v in arrays)
    if len(arrays[-1]) != len(arrays[0]) or moved < ARRAYS[kernel] * LINE * threads:
        raise ValueError(f"{kernel} over {working_set} B needs a buffer of that size, got {buffer.nbytes} B")
    for v in arrays:
        v.fill(1.0)
    three = (*arrays, arrays[0], arrays[0])[:3]
    timing = timed(lambda passes: side_by_side(getattr(kernels(), kernel), threads, three, passes), repeats, T_least)
    return Bandwidth(kernel, threads, moved, *timing.rates(moved), timing.repeats)


def latency(working_set: Bytes, buffer: np.ndarray, repeats: int = 7, T_least: Seconds = 0.01) -> Latency:
    """Time of a load whose address is the answer of the load before, at random within a working set.

    The ring visits one word of every cache line, once each round. On large sets the time holds the misses of the
    table of pages (TLB) too, as that of real scattered loads does.

    >>> latency(4096, np.empty(512), repeats=1, T_least=1e-4).working_set
    4096
    """
    stride = LINE // WORD
    lines = max(working_set // LINE, 2)
    following = buffer.view(np.int64)[: lines * stride]
    kernels().link(following, lines, stride)
    at = kernels().chase(following, 0, lines)  # every line once: the pages are there, the caches warm

    def walk(passes: int) -> None:
        """Go on from where the last walk ended: from the start again, it would find its lines in a cache."""
        nonlocal at
        at = kernels().chase(following, at, LOADS * passes)

    timing = timed(walk, repeats, T_least)
    T, low, high = (t / LOADS for t in (timing.T, timing.T_low, timing.T_high))
    return Latency(lines * LINE, T, low, high, timing.repeats)


def steps(
    sizes: list[int], threads: tuple[int, ...], T_least: Seconds
) -> Iterator[Callable[[int], Bandwidth | Latency]]:
    """One step for each point of the staircases, called with its repeats.

    All share one buffer, as large as the largest working set.
    """
    share = LINE * max(threads) * max(ARRAYS.values())
    buffer = np.zeros((max(sizes) + share) // WORD)

    def reach(kernel: str, size: int, n: int) -> Callable[[int], Bandwidth]:
        return lambda repeats: bandwidth(kernel, size, n, buffer, repeats, T_least)

    def lag(size: int) -> Callable[[int], Latency]:
        return lambda repeats: latency(size, buffer, repeats, T_least)

    for n in threads:
        for kernel in ARRAYS:
            yield from (reach(kernel, size, n) for size in sizes)
    yield from map(lag, sizes)
