"""Fleet economics: how many machines a workload needs, what one costs over its life, when a chip of one's own pays.

Money is USD, power W at the machine, unless a factor for cooling is given.
"""

from __future__ import annotations

import math

from labcore.catalogue.facts import Accelerator
from labcore.units import Flop, FlopPerSecond, Joules, Ratio, Seconds, Watts, positive

DAY: Seconds = 24 * 3600
KWH: Joules = 3.6e6


def mean_rate(users: float, use_a_day: Seconds, flop_a_second: Flop) -> FlopPerSecond:
    """Throughput that a service must sustain: users x seconds of use a day x FLOP for each of them, over a day.

    The busiest hour asks for more than this mean over the day.

    >>> mean_rate(users=24, use_a_day=3600, flop_a_second=10)
    10.0
    """
    positive(users=users, use_a_day=use_a_day, flop_a_second=flop_a_second)
    return users * use_a_day * flop_a_second / DAY


def machines(rate: FlopPerSecond, R_peak: FlopPerSecond, eta: Ratio) -> int:
    """Machines that sustain a rate when each reaches a share `eta` of its peak; part of one is one.

    >>> machines(rate=100, R_peak=10, eta=0.3)
    34
    """
    positive(rate=rate, R_peak=R_peak, eta=eta)
    if eta > 1:
        raise ValueError(f"eta is the share of the peak that is reached, at most 1; got {eta}")
    return math.ceil(rate / (R_peak * eta) * (1 - 1e-12))


def machine_time(flop: Flop, count: float, R_peak: FlopPerSecond, eta: Ratio) -> Seconds:
    """Time of a job that spreads over `count` machines without loss, each at a share `eta` of its peak.

    >>> machine_time(flop=600, count=2, R_peak=10, eta=0.5)
    60.0
    """
    positive(flop=flop, count=count)
    if not 0 < eta <= 1:
        raise ValueError(f"eta is the share of the peak that is reached, above 0 and at most 1; got {eta}")
    return flop / (count * R_peak * eta)


def lifetime_cost(price: float, power: Watts, life: Seconds, kwh_price: float, overhead: Ratio = 1.0) -> float:
    """What a machine costs over its life: its price, and its energy with an `overhead` factor for cooling.

    >>> lifetime_cost(price=1000, power=100, life=36_000, kwh_price=0.5)
    1000.5
    """
    positive(life=life, overhead=overhead)
    return price + power * overhead * life / KWH * kwh_price


def break_even(one_time: float, cost_own: float, cost_bought: float) -> float | None:
    """The amount of work from which a chip of one's own is the cheaper way, in units of what one bought machine does.

    `cost_own` is the running cost of as much work on own chips as one bought machine does for `cost_bought`; the
    `one_time` cost of design, masks and software is shared by all of it. None where it never pays.

    >>> break_even(one_time=1000, cost_own=1, cost_bought=11), break_even(1000, 11, 11)
    (100.0, None)
    """
    positive(one_time=one_time, cost_own=cost_own, cost_bought=cost_bought)
    return one_time / (cost_bought - cost_own) if cost_bought > cost_own else None


def rate_per_watt(chip: Accelerator, precision: str) -> float:
    """Peak throughput for each watt, FLOP/J; raises ValueError for a chip without a published power.

    >>> from labcore.catalogue import A100
    >>> rate_per_watt(A100, "fp16") / 1e12
    0.78
    """
    if chip.power is None:
        raise ValueError(f"{chip.name} has no published power; choose a chip whose facts have one")
    return chip.peak(precision) / chip.power.value


def per_watt_gain(new: Accelerator, old: Accelerator, precision: str) -> Ratio:
    """Gain in peak throughput for each watt at one precision; raises ValueError where either chip lacks it.

    >>> from labcore.catalogue import A100, H100
    >>> round(per_watt_gain(H100, A100, "fp16"), 2)
    1.81
    """
    return rate_per_watt(new, precision) / rate_per_watt(old, precision)
