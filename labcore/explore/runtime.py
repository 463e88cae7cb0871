"""Explorers of lab 16: plans under a load, and streams that overlap copies with kernels."""

from __future__ import annotations

from labcore.catalogue.links import LAUNCH
from labcore.explore import runtime_plan, runtime_streams
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def plan_explorer(**start: object) -> Explorer:
    """Prompts of many lengths under a plan: how many are answered by when.

    >>> plan_explorer().sentence.split(", ")[0]
    'eight buckets'
    """
    return Explorer(
        question="Which plan keeps p99 below one second up to which rate? When does the dynamic plan gain nothing?",
        shows="The share of 2000 requests that is answered by a latency, on a log axis, under a plan and each alone, "
        "with marks at 50 and at 99 per cent.",
        controls=[
            Choice("plan", "Plan", tuple(runtime_plan.PLANS), "eight buckets, doubling"),
            Choice("lengths", "Tokens", tuple(runtime_plan.LENGTHS), "64 to 8192"),
            Real("rate", "Requests a second", 0.1, 9.0, 1.2, step=0.1),
            Whole("burst", "Mean burst", 1, 16, 1),
            Whole("T_choose", "Dynamic: ms to choose", 0, 100, 0, step=5),
        ],
        build=runtime_plan.build,
        update=runtime_plan.update,
        describe=runtime_plan.describe,
        start=start,
    )


def streams_explorer(**start: object) -> Explorer:
    """Batches that are copied in, computed and copied out, in some streams: a Gantt chart.

    >>> streams_explorer().sentence.split("; ")[1]
    'accelerator busy 77.4%'
    """
    return Explorer(
        question="How many streams are enough? From which launch time on do kernels wait for the host?",
        shows="Four lanes for host, link in, accelerator and link out over time, with a bar for each launch, copy and "
        "kernel, and a dashed line where the run ends.",
        controls=[
            Choice("host", "Host", runtime_streams.HOSTS, "goes on"),
            Choice("streams", "Streams", ("1", "2", "3", "4"), "2"),
            Whole("batches", "Batches", 1, 8, 4),
            Whole("copy_in", "Copy in, us", 0, 60, 20),
            Whole("compute", "Kernel, us", 1, 60, 30),
            Whole("copy_out", "Copy out, us", 0, 60, 10),
            Whole("launch", "Launch, us", 0, 30, round(1e6 * LAUNCH.value)),
        ],
        build=runtime_streams.build,
        update=runtime_streams.update,
        describe=runtime_streams.describe,
        start=start,
    )


EXPLORERS = (plan_explorer, streams_explorer)
