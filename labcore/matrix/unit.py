"""A unit that multiplies blocks: C (m, n) += A (m, k) @ B (k, n), one instruction each.

A matrix that does not divide into blocks is padded with zeros. The unit multiplies the zeros like any number, so the
multiply-accumulates issued are those of whole blocks, and the share that is useful falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from labcore.catalogue.execution import Tile
from labcore.matrix.formats import INT32, SUMS_IN, accumulator, operand
from labcore.units import Ratio, positive_ints

Shape = Tile | tuple[int, int, int]


@dataclass(frozen=True)
class Cost:
    """What a product costs on a tile unit: whole blocks, and the elements that they load.

    `loads` counts elements read by the blocks, each block both of its operands; `stores` the padded outputs, once.
    """

    blocks: int
    macs: int
    macs_issued: int
    loads: dict[str, int]
    stores: int

    @property
    def utilization(self) -> Ratio:
        """Useful multiply-accumulates over those issued."""
        return self.macs / self.macs_issued

    @property
    def waste(self) -> Ratio:
        """Share of the work that goes into padding."""
        return 1 - self.utilization

    @property
    def reuse(self) -> Ratio:
        """Multiply-accumulates issued for each element loaded."""
        return self.macs_issued / sum(self.loads.values())


@dataclass(frozen=True)
class Product(Cost):
    """A product with its numbers, (M, N) in the accumulator's type, and the accumulator's name."""

    C: np.ndarray = field(default=None, repr=False)
    accumulate: str = ""


def sides(tile: Shape) -> tuple[int, int, int]:
    """m, n and k of a tile; raises ValueError unless they are positive whole numbers.

    >>> sides((16, 8, 16))
    (16, 8, 16)
    """
    m, n, k = (tile.m, tile.n, tile.k) if isinstance(tile, Tile) else tile
    positive_ints(m=m, n=n, k=k)
    return m, n, k


def tile_cost(M: int, N: int, K: int, tile: Shape = (16, 16, 16)) -> Cost:
    """Counts of (M, K) @ (K, N) in closed form: ceil(M/m) ceil(N/n) ceil(K/k) blocks.

    >>> tile_cost(512, 512, 512).utilization, tile_cost(500, 500, 500).blocks == tile_cost(512, 512, 512).blocks
    (1.0, True)
    >>> round(tile_cost(500, 500, 500).utilization, 3)
    0.931
    """
    positive_ints(M=M, N=N, K=K)
    m, n, k = sides(tile)
    rows, cols, steps = -(-M // m), -(-N // n), -(-K // k)
    blocks = rows * cols * steps
    return Cost(blocks, M * N * K, blocks * m * n * k, {"A": blocks * m * k, "B": blocks * k * n}, rows * m * cols * n)


def multiply(
    A: np.ndarray, B: np.ndarray, tile: Shape = (16, 16, 16), fmt: str = "fp16", accumulate: str | None = None
) -> Product:
    """Multiply (M, K) @ (K, N) block by block: operands rounded to `fmt`, sums kept in the accumulator.

    Every block is visited and counted. Within a block the products are exact and added one k after the other.
    int8 and int4 add up in int32, and a sum beyond it raises OverflowError. Raises ValueError for shapes that do not
    fit, and for a format or an accumulator that there is not.

    >>> run = multiply(np.ones((17, 16)), np.ones((16, 16)))
    >>> run.C[0, 0], run.blocks, round(run.utilization, 3), run.accumulate
    (np.float32(16.0), 2, 0.531, 'fp32')
    """
    acc, (m, n, k) = accumulator(fmt, accumulate), sides(tile)
    A, B = np.asarray(A), np.asarray(B)
    M, K, N = _fitting(A, B)
    a, b = _padded(operand(A, fmt), m, k), _padded(operand(B, fmt), k, n)
    C = np.zeros((a.shape[0], b.shape[1]), SUMS_IN[acc])
    blocks, loads = 0, {"A": 0, "B": 0}
    for row in range(0, C.shape[0], m):
        for col in range(0, C.shape[1], n):
            for step in range(0, a.shape[1], k):
                left, right = a[row : row + m, step : step + k], b[step : step + k, col : col + n]
                _add_products(C[row : row + m, col : col + n], left, right)
                blocks += 1
                loads["A"] += left.size
                loads["B"] += right.size
    return Product(blocks, M * N * K, blocks * m * n * k, loads, C.size, _narrowed(C[:M, :N], acc), acc)


def multiply_fast(
    A: np.ndarray, B: np.ndarray, tile: Shape = (16, 16, 16), fmt: str = "fp16", accumulate: str | None = None
) -> Product:
    """The same product, numbers and counts, with all blocks of one k at once; `multiply` is the version to read.

    >>> multiply_fast(np.eye(20), np.eye(20)).blocks
    8
    """
    acc, A, B = accumulator(fmt, accumulate), np.asarray(A), np.asarray(B)
    M, K, N = _fitting(A, B)
    C = np.zeros((M, N), SUMS_IN[acc])
    _add_products(C, operand(A, fmt), operand(B, fmt))
    cost = tile_cost(M, N, K, tile)
    return Product(cost.blocks, cost.macs, cost.macs_issued, cost.loads, cost.stores, _narrowed(C, acc), acc)


def _add_products(C: np.ndarray, a: np.ndarray, b: np.ndarray) -> None:
    """Add (m, k) @ (k, n) to C in place, one k after the other: exact products, each sum rounded once, to C's type."""
    wide = np.float64 if C.dtype == np.float16 else None  # holds a product of fp16 and its sum; else C's type does
    with np.errstate(over="ignore"):  # a float accumulator that overflows holds inf, as the unit's does
        for column, row in zip(a.T, b, strict=True):
            np.add(C, np.multiply.outer(column, row), out=C, dtype=wide, casting="same_kind")


def _fitting(A: np.ndarray, B: np.ndarray) -> tuple[int, int, int]:
    """M, K and N of two matrices that can be multiplied; ValueError with both shapes where they cannot."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"A (M, K) and B (K, N) must share K, got shapes {A.shape} and {B.shape}")
    positive_ints(M=A.shape[0], K=A.shape[1], N=B.shape[1])
    return A.shape[0], A.shape[1], B.shape[1]


def _padded(x: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """`x` with zeros below and to the right, up to multiples of `rows` and `cols`."""
    return np.pad(x, ((0, -x.shape[0] % rows), (0, -x.shape[1] % cols)))


def _narrowed(C: np.ndarray, acc: str) -> np.ndarray:
    """The result in the accumulator's own type; OverflowError for a sum beyond int32."""
    if acc != "int32":
        return C
    if C.min() < INT32.min or C.max() > INT32.max:
        raise OverflowError(f"a sum reaches {max(C.max(), -C.min())}, beyond int32; split K or use smaller numbers")
    return C.astype(np.int32)
