"""When a chip of one's own pays: the pure functions of the pay-back explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue.demand import FLEET
from labcore.cost import break_even, lifetime_cost
from labcore.explore.operation import PLATE, THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, VERMILLION, log_axes

MOST = 2**17
COUNTS = np.logspace(0, np.log10(MOST), 120)
SHOWN = (1e4, 3e10)
MILLION = 1e6


def costs(gain: float, price: int) -> tuple[float, float]:
    """What a bought machine costs over its life, and what as much work costs on own machines at `price` USD each."""
    about = [FLEET[name].value for name in ("power", "life", "kWh", "overhead")]
    return lifetime_cost(FLEET["price"].value, *about), lifetime_cost(price, *about) / gain


def build(fig: Canvas) -> SimpleNamespace:
    """Two cost lines over the amount of work, their crossing, and a marker on each at the chosen amount."""
    ax = fig.add_axes((0.125, 0.125, 0.85, 0.78), xlim=(1, MOST), ylim=SHOWN)
    log_axes(ax)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.yaxis.set_major_formatter(lambda value, _: f"{value / MILLION:,g}")
    fix_ticks(ax.xaxis, [10.0**k for k in range(6)])
    fix_ticks(ax.yaxis, [10.0**k for k in range(4, 11)])
    ax.set_xlabel("work, in machines that would be bought for it")
    ax.set_ylabel("cost over their life (million USD)")
    moving = SimpleNamespace(
        bought=ax.plot([], [], color=VERMILLION, linestyle="--", label="bought machines")[0],
        own=ax.plot([], [], color=BLUE, label="own chip")[0],
        dots=[ax.plot([], [], color=colour, marker=marker, markersize=8, linestyle="None", zorder=3)[0]
              for colour, marker in ((VERMILLION, "s"), (BLUE, "o"))],
        even=ax.axvline(1, **THIN_DASH),
        label=ax.annotate("", (1, SHOWN[0]), (-5, 8), textcoords="offset points", ha="right", bbox=PLATE),
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip
    ax.legend(loc="upper left", handlelength=3)
    return moving


def update(artists: SimpleNamespace, one_time: int, gain: float, price: int, fleet: int) -> None:
    """Move the lines to the costs and the markers to the fleet."""
    bought, own = costs(gain, price)
    once = one_time * MILLION
    artists.bought.set_data(COUNTS, COUNTS * bought)
    artists.own.set_data(COUNTS, once + COUNTS * own)
    for dot, total in zip(artists.dots, (fleet * bought, once + fleet * own), strict=True):
        dot.set_data([fleet], [total])
    even = break_even(once, own, bought)
    shown = even is not None and 1 < even < MOST
    artists.even.set_visible(shown)
    artists.label.set_visible(shown)
    if shown:
        artists.even.set_xdata([even, even])
        artists.label.xy = (even, SHOWN[0])
        artists.label.set_text(f"pays from {even:,.0f}")
    artists.title.set_text(f"{one_time} million USD once, {gain:g} times the work for each machine")


def describe(one_time: int, gain: float, price: int, fleet: int) -> str:
    """Where it begins to pay, and both bills at the chosen amount of work."""
    bought, own = costs(gain, price)
    even = break_even(one_time * MILLION, own, bought)
    pays = "it never pays" if even is None else f"it pays from the work of {even:,.0f} bought machines on"
    bills = (
        f"{fleet * bought / MILLION:,.3g} million USD bought, {one_time + fleet * own / MILLION:,.3g} with an own chip"
    )
    return (
        f"{one_time} million USD once, machines at {price:,} USD that do {gain:g} times the work: {pays}; "
        f"the work of {fleet:,}: {bills}"
    )
