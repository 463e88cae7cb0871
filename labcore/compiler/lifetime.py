"""Which bytes are live when: the values of a graph as buffers, from the step that writes to the step that last reads.

The steps are the places in the running order. A value that is only looked at in another shape shares its bytes with
what it looks at, and an element-wise operation may write over an input that nobody reads again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from labcore.compiler.graph import Graph, Node
from labcore.compiler.operators import operator
from labcore.units import positive_ints


@dataclass(frozen=True)
class Buffer:
    """Bytes that are needed from step `first` to step `last`, both included; `values` are those that lie in them."""

    name: str
    nbytes: int
    first: int
    last: int
    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        positive_ints(**{f"bytes of {self.name}": self.nbytes})
        if not 0 <= self.first <= self.last:
            raise ValueError(f"{self.name} is written at step {self.first} and read last at {self.last}; the steps "
                             "count from 0, and the first comes no later than the last")  # fmt: skip

    def meets(self, other: Buffer) -> bool:
        """Whether there is a step at which both are live."""
        return self.first <= other.last and other.first <= self.last


def live_bytes(buffers: Iterable[Buffer]) -> list[int]:
    """The bytes that are live at each step.

    >>> live_bytes([Buffer("a", 4, 0, 1), Buffer("b", 2, 1, 2)])
    [4, 6, 2]
    """
    change: dict[int, int] = {}
    for one in buffers:
        change[one.first] = change.get(one.first, 0) + one.nbytes
        change[one.last + 1] = change.get(one.last + 1, 0) - one.nbytes
    total, live = 0, []
    for step in range(max(change, default=0)):
        total += change.get(step, 0)
        live.append(total)
    return live


def live_bound(buffers: Iterable[Buffer]) -> int:
    """The most bytes that are live at one step: no plan can do with less.

    >>> live_bound([Buffer("a", 4, 0, 1), Buffer("b", 2, 1, 2)])
    6
    """
    return max(live_bytes(buffers), default=0)


def lifetimes(
    graph: Graph, in_place: bool = True, order: Sequence[str] | None = None, alignment: int = 1
) -> list[Buffer]:
    """The buffers of what the nodes make, in running order or in another `order` of the nodes.

    Inputs and constants lie elsewhere and are never written over. A view shares the bytes it looks at. With `in_place`
    an element-wise node takes the bytes of an operand of its own shape and type whose last reader it is. Outputs live
    to the end. Sizes are rounded up to the `alignment`, so that all offsets keep it. Raises ValueError for an order
    that is not one of all nodes, each after those it reads.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (2,)}, {"a": ("add", "x", "x"), "b": ("relu", "a"), "c": ("add", "x", "b")})
    >>> [one.values for one in lifetimes(g)], [one.values for one in lifetimes(g, in_place=False)]
    ([('a', 'b', 'c')], [('a',), ('b',), ('c',)])
    """
    positive_ints(alignment=alignment)
    names = tuple(order or graph.by_name)
    step = {name: i for i, name in enumerate(names)}
    nodes = _in_this_order(graph, names, step)
    last = {name: max((step[reader] for reader in graph.consumers[name]), default=step[name]) for name in names}
    last |= {name: len(nodes) for name in graph.outputs if name in step}
    home: dict[str, str] = {}  # the value whose bytes each value lies in
    until: dict[str, int] = {}  # the last step at which those bytes are read
    for node in nodes:
        if _is_view(node):
            if node.inputs[0] not in home:
                continue  # it looks at an input or a constant
            where = home[node.inputs[0]]
        else:
            where = (in_place and _written_over(graph, node, home, until, step)) or node.name
        home[node.name] = where
        until[where] = max(until.get(where, 0), last[node.name])
    shared = {where: tuple(name for name in home if home[name] == where) for where in dict.fromkeys(home.values())}
    sizes = {name: ceil(graph.nbytes(name) / alignment) * alignment for name in shared}
    return [Buffer(name, sizes[name], step[name], until[name], shared[name]) for name in shared]


def _is_view(node: Node) -> bool:
    return all(operator(part.op).kind == "view" for part in node.parts)


def _written_over(
    graph: Graph, node: Node, home: Mapping[str, str], until: Mapping[str, int], step: Mapping[str, int]
) -> str | None:
    """The bytes that an element-wise node may write over: each element is read at its own place, then never again."""
    if any(operator(part.op).kind != "elementwise" for part in node.parts):
        return None
    for name in node.inputs:
        where = home.get(name)
        neighbours = [other for other in node.inputs if where and home.get(other) == where]
        alike = all(graph.tensors[other] == node.tensor for other in neighbours)
        if neighbours and alike and until[where] == step[node.name]:
            return where
    return None


def _in_this_order(graph: Graph, names: Sequence[str], step: Mapping[str, int]) -> list[Node]:
    if len(step) != len(names) or set(step) != set(graph.by_name):
        raise ValueError(f"an order names each of the {len(graph.nodes)} nodes once, got {len(names)} names")
    for name in names:
        if late := [word for word in graph.node(name).inputs if step.get(word, -1) >= step[name]]:
            raise ValueError(f"{name} reads {late[0]!r}, which comes no earlier in this order; put {late[0]!r} first")
    return [graph.node(name) for name in names]
