"""Unlike units on one chip: plans against all plans, fallback that costs more than it gains, clocks, heat."""

import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

from labcore.catalogue import soc as facts
from labcore.catalogue.facts import Fact
from labcore.models.network import Network
from labcore.models.vision import mobilenetv2
from labcore.ops import matmul
from labcore.soc.dvfs import (
    Point,
    Processor,
    best_mix,
    best_point,
    cortex_a72,
    critical_clock,
    energy_per_cycle,
    race_to_idle,
    run_at,
    share_budget,
)
from labcore.soc.fallback import assigned, best_offload, offload
from labcore.soc.partition import GOALS, all_plans, best_plan, bound
from labcore.soc.pipeline import detection, overlay, suppression
from labcore.soc.plan import Costs, cost_table, frames, one_unit, price, stream_rate
from labcore.soc.thermal import (
    Bodies,
    phone_bodies,
    phone_governor,
    sustained_power,
    throttled,
    time_to_limit,
    warm_up,
)
from labcore.soc.unit import Stage, dram_traffic, handoff_time, op_energy, phone, stage_energy, stage_time

PHONE = phone()
PIPELINE = cost_table(detection(), PHONE)
CHAPTER = {"backbone": "NPU", "neck": "NPU", "NMS": "CPU", "overlay": "GPU"}
MOBILENET = mobilenetv2(precision="int8")

# ---- facts


def every_fact(value):
    if isinstance(value, Fact):
        yield value
    elif isinstance(value, dict | tuple):
        for one in value.values() if isinstance(value, dict) else value:
            yield from every_fact(one)


def test_every_fact_has_a_source_and_says_what_it_is():
    found = [fact for value in vars(facts).values() for fact in every_fact(value)]
    assert len(found) > 60
    for fact in found:
        assert fact.value > 0
        assert fact.source.year >= 2004
        assert fact.note or (fact.kind == "published" and fact.confirmed)


def test_the_a72_draws_about_a_watt_and_its_voltage_rises_with_its_clock():
    """436 pF x (1.2 V)^2 x 1.8 GHz = 1.13 W."""
    f, V = zip(*((f.value, V.value) for f, V in facts.A72_POINTS), strict=True)
    assert list(f) == sorted(f)
    assert list(V) == sorted(V)
    assert facts.A72_C.value * V[-1] ** 2 * f[-1] == pytest.approx(1.13, abs=0.01)


# ---- units and stages


def test_a_dense_int8_operation_costs_the_cpu_10_to_50_times_the_npu():
    """The arithmetic is the same; 16 MACs share the CPU's instruction, 4096 the NPU's."""
    dense = matmul(64, 64, 64, 1)
    npu, gpu, dsp, cpu = (op_energy(dense, unit, "int8") for unit in PHONE.units)
    assert 10 < cpu / npu < 50
    assert npu < dsp < cpu < gpu


def test_bytes_from_dram_pull_the_ratio_of_whole_stages_together():
    backbone = detection()[0]
    on = {unit.name: stage_energy(backbone, unit, PHONE.E_byte) for unit in PHONE.units}
    assert 4 < on["CPU"] / on["NPU"] < 10
    bare = {unit.name: stage_energy(backbone, unit, 0.0) for unit in PHONE.units}
    assert bare["CPU"] / bare["NPU"] > on["CPU"] / on["NPU"]


def test_the_dsp_draws_less_power_than_the_npu_and_more_energy():
    """The chapter's move from NPU to DSP stretches a battery only if what it shares the time with shrinks too."""
    backbone = detection()[0]
    T, E = ({u: f(backbone, PHONE.unit(u)) for u in ("NPU", "DSP")} for f in (
        stage_time, lambda stage, unit: stage_energy(stage, unit, PHONE.E_byte)))  # fmt: skip
    assert E["DSP"] / T["DSP"] < E["NPU"] / T["NPU"]
    assert E["DSP"] > E["NPU"]


@given(st.integers(1, 9), st.integers(0, 2000))
def test_a_larger_memory_on_chip_never_moves_more(n, on_chip):
    stage = Stage("x", tuple(matmul(8, 2**k, 8, 1) for k in range(n)), "int8", 64)
    weights, ends = sum(op.reads["B"] for op in stage.ops), 8 * 1 + 64
    least, now, most = (dram_traffic(stage, size) for size in (1e9, on_chip, 0))
    assert weights + ends == least <= now <= most == sum(op.D_vol for op in stage.ops)


def test_handing_over_writes_and_reads():
    assert handoff_time(PHONE, 51.2e6) == pytest.approx(50e-6 + 2 * 1e-3)


# ---- plans


def test_one_frame_by_hand():
    """Four stages in a row, two handings over: the latency is their sum, the period the longest of them."""
    T = [PIPELINE.T[name, unit] for name, unit in CHAPTER.items()]
    moved = [PIPELINE.T_handoff["neck"], PIPELINE.T_handoff["NMS"]]
    plan = price(PIPELINE, CHAPTER)
    assert plan.latency == pytest.approx(sum(T) + sum(moved))
    assert plan.period == pytest.approx(max(T[0] + T[1], T[2], T[3], sum(moved)))
    E = sum(PIPELINE.E[pair] for pair in CHAPTER.items())
    assert plan.energy == pytest.approx(E + 2 * PHONE.E_byte * (4000 * 24 + 100 * 24))


def test_the_three_way_split_beats_every_single_unit():
    split = price(PIPELINE, CHAPTER)
    assert set(one_unit(PIPELINE)) == {"GPU", "CPU"}  # neither NPU nor DSP runs all of it
    for alone in one_unit(PIPELINE).values():
        assert split.latency < alone.latency
        assert split.energy < alone.energy


def test_a_split_is_worth_less_when_handing_over_is_dear():
    T = {name: 100 * T for name, T in PIPELINE.T_handoff.items()}
    dear = Costs(PIPELINE.stages, PIPELINE.T, PIPELINE.E, T, PIPELINE.E_handoff)
    assert len(set(best_plan(dear).best.assignment.values())) == 1
    assert len(set(best_plan(PIPELINE).best.assignment.values())) > 1


TIMES = st.integers(1, 9).map(float)


@st.composite
def graphs(draw):
    """Costs of a random graph of up to five stages on up to three units; some pairs are missing, one never is."""
    n, units = draw(st.integers(1, 5)), ["NPU", "GPU", "CPU"][: draw(st.integers(1, 3))]
    stages, T = [], {}
    for i in range(n):
        after = tuple(f"s{j}" for j in range(i) if draw(st.booleans()))
        stages.append(Stage(f"s{i}", (), "int8", 0, after))
        able = [u for u in units if draw(st.booleans())] or units[:1]
        T |= {(f"s{i}", u): draw(TIMES) for u in able}
    E = {pair: draw(TIMES) for pair in T}
    return Costs(tuple(stages), T, E, *({s.name: draw(TIMES) for s in stages} for _ in range(2)))


@given(graphs(), st.sampled_from(GOALS), st.integers(1, 40))
@settings(max_examples=150)
def test_branch_and_bound_equals_all_plans(costs, goal, deadline):
    plans = [plan for plan in all_plans(costs) if plan.latency <= deadline]
    if not plans:
        with pytest.raises(ValueError, match="no plan ends a frame in"):
            best_plan(costs, goal, deadline)
        return
    found = best_plan(costs, goal, deadline)
    assert getattr(found.best, goal) == min(getattr(plan, goal) for plan in plans)
    assert found.best.latency <= deadline
    assert found.plans == len(list(all_plans(costs)))


@given(graphs(), st.data())
@settings(max_examples=80)
def test_a_bound_is_a_bound(costs, data):
    whole = data.draw(st.sampled_from(list(all_plans(costs))))
    some = dict(list(whole.assignment.items())[: data.draw(st.integers(0, len(costs.stages)))])
    least = bound(costs, some)
    assert all(getattr(least, goal) <= getattr(whole, goal) + 1e-9 for goal in GOALS)


@given(graphs(), st.data())
@settings(max_examples=80)
def test_frames_keep_order_and_units_do_one_thing_at_a_time(costs, data):
    plan = data.draw(st.sampled_from(list(all_plans(costs))))
    done = frames(costs, plan.assignment, count=2)
    for resource in {one.resource for one in done}:
        its = sorted((one.start, one.end) for one in done if one.resource == resource)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(its))
    at = {(one.step, one.chunk): one for one in done}
    for stage, k in itertools.product(costs.stages, range(2)):
        assert all(at[before, k].end <= at[stage.name, k].start for before in stage.after)
    assert max(one.end for one in done) >= 2 * plan.period - 1e-9


def test_a_stream_runs_at_the_rate_of_its_busiest_unit():
    for plan in all_plans(PIPELINE):
        visits = [unit for unit, _ in itertools.groupby(plan.assignment.values())]
        if len(visits) == len(set(visits)):  # no unit is come back to
            assert stream_rate(PIPELINE, plan.assignment, 12) == pytest.approx(plan.rate, rel=0.11)
    assert best_plan(PIPELINE, "period", period=1 / 30).best.rate > 30


# ---- fallback


def test_an_unknown_activation_makes_the_accelerator_slower_than_no_accelerator():
    """35 ReLU6 on the CPU cut 99 layers into 71 pieces; each pays a launch or a handing over."""
    cut = offload(MOBILENET, PHONE, "NPU", "CPU", lambda layer: "relu6" not in layer.name)
    relus = sum("relu6" in layer.name for layer in MOBILENET.layers)
    assert cut.layers_on("CPU") == relus == 35
    assert cut.handoffs == 2 * relus
    cpu = assigned(MOBILENET.layers, ["CPU"] * 99, PHONE)
    npu = offload(MOBILENET, PHONE, "NPU", "CPU", lambda layer: True)
    assert npu.T < cpu.T < cut.T / 5
    assert npu.E < cpu.E < cut.E


def test_short_runs_may_stay_on_the_host():
    greedy, choosy = (offload(MOBILENET, PHONE, "NPU", "CPU", lambda la: la.name != "avgpool", least=n) for n in (1, 5))
    assert greedy.handoffs == 2
    assert choosy.handoffs == 1  # avgpool and what comes after it


def brisk(L_lat):
    """The phone with launches of a microsecond, so that a few layers alone are worth a handing over."""
    units = tuple(replace(unit, L_launch=1e-6) for unit in PHONE.units)
    return replace(PHONE, units=units, handoff=replace(PHONE.handoff, L_lat=L_lat))


@given(st.sets(st.integers(0, 5)), st.integers(0, 60), st.sampled_from([1e-7, 2e-6, 1e-5]))
@settings(max_examples=25, deadline=None)
def test_the_best_cut_equals_all_cuts(unknown, begin, L_lat):
    layers, soc = MOBILENET.layers[begin : begin + 6], brisk(L_lat)
    knows = lambda layer: layers.index(layer) not in unknown  # noqa: E731
    best = best_offload(Network("part", layers, None), soc, "NPU", "CPU", knows)
    ways = itertools.product(*(("NPU", "CPU") if knows(layer) else ("CPU",) for layer in layers))
    assert pytest.approx(min(assigned(layers, way, soc).T for way in ways)) == best.T


def test_the_best_cut_hands_over_less_the_dearer_it_is():
    knows = lambda layer: not layer.name.endswith(".add")  # noqa: E731
    cuts = [best_offload(MOBILENET, brisk(L_lat), "NPU", "CPU", knows) for L_lat in (1e-7, 3e-5, 1e-4)]
    assert cuts[0].handoffs > cuts[1].handoffs > cuts[2].handoffs
    assert cuts[0].handoffs == 20  # all ten additions, as a delegate would


# ---- clocks and voltages


@given(st.floats(0.05, 1.79), st.floats(0, 0.5), st.floats(0, 0.6))
@settings(max_examples=60)
def test_the_best_mix_is_the_linear_program(ghz, idle, leak):
    """Least energy over the times at all points and idle, with cycles and total time given: scipy solves the same."""
    one = Processor(cortex_a72().points, 436e-12, leak, idle)
    f, P = [point.f / 1e9 for point in one.points] + [0], [one.power(point) for point in one.points] + [idle]
    linear = linprog(P, A_eq=[f, [1] * len(f)], b_eq=[ghz, 1], method="highs")
    mix = best_mix(one, ghz * 1e9, 1.0)
    assert pytest.approx(linear.fun, rel=1e-6) == mix.E
    assert mix.mean_clock == pytest.approx(ghz * 1e9)
    assert mix.E <= best_point(one, ghz * 1e9, 1.0).E <= race_to_idle(one, ghz * 1e9, 1.0).E * (1 + 1e-12)


def test_slow_and_steady_wins_without_leakage_and_race_to_idle_with_it():
    calm = Processor(cortex_a72().points, 436e-12)
    assert best_point(calm, 3e8, 1.0).parts[0][0].V == 0.8  # two clocks need no more, and cost the same
    leaky = Processor(cortex_a72().points, 436e-12, I_leak=3.0)
    assert best_point(leaky, 3e8, 1.0).parts[0][0].f > 1e9


def test_the_critical_clock_is_a_minimum():
    """P = 0.5 f^3 + 1 in GHz: E / f = 0.5 f^2 + 1 / f has its least at f = 1."""
    assert critical_clock(0.5e-27, 1.0) == pytest.approx(1e9)
    per_cycle = lambda f: 0.5e-27 * f**2 + 1 / f  # noqa: E731
    assert per_cycle(1e9) < min(per_cycle(0.9e9), per_cycle(1.1e9))
    clocks = dict(energy_per_cycle(cortex_a72()))
    assert min(clocks, key=clocks.get) == best_point(cortex_a72(), 1e6, 1.0).parts[0][0].f


@given(st.floats(0.6, 2.6))
def test_a_power_budget_is_kept_and_used(budget):
    two = [cortex_a72(), cortex_a72()]
    points, drawn = share_budget(two, budget)
    assert drawn <= 1
    for i, one in enumerate(two):  # neither could step up alone
        up = [p for p in one.points if p.f > points[i].f][:1]
        if up:
            assert drawn * budget - one.power(points[i]) + one.power(up[0]) > budget


# ---- heat


@given(st.floats(0.1, 20), st.floats(1, 50), st.floats(0.1, 10), st.floats(0.1, 300), st.integers(1, 20))
def test_steps_of_any_length_equal_the_closed_form(R, C, P, t, steps):
    one, T = Bodies({"die": C}, {}, {"die": 1 / R}, 25.0), {"die": 25.0}
    for _ in range(steps):
        T = one.after(T, {"die": P}, t / steps)
    assert T["die"] == pytest.approx(warm_up(R, C, P, 25.0, t))


def test_two_bodies_equal_a_numerical_solution_and_settle_by_hand():
    """In the end all of 4 W goes through both paths: 25 + 4 / 0.225, and 4 / 0.2 more."""
    phone_, P = phone_bodies(), {"die": 4.0}
    flow = lambda t, T: [(4 - 0.2 * (T[0] - T[1])) / 2, (0.2 * (T[0] - T[1]) - 0.225 * (T[1] - 25)) / 100]  # noqa: E731
    exact = solve_ivp(flow, (0, 200), [25, 25], rtol=1e-9, atol=1e-9, method="LSODA").y[:, -1]
    assert list(phone_.after({"die": 25.0, "case": 25.0}, P, 200.0).values()) == pytest.approx(list(exact), rel=1e-6)
    assert phone_.settled(P) == pytest.approx({"case": 25 + 4 / 0.225, "die": 25 + 4 / 0.225 + 4 / 0.2})


def test_heat_is_conserved():
    """Without the air's path being warm, what is stored is what was put in: C dT = P dt over a moment."""
    after = phone_bodies().after({"die": 25.0, "case": 25.0}, {"die": 10.0}, 1e-3)
    stored = 2.0 * (after["die"] - 25) + 100.0 * (after["case"] - 25)
    assert stored == pytest.approx(10.0 * 1e-3, rel=1e-4)


def test_the_time_to_a_limit_is_where_the_curve_meets_it():
    t = time_to_limit(R=2.0, C=5.0, P=20.0, T_ambient=25.0, T_limit=45.0)
    assert warm_up(2.0, 5.0, 20.0, 25.0, t) == pytest.approx(45.0)
    assert time_to_limit(2.0, 5.0, 1.0, 25.0, 45.0) == math.inf
    assert time_to_limit(2.0, 5.0, 1.0, 25.0, 20.0) == 0


def test_a_phone_bursts_and_then_sustains_what_its_skin_lets_out():
    """8 cores draw 10 W for two minutes; in the end the case carries 18 K x 0.225 W/K = 4.05 W away."""
    phone_, eight = phone_bodies(), cortex_a72(cores=8)
    trace = throttled(phone_, eight, phone_governor(), "die", duration=7200)
    sustained = sustained_power(phone_, "die", phone_governor().limits)
    assert sustained == pytest.approx(18 * 0.225)
    assert trace.P[0] > 2 * sustained
    assert trace.P[len(trace.P) // 2 :].mean() == pytest.approx(sustained, rel=0.07)
    assert 60 < trace.burst < 300
    assert trace.T["case"].max() < 43 + 0.5
    assert set(trace.f) <= {point.f for point in eight.points}
    limits = phone_governor(margin=2.0).limits
    room = np.min([limit - trace.T[name] for name, limit in limits.items()], axis=0)[1:]
    assert room[np.diff(trace.f) > 0].min() > 2
    assert room[np.diff(trace.f) < 0].max() < 0


def test_a_cool_phone_never_throttles():
    trace = throttled(phone_bodies(), cortex_a72(cores=2), phone_governor(), "die", duration=3600)
    assert trace.burst == math.inf
    assert trace.sustained == 1
    assert np.all(np.diff(trace.T["die"]) >= 0)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: PHONE.unit("TPU"), "no unit 'TPU'; there are NPU, GPU, DSP, CPU"),
        (lambda: stage_time(detection()[2], PHONE.unit("NPU")), "stage NMS cannot run there: NPU has no fp32; it has"),
        (lambda: stage_time(detection()[3], PHONE.unit("NPU")), "NPU runs no raster work; it runs dense, depthwise"),
        (lambda: cost_table(detection()[1:], PHONE), "stage neck comes before backbone, which it waits for"),
        (lambda: cost_table(detection()[:1] * 2, PHONE), "two stages are called backbone"),
        (lambda: cost_table([Stage("x", (), "fp64", 0)], PHONE), "no unit can run stage x: NPU has no fp64"),
        (lambda: price(PIPELINE, CHAPTER | {"NMS": "DSP"}), "DSP cannot run NMS; GPU, CPU can"),
        (lambda: best_plan(PIPELINE, "cost"), "the goal is one of latency, energy, period; got 'cost'"),
        (lambda: best_plan(PIPELINE, deadline=1e-3), "no plan ends a frame in 0.001 s (the fastest takes 0.002387 s)"),
        (lambda: best_plan(PIPELINE, period=1e-3), "no plan takes one every 0.001 s (the steadiest, 0.001295 s)"),
        (lambda: stream_rate(PIPELINE, CHAPTER, 1), "a rate needs at least 2 frames, got 1"),
        (lambda: suppression(10, 11), "suppression keeps at most its 10 boxes, got kept = 11"),
        (lambda: overlay(0, 10), "width must be a whole number of at least 1, got 0"),
        (lambda: assigned(MOBILENET.layers, ["CPU"], PHONE), "one unit for each of 99 layers, got 1"),
        (lambda: offload(MOBILENET, PHONE, "NPU", "CPU", bool, least=0), "least must be a whole number of at least 1"),
        (lambda: race_to_idle(cortex_a72(), 2e9, 1.0), "take 1.111 s, more than 1 s; a clock of 2e+09 Hz would do"),
        (lambda: run_at(cortex_a72(), Point(1e9, 1.0), 0, 1.0), "cycles must be a finite number above 0, got 0"),
        (lambda: share_budget([cortex_a72()], 0.01), "no points together draw 0.01 W or less; the lowest draw 0.19"),
        (lambda: Processor((), 1e-9), "a processor has points"),
        (lambda: Bodies({"die": 1.0}, {}, {"case": 1.0}, 25.0), "no body 'case'; there are die"),
        (lambda: Bodies({"die": 1.0}, {}, {}, 25.0), "some body has no path to the air"),
        (lambda: Bodies({}, {}, {}, 25.0), "heat needs a body to be stored in; give one in C"),
        (lambda: phone_bodies().settled({"dye": 5.0}), "no body 'dye'; there are die, case"),
        (lambda: sustained_power(phone_bodies(), "skin", {"case": 43.0}), "no body 'skin'; there are die, case"),
    ],
)
def test_errors_say_what_is_wanted(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()
