"""A plan made before anyone asks, against one made at run time: the same requests through both, in simulated time.

A request waits for memory, then for the link in, the engine, the link out, each in order of arrival. A static plan pads
every request to the longest and reserves its memory; buckets pad less; a dynamic plan runs each at its own length, with
memory as it needs it, which costs a choice at run time and may fragment.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labcore.runtime.churn import Allocator
from labcore.runtime.engine import Engine, run
from labcore.runtime.memory import Pool
from labcore.runtime.queueing import littles_count
from labcore.runtime.requests import Request, bucket_of
from labcore.runtime.streams import COMPUTE, COPY_IN, COPY_OUT
from labcore.runtime.timeline import Event, Timeline, in_order, most_at_once
from labcore.runtime.work import Costs, Work
from labcore.units import Bytes, Ratio, Seconds, positive_ints

if TYPE_CHECKING:
    import simpy

MEMORY = "memory"


@dataclass(frozen=True)
class Plan:
    """How requests are run: padded to `buckets`, in work and in memory, or as they are."""

    name: str
    buckets: tuple[int, ...] | None = None
    T_choose: Seconds = 0.0  # on the engine's critical path, for every request

    def padded(self, tokens: int) -> int:
        """The length that the device sees; raises ValueError for a request longer than the plan was made for."""
        return tokens if self.buckets is None else bucket_of(tokens, self.buckets)


def static(longest: int) -> Plan:
    """A plan of one shape for all: padded to the longest, memory reserved for it.

    >>> static(8192).padded(64)
    8192
    """
    return Plan("static", (longest,))


def bucketed(buckets: Sequence[int]) -> Plan:
    """The plan with a shape compiled for each bucket, memory as that bucket needs it.

    >>> bucketed([128, 1024]).padded(129)
    1024
    """
    return Plan("buckets", tuple(buckets))


def dynamic(T_choose: Seconds = 0.0) -> Plan:
    """A plan made as requests come: kernels by the actual length, memory on demand.

    >>> dynamic().padded(129)
    129
    """
    return Plan("dynamic", T_choose=T_choose)


@dataclass(frozen=True)
class Served:
    """What came of a trace under a plan.

    `latencies` are from arrival to result, in the order of arrival; `T_useful` is the engine's work without padding.
    `blocked` counts requests that waited for memory, `fragmented` those that were first in line while as many bytes
    were free, only not in one piece.
    """

    plan: Plan
    latencies: np.ndarray
    arrivals: np.ndarray
    timeline: Timeline
    T_useful: Seconds
    blocked: int
    fragmented: int

    def percentile(self, q: float) -> Seconds:
        """The latency that q per cent of the requests do not exceed: the 50th, the 99th."""
        return float(np.percentile(self.latencies, q, method="inverted_cdf"))

    @property
    def utilization(self) -> Ratio:
        """The share of the run in which the engine works, on padding too."""
        return self.timeline.utilization(COMPUTE)

    @property
    def useful(self) -> Ratio:
        """The share of the engine's working time that padding did not take."""
        return self.T_useful / self.timeline.busy(COMPUTE)

    @property
    def most_held(self) -> Bytes:
        """The most memory that requests held at one time."""
        return most_at_once((one.start, one.end, one.units) for one in self.timeline.on(MEMORY))

    @property
    def in_system(self) -> float:
        """Mean number of requests in the system, counted event by event until the last result."""
        return littles_count(
            [(float(t), float(t + wait)) for t, wait in zip(self.arrivals, self.latencies, strict=True)]
        )


def serve(
    requests: Sequence[Request], costs: Costs, plan: Plan, capacity: int = 2**62, pool: Allocator | None = None
) -> Served:
    """Run a trace through one device with `capacity` bytes for requests (or a `pool` of another kind).

    Raises ValueError where a single request needs more memory than there is, or more tokens than the plan has.

    >>> from labcore.runtime.work import fixed
    >>> served = serve([Request(0.0, 64), Request(0.5, 64)], fixed(1.0), dynamic())
    >>> served.latencies.tolist(), served.utilization, served.in_system
    ([1.0, 1.5], 1.0, 1.25)
    """
    import simpy

    positive_ints(capacity=capacity)
    requests = sorted(requests, key=lambda one: one.arrival)
    server = _Server(simpy.Environment(), costs, plan, pool or Pool(capacity))
    server.check(requests)
    server.env.process(server.arrive(requests))
    timeline = in_order(server.events, run(server.env))
    arrivals = np.array([one.arrival for one in requests])
    useful = sum(costs(one.tokens).T for one in requests)
    done = np.array([server.done[k] for k in range(len(requests))])
    return Served(plan, done - arrivals, arrivals, timeline, useful, server.blocked, len(server.stuck))


class _Server:
    """One device in simulated time: three engines and a pool of memory, each with its queue."""

    def __init__(self, env: simpy.Environment, costs: Costs, plan: Plan, pool: Allocator) -> None:
        self.env, self.costs, self.plan, self.pool = env, costs, plan, pool
        self.engines = {name: Engine(env) for name in (COPY_IN, COMPUTE, COPY_OUT)}
        self.waiting: deque[tuple[int, simpy.Event]] = deque()  # for memory
        self.events: list[Event] = []
        self.done: dict[int, Seconds] = {}
        self.blocked = 0
        self.stuck: set[simpy.Event] = set()  # first in line, with enough memory free, only not in one piece

    def check(self, requests: Sequence[Request]) -> None:
        if not requests:
            raise ValueError("a trace has at least one request; got none")
        need, tokens = max((self.costs(self.plan.padded(n)).held, n) for n in {one.tokens for one in requests})
        if not (block := self.pool.take(need)):
            raise ValueError(f"a request of {tokens} tokens holds {need} B under the {self.plan.name} plan, and there "
                             f"are {self.pool.largest_free} B; take more memory or shorter requests")  # fmt: skip
        self.pool.give_back(block)

    def arrive(self, requests: Sequence[Request]) -> Generator:
        for k, one in enumerate(requests):
            if one.arrival > self.env.now:
                yield self.env.timeout(one.arrival - self.env.now)
            self.env.process(self.request(k, self.costs(self.plan.padded(one.tokens))))

    def request(self, k: int, work: Work) -> Generator:
        block = yield self.take(work.held)
        start = self.env.now
        yield from self.use(COPY_IN, work.T_in, k)
        yield from self.use(COMPUTE, work.T + self.plan.T_choose, k)
        yield from self.use(COPY_OUT, work.T_out, k)
        self.done[k] = self.env.now
        if work.T_hold:
            yield self.env.timeout(work.T_hold)
        self.events.append(Event(start, self.env.now, MEMORY, str(k), units=work.held))
        self.pool.give_back(block)
        self.grant()

    def use(self, engine: str, T: Seconds, k: int) -> Generator:
        if T:
            yield self.engines[engine].take()
            start = self.env.now
            yield self.env.timeout(T)
            self.engines[engine].give_back()
            self.events.append(Event(start, self.env.now, engine, str(k)))

    def take(self, size: int) -> simpy.Event:
        granted = self.env.event()
        self.waiting.append((size, granted))
        self.grant()
        if not granted.triggered:
            self.blocked += 1
        return granted

    def grant(self) -> None:
        while self.waiting and (block := self.pool.take(self.waiting[0][0])):
            self.waiting.popleft()[1].succeed(block)
        if self.waiting and self.pool.free >= self.waiting[0][0]:
            self.stuck.add(self.waiting[0][1])
