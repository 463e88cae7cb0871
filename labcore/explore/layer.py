"""One dense layer over its batch: the pure functions of the batch explorer."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import chip as find_chip
from labcore.catalogue.facts import Accelerator
from labcore.explore.operation import THIN_DASH, fix_ticks, place
from labcore.ops import matmul
from labcore.plots.style import BLUE, GREEN, GREY, VERMILLION, log_axes
from labcore.plots.words import three
from labcore.precision import bytes_per_element
from labcore.roofline import crossing_batch, dense_intensity, least_time
from labcore.units import Bytes, FlopPerByte, Seconds, format_si

B_MAX = 4096
BATCHES = 2.0 ** np.linspace(0, 12, 97)  # eight points for each doubling of the batch


def build(fig: Canvas) -> SimpleNamespace:
    """Two plots over one batch axis, with a marker on each curve that will move."""
    top = fig.add_axes((0.125, 0.5, 0.845, 0.43), xlim=(1, B_MAX), ylim=(0.2, 4e5))
    low = fig.add_axes((0.125, 0.105, 0.845, 0.31), xlim=(1, B_MAX), ylim=(0.7, 2 * B_MAX))
    for ax in (top, low):
        log_axes(ax)
        ax.xaxis.set_major_formatter("{x:.0f}")
        ax.yaxis.set_major_formatter("{x:,.0f}")
        fix_ticks(ax.xaxis, 4.0 ** np.arange(7))
        fix_ticks(ax.yaxis, 10.0 ** np.arange(5))
    top.set_ylabel("intensity (FLOP/B)")
    low.set_ylabel("relative to batch 1")
    low.set_xlabel("batch B")
    moving = SimpleNamespace(
        ridge=top.axhline(1, **THIN_DASH),
        ridge_label=top.annotate("", (1, 1), (4, 3), textcoords="offset points", color=GREY),
        rule=top.plot([], [], color=GREY, linewidth=1.2, linestyle=":", label="weights alone: 2 B / bytes")[0],
        exact=top.plot([], [], color=BLUE, label="every operand once")[0],
        crossings=[ax.axvline(1, **THIN_DASH) for ax in (top, low)],
        crossing_label=top.annotate("", (1, top.get_ylim()[0]), (4, 5), textcoords="offset points", color=GREY),
        throughput=low.plot([], [], color=GREEN, label="throughput")[0],
        latency=low.plot([], [], color=VERMILLION, linestyle="--", label="latency")[0],
        dots=[ax.plot([], [], color=color, marker=marker, markersize=8, linestyle="None", zorder=3, clip_on=False)[0]
              for ax, color, marker in ((top, BLUE, "o"), (low, GREEN, "^"), (low, VERMILLION, "s"))],
        title=top.text(0, 1.05, "", transform=top.transAxes, weight="bold"),
    )  # fmt: skip
    for ax in (top, low):
        ax.legend(loc="upper left", handlelength=3)
    return moving


def update(artists: SimpleNamespace, chip: str, precision: str, M: int, N: int, batch: int) -> None:
    """Move the curves to the layer, the ridge to the chip and the markers to the batch."""
    one, b = find_chip(chip), bytes_per_element(precision)
    I_ridge, crossing = one.ridge(precision), first_batch(M, N, one.ridge(precision), b)
    artists.ridge.set_ydata([I_ridge, I_ridge])
    artists.ridge_label.set_text(f"ridge {three(I_ridge)}")
    artists.ridge_label.xy = (1, I_ridge)
    artists.rule.set_data(BATCHES, 2 * BATCHES / b)
    artists.exact.set_data(BATCHES, dense_intensity(BATCHES, M, N, b))
    for line in artists.crossings:
        line.set_xdata([crossing or 1] * 2)
        line.set_visible(crossing is not None)
    artists.crossing_label.set_text(f"from batch {crossing}" if crossing and crossing <= B_MAX else "")
    artists.crossing_label.xy = (crossing or 1, artists.crossing_label.xy[1])
    alone = layer_time(one, precision, M, N, 1.0)
    T = layer_time(one, precision, M, N, BATCHES)
    artists.throughput.set_data(BATCHES, BATCHES * alone / T)
    artists.latency.set_data(BATCHES, T / alone)
    now = layer_time(one, precision, M, N, batch) / alone
    heights = (dense_intensity(batch, M, N, b), batch / now, now)
    for dot, height in zip(artists.dots, heights, strict=True):
        dot.set_data([batch], [height])
    artists.title.set_text(f"{chip}, {precision}: dense layer of {M} x {N}")


def layer_time(chip: Accelerator, precision: str, M: int, N: int, B: float) -> Seconds:
    """Least time of a dense layer; scalars or arrays of batches."""
    b = bytes_per_element(precision)
    return np.maximum(2 * B * M * N / chip.peak(precision), b * (B * M + M * N + B * N) / chip.BW)


def first_batch(M: int, N: int, I_ridge: FlopPerByte, b: Bytes) -> int | None:
    """The least whole batch whose intensity reaches the ridge, or None where no batch does.

    >>> first_batch(2048, 2048, I_ridge=153, b=2)
    180
    """
    crossing = crossing_batch(I_ridge, M, N, b)
    return None if crossing is None else max(1, math.ceil(crossing))


def describe(chip: str, precision: str, M: int, N: int, batch: int) -> str:
    """Where the layer stands, from which batch compute binds, and what the batch costs in waiting."""
    one, b = find_chip(chip), bytes_per_element(precision)
    op = matmul(batch, M, N, b)
    crossing = first_batch(M, N, one.ridge(precision), b)
    never = f"memory-bound at every batch, as its intensity stays below {three(2 * M * N / (b * (M + N)))} FLOP/B"
    T, alone = (least_time(op.flop, op.D_vol, one.peak(precision), one.BW) for op in (op, matmul(1, M, N, b)))
    return (
        f"{chip} {precision}, dense {M} x {N}, batch {batch}: {place(one, precision, op)}; "
        f"{never if crossing is None else f'compute-bound from batch {crossing}'}; "
        f"at least {format_si(T, 's', 3)} for the batch, {format_si(T / batch, 's', 3)} a sample "
        f"(alone: {format_si(alone, 's', 3)})"
    )
