"""Closed forms of waiting lines, to hold simulations against: Pollaczek-Khinchine, processor sharing, Little.

rho = rate * mean service time is the share of the time that the one server works; all of these need rho < 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labcore.units import Hertz, Ratio, Seconds, positive


def load(rate: Hertz, T: Seconds) -> Ratio:
    """The load rho = rate * T; raises ValueError from 1 on, where a queue grows without end.

    >>> load(rate=50.0, T=0.01)
    0.5
    """
    positive(rate=rate, T=T)
    if rate * T >= 1:
        raise ValueError(f"{rate:g} a second of {T:g} s: a load of {rate * T:.3g}; stay below {1 / T:.4g} a second")
    return rate * T


def wait_md1(rate: Hertz, T: Seconds) -> Seconds:
    """Mean wait before service with Poisson arrivals and a fixed service time: rho T / (2 (1 - rho)).

    >>> wait_md1(rate=0.5, T=1.0)
    0.5
    """
    rho = load(rate, T)
    return rho * T / (2 * (1 - rho))


def wait_mg1(rate: Hertz, times: Sequence[Seconds]) -> Seconds:
    """Mean wait with Poisson arrivals, service times drawn from `times` alike: rate E[T^2] / (2 (1 - rho)).

    The second moment counts: a few long requests make all others wait (Pollaczek 1930, Khinchine 1932).

    >>> wait_mg1(rate=0.5, times=[1.0]), wait_mg1(rate=0.5, times=[0.5, 1.5])
    (0.5, 0.625)
    """
    T = np.asarray(times, float)
    rho = load(rate, float(T.mean()))
    return rate * float((T**2).mean()) / (2 * (1 - rho))


def wait_md1_bursts(rate: Hertz, T: Seconds, sizes: Sequence[int]) -> Seconds:
    """Mean wait when requests come in bursts, Poisson in time, of sizes drawn from `sizes` alike; `rate` of requests.

    A burst is one job of B fixed services for the queue before it (wait_mg1), and a request also waits for those of its
    own burst ahead of it, (E[B^2] - E[B]) / (2 E[B]) on the mean, since a large burst holds more requests.

    >>> wait_md1_bursts(0.5, 1.0, [1]) == wait_md1(0.5, 1.0), wait_md1_bursts(0.5, 1.0, [2])
    (True, 1.5)
    """
    B = np.asarray(sizes, float)
    positive(sizes=B)
    own = T * float((B**2).mean() - B.mean()) / (2 * float(B.mean()))
    return wait_mg1(rate / float(B.mean()), list(B * T)) + own


def response_shared(rate: Hertz, T: Seconds, T_mean: Seconds | None = None) -> Seconds:
    """Mean time in the system of a request of length T when all share the server alike: T / (1 - rho).

    Time slices that shrink to nothing, without a cost of switching. It holds for any distribution of lengths with mean
    `T_mean`, which is T unless given (Kleinrock 1967).

    >>> response_shared(rate=0.5, T=1.0), response_shared(rate=0.5, T=0.1, T_mean=1.0)
    (2.0, 0.2)
    """
    return T / (1 - load(rate, T if T_mean is None else T_mean))


def waits_in_line(arrivals: Sequence[Seconds], times: Sequence[Seconds]) -> np.ndarray:
    """(n,) waits before service of n requests on one server, first come, first served, for any trace.

    Who comes next waits for what is left: max(0, wait + time - gap) of the request before (Lindley 1952). It is what
    `labcore.runtime.plans.serve` finds event by event where memory is no limit, without a simulator.

    >>> waits_in_line([0.0, 1.0, 5.0], [2.0, 2.0, 2.0]).tolist()
    [0.0, 1.0, 0.0]
    """
    at, T = np.asarray(arrivals, float), np.asarray(times, float)
    if at.shape != T.shape or np.any(np.diff(at) < 0):
        raise ValueError(f"wanted ascending arrivals, a time for each; got {at.size} and {T.size}; sort by arrival")
    behind = np.concatenate([[0.0], np.cumsum(T[:-1])]) - at  # work before each request, less the time that it had
    return behind - np.minimum.accumulate(behind)


def latencies_beside(
    arrivals: Sequence[Seconds], times: Sequence[Seconds], others: Sequence[Seconds], T_other: Seconds
) -> np.ndarray:
    """(n,) latencies of n requests in one line with a neighbour's jobs of T_other, first come, first served.

    >>> latencies_beside([0.0, 3.0], [2.0, 1.0], others=[1.0], T_other=5.0).tolist()
    [2.0, 5.0]
    """
    at = np.concatenate([np.asarray(arrivals, float), np.asarray(others, float)])
    T = np.concatenate([np.asarray(times, float), np.full(len(others), T_other)])
    order = np.argsort(at, kind="stable")
    waits = np.empty(len(at))
    waits[order] = waits_in_line(at[order], T[order])
    return (waits + T)[: len(arrivals)]


def in_system(rate: Hertz, T_response: Seconds) -> float:
    """Mean number of requests in a system, rate * mean time in it (Little 1961), whatever happens inside.

    >>> in_system(rate=20.0, T_response=0.3)
    6.0
    """
    positive(rate=rate, T_response=T_response)
    return rate * T_response


def littles_count(intervals: Sequence[tuple[Seconds, Seconds]]) -> float:
    """Mean number in a system from 0 to the last departure, counted at every arrival and departure of a trace.

    >>> littles_count([(0.0, 2.0), (1.0, 4.0)])  # one for 1 s, two for 1 s, one for 2 s
    1.25
    """
    changes = sorted(change for start, end in intervals for change in ((start, 1), (end, -1)))
    area = inside = before = 0.0
    for now, change in changes:
        area += inside * (now - before)
        inside, before = inside + change, now
    return area / before if before else 0.0
