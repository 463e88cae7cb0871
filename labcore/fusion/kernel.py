"""What a group of operations moves when it runs as one kernel."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from labcore.fusion.graph import Graph, Op
from labcore.fusion.legality import main_space, nearest, why_not
from labcore.fusion.registers import spills
from labcore.roofline import least_time
from labcore.units import Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds


@dataclass(frozen=True)
class Kernel:
    """One kernel: bytes read and written by value, and bytes that registers spilled, which go out and come back."""

    ops: tuple[str, ...]
    reads: Mapping[str, Bytes]
    writes: Mapping[str, Bytes]
    spilled: Bytes
    flop: Flop

    @property
    def D_vol(self) -> Bytes:
        """Bytes moved in all."""
        return sum(self.reads.values()) + sum(self.writes.values()) + self.spilled


def kernel(graph: Graph, names: Iterable[str], registers: int | None = None, scratchpad: Bytes = 0) -> Kernel:
    """The kernel of a group of operations; raises ValueError, with the nearest legal group, where it may not be one.

    Each value from outside is read once, and each that is wanted outside is written once. What comes after a
    reduction needs its inputs again: they are read again, unless their slices that are reduced together fit into
    `scratchpad` bytes. `registers` is how many values a thread may hold; more are spilled, counted as if to memory.

    >>> from labcore.fusion.examples import listing_19
    >>> kernel(listing_19(1024), ["X1", "X2", "Y"]).D_vol / (1024 * 1024 * 4)
    2.0
    """
    names = tuple(names)
    if reason := why_not(graph, names):
        raise ValueError(f"{', '.join(names) or 'nothing'} cannot be one kernel: {reason}"
                         f"; the nearest that can is {', '.join(nearest(graph, names))}")  # fmt: skip
    return build(graph, graph.pick(names), registers, scratchpad)


def build(graph: Graph, ops: tuple[Op, ...], registers: int | None = None, scratchpad: Bytes = 0) -> Kernel:
    """The kernel of a group that is known to be legal.

    >>> from labcore.fusion.examples import listing_19
    >>> build(listing_19(4), listing_19(4).ops).writes
    {'Y': 64}
    """
    inside = {op.name for op in ops}
    outside = list(dict.fromkeys(name for op in ops for name in op.inputs if name not in inside))
    times = _passes(graph, ops)
    again = [name for name in outside if times[name] > 1]
    if again and len(again) * _slice_bytes(graph, ops) <= scratchpad:
        times = dict.fromkeys(outside, 1)
    wanted = [op.name for op in ops if op.name in graph.outputs or set(graph.consumers(op.name)) - inside]
    moved = 0 if registers is None else sum(spills(graph, inside, registers))
    return Kernel(
        tuple(op.name for op in ops),
        reads={name: times[name] * graph.nbytes(name) for name in outside},
        writes={name: graph.nbytes(name) for name in wanted},
        spilled=moved * graph.bytes_per_element,
        flop=sum(op.flop for op in ops),
    )


def kernels(
    graph: Graph, groups: Sequence[Iterable[str]], registers: int | None = None, scratchpad: Bytes = 0
) -> tuple[Kernel, ...]:
    """The kernels of a whole graph, in an order in which they can run.

    Raises ValueError where an operation is in no group or in two, where a group is not legal, and where two kernels
    wait for each other.

    >>> from labcore.fusion.examples import listing_19
    >>> [k.ops for k in kernels(listing_19(4), [["Y"], ["X1", "X2"]])]
    [('X1', 'X2'), ('Y',)]
    """
    placed = [name for group in groups for name in group]
    for op in graph.ops:
        if placed.count(op.name) != 1:
            raise ValueError(f"{op.name} is in {placed.count(op.name)} groups; each operation belongs to one")
    waiting = [kernel(graph, group, registers, scratchpad) for group in groups]
    there, order = set(graph.inputs), []
    while waiting:
        ready = next((one for one in waiting if set(one.reads) <= there), None)
        if ready is None:
            stuck = " and ".join("(" + ", ".join(one.ops) + ")" for one in waiting)
            raise ValueError(f"{stuck} wait for each other; split one of them")
        there |= set(ready.writes)
        order.append(ready)
        waiting.remove(ready)
    return tuple(order)


def eager(graph: Graph, registers: int | None = None) -> tuple[Kernel, ...]:
    """Each operation as a kernel of its own.

    >>> from labcore.fusion.examples import listing_19
    >>> sum(one.D_vol for one in eager(listing_19(1024))) / (1024 * 1024 * 4)
    6.0
    """
    return tuple(build(graph, (op,), registers) for op in graph.ops)


def traffic(run: Iterable[Kernel]) -> Bytes:
    """Bytes that some kernels move, one after another.

    >>> from labcore.fusion.examples import listing_19
    >>> traffic(eager(listing_19(1)))
    24
    """
    return sum(one.D_vol for one in run)


def run_time(run: Iterable[Kernel], R_peak: FlopPerSecond, BW: BytesPerSecond, L_launch: Seconds = 0.0) -> Seconds:
    """Time of kernels one after another: each at its roofline, and a launch for each.

    >>> from labcore.fusion.examples import listing_19
    >>> run_time(eager(listing_19(1)), R_peak=1.0, BW=1.0)
    24.0
    """
    return float(sum(least_time(one.flop, one.D_vol, R_peak, BW) + L_launch for one in run))


def _passes(graph: Graph, ops: tuple[Op, ...]) -> dict[str, int]:
    """How many times a value from outside is gone through: once for each round of reductions that it serves."""
    inside, space = {op.name: op for op in ops}, main_space(ops)
    large = {op.name for op in ops if op.space == space and op.shape == space}
    level: dict[str, int] = {}
    for op in ops:
        mine = [level[name] + (name not in large and op.space == space) for name in op.inputs if name in inside]
        level[op.name] = max(mine, default=0)
    found: dict[str, set[int]] = {}
    for op in ops:
        is_end = op.kind == "reduction" or op.name in graph.outputs or set(graph.consumers(op.name)) - set(inside)
        todo = [op.name] if is_end else []
        while todo:
            for name in inside[todo.pop()].inputs:
                if name in large:
                    todo.append(name)
                elif name not in inside:
                    found.setdefault(name, set()).add(level[op.name])
    unread = {name for op in ops for name in op.inputs if name not in inside} - set(found)
    size = math.prod(space)
    return dict.fromkeys(unread, 1) | {
        name: len(levels) if math.prod(graph.shape(name)) == size else 1 for name, levels in found.items()
    }


def _slice_bytes(graph: Graph, ops: tuple[Op, ...]) -> Bytes:
    """Bytes of a value as large as the main space that are reduced together."""
    space, axes = main_space(ops), next(op.axes for op in ops if op.kind == "reduction")
    return math.prod(space[axis] for axis in axes) * graph.bytes_per_element
