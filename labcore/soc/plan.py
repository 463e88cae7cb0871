"""Who runs what: each stage priced on each unit, and a frame or a stream of an assignment simulated.

A unit does one stage at a time, in the order in which stages are given, by the event schedule of labcore.interconnect;
what one unit hands to another crosses the shared DRAM.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labcore.interconnect.schedule import Interval, Task, busy, makespan, run
from labcore.soc.unit import SoC, Stage, handoff_time, stage_energy, stage_time
from labcore.units import Hertz, Joules, Seconds, positive_ints


@dataclass(frozen=True)
class Plan:
    """An assignment of stages to units, with the time of one frame, its energy, and the period of a stream."""

    assignment: Mapping[str, str]
    latency: Seconds
    energy: Joules
    period: Seconds

    @property
    def rate(self) -> Hertz:
        """Frames a second that the busiest unit sustains."""
        return 1 / self.period


@dataclass(frozen=True)
class Costs:
    """Time and energy of each stage on each unit that can run it, and of each handing over."""

    stages: tuple[Stage, ...]
    T: Mapping[tuple[str, str], Seconds]
    E: Mapping[tuple[str, str], Joules]
    T_handoff: Mapping[str, Seconds]
    E_handoff: Mapping[str, Joules]

    def choices(self, stage: str) -> list[str]:
        """The units that can run a stage."""
        return [unit for name, unit in self.T if name == stage]


def cost_table(stages: Sequence[Stage], soc: SoC) -> Costs:
    """Price each stage on each unit; ValueError for a stage that no unit runs, and for an order that is none.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.unit import phone
    >>> cost_table(detection(), phone()).choices("NMS")
    ['GPU', 'CPU']
    """
    seen: set[str] = set()
    for stage in stages:
        if not set(stage.after) <= seen:
            raise ValueError(
                f"stage {stage.name} comes before {', '.join(set(stage.after) - seen)}, which it waits for"
            )
        if stage.name in seen:
            raise ValueError(f"two stages are called {stage.name}; give each a name of its own")
        seen.add(stage.name)
        if all(whys := [unit.lacks(stage) for unit in soc.units]):
            raise ValueError(f"no unit can run stage {stage.name}: {'; '.join(whys)}")
    able = [(stage, unit) for stage in stages for unit in soc.units if not unit.lacks(stage)]
    return Costs(
        tuple(stages),
        {(stage.name, unit.name): stage_time(stage, unit) for stage, unit in able},
        {(stage.name, unit.name): stage_energy(stage, unit, soc.E_byte) for stage, unit in able},
        {stage.name: handoff_time(soc, stage.D_out) for stage in stages},
        {stage.name: 2 * stage.D_out * soc.E_byte for stage in stages},
    )


def price(costs: Costs, assignment: Mapping[str, str]) -> Plan:
    """One frame of one assignment, simulated; ValueError where a unit cannot run its stage.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.unit import phone
    >>> split = {"backbone": "NPU", "neck": "NPU", "NMS": "CPU", "overlay": "GPU"}
    >>> round(1e3 * price(cost_table(detection(), phone()), split).latency, 2)  # ms
    2.51
    """
    done = frames(costs, assignment)
    stages = {stage.name: stage for stage in costs.stages}
    crossing = [
        before for stage in costs.stages for before in stage.after if assignment[before] != assignment[stage.name]
    ]
    E = sum(costs.E[name, assignment[name]] for name in stages) + sum(costs.E_handoff[name] for name in crossing)
    return Plan(dict(assignment), makespan(done), E, max(busy(done).values()))


def frames(costs: Costs, assignment: Mapping[str, str], count: int = 1) -> list[Interval]:
    """Start and end of every stage and handing over of `count` frames that come at once, `Interval.chunk` the frame.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.unit import phone
    >>> [i.step for i in frames(cost_table(detection()[:2], phone()), {"backbone": "NPU", "neck": "CPU"})]
    ['backbone', 'backbone to neck', 'neck']
    """
    positive_ints(count=count)
    tasks = []
    for k, stage in itertools.product(range(count), costs.stages):
        unit = assignment.get(stage.name)
        if (stage.name, unit) not in costs.T:
            raise ValueError(f"{unit} cannot run {stage.name}; {', '.join(costs.choices(stage.name))} can")
        waits = []
        for before in stage.after:
            if assignment[before] != unit:
                waits.append(f"{before} to {stage.name}")
                tasks.append(Task(waits[-1], k, "DRAM", costs.T_handoff[before], ((before, k),)))
            else:
                waits.append(before)
        tasks.append(Task(stage.name, k, unit, costs.T[stage.name, unit], tuple((step, k) for step in waits)))
    return run(tasks)


def one_unit(costs: Costs) -> dict[str, Plan]:
    """The plans that keep every stage on one unit, for the units that can run them all.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.unit import phone
    >>> list(one_unit(cost_table(detection(), phone())))
    ['GPU', 'CPU']
    """
    names = [stage.name for stage in costs.stages]
    able = [unit for unit in costs.choices(names[0]) if all((name, unit) in costs.T for name in names)]
    return {unit: price(costs, dict.fromkeys(names, unit)) for unit in able}


def stream_rate(costs: Costs, assignment: Mapping[str, str], count: int) -> Hertz:
    """Frames a second of a simulated stream, from the first frame that ends to the last; ValueError for one frame.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.unit import phone
    >>> costs = cost_table(detection(), phone())
    >>> split = {"backbone": "NPU", "neck": "NPU", "NMS": "CPU", "overlay": "GPU"}
    >>> round(stream_rate(costs, split, count=20) / price(costs, split).rate, 6)  # the busiest unit sets the rate
    1.0
    """
    if count < 2:
        raise ValueError(f"a rate needs at least 2 frames, got {count}")
    ends: dict[int, Seconds] = {}
    for one in frames(costs, assignment, count):
        ends[one.chunk] = max(ends.get(one.chunk, 0.0), one.end)
    return (count - 1) / (max(ends.values()) - min(ends.values()))
