"""The blocked product with the side of its tiles as an argument, compiled, and a race between sides.

Row-major float32. Three loops over tiles, order i, k, j, and inside a tile the loops ikj, whose innermost one runs
along rows. While the rows of a tile of A pass, one tile of B is used again and again: it is what should fit a cache.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np

from labcore.kernels.fetched import knee, tile_bytes
from labcore.kernels.predict import Fill, fills, ones, predicted_times, race_and_warm, short_side
from labcore.kernels.raced import Raced, machine
from labcore.units import Bytes, positive_ints

WORD: Bytes = 4  # a float32
SIGNATURE = "void(f4[:,::1], f4[:,::1], f4[:,::1], i8, i8)"
SIDES = (16, 32, 48, 64, 96, 192, 320, 480, 960)


def blocked(A, B, C, tile, passes):
    """Add A @ B to C in square tiles, so many times; tiles at the edges are smaller."""
    M, K, N = A.shape[0], A.shape[1], B.shape[1]
    for _ in range(passes):
        for i0 in range(0, M, tile):
            for k0 in range(0, K, tile):
                for j0 in range(0, N, tile):
                    for i in range(i0, min(i0 + tile, M)):
                        c = C[i, j0 : j0 + tile]
                        for k in range(k0, min(k0 + tile, K)):
                            a, b = A[i, k], B[k, j0 : j0 + tile]
                            for j in range(c.size):
                                c[j] += a * b[j]


@functools.cache
def compiled() -> Callable[..., None]:
    """The loops as machine code, which may fuse a multiplication with an addition.

    >>> C = np.zeros((1, 1), np.float32)
    >>> compiled()(np.ones((1, 1), np.float32), np.ones((1, 1), np.float32), C, 8, 3)
    >>> C.tolist()
    [[3.0]]
    """
    from numba import njit

    return njit(SIGNATURE, nogil=True, fastmath={"contract"})(blocked)


def product(A: np.ndarray, B: np.ndarray, tile: int) -> np.ndarray:
    """(M, K) @ (K, N) in float32 by square tiles: (M, N). The tile need not divide the sizes.

    >>> product([[1, 2]], [[3], [4]], tile=2).tolist()
    [[11.0]]
    """
    positive_ints(tile=tile)
    A, B, C = operands(A, B, np.float32)
    compiled()(A, B, C, tile, 1)
    return C


def operands(A: np.ndarray, B: np.ndarray, dtype: type) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both operands row-major in one type, and a result of zeros; ValueError where they do not match.

    >>> operands([[1, 2]], [[3, 4]], np.float32)
    Traceback (most recent call last):
    ValueError: a product needs (M, K) and (K, N), got (1, 2) and (1, 2)
    """
    A, B = (np.ascontiguousarray(x, dtype) for x in (A, B))
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"a product needs (M, K) and (K, N), got {A.shape} and {B.shape}")
    return A, B, np.zeros((A.shape[0], B.shape[1]), dtype)


def tile_race(
    n: int = 960, tiles: Sequence[int] = SIDES, repeats: int = 3, levels: Sequence[Fill] | None = None
) -> Raced:
    """Time (n, n) @ (n, n) by each side of the tile, taking turns on one thread, beside what is predicted for each.

    Predicted: the loops over one tile's rows run from L1, as timed here, and to that the words of `matmul_traffic`
    over the bandwidth of each level. `facts` name the largest tile that L1 and L2 keep: the predicted knees. Tiles
    must divide n. n is 15 * 64 and no power of two, whose rows would meet in a few sets of the caches.

    >>> raced = tile_race(16, [8, 16], repeats=1, levels=(Fill("L1", 32768, "L2", 1e11),))
    >>> raced.facts
    {'n': 16, 'L1': 89}
    """
    positive_ints(n=n, repeats=repeats)
    levels = fills() if levels is None else levels
    moved = {str(t): tile_bytes(n, t, WORD, levels) for t in tiles}
    A, B, C = (ones(n, n, np.float32) for _ in range(3))
    ways = {str(t): functools.partial(compiled(), A, B, C, t, 1) for t in tiles}
    timed, hot = race_and_warm(ways, {str(t): warm(n, t, levels[0].capacity) for t in tiles}, repeats)
    facts = {"n": n} | {level.name: knee(WORD, level.capacity) for level in levels}
    return Raced("tiles", facts, machine("tile_race"), timed, predicted_times(hot, moved, levels))


def warm(n: int, tile: int, L1: Bytes) -> tuple[Callable[[int], None], float]:
    """The same rows, as long as the tile, on data in L1, and how many passes make n ** 3 multiply-accumulates.

    >>> run, passes = warm(960, 64, 32768)
    >>> passes == (960 / 32) ** 2 * (960 / 64)  # 32 by 32 rows of 64
    True
    """
    few = min(tile, short_side(tile, WORD, L1))
    A, B, C = (ones(*shape, np.float32) for shape in ((few, few), (few, tile), (few, tile)))
    return functools.partial(compiled(), A, B, C, tile), n**3 / (few * few * tile)
