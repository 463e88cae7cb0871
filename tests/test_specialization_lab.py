"""What lab 02 rests on besides its laws: its sources, claims, self-check items, figures and explorers."""

import re
from pathlib import Path

import pytest

from labcore.catalogue import A100, chip, demand
from labcore.catalogue import specialization as past
from labcore.catalogue.facts import Fact
from labcore.claims.ledger import LEDGER, claim
from labcore.energy import access_energy
from labcore.explore import moving_energy
from labcore.explore.specialization import growth_explorer, hundredfold_explorer, payback_explorer
from labcore.grading.judge import load_questions, own_judge
from labcore.models.alexnet import alexnet
from labcore.plots.registry import find
from labcore.plots.words import rows
from labcore.precision.cost import mac_energy


def facts_in(thing):
    """Every Fact in a module's tables, however nested."""
    if isinstance(thing, Fact):
        yield thing
    elif isinstance(thing, past.Milestone):
        yield thing.year
    elif isinstance(thing, past.Era):
        yield from facts_in(thing.milestones)
    elif isinstance(thing, dict):
        yield from facts_in(list(thing.values()))
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from facts_in(one)


def facts_of(module):
    return [fact for name, thing in vars(module).items() if not name.startswith("_") for fact in facts_in(thing)]


@pytest.mark.parametrize("module", [past, demand])
def test_what_was_not_read_or_not_published_says_so(module):
    facts = facts_of(module)
    assert len(facts) > 20
    for fact in facts:
        assert fact.source.publisher
        assert fact.source.title
        assert fact.note or (fact.confirmed and fact.kind == "published"), fact


def test_milestones_lie_in_their_decades_and_in_order():
    for era in past.ERAS:
        years = past.years(era.milestones)
        assert years == sorted(years)
        assert all(year // 10 * 10 == era.decade for year in years)
    with pytest.raises(ValueError, match=r"^no era begins in 1970; there are 1980, 1990, 2000, 2010, 2020$"):
        past.era(1970)


def test_alexnet_is_counted_as_others_count_it():
    """60,965,224 parameters; 724 M MACs forward at 227 x 227, so 3 x 1.449 GFLOP a training step and image."""
    net = alexnet()
    assert net.params == 60_965_224
    assert net.macs == 724_406_816
    assert [layer.op.shape["P"] for layer in net.layers[:5]] == [55, 27, 13, 13, 13]
    training = 3 * net.flop * demand.ALEXNET_IMAGES.value * demand.ALEXNET_EPOCHS.value
    assert training == pytest.approx(demand.TRAINING["AlexNet"][1].value, rel=0.01)  # Epoch AI's own estimate


# ---- claims


def test_departures_show_their_numbers():
    assert "13.2 and 15.3" in claim("example-1-1-speedup-range").reason
    assert "14.5 and 29.2" in claim("example-1-1-speedup-range").reason
    assert "6.13 / 1.74 = 3.53" in claim("footnote-7-gap-growth").reason
    assert "8,000 cycles" in claim("text-software-float-cycles").reason  # 1600 us x 5 MHz
    assert "gain 82x to 544x" in claim("intel-8087-gain").reason  # 3200 / 39 and 19600 / 36
    assert "With 90% of its time in multiplications a program gains 9x" in claim("intel-8087-gain").reason
    assert "99.2% for square roots" in claim("footnote-4-8087").reason  # 0.99 / (1 - 36 / 196)
    assert "it reaches in 2009" in claim("figure-4-twin-s-curves").reason  # 2000 + ln(9) / 0.25 = 2008.8
    assert "5.0 pJ for 32 bits, the multiplication 3.7: 1.35x" in claim("fig-margin-energy-ladder").reason
    assert "25,165,824 B" in claim("footnote-13-tpuv1-unified-buffer").reason
    reason = claim("selfcheck-1-q5-batch1-utilization").reason
    assert "a batch of 8 to 16" in reason  # 5 / 0.6535 = 7.7, 10 / 0.6535 = 15.3
    assert "same rate is 10%" in reason  # 2.039 / 19.5


def test_claims_take_other_inputs():
    assert claim("selfcheck-1-q5-batch1-utilization", bytes_per_param=1).computed == pytest.approx(
        100 * 2 * 2.039 / 312
    )
    assert claim("footnote-8-dark-silicon-fraction", node="22 nm").computed == 79
    assert claim("footnote-7-gap-growth", supply_growth=1.7).computed == pytest.approx(6.1 / 1.7)
    assert claim("margin-dram-100x-mac", fmt="fp16").computed == pytest.approx(325 / 1.5)


def test_words_fail_where_they_should():
    """Demand that supply outgrows; so few GPUs that days do not do; so many that weeks were not needed."""
    gap, weeks = LEDGER["figure-3-systems-gap"], LEDGER["text-datacenter-vs-edge-constraint"]
    assert gap.printed.holds(gap())
    assert not gap.printed.holds(gap(demand_growth=1.5))
    assert not gap.printed.holds(gap(supply_growth=6))
    for count, held in ((64, False), (1024, True), (8192, False)):
        days = claim("text-datacenter-vs-edge-constraint", count=count).computed
        assert weeks.printed.holds(days) is held


# ---- exercise


def test_a_tie_between_buying_and_building_is_named():
    """4 x 10 bought is 40, and so is 20 once and 4 x 10 / 2 for own machines."""
    exercises = Path(__file__).parent.parent / "exercises"
    question = load_questions(exercises / "02_specialization.json")["q7"]
    judge = own_judge(question.judge)
    assert judge((4, 10, 10, 2, 20), ("build", 4.0), ("buy", 4.0)) == (
        0,
        "both ways cost the same here, and then the answer is 'buy'",
    )
    assert judge((3, 10, 10, 2, 20), ("build", 4.0), ("buy", 4.0))[1] == "the other way is cheaper for this fleet"


# ---- figures


def test_the_points_of_the_gap_are_the_facts_over_2012():
    table = list(rows(find("systems-gap").table()))
    training = {r["name"]: r["value"] for r in table if r["series"] == "training compute"}
    assert training["AlexNet"] == 1
    assert training["GPT-3"] == pytest.approx(3.14e23 / 4.7e17)
    peaks = {r["name"]: r["value"] for r in table if r["series"] == "GPU peak"}
    assert peaks["A100 fp16"] == pytest.approx(312 / 3.95)
    lines = {(r["name"], r["year"]): r["value"] for r in table if r["series"] == "line"}
    assert lines["model demand", 2023] == pytest.approx(4.6e8)
    assert lines["GPU", 2022] == pytest.approx(250)
    years = {r["name"]: r["year"] for r in table if r["series"] == "training compute"}
    for name, value in training.items():  # the caption: every model lies on or below the drawn line
        assert value <= lines["model demand", years[name]] * (1 + 1e-9)


def test_the_curves_are_logistic_and_the_events_lie_on_the_old_one():
    table = list(rows(find("twin-s-curves").table()))
    at = {(r["series"], r["year"]): r["value"] for r in table if r["kind"] == "curve"}
    assert at["CPU", 2000] == 50
    assert at["accelerator", 2022] == 5000
    assert {round(r["year"], 1) for r in table if r["kind"] == "event"} == {2005, 2005.3, 2008.5}


def test_labels_points_and_dense_rates_of_figure_6_are_kept_apart():
    at = {(r["series"], r["name"]): r["rate"] / 1e12 for r in rows(find("gpu-scaling").table())}
    assert (at["label", "A100"], at["point", "A100"], at["dense", "A100"]) == (1248, 1100, 624)
    assert at["dense", "H100"] == pytest.approx(4000 / 2, rel=0.02)
    off = {name for series, name in at if series == "point" and at["point", name] != at["label", name]}
    assert off == {"K20X", "M40", "P40", "V100", "A100"}
    assert "FP32 on FP32 17x" in find("gpu-scaling").says(find("gpu-scaling").table())


def test_every_part_of_the_anatomy_lies_inside_what_holds_it():
    parts = {r["part"]: r for r in rows(find("accelerator-anatomy").table())}
    for r in parts.values():
        if r["inside"] in parts:
            holder = parts[r["inside"]]
            assert holder["x"] < r["x"]
            assert r["x"] + r["w"] < holder["x"] + holder["w"]
            assert holder["y"] < r["y"]
            assert r["y"] + r["h"] < holder["y"] + holder["h"]
    hbm, die = parts["HBM"], parts["AI accelerator chip"]
    assert hbm["y"] + hbm["h"] < die["y"]  # outside


# ---- explorers


def test_the_contradiction_of_the_footnotes_can_be_found():
    assert "grows 3.05x a year" in growth_explorer(demand=6.1, supply=2.0).sentence
    assert "grows 3.59x a year" in growth_explorer(demand=6.1, supply=1.7).sentence
    assert "never reaches 10x" in growth_explorer(demand=1.5, supply=2.0, gap="10x").sentence
    assert not growth_explorer(demand=1.5, supply=2.0).artists.reached.get_visible()


def test_the_ratios_that_the_chapter_prints_can_be_found():
    assert "176 times" in hundredfold_explorer(operation="multiply", bits=32).sentence  # 650 / 3.7; the page has 173
    assert "141 times" in hundredfold_explorer(operation="multiply-accumulate", bits=32).sentence
    assert "1.35 times" in hundredfold_explorer(operation="multiply", level="SRAM 8 KiB").sentence  # on the chip


@pytest.mark.parametrize("process", ["45 nm", "7 nm"])
def test_the_two_bars_are_the_tables_energies(process):
    for level in moving_energy.levels(process):
        computing, moving = moving_energy.energies(process, "multiply-accumulate", "int8", level, 8)
        assert computing == mac_energy("int8", "int32", process)
        assert moving == access_energy(level, 1, process)


def test_a_newer_process_keeps_to_memory_outside_the_chip():
    explorer = hundredfold_explorer()
    explorer.set(process="7 nm")
    assert explorer.values["level"] == "DDR"
    explorer.set(process="45 nm")
    assert explorer.values["level"] == "DRAM"


def test_an_own_machine_can_be_too_dear_for_a_gain_of_15():
    """15 times the 10,000 USD and 2,102.4 of energy are 181,536; less its own energy a price of 179,434."""
    assert "never" not in payback_explorer(gain=15.0, price=179_000).sentence
    assert "it never pays" in payback_explorer(gain=15.0, price=180_000).sentence


def test_payback_says_what_break_even_says():
    said = payback_explorer(one_time=1, gain=1.0, price=10_000, fleet=1).sentence
    assert "it never pays" in said
    (even,) = re.findall(r"work of ([\d,]+) bought machines on", payback_explorer(one_time=8, gain=15.0).sentence)
    energy = 0.4 * 1.5 * 4 * 365 * 24 * 0.10  # kW, overhead, hours, USD a kWh
    assert int(even.replace(",", "")) == round(8e6 / ((10_000 + energy) * (1 - 1 / 15)))


def test_the_chips_of_the_lab_have_what_it_asks_of_them():
    assert pytest.approx(10.2, abs=0.01) == A100.BW / 200e9
    assert chip("Sapphire Rapids").BW == 8 * 8 * 4.8e9
