"""Warps and sectors: the film of a divergent branch, and what a load costs over its stride."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue import execution as units
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, look
from labcore.plots.words import as_table, columns, rows, three
from labcore.simt.kernels import piecewise
from labcore.simt.memory import SECTOR, warp_access
from labcore.simt.warp import launch

LAB = "04_execution_units"
FILM_UNITS = {"slot": "", "instruction": "", "lane": "", "active": ""}
SECTOR_UNITS = {"size": "B", "stride": "elements", "sectors": "", "efficiency": "1"}
X_OF_FILM = (3.0, -1.0, 2.0, -4.0, -2.0, 5.0, -3.0, 1.0)


def film_data(x: tuple[float, ...] = X_OF_FILM) -> Table:
    """Every issue slot of one warp at a branch, with the lanes that worked; one lane for each value of x."""
    memory = np.array(x, np.float32)
    run = launch(piecewise, len(x), memory, np.zeros_like(memory), width=len(x), trace=True)
    cells = [
        (slot, name, lane, "yes" if works else "no")
        for slot, (_, name, mask) in enumerate(run.trace)
        for lane, works in enumerate(mask)
    ]
    return as_table(FILM_UNITS, cells)


def draw_film(ax: Axes, table: Table) -> Axes:
    """Slots from left to right, a row for each lane: filled where it works, a dot where it waits."""
    slots, lanes = 1 + max(table["slot"]), 1 + max(table["lane"])
    slot, lane, works = np.array(table["slot"]), np.array(table["lane"]), np.array(table["active"]) == "yes"
    ax.barh(lane[works] + 0.5, 0.92, 0.86, left=slot[works] + 0.04, facecolor=BLUE, edgecolor=BLUE)
    ax.plot(slot[~works] + 0.5, lane[~works] + 0.5, color=GREY, marker=".", linestyle="None")
    ax.set_xlim(0, slots)
    ax.set_ylim(lanes, 0)
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set_yticks(np.arange(lanes) + 0.5, range(lanes))
    ax.set_xticks(np.arange(slots) + 0.5, names_of(table))
    ax.tick_params(length=0)
    ax.set_ylabel("lane")
    ax.set_xlabel("instruction issued, in order of time")
    return ax


def names_of(table: Table) -> list[str]:
    """The instruction of each slot."""
    return [r["instruction"] for r in rows(table) if r["lane"] == 0]


def film_in_words(table: Table) -> str:
    """Slots issued, lane-slots that worked."""
    works = table["active"].count("yes")
    total = len(table["active"])
    return (
        f"{1 + max(table['lane'])} lanes issue {' '.join(names_of(table))}: {works} of {total} lane slots work, "
        f"{three(100 * works / total)} %."
    )


def sectors_data(sizes: tuple[int, ...] = (1, 2, 4, 8, 16), most: int = 32, offset: int = 0) -> Table:
    """Sectors that a warp's load touches at each stride, for elements of several sizes."""
    accesses = [(size, s, warp_access(s, size, offset)) for size in sizes for s in range(1, most + 1)]
    return as_table(SECTOR_UNITS, [(size, s, one.transactions, one.efficiency) for size, s, one in accesses])


def draw_sectors(ax: Axes, table: Table) -> Axes:
    """One line for each element size, up to a sector a lane."""
    sizes = list(dict.fromkeys(table["size"]))
    ends = []
    for i, size in enumerate(sizes):
        stride, sectors = columns([r for r in rows(table) if r["size"] == size], "stride", "sectors")
        knee = sectors.index(max(sectors))
        ax.plot(stride[: knee + 1], sectors[: knee + 1], **look(i) | {"markersize": 4})
        ax.plot(stride[knee:], sectors[knee:], color=GREY, linewidth=1, zorder=1.5)
        ends.append((stride[knee], sectors[knee], f"{size} B"))
    ax.set_xlim(0, max(table["stride"]) + 0.5)
    ax.set_ylim(0, 1.13 * max(table["sectors"]))
    ax.set_xticks(range(0, max(table["stride"]) + 1, 4))
    ax.set_yticks(range(0, max(table["sectors"]) + 1, 4))
    ax.set_xlabel("stride between lanes (elements)")
    ax.set_ylabel(f"sectors of {SECTOR} B for one load of a warp")
    place_labels(ax, ends, order=("N", "NW", "NE"))
    return ax


def sectors_in_words(table: Table) -> str:
    """Least sectors of each size, and the stride at which every lane has a sector of its own."""
    words = []
    for size in dict.fromkeys(table["size"]):
        stride, sectors = columns([r for r in rows(table) if r["size"] == size], "stride", "sectors")
        words.append(f"{size} B: {sectors[0]} at stride {stride[0]}, {max(sectors)} from stride "
                     f"{stride[sectors.index(max(sectors))]}")  # fmt: skip
    return f"Sectors of a warp's load by element size. {'; '.join(words)}."


register(Figure(
    id="divergence-film", item="Footnote 20", title="One warp at a branch, instruction by instruction",
    caption="Eight lanes compute v * v + v where v is above 0 and 0.5 v elsewhere. All share one instruction stream: "
    "both sides are issued one after the other, each under its mask (filled: the lane works; dot: it waits), and the "
    "lanes join again for the store. Recorded from the SIMT machine as it ran.",
    alt="A grid of eight lanes by nine issue slots. In the first three slots and the last all lanes are filled; in the "
    "slots between, first one half of the lanes is filled and then the other half.",
    units=FILM_UNITS, data=film_data, draw=draw_film, says=film_in_words, lab=LAB, size=(6.4, 3.0),
))  # fmt: skip
register(Figure(
    id="coalescing-strides", item="Listing 13", title="Sectors of a warp's load over the stride",
    caption="A load of 32 lanes, lane i reading the element at i times the stride, the first one aligned. Counted from "
    "the addresses. A sector of 32 B moves whole, so the cost rises with the stride until every lane has a sector of "
    f"its own, and then no further. Size of a sector: {units.SECTOR.source}.",
    alt="Line chart of sectors over the stride, one line for each element size from 1 to 16 bytes. Every line rises in "
    "proportion to the stride, the wider elements more steeply, and bends to a level of 32 sectors.",
    units=SECTOR_UNITS, data=sectors_data, draw=draw_sectors, says=sectors_in_words, lab=LAB,
))  # fmt: skip
