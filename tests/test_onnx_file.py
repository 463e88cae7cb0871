"""The .onnx reader: against labcore's own networks, ONNX's reference evaluator, and counts by hand."""

import os
import sys
from math import prod

import numpy as np
import pytest
from onnx import TensorProto, checker, helper, load_model, numpy_helper
from onnx.reference import ReferenceEvaluator

from labcore.models.onnx_file import read
from labcore.models.zoo import build
from tests.onnx_graphs import (
    INT64,
    ResNet50,
    graph,
    ints,
    scalar,
    value,
    weight,
    write,
    write_resnet50,
    write_transformer_block,
)

node = helper.make_node


def counts(layer):
    return layer.op.kind, layer.op.flop, layer.op.macs, layer.op.D_vol, layer.params


@pytest.fixture
def load(tmp_path):
    """Write a graph and read it again."""

    def load(nodes, inputs, constants=(), batch=None, shapes=None, precision=None, **options):
        path = write(tmp_path / "g.onnx", nodes, inputs, [(nodes[-1].output[0], None)], constants, **options)
        return read(path, batch, shapes, precision)

    return load


def single(network):
    (layer,) = network.layers
    assert network.unknown == ()
    return layer


def array(name, *dims):
    """A weight whose values are in the file."""
    return numpy_helper.from_array(np.zeros(dims, np.float32), name)


# Whole networks -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resnet50(tmp_path_factory):
    return write_resnet50(tmp_path_factory.mktemp("onnx") / "resnet50.onnx", batch=32)


def test_resnet50_agrees_layer_by_layer(resnet50):
    file, table = read(resnet50, precision="fp16"), build("resnet50", batch=32)
    for a, b in zip(file.layers, table.layers, strict=True):
        assert counts(a) == counts(b), (a.name, b.name)
    assert (file.params, file.batch, file.unknown) == (25_557_032, 32, ())
    assert file.source is None
    assert file.note == "read from resnet50.onnx (labcore tests opset 17)"


def test_a_resnet50_that_strides_as_v1_does_not_agree(tmp_path, monkeypatch):
    """The comparison above can fail: with v1's stride on the first 1x1 the layers differ."""

    def bottleneck_of_v1(self, x, channels, width, out, stride):
        y = self.node("Relu", [self.conv(x, channels, width, 1, stride)])
        y = self.conv(self.node("Relu", [self.conv(y, width, width, 3, 1)]), width, out, 1, 1)
        shortcut = x if channels == out else self.conv(x, channels, out, 1, stride)
        return self.node("Relu", [self.node("Add", [y, shortcut])])

    monkeypatch.setattr(ResNet50, "bottleneck", bottleneck_of_v1)
    v1, v15 = read(write_resnet50(tmp_path / "v1.onnx"), precision="fp16"), build("resnet50", batch=32)
    differ = [b.name for a, b in zip(v1.layers, v15.layers, strict=True) if counts(a) != counts(b)]
    assert differ == [f"layer{stage}.0.{name}" for stage in (2, 3, 4) for name in ("conv1", "relu1", "conv2")]


def test_a_folded_resnet50_has_one_vector_a_convolution_less(tmp_path):
    """A folded file keeps a bias where training had a scale and a bias."""
    folded, table = (
        read(write_resnet50(tmp_path / "f.onnx", folded=True), precision="fp16"),
        build("resnet50", batch=32),
    )
    for a, b in zip(folded.layers, table.layers, strict=True):
        assert counts(a)[:4] == counts(b)[:4]
    channels = 64 + sum((2 * w + out) * blocks + out for w, out, blocks, _ in ResNet50.STAGES)
    assert folded.params == 25_557_032 - channels


def test_the_test_files_are_small_and_hold_no_weights(resnet50):
    assert resnet50.stat().st_size < 50_000
    assert [path.name for path in resnet50.parent.iterdir()] == ["resnet50.onnx"]


@pytest.mark.parametrize("writer", [write_resnet50, write_transformer_block])
def test_the_test_files_are_valid_onnx(tmp_path, writer):
    """With weights as inputs, since the checker would open the file they are said to be in."""
    model = load_model(writer(tmp_path / "x.onnx"), load_external_data=False)
    outside = [w for w in model.graph.initializer if w.external_data]
    for w in outside:
        model.graph.input.append(value(w.name, w.dims))
        model.graph.initializer.remove(w)
    checker.check_model(model, full_check=True)


def test_an_open_batch_takes_the_one_asked_for(tmp_path, resnet50):
    path = write_resnet50(tmp_path / "open.onnx", batch="N")
    fixed = read(resnet50)
    for network in (read(path, batch=32), read(path, shapes={"images": (32, 3, 224, 224)})):
        assert [counts(one) for one in network.layers] == [counts(one) for one in fixed.layers]
        assert network.batch == 32


def test_without_a_precision_the_file_decides(resnet50):
    single_precision, half = read(resnet50), read(resnet50, precision="fp16")
    assert single_precision.D_vol == 2 * half.D_vol
    assert read(resnet50, precision="int4").D_vol == half.D_vol / 4


def test_a_transformer_block_agrees_with_gpt2(tmp_path):
    """GPT-2's first block as a file; beside the shared layers the file has its biases, scaling and transposes apart."""
    d, tokens = 768, 2 * 16
    path = write_transformer_block(tmp_path / "block.onnx", batch=2, seq=16, d=d, heads=12, vocab=50257)
    file, table = read(path, precision="fp16"), build("gpt2", batch=2, seq=16)
    shared = ("embedding", "layernorm", "matmul", "softmax")
    mine = [one for one in table.layers if one.op.kind in shared and one.name not in ("norm", "head")]
    theirs = [one for one in file.layers if one.op.kind in shared]
    assert [counts(one)[:4] for one in theirs] == [counts(one)[:4] for one in mine]
    assert file.params == 50257 * d + 12 * d * d + 13 * d
    rest = [(one.name, one.op.flop) for one in file.layers if one.op.kind == "elementwise" and one.params == 0]
    assert rest == [
        ("div10", 2 * 12 * 16 * 16),  # by the root of the head size
        ("add19", tokens * d),
        ("gelu23", 9 * tokens * 4 * d),
        ("add26", tokens * d),
    ]
    assert sum(one.op.kind == "movement" for one in file.layers) == 1 + 4  # the split, and Q, K, V and the way back
    assert file.unknown == ()


# Windows, against the reference evaluator -----------------------------------------------------------------------------

WINDOWS = [
    {},
    {"strides": [2, 1]},
    {"strides": [2, 3], "dilations": [2, 1], "pads": [2, 0, 1, 3]},
    {"pads": [0, 1, 2, 3]},  # top, left, bottom, right
    {"dilations": [3, 2], "pads": [3, 3, 3, 3]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [3, 2]},
    {"auto_pad": "SAME_UPPER", "dilations": [2, 2]},
    {"auto_pad": "VALID", "strides": [2, 2]},
]


@pytest.mark.parametrize("attributes", WINDOWS, ids=str)
@pytest.mark.parametrize("group", [1, 2, 4])
def test_convolutions_have_the_size_that_the_evaluator_computes(load, attributes, group):
    nodes = [node("Conv", ["x", "w", "b"], ["y"], group=group, **attributes)]
    x, w = (2, 4, 13, 11), (8, 4 // group, 3, 2)
    layer = single(load(nodes, [("x", x)], [array("w", *w), array("b", 8)]))
    model = graph(nodes, [("x", x)], [("y", None)], [array("w", *w), array("b", 8)])
    (y,) = ReferenceEvaluator(model).run(None, {"x": np.zeros(x, np.float32)})
    assert layer.op.macs == y.size * prod(w[1:])
    assert layer.op.reads == {"x": 4 * prod(x), "w": 4 * prod(w)}
    assert layer.op.writes == {"y": y.nbytes}
    assert layer.params == prod(w) + 8


@pytest.mark.parametrize("op", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("attributes", [w for w in WINDOWS if "dilations" not in w], ids=str)
@pytest.mark.parametrize("ceil_mode", [0, 1])
def test_pools_have_the_size_that_the_evaluator_computes(load, op, attributes, ceil_mode):
    """The evaluator's MaxPool swaps the sides of uneven pads (onnx 1.23), so its AveragePool is asked for both."""
    if ceil_mode and "auto_pad" in attributes:
        return  # ONNX leaves the two together undefined
    nodes = [node(op, ["x"], ["y"], kernel_shape=[4, 4], ceil_mode=ceil_mode, **attributes)]
    layer = single(load(nodes, [("x", (2, 4, 13, 11))], opset=18))
    nodes[0].op_type = "AveragePool"
    model = graph(nodes, [("x", (2, 4, 13, 11))], [("y", None)], opset=18)
    (y,) = ReferenceEvaluator(model).run(None, {"x": np.zeros((2, 4, 13, 11), np.float32)})
    assert (layer.op.flop, layer.op.macs) == (y.size * 4 * 4, 0)
    assert layer.op.D_vol == 4 * 2 * 4 * 13 * 11 + y.nbytes


def test_a_depthwise_convolution_by_hand(load):
    nodes = [node("Conv", ["x", "w"], ["y"], group=32, pads=[1, 1, 1, 1], strides=[2, 2])]
    layer = single(load(nodes, [("x", (1, 32, 112, 112))], [weight("w", 32, 1, 3, 3)], precision="fp16"))
    assert layer.op.macs == 32 * 56 * 56 * 9
    assert layer.op.D_vol == 2 * (32 * 112 * 112 + 32 * 9 + 32 * 56 * 56)


def test_a_dilated_convolution_by_hand(load):
    """Taps 0, 2, 4 of 9 positions fit 5 times."""
    nodes = [node("Conv", ["x", "w"], ["y"], dilations=[2, 2])]
    assert single(load(nodes, [("x", (1, 1, 9, 9))], [weight("w", 1, 1, 3, 3)])).op.macs == 5 * 5 * 9


def test_a_convolution_along_one_axis(load):
    nodes = [node("Conv", ["x", "w"], ["y"], strides=[2], pads=[1, 0])]
    layer = single(load(nodes, [("x", (2, 3, 10))], [weight("w", 5, 3, 4)]))
    assert layer.op.macs == 2 * 5 * 4 * 3 * 4  # (10 + 1 - 4) // 2 + 1 = 4 positions
    assert layer.op.shape["H"] == layer.op.shape["R"] == 1


# Matrices -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((6, 5), (5, 4)),
        ((2, 3, 6, 5), (5, 4)),  # weights shared by all rows
        ((2, 3, 6, 5), (2, 3, 5, 4)),
        ((2, 3, 6, 5), (2, 1, 5, 4)),  # one operand of three heads
        ((6, 5), (3, 5, 4)),
        ((5,), (5, 4)),
        ((6, 5), (5,)),
    ],
)
def test_matmul_counts_broadcast_operands_once(load, a, b):
    layer = single(load([node("MatMul", ["a", "b"], ["y"])], [("a", a), ("b", b)]))
    y = np.matmul(np.zeros(a), np.zeros(b))
    assert layer.op.macs == y.size * 5
    assert layer.op.reads == {"A": 4 * prod(a), "B": 4 * prod(b)}
    assert layer.op.writes == {"C": 4 * y.size}


def test_weights_without_a_batch_make_one_product(load):
    shape = single(load([node("MatMul", ["a", "w"], ["y"])], [("a", (2, 3, 5))], [weight("w", 5, 4)])).op.shape
    assert shape == {"batch": 1, "M": 6, "K": 5, "N": 4}


def test_a_batch_of_matrices_keeps_its_batch(load):
    shape = single(load([node("MatMul", ["a", "b"], ["y"])], [("a", (2, 3, 6, 5)), ("b", (2, 3, 5, 4))])).op.shape
    assert shape == {"batch": 6, "M": 6, "K": 5, "N": 4}


def test_a_matrix_times_itself_is_read_once(load):
    assert single(load([node("MatMul", ["a", "a"], ["y"])], [("a", (6, 6))])).op.D_vol == 4 * (36 + 36)


@pytest.mark.parametrize("transA", [0, 1])
@pytest.mark.parametrize("transB", [0, 1])
def test_gemm_with_either_operand_transposed(load, transA, transB):
    a, b = ((3, 6) if transA else (6, 3)), ((5, 3) if transB else (3, 5))
    nodes = [node("Gemm", ["a", "w", "bias"], ["y"], transA=transA, transB=transB)]
    layer = single(load(nodes, [("a", a)], [weight("w", *b), weight("bias", 5)]))
    assert layer.op.shape == {"batch": 1, "M": 6, "K": 3, "N": 5}
    assert (layer.op.flop, layer.op.D_vol, layer.params) == (2 * 6 * 3 * 5, 4 * (18 + 15 + 30), 15 + 5)


def test_gemm_adds_a_whole_matrix(load):
    nodes = [node("Gemm", ["a", "b", "c"], ["y"])]
    op = single(load(nodes, [("a", (6, 3)), ("b", (3, 5)), ("c", (6, 5))])).op
    assert (op.flop, op.D_vol) == (2 * 90 + 30, 4 * (18 + 15 + 30 + 30))


# Elementwise, movement, what is free ----------------------------------------------------------------------------------


def test_broadcast_operands_have_their_true_size(load):
    layer = single(load([node("Add", ["x", "b"], ["y"])], [("x", (8, 16, 32))], [weight("b", 32)]))
    assert counts(layer) == ("elementwise", 8 * 16 * 32, 0, 4 * (2 * 8 * 16 * 32 + 32), 32)


def test_an_operand_used_twice_is_read_once(load):
    assert single(load([node("Mul", ["x", "x"], ["y"])], [("x", (8, 4))])).op.D_vol == 4 * (32 + 32)


def test_clip_is_relu6(load):
    """Its bounds are part of the instruction: no bytes, no parameters."""
    nodes = [node("Clip", ["x", "low", "high"], ["y"])]
    clip = single(load(nodes, [("x", (1, 32, 112, 112))], [scalar("low", 0), scalar("high", 6)], precision="fp16"))
    relu6 = next(one for one in build("mobilenetv2").layers if one.name == "relu6")
    assert counts(clip) == counts(relu6)


@pytest.mark.parametrize(
    ("op", "flop"), [("Relu", 1), ("Sigmoid", 4), ("Tanh", 1), ("Erf", 1), ("Sqrt", 1), ("Exp", 1), ("HardSwish", 5)]
)
def test_flop_of_an_element(load, op, flop):
    assert counts(single(load([node(op, ["x"], ["y"])], [("x", (3, 5))]))) == ("elementwise", 15 * flop, 0, 4 * 30, 0)


@pytest.mark.parametrize(("how", "flop"), [("none", 5), ("tanh", 9)])
def test_gelu_by_either_formula(load, how, flop):
    layer = single(load([node("Gelu", ["x"], ["y"], approximate=how)], [("x", (3, 5))], opset=20))
    assert layer.op.flop == 15 * flop


def test_shapes_and_names_are_free(load):
    nodes = [
        node("Identity", ["x"], ["a"]),
        node("Unsqueeze", ["a", "axis"], ["b"]),
        node("Squeeze", ["b", "axis"], ["c"]),
        node("Flatten", ["c"], ["d"]),
        node("Dropout", ["d"], ["e"]),
        node("Cast", ["e"], ["f"], to=1),
        node("Reshape", ["f", "shape"], ["g"]),
        node("Relu", ["g"], ["y"]),
    ]
    layer = single(load(nodes, [("x", (2, 3, 4))], [ints("axis", 0), ints("shape", 6, 4)]))
    assert counts(layer) == ("elementwise", 24, 0, 4 * 48, 0)


def test_arithmetic_on_shapes_is_done_before_the_run(load):
    """How exporters write x.reshape(x.shape[0], -1): it sizes the matmul and costs nothing."""
    nodes = [
        node("Shape", ["x"], ["s"]),
        node("Gather", ["s", "zero"], ["n"]),
        node("Unsqueeze", ["n", "axis"], ["n1"]),
        node("Constant", [], ["rest"], value=ints("", -1)),
        node("Concat", ["n1", "rest"], ["shape"], axis=0),
        node("Reshape", ["x", "shape"], ["flat"]),
        node("MatMul", ["flat", "w"], ["y"]),
    ]
    zero = numpy_helper.from_array(np.array(0, np.int64), "zero")
    layer = single(load(nodes, [("x", ("N", 3, 4))], [weight("w", 12, 5), ints("axis", 0), zero], batch=7))
    assert layer.op.shape == {"batch": 1, "M": 7, "K": 12, "N": 5}


@pytest.mark.parametrize(
    ("nodes", "constants", "read_elements", "written"),
    [
        ([node("Transpose", ["x"], ["y"], perm=[1, 0])], [], 60, 60),
        ([node("Slice", ["x", "from", "to"], ["y"])], [ints("from", 0, 2), ints("to", 3, 6)], 12, 12),
        ([node("Split", ["x", "parts"], ["y", "z"], axis=1)], [ints("parts", 4, 6)], 60, 60),
        ([node("Concat", ["x", "x2"], ["y"], axis=0)], [weight("x2", 4, 10)], 100, 100),
        ([node("Pad", ["x", "pads"], ["y"])], [ints("pads", 1, 0, 1, 0)], 60, 80),
        ([node("Expand", ["x", "to"], ["y"])], [ints("to", 3, 6, 10)], 60, 180),
        ([node("Gather", ["x", "rows"], ["y"], axis=1)], [ints("rows", 1, 3)], 12 + 2 * 2, 12),  # int64 is two floats
    ],
    ids=lambda part: part[0].op_type if isinstance(part, list) and part and hasattr(part[0], "op_type") else None,
)
def test_movement_by_hand(load, nodes, constants, read_elements, written):
    op = single(load(nodes, [("x", (6, 10))], constants)).op
    assert (op.kind, op.flop, op.D_vol) == ("movement", 0, 4 * (read_elements + written))


def test_an_embedding_reads_the_rows_it_looks_up(load):
    nodes = [node("Gather", ["table", "ids"], ["y"])]
    layer = single(load(nodes, [("ids", (2, 8), INT64)], [weight("table", 50_000, 64)], precision="fp16"))
    assert counts(layer) == ("embedding", 0, 0, 2 * 8 * (2 * 64 * 2 + 8), 50_000 * 64)


@pytest.mark.parametrize(
    ("op", "flop"),
    [
        ("ReduceSum", 1), ("ReduceMax", 1), ("ReduceL1", 1),
        ("ReduceL2", 2), ("ReduceSumSquare", 2),  # a product and a sum
        ("ReduceLogSumExp", 2),  # an exponential and a sum
    ],
)  # fmt: skip
def test_flop_of_a_reduced_element(load, op, flop):
    layer = single(load([node(op, ["x"], ["y"], keepdims=0)], [("x", (6, 10))]))
    assert layer.op.flop == flop * 6 * 10


@pytest.mark.parametrize(
    ("kind", "nbytes"),
    [("DOUBLE", 8), ("FLOAT", 4), ("FLOAT16", 2), ("BFLOAT16", 2), ("FLOAT8E4M3FN", 1), ("FLOAT8E4M3FNUZ", 1),
     ("FLOAT8E5M2", 1), ("FLOAT8E5M2FNUZ", 1), ("FLOAT4E2M1", 1 / 2), ("INT64", 8), ("UINT64", 8), ("INT32", 4),
     ("UINT32", 4), ("INT16", 2), ("UINT16", 2), ("INT8", 1), ("UINT8", 1), ("BOOL", 1), ("INT4", 1 / 2),
     ("UINT4", 1 / 2)],
)  # fmt: skip
def test_an_element_has_the_bytes_of_its_type(tmp_path, kind, nbytes):
    """A transpose reads and writes every element once; opset 23 allows it for all types."""
    dtype = getattr(TensorProto, kind)
    path = tmp_path / "g.onnx"
    write(path, [node("Transpose", ["x"], ["y"])], [("x", (6, 10), dtype)], [("y", (10, 6), dtype)], opset=23)
    assert single(read(path)).op.D_vol == 2 * 6 * 10 * nbytes


def test_reductions_read_all_and_write_little(load):
    layer = single(load([node("ReduceMean", ["x"], ["y"], axes=[1], keepdims=0)], [("x", (6, 10))]))
    assert counts(layer) == ("reduction", 60, 0, 4 * (60 + 6), 0)


@pytest.mark.parametrize(("opset", "axis", "cols"), [(13, 1, 3), (11, 1, 12), (13, -1, 4)])
def test_softmax_before_and_since_opset_13(load, opset, axis, cols):
    op = single(load([node("Softmax", ["x"], ["y"], axis=axis)], [("x", (2, 3, 4))], opset=opset)).op
    assert (op.shape["rows"], op.shape["cols"], op.flop) == (24 // cols, cols, 3 * 24)


def test_a_normalization_without_a_bias_reads_none(load):
    nodes = [node("LayerNormalization", ["x", "scale"], ["y"])]
    layer = single(load(nodes, [("x", (6, 10))], [weight("scale", 10)]))
    assert counts(layer) == ("layernorm", 6 * 60, 0, 4 * (60 + 10 + 60), 10)


# Parameters -----------------------------------------------------------------------------------------------------------


def norm(x, y, **attributes):
    vectors = ["scale", "bias", "mean", "var"]
    return node("BatchNormalization", [x, *vectors], [y], **attributes), [weight(v, 4) for v in vectors]


def test_a_norm_that_alone_follows_a_convolution_is_folded(load):
    follows, vectors = norm("c", "y")
    layer = single(
        load([node("Conv", ["x", "w"], ["c"]), follows], [("x", (1, 3, 8, 8))], [weight("w", 4, 3, 1, 1), *vectors])
    )
    assert (layer.op.kind, layer.params) == ("conv2d", 12 + 2 * 4)  # not its running mean and variance


def test_a_norm_elsewhere_is_a_layer(load):
    alone, vectors = norm("x", "y")
    layer = single(load([alone], [("x", (1, 4, 8, 8))], vectors))
    assert counts(layer) == ("elementwise", 2 * 256, 0, 4 * (2 * 256 + 4 * 4), 2 * 4)


def test_a_norm_is_not_folded_into_a_convolution_that_others_read(load):
    follows, vectors = norm("c", "n")
    nodes = [node("Conv", ["x", "w"], ["c"]), follows, node("Add", ["c", "n"], ["y"])]
    network = load(nodes, [("x", (1, 3, 8, 8))], [weight("w", 4, 3, 1, 1), *vectors])
    assert [one.op.kind for one in network.layers] == ["conv2d", "elementwise", "elementwise"]
    assert network.params == 12 + 8


def test_shared_weights_count_once(load):
    """An embedding table that is the output head too, transposed before the run."""
    nodes = [
        node("Gather", ["table", "ids"], ["x"]),
        node("Transpose", ["table"], ["head"], perm=[1, 0]),
        node("MatMul", ["x", "head"], ["y"]),
    ]
    network = load(nodes, [("ids", (8,), INT64)], [weight("table", 100, 64)])
    assert [(one.op.kind, one.params) for one in network.layers] == [("embedding", 6400), ("matmul", 0)]
    assert network.layers[1].op.macs == 8 * 64 * 100


def test_weights_in_constant_nodes_and_in_old_inputs_are_weights(load):
    """Some exporters write weights as Constant nodes; before IR 4 initializers are listed among the inputs."""
    nodes = [node("Constant", [], ["w"], value=array("", 12, 8)), node("MatMul", ["x", "w"], ["y"])]
    assert single(load(nodes, [("x", (2, 12))])).params == 96
    nodes = [node("MatMul", ["x", "w"], ["y"])]
    listed = load(nodes, [("w", (12, 8)), ("x", ("N", 12))], [array("w", 12, 8)], batch=2, ir_version=3)
    assert (single(listed).params, listed.batch) == (96, 2)


def test_functions_of_the_file_are_written_out(tmp_path):
    body = [node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["c"])]
    twice = helper.make_function("own", "Twice", ["a"], ["c"], body, [helper.make_opsetid("", 17)])
    model = graph([node("Twice", ["x"], ["y"], domain="own")], [("x", (2, 3))], [("y", (2, 3))], domains=[("own", 1)])
    model.functions.append(twice)
    (tmp_path / "f.onnx").write_bytes(model.SerializeToString())
    assert [one.op.flop for one in read(tmp_path / "f.onnx").layers] == [6, 6]


# What cannot be counted -----------------------------------------------------------------------------------------------


def test_an_unknown_operator_is_named_with_all_that_hangs_on_its_size(load):
    nodes = [
        node("Relu", ["x"], ["a"], name="first"),
        node("Magic", ["a"], ["b"], name="m", domain="com.example"),
        node("Reshape", ["b", "shape"], ["c"], name="free"),
        node("MatMul", ["c", "w"], ["y"], name="last"),
    ]
    network = load(nodes, [("x", (2, 3))], [weight("w", 3, 4), ints("shape", 0, -1)], domains=[("com.example", 1)])
    assert [one.name for one in network.layers] == ["first"]
    assert network.unknown == ("com.example.Magic m", "MatMul last (sized by one of these)")


def test_what_follows_an_unknown_operator_counts_where_its_size_is_known(load):
    nodes = [node("LRN", ["x"], ["a"], name="l", size=3), node("Relu", ["a"], ["y"])]
    network = load(nodes, [("x", (1, 4, 5, 5))])
    assert network.unknown == ("LRN l",)
    assert [one.op.flop for one in network.layers] == [100]


def test_a_made_up_standard_operator_is_unknown_too(load):
    assert load([node("Frobnicate", ["x"], ["y"])], [("x", (2, 3))]).unknown == ("Frobnicate y",)


def test_a_known_operator_in_a_form_that_is_not_counted_is_named(load):
    follows, vectors = norm("c", "y")
    volumes = [node("Conv", ["x", "w"], ["c"], name="volumes"), follows]
    network = load(volumes, [("x", (1, 2, 5, 5, 5))], [weight("w", 4, 2, 3, 3, 3), *vectors])
    assert network.unknown == ("Conv volumes over 3 axes",)
    assert [one.op.flop for one in network.layers] == [2 * 4 * 3**3]  # the norm, which has nothing to be folded into
    vectors = ["scale", "bias", "mean", "var"]
    training = node("BatchNormalization", ["x", *vectors], ["y", "mean2", "var2"], name="b", training_mode=1)
    network = load([training], [("x", (1, 4, 8, 8))], [weight(v, 4) for v in vectors])
    assert network.unknown == ("BatchNormalization b in training mode",)


def test_sizes_that_depend_on_the_data_are_not_guessed(load):
    nodes = [node("NonZero", ["x"], ["i"]), node("Cast", ["i"], ["f"], to=1), node("Relu", ["f"], ["y"])]
    assert load(nodes, [("x", (2, 3))]).unknown == ("NonZero i", "Relu y (sized by one of these)")


@pytest.mark.parametrize(
    ("inputs", "options", "text"),
    [
        (
            [("x", ("N", 3, "h", "w"))],
            {},
            "input 'x' leaves sizes open, N x 3 x h x w; fix them with --shape x=1,3,224,224",
        ),
        (
            [("x", (-1, 3, 8, 8))],
            {},
            "input 'x' leaves sizes open, ? x 3 x 8 x 8; fix them with --batch N or --shape x=1,3,8,8",
        ),
        ([("x", ("N", "T"))], {"batch": 4}, "input 'x' leaves sizes open, 4 x T; fix them with --shape x=4,128"),
        ([("x", None)], {}, "input 'x' has no shape in the file; give one with --shape x=1,3,224,224"),
        ([("x", (1, 3))], {"shapes": {"z": (1,)}}, "the file has no input 'z' to give a shape; it has x"),
        ([("x", (1, 3))], {"shapes": {"x": (2, 3)}}, "input 'x' is 1 x 3 in the file, which 2 x 3 contradicts"),
        ([("x", ("N", 3))], {"shapes": {"x": (2,)}}, "input 'x' is N x 3 in the file, which 2 contradicts"),
        (
            [("x", (1, 3))],
            {"batch": 2},
            "batch 2 contradicts the file, whose input 'x' is fixed at 1 x 3; leave the batch out, "
            "or export with an open first dimension",
        ),
        (
            [("x", ("N", 3)), ("z", ("N", 3))],
            {"batch": 2, "shapes": {"x": (4, 3)}},
            "size 'N' of the file cannot be both 4 and 2",
        ),
    ],
)
def test_sizes_that_are_open_or_contradict(load, inputs, options, text):
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the whole text is compared)
        load([node("Relu", ["x"], ["y"])], inputs, **options)
    assert str(error.value) == f"g.onnx: {text}"


def test_an_input_without_any_shape_takes_the_one_given(load):
    assert single(load([node("Relu", ["x"], ["y"])], [("x", None)], shapes={"x": (2, 5)})).op.flop == 10


def test_a_symbol_has_one_size_in_the_whole_file(load):
    """A shape given for one input fixes the other that shares its symbols."""
    nodes = [node("Add", ["x", "z"], ["y"])]
    network = load(nodes, [("x", ("N", "T")), ("z", ("N", "T"))], shapes={"z": (2, 5)})
    assert single(network).op.flop == 10


UNFIT = "the graph does not fit together: "


@pytest.mark.parametrize(
    ("nodes", "inputs", "text"),
    [
        ([node("MatMul", ["x", "z"], ["y"])], {"x": (2, 3), "z": (4, 5)}, f"{UNFIT}[ShapeInferenceError]"),
        ([node("Relu", ["nowhere"], ["y"])], {"x": (2, 3)}, f"{UNFIT}[ShapeInferenceError]"),
        ([node("Relu", ["x", "x"], ["y"])], {"x": (2, 3)}, f"{UNFIT}[ShapeInferenceError]"),
        (
            [node("Conv", ["x", "w"], ["y"], name="c")],
            {"x": (1, 5, 8, 8), "w": (4, 3, 1, 1)},
            "Conv c: weights (4, 3, 1, 1) in 1 groups do not fit 5 input channels",
        ),
        (
            [node("Conv", ["x", "w"], ["y"], name="c", kernel_shape=[2, 2])],
            {"x": (1, 3, 8, 8), "w": (4, 3, 3, 3)},
            "Conv c: the file gives an output of (7, 7), its sizes give (6, 6); export it anew",
        ),
        (
            [node("Conv", ["x", "w"], ["y"], name="c")],
            {"x": (1, 3, 8, 8), "w": (4, 3, 9, 9)},
            "Conv c: the size of 'y' does not follow from the inputs; export fixed sizes",
        ),
    ],
)
def test_graphs_that_do_not_fit_together(load, nodes, inputs, text):
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the text is compared below)
        load(nodes, list(inputs.items()))
    assert str(error.value).startswith(f"g.onnx: {text}")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("text.onnx", b"this is not a network\n", "is not an ONNX file: its 22 bytes do not parse as one"),
        ("empty.onnx", b"", "is not an ONNX file: it holds no graph"),
        ("picture.onnx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not an ONNX file: its 16 bytes do not parse as one"),
        ("folder.onnx", None, "cannot be read (Is a directory); give the path of an .onnx file"),
        ("missing.onnx", ..., "does not exist; give the path of an .onnx file"),
    ],
)
def test_what_is_not_onnx(tmp_path, capfd, name, content, text):
    path = tmp_path / name
    if content is None:
        path.mkdir()
    elif content is not ...:
        path.write_bytes(content)
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the whole text is compared)
        read(path)
    assert str(error.value) == f"{path} {text}"
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ValueError, match=r"pipe.onnx is no file; give the path of an .onnx file$"):
        read(tmp_path / "pipe.onnx")


def test_half_a_file_is_not_onnx(tmp_path, resnet50):
    half = tmp_path / "half.onnx"
    half.write_bytes(resnet50.read_bytes()[:10_000])
    with pytest.raises(ValueError, match=r"half.onnx is not an ONNX file: its 10000 bytes do not parse as one$"):
        read(half)


def test_without_the_onnx_package(monkeypatch, resnet50):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(
        ValueError, match=r'^reading .onnx files needs the onnx package: pip install "labcore\[onnx\]"$'
    ):
        read(resnet50)


@pytest.mark.parametrize(("batch", "precision", "text"), [(0, None, "batch must be"), (1, "fp12", "precision 'fp12'")])
def test_options_are_checked_before_the_file_is_read(batch, precision, text):
    with pytest.raises(ValueError, match=f"^{text}"):
        read("no.onnx", batch, precision=precision)
