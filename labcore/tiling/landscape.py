"""All tiles of C that a buffer holds, each with the depth that moves fewest words: a map with a valley."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.loopnest.nest import Level, Nest, matmul_problem
from labcore.mapping.matmul import words_moved
from labcore.units import divisors, positive_ints

NOT_HELD = -1


@dataclass(frozen=True)
class Landscape:
    """Words in and out, and the depth tk, for every tm (rows) and tn (columns); -1 where no depth fits."""

    tm: list[int]
    tn: list[int]
    words: np.ndarray
    tk: np.ndarray

    @property
    def best(self) -> tuple[int, int, int]:
        """The tile (tm, tk, tn) that moves least; of several, the first row by row."""
        words = np.where(self.words == NOT_HELD, np.iinfo(np.int64).max, self.words)
        i, j = np.unravel_index(words.argmin(), words.shape)
        return self.tm[i], int(self.tk[i, j]), self.tn[j]


def landscape(M: int, K: int, N: int, buffer_words: int, order: str = "MNK") -> Landscape:
    """Every tile of C under one loop order, with the smallest of the depths that fit and move least.

    Raises ValueError for a buffer that holds no tile at all.

    >>> landscape(4, 4, 4, buffer_words=8).words.tolist()
    [[144, 112, -1], [112, 80, -1], [-1, -1, -1]]
    """
    Nest(matmul_problem(M, K, N), [Level({"M": M, "K": K, "N": N}, order)])  # raises for an order that is none
    positive_ints(buffer_words=buffer_words)
    if buffer_words < 3:
        raise ValueError(
            f"a buffer of {buffer_words} words holds no tile of A, B and C together; 3 words are the least"
        )
    if 4 * M * K * N >= 2**63:  # no mapping moves more, so that nothing below wraps
        raise ValueError(f"words of {M * K * N} multiply-accumulates might not fit int64; take smaller sizes")
    sides = [np.array(divisors(size)) for size in (M, K, N)]
    m, k, n = np.meshgrid(*sides, indexing="ij")  # (tm, tk, tn)
    tiles = np.stack([m.ravel(), k.ravel(), n.ravel()])
    moved = words_moved((M, K, N), tiles, order).reshape(m.shape)
    fits = m * k + k * n + m * n <= buffer_words
    moved = np.where(fits, moved, np.iinfo(np.int64).max)
    depth = moved.argmin(axis=1)  # (tm, tn)
    least = moved.min(axis=1)
    held = fits.any(axis=1)
    return Landscape(
        sides[0].tolist(), sides[2].tolist(), np.where(held, least, NOT_HELD),
        np.where(held, sides[1][depth], NOT_HELD),
    )  # fmt: skip
