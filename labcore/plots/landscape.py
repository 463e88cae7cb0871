"""What every tile moves, as a map: the valley between tiles that are too small and tiles that do not fit."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.mapping import least_words
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, HATCHES, VERMILLION
from labcore.plots.words import as_table, rows, three
from labcore.tiling.landscape import NOT_HELD, landscape

SIDE, BUFFER = 1024, 16384
LIGHT, DARK = np.array([238, 245, 250]) / 255, np.array([86, 154, 204]) / 255  # few words, many; black is read on both
WORST = 64  # times the bound: the darkest shade


def shade(ratio: float) -> tuple[float, float, float]:
    """The colour of a tile that moves `ratio` times the bound, on a logarithmic scale from 1 to `WORST`.

    >>> bool(sum(shade(2.0)) > sum(shade(4.0))), shade(64.0) == shade(1000.0)
    (True, True)
    """
    depth = min(max(math.log(ratio) / math.log(WORST), 0.0), 1.0)
    return tuple(LIGHT + depth * (DARK - LIGHT))


def tile_map(side: int = SIDE, buffer_words: int = BUFFER, order: str = "MNK") -> Table:
    """Words of every tile of C of a cube of a product, with its best depth; -1 where none fits."""
    land = landscape(side, side, side, buffer_words, order)
    bound = least_words(side, side, side, buffer_words)
    best = land.best
    drawn = [
        (tm, tn, int(land.tk[i, j]), int(land.words[i, j]),
         land.words[i, j] / bound if land.words[i, j] != NOT_HELD else math.nan,
         "yes" if (tm, int(land.tk[i, j]), tn) == best else "no")
        for i, tm in enumerate(land.tm) for j, tn in enumerate(land.tn)
    ]  # fmt: skip
    return as_table(UNITS, drawn)


def draw_map(ax: Axes, table: Table) -> Axes:
    """A square for each tile of C, darker where more words move; hatched where none fits; the best one framed."""
    tm, tn = (list(dict.fromkeys(table[name])) for name in ("tm", "tn"))
    ax.grid(visible=False)
    ax.set_aspect("equal")
    for r in rows(table):
        x, y = tn.index(r["tn"]), tm.index(r["tm"])
        if r["words"] == NOT_HELD:
            ax.add_patch(Rectangle((x, y), 1, 1, facecolor="white", edgecolor="#BBBBBB", hatch=HATCHES[1], linewidth=0))
            continue
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor=shade(r["times"]), edgecolor="white", linewidth=0.8))
        words = three(r["times"]) if r["times"] < 100 else f"{r['times']:.0f}"
        ax.text(x + 0.5, y + 0.5, words, ha="center", va="center", fontsize=7.5)
        if r["best"] == "yes":
            ax.add_patch(Rectangle((x, y), 1, 1, fill=False, edgecolor=VERMILLION, linewidth=2.6, zorder=4))
    for axis, values, name in ((ax.xaxis, tn, "columns tn"), (ax.yaxis, tm, "rows tm")):
        axis.set_ticks([i + 0.5 for i in range(len(values))], [str(v) for v in values])
        axis.set_label_text(f"{name} of the tile of C")
        axis.set_tick_params(length=0)
    ax.set_xlim(0, len(tn))
    ax.set_ylim(0, len(tm))
    ax.text(len(tn) - 0.3, len(tm) - 0.5, "hatched: does not fit", ha="right", va="center", color=GREY, fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2})  # fmt: skip
    return ax


def map_in_words(table: Table) -> str:
    """The best tile and what it moves, beside the smallest and the flattest."""
    held = [r for r in rows(table) if r["words"] != NOT_HELD]
    best = next(r for r in held if r["best"] == "yes")
    one = held[0]
    side = max(r["tn"] for r in rows(table))
    flat = max((r for r in held if r["tm"] == 1), key=lambda r: r["tn"])
    return (
        f"Of {len(held)} tiles of C of a {side} x {side} x {side} product that fit, {best['tm']} x {best['tn']} (depth "
        f"{best['tk']}) moves least: {best['words']:,} words, {three(best['times'])} times the lower bound; "
        f"1 x 1 moves {three(one['times'])} times the bound, 1 x {flat['tn']} {three(flat['times'])} times."
    )


UNITS = {"tm": "", "tn": "", "tk": "", "words": "", "times": "x", "best": ""}

register(Figure(
    id="tile-landscape",
    item="Text §Tiling challenges",
    title="Words moved by every tile of C, over the lower bound",
    caption="A 1024 x 1024 x 1024 product with a buffer of 16 Ki words, C staying (loops M, N, K). Each square is one "
    "tile of C with the depth that serves it best; its number is the words that it moves over the lower bound "
    "max(3 N^2, 2 N^3 / sqrt(S) - 2 S). The best one is framed. Thin tiles fit and reuse little, large ones do not "
    "fit: the valley lies along the edge of what fits, where tm and tn are alike. In the lowest four rows a band of A "
    "of full depth fits too and stays while all columns pass, so that even a narrow tile moves no more than a wide "
    "one. Nothing can move less than the bound; tiles that divide 1024 leave a gap to it, since the 128 x 128 sums of "
    "the next square would fill the whole buffer.",
    alt="A square map with tile rows and columns from 1 to 1024 on its sides. It is dark along the left and the lower "
    "side, lighter towards the diagonal, and hatched at the upper right, where tiles do not fit. The lightest squares "
    "lie just below the hatched part near the diagonal; one of them has a thick frame.",
    units=UNITS,
    data=tile_map,
    draw=draw_map,
    says=map_in_words,
    lab="14_tiling",
    size=(6.4, 5.8),
))  # fmt: skip
