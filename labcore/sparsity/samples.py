"""Matrices that the lab, its figures and its claims share: seeded, so that everybody sees the same numbers."""

from __future__ import annotations

import numpy as np

from labcore.sparsity.pruning import block_mask, nm_mask
from labcore.units import positive_ints


def weights(rows: int = 512, cols: int = 512) -> np.ndarray:
    """Normally distributed weights, as a layer's are before training; no two magnitudes are equal.

    >>> weights(2, 4).shape
    (2, 4)
    """
    positive_ints(rows=rows, cols=cols)
    return np.random.default_rng(25).standard_normal((rows, cols))


def small_matrix() -> np.ndarray:
    """An (8, 8) matrix that every format can hold: half of its 2 x 4 blocks are zero, the others are 2:4.

    >>> (small_matrix() != 0).sum(axis=1).tolist()
    [2, 2, 4, 4, 0, 0, 2, 2]
    """
    x = np.random.default_rng(63).permutation(np.arange(1, 65)).reshape(8, 8)
    return x * block_mask(x, (2, 4), 0.5) * nm_mask(x)
