"""Staying, converting once, converting around every layer: the pure functions of the conversion explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter, NullLocator

from labcore.explore.operation import fix_ticks
from labcore.layout import break_even
from labcore.plots.conversions import LAYERS, share_of_converting
from labcore.plots.roof import as_chip
from labcore.plots.style import GREY, look
from labcore.roofline import least_time
from labcore.units import Seconds, format_si

CHIPS, MOST, HIGH = ("A100", "H100", "V100"), 32, 4.2
COUNTS = np.arange(1, MOST + 1)
TICKS = (1, 2, 4, 8, 16, 32)
WAYS = ("stay", "convert once there and back", "convert around every layer")


def times(layer: str, chip: str) -> tuple[Seconds, Seconds]:
    """One layer's time in the layout that suits it, and the time to convert there and back."""
    one, op = as_chip(chip), LAYERS[layer]
    T = least_time(op.flop, op.D_vol, one.peak("fp16"), one.BW)
    return T, T * share_of_converting(op, chip)


def totals(layer: str, chip: str, gain: float, layers: int | np.ndarray) -> tuple:
    """The time of so many such layers in each of the three ways, in times of one layer in the layout that suits it.

    >>> [round(float(one), 1) for one in totals("1x1, 64 x 56 x 56", "A100", gain=1.5, layers=4)]
    [6.0, 6.0, 12.0]
    """
    T, T_convert = times(layer, chip)
    return layers * gain, layers + T_convert / T, layers * (1 + T_convert / T)


def build(fig: Canvas) -> SimpleNamespace:
    """Three lines over the layers in a row, a marker on each, and a hairline where converting begins to pay."""
    ax = fig.add_axes((0.1, 0.13, 0.87, 0.74), xscale="log", xlim=(0.9, 1.1 * MOST), ylim=(0, HIGH))
    fix_ticks(ax.xaxis, TICKS)
    ax.xaxis.set_major_formatter(FixedFormatter([str(tick) for tick in TICKS]))
    ax.xaxis.set_minor_locator(NullLocator())
    fix_ticks(ax.yaxis, np.arange(5))
    ax.set_xlabel("layers in a row")
    ax.set_ylabel("time for each layer (times of one that suits)")
    moving = SimpleNamespace(
        lines=[ax.plot([], [], **look(i) | {"marker": ""}, label=way)[0] for i, way in enumerate(WAYS)],
        dots=[ax.plot([], [], **look(i) | {"linestyle": "None"}, markersize=8)[0] for i in range(len(WAYS))],
        pays=ax.axvline(1, ymin=0.18, color=GREY, linewidth=0.8),
        note=ax.text(1, 0.97 * HIGH, "", color=GREY, va="top"),
        title=ax.text(0, 1.05, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="lower center", ncols=3)
    return moving


def update(artists: SimpleNamespace, layer: str, chip: str, gain: float, layers: int) -> None:
    """Move lines, markers and the hairline with its note."""
    curves, now = totals(layer, chip, gain, COUNTS), totals(layer, chip, gain, layers)
    for line, dot, curve, height in zip(artists.lines, artists.dots, curves, now, strict=True):
        line.set_data(COUNTS, curve / COUNTS)
        dot.set_data([layers], [height / layers])
    uses = first_paying(layer, chip, gain)
    inside = uses is not None and uses <= MOST
    artists.pays.set_visible(inside)
    artists.pays.set_xdata([uses if inside else 1] * 2)
    late = inside and uses > TICKS[3]
    artists.note.set(x=(uses * (0.97 if late else 1.03)) if inside else 1, ha="right" if late else "left")
    artists.note.set_text("pays from here on" if inside else "")
    artists.title.set_text(f"{layer} on {chip}: {paying(uses)}")


def first_paying(layer: str, chip: str, gain: float) -> int | None:
    """The least number of layers at which converting once costs no time."""
    T, T_convert = times(layer, chip)
    return break_even(T_convert, gain * T, T)


def paying(uses: int | None) -> str:
    """When converting pays, in words."""
    if uses is None:
        return "converting never pays"
    return f"converting pays from {uses} {'layers in a row' if uses > 1 else 'layer'} on"


def describe(layer: str, chip: str, gain: float, layers: int) -> str:
    """The two times, the three totals, and from when on converting pays."""
    T, T_convert = times(layer, chip)
    stay, once, each = (format_si(float(total) * T, "s", 3) for total in totals(layer, chip, gain, layers))
    return (
        f"{layer} on {chip}, {format_si(T, 's', 3)} in the layout that suits, {gain:.2f} times that in the other; "
        f"there and back {format_si(T_convert, 's', 3)}; {layers} in a row: stay {stay}, convert once {once}, "
        f"around every layer {each}; {paying(first_paying(layer, chip, gain))}"
    )
