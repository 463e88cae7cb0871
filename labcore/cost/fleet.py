"""Fleets: the rate that a workload asks for, how many machines sustain it, what power and energy they draw.

A fleet can be asserted (`Fleet(count=1000, ...)`) or follow from its workload (`fleet_for`); each answers what the
other assumes. Power is that of the machine; an `overhead` factor (PUE) adds cooling and conversion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.catalogue.facts import Accelerator
from labcore.units import Flop, FlopPerSecond, Joules, Ratio, Seconds, Watts, positive, positive_ints

DAY: Seconds = 24 * 3600


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


def mean_power(power: Watts, use: Ratio, idle: Ratio) -> Watts:
    """Mean power of a machine that works a share `use` of the time and draws a share `idle` of its power otherwise.

    >>> mean_power(power=100, use=0.5, idle=0.5)
    75.0
    """
    positive(power=power)
    for name, share in (("use", use), ("idle", idle)):
        if not 0 <= share <= 1:
            raise ValueError(f"{name} is a share, from 0 to 1; got {share}")
    return power * (use + idle * (1 - use))


@dataclass(frozen=True)
class Fleet:
    """`count` machines of one kind: peak and power of each, the share `eta` of the peak that they reach at work.

    `idle` is the share of its power that a machine without work draws; 1 bills full power all day.

    >>> page = Fleet(count=1000, R_peak=1e12, power=100)  # the CPU servers of Napkin Math 1.10
    >>> page.flop_each(per_day=1e9) / 1e9, page.energy_a_day() / 3.6e6
    (86.4, 2400.0)
    """

    count: int
    R_peak: FlopPerSecond
    power: Watts
    eta: Ratio = 1.0
    idle: Ratio = 1.0

    def __post_init__(self) -> None:
        positive_ints(count=self.count)
        positive(R_peak=self.R_peak)
        mean_power(self.power, use=1.0, idle=self.idle)
        machine_time(1.0, self.count, self.R_peak, self.eta)

    @property
    def rate(self) -> FlopPerSecond:
        """The most that the fleet sustains."""
        return self.count * self.R_peak * self.eta

    def flop_each(self, per_day: float) -> Flop:
        """The work that each of `per_day` inferences may take at most."""
        positive(per_day=per_day)
        return self.rate * DAY / per_day

    def use(self, per_day: float, flop: Flop) -> Ratio:
        """Share of the day that the machines work; ValueError, with the count that would do, where it is too long.

        >>> Fleet(count=2, R_peak=10.0, power=1.0).use(per_day=86_400, flop=5)
        0.25
        """
        positive(per_day=per_day, flop=flop)
        rate = per_day * flop / DAY
        if rate > self.rate * (1 + 1e-12):
            need = machines(rate, self.R_peak, self.eta)
            raise ValueError(f"{self.count} machines cannot serve {per_day:g} a day of {flop:g} FLOP; take {need}")
        return min(1.0, rate / self.rate)

    def energy_a_day(self, use: Ratio = 1.0, overhead: Ratio = 1.0) -> Joules:
        """Energy of the fleet, and of its cooling where `overhead` (PUE) is above 1."""
        if not overhead >= 1:
            raise ValueError(f"overhead is the building's energy over its machines', 1 or more; got {overhead}")
        return self.count * mean_power(self.power, use, self.idle) * overhead * DAY

    def energy_each(self, per_day: float, use: Ratio = 1.0, overhead: Ratio = 1.0) -> Joules:
        """Energy of one of `per_day` inferences.

        >>> Fleet(count=1000, R_peak=1e12, power=100).energy_each(per_day=1e9)
        8.64
        """
        positive(per_day=per_day)
        return self.energy_a_day(use, overhead) / per_day


def fleet_for(
    per_day: float, flop: Flop, R_peak: FlopPerSecond, power: Watts, eta: Ratio, busiest: Ratio = 1.0,
    idle: Ratio = 1.0,
) -> Fleet:  # fmt: skip
    """The smallest fleet for `per_day` inferences of `flop` each, when the busiest hour asks for `busiest` x the mean.

    >>> fleet_for(per_day=86_400, flop=30, R_peak=10, power=1, eta=0.5).count
    6
    """
    positive(per_day=per_day, flop=flop, busiest=busiest)
    if busiest < 1:
        raise ValueError(f"busiest is the busiest hour over the mean one, 1 or more; got {busiest}")
    return Fleet(machines(per_day * flop * busiest / DAY, R_peak, eta), R_peak, power, eta, idle)


def rated_power(chip: Accelerator) -> Watts:
    """A chip's power as published; raises ValueError for a chip without one.

    >>> from labcore.catalogue import A100
    >>> rated_power(A100)
    400
    """
    if chip.power is None:
        raise ValueError(f"{chip.name} has no published power; choose a chip whose facts have one")
    return chip.power.value


def rate_per_watt(chip: Accelerator, precision: str) -> float:
    """Peak throughput for each watt, FLOP/J; raises ValueError for a chip without a published power.

    >>> from labcore.catalogue import A100
    >>> rate_per_watt(A100, "fp16") / 1e12
    0.78
    """
    return chip.peak(precision) / rated_power(chip)


def per_watt_gain(new: Accelerator, old: Accelerator, precision: str) -> Ratio:
    """Gain in peak throughput for each watt at one precision; raises ValueError where either chip lacks it.

    >>> from labcore.catalogue import A100, H100
    >>> round(per_watt_gain(H100, A100, "fp16"), 2)
    1.81
    """
    return rate_per_watt(new, precision) / rate_per_watt(old, precision)
