"""Layouts: a tensor unrolled to memory, the bytes that a warp's loads use, and loops in a layout that suits or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue import execution as units
from labcore.kernels.layout import ORDERS, expected
from labcore.layout import layout, tensor_access
from labcore.layout.order import all_addresses
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes, look
from labcore.plots.words import as_table, columns, rows, three
from labcore.simt.memory import SECTOR

LAB = "12_layouts"
ADDRESS_UNITS = {"layout": "", "address": "elements", "pixel": "", "channel": ""}
BURST_UNITS = {"map": "", "lanes_along": "", "layout": "", "efficiency": "1"}
RACE_UNITS = {"loop": "", "series": "", "channels": "", "ratio": "1"}
CHANNELS = (4, 16, 64, 256, 512, 1024)  # of the race
MAPS = {"3 x 224 x 224": (3, 224, 224), "64 x 56 x 56": (64, 56, 56), "512 x 7 x 7": (512, 7, 7)}


def addresses_data(names: Sequence[str] = ("NHWC", "NCHW", "NCHW4c"), C: int = 3, H: int = 2, W: int = 2) -> Table:
    """Which pixel and channel each address holds in some layouts; what only fills a block is empty."""
    found = []
    for name in names:
        of = layout(name, N=1, C=C, H=H, W=W)
        places = all_addresses(of, "NHWC").ravel().tolist()
        held = {at: ("abcdefghijklmnop"[i // C], i % C) for i, at in enumerate(places)}
        found += [(name, at, *held.get(at, ("", ""))) for at in range(of.words)]
    return as_table(ADDRESS_UNITS, found)


def draw_addresses(ax: Axes, table: Table) -> Axes:
    """A strip of cells for each layout: the letter is the pixel, the number and the fill the channel."""
    names = list(dict.fromkeys(table["layout"]))
    fills = ("#BFDCEE", "#FBE3D6", "#BFE6DA", "#E4E4E4")  # light, so that black reads well on them
    for r in rows(table):
        x, y = r["address"], names.index(r["layout"])
        fill = fills[r["channel"] % len(fills)] if r["pixel"] else "white"
        ax.bar(x + 0.5, 0.62, 1, bottom=y - 0.31, facecolor=fill, edgecolor="black", linewidth=0.8,
               hatch="" if r["pixel"] else HATCHES[1])  # fmt: skip
        words = f"{r['pixel']}{r['channel']}" if r["pixel"] else "0"
        back = {} if r["pixel"] else {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1}}
        ax.text(x + 0.5, y, words, ha="center", va="center", fontsize=12, **back)
    ax.set_yticks(range(len(names)), names, fontsize=12)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(-0.05, 1.05 + max(table["address"]))
    ax.set_xticks(np.arange(0, 1 + max(table["address"])) + 0.5, range(1 + max(table["address"])))
    ax.set_xlabel("address (elements)")
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


def addresses_in_words(table: Table) -> str:
    """Each layout's elements in order."""
    words = []
    for name in dict.fromkeys(table["layout"]):
        cells = [f"{r['pixel']}{r['channel']}" or "-" for r in rows(table) if r["layout"] == name]
        words.append(f"{name}: {' '.join(cells)}")
    return f"Elements by address, pixel as a letter and channel as a number. {'; '.join(words)}."


def bursts_data(
    maps: Mapping[str, tuple[int, int, int]] | None = None, names: Sequence[str] = ("NHWC", "NCHW", "NCHW16c"),
    size: int = 2, granule: int = SECTOR,
) -> Table:  # fmt: skip
    """The share of the bytes moved that is used, when the lanes of a warp lie along C or W and read a whole map."""
    found = []
    for title, (C, H, W) in (maps or MAPS).items():
        for over in ("C", "W"):
            for name in names:
                of = layout(name, N=1, C=C, H=H, W=W)
                found.append((title, over, name, tensor_access(of, over, size, granule=granule).efficiency))
    return as_table(BURST_UNITS, found)


def draw_bursts(ax: Axes, table: Table) -> Axes:
    """A group of bars for each map and direction of the lanes, one bar a layout."""
    names = list(dict.fromkeys(table["layout"]))
    looks = (
        {"facecolor": BLUE},
        {"facecolor": "white", "hatch": HATCHES[1]},
        {"facecolor": GREEN, "hatch": HATCHES[2]},
    )
    edges = (BLUE, VERMILLION, "white")
    groups = list(dict.fromkeys(zip(table["map"], table["lanes_along"], strict=True)))
    for k, name in enumerate(names):
        shares = [100 * r["efficiency"] for r in rows(table) if r["layout"] == name]
        at = np.arange(len(groups)) + 0.27 * (k - 1)
        ax.bar(at, shares, 0.25, label=name, edgecolor=edges[k], linewidth=0.8, **looks[k])
        for x, share in zip(at, shares, strict=True):
            ax.annotate(f"{share:.0f}", (x, share), (0, 2), textcoords="offset points", ha="center", fontsize=8)
    ax.set_xticks(range(len(groups)), [f"along {over}" for _, over in groups])
    for i, title in enumerate(dict.fromkeys(table["map"])):
        ax.text(2 * i + 0.5, 121, title, ha="center", va="center", weight="bold")
        if i:
            ax.axvline(2 * i - 0.5, color=GREY, linewidth=0.8)
    ax.set_ylim(0, 128)
    ax.set_yticks(range(0, 101, 25))
    ax.set_ylabel("bytes used of those moved (%)")
    ax.set_xlabel("lanes of the warp")
    ax.grid(visible=False, axis="x")
    ax.tick_params(axis="x", length=0)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax


def bursts_in_words(table: Table) -> str:
    """The share of each layout, by map and direction."""
    groups: dict[str, list[str]] = {}
    for r in rows(table):
        head = f"{r['map']}, lanes along {r['lanes_along']}"
        groups.setdefault(head, []).append(f"{r['layout']} {three(100 * r['efficiency'])}")
    return "Bytes used in %. " + "; ".join(f"{head}: {', '.join(shares)}" for head, shares in groups.items()) + "."


def race_data(measured: Mapping[str, Mapping[int, float]] | None = None) -> Table:
    """Lines missed in the layout that does not suit a loop over those in the one that does; measured times beside."""
    found = [(loop, "predicted", C, expected(loop, C)) for loop in ORDERS for C in CHANNELS]
    for loop, ratios in (measured or {}).items():
        found += [(loop, "measured", C, ratio) for C, ratio in ratios.items()]
    return as_table(RACE_UNITS, found)


def draw_race(ax: Axes, table: Table) -> Axes:
    """A line for each prediction, hollow markers for what was measured."""
    log_axes(ax)
    names = {"by_pixel": "by pixel, NCHW over NHWC", "by_channel": "by channel, NHWC over NCHW"}
    for i, loop in enumerate(ORDERS):
        how = look(i)
        for series in ("predicted", "measured"):
            mine = [r for r in rows(table) if (r["loop"], r["series"]) == (loop, series)]
            C, ratio = columns(mine, "channels", "ratio")
            if series == "predicted":
                ax.plot(C, ratio, **how | {"marker": ""}, label=f"{names[loop]}: lines, predicted")
            elif C:
                ax.plot(C, ratio, color=how["color"], marker=how["marker"], linestyle="None", markersize=8,
                        markerfacecolor="white", markeredgewidth=1.8, label=f"{names[loop]}: time, measured"
                        )  # fmt: skip
    ticks = list(dict.fromkeys(table["channels"]))
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.set_yticks([1, 2, 4, 8, 16, 32, 64], ["1", "2", "4", "8", "16", "32", "64"])
    ax.set_ylim(min(0.7, 0.8 * min(table["ratio"])), max(90, 1.3 * max(table["ratio"])))
    ax.set_xlabel("channels of a map of about 262,144 elements")
    ax.set_ylabel("wrong layout over right one (x)")
    ax.legend(loc="upper left")
    return ax


def race_in_words(table: Table) -> str:
    """The ratios of each series by channels."""
    words = []
    for key in dict.fromkeys(zip(table["loop"], table["series"], strict=True)):
        found = [r for r in rows(table) if (r["loop"], r["series"]) == key]
        points = ", ".join(f"{r['channels']} channels {three(r['ratio'])}" for r in found)
        words.append(f"{key[0].replace('_', ' ')}, {key[1]}: {points}")
    return f"Wrong layout over right one. {'; '.join(words)}."


register(Figure(
    id="layout-addresses", item="Equation (unnumbered) §Row-major layout; Equation (unnumbered) §Channel-major layout",
    title="One image in three layouts",
    caption="An image of 2 x 2 pixels, a to d, and three channels, 0 to 2, as it lies in memory. NHWC keeps the "
    "channels of a pixel together, NCHW the pixels of a channel. NCHW4c cuts the channels into blocks of four "
    "and keeps a pixel's block together; here the fourth place of every block is filled with zeros (hatched). "
    "The chapter writes the first two orders out for 3 x 3 pixels.",
    alt="Three strips of cells. In the strip NHWC the letters run a a a b b b c c c d d d and the numbers repeat "
    "0 1 2; in NCHW the numbers run 0 0 0 0 1 1 1 1 2 2 2 2 and the letters repeat a to d; NCHW4c is NHWC "
    "with a hatched zero after every third cell.",
    units=ADDRESS_UNITS, data=addresses_data, draw=draw_addresses, says=addresses_in_words, lab=LAB, size=(6.4, 2.6),
))  # fmt: skip
register(Figure(
    id="layout-bursts", item="Footnote 34", title="Bytes used of those that a warp's loads move",
    caption="Feature maps in fp16, each read once by loads of 32 lanes that lie along the channels of a pixel (C) or "
    "along a row (W), no cache between them. Memory moves whole sectors of 32 B. Neither layout is best: it "
    "is the direction of the lanes that decides, and the shape of the map. Rows of 7 pixels fill a sector "
    "badly in any layout, and blocks of 16 are mostly zeros where there are three channels. Size of a sector: "
    f"{units.SECTOR.source}.",
    alt="Three groups of bars for maps of 3 x 224 x 224, 64 x 56 x 56 and 512 x 7 x 7, each with lanes along C "
    "and along W. In the middle group NHWC uses every byte along C and a sixteenth along W, NCHW the reverse. "
    "In the first group lanes along C use less than a fifth in every layout; in the last lanes along W use "
    "less than half.",
    units=BURST_UNITS, data=bursts_data, draw=draw_bursts, says=bursts_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
register(Figure(
    id="layout-race", item="Table 18", title="A loop in the layout that does not suit it",
    caption="Every channel of a map is scaled and shifted, by one of two loops: pixel by pixel, or channel by "
    "channel. Lines: misses of a cache of 32 KiB with lines of 64 B in the wrong layout over those in the "
    "right one, counted from the addresses, nothing fetched ahead. By pixel the penalty comes only where the "
    "lines of one pixel, a line for each channel of input and output, no longer fit. Markers, where there are "
    "any: times on a reader's machine.",
    alt="Two curves of a ratio over the number of channels, 4 to 1024, both axes logarithmic. By channel the "
    "ratio is 4 for four channels and 16 from there on; by pixel it is 1 up to 256 channels and 16 from 512 "
    "on.",
    units=RACE_UNITS, data=race_data, draw=draw_race, says=race_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
