"""Figure 14 from a real tiling: three matrices in their tiles, one step in the middle of the product."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES, PLATE, VERMILLION
from labcore.plots.words import as_table, rows
from labcore.tiling.choice import words_held
from labcore.tiling.walk import standing

M, K, N = 48, 60, 72
TILE = (16, 12, 18)
STEP = 34
GAP = 8  # elements between two matrices on the page
CORNERS = {"A": (0, K + GAP), "B": (K + GAP, 0), "C": (K + GAP, K + GAP)}  # x, y of the upper left
COLOURS = {"A": GREEN, "B": VERMILLION, "C": BLUE}
TINTS = {"A": "#CDEBE1", "B": "#F8DCC8", "C": "#CFE3F1"}
HATCH = {"A": HATCHES[1], "B": "\\\\\\\\", "C": HATCHES[3]}
KEY = (
    "C = A B, loops over rows, columns, then k\n\nframed and hatched: in fast memory now\n"
    "number in A, B: how often it came in\nnumber in C: products added, 5 are all\nwhite: not yet needed"
)


def tiles(step: int = STEP) -> Table:
    """Every tile of A, B and C after some tile products: where it lies, its size, how often it came in, whether live.

    For a tile of C the number is that of the products it holds.
    """
    at, (tm, tk, tn) = standing(M, K, N, TILE, step), TILE
    numbers = {**at.loads, "C": at.terms}
    sides = {"A": (tm, tk), "B": (tk, tn), "C": (tm, tn)}
    drawn = [
        (name, r * sides[name][0], c * sides[name][1], *sides[name], int(grid[r, c]),
         "yes" if at.live[name] == (r, c) else "no")
        for name, grid in numbers.items() for r in range(grid.shape[0]) for c in range(grid.shape[1])
    ]  # fmt: skip
    return as_table(UNITS, drawn)


def draw_tiles(ax: Axes, table: Table) -> Axes:
    """A at the lower left, B above C, so that a row of A and a column of B meet in their tile of C."""
    ax.axis("off")
    ax.set_aspect("equal")
    ax.set_xlim(-17, K + GAP + N + 17)
    ax.set_ylim(K + GAP + M + 15, -13)
    for r in rows(table):
        name, (x, y) = r["operand"], CORNERS[r["operand"]]
        live = r["live"] == "yes"
        look = {"facecolor": TINTS[name] if r["count"] else "white", "edgecolor": GREY, "linewidth": 0.6}
        if live:
            look |= {"hatch": HATCH[name], "edgecolor": COLOURS[name], "linewidth": 2.2, "zorder": 3}
        place = x + r["col"], y + r["row"]
        ax.add_patch(Rectangle(place, r["width"], r["height"], **look))
        if r["count"]:
            middle = place[0] + r["width"] / 2, place[1] + r["height"] / 2
            ax.text(*middle, str(r["count"]), ha="center", va="center", zorder=4, bbox=PLATE if live else None,
                    fontweight="bold" if live else "normal")  # fmt: skip
    for name, (x, y) in CORNERS.items():
        ax.text(x + 0.5, y - 2.5, f"{name}", fontsize=13, fontweight="bold", va="bottom")
    label_sides(ax, table)
    ax.text(-16, 0, KEY, va="top", fontsize=8.5, linespacing=1.5)
    return ax


def label_sides(ax: Axes, table: Table) -> None:
    """The extents of the matrices and of the live tiles, as arrows with their lengths."""
    live = {r["operand"]: r for r in rows(table) if r["live"] == "yes"}
    (ax0, ay), (bx, by), (cx, cy) = CORNERS.values()
    low, right = cy + M, cx + N
    a, b, c = live["A"], live["B"], live["C"]
    across(ax, ax0, ax0 + K, low + 10, f"K = {K}")
    across(ax, bx, bx + N, by - 11.5, f"N = {N}")
    upright(ax, ax0 - 9, ay, ay + M, f"M = {M}")
    upright(ax, right + 10, by, by + K, f"K = {K}")
    across(ax, ax0 + a["col"], ax0 + a["col"] + a["width"], low + 3, f"K tile {a['width']}")
    across(ax, cx + c["col"], cx + c["col"] + c["width"], low + 3, f"N tile {c['width']}")
    upright(ax, ax0 - 2.5, ay + a["row"], ay + a["row"] + a["height"], f"M tile {a['height']}")
    upright(ax, right + 2.5, by + b["row"], by + b["row"] + b["height"], f"K tile {b['height']}")


def across(ax: Axes, x0: float, x1: float, y: float, words: str) -> None:
    """A horizontal double arrow with its length."""
    ax.annotate("", (x0, y), (x1, y), arrowprops={"arrowstyle": "<->", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0})
    ax.text((x0 + x1) / 2, y + 1.3, words, ha="center", va="top", fontsize=8.5)


def upright(ax: Axes, x: float, y0: float, y1: float, words: str) -> None:
    """A vertical double arrow with its length."""
    ax.annotate("", (x, y0), (x, y1), arrowprops={"arrowstyle": "<->", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0})
    outside = x < K
    ax.text(x + (-1.2 if outside else 1.6), (y0 + y1) / 2, words, ha="right" if outside else "left", va="center",
            fontsize=8.5, rotation=90)  # fmt: skip


def tiles_in_words(table: Table) -> str:
    """The live tiles, what they take, and the loads so far."""
    live = {r["operand"]: r for r in rows(table) if r["live"] == "yes"}
    a, b, c = (live[name] for name in "ABC")
    spots = ", ".join(f"{n} ({r['row'] // r['height']}, {r['col'] // r['width']})" for n, r in live.items())
    total = {name: sum(r["count"] for r in rows(table) if r["operand"] == name) for name in "ABC"}
    different = {name: sum(r["count"] > 0 for r in rows(table) if r["operand"] == name) for name in "ABC"}
    held = words_held((a["height"], a["width"], b["width"]))
    return (
        f"After {total['C']} tile products: live are {spots}, {held} words together; {total['A']} tiles of A came in, "
        f"{different['A']} different ones, and {total['B']} of B, {different['B']} different; the tile of C holds "
        f"{c['count']} of its products."
    )


UNITS = {"operand": "", "row": "", "col": "", "height": "", "width": "", "count": "", "live": ""}

register(Figure(
    id="matrix-tiling",
    item="Figure 14",
    title="A product in tiles, in the middle of its work",
    caption="C = A B with M, K, N = 48, 60, 72 in tiles of 16 x 12, 12 x 18 and 16 x 18, after 34 of its 60 tile "
    "products, loops over rows, columns, then k. Hatched and framed: the tiles that are in fast memory now. The "
    "numbers in A and B say how often each tile has come in, those in C how many products its tile holds; five "
    "complete it. Tiles that are still white were not needed yet. The chapter draws one tile of each matrix; here they "
    "are those of one real step, tiles divide their matrices, and the numbers show that a tile of A comes in once for "
    "each column of tiles of B, not once.",
    alt="Three rectangles divided into tiles: A at the lower left, B at the upper right, C below B and beside A. One "
    "tile of each is hatched; the row of A's and the column of B's lead to C's. Most tiles carry a count, higher for "
    "those that came in more often; the last tiles of C are empty.",
    units=UNITS,
    data=tiles,
    draw=draw_tiles,
    says=tiles_in_words,
    lab="14_tiling",
    size=(6.4, 5.2),
))  # fmt: skip
