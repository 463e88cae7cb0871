"""The figures of lab 21: their tables follow from the models, and captions and alternative texts say what is drawn."""

import math

import pytest

from labcore.architectures import batching, decode
from labcore.catalogue.architectures import ALL, architecture
from labcore.codesign.granularity import COLUMNS, SEEDS, measure, table, write
from labcore.codesign.sparsity import DENSITIES, PATTERNS
from labcore.plots.architecture_map import family
from labcore.plots.registry import find
from labcore.plots.words import rows

IDS = ("architecture-map", "where-weights-live", "growth-gap", "batch-benefit", "plan-jitter", "divergence-models",
       "granularity", "precision-map")  # fmt: skip


def of(id):
    return list(rows(find(id).table()))


@pytest.mark.parametrize("id", IDS)
def test_they_belong_to_the_lab(id):
    assert find(id).lab == "21_architecture_map"
    assert 40 < len(find(id).says(find(id).table())) < 400


def test_the_map_by_hand():
    """70.55e9 weights of 2 B are 141.1 GB: 1.76 of 80 GB, 613.5 of 230 MB; 188e12 / 80e12 = 2.35 FLOP/B."""
    drawn = {r["chip"]: r for r in of("architecture-map")}
    assert set(drawn) == {one.name for one in ALL}
    assert (drawn["H100"]["chips"], drawn["LPU v1"]["chips"]) == (2, 614)
    assert drawn["LPU v1"]["I_ridge"] == pytest.approx(2.35)
    assert all(100 <= r["I_ridge"] <= 1000 for r in drawn.values() if family(r["home"]) != "SRAM")
    sram = {name: r["I_ridge"] for name, r in drawn.items() if family(r["home"]) == "SRAM"}
    assert {name for name, I in sram.items() if I < 1} == {"WSE-2", "WSE-3"}
    assert max(sram.values()) < 10
    assert sum(family(r["home"]) != "SRAM" for r in drawn.values()) == 10  # of the alternative text
    assert {name for name, r in drawn.items() if family(r["home"]) == "SRAM" and r["sure"] == "yes"} == set()


def test_chips_shrink_with_the_tiers_capacity():
    drawn = of("where-weights-live")
    for r in drawn:
        one = architecture(r["chip"])
        assert (r["home"] == "yes") == (r["tier"] == one.home)
        assert (r["chips"] - 1) * r["capacity"] < decode("llama3-70b", 2048).held <= r["chips"] * r["capacity"]
    near = {(r["chip"], r["tier"]): r["chips"] for r in drawn}
    assert all(near["H100", tier] > 1000 < near["A100", tier] for tier in ("shared memory", "L2"))
    assert near["SN40L", "SRAM"] / near["SN40L", "HBM"] > 80


def test_published_rates_are_those_of_the_essay_and_fp32_is_no_faster_than_dram():
    rate = {(r["panel"], r["series"]): r["rate"] for r in of("growth-gap")}
    assert [rate[panel, "published"] for panel in ("compute", "memory", "links")] == [3.0, 1.6, 1.4]
    assert (
        rate["compute", "fp32"] <= rate["memory", "bandwidth"] < rate["compute", "published"] < rate["compute", "peak"]
    )


def test_a_fitted_line_goes_through_the_middle_of_its_points():
    """Least squares in the logarithm: the residuals sum to zero."""
    drawn = of("growth-gap")
    for what in ("peak", "fp32", "bandwidth", "link"):
        first = min(r["year"] for r in drawn if r["series"] == what)
        left = [
            math.log(r["times"]) - (r["year"] - first) / 2 * math.log(r["rate"]) for r in drawn if r["series"] == what
        ]
        assert sum(left) == pytest.approx(0, abs=1e-9)


def test_batches_of_the_figure_are_those_of_the_model():
    drawn = of("batch-benefit")
    for context in {r["context"] for r in drawn}:
        here = [r for r in drawn if r["context"] == context]
        found = batching(decode("llama3-8b", context), architecture("H100"))
        assert here[-1]["batch"] == found.room
        tokens = [r["tokens"] for r in here]
        assert tokens == sorted(tokens)
        assert all(r["bound"] == "memory" for r in here) == (found.compute_batch is None)
        assert {r["event"]: r["batch"] for r in here}["KV = weights"] == round(found.kv_batch)
    turn = next(r["batch"] for r in drawn if r["event"] == "computing binds")
    assert turn == pytest.approx(660, abs=1)
    assert {r["context"] for r in drawn if r["bound"] == "compute"} == {128}


def test_a_queue_is_best_where_asking_is_free_and_an_order_where_it_is_not():
    T = {(r["plan"], r["ratio"]): r["T"] for r in of("plan-jitter")}
    assert [T[name, 1] for name in ("clocked plan", "planned order", "dynamic, free")] == [1, 1, 1]
    assert T["dynamic, 0.4 a step", 1] > 1
    for ratio in (2, 4, 8, 16, 32):
        assert T["dynamic, free", ratio] < T["planned order", ratio] < T["clocked plan", ratio]
    assert T["dynamic, 0.4 a step", 8] == pytest.approx(T["planned order", 8], rel=0.02)
    assert 7.5 < T["clocked plan", 32] < 8 < 10 * T["planned order", 32] < 16  # of the alternative text


def test_utilization_of_the_alternative_text():
    share = {(r["machine"], r["ratio"]): round(100 * r["utilization"]) for r in of("divergence-models")}
    ends = {machine: (share[machine, 1], share[machine, 32]) for machine, _ in share}
    assert ends == {"SIMT, 32 lanes": (100, 13), "MIMD, 32 cores": (91, 84), "dataflow, 1 buffer": (100, 35),
                    "dataflow, 64 buffers": (100, 80)}  # fmt: skip
    assert share["SIMT, 32 lanes", 8] == round(100 * 1.7 / (8 - 7 * 0.9**32))  # mean 1.7, the longest of 32


def test_index_tax_by_hand():
    """A bitmap has 8 bits a kept byte at 1/8: 1 B. 2:4 takes 2 bits a byte, 1:16 takes 4. 4 x 4: 2 B a block of 16."""
    tax = {(r["pattern"], r["density"]): r["tax"] for r in of("granularity")}
    assert tax["unstructured", 1 / 8] == 1
    assert (tax["n:m", 1 / 2], tax["n:m", 1 / 16]) == (2 / 8, 4 / 8)
    blocks, pointers = 2 * 64 * 64 / 16 / 8, 2 * (64 / 4 + 1)  # of two matrices
    assert tax["4x4", 1 / 8] == 2 * (blocks + pointers) / (16 * blocks)
    for density in DENSITIES:
        its = [r["pruned"] for r in of("granularity") if r["density"] == density]
        assert its[0] == max(its)
        assert its[-1] == min(its)


def test_the_kept_table_is_what_a_training_gives(tmp_path):
    assert {(seed, one.pattern, one.density) for seed, one in table()} == {
        (seed, pattern, density) for seed in SEEDS for pattern in PATTERNS for density in DENSITIES
    }
    kept = {(seed, one.pattern, one.density): one for seed, one in table()}
    again = measure(0, ["unstructured", "4x4"], [1 / 4])
    for seed, one in again:
        before = kept[seed, one.pattern, one.density]
        assert one.tuned == pytest.approx(before.tuned, abs=0.05)  # another BLAS, the spread of seeds
        assert (one.value_bytes, one.index_bytes) == (before.value_bytes, before.index_bytes)
    write(again, tmp_path / "one.csv")
    assert (tmp_path / "one.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_energy_of_a_mac_by_hand():
    """7 nm: 64 bits of HBM2 250 pJ, so 2 B are 62.5 pJ; fp16 multiply 0.34 and fp32 add 0.38 pJ."""
    cost = {(r["storage"], r["compute"], r["reuse"]): (r["moving"], r["computing"]) for r in of("precision-map")}
    assert cost["fp16", "fp16", 1] == pytest.approx((62.5e-12, 0.72e-12))
    assert cost["int4", "int8", 256] == pytest.approx((250e-12 / 16 / 256, 0.1e-12))
    assert cost["int8", "fp16", 1][0] > 40 * cost["int8", "fp16", 1][1]
    assert all(
        computing > moving
        for (_, compute, reuse), (moving, computing) in cost.items()
        if reuse > 1 and compute != "int8"
    )
