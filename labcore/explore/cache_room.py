"""Batch and context in the memory of one chip: the pure functions of the cache explorer."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.explore.can_run import SHOWN, precision
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check, memory_of, usable
from labcore.feasibility.workload import workload
from labcore.models.language import DECODERS
from labcore.models.pressure import Pressure
from labcore.plots.style import BLUE, GREEN, VERMILLION, log_axes
from labcore.units import format_si

MODELS = ("gpt2-xl", "llama3-8b", "llama3-70b")
MOST = {name: DECODERS[name].positions for name in MODELS}  # tokens of prompt and answer
CONTEXTS = tuple(2**k for k in range(7, 18))
BATCHES = (0.5, 4096)


@cache
def held(model: str, context: int, computed: str, stored: str | None) -> tuple[Pressure, Pressure]:
    """What one chip holds while it reads one prompt, and while it decodes one sequence's last token."""
    part = workload(model, 1, context, computed, stored, Question.answer)
    prompt, step = (memory_of(replace(part, phases={name: part.phases[name]})) for name in part.phases)
    return prompt, step


def most(model: str, chip: str, form: str, context: int) -> int:
    """The largest batch that fits on one chip beside weights and activations, 0 where not one sequence does.

    >>> most("llama3-8b", "A100", "16-bit", 8192)
    49
    """
    prompt, step = held(model, context, *precision(SHOWN[chip], form))
    room = usable(Question(model, SHOWN[chip], precision=precision(SHOWN[chip], form)[0])) - prompt.weights
    while_read = (room - prompt.activations) / prompt.kv_cache  # prompts are read one at a time
    return max(0, math.floor(min(while_read, room / (step.activations + step.kv_cache))))


def contexts(model: str) -> list[int]:
    """The contexts that are drawn: the powers of two that a model has positions for, an answer besides.

    >>> contexts("gpt2-xl")[-1]
    512
    """
    return [context for context in CONTEXTS if context + Question.answer <= MOST[model]]


def build(fig: Canvas) -> SimpleNamespace:
    """The largest batch over the context, where cache and weights are alike, and a dot."""
    ax = fig.add_axes((0.12, 0.13, 0.84, 0.76), xlim=(CONTEXTS[0] / 1.2, CONTEXTS[-1] * 1.2), ylim=BATCHES)
    log_axes(ax)
    for axis, low, high in ((ax.xaxis, 7, 17), (ax.yaxis, 0, 12)):
        axis.set_major_formatter("{x:,.0f}")
        fix_ticks(axis, [2**k for k in range(low, high + 1, 2)])
    ax.set_xlabel("context (tokens)")
    ax.set_ylabel("batch (sequences)")
    moving = SimpleNamespace(
        full=ax.plot([], [], color=VERMILLION, marker="s", markersize=4, label="memory is full")[0],
        even=ax.plot([], [], color=BLUE, linestyle="--", label="cache as large as the weights")[0],
        here=[ax.axvline(1, **THIN_DASH), ax.axhline(1, **THIN_DASH)],
        dot=ax.plot([], [], color=GREEN, marker="o", markersize=10, linestyle="None", zorder=4)[0],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="upper right")
    return moving


def update(artists: SimpleNamespace, model: str, chip: str, form: str, context: int, batch: int) -> None:
    """Move both lines to the model, chip and format, and the dot to the batch and context."""
    drawn = contexts(model)
    at_most = [most(model, chip, form, one) for one in drawn]
    artists.full.set_data(drawn, [batch or math.nan for batch in at_most])
    each = [held(model, one, *precision(SHOWN[chip], form))[0] for one in drawn]
    artists.even.set_data(drawn, [one.weights / one.kv_cache for one in each])
    artists.dot.set_data([context], [batch])
    artists.here[0].set_xdata([context] * 2)
    artists.here[1].set_ydata([batch] * 2)
    artists.title.set_text(f"{model}, {form}, on one {chip}")


def describe(model: str, chip: str, form: str, context: int, batch: int) -> str:
    """The largest batch at this context, what memory holds at this one, and the tokens a second of all sequences."""
    asked = f"{model}, {form}, on one {chip}, context {context}, batch {batch}"
    if context + Question.answer > MOST[model]:
        return f"{asked}: cannot be asked, it has {MOST[model]} positions for prompt and answer"
    computed, stored = precision(SHOWN[chip], form)
    found = check(Question(model, SHOWN[chip], batch=batch, context=context, precision=computed, weights=stored))
    share, step = found.memory.kv_cache / found.memory.weights, found.constraints[2].need
    fits = "fits" if found.ok else "does not fit"
    return (
        f"{asked}: {fits}, {format_si(found.memory.total, 'B', 3)} of {format_si(found.constraints[0].limit, 'B', 3)}; "
        f"the cache is {share:.2f} times the weights; at this context a batch of {most(model, chip, form, context)} is "
        f"the most; a step takes {format_si(step, 's', 3)}, {batch / step:,.0f} tokens a second in all"
    )
