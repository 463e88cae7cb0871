"""Can you run it, as a table, as text around it, and as plain objects."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.table import Table

from labcore.feasibility.changes import BOUGHT
from labcore.feasibility.cures import Cure
from labcore.feasibility.prices import SAYS, prices
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import MONEY, Constraint, Verdict, usable
from labcore.report.assumptions import assumed, unpriced
from labcore.units import counted, format_si

SHOWN = 5  # cures in the report for people; JSON has all


def feasibility_table(verdict: Verdict) -> Table:
    """One constraint a row: need, limit, margin, and what the need is made of most."""
    table = Table(show_edge=False, header_style="bold")
    table.add_column("constraint", no_wrap=True)
    for name in ("needs", "limit", "margin"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("most of it")
    table.add_column("met")
    for one in verdict.constraints:
        limit = "none set" if one.limit is None else amount(one.limit, one.unit)
        margin = "-" if one.limit is None else times(one.margin)
        met = "-" if one.limit is None else "yes" if one.met else "NO"
        table.add_row(one.name, amount(one.need, one.unit), limit, margin, one.largest, met)
    for kind in unpriced(verdict):
        table.add_row(MONEY[kind], "not known", "none set", "-", "", "-")
    return table


def amount(value: float, unit: str) -> str:
    """A quantity for people; money in whole dollars from a thousand on, in cents below, in two digits below a cent.

    >>> amount(240_000, "USD"), amount(3.99, "USD"), amount(0.00123, "USD"), amount(72e9, "B")
    ('240,000 USD', '3.99 USD', '0.0012 USD', '72 GB')
    """
    if unit != "USD":
        return format_si(value, unit)
    return f"{value:,.0f} USD" if value >= 1000 else f"{value:.2f} USD" if value >= 0.01 else f"{value:.2g} USD"


def asked(verdict: Verdict) -> str:
    """The question in words: model, precision, batch, context, chips."""
    q = verdict.question
    context = f", context {verdict.context}" if verdict.context else ""
    weights = f" with {q.weights} weights" if q.weights else ""
    return f"{q.model} in {q.precision}{weights}, batch {verdict.batch}{context}, on {q.chips} x {q.chip.name}"


def times(margin: float) -> str:
    """A margin with three digits.

    >>> times(0.4978), times(1234.6)
    ('0.498x', '1,235x')
    """
    return f"{margin:,.0f}x" if margin >= 100 else f"{margin:.3g}x"


def feasibility_summary(
    verdict: Verdict, cures: Sequence[Cure], nearest: Verdict | None = None, brief: bool = False
) -> str:
    """The answer, what binds, memory by part, the cures or that there are none, and unless brief every assumption."""
    lines = [answer(verdict), held(verdict), spent(verdict)]
    if not verdict.constraints[0].met:
        lines.append("Times and energy are those of a chip like it that could hold all of this")
    if verdict.unknown:
        lines.append(f"NOT COUNTED, unknown operators: {', '.join(verdict.unknown)}; every need is too low by them")
    if verdict.left_out:
        lines.append(f"NOT COUNTED, constants that are no weights: {', '.join(verdict.left_out)}")
    if not verdict.ok:
        lines += _cured(verdict.question, cures, nearest)
    return "\n".join(lines if brief else [*lines, "", "Assumptions", *(f"- {line}" for line in assumed(verdict))])


def answer(verdict: Verdict) -> str:
    """Yes or no, and what binds with its margin; a yes says what it is a yes without."""
    limited = [one for one in verdict.constraints if one.limit is not None]
    missed = [one.name for one in limited if not one.met]
    binding = verdict.binding
    binds = "binds" if len(limited) > 1 or missed else "is the only limit"
    what = f"{binding.name} {binds}" + (f" ({binding.largest})" if binding.largest else "")
    room = f"{amount(binding.need, binding.unit)} needed, {amount(binding.limit, binding.unit)} allowed"
    also = "".join(f"; also missed: {name}" for name in missed if name != binding.name)
    n = len(verdict.unknown)
    but = f", but for {counted(n, 'operator')} that {'is' if n == 1 else 'are'} not counted" if n and not missed else ""
    return f"{'NO' if missed else 'YES'}{but}: {what}, margin {times(binding.margin)}: {room}{also}"


def held(verdict: Verdict) -> str:
    """The memory of one chip by what it holds."""
    parts = {name.replace("kv_cache", "KV cache"): D_vol for name, D_vol in verdict.memory.parts.items() if D_vol}
    q = verdict.question
    listed = ", ".join(f"{name} {format_si(D_vol, 'B')}" for name, D_vol in parts.items())
    return f"Each chip holds: {listed}; {format_si(usable(q), 'B')} of its {q.chip.capacity} may be used"


def spent(verdict: Verdict) -> str:
    """The time of a decode step, or of a pass, by what bounds its kernels."""
    phase = next(reversed(verdict.durations))
    parts = ", ".join(f"{name} {format_si(T, 's', 3)}" for name, T in verdict.durations[phase].parts.items() if T)
    return f"A {phase.replace('decode', 'decode step')} spends: {parts}"


def _cured(of: Question, cures: Sequence[Cure], nearest: Verdict | None) -> list[str]:
    if not cures:
        best = f"; nearest comes {asked(nearest)}: {answer(nearest)}" if nearest else ""
        if nearest and nearest.question == of:
            best = ", and none comes nearer than what was asked"
        return [f"Nothing would do: no single change and no pair of those that were tried{best}"]
    lines = [f"Cheapest change that would do: {cures[0].words} ({_then(cures[0])})"]
    others = [f"  or {cure.words} ({_then(cure)})" for cure in cures[1:SHOWN]]
    more = [f"  and {counted(len(cures) - SHOWN, 'more change')}; --json lists all"] if len(cures) > SHOWN else []
    return lines + others + more


def _then(cure: Cure) -> str:
    after = cure.verdict
    step = next(one for one in after.constraints if one.name in ("decode step", "latency"))
    energy = "" if math.isinf(cure.energy) else f", {format_si(cure.energy, 'J', 3)} a query"
    buys = not BOUGHT.isdisjoint(cure.changed) and not math.isinf(cure.price)
    price = ""
    if buys:  # a price may be years older than the next
        year = prices(after.question.chip)[cure.paid][1].source.year
        price = f", {amount(cure.price, 'USD')} {SAYS[cure.paid]} in {year}"
    return f"margin {times(after.binding.margin)}, {step.name} {format_si(step.need, 's', 3)}{energy}{price}"


def feasibility_object(verdict: Verdict, cures: Sequence[Cure], nearest: Verdict | None = None) -> dict[str, object]:
    """What `labcore can-i-run --json` prints, in SI base units; where no limit is set, margin and met are null.

    "ok" is null where all is met as far as the operators are counted, and "unknown" names others.
    """
    return {
        **_found(verdict),
        "cures": [{"change": cure.words, "changed": list(cure.changed), **_found(cure.verdict)} for cure in cures],
        "nearest": None if cures or nearest is None else _found(nearest),
        "assumptions": assumed(verdict),
    }


def _found(verdict: Verdict) -> dict[str, object]:
    q = verdict.question
    return {
        "ok": None if verdict.ok and verdict.unknown else verdict.ok,
        "model": q.model, "chip": q.chip.name, "chips": q.chips, "precision": q.precision,
        "weights": q.weights or q.precision,
        "batch": verdict.batch, "context": verdict.context,
        "binding": verdict.binding.name,
        "margin": verdict.binding.margin,
        "constraints": [_row(one) for one in verdict.constraints],
        "memory": verdict.memory.parts,
        "durations": {phase: {"T": one.T, **one.parts} for phase, one in verdict.durations.items()},
        "unknown": list(verdict.unknown),
        "left_out": list(verdict.left_out),
        "unpriced": unpriced(verdict),
    }  # fmt: skip


def _row(one: Constraint) -> dict[str, object]:
    margin = None if one.limit is None else one.margin
    met = None if one.limit is None else one.met
    row = {"name": one.name, "need": one.need, "limit": one.limit, "unit": one.unit}
    return {**row, "margin": margin, "met": met, "most": one.largest}
