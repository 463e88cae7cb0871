"""Fusion: counts by hand, conservation, plans against all partitions, fused runs against eager ones."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.fusion import legality
from labcore.fusion.examples import (
    block_end,
    branches_of,
    chain,
    conv_bn_relu,
    feed_forward,
    fork,
    listing_19,
    listing_19_as_run,
    listing_19_training,
    projection,
    scores,
)
from labcore.fusion.footprint import footprint, intermediates
from labcore.fusion.graph import graph
from labcore.fusion.kernel import eager, kernel, kernels, run_time, traffic
from labcore.fusion.legality import nearest, why_not
from labcore.fusion.networks import conv_chains
from labcore.fusion.plan import plan
from labcore.fusion.registers import live_values, spills
from labcore.fusion.run import run_eager, run_fused
from labcore.models.zoo import build

UNARY, BINARY = ("relu", "square", "affine"), ("add", "subtract", "multiply")


@st.composite
def graphs(draw, most=6):
    """A small graph over (6, 4) of element-wise operations, row sums, matmuls and broadcasts."""
    shapes = {"x": (6, 4), "y": (6, 4), "b": (4,), "w": (4, 4)}
    steps = {}
    for k in range(draw(st.integers(1, most))):
        kind = draw(st.sampled_from(["unary", "unary", "binary", "binary", "bias", "reduce", "matmul"]))
        large = [name for name, shape in shapes.items() if shape == (6, 4)]
        rows = [name for name, shape in shapes.items() if shape == (6, 1)]
        x = draw(st.sampled_from(large))
        if kind == "unary":
            steps[f"v{k}"] = (draw(st.sampled_from(UNARY)), draw(st.sampled_from(large + rows)))
        elif kind == "binary":
            steps[f"v{k}"] = (draw(st.sampled_from(BINARY)), x, draw(st.sampled_from(large + rows)))
        elif kind == "bias":
            steps[f"v{k}"] = ("add", x, "b")
        elif kind == "reduce":
            steps[f"v{k}"] = (draw(st.sampled_from(["sum", "max"])), x, 1)
        else:
            steps[f"v{k}"] = ("matmul", x, "w")
        one = graph({"x": (6, 4), "y": (6, 4), "b": (4,), "w": (4, 4)}, steps)
        shapes[f"v{k}"] = one.shape(f"v{k}")
    return one


def inputs_of(one, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.integers(-2, 3, shape).astype(float) for name, shape in one.inputs.items()}


def partitions(names):
    """Every way to put names into groups."""
    if not names:
        yield []
        return
    for size in range(len(names)):
        for others in combinations(names[1:], size):
            rest = [name for name in names[1:] if name not in others]
            for more in partitions(rest):
                yield [[names[0], *others], *more]


# ---- by hand


def test_the_chapters_chain():
    """Three kernels read and write 1024 * 1024 * 4 B each; one reads once and writes once."""
    tensor, one = 1024 * 1024 * 4, listing_19()
    assert traffic(eager(one)) == 6 * tensor
    assert traffic(plan(one)) == 2 * tensor
    assert [footprint(one, eager(one), reuse) / tensor for reuse in ("keep", "free", "in place")] == [4, 3, 1]
    assert [footprint(one, plan(one), reuse) / tensor for reuse in ("keep", "free", "in place")] == [2, 2, 1]
    assert intermediates(one, eager(one)) == 2 * tensor
    assert traffic(eager(listing_19_as_run())) == 8 * tensor


@pytest.mark.parametrize("length", [1, 2, 5])
def test_a_chain_moves_two_tensors_an_operation_and_fused_two_in_all(length):
    one = chain(length, n=3)
    assert traffic(eager(one)) == 2 * length * 36
    assert traffic(plan(one)) == 2 * 36
    assert live_values(one, [op.name for op in one.ops]) == 1


def test_what_follows_a_reduction_reads_again_unless_its_slice_is_held():
    """Mean, variance and result each go through X; a column of 16 FP32 numbers is 64 B."""
    one, tensor = listing_19_training(16), 16 * 16 * 4
    names = [op.name for op in one.ops]
    assert kernel(one, names).reads == {"X": 3 * tensor}
    assert kernel(one, names, scratchpad=63).reads == {"X": 3 * tensor}
    assert kernel(one, names, scratchpad=64).reads == {"X": tensor}


def test_a_slice_is_held_where_an_input_has_fewer_axes():
    """Two inputs of 16 numbers, reduced along a row of 4: 2 x 16 B."""
    steps = {"a": ("add", "x", "y"), "s": ("sum", "a", 2), "b": ("subtract", "a", "s")}
    one = graph({"x": (4, 4), "y": (1, 4, 4)}, steps)
    assert kernel(one, steps, scratchpad=31).reads == {"x": 128, "y": 128}
    assert kernel(one, steps, scratchpad=32).reads == {"x": 64, "y": 64}


def test_steps_on_a_reductions_result_cost_no_pass():
    """One pass for the sum; a and b share the next, though one of them waits for the square of the sum."""
    steps = {"s": ("sum", "x", 1), "t": ("square", "s"), "a": ("subtract", "x", "s"), "b": ("add", "x", "t")}
    one = graph({"x": (4, 4)}, steps)
    assert kernel(one, steps).reads == {"x": 2 * 64}


def test_softmax_reads_its_row_three_times_or_once():
    one, _ = scores(tokens=8, heads=2)
    assert kernel(one, [op.name for op in one.ops]).reads["s"] == 3 * 16 * 8 * 2
    assert kernel(one, [op.name for op in one.ops]).reads["mask"] == 8 * 2  # small, and kept
    assert kernel(one, [op.name for op in one.ops], scratchpad=16).reads["s"] == 16 * 8 * 2


def test_an_epilogue_rides_on_a_product_and_layernorm_does_not():
    one, _ = projection(8, 4)
    assert [k.ops for k in plan(one, scratchpad=8)] == [
        ("h", "bias", "sum"),
        ("mean", "centred", "squares", "var", "scale", "normed"),
    ]
    first = plan(one, scratchpad=8)[0]
    assert first.D_vol == 2 * (8 * 4 + 4 * 4 + 4 + 8 * 4 + 8 * 4)  # x, w, b, res; sum


def test_a_value_with_another_reader_is_written():
    one, _ = block_end(8, 4)
    assert set(plan(one, scratchpad=16)[0].writes) == {"sum", "normed"}
    two = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("square", "a"), "c": ("affine", "a")})
    assert kernel(two, ["a", "b"]).writes == {"a": 16, "b": 16}


def test_conv_traffic_by_hand():
    """x, w and three outputs; two of them are written and read between."""
    one = conv_bn_relu(2, 3, 8, 8, 5, 3)
    x, w, y = 2 * 3 * 64 * 2, 5 * 3 * 9 * 2, 2 * 5 * 64 * 2
    assert traffic(eager(one)) == x + w + 5 * y
    assert traffic(plan(one)) == x + w + y
    assert one.ops[0].flop == 2 * 2 * 5 * 64 * 3 * 9


def test_resnet_convolutions_before_a_relu():
    """conv1, and two of the three convolutions in each of 16 blocks; the third is added to the shortcut first."""
    assert len(conv_chains(build("resnet50", batch=1))) == 1 + 2 * 16


def test_chains_have_the_work_of_their_layers_and_depthwise_ones_are_left_out():
    for name in ("resnet50", "mobilenetv2"):
        flop = {layer.name: layer.op.flop for layer in build(name).layers}
        chains = conv_chains(build(name))
        assert chains
        assert all(one.ops[0].flop == flop[layer] for layer, one in chains.items())


def test_the_time_is_the_longer_of_two_and_a_launch_for_each():
    one = listing_19(1)  # kernels of 8 B and 1 FLOP
    assert run_time(eager(one), R_peak=1.0, BW=16.0, L_launch=0.25) == 3 * (1 + 0.25)
    assert run_time(eager(one), R_peak=100.0, BW=4.0, L_launch=0.25) == 3 * (2 + 0.25)


# ---- registers


@pytest.mark.parametrize(("branches", "registers"), [(4, 4), (5, 4), (12, 4), (12, 7)])
def test_a_fork_spills_what_does_not_fit(branches, registers):
    """x and the results so far: the last x goes, so `branches` at most; each one too many goes out and comes back."""
    names = [op.name for op in fork(branches, n=1).ops]
    assert live_values(fork(branches, n=1), names) == branches
    over = max(branches - registers, 0)
    assert spills(fork(branches, n=1), names, registers) == (over, over)


def test_fusing_more_moves_more_beyond_seven_branches():
    """1 + k + 2 (k - 4) against 2 k: equal at k = 7."""
    for k in range(4, 13):
        one = fork(k, n=1)
        whole = kernel(one, [op.name for op in one.ops], registers=4).D_vol / 4
        assert whole == 1 + k + 2 * (k - 4)
        assert traffic(kernels(one, branches_of(one), registers=4)) / 4 == 2 * k
        assert (whole > 2 * k) == (k > 7)


def test_an_input_is_dropped_and_not_stored():
    """y, z and their sum are held when x has to go; memory has x, so it costs a load and no store."""
    steps = {"a": ("relu", "x"), "b": ("add", "y", "z"), "c": ("multiply", "y", "z"), "d": ("add", "b", "c"),
             "e": ("add", "d", "x")}  # fmt: skip
    one = graph({"x": (1,), "y": (1,), "z": (1,)}, steps)
    assert live_values(one, steps) == 4
    assert spills(one, steps, registers=4) == (0, 0)
    assert spills(one, steps, registers=3) == (0, 1)


def test_of_two_values_needed_next_at_once_the_one_that_memory_has_goes():
    """a and x meet in c; x is an input, so dropping it costs one load, and a would cost a store besides."""
    steps = {"a": ("relu", "x"), "b": ("add", "y", "z"), "c": ("multiply", "a", "x"), "d": ("add", "b", "c")}
    one = graph({"x": (1,), "y": (1,), "z": (1,)}, steps)
    assert spills(one, steps, registers=3) == (0, 1)


# ---- legality


@pytest.mark.parametrize(
    ("names", "words", "instead"),
    [
        (["h", "sum"], "bias lies between h and sum", ("h", "bias", "sum")),
        (["h", "bias", "sum", "mean"], "mean needs whole rows, and a tile of h", ("h", "bias", "sum")),
        (["mean", "normed"], "lies between mean and normed", None),
    ],
)
def test_an_illegal_group_names_the_nearest_legal_one(names, words, instead):
    one, _ = projection(8, 4)
    assert words in why_not(one, names)
    legal = nearest(one, names)
    assert why_not(one, legal) == ""
    assert instead in (None, legal)
    with pytest.raises(ValueError, match=rf"^{', '.join(names)} cannot be one kernel: .*; the nearest that can is "):
        kernel(one, names)


def test_other_rules():
    one = graph(
        {"x": (4, 4), "w": (4, 4), "z": (9,)},
        {"a": ("relu", "x"), "m": ("matmul", "a", "w"), "n": ("matmul", "m", "w"), "s": ("relu", "z"),
         "r": ("sum", "x", 0), "q": ("sum", "x", 1), "t": ("square", "r"), "u": ("max", "r", 1)},
    )  # fmt: skip
    assert (
        why_not(one, ["a", "m"]) == "m reads a many times, so that must be written before; a barrier begins its kernel"
    )
    assert "two barriers" in why_not(one, ["m", "n"])
    assert "shares no value with" in why_not(one, ["a", "s"])
    assert why_not(one, ["r", "q"]) == "r and q reduce other axes, (0,) and (1,)"
    assert why_not(one, ["r", "t"]) == ""
    assert why_not(one, ["r", "u"]) == "u visits (1, 4) and r visits (4, 4), which are other places"
    assert why_not(one, []) == "there is nothing to fuse"


def test_a_graph_with_a_cycle_and_other_bad_input():
    with pytest.raises(ValueError, match=r"is a cycle, and none of them can run first; \w should read"):
        graph({"x": (1,)}, {"a": ("add", "x", "b"), "b": ("relu", "a")})
    with pytest.raises(ValueError, match=r"^a reads 'q', which is neither given nor computed; nearest are x, a$"):
        graph({"x": (1,)}, {"a": ("relu", "q")})
    with pytest.raises(ValueError, match=r"^a: matmul cannot take x \(2, 3\), x \(2, 3\): \(M, K\) and \(K, N\)"):
        graph({"x": (2, 3)}, {"a": ("matmul", "x", "x")})
    with pytest.raises(ValueError, match=r"^a asks for 'tan'; there are relu, "):
        graph({"x": (1,)}, {"a": ("tan", "x")})
    with pytest.raises(ValueError, match=r"shape of x, axis 0 must be a whole number of at least 1, got 0"):
        graph({"x": (0,)}, {"a": ("relu", "x")})
    with pytest.raises(ValueError, match=r"^a: add cannot take x \(2,\): 2 values wanted$"):
        graph({"x": (2,)}, {"a": ("add", "x")})
    with pytest.raises(ValueError, match=r"^a: relu cannot take x \(2,\): no number belongs behind it, got 3$"):
        graph({"x": (2,)}, {"a": ("relu", "x", 3)})
    with pytest.raises(ValueError, match=r"^a: sum cannot take x \(2, 3\): axes are wanted from -2 to 1, got 5$"):
        graph({"x": (2, 3)}, {"a": ("sum", "x", 5)})
    with pytest.raises(ValueError, match=r"^shape of x is a tuple such as \(4,\), got 4$"):
        graph({"x": 4}, {"a": ("relu", "x")})
    with pytest.raises(ValueError, match=r"^registers must be a whole number of at least 1, got 0$"):
        kernel(chain(2), ["v1"], registers=0)
    with pytest.raises(ValueError, match=r"^2 registers are too few: c takes 2 values and makes one; 3 or more$"):
        spills(graph({"x": (1,), "y": (1,)}, {"c": ("add", "x", "y")}), ["c"], registers=2)
    with pytest.raises(ValueError, match=r"^v2 is in 0 groups; each operation belongs to one$"):
        kernels(chain(2), [["v1"]])
    with pytest.raises(ValueError, match=r"^13 operations are too many to try all plans; cut the graph"):
        plan(chain(13))
    with pytest.raises(ValueError, match=r"^reuse is one of keep, free, in place; got 'none'$"):
        footprint(chain(1), eager(chain(1)), "none")
    with pytest.raises(ValueError, match=r"^input x has the shape \(2, 2\); got nothing$"):
        run_eager(chain(1, n=2), {})


def test_two_kernels_that_wait_for_each_other():
    """Each group is legal alone; together each needs what the other makes."""
    one = graph({"x": (4,)}, {"a": ("relu", "x"), "b": ("square", "x"), "c": ("affine", "a"), "d": ("affine", "b")})
    assert why_not(one, ["a", "d"]) == "d shares no value with a, so one kernel would save nothing"
    steps = {"a": ("relu", "x"), "b": ("square", "x"), "c": ("add", "b", "y"), "d": ("add", "a", "y")}
    two = graph({"x": (4,), "y": (4,)}, steps)
    assert len(kernels(two, [["a", "b"], ["c", "d"]])) == 2
    steps = {"a": ("relu", "x"), "b": ("square", "y"), "c": ("multiply", "b", "x"), "d": ("multiply", "a", "y")}
    crossed = graph({"x": (4,), "y": (4,)}, steps)
    with pytest.raises(ValueError, match=r"^\(a, c\) and \(b, d\) wait for each other; split one of them$"):
        kernels(crossed, [["a", "c"], ["b", "d"]])


# ---- properties


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(1, 7), st.integers(0, 5))
def test_fused_runs_give_what_eager_runs_give(one, rows, seed):
    """By the cheapest plan, in blocks of any height: the same values, and with rows held the bytes counted."""
    inputs, cut = inputs_of(one, seed), plan(one, scratchpad=10**6)
    wanted, done = run_eager(one, inputs), run_fused(one, [k.ops for k in cut], inputs, rows)
    for name in one.outputs:
        np.testing.assert_array_equal(done.values[name], wanted[name])
    assert done.written == 2 * sum(sum(k.writes.values()) for k in cut)  # float64, counted at 4 B an element
    assert done.read == 2 * sum(sum(k.reads.values()) for k in cut)


@pytest.mark.parametrize("rows", [1, 3, 8])
def test_what_is_read_whole_is_not_read_again_in_slices(rows):
    """x is both operands of the product, and its epilogue's too."""
    one = graph({"x": (6, 6)}, {"h": ("matmul", "x", "x"), "y": ("add", "h", "x")})
    done = run_fused(one, [["h", "y"]], inputs_of(one), rows)
    assert done.read == 6 * 6 * 8 == 2 * sum(kernel(one, ["h", "y"]).reads.values())


@settings(max_examples=40, deadline=None)
@given(graphs(most=5), st.sampled_from([None, 3, 4]), st.sampled_from([0, 16, 64]))
def test_the_plan_is_the_best_of_all_partitions(one, registers, scratchpad):
    found, best = plan(one, registers, scratchpad), math.inf
    for groups in partitions([op.name for op in one.ops]):
        try:
            best = min(best, traffic(kernels(one, groups, registers, scratchpad)))
        except ValueError:
            continue
    assert traffic(found) == best
    assert traffic(kernels(one, [k.ops for k in found], registers, scratchpad)) == best


def test_of_plans_that_move_the_same_the_one_with_fewest_kernels():
    """With 3 values a thread one kernel spills as much as a second one would read and write."""
    steps = {"a": ("relu", "x"), "b": ("add", "a", "y"), "c": ("relu", "x"), "d": ("add", "x", "b"),
             "e": ("add", "a", "y"), "f": ("add", "e", "c")}  # fmt: skip
    one = graph({"x": (1,), "y": (1,)}, steps)
    apart = kernels(one, [["a", "b", "c", "e", "f"], ["d"]], registers=3)
    assert traffic(apart) == traffic(plan(one, registers=3))
    assert len(plan(one, registers=3)) == 1


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_conservation(one):
    """A plan moves no more than single operations, and no less than inputs that are used and results, once each."""
    used = {name for op in one.ops for name in op.inputs if name in one.inputs}
    least = sum(map(one.nbytes, used)) + sum(map(one.nbytes, one.outputs))
    cut = plan(one)
    assert least <= traffic(cut) <= traffic(eager(one))
    assert sum(k.flop for k in cut) == sum(op.flop for op in one.ops)
    for run in (cut, eager(one)):
        sizes = [footprint(one, run, reuse) for reuse in ("keep", "free", "in place")]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[2] >= max(map(one.nbytes, one.outputs))


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(3, 6))
def test_enough_registers_spill_nothing_and_what_is_stored_is_loaded(one, registers):
    for each in plan(one):
        assert spills(one, each.ops, max(live_values(one, each.ops), 3)) == (0, 0)
        stored, loaded = spills(one, each.ops, registers)
        assert stored <= loaded


def test_feed_forward_and_examples_have_library_groups_that_cover_them():
    for one, groups in (block_end(8, 4), projection(8, 4), scores(4, 2), feed_forward(8, 4)):
        assert sorted(name for group in groups for name in group) == sorted(op.name for op in one.ops)
        assert traffic(plan(one, scratchpad=64)) <= traffic(kernels(one, groups, scratchpad=64))


def test_a_graph_of_the_most_operations_is_still_searched_whole(monkeypatch):
    """X1 and Y want X2 between them; with one operation too many only the legal start of what was asked is left."""
    program = listing_19(4)
    monkeypatch.setattr(legality, "MOST", len(program.ops))
    assert nearest(program, ["X1", "Y"]) == ("X1", "X2", "Y")
    monkeypatch.setattr(legality, "MOST", len(program.ops) - 1)
    assert nearest(program, ["X1", "Y"]) == ("X1",)
