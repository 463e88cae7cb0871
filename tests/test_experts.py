"""Mixtures of experts: who is touched, who is busy, what is dropped, read and sent; closed forms against simulation."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from labcore.catalogue import H100
from labcore.catalogue.decoding import EARLY_EXIT_GAIN, MIXTURES, SPECULATIVE_GAIN
from labcore.interconnect.collectives import chip_link
from labcore.interconnect.link import Link
from labcore.serving import expert_parallel as ep
from labcore.serving import experts, mixtures

MIXTRAL, DEEPSEEK = (mixtures.mixture(name) for name in MIXTURES)
skews = st.sampled_from([0.0, 0.5, 1.0, 2.0])


@st.composite
def sizes(draw, most=12):
    E = draw(st.integers(1, most))
    return E, draw(st.integers(1, E))


def close(samples, expected, rel=0.02):
    """The mean of samples lies within 2 % of the closed form, and is known that well (95 %)."""
    half_width = 1.96 * np.std(samples) / math.sqrt(len(samples))
    assert half_width < rel * expected
    assert np.mean(samples) == pytest.approx(expected, rel=rel)


# Routing


@given(sizes(), st.integers(1, 20), skews, st.integers(0, 9))
def test_a_token_takes_k_different_experts(size, B, skew, seed):
    E, k = size
    routes = experts.route(B, E, k, skew, seed)
    assert routes.shape == (B, k)
    assert all(len(set(row)) == k and set(row) <= set(range(E)) for row in routes.tolist())


@given(sizes(), skews)
def test_chances_sum_to_k_and_fall_with_rank(size, skew):
    shares = experts.chosen(*size, skew)
    assert shares.sum() == pytest.approx(size[1], abs=1e-9)
    assert np.all(np.diff(shares) <= 1e-9)
    assert np.all((shares > 0) & (shares <= 1))


@pytest.mark.parametrize(("E", "k", "skew"), [(3, 2, 1.0), (5, 3, 0.7), (6, 2, 2.0)])
def test_chances_are_those_of_drawing_one_after_another(E, k, skew):
    """Every order of k experts, by hand: w1 / 1 x w2 / (1 - w1) x ..."""
    weights, shares = experts.popularity(E, skew), np.zeros(E)
    for order in itertools.permutations(range(E), k):
        chance, left = 1.0, 1.0
        for e in order:
            chance, left = chance * weights[e] / left, left - weights[e]
        shares[list(order)] += chance
    assert experts.chosen(E, k, skew) == pytest.approx(shares, rel=1e-9)


def test_routing_draws_by_these_chances():
    counts = experts.loads(200, 50, 8, 2, skew=1.0, seed=1).sum(axis=0) / 10_000
    assert counts == pytest.approx(experts.chosen(8, 2, 1.0), abs=0.02)


@pytest.mark.parametrize(("B", "E", "k", "skew"), [(4, 8, 2, 0), (16, 8, 2, 1), (32, 256, 8, 0), (32, 256, 8, 1)])
def test_touched_is_what_the_simulation_touches(B, E, k, skew):
    found = (experts.loads(400, B, E, k, skew, seed=2) > 0).sum(axis=1)
    close(found, experts.expected_touched(B, E, k, skew))


@given(sizes(), st.integers(1, 40))
def test_touched_is_the_closed_form_where_routing_is_uniform(size, B):
    E, k = size
    touched = experts.expected_touched(B, E, k)
    assert touched == pytest.approx(E * (1 - (1 - k / E) ** B))
    assert k - 1e-9 <= touched <= min(E, B * k) + 1e-9


@given(sizes(), st.integers(1, 40))
@settings(max_examples=25)
def test_skew_touches_fewer(size, B):
    touched = [experts.expected_touched(B, *size, skew) for skew in (0.0, 0.5, 1.0, 2.0)]
    assert all(b <= a + 1e-9 for a, b in itertools.pairwise(touched))


# Load


@given(sizes(), st.integers(1, 30), skews)
@settings(max_examples=30)
def test_every_assignment_is_somebodys_load(size, B, skew):
    E, k = size
    found = experts.loads(4, B, E, k, skew)
    assert np.all(found.sum(axis=1) == B * k)
    assert np.all(found <= B)
    assert np.all(experts.imbalance(found) >= 1)


@pytest.mark.parametrize(("B", "E"), [(1, 5), (3, 2), (4, 3)])
def test_the_busiest_expert_is_as_busy_as_enumerated(B, E):
    ways = [max(map(way.count, range(E))) for way in itertools.product(range(E), repeat=B)]
    close(experts.loads(4000, B, E, 1, seed=3).max(axis=1), np.mean(ways))


def test_large_batches_even_out_and_skew_does_not():
    """The excess of the busiest falls as 1 / sqrt(B); a popular expert's share stays."""
    even = [experts.imbalance(experts.loads(4000, B, 8, 1, seed=3)).mean() for B in (8, 64, 512)]
    skewed = experts.imbalance(experts.loads(1000, 512, 8, 1, 1.0, seed=3)).mean()
    assert even[0] > even[1] > even[2] > 1
    assert (even[1] - 1) / (even[2] - 1) == pytest.approx(math.sqrt(8), rel=0.1)
    assert skewed == pytest.approx(8 * experts.popularity(8, 1.0)[0], rel=0.01)


@pytest.mark.parametrize(
    ("B", "E", "k", "factor", "skew"), [(64, 8, 2, 1.0, 0.5), (64, 8, 2, 1.25, 1), (32, 64, 8, 1.0, 0)]
)
def test_dropped_is_what_the_simulation_drops(B, E, k, factor, skew):
    most = experts.capacity(B, E, k, factor)
    found = experts.dropped(experts.loads(3000, B, E, k, skew, seed=4), most)
    close(found, experts.expected_dropped(B, E, k, factor, skew))


@given(sizes(8), st.integers(1, 30), skews)
@settings(max_examples=30)
def test_capacity_for_everyone_drops_nothing_and_less_drops_more(size, B, skew):
    E, k = size
    lost = [experts.expected_dropped(B, E, k, factor, skew) for factor in (0.5, 1.0, 2.0, E / k)]
    assert all(b <= a + 1e-12 for a, b in itertools.pairwise(sorted(lost, reverse=True)))
    assert lost[-1] == pytest.approx(0, abs=1e-12)  # capacity B
    assert lost[0] >= lost[1] >= lost[2]


@given(st.integers(1, 60), st.sampled_from([0.0, 1.0]) | st.floats(1e-6, 0.999999))
def test_binomial_is_scipys(B, p):
    assert experts.binomial(B, p) == pytest.approx(stats.binom.pmf(np.arange(B + 1), B, p), abs=1e-12)


# What a mixture costs


def test_sizes_add_up_to_what_the_makers_print():
    """Parameters counted layer by layer: experts, attention, embeddings, routers (norms left out)."""
    attention = 4096 * (2 * 4096 + 2 * 1024)  # queries and output; keys and values of 8 heads of 128
    counted = 32 * (8 * 3 * 4096 * 14_336 + attention + 8 * 4096) + 2 * 32_000 * 4096
    assert counted == pytest.approx(MIXTRAL.params, rel=5e-4)
    latent = 7168 * 1536 + 1536 * 128 * 192 + 7168 * 576 + 512 * 128 * 256 + 128 * 128 * 7168
    layers = 58 * (257 * 3 * 7168 * 2048 + 256 * 7168) + 3 * 3 * 7168 * 18_432 + 61 * latent
    assert layers + 2 * 129_280 * 7168 == pytest.approx(DEEPSEEK.params, rel=5e-4)


@pytest.mark.parametrize("name", MIXTURES)
def test_active_parameters_are_what_the_makers_print(name):
    """DeepSeek's 37 G leave out a table of 0.9 G, of which a token reads one row."""
    assert mixtures.mixture(name).params_active == pytest.approx(MIXTURES[name].params_active.value, rel=0.02)


def test_every_fact_has_its_source():
    facts = [fact for sheet in MIXTURES.values() for fact in sheet.facts().values()]
    facts += [fact for pair in SPECULATIVE_GAIN.values() for fact in pair] + list(EARLY_EXIT_GAIN.values())
    assert len(facts) == 2 * 7 + 4 + 2
    assert all(fact.source.url.startswith("https://") and 2022 <= fact.source.year <= 2026 for fact in facts)


@given(st.integers(1, 300), st.sampled_from([MIXTRAL, DEEPSEEK]))
def test_weights_read_lie_between_one_tokens_and_all(B, m):
    assert m.params_active * 0.999 <= mixtures.weights_read(m, B, b=1) <= m.params
    assert mixtures.weights_read(m, B) <= mixtures.weights_read(m, B + 1)
    assert mixtures.against_dense(m, B) <= m.params / m.params_active


def test_one_token_reads_what_a_dense_model_reads_and_a_batch_reads_all():
    assert mixtures.against_dense(MIXTRAL, 1) == pytest.approx(1)
    assert mixtures.weights_read(MIXTRAL, 10_000, b=1) == pytest.approx(MIXTRAL.params)


@pytest.mark.parametrize("m", [MIXTRAL, DEEPSEEK], ids=lambda m: m.name)
@pytest.mark.parametrize("I", [2.0, 20.0, 295.0])
def test_the_batch_for_an_intensity_is_the_smallest(m, I):
    B = mixtures.batch_for(m, I)
    assert mixtures.intensity(m, B) >= I
    assert B == 1 or mixtures.intensity(m, B - 1) < I
    assert B >= I  # what a dense model of 2 bytes a weight needs


def test_deepseek_needs_a_batch_eighteen_times_a_dense_models():
    I = H100.ridge("fp8")
    assert mixtures.batch_for(DEEPSEEK, I, b=1) / (I / 2) == pytest.approx(
        DEEPSEEK.params / DEEPSEEK.params_active, rel=0.01
    )


# Experts on several chips


@pytest.mark.parametrize(("E", "k", "chips"), [(8, 2, 8), (8, 2, 2), (256, 8, 32), (256, 8, 8)])
def test_chips_visited_are_those_of_the_simulation(E, k, chips):
    m = mixtures.Mixture("m", E, k, 1, 1, 1, 3 * E)
    B = 16 * chips
    sent = [ep.traffic(experts.route(B, E, k, seed=seed), E, chips).sum() for seed in range(100)]
    close(np.array(sent) / B, ep.remote_chips(m, chips))
    assert ep.all_to_all_bytes(m, B, chips, b=1) * chips == pytest.approx(B * ep.remote_chips(m, chips))


@given(st.sampled_from([1, 2, 4, 8]), st.integers(1, 3), st.integers(1, 20), st.integers(0, 9))
def test_traffic_is_what_leaves_home_once(chips, k, B, seed):
    routes = experts.route(B, 8, k, seed=seed)
    found = ep.traffic(routes, 8, chips)
    trips = sum(len({e // (8 // chips) for e in row} - {i % chips}) for i, row in enumerate(routes.tolist()))
    assert found.sum() == trips
    assert np.all(np.diag(found) == 0)


def test_one_chip_sends_nothing():
    assert ep.remote_chips(MIXTRAL, 1) == 0
    assert ep.all_to_all_time(MIXTRAL, 64, 1, Link("x", 1.0, L_lat=1.0)) == 0


def test_links_decide_how_far_experts_spread():
    """The same bytes over NVLink and over the network of nodes, 450 and 50 GB/s one way, with the same latency."""
    near, far = (ep.step(DEEPSEEK, 4096, H100, 32, chip_link(name), "fp8") for name in ("NVLink 4", "InfiniBand NDR"))
    T_messages = 2 * 58 * 31 * 2e-6  # all-to-alls x messages x 2 us
    assert (far.T_links - T_messages) / (near.T_links - T_messages) == pytest.approx(450 / 50)
    assert near.T_links - T_messages < T_messages  # small messages: NVLink waits for latency, not for bytes
    assert near.T_weights == far.T_weights < far.T_links


def test_the_busiest_chip_stretches_arithmetic():
    even, waits = (ep.step(MIXTRAL, 8192, H100, 8, chip_link("NVLink 4"), waiting=w) for w in (1.0, 1.5))
    assert waits.T_compute == pytest.approx(1.5 * even.T_compute)
    assert waits.T > even.T


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: experts.route(1, 4, 5), r"^a token takes k of E experts, got k = 5 of 4; take 4 or fewer$"),
        (lambda: experts.popularity(4, -1.0), r"^skew is 0 \(uniform\) or more, got -1.0$"),
        (lambda: experts.expected_touched(0, 4, 1), r"^B must be a whole number of at least 1, got 0$"),
        (lambda: experts.capacity(4, 4, 1, 0.0), r"^factor must be a finite number above 0, got 0.0$"),
        (lambda: mixtures.mixture("Grok"), r"^no mixture 'Grok'; the catalogue has Mixtral 8x7B, DeepSeek-V3$"),
        (lambda: ep.remote_chips(MIXTRAL, 3), r"^3 chips do not share 8 experts evenly; take 2$"),
        (lambda: ep.all_to_all_bytes(MIXTRAL, 8, 0), r"^chips must be a whole number of at least 1, got 0$"),
        (lambda: ep.step(MIXTRAL, 8, H100, 8, chip_link("NVLink 4"), "fp4"), r"^H100 has no fp4 peak; it has "),
    ],
)
def test_errors_say_what_was_wanted(call, text):
    with pytest.raises(ValueError, match=text):
        call()
