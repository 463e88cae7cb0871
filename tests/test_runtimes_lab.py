"""What lab 16 rests on besides its claims: lines of waiting requests, padding by a clock, figures, explorers."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import A100
from labcore.catalogue.runtimes import A100_PCIE_POWER
from labcore.explore import runtime_plan, runtime_streams
from labcore.explore.runtime import plan_explorer, streams_explorer
from labcore.kernels.padding import call_times, fitted, padding_race
from labcore.plots import runtime_heat, runtime_memory, runtime_plans, runtime_tenants
from labcore.plots.registry import find
from labcore.plots.runtime_felt import felt
from labcore.plots.words import rows
from labcore.runtime.plans import dynamic, serve
from labcore.runtime.queueing import latencies_beside, waits_in_line
from labcore.runtime.requests import Request, lengths, requests
from labcore.runtime.streams import by_chunk, simulate
from labcore.runtime.thermal import raised
from labcore.runtime.work import Work, prefill

# ---- modules


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_waits_in_line_are_what_the_simulator_finds(gaps):
    """Lindley's recursion against SimPy, on whole numbers, where both are exact."""
    at = np.cumsum([gap for gap, _ in gaps])
    T = [time for _, time in gaps]
    trace = [Request(float(a), k + 1) for k, a in enumerate(at)]
    served = serve(trace, lambda k: Work(float(T[k - 1]), 1), dynamic())
    assert (served.latencies - T).tolist() == waits_in_line(at, T).tolist()


def test_waits_by_hand():
    """Work of 4 arrives at 0 and 1: the second waits 3; at 9 the server is free again, at 10 it is not."""
    assert waits_in_line([0, 1, 9, 10], [4, 4, 4, 4]).tolist() == [0, 3, 0, 3]
    for at, T in (([0.0], [1.0, 1.0]), ([1.0, 0.0], [1.0, 1.0])):
        with pytest.raises(ValueError, match="wanted ascending arrivals, a time for each"):
            waits_in_line(at, T)


def test_latencies_beside_a_neighbour():
    """A job of 5 comes at 1, behind work of 2 from 0: it runs from 2 to 7, and who comes at 3 is done at 8."""
    assert latencies_beside([0, 3], [2, 1], [1], 5).tolist() == [2, 5]
    assert latencies_beside([0, 3], [2, 1], [], 5).tolist() == [2, 1]
    late = latencies_beside([0, 3], [2, 1], [9], 5)
    assert late.tolist() == [2, 1]  # what comes after us is not felt


def test_a_chip_with_a_higher_clock_in_the_same_cooler():
    """Where the cooler binds, 1.2 times the clock is c * 1.2 with c smaller by 1.2: nothing is gained for good."""
    at_first, for_good = raised(runtime_heat.package(A100_PCIE_POWER.value), 1.2, T_short=10.0)
    assert (at_first, for_good) == (pytest.approx(1.2), pytest.approx(1.0))


def test_lengths_in_steps_round_up():
    plain, stepped = lengths(500, seed=5), lengths(500, seed=5, step=64)
    assert np.all(stepped % 64 == 0)
    assert np.all((stepped - plain >= 0) & (stepped - plain < 64))
    assert [one.tokens for one in requests(500, 1.0, seed=5, step=64)] == stepped.tolist()
    with pytest.raises(ValueError, match="step must be a whole number of at least 1, got 0"):
        lengths(1, step=0)


def test_a_prompt_is_priced_once():
    assert prefill("gpt2") is prefill("gpt2")
    assert prefill("gpt2") is not prefill("gpt2", tuned_for=64)


# ---- the reader's machine


def test_a_line_through_two_ends():
    assert fitted({1: 3.0, 4: 100.0, 11: 23.0}) == (1.0, 2.0)
    with pytest.raises(ValueError, match="a line takes two lengths at least, got 1; time another"):
        fitted({1: 3.0})


def test_calls_and_plans_are_timed():
    times = call_times([1, 4096], repeats=3)
    assert times[4096].T > times[1].T > 0
    raced = padding_race({"static": [8192] * 20, "dynamic": [64] * 20}, repeats=3)
    assert raced.slower("static", "dynamic") > 2
    assert re.search(r"A call costs .* a row: alike at \d+ rows", felt(times).sentence)
    with pytest.raises(ValueError, match="length 0 must be a whole number of at least 1, got 0"):
        call_times([0])


# ---- figures


def table(id):
    return list(rows(find(id).table()))


def test_the_gantt_chart_ends_where_the_closed_forms_say():
    """3 x (20 + 30 + 10 + 3 x 5); 5 + 20 + 3 x 30 + 10; 12 launches of 5 and the last kernel of 2, in us."""
    ends = {}
    for r in table("runtime-gantt"):
        ends[r["run"]] = max(ends.get(r["run"], 0), r["end"])
    assert [round(1e6 * end, 6) for end in ends.values()] == [225, 125, 62]


def test_every_plan_of_the_load_figure_waits_longer_at_more_load():
    for plan in runtime_plans.PLANS:
        its = [r for r in table("static-dynamic") if r["plan"] == plan]
        assert all(r["p50"] <= r["p99"] for r in its)
        assert [r["p99"] for r in its] == sorted(r["p99"] for r in its)
        assert max(r["load"] for r in its) <= runtime_plans.MOST_LOAD
    best = {q: [r["plan"] for r in sorted(table("static-dynamic"), key=lambda r: r[q]) if r["rate"] == 1.2]
            for q in ("p50", "p99")}  # fmt: skip
    assert best["p50"] == best["p99"] == ["dynamic", "buckets", "static"]
    said = find("static-dynamic").says(find("static-dynamic").table())
    assert "static p50 1.73 s, p99 9.22 s, full at 1.4 a second" in said


def test_the_load_figure_is_what_the_simulator_finds():
    served = serve(runtime_plans.trace(1.2), prefill(), runtime_plans.PLANS["buckets"])
    load, p50, p99 = runtime_plans.served("buckets", 1.2)
    assert (p50, p99) == (pytest.approx(served.percentile(50)), pytest.approx(served.percentile(99)))
    assert load == pytest.approx(served.utilization, rel=0.03)


def test_blocks_of_the_pool_lie_apart_and_in_the_pool():
    for name in runtime_memory.POOLS:
        for after in runtime_memory.SHOWN:
            its = [r for r in table("fragmentation") if (r["pool"], r["after"]) == (name, after)]
            ends = [0, *(r["offset"] + r["held"] for r in its)]
            assert all(r["offset"] >= end for r, end in zip(its, ends, strict=False))
            holes = [start - end for start, end in zip(
                [*(r["offset"] for r in its), runtime_memory.CAPACITY], ends, strict=True)]  # fmt: skip
            assert its[0]["largest"] <= max(holes)  # buddies that touch need not join
            assert name == "buddy system" or its[0]["largest"] == max(holes)
            assert all(r["asked"] <= r["held"] for r in its)
            if its[0]["wanted"]:
                assert its[0]["largest"] < its[0]["wanted"] < sum(holes)


def test_the_cooler_for_400_w_never_slows_down_and_the_other_does_after_a_minute():
    """A balance by hand: 300 = 50 + 350 c^3 gives c = (5 / 7)^(1/3)."""
    assert runtime_heat.package(A100.power.value).sustained_clock() == 1
    hot = runtime_heat.package(A100_PCIE_POWER.value)
    assert hot.sustained_clock() == pytest.approx((5 / 7) ** (1 / 3))
    slow = [r["time"] for r in table("throttle") if r["envelope"] == "300 W" and r["clock"] < 1]
    assert 60 < hot.time_to_limit() <= min(slow) < hot.time_to_limit() + 2
    assert {r["clock"] for r in table("throttle") if r["envelope"] == "400 W"} == {1.0}


def test_the_tenants_figure_says_what_its_caption_says():
    at = {(r["way"], r["load"]): r for r in table("tenants")}
    alone = at["in turn", 0.0]
    assert at["in turn", 0.1]["p50"] == pytest.approx(alone["p50"])  # the median does not move
    assert at["in turn", 0.1]["p99"] > 5 * alone["p99"]
    assert 2 < at["time slices", 0.5]["p99"] / alone["p99"] < 5
    assert len({at["half each", load]["p99"] for load in runtime_tenants.LOADS}) == 1
    assert at["half each", 0.0]["p50"] == pytest.approx(2 * alone["p50"])
    p99 = [at["in turn", load]["p99"] for load in runtime_tenants.LOADS]
    assert p99 == sorted(p99)


# ---- explorers


def test_the_plan_explorer_serves_the_trace_of_the_figure():
    found = runtime_plan.outcome("eight buckets, doubling", "64 to 8192", 1.2, 1, 0)
    assert (found.percentile(50), found.percentile(99)) == pytest.approx(runtime_plans.served("buckets", 1.2)[1:])
    assert "p50 126 ms, p99 961 ms; load 20.4%" in plan_explorer().sentence
    assert "latencies grow as long as requests come" in plan_explorer(plan="static: pad to 8192", rate=2.0).sentence


def test_answers_to_what_the_plan_explorer_asks():
    def p99(plan, lengths, rate=1.2, burst=1):
        return runtime_plan.outcome(plan, lengths, rate, burst, 0).percentile(99)

    static_plan, two, eight, free = runtime_plan.PLANS
    assert p99(eight, "64 to 8192", 1.2) < 1 < p99(eight, "64 to 8192", 1.3)
    assert p99(free, "64 to 8192", 3.6) < 1 < p99(free, "64 to 8192", 3.7)
    assert p99(static_plan, "64 to 8192", 0.1) > 1
    assert len({p99(plan, "all 8192") for plan in runtime_plan.PLANS}) == 1
    assert p99(eight, "4096 to 8192") == pytest.approx(p99(static_plan, "4096 to 8192"), rel=0.02)
    assert [runtime_plan.highest_rate(plan, "64 to 8192") for plan in (static_plan, eight, free)] == [0, 1.2, 3.6]
    ms = runtime_plan.slowest_choice(eight, "64 to 1024", 1.2)
    cases = (free, ms - 5), (eight, 0), (free, ms)
    sooner, buckets, later = (runtime_plan.outcome(plan, "64 to 1024", 1.2, 1, T).percentile(50) for plan, T in cases)
    assert sooner <= buckets < later
    assert runtime_plan.burst_beyond(eight, two, "64 to 8192", 1.2) == 2
    assert p99(eight, "64 to 8192", burst=2) > p99(two, "64 to 8192") > p99(eight, "64 to 8192")


@given(st.sampled_from(runtime_streams.HOSTS), st.sampled_from("1234"),
       *(st.integers(0 if k != 1 else 1, 40) for k in range(3)), st.integers(0, 20))  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_the_pace_is_what_a_long_run_costs_for_one_batch_more(host, streams, a, b, c, launch):
    """Cycles of the event graph: each engine, each stream, the host; the longest mean cycle sets the pace."""
    one, n = runtime_streams.batch(a, b, c), int(streams)
    few, many = (
        simulate(by_chunk(one, count * n, n), L_launch=launch * 1e-6, blocking=host != "goes on").makespan
        for count in (12, 24)
    )
    T, _ = runtime_streams.pace(host, streams, a, b, c, launch)
    assert (many - few) / (12 * n) == pytest.approx(T, rel=1e-6, abs=1e-12)


def test_every_bar_of_the_streams_explorer_lies_in_its_axes():
    explorer = streams_explorer(host="waits for each", streams="4", batches=8, launch=30)
    assert explorer.artists.ends.get_xdata() == pytest.approx([1, 1])
    assert "in the long run one more batch costs 150 us, set by the waiting host" in explorer.sentence
    explorer.set(host="goes on")
    assert "set by launching" in explorer.sentence
    explorer.set(launch=5)
    assert "costs 30 us, set by the kernel" in explorer.sentence
