"""Tiles inside tiles: one for each memory on the way from DRAM to the registers."""

from __future__ import annotations

from collections.abc import Sequence

from labcore.loopnest import Level, Nest, Traffic, matmul_problem
from labcore.units import Bytes, BytesPerSecond, Seconds, positive

Tile = tuple[int, int, int]  # (tm, tk, tn)


def hierarchy(M: int, K: int, N: int, tiles: Sequence[Tile], order: str = "MNK") -> Nest:
    """The nest of a product whose tiles lie inside each other, the largest first; each divides the one before it.

    `labcore.loopnest.traffic` counts what crosses into each memory, `labcore.loopnest.execute` runs it. Where an outer
    tile cuts K, all tiles of C inside it leave and come back with each of its steps.

    >>> from labcore.loopnest import traffic
    >>> [t.words for t in traffic(hierarchy(16, 16, 16, [(8, 8, 8), (2, 2, 2)]))]
    [1280, 4864]
    """
    return Nest(matmul_problem(M, K, N), [Level(dict(zip("MKN", tile, strict=True)), order) for tile in tiles])


def edge_times(
    counted: Sequence[Traffic], BW: Sequence[BytesPerSecond], bytes_per_element: Bytes = 2,
    bytes_per_sum: Bytes | None = None,
) -> list[Seconds]:  # fmt: skip
    """The time that each edge between memories needs for its words, alone, the one next to DRAM first.

    Sums that leave and come back take `bytes_per_sum` each way, `bytes_per_element` unless given; results are rounded
    to elements before they leave for good.

    Raises ValueError unless there is one bandwidth for each.

    >>> edge_times([Traffic(50, 40, 0, 10)], [100.0])
    [2.0]
    >>> edge_times([Traffic(50, 40, 10, 20)], [100.0], bytes_per_sum=4)
    [2.8]
    """
    if len(counted) != len(BW):
        raise ValueError(f"{len(counted)} memories need as many bandwidths, got {len(BW)}")
    for one in BW:
        positive(BW=one)
    wider = (bytes_per_element if bytes_per_sum is None else bytes_per_sum) - bytes_per_element
    crossing = [bytes_per_element * one.words + 2 * wider * one.C_reads for one in counted]
    return [size / rate for size, rate in zip(crossing, BW, strict=True)]
