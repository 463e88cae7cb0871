"""The statistics unit: a tree that adds in pairs, and how long it takes when it is narrower than the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.units import positive_ints


@dataclass(frozen=True)
class TreeSum:
    """A sum, the levels of adders that it went through, and the adders used in all."""

    value: float
    levels: int
    adders: int


def tree_sum(x: np.ndarray) -> TreeSum:
    """Add (n,) in pairs, level by level, each sum rounded to x's own format; an odd one out goes up as it is.

    >>> tree_sum(np.arange(6.0))
    TreeSum(value=15.0, levels=3, adders=5)
    """
    row, levels, adders = np.asarray(x), 0, 0
    if row.ndim != 1 or not row.size:
        raise ValueError(f"a tree adds (n,) numbers with n of at least 1, got shape {row.shape}")
    while row.size > 1:
        pairs, odd = row[: row.size // 2 * 2].reshape(-1, 2), row[row.size // 2 * 2 :]
        row, levels, adders = np.concatenate([pairs[:, 0] + pairs[:, 1], odd]), levels + 1, adders + len(pairs)
    return TreeSum(row[0].item(), levels, adders)


def tree_cycles(n: int, width: int | None = None) -> int:
    """Cycles to add n numbers by a pipelined tree of `width` inputs, a level a cycle; a whole tree without `width`.

    A narrow tree takes `width` numbers a cycle and adds what comes out to a running sum: ceil(n / width) + log2(width).

    >>> tree_cycles(512), tree_cycles(512, width=8)
    (9, 67)
    """
    positive_ints(n=n, width=n if width is None else width)
    if width is None or width >= n:
        return (n - 1).bit_length()  # ceil(log2(n)), exact for every n
    return -(-n // width) + (width - 1).bit_length()


def mean_and_variance(x: np.ndarray) -> tuple[float, float, int]:
    """Mean, variance and cycles of two trees side by side, over x and over x^2, then one step for each result.

    >>> mean_and_variance(np.array([1.0, 3.0]))
    (2.0, 1.0, 4)
    """
    total, squares = tree_sum(x), tree_sum(x * x)
    mean = total.value / x.size
    return mean, squares.value / x.size - mean**2, 1 + total.levels + 2
