"""Where one number lands in each format: its bits, the value they stand for, and the error. The pure functions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter, FixedLocator

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.precision import FORMATS, cast
from labcore.precision.bits import fields

SHOWN = tuple(FORMATS)  # one row each
EXACT, LOST = 1e-9, 1e3  # where the dots of no error, and of a number lost whole, are drawn
FIRST, LAST = 2e-10, 5e3


def number(significand: float, power: int) -> float:
    """The number that the two sliders make.

    >>> number(3.14, -2)
    0.0314
    """
    return float(f"{significand:.10g}e{power}")


def stored(x: float, fmt: str, overflow: str) -> float:
    """The value that a format keeps of x."""
    return float(cast(x, fmt, overflow))


def error(x: float, got: float) -> float:
    """Relative error; 1 where the number is lost to zero, infinite where it became infinite or NaN."""
    return abs(got / x - 1) if np.isfinite(got) else np.inf


def build(fig: Canvas) -> SimpleNamespace:
    """A row for each format: name, bits, value, and a dot on a log axis of errors."""
    rows = len(SHOWN)
    words = fig.add_axes((0.015, 0.1, 0.66, 0.8), xlim=(0, 1), ylim=(rows - 0.5, -0.5))
    words.axis("off")
    fix_ticks(words.xaxis, np.array([]))
    fix_ticks(words.yaxis, np.array([]))
    ax = fig.add_axes((0.69, 0.1, 0.29, 0.8), xlim=(FIRST, LAST), ylim=(rows - 0.5, -0.5))
    log_axes(ax, "x")
    ax.xaxis.set_major_locator(FixedLocator([EXACT, 1e-6, 1e-3, 1, LOST]))
    ax.xaxis.set_major_formatter(FixedFormatter(["exact", "1e-6", "1e-3", "1", "lost"]))
    fix_ticks(ax.yaxis, np.array([]))
    ax.set_xlabel("relative error")
    for row, name in enumerate(SHOWN):
        words.text(0, row, name, va="center", weight="bold")
    fig.text(0.985, 0.94, "cross: infinite, NaN or zero", ha="right", color=GREY)
    mono = {"family": "DejaVu Sans Mono", "fontsize": 7, "va": "center"}
    return SimpleNamespace(
        bits=[words.text(0.185, row, "", **mono) for row in range(rows)],
        values=[words.text(1.0, row, "", ha="right", va="center", color=BLUE) for row in range(rows)],
        dots=ax.plot([], [], color=BLUE, marker="o", markersize=7, linestyle="None")[0],
        gone=ax.plot([], [], color=VERMILLION, marker="X", markersize=9, linestyle="None")[0],
        title=words.text(0, 1.04, "", transform=words.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, significand: float, power: int, overflow: str) -> None:
    """Write every row's bits and value, move the dots."""
    x = number(significand, power)
    good, gone = [], []
    for row, name in enumerate(SHOWN):
        got = stored(x, name, overflow)
        artists.bits[row].set_text(" ".join(fields(x, name, overflow)))
        artists.values[row].set_text(f"{got:.7g}")
        lost = got == 0 or not np.isfinite(got)
        (gone if lost else good).append((LOST if lost else max(error(x, got), EXACT), row))
    for line, points in ((artists.dots, good), (artists.gone, gone)):
        line.set_data(*np.reshape(points, (-1, 2)).T)
    artists.title.set_text(f"{x:.7g} in {len(SHOWN)} formats")


def describe(significand: float, power: int, overflow: str) -> str:
    """The value that each format keeps, and its error."""
    x = number(significand, power)
    return f"{x:.7g}, overflow {overflow}: " + "; ".join(
        f"{name} {kept(x, stored(x, name, overflow))}" for name in SHOWN
    )


def kept(x: float, got: float) -> str:
    """A value with its error in words.

    >>> kept(0.1, 0.0999755859375), kept(1.0, 1.0), kept(1e-9, 0.0)
    ('0.09997559 (off by 2.4e-04)', '1 (exact)', '0 (lost)')
    """
    if got == 0 or not np.isfinite(got):
        return f"{got:g} (lost)"
    off = error(x, got)
    return f"{got:.7g} " + (f"(off by {off:.1e})" if off else "(exact)")
