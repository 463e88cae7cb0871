"""Common subexpressions: two nodes that do the same to the same values need to run once."""

from __future__ import annotations

from dataclasses import replace

from labcore.compiler.graph import Graph, Node, rebuilt
from labcore.compiler.passes.report import Report


def merge_common(graph: Graph) -> tuple[Graph, Report]:
    """The graph with each value computed once; of equal nodes the first stays, and outputs keep their names.

    Two nodes are equal where operator, attributes and operands are, the operands after merging; so one walk in
    running order finds them all (value numbering). The two orders of a sum or a product are the same.

    >>> from labcore.compiler.graph import graph
    >>> steps = {"a": ("relu", "x"), "b": ("relu", "x"), "y": ("add", "a", "b")}
    >>> [(node.name, node.inputs) for node in merge_common(graph({"x": (2,)}, steps))[0].nodes]
    [('a', ('x',)), ('y', ('a', 'a'))]
    """
    stands_for: dict[str, str] = {}
    first: dict[tuple, str] = {}
    kept, did = [], []
    for old in graph.nodes:
        node = renamed(old, stands_for)
        twin = first.setdefault(_number(node), node.name)
        if twin == node.name or node.name in graph.outputs:
            kept.append(node)
        else:
            stands_for[node.name] = twin
            did.append(f"{node.name} is {twin} again")
    after = rebuilt(graph, kept)
    return after, Report("common subexpressions", tuple(did), graph, after)


def renamed(node: Node, names: dict[str, str]) -> Node:
    """The node reading other values; what `names` lacks stays.

    >>> from labcore.compiler.graph import graph
    >>> renamed(graph({"x": (2,)}, {"y": ("relu", "x")}).node("y"), {"x": "z"}).inputs
    ('z',)
    """
    inputs = tuple(names.get(word, word) for word in node.inputs)
    return replace(node, inputs=inputs, body=tuple(renamed(part, names) for part in node.body))


def _number(node: Node) -> tuple:
    """What two equal nodes share; a fused node is only equal to itself."""
    inputs = tuple(sorted(node.inputs)) if node.op in ("add", "mul") else node.inputs
    return node.op, inputs, tuple(sorted(node.attributes.items())), node.name if node.body else ""
