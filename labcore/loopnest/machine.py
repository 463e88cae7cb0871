"""A machine that runs a nest: memories that hold tiles element by element, and numbers that come out at the end.

It is there to be read, and to keep the closed counts honest: every element is moved one by one, each access to DRAM is
an access to a `CountingArray`, and the result is that of the operation.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from labcore.counting import CountingArray
from labcore.loopnest.counts import Traffic
from labcore.loopnest.nest import OUTPUT, Axis, Nest
from labcore.sums import summed_in

Index = tuple[int, ...]
Starts = Mapping[str, int]  # where the current tile begins in each dimension


@dataclass(frozen=True)
class Executed:
    """The result (shape of C), the traffic of each memory, and the accesses that DRAM itself counted."""

    C: np.ndarray
    traffic: list[Traffic]
    dram_reads: int
    dram_writes: int


class Dram:
    """The arrays themselves, which count each access; a result is None until it has been written once."""

    def __init__(self, A: np.ndarray, B: np.ndarray, C: np.ndarray) -> None:
        self.arrays = {"A": CountingArray(A), "B": CountingArray(B), OUTPUT: CountingArray(C)}
        self.begun: set[Index] = set()

    def get(self, operand: str, index: Index) -> float | None:
        """Read one element."""
        return self.arrays[operand][index] if operand != OUTPUT or index in self.begun else None

    def put(self, index: Index, value: float) -> None:
        """Write one result."""
        self.begun.add(index)
        self.arrays[OUTPUT][index] = value


class Memory:
    """One memory: the elements it holds now, and what has crossed its outer edge so far."""

    def __init__(self, outside: Memory | Dram) -> None:
        self.outside, self.inside = outside, None
        if isinstance(outside, Memory):
            outside.inside = self
        self.held: dict[str, dict[Index, float | None]] = {"A": {}, "B": {}, OUTPUT: {}}
        self.moved = {"A_reads": 0, "B_reads": 0, "C_reads": 0, "C_writes": 0}

    def get(self, operand: str, index: Index) -> float | None:
        """An element, for the memory inside this one; None for a result that nobody has begun."""
        return self.held[operand][index]

    def put(self, index: Index, value: float) -> None:
        """Take a partial result from the memory inside."""
        self.held[OUTPUT][index] = value

    def hold(self, operand: str, wanted: set[Index]) -> None:
        """Let go of what is no longer wanted, results outward, then fetch what is missing."""
        mine = self.held[operand]
        if operand == OUTPUT and self.inside:  # it holds the newer sums: they come out first
            self.inside.hold(operand, set(self.inside.held[operand]) & wanted)
        for index in set(mine) - wanted:
            value = mine.pop(index)
            if operand == OUTPUT:
                self.outside.put(index, value)
                self.moved["C_writes"] += 1
        for index in wanted - set(mine):
            mine[index] = self.outside.get(operand, index)
            self.moved[f"{operand}_reads"] += mine[index] is not None


def execute(nest: Nest, A: np.ndarray, B: np.ndarray) -> Executed:
    """Run a nest on arrays of the shapes that its problem names.

    >>> from labcore.loopnest.nest import Level, matmul_problem
    >>> nest = Nest(matmul_problem(2, 2, 2), [Level({"M": 1, "K": 1, "N": 2}, "MKN")])
    >>> run = execute(nest, np.array([[1, 2], [3, 4]]), np.eye(2, dtype=int))
    >>> run.C.tolist(), run.traffic[0].A_reads, run.traffic[0].C_reads
    ([[1, 2], [3, 4]], 4, 0)
    """
    problem = nest.problem
    for name, array in (("A", A), ("B", B)):
        wanted = tuple(axis.size for axis in problem.operands[name])
        if array.shape != wanted:
            raise ValueError(f"{name} must have the shape {wanted} of the nest's problem, got {array.shape}")
    terms = problem.macs // math.prod(axis.size for axis in problem.operands[OUTPUT])
    C = np.zeros([axis.size for axis in problem.operands[OUTPUT]], summed_in(A, B, terms)[0])
    dram = Dram(A, B, C)
    memories = [Memory(dram)]
    for _ in nest.levels[1:]:
        memories.append(Memory(memories[-1]))
    _walk(nest, 0, dict.fromkeys(problem.sizes, 0), memories)
    memories[0].hold(OUTPUT, set())
    arrays = dram.arrays.values()
    return Executed(C, [Traffic(**m.moved) for m in memories], sum(a.reads for a in arrays), dram.arrays[OUTPUT].writes)


def _walk(nest: Nest, level: int, starts: Starts, memories: list[Memory]) -> None:
    """Walk the tiles of one memory inside the tile outside it; in the innermost, compute."""
    if level == len(nest.levels):
        _compute(nest, starts, memories[-1])
        return
    own = nest.loops(level)[-len(nest.levels[level].order) :]
    for turn in itertools.product(*(range(loop.trips) for loop in own)):
        inner = dict(starts)
        for loop, k in zip(own, turn, strict=True):
            inner[loop.dim] += k * loop.step
        for operand, axes in nest.problem.operands.items():
            spans = (members(axis, inner, nest.levels[level].tile) for axis in axes)
            memories[level].hold(operand, set(itertools.product(*spans)))
        _walk(nest, level + 1, inner, memories)


def members(axis: Axis, starts: Starts, tile: Mapping[str, int]) -> list[int]:
    """The indices of an axis that a tile touches, padding left out.

    >>> members(Axis((("P", 1), ("R", 1)), size=4, offset=-1), {"P": 0, "R": 0}, {"P": 2, "R": 3})
    [0, 1, 2]
    """
    turns = itertools.product(*(range(tile[dim]) for dim, _ in axis.terms))
    found = {_index(axis, {d: starts[d] + k for (d, _), k in zip(axis.terms, turn, strict=True)}) for turn in turns}
    return sorted(index for index in found if 0 <= index < axis.size)


def _index(axis: Axis, at: Starts) -> int:
    return axis.offset + sum(step * at[dim] for dim, step in axis.terms)


def _points(tile: Mapping[str, int], starts: Starts) -> Iterator[dict[str, int]]:
    for turn in itertools.product(*map(range, tile.values())):
        yield {dim: starts[dim] + k for dim, k in zip(tile, turn, strict=True)}


def _compute(nest: Nest, starts: Starts, memory: Memory) -> None:
    """Every multiply-accumulate of the innermost tile; what lies in the padding is zero."""
    problem = nest.problem
    for at in _points(nest.levels[-1].tile, starts):
        a, b, c = (tuple(_index(axis, at) for axis in problem.operands[name]) for name in ("A", "B", OUTPUT))
        inside = all(0 <= i < axis.size for i, axis in zip(a, problem.operands["A"], strict=True))
        product = memory.held["A"][a] * memory.held["B"][b] if inside else 0
        memory.held[OUTPUT][c] = (memory.held[OUTPUT][c] or 0) + product
