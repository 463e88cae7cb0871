"""Lab 21: what its explorers answer, bounds held against claims, and weights on a reader's machine."""

import math

import pytest

from labcore.architectures import chips_to_hold, decode, token_time
from labcore.architectures.engines import POLICIES
from labcore.architectures.mixes import bottleneck
from labcore.catalogue.architectures import architecture
from labcore.catalogue.claimed_rates import TOKENS_A_SECOND
from labcore.explore import jitter, mix_choice, weights_home
from labcore.explore.architectures import home_explorer, jitter_explorer, mix_explorer
from labcore.kernels.race import Race
from labcore.kernels.resident import Resident, matvec_race
from labcore.plots.resident_felt import felt, felt_data

ALONE = {name: tuple(int(name == one) for one in mix_choice.PARTS) for name in mix_choice.PARTS}


def cheapest(measure, parts):
    return mix_choice.cheapest(mix_choice.standings(measure, 16, 2048, parts))


# ---- the mix


def test_costs_are_chip_seconds_times_what_a_chip_has():
    parts, one = (4, 2, 0, 1, 0), architecture("MI300X")
    mix = {"prefill": 4 / 7, "decode": 2 / 7, "recommendation": 1 / 7}
    T = bottleneck(mix, one).T_total
    got = [mix_choice.standings(measure, 16, 2048, parts)["MI300X"] for measure in mix_choice.MEASURES]
    assert got == pytest.approx([T, T * one.peak("fp16") / 1e15, T * 750])


def test_answers_to_what_the_mix_explorer_asks():
    assert [cheapest(measure, ALONE["prefill"]) for measure in ("chip-seconds", "energy")] == [("WSE-3",), ("B200",)]
    assert set(cheapest("peak bought", ALONE["prefill"])) == set(mix_choice.NAMES) - {"Mobile NPU"}  # all at their peak
    assert {cheapest(measure, ALONE["decode"]) for measure in mix_choice.MEASURES} == {("WSE-3",)}
    for k in range(9):
        T, E = (mix_choice.standings(measure, 2**k, 2048, ALONE["decode"]) for measure in ("chip-seconds", "energy"))
        assert T["H100"] < T["LPU v1"]
        assert E["H100"] > E["LPU v1"]
    T = mix_choice.standings("chip-seconds", 16, 2048, ALONE["recommendation"])
    assert {name for name, one in T.items() if one < T["WSE-3"]} == {"H100", "B200", "MI300X"}
    E = mix_choice.standings("energy", 16, 2048, ALONE["convolution"])
    assert sorted((one, name) for name, one in E.items() if math.isfinite(one))[0][1] == "LPU v1"
    assert sorted((one, name) for name, one in E.items() if math.isfinite(one))[1][1] == "Mobile NPU"


def test_ties_are_named_and_the_sentence_says_what_decides():
    said = mix_explorer(prefill=1, decode=0, measure="peak bought").sentence
    assert "least peak bought for 1 PFLOP on 10 chips alike, H100, B200, MI300X" in said
    assert "1 PFLOP. H100 1 PFLOP, 1 times that. H100: compute binds" in said
    for name in mix_choice.NAMES:
        assert len(mix_explorer(explain=name).sentence) < 400


def test_the_order_of_lpu_and_h100_hangs_on_a_claimed_wattage():
    """Behind at a tenth of decode, ahead at a half; with an eighth more watts it is behind throughout."""
    assert architecture("LPU v1").power.kind == "claimed"
    for share in (0.0, 0.05, 0.1, 0.5, 1.0):
        mix = {"prefill": 1 - share, "decode": share}
        E = {name: bottleneck(mix, architecture(name)).T_total * architecture(name).power.value
             for name in ("H100", "LPU v1")}  # fmt: skip
        assert (E["LPU v1"] < E["H100"]) == (share >= 0.5)
        assert 1.125 * E["LPU v1"] > E["H100"]


def test_the_mix_explorer_says_what_it_assumes_and_whose_figures_are_claims():
    said = mix_explorer(explain="LPU v1").sentence
    assert "LPU v1: weights in SRAM, fp16; claimed: peak fp16, peak int8, SRAM bandwidth, power." in said
    assert all(len(line) <= 112 for line in mix_choice.wrapped(mix_choice.OF_ALL).split("\n"))


def test_an_empty_mix_asks_for_work_and_a_chip_without_room_or_power_says_so():
    empty = mix_explorer(prefill=0, decode=0)
    assert "give at least one workload a part" in empty.sentence
    full = mix_explorer(prefill=0, decode=1, measure="energy")
    texts = dict(zip(mix_choice.NAMES, (text.get_text() for text in full.artists.said), strict=True))
    assert (texts["Mobile NPU"], texts["GC200"]) == ("no room on one, no link", "no power known")
    ends = dict(zip(mix_choice.CAUSES, full.artists.ends, strict=True))
    assert list(ends["compute"].get_ydata()) == [mix_choice.NAMES.index("WSE-3")]
    assert len(ends["memory"].get_ydata()) == 6  # of eleven, three without a known power and one without room


# ---- where weights live


def test_chips_by_tier_are_those_that_hold_weights_and_cache():
    held = 2 * 70_553_706_496 + 2 * 80 * 8 * 128 * 2048 * 2  # Llama 3 70B; keys and values of one sequence
    assert weights_home.chips("llama3-70b", "fp16", "LPU v1", "SRAM", 1, 2048) == math.ceil(held / 230e6) == 617


def test_answers_to_what_the_home_explorer_asks():
    pipeline, tensor = weights_home.timed("llama3-70b", "fp16", "LPU v1", "SRAM", 1, 2048).values()
    assert (pipeline.binds, tensor.binds) == ("memory", "link")
    int4 = weights_home.timed("llama3-70b", "int4", "LPU v1", "SRAM", 1, 2048)["pipeline"]
    step = decode("llama3-70b", 2048)
    hops = 156 * (1e-6 + 8192 * 2 / 42e9)  # between 157 chips; activations of 8,192 numbers
    assert (int4.chips, int4.binds) == (157, "compute")
    assert int4.T_token == pytest.approx(step.flop / 188e12 + hops)
    assert round(1 / int4.T_token) == 1015
    assert "no bandwidth is known of the SRAM of SN40L" in home_explorer(chip="SN40L", tier="SRAM").sentence
    assert "no link is known of SN40L" in home_explorer(chip="SN40L", tier="HBM").sentence
    told = [one.get_text() for one in home_explorer(chip="SN40L", tier="HBM").artists.values]
    assert told == ["", "no time: no link is known of SN40L", "", "", "", ""]
    gpus = [(chip, stored) for chip in ("A100", "H100", "B200", "MI300X") for stored in weights_home.STORED]
    rates = {(chip, stored): max(1 / one.T_token for one in weights_home.timed(
        "llama3-70b", stored, chip, "HBM", 1, 2048).values()) for chip, stored in gpus}  # fmt: skip
    assert max(rates, key=rates.get) == ("B200", "int4")
    assert rates["B200", "int4"] == pytest.approx(7.7e12 / decode("llama3-70b", 2048, weights="int4").D_vol(1))
    assert round(rates["B200", "int4"]) == 217
    assert "no bandwidth is known of the DDR of GC200" in home_explorer(chip="GC200", tier="DDR").sentence
    assert "pipeline: 1 token/s a sequence" in home_explorer(chip="WSE-3", tier="MemoryX").sentence


def test_the_tier_follows_the_chip():
    explorer = home_explorer()
    explorer.set(chip="H100")
    assert explorer.values["tier"] == "HBM"
    assert [name.get_text() for name in explorer.artists.names] == ["shared memory", "L2", "HBM"]


# ---- a plan against a queue


@pytest.mark.parametrize("law", jitter.LAWS)
def test_no_policy_ends_before_the_busiest_engine_could(law):
    for policy in POLICIES:
        assert jitter.run(law, policy, 4, 0.0, 1).makespan >= jitter.work(law, 1)


def test_answers_to_what_the_jitter_explorer_asks():
    ends = {policy: jitter.run("equal", policy, 4, 0.0, 1).makespan for policy in POLICIES}
    assert len(set(ends.values())) == 1
    first = [d / 10 for d in range(21) if "; ordered first" in jitter_explorer(dispatch=d / 10).sentence]
    assert first[0] == 0.1
    free = [jitter.run("exponential", "dynamic", b, 0.0, 1).makespan / jitter.work("exponential", 1) for b in (1, 2, 6)]
    assert free == pytest.approx([2.09, 1.43, 1.11], abs=0.005)


# ---- bounds and claims


@pytest.mark.parametrize("chip", ["LPU v1", "WSE-3"])
def test_no_maker_claims_more_than_the_bound_allows(chip):
    step, one = decode("llama3-70b", 4096), architecture(chip)
    at = token_time(step, "llama3-70b", one, chips_to_hold(one, step.held + step.kv))
    said = TOKENS_A_SECOND[chip, "70B"]
    assert said.kind == "claimed"
    assert said.source.url.startswith("https://")
    assert 1 / at.T_token > said.value


# ---- this machine


def test_weights_are_predicted_near_while_the_cache_holds_them():
    times = {"256": (1e-5, 2e-5, 3e-5), "4096": (4e-3, 5e-3, 6e-3)}
    planted = Resident(Race(times), BW_near=50e9, BW_far=10e9, cache=2**20)
    table = felt_data(planted)
    assert table["predicted"] == pytest.approx([50e9, 10e9])
    assert table["measured"] == pytest.approx([2**18 / 2e-5, 2**26 / 5e-3])
    assert all(low <= middle <= high for low, middle, high in zip(table["low"], table["measured"], table["high"],
                                                                   strict=True))  # fmt: skip
    assert repr(felt(planted)).startswith("256 KiB: 50 GB/s predicted, 13.1 GB/s measured; 64 MiB: 10 GB/s")


def test_a_product_runs_at_every_size():
    ran = matvec_race([16, 64], repeats=2, far=2**12)
    assert ran.sides == [16, 64]
    assert all(T > 0 for times in ran.race.times.values() for T in times)
    assert ran.race.median("16") < ran.race.median("64") * 16  # times are of one product, not of all passes
