"""What each ONNX operator is in labcore's operators: one row each, or a reason why this form of it has none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

import numpy as np

from labcore.compiler.graph import Node, Tensor, make_node
from labcore.windows import same_padding

SAME_NAME = {
    "Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "Add": "add", "Sub": "sub", "Mul": "mul", "Div": "div",
    "GlobalAveragePool": "global_avg_pool",
}  # fmt: skip


class Import:
    """A graph while a file is read: its nodes, constants and shapes so far, and the names that mean the same."""

    def __init__(self, inputs: Mapping[str, Tensor], constants: Mapping[str, np.ndarray]) -> None:
        self.constants = dict(constants)
        self.tensors = dict(inputs) | {n: Tensor(a.shape, str(a.dtype)) for n, a in constants.items()}
        self.nodes: list[Node] = []
        self.alias: dict[str, str] = {}

    def step(self, name: str, op: str, inputs: Sequence[str], **attributes: object) -> str:
        """Append a node and return its name."""
        self.nodes.append(make_node(name, op, inputs, self.tensors, attributes))
        self.tensors[name] = self.nodes[-1].tensor
        return name

    def constant(self, name: str, array: np.ndarray) -> None:
        """Keep a value that is known before the run."""
        self.constants[name] = np.asarray(array)
        self.tensors[name] = Tensor(self.constants[name].shape, str(self.constants[name].dtype))


def _want(condition: bool, what: str) -> None:
    if not condition:
        raise NotImplementedError(f"({what})")


def _window(x: Tensor, kernel: Sequence[int], attributes: Mapping) -> dict[str, object]:
    """Stride and padding as labcore writes them."""
    _want(len(x.shape) == 4, f"over {len(x.shape) - 2} axes")
    _want(set(attributes.get("dilations", [1])) == {1} and not attributes.get("ceil_mode"), "dilated or rounded up")
    stride, mode = tuple(attributes.get("strides", (1, 1))), attributes.get("auto_pad", b"NOTSET")
    sides = tuple(attributes.get("pads", (0, 0, 0, 0)))
    padding = (sides[0::2], sides[1::2])
    if mode.startswith(b"SAME"):
        padding = tuple(same_padding(*axis) for axis in zip(x.shape[2:], kernel, stride, strict=True))
        padding = tuple(pair[::-1] for pair in padding) if mode == b"SAME_LOWER" else padding
    return {"stride": stride, "padding": ((0, 0), (0, 0)) if mode == b"VALID" else padding}


def _conv(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    x, w = made.tensors[inputs[0]], made.tensors[inputs[1]]
    made.step(out[0], "conv2d", inputs, groups=a.get("group", 1), **_window(x, w.shape[2:], a))


def _max_pool(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    kernel = tuple(a["kernel_shape"])
    made.step(out[0], "max_pool", inputs, kernel=kernel, **_window(made.tensors[inputs[0]], kernel, a))


def _batch_norm(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    _want(not a.get("training_mode"), "in training mode")
    made.step(out[0], "batch_norm", inputs, eps=a.get("epsilon", 1e-5))


def _layernorm(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    _want(a.get("axis", -1) in (-1, len(made.tensors[inputs[0]].shape) - 1), "over more than the last axis")
    if len(inputs) == 2:
        made.constant(f"{out[0]}.bias", np.zeros_like(made.constants[inputs[1]]))
        inputs = [*inputs, f"{out[0]}.bias"]
    made.step(out[0], "layernorm", inputs, eps=a.get("epsilon", 1e-5))


def _clip(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    bounds = [float(made.constants[name]) for name in inputs[1:] if name in made.constants] or [
        a.get("min"),
        a.get("max"),
    ]
    _want(bounds == [0.0, 6.0], f"from {bounds[0]} to {bounds[-1]}, only 0 to 6")
    made.step(out[0], "relu6", inputs[:1])


def _gelu(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    made.step(out[0], "gelu_tanh" if a.get("approximate") == b"tanh" else "gelu", inputs)


def _gemm(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    _want(a.get("alpha", 1) == a.get("beta", 1) == 1 and not a.get("transA"), "scaled, or A transposed")
    x, w, *bias = inputs
    if a.get("transB"):
        w = made.step(f"{out[0]}.transposed", "transpose", [w], perm=(1, 0))
    if bias and made.tensors[bias[0]].shape != made.tensors[w].shape[1:]:  # not a vector: an addition of its own
        made.step(out[0], "add", [made.step(f"{out[0]}.product", "gemm", [x, w]), *bias])
    else:
        made.step(out[0], "gemm", [x, w, *bias])


def _matmul(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    weights = inputs[1] in made.constants and len(made.tensors[inputs[1]].shape) == 2
    made.step(out[0], "gemm" if weights else "matmul", inputs)


def _softmax(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    _want(a.get("axis", -1) in (-1, len(made.tensors[inputs[0]].shape) - 1), "along another than the last axis")
    made.step(out[0], "softmax", inputs)


def _transpose(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    made.step(out[0], "transpose", inputs, perm=a.get("perm", range(len(made.tensors[inputs[0]].shape))[::-1]))


def _reshape(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    """0 keeps a size, and -1 takes what the others leave."""
    old = made.tensors[inputs[0]].shape
    sizes = [int(size) or old[i] for i, size in enumerate(made.constants[inputs[1]])]
    rest = prod(old) // max(1, prod(size for size in sizes if size > 0))
    made.step(out[0], "reshape", inputs[:1], shape=[rest if size < 0 else size for size in sizes])


def _flatten(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    old, axis = made.tensors[inputs[0]].shape, a.get("axis", 1)
    made.step(out[0], "reshape", inputs, shape=(prod(old[:axis]), prod(old[axis:])))


def _mean(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    """A mean over height and width is a global pool."""
    x = made.tensors[inputs[0]].shape
    axes = made.constants[inputs[1]].tolist() if len(inputs) > 1 else a.get("axes", [])
    _want(len(x) == 4 and sorted(axis % 4 for axis in axes) == [2, 3], f"over the axes {list(axes)}, only (2, 3)")
    kept = a.get("keepdims", 1)
    made.step(out[0] if kept else f"{out[0]}.pool", "global_avg_pool", inputs[:1])
    if not kept:
        made.step(out[0], "reshape", [f"{out[0]}.pool"], shape=x[:2])


def _concat(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    made.step(out[0], "concat", inputs, axis=a["axis"])


def _split(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    axis = a.get("axis", 0)
    size = made.tensors[inputs[0]].shape[axis]
    sizes = made.constants[inputs[1]].tolist() if len(inputs) > 1 else [-(-size // len(out))] * len(out)
    for i, name in enumerate(out):
        start = sum(sizes[:i])
        made.step(name, "slice", inputs[:1], axis=axis, start=start, stop=min(size, start + sizes[i]))


def _gather(made: Import, out: list[str], inputs: list[str], a: Mapping) -> None:
    rank = len(made.tensors[inputs[0]].shape)
    _want(rank == 2 and a.get("axis", 0) == 0, "of another than the rows of a table")
    made.step(out[0], "embedding", inputs)


def _renamed(op: str) -> Callable:
    return lambda made, out, inputs, a: made.step(out[0], op, inputs)


CONVERT: dict[str, Callable[[Import, list[str], list[str], Mapping], object]] = {
    "Conv": _conv, "MaxPool": _max_pool, "BatchNormalization": _batch_norm, "LayerNormalization": _layernorm,
    "Clip": _clip, "Gelu": _gelu, "Gemm": _gemm, "MatMul": _matmul, "Softmax": _softmax, "Transpose": _transpose,
    "Reshape": _reshape, "Flatten": _flatten, "ReduceMean": _mean, "Concat": _concat, "Split": _split,
    "Gather": _gather, **{theirs: _renamed(ours) for theirs, ours in SAME_NAME.items()},
}  # fmt: skip
