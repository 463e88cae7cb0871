"""A training pipeline in time: stages that pass microbatches forward and their gradients back.

Two orders: "gpipe" sends all microbatches forward and then all back (Huang et al. 2019); "1f1b" takes one back as soon
as it can, and so holds the activations of fewer (Narayanan et al., PipeDream, SOSP 2019). Both idle for as long.
"""

from __future__ import annotations

from labcore.interconnect.schedule import Interval, Task, run
from labcore.units import Seconds, positive, positive_ints

ORDERS = ("gpipe", "1f1b")


def pipeline(
    stages: int, microbatches: int, T_forward: Seconds, T_backward: Seconds, order: str = "1f1b", T_send: Seconds = 0.0
) -> list[Interval]:
    """Every forward and backward step of every stage as an interval, `step` "forward s" or "backward s".

    Stages do their steps strictly in the order of the schedule. A result reaches the next stage T_send after its end,
    over a link of its own for each direction.

    >>> from labcore.interconnect.schedule import makespan
    >>> makespan(pipeline(stages=4, microbatches=9, T_forward=1.0, T_backward=2.0))  # (9 + 4 - 1) x (1 + 2)
    36.0
    """
    positive_ints(stages=stages, microbatches=microbatches)
    positive(T_forward=T_forward, T_backward=T_backward)
    if order not in ORDERS:
        raise ValueError(f"order is one of {', '.join(ORDERS)}; got {order!r}")
    took = {"forward": T_forward, "backward": T_backward}
    tasks, sends = [], []
    for s in range(stages):
        previous = ()
        for way, k in program(s, stages, microbatches, order):
            source = _source(way, s, stages)
            waits = ((f"{'send ' if T_send and source[0] == way else ''}{source[0]} {source[1]}", k),) if source else ()
            tasks.append(Task(f"{way} {s}", k, f"stage {s}", took[way], (*previous, *waits)))
            previous = ((f"{way} {s}", k),)
            if T_send and 0 <= s + (1 if way == "forward" else -1) < stages:
                sends.append(Task(f"send {way} {s}", k, f"link {way} {s}", T_send, previous))
    return run(tasks + sends)


def _source(way: str, s: int, stages: int) -> tuple[str, int] | None:
    """The step that a step waits for: that of the stage before, and at the last stage its own forward."""
    if way == "forward":
        return ("forward", s - 1) if s else None
    return ("backward", s + 1) if s < stages - 1 else ("forward", s)


def program(stage: int, stages: int, microbatches: int, order: str) -> list[tuple[str, int]]:
    """What one stage does, in order: ("forward", k) and ("backward", k) for each microbatch k.

    >>> [way[0] + str(k) for way, k in program(0, stages=2, microbatches=3, order="1f1b")]
    ['f0', 'f1', 'b0', 'f2', 'b1', 'b2']
    """
    ahead = microbatches if order == "gpipe" else min(microbatches, stages - stage)
    steps = [("forward", k) for k in range(ahead)]
    for k in range(microbatches):
        steps.append(("backward", k))
        if ahead + k < microbatches:
            steps.append(("forward", ahead + k))
    return steps


def held(intervals: list[Interval], stage: int) -> int:
    """Most microbatches whose activations a stage holds at once: forward begun, backward not ended.

    >>> plans = [pipeline(4, 9, 1.0, 2.0, order) for order in ("gpipe", "1f1b")]
    >>> [held(plan, stage=0) for plan in plans]
    [9, 4]
    """
    marks = [(one.start, 1) for one in intervals if one.step == f"forward {stage}"]
    marks += [(one.end, -1) for one in intervals if one.step == f"backward {stage}"]
    most = now = 0
    for _, change in sorted(marks):  # at the same time the one that ends comes first
        now += change
        most = max(most, now)
    return most


def pipeline_time(stages: int, microbatches: int, T_forward: Seconds, T_backward: Seconds) -> Seconds:
    """Time of `pipeline` in either order without sending: (microbatches + stages - 1) (T_forward + T_backward).

    >>> pipeline_time(stages=4, microbatches=9, T_forward=1.0, T_backward=2.0)
    36.0
    """
    positive_ints(stages=stages, microbatches=microbatches)
    return (microbatches + stages - 1) * (T_forward + T_backward)
