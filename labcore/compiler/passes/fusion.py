"""Fusion: element-wise nodes join the kernel that makes what they read, so that it never goes to memory."""

from __future__ import annotations

from dataclasses import replace

from labcore.compiler.graph import Graph, Node, rebuilt
from labcore.compiler.operators import operator
from labcore.compiler.passes.report import Report


def fuse_epilogues(graph: Graph) -> tuple[Graph, Report]:
    """The graph with activations, residual additions and scalings in the epilogue of a convolution or matrix product.

    >>> from labcore.compiler.networks import small_cnn
    >>> from labcore.compiler.passes.batch_norm import fold_batch_norm
    >>> after, report = fuse_epilogues(fold_batch_norm(small_cnn(seed=1))[0])
    >>> [[part.op for part in node.parts] for node in after.nodes][:2], report.did[0]
    ([['conv2d', 'relu'], ['conv2d', 'relu']], 'relu1 joins bn1')
    """
    return _fused(graph, "barrier", "epilogues")


def fuse_elementwise(graph: Graph) -> tuple[Graph, Report]:
    """The graph with chains of element-wise nodes as one kernel each.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,)}, {"y": ("relu", "x"), "z": ("tanh", "y")})
    >>> [node.name for node in fuse_elementwise(g)[0].nodes]
    ['z']
    """
    return _fused(graph, "elementwise", "element-wise chains")


def _fused(graph: Graph, kind: str, name: str) -> tuple[Graph, Report]:
    """Join each element-wise node to the producers that start with this kind and that it alone reads.

    Only one of them may be a barrier, the last: two loop nests do not share a kernel. Nothing else reads what is
    joined, so no path leads round it and the graph stays without cycles.
    """
    place = {node.name: i for i, node in enumerate(graph.nodes)}
    nodes, did = dict(graph.by_name), []
    for node in graph.nodes:
        wanted = {word for word in node.inputs if _joins(graph, nodes.get(word), node, kind)}
        for word in sorted(wanted, key=place.get, reverse=True)[: 1 if kind == "barrier" else None]:
            nodes[node.name] = joined(nodes.pop(word), nodes[node.name])
            did.append(f"{node.name} joins {word}")
    after = rebuilt(graph, nodes.values())
    return after, Report(name, tuple(did), graph, after)


def _joins(graph: Graph, first: Node | None, node: Node, kind: str) -> bool:
    """Whether a node can run in the kernel of the node before it: element for element, and nobody else reads it."""
    if first is None or first.kind != kind or any(operator(p.op).kind != "elementwise" for p in node.parts):
        return False
    alone = graph.consumers[first.name] == (node.name,) and first.name not in graph.outputs
    return alone and first.shape == node.shape


def joined(first: Node, node: Node) -> Node:
    """One node that runs the parts of `first`, then those of `node`, under the name of the latter.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,), "r": (4,)}, {"y": ("relu", "x"), "z": ("add", "y", "r")})
    >>> both = joined(*g.nodes)
    >>> both.op, both.inputs, [part.name for part in both.parts]
    ('fused', ('x', 'r'), ['y', 'z'])
    """
    outside = (word for word in node.inputs if word != first.name)
    inputs = tuple(dict.fromkeys((*first.inputs, *outside)))
    return replace(node, op="fused", inputs=inputs, attributes={}, body=(*first.parts, *node.parts))
