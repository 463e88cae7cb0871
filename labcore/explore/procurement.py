"""An hour of work on the chips of Table 8, by what the work is like: the pure functions of the procurement explorer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import prices
from labcore.cost import TYPICAL, like_for_like, own
from labcore.cost.owning import HOUR, YEAR
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, HATCHES, VERMILLION
from labcore.roofline import attainable

CHIPS = tuple(prices.TABLE_8)
ENDS = ("lower end", "higher end")
EXA = 1e18
LOOKS = {"machine": {"facecolor": "#CFE3F1", "edgecolor": BLUE},
         "energy": {"facecolor": "white", "edgecolor": VERMILLION, "hatch": HATCHES[1]}}  # fmt: skip


@dataclass(frozen=True)
class Hour:
    """USD for an EFLOP of useful work on one chip: its share of the price, and of the energy."""

    chip: str
    machine: float
    energy: float

    @property
    def usd(self) -> float:
        """Both together."""
        return self.machine + self.energy


@cache
def hours(intensity: int, use: int, years: int, cents: int, end: str) -> tuple[Hour, ...]:
    """Every chip of Table 8 at 16 bits, `use` in per cent, `cents` for a kilowatt hour.

    >>> [round(one.usd, 2) for one in hours(1024, 100, 4, 8, "lower end")][:3]  # V100, A100, H100
    [0.72, 0.43, 0.22]
    """
    site = replace(TYPICAL, kwh_price=cents / 100, life=years * YEAR)
    found = []
    for offer in like_for_like("16-bit", {"lower end": "low", "higher end": "high"}[end]):
        exa = attainable(offer.R_peak, offer.chip.BW, intensity) * HOUR / EXA  # EFLOP in an hour of work
        whole, worked = own(offer, site).hour(use / 100), use / 100 * years * YEAR / HOUR
        machine = offer.price / worked
        found.append(Hour(offer.chip.name, float(machine / exa), float((whole - machine) / exa)))
    return tuple(found)


def build(fig: Canvas) -> SimpleNamespace:
    """A row for each chip: machine and energy end to end, and their sum in USD."""
    ax = fig.add_axes((0.12, 0.125, 0.86, 0.74), xlim=(0, 125), ylim=(len(CHIPS) - 0.4, -0.6))
    ax.xaxis.set_major_formatter("{x:.0f}")
    fix_ticks(ax.xaxis, range(0, 101, 20))
    ax.set_yticks(range(len(CHIPS)), CHIPS)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("cost of the same useful work (% of the dearest)")
    rows = np.arange(len(CHIPS))
    bars = {part: ax.barh(rows, np.zeros(len(CHIPS)), 0.66, label=part, **how) for part, how in LOOKS.items()}
    moving = SimpleNamespace(
        machine=list(bars["machine"]),
        energy=list(bars["energy"]),
        words=[ax.text(0, y, "", va="center", fontsize=8.5) for y in rows],
        title=ax.text(0, 1.11, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.99), ncols=2)
    return moving


def update(artists: SimpleNamespace, intensity: int, use: int, years: int, cents: int, end: str) -> None:
    """Stretch the bars to the costs and write them behind; the cheapest is named."""
    found = hours(intensity, use, years, cents, end)
    most, least = (pick(one.usd for one in found) for pick in (max, min))
    for one, machine, energy, words in zip(found, artists.machine, artists.energy, artists.words, strict=True):
        ends = [100 * one.machine / most, 100 * one.usd / most]
        machine.set_width(ends[0])
        energy.set(x=ends[0], width=ends[1] - ends[0])
        words.set_x(ends[1] + 1)
        words.set_text(f"{one.usd:,.3g} USD{', cheapest' if one.usd == least else ''}")
    artists.title.set_text(f"An EFLOP at {intensity} FLOP/B, chips busy {use} % of {years} years")


def describe(intensity: int, use: int, years: int, cents: int, end: str) -> str:
    """The order of the chips with their costs, and the share of energy on the cheapest."""
    ranked = sorted(hours(intensity, use, years, cents, end), key=lambda one: one.usd)
    said = ", ".join(f"{one.chip} {one.usd:,.3g} USD" for one in ranked)
    return (
        f"An EFLOP of useful work at 16 bits and {intensity} FLOP/B, chips busy {use} % of {years} years, {cents} "
        f"cents a kWh, {end} of each price: {said}; energy is {ranked[0].energy / ranked[0].usd:.0%} of the cheapest, "
        f"{ranked[-1].energy / ranked[-1].usd:.0%} of the dearest"
    )
