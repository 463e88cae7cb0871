"""What lab 15 rests on besides its claims: the worked example, figures, explorers, and the felt prediction."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100, H100
from labcore.catalogue.links import LAUNCH
from labcore.compiler.codegen import TOLERANCE, compile_graph
from labcore.compiler.cost import cost
from labcore.compiler.examples import worked_example
from labcore.compiler.graph import graph
from labcore.compiler.lifetime import lifetimes
from labcore.compiler.memory_plan import allocate
from labcore.compiler.networks import gpt2_block, mobilenetv2, resnet50, small_cnn
from labcore.compiler.passes.layout import assign_layouts, conversions
from labcore.compiler.passes.pipeline import PASSES, optimize
from labcore.compiler.run import random_inputs, run
from labcore.compiler.schedule import schedule
from labcore.compiler.speedup import Speedup
from labcore.compiler.waterfall import operations, waterfall
from labcore.explore import compiler_choice, compiler_memory, compiler_passes
from labcore.explore.compiler import memory_explorer, pass_explorer, selection_explorer
from labcore.interconnect.schedule import makespan
from labcore.plots import compiler_felt
from labcore.plots.registry import find
from labcore.plots.words import rows

# ---- the worked example


def test_every_pass_but_chains_finds_something_and_the_function_stays():
    g = worked_example(seed=3)
    after, reports = optimize(g)
    assert [report.name for report in reports if not report.did] == ["element-wise chains"]
    x = random_inputs(g, seed=1)
    want, got = run(g, x)["y"], run(after, x)["y"]
    assert np.abs(want - got).max() <= TOLERANCE * np.abs(want).max()
    assert not np.array_equal(g.constants["conv.weight"], after.constants["norm.weight"])  # folding changes weights
    assert np.abs(compile_graph(after)(x)["y"] - want).max() <= TOLERANCE * np.abs(want).max()


def test_the_order_of_passes_decides_what_is_left():
    """All 120 orders of the five that find something: one kernel is left only where what is dead or double goes."""
    names = [name for name in PASSES if name != "element-wise"]
    g = worked_example()
    left = {order: len(optimize(g, order)[0].nodes) for order in permutations(names)}
    assert min(left.values()) == 1
    assert left[tuple(names)] == 1
    for order, kernels in left.items():
        before_fusing = set(order[: order.index("epilogues")])
        if kernels == 1:
            assert {"common", "dead code"} <= before_fusing
    assert left[("batch norm", "epilogues", "constants", "common", "dead code")] > 1


def test_only_the_reader_that_is_there_counts():
    """A convolution that a dead node reads too keeps its normalization; without that node it is folded."""
    g = worked_example()
    assert not optimize(g, ["batch norm"])[1][0].did
    assert optimize(g, ["dead code", "batch norm"])[1][1].did == ("norm is folded into the weights of conv",)


# ---- operations


@pytest.mark.parametrize("make", [resnet50, mobilenetv2, gpt2_block, small_cnn], ids=lambda make: make.__name__)
def test_operations_keep_every_multiply_and_every_byte(make):
    made = optimize(make())[0]
    found, whole = operations(made, "fp16"), cost(made, A100)
    assert sum(op.macs for op in found.values()) == whole.macs
    assert sum(op.D_vol for op in found.values()) == whole.D_vol
    assert len(found) == whole.launches


def test_a_chip_without_a_described_multiprocessor_is_refused():
    with pytest.raises(ValueError, match="the multiprocessor of H100 is not described; there are V100, A100"):
        waterfall(small_cnn(), "H100")


# ---- the pass explorer


@pytest.mark.parametrize("name", compiler_passes.NETWORKS)
@pytest.mark.parametrize(("norms", "epilogues"), [("as nodes", "each alone"), ("folded", "fused")])
def test_a_variant_is_the_compiled_network_at_every_batch(name, norms, epilogues):
    one = compiler_passes.variant(name, norms, epilogues, "not counted")
    net = compiler_passes.NETWORKS[name](batch=24)
    net = optimize(net)[0] if norms == "folded" else net
    for chip in (A100, H100):
        real = cost(net, chip)
        T_flop, T_bytes = one.times(chip.name, 24)
        assert one.D_vol(24).sum() == pytest.approx(real.D_vol)
        assert 24 * one.flop.sum() == pytest.approx(real.flop, rel=1e-9)
        assert np.maximum(T_flop, T_bytes) == pytest.approx([kernel.T for kernel in real.kernels])
        found = compiler_passes.parts(one, chip.name, 24, "each waits")
        assert sum(found.values()) == pytest.approx(real.T)


@given(T=st.lists(st.floats(1e-7, 1e-4), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_launches_that_show_are_those_of_the_schedule(T):
    """The closed form beside the schedule, task by task, on a chain of kernels."""
    names = [f"k{i}" for i in range(len(T))]
    chain = graph({"x": (2,)}, {name: ("relu", names[i - 1] if i else "x") for i, name in enumerate(names)})
    times = dict(zip(names, T, strict=True))
    for launches in compiler_passes.LAUNCHES:
        shown = compiler_passes.shown_launches(np.array(T), launches)
        run_time = makespan(schedule(chain, times, LAUNCH.value, ahead=launches == "ahead"))
        assert sum(T) + shown == pytest.approx(run_time)


def test_planned_layouts_do_not_depend_on_chip_or_batch_here():
    """So the explorer may plan them once: the images are converted, and nothing else."""
    for make in (resnet50, mobilenetv2, small_cnn):
        for chip, batch in ((A100, 1), (A100, 64), (H100, 8)):
            made = assign_layouts(optimize(make(batch=batch))[0], chip)[0]
            assert list(conversions(made)) == ["images.NHWC"]
    assert not list(conversions(assign_layouts(gpt2_block(), A100)[0]))


def test_fusing_alone_leaves_as_few_launches_as_with_folding():
    launches = {
        (norms, epilogues): len(compiler_passes.variant("ResNet-50", norms, epilogues, "not counted").flop)
        for norms in compiler_passes.NORMS for epilogues in compiler_passes.EPILOGUES
    }  # fmt: skip
    convolutions, others = 53, 3  # pool, mean, dense layer
    assert launches["folded", "fused"] == launches["as nodes", "fused"] == convolutions + others
    assert launches["folded", "each alone"] == 174 - convolutions
    assert "174 launches become 121" in pass_explorer(epilogues="each alone").sentence


def test_conversions_at_each_kernel_can_be_worse_than_no_compiler():
    worse = pass_explorer(norms="as nodes", epilogues="each alone", layout="converted at each kernel").sentence
    assert "0.64 times as fast" in worse
    assert "(1 conversions)" in pass_explorer(layout="planned").sentence


# ---- the memory explorer


@pytest.mark.parametrize("strategy", compiler_memory.STRATEGIES)
def test_plans_at_a_batch_are_the_plans_of_that_batch(strategy):
    choices = {"network": "MobileNetV2", "graph": "after the passes", "strategy": strategy, "in_place": "allowed"}
    scaled = compiler_memory.at_batch(3, **choices)
    real = allocate(lifetimes(optimize(mobilenetv2(batch=3))[0]), compiler_memory.STRATEGIES[strategy])
    assert (scaled.peak, scaled.bound, scaled.apart) == (real.peak, real.bound, real.apart)
    assert scaled.clashes() == []


def test_rectangles_share_no_area_and_fill_no_more_than_the_arena():
    plan = compiler_memory.at_batch(1, network="ResNet-50", graph="after the passes", strategy="largest first",
                                    in_place="allowed")  # fmt: skip
    boxes = [(c[0][0], c[0][1], c[2][0], c[2][1]) for c in compiler_memory.rectangles(plan)]
    assert max(top for _, _, _, top in boxes) == pytest.approx(100)  # the bound is reached
    for i, (left, low, right, high) in enumerate(boxes):
        for l2, b2, r2, t2 in boxes[:i]:
            assert min(right, r2) - max(left, l2) < 1e-9 or min(high, t2) - max(low, b2) < 1e-9
    assert len(compiler_memory.rectangles(plan, 5)) == 3


def test_the_run_that_asks_misses_the_bound_and_forbidding_to_write_over_raises_it():
    assert "44.4 % over" in memory_explorer(graph="as defined", strategy="as the run asks").sentence
    assert "bound of 7.225 MB" in memory_explorer(graph="as defined").sentence
    assert "bound of 9.634 MB" in memory_explorer(graph="as defined", in_place="forbidden").sentence
    assert "bound of 7.225 MB" in memory_explorer(in_place="forbidden").sentence


# ---- kernel selection


@given(M=st.integers(1, 8192), K=st.sampled_from((64, 1000, 1024, 4096)), N=st.sampled_from((64, 1000, 4096)))
@settings(max_examples=15, deadline=None)
def test_the_rule_is_never_better_than_the_best(M, K, N):
    times, rule, best = compiler_choice.chosen(M, K, N, "A100", "hidden")
    assert times["by rule"] >= min(times["vector GEMM"], times["tensor GEMM"]) == best.times[best.name]
    assert (rule.name == "tensor GEMM") == (K % 16 == 0 and N % 16 == 0)


def test_one_column_more_sends_the_rule_to_the_vector_units():
    assert "takes vector GEMM, since K = 1025 is no multiple of 16" in selection_explorer(K=1025).sentence
    assert "the best is tensor GEMM" in selection_explorer(K=1025).sentence


def test_some_shape_of_the_sliders_wants_k_in_parts():
    assert "K in" in selection_explorer(M=128, K=8192, N=64).sentence.split("the best is")[1]


# ---- figures


def test_stages_of_the_waterfall_add_up_and_never_get_slower_at_batch_32():
    found = list(rows(find("compile-waterfall").table()))
    for r in found:
        assert r["T"] == pytest.approx(r["T_kernels"] + r["T_launch"] + r["T_copy"])
    late = [r["T"] for r in found if r["batch"] == 32]
    assert late == sorted(late, reverse=True)
    assert found[0]["T"] / found[6]["T"] == pytest.approx(7.08, abs=0.01)
    assert found[7]["T"] / found[13]["T"] == pytest.approx(16.44, abs=0.01)


def test_the_graph_loses_three_nodes_and_five_share_a_kernel():
    found = list(rows(find("graph-passes").table()))
    assert {r["node"]: r["gone by"] for r in found if r["gone by"]} == {
        "again": "common", "watch": "dead code", "gain": "constants"}  # fmt: skip
    assert {r["kernel"] for r in found if not r["gone by"]} == {"y"}


def test_the_rule_of_the_figure_loses_least_on_large_products():
    found = [r for r in rows(find("kernel-choice").table()) if r["width"] == 4096]
    assert found[0]["times"] > 2 > 1.05 > found[-1]["times"] >= 1
    assert all(r["times"] > 10 for r in rows(find("kernel-choice").table()) if r["width"] == 1000)


def test_the_memory_figure_draws_the_plan():
    found = list(rows(find("memory-plan").table()))
    plan = allocate(lifetimes(optimize(mobilenetv2())[0]))
    assert max(r["offset"] + r["bytes"] for r in found) == plan.peak == plan.bound


# ---- felt


def test_the_felt_prediction_meets_both_ends():
    """12 calls of 1 us against 5 at the small end; at the large end arithmetic of 100 us is added to both."""
    flop = {side: compiler_felt.counted(side)[2] for side in (8, 64)}
    per_flop = 100e-6 / flop[64]
    small, large = (12e-6, 5e-6), (112e-6, 105e-6)
    raced = {8: Speedup((small[0],), (small[1],)), 64: Speedup((large[0],), (large[1],))}
    said = compiler_felt.predicted(raced)
    assert said[64] == pytest.approx(112 / 105)
    a = per_flop * flop[8]
    assert said[8] == pytest.approx((12e-6 + a) / (5e-6 + a))


def test_the_felt_picture_says_measured_beside_predicted():
    raced = {side: Speedup((2e-5,) * 5, (1e-5,) * 5) for side in (8, 16)}
    assert "8 x 8: 2.00, predicted" in repr(compiler_felt.felt(raced))
