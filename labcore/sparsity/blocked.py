"""Formats that spread the cost of an index: BSR keeps one for a whole block, a bitmap one bit for each place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labcore.sparsity.compressed import COO, CSR, pointers
from labcore.sparsity.product import check_pointers, in_blocks, operand, stored
from labcore.units import Bytes


@dataclass(frozen=True, eq=False)
class BSR:
    """Block sparse rows: a CSR whose entries are (r, c) blocks; a block with any nonzero is stored whole.

    >>> A = BSR.from_dense(np.array([[0, 0, 1, 2], [0, 0, 3, 0]]), block=(2, 2))
    >>> A.data.tolist(), A.indices.tolist(), A.indptr.tolist(), A.nbytes()
    ([[[1, 2], [3, 0]]], [1], [0, 1], 28)
    """

    data: np.ndarray  # (blocks, r, c)
    indices: np.ndarray
    indptr: np.ndarray
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        check_pointers("BSR", self, self.shape[0] // self.block[0], self.shape[1] // self.block[1])

    @classmethod
    def from_dense(cls, x: np.ndarray, block: tuple[int, int]) -> BSR:
        """The blocks of a matrix that hold a nonzero; raises ValueError where blocks do not divide the matrix."""
        grid = in_blocks(x, block).swapaxes(1, 2)  # (block rows, block cols, r, c)
        rows, cols = np.nonzero(grid.any(axis=(2, 3)))
        return cls(grid[rows, cols], cols, pointers(rows, len(grid)), np.shape(x))

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of a block."""
        return self.data.shape[1:]

    def to_coo(self) -> COO:
        """The nonzeros one by one; the zeros that blocks carry along are dropped."""
        return COO.from_dense(self.to_dense())

    def to_dense(self) -> np.ndarray:
        """The matrix with its zeros."""
        (r, c), (rows, cols) = self.block, self.shape
        grid = np.zeros((rows // r, cols // c, r, c), self.data.dtype)
        grid[np.repeat(np.arange(rows // r), np.diff(self.indptr)), self.indices] = self.data
        return grid.swapaxes(1, 2).reshape(self.shape)

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value) block by block, the zeros within blocks included."""
        r, c = self.block
        for block_row in range(len(self.indptr) - 1):
            for i in range(self.indptr[block_row], self.indptr[block_row + 1]):
                for y, x in np.ndindex(r, c):
                    yield block_row * r + y, int(self.indices[i]) * c + x, self.data[i, y, x]

    def __matmul__(self, B: np.ndarray) -> np.ndarray:
        """The product with a (K, N) matrix or a (K,) vector: a row of blocks is one dense product."""
        B, wide, exact = operand(self, B)
        (r, c), (rows, cols) = self.block, self.shape
        slabs = B.astype(exact, copy=False).reshape(cols // c, c, -1)  # (block cols, c, N)
        data, C = self.data.astype(exact, copy=False), np.zeros((rows // r, r, slabs.shape[2]), exact)
        if B.ndim == 1 and len(data):
            filled = np.flatnonzero(np.diff(self.indptr))
            C[filled, :, 0] = np.add.reduceat((data @ slabs[self.indices])[:, :, 0], self.indptr[filled])
            return C.reshape(rows).astype(wide, copy=False)
        for i, (start, end) in enumerate(zip(self.indptr[:-1].tolist(), self.indptr[1:].tolist(), strict=True)):
            wall = data[start:end].swapaxes(0, 1).reshape(r, -1)  # (r, blocks * c): the row's blocks side by side
            C[i] = wall @ slabs[self.indices[start:end]].reshape(wall.shape[1], C.shape[2])
        return C.reshape(rows, *B.shape[1:]).astype(wide, copy=False)

    def nbytes(self, value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> int:
        """All values of the stored blocks, one index for each block, and a pointer for each row of blocks + 1."""
        return stored(self.data.size, value_bytes, len(self.indices) + len(self.indptr), index_bytes)


@dataclass(frozen=True, eq=False)
class Bitmap:
    """One bit for every place, set where a value is stored, and the values row by row.

    >>> A = Bitmap.from_dense(np.array([[0, 5, 6], [7, 0, 0]]))
    >>> A.data.tolist(), [f"{byte:08b}" for byte in A.bits], A.nbytes()
    ([5, 6, 7], ['01110000'], 13)
    """

    data: np.ndarray
    bits: np.ndarray  # 8 places a byte, the first one highest
    shape: tuple[int, int]

    @classmethod
    def from_dense(cls, x: np.ndarray) -> Bitmap:
        """The nonzeros of a matrix under a mask."""
        return cls.from_coo(COO.from_dense(x))

    @classmethod
    def from_coo(cls, A: COO) -> Bitmap:
        """The same entries, indices replaced by a mask."""
        mask = np.zeros(A.shape, bool)
        mask[A.rows, A.cols] = True
        return cls(A.data, np.packbits(mask), A.shape)

    def to_coo(self) -> COO:
        """The same entries with the places that the mask gives them."""
        return COO(self.data, *np.nonzero(self.mask()), self.shape)

    def mask(self) -> np.ndarray:
        """The bits as a (rows, columns) array of truth values."""
        return np.unpackbits(self.bits, count=self.shape[0] * self.shape[1]).view(bool).reshape(self.shape)

    def to_dense(self) -> np.ndarray:
        """The matrix with its zeros."""
        return self.to_coo().to_dense()

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value): look at every bit, and take the next value where it is set."""
        values = iter(self.data)
        for place in range(self.shape[0] * self.shape[1]):
            if self.bits[place // 8] >> 7 - place % 8 & 1:
                yield *divmod(place, self.shape[1]), next(values)

    def __matmul__(self, B: np.ndarray) -> np.ndarray:
        """The product with a (K, N) matrix or a (K,) vector, by way of CSR: the mask has to be read whole first."""
        mask = self.mask()
        indptr = np.concatenate([[0], np.cumsum(np.count_nonzero(mask, axis=1))])
        return CSR(self.data, np.flatnonzero(mask) % self.shape[1], indptr, self.shape) @ B

    def nbytes(self, value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> int:
        """The values, and a bit for each place of the matrix; there are no indices, whatever their width."""
        return stored(len(self.data), value_bytes, len(self.bits), 1)
