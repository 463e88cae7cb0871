"""Predicted area against synthesis: arrays alone, and whole accelerators."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from labcore.codesign.area import relative_errors
from labcore.codesign.array_area import held_out
from labcore.codesign.counted import synthesized, wholes
from labcore.codesign.template import DATAFLOWS
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, decade_marks, look
from labcore.plots.words import as_table, rows

LAB = "23_codesign"
UNITS = {"what": "", "dataflow": "", "rows": "", "cols": "", "bits": "", "held_out": "", "counted": "cells",
         "predicted": "cells"}  # fmt: skip
WHATS = {"array": "the array alone", "accelerator": "the whole accelerator"}


def fits() -> Table:
    """Every synthesized array and accelerator: cells counted and predicted, and whether the fit has seen it."""
    drawn = []
    for what, samples in (("array", synthesized()), ("accelerator", wholes())):
        for sample, error in zip(samples, relative_errors(samples), strict=True):
            unseen = sample.held if what == "accelerator" else held_out(sample)
            t = sample.template
            drawn.append((what, t.dataflow, t.rows, t.cols, t.weight_bits, "yes" if unseen else "no", sample.cells,
                          sample.cells * (1 + float(error))))  # fmt: skip
    return as_table(UNITS, drawn)


def draw_fits(ax: Axes, table: Table) -> Axes:
    """Error of the prediction over cells counted: a shape for each dataflow, filled where the fit has not seen it."""
    ax.axis("off")
    cells = ax.get_subplotspec().subgridspec(1, 2, wspace=0.06)
    left = ax.figure.add_subplot(cells[0])
    right = ax.figure.add_subplot(cells[1], sharey=left)
    for place, (what, words) in zip((left, right), WHATS.items(), strict=True):
        _draw_errors(place, [r for r in rows(table) if r["what"] == what])
        place.set_title(words, fontsize=9)
    reach = 1.15 * max(abs(p / c - 1) for p, c in zip(table["predicted"], table["counted"], strict=True))
    left.set_ylim(-reach, reach)
    left.yaxis.set_major_formatter(lambda y, _: f"{y:+.0%}" if y else "exact")
    left.set_ylabel("cells predicted against counted")
    right.tick_params(labelleft=False)
    left.legend(loc="upper right", fontsize=8, handletextpad=0.4, ncols=2, columnspacing=1)
    return ax


def _draw_errors(ax: Axes, here: list[dict]) -> None:
    counts = [r["counted"] for r in here]
    ax.axhline(0, color=BLACK, linewidth=0.8, zorder=1)
    for i, flow in enumerate(DATAFLOWS):
        how = look(i) | {"linestyle": "None", "markersize": 5, "markeredgewidth": 1.1}
        for unseen, face in (("no", "white"), ("yes", how["color"])):
            some = [r for r in here if r["dataflow"] == flow and r["held_out"] == unseen]
            errors = [r["predicted"] / r["counted"] - 1 for r in some]
            label = f"{flow}, {'held out' if unseen == 'yes' else 'fitted'}"
            ax.plot([r["counted"] for r in some], errors, **how, markerfacecolor=face, label=label)
    ax.set(xscale="log", xlim=(0.6 * min(counts), 1.7 * max(counts)))
    ax.minorticks_off()
    of = (1,) if max(counts) > 100 * min(counts) else (1, 2, 5)
    marks = decade_marks(0.6 * min(counts), 1.7 * max(counts), of)
    ax.set_xticks(marks, [f"{mark:,}" for mark in marks])
    ax.set_xlabel("cells counted by synthesis")


def fits_in_words(table: Table) -> str:
    """Mean and largest error of what was held out, by dataflow."""
    words = []
    for what in WHATS:
        by_flow = []
        for flow in DATAFLOWS:
            off = [abs(r["predicted"] / r["counted"] - 1) for r in rows(table)
                   if (r["what"], r["dataflow"], r["held_out"]) == (what, flow, "yes")]  # fmt: skip
            by_flow.append(f"{flow} {np.mean(off):.1%} (at most {max(off):.1%})" if off else f"{flow} none")
        words.append(f"{what} {', '.join(by_flow)}")
    return f"Mean error of what was held out: {'; '.join(words)}."


register(Figure(
    id="area-fit", item="Lab 23 (ours: predictors)", title="Predicted area against synthesis",
    caption="By how much the fit is off, over the cells that Yosys counts in the generated design. Filled markers were "
    "held out of the fit: arrays larger than all it has seen, and a third of the accelerators, chosen beforehand. The "
    "array is regular and well predicted. The rest of an accelerator depends on the network's own constants too, and "
    "scatters more; the two largest designs turn out larger than predicted. Memories are counted in bits and are no "
    "part of this.",
    alt="Two panels over cells on a logarithmic axis, with a line at no error. On the left open markers scatter about "
    "the line and the filled ones at the right end lie close to it. On the right the markers, filled and open mixed, "
    "scatter about the line.",
    units=UNITS, data=fits, draw=draw_fits, says=fits_in_words, lab=LAB, size=(6.6, 3.6),
))  # fmt: skip
