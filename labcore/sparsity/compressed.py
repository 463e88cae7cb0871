"""Formats that keep every nonzero with an index of its own: COO, CSR and CSC.

COO is the hub: each other format is made from it and can be turned back into it, so any goes into any other
(`CSC.from_coo(csr.to_coo())`). A pointer array has one entry more than there are rows (columns): row i lies from
indptr[i] to indptr[i + 1].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labcore.sparsity.product import by_rows, check_pointers, matrix, operand, stable_order, stored
from labcore.units import Bytes, positive_ints


@dataclass(frozen=True, eq=False)
class COO:
    """Coordinates: a row and a column for each value, row by row, no place twice; explicit zeros may be stored.

    >>> COO.from_dense(np.array([[0, 5], [7, 0]])).cols.tolist()
    [1, 0]
    """

    data: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        positive_ints(rows=self.shape[0], columns=self.shape[1])
        if not len(self.data) == len(self.rows) == len(self.cols):
            raise ValueError(f"a row and a column for each value: got {len(self.data)} values, {len(self.rows)} rows, "
                             f"{len(self.cols)} columns")  # fmt: skip
        places = self.rows.astype(np.int64) * self.shape[1] + self.cols
        inside = all(
            ((at >= 0) & (at < size)).all() for at, size in zip((self.rows, self.cols), self.shape, strict=True)
        )
        if not inside or (np.diff(places) <= 0).any():
            raise ValueError(f"places must lie in {self.shape}, row by row, none twice; `COO.from_dense` makes such")

    @classmethod
    def from_dense(cls, x: np.ndarray) -> COO:
        """The nonzeros of a matrix; -0.0 is a zero, NaN is not."""
        x = matrix(x)
        rows, cols = np.nonzero(x)
        return cls(x[rows, cols], rows, cols, x.shape)

    def to_coo(self) -> COO:
        """The same matrix: COO is what the other formats convert through."""
        return self

    def to_dense(self) -> np.ndarray:
        """The matrix with its zeros."""
        x = np.zeros(self.shape, self.data.dtype)
        x[self.rows, self.cols] = self.data
        return x

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value) in stored order."""
        yield from zip(self.rows.tolist(), self.cols.tolist(), self.data, strict=True)

    def __matmul__(self, B: np.ndarray) -> np.ndarray:
        """The product with a (K, N) matrix or a (K,) vector."""
        return CSR.from_coo(self) @ B

    def nbytes(self, value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> int:
        """A value and two indices for each nonzero."""
        return stored(len(self.data), value_bytes, 2 * len(self.data), index_bytes)


@dataclass(frozen=True, eq=False)
class CSR:
    """Compressed sparse rows: values row by row, the column of each, and where each row starts.

    >>> A = CSR.from_dense(np.array([[0, 5, 6], [0, 0, 0], [7, 0, 0]]))
    >>> A.data.tolist(), A.indices.tolist(), A.indptr.tolist()
    ([5, 6, 7], [1, 2, 0], [0, 2, 2, 3])
    >>> (A @ np.array([1, 10, 100])).tolist(), A.nbytes()
    ([650, 0, 7], 40)
    """

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        check_pointers("CSR", self, rows=self.shape[0], cols=self.shape[1])

    @classmethod
    def from_dense(cls, x: np.ndarray) -> CSR:
        """The nonzeros of a matrix, row by row."""
        return cls.from_coo(COO.from_dense(x))

    @classmethod
    def from_coo(cls, A: COO) -> CSR:
        """The same entries, rows replaced by where each one starts."""
        return cls(A.data, A.cols, pointers(A.rows, A.shape[0]), A.shape)

    def to_coo(self) -> COO:
        """The same entries with their row written out."""
        return COO(self.data, np.repeat(np.arange(self.shape[0]), np.diff(self.indptr)), self.indices, self.shape)

    def to_dense(self) -> np.ndarray:
        """The matrix with its zeros."""
        return self.to_coo().to_dense()

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value) row by row."""
        for row in range(self.shape[0]):
            for i in range(self.indptr[row], self.indptr[row + 1]):
                yield row, int(self.indices[i]), self.data[i]

    def __matmul__(self, B: np.ndarray) -> np.ndarray:
        """The product with a (K, N) matrix or a (K,) vector: each row gathers the rows of B that it needs."""
        B, wide, exact = operand(self, B)
        C = by_rows(self.data.astype(exact, copy=False), self.indices, self.indptr, B.astype(exact, copy=False))
        return C.astype(wide, copy=False)

    def nbytes(self, value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> int:
        """A value and a column for each nonzero, and rows + 1 pointers of the same width as an index."""
        return stored(len(self.data), value_bytes, len(self.data) + len(self.indptr), index_bytes)


@dataclass(frozen=True, eq=False)
class CSC:
    """Compressed sparse columns: values column by column, the row of each, and where each column starts.

    >>> A = CSC.from_dense(np.array([[0, 5, 6], [0, 0, 0], [7, 0, 0]]))
    >>> A.data.tolist(), A.indices.tolist(), A.indptr.tolist()
    ([7, 5, 6], [2, 0, 0], [0, 1, 2, 3])
    """

    data: np.ndarray
    indices: np.ndarray
    indptr: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        check_pointers("CSC", self, rows=self.shape[1], cols=self.shape[0])

    @classmethod
    def from_dense(cls, x: np.ndarray) -> CSC:
        """The nonzeros of a matrix, column by column."""
        return cls.from_coo(COO.from_dense(x))

    @classmethod
    def from_coo(cls, A: COO) -> CSC:
        """The same entries, sorted by column; within one, rows stay in order."""
        order = stable_order(A.cols, A.shape[1])
        return cls(A.data[order], A.rows[order], pointers(A.cols[order], A.shape[1]), A.shape)

    def to_coo(self) -> COO:
        """The same entries, sorted by row."""
        cols = np.repeat(np.arange(self.shape[1]), np.diff(self.indptr))
        order = stable_order(self.indices, self.shape[0])
        return COO(self.data[order], self.indices[order], cols[order], self.shape)

    def to_dense(self) -> np.ndarray:
        """The matrix with its zeros."""
        return self.to_coo().to_dense()

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value) column by column."""
        for col in range(self.shape[1]):
            for i in range(self.indptr[col], self.indptr[col + 1]):
                yield int(self.indices[i]), col, self.data[i]

    def __matmul__(self, B: np.ndarray) -> np.ndarray:
        """The product with a (K, N) matrix or a (K,) vector, whose elements are scattered over the rows of the result.

        A scatter of whole rows would touch the result K times; a matrix is cheaper by way of CSR.
        """
        B, wide, exact = operand(self, B)
        if B.ndim == 1 and exact.kind == "f":  # bincount adds up in float64
            scaled = self.data * np.repeat(B.astype(exact, copy=False), np.diff(self.indptr))
            return np.bincount(self.indices, scaled, minlength=self.shape[0]).astype(wide)
        order = stable_order(self.indices, self.shape[0])
        cols = np.repeat(np.arange(self.shape[1]), np.diff(self.indptr))
        return CSR(self.data[order], cols[order], pointers(self.indices[order], self.shape[0]), self.shape) @ B

    def nbytes(self, value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> int:
        """A value and a row for each nonzero, and columns + 1 pointers of the same width as an index."""
        return stored(len(self.data), value_bytes, len(self.data) + len(self.indptr), index_bytes)


def pointers(sorted_rows: np.ndarray, rows: int) -> np.ndarray:
    """Where each of `rows` rows starts in a sorted list of row numbers, and at the end its length.

    >>> pointers(np.array([0, 0, 2]), 3).tolist()
    [0, 2, 2, 3]
    """
    return np.searchsorted(sorted_rows, np.arange(rows + 1))
