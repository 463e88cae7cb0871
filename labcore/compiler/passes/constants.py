"""Constant folding: what depends on constants alone is computed once, before the first input arrives."""

from __future__ import annotations

from labcore.compiler.graph import Graph, rebuilt
from labcore.compiler.passes.report import Report
from labcore.compiler.run import run_node


def fold_constants(graph: Graph) -> tuple[Graph, Report]:
    """The graph with every node that reads constants only turned into a constant of the same name.

    >>> import numpy as np
    >>> from labcore.compiler.graph import graph
    >>> steps = {"wt": ("transpose", "w", {"perm": (1, 0)}), "y": ("gemm", "x", "wt")}
    >>> after, report = fold_constants(graph({"x": (1, 3)}, steps, {"w": np.ones((4, 3))}))
    >>> [node.name for node in after.nodes], report.did
    (['y'], ('wt = transpose(w) is known before the run',))
    """
    constants, kept, did = dict(graph.constants), [], []
    for node in graph.nodes:
        if all(name in constants for name in node.inputs):
            constants[node.name] = run_node(node, constants)
            did.append(f"{node.name} = {node.op}({', '.join(node.inputs)}) is known before the run")
        else:
            kept.append(node)
    after = rebuilt(graph, kept, constants)
    return after, Report("constant folding", tuple(did), graph, after)
