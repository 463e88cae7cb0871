"""Memory, time and power of a question against their limits: the pure functions of the can-i-run explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.catalogue import CHIPS
from labcore.catalogue.facts import Accelerator
from labcore.explore.operation import fix_ticks
from labcore.feasibility.cures import cures
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import Constraint, Verdict, check
from labcore.plots.style import BLACK, BLUE, GREEN, HATCHES, VERMILLION, log_axes
from labcore.units import format_si

MODELS = ("llama3-8b", "llama3-70b", "resnet50")
FORMATS = ("16-bit", "int8 weights", "int4 weights", "int8 throughout")
SHOWN = {chip.name: chip for chip in CHIPS if chip.power and {"fp16", "bf16"} & set(chip.precisions)}
COUNTS = ("1", "2", "4", "8")
ASKED = ("not asked", "asked")
GROUND = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5}  # under words on a hatched bar
LIMITED = ("memory", "time", "power")
HELD = ("weights", "kv_cache", "activations")
LOOKS = ((BLUE, ""), (VERMILLION, HATCHES[1]), (GREEN, HATCHES[2]))
TICKS = (1, 10, 100, 1000)


def formats(name: str) -> tuple[str, ...]:
    """The formats that a chip offers: int8 throughout only where it multiplies in int8.

    >>> formats("V100")[-1], formats("A100")[-1]
    ('int4 weights', 'int8 throughout')
    """
    return FORMATS if "int8" in SHOWN[name].precisions else FORMATS[:-1]


def counts(name: str) -> tuple[str, ...]:
    """How many chips may be joined: one, where it is built into a device.

    >>> counts("Mobile NPU"), counts("H100")
    (('1',), ('1', '2', '4', '8'))
    """
    return COUNTS[:1] if SHOWN[name].kind == "NPU" else COUNTS


def precision(chip: Accelerator, form: str) -> tuple[str, str | None]:
    """The precision to compute in, and the format that weights are stored in where it is smaller."""
    if form == "int8 throughout":
        return "int8", None
    return "fp16" if "fp16" in chip.precisions else "bf16", None if form == "16-bit" else form.split()[0]


@cache
def ask(
    model: str, chip: str, chips: str, form: str, batch: int, context: int, target: int, power: int
) -> Verdict | str:
    """The verdict; where the question makes no sense, the reason in words. The target is in ms."""
    computed, stored = precision(SHOWN[chip], form)
    tokens = None if model == "resnet50" else context
    limits = {"target": target / 1e3, "max_power": power}
    try:
        return check(Question(model, SHOWN[chip], int(chips), batch, tokens, computed, stored, **limits))
    except ValueError as reason:
        return str(reason)


def limited(found: Verdict) -> list[Constraint]:
    """The three that are drawn: memory, the time of a step or pass, power."""
    named = {one.name: one for one in found.constraints}
    return [named["memory"], named.get("decode step") or named["latency"], named["power"]]


def build(fig: Canvas) -> SimpleNamespace:
    """Three bars over their limit on a logarithmic axis; below, what the memory holds."""
    top = fig.add_axes((0.12, 0.46, 0.83, 0.44), xlim=(0.5, 5000), ylim=(2.6, -0.6))
    low = fig.add_axes((0.12, 0.12, 0.83, 0.14), xlim=(0, 300), ylim=(-0.6, 0.6))
    log_axes(top, "x")
    top.xaxis.set_major_formatter("{x:,.0f}")
    low.xaxis.set_major_formatter("{x:.0f}")
    fix_ticks(top.xaxis, TICKS)
    fix_ticks(low.xaxis, range(0, 301, 50))
    top.yaxis.set_major_formatter(lambda y, _: LIMITED[int(y)])
    fix_ticks(top.yaxis, range(3))
    fix_ticks(low.yaxis, [])
    top.set_xlabel("need over limit (%)")
    low.set_xlabel("memory of one chip that may be used (%)")
    for ax in (top, low):
        ax.grid(visible=False, axis="y")
    bars = [low.barh([0], [0], 0.7, facecolor=c if not h else "white", edgecolor=c, hatch=h, label=name)[0]
            for name, (c, h) in zip(("weights", "KV cache", "activations"), LOOKS, strict=True)]  # fmt: skip
    low.legend(loc="lower right", bbox_to_anchor=(1.0, 0.9), ncols=3)
    return SimpleNamespace(
        needs=list(top.barh(range(3), [1] * 3, 0.6, left=0.5, edgecolor=BLACK, linewidth=0.8)),
        said=[top.text(0.55, y, "", va="center", fontsize=8.5, zorder=5, bbox=GROUND) for y in range(3)],
        held=bars,
        full=[ax.axvline(100, color=BLACK, linewidth=1.4, zorder=4) for ax in (top, low)],
        title=top.text(0, 1.06, "", transform=top.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, model: str, chip: str, chips: str, form: str, batch: int, context: int,
           target: int, power: int, cure: str) -> None:  # fmt: skip
    """Set the bars: hatched where a limit is missed, with the need and the limit in words."""
    found = ask(model, chip, chips, form, batch, context, target, power)
    sound = isinstance(found, Verdict)
    for k in range(3):
        one = limited(found)[k] if sound else None
        share = 100 / one.margin if one else 0.5
        artists.needs[k].set(width=max(min(share, 5000) - 0.5, 0.02), hatch=HATCHES[1] if one and not one.met else "",
                             facecolor="#F7DFCC" if one and not one.met else "#CCE3F0")  # fmt: skip
        words = f"{format_si(one.need, one.unit, 3)} of {format_si(one.limit, one.unit, 3)}" if one else ""
        artists.said[k].set_text(words + (" (missed)" if one and not one.met else ""))
    start = 0.0
    for bar, part in zip(artists.held, HELD, strict=True):
        share = 100 * found.memory.parts[part] / limited(found)[0].limit if sound else 0
        bar.set(x=start, width=share, visible=share > 0)
        start += share
    artists.title.set_text(f"{model} on {chips} x {chip}: {'does' if sound and found.ok else 'does not'}")


@cache
def cheapest(*values: object) -> str:
    """The cheapest change that would do for values of `ask`; a search that takes up to a second, so it is kept."""
    found = cures(ask(*values).question)
    return f"cheapest change that would do: {found[0].words}" if found else "no single change and no pair would do"


def describe(model: str, chip: str, chips: str, form: str, batch: int, context: int,
             target: int, power: int, cure: str) -> str:  # fmt: skip
    """The question, what binds and by how much; the cure where it is asked for."""
    tokens = f"context {context}" if model != "resnet50" else f"no use for a context of {context}"
    asked = f"{model}, {form}, on {chips} x {chip}, batch {batch}, {tokens}, {target} ms, {power} W"
    found = ask(model, chip, chips, form, batch, context, target, power)
    if not isinstance(found, Verdict):
        return f"{asked}: cannot be asked, {found}"
    bound, need = found.binding, found.memory.total
    room = f"{bound.name} binds at {bound.need / bound.limit:.1%} of its limit"
    said = f"{asked}: {'yes' if found.ok else 'no'}, {room}; each chip holds {format_si(need, 'B', 3)}"
    if cure == ASKED[0]:
        return f"{said}; a cure is not asked for"
    if found.ok:
        return f"{said}; no change is needed"
    return f"{said}; {cheapest(model, chip, chips, form, batch, context, target, power)}"
