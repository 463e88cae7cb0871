"""Dead code: a node that no wanted value depends on need not run, and its constants need not be stored."""

from __future__ import annotations

from labcore.compiler.graph import Graph, rebuilt
from labcore.compiler.passes.report import Report


def drop_dead_code(graph: Graph) -> tuple[Graph, Report]:
    """The graph without the nodes and constants that no output needs; its inputs stay.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,)}, {"y": ("relu", "x"), "z": ("tanh", "x")}, outputs=["y"])
    >>> [node.name for node in drop_dead_code(g)[0].nodes]
    ['y']
    """
    needed = set(graph.outputs)
    for node in reversed(graph.nodes):  # a reader comes behind what it reads
        if node.name in needed:
            needed.update(node.inputs)
    nodes = [node for node in graph.nodes if node.name in needed]
    constants = {name: array for name, array in graph.constants.items() if name in needed}
    gone = [name for name in (*graph.by_name, *graph.constants) if name not in needed]
    after = rebuilt(graph, nodes, constants)
    return after, Report("dead code", tuple(f"{name} is needed by no output" for name in gone), graph, after)
