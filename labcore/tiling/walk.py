"""Where a tiled product stands after some steps: the tiles that are live, and how often each has come in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from labcore.loopnest.nest import check_tile
from labcore.units import positive_ints

Tile = tuple[int, int, int]  # (tm, tk, tn)


@dataclass(frozen=True)
class Standing:
    """The live tile of each operand, by its row and column among the tiles, and how often each tile has come in.

    `loads["A"]` is (M / tm, K / tk), `loads["B"]` (K / tk, N / tn); `terms`, (M / tm, N / tn), counts the tile products
    that each tile of C holds.
    """

    live: dict[str, tuple[int, int]]
    loads: dict[str, np.ndarray]
    terms: np.ndarray


def standing(M: int, K: int, N: int, tile: Tile, step: int) -> Standing:
    """A product after `step` of its tile products, loops M, N, K outermost first, one tile of each operand resident.

    Raises ValueError for a step that there is not.

    >>> at = standing(4, 4, 4, (2, 2, 2), step=3)
    >>> at.live["A"], at.loads["A"].tolist(), at.terms.tolist()
    ((0, 0), [[2, 1], [0, 0]], [[2, 1], [0, 0]])
    """
    positive_ints(M=M, K=K, N=N, step=step)
    for dim, one, size in zip("MKN", tile, (M, K, N), strict=True):
        check_tile(dim, one, size)
    rows, deep, cols = (size // one for size, one in zip((M, K, N), tile, strict=True))
    if step > rows * deep * cols:
        raise ValueError(f"step must be from 1 to {rows * deep * cols}, got {step}")
    loads = {"A": np.zeros((rows, deep), int), "B": np.zeros((deep, cols), int)}
    terms, live = np.zeros((rows, cols), int), {}
    for i, j, k in islice(product(range(rows), range(cols), range(deep)), step):
        now = {"A": (i, k), "B": (k, j), "C": (i, j)}
        for operand in loads:
            loads[operand][now[operand]] += now[operand] != live.get(operand)
        terms[i, j] += 1
        live = now
    return Standing(live, loads, terms)


def words_loaded(tile: Tile, standing: Standing) -> int:
    """Words of A and B that have come in so far.

    >>> words_loaded((2, 2, 2), standing(4, 4, 4, (2, 2, 2), step=3))
    24
    """
    tm, tk, tn = tile
    return tm * tk * int(standing.loads["A"].sum()) + tk * tn * int(standing.loads["B"].sum())
