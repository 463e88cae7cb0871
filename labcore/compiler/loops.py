"""A chain of element-wise operators as the text of one loop, for numba, or of one numpy expression, to read.

Operands broadcast from the right, as in numpy; the vectors of a batch normalization lie along the channels. Adjacent
axes along which every operand is treated alike become one loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod

from labcore.compiler.graph import Node, Tensor

TEXT = {  # operator: (numpy expression, expression of scalars in which F makes a number of the array's type)
    "relu": ("np.maximum({0}, 0)", "F(0) if {0} < F(0) else {0}"),
    "relu6": ("np.clip({0}, 0, 6)", "F(0) if {0} < F(0) else F(6) if {0} > F(6) else {0}"),
    "tanh": ("np.tanh({0})", "math.tanh({0})"),
    "sigmoid": ("1 / (1 + np.exp(-{0}))", "F(1) / (F(1) + math.exp(-{0}))"),
    "silu": ("{0} / (1 + np.exp(-{0}))", "{0} / (F(1) + math.exp(-{0}))"),
    "gelu": ("REFERENCE['gelu']({0})", "F(0.5) * {0} * (F(1) + math.erf({0} * F(0.7071067811865476)))"),
    "gelu_tanh": (
        "0.5 * {0} * (1 + np.tanh(0.7978845608028654 * ({0} + 0.044715 * {0} * {0} * {0})))",
        "F(0.5) * {0} * (F(1) + math.tanh(F(0.7978845608028654) * ({0} + F(0.044715) * {0} * {0} * {0})))",
    ),
    "add": ("{0} + {1}", "{0} + {1}"),
    "sub": ("{0} - {1}", "{0} - {1}"),
    "mul": ("{0} * {1}", "{0} * {1}"),
    "div": ("{0} / {1}", "{0} / {1}"),
    "batch_norm": (
        "({0} - {3}[:, None, None]) / np.sqrt({4}[:, None, None] + {eps}) * {1}[:, None, None] + {2}[:, None, None]",
        "({0} - {3}) / math.sqrt({4} + F({eps})) * {1} + {2}",
    ),
}


@dataclass(frozen=True)
class Loop:
    """The text of a loop over arrays, and the shape in which it takes each of them: the result, then the operands."""

    text: str
    operands: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]


def expression(parts: Sequence[Node], names: Mapping[str, str] | None = None) -> str:
    """A chain of element-wise nodes as one numpy expression of the values it reads, under other names where given.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (4,), "r": (4,)}, {"y": ("add", "x", "r"), "z": ("relu", "y")})
    >>> expression(g.nodes)
    'np.maximum((x + r), 0)'
    """
    names, made = names or {}, {}
    for part in parts:
        words = [f"({made[word]})" if word in made else names.get(word, word) for word in part.inputs]
        made[part.name] = TEXT[part.op][0].format(*words, **part.attributes)
    return made[parts[-1].name]


def loop(parts: Sequence[Node], tensors: Mapping[str, Tensor], name: str = "kernel", start: str = "") -> Loop:
    """A chain of element-wise nodes as one loop that reads each operand once; `start` is a value that the result holds.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (2, 4), "r": (4,)}, {"y": ("add", "x", "r"), "z": ("relu", "y")})
    >>> print(loop(g.nodes, g.tensors).text)
    def kernel(out, a0, a1):
        for i0 in range(out.shape[0]):
            for i1 in range(out.shape[1]):
                v0 = a0[i0, i1]
                v1 = a1[0, i1]
                t0 = v0 + v1
                t1 = F(0) if t0 < F(0) else t0
                out[i0, i1] = t1
    """
    shape = parts[-1].shape
    read = _aligned(parts, tensors, len(shape))
    groups = _merged(shape, read.values())
    whole = tuple(prod(shape[axis] for axis in group) for group in groups)
    sizes = {word: tuple(prod(one[axis] for axis in group) for group in groups) for word, one in read.items()}
    operands = tuple(word for word in read if word != start)
    arrays = {word: f"a{i}" for i, word in enumerate(operands)} | {start: "out"}
    names = {word: f"v{i}" for i, word in enumerate(read)} | {part.name: f"t{i}" for i, part in enumerate(parts)}
    lines = [f"{names[word]} = {arrays[word]}[{_index(sizes[word], whole)}]" for word in read]
    for part in parts:
        text = TEXT[part.op][1].format(*(names[word] for word in part.inputs), **part.attributes)
        lines.append(f"{names[part.name]} = {text}")
    lines.append(f"out[{_index(whole, whole)}] = {names[parts[-1].name]}")
    head = [f"def {name}({', '.join(['out', *(arrays[word] for word in operands)])}):"]
    head += [f"{'    ' * (i + 1)}for i{i} in range(out.shape[{i}]):" for i in range(len(whole))]
    text = "\n".join([*head, *("    " * (len(whole) + 1) + line for line in lines)])
    return Loop(text, operands, (whole, *(sizes[word] for word in operands)))


def _index(sizes: Sequence[int], whole: Sequence[int]) -> str:
    """The place in an array of these sizes: 0 along what is broadcast."""
    places = ("0" if one == 1 < size else f"i{i}" for i, (one, size) in enumerate(zip(sizes, whole, strict=True)))
    return ", ".join(places) or "()"


def _aligned(parts: Sequence[Node], tensors: Mapping[str, Tensor], rank: int) -> dict[str, tuple[int, ...]]:
    """The shape of each value that is read, with a size of 1 for each axis that it lacks."""
    found: dict[str, tuple[int, ...]] = {}
    inside = {part.name for part in parts}
    for part in parts:
        for place, word in enumerate(part.inputs):
            if word not in inside:
                shape = tensors[word].shape
                channels = part.op == "batch_norm" and place > 0
                shape = (*shape, 1, 1) if channels else shape  # (C,) beside (N, C, H, W)
                found[word] = (1,) * (rank - len(shape)) + shape
    return found


def _merged(shape: tuple[int, ...], operands: Iterable[tuple[int, ...]]) -> list[list[int]]:
    """Axes in groups: neighbours along which each operand is whole, or each is broadcast, the same for all."""
    operands = list(operands)
    alike = lambda axis: tuple(one[axis] == shape[axis] for one in operands)  # noqa: E731
    axes = [axis for axis, size in enumerate(shape) if size > 1] or [0] * bool(shape)
    return [list(group) for _, group in groupby(axes, alike)]
