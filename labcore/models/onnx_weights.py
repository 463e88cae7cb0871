"""The constants of an .onnx file: which of them are weights, how many parameters, and in which bytes they are held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from labcore.models.onnx_shapes import FLOAT_BYTES, OTHER_BYTES
from labcore.units import Bytes, format_si

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

SHAPE_DATA = 64  # elements: a constant of no more may be a shape, and keeps its values for the inference
NARROW = {"INT16", "UINT16", "INT8", "UINT8", "INT4", "UINT4"}  # integers that are weights; wider ones are indices
WIDENS = ("DequantizeLinear", "QLinearConv")  # whose int32 constants are biases


@dataclass(frozen=True)
class Constant:
    """A constant: its elements, its rank, and the name of its type in ONNX."""

    n: int
    rank: int
    kind: str

    @property
    def nbytes(self) -> Bytes:
        """Bytes in the file."""
        return self.n * (FLOAT_BYTES | OTHER_BYTES).get(self.kind, 0)


class Weights:
    """The constants of a file, each of them counted once, where it is read first.

    Floats and narrow integers of rank 1 and more are parameters, and so are int32 biases that a quantized layer reads.

    >>> weights = Weights({"w": Constant(6, 2, "INT8"), "b": Constant(2, 1, "FLOAT"), "at": Constant(90, 1, "INT64")})
    >>> weights.claim({"w", "b", "at"}), weights.claim({"w"}), weights.integers, weights.left_out
    (8, 0, 6, ('at (INT64, 720 B)',))
    """

    def __init__(self, constants: Mapping[str, Constant]) -> None:
        self.constants = constants
        self.apart: set[str] = set()  # read, and no parameters: running statistics
        self.taken: set[str] = set()
        self.widened: set[str] = set()

    def meet(self, node: NodeProto) -> None:
        """Learn from a node which constants are biases in int32 and which are statistics."""
        if node.op_type in WIDENS:
            self.widened.update(name for name in node.input if name in self.constants)
        if node.op_type == "BatchNormalization":
            self.apart.update(node.input[3:5])

    def claim(self, names: Iterable[str]) -> int:
        """Parameters of some constants that nobody has claimed yet."""
        new = {name for name in names if self._trained(name)} - self.taken
        self.taken |= new
        return sum(self.constants[name].n for name in new)

    @property
    def integers(self) -> int:
        """Parameters so far that are stored as integers."""
        return sum(one.n for one in self._stored())

    @property
    def integer_bytes(self) -> Bytes:
        """Bytes of those."""
        return sum(one.nbytes for one in self._stored())

    @property
    def left_out(self) -> tuple[str, ...]:
        """Constants too large for a shape that nobody has claimed, with type and bytes."""
        left = {n: one for n, one in self.constants.items() if one.n > SHAPE_DATA and n not in self.taken | self.apart}
        return tuple(f"{name} ({one.kind}, {format_si(one.nbytes, 'B')})" for name, one in left.items())

    def stored(self, name: str) -> bool:
        """Whether a constant keeps its integers in memory, whatever the precision of the floats."""
        kind = self.constants[name].kind
        return kind in NARROW or (kind == "INT32" and name in self.widened)

    def _stored(self) -> list[Constant]:
        return [self.constants[name] for name in self.taken if self.stored(name)]

    def _trained(self, name: str) -> bool:
        one = self.constants[name]
        return one.rank > 0 and (one.kind in FLOAT_BYTES or self.stored(name))


def strip_weights(model: ModelProto) -> dict[str, Constant]:
    """Reduce constants to their shapes, but for the small ones; return what each of them is.

    Constant nodes become initializers first.
    """
    from onnx import TensorProto, helper

    graph = model.graph
    nodes = list(graph.node)
    del graph.node[:]
    for node in nodes:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            graph.initializer.append(node.attribute[0].t)
            graph.initializer[-1].name = node.output[0]
        else:
            graph.node.append(node)
    listed = {v.name for v in graph.input}
    constants, kept = {}, []
    for w in graph.initializer:
        constants[w.name] = Constant(prod(w.dims), len(w.dims), TensorProto.DataType.Name(w.data_type))
        if prod(w.dims) <= SHAPE_DATA and w.data_location != TensorProto.EXTERNAL:
            kept.append(w)
        elif w.name not in listed:
            graph.input.append(helper.make_tensor_value_info(w.name, w.data_type, w.dims))
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return constants
