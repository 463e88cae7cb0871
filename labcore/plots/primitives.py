"""What a vector machine does lane by lane, and how many instructions a layer takes on three kinds of machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, VERMILLION, log_axes
from labcore.plots.words import as_table, columns, rows
from labcore.vector.counts import KINDS, by_kind, in_blocks, kind_of
from labcore.vector.dense import dense, dot
from labcore.vector.machine import Machine
from labcore.vector.patterns import add_bias_relu

COLOURS = {"arithmetic": BLUE, "memory": GREEN, "loop": VERMILLION}
MARKERS = {"arithmetic": "o", "memory": "^", "loop": "s"}


def film_strip(K: int = 20, vlen: int = 256, sew: int = 32) -> Table:
    """Every instruction of an inner product of K elements in order, with the lanes that it keeps busy."""
    machine = Machine(vlen, sew, trace=True)
    dot(machine, np.ones(K), np.ones(K), np.array(0), np.array(0), K)
    lanes = machine.lanes
    return as_table(
        FILM_UNITS, [(i, name, kind_of(name), active, lanes) for i, (name, active) in enumerate(machine.history)]
    )


def draw_film(ax: Axes, table: Table) -> Axes:
    """A column an instruction, a square a lane: filled where it works, open where it idles."""
    lanes = table["lanes"][0]
    for row in rows(table):
        if not row["active_lanes"]:
            ax.add_patch(Rectangle((row["step"] - 0.08, -0.5), 0.16, lanes, color=VERMILLION, linewidth=0))
            continue
        for lane in range(lanes):
            busy = lane < row["active_lanes"]
            look = {"facecolor": COLOURS[row["kind"]] if busy else "white", "edgecolor": GREY}
            hatch = "//" if row["kind"] == "memory" and busy else ""
            ax.add_patch(Rectangle((row["step"] - 0.42, lane - 0.42), 0.84, 0.84, linewidth=0.6, hatch=hatch, **look))
    ax.set_xlim(-0.7, len(table["step"]) - 0.3)
    ax.set_ylim(-0.7, lanes - 0.3)
    ax.set_xticks(table["step"], table["instruction"], rotation=90, fontsize=8.5)
    ax.set_yticks(range(lanes))
    ax.set_ylabel("lane")
    ax.set_xlabel("instructions in order")
    ax.grid(visible=False)
    handles = [
        Patch(facecolor=GREEN, edgecolor=GREY, hatch="//", label="memory"), Patch(color=BLUE, label="arithmetic"),
        Patch(color=VERMILLION, label="loop, no lane"), Patch(facecolor="white", edgecolor=GREY, label="idle lane"),
    ]  # fmt: skip
    ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1.01), ncols=4)
    return ax


def film_in_words(table: Table) -> str:
    """How many instructions there are, and how full the vector ones."""
    vector = [r for r in rows(table) if r["active_lanes"]]
    active, there = sum(r["active_lanes"] for r in vector), sum(r["lanes"] for r in vector)
    return (
        f"{len(table['step'])} instructions, {len(vector)} of them on vectors of {table['lanes'][0]} lanes: "
        f"{active} of {there} lanes busy, {active / there:.1%}."
    )


def instructions_by_machine(B: int = 32, K: int = 256, N: int = 512, vlens: Sequence[int] = (256, 512)) -> Table:
    """Instructions of a dense layer by kind: scalar, on vector machines, on a 16 x 16 matrix unit beside 8 lanes."""
    found = []
    for vlen in (32, *vlens):
        machine = Machine(vlen)
        dense(machine, np.ones((B, K)), np.ones((K, N)), np.zeros(N))
        name = "scalar" if machine.lanes == 1 else f"vector, {machine.lanes} lanes"
        found.append((name, *by_kind(machine.instructions).values()))
    rest = Machine(vlen=256)  # bias and ReLU, a sample at a time
    with rest.times(B):
        add_bias_relu(rest, np.ones(N), np.zeros(N))
    found.append(("matrix and 8 lanes", *by_kind(Counter(in_blocks(B, K, N)) + rest.instructions).values()))
    return as_table(COUNT_UNITS, [(*row, sum(row[1:])) for row in found])


def draw_instructions(ax: Axes, table: Table) -> Axes:
    """A line a machine, a marker for each kind of instruction and the sum as a number."""
    log_axes(ax, "x")
    heights = range(len(table["machine"]))
    for offset, kind in zip((0.2, 0, -0.2), KINDS, strict=True):
        (counts,) = columns(list(rows(table)), kind)
        at = [h + offset for h in heights]
        ax.hlines(at, 100, counts, color=COLOURS[kind], linewidth=1.2)
        ax.plot(counts, at, color=COLOURS[kind], marker=MARKERS[kind], linestyle="None", label=kind)
    for height, total in zip(heights, table["total"], strict=True):
        ax.annotate(f"{total:,}", (1, height), (6, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", va="center")  # fmt: skip
    ax.annotate("in all", (1, -0.6), (6, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="center", weight="bold")  # fmt: skip
    ax.set_yticks(heights, table["machine"])
    ax.set_ylim(len(table["machine"]) - 0.4, -0.6)
    ax.set_xlim(100, 3e7)
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_xlabel("instructions")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
    return ax


def instructions_in_words(table: Table) -> str:
    """The totals, and each machine's gain over the scalar one."""
    first = table["total"][0]
    each = [f"{r['machine']} {r['total']:,} ({first / r['total']:.3g}x)" for r in rows(table)]
    return f"Instructions, and how many times fewer than scalar: {'; '.join(each)}."


FILM_UNITS = {"step": "", "instruction": "", "kind": "", "active_lanes": "", "lanes": ""}
COUNT_UNITS = {"machine": "", "arithmetic": "", "memory": "", "loop": "", "total": ""}

register(Figure(
    id="lane-film",
    item="Listing 4",
    title="Lanes at work in an inner product of 20 elements",
    caption="One inner product of 20 elements on a vector unit of 256 bits and 32-bit elements, instruction by "
    "instruction as the machine ran it. Each of three strips asks for its length anew, so the last one works on 4 "
    "elements and leaves 4 lanes idle in every instruction. The five thin bars of each strip are the instructions "
    "that steer the loop: they take their turn and keep no lane busy.",
    alt="A film strip of 26 instructions in order, eight squares high, one square for each lane. Two strips have all "
    "eight lanes filled in loads and multiply-adds; in the third only the lower four are filled. Thin bars between "
    "them are loop instructions without lanes.",
    units=FILM_UNITS, data=film_strip, draw=draw_film, says=film_in_words, lab="03_compute_primitives",
    size=(7.2, 3.6),
))  # fmt: skip

register(Figure(
    id="primitive-instructions",
    item="Listing 3; Listing 4; Listing 7",
    title="Instructions of one dense layer on three kinds of machine",
    caption="A 256-to-512 layer with bias and ReLU, batch 32, in 32-bit elements. Scalar and vector machines ran it "
    "and were counted. In the last row a 16 x 16 matrix unit does the product, counted block by block with its loop; "
    "bias and ReLU follow on eight lanes and take three times as many instructions as the product. The chapter's 4.2 M "
    "and 524,288 are the multiply-accumulates alone. Setting the vector length costs the vector machine one "
    "instruction a strip that the scalar one does not have.",
    alt="Four machines, one below the other, with markers on a logarithmic axis for arithmetic, memory and loop "
    "instructions. Each step from scalar to eight lanes to sixteen lanes shifts the markers left; the "
    "matrix unit with eight lanes beside it lies about a hundred times further left. Totals stand at the right edge.",
    units=COUNT_UNITS, data=instructions_by_machine, draw=draw_instructions, says=instructions_in_words,
    lab="03_compute_primitives", size=(7.2, 3.2),
))  # fmt: skip
