"""Streams served with drafts and by a mixture: against plain serving, the closed forms of a round, and conservation."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import H100
from labcore.interconnect.collectives import chip_link
from labcore.serving.batching import Chunked, Continuous, Static
from labcore.serving.cache import Paged, Reserved
from labcore.serving.drafting import Drafts
from labcore.serving.engine import Clock, engine
from labcore.serving.expert_parallel import Mixed, step
from labcore.serving.metrics import gaps, per_token, summary, utilization
from labcore.serving.mixtures import mixture
from labcore.serving.requests import Requests, at_once, poisson, requests
from labcore.serving.simulate import simulate
from labcore.serving.speculative import expected_tokens
from labcore.serving.speculative_batch import gain

schedulers = st.one_of(
    st.builds(Static, st.integers(1, 4), st.sampled_from([0.0, 2.5])),
    st.builds(Continuous, st.integers(1, 5)),
    st.builds(Chunked, st.integers(1, 5), st.integers(1, 12)),
)
ways = st.one_of(st.builds(Paged, st.integers(1, 5)), st.just(Reserved()), st.just(Reserved(24)))
NO_TIME = Clock(T_pass=1e-12)


@st.composite
def traces(draw):
    """Up to 10 requests of at most 12 + 12 tokens."""
    count = draw(st.integers(1, 10))
    lengths = st.lists(st.integers(1, 12), min_size=count, max_size=count)
    wait = st.lists(st.sampled_from([0.0, 0.5, 7.25]), min_size=count, max_size=count)
    return Requests(np.cumsum(draw(wait)), np.array(draw(lengths)), np.array(draw(lengths)))


@settings(max_examples=100, deadline=None)
@given(traces(), schedulers, ways, st.integers(25, 60))
def test_drafts_that_are_never_kept_are_plain_decoding(trace, how, way, room):
    """A token a round, as without; only the budget of a chunked iteration is spent sooner, so it gets more here."""
    if isinstance(how, Chunked):
        how = Continuous(how.batch)
    clock = Clock(T_pass=1.0, room=room)
    plain = simulate(trace, clock, how, way)
    drafted = simulate(trace, clock, how, way, Drafts(NO_TIME, alpha=0.0, gamma=3))
    assert np.array_equal(plain.stays, drafted.stays)
    for name in ("writing", "idle", "prompt", "held", "filled", "context"):
        assert np.array_equal(plain.iterations[name], drafted.iterations[name])
    assert np.array_equal(plain.in_batch, drafted.in_batch)
    assert plain.last == pytest.approx(drafted.last)


@settings(max_examples=150, deadline=None)
@given(traces(), schedulers, ways, st.integers(25, 60), st.sampled_from([0.3, 0.8, 1.0]), st.integers(1, 4))
def test_conservation(trace, how, way, room, alpha, gamma):
    """Every token is made once, memory is never over capacity, and what is filled is what is given to within a page."""
    run = simulate(trace, Clock(T_pass=1.0, room=room), how, way, Drafts(NO_TIME, alpha, gamma, seed=1))
    it, stays = run.iterations, run.stays
    assert [int(stays["made"][stays["request"] == k].sum()) for k in range(len(trace))] == trace.answer.tolist()
    assert np.all(it["filled"] <= it["held"])
    assert np.all(it["held"] <= run.room)
    if isinstance(way, Paged) and not isinstance(how, Static | Chunked):
        assert np.all(it["held"] - it["filled"] < run.in_batch * way.page + (run.in_batch == 0))
    assert gaps(run)[1].sum() == trace.tokens - len(trace)
    rounds = stays["left"] - stays["first"]
    wrote = stays["made"] > 0
    assert np.all((stays["made"] - 1 <= rounds * (gamma + 1))[wrote])
    finished = wrote & ~stays["preempted"]
    assert np.all((rounds <= stays["made"] - 1)[finished])
    assert it["writing"].sum() == rounds[wrote].sum()


@pytest.mark.parametrize(("answer", "gamma", "rounds"), [(1, 3, 0), (2, 3, 1), (5, 3, 1), (6, 3, 2), (41, 4, 8)])
def test_drafts_that_are_always_kept_take_the_fewest_rounds(answer, gamma, rounds):
    run = simulate(requests([0.0], 10, answer), Clock(1.0), Continuous(1), drafts=Drafts(NO_TIME, 1.0, gamma))
    assert len(run.iterations) == 1 + rounds  # the first pass reads the prompt and gives a token
    assert int(run.stays["made"][0]) == answer


@pytest.mark.parametrize(("alpha", "gamma"), [(0.5, 2), (0.8, 4), (0.9, 8)])
def test_one_sequence_is_as_much_faster_as_the_closed_form_says(alpha, gamma):
    """A long answer alone, 70B drafted by 8B: the times of the passes are the engines', the rounds are drawn."""
    target, draft = (engine(name, H100, 8) for name in ("llama3-70b", "llama3-8b"))
    target, draft = (replace(one, positions=2**30) for one in (target, draft))
    job = requests([0.0], 4000, 4000)  # the mean context is 6000
    plain = simulate(job, target, Continuous(1))
    drafted = simulate(job, target, Continuous(1), drafts=Drafts(draft, alpha, gamma, seed=3))
    faster = per_token(plain)[0] / per_token(drafted)[0]
    assert faster == pytest.approx(gain(target, draft, alpha, gamma, 1, 6000).speedup, rel=0.03)


def test_tokens_of_a_round_have_their_mean():
    path = Drafts(NO_TIME, 0.8, 4).path(100_000, np.random.default_rng(0))
    assert np.mean(np.diff(path)) == pytest.approx(expected_tokens(0.8, 4), rel=0.01)
    assert set(np.diff(path)) <= {1, 2, 3, 4, 5}


def test_drafts_pay_for_few_and_cost_for_many():
    """The same chats one after another and all at once: a gain where weights bind, a loss where arithmetic does."""
    target, draft = (engine(name, H100, 8) for name in ("llama3-70b", "llama3-8b"))
    faster = {}
    for batch in (1, 256):
        job = requests(at_once(256), 20, 60)
        drafted, plain = (
            simulate(job, target, Continuous(batch), drafts=one).makespan for one in (Drafts(draft, 0.8, 3), None)
        )
        faster[batch] = plain / drafted
    assert faster[1] == pytest.approx(gain(target, draft, 0.8, 3, 1, 50).speedup, rel=0.06)
    assert faster[1] > 1.5 > 1 > faster[256]


def test_a_chunked_iteration_counts_the_tokens_under_check():
    """Four write with drafts of 3: 16 tokens of a budget of 20, so a prompt that comes later gets 4 of them."""
    trace = requests([0, 0, 0, 0, 5.5], prompt=[1, 1, 1, 1, 12], answer=[90, 90, 90, 90, 1])
    run = simulate(trace, Clock(1.0), Chunked(8, 20), drafts=Drafts(NO_TIME, 0.5, 3))
    assert run.iterations["prompt"][6:9].tolist() == [4, 4, 4]


def test_the_draft_takes_its_passes_and_reads_the_prompts():
    trace = requests([0.0], 100, 6)
    run = simulate(trace, Clock(1.0), Continuous(1), drafts=Drafts(Clock(0.25, T_token=0.001), 1.0, 2))
    assert run.iterations["T"] == pytest.approx([1.35, 1.502, 1.502])  # 0.25 + 100 tokens; twice 0.251; 1 + 3 + 2


def test_a_round_of_tokens_comes_at_once():
    run = simulate(requests([0.0], 1, 9), Clock(1.0), Continuous(1), drafts=Drafts(NO_TIME, 1.0, 3))
    values, counts = gaps(run)
    assert sorted(zip(values.round(6).tolist(), counts.tolist(), strict=True)) == [(0.0, 6), (1.0, 1), (1.0, 1)]


# A mixture


def test_a_mixture_serves_a_stream_with_the_time_of_its_experts():
    m, link = mixture("Mixtral 8x7B"), chip_link("NVLink 4")
    run = simulate(requests(at_once(64), 1, 5), Mixed(m, H100, 2, link), Continuous(64))
    assert run.iterations["T"] == pytest.approx([step(m, 64, H100, 2, link).T] * 5)
    alone = simulate(requests([0.0], 1, 5), Mixed(m, H100, 2, link), Continuous(64))
    assert run.makespan > 3 * alone.makespan  # all experts are read, not two of eight
    assert summary(run).compute is None


@pytest.mark.parametrize(("call", "text"), [
    (lambda: Drafts(NO_TIME, 1.2, 3), "alpha is the share of drafted tokens that are kept, 0 to 1; got 1.2"),
    (lambda: Drafts(NO_TIME, 0.5, 0), "gamma must be a whole number of at least 1, got 0"),
    (lambda: utilization(simulate(requests([0.0], 8, 2), engine("gpt2", H100), Continuous(1),
                                  drafts=Drafts(NO_TIME, 0.5, 1))), "serve the trace without drafts"),
])  # fmt: skip
def test_errors_say_what_was_wanted(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def test_the_same_seed_draws_the_same_rounds():
    trace = requests(poisson(30, 2.0), 20, 30)
    runs = [simulate(trace, Clock(1.0), Continuous(4), drafts=Drafts(NO_TIME, 0.6, 3, seed)) for seed in (1, 1, 2)]
    assert np.array_equal(runs[0].stays, runs[1].stays)
    assert not np.array_equal(runs[0].stays, runs[2].stays)
    assert all(a <= b for a, b in itertools.pairwise(runs[0].ends))
