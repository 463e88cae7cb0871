"""N:M structured sparsity: of every m values in a row, n are kept, each with its place among the m.

Every group keeps the same number, so nothing has to say where a row or a group starts: value i of a row belongs to
group i // n. A group with fewer than n nonzeros fits too; it keeps zeros in the places left over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labcore.sparsity.product import by_rows, operand, stored
from labcore.units import Bytes, positive_ints


@dataclass(frozen=True, eq=False)
class NM:
    """The n largest |x| of each m along the last axis, and their places 0 to m - 1 in ascending order.

    >>> A = NM.from_dense(np.array([[1, -9, 3, 3, 0, 0, 8, 0]]), n=2, m=4)
    >>> A.values.tolist(), A.indices.tolist(), A.to_dense().tolist()
    ([[-9, 3, 0, 8]], [[1, 2, 0, 2]], [[0, -9, 3, 0, 0, 0, 8, 0]])
    >>> A.nbytes(value_bytes=2)
    9
    """

    values: np.ndarray  # (..., groups * n)
    indices: np.ndarray  # the same shape
    n: int
    m: int

    @classmethod
    def from_dense(cls, x: np.ndarray, n: int = 2, m: int = 4) -> NM:
        """Prune to n of each m by magnitude; of equal ones the lower index is kept.

        Raises ValueError where m does not divide the last axis, where n exceeds m, and for NaN, which has no magnitude.
        """
        positive_ints(n=n, m=m)
        x = np.asarray(x)
        if n > m:
            raise ValueError(f"n must be at most m, got {n}:{m}; 2:4 keeps 2 of each 4")
        if x.ndim == 0 or x.size == 0 or x.shape[-1] % m:
            raise ValueError(f"{n}:{m} needs a last axis that {m} divides, got shape {x.shape}; pad it with zeros")
        groups = x.reshape(*x.shape[:-1], -1, m)  # (..., groups, m)
        kept = np.sort(np.argsort(falling(groups), axis=-1, kind="stable")[..., :n], axis=-1)
        flat = (*x.shape[:-1], -1)
        return cls(np.take_along_axis(groups, kept, axis=-1).reshape(flat), kept.reshape(flat), n, m)

    @property
    def data(self) -> np.ndarray:
        """The values, under the name that the other formats give them."""
        return self.values

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the matrix with its zeros."""
        return (*self.values.shape[:-1], self.values.shape[-1] // self.n * self.m)

    def columns(self) -> np.ndarray:
        """The column of each value: m times its group, plus its place there.

        >>> NM.from_dense(np.array([[0, 5, 0, 7]]), n=1, m=2).columns().tolist()
        [[1, 3]]
        """
        return np.arange(self.values.shape[-1]) // self.n * self.m + self.indices

    def metadata(self) -> np.ndarray:
        """The places as hardware would hold them: ceil(log2 m) bits each, packed into bytes, the first one highest.

        >>> [f"{byte:08b}" for byte in NM.from_dense(np.array([[0, 5, 0, 7]]), n=2, m=4).metadata()]
        ['01110000']
        """
        bits = self.indices.reshape(-1, 1) >> np.arange(place_bits(self.m))[::-1] & 1
        return np.packbits(bits.astype(bool))

    def to_dense(self) -> np.ndarray:
        """The pruned matrix with its zeros."""
        x = np.zeros(self.shape, self.values.dtype)
        np.put_along_axis(x, self.columns(), self.values, axis=-1)
        return x

    def entries(self) -> Iterator[tuple[int, int, object]]:
        """Yield (row, column, value) of a matrix: every row has as many, so a counter replaces the pointers."""
        rows, per_row = self.values.shape
        for row, i in np.ndindex(rows, per_row):
            yield row, i // self.n * self.m + int(self.indices[row, i]), self.values[row, i]

    def __matmul__(self, B: np.ndarray) -> np.ndarray:
        """The product with a (K, N) matrix or a (K,) vector: the metadata pick the rows of B, zeros are not touched."""
        if len(self.shape) != 2:
            raise ValueError(f"a product wants a matrix, got shape {self.shape}; reshape it to (rows, columns)")
        B, wide, exact = operand(self, B)
        values, indptr = self.values.astype(exact, copy=False), np.arange(self.shape[0] + 1) * self.values.shape[1]
        C = by_rows(values.ravel(), self.columns().ravel(), indptr, B.astype(exact, copy=False))
        return C.astype(wide, copy=False)

    def nbytes(self, value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> int:
        """The values, and ceil(log2 m) bits for each; there are no whole indices, whatever their width."""
        return stored(self.values.size, value_bytes, self.values.size * place_bits(self.m), 1 / 8)


def place_bits(m: int) -> int:
    """Bits that tell m places apart, ceil(log2 m).

    >>> [place_bits(m) for m in (1, 2, 4, 5, 8)]
    [0, 1, 2, 3, 3]
    """
    positive_ints(m=m)
    return (m - 1).bit_length()


def falling(x: np.ndarray) -> np.ndarray:
    """Keys whose stable ascending sort is by falling magnitude, exact for every integer; raises ValueError for NaN.

    >>> falling(np.array([-128, 3], "int8")).argsort().tolist()
    [0, 1]
    """
    if x.dtype.kind in "iub":
        return ~np.abs(x).view(f"u{x.dtype.itemsize}")  # |-128| wraps to -128, whose bits as a uint8 are 128
    if x.dtype.kind not in "fcV":
        raise ValueError(f"numbers of a fixed width have a magnitude, got {x.dtype}; cast them")
    if np.isnan(x).any():
        raise ValueError("NaN has no magnitude to prune by; clean the matrix first")
    return -np.abs(x)
