"""A product on a tile unit: the pure functions of the padding explorer."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Rectangle

from labcore.catalogue.execution import AMX_TILES, MMA_TILES, WMMA_TILES
from labcore.explore.operation import fix_ticks
from labcore.matrix.unit import sides, tile_cost
from labcore.plots.style import BLUE, GREY, VERMILLION
from labcore.plots.words import three

LARGEST, SHOWN = 512, 640
TILES = {
    "mma, fp16": MMA_TILES["fp16"][-1],
    "wmma, fp16": WMMA_TILES[0],
    "AMX, int8": AMX_TILES["int8"],
    "thread block, 128 x 128 x 32": (128, 128, 32),
}


def build(fig: Canvas) -> SimpleNamespace:
    """Left the output in its tiles, right the useful share over M with a dot that will move."""
    left = fig.add_axes((0.095, 0.13, 0.385, 0.7), xlim=(0, SHOWN), ylim=(SHOWN, 0))
    right = fig.add_axes((0.61, 0.13, 0.36, 0.7), xlim=(0, LARGEST), ylim=(0, 1.04))
    left.grid(visible=False)
    for axis in (left.xaxis, left.yaxis, right.xaxis):
        fix_ticks(axis, np.arange(0, SHOWN + 1, 128))
    right.set_xlim(0, LARGEST)
    fix_ticks(right.yaxis, np.arange(0, 1.01, 0.25))
    right.yaxis.set_ticklabels(["0", "25", "50", "75", "100"])
    left.set_xlabel("columns N; hatched: padding")
    left.set_ylabel("rows M")
    right.set_xlabel("rows M")
    right.set_ylabel("useful work (%)")
    empty = Rectangle((0, 0), 0, 0, facecolor="white", edgecolor=GREY, hatch="//////", linewidth=0.8)
    useful = Rectangle((0, 0), 0, 0, facecolor="#CFE3F1", edgecolor=BLUE, linewidth=1.2)
    return SimpleNamespace(
        padding=left.add_patch(empty),
        useful=left.add_patch(useful),
        grid=left.add_collection(LineCollection([], colors=BLUE, linewidths=0.35)),
        curve=right.plot([], [], color=BLUE, linewidth=1.2)[0],
        dot=right.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", clip_on=False)[0],
        title=left.text(0, 1.06, "", transform=left.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, tile: str, M: int, N: int, K: int) -> None:
    """Resize the output, its padding and its tiles; draw the useful share for every M."""
    m, n, k = sides(TILES[tile])
    rows, cols = math.ceil(M / m), math.ceil(N / n)
    artists.padding.set_bounds(0, 0, cols * n, rows * m)
    artists.useful.set_bounds(0, 0, N, M)
    across = [((0, r * m), (cols * n, r * m)) for r in range(rows + 1)]
    down = [((c * n, 0), (c * n, rows * m)) for c in range(cols + 1)]
    artists.grid.set_segments(across + down)
    heights = np.arange(1, LARGEST + 1)
    rest = N * K / (cols * n * math.ceil(K / k) * k)
    artists.curve.set_data(heights, rest * heights / (np.ceil(heights / m) * m))
    cost = tile_cost(M, N, K, TILES[tile])
    artists.dot.set_data([M], [cost.utilization])
    artists.title.set_text(
        f"m{m} n{n} k{k}: {cost.blocks:,} block operations, {three(100 * cost.utilization)} % useful"
    )


def describe(tile: str, M: int, N: int, K: int) -> str:
    """Blocks, work issued and needed, and the waste."""
    cost = tile_cost(M, N, K, TILES[tile])
    m, n, k = sides(TILES[tile])
    return (
        f"({M}, {K}) @ ({K}, {N}) on tiles m{m} n{n} k{k} ({tile}): {cost.blocks:,} block operations, "
        f"{cost.macs_issued:,} MACs issued for {cost.macs:,}, {three(100 * cost.utilization)} % useful"
    )
