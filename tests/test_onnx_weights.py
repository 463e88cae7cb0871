"""Constants of .onnx files: weights in few-bit integers, what nobody counts, and the operators around them."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from labcore.feasibility.workload import store_weights
from labcore.models.onnx_file import read
from tests.onnx_graphs import graph, ints, scalar, value, weight, write

node = helper.make_node
INT8, INT32 = TensorProto.INT8, TensorProto.INT32


@pytest.fixture
def load(tmp_path):
    def load(nodes, inputs, constants=(), precision="fp16", **options):
        path = write(tmp_path / "g.onnx", nodes, inputs, [(nodes[-1].output[0], None)], constants, **options)
        return read(path, precision=precision)

    return load


def zero(name="z", kind=np.int8):
    return numpy_helper.from_array(np.array(0, kind), name)


def dequantized(K, N):
    """x (1, K) times int8 weights (K, N), widened before the product."""
    nodes = [node("DequantizeLinear", ["q", "s", "z"], ["w"]), node("MatMul", ["x", "w"], ["y"])]
    return nodes, [("x", (1, K))], [weight("q", K, N, dtype=INT8), scalar("s", 0.1), zero()]


# ---- integer weights


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int4"])
def test_int8_weights_count_at_a_byte_whatever_the_precision(load, precision):
    net = load(*dequantized(128, 256), precision=precision)
    assert (net.params, net.integers) == (128 * 256, 128 * 256)
    assert net.weight_bytes(4) == net.weight_bytes(0.5) == net.integer_bytes == 128 * 256
    (product,) = net.layers
    assert product.op.reads["B as stored"] == 128 * 256


def test_stored_weights_leave_integers_of_the_file_alone(load):
    net = load(*dequantized(128, 256))
    assert store_weights(net, 0.25).D_vol == net.D_vol


def test_int8_weights_reach_the_product_through_a_transpose_and_a_reshape(load):
    nodes, _, constants = dequantized(128, 256)
    nodes = [
        nodes[0], node("Reshape", ["w", "to"], ["wide"]), node("Transpose", ["wide"], ["wt"], perm=[1, 0]),
        node("MatMul", ["x", "wt"], ["y"]),
    ]  # fmt: skip
    net = load(nodes, [("x", (1, 64))], [*constants, ints("to", 512, 64)])
    assert net.layers[0].op.reads == {"A": 2 * 64, "B as stored": 64 * 512}
    assert net.integer_bytes == 64 * 512


def test_a_quantized_convolution_with_its_bias_in_int32(load):
    """32 x 32 x 3 x 3 weights of a byte and 32 biases of 4 bytes; both are widened before they meet the input."""
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["xq"]), node("DequantizeLinear", ["xq", "s", "z"], ["xd"]),
        node("DequantizeLinear", ["q", "s", "z"], ["w"]), node("DequantizeLinear", ["b", "s"], ["bias"]),
        node("Conv", ["xd", "w", "bias"], ["y"], pads=[1] * 4),
    ]  # fmt: skip
    constants = [weight("q", 32, 32, 3, 3, dtype=INT8), weight("b", 32, dtype=INT32), scalar("s", 0.1), zero()]
    net = load(nodes, [("x", (1, 32, 8, 8))], constants)
    n = 32 * 8 * 8
    assert [layer.op.flop for layer in net.layers] == [5 * n, 2 * n, 2 * n * 32 * 9]
    assert [layer.op.D_vol for layer in net.layers] == [2 * n + n, n + 2 * n, 2 * n + 9216 + 2 * n]
    assert (net.params, net.integers, net.integer_bytes) == (9216 + 32, 9216 + 32, 9216 + 4 * 32)


def test_four_bits_are_half_a_byte(load):
    nodes, inputs, _ = dequantized(128, 256)
    constants = [weight("q", 128, 256, dtype=TensorProto.INT4), scalar("s", 0.1)]
    net = load([node("DequantizeLinear", ["q", "s"], ["w"]), nodes[1]], inputs, constants, opset=21, ir_version=10)
    assert (net.params, net.integer_bytes) == (128 * 256, 128 * 256 / 2)


@pytest.mark.parametrize("widen", [True, False])
def test_a_table_of_int8_is_looked_up_in_bytes(load, widen):
    """5 rows of 64 are read, the whole table of 1000 is held."""
    before = [node("DequantizeLinear", ["q", "s", "z"], ["t"]), node("Gather", ["t", "i"], ["y"])]
    after = [node("Gather", ["q", "i"], ["r"]), node("DequantizeLinear", ["r", "s", "z"], ["y"])]
    constants = [weight("q", 1000, 64, dtype=INT8), scalar("s", 0.1), zero()]
    model = graph(before if widen else after, [], [("y", None)], constants)
    model.graph.input.append(value("i", (5,), TensorProto.INT64))
    net = _saved(load, model)
    assert net.layers[0].op.reads == {"rows as stored": 5 * 64, "indices": 5 * 8}
    assert net.integer_bytes == 1000 * 64


def _saved(load, model):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "g.onnx"
        path.write_bytes(model.SerializeToString())
        return read(path, precision="fp16")


def test_products_of_integers(load):
    nodes = [
        node("DynamicQuantizeLinear", ["x"], ["xq", "xs", "xz"]),
        node("MatMulInteger", ["xq", "q", "xz", "z"], ["sums"]),
        node("Cast", ["sums"], ["y"], to=1),
    ]
    net = load(nodes, [("x", (4, 64))], [weight("q", 64, 16, dtype=INT8), zero()])
    quantize, product = net.layers
    assert (quantize.op.flop, quantize.op.D_vol) == (7 * 4 * 64, (2 + 1) * 4 * 64)
    assert product.op.macs == 4 * 64 * 16
    assert product.op.reads == {"A": 4 * 64, "B as stored": 64 * 16}
    assert product.op.writes == {"C": 4 * 4 * 16}  # int32
    assert net.integer_bytes == 64 * 16


@pytest.mark.parametrize("op", ["QLinearConv", "QLinearMatMul"])
def test_operators_with_scales_between_their_operands(load, op):
    shape = (1, 8, 4, 4) if op == "QLinearConv" else (4, 8)
    w = (16, 8, 1, 1) if op == "QLinearConv" else (8, 16)
    bias = ["b"] if op == "QLinearConv" else []
    nodes = [node("QuantizeLinear", ["x", "s", "z"], ["xq"])]
    nodes.append(node(op, ["xq", "s", "z", "q", "s", "z", "s", "z", *bias], ["yq"]))
    nodes.append(node("Cast", ["yq"], ["y"], to=1))
    constants = [weight("q", *w, dtype=INT8), weight("b", 16, dtype=INT32), scalar("s", 0.1), zero()]
    net = load(nodes, [("x", shape)], constants[: 2 if bias else 1] + constants[2:])
    positions = 16 if bias else 4
    assert net.layers[1].op.macs == positions * 8 * 16
    assert net.layers[1].op.D_vol == positions * 8 + 8 * 16 + positions * 16
    assert net.integer_bytes == 8 * 16 + 4 * 16 * bool(bias)


def test_shared_integers_count_once(load):
    nodes, _, constants = dequantized(64, 64)
    nodes += [node("MatMul", ["y", "w"], ["y2"])]
    net = load(nodes, [("x", (1, 64))], constants)
    assert [layer.params for layer in net.layers] == [64 * 64, 0]
    assert net.integer_bytes == 64 * 64


# ---- what nobody counts


def test_weights_behind_an_unknown_operator_are_in_the_file_and_count(load):
    nodes = [node("Magic", ["x", "k"], ["m"], domain="com.example"), node("MatMul", ["m", "w"], ["y"])]
    constants = [weight("k", 30), weight("w", 64, 32)]
    net = load(nodes, [("x", (1, 64))], constants, domains=[("com.example", 1)])
    assert net.unknown == ("com.example.Magic m", "MatMul y (sized by one of these)")
    assert (net.params, net.loose) == (30 + 64 * 32, 30 + 64 * 32)
    assert net.weight_bytes(2) == 2 * (30 + 64 * 32)


def test_a_constant_that_is_no_weight_is_named(load):
    """A mask of truth values is none; running statistics and small shapes are known to be none, and not named."""
    nodes = [
        node("BatchNormalization", ["x", "a", "b", "mean", "var"], ["n"]),
        node("Where", ["mask", "n", "n"], ["m"]),
        node("Reshape", ["m", "to"], ["y"]),
    ]
    vectors = [weight(name, 100) for name in ("a", "b", "mean", "var")]
    mask = weight("mask", 1, 100, dtype=TensorProto.BOOL)
    net = load(nodes, [("x", (1, 100))], [*vectors, mask, ints("to", 10, 10), weight("unused", 70)])
    assert net.left_out == ("mask (BOOL, 100 B)", "unused (FLOAT, 280 B)")
    assert net.params == 200


# ---- operators between resolutions, and norms


@pytest.mark.parametrize(
    ("mode", "scales", "flop", "read", "kind"),
    [
        ("nearest", (1, 1, 2, 2), 0, 12, "movement"),
        ("linear", (1, 1, 2, 2), 9 * 48, 12, "resize"),  # 4 neighbours, 3 blends of 3 FLOP
        ("linear", (1, 1, 2, 1), 3 * 24, 12, "resize"),  # 2 neighbours, 1 blend
        ("nearest", (1, 1, 0.5, 0.5), 0, 3, "movement"),  # reads what it keeps
        ("linear", (1, 1, 1, 1), 0, 12, "movement"),
    ],
)
def test_resize_by_hand(load, mode, scales, flop, read, kind):
    factors = numpy_helper.from_array(np.array(scales, np.float32), "scales")
    net = load([node("Resize", ["x", "", "scales"], ["y"], mode=mode)], [("x", (1, 3, 2, 2))], [factors])
    (layer,) = net.layers
    written = 12 * np.prod(scales)
    assert (layer.op.kind, layer.op.flop) == (kind, flop)
    assert (layer.op.reads["x"], layer.op.writes["y"]) == (2 * read, 2 * written)
    assert net.params == 0  # the factors are no weights


def test_a_cubic_resize_is_named(load):
    factors = numpy_helper.from_array(np.array((1, 1, 2, 2), np.float32), "scales")
    net = load([node("Resize", ["x", "", "scales"], ["y"], mode="cubic")], [("x", (1, 3, 2, 2))], [factors])
    assert net.unknown == ("Resize y (cubic)",)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("group", [1, 2])
def test_a_transposed_convolution_does_what_the_evaluator_sums(load, stride, group):
    """With ones everywhere and no padding each output is the number of products that meet there; groups are alike."""
    x, w = (1, 4, 5, 3), (4, 6 // group, 3, 2)
    nodes = [node("ConvTranspose", ["x", "w"], ["y"], strides=[stride] * 2, group=group)]
    (layer,) = load(nodes, [("x", x)], [weight("w", *w)]).layers
    one = [node("ConvTranspose", ["x", "w"], ["y"], strides=[stride] * 2)]
    ones = numpy_helper.from_array(np.ones((4 // group, *w[1:]), np.float32), "w")
    part = (1, 4 // group, 5, 3)
    (y,) = ReferenceEvaluator(graph(one, [("x", part)], [("y", None)], [ones])).run(None, {"x": np.ones(part, "f4")})
    assert layer.op.macs == layer.op.flop / 2 == group * y.sum()
    assert layer.op.D_vol == 2 * (np.prod(x) + np.prod(w) + group * y.size)
    assert layer.params == np.prod(w)


def test_a_norm_over_each_channel_costs_what_layernorm_costs(load):
    """Six FLOP an element; one read, one write, and two vectors of the channels."""
    nodes = [node("InstanceNormalization", ["x", "a", "b"], ["y"])]
    (layer,) = load(nodes, [("x", (2, 8, 5, 5))], [weight("a", 8), weight("b", 8)]).layers
    assert (layer.op.flop, layer.op.D_vol, layer.params) == (6 * 400, 2 * (400 + 16 + 400), 16)
