"""The operands of a small array clock by clock, as the generated registers give them."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.codesign.template import DATAFLOWS
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, HATCHES, NARROW_PLATE, VERMILLION
from labcore.plots.words import as_table, rows

LAB = "23_codesign"
A = np.arange(1, 10).reshape(3, 3)
B = np.array([[1, 4], [2, 5], [3, 6]])
TRACE_UNITS = {"dataflow": "", "signal": "", "cycle": "", "value": "", "does": ""}
LOOKS = {
    "operand of A": {"facecolor": "#CFE3F1", "edgecolor": BLUE},
    "operand of B": {"facecolor": "white", "edgecolor": BLACK, "hatch": HATCHES[2]},
    "result in C": {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    "on": {"facecolor": GREY, "edgecolor": GREY},
}
KEPT = {"os": "output stationary, sums", "ws": "weight stationary, weights"}


def trace() -> Table:
    """Every port of a 3 x 2 array in every cycle of a 3 x 3 by 3 x 2 product, as the register transfers give them."""
    return as_table(TRACE_UNITS, _traced())


@cache
def _traced() -> tuple[tuple, ...]:
    from labcore.codesign.rtl.multiply import trace

    drawn = []
    for flow in DATAFLOWS:
        for at, one in enumerate(trace(A, B, *B.shape, flow), start=1):
            lanes = {"west": (one.west, "operand of A"), "north": (one.north, "operand of B")}
            for name, (values, does) in lanes.items():
                drawn += [(flow, f"{name} {i}", at, v, does if v else "") for i, v in enumerate(values)]
            drawn.append((flow, "shift", at, one.shift, "on" if one.shift else ""))
            drawn += [(flow, f"south {j}", at, v, "result in C" if j in one.leaving else "") for j, v in
                      enumerate(one.south)]  # fmt: skip
    return tuple(drawn)


def draw_trace(ax: Axes, table: Table) -> Axes:
    """Two strips of signals, output stationary above; a box for each value that counts, its number in it."""
    ax.axis("off")
    names = list(dict.fromkeys(table["signal"]))
    last, pitch = max(table["cycle"]), len(names) + 2.0
    for strip, flow in enumerate(DATAFLOWS):
        top = strip * pitch
        ax.text(0.5, top - 0.55, f"{flow}: {KEPT[flow]} stay in the PEs", fontweight="bold",
                va="center")  # fmt: skip
        for y, name in enumerate(names):
            ax.text(0.35, top + y + 0.5, name, ha="right", va="center", fontsize=8)
            ax.plot([0.5, last + 0.5], [top + y + 0.9] * 2, color=GREY, linewidth=0.5, zorder=1)
        for r in rows(table):
            if r["dataflow"] == flow and r["does"]:
                _cell(ax, r["cycle"] - 0.5, top + names.index(r["signal"]), r)
    for cycle in range(1, last + 1):
        ax.text(cycle, 2 * pitch - 1.6, str(cycle), ha="center", va="center", fontsize=8)
    ax.text(0.35, 2 * pitch - 1.6, "cycle", ha="right", va="center", fontsize=8)
    for spot, (does, how) in enumerate(LOOKS.items()):
        ax.add_patch(Rectangle((0.5 + 2.4 * spot, 2 * pitch - 0.95), 0.4, 0.6, linewidth=0.8, **how))
        ax.text(1.0 + 2.4 * spot, 2 * pitch - 0.65, does, va="center", fontsize=8)
    ax.set_xlim(-0.7, last + 0.6)
    ax.set_ylim(2 * pitch - 0.2, -1.1)
    return ax


def _cell(ax: Axes, x: float, y: float, r: dict) -> None:
    ax.add_patch(Rectangle((x + 0.03, y + 0.1), 0.94, 0.8, linewidth=0.8, zorder=2, **LOOKS[r["does"]]))
    if r["does"] != "on":
        ax.text(x + 0.5, y + 0.5, str(r["value"]), ha="center", va="center", fontsize=8, bbox=NARROW_PLATE, zorder=3)


def trace_in_words(table: Table) -> str:
    """Cycles of both dataflows, and when the first and the last result leave."""
    words = []
    for flow in DATAFLOWS:
        own = [r for r in rows(table) if r["dataflow"] == flow]
        leaves = [r["cycle"] for r in own if r["does"] == "result in C"]
        words.append(f"{flow} takes {max(r['cycle'] for r in own)} cycles, results leave from {min(leaves)} to "
                     f"{max(leaves)}")  # fmt: skip
    return f"A {A.shape[0]} x {A.shape[1]} by {B.shape[0]} x {B.shape[1]} product: {'; '.join(words)}."


register(Figure(
    id="rtl-trace", item="Lab 23 (ours: register transfers)", title="Operands of a small array, clock by clock",
    caption="A 3 x 3 by 3 x 2 product on a 3 x 2 array, as the generated registers give it: A holds 1 to 9, B 1 to 6. "
    "West and north are the edges where operands enter, a lane for each row and column; south is where results leave. "
    "A line without a box carries nothing that counts. The wire shift is on where what the PEs keep moves down by a "
    "row. Output stationary: both operands enter skewed, one lane a cycle behind its neighbour, and under shift the "
    "sums leave, the last row first. Weight stationary: under shift the weights enter, the last row first, since that "
    "one is pushed down furthest; then only A streams, and sums leave while it does. Both take as many cycles here; "
    "with other sizes they do not.",
    alt="Two strips of eight signals over nine cycles. Above, boxes on the west and north lanes form two staircases, "
    "then shift is on for three cycles and whole rows leave south. Below, shift is on for the first three cycles "
    "with weights on the north lanes, then the west lanes form a staircase and results leave south in a staircase.",
    units=TRACE_UNITS, data=trace, draw=draw_trace, says=trace_in_words, lab=LAB, size=(6.8, 5.0),
))  # fmt: skip
