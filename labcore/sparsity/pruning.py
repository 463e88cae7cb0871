"""Pruning: which values of a matrix stay, under a freer or a stricter pattern, and how much of it that keeps.

Masks are True where a value stays. The larger magnitude stays; of equal ones, the one that comes first.
"""

from __future__ import annotations

import numpy as np

from labcore.sparsity.product import in_blocks, matrix
from labcore.sparsity.structured import NM, falling
from labcore.units import Ratio


def free_mask(x: np.ndarray, density: Ratio) -> np.ndarray:
    """Keep this share of the values, the largest, wherever they stand: unstructured pruning.

    >>> free_mask(np.array([[1, -9], [8, 2]]), 0.5).tolist()
    [[False, True], [True, False]]
    """
    x = matrix(x)
    mask = np.zeros(x.size, bool)
    mask[np.argsort(falling(x.ravel()), kind="stable")[: kept_of(x.size, density)]] = True
    return mask.reshape(x.shape)


def nm_mask(x: np.ndarray, n: int = 2, m: int = 4) -> np.ndarray:
    """Keep the n largest of each m along a row; places are kept whatever value stands there.

    >>> nm_mask(np.array([[1, -9, 8, 2, 0, 0, 3, 0]])).astype(int).tolist()
    [[0, 1, 1, 0, 1, 0, 1, 0]]
    """
    x = matrix(x)
    mask = np.zeros(x.shape, bool)
    np.put_along_axis(mask, NM.from_dense(x, n, m).columns(), True, axis=1)
    return mask


def block_mask(x: np.ndarray, block: tuple[int, int], density: Ratio) -> np.ndarray:
    """Keep this share of the blocks, those with the largest sum of squares.

    >>> block_mask(np.array([[1, 1, 0, 9], [1, 1, 0, 0]]), (2, 2), 0.5).astype(int).tolist()
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    grid = in_blocks(x, block).astype(float)
    return np.kron(free_mask((grid**2).sum(axis=(1, 3)), density), np.ones(grid.shape[1::2], bool))


def kept_norm(x: np.ndarray, mask: np.ndarray) -> Ratio:
    """The L2 norm of what stays over the norm of all: 1 when nothing of weight is lost.

    >>> kept_norm(np.array([[3, 4]]), np.array([[False, True]]))
    0.8
    """
    x = np.asarray(x, float)
    whole = np.linalg.norm(x)
    return float(np.linalg.norm(x[mask]) / whole) if whole else 1.0


def kept_of(size: int, density: Ratio) -> int:
    """How many of `size` values this density keeps, rounded to a whole number.

    >>> kept_of(2048 * 2048, 0.1)
    419430
    """
    if not 0 < density <= 1:
        raise ValueError(f"density must be above 0 and at most 1, got {density}; 0.5 keeps every other value")
    return round(size * density)
