"""Every tile of C that a buffer holds, shaded by what it moves: the pure functions of the landscape explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.mapping import least_words
from labcore.plots.landscape import DARK, LIGHT, WORST
from labcore.plots.style import BLACK, VERMILLION
from labcore.plots.words import three
from labcore.tiling.choice import square_tile
from labcore.tiling.intensity import product_words
from labcore.tiling.landscape import NOT_HELD, Landscape, landscape

SIDES = tuple(str(2**k) for k in range(2, 13, 2))
CELLS = 13  # tiles from 1 to 4096
EMPTY, TOO_LARGE = np.array([255, 255, 255]), np.array([214, 214, 214])


def build(fig: Canvas) -> SimpleNamespace:
    """The map on the left, its scale on the right; a frame for the best tile and a cross for the square by hand."""
    ax = fig.add_axes((0.13, 0.13, 0.66, 0.76), xlim=(0, CELLS), ylim=(0, CELLS))
    key = fig.add_axes((0.85, 0.13, 0.035, 0.76), xlim=(0, 1), ylim=(0, 1))
    for one in (ax, key):
        one.grid(visible=False)
        one.spines[["left", "bottom"]].set_visible(False)  # cells would cover them
    for axis in (ax.xaxis, ax.yaxis):
        fix_ticks(axis, np.arange(0, CELLS, 2) + 0.5)
        axis.set_ticklabels([str(2**k) for k in range(0, CELLS, 2)])
    ax.set_xlabel("columns tn of the tile of C")
    ax.set_ylabel("rows tm of the tile of C")
    key.imshow(pixels(WORST ** np.linspace(0, 1, 64))[:, None], extent=(0, 1, 0, 1), origin="lower", aspect="auto")
    fix_ticks(key.xaxis, [])
    fix_ticks(key.yaxis, [0, 0.5, 1])
    key.yaxis.set_ticklabels(["1", "8", "64"])
    key.yaxis.tick_right()
    key.set_title("times\nthe bound", fontsize=8, loc="center", weight="normal")
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    squares = [corners + np.array([x, y]) for y in range(CELLS) for x in range(CELLS)]
    return SimpleNamespace(
        cells=ax.add_collection(PolyCollection(squares, antialiased=False, linewidths=0)),
        best=ax.plot([], [], color=VERMILLION, marker="s", markersize=15, markerfacecolor="none", markeredgewidth=2.4,
                     linestyle="None")[0],
        square=ax.plot([], [], color=BLACK, marker="x", markersize=9, markeredgewidth=2, linestyle="None")[0],
        note=ax.text(CELLS - 0.2, CELLS - 0.55, "grey: no depth fits", ha="right", color=BLACK, fontsize=8.5),
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip


def pixels(times: np.ndarray) -> np.ndarray:
    """Colours of several ratios to the bound, (n,) -> (n, 3), from light at 1 to dark at `WORST`.

    >>> pixels(np.array([1.0, 1000.0])).tolist()
    [[238, 245, 250], [86, 154, 204]]
    """
    depth = np.clip(np.log(times) / np.log(WORST), 0, 1)[..., None]
    return (255 * (LIGHT + depth * (DARK - LIGHT))).round().astype(np.uint8)


@lru_cache(maxsize=64)
def surveyed(M: str, K: str, N: str, buffer: int, order: str) -> tuple[Landscape, float]:
    """The landscape, and the least words that any schedule moves."""
    sizes = int(M), int(K), int(N)
    return landscape(*sizes, buffer, order), least_words(*sizes, buffer)


def update(artists: SimpleNamespace, M: str, K: str, N: str, buffer: int, order: str) -> None:
    """Shade the map; frame the best tile, and cross the one that sqrt(S / 3) asks for."""
    land, bound = surveyed(M, K, N, buffer, order)
    picture = np.tile(EMPTY, (CELLS, CELLS, 1)).astype(np.uint8)
    words = np.where(land.words == NOT_HELD, bound, land.words)
    shown = np.where((land.words == NOT_HELD)[..., None], TOO_LARGE, pixels(words / bound))
    picture[: len(land.tm), : len(land.tn)] = shown
    artists.cells.set_facecolor(picture.reshape(-1, 3) / 255)
    tm, tk, tn = land.best
    artists.best.set_data([np.log2(tn) + 0.5], [np.log2(tm) + 0.5])
    t = by_hand(M, K, N, buffer)
    artists.square.set_data([np.log2(t) + 0.5], [np.log2(t) + 0.5])
    artists.title.set_text(f"best: tm, tk, tn = {tm}, {tk}, {tn}; {three(land_words(land) / bound)} times the bound")


def land_words(land: Landscape) -> int:
    """The words of the best tile."""
    return int(land.words[land.words != NOT_HELD].min())


def by_hand(M: str, K: str, N: str, buffer: int) -> int:
    """The cube that sqrt(S / 3) suggests, down to a power of two and no larger than the product."""
    return 2 ** min(int(np.log2(square_tile(buffer))), *(int(np.log2(int(size))) for size in (M, K, N)))


def describe(M: str, K: str, N: str, buffer: int, order: str) -> str:
    """The best tile and its words, the bound, and how many tiles fit."""
    land, bound = surveyed(M, K, N, buffer, order)
    held, best = int((land.words != NOT_HELD).sum()), land_words(land)
    t, (tm, tk, tn) = by_hand(M, K, N, buffer), land.best
    cube = product_words(int(M), int(K), int(N), (t, t, t), order)
    return (
        f"({M}, {K}) @ ({K}, {N}), a buffer of {buffer:,} words, loops {order}: {held} of {land.words.size} tiles of "
        f"C fit; best {tm} x {tk} x {tn}, {best:,} words, {three(best / bound)} times the bound of {bound:,.0f}; the "
        f"cube of {t} (cross) moves {cube:,} words, {three(cube / best)} times the best"
    )
