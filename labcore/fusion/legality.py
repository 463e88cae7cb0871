"""Which operations may share a kernel, and what to fuse instead where they may not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import combinations

from labcore.fusion.graph import Graph, Op, Shape

MOST = 12  # operations of a graph up to which all groups are tried


def why_not(graph: Graph, names: Iterable[str]) -> str:
    """Why these operations may not be one kernel; empty where they may.

    They hang together. No way leads out and back in, or two kernels would wait for each other. A barrier begins its
    kernel: what follows may ride on its results before they are written (an epilogue), and only element by element.
    All visit the same places, but for results of a reduction, which are small and stay on the chip; a kernel's
    reductions take the same axes.

    >>> from labcore.fusion.examples import listing_19
    >>> why_not(listing_19(4), ["X1", "Y"])
    'X2 lies between X1 and Y, and two kernels cannot wait for each other'
    """
    ops = graph.pick(names)
    if not ops:
        return "there is nothing to fuse"
    rules = (_between, _apart, _before_a_barrier, _after_a_barrier, _other_places)
    return next((reason for rule in rules if (reason := rule(graph, ops))), "")


def nearest(graph: Graph, names: Iterable[str]) -> tuple[str, ...]:
    """The legal group with the fewest operations added or left out; of several the largest.

    >>> from labcore.fusion.examples import listing_19
    >>> nearest(listing_19(4), ["X1", "Y"])
    ('X1', 'X2', 'Y')
    """
    wanted = {op.name for op in graph.pick(names)}
    if len(graph.ops) > MOST:  # too many groups to try: the largest legal start of what was asked for
        cuts = ([op.name for op in graph.pick(wanted)][:k] for k in range(len(wanted), 0, -1))
        return tuple(next(cut for cut in cuts if not why_not(graph, cut)))
    groups = sorted(_groups(graph), key=lambda group: (len(wanted.symmetric_difference(group)), -len(group)))
    return next(group for group in groups if not why_not(graph, group))


def main_space(ops: Iterable[Op]) -> Shape:
    """The places that a group's loops visit: the largest space of its operations.

    >>> from labcore.fusion.examples import listing_19
    >>> main_space(listing_19(4).ops)
    (4, 4)
    """
    return max((op.space for op in ops), key=math.prod)


def _groups(graph: Graph) -> Iterator[tuple[str, ...]]:
    names = [op.name for op in graph.ops]
    for size in range(1, len(names) + 1):
        yield from combinations(names, size)


def _between(graph: Graph, ops: tuple[Op, ...]) -> str:
    """An operation outside that needs one of the group and that another of the group needs."""
    inside, after = {op.name for op in ops}, {}
    for op in graph.ops:
        come_from = [name for name in op.inputs if name in inside or name in after]
        if op.name not in inside and come_from:
            after[op.name] = after.get(come_from[0], come_from[0])
        outside = [name for name in op.inputs if name in after]
        if op.name in inside and outside:
            way = f"{outside[0]} lies between {after[outside[0]]} and {op.name}"
            return f"{way}, and two kernels cannot wait for each other"
    return ""


def _apart(graph: Graph, ops: tuple[Op, ...]) -> str:
    """Operations that share no value save nothing."""
    reached, more = {ops[0].name}, True
    touches = {op.name: {op.name, *op.inputs} for op in ops}
    while more:
        near = set().union(*(touches[name] for name in reached))
        more = {name for name in touches if touches[name] & near} - reached
        reached |= more
    left = [op.name for op in ops if op.name not in reached]
    return f"{left[0]} shares no value with {ops[0].name}, so one kernel would save nothing" if left else ""


def _before_a_barrier(graph: Graph, ops: tuple[Op, ...]) -> str:
    inside = {op.name for op in ops}
    barriers = [op for op in ops if op.kind == "barrier"]
    if len(barriers) > 1:
        return f"{barriers[0].name} and {barriers[1].name} are two barriers, each with loops of its own"
    for one in barriers:
        if fed := sorted(set(one.inputs) & inside):
            return f"{one.name} reads {fed[0]} many times, so that must be written before; a barrier begins its kernel"
    return ""


def _after_a_barrier(graph: Graph, ops: tuple[Op, ...]) -> str:
    barrier = next((op.name for op in ops if op.kind == "barrier"), "")
    whole = next((op.name for op in ops if op.kind == "reduction"), "")
    return f"{whole} needs whole rows, and a tile of {barrier} holds parts of them" if barrier and whole else ""


def _other_places(graph: Graph, ops: tuple[Op, ...]) -> str:
    """All spaces are the largest one, or that of the results of the group's reductions."""
    space = main_space(ops)
    main = next(op for op in ops if op.space == space)
    reductions = [op for op in ops if op.kind == "reduction"]
    for one in reductions:
        if one.space == space and one.axes != reductions[0].axes:
            return f"{reductions[0].name} and {one.name} reduce other axes, {reductions[0].axes} and {one.axes}"
    small = {op.shape for op in reductions if op.space == space}
    for op in ops:
        if op.space != space and (op.space not in small or op.kind == "reduction"):
            return f"{op.name} visits {op.space} and {main.name} visits {space}, which are other places"
    return ""
