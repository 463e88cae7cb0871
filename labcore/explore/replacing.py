"""Keep the old machines or make new ones: carbon over the years, as pure functions of the replacing explorer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import carbon, chip
from labcore.cost import emissions, mean_power, payback_time, rate_per_watt
from labcore.cost.owning import YEAR
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, VERMILLION

OLD = {  # what works now, and throughput for each watt at peak
    "CPU of the napkin": 0.01e12,
    "Xeon, vector units, fp32": rate_per_watt(chip("Sapphire Rapids"), "fp32"),
    "Xeon, matrix units, bf16": rate_per_watt(chip("Sapphire Rapids"), "bf16"),
    "V100, fp16": rate_per_watt(chip("V100"), "fp16"),
    "A100, fp16": rate_per_watt(chip("A100"), "fp16"),
}
NEW = tuple(carbon.EMBODIED)
MADE = {"A100": "the chip and an eighth of its server", "H100": "the board alone"}  # what its making counts
GRIDS = tuple(carbon.GRIDS)
TONNE, MOST = 1e6, 8
YEARS = np.linspace(0, MOST, 97)


@dataclass(frozen=True)
class Way:
    """Grams of CO2: those of making the new chip, and those a second of both ways to do the same work."""

    embodied: float
    old: float
    new: float

    @property
    def payback(self) -> float | None:
        """Seconds until the making is saved; None where it never is."""
        return payback_time(self.embodied, self.old, self.new)


@cache
def ways(old: str, new: str, grid: str, use: int, pue: float, old_use: int) -> Way:
    """One new chip that is busy `use` per cent of the time, and the old machines that do as much, busy `old_use`.

    >>> one = ways("V100, fp16", "A100", "world", 100, 1.0, 100)
    >>> round(one.old / one.new, 2), round(one.payback / 86_400)  # days
    (1.87, 79)
    """
    g, idle, made = carbon.GRIDS[grid].value, carbon.IDLE_SHARE.value, chip(new)
    power = made.power.value
    drawn = mean_power(power, use / 100, idle)
    as_much = power * rate_per_watt(made, "fp16") / OLD[old] * (use / old_use)  # full power of the old machines
    before = mean_power(as_much, old_use / 100, idle)
    return Way(carbon.EMBODIED[new].value, *(emissions(watts * pue, g) for watts in (before, drawn)))


def build(fig: Canvas) -> SimpleNamespace:
    """Two lines over the years, and where they cross."""
    ax = fig.add_axes((0.11, 0.125, 0.86, 0.78), xlim=(0, MOST), ylim=(0, 200))
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.yaxis.set_major_formatter("{x:.0f}")
    fix_ticks(ax.xaxis, range(MOST + 1))
    fix_ticks(ax.yaxis, range(0, 201, 50))
    ax.set_xlabel("years of the same work")
    ax.set_ylabel("CO2 so far (% of the new chip's at its end)")
    moving = SimpleNamespace(
        old=ax.plot([], [], color=VERMILLION, linestyle="--", label="keep the old machines")[0],
        new=ax.plot([], [], color=BLUE, label="make and run a new chip")[0],
        made=ax.plot([], [], color=BLUE, marker="o", markersize=8, linestyle="None", zorder=3, clip_on=False)[0],
        end=ax.axvline(1, **THIN_DASH),
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="upper left", handlelength=3)
    return moving


def update(
    artists: SimpleNamespace, old: str, new: str, grid: str, pue: float, use: int, old_use: int, years: int
) -> None:
    """Move the lines to the rates, and the vertical to the end of the new chip's life."""
    way = ways(old, new, grid, use, pue, old_use)
    whole = (way.embodied + way.new * years * YEAR) / 100
    artists.old.set_data(YEARS, way.old * YEARS * YEAR / whole)
    artists.new.set_data(YEARS, (way.embodied + way.new * YEARS * YEAR) / whole)
    artists.made.set_data([0], [way.embodied / whole])
    artists.end.set_xdata([years, years])
    artists.title.set_text(f"{old} to {new}, grid {grid}: {paid(way)}")


def paid(way: Way) -> str:
    """'repaid after 79 days', or that it never is."""
    if way.payback is None:
        return "never repaid"
    days = way.payback / YEAR * 365
    if days < 1:
        return "repaid within a day"
    return f"repaid after {days:.0f} days" if days < 730 else f"repaid after {days / 365:.1f} years"


def describe(old: str, new: str, grid: str, pue: float, use: int, old_use: int, years: int) -> str:
    """Tonnes a year of both ways, the share of making, and when it is saved."""
    way = ways(old, new, grid, use, pue, old_use)
    a_year = [rate * YEAR / TONNE for rate in (way.old, way.new)]
    whole = way.embodied + way.new * years * YEAR
    late = way.payback is not None and way.payback > years * YEAR
    work = f"{new} busy {use} % for the work of {old} busy {old_use} %"
    place = f"on the grid {grid} ({carbon.GRIDS[grid].value:.0f} g/kWh) at a PUE of {pue:g}"
    return (
        f"{work}, {place}: {a_year[0]:.3g} t a year kept, {a_year[1]:.3g} t new; over {years} years "
        f"{whole / TONNE:.3g} t, {way.embodied / whole:.0%} of it from making {MADE[new]}; the making is "
        f"{paid(way)}{', after its life' if late else ''}"
    )
