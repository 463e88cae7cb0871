"""Closed forms: cycles, traffic at the edge, utilization and occupancy, without moving a register.

Folds run one after another and nothing overlaps: a real array that loads the next weights while it computes hides
`rows` cycles a fold. All counts are exact Python ints.
"""

from __future__ import annotations

import numpy as np

from labcore.systolic.dataflows import extents, find, folds
from labcore.units import Ratio, positive_ints

EDGES = ("exact", "full")


def cycles(M: int, K: int, N: int, rows: int, cols: int, dataflow: str = "os", edge: str = "exact") -> int:
    """Cycles of (M, K) @ (K, N) on a rows x cols array, all folds together.

    With `edge="exact"` a fold of m x n costs T + m + n - 2 + rows cycles for os (the last operands reach the far
    corner of the tile, then the results shift out through all rows), and rows + T + rows + n - 2 for ws and is
    (preload, then sums fall through all rows). With `edge="full"` every fold is charged as a full tile,
    2*rows + cols + T - 2. Raises ValueError for sizes that are not positive ints.

    >>> cycles(2, 2, 2, rows=2, cols=2)  # 2 + 2 + 2 - 2 to compute, 2 to shift out
    6
    >>> cycles(129, 128, 128, 128, 128) / cycles(128, 128, 128, 128, 128)  # one row more, a fold more
    1.7509803921568627
    """
    Sr, Sc, T = extents(M, K, N, dataflow)
    positive_ints(rows=rows, cols=cols)
    if edge not in EDGES:
        raise ValueError(f"edge must be 'exact' (tiles as they are) or 'full' (every tile charged whole); got {edge!r}")
    down, across = -(-Sr // rows), -(-Sc // cols)
    if edge == "full":
        return down * across * (2 * rows + cols + T - 2)
    if dataflow == "os":  # the m of a column of folds add up to Sr, the n of a row of folds to Sc
        return down * across * (T - 2 + rows) + across * Sr + down * Sc
    return down * across * (T - 2 + 2 * rows) + down * Sc


def scalesim_cycles(M: int, K: int, N: int, rows: int, cols: int, dataflow: str = "os") -> int:
    """Cycles that SCALE-Sim 3.0.0 reports with stalls off, to hold its results beside ours.

    Per fold rows + cols + T - 2 for os and 2*rows + cols + T - 2 for ws and is, times the folds, minus 1. It differs
    from `cycles` in three ways: every fold counts as a full tile; os has no unload, as if results left the array at
    once; and the last cycle's index is reported, counted from 0, where the number of cycles is one more.

    >>> scalesim_cycles(128, 128, 128, 128, 128, "os"), cycles(128, 128, 128, 128, 128, "os")
    (381, 510)
    """
    Sr, Sc, T = extents(M, K, N, dataflow)
    positive_ints(rows=rows, cols=cols)
    fold = rows + cols + T - 2 + (0 if dataflow == "os" else rows)
    return -(-Sr // rows) * -(-Sc // cols) * fold - 1


def traffic(
    M: int, K: int, N: int, rows: int, cols: int, dataflow: str = "os"
) -> tuple[dict[str, int], dict[str, int]]:
    """Words that cross the array's edge: reads of A and B, writes of C.

    What stays is read once. What moves right enters once for every fold along the columns, what moves down once for
    every fold along the rows. In ws and is the sums that leave after one fold of K are partial: each fold writes
    them, and an accumulator outside adds them up.

    >>> traffic(256, 256, 256, 128, 128, "ws")
    ({'A': 131072, 'B': 65536}, {'C': 131072})
    """
    Sr, Sc, _ = extents(M, K, N, dataflow)
    positive_ints(rows=rows, cols=cols)
    flow, words = find(dataflow), {"A": M * K, "B": K * N, "C": M * N}
    passes = {flow.right: -(-Sc // cols), flow.down: -(-Sr // rows), flow.stays: 1}
    moved = {name: words[name] * passes[name] for name in words}
    return {"A": moved["A"], "B": moved["B"]}, {"C": moved["C"]}


def utilization(
    M: int, K: int, N: int, rows: int, cols: int, dataflow: str = "os", edge: str = "exact"
) -> Ratio:  # fmt: skip
    """MACs done over the MACs that all PEs could have done in the cycles taken; never above 1.

    >>> round(utilization(4096, 4096, 4096, 128, 128), 3)
    0.915
    """
    return M * K * N / (cycles(M, K, N, rows, cols, dataflow, edge) * rows * cols)


def coverage(size: int, width: int) -> Ratio:
    """Share of the lanes that `size` keeps busy on an array `width` wide: size over the whole tiles it takes.

    This is the fringe tax by itself, without fill and drain.

    >>> coverage(128, 128), round(coverage(129, 128), 3)
    (1.0, 0.504)
    """
    positive_ints(size=size, width=width)
    return size / (-(-size // width) * width)


def occupancy(M: int, K: int, N: int, rows: int, cols: int, dataflow: str = "os") -> np.ndarray:
    """Busy PEs in each cycle, (cycles,): a ramp up, a plateau and a ramp down for each fold.

    PE (i, j) is busy while 0 <= t - i - j < T, so a fold's count is a rectangle of ones m x n x T seen along t.

    >>> occupancy(2, 2, 2, rows=2, cols=2).tolist()
    [1, 3, 3, 1, 0, 0]
    """
    Sr, Sc, T = extents(M, K, N, dataflow)
    busy = []
    for r, c in folds(Sr, Sc, rows, cols):
        m, n = r.stop - r.start, c.stop - c.start
        wave = np.convolve(np.convolve(np.ones(m, int), np.ones(n, int)), np.ones(T, int))
        if dataflow == "os":
            busy += [wave, np.zeros(rows, int)]
        else:
            busy += [np.zeros(rows, int), wave, np.zeros(rows - m, int)]
    return np.concatenate(busy)
