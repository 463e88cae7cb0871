"""What each ONNX operator asks of a machine, in labcore's operations.

Three kinds cost nothing. FREE operators move no data: they rename it, change its shape in place, or (Dropout) do
nothing in inference; a Cast is none where the whole graph runs at one precision. What depends on constants and
shapes only is known before the first input arrives. And a constant of one element, such as a bound of Clip, is part
of the instruction. Every other operator is in OPERATORS or it is not counted, and then the reader names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

from labcore.models.onnx_node import Node, NotCountedError, Tensor
from labcore.ops import FLOP_PER_ELEMENT, Operation, conv2d, embedding_bag, layernorm, matmul, softmax
from labcore.ops import rmsnorm as rms_norm
from labcore.units import Bytes
from labcore.windows import same_padding

FREE = {"Cast", "Dropout", "Flatten", "Identity", "Reshape", "Shape", "Size", "Squeeze", "Unsqueeze"}

ELEMENTWISE = {  # FLOP an element of the output
    "Relu": FLOP_PER_ELEMENT["relu"], "Clip": FLOP_PER_ELEMENT["relu6"], "Sigmoid": FLOP_PER_ELEMENT["sigmoid"],
    "QuantizeLinear": 5, "DequantizeLinear": 2,  # / scale, round, + zero, two bounds; - zero, * scale
    "DynamicQuantizeLinear": 7,  # the least and the largest before that
    "LeakyRelu": 2, "PRelu": 2, "Softplus": 3, "HardSigmoid": 4, "HardSwish": 5, "Swish": FLOP_PER_ELEMENT["silu"],
    "BatchNormalization": 2,  # x * a + b: where it is not folded, its four vectors are two before the run
} | dict.fromkeys((
    "Abs", "Add", "And", "Ceil", "Cos", "Div", "Equal", "Erf", "Exp", "Floor", "Greater", "GreaterOrEqual", "Less",
    "LessOrEqual", "Log", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "Round", "Sign", "Sin", "Sqrt",
    "Sub", "Tanh", "Where", "Xor",
), 1)  # fmt: skip
REDUCTIONS = dict.fromkeys(  # FLOP an element of the input
    ("ArgMax", "ArgMin", "ReduceL1", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"), 1
) | dict.fromkeys(("ReduceL2", "ReduceLogSumExp", "ReduceSumSquare"), 2)
MOVEMENT = ("Concat", "DepthToSpace", "Expand", "Pad", "Slice", "SpaceToDepth", "Split", "Tile", "Transpose")


def _elementwise(node: Node) -> Operation:
    y = node.outputs[0]
    if node.op_type in ("Max", "Mean", "Min", "Sum"):
        flop = max(len(node.inputs) - 1, 1)
    elif node.op_type == "Gelu":
        flop = FLOP_PER_ELEMENT["gelu_tanh" if node.attributes.get("approximate") == b"tanh" else "gelu"]
    else:
        flop = ELEMENTWISE[node.op_type]
    if node.attributes.get("training_mode"):
        raise NotCountedError("in training mode")
    return Operation("elementwise", flop * y.n, node.reads, {"y": y.nbytes}, shape={"n": y.n})


def _conv(node: Node) -> Operation:
    """Convolution of (N, C, H, W) or (N, C, W) with (K, C / groups, R, S) or (K, C / groups, S)."""
    x, w = node.inputs[:2]
    if not 3 <= len(x.shape) <= 4:
        raise NotCountedError(f"over {len(x.shape) - 2} axes")
    flat = 4 - len(x.shape)  # axes: along one only, the height is 1
    size, kernel = (1,) * flat + x.shape[2:], (1,) * flat + w.shape[2:]
    stride, dilation = ((1,) * flat + tuple(node.attributes.get(a, (1, 1)[flat:])) for a in ("strides", "dilations"))
    groups = node.attributes.get("group", 1)
    if x.shape[1] != groups * w.shape[1]:
        raise ValueError(f"{node.name}: weights {w.shape} in {groups} groups do not fit {x.shape[1]} input channels")
    padding = _padding(node, size, kernel, stride, dilation, flat)
    op = conv2d(*x.shape[:2], *size, w.shape[0], *kernel, stride, padding, groups=groups, dilation=dilation)
    counted, found = (op.shape["P"], op.shape["Q"])[flat:], node.outputs[0].shape[2:]
    if counted != found:
        raise ValueError(f"{node.name}: the file gives an output of {found}, its sizes give {counted}; export it anew")
    return replace(op, reads={"x": x.nbytes, _operand("w", w): w.nbytes}, writes={"y": node.outputs[0].nbytes})


def _transposed_conv(node: Node) -> Operation:
    """Each input element meets each tap of its filters: (N, C, H, W) with (C, K / groups, R, S), any number of axes.

    Products that `pads` then cut off are counted, as the hardware does them.
    """
    x, w = node.inputs[:2]
    macs, y = x.n * prod(w.shape[1:]), node.outputs[0]
    reads = {"x": x.nbytes, _operand("w", w): w.nbytes}
    return Operation("conv2d", 2 * macs, reads, {"y": y.nbytes}, macs, {"groups": node.attributes.get("group", 1)})


def _resize(node: Node) -> Operation:
    """Nearest copies what it keeps. Linear blends two neighbours along each axis that changes, 3 FLOP a blend.

    With k such axes an output is 2^k neighbours, folded to one by 2^k - 1 blends a + t * (b - a) (ONNX, Resize).
    """
    x, y = node.inputs[0], node.outputs[0]
    mode = node.attributes.get("mode", b"nearest").decode()
    if mode not in ("nearest", "linear") or node.attributes.get("antialias"):
        raise NotCountedError(f"({'antialiased ' * bool(node.attributes.get('antialias'))}{mode})")
    neighbours = 2 ** sum(a != b for a, b in zip(x.shape, y.shape, strict=True)) if mode == "linear" else 1
    read = min(x.nbytes, neighbours * y.nbytes)
    kind = "resize" if neighbours > 1 else "movement"
    return Operation(kind, 3 * (neighbours - 1) * y.n, {"x": read}, {"y": y.nbytes})


def _padding(
    node: Node, size: tuple, kernel: tuple, stride: tuple, dilation: tuple, flat: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """((top, bottom), (left, right)) from `auto_pad` or from `pads`, which lists all begins, then all ends."""
    mode = node.attributes.get("auto_pad", b"NOTSET").decode()
    if mode.startswith("SAME"):  # LOWER swaps the sides, which no count sees
        return tuple(same_padding(*axis) for axis in zip(size, kernel, stride, dilation, strict=True))
    axes = 2 - flat
    sides = (0,) * 2 * axes if mode == "VALID" else tuple(node.attributes.get("pads", (0,) * 2 * axes))
    return ((0, 0),) * flat + tuple(zip(sides[:axes], sides[axes:], strict=True))


def _pool(node: Node) -> Operation:
    """One FLOP an element of each window; a global pool has one window of the whole input."""
    x, y = node.inputs[0], node.outputs[0]
    window = prod(x.shape[2:] if node.op_type.startswith("Global") else node.attributes["kernel_shape"])
    return Operation("pool2d", y.n * window, {"x": x.nbytes}, {"y": y.nbytes})


def _matmul(node: Node) -> Operation:
    """(..., M, K) @ (..., K, N); where B has no batch of its own, all rows of A are one product."""
    A, B = node.inputs
    y = node.outputs[0]
    N = B.shape[-1] if len(B.shape) > 1 else 1
    batch = 1 if prod(B.shape[:-2]) == 1 else prod(y.shape[:-2])
    return _product(A, B, y, matmul(y.n // (batch * N), A.shape[-1], N, batch=batch))


def _gemm(node: Node) -> Operation:
    """A @ B + C with either transposed; C is a bias, or a matrix that is read and added."""
    A, B, *C = node.inputs
    y = node.outputs[0]
    M, K = A.shape[::-1] if node.attributes.get("transA") else A.shape
    op = _product(A, B, y, matmul(M, K, y.shape[1]))
    if C and C[0] and C[0].n > y.shape[1]:
        return replace(op, flop=op.flop + y.n, reads={**op.reads, "C": C[0].nbytes})
    return op


def _product(A: Tensor, B: Tensor, y: Tensor, op: Operation) -> Operation:
    """A matmul with the true bytes of operands that broadcast, or that are the same tensor."""
    reads = {"A": A.nbytes} if A.name == B.name else {"A": A.nbytes, _operand("B", B): B.nbytes}
    return replace(op, reads=reads, writes={"C": y.nbytes})


def _operand(name: str, of: Tensor) -> str:
    """The name of an operand, another one for integer weights, whose bytes no choice of a format changes."""
    return f"{name} as stored" if of.stored else name


def _between(count: Callable[[Node], Operation], *places: int) -> Callable[[Node], Operation]:
    """The row of an operator on integers, whose scales and zero points stand between the operands."""
    return lambda node: count(replace(node, inputs=tuple(node.inputs[i] for i in places)))


def _softmax(node: Node) -> Operation:
    """Along one axis; before opset 13 over all axes from it on."""
    x = node.inputs[0]
    axis = node.attributes.get("axis", -1 if node.opset >= 13 else 1)
    cols = x.shape[axis] if node.opset >= 13 else prod(x.shape[axis:])
    return softmax(x.n // cols, cols, x.bytes_per_element)


def _normalization(node: Node) -> Operation:
    x, *vectors = node.inputs
    cols = prod(x.shape[node.attributes.get("axis", -1) :])
    norm = layernorm if node.op_type == "LayerNormalization" else rms_norm
    op = norm(x.n // cols, cols, x.bytes_per_element)
    return replace(op, reads={"x": x.nbytes} | {t.name: t.nbytes for t in vectors if t})


def _instance_normalization(node: Node) -> Operation:
    """As LayerNorm over each channel of each input, (N, C, ...) -> (N * C, rest); then a scale and a bias."""
    x, *vectors = node.inputs
    rows = x.shape[0] * x.shape[1]
    op = layernorm(rows, x.n // rows, x.bytes_per_element)
    return replace(op, reads={"x": x.nbytes} | {t.name: t.nbytes for t in vectors})


def _reduction(node: Node) -> Operation:
    x, y = node.inputs[0], node.outputs[0]
    return Operation("reduction", REDUCTIONS[node.op_type] * x.n, {"x": x.nbytes}, {"y": y.nbytes}, shape={"n": x.n})


def _gather(node: Node) -> Operation:
    """Rows of a constant table are an embedding; of anything else they are a copy."""
    data, indices = node.inputs
    if data.constant and node.attributes.get("axis", 0) == 0:
        dim = prod(data.shape[1:])
        op = embedding_bag(indices.n, 1, dim, data.bytes_per_element, indices.bytes_per_element)
        looked_up, read = op.reads.values()
        return replace(op, reads={_operand("rows", data): looked_up, "indices": read}, writes=_written(node))
    op = _movement(node)
    return replace(op, reads={**op.reads, "indices": indices.nbytes})


def _movement(node: Node) -> Operation:
    """Each element is read once and each place written once: a slice reads what it keeps."""
    data = node.inputs if node.op_type == "Concat" else node.inputs[:1]
    written = _written(node)
    return Operation("movement", 0, {"x": min(sum(x.nbytes for x in data), written["y"])}, written)


def _written(node: Node) -> dict[str, Bytes]:
    return {"y": sum(y.nbytes for y in node.outputs)}


OPERATORS: dict[str, Callable[[Node], Operation]] = {
    "Conv": _conv,
    "ConvTranspose": _transposed_conv,
    "ConvInteger": _between(_conv, 0, 1),
    "QLinearConv": _between(_conv, 0, 3),
    "MatMul": _matmul,
    "MatMulInteger": _between(_matmul, 0, 1),
    "QLinearMatMul": _between(_matmul, 0, 3),
    "Gemm": _gemm,
    "Softmax": _softmax,
    "LogSoftmax": _softmax,  # exponential, sum, and the logarithm's subtraction: as many
    "LayerNormalization": _normalization,
    "RMSNormalization": _normalization,
    "InstanceNormalization": _instance_normalization,
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    "Gather": _gather,
    **dict.fromkeys(("AveragePool", "MaxPool", "GlobalAveragePool", "GlobalMaxPool"), _pool),
    **dict.fromkeys((*ELEMENTWISE, "Gelu", "Max", "Mean", "Min", "Sum"), _elementwise),
    **dict.fromkeys(REDUCTIONS, _reduction),
    **dict.fromkeys(MOVEMENT, _movement),
}
