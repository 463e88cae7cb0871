"""A tile's room and its pace: the pure functions of the explorer that sets a scratchpad against a ridge."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import chip as find_chip
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, VERMILLION, log_axes
from labcore.plots.words import three
from labcore.precision import bytes_per_element
from labcore.tiling.choice import bytes_held, sum_bytes, widest_output
from labcore.tiling.intensity import load_intensity, ridge_side
from labcore.units import Ratio, format_binary

T_MAX = 4096
WIDTHS = np.unique(np.round(2 ** np.linspace(0, 12, 121)).astype(int))
BUFFERS = {"once": 1, "twice": 2}


def build(fig: Canvas) -> SimpleNamespace:
    """The share of the peak above, the room below, over the side of a tile of C; markers that will move."""
    top = fig.add_axes((0.12, 0.56, 0.85, 0.34), xlim=(1, T_MAX), ylim=(0, 108))
    low = fig.add_axes((0.12, 0.12, 0.85, 0.36), xlim=(1, T_MAX), ylim=(1e-3, 1e3))
    log_axes(low)
    log_axes(top, "x")
    for ax in (top, low):
        ax.xaxis.set_major_formatter("{x:.0f}")
        fix_ticks(ax.xaxis, [4**k for k in range(7)])
    top.yaxis.set_major_formatter("{x:.0f}")
    fix_ticks(top.yaxis, [0, 25, 50, 75, 100])
    low.yaxis.set_major_formatter("{x:g}")
    fix_ticks(low.yaxis, [1e-3, 1e-2, 0.1, 1, 10, 100])
    top.set_ylabel("share of peak (%)")
    low.set_ylabel("room / capacity")
    low.set_xlabel("side t of the tile of C")
    low.axhline(1, color="black", linewidth=1.2)
    low.text(1.1, 1.25, "full", fontsize=8.5)
    moving = SimpleNamespace(
        overlapped=top.plot([], [], color=BLUE, linewidth=1.6, label="A and B held twice")[0],
        turns=top.plot([], [], color=VERMILLION, linestyle="--", linewidth=1.6, label="held once")[0],
        room=low.plot([], [], color=BLUE, linewidth=1.6)[0],
        limits=[ax.axvline(1, **THIN_DASH) for ax in (top, low)],
        dots=[ax.plot([], [], color="black", marker="o", markersize=8, linestyle="None", zorder=3, clip_on=False)[0]
              for ax in (top, low)],
        title=top.text(0, 1.06, "", transform=top.transAxes, weight="bold"),
    )  # fmt: skip
    top.legend(loc="lower right")
    return moving


def share(t: int, chip: str, precision: str, buffers: int) -> Ratio:
    """Share of the peak at a tile of C of t x t: loading and multiplying by turns, or at the same time."""
    held = load_intensity(int(t), int(t), bytes_per_element(precision)) / find_chip(chip).ridge(precision)
    return min(1.0, held) if buffers == 2 else held / (1 + held)


def update(artists: SimpleNamespace, chip: str, precision: str, KiB: int, t: int, depth: int, operands: str) -> None:
    """Move the curves to the chip and the buffer, the markers to the tile, the dashes to the largest that fits."""
    b, buffers = bytes_per_element(precision), BUFFERS[operands]
    capacity = KiB * 1024
    for line, n in ((artists.overlapped, 2), (artists.turns, 1)):
        line.set_data(WIDTHS, [100 * share(w, chip, precision, n) for w in WIDTHS])
    artists.room.set_data(WIDTHS, [bytes_held((int(w), depth, int(w)), b, buffers) / capacity for w in WIDTHS])
    for line in artists.limits:
        line.set_xdata([widest_output(capacity, b, depth, buffers)] * 2)
    heights = 100 * share(t, chip, precision, buffers), bytes_held((t, depth, t), b, buffers) / capacity
    for dot, height in zip(artists.dots, heights, strict=True):
        dot.set_data([t], [height])
    artists.title.set_text(f"{chip} {precision}, {KiB} KiB, depth {depth}: the dashes mark the largest tile that fits")


def describe(chip: str, precision: str, KiB: int, t: int, depth: int, operands: str) -> str:
    """Intensity against the ridge, the room against the buffer, the share of the peak, and the tile that would do."""
    b, buffers = bytes_per_element(precision), BUFFERS[operands]
    I, I_ridge = load_intensity(t, t, b), find_chip(chip).ridge(precision)
    need = bytes_held((t, depth, t), b, buffers)
    most = widest_output(KiB * 1024, b, depth, buffers)
    fits = "fits" if need <= KiB * 1024 else "does not fit"
    return (
        f"{chip} {precision}, tile of C {t} x {t}, depth {depth}, sums of {sum_bytes(b):g} B, A and B held {operands}: "
        f"{format_binary(need)} of {KiB} KiB, {fits} (at most t = {most}); {three(I)} FLOP/B against a ridge of "
        f"{three(I_ridge)}, {100 * share(t, chip, precision, buffers):.1f} % of peak; t = "
        f"{ridge_side(I_ridge, b)} reaches the ridge"
    )
