"""The passes in the order in which they run, and what each saved on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from labcore.compiler.graph import Graph
from labcore.compiler.passes.batch_norm import fold_batch_norm
from labcore.compiler.passes.common import merge_common
from labcore.compiler.passes.constants import fold_constants
from labcore.compiler.passes.dead_code import drop_dead_code
from labcore.compiler.passes.fusion import fuse_elementwise, fuse_epilogues
from labcore.compiler.passes.report import Report

Pass = Callable[[Graph], tuple[Graph, Report]]
PASSES: dict[str, Pass] = {
    "constants": fold_constants,
    "common": merge_common,
    "dead code": drop_dead_code,
    "batch norm": fold_batch_norm,
    "epilogues": fuse_epilogues,
    "element-wise": fuse_elementwise,
}


def optimize(graph: Graph, passes: Iterable[str] = tuple(PASSES)) -> tuple[Graph, tuple[Report, ...]]:
    """The graph after some passes, in the order given, and a report of each.

    Raises ValueError for a pass that is not in PASSES.

    >>> from labcore.compiler.networks import small_cnn
    >>> after, reports = optimize(small_cnn(seed=1))
    >>> [(report.name, len(report.did)) for report in reports if report.did]
    [('batch normalization', 3), ('epilogues', 4)]
    >>> len(after.nodes)
    6
    """
    reports = []
    for name in passes:
        if name not in PASSES:
            raise ValueError(f"no pass is called {name!r}; there are {', '.join(PASSES)}")
        graph, report = PASSES[name](graph)
        reports.append(report)
    return graph, tuple(reports)
