"""Algorithm 1: the loop nest of tiles that a compiler puts on top of an array, with its loads counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.systolic.dataflows import folds
from labcore.systolic.fast import gemm
from labcore.systolic.run import Run, operands
from labcore.units import Ratio, positive_ints


@dataclass(frozen=True)
class Tiled:
    """A tiled product: the result, words loaded and stored between memory and chip, tile products, cycles."""

    C: np.ndarray
    loads: dict[str, int]
    stores: dict[str, int]
    products: int
    cycles: int
    macs: int

    @property
    def macs_per_word(self) -> Ratio:
        """MACs for each word that crosses between memory and chip."""
        return self.macs / (sum(self.loads.values()) + sum(self.stores.values()))


def tiled_matmul(
    A: np.ndarray, B: np.ndarray, tile: tuple[int, int, int], rows: int, cols: int, on=gemm
) -> Tiled:  # fmt: skip
    """A @ B by output tiles, the sum of each kept on chip: A (M, K), B (K, N), tile (tm, tk, tn).

    Tiles at the edge may be smaller. Each pair of operand tiles is loaded, multiplied on a rows x cols array that
    `on` runs (`simulate`, `stream` or `gemm`), and added; each output tile is stored once.

    >>> run = tiled_matmul(np.eye(4), np.eye(4), tile=(2, 2, 2), rows=2, cols=2)
    >>> run.loads, run.stores, run.products
    ({'A': 32, 'B': 32}, {'C': 16}, 8)
    """
    tm, tk, tn = tile
    positive_ints(tm=tm, tk=tk, tn=tn, rows=rows, cols=cols)
    A, B = operands(A, B)
    M, K, N = *A.shape, B.shape[1]
    C, loads, stores = np.zeros((M, N), A.dtype), {"A": 0, "B": 0}, {"C": 0}
    runs: list[Run] = []
    for i, j in folds(M, N, tm, tn):
        total = np.zeros((i.stop - i.start, j.stop - j.start), A.dtype)  # the accumulator stays on chip
        for k0 in range(0, K, tk):
            a, b = A[i, k0 : k0 + tk], B[k0 : k0 + tk, j]
            loads["A"], loads["B"] = loads["A"] + a.size, loads["B"] + b.size
            runs.append(on(a, b, rows, cols))
            total += runs[-1].C
        C[i, j] = total
        stores["C"] += total.size
    return Tiled(C, loads, stores, len(runs), sum(r.cycles for r in runs), sum(r.macs for r in runs))
