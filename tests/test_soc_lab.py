"""What lab 18 rests on besides its claims: the doorbell, a crowd on a bus, figures, explorers."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import soc as facts
from labcore.explore import soc_bus, soc_micro, soc_plan
from labcore.explore.soc import assignment_explorer, doorbell_explorer, isolation_explorer
from labcore.kernels.neighbour import ALONE, BESIDE, neighbour_race
from labcore.kernels.race import Race
from labcore.plots.registry import find
from labcore.plots.soc_felt import felt
from labcore.plots.words import rows
from labcore.soc.crowd import PERIOD, SCHEMES, drive
from labcore.soc.dvfs import cortex_a72
from labcore.soc.micro import cycles, doorbell, mean_power, rate_within, wake_vision
from labcore.soc.partition import all_plans
from labcore.soc.thermal import phone_bodies, phone_governor, throttled
from tests import page_soc

# ---- the doorbell


def test_the_cycles_of_the_doorbell_layer_by_layer():
    """128 MACs: half of them work in dense layers, an eighth in depthwise ones, and elementwise work counts FLOP."""
    total = 0.0
    for layer in wake_vision().layers:
        shape = layer.op.shape
        narrow = layer.op.macs == 0 or (layer.op.kind == "conv2d" and shape["groups"] == shape["C"] > 1)
        total += (layer.op.macs or layer.op.flop) / (128 * (0.125 if narrow else 0.5))
    assert cycles(wake_vision(), doorbell(), weights="sram") == total
    assert pytest.approx(total / 400e6) == page_soc.T_PASS


@given(st.floats(6e-5, 0.1), st.sampled_from(["cpu", "npu"]), st.sampled_from(["flash", "sram"]))
@settings(max_examples=40)
def test_the_rate_within_a_budget_spends_the_budget_or_all_of_the_time(P_budget, engine, weights):
    ask = wake_vision(), doorbell()
    rate = rate_within(*ask, P_budget, engine, weights)
    P = mean_power(*ask, rate * (1 - 1e-12), engine, weights)
    always = ask[1].P[engine]
    assert pytest.approx(min(P_budget, always), rel=1e-6) == P


def test_a_budget_that_sleep_takes_is_refused():
    with pytest.raises(ValueError, match=r"^a budget of 5e-05 W is spent asleep, at 5e-05 W; allow more than that$"):
        rate_within(wake_vision(), doorbell(), 50e-6)


# ---- heat under a demand


def test_a_demand_that_no_clock_meets_is_full_load():
    ask = phone_bodies(), cortex_a72(8), phone_governor(), "die", 300.0
    full, more = throttled(*ask), throttled(*ask, demand=5e9)
    assert full.P.tolist() == more.P.tolist()
    assert full.f.tolist() == more.f.tolist()


def test_half_of_the_demand_draws_half_of_the_time():
    """900 of 1800 million cycles: half of 10.0 W, and half of 8 x 20 mW of waiting."""
    trace = throttled(phone_bodies(), cortex_a72(8), phone_governor(), "die", 10.0, demand=0.9e9)
    assert trace.P[0] == pytest.approx((8 * (436e-12 * 1.2**2 * 1.8e9 + 0.1 * 1.2) + 0.16) / 2)
    with pytest.raises(ValueError, match="demand must be a finite number above 0, got 0"):
        throttled(phone_bodies(), cortex_a72(8), phone_governor(), "die", 10.0, demand=0)


# ---- a crowd on a bus


@pytest.mark.parametrize(("neighbours", "ms"), [(1, 20), (2, 30), (3, 40)])
def test_best_effort_divides_the_bus_by_those_who_ask(neighbours, ms):
    first, second = drive("best effort", 60e9, neighbours)[:2]
    assert first.end - first.start == pytest.approx(10e-3)  # 256 MB at 25.6 GB/s, before the neighbours begin
    assert second.end - second.start == pytest.approx(1e-3 * ms, abs=0.2e-3)
    assert second.late == (ms > 1e3 * PERIOD)


@given(st.sampled_from(["priority", "time slots"]), st.integers(1, 6), st.integers(1, 60))
@settings(max_examples=20, deadline=None)
def test_priority_and_slots_do_not_know_the_neighbours(scheme, neighbours, demand):
    quiet, crowd = (drive(scheme, 1e9 * GB, neighbours, count=3) for GB in (1, demand))
    burst = facts.CROWD["burst"].value / facts.CROWD["BW"].value
    for a, b in zip(quiet, crowd, strict=True):
        assert a.end == pytest.approx(b.end, abs=2.01 * burst)
        assert not b.late


def test_what_drive_refuses():
    with pytest.raises(
        ValueError, match=r"^the bus is shared by best effort, priority, budgets, time slots; got 'luck'$"
    ):
        drive("luck", 1e9, 1)
    with pytest.raises(ValueError, match="neighbours must be a whole number of at least 1, got 0"):
        drive("priority", 1e9, 0)


# ---- figures


def test_every_assignment_is_drawn_and_nothing_beats_the_front():
    table = list(rows(find("soc-assignments").table()))
    assert len(table) == 4 * 4 * 2 * 2
    best = [r for r in table if r["best"] == "yes"]
    assert [tuple(r.values())[:4] for r in sorted(best, key=lambda r: r["latency"])] == [
        ("NPU", "CPU", "CPU", "CPU"), ("NPU", "CPU", "CPU", "GPU"), ("NPU", "NPU", "CPU", "GPU"),
        ("NPU", "DSP", "CPU", "GPU"),
    ]  # fmt: skip
    for r in table:
        beaten = any(b["latency"] <= r["latency"] and b["energy"] <= r["energy"] and b is not r for b in table)
        assert beaten == (r["best"] == "no")
        assert r["latency"] < PERIOD  # as the title says


def test_the_bars_of_fallback_add_up():
    table = list(rows(find("fallback").table()))
    T = {(r["lacks"], r["way"]): r["NPU"] + r["CPU"] + r["launches"] + r["handing over"] for r in table}
    pieces = {(r["lacks"], r["way"]): r for r in table}
    for key, r in pieces.items():
        on_npu = (r["pieces"] + 1) // 2 if key[1] == "delegate" else None
        if on_npu:  # the first layer is a convolution and the last a dense one, so pieces begin and end on the NPU
            assert r["launches"] == pytest.approx(on_npu * 200e-6 + (r["pieces"] - on_npu) * 5e-6)
    alone = T["everything", "CPU alone"]
    for lacks in dict.fromkeys(r["lacks"] for r in table if r["way"] == "delegate"):
        assert T[lacks, "fastest cut"] <= min(T[lacks, "delegate"], alone) * (1 + 1e-12)
        assert (T[lacks, "delegate"] > alone) == ("add" in lacks)
    assert pieces["avgpool add", "fastest cut"]["E"] > pieces["avgpool add", "delegate"]["E"]  # as the lab says


def test_the_least_energy_moves_right_with_leakage():
    table = list(rows(find("dvfs-energy").table()))
    least = [r["f"] for r in table if r["least"] == "yes"]
    assert least == [600e6, 816e6, 1008e6]
    assert {r["f"] for r in table if r["in_time"] == "no"} == {408e6}  # 540 MHz would do
    at = {(r["leakage"], r["f"]): r["E"] for r in table}
    E = 436e-12 * 0.8**2 * 1.8e7 + 0.02 * (1 / 30 - 1.8e7 / 600e6)
    assert at["no leakage", 600e6] == pytest.approx(E)


def test_the_racing_phone_is_late_and_the_steady_one_is_not():
    table = list(rows(find("thermal-throttle-soc").table()))
    late = {
        name: [r["t"] for r in table if r["phone"] == name and r["T_frame"] > PERIOD] for name in ("race", "steady")
    }
    assert 12 < min(late["race"]) / 60 < 13
    assert not late["steady"]
    assert max(r["T_case"] for r in table if r["phone"] == "steady") < 39
    assert max(r["T_frame"] for r in table) < 80e-3  # the axis ends there


def test_the_missed_deadline_and_its_cures():
    table = list(rows(find("missed-deadline").table()))
    late = {scheme: sum(r["late"] == "yes" for r in table if r["scheme"] == scheme) for scheme in SCHEMES}
    assert late == {"best effort": 5, "priority": 0, "budgets": 0, "time slots": 0}


# ---- explorers


def plans_at(handing):
    return list(all_plans(soc_plan.costs_at(handing)))


def test_the_marks_of_the_assignment_explorer_are_the_plans():
    for handing in (0, 50, 700):
        found = [(plan.latency, plan.energy) for plan in plans_at(handing)]
        for mark, plan in zip(soc_plan.priced(handing), found, strict=True):
            assert mark == pytest.approx(plan)


def test_answers_to_what_the_assignment_explorer_asks():
    every = plans_at(50)
    fastest, leanest = (min(every, key=lambda p: getattr(p, goal)) for goal in ("latency", "energy"))
    assert list(fastest.assignment.values()) == ["NPU", "CPU", "CPU", "CPU"]
    assert list(leanest.assignment.values()) == ["NPU", "DSP", "CPU", "GPU"]
    alone = {h: set(min(plans_at(h), key=lambda p: p.latency).assignment.values()) for h in (690, 700)}
    assert len(alone[690]) > 1
    assert alone[700] == {"GPU"}
    said = assignment_explorer(neck="CPU", overlay="CPU").sentence
    assert "of 64 plans 0 are faster" in said
    assert "496 frames a second, bound by CPU" in said


def test_the_assignment_explorer_ends_inside_its_picture():
    ends = [
        one.end
        for plan in plans_at(1000)
        for one in soc_plan.planned(1000, **plan.assignment)[1]
    ]  # fmt: skip
    assert max(ends) < soc_plan.T_SHOWN
    low, high = soc_plan.PLANS["xlim"]
    assert all(low < plan.latency < high for h in (0, 1000) for plan in plans_at(h))


def first_late(scheme, neighbours, frame=256):
    return next((d for d in range(1, 61) if any(f.late for f in soc_bus.driven(scheme, d, neighbours, frame))), None)


def test_answers_to_what_the_isolation_explorer_asks():
    """Two neighbours leave a third: 256 MB at 8.5 GB/s take 30 ms. Slots carry 12.8 GB/s x 33.3 ms = 427 MB."""
    assert first_late("best effort", 3) == 18
    assert first_late("best effort", 2) is None
    assert [any(f.late for f in soc_bus.driven("budgets", 60, n, 256)) for n in (5, 6)] == [False, True]
    slots = {MB: any(f.late for f in soc_bus.driven("time slots", 1, 3, MB)) for MB in (416, 432)}
    assert slots == {416: False, 432: True}
    late = {scheme: any(f.late for f in soc_bus.driven(scheme, 60, 3, 432)) for scheme in SCHEMES}
    assert late == {"best effort": True, "priority": False, "budgets": True, "time slots": True}
    assert isolation_explorer(scheme="priority").sentence.startswith("priority, frames of 256 MB beside 3 neighbours")


def test_answers_to_what_the_doorbell_explorer_asks():
    year = 365 * soc_micro.DAY
    for macs, largest in (("128", "128"), ("256", "128")):  # a MAC costs the same in both
        lasts = [
            size for size in soc_micro.SIZES
            if facts.DOORBELL["battery"].value / soc_micro.drawn(size, "0.25", "micro-NPU", macs, "SRAM", 30) > year
        ]  # fmt: skip
        assert lasts[-1] == largest
    misfits = {(s, w) for s in soc_micro.SIZES for w in soc_micro.WIDTHS
               if soc_micro.placed(s, w, "micro-NPU", "128", "SRAM")[1] is None}  # fmt: skip
    assert misfits == {(s, "1") for s in soc_micro.SIZES} | {(s, "0.75") for s in ("160", "192", "224")}
    slow = [w for w in soc_micro.WIDTHS if soc_micro.drawn("96", w, "core alone", "128", "flash", 30) is None]
    assert slow == ["1"]
    assert re.search(r"a frame takes 43.9 ms, 131.\d% of the time between frames: too slow$",
                     doorbell_explorer(width="1", engine="core alone", weights="flash").sentence)  # fmt: skip
    assert doorbell_explorer(width="1").sentence.endswith("it does not fit, try weights in flash")


# ---- a reader's machine


def test_the_picture_of_a_readers_machine_says_its_ratio():
    said = repr(felt(Race({ALONE: (0.01, 0.01, 0.01), BESIDE: (0.02, 0.015, 0.03)})))
    assert said == (
        "One copy takes 10.0 ms alone and 20.0 beside a neighbour, 2.00 times as long; "
        "the slowest step takes 3.00 times."
    )


def test_the_neighbour_goes_when_the_race_is_over():
    import threading

    before = threading.active_count()
    one = neighbour_race(mebibytes=1, steps=3)
    assert threading.active_count() == before
    assert all(T > 0 and math.isfinite(T) for times in one.times.values() for T in times)
