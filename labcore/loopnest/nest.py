"""A loop nest as data: which element of each operand an iteration touches, and which tiles each memory holds in turn.

A matrix product has the dimensions M, K, N. A convolution has seven: N images, K filters, C channels, P rows and Q
columns of the output, R rows and S columns of the filter. `A` is the input, `B` the weights, `C` the output.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labcore.units import divisors, positive_ints
from labcore.windows import Padding, Pair, pads, per_axis, window_output

OUTPUT = "C"


@dataclass(frozen=True)
class Axis:
    """One axis of an operand: its index is offset + sum(step * index of dim); beyond 0..size-1 lies padding."""

    terms: tuple[tuple[str, int], ...]
    size: int
    offset: int = 0


@dataclass(frozen=True)
class Problem:
    """The sizes of the dimensions, and the axes of each operand."""

    sizes: Mapping[str, int]
    operands: Mapping[str, tuple[Axis, ...]]

    @property
    def macs(self) -> int:
        """Multiply-accumulates, those on padding included."""
        return math.prod(self.sizes.values())

    def elements(self, operand: str) -> int:
        """Elements that an operand holds."""
        return math.prod(axis.size for axis in self.operands[operand])


def matmul_problem(M: int, K: int, N: int) -> Problem:
    """The product (M, K) @ (K, N).

    >>> matmul_problem(2, 3, 4).macs
    24
    """
    positive_ints(M=M, K=K, N=N)
    m, k, n = (Axis(((dim, 1),), size) for dim, size in (("M", M), ("K", K), ("N", N)))
    return Problem({"M": M, "K": K, "N": N}, {"A": (m, k), "B": (k, n), OUTPUT: (m, n)})


def conv_problem(
    N: int, C: int, H: int, W: int, K: int, R: int, S: int,
    stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1,
) -> Problem:  # fmt: skip
    """The convolution of (N, C, H, W) with (K, C, R, S), as `labcore.im2col.conv2d` computes it.

    >>> one = conv_problem(N=1, C=3, H=8, W=8, K=4, R=3, S=3, padding=1)
    >>> one.sizes["P"], one.elements("C")
    (8, 256)
    """
    P, Q = window_output(H, W, R, S, stride, padding, dilation)
    sizes = {"N": N, "K": K, "C": C, "P": P, "Q": Q, "R": R, "S": S}
    positive_ints(**sizes)
    n, k, c, p, q, r, s = (Axis(((dim, 1),), size) for dim, size in sizes.items())
    (down, across), (tall, wide) = per_axis("stride", stride), per_axis("dilation", dilation)
    (top, _), (left, _) = pads(padding)
    h = Axis((("P", down), ("R", tall)), H, -top)
    w = Axis((("Q", across), ("S", wide)), W, -left)
    return Problem(sizes, {"A": (n, c, h, w), "B": (k, c, r, s), OUTPUT: (n, k, p, q)})


@dataclass(frozen=True)
class Level:
    """One memory: the tile it holds of each dimension, and the order in which those tiles follow, outermost first."""

    tile: Mapping[str, int]
    order: str


@dataclass(frozen=True)
class Loop:
    """One loop: it advances a dimension `trips` times by `step` elements."""

    dim: str
    trips: int
    step: int


@dataclass(frozen=True)
class Nest:
    """A problem and the memories that its tiles pass through, the one next to DRAM first.

    Raises ValueError for a tile that does not divide what it is cut from, with the nearest that do, and for an order
    that is no order of the problem's dimensions.

    >>> nest = Nest(matmul_problem(4, 4, 4), [Level({"M": 2, "K": 4, "N": 2}, "MNK")])
    >>> [(loop.dim, loop.trips) for loop in nest.loops(0)]
    [('M', 2), ('N', 2), ('K', 1)]
    """

    problem: Problem
    levels: Sequence[Level]

    def __post_init__(self) -> None:
        outside = self.problem.sizes
        for level in self.levels:
            if sorted(level.order) != sorted(outside):
                dims = "".join(outside)
                raise ValueError(
                    f"order {level.order!r} must name each of {dims} once; write {dims!r}, outermost first"
                )
            for dim, size in outside.items():
                check_tile(dim, level.tile.get(dim), size)
            outside = level.tile

    def loops(self, level: int) -> list[Loop]:
        """The loops around the tile of a memory, outermost first: its own, inside those of every memory before it."""
        found, outside = [], self.problem.sizes
        for one in self.levels[: level + 1]:
            found += [Loop(dim, outside[dim] // one.tile[dim], one.tile[dim]) for dim in one.order]
            outside = one.tile
        return found


def check_tile(dim: str, tile: int | None, size: int) -> None:
    """Raise ValueError unless the tile divides the size, naming the divisors on either side."""
    if isinstance(tile, int) and not isinstance(tile, bool) and tile > 0 and size % tile == 0:
        return
    near = divisors(size)
    if isinstance(tile, int) and tile > 0:
        near = [max((d for d in near if d < tile), default=1), min((d for d in near if d > tile), default=size)]
    words = " or ".join(dict.fromkeys(map(str, near)))
    raise ValueError(f"a tile of {tile!r} does not divide {dim} = {size}; take {words}")


def tile_elements(problem: Problem, operand: str, tile: Mapping[str, int]) -> int:
    """Words that a tile of an operand takes in a buffer: its full extent, padding and halo included.

    >>> tile_elements(conv_problem(1, 1, 8, 8, 1, 3, 3), "A", {"N": 1, "K": 1, "C": 1, "P": 2, "Q": 2, "R": 3, "S": 3})
    16
    """
    extents = (1 + sum(step * (tile[dim] - 1) for dim, step in axis.terms) for axis in problem.operands[operand])
    return math.prod(extents)
