"""A chip that slows down when it is hot: one thermal resistance, one heat capacity, a clock that steps down and up.

The temperature theta (in degrees Celsius) moves towards ambient + R_th * P with the time constant R_th * C_th. Power is
idle plus dynamic times the cube of the clock, since the voltage goes with it. A benchmark that ends before the time
constant measures the chip's peak; the load that goes on is served by what the cooling carries away.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from labcore.units import Ratio, Seconds, Watts, positive

Celsius = Annotated[float, "degC"]
STEPS = tuple(1 - k / 20 for k in range(13))  # clocks from 1.0 down to 0.4 of the highest


@dataclass(frozen=True)
class Package:
    """A chip in its cooler: R_th in K/W, C_th in J/K, its power, and the temperatures at which the clock steps.

    >>> hot = Package(R_th=0.15, C_th=400.0, ambient=30.0, P_idle=50.0, P_dynamic=350.0, limit=83.0, resume=81.0)
    >>> hot.power(1.0), hot.settles(1.0), hot.time_constant, round(hot.sustained_clock(), 3)
    (400.0, 90.0, 60.0, 0.953)
    """

    R_th: float
    C_th: float
    ambient: Celsius
    P_idle: Watts
    P_dynamic: Watts
    limit: Celsius
    resume: Celsius
    clocks: tuple[Ratio, ...] = STEPS

    def __post_init__(self) -> None:
        positive(R_th=self.R_th, C_th=self.C_th, P_dynamic=self.P_dynamic, clocks=self.clocks)
        if not self.ambient <= self.resume < self.limit:
            raise ValueError(f"ambient <= resume < limit is wanted, got {self.ambient}, {self.resume}, {self.limit}")
        if list(self.clocks) != sorted(self.clocks, reverse=True) or self.clocks[0] != 1:
            raise ValueError(f"clocks are shares of the highest, from 1.0 down; got {self.clocks}")

    @property
    def time_constant(self) -> Seconds:
        """R_th * C_th."""
        return self.R_th * self.C_th

    def power(self, clock: Ratio) -> Watts:
        """Power under load at a clock."""
        return self.P_idle + self.P_dynamic * clock**3

    def settles(self, clock: Ratio) -> Celsius:
        """Where the temperature ends if that clock is kept."""
        return self.ambient + self.R_th * self.power(clock)

    def after(self, theta: Celsius, clock: Ratio, T: Seconds) -> Celsius:
        """The temperature after a time at one clock: exact, an exponential towards `settles`."""
        return self.settles(clock) + (theta - self.settles(clock)) * math.exp(-T / self.time_constant)

    def time_to_limit(self, clock: Ratio = 1.0, theta: Celsius | None = None) -> Seconds:
        """How long a clock can be kept from a temperature (ambient unless given); infinite where it never gets hot."""
        start, end = self.ambient if theta is None else theta, self.settles(clock)
        if start >= self.limit:
            return 0.0
        return self.time_constant * math.log((end - start) / (end - self.limit)) if end > self.limit else math.inf

    def sustained_clock(self) -> Ratio:
        """The clock, not rounded to a step, that settles at the limit: what the cooling carries for good, at most 1."""
        return min(1.0, clock_under((self.limit - self.ambient) / self.R_th, self.P_idle, self.P_dynamic))


@dataclass(frozen=True)
class Heated:
    """Temperature and clock of a load at every tick of the controller: the clock holds until the next tick."""

    times: tuple[Seconds, ...]
    theta: tuple[Celsius, ...]
    clock: tuple[Ratio, ...]

    def work(self, start: Seconds, end: Seconds) -> Seconds:
        """Seconds at full clock that are done between two times: the integral of the clock."""
        edges = [*self.times[1:], math.inf]
        spans = (max(0.0, min(end, b) - max(start, a)) for a, b in zip(self.times, edges, strict=True))
        return sum(span * clock for span, clock in zip(spans, self.clock, strict=True))

    def latency(self, start: Seconds, T: Seconds) -> Seconds:
        """How long work of T at full clock takes when it begins at `start`; the last clock holds for ever."""
        positive(T=T)
        at, now, left = max(0, bisect_right(self.times, start) - 1), start, T
        while at + 1 < len(self.times) and left > (self.times[at + 1] - now) * self.clock[at]:
            left -= (self.times[at + 1] - now) * self.clock[at]
            at, now = at + 1, self.times[at + 1]
        return now + left / self.clock[at] - start


def heat(package: Package, T: Seconds, tick: Seconds = 0.1, theta: Celsius | None = None) -> Heated:
    """A full load for a time; at every tick the clock steps down at the limit or above, up below `resume`.

    >>> cool = Package(0.1, 100.0, ambient=20.0, P_idle=0.0, P_dynamic=100.0, limit=90.0, resume=85.0)
    >>> run = heat(cool, T=50.0, tick=10.0)
    >>> set(run.clock), round(run.theta[-1], 2), round(cool.after(20.0, 1.0, 50.0), 2)
    ({1.0}, 29.93, 29.93)
    """
    positive(T=T, tick=tick)
    now, at = package.ambient if theta is None else theta, 0
    times, thetas, clocks = [], [], []
    for k in range(round(T / tick) + 1):
        if now >= package.limit:
            at = min(at + 1, len(package.clocks) - 1)
        elif now < package.resume:
            at = max(at - 1, 0)
        times.append(k * tick)
        thetas.append(now)
        clocks.append(package.clocks[at])
        now = package.after(now, package.clocks[at], tick)
    return Heated(tuple(times), tuple(thetas), tuple(clocks))


def clock_under(power: Watts, P_idle: Watts, P_dynamic: Watts) -> Ratio:
    """The clock at which idle plus dynamic * clock^3 is a given power; raises ValueError below the idle power.

    >>> clock_under(150.0, P_idle=50.0, P_dynamic=800.0)
    0.5
    """
    positive(P_dynamic=P_dynamic)
    if power <= P_idle:
        raise ValueError(f"{power} W do not even carry the {P_idle} W of an idle chip; give more power or cooling")
    return ((power - P_idle) / P_dynamic) ** (1 / 3)


def benchmark_error(package: Package, T_short: Seconds, T_long: Seconds, tick: Seconds = 0.1) -> Ratio:
    """How many times the throughput of a long run a short benchmark promises, both from a cold chip.

    >>> hot = Package(R_th=0.15, C_th=400.0, ambient=30.0, P_idle=50.0, P_dynamic=350.0, limit=83.0, resume=81.0)
    >>> benchmark_error(hot, T_short=10.0, T_long=10.0)
    1.0
    """
    run = heat(package, max(T_short, T_long), tick)
    return (run.work(0.0, T_short) / T_short) / (run.work(0.0, T_long) / T_long)


def raised(package: Package, factor: Ratio, T_short: Seconds) -> tuple[Ratio, Ratio]:
    """How many times as fast a chip of `factor` times the clock is in the same cooler: from cold for T_short, for good.

    >>> free = Package(R_th=0.01, C_th=400.0, ambient=30.0, P_idle=50.0, P_dynamic=350.0, limit=83.0, resume=81.0)
    >>> raised(free, 1.5, T_short=10.0)
    (1.5, 1.5)
    """
    newer = replace(package, P_dynamic=package.P_dynamic * factor**3)
    at_first = [heat(one, T_short).work(0.0, T_short) for one in (newer, package)]
    for_good = [one.sustained_clock() for one in (newer, package)]
    return factor * at_first[0] / at_first[1], factor * for_good[0] / for_good[1]


def mean_clock(run: Heated, times: Sequence[Seconds]) -> Ratio:
    """The mean clock between two times of a run.

    >>> mean_clock(Heated((0.0, 1.0), (20.0, 90.0), (1.0, 0.5)), (0.0, 2.0))
    0.75
    """
    start, end = times
    return run.work(start, end) / (end - start)
