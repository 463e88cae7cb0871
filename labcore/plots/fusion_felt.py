"""Fused against unfused loops on a reader's machine: predicted gains and measured ones in one picture."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.kernels.fusion import Sweep
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import GREY, log_axes, look
from labcore.plots.words import as_table, columns, rows, three
from labcore.units import format_binary

FELT_UNITS = {"series": "", "size": "B", "gain": "1", "predicted": "1"}
GAINS = {
    "numpy": ("numpy, 5 operations", 5.0),
    "three loops": ("three loops", 3.0),
    "long": ("three loops of long steps", 3.0),
}


def felt_data(raced: Sweep | None = None) -> Table:
    """How many times as long each way takes as one loop, by the tensor's size, beside the ratio of traversals."""
    raced = raced or {"cheap": {}, "long": {}}
    found = [(GAINS[way][0], size, one.slower(way, than="one loop"), GAINS[way][1])
             for way in ("numpy", "three loops") for size, one in raced["cheap"].items()]  # fmt: skip
    found += [(GAINS["long"][0], size, one.slower("three loops", than="one loop"), GAINS["long"][1])
              for size, one in raced["long"].items()]  # fmt: skip
    return as_table(FELT_UNITS, found) if found else {name: [] for name in FELT_UNITS}


def draw_felt(ax: Axes, table: Table) -> Axes:
    """Measured gains with markers, the predicted ones as thin lines."""
    log_axes(ax)
    for i, name in enumerate(dict.fromkeys(table["series"])):
        own = [r for r in rows(table) if r["series"] == name]
        ax.plot(*columns(own, "size", "gain"), **look(i), label=name)
    for gain in sorted(set(table["predicted"])):
        ax.axhline(gain, color=GREY, linewidth=0.9, linestyle=(0, (6, 3)))
        ax.annotate(f"predicted {gain:.0f}", (1, gain), (-2, 3), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", color=GREY)  # fmt: skip
    sizes = sorted(set(table["size"]))
    ax.set_xticks(sizes, [format_binary(size) for size in sizes])
    ax.set_xlim(right=8 * sizes[-1])  # room for the labels of what was predicted
    ax.set_yticks([1, 2, 3, 5, 10, 20, 50], ["1", "2", "3", "5", "10", "20", "50"])
    ax.set_xlabel("one tensor")
    ax.set_ylabel("time over that of one loop")
    ax.legend(loc="upper right")
    return ax


def felt_in_words(table: Table) -> str:
    """Gains at the smallest and the largest size of each way."""
    words = []
    for name in dict.fromkeys(table["series"]):
        own = [r for r in rows(table) if r["series"] == name]
        ends = ", ".join(f"{three(r['gain'])}x at {format_binary(r['size'])}" for r in (own[0], own[-1]))
        words.append(f"{name} {ends}, predicted {own[0]['predicted']:.0f}")
    return f"Time over that of one loop: {'; '.join(words)}."


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="fusion-felt", item="§Kernel fusion", title="Fused against unfused, measured on one machine",
    caption="", alt="Measured gains of fusing over the size of a tensor, beside the predicted ones.",
    units=FELT_UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="13_fusion", size=(6.4, 3.8),
)  # fmt: skip


def felt(raced: Sweep) -> Shown:
    """Predicted and measured gains of fusing in one picture."""
    return Shown(FELT, {"raced": raced})
