"""Layout assignment: which values lie channels last, so that conversions cost the least together.

Matrix units take the channels of a pixel together, so a dense convolution runs on NHWC; from NCHW a library transposes
on the way in and on the way out (NVIDIA, Convolutional Layers User's Guide). Depthwise convolutions, normalizations,
activations, additions and pools run on either. A value keeps its axes (N, C, H, W) whatever its layout: a "layout" node
changes only the order of its elements in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf, prod

from labcore.catalogue.facts import Accelerator
from labcore.catalogue.links import LAUNCH
from labcore.compiler.graph import Graph, Node, Tensor, make_node, rebuilt
from labcore.compiler.min_cut import min_cut
from labcore.compiler.operators import operator
from labcore.compiler.passes.common import renamed
from labcore.compiler.passes.report import Report
from labcore.layout.conversion import conversion_bytes
from labcore.layout.order import layout
from labcore.precision import bytes_per_element
from labcore.units import Seconds

FIRST, LAST = "NCHW", "NHWC"
EITHER = ("conv2d", "batch_norm", "max_pool", "global_avg_pool")  # and every element-wise operator


def convert_per_kernel(graph: Graph) -> tuple[Graph, Report]:
    """The graph with a conversion before and behind each dense convolution: what happens where nobody plans.

    >>> from labcore.compiler.networks import small_cnn
    >>> after, report = convert_per_kernel(small_cnn(seed=1))
    >>> sum(node.op == "layout" for node in after.nodes)
    6
    """
    plain = without_layouts(graph)
    labels = {node.name: LAST if wanted(node) == LAST else FIRST for node in plain.nodes}
    after, did = _with_conversions(plain, labels)
    return after, Report("layout per kernel", did, graph, after)


def assign_layouts(
    graph: Graph, chip: Accelerator, precision: str = "fp16", L_launch: Seconds = LAUNCH.value
) -> tuple[Graph, Report]:
    """The graph with the conversions that take the least time together; inputs and outputs stay NCHW.

    Exact: two layouts for each node and a price for each value that both are wanted of make a minimum cut. A value is
    converted once for all its readers. Conversions that are in the graph already are dropped first.

    >>> from labcore.catalogue import A100
    >>> from labcore.compiler.networks import small_cnn
    >>> after, report = assign_layouts(convert_per_kernel(small_cnn(seed=1))[0], A100)
    >>> report.did, report.saved(A100).launches
    (('images to NHWC',), 5)
    """
    plain = without_layouts(graph)
    b = bytes_per_element(precision)
    lying = ((name, one) for name, one in plain.tensors.items() if _lies(one))
    prices = {name: L_launch + _converted(one) * b / chip.BW for name, one in lying}
    after, did = _with_conversions(plain, cheapest_labels(plain, prices))
    return after, Report("layout", did, graph, after)


def cheapest_labels(graph: Graph, prices: Mapping[str, float]) -> dict[str, str]:
    """The layout of each node that makes the values in two layouts cheapest together; `prices` are theirs.

    >>> from labcore.compiler.networks import small_cnn
    >>> g = small_cnn(seed=1)
    >>> labels = cheapest_labels(g, dict.fromkeys(g.tensors, 1.0))
    >>> labels["conv1"], labels["relu2"], labels["fc"]
    ('NHWC', 'NHWC', 'NCHW')
    """
    capacities: dict[tuple, float] = {}
    for node in graph.nodes:
        if wanted(node) == FIRST:
            capacities[FIRST, node.name] = inf
        elif wanted(node) == LAST:
            capacities[node.name, LAST] = inf
    for name in (*graph.inputs, *graph.by_name):
        if not _lies(graph.tensors[name]):
            continue
        price = prices[name]
        made_by = name if name in graph.by_name else FIRST
        readers = [*graph.consumers[name], *((FIRST,) if name in graph.outputs else ())]
        capacities[made_by, (name, LAST)] = capacities[(name, FIRST), made_by] = price
        for reader in readers:  # whoever reads it in a layout needs it there
            capacities[(name, LAST), reader] = capacities[reader, (name, FIRST)] = inf
    _, first = min_cut(capacities, FIRST, LAST)
    return {node.name: FIRST if node.name in first else LAST for node in graph.nodes}


def wanted(node: Node) -> str | None:
    """The layout that a node runs on: NHWC for dense convolutions, None where either does.

    >>> from labcore.compiler.networks import mobilenetv2
    >>> g = mobilenetv2()
    >>> wanted(g.node("conv1")), wanted(g.node("block1.depthwise")), wanted(g.node("flatten"))
    ('NHWC', None, 'NCHW')
    """
    if any(part.op == "conv2d" and part.attributes["groups"] == 1 for part in node.parts):
        return LAST
    either = all(part.op in EITHER or operator(part.op).kind == "elementwise" for part in node.parts)
    return None if either and len(node.shape) == 4 else FIRST


def without_layouts(graph: Graph) -> Graph:
    """The graph without layout nodes: every value in NCHW, outputs under their names.

    >>> from labcore.compiler.networks import small_cnn
    >>> without_layouts(convert_per_kernel(small_cnn(seed=1))[0]).nodes == small_cnn(seed=1).nodes
    True
    """
    names: dict[str, str] = {}
    for node in graph.nodes:
        if node.op == "layout":
            names[node.name] = names.get(node.inputs[0], node.inputs[0])
    back = {names[name]: name for name in graph.outputs if name in names and names[name] in graph.by_name}
    final = {name: back.get(names.get(name, name), names.get(name, name)) for name in graph.tensors}
    kept = (renamed(node, final) for node in graph.nodes if node.op != "layout")
    return rebuilt(graph, [_called(node, final[node.name]) for node in kept])


def _with_conversions(graph: Graph, labels: Mapping[str, str]) -> tuple[Graph, tuple[str, ...]]:
    """Let each node read its operands in its own layout, converting each value at most once."""
    tensors, nodes, did = graph.tensors, [], []
    renaming = {o: f"{o}.{LAST}" for o in graph.outputs if labels.get(o) == LAST and _lies(tensors[o])}

    def read_in(name: str, order: str) -> str:
        """The name of a value in a layout; what lies the same in both keeps its one name."""
        home = labels.get(name, FIRST)
        if order == home or not _lies(tensors[name]) or name in graph.constants:
            return renaming.get(name, name)
        there = name if name in renaming else f"{name}.{order}"
        if there not in {node.name for node in nodes}:
            source = renaming.get(name, name)
            nodes.append(make_node(there, "layout", [source], {source: tensors[name]}, {"order": order}))
            did.append(f"{name} to {order}")
        return there

    for node in graph.nodes:
        reads = {word: read_in(word, labels[node.name]) for word in node.inputs}
        nodes.append(_called(renamed(node, reads), renaming.get(node.name, node.name)))
    for name in graph.outputs:
        read_in(name, FIRST)
    return rebuilt(graph, nodes), tuple(did)


def _called(node: Node, name: str) -> Node:
    """The node under another name, the last of a fused one's body with it."""
    body = (*node.body[:-1], replace(node.body[-1], name=name)) if node.body else ()
    return replace(node, name=name, body=body)


def _lies(one: Tensor) -> bool:
    """Whether the layouts differ at all: four axes, more than one channel and more than one pixel."""
    return len(one.shape) == 4 and one.shape[1] > 1 and prod(one.shape[2:]) > 1


def _converted(one: Tensor) -> int:
    """Elements read and written by a conversion."""
    return conversion_bytes(layout(FIRST, **dict(zip("NCHW", one.shape, strict=True))), LAST, size=1)


def conversions(graph: Graph) -> Iterable[str]:
    """The layout nodes of a graph, by name.

    >>> from labcore.compiler.networks import small_cnn
    >>> list(conversions(small_cnn(seed=1)))
    []
    """
    return (node.name for node in graph.nodes if node.op == "layout")
