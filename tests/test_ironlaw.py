"""The iron law against the roofline, and Amdahl against its limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.ironlaw import iron_law, speedup
from labcore.roofline import least_time

work = st.floats(1e3, 1e15)


@given(flop=work, D_vol=work)
def test_overlap_saves_at_most_half(flop, D_vol):
    roof, iron = least_time(flop, D_vol, 312e12, 2e12), iron_law(flop, D_vol, 312e12, 2e12)
    assert roof <= iron * (1 + 1e-12)
    assert iron <= 2 * roof * (1 + 1e-12)


def test_each_term_by_hand():
    assert iron_law(flop=100, D_vol=0, R_peak=100.0, BW=1.0, eta=0.5) == 2.0
    assert iron_law(flop=0, D_vol=30, R_peak=1.0, BW=10.0) == 3.0
    assert iron_law(flop=0, D_vol=0, R_peak=1.0, BW=1.0, L_lat=5e-6) == 5e-6


@given(p=st.floats(0, 1), G=st.floats(1, 1e9))
def test_speedup_stays_between_one_and_both_limits(p, G):
    S = speedup(p, G)
    assert 1 - 1e-12 <= S <= G * (1 + 1e-12)
    assert S * (1 - p) <= 1 + 1e-9  # the serial part alone


def test_speedup_at_the_ends():
    assert speedup(0, 1000) == 1
    assert speedup(1, 1000) == pytest.approx(1000)
    assert speedup(0.95, 1e12) == pytest.approx(20)  # 1 / 0.05


def test_bad_input():
    with pytest.raises(ValueError, match=r"^eta is the share of the peak that is reached, at most 1; got 1.2$"):
        iron_law(1, 1, 1, 1, eta=1.2)
    with pytest.raises(ValueError, match=r"^p is a fraction of the time, from 0 to 1; got 95$"):
        speedup(95, 2)
    with pytest.raises(ValueError, match=r"^G_accel must be a finite number above 0, got 0$"):
        speedup(0.5, 0)
