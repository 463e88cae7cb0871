"""Products of a sparse matrix: one that walks its entries, to read, and what the fast ones share.

Every format has `entries()`, a walk through its arrays in stored order that yields (row, column, value). That walk is
the format; `by_entries` needs nothing else. The fast products do the same in numpy, and tests hold them equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from labcore.sums import summed_in
from labcore.units import Bytes, positive, positive_ints
from labcore.windows import per_axis

NARROW = 32  # columns of B up to which a gather for each of them beats a product for each row of A


class Sparse(Protocol):
    """What all formats have in common."""

    data: np.ndarray
    shape: tuple[int, int]

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value) in stored order."""


def by_entries(A: Sparse, B: np.ndarray) -> np.ndarray:
    """The product A @ B, (M, K) @ (K, N) or (K,), one stored entry after another: the definition, to read.

    >>> from labcore.sparsity import CSR
    >>> by_entries(CSR.from_dense(np.array([[0, 2], [3, 0]])), np.array([10, 20])).tolist()
    [40, 30]
    """
    B, wide, _ = operand(A, B)
    C = np.zeros((A.shape[0], *B.shape[1:]), wide)
    for row, column, value in A.entries():
        C[row] += value.astype(wide) * B[column].astype(wide)
    return C


def operand(A: Sparse, B: np.ndarray) -> tuple[np.ndarray, np.dtype, np.dtype]:
    """B as an array, the type of the sums and one to compute them in; raises ValueError where A @ B has no meaning.

    >>> from labcore.sparsity import CSR
    >>> operand(CSR.from_dense(np.eye(2, dtype=np.int8)), np.ones(2, np.int8))[1:]
    (dtype('int32'), dtype('float64'))
    """
    B = np.asarray(B)
    if B.ndim not in (1, 2) or B.shape[0] != A.shape[1] or not B.size:
        raise ValueError(f"a matrix of shape {A.shape} multiplies ({A.shape[1]},) or ({A.shape[1]}, N), got {B.shape}")
    return B, *summed_in(A.data, B, terms=A.shape[1])


def by_rows(data: np.ndarray, columns: np.ndarray, indptr: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Sums of data[i] * B[columns[i]] over i from indptr[row] to indptr[row + 1], for each row; data and B of one type.

    A vector is gathered at once and added up in segments, and so is every column of a narrow matrix. A wide one goes
    row by row: what a row gathers stays in the cache, and BLAS adds it up.

    >>> by_rows(np.array([2., 3.]), np.array([1, 0]), np.array([0, 1, 1, 2]), np.array([10., 20.])).tolist()
    [40.0, 0.0, 30.0]
    """
    rows = len(indptr) - 1
    if B.ndim == 2 and B.shape[1] <= NARROW:
        return np.stack([by_rows(data, columns, indptr, one) for one in np.ascontiguousarray(B.T)], axis=1)
    C = np.zeros((rows, *B.shape[1:]), B.dtype)
    if B.ndim == 1:
        filled = np.flatnonzero(np.diff(indptr))  # reduceat has no empty segments
        if len(filled):
            C[filled] = np.add.reduceat(data * B[columns], indptr[filled])
        return C
    for row, (start, end) in enumerate(zip(indptr[:-1].tolist(), indptr[1:].tolist(), strict=True)):
        C[row] = data[start:end].dot(B.take(columns[start:end], axis=0))  # half the time of @ and B[...]
    return C


def stable_order(indices: np.ndarray, size: int) -> np.ndarray:
    """A stable sort's order of indices below `size`; numpy sorts 16-bit ones by radix, ten times as fast.

    >>> stable_order(np.array([2, 0, 2, 1]), 3).tolist()
    [1, 3, 0, 2]
    """
    return np.argsort(indices.astype(np.uint16) if size <= 2**16 else indices, kind="stable")


def check_pointers(name: str, A: Sparse, rows: int, cols: int) -> None:
    """Raise ValueError unless indptr climbs from 0 to the number of values and every index lies below `cols`.

    >>> from labcore.sparsity import CSR
    >>> check_pointers("CSR", CSR.from_dense(np.eye(2)), rows=2, cols=1)
    Traceback (most recent call last):
    ValueError: CSR needs an index from 0 to 0 for each of 2 values, got [0 1]
    """
    starts, count = A.indptr, len(A.data)
    if len(starts) != rows + 1 or starts[0] != 0 or starts[-1] != count or (np.diff(starts) < 0).any():
        raise ValueError(f"{name} needs {rows + 1} pointers that climb from 0 to {count}, got {starts}")
    if len(A.indices) != count or (count and not 0 <= A.indices.min() <= A.indices.max() < cols):
        raise ValueError(f"{name} needs an index from 0 to {cols - 1} for each of {count} values, got {A.indices}")


def matrix(x: np.ndarray) -> np.ndarray:
    """A dense matrix, checked: two axes, none empty.

    >>> matrix([[1, 0]]).shape
    (1, 2)
    """
    x = np.asarray(x)
    if x.ndim != 2:
        raise ValueError(f"a matrix has two axes, got shape {x.shape}; reshape it to (rows, columns)")
    positive_ints(rows=x.shape[0], columns=x.shape[1])
    return x


def in_blocks(x: np.ndarray, block: tuple[int, int]) -> np.ndarray:
    """A matrix cut into r x c blocks, (rows / r, r, columns / c, c); raises ValueError where they do not divide it.

    >>> in_blocks(np.arange(8).reshape(2, 4), (2, 2))[0, :, 1].tolist()
    [[2, 3], [6, 7]]
    """
    x, (r, c) = matrix(x), per_axis("block", block)
    positive_ints(r=r, c=c)
    if x.shape[0] % r or x.shape[1] % c:
        raise ValueError(f"blocks of {r} x {c} do not divide a matrix of shape {x.shape}; pad it with zeros first")
    return x.reshape(x.shape[0] // r, r, x.shape[1] // c, c)


def stored(values: int, value_bytes: Bytes, indices: int, index_bytes: Bytes) -> int:
    """Bytes of so many values and indices, whole; half a byte is an int4.

    >>> stored(3, 0.5, 2, 4)
    10
    """
    positive(value_bytes=value_bytes, index_bytes=index_bytes)
    return math.ceil(values * value_bytes) + math.ceil(indices * index_bytes)
