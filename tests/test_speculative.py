"""Speculative decoding: the rule keeps the target's distribution, exactly; rounds are as long as the laws say."""

import itertools
import math
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from labcore.catalogue import H100, H200
from labcore.catalogue.decoding import SPECULATIVE_GAIN
from labcore.serving import speculative as sp
from labcore.serving import toy_models as toy
from labcore.serving.engine import Clock, engine
from labcore.serving.passes import pass_time
from labcore.serving.speculative_batch import best_gain, gain, gains, last_batch
from labcore.serving.speculative_decode import (
    decode,
    own_probabilities,
    round_outcomes,
    sequence_probabilities,
    tokens_per_round,
)

shares = st.floats(0, 1)
drafts = st.integers(0, 8)


@st.composite
def fractions_rows(draw, V=3):
    """Rows of exact probabilities, zeros among them."""
    counts = draw(st.lists(st.integers(0, 5), min_size=V, max_size=V).filter(any))
    return [Fraction(count, sum(counts)) for count in counts]


def random_chain(V, seed=0):
    """A Markov chain of V tokens with rows drawn evenly from all distributions."""
    return toy.NGram(np.random.default_rng(seed).dirichlet(np.ones(V), V))


def chain(rows):
    """A model of order 1 with rows as they are given, Fractions too."""
    return lambda tokens: rows[tokens[-1]]


def z(a, b, n):
    """Standard errors between two shares of n draws."""
    return abs(a - b) / math.sqrt(max(b * (1 - b), 1e-12) / n)


# The rule


@given(fractions_rows(), fractions_rows())
def test_one_position_puts_out_the_target_whatever_the_draft(p, q):
    assert sp.output_distribution(p, q) == p  # Fractions: equality, not closeness


@given(fractions_rows(), fractions_rows())
def test_acceptance_is_one_less_the_total_variation(p, q):
    assert sp.acceptance(p, q) == 1 - sum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2


@given(fractions_rows(), fractions_rows())
def test_acceptance_is_the_mean_chance_of_what_the_draft_says(p, q):
    kept = sum(q_x * sp.keep_probability(p_x, q_x) for p_x, q_x in zip(p, q, strict=True) if q_x)
    assert kept == sp.acceptance(p, q)


@settings(max_examples=15, deadline=None)
@given(st.lists(fractions_rows(), min_size=6, max_size=6), st.integers(0, 2))
def test_every_sequence_is_exactly_as_likely_as_the_target_makes_it(rows, gamma):
    target, draft = chain(rows[:3]), chain(rows[3:])
    assert sequence_probabilities(target, draft, gamma, 3, [0]) == own_probabilities(target, 3, [0])


def test_drawing_anew_from_the_target_is_biased_towards_the_draft():
    p, q = [Fraction(3, 4), Fraction(1, 4)], [Fraction(1, 4), Fraction(3, 4)]
    wrong = sp.output_distribution(p, q, replacement=lambda p, q: p)
    assert wrong == [Fraction(1, 4) + Fraction(1, 2) * Fraction(3, 4), Fraction(1, 4) + Fraction(1, 2) * Fraction(1, 4)]
    biased = sequence_probabilities(chain([p, p]), chain([q, q]), 1, 2, [0], replacement=lambda p, q: p)
    assert sum(biased.values()) == 1
    assert biased != own_probabilities(chain([p, p]), 2, [0])


def test_outcomes_of_a_round_by_hand():
    """p = (1/2, 1/2), q = (1, 0): 0 is kept half of the time, else 1; after it the target adds either."""
    target, draft = chain([[Fraction(1, 2)] * 2] * 2), chain([[Fraction(1), Fraction(0)]] * 2)
    assert round_outcomes(target, draft, 1, [0]) == {
        (1,): Fraction(1, 2),
        (0, 0): Fraction(1, 4),
        (0, 1): Fraction(1, 4),
    }


def test_the_run_follows_the_same_rule_as_the_sum():
    """Frequencies of a round's outcomes against their probabilities, chi-squared."""
    target, draft = random_chain(3, seed=1), random_chain(3, seed=2)
    expected = round_outcomes(target, draft, 2, [0])
    found = dict.fromkeys(expected, 0)
    for seed in range(4000):
        run = decode(target, draft, 2, 1, [0], seed)
        found[decode(target, draft, 2, run.emitted[0], [0], seed).tokens] += 1
    assert sum(found.values()) == 4000
    test = stats.chisquare(list(found.values()), 4000 * np.array(list(expected.values())))
    assert test.pvalue > 0.001


@pytest.mark.parametrize(("biased", "same"), [(None, True), (lambda p, q: p, False)], ids=["residual", "target"])
def test_transitions_of_a_long_run_are_the_targets(biased, same):
    """Pairs of tokens in 20,000 of a chain, chi-squared for each row; the wrong replacement is found out."""
    target = random_chain(4, seed=3)
    draft = toy.mixed(target, random_chain(4, seed=4), 0.6)
    tokens = np.array(decode(target, draft, 3, 20_000, [0], 5, biased or sp.residual).tokens)
    counts = np.zeros((4, 4))
    np.add.at(counts, (tokens[:-1], tokens[1:]), 1)
    expected = counts.sum(axis=1, keepdims=True) * target.table
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert (stats.chi2.sf(chi2, df=4 * 3) > 0.001) == same


def test_text_of_a_long_context_model_is_the_models_own():
    """Order 3 drafted by order 1: words as frequent as where the target writes alone."""
    speech = toy.tokens_of(toy.SPEECH)
    target, draft = toy.train(speech, 3, backoff=0.1), toy.train(speech, 1)
    alone = decode(target, target, 0, 12_000, speech[:3], 1).tokens
    drafted = decode(target, draft, 4, 12_000, speech[:3], 2).tokens
    counts = np.array([np.bincount(tokens, minlength=27) for tokens in (alone, drafted)])
    assert stats.chi2_contingency(counts[:, counts.sum(axis=0) > 20]).pvalue > 0.001
    assert "that" in toy.text_of(drafted)


def test_a_draft_that_agrees_is_always_kept():
    model = random_chain(5, seed=1)
    run = decode(model, model, 4, 500, [0])
    assert (run.tokens_a_round, run.acceptance, run.wasted, run.rounds) == (5, 1, 0, 100)


def test_a_draft_that_never_agrees_costs_its_drafts_and_no_token():
    run = decode(toy.circulant([1.0, 0.0]), toy.circulant([0.0, 1.0]), 3, 50, [0])
    assert (run.tokens, run.rounds, run.accepted, run.wasted) == ((0,) * 50, 50, 0, 1)


@given(st.integers(2, 6), st.integers(0, 50), shares)
def test_a_draft_is_as_wrong_as_it_is_mixed(V, seed, share):
    """p against (1 - s) p + s r: their distance is s times that of p and r, row by row."""
    model, other = random_chain(V, seed), random_chain(V, seed + 100)
    draft = toy.mixed(model, other, share)
    for token in range(V):
        whole = 1 - sp.acceptance(model([token]), other([token]))
        assert 1 - sp.acceptance(model([token]), draft([token])) == pytest.approx(share * whole, abs=1e-9)


# How long rounds are


@given(shares, drafts)
def test_expected_tokens_is_a_geometric_series(alpha, gamma):
    series = sum(alpha**i for i in range(gamma + 1))
    assert sp.expected_tokens(alpha, gamma) == pytest.approx(series, rel=1e-6)
    assert 1 <= sp.expected_tokens(alpha, gamma) <= gamma + 1


@pytest.mark.parametrize("gamma", [1, 3, 7])
def test_tokens_a_round_are_those_of_the_closed_form(gamma):
    """Circulant chains agree equally well everywhere: within 2 % and within the confidence of the run."""
    p, q = [0.6, 0.2, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1]
    alpha = 0.4 + 0.2 + 0.1 + 0.1  # the lesser of each pair
    run = decode(toy.circulant(p), toy.circulant(q), gamma, 40_000, [0], seed=gamma)
    expected = sp.expected_tokens(alpha, gamma)
    half_width = 1.96 * np.std(run.emitted) / math.sqrt(run.rounds)
    assert half_width < 0.02 * expected
    assert run.tokens_a_round == pytest.approx(expected, rel=0.02)
    assert z(run.acceptance, alpha, sum(min(n, gamma) for n in run.emitted)) < 4


def test_uneven_chains_follow_the_exact_mean_where_the_closed_form_is_off():
    """A token that is always kept and two that rarely are: positions of a round are not alike."""
    target = toy.NGram(np.array([[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.1, 0.0, 0.9]]))
    draft = toy.NGram(np.array([[0.9, 0.1, 0.0], [0.8, 0.1, 0.1], [0.8, 0.1, 0.1]]))
    run = decode(target, draft, 4, 60_000, [0], seed=1)
    exact = tokens_per_round(target.table, draft.table, 4)
    assert run.tokens_a_round == pytest.approx(exact, rel=0.02)
    mean_alpha = toy.stationary(target.table) @ np.minimum(target.table, draft.table).sum(axis=1)
    assert abs(sp.expected_tokens(mean_alpha, 4) / exact - 1) > 0.1


@given(st.integers(2, 5), st.integers(0, 50), st.integers(0, 6))
@settings(max_examples=30)
def test_the_exact_mean_is_the_closed_form_for_even_chains(V, seed, gamma):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(V), 2)
    exact = tokens_per_round(toy.circulant(p).table, toy.circulant(q).table, gamma)
    assert exact == pytest.approx(sp.expected_tokens(sp.acceptance(p, q), gamma))


@given(st.floats(0.01, 0.99), st.floats(0.001, 0.99))
def test_a_draft_pays_where_it_is_kept_more_often_than_it_costs(alpha, c):
    """Leviathan's corollary 3.9: if alpha > c some gamma gains at least (1 + alpha) / (1 + c), else none does."""
    assume(abs(alpha - c) > 1e-9)
    best = sp.best_draft_length(alpha, c)
    assert (best > 0) == (alpha > c)
    if alpha > c:
        assert sp.speedup(alpha, best, c) >= (1 + alpha) / (1 + c) - 1e-12


def test_what_the_papers_report_lies_below_the_law_for_a_good_draft():
    low, high = (fact.value for fact in SPECULATIVE_GAIN["T5-XXL"])
    assert low < sp.speedup(alpha=0.6, gamma=3, c=0.02) < high < sp.speedup(alpha=0.8, gamma=7, c=0.02)


def test_work_is_thrown_away_unless_every_draft_is_kept():
    assert sp.work_ratio(1.0, 5, 0.0) == 1
    assert sp.work_ratio(0.0, 5, 0.1) == 6.5  # 5 drafts of a tenth, 6 positions, 1 token
    assert sp.work_ratio(0.8, 5, 0.0) * sp.expected_tokens(0.8, 5) == pytest.approx(6)


# On a chip


@pytest.fixture(scope="module")
def pair():
    return engine("llama3-70b", H200, precision="fp8"), engine("llama3-8b", H200, precision="fp8")


def test_the_gain_falls_with_the_batch_and_ends(pair):
    rows = gains(*pair, 0.8, (1, 16, 64, 256, 1024), context=512)
    speedups = [row.speedup for row in rows]
    assert speedups == sorted(speedups, reverse=True)
    assert speedups[0] > 1.5
    assert (rows[-1].gamma, rows[-1].speedup) == (0, 1)
    assert 16 < last_batch(*pair, 0.8, context=512) < 1024


def test_checking_is_free_for_one_and_costs_every_row_for_many(pair):
    one, many = (gain(*pair, 0.8, 4, B, context=16) for B in (1, 4096))
    assert one.v == pytest.approx(1, rel=0.05)
    assert many.v == pytest.approx(5, rel=0.05)
    assert many.speedup < 1.05 / sp.work_ratio(0.8, 4, 0.0) < 1


def test_a_long_context_keeps_bytes_binding(pair):
    short, long = (best_gain(*pair, 0.8, 256, context) for context in (128, 16_384))
    assert long.speedup > 1.2 > short.speedup


def test_gain_is_the_law_with_the_times_of_the_passes():
    target, draft = engine("llama3-8b", H100), engine("gpt2", H100)
    row = gain(target, draft, 0.7, 3, B=8, context=256)
    T_round = 3 * pass_time(draft, 8, 256) + pass_time(target, 8, 256, new=4)
    assert row.rate == pytest.approx(8 * sp.expected_tokens(0.7, 3) / T_round)


def test_no_batch_and_every_batch():
    target = Clock(T_pass=1.0)
    assert last_batch(target, Clock(T_pass=0.1), 0.5, context=8) is None
    assert last_batch(target, Clock(T_pass=0.9), 0.5, context=8) == 0


# Models


def test_a_trained_table_holds_what_the_text_does():
    speech = toy.tokens_of(toy.SPEECH)
    follows = toy.train(speech, 1, backoff=1e-9)
    pairs = list(itertools.pairwise(speech))
    q, u = toy.ALPHABET.index("q"), toy.ALPHABET.index("u")
    assert follows([q])[u] == pytest.approx(pairs.count((q, u)) / speech[:-1].count(q))
    assert toy.text_of(speech).count("nation") == 5
    assert len(toy.text_of(speech).split()) == 272  # as the Bliss copy is counted, "battle field" being two


def test_longer_contexts_agree_less_with_a_unigram():
    """The cross-entropy of the text falls with the order, and so does the acceptance of a draft of order 0."""
    speech = toy.tokens_of(toy.SPEECH)
    models = [toy.train(speech, order) for order in range(4)]
    bits = [-np.mean(np.log2([m(speech[:i])[speech[i]] for i in range(3, len(speech))])) for m in models]
    assert bits == sorted(bits, reverse=True)
    kept = [decode(model, models[0], 2, 4000, speech[:3]).acceptance for model in models]
    assert kept == sorted(kept, reverse=True)
    assert kept[0] == 1


@given(st.integers(2, 6), st.integers(0, 99))
def test_the_stationary_distribution_stays(V, seed):
    P = random_chain(V, seed).table
    pi = toy.stationary(P)
    assert pi @ P == pytest.approx(pi)
    assert pi.sum() == pytest.approx(1)


def test_draw_is_in_proportion():
    rng = random.Random(1)
    counts = np.bincount([sp.draw([0.5, 0.0, 0.3, 0.2], rng) for _ in range(10_000)], minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], 10_000 * np.array([0.5, 0.3, 0.2])).pvalue > 0.001


# Errors


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: sp.expected_tokens(1.2, 3), r"^alpha is the share of drafted tokens that are kept, 0 to 1; got 1.2$"),
        (lambda: sp.expected_tokens(0.5, -1), r"^gamma must be a whole number of at least 1, got -1$"),
        (lambda: sp.speedup(0.5, 1, -0.1), r"^c is the time of a draft's step over a target's, 0 or more; got -0.1$"),
        (lambda: sp.acceptance([1.0], [0.5, 0.5]), r"^target and draft share one vocabulary; p has 1 tokens and q"),
        (lambda: sp.keep_probability(0.5, 0.0), r"^a drafted token had a probability above 0, got q = 0.0; draw it"),
        (lambda: sp.verify([[1.0]], [[1.0]], [0], random.Random(0)), r"need gamma rows of the draft and gamma \+ 1 of"),
        (lambda: toy.train([0, 1], 7), r"^order is 0 to 4, a table of V \*\* \(order \+ 1\) rows; got 7$"),
        (lambda: random_chain(3)([]), r"^a model of order 1 needs 1 tokens before, got 0$"),
        (lambda: toy.NGram(np.ones((2, 3))), r"^rows of V probabilities for each of V tokens, summing to 1; got \(2"),
        (lambda: toy.mixed(random_chain(2), random_chain(3), 0.5), r"^mixing takes two tables of one shape"),
        (lambda: decode(chain([]), chain([]), 2, 0), r"^count must be a whole number of at least 1, got 0$"),
        (lambda: gain(Clock(1.0), Clock(1.0), 0.5, 2, 0, 8), r"^B must be a whole number of at least 1, got 0$"),
    ],
)
def test_errors_say_what_was_wanted(call, text):
    with pytest.raises(ValueError, match=text):
        call()
