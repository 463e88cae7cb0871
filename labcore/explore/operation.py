"""One operation under the roof of one chip: the pure functions of the roofline explorer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter, FixedLocator

from labcore.catalogue import CHIPS
from labcore.catalogue import chip as find_chip
from labcore.catalogue.facts import Accelerator
from labcore.ops import Operation, conv2d, elementwise, layernorm, matmul, softmax
from labcore.plots.roof import height
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes, scaled
from labcore.plots.words import three
from labcore.precision import bytes_per_element
from labcore.roofline import bound
from labcore.units import Bytes, FlopPerSecond, format_si

OPERATIONS: dict[str, Callable[[int, Bytes], Operation]] = {
    "dense 2048 x 2048": lambda batch, b: matmul(batch, 2048, 2048, b),
    "conv 3x3, 128 to 256 channels of 56 x 56": lambda batch, b: conv2d(
        batch, 128, 56, 56, 256, 3, 3, padding=1, bytes_per_element=b
    ),
    "LayerNorm, 512 tokens of 768": lambda batch, b: layernorm(batch * 512, 768, b),
    "softmax, 12 heads of 512 x 512": lambda batch, b: softmax(batch * 12 * 512, 512, b),
    "attention QKV, 512 tokens of 768": lambda batch, b: matmul(batch * 512, 768, 3 * 768, b),
    "ReLU, 2048 features": lambda batch, b: elementwise(batch * 2048, bytes_per_element=b),
}
I_SHOWN = (0.05, 1e4)  # FLOP/B: from ReLU at fp64 to the convolution at fp4
R_SHOWN = (1e9, 3e16)  # FLOP/s: from the slowest memory to the highest peak of the catalogue
PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}  # under a label that lines may cross
BELOW = {"position": (10, -6), "ha": "left", "va": "top"}  # where a label stands beside its dot, in points
ABOVE = {"position": (-10, 6), "ha": "right", "va": "bottom"}  # where the axes end too close to the right
THIN_DASH = {"color": GREY, "linewidth": 0.9, "linestyle": (0, (4, 3))}


def build(fig: Canvas) -> SimpleNamespace:
    """Axes that hold every chip of the catalogue; a roof, a ridge and a dot that will move."""
    ax = fig.add_axes((0.125, 0.125, 0.83, 0.795), xlim=I_SHOWN, ylim=R_SHOWN)
    log_axes(ax)
    scaled(ax.xaxis, "arithmetic intensity", "FLOP/B")
    scaled(ax.yaxis, "attainable throughput", "TFLOP/s")
    fix_ticks(ax.xaxis, 10.0 ** np.arange(-1, 5))
    fix_ticks(ax.yaxis, 10.0 ** np.arange(9, 17))
    return SimpleNamespace(
        others=ax.plot([], [], color="#C0C0C0", linewidth=0.7, zorder=1)[0],
        ridge=ax.axvline(1, **THIN_DASH),
        roof=ax.plot([], [], color=BLUE, linewidth=2.4)[0],
        dot=ax.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", zorder=3)[0],
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
        ridge_label=ax.annotate("", (1, R_SHOWN[0]), (4, 5), textcoords="offset points", color=GREY),
        dot_label=ax.annotate("", (1, 1), (0, 0), textcoords="offset points", bbox=PLATE),
    )


def update(artists: SimpleNamespace, chip: str, precision: str, operation: str, batch: int) -> None:
    """Move roof, ridge and dot to where the roofline puts them."""
    one, op = find_chip(chip), at_precision(operation, precision, batch)
    I_ridge, R = one.ridge(precision), height(one, precision, op.I)
    artists.others.set_data(*other_roofs(chip, precision))
    artists.roof.set_data(*roof(one, precision))
    artists.ridge.set_xdata([I_ridge, I_ridge])
    artists.dot.set_data([op.I], [R])
    R_peak = rate(one.peak(precision), one, precision)
    artists.title.set_text(f"{chip}, {precision}: {R_peak}, {format_si(one.BW, 'B/s')}")
    artists.ridge_label.set_text(f"ridge {three(I_ridge)}")
    artists.ridge_label.xy = (I_ridge, R_SHOWN[0])
    artists.dot_label.set_text(f"{operation.split(',')[0]}\n{three(op.I)} FLOP/B")
    artists.dot_label.xy = (op.I, R)
    artists.dot_label.set(**(BELOW if op.I < 1500 else ABOVE))


def describe(chip: str, precision: str, operation: str, batch: int) -> str:
    """Ridge, intensity, attainable throughput, share of the peak, and what binds."""
    one, op = find_chip(chip), at_precision(operation, precision, batch)
    I_ridge = three(one.ridge(precision))
    return f"{chip} {precision}: ridge {I_ridge} FLOP/B; {operation}, batch {batch}: {place(one, precision, op)}"


def place(chip: Accelerator, precision: str, op: Operation) -> str:
    """'31.0 FLOP/B -> 63.3 TFLOP/s, 20.3 % of peak, memory-bound'."""
    R, R_peak = height(chip, precision, op.I), chip.peak(precision)
    binds = bound(op.I, chip.ridge(precision))
    return f"{three(op.I)} FLOP/B -> {rate(R, chip, precision)}, {100 * R / R_peak:.1f} % of peak, {binds}-bound"


@lru_cache(maxsize=1024)
def at_precision(operation: str, precision: str, batch: int) -> Operation:
    """One of OPERATIONS at a batch, its elements as wide as the precision."""
    return OPERATIONS[operation](batch, bytes_per_element(precision))


def rate(R: FlopPerSecond, chip: Accelerator, precision: str) -> str:
    """A throughput in the unit of that peak: integer precisions count operations."""
    return format_si(R, chip.peaks[precision].unit, 3)


def roof(chip: Accelerator, precision: str) -> tuple[list[float], list[float]]:
    """The corners of a roof across the plot."""
    I = [I_SHOWN[0], chip.ridge(precision), I_SHOWN[1]]
    return I, [height(chip, precision, one) for one in I]


@lru_cache(maxsize=256)
def other_roofs(chip: str, precision: str) -> tuple[list[float], list[float]]:
    """The roofs of all other chips that have the precision, as one line with gaps."""
    corners = [roof(one, precision) for one in CHIPS if precision in one.precisions and one.name != chip]
    gap = [math.nan]
    return [x for I, _ in corners for x in I + gap], [y for _, R in corners for y in R + gap]


def fix_ticks(axis: Axis, ticks: Sequence[float]) -> None:
    """Settle ticks and their labels once, so that a redraw measures and searches for none."""
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FixedFormatter(axis.get_major_formatter().format_ticks(list(ticks))))
