"""Demand against supply: the pure functions of the growth explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import PLATE, THIN_DASH, fix_ticks
from labcore.plots.growth import power_of_ten
from labcore.plots.style import BLACK, BLUE, VERMILLION, log_axes
from labcore.plots.words import three
from labcore.scaling import doubling_months, widening, years_to_gap

YEARS = 12
GAPS = {"10x": 10, "100x": 100, "1,000x": 1000, "1,000,000x": 1_000_000}
SHOWN = (0.5, 1e13)


def build(fig: Canvas) -> SimpleNamespace:
    """Two lines from 1, a vertical where the gap reaches its size."""
    ax = fig.add_axes((0.115, 0.125, 0.86, 0.78), xlim=(0, YEARS), ylim=SHOWN)
    log_axes(ax, "y")
    ax.set_xlabel("years from equal")
    ax.set_ylabel("relative to the start")
    fix_ticks(ax.xaxis, range(0, YEARS + 1, 2))
    ax.yaxis.set_major_formatter(power_of_ten)
    fix_ticks(ax.yaxis, [10.0**k for k in range(0, 13, 2)])
    moving = SimpleNamespace(
        demand=ax.plot([], [], color=BLUE, label="demand")[0],
        supply=ax.plot([], [], color=VERMILLION, linestyle="--", label="supply")[0],
        reached=ax.axvline(0, **THIN_DASH),
        span=ax.plot([], [], color=BLACK, linewidth=1.2, marker="_", markersize=9)[0],
        label=ax.annotate("", (0, 1), (6, 0), textcoords="offset points", va="center", bbox=PLATE),
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="upper left", handlelength=3)
    return moving


def update(artists: SimpleNamespace, demand: float, supply: float, gap: str) -> None:
    """Turn the lines to their slopes and move the vertical to the year of the gap."""
    years = np.linspace(0, YEARS, 2)
    artists.demand.set_data(years, demand**years)
    artists.supply.set_data(years, supply**years)
    when = years_to_gap(demand, supply, GAPS[gap])
    there = when is not None and when <= YEARS
    for one in (artists.reached, artists.span, artists.label):
        one.set_visible(there)
    if there:
        artists.reached.set_xdata([when, when])
        artists.span.set_data([when, when], [supply**when, demand**when])
        left = when > YEARS / 2
        artists.label.xy = (when, 1e12 if left else 1e10)  # above both lines, and below the legend beside it
        artists.label.set_ha("right" if left else "left")
        artists.label.set_position((-6 if left else 6, 0))
        artists.label.set_text(f"{gap} after {three(when)} years")
    artists.title.set_text(f"demand {demand:.2f}x a year, supply {supply:.2f}x")


def describe(demand: float, supply: float, gap: str) -> str:
    """The growth of the gap as a quotient, its doubling time, and the years to the chosen size."""
    each, when = widening(demand, supply), years_to_gap(demand, supply, GAPS[gap])
    said = f"Demand {demand:.2f}x a year, supply {supply:.2f}x: the gap grows {each:.2f}x a year"
    if when is None:
        return f"{said} and never reaches {gap}"
    return f"{said}, doubles every {three(doubling_months(each))} months and reaches {gap} after {three(when)} years"
