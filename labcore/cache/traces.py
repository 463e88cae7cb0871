"""Traces of the access patterns that matter here: pure functions, row-major arrays, addresses in bytes.

Matrices start at `base`, or one after the other on multiples of 256 B, so that none shares a line with the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np

from labcore.cache.trace import Trace
from labcore.units import positive_ints

APART = 256  # B; no line here is longer
ORDERS = ("ijk", "ikj")


def row_walk(rows: int, cols: int, size: int = 4, base: int = 0, pitch: int | None = None) -> Trace:
    """Every element of a (rows, cols) matrix, row by row; `pitch` elements lie from one row to the next.

    >>> row_walk(2, 3).addresses.tolist()
    [0, 4, 8, 12, 16, 20]
    """
    return Trace(grid(rows, cols, size, base, pitch).ravel(), size=size)


def column_walk(rows: int, cols: int, size: int = 4, base: int = 0, pitch: int | None = None) -> Trace:
    """Every element of a (rows, cols) matrix, column by column.

    >>> column_walk(2, 3).addresses.tolist()
    [0, 12, 4, 16, 8, 20]
    """
    return Trace(grid(rows, cols, size, base, pitch).T.ravel(), size=size)


def tiled_walk(rows: int, cols: int, tile: int, size: int = 4, base: int = 0, pitch: int | None = None) -> Trace:
    """Every element once, tile by tile along the rows, column by column inside a tile; tiles at the edges are smaller.

    >>> tiled_walk(2, 4, tile=2).addresses.tolist()
    [0, 16, 4, 20, 8, 24, 12, 28]
    """
    positive_ints(tile=tile)
    x = grid(rows, cols, size, base, pitch)
    tiles = [x[i : i + tile, j : j + tile].T.ravel() for i in range(0, rows, tile) for j in range(0, cols, tile)]
    return Trace(np.concatenate(tiles), size=size)


def strided(accesses: int, stride: int, size: int = 4, base: int = 0) -> Trace:
    """Every `stride`-th element, from the first on.

    >>> strided(3, stride=4).addresses.tolist()
    [0, 16, 32]
    """
    positive_ints(accesses=accesses, stride=stride, size=size)
    return Trace(base + np.arange(accesses) * stride * size, size=size)


def transpose(rows: int, cols: int, size: int = 4, tile: int | None = None) -> Trace:
    """Reads of a (rows, cols) matrix and writes of its transpose behind it, by rows of the first, or tile by tile.

    >>> both = transpose(2, 2)
    >>> both.addresses.tolist(), both.writes.tolist()[:2]
    ([0, 256, 4, 264, 8, 260, 12, 268], [False, True])
    """
    positive_ints(rows=rows, cols=cols, size=size, tile=1 if tile is None else tile)
    x = grid(rows, cols, size)
    y = grid(cols, rows, size, _behind(rows * cols * size)).T  # (rows, cols), of the element at the same place
    pairs = [np.stack([x[block], y[block]], axis=-1).ravel() for block in _blocks(rows, cols, tile or rows * cols)]
    addresses = np.concatenate(pairs)
    return Trace(addresses, np.arange(addresses.size) % 2 == 1, size)


def matmul(
    M: int, K: int, N: int, order: str = "ijk", tile: int | None = None, size: int = 4, pad: int = 0
) -> Trace:  # fmt: skip
    """C = A @ B, A (M, K), B (K, N), C (M, N) one behind the other, by one of two loop orders, or in square tiles.

    `ijk` sums each element of C in a register: for each k it reads A[i, k] and B[k, j], and at the end it writes
    C[i, j]. `ikj` keeps A[i, k] in a register and for each j reads B[k, j] and C[i, j] and writes C[i, j]. With `tile`
    the same loops run inside tiles, which are visited in that order too. Sums begin at zero: the first visit of an
    element of C reads nothing. `pad` elements that nobody reads follow each row of all three.

    >>> matmul(1, 2, 1).addresses.tolist()  # A from 0, B from 256, C from 512
    [0, 256, 4, 260, 512]
    """
    positive_ints(M=M, K=K, N=N, size=size, tile=1 if tile is None else tile)
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}")
    B_base = _behind(M * (K + pad) * size)
    C_base = _behind(B_base + K * (N + pad) * size)
    A, B, C = grid(M, K, size, 0, K + pad), grid(K, N, size, B_base, N + pad), grid(M, N, size, C_base, N + pad)
    sides = [tile or side for side in (M, K, N)]
    loops = [range(0, M, sides[0]), range(0, K, sides[1]), range(0, N, sides[2])]
    parts = []
    for i, k, j in product(*loops) if order == "ikj" else _k_innermost(*loops):
        block_i, block_k, block_j = (slice(at, at + side) for at, side in zip((i, k, j), sides, strict=True))
        inner = _ijk if order == "ijk" else _ikj
        parts.append(inner(A[block_i, block_k], B[block_k, block_j], C[block_i, block_j], first=k == 0))
    addresses, writes = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Trace(addresses[addresses >= 0], writes[addresses >= 0], size)


def _k_innermost(i: range, k: range, j: range) -> Iterator[tuple[int, int, int]]:
    """The corners (i, k, j) of all tiles, k innermost."""
    return ((at_i, at_k, at_j) for at_i, at_j, at_k in product(i, j, k))


def _ijk(A: np.ndarray, B: np.ndarray, C: np.ndarray, first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Addresses and writes of one tile, sums in a register; -1 where nothing is read."""
    (m, n), k = C.shape, len(B)
    out = np.full((m, n, 2 * k + 2), -1)  # C read, then A and B for each k, then C written
    out[:, :, 1:-1:2], out[:, :, 2::2] = A[:, None, :], B.T[None, :, :]
    out[:, :, -1] = C
    if not first:
        out[:, :, 0] = C
    writes = np.zeros(out.shape, bool)
    writes[:, :, -1] = True
    return out.ravel(), writes.ravel()


def _ikj(A: np.ndarray, B: np.ndarray, C: np.ndarray, first: bool) -> tuple[np.ndarray, np.ndarray]:
    """Addresses and writes of one tile, an element of A in a register; -1 where nothing is read."""
    (m, k), n = A.shape, B.shape[1]
    out = np.full((m, k, 1 + 3 * n), -1)  # A, then B, C read and C written for each j
    out[:, :, 0], out[:, :, 1::3], out[:, :, 2::3], out[:, :, 3::3] = A, B[None], C[:, None, :], C[:, None, :]
    if first:
        out[:, 0, 2::3] = -1
    writes = np.zeros(out.shape, bool)
    writes[:, :, 3::3] = True
    return out.ravel(), writes.ravel()


def convolution(H: int, W: int, R: int, S: int, size: int = 4) -> Trace:
    """One channel under one filter: for each output its R x S window and the filter are read, then it is written.

    >>> convolution(1, 3, 1, 2).addresses.tolist()  # x from 0, w from 256, y from 512
    [0, 256, 4, 260, 512, 4, 256, 8, 260, 516]
    """
    positive_ints(H=H, W=W, R=R, S=S, size=size)
    if R > H or S > W:
        raise ValueError(f"a filter of {R} x {S} does not fit into {H} x {W}; take one of at most that size")
    P, Q = H - R + 1, W - S + 1
    w_base = _behind(H * W * size)
    windows = np.lib.stride_tricks.sliding_window_view(grid(H, W, size), (R, S)).reshape(P, Q, R * S)
    out = np.empty((P, Q, 2 * R * S + 1), np.int64)
    out[:, :, :-1:2], out[:, :, 1::2] = windows, grid(R, S, size, w_base).ravel()
    out[:, :, -1] = grid(P, Q, size, _behind(w_base + R * S * size))
    writes = np.zeros(out.shape, bool)
    writes[:, :, -1] = True
    return Trace(out.ravel(), writes.ravel(), size)


def gather(indices: np.ndarray, width: int = 1, size: int = 4, base: int = 0) -> Trace:
    """Reads of whole rows of a table, `width` elements each, in the order of `indices`: embedding lookups.

    >>> gather([5, 0], width=2).addresses.tolist()
    [40, 44, 0, 4]
    """
    positive_ints(width=width, size=size)
    rows = np.asarray(indices, np.int64)
    return Trace((base + (rows[:, None] * width + np.arange(width)) * size).ravel(), size=size)


def zipf_indices(rows: int, lookups: int, s: float = 1.0, seed: int = 0) -> np.ndarray:
    """Rows of a table as lookups ask for them, (lookups,): the n-th most popular one with weight n ** -s.

    Popular rows lie anywhere in the table; s = 0 asks for all rows alike.

    >>> asked = zipf_indices(1000, 5000, s=1.0)
    >>> int(np.bincount(asked).max()) > 5000 / 20  # 1 / (1 + 1/2 + ... + 1/1000) is 13 %
    True
    """
    positive_ints(rows=rows, lookups=lookups)
    rng = np.random.default_rng(seed)
    weights = np.arange(1, rows + 1) ** -float(s)
    return rng.permutation(rows)[rng.choice(rows, lookups, p=weights / weights.sum())]


def grid(rows: int, cols: int, size: int, base: int = 0, pitch: int | None = None) -> np.ndarray:
    """The address of every element of a row-major matrix, (rows, cols).

    >>> grid(2, 2, size=4, pitch=8).tolist()
    [[0, 4], [32, 36]]
    """
    positive_ints(rows=rows, cols=cols, size=size, pitch=cols if pitch is None else pitch)
    if pitch is not None and pitch < cols:
        raise ValueError(f"rows of {cols} elements need a pitch of at least {cols}, got {pitch}")
    return base + (np.arange(rows)[:, None] * (pitch or cols) + np.arange(cols)) * size


def _behind(end: int) -> int:
    """The next place for an array after one that ends here."""
    return -(-end // APART) * APART


def _blocks(rows: int, cols: int, tile: int) -> Iterator[tuple[slice, slice]]:
    for i, j in product(range(0, rows, tile), range(0, cols, tile)):
        yield slice(i, i + tile), slice(j, j + tile)
