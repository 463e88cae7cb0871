"""The compiler's graph, its operators against outside references, and .onnx files that others wrote."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100
from labcore.compiler.cost import cost, params
from labcore.compiler.draft import Draft
from labcore.compiler.graph import Tensor, graph, rebuilt
from labcore.compiler.networks import decoder_block, gpt2_block, resnet50, small_cnn
from labcore.compiler.onnx_import import import_onnx
from labcore.compiler.operators import OPERATORS, operator
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.run import random_inputs, run, run_all
from labcore.running_order import running_order
from tests.random_graphs import random_graph

EXPORTED = Path(__file__).parent / "exported"
X = {"x": (1, 4, 6, 6)}


def refused(steps, constants=None, inputs=X, outputs=()):
    with pytest.raises(ValueError) as error:  # noqa: PT011 (the callers read the text)
        graph(inputs, steps, constants, outputs)
    return str(error.value)


def test_shapes_that_clash_say_where_and_which():
    steps = {"p": ("max_pool", "x", {"kernel": 2, "stride": 2}), "s": ("add", "x", "p")}
    text = "s: add cannot take x (1, 4, 6, 6), p (1, 4, 3, 3): the shapes do not broadcast; from the last axis on"
    assert refused(steps).startswith(text)
    text = refused({"c": ("conv2d", "x", "w")}, {"w": np.ones((8, 3, 3, 3))})
    assert text == (
        "c: conv2d cannot take x (1, 4, 6, 6), w (8, 3, 3, 3): "
        "filters of 3 channels in 1 group(s) want 3 channels, got 4"
    )
    text = refused({"y": ("gemm", "x", "w", "b")}, {"w": np.ones((6, 5)), "b": np.ones(6)})
    assert text.endswith("vectors of (5,) are wanted, got (6,)")
    assert refused({"y": ("matmul", "x", "x", {})}, inputs={"x": (2, 3)}).endswith("with the same K")
    assert "do not fill (7, 20)" in refused({"y": ("reshape", "x", {"shape": (7, 20)})})
    assert "axis from -4 to 3 is wanted, got 4" in refused({"y": ("concat", "x", "x", {"axis": 4})})
    assert "0 <= start < stop <= 4 is wanted, got 3 and 5" in refused(
        {"y": ("slice", "x", {"axis": 1, "start": 3, "stop": 5})}
    )


def test_unknown_operators_and_attributes_are_named_with_a_way_out():
    text = refused({"y": ("conv", "x")})
    assert text.startswith("operator 'conv' is not known; did you mean conv2d? There are conv2d, gemm, matmul, ")
    assert text.endswith(
        "to add one, give its shape rule, reference and work a row in labcore.compiler.operators.OPERATORS"
    )
    assert "max_pool has no attribute 'size'; it has kernel, stride, padding" in refused(
        {"y": ("max_pool", "x", {"size": 2})}
    )
    assert "max_pool needs its attribute 'kernel'" in refused({"y": ("max_pool", "x")})
    assert "add cannot take x (1, 4, 6, 6): 2 operands wanted, got 1" in refused({"y": ("add", "x")})
    assert "2 to 3 operands wanted, got 1" in refused({"y": ("conv2d", "x")})


def test_cycles_missing_names_and_bad_sizes():
    ring = refused({"a": ("relu", "b"), "b": ("relu", "c"), "c": ("relu", "a")})
    assert "is a cycle, and none of them can run first" in ring
    assert refused({"y": ("relu", "z")}) == "y reads 'z', which is neither given nor computed; nearest are y, x"
    assert refused({"x": ("relu", "x")}).startswith("'x' names two values")
    assert refused({"y": ("relu", "x")}, outputs=["z"]).startswith("output 'z' is no value of the graph")
    assert refused({}) == "a graph has at least one output; give it a step"
    assert refused({"y": ("relu", "x")}, inputs={"x": (1, 0)}).startswith("axis 1 of x must be a whole number")
    assert refused({"y": ("relu", "x")}, inputs={"x": 3}).startswith("the shape of x is a tuple such as (3,), got 3")
    with pytest.raises(ValueError, match=r"'layer1\.0\.convl'; the nearest names are layer1\.0\.conv3, "):
        resnet50().node("layer1.0.convl")
    with pytest.raises(ValueError, match="heads must divide the width 10, got 3"):
        decoder_block(1, 2, 10, 3)
    with pytest.raises(ValueError, match="batch must be a whole number of at least 1, got 0"):
        small_cnn(batch=0)


def test_inputs_of_a_run_are_checked():
    one = small_cnn(seed=1)
    with pytest.raises(ValueError, match=r"input images has the shape \(1, 3, 16, 16\), got nothing"):
        run(one, {})
    with pytest.raises(ValueError, match="the graph has no input 'x'; it has images"):
        run(one, {"x": np.ones(3)})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=12), st.randoms())
def test_the_order_is_one_in_which_everything_can_run(reads, random):
    steps = [(f"n{i}", tuple(f"n{j}" for j in words if j < i)) for i, words in enumerate(reads)]
    assert running_order(dict(steps), []) == [name for name, _ in steps]  # what can run as written keeps its order
    random.shuffle(steps)
    place = {name: i for i, name in enumerate(running_order(dict(steps), []))}
    assert all(place[word] < place[name] for name, words in steps for word in words)


def test_a_deep_graph_written_backwards_is_ordered():
    steps = {f"n{i}": ("relu", f"n{i - 1}" if i else "x") for i in reversed(range(3000))}
    assert [node.name for node in graph(X, steps).nodes][:2] == ["n0", "n1"]


@settings(max_examples=30, deadline=None)
@given(one=random_graph())
def test_inferred_shapes_and_types_are_those_of_the_run(one):
    values = run_all(one, random_inputs(one, 1))
    assert {name: Tensor(v.shape, str(v.dtype)) for name, v in values.items()} == one.tensors
    again = rebuilt(one, reversed(one.nodes))
    assert {name: set(readers) for name, readers in again.consumers.items()} == {
        name: set(readers) for name, readers in one.consumers.items()
    }


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_keeps_float32_and_counts_its_work(name):
    """One example each; compulsory traffic is at least every operand once, and a view has none."""
    x, v = Tensor((1, 4, 6, 6)), Tensor((4,))
    operands, attributes = {
        "conv2d": ([x, Tensor((8, 2, 3, 3)), Tensor((8,))], {"groups": 2}),
        "gemm": ([x, Tensor((6, 5)), Tensor((5,))], {}), "matmul": ([x, x], {"scale": 0.5}),
        "batch_norm": ([x, v, v, v, v], {}), "layernorm": ([x, Tensor((6,)), Tensor((6,))], {}),
        "softmax": ([x], {"causal": True}), "max_pool": ([x], {"kernel": 2}),
        "transpose": ([x], {"perm": (0, 2, 3, 1)}), "concat": ([x, x], {"axis": 1}),
        "slice": ([x], {"axis": 1, "start": 1, "stop": 3}), "layout": ([x], {"order": "NHWC"}),
        "reshape": ([x], {"shape": (4, 36)}), "embedding": ([Tensor((9, 3)), Tensor((2, 5), "int64")], {}),
    }.get(name, ([x] * operator(name).inputs[0], {}))  # fmt: skip
    one = graph(
        {f"x{i}": t for i, t in enumerate(operands)},
        {"y": (name, *(f"x{i}" for i in range(len(operands))), attributes)},
    )
    values = {key: np.abs(value) for key, value in random_inputs(one, 3).items()}
    y = run(one, values)["y"]
    assert (y.shape, y.dtype) == (one.node("y").shape, np.float32)
    assert np.isfinite(y).all()
    assert cost(one, A100).launches == (name != "reshape")
    if name != "reshape":
        assert cost(one, A100).D_vol >= 2 * y.size


def onnx_of(op, inputs, constants=(), opset=20, outputs=1, **attributes):
    from onnx import TensorProto, helper, numpy_helper

    names = [f"x{i}" for i in range(len(inputs))]
    weights = [numpy_helper.from_array(np.asarray(c), f"c{i}") for i, c in enumerate(constants)]
    out = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, [*names, *(w.name for w in weights)], out, **attributes)
    fed = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in zip(names, inputs, strict=True)]
    made = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in out]
    body = helper.make_graph([node], "g", fed, made, weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


RNG = np.random.default_rng(5)
W = {
    shape: RNG.standard_normal(shape).astype(np.float32)
    for shape in ((8, 4, 3, 3), (8, 1, 3, 3), (4,), (8,), (6, 5), (5, 6), (5,), (6,))
}
IMAGES = (2, 4, 7, 6)
CASES = {
    "Conv": (["Conv", [IMAGES], [W[8, 4, 3, 3], W[(8,)]]], {"strides": [2, 1], "pads": [0, 1, 2, 1]}),
    "Conv groups": (["Conv", [IMAGES], [W[8, 1, 3, 3]]], {"group": 4}),
    "Conv same": (["Conv", [IMAGES], [W[8, 4, 3, 3]]], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "Conv same lower": (["Conv", [IMAGES], [W[8, 4, 3, 3]]], {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    "MaxPool": (["MaxPool", [IMAGES]], {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 0, 1]}),
    "BatchNormalization": (["BatchNormalization", [IMAGES], [*[W[(4,)]] * 3, abs(W[(4,)])]], {"epsilon": 0.01}),
    "LayerNormalization": (["LayerNormalization", [IMAGES], [W[(6,)], W[(6,)]]], {"axis": -1}),
    "Clip": (["Clip", [IMAGES], [np.float32(0), np.float32(6)]], {}),
    "Gelu": (["Gelu", [IMAGES]], {}),
    "Gelu tanh": (["Gelu", [IMAGES]], {"approximate": "tanh"}),
    "Gemm": (["Gemm", [(3, 6)], [W[5, 6], W[(5,)]]], {"transB": 1}),
    "MatMul weights": (["MatMul", [(2, 3, 6)], [W[6, 5]]], {}),
    "MatMul": (["MatMul", [(2, 3, 6), (2, 6, 4)]], {}),
    "Softmax": (["Softmax", [IMAGES]], {"axis": -1}),
    "Transpose": (["Transpose", [IMAGES]], {"perm": [0, 2, 3, 1]}),
    "Transpose reversed": (["Transpose", [(2, 3, 4)]], {}),
    "Reshape": (["Reshape", [IMAGES], [np.array([0, -1, 6])]], {}),
    "Flatten": (["Flatten", [IMAGES]], {"axis": 2}),
    "ReduceMean": (["ReduceMean", [IMAGES], [np.array([-1, -2])]], {"keepdims": 0}),
    "Concat": (["Concat", [IMAGES, IMAGES]], {"axis": 1}),
    "Split": (["Split", [IMAGES], [np.array([1, 3])], 20, 2], {"axis": 1}),
    "Sigmoid": (["Sigmoid", [IMAGES]], {}),
    "Sub": (["Sub", [IMAGES, (4, 1, 1)]], {}),
    "GlobalAveragePool": (["GlobalAveragePool", [IMAGES]], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_operators_compute_what_onnx_says(case, tmp_path):
    """The oracle is the reference evaluator of the onnx package."""
    from onnx.reference import ReferenceEvaluator

    words, attributes = CASES[case]
    model = onnx_of(*words, **attributes)
    (tmp_path / "one.onnx").write_bytes(model.SerializeToString())
    one = import_onnx(tmp_path / "one.onnx")
    x = random_inputs(one, 6)
    for ours, theirs in zip(run(one, x).values(), ReferenceEvaluator(model).run(None, x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


def test_a_network_that_pytorch_exported_computes_what_pytorch_computed():
    """tests/exported: written by PyTorch 2.13.0's exporter with an input and its output; the file says how."""
    one = import_onnx(EXPORTED / "pytorch_cnn.onnx")
    recorded = np.load(EXPORTED / "pytorch_cnn.npz")
    after, reports = optimize(one)
    for each in (one, after):
        logits = run(each, {"images": recorded["images"]})["logits"]
        np.testing.assert_allclose(logits, recorded["logits"], rtol=1e-5, atol=1e-6)
    assert {report.name: len(report.did) for report in reports}["batch normalization"] == 4
    assert cost(after, A100).launches == 5 + 1 + 1 + 1  # convolutions, pools, product
    assert params(one) == 8 * 27 + 8 * 9 + 8 * 8 + 2 * (8 * 72 + 8) + 8 * 10 + 10 + 4 * 2 * 8


def test_shapes_that_exporters_compute_are_known_before_the_run(tmp_path):
    """Shape, Gather and Concat around a Reshape, as exporters write a flattening of open sizes."""
    from onnx import parser

    text = """<ir_version: 8, opset_import: ["": 17]> g (float[N, 4, 3, 3] x) => (float[N, M] y) {
      s = Shape(x)  i = Constant<value = int64[1] {0}>()  n = Gather<axis = 0>(s, i)
      r = Constant<value = int64[1] {-1}>()  to = Concat<axis = 0>(n, r)  y = Reshape(x, to) }"""
    (tmp_path / "flat.onnx").write_bytes(parser.parse_model(text).SerializeToString())
    assert [(n.op, n.shape) for n in import_onnx(tmp_path / "flat.onnx", batch=5).nodes] == [("reshape", (5, 36))]


def test_what_cannot_be_imported_is_listed(tmp_path):
    from onnx import parser

    text = """<ir_version: 8, opset_import: ["": 17]> g (float[2, 4] x) => (float[2, 4] y) {
      a = Selu(x)  b = Relu(a)  c = Softmax<axis = 0>(x)  d = Elu(x)  e = Add(b, c)  y = Add(d, e) }"""
    path = tmp_path / "odd.onnx"
    path.write_bytes(parser.parse_model(text).SerializeToString())
    with pytest.raises(ValueError, match=r"not imported: Selu a; Softmax c .along another") as error:
        import_onnx(path)
    assert "; Elu d. There are Add, BatchNormalization, " in str(error.value)
    assert str(error.value).endswith("give it a row in labcore.compiler.onnx_rows.CONVERT")
    with pytest.raises(ValueError, match=r"does not exist; give the path of an \.onnx file"):
        import_onnx(tmp_path / "none.onnx")


def test_weights_that_are_not_there_are_missed(tmp_path):
    from tests.onnx_graphs import write_resnet50

    with pytest.raises(ValueError, match="weights beside the file cannot be read, and a graph that runs needs them"):
        import_onnx(write_resnet50(tmp_path / "resnet.onnx"))


def test_causal_attention_does_not_see_the_future():
    one = decoder_block(1, 6, 8, 2, seed=2)
    x = random_inputs(one, 1)["x"]
    changed = x.copy()
    changed[:, 4:] += 1
    old, new = (run(one, {"x": each})["mlp.add"] for each in (x, changed))
    assert np.array_equal(old[:, :4], new[:, :4])
    assert not np.allclose(old[:, 4:], new[:, 4:])


def test_graphs_without_a_seed_take_no_memory_and_those_with_one_are_drawn_again_alike():
    assert sum(array.strides != () and any(array.strides) for array in gpt2_block().constants.values()) == 0
    a, b = small_cnn(seed=3).constants, small_cnn(seed=3).constants
    assert all(np.array_equal(a[name], b[name]) for name in a)
    assert not np.array_equal(a["conv1.weight"], small_cnn(seed=4).constants["conv1.weight"])


def test_activations_keep_their_size_through_resnet():
    one = resnet50(size=64, seed=1)
    values = run_all(one, random_inputs(one, 2))
    sizes = [values[node.name].std() for node in one.nodes if node.op == "relu"]
    assert min(sizes) > 0.2
    assert max(sizes) < 5


def test_a_draft_can_be_read_step_by_step():
    draft = Draft({"x": (2, 8)}, seed=1)
    draft.linear("fc", 8, 3)
    assert draft.graph().node("fc").shape == (2, 3)
