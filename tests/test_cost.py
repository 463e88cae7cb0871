"""Fleet economics: rates, machines, lifetime cost and the point from which a chip of one's own pays."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.catalogue import A100, H100, TPU_V1, TPU_V6E
from labcore.cost import (
    break_even,
    lifetime_cost,
    machine_time,
    machines,
    mean_rate,
    per_watt_gain,
    rate_per_watt,
)


def test_a_service_by_hand():
    """A thousand million users, 180 s each, 2 GFLOP a second of speech: 3.6e20 FLOP a day, over 86,400 s."""
    rate = mean_rate(users=1e9, use_a_day=180, flop_a_second=2e9)
    assert rate == pytest.approx(3.6e20 / 86400)


@given(st.floats(1, 1e18), st.floats(1e3, 1e15), st.floats(0.01, 1))
def test_the_machines_carry_the_load_and_one_fewer_does_not(rate, R_peak, eta):
    count = machines(rate, R_peak, eta)
    assert count * R_peak * eta >= rate * (1 - 1e-9)
    assert (count - 1) * R_peak * eta <= rate


def test_a_whole_quotient_needs_no_machine_more():
    assert machines(rate=0.3, R_peak=0.1, eta=1.0) == 3  # 0.3 / 0.1 is a hair above 3


def test_time_times_machines_is_work():
    assert machine_time(flop=3.14e23, count=1024, R_peak=312e12, eta=0.4) == pytest.approx(28.4 * 86400, rel=0.01)
    assert machine_time(1e6, 10, 100, 0.5) == 10 * machine_time(1e6, 100, 100, 0.5)


def test_a_kilowatt_for_an_hour_is_a_kilowatt_hour():
    assert lifetime_cost(price=0, power=1000, life=3600, kwh_price=0.25) == 0.25
    assert lifetime_cost(price=5, power=1000, life=3600, kwh_price=0.25, overhead=2) == 5.5


@given(st.floats(1, 1e9), st.floats(1, 1e5), st.floats(1, 1e5))
def test_at_the_break_even_both_ways_cost_the_same(one_time, own, bought):
    even = break_even(one_time, own, bought)
    if bought <= own:
        assert even is None
    elif bought - own > 1e-3 * bought:
        assert even * bought == pytest.approx(one_time + even * own)


def test_work_per_watt_is_compared_at_one_format():
    assert rate_per_watt(TPU_V1, "int8") == 92e12 / 75
    assert per_watt_gain(H100, A100, "fp16") == pytest.approx(989 / 700 / (312 / 400))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: machines(1, 1, 1.5), "eta is the share of the peak that is reached, at most 1; got 1.5"),
        (
            lambda: machine_time(1, 1, 1, 0),
            "eta is the share of the peak that is reached, above 0 and at most 1; got 0",
        ),
        (lambda: per_watt_gain(TPU_V1, A100, "fp32"), "TPU v1 has no fp32 peak; it has int8"),
        (
            lambda: rate_per_watt(TPU_V6E, "bf16"),
            "TPU v6e has no published power; choose a chip whose facts have one",
        ),
        (lambda: break_even(0, 1, 2), "one_time must be a finite number above 0, got 0"),
    ],
)
def test_errors_say_what_was_wanted(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()
