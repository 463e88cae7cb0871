"""A reader's own memory shared by two threads: each step's time, predicted and measured in one picture."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from labcore.kernels.neighbour import ALONE, BESIDE
from labcore.kernels.race import Race
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.roof import THIN_DASH
from labcore.plots.style import GREY, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows

UNITS = {"series": "", "step": "", "T": "s"}


def felt_data(raced: Race | None = None) -> Table:
    """The time of each step, alone and beside a neighbour, one run after the other."""
    times = raced.times if raced else {}
    drawn, step = [], 0
    for name, own in times.items():
        for T in own:
            step += 1
            drawn.append((name, step, T))
    return as_table(UNITS, drawn) if drawn else {name: [] for name in UNITS}


def medians(table: Table) -> dict[str, float]:
    """The median time of each series."""
    return {name: Race({name: tuple(r["T"] for r in rows(table) if r["series"] == name)}).median(name)
            for name in dict.fromkeys(table["series"])}  # fmt: skip


def draw_felt(ax: Axes, table: Table) -> Axes:
    """A marker for each step; dashed, the median alone and twice that, which a bus that is full would give.

    The time is on a log axis: one step during which the system was busy would press all others together.
    """
    log_axes(ax, "y")
    for i, name in enumerate(dict.fromkeys(table["series"])):
        own = [r for r in rows(table) if r["series"] == name]
        ax.plot(*columns(own, "step", "T"), **look(i) | {"linestyle": "None", "markersize": 4.5}, label=name)
    T = medians(table)[ALONE]
    ends = ((1, "predicted\nalone"), (2, "predicted beside:\nhalf of a full bus"))
    for times, _ in ends:
        ax.axhline(times * T, color=GREY, zorder=1, **THIN_DASH)
    ax.set_ylim(0.6 * min(table["T"]), max(5 * T, 2 * max(table["T"])))
    ax.set_xlabel("step")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    scaled(ax.yaxis, "time of one copy", "ms")
    ax.legend(loc="upper right", ncols=2)
    end_labels(ax, [(times * T, words) for times, words in ends], color=GREY)
    return ax


def felt_in_words(table: Table) -> str:
    """Medians of both, their ratio, and the slowest step."""
    T = medians(table)
    slowest = max(table["T"])
    return (
        f"One copy takes {1e3 * T[ALONE]:.1f} ms alone and {1e3 * T[BESIDE]:.1f} beside a neighbour, "
        f"{T[BESIDE] / T[ALONE]:.2f} times as long; the slowest step takes {slowest / T[ALONE]:.2f} times."
    )


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="soc-felt", item="§Heterogeneous SoC design", title="A copy alone and beside a neighbour, on one machine",
    caption="", alt="Times of copies step by step, alone and beside a neighbour, with two predicted lines.",
    units=UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="18_heterogeneous_soc", size=(6.4, 3.4),
)  # fmt: skip


def felt(raced: Race) -> Shown:
    """Predicted and measured time of each step in one picture."""
    return Shown(FELT, {"raced": raced})
