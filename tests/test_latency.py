"""Latency: flights over a distance, cycles of a wait, bytes under way, against values by hand and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore import latency
from labcore.catalogue import memory
from labcore.latency import (
    LIGHT,
    cycles_in,
    flop_during,
    signal_time,
    square_die,
    time_of,
    wave_speed,
)

positives = st.floats(min_value=1e-3, max_value=1e3)


def test_light_takes_a_nanosecond_for_a_foot():
    assert signal_time(0.3048, share_of_c=1.0) == pytest.approx(1.0167e-9, rel=1e-4)  # 0.3048 / 0.299792


def test_the_page_s_flight():
    assert signal_time(0.020, 0.5) * 1e12 == pytest.approx(20 / 0.299792458 / 0.5, rel=1e-12)  # mm over mm/ps


def test_nothing_is_faster_than_light():
    with pytest.raises(ValueError, match="share of the speed of light, at most 1; got 2"):
        signal_time(0.1, share_of_c=2)


def test_a_die_of_one_square_centimetre():
    side, diagonal = square_die(1e-4)
    assert side == pytest.approx(0.01)
    assert diagonal == pytest.approx(0.0141421, rel=1e-5)


def test_a_wave_in_vacuum_and_in_silica():
    assert wave_speed(1.0) == 1.0
    assert wave_speed(3.9) == pytest.approx(0.506, abs=5e-4)


@given(positives, positives)
def test_cycles_and_time_are_inverse(T, clock):
    assert time_of(cycles_in(T, clock), clock) == pytest.approx(T)


def test_flop_of_a_wait():
    assert flop_during(300e-9, 312e12) == pytest.approx(93.6e6)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("signal_time", (0.0,)), ("cycles_in", (-1.0, 1.0)), ("square_die", (0.0,)),
     ("flop_during", (float("inf"), 1.0)), ("time_of", (1.0, float("nan"))), ("wave_speed", (-3.9,))],
)  # fmt: skip
def test_what_is_not_positive_is_refused(name, arguments):
    with pytest.raises(ValueError, match="must be a finite number above 0"):
        getattr(latency, name)(*arguments)


# ---- the measured machine


def test_levels_are_ordered_as_a_hierarchy_is():
    hbm, l2, l1 = memory.V100_LEVELS
    for far, near in ((hbm, l2), (l2, l1)):
        assert far.latency.value > near.latency.value
        assert far.bandwidth.value < near.bandwidth.value
        assert far.capacity.value > near.capacity.value


def test_latencies_are_cycles_over_the_clock():
    assert memory.V100_LEVELS[0].latency.value == pytest.approx(436 / 1380e6)
    assert 300e-9 < memory.V100_LEVELS[0].latency.value < 320e-9


def test_chips_agree_on_what_is_near():
    for found in memory.LATENCY_CYCLES.values():
        assert found["L1"].value < 50 < 200 < found["L2"].value < 300 < 400 < found["HBM"].value < 500


def test_no_signal_explains_the_wait_for_hbm():
    """Light in the board would go metres and come back in that time; the stacks lie millimetres away."""
    reach = memory.V100_LEVELS[0].latency.value * LIGHT * 0.5 / 2
    assert reach > 20
