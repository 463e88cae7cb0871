"""A product in blocks under the three loop orders that name a dataflow, timed beside the same work without movement."""

from __future__ import annotations

import functools
import itertools

import numpy as np

from labcore.kernels.predict import ones
from labcore.kernels.race import Race, race
from labcore.loopnest.nest import check_tile

ORDERS = {"ws": "KNM", "os": "MNK", "is": "MKN"}  # outermost first
SAME = "same blocks"


def in_blocks(A: np.ndarray, B: np.ndarray, block: int, order: str, moving: bool = True) -> np.ndarray:
    """(M, K) @ (K, N) block by block, loops in this order, each block product a call of numpy.

    With `moving` off every step works on the first blocks: the same calls and arithmetic, and nothing to fetch.

    >>> in_blocks(np.ones((4, 4)), np.ones((4, 2)), 2, "KNM").tolist()
    [[4.0, 4.0], [4.0, 4.0], [4.0, 4.0], [4.0, 4.0]]
    """
    sizes = {"M": A.shape[0], "K": A.shape[1], "N": B.shape[1]}
    for dim, size in sizes.items():
        check_tile(dim, block, size)
    C = np.zeros((sizes["M"], sizes["N"]))
    for starts in itertools.product(*(range(0, sizes[dim], block) for dim in order)):
        at = dict(zip(order, starts if moving else (0, 0, 0), strict=True))
        m, k, n = (slice(at[dim], at[dim] + block) for dim in "MKN")
        C[m, n] += A[m, k] @ B[k, n]
    return C


def stationary_race(n: int = 512, block: int = 64, repeats: int = 7) -> Race:
    """Time (n, n) @ (n, n) under each order, and once more on blocks that stay the same.

    >>> list(stationary_race(8, 4, repeats=1).times)
    ['ws', 'os', 'is', 'same blocks']
    """
    A, B = ones(n, n, np.float64), ones(n, n, np.float64)
    ways = {name: functools.partial(in_blocks, A, B, block, order) for name, order in ORDERS.items()}
    return race(ways | {SAME: functools.partial(in_blocks, A, B, block, "MNK", moving=False)}, repeats)
