"""Where a model's weights live on several chips, and the wall there: pure functions of the home explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.architectures.demand import Demand, decode
from labcore.architectures.residence import SPLITS, TokenTime, chips_to_hold, link_share, token_time
from labcore.catalogue.architectures import ALL, architecture
from labcore.explore.mix_choice import starred
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREEN, HATCHES, VERMILLION, log_axes
from labcore.units import counted, format_si

MODELS = ("llama3-8b", "llama3-70b")
STORED = ("fp16", "int8", "int4")
CHIPS = tuple(one.name for one in ALL if one.name != "Mobile NPU")
TIERS = max(len(one.tiers) for one in ALL)  # rows
LOOKS = {"compute": (BLUE, ""), "memory": (VERMILLION, HATCHES[1]), "link": (GREEN, "..")}


def tiers(chip: str) -> tuple[str, ...]:
    """The tiers of a chip, its home first.

    >>> tiers("SN40L"), tiers("LPU v1")
    (('HBM', 'SRAM', 'DDR'), ('SRAM',))
    """
    one = architecture(chip)
    return one.home, *(tier.name for tier in one.tiers if tier.name != one.home)


def step(model: str, weights: str, context: int) -> Demand:
    """One decode step; weights in their own format, all else in 16 bits."""
    return decode(model, context, "fp16", None if weights == "fp16" else weights)


def chips(model: str, weights: str, chip: str, tier: str, batch: int, context: int) -> int:
    """Chips that hold the weights and the cache of the batch in a tier.

    >>> chips("llama3-70b", "fp16", "LPU v1", "SRAM", batch=1, context=2048)
    617
    """
    demand = step(model, weights, context)
    return chips_to_hold(architecture(chip), demand.held + batch * demand.kv, tier)


@lru_cache(maxsize=1024)
def timed(model: str, weights: str, chip: str, tier: str, batch: int, context: int) -> dict[str, TokenTime] | str:
    """Time of a step by split, on as few chips as have room; where there is none, the reason in words."""
    count, one = chips(model, weights, chip, tier, batch, context), architecture(chip)
    if one.tier(tier).bandwidth is None:
        return f"no bandwidth is known of the {tier} of {chip}"
    if one.link is None and count > 1:
        return f"no link is known of {chip}"
    demand = step(model, weights, context)
    return {split: token_time(demand, model, one, count, split, batch, tier) for split in SPLITS}


def rate(tokens: float) -> str:
    """Tokens a second in words.

    >>> rate(1.1), rate(1015.2)
    ('1 token/s', '1,015 tokens/s')
    """
    return "1 token/s" if round(tokens) == 1 else f"{tokens:,.0f} tokens/s"


def build(fig: Canvas) -> SimpleNamespace:
    """Above, chips by tier; below, the parts of a token's time for both splits; both axes logarithmic."""
    top = fig.add_axes((0.19, 0.66, 0.78, 0.27), xlim=(0.7, 3e5), ylim=(TIERS - 0.4, -0.6))
    low = fig.add_axes((0.19, 0.11, 0.78, 0.36), xlim=(1e-8, 10), ylim=(5.6, -0.6))
    for ax, ticks in ((top, [10**k for k in range(6)]), (low, [10.0**k for k in range(-8, 2)])):
        log_axes(ax, "x")
        ax.xaxis.set_major_formatter("{x:,.0f}" if ax is top else lambda x, _: format_si(x, "s", 3))
        fix_ticks(ax.xaxis, ticks)
        ax.grid(visible=False, axis="y")
    fix_ticks(top.yaxis, [])
    fix_ticks(low.yaxis, [1, 4])
    low.set_yticklabels(SPLITS)
    top.set_xlabel("chips that hold weights and cache")
    low.set_xlabel("parts of the time from one token to the next")
    looks = [look for _ in SPLITS for look in LOOKS.items()]
    bars = [low.barh([k], [1], 0.7, left=1e-8, facecolor=colour if not hatch else "white", edgecolor=colour,
                     hatch=hatch, label=name if k < 3 else None)[0]
            for k, (name, (colour, hatch)) in enumerate(looks)]  # fmt: skip
    low.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=3)
    return SimpleNamespace(
        held=list(top.barh(range(TIERS), 1, 0.6, left=0.7, edgecolor="black", linewidth=0.8)),
        said=[top.text(1, y, "", va="center", fontsize=8.5) for y in range(TIERS)],
        names=[top.text(0.62, y, "", va="center", ha="right") for y in range(TIERS)],
        parts=bars,
        values=[low.text(1e-8, y, "", va="center", fontsize=8) for y in range(6)],
        title=top.text(0, 1.06, "", transform=top.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, model: str, weights: str, chip: str, tier: str, batch: int, context: int) -> None:
    """Set the bars of each tier, the chosen one filled, and the parts of the time there."""
    shown = sorted(tiers(chip), key=[one.name for one in architecture(chip).tiers].index)
    for k in range(TIERS):
        there = k < len(shown)
        count = chips(model, weights, chip, shown[k], batch, context) if there else 0.7
        artists.held[k].set(width=count - 0.7, facecolor="#CCE3F0" if there and shown[k] == tier else "white",
                            visible=there)  # fmt: skip
        artists.said[k].set(x=1.15 * max(count, 0.7), text=f"{count:,.0f}" if there else "")
        artists.names[k].set_text(shown[k] if there else "")
    found = timed(model, weights, chip, tier, batch, context)
    for k, (bar, value) in enumerate(zip(artists.parts, artists.values, strict=True)):
        T = 0.0 if isinstance(found, str) else getattr(found[SPLITS[k // 3]], f"T_{list(LOOKS)[k % 3]}")
        bar.set(width=max(T - 1e-8, 0), visible=T > 1e-8)
        value.set(x=1.15 * max(T, 1e-8), text=format_si(T, "s", 3) if T else "")
    if isinstance(found, str):
        artists.values[1].set_text(f"no time: {found}")
    artists.title.set_text(f"{model}, weights in {weights}, on {starred(chip)} from {tier}")


def describe(model: str, weights: str, chip: str, tier: str, batch: int, context: int) -> str:
    """Chips by tier, and in the chosen one the rate of a sequence and the wall, for both ways to split."""
    one = architecture(chip)
    counts = {name: chips(model, weights, chip, name, batch, context) for name in tiers(chip)}
    held = ", ".join(f"{count:,} by {name}" for name, count in counts.items())
    asked = f"{model}, weights in {weights}, computed in {one.sixteen_bit}, batch {batch}, context {context}"
    claimed = f". Some figures of {chip} are claims of its maker" if starred(chip) != chip else ""
    found = timed(model, weights, chip, tier, batch, context)
    if isinstance(found, str):
        return f"{asked}: {chip} needs {held}; no time from {tier}: {found}"
    said = "; ".join(
        f"{split}: {rate(1 / t.T_token)} a sequence, {link_share(t):.1%} of it in links, {t.binds} takes most"
        for split, t in found.items()
    )
    return f"{asked}: {chip} needs {held}. On {counted(counts[tier], 'chip')} from {tier}, {said}{claimed}"
