"""A tensor graph as data that nothing changes: inputs, constants with their arrays, nodes, outputs.

A node makes one value, which has the node's name, so an edge is a name among another node's inputs. Shapes and types
are inferred once, when the node is made, and nodes stand in an order in which they can run. A node that passes have
fused holds the nodes it was made of as its `body`: they run as one kernel and write one value, that of the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

import numpy as np

from labcore.compiler.operators import full_attributes, operator
from labcore.compiler.shapes import Shape
from labcore.running_order import running_order
from labcore.units import Bytes, counted, positive_ints


@dataclass(frozen=True)
class Tensor:
    """What is known of a value before the run: its shape, and the type of an element as numpy names it.

    >>> Tensor((2, 3)).nbytes
    24
    """

    shape: Shape
    dtype: str = "float32"

    @property
    def elements(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    @property
    def nbytes(self) -> Bytes:
        """Bytes of all elements."""
        return self.elements * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class Node:
    """One operator applied to named values; a fused one has the op "fused" and runs its `body` in order."""

    name: str
    op: str
    inputs: tuple[str, ...]
    tensor: Tensor
    attributes: Mapping[str, object] = field(default_factory=dict)
    body: tuple[Node, ...] = ()

    @property
    def parts(self) -> tuple[Node, ...]:
        """The nodes that run in this kernel: the body of a fused node, else the node itself."""
        return self.body or (self,)

    @property
    def kind(self) -> str:
        """The kind of its operator, of the first one in a fused node."""
        return operator(self.parts[0].op).kind

    @property
    def shape(self) -> Shape:
        """The shape of the value it makes."""
        return self.tensor.shape


@dataclass(frozen=True)
class Graph:
    """Inputs, constants, nodes in an order in which they can run, and the values that are wanted. Made by `graph`."""

    inputs: Mapping[str, Tensor]
    constants: Mapping[str, np.ndarray]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """The nodes by name."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Shape and type of every value: inputs, constants, and what nodes make."""
        constants = {name: Tensor(array.shape, str(array.dtype)) for name, array in self.constants.items()}
        return {**self.inputs, **constants, **{node.name: node.tensor for node in self.nodes}}

    @cached_property
    def consumers(self) -> dict[str, tuple[str, ...]]:
        """The nodes that read each value, in running order."""
        found: dict[str, list[str]] = {name: [] for name in self.tensors}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found[name].append(node.name)
        return {name: tuple(readers) for name, readers in found.items()}

    def node(self, name: str) -> Node:
        """The node of this name; raises ValueError with the nearest ones."""
        if name not in self.by_name:
            import difflib

            near = difflib.get_close_matches(name, self.by_name, n=3, cutoff=0)
            raise ValueError(f"no node is called {name!r}; the nearest names are {', '.join(near)}")
        return self.by_name[name]

    def nbytes(self, name: str) -> Bytes:
        """Bytes of one value."""
        return self.tensors[name].nbytes


def make_node(
    name: str, op: str, inputs: Iterable[str], tensors: Mapping[str, Tensor], attributes: Mapping[str, object] | None
) -> Node:
    """A node with its shape and type inferred; the type is that of its float operands, where it has any.

    Raises ValueError for an unknown operator or attribute, a wrong number of operands, and shapes that clash.

    >>> make_node("y", "matmul", ["a", "b"], {"a": Tensor((2, 3)), "b": Tensor((3, 4))}, {}).shape
    (2, 4)
    """
    row, inputs = operator(op), tuple(inputs)
    operands = [tensors[word] for word in inputs]
    low, high = row.inputs
    try:
        if not low <= len(inputs) <= high:
            wanted = counted(low, "operand") if low == high else f"{low} to {high} operands"
            raise ValueError(f"{wanted} wanted, got {len(inputs)}")
        full = full_attributes(op, attributes or {})
        shape = row.shape(*(one.shape for one in operands), **full)
    except ValueError as error:
        shown = ", ".join(f"{word} {one.shape}" for word, one in zip(inputs, operands, strict=True))
        raise ValueError(f"{name}: {op} cannot take {shown or 'nothing'}: {error}") from None
    types = [np.dtype(one.dtype) for one in operands]
    dtype = np.result_type(*([t for t in types if t.kind == "f"] or types))
    return Node(name, op, inputs, Tensor(tuple(map(int, shape)), str(dtype)), full)


def graph(
    inputs: Mapping[str, Shape | Tensor],
    steps: Mapping[str, tuple],
    constants: Mapping[str, np.ndarray] | None = None,
    outputs: Iterable[str] = (),
) -> Graph:
    """A graph from steps such as {"y": ("conv2d", "x", "w", {"stride": 2}), "z": ("relu", "y")}.

    Steps may stand in any order; those that can run keep theirs. Without `outputs` the values that nobody reads are
    wanted. Raises ValueError for a cycle, a name that nothing makes, and what `make_node` refuses.

    >>> g = graph({"x": (1, 3, 8, 8)}, {"z": ("relu", "y"), "y": ("conv2d", "x", "w")}, {"w": np.ones((4, 3, 3, 3))})
    >>> [(node.name, node.shape) for node in g.nodes], g.outputs
    ([('y', (1, 4, 6, 6)), ('z', (1, 4, 6, 6))], ('z',))
    """
    given = {name: one if isinstance(one, Tensor) else Tensor(_sizes(name, one)) for name, one in inputs.items()}
    arrays = {name: np.asarray(array) for name, array in (constants or {}).items()}
    tensors = dict(given) | {name: Tensor(array.shape, str(array.dtype)) for name, array in arrays.items()}
    if twice := sorted((set(given) & set(arrays)) | (set(tensors) & set(steps))):
        raise ValueError(f"{twice[0]!r} names two values; give one of them another name")
    words = {name: tuple(word for word in step[1:] if isinstance(word, str)) for name, step in steps.items()}
    nodes = []
    for name in running_order(words, tensors):
        attributes = next((word for word in steps[name][1:] if isinstance(word, Mapping)), None)
        nodes.append(make_node(name, steps[name][0], words[name], tensors, attributes))
        tensors[name] = nodes[-1].tensor
    read = {word for inputs in words.values() for word in inputs}
    wanted = tuple(outputs) or tuple(name for name in steps if name not in read)
    return _checked(Graph(given, arrays, tuple(nodes), wanted))


def rebuilt(
    of: Graph,
    nodes: Iterable[Node],
    constants: Mapping[str, np.ndarray] | None = None,
    outputs: Iterable[str] | None = None,
) -> Graph:
    """The graph with other nodes, in an order in which they can run; without `constants` or `outputs` it keeps its own.

    >>> g = graph({"x": (2,)}, {"y": ("relu", "x"), "z": ("tanh", "y")})
    >>> [node.name for node in rebuilt(g, reversed(g.nodes)).nodes]
    ['y', 'z']
    """
    by_name = {node.name: node for node in nodes}
    arrays = of.constants if constants is None else constants
    order = running_order({name: node.inputs for name, node in by_name.items()}, {**of.inputs, **arrays})
    wanted = of.outputs if outputs is None else tuple(outputs)
    return _checked(replace(of, constants=arrays, nodes=tuple(by_name[name] for name in order), outputs=wanted))


def _checked(one: Graph) -> Graph:
    if not one.outputs:
        raise ValueError("a graph has at least one output; give it a step")
    if unknown := [name for name in one.outputs if name not in one.tensors]:
        raise ValueError(f"output {unknown[0]!r} is no value of the graph; the last ones are "
                         f"{', '.join(list(one.tensors)[-3:])}")  # fmt: skip
    return one


def _sizes(name: str, shape: Iterable[int]) -> Shape:
    if isinstance(shape, int):
        raise ValueError(f"the shape of {name} is a tuple such as ({shape},), got {shape}")
    shape = tuple(shape)
    positive_ints(**{f"axis {i} of {name}": size for i, size in enumerate(shape)})
    return shape
