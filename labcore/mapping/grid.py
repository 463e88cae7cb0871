"""All divisor tiles of a nest at once, under one loop order: words moved and words held, as arrays over the tiles.

The exact count of `labcore.loopnest.counts` is a sum over loops of products over axes, and the table of an axis depends
on the tiles of its own dimensions alone: two for the rows of a convolution's input, one for most. So the few tables of
each axis are counted once and multiplied over the whole grid.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from labcore.loopnest.counts import windows
from labcore.loopnest.nest import OUTPUT, Axis, Level, Loop, Nest, Problem
from labcore.units import divisors, positive_ints


@dataclass(frozen=True)
class Tiled:
    """A tile and a loop order with the words that they move, reads and writes together, and hold."""

    tile: dict[str, int]
    order: str
    traffic: int
    held: int

    def nest(self, problem: Problem) -> Nest:
        """The nest that it stands for."""
        return Nest(problem, [Level(self.tile, self.order)])


def best_tile(problem: Problem, buffer_words: int, orders: Iterable[str]) -> Tiled:
    """The tile and order that move fewest words among all divisor tiles that fit, under each of some loop orders.

    Ties go to the tile that holds less, then to the earlier order. Raises ValueError where nothing fits.

    >>> from labcore.loopnest import matmul_problem
    >>> best_tile(matmul_problem(64, 64, 64), 1024, ["MNK"])
    Tiled(tile={'M': 16, 'K': 1, 'N': 32}, order='MNK', traffic=28672, held=560)
    """
    positive_ints(buffer_words=buffer_words)
    held = words_held(problem)
    if held.min() > buffer_words:
        raise ValueError(
            f"a buffer of {buffer_words} words holds no tile of A, B and C together; {held.min()} words are the least"
        )
    best = None
    for order in orders:
        moved = np.where(held <= buffer_words, words_moved(problem, order), np.iinfo(np.int64).max)
        least = np.flatnonzero(moved == moved.min())
        at = least[np.argmin(held.ravel()[least])]
        found = int(moved.ravel()[at]), int(held.ravel()[at])
        if best is None or found < (best.traffic, best.held):
            places = np.unravel_index(at, held.shape)
            tile = {dim: tiles_of(problem, dim)[k] for dim, k in zip(problem.sizes, places, strict=True)}
            best = Tiled(tile, order, *found)
    return best


def tiles_of(problem: Problem, dim: str) -> list[int]:
    """The tiles of one dimension, ascending: one axis of the grid.

    >>> from labcore.loopnest import matmul_problem
    >>> tiles_of(matmul_problem(6, 2, 2), "M")
    [1, 2, 3, 6]
    """
    return divisors(problem.sizes[dim])


def words_held(problem: Problem) -> np.ndarray:
    """Words of the three tiles together, halo and padding included, over the grid of all tiles.

    >>> from labcore.loopnest import matmul_problem
    >>> words_held(matmul_problem(2, 1, 2))[:, 0, :].tolist()  # tiles of M by tiles of N, K whole
    [[3, 5], [5, 8]]
    """
    total = 0
    for axes in problem.operands.values():
        tables = [
            _along(problem.sizes, {dim: problem.sizes[dim] for dim, _ in axis.terms}, functools.partial(_extent, axis))
            for axis in axes
        ]
        total = total + math.prod(tables[1:], start=tables[0])
    return total


def words_moved(problem: Problem, order: str) -> np.ndarray:
    """Words in and out of the buffer under one order, over the grid of all tiles.

    >>> from labcore.loopnest import matmul_problem
    >>> words_moved(matmul_problem(2, 2, 2), "MNK").min()
    np.int64(12)
    """
    Nest(problem, [Level(problem.sizes, order)])  # raises for an order that is none
    if 4 * problem.macs >= 2**63:  # no mapping moves more, so that nothing below wraps
        raise ValueError(f"words of {problem.macs} multiply-accumulates might not fit int64; take smaller sizes")
    moved = {name: _operand_words(problem, axes, order) for name, axes in problem.operands.items()}
    return moved["A"] + moved["B"] + 2 * moved[OUTPUT] - problem.elements(OUTPUT)


def _operand_words(problem: Problem, axes: tuple[Axis, ...], order: str) -> np.ndarray:
    used = {dim for axis in axes for dim, _ in axis.terms}
    trips = {
        dim: _along(problem.sizes, {dim: size}, lambda tile, dim=dim, size=size: size // tile[dim])
        for dim, size in problem.sizes.items()
    }
    if all(_disjoint(problem, axis) for axis in axes):
        return math.prod(problem.sizes[dim] for dim in used) * passes(order, used, trips)
    sizes, _ = _tables(problem, axes, order, None)
    total = math.prod(sizes[1:], start=sizes[0])
    for at, dim in enumerate(order):
        idle = math.prod((trips[outer] for outer in order[:at] if outer not in used), start=1)
        idle = idle * (1 if dim in used else trips[dim] - 1)
        size, shared = _tables(problem, axes, order, at)
        total = total + idle * (math.prod(size[1:], start=size[0]) - math.prod(shared[1:], start=shared[0]))
    return total


def _disjoint(problem: Problem, axis: Axis) -> bool:
    """Whether tiles of an axis share nothing and touch no padding: one of its dimensions runs, the others are 1."""
    runs = [(dim, step) for dim, step in axis.terms if problem.sizes[dim] > 1]
    last = axis.offset + sum(step * (problem.sizes[dim] - 1) for dim, step in runs)
    return len(runs) < 2 and axis.offset >= 0 and last < axis.size


def passes(order: str, used: set[str], trips: dict[str, np.ndarray]) -> np.ndarray:
    """How often each tile of an operand comes in: once a turn of the loops of others outside one of its own that turns.

    `used` are the operand's own dimensions, `trips` how often each loop turns, all of one shape.

    >>> passes("MNK", {"K", "N"}, {"M": np.array([3, 3]), "N": np.array([2, 1]), "K": np.array([1, 1])}).tolist()
    [3, 1]
    """
    turns = comes = np.ones((), np.int64)
    for dim in reversed(order):  # from the innermost outward
        if dim in used:
            turns = turns * trips[dim]
        else:
            comes = comes * np.where(turns > 1, trips[dim], 1)
    return comes


def _tables(problem: Problem, axes: tuple[Axis, ...], order: str, at: int | None) -> tuple[list, list]:
    """For each axis, over its own tiles: new elements and shared ones, summed over the steps of one loop."""
    pairs = [_summed(problem, axis, order, at) for axis in axes]
    return [pair[..., 0] for pair in pairs], [pair[..., 1] for pair in pairs]


def _summed(problem: Problem, axis: Axis, order: str, at: int | None) -> np.ndarray:
    """What matters to an axis is the order of its own dimensions, and where among them the step is taken."""
    dims = {dim for dim, _ in axis.terms}
    own = "".join(dim for dim in order if dim in dims)
    before = None if at is None else sum(dim in dims for dim in order[:at])
    sizes = tuple(problem.sizes[dim] for dim in own)
    return _steps(axis, own, sizes, before, at is None or order[at] in dims, tuple(problem.sizes))


@functools.lru_cache(maxsize=10_000)
def _steps(
    axis: Axis, own: str, sizes: tuple[int, ...], before: int | None, takes_it: bool, every: tuple[str, ...]
) -> np.ndarray:
    """New and shared elements of an axis, summed over the steps of a loop of its own or, between those, of another.

    Layers and orders share these: (..., 2) over the grid of `every` dimension, of length 1 along those of others.
    """

    def of(tile: dict[str, int]) -> tuple[int, int]:
        loops = [Loop(dim, size // tile[dim], tile[dim]) for dim, size in zip(own, sizes, strict=True)]
        if not takes_it:
            loops.insert(before, Loop("", 1, 0))
        return windows(axis, loops, tile, before)

    return _along(every, dict(zip(own, sizes, strict=True)), of)


def _extent(axis: Axis, tile: dict[str, int]) -> int:
    return 1 + sum(step * (tile[dim] - 1) for dim, step in axis.terms)


def _along(every: Iterable[str], sizes: Mapping[str, int], of: Callable[[dict[str, int]], object]) -> np.ndarray:
    """A function of the tiles of some dimensions as an array that broadcasts over the grid of every dimension."""
    choices = {dim: divisors(sizes[dim]) for dim in every if dim in sizes}
    tiles = (dict(zip(choices, tile, strict=True)) for tile in itertools.product(*choices.values()))
    values = np.array([of(tile) for tile in tiles], np.int64)
    return values.reshape([len(choices[dim]) if dim in choices else 1 for dim in every] + list(values.shape[1:]))
