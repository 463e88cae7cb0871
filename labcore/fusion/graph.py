"""A small graph of operations as data: what is computed from what, and over which elements.

Three kinds of operation matter to fusion. An element-wise one needs of each input the element at its own place; a
smaller input is broadcast. A reduction needs all elements along its axes. A barrier, a matmul or a convolution, has
loops and tiles of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from labcore import im2col, ops
from labcore.running_order import running_order
from labcore.units import Bytes, counted, positive, positive_ints

Shape = tuple[int, ...]
Elementwise = Callable[..., np.ndarray]
ELEMENTWISE: dict[str, Elementwise] = {
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))),
    "batchnorm": lambda x: 3 * x + 2,  # inference: the statistics are constants, one scale and shift a channel
    "affine": lambda x: 2 * x + 1,
    "double": lambda x: 2 * x,
    "increment": lambda x: x + 1,
    "square": lambda x: x * x,
    "exp": np.exp,
    "rsqrt": lambda x: 1 / np.sqrt(x + 1e-5),
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
}
BARRIERS = ("matmul", "conv2d")
TWO = ("add", "subtract", "multiply", "divide", *BARRIERS)
REDUCTIONS = {"sum": np.sum, "mean": np.mean, "max": np.max}
KINDS = (
    dict.fromkeys(ELEMENTWISE, "element-wise")
    | dict.fromkeys(REDUCTIONS, "reduction")
    | dict.fromkeys(BARRIERS, "barrier")
)


@dataclass(frozen=True)
class Op:
    """One operation; `axes` are those that a reduction takes together, `stride` is a convolution's."""

    name: str
    function: str
    inputs: tuple[str, ...]
    shape: Shape
    space: Shape  # the places its loops visit
    flop: int
    axes: tuple[int, ...] = ()
    stride: int = 1

    @property
    def kind(self) -> str:
        """'element-wise', 'reduction' or 'barrier'."""
        return KINDS[self.function]


@dataclass(frozen=True)
class Graph:
    """Inputs with their shapes, operations in an order in which they can run, and the values that are wanted."""

    inputs: Mapping[str, Shape]
    ops: tuple[Op, ...]
    outputs: tuple[str, ...]
    bytes_per_element: Bytes = 4
    _by_name: Mapping[str, Op] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {op.name: op for op in self.ops})

    def op(self, name: str) -> Op:
        """The operation with this name; raises ValueError with those there are."""
        if name not in self._by_name:
            raise ValueError(f"no operation {name!r}; the graph has {', '.join(self._by_name)}")
        return self._by_name[name]

    def shape(self, name: str) -> Shape:
        """The shape of an input or of a value that is computed."""
        return self.inputs[name] if name in self.inputs else self.op(name).shape

    def nbytes(self, name: str) -> Bytes:
        """Bytes of one value."""
        return math.prod(self.shape(name)) * self.bytes_per_element

    def consumers(self, name: str) -> tuple[str, ...]:
        """The operations that read a value."""
        return tuple(op.name for op in self.ops if name in op.inputs)

    def pick(self, names: Iterable[str]) -> tuple[Op, ...]:
        """Some operations, in the order in which they run."""
        wanted = {self.op(name).name for name in names}
        return tuple(op for op in self.ops if op.name in wanted)


def graph(
    inputs: Mapping[str, Shape], steps: Mapping[str, tuple], outputs: Iterable[str] = (), bytes_per_element: Bytes = 4
) -> Graph:
    """A graph from steps such as {"y": ("relu", "x"), "s": ("sum", "y", 1), "z": ("matmul", "y", "w")}.

    The number behind a reduction is its axis, or several in a tuple, kept with length 1; behind a convolution, of
    padding R // 2, it is the stride. Steps may stand in any order; those that can run keep theirs. Without `outputs`
    the values that nobody reads are wanted. Raises ValueError for a cycle, an unknown name and shapes that do not fit.

    >>> g = graph({"x": (4, 8), "b": (8,)}, {"z": ("add", "y", "b"), "y": ("relu", "x")})
    >>> [(op.name, op.kind, op.shape) for op in g.ops], g.outputs
    ([('y', 'element-wise', (4, 8)), ('z', 'element-wise', (4, 8))], ('z',))
    """
    positive(bytes_per_element=bytes_per_element)
    if twice := sorted(set(inputs) & set(steps)):
        raise ValueError(f"{twice[0]!r} is an input and a step; give one of them another name")
    shapes = {name: _as_shape(name, shape) for name, shape in inputs.items()}
    made = []
    reads = {name: [word for word in step[1:] if isinstance(word, str)] for name, step in steps.items()}
    for name in running_order(reads, shapes):
        made.append(_op(name, *steps[name], shapes=shapes))
        shapes[name] = made[-1].shape
    read = {name for op in made for name in op.inputs}
    wanted = tuple(outputs) or tuple(op.name for op in made if op.name not in read)
    if unknown := [name for name in wanted if name not in steps]:
        raise ValueError(f"output {unknown[0]!r} is no step; the steps are {', '.join(steps)}")
    return Graph({name: shapes[name] for name in inputs}, tuple(made), wanted, bytes_per_element)


def _as_shape(name: str, shape: Iterable[int]) -> Shape:
    if isinstance(shape, int):
        raise ValueError(f"shape of {name} is a tuple such as ({shape},), got {shape}")
    shape = tuple(shape)
    positive_ints(**{f"shape of {name}, axis {i}": size for i, size in enumerate(shape)})
    return shape


def _op(name: str, function: str, *words: object, shapes: Mapping[str, Shape]) -> Op:
    if function not in KINDS:
        raise ValueError(f"{name} asks for {function!r}; there are {', '.join(KINDS)}")
    inputs = tuple(word for word in words if isinstance(word, str))
    numbers = [word for word in words if not isinstance(word, str)]
    operands = [shapes[word] for word in inputs]
    try:
        if len(inputs) != 1 + (function in TWO):
            raise ValueError(f"{counted(1 + (function in TWO), 'value')} wanted")
        if KINDS[function] == "element-wise":
            return _elementwise(name, function, inputs, operands, numbers)
        if KINDS[function] == "reduction":
            return _reduction(name, function, inputs, operands[0], *numbers)
        return _barrier(name, function, inputs, operands, *numbers)
    except (TypeError, ValueError, IndexError) as error:
        shown = ", ".join(f"{word} {shapes[word]}" for word in inputs)
        raise ValueError(f"{name}: {function} cannot take {shown or 'nothing'}: {error}") from None


def _elementwise(name: str, function: str, inputs: tuple[str, ...], operands: list[Shape], numbers: list) -> Op:
    if numbers:
        raise ValueError(f"no number belongs behind it, got {numbers[0]!r}")
    shape = np.broadcast_shapes(*operands)
    return Op(name, function, inputs, shape, shape, math.prod(shape) * ops.FLOP_PER_ELEMENT.get(function, 1))


def _reduction(name: str, function: str, inputs: tuple[str, ...], space: Shape, axes: int | tuple[int, ...] = -1) -> Op:
    chosen = (axes,) if isinstance(axes, int) else tuple(axes)
    if not chosen or not all(-len(space) <= a < len(space) for a in chosen):
        raise ValueError(f"axes are wanted from {-len(space)} to {len(space) - 1}, got {axes}")
    axes = tuple(sorted({a % len(space) for a in chosen}))
    shape = tuple(1 if a in axes else size for a, size in enumerate(space))
    return Op(name, function, inputs, shape, space, math.prod(space), axes)


def _barrier(name: str, function: str, inputs: tuple[str, ...], operands: list[Shape], stride: int = 1) -> Op:
    a, b = operands
    if function == "matmul":
        if len(a) != 2 or len(b) != 2 or a[1] != b[0]:
            raise ValueError("(M, K) and (K, N) are wanted")
        return Op(name, function, inputs, (a[0], b[1]), (a[0], b[1]), ops.matmul(*a, b[1]).flop)
    if len(a) != 4 or len(b) != 4 or a[1] != b[1]:
        raise ValueError("(N, C, H, W) and (K, C, R, S) are wanted")
    work = ops.conv2d(*a, b[0], *b[2:], stride, (b[2] // 2, b[3] // 2))
    shape = (a[0], b[0], work.shape["P"], work.shape["Q"])
    return Op(name, function, inputs, shape, shape, work.flop, stride=stride)


def apply(op: Op, *operands: np.ndarray) -> np.ndarray:
    """The value of one operation, its operands as arrays.

    >>> g = graph({"x": (2, 2)}, {"s": ("sum", "x", 1)})
    >>> apply(g.op("s"), np.array([[1, 2], [3, 4]])).tolist()
    [[3], [7]]
    """
    if op.kind == "element-wise":
        return ELEMENTWISE[op.function](*operands)
    if op.kind == "reduction":
        return REDUCTIONS[op.function](operands[0], axis=op.axes, keepdims=True)
    if op.function == "matmul":
        return operands[0] @ operands[1]
    x, w = operands
    return im2col.conv2d(x, w, stride=op.stride, padding=(w.shape[2] // 2, w.shape[3] // 2))
