"""What a machine made of a prediction: races of loop orders and of tiles, measured beside predicted.

Drawn from the races recorded with the labs, or from one that the reader has just run: `show(id, raced=order_race())`.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from labcore.kernels.orders import inner
from labcore.kernels.raced import Raced, recorded
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH
from labcore.plots.staircase import of
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, columns

UNITS = {"machine": "", "n": "", "series": "", "way": "", "level": "", "T": "s", "T_low": "s", "T_high": "s"}
LOOKS = (  # of the levels, from L1 on
    {"facecolor": "#CCE3F0", "edgecolor": BLUE, "hatch": ""},
    {"facecolor": "#F7DFCC", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[3]},
)
KINDS = {"rows": "along rows", "dot product": "dot product", "columns": "down columns"}


def felt_data(raced: Raced) -> Table:
    """Predicted seconds of each way by level and as two bounds, measured ones with quartiles, and predicted knees."""
    drawn = []
    for way, parts in raced.predicted.items():
        drawn += [("part", way, level, T, "", "") for level, T in parts.items()]
        drawn.append(("predicted", way, "", "", *raced.bounds(way)))
        drawn.append(("measured", way, "", raced.race.median(way), *raced.race.quartiles(way)))
    drawn += [("knee", str(tile), level, "", "", "") for level, tile in raced.facts.items() if level != "n"]
    return as_table(UNITS, [(raced.about, raced.facts["n"], *row) for row in drawn])


def orders_data(raced: Raced | None = None) -> Table:
    """The race of loop orders, recorded unless one is given."""
    return felt_data(raced or recorded("orders"))


def tiles_data(raced: Raced | None = None) -> Table:
    """The race of tiles, recorded unless one is given."""
    return felt_data(raced or recorded("tiles"))


def draw_orders(ax: Axes, table: Table) -> Axes:
    """For each order a bar of the predicted parts, one behind the other, and the measured median with quartiles."""
    parts, measured = of(table, "part"), of(table, "measured")
    ways = [r["way"] for r in measured]
    levels = list(dict.fromkeys(r["level"] for r in parts))
    left = dict.fromkeys(ways, 0.0)
    for level, look in zip(levels, LOOKS, strict=False):
        for r in (r for r in parts if r["level"] == level):
            label = f"predicted: {'computing from' if level == levels[0] else 'filled from'} {level}"
            ax.barh(ways.index(r["way"]), r["T"], 0.62, left=left[r["way"]], linewidth=0.9, **look,
                    label=label if r["way"] == ways[0] else None)  # fmt: skip
            left[r["way"]] += r["T"]
    for y, r in enumerate(measured):
        ax.plot([r["T_low"], r["T_high"]], [y, y], color=BLACK, linewidth=1.6)
    ax.plot(columns(measured, "T")[0], range(len(ways)), "D", color=BLACK, markersize=5.5, label="measured")
    longest = max(*left.values(), *columns(measured, "T_high")[0])
    ax.set_xlim(0, 1.05 * longest)
    ax.set_yticks(range(len(ways)), [f"{KINDS[inner(way)]}  {way}" for way in ways])
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    scaled(ax.xaxis, "time", "ms")
    ax.legend(loc="upper right", frameon=True, framealpha=1, edgecolor="none")
    return headed(ax, table)


def draw_tiles(ax: Axes, table: Table) -> Axes:
    """The band between the two predicted bounds, the measured line, and the largest tile of B that each cache keeps."""
    log_axes(ax)
    predicted, measured = of(table, "predicted"), of(table, "measured")
    x = [int(r["way"]) for r in measured]
    low, high = columns(predicted, "T_low", "T_high")
    ax.fill_between(x, low, high, facecolor="#CCE3F0", edgecolor=BLUE, hatch=HATCHES[1], linewidth=0.9,
                    label="predicted: all levels at once, to one after another")  # fmt: skip
    ax.vlines(x, *columns(measured, "T_low", "T_high"), color=BLACK, linewidth=1.4)
    ax.plot(x, columns(measured, "T")[0], color=BLACK, marker="D", markersize=5, label="measured")
    ax.set_xticks(x, [f"{tile}\nno tiles" if tile == table["n"][0] else str(tile) for tile in x])
    ax.set_xlabel("side of the square tile")
    ax.set_xlim(x[0] / 1.15, x[-1] * 1.15)
    ax.set_ylim(min(low + columns(measured, "T_low")[0]) / 1.5, max(high + columns(measured, "T_high")[0]) * 1.6)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    scaled(ax.yaxis, "time", "ms")
    mark_knees(ax, [(int(r["way"]), r["level"]) for r in of(table, "knee")])
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)
    return headed(ax, table)


def mark_knees(ax: Axes, knees: Sequence[tuple[int, str]]) -> None:
    """A dashed vertical at the largest tile of B that a cache keeps, named at its foot, on a logarithmic axis."""
    first, last = ax.get_xlim()
    for tile, level in knees:
        if first < tile < last:
            ax.axvline(tile, color=GREY, **THIN_DASH)
            ax.annotate(f"{level} keeps {tile}", (tile, 0), (-4, 5), xycoords=("data", "axes fraction"),
                        textcoords="offset points", ha="right", color=GREY)  # fmt: skip


def headed(ax: Axes, table: Table) -> Axes:
    """The axes with the machine, and the size that all ways share, above them."""
    ax.set_title(f"{table['machine'][0]}; {table['n'][0]} x {table['n'][0]}", fontsize=9, fontweight="normal")
    return ax


def in_words(table: Table) -> str:
    """Measured beside both bounds, way by way."""
    pairs = zip(of(table, "measured"), of(table, "predicted"), strict=True)
    said = [f"{m['way']} {ms(m['T'])} ({ms(p['T_low'])} to {ms(p['T_high'])})" for m, p in pairs]
    return f"{table['machine'][0]}: measured, and in brackets predicted, in ms: {', '.join(said)}{knees(table)}."


def knees(table: Table) -> str:
    """What each cache keeps, where that was predicted."""
    kept = [f"{r['level']} up to {r['way']}" for r in of(table, "knee")]
    return f"; a tile of B stays in {', in '.join(kept)}" if kept else ""


def ms(T: float) -> str:
    """Seconds as milliseconds in three digits.

    >>> ms(0.0123)
    '12.3'
    """
    return f"{1e3 * T:.3g}"


BOTH = (
    "Predicted: the time of the same inner loop with all data in L1, as timed on that machine, and for each level "
    "below the bytes fetched from it over its measured bandwidth. Measured: medians with quartiles, in seconds of the "
    "thread's own, so that other programs take none."
)

register(Figure(
    id="order-race",
    item="Lab 10",
    title="Six orders of the same three loops on one machine",
    caption="One thread, float64, row-major, recorded with the labs on the machine named above the picture; run it on "
    f"yours with order_race(). {BOTH} Bytes: a cache simulation on the real addresses, least recently used, 8 ways. "
    "The bar lays the parts end to end, as if nothing overlapped; where they overlap, the longest one is the time. "
    "Hardware that fetches lines ahead is not in the prediction, and vector instructions are in its first part.",
    alt="Six horizontal bars of predicted time, one for each loop order, each with a diamond for the measured time. "
    "The two orders whose inner loop runs along rows are the shortest, the two dot products come next, and the two "
    "that run down columns are the longest; measured times have the same three classes.",
    units=UNITS, data=orders_data, draw=draw_orders, says=in_words, lab="10_mapping", size=(6.4, 3.4),
))  # fmt: skip

register(Figure(
    id="tile-sweep",
    item="Lab 14",
    title="The blocked product by the side of its tiles on one machine",
    caption="One thread, float32, row-major, recorded with the labs on the machine named above the picture; run it on "
    f"yours with tile_race(). {BOTH} Bytes: the words that the loop nest moves for a tile that the cache keeps; one "
    "that it does not keep comes anew for every row. Small tiles lose to the loops around a short inner one, which the "
    "first part holds; past the first dashed line each word of B comes from L2, past the second from beyond it. The "
    "last point lies near the lower bound: long rows are what hardware fetches ahead best, which is a likely reason "
    "and is not measured here.",
    alt="Line chart of time over the side of the tile, both on logarithmic axes: a band of predictions and a line of "
    "measured times. Both fall steeply up to the largest tile that L1 keeps. From there the band is wide, and the "
    "measured line stays level inside it until the last point, where there are no tiles and the time is least.",
    units=UNITS, data=tiles_data, draw=draw_tiles, says=in_words, lab="14_tiling", size=(6.4, 3.8),
))  # fmt: skip
