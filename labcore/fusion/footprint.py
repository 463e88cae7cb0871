"""Memory that a graph takes while it runs: a count that depends on what is freed, and so on who counts."""

from __future__ import annotations

from collections.abc import Sequence

from labcore.fusion.graph import Graph
from labcore.fusion.kernel import Kernel
from labcore.units import Bytes

REUSE = ("keep", "free", "in place")


def intermediates(graph: Graph, run: Sequence[Kernel]) -> Bytes:
    """Bytes of the values that kernels write and that nobody wanted as a result.

    >>> from labcore.fusion.examples import listing_19
    >>> from labcore.fusion.kernel import eager
    >>> intermediates(listing_19(1), eager(listing_19(1)))  # X1 and X2
    8
    """
    return sum(size for one in run for name, size in one.writes.items() if name not in graph.outputs)


def footprint(graph: Graph, run: Sequence[Kernel], reuse: str = "keep") -> Bytes:
    """The most bytes allocated at a time, inputs included, while kernels run in this order.

    "keep": nothing is freed, as when variables still name every value. "free": an intermediate goes when its last
    reader has run; the inputs belong to the caller. "in place": besides, a kernel without barrier and reduction
    writes over a value of the same size, an input too, that nobody reads after it.

    >>> from labcore.fusion.examples import listing_19
    >>> from labcore.fusion.kernel import eager
    >>> [footprint(listing_19(1), eager(listing_19(1)), reuse) for reuse in REUSE]
    [16, 12, 4]
    """
    if reuse not in REUSE:
        raise ValueError(f"reuse is one of {', '.join(REUSE)}; got {reuse!r}")
    there = {name: graph.nbytes(name) for name in graph.inputs}
    peak = total = sum(there.values())
    for k, one in enumerate(run):
        later = {name for after in run[k + 1 :] for name in after.reads} | set(graph.outputs)
        last = [name for name in one.reads if name not in later]
        for name, size in one.writes.items():
            over = next((old for old in last if there[old] == size), None) if _in_place(graph, one, reuse) else None
            if over:
                last.remove(over)
                del there[over]
            there[name] = size
        peak = max(peak, total := sum(there.values()))
        if reuse != "keep":
            there = {name: size for name, size in there.items() if name not in last or name in graph.inputs}
    return max(peak, total)


def _in_place(graph: Graph, one: Kernel, reuse: str) -> bool:
    return reuse == "in place" and all(op.kind == "element-wise" for op in graph.pick(one.ops))
