"""The host-accelerator exchange in time: copy in, launch, compute, copy out, one after another and overlapped.

Each step needs one resource: the link towards the accelerator, the CPU, the accelerator, the link back. `run` lets
every resource do one task at a time, the first-issued of those that can begin, and returns when each began and ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from labcore.interconnect.link import Link, transfer_time
from labcore.units import Bytes, Seconds, positive_ints

STEPS = ("copy in", "launch", "compute", "copy out")  # the chapter's Figure 13, (1) to (4)
RESOURCES = {"copy in": "link in", "launch": "CPU", "compute": "accelerator", "copy out": "link out"}


@dataclass(frozen=True)
class Task:
    """One step of one chunk: the resource it needs, how long it takes, and the tasks that must have ended before."""

    step: str
    chunk: int
    resource: str
    T: Seconds
    after: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Interval:
    """When a step of a chunk occupied its resource."""

    step: str
    chunk: int
    resource: str
    start: Seconds
    end: Seconds


@dataclass(frozen=True)
class Exchange:
    """The times of the four steps for one chunk.

    >>> Exchange(copy_in=2.0, launch=0.0, compute=3.0, copy_out=1.0).total
    6.0
    """

    copy_in: Seconds
    launch: Seconds
    compute: Seconds
    copy_out: Seconds

    def __post_init__(self) -> None:
        for step, T in zip(STEPS, self.times, strict=True):
            if not 0 <= T < float("inf"):
                raise ValueError(f"{step} takes a time of 0 s or more, got {T!r}")

    @property
    def times(self) -> tuple[Seconds, Seconds, Seconds, Seconds]:
        """The four times in the order of the steps."""
        return self.copy_in, self.launch, self.compute, self.copy_out

    @property
    def total(self) -> Seconds:
        """One chunk from the first byte in to the last byte out, nothing overlapped."""
        return sum(self.times)

    @property
    def binds(self) -> str:
        """The step that takes longest, and so paces an overlapped schedule.

        >>> Exchange(copy_in=2.0, launch=0.0, compute=3.0, copy_out=1.0).binds
        'compute'
        """
        return max(zip(self.times, STEPS, strict=True), key=lambda pair: pair[0])[1]


def exchange(
    D_in: Bytes, D_out: Bytes, T_compute: Seconds, link: Link, L_launch: Seconds = 0.0, chunks: int = 1
) -> Exchange:
    """The steps of one of `chunks` equal parts: bytes and compute time are shared out, latencies are not.

    >>> exchange(D_in=8, D_out=4, T_compute=6.0, link=Link("x", 4.0, L_lat=1.0), chunks=2)
    Exchange(copy_in=2.0, launch=0.0, compute=3.0, copy_out=1.5)
    """
    positive_ints(chunks=chunks)
    sent, returned = (transfer_time(D / chunks, link.BW_one_way, link.L_lat) if D else 0.0 for D in (D_in, D_out))
    return Exchange(sent, L_launch, T_compute / chunks, returned)


def run(tasks: Iterable[Task]) -> list[Interval]:
    """Start and end of every task, in the order in which they begin.

    A task begins when its resource is free and what it waits for has ended; of several that could begin at the same
    time on one resource, the first in `tasks` does. Raises ValueError where tasks wait for each other.

    >>> [i.end for i in run([Task("a", 0, "x", 2.0), Task("b", 0, "y", 3.0, after=(("a", 0),))])]
    [2.0, 5.0]
    """
    waiting, ended, free, done = list(tasks), {}, {}, []
    while waiting:
        starts = [
            (max(free.get(task.resource, 0.0), *(ended[name] for name in task.after), 0.0), i)
            for i, task in enumerate(waiting)
            if all(name in ended for name in task.after)
        ]
        if not starts:
            raise ValueError(f"{len(waiting)} tasks wait for each other, among them {waiting[0].step!r}")
        start, i = min(starts)
        task = waiting.pop(i)
        free[task.resource] = ended[task.step, task.chunk] = end = start + task.T
        done.append(Interval(task.step, task.chunk, task.resource, start, end))
    return done


def sequential(one: Exchange, chunks: int = 1) -> list[Interval]:
    """Every step waits for the step before it, chunk after chunk.

    >>> [(i.step, i.start, i.end) for i in sequential(Exchange(2.0, 0.5, 3.0, 1.0))][2:]
    [('compute', 2.5, 5.5), ('copy out', 5.5, 6.5)]
    """
    positive_ints(chunks=chunks)
    order = [(step, T, k) for k in range(chunks) for step, T in zip(STEPS, one.times, strict=True)]
    before = [(), *(((step, k),) for step, _, k in order)]
    return run(Task(step, k, RESOURCES[step], T, after) for (step, T, k), after in zip(order, before, strict=False))


def pipelined(one: Exchange, chunks: int, engines: int = 2, buffers: int = 2) -> list[Interval]:
    """Chunks overlap: while one computes, the next comes in, the CPU launches ahead, and the one before goes out.

    A chunk may come in when one of the `buffers` for inputs is free, and compute when one of those for outputs is.
    With two copy engines the directions of the link are separate; one engine does both in turn.

    >>> makespan(pipelined(Exchange(2.0, 0.0, 3.0, 1.0), chunks=4))
    15.0
    """
    positive_ints(chunks=chunks, buffers=buffers)
    if engines not in (1, 2):
        raise ValueError(f"an accelerator has 1 or 2 copy engines here, got {engines!r}")
    resources = RESOURCES | ({"copy out": RESOURCES["copy in"]} if engines == 1 else {})
    tasks = []
    for k in range(chunks):
        freed = (("compute", k - buffers),) if k >= buffers else ()
        emptied = (("copy out", k - buffers),) if k >= buffers else ()
        after = {"copy in": freed, "launch": (), "copy out": (("compute", k),),
                 "compute": (("copy in", k), ("launch", k), *emptied)}  # fmt: skip
        tasks += [Task(s, k, resources[s], T, after[s]) for s, T in zip(STEPS, one.times, strict=True)]
    return run(tasks)


def sequential_time(one: Exchange, chunks: int = 1) -> Seconds:
    """Time of `sequential`: chunks times the sum of the four steps.

    >>> sequential_time(Exchange(2.0, 0.0, 3.0, 1.0), chunks=4)
    24.0
    """
    positive_ints(chunks=chunks)
    return chunks * one.total


def pipelined_time(one: Exchange, chunks: int, buffers: int = 2) -> Seconds:
    """Time of `pipelined` with two engines: fill, (chunks - 1) times the slowest step, drain.

    The first chunk pays every step in a row, but that copy in and launch run side by side; each further one adds the
    slowest step. With a single buffer a chunk cannot come in, nor leave, while the one before it computes: compute and
    the longer of the others then take turns.

    >>> pipelined_time(Exchange(2.0, 0.0, 3.0, 1.0), chunks=4), 2 + 3 + 1 + 3 * 3
    (15.0, 15)
    """
    positive_ints(chunks=chunks, buffers=buffers)
    begins = (one.copy_in, one.launch)
    if buffers > 1:
        return max(T + one.compute + one.copy_out + (chunks - 1) * max(T, one.compute, one.copy_out) for T in begins)
    turns = one.compute + max(one.copy_in, one.copy_out)
    alone = max(begins) + one.compute + one.copy_out + (chunks - 1) * turns
    return max(alone, chunks * one.launch + one.compute + one.copy_out)


def makespan(intervals: Sequence[Interval]) -> Seconds:
    """When the last interval ends.

    >>> makespan(sequential(Exchange(2.0, 0.5, 3.0, 1.0)))
    6.5
    """
    return max((one.end for one in intervals), default=0.0)


def busy(intervals: Iterable[Interval]) -> dict[str, Seconds]:
    """How long each resource works.

    >>> busy(sequential(Exchange(2.0, 0.5, 3.0, 1.0), chunks=2))["accelerator"]
    6.0
    """
    total: dict[str, Seconds] = {}
    for one in intervals:
        total[one.resource] = total.get(one.resource, 0.0) + one.end - one.start
    return total


def gaps(intervals: Iterable[Interval], resource: str) -> list[Seconds]:
    """How long a resource idles between one task and its next.

    >>> gaps(sequential(Exchange(2.0, 0.0, 3.0, 1.0), chunks=3), "accelerator")
    [3.0, 3.0]
    """
    its = sorted((one.start, one.end) for one in intervals if one.resource == resource)
    return [after[0] - before[1] for before, after in pairwise(its)]
