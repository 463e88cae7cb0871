"""The map of architectures: growth, balance, where weights live, seams between dies, mixes of workloads."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from labcore.architectures import balance, demand, dies, growth, mixes, residence
from labcore.catalogue import architectures as catalogue
from labcore.catalogue.architectures import ALL, ARCHITECTURES, architecture
from labcore.catalogue.memory import DECADES
from labcore.catalogue.multichip import WSE3_CORES
from labcore.feasibility.workload import workload
from labcore.interconnect.collectives import all_reduce_time
from labcore.interconnect.link import Link

HBM = [one for one in ALL if one.home == "HBM"]

# ---- the catalogue


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_chip_can_be_placed_and_says_what_is_open(one):
    assert one.tier(one.home).bandwidth is not None
    assert one.sixteen_bit in one.peaks
    for name, fact in one.facts():
        assert fact.value > 0, name
        assert 2000 < fact.source.year <= 2026
        assert fact.confirmed or fact.note, name
        assert fact.kind != "derived" or fact.note, name


def test_numbers_that_a_maker_prints_twice_agree():
    """Links from lanes, shares of a rack, bytes a core and clock: each second way to the same number."""
    assert architecture("LPU v1").link.value == 3 * 4 * 28e9 / 8  # links of a card, lanes, bits as cabled
    assert architecture("Wormhole n150").tier("SRAM").capacity.value == pytest.approx(108e6, rel=1e-3)
    assert architecture("Bow IPU").tier("DDR").capacity.value * 4 == 256e9
    assert architecture("Blackhole p150").tier("SRAM").capacity.value == 210 * 2**20  # 140 cores of 1.5 MiB
    assert 16 * architecture("SN40L").BW("HBM") == 25.6e12
    assert 16 * architecture("SN40L").tier("SRAM").capacity.value == pytest.approx(8 * 2**30, rel=0.02)
    assert architecture("H100").BW("shared memory") == pytest.approx(132 * 128 * 1.755e9, rel=1e-3)  # SMs, B, clock
    wse = architecture("WSE-3")
    assert 16 < wse.BW("SRAM") / (WSE3_CORES["sold"].value * 1.1e9) < 24  # a read of 16 B, a write of 8
    assert catalogue.WSE3_CLAIM.value / wse.peak("fp16") == pytest.approx(8, rel=0.02)  # the claim is no dense rate
    assert catalogue.WSE3_CLAIM.kind == "claimed"


def test_a_tensor_engine_times_eight_is_not_what_the_chip_prints():
    eight = catalogue.NEURON_CORES.value * catalogue.TENSOR_ENGINE.value
    assert eight == 632e12 < architecture("Trainium2").peak("bf16") == 667e12


def test_a_gpsimd_engine_has_128_fp32_lanes():
    assert len(catalogue.ENGINES) == 4
    assert catalogue.GPSIMD_PROCESSORS.value * catalogue.GPSIMD_BITS.value / 32 == 128


# ---- growth


@given(st.floats(1.05, 9), st.integers(3, 12), st.floats(1e-3, 1e15))
def test_a_fit_finds_the_rate_that_was_planted(rate, count, first):
    years = [2000 + 1.5 * k for k in range(count)]
    found = growth.fit(years, [first * rate ** ((year - 2000) / 2) for year in years])
    assert found.rate == pytest.approx(rate, rel=1e-9)
    assert pytest.approx(1) == found.R2


def test_a_fit_agrees_with_scipy_on_the_catalogue():
    found = growth.catalogue_fit("bandwidth")
    years, values = zip(*((y, v) for _, y, v in growth.points("bandwidth", _gpus())), strict=True)
    line = stats.linregress(years, np.log(values))
    assert found.rate == pytest.approx(math.exp(2 * line.slope))
    assert found.error == pytest.approx(math.exp(2 * line.stderr))
    assert pytest.approx(line.rvalue**2) == found.R2


def _gpus():
    return [chip for chip in growth.CHIPS if chip.kind == "GPU"]


def test_compute_outgrows_memory_and_links_in_our_chips_too():
    peak, BW = (growth.catalogue_fit(what) for what in ("peak", "bandwidth"))
    link = growth.fit(*zip(*((year, value) for _, year, value in growth.points("link")), strict=True))
    assert peak.rate / peak.error > 1.5 * BW.rate * BW.error
    assert link.rate == pytest.approx(math.sqrt(900 / 300))  # two spans of two years, evenly spaced
    fp32 = growth.catalogue_fit("fp32")
    assert fp32.rate < BW.rate * BW.error  # at one precision compute did not outgrow: narrow formats and tensor cores


def test_published_rates_over_twenty_years():
    rates = {key: DECADES[key].value for key in ("peak", "DRAM", "interconnect")}
    assert [round(growth.compounded(rate, 20)) for rate in rates.values()] == [3**10, 110, 29]
    assert growth.disparity(3.0, 1.6, 20) == pytest.approx((3 / 1.6) ** 10)


# ---- demand


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["llama3-8b", "llama3-70b", "gpt2"]), st.integers(1, 300), st.integers(1, 1000))
def test_a_decode_is_a_line_in_the_batch(model, batch, context):
    step, network = demand.decode(model, context), workload(model, batch, context).phases["decode"]
    assert batch * step.flop == network.flop
    assert step.D_vol(batch) == pytest.approx(network.D_vol, rel=1e-12)


def test_weights_and_cache_of_llama_3_8b_by_hand():
    step = demand.decode("llama3-8b", context=1000)
    assert step.kv == 1000 * 2 * 32 * 8 * 128 * 2  # K and V, layers, heads, width, bytes
    matmuls = 32 * (4096 * 4096 * 2 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 4096 * 128256
    assert step.weights == pytest.approx(2 * matmuls, rel=1e-3)  # norms are the rest
    assert step.held == 2 * 8_030_261_248
    assert step.D_vol(1) / 2**30 < 16
    assert demand.decode("llama3-8b", 1000, weights="int8").weights == pytest.approx(matmuls, rel=1e-2)


@given(st.floats(0.5, 2000), st.sampled_from([128, 1024, 8192]))
@settings(deadline=None)
def test_computing_binds_from_the_compute_batch_on_or_never(I_ridge, context):
    step = demand.decode("llama3-8b", context)
    found = step.compute_batch(I_ridge)
    if found is None:
        assert step.I_limit <= I_ridge
        assert step.I(10**9) < I_ridge
    else:
        assert step.I(math.ceil(found) + 1) >= I_ridge * (1 - 1e-9)
        assert found < 2 or step.I(math.floor(found) - 1 or 1) <= I_ridge * (1 + 1e-9)


def test_at_the_kv_batch_cache_and_weights_are_equal():
    step = demand.decode("llama3-70b", context=4096)
    assert step.kv_batch * step.kv == pytest.approx(step.weights)


def test_one_expert_of_one_is_the_dense_model():
    step = demand.decode("llama3-8b", context=512)
    moe = demand.mixture(step, "llama3-8b", experts=1, chosen=1)
    assert (moe.flop, moe.held) == (step.flop, step.held)
    assert moe.D_vol(7) == pytest.approx(step.D_vol(7))


def test_experts_are_as_narrow_as_the_model_that_they_are_copies_of():
    """Gate, up and down of 8B are 32 x 3 x 4096 x 14,336 weights; seven more copies of them, at a byte each."""
    moe = mixes.jobs(precision="int8")["MoE"].demand
    always, each, *_ = moe.experts
    assert each == 32 * 3 * 4096 * 14_336
    assert moe.held == 8_030_261_248 + 7 * each
    assert 0 < always < each


# ---- balance


def test_ridges_rise_with_every_tier_outwards():
    for one in ALL:
        found = list(balance.ridges(one).values())
        farther = [tier.capacity.value for tier in one.tiers]
        assert found == sorted(found)
        assert farther == sorted(farther)


@pytest.mark.parametrize("one", HBM, ids=lambda one: one.name)
def test_with_hbm_prefill_computes_and_decode_waits(one):
    step, prompt = demand.decode("llama3-8b", 2048), demand.prefill("llama3-8b", 2048)
    assert balance.place(prompt, 1, one).bound == "compute"
    placed = balance.place(step, 1, one)
    assert placed.bound == "memory"
    assert step.D_vol(1) / one.BW("HBM") == placed.T
    assert placed.eta < 0.02


def test_batching_stops_before_the_ridge_at_long_contexts():
    H100 = architecture("H100")
    short, long = (balance.batching(demand.decode("llama3-70b", context), H100, chips=8) for context in (512, 8192))
    assert long.compute_batch is None
    assert short.compute_batch > 295  # weights are used at most once a token and byte pair
    assert long.eta_limit == pytest.approx(demand.decode("llama3-70b", 8192).I_limit / (989 / 3.35))
    assert short.room // 16 == long.room  # a sixteenth of the context
    assert balance.batching(demand.decode("llama3-70b", 512), H100).room == 0


# ---- where weights live


def test_chips_that_hold_llama_3_70b():
    held = demand.decode("llama3-70b", 128).held
    assert {name: residence.chips_to_hold(architecture(name), held) for name in ("H100", "WSE-3", "LPU v1")} == {
        "H100": 2, "WSE-3": 4, "LPU v1": math.ceil(2 * 70.554e9 / 230e6),
    }  # fmt: skip


@given(st.integers(1, 400), st.integers(1, 64))
@settings(deadline=None, max_examples=50)
def test_splits_spread_memory_and_add_links(chips, batch):
    step, LPU = demand.decode("llama3-8b", 2048), architecture("LPU v1")
    pipe, tensor = (residence.token_time(step, "llama3-8b", LPU, chips, split, batch) for split in residence.SPLITS)
    assert tensor.T_memory == pytest.approx(pipe.T_memory / chips)
    assert pipe.hops == chips - 1
    assert pipe.T_token >= max(pipe.T_compute, pipe.T_memory)
    assert pipe.throughput <= chips * batch / max(pipe.T_compute, pipe.T_memory) * (1 + 1e-9)
    reduces = 2 * 32 * all_reduce_time(batch * 4096 * 2, chips, Link("", LPU.link.value, 1e-6)) if chips > 1 else 0
    assert tensor.T_link == pytest.approx(reduces)


def test_more_chips_in_tensor_stop_helping_when_the_link_binds():
    step, H100 = demand.decode("llama3-70b", 2048), architecture("H100")
    times = [residence.token_time(step, "llama3-70b", H100, n, "tensor") for n in (2, 8, 64, 512)]
    assert times[1].T_token < times[0].T_token
    assert times[3].T_token > times[2].T_token
    assert [one.binds for one in times] == ["memory", "memory", "link", "link"]


# ---- dies


@pytest.mark.parametrize(("count", "BW_link"), [(2, 0.2), (4, 0.3), (8, 2.0)])
def test_numa_bandwidth_is_what_interleaved_pages_take(count, BW_link):
    homes = np.random.default_rng(5).integers(0, count, (count, 20_000))
    T = dies.read_time(homes, BW_die=1.0, BW_link=BW_link)
    assert homes.size / T == pytest.approx(dies.numa_bandwidth(count, 1.0, BW_link), rel=0.03)


def test_pages_that_all_lie_with_one_die_wait_at_its_link():
    homes = np.zeros((3, 4), int)  # 12 pages of one memory, of which 8 leave by one link
    assert dies.read_time(homes, BW_die=1.0, BW_link=0.25) == 8 / 0.25
    assert dies.read_time(homes, BW_die=1.0, BW_link=4.0) == 12


@given(st.integers(1, 32), st.floats(0.1, 10), st.floats(0, 1))
def test_a_link_for_the_remote_share_is_just_enough(count, BW_die, remote):
    need = dies.link_for_full(count, BW_die, remote)
    if need > 1e-6:
        assert dies.numa_bandwidth(count, BW_die, need, remote) == pytest.approx(count * BW_die)
        assert dies.numa_bandwidth(count, BW_die, need / 2, remote) == pytest.approx(count * BW_die / 2)


def test_chiplets_cost_less_and_keep_less():
    one, *several = dies.builds(800e-6, 1000, 17_000, BW=4e12, BW_link=0.4e12)
    assert one.BW_share == 1
    assert all(build.cost < one.cost and build.yields > one.yields and build.BW_share < 1 for build in several)


def test_a_wafer_needs_spare_cores():
    none, some = dies.wafer_yields(970_000, 0.05e-6, 1000, spare=(0, 0.001))
    assert none[1] == pytest.approx(math.exp(-970_000 * 0.05e-6 * 1000))
    assert some[1] > 1 - 1e-9


# ---- mixes


@pytest.mark.parametrize("name", ["H100", "Wormhole n150", "LPU v1"])
def test_a_mix_runs_at_the_harmonic_mean(name):
    one, work = architecture(name), mixes.jobs()
    found = mixes.bottleneck({"prefill": 0.6, "decode": 0.3, "convolution": 0.1}, one)
    eta = {name: part.eta for name, part in found.parts.items()}
    harmonic = 0.6 / eta["prefill"] + 0.3 / eta["decode"] + 0.1 / eta["convolution"]
    assert found.T_total == pytest.approx(1e15 / one.peak("fp16") * harmonic)
    assert sum(found.by_cause.values()) == pytest.approx(found.T_total)
    assert set(work) == {"prefill", "decode", "convolution", "recommendation", "MoE"}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_architecture_has_a_bottleneck_and_says_why(one):
    mix = {"prefill": 0.3, "decode": 0.3, "convolution": 0.2, "recommendation": 0.1, "MoE": 0.1}
    found = mixes.bottleneck(mix, one)
    assert found.binds in mixes.CAUSES
    assert one.name in found.describe()
    assert len(found.assumptions) >= 5 + 4
    assert all(sentence.endswith(".") for sentence in found.assumptions)
    for part in found.parts.values():
        assert 0 <= part.eta <= 1
        if part.chips:
            assert max(part.T_compute, part.T_memory, part.T_link) == part.T


def test_chips_hold_the_cache_beside_the_weights():
    work, LPU = mixes.jobs()["decode"], architecture("LPU v1")
    assert mixes.serve(work, LPU).chips == math.ceil((2 * 8_030_261_248 + 16 * 2048 * 131_072) / 230e6)


def test_a_long_pipeline_is_filled_by_no_more_sequences_than_there_are():
    """89 stages, 16 sequences: a token visits all 89, each reads its 89th of the weights, so the batch waits W / BW."""
    work, LPU = mixes.jobs()["decode"], architecture("LPU v1")
    alone = work.demand.D_vol(1) / 80e12
    assert pytest.approx(alone) == mixes.serve(work, LPU).T  # as long as one sequence takes, for all 16
    assert pytest.approx(alone) == mixes.serve(mixes.jobs(batch=1)["decode"], LPU).T
    busy = [mixes.serve(mixes.jobs(batch=batch)["decode"], LPU).eta for batch in (1, 4, 16)]
    assert busy == sorted(busy)
    assert busy[-1] < 16 / 89


def test_two_chips_share_every_layer_where_stages_would_read_the_weights_twice_as_often():
    one, job = architecture("Wormhole n150"), mixes.jobs()["decode"]
    part, each = mixes.serve(job, one), job.demand.kv + job.demand.activations
    staged = mixes._staged(job, one, "fp16", "GDDR6", 2)
    assert part.chips == 2
    assert staged["memory"] == pytest.approx(2 * (job.demand.weights + 8 * each) / 288e9 / 2)
    assert part.T_memory == pytest.approx((job.demand.weights + 16 * each) / 288e9 / 2)
    assert max(staged.values()) > part.T


def test_sram_moves_the_wall_and_a_single_phone_has_no_room():
    decode = {"decode": 1.0}
    assert mixes.bottleneck(decode, architecture("H100")).binds == "memory"
    assert mixes.bottleneck(decode, architecture("GC200")).binds == "memory"  # one sequence at most a stage
    assert mixes.bottleneck(decode, architecture("WSE-3")).binds == "compute"
    assert mixes.bottleneck({"recommendation": 1.0}, architecture("WSE-3")).binds == "link"
    phone = mixes.bottleneck(decode, architecture("Mobile NPU"))
    assert phone.describe() == "Mobile NPU works alone, as no link is known, and has no room for decode."
    assert phone.T_total == math.inf
    assert mixes.serve(mixes.jobs()["MoE"], architecture("SN40L")).tier == "DDR"  # no link is known, so farther


# ---- what bad input is told


@pytest.mark.parametrize(("call", "text"), [
    (lambda: architecture("LPU v9"),
     "no architecture is called 'LPU v9'; the nearest names are LPU v1, TPU v5p, Mobile NPU"),
    (lambda: architecture("H100").tier("SRAM"), "H100 has no SRAM; its tiers are shared memory, L2, HBM"),
    (lambda: architecture("Trainium2").BW("SRAM"), "no bandwidth is known of the SRAM of Trainium2; of HBM it is"),
    (lambda: architecture("LPU v1").peak("bf16"), "LPU v1 has no bf16 peak; it has fp16, int8"),
    (lambda: growth.fit([2000, 2002], [1, 2]), "a fit takes three points or more of different years; got 2 years"),
    (lambda: growth.points("power"), "what grows is one of fp32, peak, bandwidth, capacity, link; got 'power'"),
    (lambda: demand.decode("resnet50", 9), "decode takes a language model, one of gpt2"),
    (lambda: demand.single("gpt2"), "gpt2 is a language model: take prefill or decode"),
    (lambda: demand.single("resnet50").kv_batch, "keeps no keys and values; ask a decode"),
    (lambda: demand.decode("llama3-8b", 9).D_vol(0), "batch must be a whole number of at least 1, got 0"),
    (lambda: residence.chips_to_hold(architecture("H100"), 0), "wanted bytes to hold, above 0; got 0"),
    (lambda: residence.token_time(demand.decode("llama3-8b", 9), "llama3-8b", architecture("SN40L"), 2),
     "no link is known of SN40L, so it works alone here; give 1"),
    (lambda: residence.token_time(demand.decode("llama3-8b", 9), "nope", ALL[0], 2),
     "tokens are of a language model, one of gpt2"),
    (lambda: demand.mixture(demand.decode("gpt2", 9), "nope", 8, 2), "experts are built of Llama's gated MLPs; got"),
    (lambda: residence.token_time(demand.decode("llama3-8b", 9), "llama3-8b", architecture("H100"), 2, "data"),
     "a split is one of pipeline, tensor; got 'data'"),
    (lambda: dies.numa_bandwidth(2, 1.0, 1.0, remote=2), "remote is a share from 0 to 1, got 2"),
    (lambda: dies.read_time(np.array([[0, 2]]), 1.0, 1.0), "homes is (dies, pages) of numbers below dies"),
    (lambda: mixes.bottleneck({"training": 1.0}, ALL[0]), "a mix has prefill, decode, convolution, recomm"),
    (lambda: mixes.bottleneck({"decode": 0.5}, ALL[0]), "shares are 0 or more and sum to 1, got 0.5; divide each"),
])  # fmt: skip
def test_errors_name_the_way_out(call, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        call()


def test_names_are_found_whatever_their_case():
    assert architecture("wse-3") is ARCHITECTURES["WSE-3"]
