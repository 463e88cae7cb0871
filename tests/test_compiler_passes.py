"""Passes of the compiler: an equal graph, less work, and a report that says how much."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100, H100
from labcore.catalogue.links import LAUNCH
from labcore.compiler.cost import cost, params
from labcore.compiler.graph import graph
from labcore.compiler.min_cut import min_cut
from labcore.compiler.networks import decoder_block, gpt2_block, mlp, mobilenetv2, resnet50, small_cnn
from labcore.compiler.passes.batch_norm import fold_batch_norm
from labcore.compiler.passes.common import merge_common
from labcore.compiler.passes.constants import fold_constants
from labcore.compiler.passes.dead_code import drop_dead_code
from labcore.compiler.passes.fusion import fuse_elementwise, fuse_epilogues
from labcore.compiler.passes.layout import (
    assign_layouts,
    cheapest_labels,
    conversions,
    convert_per_kernel,
    wanted,
    without_layouts,
)
from labcore.compiler.passes.pipeline import PASSES, optimize
from labcore.compiler.run import random_inputs, run, run_all
from labcore.models.zoo import build
from tests.random_graphs import random_graph

ALL = PASSES | {
    "per kernel": convert_per_kernel,
    "layout": lambda one: assign_layouts(one, A100),
    "everything": lambda one: assign_layouts(optimize(one)[0], A100),
}


def ops_of(one):
    return [[part.op for part in node.parts] for node in one.nodes]


def assert_equal(before, after, seed=0, rtol=1e-9):
    x = random_inputs(before, seed)
    old, new = run(before, x), run(after, x)
    assert list(old) == list(new)
    for name in old:
        scale = np.abs(old[name]).max() or 1
        np.testing.assert_allclose(new[name], old[name], rtol=0, atol=rtol * scale)


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=40, deadline=None)
@given(one=random_graph())
def test_a_random_graph_computes_the_same_after_a_pass(name, one):
    after, _ = ALL[name](one)
    assert_equal(one, after)


@pytest.mark.parametrize("name", PASSES)
@settings(max_examples=25, deadline=None)
@given(one=random_graph())
def test_no_pass_adds_work_and_a_second_time_it_finds_nothing(name, one):
    after, report = PASSES[name](one)
    saved = report.saved(A100)
    assert min(saved.launches, saved.flop, saved.D_vol) >= 0
    assert saved.T >= -1e-12
    assert bool(report.did) or after.nodes == one.nodes
    assert PASSES[name](after)[1].did == ()
    assert report.before is one
    assert report.after is after


@settings(max_examples=40, deadline=None)
@given(one=random_graph())
def test_fusion_and_folding_change_no_mac(one):
    for name in ("batch norm", "epilogues", "element-wise"):
        after, _ = PASSES[name](one)
        assert cost(drop_dead_code(after)[0], A100).macs == cost(drop_dead_code(one)[0], A100).macs


@pytest.mark.parametrize(
    "build_small", [small_cnn, lambda seed: decoder_block(2, 6, 16, 4, seed), lambda seed: mlp(3, seed=seed)]
)
def test_small_networks_are_equal_in_float32(build_small):
    before = build_small(seed=3)
    assert_equal(before, ALL["everything"](before)[0], rtol=1e-5)


@pytest.mark.parametrize("network", [resnet50, mobilenetv2])
def test_real_networks_are_equal_in_float32(network):
    before = network(size=32, seed=4)
    assert_equal(before, ALL["everything"](before)[0], rtol=1e-5)


@pytest.mark.parametrize(("network", "name"), [(resnet50, "resnet50"), (mobilenetv2, "mobilenetv2")])
@pytest.mark.parametrize("batch", [1, 32])
def test_folded_networks_are_the_tables_of_labcore_models(network, name, batch):
    """The tables fold batch normalization: so FLOP and bytes agree after the pass, MACs and parameters before it."""
    table, before = build(name, batch=batch), network(batch)
    after = fold_batch_norm(before)[0]
    assert (cost(before, A100).macs, params(before)) == (table.macs, table.params)
    assert (cost(after, A100).flop, cost(after, A100).D_vol) == (table.flop, table.D_vol)
    norms = sum(node.op == "batch_norm" for node in before.nodes)
    assert len(fold_batch_norm(before)[1].did) == norms == {"resnet50": 53, "mobilenetv2": 52}[name]
    assert cost(after, A100).launches == sum(layer.count for layer in table.layers)


@pytest.mark.parametrize("seq", [16, 512])
def test_the_block_of_gpt2_is_that_of_the_table(seq):
    block = [
        layer
        for layer in build("gpt2", seq=seq, batch=2).layers
        if layer.name[:5] in ("attn.", "mlp.n", "mlp.u", "mlp.g", "mlp.d", "mlp.a")
    ]
    one = gpt2_block(batch=2, seq=seq)
    assert cost(one, A100).flop == sum(layer.op.flop for layer in block)
    assert cost(one, A100).macs == sum(layer.op.macs for layer in block)
    assert params(one) == sum(layer.params for layer in block)


def test_resnet_after_all_passes_is_53_convolutions_two_pools_and_a_product():
    """53 convolutions take their normalizations, 49 ReLUs and 16 additions; two pools and the product are left."""
    after, reports = optimize(resnet50())
    done = {report.name: len(report.did) for report in reports}
    assert cost(resnet50(), A100).launches == 53 + 53 + 49 + 16 + 2 + 1
    assert cost(after, A100).launches == 53 + 2 + 1
    assert (done["batch normalization"], done["epilogues"]) == (53, 49 + 16)
    last = ops_of(after)[-4]
    assert last == ["conv2d", "add", "relu"]


def test_an_epilogue_saves_one_write_and_one_read_of_what_it_keeps():
    """ReLU behind a product of 8 x 16: the 8 x 16 values neither go to memory nor come back, and one launch less."""
    one = graph({"x": (8, 4)}, {"y": ("gemm", "x", "w"), "z": ("relu", "y")}, {"w": np.ones((4, 16))})
    saved = fuse_epilogues(one)[1].saved(H100, "fp32", L_launch=1.0)
    assert (saved.launches, saved.D_vol, saved.flop) == (1, 2 * 8 * 16 * 4, 0)
    assert pytest.approx(1.0 + saved.D_vol / H100.BW) == saved.T


def test_what_others_read_is_not_fused_away():
    steps = {"y": ("gemm", "x", "w"), "z": ("relu", "y"), "u": ("add", "z", "y")}
    one = graph({"x": (2, 4)}, steps, {"w": np.ones((4, 4))})
    assert ops_of(fuse_epilogues(one)[0]) == [["gemm"], ["relu"], ["add"]]
    wanted_too = graph({"x": (2, 4)}, {"y": ("gemm", "x", "w"), "z": ("relu", "y")}, {"w": np.ones((4, 4))}, ["y", "z"])
    assert fuse_epilogues(wanted_too)[1].did == ()


def test_a_shape_that_grows_is_not_fused():
    """The epilogue of a product (1, 4) has nothing to say about the other rows of a sum (3, 4)."""
    one = graph({"x": (1, 4), "r": (3, 4)}, {"y": ("gemm", "x", "w"), "z": ("add", "y", "r")}, {"w": np.ones((4, 4))})
    assert fuse_epilogues(one)[1].did == ()


def test_a_sum_of_two_convolutions_joins_the_later_one():
    steps = {"a": ("conv2d", "x", "w"), "b": ("conv2d", "x", "w"), "y": ("add", "a", "b")}
    after = fuse_epilogues(graph({"x": (1, 2, 3, 3)}, steps, {"w": np.ones((2, 2, 1, 1))}))[0]
    assert ops_of(after) == [["conv2d"], ["conv2d", "add"]]
    assert after.node("y").inputs == ("x", "w", "a")


def test_two_equal_branches_become_one_and_the_order_of_a_sum_does_not_matter():
    steps = {
        "a": ("relu", "x"),
        "b": ("relu", "x"),
        "s": ("add", "a", "x"),
        "t": ("add", "x", "b"),
        "y": ("mul", "s", "t"),
    }
    after, report = merge_common(graph({"x": (3,)}, steps))
    assert [node.name for node in after.nodes] == ["a", "s", "y"]
    assert report.did == ("b is a again", "t is s again")
    minus = {"s": ("sub", "x", "r"), "t": ("sub", "r", "x"), "y": ("mul", "s", "t")}
    assert merge_common(graph({"x": (3,), "r": (3,)}, minus))[1].did == ()
    other = {
        "a": ("transpose", "x", {"perm": (1, 0)}),
        "b": ("transpose", "x", {"perm": (0, 1)}),
        "y": ("matmul", "a", "b"),
    }
    assert merge_common(graph({"x": (3, 3)}, other))[1].did == ()


def test_a_normalization_is_folded_only_where_that_is_the_same():
    """A convolution that is read twice, one that is wanted, and weights that come as an input stay as they are."""
    vectors = {name: np.full(2, 0.5) for name in ("scale", "bias", "mean", "var")}
    steps = {"c": ("conv2d", "x", "w"), "n": ("batch_norm", "c", *vectors)}
    w = {"w": np.ones((2, 2, 1, 1))}
    x = {"x": (1, 2, 3, 3)}
    assert len(fold_batch_norm(graph(x, steps, w | vectors))[1].did) == 1
    assert not fold_batch_norm(graph(x, steps, w | vectors, ["c", "n"]))[1].did
    assert not fold_batch_norm(graph(x, steps | {"y": ("add", "c", "n")}, w | vectors))[1].did
    assert not fold_batch_norm(graph(x | {"w": (2, 2, 1, 1)}, steps, vectors))[1].did


def test_folding_by_hand():
    """w = 2, b = 1, mean 3, var 4, scale 5, bias 6: a = 5 / 2, w' = 5, b' = 2.5 * (1 - 3) + 6 = 1."""
    values = {"w": [[[[2.0]]]], "b": [1.0], "scale": [5.0], "bias": [6.0], "mean": [3.0], "var": [4.0]}
    steps = {"c": ("conv2d", "x", "w", "b"), "n": ("batch_norm", "c", "scale", "bias", "mean", "var", {"eps": 0.0})}
    after = fold_batch_norm(graph({"x": (1, 1, 1, 1)}, steps, {k: np.array(v) for k, v in values.items()}))[0]
    assert after.constants["n.weight"].item() == 5.0
    assert after.constants["n.bias"].item() == 1.0
    assert set(after.constants) == {"n.weight", "n.bias"}


def test_constants_are_known_before_the_run_and_dead_ones_are_dropped():
    steps = {"k": ("add", "a", "b"), "l": ("relu", "k"), "y": ("add", "x", "l")}
    folded, report = fold_constants(graph({"x": (2,)}, steps, {"a": np.array([1.0, -5.0]), "b": np.ones(2)}))
    assert [node.name for node in folded.nodes] == ["y"]
    assert folded.constants["l"].tolist() == [2.0, 0.0]
    assert len(report.did) == 2
    assert set(drop_dead_code(folded)[0].constants) == {"l"}


def test_a_chain_of_elementwise_nodes_is_one_kernel():
    steps = {"a": ("relu", "x"), "b": ("mul", "a", "s"), "c": ("add", "b", "x")}
    after = fuse_elementwise(graph({"x": (4, 3), "s": (3,)}, steps))[0]
    assert ops_of(after) == [["relu", "mul", "add"]]
    assert cost(after, A100, "fp32").D_vol == 4 * (12 + 3 + 12 + 12)  # x twice, s, y: each operand as its node reads it


@settings(max_examples=30, deadline=None)
@given(one=random_graph(most=6, ops=("dense", "depthwise", "relu", "add", "max_pool")))
def test_the_minimum_cut_is_the_cheapest_of_all_assignments(one):
    """Tried out: every layout of every node that takes either, each value priced by its place in the graph."""
    prices = {name: 1.0 + i % 3 for i, name in enumerate(one.tensors)}
    free = [node.name for node in one.nodes if wanted(node) is None]
    fixed = {node.name: wanted(node) for node in one.nodes if wanted(node)}
    every = (fixed | dict(zip(free, labels, strict=True)) for labels in product(("NCHW", "NHWC"), repeat=len(free)))
    found = cheapest_labels(one, prices)
    assert found.items() >= fixed.items()
    assert _price(one, found, prices) == min(_price(one, labels, prices) for labels in every)


def _price(one, labels, prices):
    def is_converted(name):
        home = labels.get(name, "NCHW")
        readers = {labels[reader] for reader in one.consumers[name]} | ({"NCHW"} if name in one.outputs else set())
        return readers - {home}

    return sum(prices[name] for name in ("x", *one.by_name) if is_converted(name))


@pytest.mark.parametrize("network", [resnet50, mobilenetv2])
def test_a_planned_network_converts_its_images_and_nothing_else(network):
    """At the end the maps are 1 x 1, which both layouts hold alike."""
    unplanned = convert_per_kernel(network())[0]
    dense = sum(wanted(node) == "NHWC" for node in network().nodes)
    assert len(list(conversions(unplanned))) > 1.5 * dense
    after, report = assign_layouts(unplanned, A100)
    assert report.did == ("images to NHWC",)
    assert report.saved(A100).launches == len(list(conversions(unplanned))) - 1
    assert without_layouts(after).nodes == network().nodes


def test_a_layout_node_changes_the_order_in_memory_and_no_value():
    one = graph({"x": (2, 3, 4, 5)}, {"y": ("layout", "x", {"order": "NHWC"})})
    x = random_inputs(one, 5)["x"]
    y = run_all(one, {"x": x})["y"]
    assert np.array_equal(x, y)
    assert y.strides == tuple(4 * n for n in (60, 1, 15, 3))


def test_the_launch_of_a_small_conversion_decides():
    """Between two dense convolutions nothing is converted; a transposition between them is worth two conversions."""
    steps = {"a": ("conv2d", "x", "w"), "b": ("transpose", "a", {"perm": (0, 1, 3, 2)}), "c": ("conv2d", "b", "w")}
    after, report = assign_layouts(graph({"x": (1, 2, 3, 3)}, steps, {"w": np.ones((2, 2, 1, 1))}), A100)
    assert report.did == ("x to NHWC", "a to NCHW", "b to NHWC", "c to NCHW")
    assert after.outputs == ("c",)
    assert after.node("c").op == "layout"


def test_max_flow_is_min_cut_on_a_textbook_network():
    """Figure 26.6 of Cormen, Leiserson, Rivest and Stein, 3rd edition: flow 23."""
    capacities = {
        ("s", 1): 16,
        ("s", 2): 13,
        (1, 3): 12,
        (2, 1): 4,
        (3, 2): 9,
        (2, 4): 14,
        (4, 3): 7,
        (3, "t"): 20,
        (4, "t"): 4,
    }
    value, side = min_cut(capacities, "s", "t")
    assert value == 23
    assert sum(c for (a, b), c in capacities.items() if a in side and b not in side) == 23


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=20, max_size=20))
def test_the_minimum_cut_is_the_least_of_all_cuts(sizes):
    pairs = [(a, b) for a in "sabcd" for b in "abcdt" if a != b][:20]
    capacities = dict(zip(pairs, sizes, strict=False))

    def across(side):
        return sum(c for (a, b), c in capacities.items() if a in side and b not in side)

    value, side = min_cut(capacities, "s", "t")
    sides = (
        {"s"} | {one for one, kept in zip("abcd", choice, strict=True) if kept} for choice in product((0, 1), repeat=4)
    )
    assert value == across(side) == min(map(across, sides))


def test_flow_that_went_the_wrong_way_is_sent_back():
    """Three shortest paths are found; the second unit on the last one must push the first off the edge (a, d)."""
    edges = ("sa", "sb", "ad", "bd", "ac", "ce", "et", "dt")
    value, _ = min_cut(dict.fromkeys(map(tuple, edges), 1), "s", "t")
    assert value == 2


def test_a_report_speaks_of_its_chip():
    text = fold_batch_norm(resnet50())[1].describe(A100)
    assert text.startswith("batch normalization, 53 changes on A100 at fp16: saves 53 launches, 44.56 MB and ")
    with pytest.raises(ValueError, match="A100 has no fp4 peak; it has "):
        fold_batch_norm(resnet50())[1].describe(A100, "fp4")


def test_time_is_the_roofline_and_a_launch_a_kernel():
    one = resnet50(32)
    whole = cost(one, A100)
    assert pytest.approx(sum(k.T for k in whole.kernels) + 174 * LAUNCH.value) == whole.T
    for kernel in whole.kernels:
        assert max(kernel.work.flop / A100.peak("fp16"), kernel.work.D_vol / A100.BW) == kernel.T


def test_unknown_passes_and_endless_cuts_are_refused():
    with pytest.raises(ValueError, match="no pass is called 'fuse'; there are constants, common"):
        optimize(mlp(), ["fuse"])
    with pytest.raises(ValueError, match="s -> a -> t has no limit"):
        min_cut({("s", "a"): float("inf"), ("a", "t"): float("inf")}, "s", "t")
