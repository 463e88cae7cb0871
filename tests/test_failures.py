"""Failures and checkpoints: published values, optima found by search, and simulated jobs against the formula."""

import functools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.catalogue import multichip
from labcore.interconnect.failures import (
    best_interval,
    cluster_mtbf,
    daly,
    efficiency,
    expected_time,
    observed_mtbf,
    simulate,
    survival,
    young,
)

DAY = 86_400.0
CONFIGURATIONS = [  # tau, L_dump, L_restart, mtbf
    (60.0, 5.0, 10.0, 360.0), (20.0, 5.0, 10.0, 60.0), (9.0, 5.0, 10.0, 15.0), (120.0, 5.0, 0.0, 1440.0),
    (1.0, 1.0, 1.0, 1.0), (800.0, 30.0, 600.0, 11_000.0), (5.0, 0.5, 50.0, 20.0), (100.0, 1.0, 5.0, 50.0),
]  # fmt: skip
TIMES = st.floats(0.01, 100.0)


@functools.cache
def trials_of(configuration):
    """1500 jobs of 40 pieces on one of these machines."""
    return simulate(40, *configuration, jobs=1500, seed=7)


def llama3_mtbf():
    return observed_mtbf(
        int(multichip.LLAMA3_STOPS.value), int(multichip.LLAMA3_GPUS.value), multichip.LLAMA3_TIME.value
    )


@pytest.mark.parametrize(("hours", "minutes"), [(24, 117), (6, 57), (0.25, 9.1)])
def test_daly_s_own_examples(hours, minutes):
    """Figures 3 to 5 of the paper: a dump of 5 minutes, and the interval that its model predicts."""
    assert daly(5.0, hours * 60) == pytest.approx(minutes, abs=0.5 if minutes > 10 else 0.05)


def test_young_s_rule_by_hand():
    assert young(L_dump=50.0, mtbf=400.0) == math.sqrt(2 * 50 * 400)


@pytest.mark.parametrize(("tau", "L_dump", "L_restart", "mtbf"), CONFIGURATIONS)
def test_the_best_interval_is_found_by_search_too(tau, L_dump, L_restart, mtbf):
    grid = np.linspace(best_interval(L_dump, mtbf) * 0.5, best_interval(L_dump, mtbf) * 1.5, 2001)
    found = grid[np.argmax([efficiency(one, L_dump, L_restart, mtbf) for one in grid])]
    assert found == pytest.approx(best_interval(L_dump, mtbf), rel=1e-3)


@settings(max_examples=60, deadline=None)
@given(TIMES, TIMES)
def test_rules_approach_the_optimum_where_failures_are_rare(L_dump, mtbf):
    """Daly's interval wastes at most 1 % more than the best; Young's too where a dump is a hundredth of the mtbf."""
    best = efficiency(best_interval(L_dump, mtbf), L_dump, 0.0, mtbf)
    assert efficiency(daly(L_dump, mtbf), L_dump, 0.0, mtbf) <= best * (1 + 1e-12)
    if L_dump < mtbf:
        assert efficiency(daly(L_dump, mtbf), L_dump, 0.0, mtbf) > 0.99 * best
    if L_dump < mtbf / 100:
        assert efficiency(young(L_dump, mtbf), L_dump, 0.0, mtbf) > 0.99 * best


def test_a_dump_of_two_mtbf_is_taken_as_often_as_failures_come():
    assert daly(L_dump=30.0, mtbf=15.0) == 15.0
    assert daly(L_dump=40.0, mtbf=15.0) == 15.0


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_simulated_jobs_agree_with_the_formula(configuration):
    """Within 4 standard errors of the mean time, for eight machines from calm to hopeless."""
    trials = trials_of(configuration)
    tau, *rest = configuration
    error = trials.times.std(ddof=1) / math.sqrt(1500)
    assert abs(trials.times.mean() - expected_time(40 * tau, tau, *rest)) < 4 * error
    assert error < 0.05 * trials.times.mean()


def test_the_confidence_interval_covers_the_formula_as_often_as_it_says():
    """95 of 100 on average; fewer than 88 or 100 of 100 come by once in some hundred draws of seeds."""
    truth = efficiency(20.0, 5.0, 10.0, 60.0)
    bounds = [simulate(10, 20.0, 5.0, 10.0, 60.0, jobs=200, seed=seed).interval for seed in range(100)]
    assert 88 <= sum(low <= truth <= high for low, high in bounds) < 100


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_failures_come_at_their_rate_whatever_the_job_does(configuration):
    """Failures expected in a time are that time over the mtbf (Wald): restarts and dumps are struck as work is."""
    trials = trials_of(configuration)
    spread = (trials.failures - trials.times / configuration[-1]).std(ddof=1) / math.sqrt(1500)
    assert abs(trials.failures.mean() - trials.times.mean() / configuration[-1]) < 4 * spread


def test_the_same_seed_gives_the_same_jobs():
    one, again, other = (simulate(5, 9.0, 5.0, 10.0, 15.0, jobs=20, seed=seed) for seed in (1, 1, 2))
    assert one.times.tolist() == again.times.tolist() != other.times.tolist()


def test_without_failures_only_dumps_cost():
    assert efficiency(tau=95, L_dump=5, L_restart=100, mtbf=1e12) == pytest.approx(0.95)


def test_a_piece_longer_than_any_quiet_time_is_never_done():
    assert expected_time(T_work=1e6, tau=1e6, L_dump=1.0, L_restart=1.0, mtbf=1.0) == math.inf
    assert efficiency(tau=1e6, L_dump=1.0, L_restart=1.0, mtbf=1.0) == 0.0


def test_the_first_of_many_fails_chips_times_as_soon():
    """The smallest of n exponential times has 1/n of their mean."""
    first = np.random.default_rng(5).exponential(64.0, (20_000, 16)).min(axis=1)
    assert first.mean() == pytest.approx(cluster_mtbf(64.0, 16), rel=0.03)
    assert (first > 4.0).mean() == pytest.approx(survival(4.0, 4.0), abs=0.015)


def test_llama_3_stopped_every_three_hours():
    """419 stops in 54 days of 16,384 GPUs: 24 x 54 / 419 hours; a GPU alone fails once in some six years."""
    assert cluster_mtbf(llama3_mtbf(), 16_384) / 3600 == pytest.approx(24 * 54 / 419)
    assert 5.5 < llama3_mtbf() / (365.25 * DAY) < 6


def test_at_that_rate_4096_gpus_fail_twice_a_day_and_64_once_a_month():
    """64 times the chips, 64 times the failures: but from one in 33 days that makes 1.9 a day, not many."""
    assert DAY / cluster_mtbf(llama3_mtbf(), 4096) == pytest.approx(1.94, abs=0.01)
    assert cluster_mtbf(llama3_mtbf(), 64) / DAY == pytest.approx(33.0, abs=0.1)
    assert cluster_mtbf(llama3_mtbf(), 64) / cluster_mtbf(llama3_mtbf(), 4096) == pytest.approx(64)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: cluster_mtbf(1.0, 0), "chips must be a whole number of at least 1, got 0"),
        (lambda: cluster_mtbf(-1.0, 2), "mtbf must be a finite number above 0, got -1.0"),
        (lambda: young(0.0, 1.0), "L_dump must be a finite number above 0, got 0.0"),
        (lambda: expected_time(1.0, 0.0, 1.0, 1.0, 1.0), "tau must be a finite number above 0, got 0.0"),
        (lambda: efficiency(1.0, 1.0, -1.0, 1.0), "L_restart is a time of 0 s or more, got -1.0"),
        (lambda: simulate(0, 1.0, 1.0, 1.0, 1.0, 1, 0), "pieces must be a whole number of at least 1, got 0"),
        (lambda: simulate(1, 1.0, 1.0, 1.0, float("nan"), 1, 0), "mtbf must be a finite number above 0, got nan"),
    ],
)
def test_errors_say_what_came(wrong, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        wrong()
