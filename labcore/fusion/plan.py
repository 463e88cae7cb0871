"""The cheapest way to cut a small graph into kernels, by trying all of them."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from labcore.fusion.graph import Graph, Op
from labcore.fusion.kernel import Kernel, build
from labcore.fusion.legality import MOST, why_not
from labcore.units import Bytes


def plan(graph: Graph, registers: int | None = None, scratchpad: Bytes = 0) -> tuple[Kernel, ...]:
    """The kernels that move the fewest bytes together, in running order; of equals the fewest kernels.

    Exact: over all ways to run the graph group by group, each group legal and ready when its turn comes. Raises
    ValueError for graphs of more than 12 operations.

    >>> from labcore.fusion.examples import listing_19
    >>> [one.ops for one in plan(listing_19(1024))]
    [('X1', 'X2', 'Y')]
    """
    ops = graph.ops
    if len(ops) > MOST:
        raise ValueError(f"{len(ops)} operations are too many to try all plans; cut the graph at a barrier into parts "
                         f"of {MOST} or fewer")  # fmt: skip
    place = {op.name: 1 << i for i, op in enumerate(ops)}
    needs = [sum(place[name] for name in set(op.inputs) if name in place) for op in ops]

    @functools.cache
    def priced(group: int) -> Kernel | None:
        chosen = _chosen(ops, group)
        legal = not why_not(graph, [op.name for op in chosen])
        return build(graph, chosen, registers, scratchpad) if legal else None

    @functools.cache
    def best(done: int) -> tuple[Bytes, int, tuple[int, ...]]:
        """Bytes, kernels and groups of the rest, where the operations in `done` have run."""
        options = [(0, 0, ())] if done == (1 << len(ops)) - 1 else []
        for group in _ready(needs, done):
            if one := priced(group):
                D_vol, count, rest = best(done | group)
                options.append((one.D_vol + D_vol, 1 + count, (group, *rest)))
        return min(options)

    return tuple(priced(group) for group in best(0)[2])


def _chosen(ops: tuple[Op, ...], group: int) -> tuple[Op, ...]:
    return tuple(op for i, op in enumerate(ops) if group >> i & 1)


def _ready(needs: list[int], done: int, at: int = 0, group: int = 0) -> Iterator[int]:
    """Every group of operations that could run next, as the bits of a number."""
    if at == len(needs):
        if group:
            yield group
        return
    yield from _ready(needs, done, at + 1, group)
    if not done >> at & 1 and not needs[at] & ~(done | group):
        yield from _ready(needs, done, at + 1, group | 1 << at)
