"""What lab 22 rests on besides its claims: its server and trace, what it tells of them, its explorers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.bench import serving as bench
from labcore.catalogue import H100
from labcore.explore import serving_memory, serving_queue, serving_speculation
from labcore.explore.serving import memory_explorer, queue_explorer, speculation_explorer
from labcore.serving.batching import Chunked, Continuous, Static
from labcore.serving.cache import Paged, Reserved
from labcore.serving.closed_forms import harmonic, mean_filled, reserved_waste
from labcore.serving.engine import Clock, engine
from labcore.serving.metrics import first_token, gaps, quantile, summary
from labcore.serving.requests import at_once, requests
from labcore.serving.simulate import simulate
from labcore.serving.speculative_batch import gain

EIGHT = serving_queue.engine_of("70B on eight H100")


# ---- the incident


def service(how, rate=3.0, where=EIGHT, way=None):
    return summary(simulate(serving_queue.chat(rate, 600), where, how, way))


def test_the_benchmark_and_the_service_of_the_question_come_from_one_server():
    fixed = Static(64, timeout=1.0)
    bench = summary(simulate(requests(at_once(256), 512, 200), EIGHT, fixed))
    assert bench.tokens_rate == pytest.approx(2800, rel=0.02)
    assert service(fixed).first_mean == pytest.approx(8, rel=0.05)
    # equal lengths: 4 batches of 64, one pass that reads all prompts and 199 steps each
    T = 4 * EIGHT.time(64 * 512, 64, 64 * 512 * 513 // 2, 64 * 512)
    T += 4 * sum(EIGHT.time(64, 64, 64 * n, 64 * n) for n in range(513, 712))
    assert pytest.approx(bench.tokens_rate) == 256 * 200 / T


def test_each_knob_moves_what_the_lab_says():
    rented, smaller = service(Static(64, 1.0)), service(Static(16, 1.0))
    joined, pieces = service(Continuous(256)), service(Chunked(256, 512))
    assert joined.first_mean < 0.01 * rented.first_mean < smaller.first_mean
    assert rented.gap_p99 < pieces.gap_p99 < joined.gap_p99  # nobody reads beside a static batch
    assert joined.first_mean < pieces.first_mean < 2 * joined.first_mean
    reserved = service(Static(64, 1.0), way=Reserved(8192))
    assert (reserved.first_mean, reserved.tokens_rate) == (rented.first_mean, rented.tokens_rate)  # memory is plenty


def test_a_static_service_settles_at_batches_as_long_as_the_formula_says():
    """n = rate x 200 H_n steps: the mean of the batches that the simulation forms, within a fifth."""
    together = 1
    for _ in range(30):
        together = round(3.0 * harmonic(together) * 200 * EIGHT.step(together, 700))
    run = simulate(serving_queue.chat(3.0, 600), EIGHT, Static(64, 1.0))
    sizes = np.unique(run.stays["joined"], return_counts=True)[1][1:-1]  # the first forms in an empty server
    assert together == 34
    assert sizes.mean() == pytest.approx(together, rel=0.2)


def test_two_servers_of_four_make_more_and_one_of_eight_is_sooner():
    four = serving_queue.engine_of("70B on four H100")
    assert service(Chunked(256, 512)).per_token < service(Chunked(256, 512), 1.5, four).per_token
    one, half = (
        summary(simulate(requests(at_once(count), 512, 200), where, Continuous(400))).tokens_rate
        for where, count in ((EIGHT, 400), (four, 200))  # 400 requests in all, either way
    )
    assert 2 * half / one == pytest.approx(1.19, rel=0.01)


def test_a_storm_is_faster_than_an_oracle_and_stops_one_answer_for_minutes():
    two, job = engine("llama3-70b", H100, 2), requests(at_once(60), 50, 1000)
    paged, oracle = (simulate(job, two, Continuous(60), way) for way in (Paged(), Reserved()))
    assert paged.makespan < 0.6 * oracle.makespan
    assert summary(paged).preempted > 2 * 60
    assert gaps(paged)[0].max() > 100
    assert gaps(oracle)[0].max() < 0.1
    assert int(paged.stays["made"].sum()) == job.tokens  # every token once, in spite of all


# ---- explorers


@pytest.mark.parametrize(
    ("server", "scheduler", "batch", "rate", "breaks"),
    [
        ("8B on an H100", "static", 64, 0, "first"),
        ("8B on an H100", "continuous", 64, 9, "gap"),
        ("8B on an H100", "chunks of 128", 64, 15, "first"),
        ("8B on an H100", "chunks of 512", 64, 20, "first"),
        ("8B on an H100", "chunks of 512", 8, 4, "first"),
        ("8B on an H100", "chunks of 2048", 64, 8, "gap"),
        ("70B on four H100", "continuous", 64, 1, "gap"),
        ("70B on four H100", "chunks of 512", 64, 8, "first and gap"),
    ],
)
def test_answers_to_what_the_queue_explorer_asks(server, scheduler, batch, rate, breaks):
    assert serving_queue.most(server, scheduler, batch) == rate
    run = serving_queue.served(server, scheduler, rate + 1, batch)
    first, gap = serving_queue.first_by(run, 0.95) > 1, quantile(*gaps(run), 0.99) > 0.05
    assert (first, gap) == ("first" in breaks, "gap" in breaks)


@given(st.integers(1, 30), st.sampled_from(serving_queue.SCHEDULERS), st.integers(1, 8), st.floats(0, 30))
@settings(max_examples=25, deadline=None)
def test_everybody_is_in_one_place(rate, scheduler, batch, at):
    """Come = waiting + in the batch + done, at any time; and never more in the batch than there are rows."""
    trace = requests(np.arange(20) / rate, 10, np.arange(1, 21))
    run = simulate(trace, Clock(T_pass=0.1), serving_queue.scheduler_of(scheduler, batch))
    when = np.array([at])
    inside, queue = serving_queue.in_batch(run, when)[0], serving_queue.waiting(run, when)[0]
    done = np.sum(run.last <= at)
    assert 0 <= inside <= batch
    assert queue >= 0
    assert inside + queue + done == np.sum(trace.arrival <= at)


def test_a_static_batch_of_the_explorer_waits_one_second_to_be_filled():
    """At one request a second nobody fills 64 rows: the first batch starts one second after its first request."""
    run = serving_queue.served("8B on an H100", "static", 1, 64)
    assert run.iterations["start"][0] - run.requests.arrival[0] == pytest.approx(1.0)


def test_the_queue_explorer_draws_its_run():
    explorer = queue_explorer(rate=20, scheduler="static", batch=16)
    run = serving_queue.served("8B on an H100", "static", 20, 16)
    assert explorer.artists.marks.get_xdata()[0] == np.quantile(first_token(run), 0.95, method="inverted_cdf")
    assert max(explorer.artists.batch.get_ydata()) <= 16
    assert "the targets are not kept: first tokens too late" in explorer.sentence
    assert len(run.requests) == 30 * 20


def test_the_memory_explorers_shares_are_those_of_the_closed_forms_where_everybody_waits():
    """A full server with a reservation: filled over reserved is (prompt + mean - 1) / longest; 1500 tokens, 20 rows."""
    found = serving_memory.numbers("reserve the longest", 4, 16, 200)
    assert found.wasted == pytest.approx(reserved_waste(300, 200, 8192), abs=0.01)
    assert found.batch <= 4e9 / 131_072 // 8192 == 3
    assert mean_filled(300, 200) == 499


def test_answers_to_what_the_memory_explorer_asks():
    def rate(way, memory, page=16):
        return serving_memory.numbers(way, memory, page, 200).tokens_rate

    assert rate("pages", 4) > 5 * rate("reserve the longest", 4)
    assert rate("pages", 64) == pytest.approx(rate("reserve the longest", 64), rel=0.05)
    wasted = {page: serving_memory.numbers("pages", 16, page, 200).wasted for page in (128, 256, 512)}
    assert wasted[128] < 0.2 < wasted[256] < serving_memory.numbers("reserve what it needs", 16, 16, 200).wasted
    assert wasted[512] > serving_memory.numbers("reserve what it needs", 16, 16, 200).wasted
    assert rate("pages", 4) < rate("reserve what it needs", 4)
    assert serving_memory.numbers("pages", 2, 16, 200).preempted > 0
    assert rate("pages", 2) > rate("reserve what it needs", 2)
    assert "put out" in memory_explorer(way="pages", memory=2).sentence


def test_memory_that_is_filled_is_given_out_and_lies_in_what_there_is():
    for way in serving_memory.WAYS:
        explorer = memory_explorer(way=way, memory=2)
        given_out, filled = (np.array(line.get_ydata()) for line in (explorer.artists.given, explorer.artists.filled))
        assert np.all(filled <= given_out)
        assert np.all(given_out <= 1)


@pytest.mark.parametrize("batch", [1, 32, 256])
@pytest.mark.parametrize("gamma", [0, 2, 5])
def test_the_speculation_explorer_is_the_laws_with_the_engines_pass(batch, gamma):
    """With the target itself as the draft a step of it is one step: c = 1, whatever the machine."""
    one = serving_speculation.target()
    want = gain(one, one, 0.9, gamma, batch, 700)
    assert serving_speculation.gain(0.9, want.c, gamma, batch, "700") == pytest.approx(want.speedup)
    assert want.c == 1


def test_answers_to_what_the_speculation_explorer_asks():
    best = {batch: serving_speculation.best(0.8, 0.25, batch, "700") for batch in (1, 128, 256)}
    assert best == {1: 3, 128: 1, 256: 0}
    pays = [alpha for alpha in range(21) if serving_speculation.best(alpha / 20, 0.25, 1, "700")]
    assert min(pays) == 6  # alpha above c = 0.25
    by_context = [serving_speculation.gain(0.8, 0.25, 3, 128, context) for context in serving_speculation.CONTEXTS]
    assert by_context == pytest.approx([1.06, 1.30], abs=0.005)
    assert serving_speculation.gain(0.8, 0.25, 3, 256, "700") < 1


def test_the_speculation_explorer_ends_where_the_caches_no_longer_fit():
    explorer = speculation_explorer(batch=256, context="8000")
    assert "does not fit" in explorer.sentence
    assert max(explorer.artists.fixed.get_xdata()) == 128
    assert 128 * 8000 < serving_speculation.target().room < 256 * 8000


def test_the_speculation_explorer_says_which_batch_gains():
    assert "gains at no batch" in speculation_explorer(alpha=0.0).sentence


# ---- speed


def test_the_bench_reports_a_run_within_its_limit(monkeypatch):
    monkeypatch.setattr(bench, "COUNT", 2000)
    row = bench.simulated_requests()
    assert row["ok"]
    assert row["name"] == "2,000 served requests"
