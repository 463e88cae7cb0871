"""The verdict: each constraint with what is needed, what there is, and the margin between them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from labcore.cost.owning import HOUR
from labcore.feasibility.assumptions import link_between
from labcore.feasibility.duration import Duration, duration
from labcore.feasibility.live import live_activations
from labcore.feasibility.prices import LIMITED, prices
from labcore.feasibility.question import Question
from labcore.feasibility.split import link_time, per_chip
from labcore.feasibility.workload import Workload
from labcore.models.pressure import Pressure
from labcore.units import Bytes, Ratio, Seconds

KV = {"kv_cache": "KV cache"}
ENERGY = "energy a query"
MONEY = {"price": "price", "rent": "rent an hour"}


@dataclass(frozen=True)
class Constraint:
    """One limit, what is needed of it, in `unit`, and what that need is made of most. None: no limit was set.

    >>> Constraint("memory", need=50, limit=100, unit="B").margin
    2.0
    """

    name: str
    need: float
    limit: float | None
    unit: str
    largest: str = ""

    @property
    def margin(self) -> Ratio:
        """Limit over need, 1 or more where it is met; infinite without a limit."""
        return math.inf if self.limit is None else self.limit / self.need

    @property
    def met(self) -> bool:
        """Whether the need is within the limit."""
        return self.limit is None or self.need <= self.limit


@dataclass(frozen=True)
class Verdict:
    """What a check found: memory of one chip, duration of each phase, and the constraints in a fixed order.

    `unknown` names operators of a file that could not be counted: with any, every need is too low. `left_out` names
    its constants that are no weights and are not held here.
    """

    question: Question
    batch: int  # all chips
    context: int | None
    memory: Pressure
    durations: Mapping[str, Duration]
    constraints: tuple[Constraint, ...]
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every constraint is met, as far as the operators are counted."""
        return all(one.met for one in self.constraints)

    @property
    def binding(self) -> Constraint:
        """The constraint with the least margin."""
        return min(self.constraints, key=lambda one: one.margin)


def check(question: Question) -> Verdict:
    """Hold a question against memory, latency, power, energy and money; ValueError where it makes no sense.

    >>> from labcore.catalogue import H100
    >>> verdict = check(Question("llama3-70b", H100, context=8192))
    >>> verdict.ok, verdict.binding.name, verdict.binding.largest
    (False, 'memory', 'weights')
    """
    part = per_chip(question)
    joined = link_between(question.chip, question.chips) if question.chips > 1 else None
    durations = {}
    for phase, network in part.phases.items():
        T_link = link_time(network, question.chips, joined) if part.kv_heads and joined else 0.0
        durations[phase] = duration(network.layers, question, T_link)
    memory = memory_of(part)
    batch = part.batch if part.kv_heads else part.batch * question.chips
    constraints = _constraints(question, memory, durations, batch)
    last = next(reversed(part.phases.values()))
    return Verdict(question, batch, part.context, memory, durations, constraints, last.unknown, last.left_out)


def memory_of(part: Workload) -> Pressure:
    """What one chip holds: weights, its part of the cache, and the activations of the phase that needs most.

    >>> from labcore.feasibility.workload import workload
    >>> memory_of(workload("llama3-8b", context=1)).kv_cache == 2 * 32 * 8 * 128 * 2
    True
    """
    phases = [
        Pressure(network.weight_bytes(part.b_weights), live_activations(network), kv_cache=part.kv_cache)
        for network in part.phases.values()
    ]
    return max(phases, key=lambda one: one.total)


def usable(question: Question) -> Bytes:
    """Bytes of one chip that a model may take, the reserve left out.

    >>> from labcore.catalogue import H100
    >>> usable(Question("resnet50", H100))
    72000000000.0
    """
    return (1 - question.assumptions.reserve) * question.chip.capacity.value


def _constraints(
    q: Question, memory: Pressure, durations: Mapping[str, Duration], batch: int
) -> tuple[Constraint, ...]:
    largest = memory.largest
    found = [Constraint("memory", memory.total, usable(q), "B", KV.get(largest, largest))]
    if "decode" in durations:
        first, step = durations["prefill"], durations["decode"]
        queue = f", last of {batch} prompts" if batch > 1 else ""
        found.append(Constraint("first token", batch * first.T, q.target_first, "s", first.binds + queue))
        found.append(Constraint("decode step", step.T, q.target, "s", step.binds))
        T_query = first.T + (q.answer - 1) * step.T / batch  # the prefill gives the first token
    elif q.target_first is not None:
        raise ValueError(f"{q.model} writes no tokens, so there is no first one; leave its limit out")
    else:
        found.append(Constraint("latency", durations["pass"].T, q.target, "s", durations["pass"].binds))
        T_query = durations["pass"].T / batch
    if q.chip.power is not None:
        power = q.chips * q.chip.power.value
        found.append(Constraint("power", power, q.max_power, "W"))
        found.append(Constraint(ENERGY, power * T_query, q.max_energy, "J"))
    return (*found, *_money(q, T_query, "decode" in durations))


def _money(q: Question, T_query: Seconds, tokens: bool) -> list[Constraint]:
    """What all chips cost to buy and for an hour, and what a million written tokens or queries cost at that rent."""
    known = {kind: q.chips * high.value for kind, (_, high) in prices(q.chip).items()}
    found = [Constraint(MONEY[kind], cost, getattr(q, LIMITED[kind]), "USD") for kind, cost in known.items()]
    if "rent" in known:
        each = known["rent"] / HOUR * T_query / (q.answer if tokens else 1)
        found.append(Constraint(f"a million {'tokens written' if tokens else 'queries'}", 1e6 * each, None, "USD"))
    return found
