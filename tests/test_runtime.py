"""The runtime in simulated time: streams, queues and tenants against closed forms, and rules that every run keeps."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.interconnect.schedule import Exchange, makespan, pipelined_time, sequential_time
from labcore.interconnect.schedule import pipelined as pipelined_intervals
from labcore.models.zoo import build
from labcore.runtime import queueing
from labcore.runtime.memory import Buddy, Pool
from labcore.runtime.plans import bucketed, dynamic, serve, static
from labcore.runtime.requests import (
    Request,
    arrivals,
    bucket_of,
    lengths,
    mean_length,
    padding_waste,
    powers_of_two,
    requests,
)
from labcore.runtime.speed import events_per_second
from labcore.runtime.streams import (
    COMPUTE,
    COPY_IN,
    COPY_OUT,
    Command,
    by_chunk,
    issued_ahead,
    launch_bound_share,
    simulate,
)
from labcore.runtime.streams import pipelined as pipelined_commands
from labcore.runtime.tenants import Tenant, in_turn, partitioned, sliced
from labcore.runtime.tiles import SILICON
from labcore.runtime.work import Work, fixed, kernels, prefill

times = st.integers(0, 9).map(float)
positive_times = st.integers(1, 9).map(float)
exchanges = st.builds(Exchange, times, times, positive_times, times)


def nobody_shares(timeline, engine):
    events = sorted((one.start, one.end) for one in timeline.on(engine))
    return all(before[1] <= after[0] for before, after in itertools.pairwise(events))


# Streams


@given(exchanges, st.integers(1, 7), st.integers(1, 3))
def test_double_buffering_takes_what_the_schedule_says(one, chunks, buffers):
    """SimPy's run, the event list of labcore.interconnect and its closed form: three ways to the same time."""
    line = simulate(pipelined_commands(one, chunks, buffers))
    assert line.makespan == makespan(pipelined_intervals(one, chunks, buffers=buffers))
    assert line.makespan == pipelined_time(one, chunks, buffers)


@given(exchanges, st.integers(1, 7))
def test_one_stream_is_serial(one, chunks):
    no_launch = Exchange(one.copy_in, 0.0, one.compute, one.copy_out)
    assert simulate(by_chunk(no_launch, chunks, streams=1)).makespan == sequential_time(no_launch, chunks)


@given(exchanges, st.integers(2, 4))
def test_n_streams_hold_n_chunks(one, streams):
    """Each chunk more costs max(longest step, total / n): a line of n chunks, and engines that do one at a time."""
    total, longest = one.copy_in + one.compute + one.copy_out, max(one.copy_in, one.compute, one.copy_out)
    few, many = (simulate(by_chunk(one, n * streams, streams)).makespan for n in (6, 12))
    assert (many - few) / (6 * streams) == pytest.approx(max(longest, total / streams))


@st.composite
def command_lists(draw):
    commands = []
    for k in range(draw(st.integers(1, 12))):
        engine = draw(st.sampled_from([COPY_IN, COMPUTE, COPY_OUT]))
        after = draw(st.sets(st.integers(0, k - 1), max_size=2)) if k else set()
        commands.append(Command(str(k), engine, draw(times), draw(st.sampled_from("abc")), tuple(map(str, after))))
    return commands


@given(command_lists(), times, st.booleans())
def test_a_run_keeps_every_rule(commands, L_launch, blocking):
    line = simulate(commands, L_launch=L_launch, blocking=blocking)
    ran = {one.what: one for one in line.events if one.engine != "host"}
    assert set(ran) == {one.what for one in commands}
    for one in commands:
        assert ran[one.what].T == one.T
        assert all(ran[name].end <= ran[one.what].start for name in one.after)
    for stream in {one.stream for one in commands}:
        own = [ran[one.what] for one in commands if one.stream == stream]
        assert all(before.end <= after.start for before, after in itertools.pairwise(own))
    assert all(nobody_shares(line, engine) for engine in line.engines)
    assert line.makespan <= len(commands) * L_launch + sum(one.T for one in commands)
    assert line.makespan >= max(line.busy(engine) for engine in line.engines)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 20))
def test_launches_hide_behind_kernels_that_take_longer(T, L_launch, count):
    kernels = [Command(str(k), COMPUTE, float(T)) for k in range(count)]
    ahead = simulate(kernels, L_launch=float(L_launch))
    # The first launch, then the slower of launching and computing for each, then the last kernel.
    assert ahead.makespan == L_launch + (count - 1) * max(T, L_launch) + T
    assert simulate(kernels, L_launch=float(L_launch), blocking=True).makespan == count * (T + L_launch)
    assert ahead.utilization(COMPUTE) <= launch_bound_share(T, L_launch)


@given(st.lists(positive_times, max_size=12), times)
def test_issued_ahead_is_what_the_simulator_finds(lengths_of, L_launch):
    kernels_of = [Command(str(k), COMPUTE, T) for k, T in enumerate(lengths_of)]
    assert issued_ahead(lengths_of, L_launch) == simulate(kernels_of, L_launch=L_launch).makespan


@pytest.mark.parametrize("tokens", [64, 1024])
def test_a_prompt_is_a_stream_of_kernels(tokens):
    """GPT-2 of 64 tokens waits for its host, of 1024 it does not; a host that waits for each kernel loses on both."""
    line, waited = (
        simulate(kernels(build("gpt2", phase="prefill", seq=tokens), SILICON["A100"]), L_launch=5e-6, blocking=way)
        for way in (False, True)
    )
    assert len(line.on("host")) == len(line.on(COMPUTE)) == 148
    assert line.makespan == pytest.approx(prefill("gpt2", L_launch=5e-6)(tokens).T)
    assert waited.makespan == pytest.approx(line.busy(COMPUTE) + 148 * 5e-6)
    assert (line.utilization(COMPUTE) > 0.95) == (tokens == 1024)


def test_small_kernels_fill_what_a_large_one_leaves():
    """108 multiprocessors: 60 are busy for 4 s, a kernel of 60 waits; two of 24 for 2 s fit beside the first."""
    sizes = (("a", 60, 4.0), ("b", 60, 4.0), ("c", 24, 2.0), ("d", 24, 2.0))
    work = [Command(name, COMPUTE, T, stream=name, units=n) for name, n, T in sizes]
    strict, filled = (simulate(work, {COMPUTE: 108}, backfill=way) for way in (False, True))
    assert {one.what: one.start for one in strict.events} == {"a": 0, "b": 4, "c": 4, "d": 4}
    assert {one.what: one.start for one in filled.events} == {"a": 0, "b": 4, "c": 0, "d": 0}
    assert filled.most_at_once(COMPUTE) == 108 == strict.most_at_once(COMPUTE)
    assert strict.busy(COMPUTE) == filled.busy(COMPUTE) == 2 * 60 * 4 + 2 * 24 * 2  # work is conserved


@pytest.mark.parametrize(
    ("commands", "text"),
    [
        ([Command("a", "sofa", 1.0)], "a needs the engine 'sofa'; there are link in, CPU, accelerator, link out"),
        ([Command("a", COMPUTE, 1.0, units=2)], "a needs 2 units of accelerator, which has 1"),
        ([Command("a", COMPUTE, 1.0)] * 2, "two commands are called 'a'; number them"),
        ([Command("a", COMPUTE, 1.0, after=("b",))], "a waits for 'b', which is not issued before it; issue that one"),
    ],
)
def test_commands_that_cannot_run(commands, text):
    with pytest.raises(ValueError, match=text):
        simulate(commands)


def test_a_timeline_names_its_engines():
    with pytest.raises(ValueError, match=r"nothing ran on 'tpu'; there were accelerator"):
        simulate([Command("a", COMPUTE, 1.0)]).busy("tpu")
    with pytest.raises(ValueError, match=r"a takes a time of 0 s or more, got -1.0"):
        Command("a", COMPUTE, -1.0)


# Requests


def test_lengths_are_log_uniform():
    drawn = lengths(40_000, 64, 8192, seed=1)
    assert drawn.min() >= 64
    assert drawn.max() <= 8192
    octaves = np.histogram(np.log2(drawn), bins=np.arange(6, 14))[0] / 40_000  # seven doublings, 1/7 each
    assert octaves == pytest.approx([1 / 7] * 7, abs=0.01)
    assert drawn.mean() == pytest.approx(mean_length(64, 8192), rel=0.02)


@pytest.mark.parametrize("burst", [1.0, 8.0])
def test_arrivals_keep_their_rate(burst):
    at = arrivals(40_000, rate=20.0, burst=burst, seed=2)
    assert len(at) / at[-1] == pytest.approx(20.0, rel=0.04)
    gaps = np.diff(at)
    assert (gaps == 0).mean() == pytest.approx(1 - 1 / burst, abs=0.01)  # a geometric burst goes on with 1 - 1 / mean


def test_seeds():
    assert requests(50, 3.0, seed=4) == requests(50, 3.0, seed=4)
    assert requests(50, 3.0, seed=4) != requests(50, 3.0, seed=5)


def test_padding_of_doubling_buckets():
    """Log-uniform over an octave: E[x] / E[2 top] = (1 / ln 2) / 2, so 1 - 1 / (2 ln 2) = 27.9 % is padding."""
    drawn = lengths(60_000, 64, 8192, seed=3).tolist()
    assert padding_waste(drawn, powers_of_two(64, 8192)) == pytest.approx(1 - 1 / (2 * np.log(2)), abs=0.01)
    # To the longest alone: 1 - 1675 / 8192.
    assert padding_waste(drawn, [8192]) == pytest.approx(1 - mean_length(64, 8192) / 8192, abs=0.01)
    assert padding_waste(drawn, range(1, 8193)) == 0


def test_a_length_without_a_bucket():
    with pytest.raises(ValueError, match=r"300 tokens fit no bucket of \[128, 256\]; add one of 300 or more"):
        bucket_of(300, [256, 128])
    with pytest.raises(ValueError, match="no tokens, so none are padded"):
        padding_waste([], [128])
    with pytest.raises(ValueError, match="shortest is at most longest, got 9 and 3; swap them"):
        lengths(1, 9, 3)


# Queues against closed forms


@pytest.mark.parametrize("rho", [0.3, 0.7])
def test_md1_waits_as_pollaczek_and_khinchine_say(rho):
    served = serve(requests(12_000, rate=rho, seed=7), fixed(1.0), dynamic())
    assert served.latencies.mean() - 1 == pytest.approx(queueing.wait_md1(rho, 1.0), rel=0.07)
    assert served.utilization == pytest.approx(rho, rel=0.02)


def test_mixed_lengths_wait_by_their_second_moment():
    trace = requests(10_000, rate=0.0006, shortest=64, longest=4096, seed=1)
    served = serve(trace, lambda tokens: Work(float(tokens), 1), dynamic())
    waits = served.latencies - [one.tokens for one in trace]
    assert waits.mean() == pytest.approx(queueing.wait_mg1(0.0006, [one.tokens for one in trace]), rel=0.1)


def test_bursts_wait_for_themselves():
    trace = requests(15_000, rate=0.5, burst=4.0, seed=3)
    sizes = np.random.default_rng(0).geometric(0.25, 100_000)
    waits = serve(trace, fixed(1.0), dynamic()).latencies - 1
    assert waits.mean() == pytest.approx(queueing.wait_md1_bursts(0.5, 1.0, sizes), rel=0.1)
    assert waits.mean() > 5 * queueing.wait_md1(0.5, 1.0)  # the same load, in swings


@given(st.integers(0, 99), st.integers(1, 40), st.sampled_from([1.0, 5.0]))
@settings(max_examples=25)
def test_littles_law_holds_for_any_trace(seed, count, burst):
    """The number in the system, counted event by event, is throughput times latency."""
    served = serve(requests(count, 1.0, burst, seed=seed), lambda n: Work(n / 1000, n), dynamic(), capacity=9000)
    end = max(served.arrivals + served.latencies)
    assert served.in_system == pytest.approx(queueing.in_system(count / end, served.latencies.mean()))


def test_a_queue_that_never_ends():
    with pytest.raises(ValueError, match=r"20 a second of 0.1 s: a load of 2; stay below 10 a second"):
        queueing.wait_md1(20.0, 0.1)


# Plans


@pytest.fixture(scope="module")
def costs():
    return prefill("gpt2-xl")


def test_dynamic_beats_buckets_beat_static(costs):
    trace = requests(300, rate=4.0, longest=1024, seed=2)
    plans = static(1024), bucketed(powers_of_two(64, 1024)), dynamic()
    runs = [serve(trace, costs, plan) for plan in plans]
    for q in (50, 99):
        fixed_plan, buckets, at_run_time = (run.percentile(q) for run in runs)
        assert fixed_plan > buckets >= at_run_time
    assert runs[2].useful == pytest.approx(1)
    assert runs[0].useful < runs[1].useful < 1
    assert runs[0].utilization > runs[2].utilization  # busy, with padding
    assert all(nobody_shares(run.timeline, COMPUTE) for run in runs)
    assert runs[0].timeline.busy(COMPUTE) == pytest.approx(300 * costs(1024).T)


def test_reserved_memory_admits_fewer():
    """Ten requests of 64 B at once hold 640 B; reserved for 256 each, 1024 B take four at a time."""
    trace = [Request(0.0, 64)] * 10
    costs = lambda tokens: Work(1.0, tokens, T_hold=100.0)  # noqa: E731
    reserved, on_demand = (serve(trace, costs, plan, capacity=1024) for plan in (static(256), dynamic()))
    assert (reserved.most_held, reserved.blocked) == (4 * 256, 6)
    assert (on_demand.most_held, on_demand.blocked) == (640, 0)
    assert on_demand.latencies.tolist() == list(range(1, 11))
    assert reserved.latencies[3] == 4
    assert reserved.latencies[4] == 1 + 100 + 1  # waits for the first to let go


def test_memory_is_never_overdrawn():
    trace = requests(400, rate=2.0, burst=6.0, seed=8)
    served = serve(trace, lambda n: Work(n / 8192, n, T_hold=3.0), dynamic(), capacity=3 * 8192)
    assert served.blocked > served.fragmented > 0  # some wait although enough is free, only not in one piece
    assert 8192 < served.most_held <= 3 * 8192
    assert sorted(served.latencies)[0] > 0


def test_buddies_make_a_request_wait_for_what_they_round_up():
    """Two of 40 B fit 100 B side by side; as powers of two they are 64 B each, and one waits for the other."""
    trace, costs = [Request(0.0, 40)] * 2, lambda n: Work(1.0, n, T_hold=9.0)
    assert serve(trace, costs, dynamic(), pool=Pool(100)).blocked == 0
    assert serve(trace, costs, dynamic(), pool=Buddy(64)).latencies.tolist() == [1, 11]


def test_a_choice_at_run_time_costs_its_time():
    slow = serve([Request(0.0, 64), Request(0.0, 64)], fixed(1.0), dynamic(T_choose=0.25))
    assert slow.latencies.tolist() == [1.25, 2.5]


def test_copies_overlap_with_the_engine():
    served = serve([Request(0.0, 64)] * 5, lambda n: Work(3.0, 1, T_in=2.0, T_out=1.0), dynamic())
    assert served.timeline.makespan == pipelined_time(Exchange(2.0, 0.0, 3.0, 1.0), 5)


def test_prompts_cost_by_their_length(costs):
    long, short = costs(1024), costs(64)
    assert long.held > 16 * short.held  # the scores grow with the square
    assert prefill("gpt2-xl", tuned_for=64)(1024).T > long.T  # kernels for short prompts on a long one
    assert prefill("gpt2-xl", tuned_for=1024)(1024).T == long.T


def test_plans_say_what_does_not_fit(costs):
    with pytest.raises(ValueError, match="300 tokens fit no bucket of"):
        serve([Request(0.0, 300)], fixed(1.0), static(256))
    with pytest.raises(ValueError, match="a request of 9 tokens holds 9 B under the dynamic plan, and there are 8 B"):
        serve([Request(0.0, 9)], lambda n: Work(1.0, n), dynamic(), capacity=8)
    with pytest.raises(ValueError, match="a trace has at least one request; got none"):
        serve([], fixed(1.0), dynamic())


# Tenants


def poisson(count, rate, seed):
    return arrivals(count, rate, seed=seed).tolist()


def test_a_neighbour_is_felt_in_turn_and_not_in_a_partition():
    own = Tenant("ours", poisson(3000, 20.0, 1), 0.01)
    other = Tenant("other", poisson(300, 2.0, 2), 0.2)
    alone = in_turn([own]).percentile("ours", 99)
    shared = in_turn([own, other]).percentile("ours", 99)
    assert shared > 5 * alone
    apart = partitioned([own, other], {"ours": 0.5, "other": 0.5})
    assert np.array_equal(apart.latencies["ours"], in_turn([Tenant("ours", own.arrivals, 0.02)]).latencies["ours"])
    assert alone < apart.percentile("ours", 99) < shared


def test_a_partition_is_a_slower_engine_of_ones_own():
    own = [Tenant("a", poisson(6000, 0.3, 1), 1.0), Tenant("b", poisson(6000, 0.3, 2), 1.0)]
    waits = partitioned(own, {"a": 0.5, "b": 0.5}).latencies["a"] - 2
    assert waits.mean() == pytest.approx(queueing.wait_md1(0.3, 2.0), rel=0.1)


def test_thin_slices_share_the_processor():
    """Each request a tenant: mean time T / (1 - rho), in turn T + rho T / (2 (1 - rho)): equals lose by slices."""
    at = poisson(1500, 0.6, 5)
    crowd = [Tenant(str(k), [t], 1.0) for k, t in enumerate(at)]
    slices, turns = (float(np.mean([*run.latencies.values()])) for run in (sliced(crowd, 0.1), in_turn(crowd)))
    assert slices == pytest.approx(queueing.response_shared(0.6, 1.0), rel=0.12)
    assert turns == pytest.approx(1 + queueing.wait_md1(0.6, 1.0), rel=0.12)
    assert slices > turns


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), min_size=1, max_size=8), st.integers(1, 4))
@settings(max_examples=50)
def test_no_discipline_makes_or_loses_work(jobs, quantum):
    tenants = [Tenant(str(k), [float(at)], float(T)) for k, (at, T) in enumerate(jobs)]
    runs = in_turn(tenants), sliced(tenants, float(quantum))
    assert {run.timeline.busy("engine") for run in runs} == {float(sum(T for _, T in jobs))}
    assert runs[0].timeline.makespan == runs[1].timeline.makespan  # neither idles while there is work
    for run in runs:
        assert nobody_shares(run.timeline, "engine")
        assert all(run.latencies[one.name][0] >= one.T for one in tenants)


def test_switching_costs():
    two = [Tenant("a", [0.0], 4.0), Tenant("b", [0.0], 4.0)]
    assert sliced(two, 1.0).timeline.makespan == 8
    assert sliced(two, 1.0, T_switch=0.5).timeline.makespan == 8 + 7 * 0.5  # a b a b a b a b
    assert sliced(two, 4.0, T_switch=0.5).timeline.makespan == 8 + 0.5
    assert sliced(two[:1], 1.0, T_switch=0.5).timeline.makespan == 4  # alone, there is nobody to switch to


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Tenant("a", [2.0, 1.0], 1.0), "arrivals of a are ascending times from 0 on, at least one"),
        (lambda: in_turn([Tenant("a", [0.0], 1.0)] * 2), "each with a name of its own; got a, a"),
        (lambda: in_turn([]), "at least one tenant"),
        (lambda: sliced([Tenant("a", [0.0], 1.0)], 0.0), "quantum must be a finite number above 0, got 0.0"),
        (lambda: partitioned([Tenant("a", [0.0], 1.0)], {"b": 1.0}), "one share for each of a, at most 1 together"),
        (lambda: partitioned([Tenant("a", [0.0], 1.0)], {"a": 1.5}), "at most 1 together; got {'a': 1.5}"),
        (lambda: in_turn([Tenant("a", [0.0], 1.0)]).percentile("b", 50), "no tenant 'b'; there are a"),
    ],
)
def test_tenants_that_cannot_be(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_events_per_second_counts_the_simulators_events():
    """At least arrival, memory, engine, its end for each request."""
    ticks = iter([0.0, 1.0])
    assert events_per_second(100, clock=lambda: next(ticks)) >= 4 * 100
    assert events_per_second(200) > 1000
