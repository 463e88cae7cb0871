"""The array in pictures: one cycle with every register named, and a film strip of three dataflows."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import FancyArrowPatch, Rectangle

from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, HATCHES, VERMILLION
from labcore.plots.words import as_table, rows
from labcore.systolic import DATAFLOWS, simulate
from labcore.systolic.dataflows import find

SIDE = 3  # of the array in Figure 8
STRIP = 4  # of the arrays in the film strip


def one_cycle(cycle: int = 5, dataflow: str = "ws") -> Table:
    """Every register of a 3 x 3 array at the end of one cycle, and what waits at its left edge."""
    codes = np.arange(SIDE * SIDE).reshape(SIDE, SIDE) + 1
    run = simulate(codes, codes, SIDE, SIDE, dataflow, states=True)
    state, flow = run.states[cycle - 1], find(dataflow)
    drawn = []
    for i in range(SIDE):
        for j in range(SIDE):
            for name in (flow.right, flow.stays):
                if state.present[name][i, j]:
                    drawn.append((name, i, j, element(name, state.values[name][i, j]), ""))
            busy = bool(state.busy[i, j])
            drawn.append(("sum", i, j, f"{i + 1} of {SIDE} terms" if busy else "", "yes" if busy else "no"))
    for ahead, later in enumerate(run.states[cycle:]):
        queue = [(i, v) for name, i, v in later.entered if name == flow.right]
        drawn += [("waiting", i, -1 - ahead, element(flow.right, v), "") for i, v in queue]
    return as_table(CYCLE_UNITS, drawn)


def element(name: str, code: int) -> str:
    """The element behind its code in `one_cycle`.

    >>> element("A", 6)
    'A[1,2]'
    """
    i, k = divmod(int(code) - 1, SIDE)
    return f"{name}[{i},{k}]"


def draw_cycle(ax: Axes, table: Table) -> Axes:
    """PEs as squares with what they hold, the queues on the left, the accumulators below, control at the corner."""
    ax.axis("off")
    ax.set_xlim(-3.25, SIDE + 0.35)
    ax.set_ylim(SIDE + 1.0, -0.75)
    ax.set_aspect("equal")
    box(ax, -0.95, -0.62, 0.9, 0.4, "control")
    arrow(ax, (-0.5, -0.22), (-0.5, 0.26))
    for i in range(SIDE):
        arrow(ax, (-0.05, i + 0.5), (0.1, i + 0.5))
        box(ax, i + 0.1, SIDE + 0.3, 0.8, 0.4, "accumulate")
        arrow(ax, (i + 0.5, SIDE - 0.1), (i + 0.5, SIDE + 0.3))
        if i:
            for j in range(SIDE):
                arrow(ax, (i - 0.1, j + 0.5), (i + 0.1, j + 0.5))
                arrow(ax, (j + 0.5, i - 0.1), (j + 0.5, i + 0.1))
    for r in rows(table):
        x, y = r["col"] + 0.5, r["row"] + 0.5
        if r["part"] == "waiting":
            box(ax, r["col"] + 0.02, r["row"] + 0.28, 0.9, 0.44, r["holds"], color=VERMILLION)
        elif r["part"] == "sum":
            face = {"facecolor": "#D6EAF8", "hatch": HATCHES[2], "edgecolor": BLUE} if r["busy"] == "yes" else {}
            ax.add_patch(Rectangle((x - 0.4, y - 0.4), 0.8, 0.8, **({"facecolor": "white", "edgecolor": GREY} | face)))
            ax.text(x, y + 0.26, r["holds"], ha="center", va="center", fontsize=7.5, bbox=PLATE, zorder=4)
        else:
            moves = r["part"] == "A"
            frame = PLATE | {"edgecolor": VERMILLION, "pad": 1.5} if moves else PLATE
            ax.text(x, y - 0.22 if moves else y + 0.05, r["holds"], ha="center", va="center", zorder=4, bbox=frame,
                    fontweight="normal" if moves else "bold")  # fmt: skip
    ax.text(-3.2, -0.42, "A waits, skewed:\neach row a cycle later", va="center", fontsize=8, color=GREY)
    words = "B (bold) stays,\nA (framed) moves right, sums move down"
    ax.text(SIDE / 2 + 0.2, -0.42, words, ha="center", va="center", fontsize=8)
    return ax


def box(ax: Axes, x: float, y: float, width: float, height: float, text: str, color: str = GREY) -> None:
    """A labelled box."""
    ax.add_patch(Rectangle((x, y), width, height, facecolor="white", edgecolor=color))
    ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=8)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A short arrow between neighbours."""
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, color="black", shrinkA=0, shrinkB=0))


def cycle_in_words(table: Table) -> str:
    """Which PEs work and what each of them multiplies."""
    held = {(r["part"], r["row"], r["col"]): r["holds"] for r in rows(table)}
    work = [
        f"PE({r['row']},{r['col']}) {held['A', r['row'], r['col']]} x {held['B', r['row'], r['col']]}"
        for r in rows(table) if r["part"] == "sum" and r["busy"] == "yes"
    ]  # fmt: skip
    return f"{len(work)} of {SIDE * SIDE} PEs work: {', '.join(work)}."


def film() -> Table:
    """Every PE of a 4 x 4 array in every cycle of a 4 x 4 x 4 product, in the three dataflows."""
    ones = np.ones((STRIP, STRIP), int)
    drawn = []
    for name in DATAFLOWS:
        for state in simulate(ones, ones, STRIP, STRIP, name, states=True).states:
            held = sum(state.present[operand].astype(int) for operand in "ABC")
            for i, j in np.ndindex(STRIP, STRIP):
                does = "MAC" if state.busy[i, j] else "holds" if held[i, j] else "empty"
                drawn.append((name, state.cycle, state.phase, i, j, does))
    return as_table(FILM_UNITS, drawn)


def draw_film(ax: Axes, table: Table) -> Axes:
    """One strip for each dataflow, one frame for each cycle, the number of busy PEs below it."""
    ax.axis("off")
    for strip, name in enumerate(DATAFLOWS):
        here = [r for r in rows(table) if r["dataflow"] == name]
        top = PITCH * strip
        ax.text(0.8, top - 2.1, f"{name}, {DATAFLOWS[name].name}: {DATAFLOWS[name].stays} stays", fontweight="bold")
        for does, look in LOOKS.items():
            squares = [Rectangle((5 * r["cycle"] - 4.2 + r["col"], top + r["row"]), 0.8, 0.8) for r in here
                       if r["does"] == does]  # fmt: skip
            ax.add_collection(PatchCollection(squares, linewidth=0.5, **look))
        last = max(r["cycle"] for r in here)
        for cycle in range(1, last + 1):
            busy = sum(r["cycle"] == cycle and r["does"] == "MAC" for r in here)
            ax.text(5 * cycle - 2.2, top + 4.9, f"{busy}", ha="center", va="center", fontsize=8.5)
            phase = next(r["phase"] for r in here if r["cycle"] == cycle)
            before = [r["phase"] for r in here if r["cycle"] == cycle - 1]
            if phase not in before:
                ax.text(5 * cycle - 4.2, top - 0.65, phase, fontsize=8.5, color=GREY)
    for spot, (does, look) in enumerate(LOOKS.items()):
        ax.add_patch(Rectangle((44 + 10 * spot, -2.9), 0.8, 0.8, linewidth=0.5, **look))
        ax.text(45.4 + 10 * spot, -2.4, does, va="center", fontsize=8.5)
    ax.set_xlim(0, 5 * max(table["cycle"]) + 1)
    ax.set_ylim(PITCH * 2 + 5.6, -3.4)
    ax.set_aspect("equal")
    return ax


def film_in_words(table: Table) -> str:
    """Busy PEs by cycle."""
    words = []
    for name in DATAFLOWS:
        here = [r for r in rows(table) if r["dataflow"] == name]
        busy = [sum(r["cycle"] == c and r["does"] == "MAC" for r in here) for c in sorted({r["cycle"] for r in here})]
        share = sum(busy) / len(busy) / STRIP**2
        words.append(f"{name} {' '.join(map(str, busy))} ({share:.1%} of all PEs in {len(busy)} cycles)")
    return f"Busy PEs by cycle: {'; '.join(words)}."


PITCH = 9.4  # from one strip to the next
PLATE = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
LOOKS = {
    "MAC": {"facecolor": BLUE, "edgecolor": BLUE},
    "holds": {"facecolor": "#E5E5E5", "edgecolor": GREY, "hatch": "///////"},
    "empty": {"facecolor": "white", "edgecolor": GREY},
}
CYCLE_UNITS = {"part": "", "row": "", "col": "", "holds": "", "busy": ""}
FILM_UNITS = {"dataflow": "", "cycle": "", "phase": "", "row": "", "col": "", "does": ""}

register(Figure(
    id="systolic-array",
    item="Figure 8",
    title="A 3 x 3 array in its fifth cycle, every register named",
    caption="What the chapter's Figure 8 shows in outline, here at one moment of a 3 x 3 product as labcore's machine "
    "steps it: weights (B) were loaded in the first three cycles and stay, inputs (A) enter from the left, each row "
    "one cycle after the one above, and sums move down to the accumulators. Hatched PEs multiply in this cycle. "
    "This is weight stationary. The four steps that the chapter lists for a PE, and its 2 x 2 example, are output "
    "stationary: there B moves down and the sum stays.",
    alt="A grid of three by three squares with a control box at the upper left, three accumulator boxes below and a "
    "staggered queue of A elements at the left of each row. Each square holds an element of B in bold. Some squares, "
    "along diagonals from the upper left, are hatched and hold an element of A and a number of summed terms.",
    units=CYCLE_UNITS, data=one_cycle, draw=draw_cycle, says=cycle_in_words, lab="06_systolic_arrays", size=(6.8, 5.0),
))  # fmt: skip

register(Figure(
    id="array-occupancy",
    item="Figure 8; Table 5",
    title="Which PEs work in which cycle: a 4 x 4 x 4 product on a 4 x 4 array",
    caption="Each frame is the array at the end of one cycle; the number below counts the PEs that did a MAC. All "
    "three dataflows take 14 cycles for 64 MACs, which 16 PEs could do in 4. Output stationary spends its last four "
    "cycles on unloading the results, the other two their first four on preloading what stays. A wave of work crosses "
    "the array from the upper left corner to the lower right.",
    alt="Three strips of fourteen small four by four grids. In each strip blue cells spread from the upper left corner "
    "over the grid and withdraw to the lower right. In the first strip this begins at once and four frames of grey "
    "cells follow; in the other two, four frames of grey cells that fill row by row come first.",
    units=FILM_UNITS, data=film, draw=draw_film, says=film_in_words, lab="06_systolic_arrays", size=(7.4, 3.6),
))  # fmt: skip
