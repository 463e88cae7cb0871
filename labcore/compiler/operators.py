"""The operators of the compiler's graphs, one table: shape rule, numpy reference, work and traffic.

Five kinds matter to passes. A "barrier" (convolution, matrix product) has loops of its own and can take element-wise
operators into its epilogue; an "elementwise" one needs of each input the element at its own place; a "window" or
"reduction" needs many; "movement" copies; a "view" renames what lies there already and is never launched. Transposes
and slices are movement: every value of a graph lies contiguous.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from labcore import ops
from labcore.compiler.reference import REFERENCE
from labcore.compiler.shapes import SHAPES, Shape, _broadcast, _same
from labcore.units import Bytes
from labcore.windows import per_axis

BATCH_NORM_FLOP = 2  # x * a + b an element: the four vectors are two before the run
Work = Callable[..., ops.Operation]  # of (shapes of the operands, shape of the result, bytes an element, attributes)


@dataclass(frozen=True)
class Operator:
    """One row of the table; `attributes` are its own with their defaults, None where one must be given."""

    kind: str
    inputs: tuple[int, int]  # least and most operands
    shape: Callable[..., Shape]
    run: Callable[..., np.ndarray]
    work: Work | None  # None for a view
    attributes: Mapping[str, object] = field(default_factory=dict)


def _conv2d(shapes: list[Shape], y: Shape, b: Bytes, stride: object, padding: object, groups: int) -> ops.Operation:
    x, w = shapes[:2]
    return ops.conv2d(*x, w[0], *w[2:], stride, padding, b, groups)


def _matmul(shapes: list[Shape], y: Shape, b: Bytes, scale: float = 1.0) -> ops.Operation:
    """Where the second operand has no batch of its own, all rows of the first are one product."""
    first, second = shapes[:2]
    batch = 1 if prod(second[:-2]) == 1 else prod(y[:-2])
    op = ops.matmul(prod(y) // (batch * y[-1]), first[-1], y[-1], b, batch)
    return replace(op, reads={"A": prod(first) * b, "B": prod(second) * b})


def _elementwise(flop: int) -> Work:
    def work(shapes: list[Shape], y: Shape, b: Bytes) -> ops.Operation:
        return ops.elementwise(prod(y), flop, [prod(shape) for shape in shapes], b)

    return work


def _batch_norm(shapes: list[Shape], y: Shape, b: Bytes, eps: float) -> ops.Operation:
    return ops.elementwise(prod(y), BATCH_NORM_FLOP, (prod(y), y[1], y[1]), b)


def _pool(shapes: list[Shape], y: Shape, b: Bytes, kernel: object = None, **window: object) -> ops.Operation:
    x = shapes[0]
    return ops.pool2d(*x, *(x[2:] if kernel is None else per_axis("kernel", kernel)), **window, bytes_per_element=b)


def _movement(shapes: list[Shape], y: Shape, b: Bytes, **_: object) -> ops.Operation:
    return ops.movement(prod(y), b)


def _rows(count: Callable[..., ops.Operation]) -> Work:
    return lambda shapes, y, b, **_: count(prod(y) // y[-1], y[-1], b)


def _embedding(shapes: list[Shape], y: Shape, b: Bytes) -> ops.Operation:
    return ops.embedding_bag(prod(shapes[1]), 1, y[-1], b)


def _row(name: str, kind: str, inputs: tuple[int, int], work: Work | None, **attributes: object) -> Operator:
    return Operator(kind, inputs, SHAPES[name], REFERENCE[name], work, attributes)


def _activation(name: str) -> Operator:
    return Operator("elementwise", (1, 1), _same, REFERENCE[name], _elementwise(ops.FLOP_PER_ELEMENT[name]))


def _of_two(name: str) -> Operator:
    return Operator("elementwise", (2, 2), _broadcast, REFERENCE[name], _elementwise(1))


OPERATORS: dict[str, Operator] = {
    "conv2d": _row("conv2d", "barrier", (2, 3), _conv2d, stride=1, padding=0, groups=1),
    "gemm": _row("gemm", "barrier", (2, 3), _matmul),
    "matmul": _row("matmul", "barrier", (2, 2), _matmul, scale=1.0),
    "batch_norm": _row("batch_norm", "elementwise", (5, 5), _batch_norm, eps=1e-5),
    **{name: _activation(name) for name in ("relu", "relu6", "gelu", "gelu_tanh", "tanh", "sigmoid", "silu")},
    **{name: _of_two(name) for name in ("add", "sub", "mul", "div")},
    "layernorm": _row("layernorm", "reduction", (3, 3), _rows(ops.layernorm), eps=1e-5),
    "softmax": _row("softmax", "reduction", (1, 1), _rows(ops.softmax), causal=False),
    "max_pool": _row("max_pool", "window", (1, 1), _pool, kernel=None, stride=1, padding=0),
    "global_avg_pool": _row("global_avg_pool", "window", (1, 1), _pool),
    "embedding": _row("embedding", "movement", (2, 2), _embedding),
    "transpose": _row("transpose", "movement", (1, 1), _movement, perm=None),
    "concat": _row("concat", "movement", (1, 99), _movement, axis=None),
    "slice": _row("slice", "movement", (1, 1), _movement, axis=None, start=None, stop=None),
    "layout": _row("layout", "movement", (1, 1), _movement, order=None),
    "reshape": _row("reshape", "view", (1, 1), None, shape=None),
}


def operator(name: str) -> Operator:
    """The row of an operator; raises ValueError with those there are, the nearest name and how to add one.

    >>> operator("relu").kind, operator("conv2d").attributes["stride"]
    ('elementwise', 1)
    """
    if name not in OPERATORS:
        near = difflib.get_close_matches(name, OPERATORS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise ValueError(
            f"operator {name!r} is not known; {hint}There are {', '.join(OPERATORS)}; to add one, give its "
            "shape rule, reference and work a row in labcore.compiler.operators.OPERATORS"
        )
    return OPERATORS[name]


def full_attributes(name: str, given: Mapping[str, object]) -> dict[str, object]:
    """The attributes of an operator, those that are not given at their defaults; lists become tuples.

    Raises ValueError for one that the operator does not have, and one that has no default and is not given.

    >>> full_attributes("conv2d", {"stride": [2, 2]})
    {'stride': (2, 2), 'padding': 0, 'groups': 1}
    """
    own = operator(name).attributes
    if unknown := [key for key in given if key not in own]:
        raise ValueError(f"{name} has no attribute {unknown[0]!r}; it has {', '.join(own) or 'none'}")
    full = {key: _frozen(given.get(key, default)) for key, default in own.items()}
    if missing := [key for key, value in full.items() if value is None]:
        raise ValueError(f"{name} needs its attribute {missing[0]!r}")
    return full


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value
