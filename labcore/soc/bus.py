"""Several masters on one DRAM bus: what share each gets, and what a deadline needs so that it is kept.

Traffic comes in jobs, a job moves in bursts, and an arbiter says whose burst is next. Best effort (round robin) lets
each new master slow all others; priority, a budget for the others, or slots of one's own bound what they can do.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from labcore.units import Bytes, BytesPerSecond, Seconds, positive

POLICIES = ("round robin", "priority", "slots")


@dataclass(frozen=True)
class Master:
    """A job of D_vol bytes every `period`, due `deadline` after it comes.

    `weight` bursts in a row are its turn of a round robin. With a `budget` it moves at most that many bytes of each
    window of the bus. The order in which masters are given is their priority.
    """

    name: str
    D_vol: Bytes
    period: Seconds
    deadline: Seconds = math.inf
    offset: Seconds = 0.0
    weight: int = 1
    budget: Bytes = math.inf

    @property
    def demand(self) -> BytesPerSecond:
        """Bytes a second that it asks for."""
        return self.D_vol / self.period


@dataclass(frozen=True)
class Bus:
    """Bandwidth, bytes of a burst, arbiter; for slots the names of a round, for budgets the window they count in."""

    BW: BytesPerSecond
    burst: Bytes
    policy: str = "round robin"
    slots: tuple[str, ...] = ()
    window: Seconds = 1e-3


@dataclass
class Record:
    """What a simulation saw: response time of each job that ended, jobs past their deadline, bytes moved, bursts."""

    latencies: dict[str, list[Seconds]]
    missed: dict[str, int]
    moved: dict[str, Bytes]
    events: int = 0

    def worst(self, name: str) -> Seconds:
        """The longest response time of a master's jobs; ValueError where none ended."""
        if not self.latencies[name]:
            raise ValueError(f"no job of {name} ended; simulate longer, or give it more of the bus")
        return max(self.latencies[name])


@dataclass
class _Queue:
    """A master while the bus runs: jobs that came and are not done, each [release, bytes left]."""

    master: Master
    count: int = 0
    jobs: deque = field(default_factory=deque)
    spent: Bytes = 0.0
    window: int = 0

    def release_until(self, now: Seconds) -> None:
        while self.next_release <= now:
            self.jobs.append([self.next_release, self.master.D_vol])
            self.count += 1

    @property
    def next_release(self) -> Seconds:
        return self.master.offset + self.count * self.master.period

    def ready(self, now: Seconds, bus: Bus) -> bool:
        """Whether it has a burst to send that its budget allows."""
        if math.floor(now / bus.window * (1 + 1e-12)) > self.window:
            self.window, self.spent = math.floor(now / bus.window * (1 + 1e-12)), 0.0
        return bool(self.jobs) and self.spent < self.master.budget


def simulate(masters: Sequence[Master], bus: Bus, duration: Seconds) -> Record:
    """Burst by burst, who moves what when; bursts are not interrupted, and slots of one who has nothing stay empty.

    Jobs that are late when time is up count as missed, and no job is dropped.

    >>> two = [Master("NPU", 4096, period=1.0), Master("GPU", 4096, period=1.0)]
    >>> record = simulate(two, Bus(BW=8192.0, burst=1024), duration=1.0)
    >>> record.latencies, record.events  # they take turns: the first ends with burst 7, the second with burst 8
    ({'NPU': [0.875], 'GPU': [1.0]}, 8)
    """
    _check(masters, bus, duration)
    queues = {one.name: _Queue(one) for one in masters}
    record = Record(*({name: zero() for name in queues} for zero in (list, int, float)))
    turn, now = _turns(queues, bus), 0.0
    while now < duration * (1 - 1e-12):
        for queue in queues.values():
            queue.release_until(now * (1 + 1e-12))
        queue = queues.get(turn(now))
        if queue is None:
            now = _next(queues, bus, now)
            continue
        now += _move(queue, bus, now, record)
    for name, queue in queues.items():
        record.missed[name] += sum(now - release > queue.master.deadline for release, _ in queue.jobs)
    return record


def _move(queue: _Queue, bus: Bus, now: Seconds, record: Record) -> Seconds:
    """One burst of the first job; returns how long the bus was taken."""
    job, name = queue.jobs[0], queue.master.name
    D = min(bus.burst, job[1])
    job[1] -= D
    queue.spent += D
    record.moved[name] += D
    record.events += 1
    if job[1] <= 0:
        queue.jobs.popleft()
        record.latencies[name].append(now + D / bus.BW - job[0])
        record.missed[name] += record.latencies[name][-1] > queue.master.deadline * (1 + 1e-9)
    return (bus.burst if bus.policy == "slots" else D) / bus.BW


def _turns(queues: Mapping[str, _Queue], bus: Bus) -> Callable[[Seconds], str | None]:
    """The arbiter: a function of time that names the next master, or None where the bus idles."""
    names = list(queues)
    if bus.policy == "priority":
        return lambda now: next((name for name in names if queues[name].ready(now, bus)), None)
    if bus.policy == "slots":

        def owner(now: Seconds) -> str | None:
            name = bus.slots[round(now * bus.BW / bus.burst) % len(bus.slots)]
            return name if queues[name].ready(now, bus) else None

        return owner
    ring = deque(name for name in names for _ in range(queues[name].master.weight))

    def next_in_ring(now: Seconds) -> str | None:
        for _ in range(len(ring)):
            ring.rotate(-1)
            if queues[ring[-1]].ready(now, bus):
                return ring[-1]
        return None

    return next_in_ring


def _next(queues: Mapping[str, _Queue], bus: Bus, now: Seconds) -> Seconds:
    """When a bus that idles looks again: at the next slot, or at the next release or window."""
    if bus.policy == "slots":
        return (round(now * bus.BW / bus.burst) + 1) * bus.burst / bus.BW
    times = [queue.next_release for queue in queues.values()]
    if any(queue.jobs for queue in queues.values()):
        times.append((math.floor(now / bus.window * (1 + 1e-12)) + 1) * bus.window)
    return min(times)


def _check(masters: Sequence[Master], bus: Bus, duration: Seconds) -> None:
    positive(BW=bus.BW, burst=bus.burst, window=bus.window, duration=duration)
    for one in masters:
        positive(D_vol=one.D_vol, period=one.period)
    if bus.policy not in POLICIES:
        raise ValueError(f"the bus is shared by {', '.join(POLICIES)}; got {bus.policy!r}")
    names = {one.name for one in masters}
    if bus.policy == "slots" and (not bus.slots or set(bus.slots) - names):
        raise ValueError(f"slots belong to masters ({', '.join(sorted(names))}); got {bus.slots!r}")
