"""What a nest moves, in closed form: every word that crosses into or out of each memory.

A memory holds one tile of each operand. When a loop advances, the next tile comes in, and only the elements that it
does not share with the tile before it are moved. Which loop advances decides what changes: that loop takes a step, all
loops inside it fall back to their start, those outside it stay. So the sum over all steps is a sum over loops of
products over axes, and each axis is a small table of windows and their overlaps.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.loopnest.nest import OUTPUT, Axis, Level, Loop, Nest, conv_problem, matmul_problem
from labcore.units import Ratio
from labcore.windows import Padding, Pair


@dataclass(frozen=True)
class Traffic:
    """Words that cross the edge of one memory: operands in, partial sums read back, results out."""

    A_reads: int
    B_reads: int
    C_reads: int
    C_writes: int

    @property
    def reads(self) -> int:
        """Words in."""
        return self.A_reads + self.B_reads + self.C_reads

    @property
    def words(self) -> int:
        """Words in and out."""
        return self.reads + self.C_writes

    def per_mac(self, macs: int) -> Ratio:
        """Words in and out for each multiply-accumulate."""
        return self.words / macs


def traffic(nest: Nest) -> list[Traffic]:
    """The traffic at the outer edge of each memory, the one next to DRAM first.

    >>> nest = Nest(matmul_problem(4, 4, 4), [Level({"M": 2, "K": 2, "N": 2}, "MNK")])
    >>> traffic(nest)
    [Traffic(A_reads=32, B_reads=32, C_reads=0, C_writes=16)]
    """
    return [_level_traffic(nest, level) for level in range(len(nest.levels))]


def _level_traffic(nest: Nest, level: int) -> Traffic:
    loops, tile = nest.loops(level), nest.levels[level].tile
    moved = {name: words_moved(axes, loops, tile) for name, axes in nest.problem.operands.items()}
    outputs = nest.problem.elements(OUTPUT)  # each is visited; its first visit reads nothing
    return Traffic(moved["A"], moved["B"], moved[OUTPUT] - outputs, moved[OUTPUT])


def words_moved(axes: Sequence[Axis], loops: Sequence[Loop], tile: dict[str, int]) -> int:
    """Elements of an operand that come in over the whole walk, the first tile included."""
    first = math.prod(windows(axis, loops, tile, advancing=None)[0] for axis in axes)
    used = {dim for axis in axes for dim, _ in axis.terms}
    total = first
    for at, loop in enumerate(loops):
        if loop.trips == 1:
            continue
        idle = math.prod(outer.trips for outer in loops[:at] if outer.dim not in used)
        idle *= 1 if loop.dim in used else loop.trips - 1
        tables = [windows(axis, loops, tile, advancing=at) for axis in axes]
        total += idle * (math.prod(size for size, _ in tables) - math.prod(shared for _, shared in tables))
    return total


def windows(axis: Axis, loops: Sequence[Loop], tile: dict[str, int], advancing: int | None) -> tuple[int, int]:
    """Sums over all steps in which one loop advances: elements of the new window, elements shared with the old one.

    With `advancing` None there is one step, the first, and nothing shared.
    """
    steps = dict(axis.terms)
    old = new = np.full(1, axis.offset)
    for at, loop in enumerate(loops):
        stride = steps.get(loop.dim, 0) * loop.step
        if advancing is None or not stride:
            continue
        if at < advancing:
            shift = stride * np.arange(loop.trips)
            old, new = ((side[:, None] + shift).ravel() for side in (old, new))
        elif at == advancing:
            shift = stride * np.arange(loop.trips - 1)
            old, new = (old[:, None] + shift).ravel(), (new[:, None] + shift + stride).ravel()
        else:
            old = old + stride * (loop.trips - 1)
    if len(axis.terms) == 1 and not axis.offset:  # tiles of one dimension: the same one, or nothing shared
        size = tile[axis.terms[0][0]]
        return size * len(new), size * int((old == new).sum())
    before, after = (_members(axis, start, tile) for start in (old, new))
    return int(after.sum()), int((before & after).sum())


def _members(axis: Axis, starts: np.ndarray, tile: dict[str, int]) -> np.ndarray:
    """Which elements of the axis lie in the window at each start: (starts,) -> (starts, size), True inside."""
    offsets = np.zeros(1, int)
    for dim, step in axis.terms:
        offsets = (offsets[:, None] + step * np.arange(tile[dim])).ravel()
    index = starts[:, None] + offsets  # (starts, elements of a window)
    row, col = np.nonzero((index >= 0) & (index < axis.size))
    inside = np.zeros((len(starts), axis.size), bool)
    inside[row, index[row, col]] = True
    return inside


def matmul_traffic(M: int, K: int, N: int, tile: tuple[int, int, int], order: str = "MNK") -> Traffic:
    """Words that a tiled matrix product moves between DRAM and one buffer; loops are named outermost first.

    `tile` is (tm, tk, tn). One tile of each operand is resident at a time. A tile of C that is visited again is read
    back; its first visit reads nothing; it is written whenever it leaves. Raises ValueError for tiles that do not
    divide.

    >>> matmul_traffic(4, 4, 4, tile=(2, 2, 2), order="MKN")
    Traffic(A_reads=16, B_reads=32, C_reads=16, C_writes=32)
    """
    level = Level(dict(zip("MKN", tile, strict=True)), order)
    return traffic(Nest(matmul_problem(M, K, N), [level]))[0]


def conv_traffic(
    N: int, C: int, H: int, W: int, K: int, R: int, S: int, tile: dict[str, int], order: str = "NKPQCRS",
    stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1,
) -> Traffic:  # fmt: skip
    """Words that a tiled convolution moves between DRAM and one buffer, its halo exact.

    `tile` names the dimensions that are cut, from N, K, C, P, Q, R, S; the others stay whole. A is the input, of which
    only elements not already resident are read and padding never; B the weights; C the output, as in `matmul_traffic`.

    >>> conv_traffic(1, 1, 4, 4, 1, 3, 3, tile={"P": 1})  # rows of 4: three for the first output row, one more after
    Traffic(A_reads=16, B_reads=9, C_reads=0, C_writes=4)
    """
    problem = conv_problem(N, C, H, W, K, R, S, stride, padding, dilation)
    if unknown := set(tile) - set(problem.sizes):
        raise ValueError(f"tile names {', '.join(sorted(unknown))}; a convolution has {', '.join(problem.sizes)}")
    return traffic(Nest(problem, [Level({**problem.sizes, **tile}, order)]))[0]
