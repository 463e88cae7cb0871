"""What the edge of an array costs: the fringe over the width of a layer, and the energy of what enters."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from labcore.catalogue.arrays import DRAM_WORD, MAC
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, HATCHES, VERMILLION, look, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.systolic import coverage, energy_per_mac, traffic, utilization
from labcore.units import Joules

CLIFFS = (128, 129, 256, 257, 384, 385)


def fringe(width: int = 128, M: int = 4096, K: int = 4096, N_max: int = 512) -> Table:
    """Share of the lanes that N columns keep busy, and the utilization of the whole product, for every N."""
    drawn = [("lanes", N, coverage(N, width)) for N in range(1, N_max + 1)]
    drawn += [("whole product", N, utilization(M, K, N, width, width, "ws")) for N in range(1, N_max + 1)]
    return as_table(FRINGE_UNITS, drawn)


def draw_fringe(ax: Axes, table: Table) -> Axes:
    """Two sawtooths over the width of the layer, the tops and the drops named."""
    for k, name in enumerate(("lanes", "whole product")):
        here = [r for r in rows(table) if r["series"] == name]
        ax.plot(*columns(here, "N", "share"), **look(k) | {"marker": ""}, label=NAMES[name])
    at = {r["N"]: r["share"] for r in rows(table) if r["series"] == "lanes"}
    for N in CLIFFS:
        if N in at:
            ax.plot([N], [at[N]], color=BLUE, marker="o", markersize=5, linestyle="None")
            below = at[N] < 1
            ax.annotate(f"{N}: {at[N]:.1%}", (N, at[N]), (8, -22) if below else (0, 5), textcoords="offset points",
                        ha="left" if below else "center", va="top" if below else "bottom", fontsize=8)  # fmt: skip
    scaled(ax.yaxis, "share of what the array could do", "%")
    ax.set_xlabel("width N of the layer (columns of B)")
    ax.set_xticks(range(0, max(table["N"]) + 1, 64))
    ax.set_xlim(0, max(table["N"]) + 2)
    ax.set_ylim(0, 1.12)
    ax.legend(loc="lower right", handlelength=3)
    return ax


def fringe_in_words(table: Table) -> str:
    """The shares at the tops and behind each drop."""
    at = {r["N"]: r["share"] for r in rows(table) if r["series"] == "lanes"}
    whole = {r["N"]: r["share"] for r in rows(table) if r["series"] == "whole product"}
    return "; ".join(f"N = {N}: {at[N]:.1%} of the lanes, {whole[N]:.1%} of the array" for N in CLIFFS if N in at) + "."


def energies(E_access: Joules = DRAM_WORD.value, E_mac: Joules = MAC.value) -> Table:
    """Energy of a MAC by machine, from accesses that are counted: every one of them to DRAM, as in the napkin."""
    drawn = [("vector unit, nothing kept", "", 4.0)]
    for label, sizes, side in PRODUCTS:
        reads, writes = traffic(*sizes, side, side)
        words, macs = sum(reads.values()) + sum(writes.values()), sizes[0] * sizes[1] * sizes[2]
        drawn.append((label, "x".join(map(str, sizes)), words / macs))
    return as_table(
        ENERGY_UNITS, [(*row, row[2] * E_access, E_mac, energy_per_mac(row[2], E_access, E_mac)) for row in drawn]
    )


def draw_energies(ax: Axes, table: Table) -> Axes:
    """Horizontal bars of the energy of accesses, the MAC's own as a line through all."""
    some = list(rows(table))
    for y, r in enumerate(some):
        array = y > 0
        ax.barh(y, r["E"], height=0.6, facecolor="white", edgecolor=BLUE if array else VERMILLION,
                hatch=HATCHES[1] if array else HATCHES[2])  # fmt: skip
        ax.annotate(f"{three(r['E'] * 1e12)} pJ: {three(r['accesses'])} accesses a MAC", (r["E"], y), (5, 0),
                    textcoords="offset points", va="center", fontsize=8)  # fmt: skip
    E_mac = some[0]["E_mac"]
    ax.axvline(E_mac, color=GREY, linestyle="--", linewidth=1)
    ax.annotate("the MAC itself", (E_mac, -0.62), (4, 0), textcoords="offset points", color=GREY, va="center")
    ax.set_xscale("log")
    ax.minorticks_off()
    scaled(ax.xaxis, "energy of one multiply-accumulate", "pJ")
    ax.set_yticks(range(len(some)), [name_of(r) for r in some])
    ax.grid(visible=False, axis="y")
    ax.set_xlim(E_mac * 0.8, max(table["E"]) * 40)
    ax.set_ylim(len(some) - 0.4, -0.95)
    return ax


def name_of(row: dict[str, object]) -> str:
    """A machine with the product it works on, on two lines."""
    return f"{row['machine']}\n{row['product']}".rstrip()


def energies_in_words(table: Table) -> str:
    """Every energy."""
    return "; ".join(f"{name_of(r).replace(chr(10), ', ')}: {three(r['E'] * 1e12)} pJ" for r in rows(table)) + "."


Sizes = Sequence[int]
PRODUCTS: tuple[tuple[str, Sizes, int], ...] = (
    ("1 x 1 array", (128, 128, 128), 1),
    ("8 x 8 array", (128, 128, 128), 8),
    ("128 x 128 array", (128, 4096, 1), 128),
    ("128 x 128 array", (8, 128, 8), 128),
    ("128 x 128 array", (128, 128, 128), 128),
    ("128 x 128 array", (128, 4096, 128), 128),
)
NAMES = {"lanes": "lanes busy", "whole product": "with preload, fill and drain, weight stationary"}
FRINGE_UNITS = {"series": "", "N": "", "share": "1"}
ENERGY_UNITS = {"machine": "", "product": "", "accesses": "", "E_accesses": "J", "E_mac": "J", "E": "J"}

register(Figure(
    id="fringe-cliff",
    item="Figure (margin, unnumbered: fringe cliff)",
    title="Utilization of a 128 x 128 array over the width of the layer",
    caption="The chapter's margin draws one cliff behind a high plateau. The function is a sawtooth: a straight ramp "
    "to full at 128, a drop to half at 129, and smaller drops after every further multiple. Narrow layers pay most: at "
    "64 columns half of the lanes idle, at any batch. The dashed line is the whole product, 4096 rows of A and "
    "K = 4096, weight stationary: preload, fill and drain take a further share of each fold.",
    alt="Line plot of two sawtooths over the width of a layer from 1 to 512. The upper rises in a straight line from "
    "near 0 to 100 % at 128, falls to half at 129, and repeats with smaller falls behind 256 and 384. The lower dashed "
    "line has the same shape at about nine tenths of the height.",
    units=FRINGE_UNITS, data=fringe, draw=draw_fringe, says=fringe_in_words, lab="06_systolic_arrays",
))  # fmt: skip

register(Figure(
    id="pulsing-energy",
    item="Napkin Math 1.1",
    title="Energy of one multiply-accumulate, with every access to DRAM",
    caption="The chapter's energies, 640 pJ for a word from DRAM and 1 pJ for the MAC, on accesses that labcore counts "
    "at the edge of an output-stationary array, results included (the chapter leaves the array's results out, which "
    "gives 11 pJ for the largest product). The size of the array is not enough: on a product that is narrow in one "
    "dimension (N = 1) or small in two, words meet few PEs and the advantage shrinks. A real array reads most words "
    "from SRAM, at a hundredth of the energy.",
    alt="Seven horizontal bars on a log axis. The vector unit's is longest, the 1 by 1 array's half of it; those of "
    "the 8 by 8 array and of the large array on small or narrow products lie between; the large array on large "
    "products has the shortest, about two hundred times shorter than the first. A dashed line marks the MAC itself.",
    units=ENERGY_UNITS, data=energies, draw=draw_energies, says=energies_in_words, lab="06_systolic_arrays",
    size=(6.8, 4.2),
))  # fmt: skip
