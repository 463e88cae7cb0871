"""Heat in time: bodies that store it, paths that lead it away, and a governor that steps the clock down.

Each body has a heat capacity C in J/K, each path a conductance G in W/K. Between two changes of power the temperatures
are a sum of exponentials, so that a step of any length is exact. Temperatures are in degC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from labcore.catalogue import soc as facts
from labcore.soc.dvfs import Processor
from labcore.units import Hertz, Ratio, Seconds, Watts, positive


@dataclass(frozen=True)
class Bodies:
    """Bodies with capacities C, conductances between pairs of them, and conductances to the air.

    >>> Bodies({"die": 2.0}, {}, {"die": 0.5}, T_ambient=20.0).settled({"die": 10.0})
    {'die': 40.0}
    """

    C: Mapping[str, float]
    between: Mapping[tuple[str, str], float]
    to_air: Mapping[str, float]
    T_ambient: float

    def __post_init__(self) -> None:
        if not self.C:
            raise ValueError("heat needs a body to be stored in; give one in C")
        positive(C=list(self.C.values()), G=[*self.between.values(), *self.to_air.values()])
        self._known(one for names in (*self.between, self.to_air) for one in names)
        if np.linalg.eigvalsh(self._conductance())[0] <= 1e-12:
            raise ValueError("some body has no path to the air, so that it would never settle; give it one in to_air")

    def _known(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.C:
                raise ValueError(f"no body {name!r}; there are {', '.join(self.C)}")

    def _conductance(self) -> np.ndarray:
        names = list(self.C)
        G = np.diag([self.to_air.get(name, 0.0) for name in names])
        for (one, other), g in self.between.items():
            i, j = names.index(one), names.index(other)
            G[[i, j], [i, j]] += g
            G[[i, j], [j, i]] -= g
        return G

    def settled(self, P: Mapping[str, Watts]) -> dict[str, float]:
        """Temperatures after an endless time at constant power; raises ValueError for a body that is not there."""
        self._known(P)
        rise = np.linalg.solve(self._conductance(), [P.get(name, 0.0) for name in self.C])
        return dict(zip(self.C, (self.T_ambient + rise).tolist(), strict=True))

    def after(self, T: Mapping[str, float], P: Mapping[str, Watts], dt: Seconds) -> dict[str, float]:
        """Temperatures `dt` later at constant power, exact for any dt."""
        end = np.array(list(self.settled(P).values()))
        decay, modes, root = self._modes()
        gap = modes.T @ (root * (np.array([T[name] for name in self.C]) - end))
        return dict(zip(self.C, (end + modes @ (np.exp(-decay * dt) * gap) / root).tolist(), strict=True))

    def time_constants(self) -> list[Seconds]:
        """The times over which differences fade to 1 / e, fastest first."""
        return sorted((1 / self._modes()[0]).tolist())

    def _modes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Decay rates, orthogonal modes and sqrt(C): C^-1/2 G C^-1/2 is symmetric, though C^-1 G is not."""
        root = np.sqrt(list(self.C.values()))
        return (*np.linalg.eigh(self._conductance() / np.outer(root, root)), root)


@dataclass(frozen=True)
class Governor:
    """Every `period` the clock steps down where a body is above its limit, up where all are `margin` below it."""

    limits: Mapping[str, float]
    period: Seconds
    margin: float


@dataclass(frozen=True)
class Trace:
    """Time, temperature of each body, clock and power at each step of the governor; arrays of one length."""

    t: np.ndarray
    T: Mapping[str, np.ndarray]
    f: np.ndarray
    P: np.ndarray

    @property
    def burst(self) -> Seconds:
        """How long the first clock holds."""
        below = np.flatnonzero(self.f < self.f[0])
        return float(self.t[below[0]]) if below.size else math.inf

    @property
    def sustained(self) -> Ratio:
        """Mean clock of the second half over the first clock."""
        return float(self.f[len(self.f) // 2 :].mean() / self.f[0])


def phone_bodies() -> Bodies:
    """A phone as a die inside a case.

    >>> [round(tau) for tau in phone_bodies().time_constants()]  # seconds: the die follows fast, the case slowly
    [10, 454]
    """
    value = {name: fact.value for name, fact in facts.PHONE_HEAT.items()}
    C = {"die": value["C_die"], "case": value["C_case"]}
    return Bodies(C, {("die", "case"): value["G_die"]}, {"case": value["G_case"]}, value["T_ambient"])


def phone_governor(period: Seconds = 1.0, margin: float = 2.0) -> Governor:
    """Limits of the die and of the skin.

    >>> phone_governor().limits
    {'die': 85.0, 'case': 43.0}
    """
    limits = {"die": facts.PHONE_HEAT["T_die"].value, "case": facts.PHONE_HEAT["T_skin"].value}
    return Governor(limits, period, margin)


def warm_up(R: float, C: float, P: Watts, T_ambient: float, t: Seconds) -> float:
    """One body of resistance R in K/W and capacity C in J/K after t: T_ambient + P R (1 - exp(-t / R C)).

    >>> round(warm_up(R=2.0, C=5.0, P=10.0, T_ambient=25.0, t=10.0), 2)  # 25 + 20 x (1 - 1 / e)
    37.64
    """
    positive(R=R, C=C)
    return T_ambient - P * R * math.expm1(-t / (R * C))


def time_to_limit(R: float, C: float, P: Watts, T_ambient: float, T_limit: float) -> Seconds:
    """How long one body may draw P from cold, R C ln(P R / (P R - (T_limit - T_ambient))); infinite if for ever.

    >>> time_to_limit(R=2.0, C=5.0, P=10.0, T_ambient=25.0, T_limit=45.0)
    inf
    >>> round(time_to_limit(R=2.0, C=5.0, P=20.0, T_ambient=25.0, T_limit=45.0), 2)  # 10 s x ln 2
    6.93
    """
    positive(R=R, C=C, P=P)
    room = (T_limit - T_ambient) / (P * R)
    return math.inf if room >= 1 else -R * C * math.log1p(-room) if room > 0 else 0.0


def sustained_power(bodies: Bodies, body: str, limits: Mapping[str, float]) -> Watts:
    """The power in one body at which the first of the limits is just reached in the end.

    >>> round(sustained_power(phone_bodies(), "die", {"case": 43.0}), 2)  # 18 K x 0.225 W/K
    4.05
    """
    rise = bodies.settled({body: 1.0})
    return min((limit - bodies.T_ambient) / (rise[name] - bodies.T_ambient) for name, limit in limits.items())


def throttled(
    bodies: Bodies, processor: Processor, governor: Governor, body: str, duration: Seconds, demand: Hertz = math.inf
) -> Trace:
    """Load from cold under a governor, step by step: the fastest clock first, then what heat allows.

    The load is full, or `demand` cycles a second: a clock above that idles in between, one below it falls behind.

    >>> from labcore.soc.dvfs import cortex_a72
    >>> trace = throttled(phone_bodies(), cortex_a72(cores=8), phone_governor(), "die", duration=1800)
    >>> trace.burst, 0.3 < trace.sustained < 0.6  # seconds at full clock; then about half of it
    (136.0, True)
    """
    points = sorted(processor.points, key=lambda point: point.f)
    demand = min(demand, points[-1].f)
    positive(duration=duration, period=governor.period, demand=demand)
    T, at, rows = dict.fromkeys(bodies.C, bodies.T_ambient), len(points) - 1, []
    for k in range(math.ceil(duration / governor.period)):
        if any(T[name] > limit for name, limit in governor.limits.items()):
            at = max(at - 1, 0)
        elif all(T[name] < limit - governor.margin for name, limit in governor.limits.items()):
            at = min(at + 1, len(points) - 1)
        busy = min(1.0, demand / points[at].f)
        P = busy * processor.power(points[at]) + (1 - busy) * processor.P_idle
        rows.append((k * governor.period, points[at].f, P, *T.values()))
        T = bodies.after(T, {body: P}, governor.period)
    t, f, P, *temperatures = np.array(rows).T
    return Trace(t, dict(zip(bodies.C, temperatures, strict=True)), f, P)
