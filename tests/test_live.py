"""What must be held at once: shortcuts by hand, random graphs against a run step by step, files with skips."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from labcore.catalogue import T4
from labcore.feasibility.live import live_activations, value_buffers
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check
from labcore.models.network import Layer, Network
from labcore.models.onnx_file import read
from labcore.models.pressure import of_network
from labcore.models.zoo import MODELS, build
from labcore.ops import Operation
from tests.onnx_graphs import weight, write

node = helper.make_node
KIB = 1024


def network(*rows, fed=(), outputs=()):
    """Layers from (name, bytes written, names read)."""
    layers = tuple(Layer(name, Operation("some", 1, {}, {"y": nbytes}), inputs=reads) for name, nbytes, reads in rows)
    return Network("net", layers, None, fed=fed, outputs=outputs)


def run(net):
    """The most bytes at one step: of what is made by then, what is made now, is wanted, or is read now or later."""
    size = dict(net.fed) | {layer.name: sum(layer.op.writes.values()) for layer in net.layers}
    made = dict.fromkeys(dict(net.fed), 0) | {layer.name: step for step, layer in enumerate(net.layers)}

    def held(step):
        ahead = {name for layer in net.layers[step:] for name in layer.inputs} | set(net.outputs)
        return sum(size[name] for name in made if made[name] == step or (made[name] < step and name in ahead))

    return max(map(held, range(len(net.layers))))


def test_a_shortcut_waits_beside_what_runs_over_it():
    """a (8) is added at the end: beside it b (32) and c (32); without the shortcut b and c alone."""
    rows = ("a", 8, ()), ("b", 32, ("a",)), ("c", 32, ("b",))
    assert live_activations(network(*rows, ("d", 8, ("c",)))) == 32 + 32
    assert live_activations(network(*rows, ("d", 8, ("a", "c")))) == 8 + 32 + 32


def test_what_the_caller_gets_lives_to_the_end():
    rows = ("a", 50, ()), ("b", 10, ()), ("c", 10, ("b",))
    assert live_activations(network(*rows)) == 50
    assert live_activations(network(*rows, outputs=("a", "c"))) == 70


def test_an_input_waits_for_its_last_reader():
    rows = ("a", 10, ("x",)), ("b", 10, ("a",)), ("c", 10, ("b", "x"))
    assert live_activations(network(*rows, fed=(("x", 100),))) == 100 + 10 + 10
    first, *_ = value_buffers(network(*rows, fed=(("x", 100),)))
    assert (first.name, first.first, first.last) == ("x", 0, 2)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_random_graphs_hold_what_a_run_holds(data):
    rows, known = [], ["x"]
    for k in range(data.draw(st.integers(1, 8))):
        reads = tuple(data.draw(st.lists(st.sampled_from(known), unique=True, max_size=3)))
        rows.append((f"n{k}", data.draw(st.integers(1, 50)), reads))
        known.append(f"n{k}")
    outputs = tuple(data.draw(st.lists(st.sampled_from(known[1:]), unique=True, max_size=2)))
    net = network(*rows, fed=(("x", data.draw(st.integers(1, 50))),), outputs=outputs)
    assert live_activations(net) == run(net)


def test_resnet50_by_hand():
    """The addition of the first stage: shortcut, branch and sum of 256 x 56 x 56, one more than two neighbours."""
    net = build("resnet50", batch=4, precision="fp16")
    assert live_activations(net) == 3 * 4 * 256 * 56 * 56 * 2
    assert of_network(net).activations == 2 * 4 * 64 * 112 * 112 * 2  # the first convolution and its ReLU
    assert check(Question("resnet50", T4, batch=4)).memory.activations == live_activations(net)


def test_mobilenetv2_holds_the_wide_middle_and_no_shortcut():
    """Its widest moment, 96 channels of 112 x 112 and their ReLU, is in a block that strides: nothing waits."""
    assert live_activations(build("mobilenetv2")) == 2 * 96 * 112 * 112 * 2


def test_a_prompt_of_llama_holds_three_wide_tensors_and_the_stream():
    net = build("llama3-8b", phase="prefill", seq=100)
    plain = Network(net.name, net.layers[:-1], None)  # without the head, whose 128,256 words are wider
    assert live_activations(plain) == 100 * (3 * 14_336 + 4096) * 2


def test_dlrm_keeps_every_vector_until_they_are_stacked():
    """27 vectors of 128, in fp16, beside their stack; then the bottom's vector beside stack and products."""
    assert live_activations(build("dlrm", batch=2)) == 2 * max(2 * 27 * 128, 27 * 128 + 27 * 27 + 128) * 2


@pytest.mark.parametrize("name", MODELS)
def test_the_edges_name_layers_that_come_before(name):
    net = build(name)
    known = {fed for fed, _ in net.fed} | ({"mlp.add"} & {layer.name for layer in net.layers})
    for layer in net.layers:
        assert set(layer.inputs or ()) <= known, layer.name
        known.add(layer.name)


@pytest.mark.parametrize("name", MODELS)
def test_no_network_holds_less_than_its_widest_layer_writes(name):
    net = build(name)
    assert live_activations(net) >= max(sum(layer.op.writes.values()) for layer in net.layers)


# ---- files


def convolution(x, y, w):
    return node("Conv", [x, w], [y], name=y, kernel_shape=[3, 3], pads=[1] * 4)


def test_a_file_with_skips_that_does_not_fit(tmp_path):
    """12 outputs are added at the end; at the last ReLU 11 of them, its input and its output are held: 13."""
    nodes, weights, x, kept = [], [], "x", []
    for k in range(12):
        nodes += [convolution(x, f"c{k}", f"w{k}"), node("Relu", [f"c{k}"], [f"r{k}"])]
        weights.append(weight(f"w{k}", 64, 64, 3, 3))
        x = f"r{k}"
        kept.append(x)
    for k, one in enumerate(kept[1:]):
        nodes.append(node("Add", [f"s{k - 1}" if k else kept[0], one], [f"s{k}"]))
    file = write(tmp_path / "skips.onnx", nodes, [("x", ("N", 64, 256, 256))], [("s10", None)], weights)
    each = 64 * 256 * 256 * 2
    assert live_activations(read(file, batch=1, precision="fp16")) == 13 * each
    assert check(Question(str(file), T4, batch=100)).ok
    assert not check(Question(str(file), T4, batch=200)).ok  # 21.8 GB; two neighbours would be 3.4


def test_what_is_free_lies_in_the_bytes_of_what_it_renames(tmp_path):
    """x -> a (kept) -> Flatten -> b -> c; then a is read again: a is held to the end, once."""
    nodes = [
        node("Relu", ["x"], ["a"], name="a"),
        node("Flatten", ["a"], ["flat"]),
        node("Tanh", ["flat"], ["b"], name="b"),
        node("Tanh", ["b"], ["c"], name="c"),
        node("Add", ["c", "flat"], ["d"], name="d"),
    ]
    net = read(write(tmp_path / "f.onnx", nodes, [("x", (1, KIB))], [("d", None)]), precision="fp16")
    assert [layer.inputs for layer in net.layers] == [("x",), ("a",), ("b",), ("c", "a")]
    assert net.outputs == ("d",)
    assert live_activations(net) == 3 * 2 * KIB


def test_what_cannot_be_counted_hands_its_inputs_on(tmp_path):
    """What the unknown operator makes has no size here, but what it was made from is held until its result is read."""
    nodes = [
        node("Relu", ["x"], ["a"], name="a"),
        node("Magic", ["a"], ["m"], domain="com.example"),
        node("Tanh", ["x"], ["b"], name="b"),
        node("Concat", ["b", "x"], ["c"], name="c", axis=0),
        node("Magic", ["m", "c"], ["y"], domain="com.example"),
    ]
    file = write(tmp_path / "u.onnx", nodes, [("x", (1, KIB))], [("y", (1, KIB))], domains=[("com.example", 1)])
    net = read(file, precision="fp16")
    assert net.outputs == ("a", "c")
    # at the concatenation: x, a, b and twice as much as its output
    assert live_activations(net) == (1 + 1 + 1 + 2) * 2 * KIB


def test_layers_of_one_name_are_told_apart(tmp_path):
    nodes = [node("Relu", ["x"], ["a"], name="same"), node("Relu", ["a"], ["b"], name="same")]
    net = read(write(tmp_path / "s.onnx", nodes, [("x", (1, 8))], [("b", None)]))
    assert [(layer.name, layer.inputs) for layer in net.layers] == [("same", ("x",)), ("b", ("same",))]
