"""Growth, S-curves and dark silicon."""

import math
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from labcore.scaling import (
    annual_factor,
    doubling_months,
    growth_of_doubling,
    logistic,
    overtaking,
    powered_share,
    relative_power,
    take_off,
    times,
    widening,
    years_to_gap,
)

RATES = st.floats(1.01, 20)


@given(RATES, RATES)
def test_times_is_undone_by_the_other_way_round(a, b):
    assert times(a, b) * times(b, a) == pytest.approx(1)


@given(RATES)
def test_growth_and_doubling_time_are_inverses(growth):
    assert growth_of_doubling(doubling_months(growth)) == pytest.approx(growth)


@given(RATES, st.floats(0.5, 30))
def test_growth_compounds(growth, years):
    assert annual_factor(growth**years, years) == pytest.approx(growth)


@given(RATES, RATES, st.floats(2, 1e6))
def test_at_the_year_of_the_gap_demand_is_that_many_times_supply(demand, supply, gap):
    assume(abs(demand / supply - 1) > 0.01)
    years = years_to_gap(demand, supply, gap)
    if demand < supply:
        assert years is None
    else:
        assert (demand / supply) ** years == pytest.approx(gap)


def test_the_gap_widens_by_the_quotient():
    """From 1 and 1, demand 6 and supply 2 stand at 36 and 4 after two years: 9, which is 3 twice."""
    assert widening(6, 2) ** 2 == 36 / 4


def test_moores_cadence_is_1_41_or_1_59_a_year():
    assert growth_of_doubling(24) == pytest.approx(math.sqrt(2))
    assert growth_of_doubling(18) == pytest.approx(2 ** (2 / 3))


@given(st.floats(0.05, 1), st.floats(1950, 2050), st.floats(1, 1e4))
def test_an_s_curve_is_symmetric_about_its_midpoint(steepness, midpoint, limit):
    for away in (1.0, 5.0, 20.0):
        low, high = (logistic(midpoint + d, limit, steepness, midpoint) for d in (-away, away))
        assert low + high == pytest.approx(limit)


def test_take_off_is_where_the_slope_changes_fastest():
    """The second derivative, by differences, is largest at its begin and smallest at its end."""
    years = [1980 + k / 100 for k in range(4001)]
    h = 0.01

    def bend(year):
        return logistic(year + h, 1, 0.25, 2000) - 2 * logistic(year, 1, 0.25, 2000) + logistic(year - h, 1, 0.25, 2000)

    begin, end = take_off(steepness=0.25, midpoint=2000)
    assert max(years, key=bend) == pytest.approx(begin, abs=0.1)
    assert min(years, key=bend) == pytest.approx(end, abs=0.1)


def test_overtaking_is_where_the_curves_are_equal():
    old, new = (100, 0.25, 2000), (10_000, 0.35, 2022)
    year = overtaking(old, new, 1980, 2030)
    assert logistic(year, *new) == pytest.approx(logistic(year, *old), rel=1e-6)
    with pytest.raises(ValueError, match=r"^the new curve does not pass the old one between 2010 and 2030; widen"):
        overtaking(old, new, 2010, 2030)


@given(st.floats(0, 10))
def test_dennards_rule_keeps_the_power_of_a_chip(generations):
    """Twice the transistors, each with 0.7 of the capacitance at half the voltage squared and 1.4 of the clock: 1."""
    assert relative_power(generations, voltage_falls=True, clock_rises=True) == pytest.approx(1)
    assert powered_share(generations, voltage_falls=True, clock_rises=True) == pytest.approx(1)


def test_without_it_power_grows_by_1_4_a_generation_and_by_2_with_the_clock():
    """Taylor (2012): a budget that stays lights 1 / 2 a generation at full clock; at a held clock, 1 / 1.4."""
    assert relative_power(1, voltage_falls=False) == pytest.approx(2 / math.sqrt(2))
    assert relative_power(1, voltage_falls=False, clock_rises=True) == pytest.approx(2)


@given(st.floats(0, 12), st.floats(0.1, 10))
def test_the_lit_share_fits_the_budget(generations, headroom):
    lit = powered_share(generations, voltage_falls=False, headroom=headroom)
    assert 0 < lit <= 1
    assert lit * relative_power(generations, voltage_falls=False) <= headroom * (1 + 1e-9)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: doubling_months(1), "growth is a factor a year above 1, such as 1.4; got 1"),
        (lambda: relative_power(-1, voltage_falls=False), "generations is 0 or more, got -1"),
        (lambda: widening(6, 0), "supply must be a finite number above 0, got 0"),
        (lambda: annual_factor(10, 0), "years must be a finite number above 0, got 0"),
    ],
)
def test_errors_say_what_was_wanted(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()
