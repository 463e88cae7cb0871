"""A product of matrix and vector on a reader's machine, by the size of the matrix: predicted beside measured."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from labcore.kernels.resident import Resident
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import log_axes, look, scaled
from labcore.plots.words import as_table, rows
from labcore.units import format_binary, format_si

UNITS = {"D_vol": "B", "predicted": "B/s", "measured": "B/s", "low": "B/s", "high": "B/s"}


def felt_data(resident: Resident | None = None) -> Table:
    """A row for each size: bytes of weights a second by the rule, measured, and at the quartiles of the times."""
    if resident is None:
        return {name: [] for name in UNITS}
    drawn = []
    for side in resident.sides:
        D_vol, name = 4 * side**2, str(side)
        times = resident.predicted(side), resident.race.median(name), *reversed(resident.race.quartiles(name))
        drawn.append((D_vol, *(D_vol / T for T in times)))
    return as_table(UNITS, drawn)


def draw_felt(ax: Axes, table: Table) -> Axes:
    """The step that is predicted and what was measured, with quartiles, over the size of the matrix."""
    log_axes(ax)
    for i, (column, label) in enumerate({"predicted": "predicted by two bandwidths", "measured": "measured"}.items()):
        ax.plot(table["D_vol"], table[column], **look(i), label=label)
    ax.vlines(table["D_vol"], table["low"], table["high"], color=look(1)["color"], linewidth=1.4)
    ax.set_xticks(table["D_vol"], [format_binary(D_vol, 3) for D_vol in table["D_vol"]])
    values = [one for column in ("predicted", "low", "high") for one in table[column]]
    ax.set_ylim(min(values, default=1) / 2, 2 * max(values, default=1))
    ax.set_xlabel("weights: a square matrix in float32, times a vector")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    scaled(ax.yaxis, "weights read", "GB/s")
    ax.legend(loc="upper right")
    return ax


def felt_in_words(table: Table) -> str:
    """Predicted and measured at the smallest and the largest matrix."""
    ends = list(rows(table))[:: max(1, len(table["D_vol"]) - 1)]
    return "; ".join(
        f"{format_binary(r['D_vol'], 3)}: {format_si(r['predicted'], 'B/s', 3)} predicted, "
        f"{format_si(r['measured'], 'B/s', 3)} measured"
        for r in ends
    )


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="resident-felt", item="Lab 21", title="Weights by where they live, on this machine", caption="",
    alt="Bytes of weights a second over the size of a matrix, both axes logarithmic: a predicted step, high while a "
    "cache holds the matrix and low beyond, and a measured line with quartiles.",
    units=UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="21_architecture_map", size=(6.4, 3.4),
)  # fmt: skip


def felt(resident: Resident) -> Shown:
    """Predicted and measured in one picture."""
    return Shown(FELT, {"resident": resident})
