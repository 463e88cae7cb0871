"""Tenants of one accelerator: in turn, by time slices, or each with a part of its own.

In turn, a request runs to its end, and whoever comes meanwhile waits for it. Slices go round the tenants that have
work, a quantum each, and cost a switch when the tenant changes. A partition gives each tenant a share of the engine for
good: its requests take longer, and no neighbour is felt.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from labcore.runtime.engine import run
from labcore.runtime.timeline import Event, Timeline, in_order
from labcore.units import Ratio, Seconds, positive

if TYPE_CHECKING:
    import simpy

ENGINE = "engine"


@dataclass(frozen=True)
class Tenant:
    """Who sends requests of T each, alone on the engine, at some times of arrival."""

    name: str
    arrivals: Sequence[Seconds]
    T: Seconds

    def __post_init__(self) -> None:
        positive(T=self.T)
        if list(self.arrivals) != sorted(self.arrivals) or not len(self.arrivals) or self.arrivals[0] < 0:
            raise ValueError(f"arrivals of {self.name} are ascending times from 0 on, at least one")


@dataclass(frozen=True)
class Shared:
    """Latency of every request by tenant, in the order of arrival, and what the engine did when."""

    latencies: Mapping[str, np.ndarray]
    timeline: Timeline

    def percentile(self, tenant: str, q: float) -> Seconds:
        """The latency that q per cent of a tenant's requests do not exceed."""
        if tenant not in self.latencies:
            raise ValueError(f"no tenant {tenant!r}; there are {', '.join(self.latencies)}")
        return float(np.percentile(self.latencies[tenant], q, method="inverted_cdf"))


def in_turn(tenants: Sequence[Tenant]) -> Shared:
    """One queue for all: first come, first served, to the end.

    >>> shared = in_turn([Tenant("long", [0.0], 10.0), Tenant("short", [1.0], 1.0)])
    >>> shared.latencies["short"].tolist()
    [10.0]
    """
    return _simulate(tenants, _InTurn())


def sliced(tenants: Sequence[Tenant], quantum: Seconds, T_switch: Seconds = 0.0) -> Shared:
    """Tenants with work in a ring, each for up to a quantum; a tenant's own requests run in order.

    >>> shared = sliced([Tenant("long", [0.0], 10.0), Tenant("short", [1.0], 1.0)], quantum=1.0)
    >>> shared.latencies["short"].tolist(), shared.latencies["long"].tolist()
    ([1.0], [11.0])
    """
    positive(quantum=quantum)
    if not 0 <= T_switch < float("inf"):
        raise ValueError(f"T_switch is a time of 0 s or more, got {T_switch!r}")
    return _simulate(tenants, _Ring(quantum, T_switch))


def partitioned(tenants: Sequence[Tenant], shares: Mapping[str, Ratio]) -> Shared:
    """Each tenant on its own share of the engine, where a request takes T / share; shares add up to at most 1.

    >>> tenants = [Tenant("long", [0.0], 10.0), Tenant("short", [1.0], 1.0)]
    >>> partitioned(tenants, {"long": 0.5, "short": 0.5}).latencies["short"].tolist()
    [2.0]
    """
    positive(**{f"share of {name}": share for name, share in shares.items()})
    if {one.name for one in tenants} != set(shares) or sum(shares.values()) > 1 + 1e-9:
        raise ValueError(f"one share for each of {', '.join(one.name for one in tenants)}, at most 1 together; "
                         f"got {dict(shares)}")  # fmt: skip
    parts = [in_turn([Tenant(one.name, one.arrivals, one.T / shares[one.name])]) for one in tenants]
    events = [replace(one, engine=f"{ENGINE} of {one.stream}") for part in parts for one in part.timeline.events]
    latencies = {name: waits for part in parts for name, waits in part.latencies.items()}
    return Shared(latencies, in_order(events, sum(part.timeline.steps for part in parts)))


@dataclass
class _Job:
    tenant: str
    number: int
    left: Seconds


class _InTurn:
    """The jobs of all in one line; `next` says which runs, for how long, and after what pause."""

    def __init__(self) -> None:
        self.line: deque[_Job] = deque()

    def add(self, job: _Job) -> None:
        self.line.append(job)

    def next(self) -> tuple[_Job, Seconds, Seconds]:
        job = self.line.popleft()
        return job, job.left, 0.0

    def back(self, job: _Job) -> None:
        """A job that has run: nothing of it is left here."""

    @property
    def empty(self) -> bool:
        return not self.line


class _Ring:
    """Tenants with jobs in a ring, and the one that ran last."""

    def __init__(self, quantum: Seconds, T_switch: Seconds) -> None:
        self.quantum, self.T_switch = quantum, T_switch
        self.jobs: dict[str, deque[_Job]] = {}
        self.ring: deque[str] = deque()
        self.last: str | None = None

    def add(self, job: _Job) -> None:
        jobs = self.jobs.setdefault(job.tenant, deque())
        jobs.append(job)
        if len(jobs) == 1:
            self.ring.append(job.tenant)

    def next(self) -> tuple[_Job, Seconds, Seconds]:
        tenant = self.ring.popleft()
        pause = self.T_switch if self.last not in (None, tenant) else 0.0
        self.last = tenant
        job = self.jobs[tenant][0]
        return job, min(self.quantum, job.left), pause

    def back(self, job: _Job) -> None:
        if not job.left:
            self.jobs[job.tenant].popleft()
        if self.jobs[job.tenant]:
            self.ring.append(job.tenant)

    @property
    def empty(self) -> bool:
        return not self.ring


def _simulate(tenants: Sequence[Tenant], discipline: _InTurn | _Ring) -> Shared:
    import simpy

    if len({one.name for one in tenants}) < max(1, len(tenants)):
        raise ValueError("at least one tenant, each with a name of its own; got " + ", ".join(t.name for t in tenants))
    env = simpy.Environment()
    bench = _Bench(env, discipline)
    for tenant in tenants:
        env.process(bench.arrive(tenant))
    env.process(bench.work())
    steps = run(env)
    ends = {one.name: [bench.ended[one.name, k] for k in range(len(one.arrivals))] for one in tenants}
    latencies = {one.name: np.subtract(ends[one.name], one.arrivals) for one in tenants}
    return Shared(latencies, in_order(bench.events, steps))


class _Bench:
    """One engine, a discipline that says who is next, and what has ended when."""

    def __init__(self, env: simpy.Environment, discipline: _InTurn | _Ring) -> None:
        self.env, self.queue, self.wake = env, discipline, env.event()
        self.events: list[Event] = []
        self.ended: dict[tuple[str, int], Seconds] = {}

    def arrive(self, tenant: Tenant) -> Generator:
        for k, at in enumerate(tenant.arrivals):
            if at > self.env.now:
                yield self.env.timeout(at - self.env.now)
            self.queue.add(_Job(tenant.name, k, tenant.T))
            if not self.wake.triggered:
                self.wake.succeed()

    def work(self) -> Generator:
        while True:
            if self.queue.empty:
                self.wake = self.env.event()
                yield self.wake
            job, T, pause = self.queue.next()
            if pause:
                yield self.env.timeout(pause)
            start = self.env.now
            yield self.env.timeout(T)
            self.events.append(Event(start, self.env.now, ENGINE, f"{job.tenant} {job.number}", job.tenant))
            job.left -= T
            if not job.left:
                self.ended[job.tenant, job.number] = self.env.now
            self.queue.back(job)
