"""Amdahl's law at one parallel fraction: the pure functions of the Amdahl explorer."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.ironlaw import ceiling, knee, speedup, speedup_of_parts
from labcore.plots.style import BLUE, GREEN, GREY, VERMILLION, log_axes
from labcore.plots.words import three
from labcore.units import Ratio

G_MAX = 1024
GAINS = np.geomspace(1, 2 * G_MAX, 89)


def build(fig: Canvas) -> SimpleNamespace:
    """A curve of speed-up over gain below its ceiling, three markers, and the time that is left as a bar."""
    ax = fig.add_axes((0.115, 0.325, 0.855, 0.605), xlim=(1, 2 * G_MAX), ylim=(0.9, 2.4 * G_MAX))
    log_axes(ax)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:,.0f}")
        fix_ticks(axis, [1, 10, 100, 1000])
    ax.set_xlabel("accelerator gain G (x)")
    ax.set_ylabel("speed-up of the whole (x)")
    ax.plot(GAINS, GAINS, color=GREY, linestyle=":", linewidth=1.2, label="p = 1")
    low = fig.add_axes((0.115, 0.085, 0.855, 0.075), xlim=(0, 1), ylim=(0, 1))
    low.grid(visible=False)
    low.spines[["left", "bottom"]].set_visible(False)
    fix_ticks(low.xaxis, [0, 0.25, 0.5, 0.75, 1])
    low.xaxis.set_major_formatter("{x:.0%}")
    fix_ticks(low.yaxis, np.array([]))
    low.axvspan(0, 1, facecolor="white", edgecolor=BLUE, hatch="////")
    moving = SimpleNamespace(
        curve=ax.plot([], [], color=BLUE, label="this p")[0],
        ceiling=ax.axhline(1, **THIN_DASH, label="its ceiling 1 / (1 - p)"),
        now=ax.plot([], [], color=BLUE, marker="o", markersize=9, linestyle="None", zorder=4, label="now")[0],
        doubled=ax.plot([], [], color=VERMILLION, marker=">", markersize=8, linestyle="None", zorder=3,
                        label="twice the gain")[0],
        halved=ax.plot([], [], color=GREEN, marker="^", markersize=8, linestyle="None", zorder=3,
                       label="half the serial part")[0],
        serial=low.barh(0.5, 0, 1, facecolor=GREY)[0],
        words=low.text(0, 1.25, "", transform=low.transAxes),
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip
    ax.legend(loc="upper left", handlelength=3)
    return moving


def options(p: Ratio, G: int) -> tuple[Ratio, Ratio, Ratio]:
    """Speed-up now, with twice the accelerator, and with half the serial part.

    >>> [round(S, 2) for S in options(0.75, 3)]
    [2.0, 2.67, 2.67]
    """
    return speedup(p, G), speedup(p, 2 * G), speedup_of_parts([1 - p, p], [2, G])


def update(artists: SimpleNamespace, p: Ratio, G: int) -> None:
    """Move the curve and its ceiling to p, the markers to the three options, the bar to what is left."""
    now, doubled, halved = options(p, G)
    artists.curve.set_data(GAINS, [speedup(p, gain) for gain in GAINS])
    top = ceiling(p)
    artists.ceiling.set_ydata([min(top, 1e6)] * 2)
    artists.now.set_data([G], [now])
    artists.doubled.set_data([2 * G], [doubled])
    artists.halved.set_data([G], [halved])
    serial = (1 - p) * now
    artists.serial.set_width(serial)
    artists.words.set_text(f"the time that is left: serial {serial:.1%} (grey), accelerated {1 - serial:.1%} (hatched)")
    limit = "no ceiling" if math.isinf(top) else f"at most {three(top)}x"
    artists.title.set_text(f"p = {p:.4g}, G = {G}: {three(now)}x of {limit}")


def describe(p: Ratio, G: int) -> str:
    """The speed-up and its ceiling, what is left, and where the next investment goes.

    >>> describe(0.9, 9).split("; ")[-1]
    'twice the accelerator 6.67x, half the serial part 6.67x: both are worth the same'
    """
    now, doubled, halved = options(p, G)
    top, turn = ceiling(p), knee(p)
    limit = (
        "no ceiling" if math.isinf(top) else f"the ceiling is {three(top)}x, half of it reached at G = {three(turn)}"
    )
    if three(doubled) == three(halved):  # a tie in what is shown
        advice = "both are worth the same"
    else:
        advice = f"improve the {'serial part' if halved > doubled else 'accelerator'}"
    return (
        f"p = {p:.4g}, G = {G}: {three(now)}x; {limit}; of the time left {(1 - p) * now:.1%} is serial; "
        f"twice the accelerator {three(doubled)}x, half the serial part {three(halved)}x: {advice}"
    )
