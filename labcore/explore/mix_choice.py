"""A mix of workloads on ten kinds of chips, what binds and what was assumed: pure functions of the explorer."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.architectures.mixes import Bottleneck, assumptions, bottleneck
from labcore.catalogue.architectures import Architecture, architecture
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, VERMILLION, log_axes
from labcore.units import format_si

NAMES = ("H100", "MI300X", "TPU v5p", "Trainium2", "Blackhole p150", "GC200", "SN40L", "LPU v1", "WSE-3", "Mobile NPU")
CHIPS = {name: architecture(name) for name in NAMES}
PARTS = ("prefill", "decode", "convolution", "recommendation", "MoE")
MEASURES = ("chip-seconds", "peak bought", "energy")
CAUSES = {"compute": BLUE, "memory": VERMILLION, "link": GREEN}  # said in words beside a bar: hatches take a while
FLOP = 1e15
OF_ALL = [  # what a chip adds of its own stands above, short, since it is drawn anew at every move
    "Weights and cache live on as few chips as have room; dense peak and full bandwidth of the maker, nothing lost.",
    *(said for said in assumptions(CHIPS["H100"], {}) if said in assumptions(CHIPS["TPU v5p"], {})),
]
STAR = "A star marks chips of which claims of the maker are used."
SMALL = {"va": "top", "fontsize": 7.5, "color": GREY, "linespacing": 1.2}
MOST = 1e7  # times the best; bars end there


@lru_cache(maxsize=4096)
def on(chip: str, batch: int, context: int, parts: tuple[int, ...]) -> Bottleneck | None:
    """The mix on one chip, None where it is empty."""
    if not any(parts):
        return None
    mix = {name: part / sum(parts) for name, part in zip(PARTS, parts, strict=True)}
    return bottleneck(mix, CHIPS[chip], FLOP, batch=batch, context=context)


def cost(found: Bottleneck, one: Architecture, measure: str) -> float:
    """What 1 PFLOP of the mix takes, in the measure; not a number where no power is known.

    >>> at = on("H100", 16, 2048, (1, 0, 0, 0, 0))
    >>> round(cost(at, CHIPS["H100"], "chip-seconds"), 2), round(cost(at, CHIPS["H100"], "peak bought"), 2)
    (1.01, 1.0)
    """
    if measure == "chip-seconds":
        return found.T_total
    if measure == "peak bought":
        return found.T_total * one.peak(one.sixteen_bit) / FLOP
    return found.T_total * one.power.value if one.power else math.nan


def in_words(value: float, measure: str) -> str:
    """A cost with its unit, short."""
    return {"chip-seconds": f"{value:.3g} chip-s", "peak bought": f"{value:.3g} FLOP"}.get(
        measure, format_si(value, "J", 3)
    )


def starred(name: str) -> str:
    """A chip's name, with a star where a claim of its maker is used: for a rate that nobody else has measured.

    >>> starred("H100"), starred("LPU v1")
    ('H100', 'LPU v1*')
    """
    return name + "*" * any(fact.kind == "claimed" for _, fact in architecture(name).facts())


def standings(measure: str, batch: int, context: int, parts: tuple[int, ...]) -> dict[str, float]:
    """Cost by chip, the chips of NAMES in their order; infinite without room, not a number without a known power."""
    found = {name: on(name, batch, context, parts) for name in NAMES}
    return {name: cost(one, CHIPS[name], measure) if one else math.nan for name, one in found.items()}


def build(fig: Canvas) -> SimpleNamespace:
    """A bar for each chip over the best one's cost, what binds beside it; below, the assumptions of one chip."""
    ax = fig.add_axes((0.19, 0.374, 0.79, 0.535), xlim=(0.7, MOST), ylim=(len(NAMES) - 0.4, -0.6))
    log_axes(ax, "x")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}x")
    fix_ticks(ax.xaxis, [1, 10, 100, 1000, 10_000])
    fix_ticks(ax.yaxis, range(len(NAMES)))
    ax.set_yticklabels([starred(name) for name in NAMES])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("cost of the mix over that of the cheapest chip (logarithmic)")
    ax.text(
        0.02,
        0.185,
        wrapped([*OF_ALL, STAR]),
        **SMALL,
        transform=fig.transFigure,
    )
    return SimpleNamespace(
        bars=list(ax.barh(range(len(NAMES)), 1, 0.66, left=0.7, linewidth=0.8)),
        said=[ax.text(1, y, "", va="center", fontsize=8) for y in range(len(NAMES))],
        here=ax.plot([], [], marker=">", color=BLACK, markersize=7, linestyle="None", clip_on=False)[0],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
        assumed=ax.text(0.02, 0.255, "", **SMALL, transform=fig.transFigure),
    )


def update(artists: SimpleNamespace, measure: str, explain: str, batch: int, context: int, **mix: int) -> None:
    """Set bars, what binds, and the assumptions of the chip that is explained."""
    parts = tuple(mix[name.lower()] for name in PARTS)
    costs = standings(measure, batch, context, parts)
    least = min((one for one in costs.values() if math.isfinite(one)), default=1.0)
    for bar, said, name in zip(artists.bars, artists.said, NAMES, strict=True):
        found, value = on(name, batch, context, parts), costs[name]
        drawn = math.isfinite(value)
        colour = CAUSES.get(found.binds if found else "", GREY)
        end = min(value / least, 1e5) if drawn else 0.7
        bar.set(width=end - 0.7, facecolor=colour, edgecolor=colour)
        said.set(x=1.15 * max(end, 0.75), text=short(found, value, measure))
    artists.here.set_data([0.7], [NAMES.index(explain)])
    artists.title.set_text(f"{measure} for 1 PFLOP of {'the mix' if any(parts) else 'nothing'}")
    artists.assumed.set_text(wrapped([assumed(explain)]))


def assumed(name: str) -> str:
    """What is particular to a chip in what is assumed, short.

    >>> assumed("H100")
    'H100: weights in HBM, fp16.'
    """
    one = CHIPS[name]
    unread = ", ".join(what for what, fact in one.facts() if not fact.confirmed)
    claimed = ", ".join(what for what, fact in one.facts() if fact.kind == "claimed")
    said = [f"{name}: weights in {one.home}, {one.sixteen_bit}"]
    said += [f"source not read: {unread}"] * bool(unread) + [f"claimed: {claimed}"] * bool(claimed)
    return "; ".join(said) + "."


def wrapped(sentences: Iterable[str]) -> str:
    """Sentences as lines that the picture has room for."""
    return "\n".join(textwrap.wrap(" ".join(sentences), 112))


def short(found: Bottleneck | None, value: float, measure: str) -> str:
    """What stands beside a bar.

    >>> short(on("H100", 16, 2048, (0, 1, 0, 0, 0)), 22.6, "chip-seconds")
    '22.6, memory'
    """
    if found is None:
        return ""
    if found.binds == "capacity":
        return "no room"
    number = in_words(value, measure).removesuffix(" chip-s").removesuffix(" FLOP")
    return f"{number}, {found.binds}" if math.isfinite(value) else f"no power known; {found.binds}"


def describe(measure: str, explain: str, batch: int, context: int, **mix: int) -> str:
    """The cheapest chip, and of the one that is explained its cost, what binds it and what was assumed."""
    parts = tuple(mix[name.lower()] for name in PARTS)
    work = ", ".join(f"{name} {part}" for name, part in zip(PARTS, parts, strict=True) if part)
    asked = f"Mix by FLOP {work or 'nothing'}, batch {batch}, context {context}"
    if not work:
        return f"{asked}: give at least one workload a part ({measure}, {explain})"
    costs = standings(measure, batch, context, parts)
    known = {name: value for name, value in costs.items() if math.isfinite(value)}
    best = min(known, key=known.get)
    one = on(explain, batch, context, parts)
    named = explain in known
    beside = (
        f"{in_words(costs[explain], measure)}, {costs[explain] / known[best]:.3g} times that" if named else "no value"
    )
    return (
        f"{asked}: least {measure} for 1 PFLOP on {best}, {in_words(known[best], measure)}; {explain} {beside}. "
        f"{one.describe()} Assumed: {' '.join(one.assumptions)}"
    )
