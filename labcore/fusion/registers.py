"""Values that one element's computation keeps in registers, and what a limit on them costs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from labcore.fusion.graph import Graph, Op
from labcore.fusion.legality import main_space
from labcore.units import positive_ints


@dataclass
class _File:
    """Registers in use; `behind` are values that memory has as well, so that they may be dropped."""

    limit: float
    held: set[str] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)
    stores: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    peak: int = 0


def live_values(graph: Graph, names: Iterable[str]) -> int:
    """The most values that an element's computation holds at a time, operations in their order.

    >>> from labcore.fusion.examples import fork, listing_19
    >>> live_values(listing_19(4), ["X1", "X2", "Y"])  # a chain holds one value, however long it is
    1
    >>> live_values(fork(4), [op.name for op in fork(4).ops])
    4
    """
    return _walk(graph, graph.pick(names), math.inf).peak


def spills(graph: Graph, names: Iterable[str], registers: int) -> tuple[int, int]:
    """Elements stored and loaded besides what a kernel reads and writes anyway, with so many registers for values.

    The value that is needed last goes out (Belady, 1966). What memory has already is dropped and not stored. Raises
    ValueError where an operation's operands and its result do not fit.

    >>> from labcore.fusion.examples import fork
    >>> spills(fork(8, n=100), [op.name for op in fork(8).ops], registers=4)
    (400, 400)
    """
    positive_ints(registers=registers)
    ops = graph.pick(names)
    need, widest = max((len(set(op.inputs)) + 1, op.name) for op in ops)
    if registers < need:
        raise ValueError(f"{registers} registers are too few: {widest} takes {need - 1} values and makes one; "
                         f"{need} or more")  # fmt: skip
    used, space = _walk(graph, ops, registers), math.prod(main_space(ops))
    large = [[name for name in moved if math.prod(graph.shape(name)) == space] for moved in (used.stores, used.loads)]
    return len(large[0]) * space, len(large[1]) * space


def _walk(graph: Graph, ops: tuple[Op, ...], limit: float) -> _File:
    """Go through the operations once, for one element."""
    inside = {op.name for op in ops}
    uses = {name: [t for t, op in enumerate(ops) if name in op.inputs] for op in ops for name in op.inputs}
    written = {op.name for op in ops if op.name in graph.outputs or set(graph.consumers(op.name)) - inside}
    file, met = _File(limit), set()
    for t, op in enumerate(ops):
        operands = list(dict.fromkeys(op.inputs))
        for name in operands:
            if name not in file.held:
                _make_room(file, uses, t, keep=operands)
                file.loads += [name] if name in met or name in inside else []
                file.held.add(name)
                file.behind.add(name)
            met.add(name)
        file.peak = max(file.peak, len(file.held))
        file.held = {name for name in file.held if _next(uses, name, t + 1) < math.inf}
        if op.name in written:
            file.behind.add(op.name)
        if op.name in uses:
            _make_room(file, uses, t + 1, keep=())
            file.held.add(op.name)
        file.peak = max(file.peak, len(file.held))
    return file


def _make_room(file: _File, uses: dict[str, list[int]], t: int, keep: Iterable[str]) -> None:
    if len(file.held) < file.limit:
        return
    out = max(file.held - set(keep), key=lambda name: (_next(uses, name, t), name in file.behind, name))
    file.held.remove(out)
    if out not in file.behind:
        file.stores.append(out)
        file.behind.add(out)


def _next(uses: dict[str, list[int]], name: str, t: int) -> float:
    return next((at for at in uses.get(name, ()) if at >= t), math.inf)
