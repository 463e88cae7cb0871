"""Failures and checkpoints of a long job: the pure functions of the checkpoint explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.interconnect.failures import best_interval, cluster_mtbf, efficiency
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, log_axes, scaled
from labcore.units import Seconds, format_si

MINUTE, DAY, YEAR = 60.0, 86_400.0, 365.25 * 86_400.0
SHORTEST, LONGEST = 1, 1024  # minutes between two checkpoints
TAUS = MINUTE * np.geomspace(SHORTEST, LONGEST, 121)


def times(chips: int, years: float, dump: float, restart: int) -> dict[str, Seconds]:
    """Mean time between failures of the whole job, and of a checkpoint and a restart, given in minutes.

    >>> times(chips=2, years=2.0, dump=1.0, restart=10)["mtbf"] == YEAR
    True
    """
    return {
        "L_dump": dump * MINUTE,
        "L_restart": restart * MINUTE,
        "mtbf": cluster_mtbf(years * YEAR, chips),
    }


def build(fig: Canvas) -> SimpleNamespace:
    """Useful share over the interval; a curve and two markers that will move."""
    # the legend stands below 0, where no curve comes
    ax = fig.add_axes((0.1, 0.13, 0.87, 0.75), xlim=(SHORTEST, LONGEST), ylim=(-0.15, 1.02))
    log_axes(ax, "x")
    ax.xaxis.set_major_formatter("{x:.0f}")
    fix_ticks(ax.xaxis, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
    fix_ticks(ax.yaxis, [0, 0.2, 0.4, 0.6, 0.8, 1])
    scaled(ax.yaxis, "time that is progress", "%")
    ax.set_xlabel("work between two checkpoints (minutes)")
    moving = SimpleNamespace(
        ceiling=ax.plot([], [], color=GREY, linestyle=":", label="without failures")[0],
        curve=ax.plot([], [], color=BLUE, label="with failures")[0],
        best=ax.plot([], [], color=BLACK, marker="^", markersize=9, linestyle="None", zorder=3, label="best")[0],
        dot=ax.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", zorder=4, label="yours")[0],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="lower center", ncols=4)
    return moving


def update(artists: SimpleNamespace, chips: int, years: float, dump: float, restart: int, interval: int) -> None:
    """Move the curve to the cluster and the markers to its best interval and to the one chosen."""
    known = times(chips, years, dump, restart)
    artists.ceiling.set_data(TAUS / MINUTE, TAUS / (TAUS + known["L_dump"]))
    artists.curve.set_data(TAUS / MINUTE, [efficiency(tau, **known) for tau in TAUS.tolist()])
    best = best_interval(known["L_dump"], known["mtbf"])
    shown = min(max(best, TAUS[0]), TAUS[-1])  # beyond the axis the marker waits at its edge
    artists.best.set_data([shown / MINUTE], [efficiency(shown, **known)])
    artists.dot.set_data([interval], [efficiency(interval * MINUTE, **known)])
    artists.title.set_text(f"{chips:,} chips: a failure every {spoken(known['mtbf'])}")


def spoken(T: Seconds) -> str:
    """A time in the unit that people use for it.

    >>> spoken(30.0), spoken(7200.0), spoken(4 * DAY)
    ('30.0 s', '2.0 hours', '4.0 days')
    """
    if T >= 2 * DAY:
        return f"{T / DAY:,.1f} days"
    if T >= 2 * MINUTE * 60:
        return f"{T / 3600:.1f} hours"
    return f"{T / MINUTE:.1f} minutes" if T >= 2 * MINUTE else format_si(T, "s", 3) if T < 10 else f"{T:.1f} s"


def describe(chips: int, years: float, dump: float, restart: int, interval: int) -> str:
    """Time between failures, share lost with this interval and with the best, and what a failure costs on average."""
    known = times(chips, years, dump, restart)
    best = best_interval(known["L_dump"], known["mtbf"])
    here, there = (efficiency(tau, **known) for tau in (interval * MINUTE, best))
    return (
        f"{chips:,} chips that each fail once in {years:.2f} years stop every {spoken(known['mtbf'])}, "
        f"{DAY / known['mtbf']:.2f} times a day; with a checkpoint of {dump:g} min after every {interval} min of work "
        f"and restarts of {restart} min, {here:.2%} of the time is progress; the best interval is {spoken(best)} "
        f"and gives {there:.2%}"
    )
