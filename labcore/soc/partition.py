"""Which unit should run which stage: the best assignment, found without pricing them all.

All assignments are U^n of n stages on U units. A partial one is given up as soon as a lower bound of all that it may
become is no better than the best that is known: the search stays exact, and sees a part of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from labcore.soc.plan import Costs, Plan, price
from labcore.units import Joules, Seconds

GOALS = ("latency", "energy", "period")


@dataclass(frozen=True)
class Search:
    """The best plan, the assignments there are, and the partial ones that the search looked at."""

    best: Plan
    plans: int
    visited: int


def all_plans(costs: Costs) -> Iterator[Plan]:
    """Every assignment, priced: the search to read, and the check of the search to run.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.plan import cost_table
    >>> from labcore.soc.unit import phone
    >>> sum(1 for _ in all_plans(cost_table(detection(), phone()))), 4 * 4 * 2 * 2
    (64, 64)
    """
    names = [stage.name for stage in costs.stages]
    for units in itertools.product(*(costs.choices(name) for name in names)):
        yield price(costs, dict(zip(names, units, strict=True)))


def best_plan(costs: Costs, goal: str = "latency", deadline: Seconds = math.inf, period: Seconds = math.inf) -> Search:
    """The least latency, energy or period among plans within a deadline and a period, by branch and bound: exact.

    A partial assignment is dropped where even its lower bound is no better than the best plan so far, or misses a
    limit. ValueError where no plan holds the limits, with the least that would.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.plan import cost_table
    >>> from labcore.soc.unit import phone
    >>> found = best_plan(cost_table(detection(), phone()), "energy", deadline=1 / 30)
    >>> found.best.assignment
    {'backbone': 'NPU', 'neck': 'DSP', 'NMS': 'CPU', 'overlay': 'GPU'}
    """
    if goal not in GOALS:
        raise ValueError(f"the goal is one of {', '.join(GOALS)}; got {goal!r}")
    best, visited = None, 0
    names = [stage.name for stage in costs.stages]
    todo: list[dict[str, str]] = [{}]
    while todo:
        some = todo.pop()
        visited += 1
        least = bound(costs, some) if len(some) < len(names) else price(costs, some)
        if least.latency > deadline or least.period > period:
            continue
        if best is not None and getattr(least, goal) >= getattr(best, goal):
            continue
        if len(some) == len(names):
            best = least
            continue
        name = names[len(some)]
        dear = costs.E if goal == "energy" else costs.T
        todo += [some | {name: unit} for unit in sorted(costs.choices(name), key=lambda u: -dear[name, u])]
    if best is None:
        raise _impossible(costs, deadline, period)
    return Search(best, math.prod(len(costs.choices(name)) for name in names), visited)


def bound(costs: Costs, some: Mapping[str, str]) -> Plan:
    """Latency, energy and period that no completion of a partial assignment goes below.

    Stages still open take their best unit and hand over for nothing. Latency is the longest path and the busiest unit.

    >>> from labcore.soc.pipeline import detection
    >>> from labcore.soc.plan import cost_table
    >>> from labcore.soc.unit import phone
    >>> costs = cost_table(detection(), phone())
    >>> bound(costs, {}).latency <= best_plan(costs, "latency").best.latency
    True
    """
    end: dict[str, Seconds] = {}
    load: dict[str, Seconds] = {}
    E: Joules = 0.0
    for stage in costs.stages:
        units = [some[stage.name]] if stage.name in some else costs.choices(stage.name)
        T = min(costs.T[stage.name, unit] for unit in units)
        E += min(costs.E[stage.name, unit] for unit in units)
        ready = 0.0
        for before in stage.after:
            moved = stage.name in some and some[before] != some[stage.name]
            ready = max(ready, end[before] + moved * costs.T_handoff[before])
            E += moved * costs.E_handoff[before]
            load["DRAM"] = load.get("DRAM", 0.0) + moved * costs.T_handoff[before]
        end[stage.name] = ready + T
        if stage.name in some:
            load[units[0]] = load.get(units[0], 0.0) + T
    period = max(load.values(), default=0.0)
    return Plan(dict(some), max(period, *end.values()), E, period)


def _impossible(costs: Costs, deadline: Seconds, period: Seconds) -> ValueError:
    fastest, steadiest = (best_plan(costs, goal).best for goal in ("latency", "period"))
    limits = [f"ends a frame in {deadline:.4g} s (the fastest takes {fastest.latency:.4g} s)"] * (deadline < math.inf)
    limits += [f"takes one every {period:.4g} s (the steadiest, {steadiest.period:.4g} s)"] * (period < math.inf)
    return ValueError(f"no plan {' and '.join(limits)}; allow more time, a smaller network, or a faster unit")
