"""What a graph costs on a chip: launches, FLOP, bytes moved and time by the roofline, kernel by kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.catalogue.facts import Accelerator
from labcore.catalogue.links import LAUNCH
from labcore.compiler.graph import Graph, Node, Tensor
from labcore.compiler.operators import operator
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.roofline import least_time
from labcore.units import Bytes, Flop, Seconds


@dataclass(frozen=True)
class Kernel:
    """One launch: the node it runs, its work and traffic, and the roofline's time without the launch itself."""

    name: str
    work: Operation
    T: Seconds


@dataclass(frozen=True)
class Cost:
    """A graph on a chip, its kernels one after another."""

    kernels: tuple[Kernel, ...]
    L_launch: Seconds

    @property
    def launches(self) -> int:
        """Kernels launched; a view is none."""
        return len(self.kernels)

    @property
    def flop(self) -> Flop:
        """FLOP of all kernels, a MAC as two."""
        return sum(one.work.flop for one in self.kernels)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of all kernels."""
        return sum(one.work.macs for one in self.kernels)

    @property
    def D_vol(self) -> Bytes:
        """Bytes moved, every kernel reading and writing its operands once."""
        return sum(one.work.D_vol for one in self.kernels)

    @property
    def T(self) -> Seconds:
        """Time in a row: each kernel's, and a launch for each."""
        return sum(one.T for one in self.kernels) + self.launches * self.L_launch


def node_work(node: Node, tensors: Mapping[str, Tensor], b: Bytes) -> Operation | None:
    """Work and traffic of a node with `b` bytes an element, None for a view.

    What stays inside a fused node is neither written nor read again; everything else crosses the bus once.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (10,)}, {"y": ("relu", "x")})
    >>> node_work(g.node("y"), g.tensors, b=4).D_vol
    80
    """
    inside = {**tensors, **{part.name: part.tensor for part in node.body}}
    works = [_part_work(part, inside, b) for part in node.parts if operator(part.op).work]
    if len(works) <= 1:
        return works[0] if works else None
    kept = {part.name: b * part.tensor.elements for part in node.body[:-1]}
    crossings = [*kept, *(word for part in node.body for word in part.inputs if word in kept)]
    moved = sum(work.D_vol for work in works) - sum(kept[name] for name in crossings)
    y = b * node.tensor.elements
    flop, macs = sum(work.flop for work in works), sum(work.macs for work in works)
    return Operation("fused", flop, {"inputs": moved - y}, {"y": y}, macs)


def _part_work(part: Node, tensors: Mapping[str, Tensor], b: Bytes) -> Operation:
    return operator(part.op).work([tensors[word].shape for word in part.inputs], part.shape, b, **part.attributes)


def cost(graph: Graph, chip: Accelerator, precision: str = "fp16", L_launch: Seconds = LAUNCH.value) -> Cost:
    """The cost of a graph on a chip, every value at the bytes of the precision.

    Each kernel takes the longer of computing at the chip's peak and moving its bytes; then comes the next launch.
    Nothing is hidden behind anything else. Raises ValueError for a precision the chip lacks.

    >>> from labcore.catalogue import A100
    >>> from labcore.compiler.graph import graph
    >>> one = cost(graph({"x": (4, 8)}, {"y": ("relu", "x"), "z": ("reshape", "y", {"shape": (32,)})}), A100)
    >>> one.launches, one.flop, one.D_vol
    (1, 32, 128)
    """
    R_peak, b = chip.peak(precision), bytes_per_element(precision)
    works = ((node.name, node_work(node, graph.tensors, b)) for node in graph.nodes)
    kernels = (Kernel(name, op, least_time(op.flop, op.D_vol, R_peak, chip.BW)) for name, op in works if op)
    return Cost(tuple(kernels), L_launch)


def params(graph: Graph) -> int:
    """Trained parameters: elements of the float constants that nodes read, but for running statistics.

    >>> from labcore.compiler.graph import graph
    >>> import numpy as np
    >>> params(graph({"x": (2, 3)}, {"y": ("gemm", "x", "w", "b")}, {"w": np.ones((3, 4)), "b": np.ones(4)}))
    16
    """
    parts = [part for node in graph.nodes for part in node.parts]
    statistics = {word for part in parts if part.op == "batch_norm" for word in part.inputs[3:]}
    trained = {word for part in parts for word in part.inputs if word in graph.constants} - statistics
    return sum(graph.constants[name].size for name in trained if graph.constants[name].dtype.kind == "f")
