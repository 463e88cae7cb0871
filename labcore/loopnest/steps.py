"""A nest with one memory, tile by tile: which elements are held, which come in, which leave.

`traffic` says how much moves in all and `execute` computes; this is for drawing the accesses as they happen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labcore.loopnest.machine import Index, Starts, members
from labcore.loopnest.nest import OUTPUT, Nest

Elements = Mapping[str, frozenset[Index]]  # of each operand


@dataclass(frozen=True)
class Step:
    """One tile: where it starts, what is held, what of it came in, and what left to make room.

    A result that nobody has begun comes in without being read: it is in `held` and not in `read`.
    """

    starts: Starts
    held: Elements
    read: Elements
    written: frozenset[Index]


def steps(nest: Nest) -> Iterator[Step]:
    """Every tile in turn, then one step more in which the last results leave and nothing is held.

    Raises ValueError for a nest with more than one memory.

    >>> from labcore.loopnest.nest import Level, matmul_problem
    >>> nest = Nest(matmul_problem(2, 2, 1), [Level({"M": 1, "K": 1, "N": 1}, "KMN")])
    >>> for step in steps(nest):
    ...     print({name: sorted(one) for name, one in step.read.items() if one}, sorted(step.written))
    {'A': [(0, 0)], 'B': [(0, 0)]} []
    {'A': [(1, 0)]} [(0, 0)]
    {'A': [(0, 1)], 'B': [(1, 0)], 'C': [(0, 0)]} [(1, 0)]
    {'A': [(1, 1)], 'C': [(1, 0)]} [(0, 0)]
    {} [(1, 0)]
    """
    if len(nest.levels) != 1:
        raise ValueError(f"steps are those of one memory, this nest has {len(nest.levels)}; give Nest one level")
    loops, tile, operands = nest.loops(0), nest.levels[0].tile, nest.problem.operands
    held, begun = dict.fromkeys(operands, frozenset()), frozenset()
    for turn in itertools.product(*(range(loop.trips) for loop in loops)):
        starts = {loop.dim: k * loop.step for loop, k in zip(loops, turn, strict=True)}
        now = {
            name: frozenset(itertools.product(*(members(axis, starts, tile) for axis in axes)))
            for name, axes in operands.items()
        }
        written = held[OUTPUT] - now[OUTPUT]
        begun |= held[OUTPUT]
        read = {name: now[name] - held[name] for name in operands}
        read[OUTPUT] &= begun
        yield Step(starts, now, read, written)
        held = now
    nothing = dict.fromkeys(operands, frozenset())
    yield Step({}, nothing, nothing, held[OUTPUT])
