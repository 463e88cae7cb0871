"""A mix of workloads on eleven kinds of chips, and what binds it there: pure functions of the explorer."""

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

NAMES = (
    "H100", "B200", "MI300X", "TPU v5p", "Trainium2", "Blackhole p150", "GC200", "SN40L", "LPU v1", "WSE-3",
    "Mobile NPU",
)  # fmt: skip
CHIPS = {name: architecture(name) for name in NAMES}
PARTS = ("prefill", "decode", "convolution", "recommendation", "MoE")
MEASURES = ("chip-seconds", "peak bought", "energy")
CAUSES = {
    "compute": (BLUE, "o"),
    "memory": (VERMILLION, "s"),
    "link": (GREEN, "^"),
}  # marks are drawn sooner than words
FLOP = 1e15
OF_ALL = [
    "Weights and cache live on as few chips as have room; dense peak and full bandwidth of the maker, nothing lost.",
    *(said for said in assumptions(CHIPS["H100"], {}) if said in assumptions(CHIPS["TPU v5p"], {})),
    "A star marks chips of which claims of the maker are used.",
]
SMALL = {"va": "top", "fontsize": 7.5, "color": GREY, "linespacing": 1.2}
UNKNOWN = "no power known"
LEFT, MOST, LONGEST = 0.7, 1e6, 1e5  # times the best: where bars begin, the axis ends, and bars end


@lru_cache(maxsize=4096)
def on(chip: str, batch: int, context: int, parts: tuple[int, ...]) -> Bottleneck | None:
    """The mix on one chip, None where it is empty."""
    if not any(parts):
        return None
    mix = {name: part / sum(parts) for name, part in zip(PARTS, parts, strict=True)}
    return bottleneck(mix, CHIPS[chip], FLOP, batch=batch, context=context)


def cost(found: Bottleneck, one: Architecture, measure: str) -> float:
    """What 1 PFLOP of the mix takes: chip-seconds, PFLOP of peak bought, or joules; not a number without a known power.

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
    return {"chip-seconds": f"{value:.3g} chip-s", "peak bought": f"{value:.3g} PFLOP"}.get(
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


def cheapest(costs: dict[str, float]) -> tuple[str, ...]:
    """All chips of the least cost, in their order; none where no cost is known.

    >>> cheapest({"H100": 2.0, "B200": 1.0, "MI300X": 1.0, "GC200": math.nan})
    ('B200', 'MI300X')
    """
    least = min((one for one in costs.values() if math.isfinite(one)), default=math.nan)
    return tuple(name for name, one in costs.items() if math.isclose(one, least, rel_tol=1e-6))


def build(fig: Canvas) -> SimpleNamespace:
    """A bar for each chip over the best one's cost, what binds as a mark at its end; below, what is assumed."""
    ax = fig.add_axes((0.19, 0.3, 0.79, 0.61), xlim=(LEFT, MOST), ylim=(len(NAMES) - 0.4, -0.6))
    log_axes(ax, "x")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}x")
    fix_ticks(ax.xaxis, [1, 10, 100, 1000, 10_000])
    fix_ticks(ax.yaxis, range(len(NAMES)))
    ax.set_yticklabels([starred(name) for name in NAMES])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("cost of the mix over that of the cheapest chip (logarithmic)")
    fig.text(0.02, 0.17, wrapped(OF_ALL), **SMALL)
    looks = {name: {"marker": mark, "color": colour, "linestyle": ""} for name, (colour, mark) in CAUSES.items()}
    ax.legend(handles=[ax.plot([], [], label=f"{name} binds", **one)[0] for name, one in looks.items()],
              loc="lower right", bbox_to_anchor=(1.01, 0.985), ncols=3, fontsize=8, handletextpad=0.1)  # fmt: skip
    return SimpleNamespace(
        bars=ax.hlines(range(len(NAMES)), LEFT, 1, linewidth=9),
        ends=[ax.plot([], [], markeredgecolor="white", markersize=9, **one)[0] for one in looks.values()],
        said=[ax.text(1, y, "", va="center", fontsize=8) for y in range(len(NAMES))],
        here=ax.plot([], [], marker=">", color=BLACK, markersize=7, linestyle="None", clip_on=False)[0],
        title=ax.text(-0.23, 1.03, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, measure: str, explain: str, batch: int, context: int, **mix: int) -> None:
    """Set bars, what binds each, and the arrow at the chip that is explained."""
    parts = tuple(mix[name.lower()] for name in PARTS)
    costs = standings(measure, batch, context, parts)
    least = min((one for one in costs.values() if math.isfinite(one)), default=1.0)
    ends = [min(one / least, LONGEST) if math.isfinite(one) else LEFT for one in costs.values()]
    found = [on(name, batch, context, parts) for name in NAMES]
    binds = [one.binds if one and end > LEFT else "" for one, end in zip(found, ends, strict=True)]
    artists.bars.set_segments([[(LEFT, y), (end, y)] for y, end in enumerate(ends)])
    artists.bars.set_color([CAUSES.get(cause, (GREY, ""))[0] for cause in binds])
    for cause, marks in zip(CAUSES, artists.ends, strict=True):
        ys = [y for y, one in enumerate(binds) if one == cause]
        marks.set_data([ends[y] for y in ys], ys)
    for said, one, end, value in zip(artists.said, found, ends, costs.values(), strict=True):
        said.set(x=(1.5 if end > LEFT else 1.3) * end, text=short(one, value, measure))
    artists.here.set_data([LEFT], [NAMES.index(explain)])
    artists.title.set_text(f"{measure} for 1 PFLOP")


def assumed(name: str) -> str:
    """What is particular to a chip in what is assumed, short.

    >>> assumed("H100")
    'weights in HBM, fp16'
    """
    one = CHIPS[name]
    unread = ", ".join(what for what, fact in one.facts() if not fact.confirmed)
    claimed = ", ".join(what for what, fact in one.facts() if fact.kind == "claimed")
    said = [f"weights in {one.home}, {one.sixteen_bit}"]
    said += [f"source not read: {unread}"] * bool(unread) + [f"claimed: {claimed}"] * bool(claimed)
    return "; ".join(said)


def wrapped(sentences: Iterable[str]) -> str:
    """Sentences as lines that the picture has room for."""
    return "\n".join(textwrap.wrap(" ".join(sentences), 112))


def short(found: Bottleneck | None, value: float, measure: str) -> str:
    """What stands beside a bar.

    >>> short(on("H100", 16, 2048, (0, 1, 0, 0, 0)), 22.6, "chip-seconds")
    '22.6'
    """
    if found is None:
        return ""
    if found.binds == "capacity":
        return "no room on one, no link"
    return in_words(value, measure).removesuffix(" chip-s").removesuffix(" PFLOP") if math.isfinite(value) else UNKNOWN


def describe(measure: str, explain: str, batch: int, context: int, **mix: int) -> str:
    """Who is cheapest, alone or with others, and of the chip that is explained its cost and what binds it."""
    parts = tuple(mix[name.lower()] for name in PARTS)
    work = ", ".join(f"{name} {part}" for name, part in zip(PARTS, parts, strict=True) if part)
    asked = f"Mix by FLOP {work or 'nothing'}, batch {batch}, context {context}"
    if not work:
        return f"{asked}: give at least one workload a part ({measure}, {explain})"
    costs = standings(measure, batch, context, parts)
    first = cheapest(costs)
    least, value = costs[first[0]], costs[explain]
    who = " and ".join(first) if len(first) < 3 else f"{len(first)} chips alike, {', '.join(first)}"
    beside = f" {in_words(value, measure)}, {value / least:.3g} times that." if math.isfinite(value) else ""
    return (
        f"{asked}: least {measure} for 1 PFLOP on {who}, {in_words(least, measure)}.{beside and f' {explain}'}{beside} "
        f"{on(explain, batch, context, parts).describe()} {explain}: {assumed(explain)}."
    )
