"""Jobs on many chips that fail: mean time between failures, checkpoints, and the share of the time that is progress.

Failures come at random, at a constant rate, so times between them are exponential. A job works for `tau`, writes a
checkpoint for `L_dump`, and so on; a failure takes it back to the last checkpoint, after a restart of `L_restart`.
Failures strike work, checkpoints and restarts alike. `efficiency` is exact for that machine (Daly, FGCS 22, 2006),
`simulate` steps it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labcore.units import Ratio, Seconds, positive, positive_ints

Z95 = 1.959963984540054  # half-width of a 95 % confidence interval, in standard errors


def cluster_mtbf(mtbf: Seconds, chips: int) -> Seconds:
    """Mean time between failures of a job that stops when any of its chips does: mtbf / chips.

    >>> cluster_mtbf(mtbf=64.0, chips=4)
    16.0
    """
    positive(mtbf=mtbf)
    positive_ints(chips=chips)
    return mtbf / chips


def observed_mtbf(stops: int, chips: int, T: Seconds) -> Seconds:
    """Mean time between failures of one chip, from the stops of a cluster in a time: chips x T / stops.

    >>> round(observed_mtbf(stops=419, chips=16_384, T=54 * 86_400) / (365.25 * 86_400), 2)  # Llama 3, years
    5.78
    """
    positive_ints(stops=stops, chips=chips)
    positive(T=T)
    return chips * T / stops


def survival(T: Seconds, mtbf: Seconds) -> Ratio:
    """Chance that nothing fails for a time, exp(-T / mtbf).

    >>> round(survival(T=1.0, mtbf=1.0), 4)
    0.3679
    """
    positive(mtbf=mtbf)
    return math.exp(-T / mtbf)


def young(L_dump: Seconds, mtbf: Seconds) -> Seconds:
    """Work between checkpoints by Young's first-order rule, sqrt(2 L_dump mtbf) (CACM 17(9), 1974).

    >>> young(L_dump=2.0, mtbf=100.0)
    20.0
    """
    positive(L_dump=L_dump, mtbf=mtbf)
    return (2 * L_dump * mtbf) ** 0.5  # a power, so that units go through


def daly(L_dump: Seconds, mtbf: Seconds) -> Seconds:
    """Work between checkpoints by Daly's higher-order rule; mtbf itself where a checkpoint takes 2 mtbf or more.

    With x = L_dump / (2 mtbf) it is sqrt(2 L_dump mtbf) (1 + sqrt(x) / 3 + x / 9) - L_dump (FGCS 22, 2006).

    >>> round(daly(L_dump=5.0, mtbf=24 * 60.0))  # minutes; the paper's Figure 3 says 117
    117
    """
    first = young(L_dump, mtbf)
    x = L_dump / (2 * mtbf)
    return first * (1 + math.sqrt(x) / 3 + x / 9) - L_dump if x < 1 else mtbf


def best_interval(L_dump: Seconds, mtbf: Seconds) -> Seconds:
    """Work between checkpoints at which `efficiency` is largest: the root of (1 - tau/mtbf) e^((tau+L_dump)/mtbf) = 1.

    Found by bisection. How long a restart takes does not move it.

    >>> round(best_interval(L_dump=5.0, mtbf=24 * 60.0), 1), round(daly(5.0, 24 * 60.0), 1)
    (116.7, 116.7)
    """
    positive(L_dump=L_dump, mtbf=mtbf)
    low, high = 0.0, mtbf
    for _ in range(200):
        tau = (low + high) / 2
        more = math.log1p(-tau / mtbf) + (tau + L_dump) / mtbf > 0 if tau < mtbf else False
        low, high = (tau, high) if more else (low, tau)
    return low


def expected_time(T_work: Seconds, tau: Seconds, L_dump: Seconds, L_restart: Seconds, mtbf: Seconds) -> Seconds:
    """Mean time of a job of T_work: T_work / tau pieces, each mtbf e^(L_restart/mtbf) (e^((tau+L_dump)/mtbf) - 1).

    Infinite where a piece can hardly ever be done between two failures.

    >>> round(expected_time(T_work=100, tau=10, L_dump=1, L_restart=0, mtbf=1e9), 3)  # ten pieces of 11
    110.0
    """
    positive(T_work=T_work, tau=tau, L_dump=L_dump, mtbf=mtbf)
    if not L_restart >= 0:
        raise ValueError(f"L_restart is a time of 0 s or more, got {L_restart!r}")
    piece, pieces = (tau + L_dump) / mtbf, T_work / tau
    if piece > 700:
        return math.inf
    return pieces * mtbf * math.exp(L_restart / mtbf) * math.expm1(piece)


def efficiency(tau: Seconds, L_dump: Seconds, L_restart: Seconds, mtbf: Seconds) -> Ratio:
    """Share of the time that is progress, T_work / `expected_time`.

    >>> round(efficiency(tau=9, L_dump=1, L_restart=0, mtbf=1e9), 3)  # without failures tau / (tau + L_dump)
    0.9
    """
    return tau / expected_time(tau, tau, L_dump, L_restart, mtbf)


@dataclass(frozen=True)
class Trials:
    """Simulated jobs: the time and the failures of each, and what failures took away."""

    T_work: Seconds
    times: np.ndarray
    failures: np.ndarray

    @property
    def efficiency(self) -> Ratio:
        """T_work over the mean time of a job."""
        return float(self.T_work / self.times.mean())

    @property
    def interval(self) -> tuple[Ratio, Ratio]:
        """95 % confidence interval of the efficiency, from the normal one of the mean time."""
        half = Z95 * self.times.std(ddof=1) / math.sqrt(len(self.times))
        mean = self.times.mean()
        return float(self.T_work / (mean + half)), float(self.T_work / (mean - half))


def simulate(
    pieces: int, tau: Seconds, L_dump: Seconds, L_restart: Seconds, mtbf: Seconds, jobs: int, seed: int
) -> Trials:
    """Run `jobs` jobs of `pieces` pieces of work each, failure by failure, with failures drawn from a seed.

    >>> calm = simulate(pieces=10, tau=9, L_dump=1, L_restart=5, mtbf=1e9, jobs=4, seed=1)
    >>> calm.times.tolist(), calm.efficiency
    ([100.0, 100.0, 100.0, 100.0], 0.9)
    """
    positive_ints(pieces=pieces, jobs=jobs)
    expected_time(tau, tau, L_dump, L_restart, mtbf)  # raises for times that are none
    draw = np.random.default_rng(seed)
    ran = [_job(pieces, tau + L_dump, L_restart, mtbf, draw) for _ in range(jobs)]
    times, failures = (np.array(column) for column in zip(*ran, strict=True))
    return Trials(pieces * tau, times, failures)


def _job(pieces: int, piece: Seconds, L_restart: Seconds, mtbf: Seconds, draw: np.random.Generator) -> tuple:
    """One job: the clock goes from the end of a piece to the next, or from a failure through a restart."""
    clock, done, failures = 0.0, 0, 0
    fails_at = draw.exponential(mtbf)
    while done < pieces:
        if clock + piece <= fails_at:
            clock, done = clock + piece, done + 1
        else:  # also where the failure comes before the restart is over: then the restart begins again
            clock, failures = fails_at + L_restart, failures + 1
            fails_at += draw.exponential(mtbf)
    return clock, failures
