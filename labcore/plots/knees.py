"""What a matrix product asks of memory, by the size of the cache: where the working sets fit."""

from __future__ import annotations

from functools import lru_cache

from matplotlib.axes import Axes

from labcore.cache import Cache, count
from labcore.cache.traces import matmul
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH
from labcore.plots.style import BLACK, GREY, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.units import format_binary, positive_ints

LINE, SIZE = 64, 8  # bytes of a line and of a float64
TILE = LINE // SIZE  # a row of a tile is one line
SPAN = (2**8, 2**18)  # capacities drawn, B
NAIVE, TILED, FLOOR = "row by column", "in tiles", "each byte once"


@lru_cache
def traffic_by_capacity(n: int = 64) -> Table:
    """Bytes moved by an (n, n) @ (n, n) product of float64 over the cache's size, naive and in 8 x 8 tiles, and knees.

    The caches are fully associative, so that what is seen is capacity alone.
    """
    positive_ints(n=n)
    if n % TILE or n < 3 * TILE:  # with two tiles a side, bands and matrices are the same
        raise ValueError(f"n must be 3 or more tiles of {TILE}, got {n}; take {TILE * max(3, n // TILE)}")
    predicted = knees(n)
    lines = {*range(4, 17), *(2**k + half for k in range(4, 13) for half in (0, 2**k // 2))}
    lines |= {held + off for *_, held in predicted for off in (-1, 0)}
    drawn = []
    for series, trace in ((NAIVE, matmul(n, n, n, size=SIZE)), (TILED, matmul(n, n, n, tile=TILE, size=SIZE))):
        for capacity in sorted(LINE * held for held in lines if SPAN[1] >= LINE * held):
            run = count(trace, Cache(capacity, LINE))
            drawn.append((series, capacity, run.bytes_fetched, run.bytes_written, run.traffic, ""))
    fetched, written = 3 * n * n * SIZE, n * n * SIZE  # A, B and C come once, C leaves
    drawn += [(FLOOR, capacity, fetched, written, fetched + written, "") for capacity in SPAN]
    drawn += [("knee of " + series, LINE * held, 0, 0, 0, what) for series, what, held in predicted]
    return as_table(UNITS, drawn)


def knees(n: int) -> list[tuple[str, str, int]]:
    """Series, what lies between two uses of a line, and how many lines that is: so many have to stay.

    >>> [lines for *_, lines in knees(64)]
    [73, 536, 10, 12, 31, 152, 712]
    """
    row, whole, band = n // TILE, n * n // TILE, n  # lines of a row, of a matrix, of a row of tiles
    return [
        (NAIVE, "a column of B, a row of A, a line of C", n + row + 1),
        (NAIVE, "B, two rows of A, a row of C", whole + 3 * row),
        (TILED, "a tile of B, a line of A, a line of C", TILE + 2),
        (TILED, "a tile of B, two lines of A, two of C", TILE + 4),
        (TILED, "two tiles of B, one of A, one of C", 4 * TILE - 1),
        (TILED, "a band of A, a band of B, three tiles", 2 * band + 3 * TILE),
        (TILED, "B, two bands of A, one of C, a tile", whole + 3 * band + TILE),
    ]


def draw_traffic(ax: Axes, table: Table) -> Axes:
    """Two falling staircases on logarithmic axes, the floor below, a hairline at each predicted knee."""
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.minorticks_off()
    shown = {name: [r for r in rows(table) if r["series"] == name] for name in (NAIVE, TILED, FLOOR)}
    for i, name in enumerate((NAIVE, TILED)):
        ax.plot(*columns(shown[name], "capacity", "D_vol"), **look(i) | {"marker": ""}, drawstyle="steps-post")
    ax.plot(*columns(shown[FLOOR], "capacity", "D_vol"), color=BLACK, linestyle=":", linewidth=1.4)
    marks = [r for r in rows(table) if r["what"]]
    for mark in marks:
        ax.axvline(mark["capacity"], color=GREY, **THIN_DASH)
    scaled(ax.xaxis, "cache", "KiB")
    scaled(ax.yaxis, "bytes moved to and from memory", "MiB")
    ax.set_xlim(*SPAN)
    ax.set_xticks([SPAN[0] * 4**k for k in range(6)])
    floor, top = shown[FLOOR][0]["D_vol"], max(table["D_vol"])
    ax.set_ylim(floor / 1.6, top * 3.6)
    ax.set_yticks([floor * 4**k for k in range(5) if floor * 4**k < 2 * top])
    half = len(shown[NAIVE]) // 2 - 4
    labels = [(r["capacity"], r["D_vol"], r["series"]) for r in (shown[NAIVE][half], shown[TILED][half])]
    labels += [(SPAN[0] * 2, floor, f"{FLOOR}, {format_binary(floor)}")]
    heights = (top * 2.6, top * 1.6)  # by turns, so that neighbours do not touch
    marks = sorted(marks, key=lambda mark: mark["capacity"])
    labels += [(r["capacity"], heights[k % 2], format_binary(r["capacity"], 3)) for k, r in enumerate(marks)]
    place_labels(ax, labels, order=("NE", "N", "S", "SE", "E", "W"))
    return ax


def traffic_in_words(table: Table) -> str:
    """The traffic at the ends and at each predicted knee: one line short of it, and with it."""
    at = {(r["series"], r["capacity"]): r["D_vol"] for r in rows(table)}
    words = []
    for mark in (r for r in rows(table) if r["what"]):
        series, fits = mark["series"].removeprefix("knee of "), mark["capacity"]
        before, after = (format_binary(at[series, capacity], 3) for capacity in (fits - LINE, fits))
        words.append(f"{series}, {format_binary(fits, 3)} hold {mark['what']}: {before} one line short of it, {after}")
    floor = next(r["D_vol"] for r in rows(table) if r["series"] == FLOOR)
    return "; ".join(words) + f". Every byte once: {format_binary(floor)}."


UNITS = {"series": "", "capacity": "B", "D_fetched": "B", "D_written": "B", "D_vol": "B", "what": ""}

register(Figure(
    id="cache-knees",
    item="Lab 08",
    title="Traffic of a matrix product by the size of the cache",
    caption="Two 64 x 64 matrices of float64, 32 KiB each, are multiplied, and labcore.cache counts every access in a "
    "fully associative LRU cache with lines of 64 B that writes back. The hairlines are predicted from the loops and "
    "not fitted: they stand where the cache holds all lines that are used between two uses of the same line. There the "
    "traffic falls at once, and a cache that is a little smaller gains almost nothing. In tiles of 8 x 8 the product "
    "moves less with 768 B of cache than row by column with 33 KiB. Before every byte moves only once, tiles need the "
    "larger cache, since a band of tiles is taller than a row. No chip is meant.",
    alt="Two falling staircases of bytes moved over the size of the cache, both axes logarithmic. Row by column the "
    "traffic stays high up to 4.6 KiB, falls to an eighth, and reaches the floor of 128 KiB at a cache of 34 KiB. In "
    "tiles it falls before 1 KiB, lies below the other up to 34 KiB, and reaches the floor at 44.5 KiB.",
    units=UNITS,
    data=traffic_by_capacity,
    draw=draw_traffic,
    says=traffic_in_words,
    lab="08_memory_systems",
))  # fmt: skip
