"""Serving in simulated time: against a slow version, closed forms, queues, feasibility's passes, and conservation."""

import itertools
import time
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import H100, T4
from labcore.feasibility.assumptions import Assumptions, link_between
from labcore.feasibility.duration import duration
from labcore.feasibility.question import Question
from labcore.feasibility.split import link_time, per_chip
from labcore.models.language import kv_cache_bytes
from labcore.runtime import queueing
from labcore.serving import closed_forms as closed
from labcore.serving.batching import Chunked, Continuous, Static
from labcore.serving.cache import PAGE, Paged, Reserved
from labcore.serving.engine import Clock, engine
from labcore.serving.metrics import (
    first_token,
    gaps,
    goodput,
    latency,
    memory,
    per_token,
    quantile,
    summary,
    tradeoff,
    utilization,
)
from labcore.serving.occupancy import gantt
from labcore.serving.requests import Requests, at_once, geometric, lognormal, poisson, read_trace, requests
from labcore.serving.simulate import simulate

LLAMA = engine("llama3-8b", H100)
schedulers = st.one_of(
    st.builds(Static, st.integers(1, 4), st.sampled_from([0.0, 2.5, float("inf")])),
    st.builds(Continuous, st.integers(1, 5)),
    st.builds(Chunked, st.integers(1, 5), st.integers(1, 12)),
)
ways = st.one_of(st.builds(Paged, st.integers(1, 5)), st.just(Reserved()), st.just(Reserved(24)))
rooms = st.integers(25, 60)


@st.composite
def traces(draw):
    """Up to 12 requests of at most 12 + 12 tokens, which any room above holds alone."""
    count = draw(st.integers(1, 12))
    lengths = st.lists(st.integers(1, 12), min_size=count, max_size=count)
    wait = st.lists(st.sampled_from([0.0, 0.0, 0.5, 1.0, 7.25]), min_size=count, max_size=count)
    return Requests(np.cumsum(draw(wait)), np.array(draw(lengths)), np.array(draw(lengths)))


def slowly(trace, clock, how, way):
    """The same server, token by token: every sequence is a list of its tokens, every page is counted anew.

    Returns the times of each request's tokens, and of each iteration (tokens, outputs, pairs, context, held).
    """
    pages = clock.room // way.page
    times, log = [[] for _ in range(len(trace))], []
    now, coming, waiting, batch, left_idle = 0.0, deque(range(len(trace))), deque(), [], []

    def holds(one):
        if not way.on_demand:
            r = one["request"]
            return -(-(way.longest or trace.prompt[r] + trace.answer[r] - 1) // way.page)
        return -(-max(one["stored"] + one["writes"], one["target"]) // way.page)

    while coming or waiting or batch:
        while coming and trace.arrival[coming[0]] <= now:
            waiting.append(coming.popleft())
        out = False
        while sum(map(holds, batch + left_idle)) > pages:
            one = batch.pop()
            waiting.appendleft(one["request"])
            out = True
        left_idle = left_idle if batch else []
        joins = 0
        if waiting and not (out and batch):
            first = trace.arrival[waiting[0]]
            joins = how.joins(len(waiting), len(batch) + len(left_idle), now, first, bool(coming))
        for _ in range(joins):
            writes = sum(one["writes"] for one in batch)
            unread = sum(one["target"] - one["stored"] for one in batch if not one["writes"])
            if not waiting or writes + unread >= how.budget:
                break
            r = waiting[0]
            one = {"request": r, "stored": 0, "target": int(trace.prompt[r]) + len(times[r]), "writes": False}
            if sum(map(holds, [*batch, *left_idle, one])) > pages:
                break
            batch.append(one)
            waiting.popleft()
        if not batch:
            deadline = [trace.arrival[waiting[0]] + how.timeout] if waiting else []
            now = max(now, min(deadline + [trace.arrival[r] for r in itertools.islice(coming, 1)]))
            continue
        budget = how.budget - sum(one["writes"] for one in batch)
        tokens, outputs, pairs, context, gives = len(left_idle), len(left_idle), 0, 0, []
        held = sum(map(holds, batch + left_idle)) * way.page
        for one in batch:
            take = 1 if one["writes"] else max(0, min(budget, one["target"] - one["stored"]))
            budget -= 0 if one["writes"] else take
            pairs += sum(one["stored"] + k + 1 for k in range(take))
            one["stored"] += take
            tokens, context = tokens + take, context + (one["stored"] if take else 0)
            if take and (one["writes"] or one["stored"] == one["target"]):
                gives.append(one)
        now += clock.time(tokens, outputs + len(gives), pairs, context)
        log.append((tokens, outputs + len(gives), pairs, context, held))
        for one in gives:
            times[one["request"]].append(now)
            one["writes"] = True
            if len(times[one["request"]]) == trace.answer[one["request"]]:
                batch.remove(one)
                if how.slots_kept:
                    left_idle.append(one | {"writes": False, "target": one["stored"]})
        left_idle = left_idle if batch else []
    return times, log


def token_times(run):
    """The times of each request's tokens, from its stays in the batch."""
    times = [[] for _ in range(len(run.requests))]
    for stay in sorted(run.stays, key=lambda one: one["joined"]):
        times[stay["request"]] += (
            run.ends[stay["first"] : stay["first"] + stay["made"]].tolist() if stay["made"] else []
        )
    return times


def mean_and_half(values):
    """Mean, and half of its 95 % confidence interval, of independent values."""
    return np.mean(values), 1.96 * np.std(values, ddof=1) / np.sqrt(len(values))


def agrees(values, wanted):
    """Within 2 % of the closed form, known to within 2 %, and the interval holds it (three sigma)."""
    mean, half = mean_and_half(values)
    return abs(mean - wanted) < 0.02 * wanted and half < 0.02 * wanted and abs(mean - wanted) < 3 / 1.96 * half


# The simulator against itself, slowly, and against what must be conserved


@settings(max_examples=200, deadline=None)
@given(traces(), schedulers, ways, rooms)
def test_fast_is_slow(trace, how, way, room):
    clock = Clock(T_pass=1.0, T_token=0.125, room=room)
    run, (times, log) = simulate(trace, clock, how, way), slowly(trace, clock, how, way)
    assert token_times(run) == times
    it = run.iterations
    rows = it["writing"] + it["idle"] + it["prompt"]
    found = zip(rows, it["outputs"], it["pairs"], it["context"], it["held"], strict=True)
    assert [tuple(map(int, one)) for one in found] == [tuple(map(int, one)) for one in log]
    assert run.first.tolist() == [one[0] for one in times]
    assert run.last.tolist() == [one[-1] for one in times]


@settings(max_examples=100, deadline=None)
@given(traces(), schedulers, ways, rooms)
def test_conservation(trace, how, way, room):
    """Every token once and in order, memory never over capacity, nobody before its arrival, prompts read as told."""
    run = simulate(trace, Clock(T_pass=1.0, room=room), how, way)
    times, it, stays = token_times(run), run.iterations, run.stays
    assert [len(one) for one in times] == trace.answer.tolist()
    assert all(before < after for one in times for before, after in itertools.pairwise(one))
    assert np.all(run.first > trace.arrival)
    assert np.all(it["held"] <= run.room)
    assert np.all(it["filled"] <= it["held"])
    assert np.all(it["writing"] + it["idle"] <= how.batch)
    assert np.all(it["prompt"] <= np.maximum(how.budget - it["writing"], 0))
    assert it["writing"].sum() + np.sum(stays["first"] >= 0) == trace.tokens  # one by each step, one by each prefill
    assert it["writing"].sum() + it["prompt"].sum() >= trace.prompt.sum() + trace.tokens - len(trace)
    assert np.all(it["start"][1:] >= run.ends[:-1] - 1e-9)
    counts = gaps(run)[1].sum()
    assert counts == trace.tokens - len(trace)
    if not way.on_demand:
        assert not stays["preempted"].any()


def test_a_prompt_of_one_token_is_a_step_of_one_sequence():
    """Both read every weight for one token that looks at itself, and put one token out."""
    for model in ("gpt2", "llama3-8b"):
        one = engine(model, H100)
        assert one.prompt(1) == pytest.approx(one.step(1, 1), rel=1e-12)


@settings(max_examples=50, deadline=None)
@given(traces(), st.integers(1, 12))
def test_chunks_do_the_same_work(trace, budget):
    """A prompt in pieces meets the same pairs of query and key; only the cache is read more often."""
    whole, pieces = (simulate(trace, Clock(1.0), how).iterations for how in (Continuous(3), Chunked(3, budget)))
    alone = sum(
        p * (p + 1) // 2 + sum(p + k for k in range(1, n)) for p, n in zip(trace.prompt, trace.answer, strict=True)
    )
    assert whole["pairs"].sum() == pieces["pairs"].sum() == alone
    assert whole["prompt"].sum() == pieces["prompt"].sum() == trace.prompt.sum()
    assert whole["context"].sum() <= pieces["context"].sum()


def test_full_memory_puts_the_last_one_out():
    """Pages of 4, five of them: prompts of 8 take two each, both grow, and the fifth page is the first one's."""
    run = simulate(requests(at_once(2), 8, 6), Clock(1.0, room=20), Continuous(2), Paged(4))
    first, second, again = sorted(run.stays.tolist(), key=lambda stay: (stay[1], stay[0]))
    assert (first, second) == ((0, 0, 0, 5, 6, 8, False), (1, 0, 0, 0, 1, 8, True))
    # It waits until the first one has gone; what it reads again is its prompt and the one token that it had made.
    assert again == (1, 6, 6, 10, 5, 9, False)
    assert run.last.tolist() == [6.0, 11.0]
    assert summary(run).read_again == 9


# Closed forms


@pytest.mark.parametrize(("batch", "mean"), [(2, 5.0), (8, 6.0)])
def test_gain_of_continuous_batching(batch, mean):
    """Requests always wait: a static batch takes its longest answer, near H_B means; a continuous one is full."""
    runs = []
    for seed in range(10):
        trace = requests(at_once(batch * 500), 1, geometric(batch * 500, mean, seed))
        static, continuous = (simulate(trace, Clock(1.0), how(batch)) for how in (Static, Continuous))
        assert static.makespan == trace.answer.reshape(-1, batch).max(axis=1).sum()
        runs.append(static.makespan / 500 / mean)
        assert continuous.makespan * batch == pytest.approx(trace.tokens, rel=0.03)  # but for the last ones
    assert agrees(runs, closed.batching_gain(batch, mean))
    assert closed.batching_gain(batch, 1e4) == pytest.approx(closed.harmonic(batch), rel=1e-3)


def test_equal_answers_gain_nothing():
    runs = [simulate(requests(at_once(64), 1, 7), Clock(1.0), how(8)).makespan for how in (Static, Continuous)]
    assert runs == [64 / 8 * 7] * 2


def test_saturated_throughput():
    """B tokens each iteration: contexts of the same length throughout, so the engine's step is the whole story."""
    run = simulate(requests(at_once(32), 1, 4000), LLAMA, Continuous(32))
    assert summary(run).tokens_rate == pytest.approx(closed.saturated(LLAMA, 32, 2000), rel=0.02)  # the middle context


@pytest.mark.parametrize("mean", [1.0, 8.0])
def test_one_at_a_time_is_a_queue(mean):
    """Lindley's recursion on the same trace, exactly, for answers of one token and for geometric ones."""
    at, answer = poisson(4000, rate=0.7 / mean), geometric(4000, mean)
    found = first_token(simulate(requests(at, 1, answer), Clock(1.0), Continuous(1))) - 1.0
    assert np.allclose(found, queueing.waits_in_line(at, answer), atol=1e-6)


def test_one_at_a_time_waits_as_pollaczek_and_khinchine_say():
    T, waits = 0.25, []
    for seed in range(10):
        trace = requests(poisson(15_000, rate=0.5 / T, seed=seed), 1, 1)
        waits.append(first_token(simulate(trace, Clock(T), Continuous(1))).mean() - T)
    assert agrees(waits, queueing.wait_md1(0.5 / T, T))


def test_littles_law():
    """Sequences counted in every iteration against rate times time in the batch; then with the queue."""
    count = 4000
    trace = requests(poisson(count, 3.0), 5, geometric(count, 12.0))
    run = simulate(trace, Clock(T_pass=0.1, T_token=0.01), Continuous(16))
    joined = run.iterations["start"][run.stays["joined"]]
    inside = (run.ends[run.stays["left"]] - joined).mean()
    assert summary(run).batch == pytest.approx(queueing.in_system(count / run.makespan, inside))
    intervals = list(zip(trace.arrival, run.last, strict=True))
    system = queueing.in_system(count / run.makespan, latency(run).mean())
    assert queueing.littles_count(intervals) == pytest.approx(system)


@pytest.mark.parametrize("way", [Reserved(1024), Reserved(), Paged(), Paged(64)])
def test_waste_of_memory(way):
    """Fixed iteration time, so a mean over time is one over iterations; 10 traces of 2000 answers."""
    wanted = closed.paged_waste(90, 40.0, way.page) if way.on_demand else closed.reserved_waste(90, 40.0, way.longest)
    wasted = []
    for seed in range(10):
        trace = requests(at_once(2000), 90, geometric(2000, 40.0, seed))
        wasted.append(memory(simulate(trace, Clock(1.0), Continuous(32), way))[1])
    assert agrees(wasted, wanted)


def test_pages_admit_more():
    """Room for 8 reservations of 2048 tokens; pages let in as many as fit, and the batch is several times as large."""
    trace = requests(at_once(400), 100, geometric(400, 100.0))
    clock = Clock(T_pass=1.0, room=8 * 2048)
    reserved, paged = (summary(simulate(trace, clock, Continuous(400), way)) for way in (Reserved(2048), Paged()))
    assert reserved.batch < 8
    assert paged.batch > 5 * reserved.batch
    assert paged.tokens_rate > 5 * reserved.tokens_rate
    assert paged.wasted < 0.06 < 0.8 < reserved.wasted


# The engine


@pytest.mark.parametrize(("model", "chip", "chips", "batch"), [
    ("llama3-8b", H100, 1, 1), ("llama3-8b", H100, 8, 64), ("llama3-70b", H100, 4, 16), ("gpt2", T4, 3, 7),
])  # fmt: skip
def test_a_step_takes_what_feasibility_says(model, chip, chips, batch):
    made = engine(model, chip, chips)
    part = per_chip(Question(model, chip, chips, batch=batch, context=299, answer=1))
    decode = part.phases["decode"]
    T_link = link_time(decode, chips, link_between(chip, chips)) if chips > 1 else 0.0
    question = Question(model, chip, chips)
    assert made.step(batch, 300) == pytest.approx(duration(decode.layers, question, T_link).T, rel=1e-9)
    flop, D_vol = made.work(1, batch, batch, batch * 300, batch * 300)
    assert (flop, D_vol) == pytest.approx((decode.flop, decode.D_vol), rel=1e-6)
    twice = made.work(2, 2 * batch, 2 * batch, 2 * batch * 300, 2 * batch * 300)
    assert twice == pytest.approx((2 * flop, 2 * D_vol))


def test_a_prompt_has_half_of_the_square():
    """All but attention is feasibility's prefill; of attention's square, (n + 1) / 2n are left."""
    n = 4096
    prefill = per_chip(Question("llama3-8b", H100, context=n, answer=1)).phases["prefill"]
    square = sum(layer.count * layer.op.flop for layer in prefill.layers if layer.name == "attn.fused")
    flop = LLAMA.work(1, n, 1, n * (n + 1) // 2, n)[0]
    assert flop == pytest.approx(prefill.flop - square * (n - 1) / (2 * n), rel=1e-9)


def test_cache_holds_what_is_left():
    kept = (1 - Assumptions().reserve) * H100.capacity.value
    assert LLAMA.room == (kept - 2 * 8_030_261_248) // kv_cache_bytes("llama3-8b", 1, 1)
    assert engine("llama3-8b", H100, chips=2).room > 2 * LLAMA.room  # the weights are there once, not twice
    assert engine("llama3-8b", H100, weights="int8").room == (kept - 8_030_261_248) // kv_cache_bytes("llama3-8b", 1, 1)
    assert LLAMA.most(1000) == LLAMA.room // 1000


def test_batches_share_the_weights_until_the_caches_outgrow_them():
    one, many = (closed.saturated(LLAMA, batch, 500) / batch for batch in (1, 64))
    assert many > 0.7 * one  # tokens a second a sequence: 64 times the work in less than 1.5 times the time
    held = 64 * LLAMA.kv_token
    even = int(LLAMA.weights / held)  # tokens of context at which 64 caches are as large as the weights
    assert LLAMA.step(64, even) == pytest.approx(2 * LLAMA.step(64, 1), rel=0.15)


def test_chips_help_less_than_their_number():
    steps = [engine("llama3-8b", H100, chips).step(16, 1000) for chips in (1, 2, 4, 8)]
    assert all(a > b > a / 2 for a, b in itertools.pairwise(steps))


def test_utilization_is_below_what_the_assumptions_reach():
    count = 300
    trace = requests(poisson(count, 5.0), lognormal(count, 400, 0.8, 4000), geometric(count, 150.0))
    for how in (Static(16, 1.0), Continuous(64), Chunked(64, 512)):
        compute, bandwidth = utilization(simulate(trace, LLAMA, how))
        assert 0 < compute < 0.5
        assert 0 < bandwidth < 0.7


# What schedulers are for


def test_chunks_keep_others_going():
    """Prompts of 8000 among short ones: whole, each stops everybody; in chunks no gap is longer than a budget."""
    count = 300
    prompt = np.where(np.arange(count) % 20 == 19, 8000, 200)
    trace = requests(poisson(count, 8.0), prompt, geometric(count, 150.0))
    whole, pieces = (simulate(trace, LLAMA, how) for how in (Continuous(128), Chunked(128, 512)))
    longest = [gaps(run)[0].max() for run in (whole, pieces)]
    assert longest[0] > LLAMA.prompt(8000) > 5 * longest[1]
    assert longest[1] < LLAMA.time(512, 512, 512 * 8200, 128 * 8200)
    rare, common = ([quantile(*gaps(run), q) for run in (whole, pieces)] for q in (0.999, 0.99))
    assert rare[0] > 5 * rare[1]
    assert common[0] < common[1]  # what one in twenty did to all for once, now many iterations have a little of


def test_throughput_against_latency():
    """Static loses on the first token; more load gives more tokens and longer waits, and never less than the step."""
    count = 400
    prompt, answer = lognormal(count, 300, 0.7, 2048), geometric(count, 100.0)
    curve = tradeoff([1.0, 8.0, 64.0], prompt, answer, LLAMA, Continuous(64))
    assert [one.tokens_rate for one in curve] == sorted(one.tokens_rate for one in curve)
    assert [one.latency_mean for one in curve] == sorted(one.latency_mean for one in curve)
    assert all(one.per_token > LLAMA.step(1, 1) for one in curve)
    static = tradeoff([8.0], prompt, answer, LLAMA, Static(64, timeout=1.0))[0]
    assert static.first_mean > 5 * curve[1].first_mean


def test_goodput_counts_who_was_served_in_time():
    run = simulate(requests(at_once(3), 1, [1, 5, 9]), Clock(2.0), Continuous(1))
    assert first_token(run).tolist() == [2.0, 4.0, 14.0]
    assert per_token(run).tolist() == [2.0, 2.0]
    assert goodput(run, first=5.0, each=2.0) == 2 / run.makespan
    assert goodput(run, first=5.0, each=1.9) == 1 / run.makespan  # the one with a single token has no other


@settings(max_examples=60, deadline=None)
@given(traces(), schedulers, ways, rooms)
def test_rows_of_the_drawing_do_not_overlap(trace, how, way, room):
    run = simulate(trace, Clock(1.0, room=room), how, way)
    line = gantt(run)
    for row in line.engines:
        spans = sorted((one.start, one.end) for one in line.on(row))
        assert all(before[1] <= after[0] + 1e-9 for before, after in itertools.pairwise(spans))
    assert len(line.engines) <= how.batch
    made = sum(one["made"] > 0 for one in run.stays)
    assert sum(one.what == "reads" for one in line.events) >= made


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), min_size=1, max_size=9), st.floats(0.01, 1.0))
def test_quantile_is_numpys(pairs, q):
    values, counts = map(np.array, zip(*pairs, strict=True))
    wanted = np.quantile(np.repeat(values, counts), q, method="inverted_cdf")
    assert quantile(values.astype(float), counts, q) == wanted


def test_lengths_have_their_means():
    assert agrees([geometric(20_000, 50.0, seed).mean() for seed in range(10)], 50.0)
    assert agrees([np.exp(np.log(lognormal(20_000, 400.0, 0.5, 10**6, seed)).mean()) for seed in range(10)], 400.0)
    assert np.array_equal(geometric(50, 9.0, seed=3), geometric(50, 9.0, seed=3))
    assert lognormal(1000, 400.0, 2.0, longest=500).max() == 500


def test_page_is_what_the_field_uses():
    assert (PAGE.value, PAGE.confirmed) == (16, True)
    assert Paged() == Paged(16)


def test_speed():
    """A fifth of the 100,000 requests that must take less than 10 s, by this process's own time."""
    count = 20_000
    trace = requests(poisson(count, 20.0), lognormal(count, 500, 1.0, 8192), geometric(count, 200.0))
    start = time.process_time()
    run = simulate(trace, LLAMA, Continuous(256))
    assert time.process_time() - start < 2
    assert run.events > 100_000


# Errors


@pytest.mark.parametrize(("call", "text"), [
    (lambda: engine("llama3-70b", H100),
     "llama3-70b does not fit: its weights take 141.1 GB of each of 1 H100, which has 72 GB for a model; take 2 chips"),
    (lambda: engine("llama3-70b", T4),
     "llama3-70b does not fit: its weights take 141.1 GB of each of 1 T4, which has 14.4 GB for a model; take a chip "
     "with more memory, or smaller weights"),
    (lambda: engine("llama3-8b", H100, chips=3),
     "3 chips do not divide the 8 key-value heads of llama3-8b; take one of 1, 2, 4, 8"),
    (lambda: engine("resnet50", H100),
     "resnet50 writes no tokens; serve a language model: gpt2, gpt2-medium, gpt2-large, gpt2-xl, llama3-8b, ll"),
    (lambda: engine("llama3-8b", H100, chips=0), "chips must be a whole number of at least 1, got 0"),
    (lambda: engine("llama3-8b", T4, precision="bf16"), "T4 has no bf16 peak; it has"),
    (lambda: poisson(5, rate=0.0), "rate must be a finite number above 0, got 0.0"),
    (lambda: Static(0), "batch must be a whole number of at least 1, got 0"),
    (lambda: Chunked(8, budget=0), "budget must be a whole number of at least 1, got 0"),
    (lambda: Static(8, timeout=-1.0), "timeout is a time of 0 s or more, got -1.0"),
    (lambda: simulate(requests([0.0], 40, 1), Clock(1.0, room=39), Continuous(1)),
     "request 0 comes to hold 40 tokens, 3 pages of 16, and the cache has 2; cut it to 32 tokens, or take more"),
    (lambda: simulate(requests([0.0], 1000, 26), engine("gpt2", H100), Continuous(1)),
     "request 0 comes to hold 1025 tokens, beyond the 1024 positions of the model; cut it to 1024"),
    (lambda: simulate(requests([0.0], 40, 8), Clock(1.0), Continuous(1), Reserved(32)),
     "request 0 comes to hold 47 tokens, beyond the longest, 32; reserve 47"),
    (lambda: simulate(requests([0.0], 4, 8), Clock(1.0, room=90), Continuous(1), Reserved(100)),
     "request 0 comes to hold 11 tokens, 100 pages of 1, and the cache has 90; reserve 90 or less"),
    (lambda: requests([0.0], 0, 1), "prompt counts tokens, whole numbers of at least 1; got 0"),
    (lambda: requests([0.0], 1, 2.5), "answer counts tokens, whole numbers of at least 1; got 2.5"),
    (lambda: requests([1.0, 0.0], 1, 1), "arrivals ascend from 0 s on; sort the trace by its times"),
    (lambda: Requests([0.0], [1, 2], [1]), "of one length, at least 1; got arrival (1,), prompt (2,), answer (1,)"),
    (lambda: requests([], 1, 1), "of one length, at least 1; got arrival (0,)"),
    (lambda: geometric(5, 0.5), "so its mean is at least 1; got 0.5"),
    (lambda: read_trace("t,p,a\n1.0,abc,3\n"), "a row is a time, prompt tokens, answer tokens, such as 1.5,512,100"),
    (lambda: read_trace("t,p,a\n1.0,3,0\n"), "1 rows below the header, none with an answer"),
    (lambda: utilization(simulate(requests([0.0], 1, 1), Clock(1.0), Continuous(1))), "a clock by hand has no peaks"),
    (lambda: closed.reserved_waste(100, 20.0, longest=50), "longest is at least the prompt, 100 tokens; got 50"),
])  # fmt: skip
def test_errors_name_the_way_out(call, text):
    with pytest.raises(ValueError, match=r".") as caught:
        call()
    assert text in str(caught.value)
