"""A layer's width on an array: the pure functions of the fringe explorer."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, GREEN, VERMILLION, scaled
from labcore.systolic import DATAFLOWS, coverage, cycles, utilization

N_MAX = 1024
WIDTHS = np.arange(1, N_MAX + 1)


def build(fig: Canvas) -> SimpleNamespace:
    """Two curves over the width of a layer, and a marker on each."""
    ax = fig.add_axes((0.11, 0.125, 0.86, 0.78), xlim=(0, N_MAX), ylim=(0, 1.18))
    scaled(ax.yaxis, "share of what the array could do", "%")
    ax.set_xlabel("width N of the layer")
    fix_ticks(ax.xaxis, range(0, N_MAX + 1, 128))
    fix_ticks(ax.yaxis, [0, 0.2, 0.4, 0.6, 0.8, 1])
    moving = SimpleNamespace(
        here=ax.axvline(1, **THIN_DASH),
        lanes=ax.plot([], [], color=BLUE, linewidth=1.4, label="lanes busy, over N")[0],
        whole=ax.plot([], [], color=VERMILLION, linestyle="--", linewidth=1.4, label="whole product, over N")[0],
        dots=[ax.plot([], [], color=color, marker=marker, markersize=8, linestyle="None", zorder=3)[0]
              for color, marker in ((BLUE, "o"), (VERMILLION, "s"))],
        best=ax.plot([], [], color=GREEN, marker="^", markersize=8, linestyle="None", zorder=3, clip_on=False)[0],
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip
    ax.legend(loc="upper right", ncols=2, handlelength=3)
    return moving


def lanes(N: int, side: int, dataflow: str) -> float:
    """Share of the lanes that N occupies; not a number where N streams, and lies on no lane."""
    return math.nan if DATAFLOWS[dataflow].streams == "N" else coverage(N, side)


def update(artists: SimpleNamespace, dataflow: str, side: int, M: int, K: int, N: int) -> None:
    """Move the curves to the array and the markers to the layer."""
    artists.here.set_xdata([N, N])
    artists.lanes.set_data(WIDTHS, [lanes(n, side, dataflow) for n in range(1, N_MAX + 1)])
    artists.whole.set_data(WIDTHS, [utilization(M, K, n, side, side, dataflow) for n in range(1, N_MAX + 1)])
    heights = lanes(N, side, dataflow), utilization(M, K, N, side, side, dataflow)
    for dot, height in zip(artists.dots, heights, strict=True):
        dot.set_data([N], [height])
    snug = -(-N // side) * side
    artists.best.set_data([snug], [lanes(snug, side, dataflow)] if snug <= N_MAX else [np.nan])
    artists.title.set_text(f"({M}, {K}) @ ({K}, {N}) on {side} x {side}, {DATAFLOWS[dataflow].name}")


def describe(dataflow: str, side: int, M: int, K: int, N: int) -> str:
    """Utilization and cycles, the lanes of N, and what the next whole multiple of the array would cost instead."""
    ticks, snug = cycles(M, K, N, side, side, dataflow), -(-N // side) * side
    more = cycles(M, K, snug, side, side, dataflow)
    share = f"{utilization(M, K, N, side, side, dataflow):.1%} of the array over {ticks:,} cycles"
    if DATAFLOWS[dataflow].streams == "N":
        one = cycles(M, K, N + 1, side, side, dataflow) - ticks
        said = f"{share}; N streams and lies on no lane: one column more costs {one:,} cycles, one for each tile"
    else:
        beside = (
            f"N = {snug} would do {snug / N:.2f} times the work in {more:,} cycles ({more / ticks:.2f} times)"
            if snug != N
            else "N fills its tiles"
        )
        said = f"{lanes(N, side, dataflow):.1%} of the lanes of N, {share}; {beside}"
    return f"({M}, {K}) @ ({K}, {N}) on {side} x {side}, {dataflow}: {said}"
