"""Early exit: depth of one token, of a batch and of a sequence's cache, against simulation and by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.serving import early_exit as ee

hazards = st.lists(st.floats(0, 1), max_size=8).map(lambda head: [*head, 1.0])


def close(samples, expected, rel=0.02):
    """The mean of samples lies within 2 % of the closed form, and is known that well (95 %)."""
    assert 1.96 * np.std(samples) / math.sqrt(np.size(samples)) < rel * expected
    assert np.mean(samples) == pytest.approx(expected, rel=rel)


@given(st.integers(1, 60), st.floats(0.01, 1))
def test_depth_of_an_even_hazard_is_a_cut_geometric_mean(L, p):
    assert ee.expected_depth(ee.even_hazard(L, p)) == pytest.approx((1 - (1 - p) ** L) / p)


def test_depth_by_hand():
    """Half leave behind layer 2 of 4, so the mean is (2 + 4) / 2."""
    assert ee.expected_depth(ee.exits_at(4, {2: 0.5})) == 3
    assert ee.expected_batch_depth(ee.exits_at(4, {2: 0.5}), B=2) == 2 + 2 * 0.75


@pytest.mark.parametrize("B", [1, 4, 32])
def test_the_simulation_is_as_deep_as_the_closed_forms(B):
    hazard = ee.exits_at(32, {8: 0.3, 16: 0.5, 24: 0.5})
    depth = ee.depths(hazard, 4000, B, seed=B)
    close(depth.ravel(), ee.expected_depth(hazard))
    close(depth.max(axis=1), ee.expected_batch_depth(hazard, B))
    ran = (depth.max(axis=1)[:, None] > np.arange(32)).mean(axis=0)  # (32,): share of the batches that ran each layer
    assert ran == pytest.approx(ee.layers_run(hazard, B), abs=0.03)


@given(hazards, st.integers(1, 50))
def test_a_batch_is_as_deep_as_one_at_least_and_never_deeper_than_the_network(hazard, B):
    depth, deeper = ee.expected_batch_depth(hazard, B), ee.expected_batch_depth(hazard, B + 1)
    assert ee.expected_depth(hazard) - 1e-9 <= depth <= deeper + 1e-9 <= len(hazard) + 2e-9


@given(hazards, st.integers(1, 4), st.floats(0.5, 6))
@settings(max_examples=40)
def test_time_is_the_mean_over_every_case(hazard, B, B_ridge):
    """Each token's depth from its distribution, all combinations of B of them."""
    hazard = hazard[-4:]
    reach = [*ee.survival(hazard), 0.0]
    chance = -np.diff(reach)
    mean = 0.0
    for way in itertools.product(range(len(hazard)), repeat=B):
        need = [sum(depth >= layer for depth in way) for layer in range(len(hazard))]
        mean += math.prod(chance[list(way)]) * sum(max(1, n / B_ridge) for n in need if n)
    assert ee.batch_time(hazard, B, B_ridge) == pytest.approx(mean)


@given(hazards, st.integers(1, 40))
def test_where_weights_bind_the_time_is_the_deepest_tokens(hazard, B):
    assert ee.batch_time(hazard, B, B_ridge=1e9) == pytest.approx(ee.expected_batch_depth(hazard, B))


def test_the_gain_is_there_for_one_lost_in_a_batch_and_back_where_arithmetic_binds():
    hazard = ee.exits_at(32, {8: 0.5})
    one, some, many = (ee.batch_speedup(hazard, B, B_ridge=150.0) for B in (1, 16, 4096))
    alone = 32 / (8 + 24 / 2)
    assert one == pytest.approx(alone)
    assert some == pytest.approx(1, abs=1e-3)  # 1 - 2^-16 of the batches run all layers
    assert many == pytest.approx(alone, rel=0.01)


@pytest.mark.parametrize("B_ridge", [3.0, 8.0])
def test_time_of_a_batch_is_that_of_the_simulation(B_ridge):
    hazard = ee.even_hazard(16, 0.1)
    depth = ee.depths(hazard, 4000, 8, seed=1)
    need = (depth[:, :, None] > np.arange(16)).sum(axis=1)  # (rounds, 16) tokens in each layer
    times = np.where(need > 0, np.maximum(1, need / B_ridge), 0).sum(axis=1)
    close(times, ee.batch_time(hazard, 8, B_ridge))


# The cache


@pytest.mark.parametrize("tokens", [1, 10, 100])
def test_a_sequence_fills_its_cache_as_a_batch_runs_its_layers(tokens):
    hazard = ee.even_hazard(24, 0.2)
    depth = ee.depths(hazard, 12_000 if tokens == 1 else 3000, tokens, seed=3)
    close(ee.filled(depth).mean(axis=1), ee.filled_depth(hazard, tokens))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_filled_tokens_have_all_that_any_later_one_attends_to(depths):
    """Token t at layer l attends to every s < t at layer l: each was run that far, and none further than needed."""
    run = ee.filled(np.array(depths))
    for s, depth in enumerate(run):
        assert all(depth >= later for later in depths[s:])
        assert depth in depths[s:]


def test_a_long_sequence_saves_nothing_in_the_end():
    hazard = ee.even_hazard(16, 0.2)
    assert ee.expected_depth(hazard) < 5
    assert ee.filled_depth(hazard, 2000) > 0.95 * 16


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda: ee.survival([0.5, 0.5]),
            r"^the last layer lets every token go: a hazard ends with 1, got \[0.5, 0.5\]$",
        ),
        (lambda: ee.survival([]), r"^the last layer lets every token go: a hazard ends with 1, got \[\]$"),
        (lambda: ee.survival([1.5, 1.0]), r"^a hazard is a probability of leaving, 0 to 1; got 1.5$"),
        (lambda: ee.exits_at(4, {5: 0.5}), r"^exits stand behind layers 1 to 4, got \[5\]$"),
        (lambda: ee.even_hazard(0, 0.5), r"^L must be a whole number of at least 1, got 0$"),
        (lambda: ee.layers_run([1.0], 0), r"^B must be a whole number of at least 1, got 0$"),
        (lambda: ee.batch_time([1.0], 1, 0.0), r"^B_ridge must be a finite number above 0, got 0.0$"),
    ],
)
def test_errors_say_what_was_wanted(call, text):
    with pytest.raises(ValueError, match=text):
        call()
