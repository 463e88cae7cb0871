"""A call by its rows on a reader's machine: the time measured beside a fixed part and a part for each row."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from labcore.kernels.padding import fitted
from labcore.measure.timing import Timing
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import GREY, log_axes, look, scaled
from labcore.plots.words import as_table, rows
from labcore.units import format_si


def felt_data(times: Mapping[int, Timing] | None = None) -> Table:
    """Measured time of each call with its quartiles, and the time that the two ends predict."""
    if not times:
        return {name: [] for name in FELT_UNITS}
    T_call, T_row = fitted({n: one.T for n, one in times.items()})
    return as_table(FELT_UNITS, [
        (n, one.T, one.T_low, one.T_high, T_call + n * T_row, T_call) for n, one in times.items()
    ])  # fmt: skip


def draw_felt(ax: Axes, table: Table) -> Axes:
    """Measured times as markers, the prediction as a line, its fixed part as a thin one."""
    log_axes(ax)
    n, T, low, high, predicted, fixed = table.values()
    spread = [[a - b for a, b in zip(T, low, strict=True)], [a - b for a, b in zip(high, T, strict=True)]]
    ax.errorbar(n, T, spread, **look(0) | {"linestyle": "None"}, label="measured, median and quartiles")
    ax.plot(n, predicted, **look(1) | {"marker": ""}, label="predicted: fixed + rows, from the two ends")
    ax.axhline(fixed[0], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.text(n[-1], fixed[0], "fixed part ", color=GREY, ha="right", va="bottom", fontsize=8.5)
    scaled(ax.yaxis, "time of a call", "us")
    ax.set_xticks([1, 8, 64, 512, 4096], ["1", "8", "64", "512", "4096"])
    ax.set_xlabel("rows of four numbers")
    ax.legend(loc="upper left")
    return ax


def felt_in_words(table: Table) -> str:
    """The fixed part, a row's, and where they are alike."""
    (first, *_, last) = rows(table)
    T_call, T_row = fitted({r["rows"]: r["T"] for r in (first, last)})
    worst = max(abs(r["T"] / r["predicted"] - 1) for r in rows(table))
    return (
        f"A call costs {format_si(T_call, 's', 3)} and {format_si(T_row, 's', 3)} a row: alike at "
        f"{T_call / T_row:.0f} rows; the prediction is off by {worst:.0%} at most."
    )


FELT_UNITS = {"rows": "", "T": "s", "low": "s", "high": "s", "predicted": "s", "fixed": "s"}
FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="call-felt", item="§Runtime support", title="A call by its rows, measured on one machine",
    caption="", alt="Measured times of a call over its rows beside a line of a fixed part and a part for each row.",
    units=FELT_UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="16_runtimes", size=(6.4, 3.6),
)  # fmt: skip


def felt(times: Mapping[int, Timing]) -> Shown:
    """Predicted and measured times of a call in one picture."""
    return Shown(FELT, {"times": times})
