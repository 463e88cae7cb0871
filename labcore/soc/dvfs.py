"""Clocks and voltages: what a processor draws at each, and which one finishes a job in time for least energy.

Dynamic power is C V^2 f and leakage I V: the first rewards a low voltage, the second a short time. Which of "race to
idle" and "slow and steady" wins is a matter of the numbers, and of what idling costs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from labcore.catalogue import soc as facts
from labcore.units import Hertz, Joules, Ratio, Seconds, Watts, positive


@dataclass(frozen=True)
class Point:
    """A clock and the voltage it needs, in V."""

    f: Hertz
    V: float


@dataclass(frozen=True)
class Processor:
    """Operating points, switched capacitance in F, leakage current in A, and the power of waiting.

    >>> two = Processor((Point(1e9, 1.0), Point(2e9, 2.0)), C=1e-9, I_leak=0.5, P_idle=0.1)
    >>> [two.power(point) for point in two.points]  # 1e-9 x 1 x 1e9 + 0.5; 1e-9 x 4 x 2e9 + 1
    [1.5, 9.0]
    """

    points: tuple[Point, ...]
    C: float
    I_leak: float = 0.0
    P_idle: Watts = 0.0

    def __post_init__(self) -> None:
        positive(C=self.C, f=[point.f for point in self.points], V=[point.V for point in self.points])
        if not self.points or self.I_leak < 0 or self.P_idle < 0:
            raise ValueError(f"a processor has points, and leaks and idles at 0 or more; got {self!r}")

    def power(self, point: Point) -> Watts:
        """C V^2 f + I V while it works at a point."""
        return self.C * point.V**2 * point.f + self.I_leak * point.V


@dataclass(frozen=True)
class Schedule:
    """How long a job runs at each point (None is idling), and its energy up to the deadline."""

    parts: tuple[tuple[Point | None, Seconds], ...]
    E: Joules

    @property
    def mean_clock(self) -> Hertz:
        """Cycles over the whole time."""
        return sum(point.f * T for point, T in self.parts if point) / sum(T for _, T in self.parts)


def cortex_a72(cores: int = 1) -> Processor:
    """Cores of the RK3399's Cortex-A72 cluster, which share one clock and one voltage.

    >>> round(cortex_a72().power(cortex_a72().points[-1]), 2)  # 436 pF x 1.44 V^2 x 1.8 GHz, and 0.1 A x 1.2 V
    1.25
    """
    points = tuple(Point(f.value, V.value) for f, V in facts.A72_POINTS)
    C, I, P = facts.A72_C.value, facts.A72_LEAK.value, facts.A72_IDLE.value
    return Processor(points, cores * C, cores * I, cores * P)


def run_at(processor: Processor, point: Point, cycles: float, deadline: Seconds) -> Schedule:
    """A job at one point and idling for the rest; ValueError where it ends after the deadline.

    >>> one = Processor((Point(1e9, 1.0),), C=1e-9, P_idle=0.5)
    >>> run_at(one, one.points[0], cycles=1e9, deadline=3.0).E  # 1 W for 1 s, then 0.5 W for 2 s
    2.0
    """
    positive(cycles=cycles, deadline=deadline)
    T = cycles / point.f
    if deadline * (1 + 1e-12) < T:
        fast = cycles / max(point.f for point in processor.points)
        raise ValueError(
            f"{cycles:.4g} cycles at {point.f:.4g} Hz take {T:.4g} s, more than {deadline:.4g} s; "
            f"a clock of {cycles / deadline:.4g} Hz would do, and the fastest point needs {fast:.4g} s"
        )
    return Schedule(((point, T), (None, deadline - T)), processor.power(point) * T + processor.P_idle * (deadline - T))


def race_to_idle(processor: Processor, cycles: float, deadline: Seconds) -> Schedule:
    """The fastest point, then idling.

    >>> race_to_idle(cortex_a72(), cycles=3e7, deadline=1 / 30).parts[0][0].f
    1800000000.0
    """
    return run_at(processor, max(processor.points, key=lambda point: point.f), cycles, deadline)


def best_point(processor: Processor, cycles: float, deadline: Seconds) -> Schedule:
    """The single point of least energy among those that end in time; ValueError where none does.

    >>> best_point(cortex_a72(), cycles=3e7, deadline=1 / 30).parts[0][0].f
    1008000000.0
    """
    race = race_to_idle(processor, cycles, deadline)  # raises where even the fastest is late
    timely = [point for point in processor.points if cycles / point.f <= deadline]
    return min((run_at(processor, point, cycles, deadline) for point in timely), key=lambda s: s.E, default=race)


def best_mix(processor: Processor, cycles: float, deadline: Seconds) -> Schedule:
    """The least energy of all schedules that may change their point: two neighbours, idling being one of them.

    Time and cycles are two constraints, so two points are enough (Ishihara and Yasuura, ISLPED 1998). Changing is free.

    >>> mix = best_mix(cortex_a72(), cycles=1.1e9, deadline=1.0)
    >>> [point.f for point, T in mix.parts], mix.E < best_point(cortex_a72(), 1.1e9, 1.0).E
    ([1008000000.0, 1200000000.0], True)
    """
    best = best_point(processor, cycles, deadline)
    rate = cycles / deadline
    for slow, fast in itertools.permutations(processor.points, 2):
        if slow.f < rate < fast.f:
            T = deadline * (rate - slow.f) / (fast.f - slow.f)  # at the fast one
            E = processor.power(fast) * T + processor.power(slow) * (deadline - T)
            if E < best.E:
                best = Schedule(((slow, deadline - T), (fast, T)), E)
    return best


def critical_clock(a: float, P_static: Watts) -> Hertz:
    """The clock of least energy a cycle where power is a f^3 + P_static, (P_static / 2 a)^(1/3).

    Below it, static power for a longer time costs more than the lower voltage saves. `a` is in W/Hz^3.

    >>> critical_clock(a=1e-27, P_static=2.0)
    1000000000.0
    """
    positive(a=a, P_static=P_static)
    return float(f"{math.cbrt(P_static / (2 * a)):.12g}")


def energy_per_cycle(processor: Processor) -> list[tuple[Hertz, Joules]]:
    """Clock and energy a cycle of every point, above what idling for that time would take.

    >>> one = Processor((Point(1e9, 1.0),), C=1e-9, I_leak=0.5, P_idle=0.25)
    >>> energy_per_cycle(one)
    [(1000000000.0, 1.25e-09)]
    """
    return [(point.f, (processor.power(point) - processor.P_idle) / point.f) for point in processor.points]


def share_budget(processors: Sequence[Processor], budget: Watts) -> tuple[tuple[Point, ...], Ratio]:
    """One point for each processor that together stay within a power budget and clock highest, and the share drawn.

    Highest is the largest sum of clocks, each over its processor's fastest. Every combination is looked at: exact.

    >>> points, drawn = share_budget([cortex_a72(), cortex_a72()], budget=1.5)
    >>> [point.f / 1e6 for point in points], drawn <= 1
    ([1008.0, 1608.0], True)
    """
    positive(budget=budget)
    top = [max(point.f for point in one.points) for one in processors]

    def drawn(points: Sequence[Point]) -> Watts:
        return sum(one.power(point) for one, point in zip(processors, points, strict=True))

    fits = [some for some in itertools.product(*(one.points for one in processors)) if drawn(some) <= budget]
    if not fits:
        least = sum(min(one.power(point) for point in one.points) for one in processors)
        raise ValueError(f"no points together draw {budget:.4g} W or less; the lowest draw {least:.4g} W")
    best = max(fits, key=lambda some: (sum(p.f / f for p, f in zip(some, top, strict=True)), -drawn(some)))
    return best, drawn(best) / budget
