"""Deadlines on one processor: the worst response time by analysis, by simulation, and a table that time alone drives.

Times are whole ticks (say microseconds), so that analysis and simulation can be held against each other exactly. Tasks
are given in the order of their priority, highest first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labcore.units import Ratio, positive_ints

POLICIES = ("priority", "non-preemptive", "fifo", "edf")


@dataclass(frozen=True)
class Periodic:
    """A task that comes every `period` ticks from `offset` on, takes up to C, and is due `deadline` ticks later."""

    name: str
    C: int
    period: int
    deadline: int = 0
    offset: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "deadline", self.deadline or self.period)
        positive_ints(C=self.C, period=self.period, deadline=self.deadline)
        if not isinstance(self.offset, int) or self.offset < 0:
            raise ValueError(f"offset of {self.name} is a whole number of ticks from 0 on, got {self.offset!r}")


@dataclass(frozen=True)
class Run:
    """A stretch in which a job, the k-th of its task, has the processor."""

    name: str
    k: int
    start: int
    end: int


@dataclass(frozen=True)
class Timeline:
    """What ran when, the response times of the jobs that ended, jobs past their deadline, and scheduling events."""

    runs: tuple[Run, ...]
    responses: Mapping[str, tuple[int, ...]]
    missed: Mapping[str, int]
    events: int


def utilization(tasks: Sequence[Periodic]) -> Ratio:
    """The share of the processor that tasks ask for, sum of C / period; above 1 no schedule helps.

    >>> utilization([Periodic("camera", 2, 8), Periodic("radar", 2, 4)])
    0.75
    """
    return sum(one.C / one.period for one in tasks)


def utilization_bound(n: int) -> Ratio:
    """Up to n (2^(1/n) - 1) any n tasks keep their deadlines, shortest period first (Liu and Layland, JACM 1973).

    >>> round(utilization_bound(2), 3), round(utilization_bound(10**6), 3)
    (0.828, 0.693)
    """
    positive_ints(n=n)
    return n * (2 ** (1 / n) - 1)


def response_time(tasks: Sequence[Periodic], name: str, blocking: int = 0) -> int | None:
    """The worst time from coming to done under preemptive priorities, or None where it exceeds the deadline.

    The least R with R = blocking + C + sum over higher priorities of ceil(R / period) C (Joseph and Pandya, 1986).

    >>> tasks = [Periodic("a", 1, 4), Periodic("b", 2, 6), Periodic("c", 3, 12)]
    >>> [response_time(tasks, one.name) for one in tasks]  # c: 3, 6, 7, 9, 10, 10
    [1, 3, 10]
    """
    names = [one.name for one in tasks]
    if name not in names:
        raise ValueError(f"no task {name!r}; there are {', '.join(names)}")
    me, above = tasks[names.index(name)], tasks[: names.index(name)]
    R, before = me.C + blocking, 0
    while before != R <= me.deadline:
        before, R = R, blocking + me.C + sum(-(-R // one.period) * one.C for one in above)
    return R if me.deadline >= R else None


def simulate(tasks: Sequence[Periodic], policy: str, ticks: int) -> Timeline:
    """Run tasks for a number of ticks under fixed priorities, the same without preemption, in order of coming, or EDF.

    EDF takes the job that is due first. Jobs that are not done when time is up count as missed if they were due.

    >>> tasks = [Periodic("brake", 1, 4), Periodic("voice", 8, 12)]
    >>> simulate(tasks, "priority", 12).missed, simulate(tasks, "fifo", 12).missed
    ({'brake': 0, 'voice': 0}, {'brake': 1, 'voice': 0})
    """
    positive_ints(ticks=ticks)
    if policy not in POLICIES:
        raise ValueError(f"the policy is one of {', '.join(POLICIES)}; got {policy!r}")
    coming = sorted(
        (r, i, k) for i, one in enumerate(tasks) for k, r in enumerate(range(one.offset, ticks, one.period))
    )
    rank = {
        "edf": lambda job: (job[0] + tasks[job[1]].deadline, job[1]),
        "fifo": lambda job: job[:2],
    }.get(policy, lambda job: (job[1], job[0]))
    left = {job: tasks[job[1]].C for job in coming}
    ready, runs, ends, now, at, events = [], [], {}, 0, 0, 0
    while now < ticks and (ready or at < len(coming)):
        now = now if ready else max(now, coming[at][0])
        while at < len(coming) and coming[at][0] <= now:
            ready.append(coming[at])
            at += 1
        job = min(ready, key=rank)
        cut = coming[at][0] if policy in ("priority", "edf") and at < len(coming) else math.inf
        end = min(now + left[job], cut, ticks)
        runs.append(Run(tasks[job[1]].name, job[2], now, end))
        left[job] -= end - now
        now, events = end, events + 1
        if not left[job]:
            ends[job] = now
            ready.remove(job)
    return _timeline(tasks, coming, ends, runs, events, ticks)


def _timeline(
    tasks: Sequence[Periodic],
    coming: Sequence[tuple],
    ends: Mapping[tuple, int],
    runs: list[Run],
    events: int,
    ticks: int,
) -> Timeline:
    responses = {one.name: tuple(ends[job] - job[0] for job in coming if job[1] == i and job in ends)
                 for i, one in enumerate(tasks)}  # fmt: skip
    missed = {one.name: sum(ends.get(job, math.inf) > job[0] + one.deadline <= ticks for job in coming if job[1] == i)
              for i, one in enumerate(tasks)}  # fmt: skip
    return Timeline(tuple(_joined(runs)), responses, missed, events)


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Stretches of one job that follow each other without a gap, as one."""
    whole: list[Run] = []
    for one in runs:
        goes_on = whole and (whole[-1].name, whole[-1].k, whole[-1].end) == (one.name, one.k, one.start)
        whole.append(Run(one.name, one.k, whole.pop().start if goes_on else one.start, one.end))
    return whole


def hyperperiod(tasks: Sequence[Periodic]) -> int:
    """The ticks after which the pattern of coming repeats.

    >>> hyperperiod([Periodic("camera", 1, 6), Periodic("radar", 1, 4)])
    12
    """
    return math.lcm(*(one.period for one in tasks))


def time_table(tasks: Sequence[Periodic]) -> tuple[Run, ...]:
    """A table of one hyperperiod in which every job has its ticks before its deadline; ValueError if there is none.

    Built before the system runs, by EDF, which finds a table wherever one exists (Dertouzos, IFIP 1974). Offsets are
    taken as 0: what time drives, time can align.

    >>> [(one.name, one.start, one.end) for one in time_table([Periodic("camera", 3, 6), Periodic("radar", 1, 4)])]
    [('radar', 0, 1), ('camera', 1, 4), ('radar', 4, 5), ('camera', 6, 9), ('radar', 9, 10)]
    """
    aligned = [Periodic(one.name, one.C, one.period, one.deadline) for one in tasks]
    line = simulate(aligned, "edf", hyperperiod(tasks))
    late = [name for name, count in line.missed.items() if count]
    if late or utilization(tasks) > 1 + 1e-12:
        raise ValueError(
            f"no table keeps every deadline: the tasks ask for {utilization(tasks):.4g} of the processor "
            f"and {', '.join(late) or 'some'} would be late; give them longer periods or less work"
        )
    return line.runs


def beside_table(table: Sequence[Run], period: int, guest: Periodic, ticks: int) -> Timeline:
    """A guest that runs only where a table, repeated every `period` ticks, leaves the processor free.

    The table's own times do not depend on the guest: that is isolation in time. The guest's jobs run in turn.

    >>> table = time_table([Periodic("brake", 1, 4)])
    >>> beside_table(table, 4, Periodic("voice", 5, 12), 12).responses  # free from 1 to 4 and from 5 to 7
    {'voice': (7,)}
    """
    positive_ints(period=period, ticks=ticks)
    taken = [(n * period + one.start, n * period + one.end) for n in range(ticks // period + 1) for one in table]
    taken += [(ticks, ticks)]
    now, at, runs, ends = 0, 0, [], {}
    jobs = [(r, 0, k) for k, r in enumerate(range(guest.offset, ticks, guest.period))]
    for job in jobs:
        left, now = guest.C, max(now, job[0])
        while left and now < ticks:
            while taken[at][1] <= now:
                at += 1
            start, end = taken[at]
            if now >= start:
                now = end
                continue
            runs.append(Run(guest.name, job[2], now, min(now + left, start)))
            left -= runs[-1].end - now
            now = runs[-1].end
        if not left:
            ends[job] = now
    return _timeline([guest], jobs, ends, runs, len(runs), ticks)
