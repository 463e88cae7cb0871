"""Threads as replicas on a reader's machine: predicted and measured speed-up in one picture."""

from __future__ import annotations

import statistics

from matplotlib.axes import Axes

from labcore.kernels.replicas import Replicas
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import BLUE, GREY, VERMILLION
from labcore.plots.words import as_table
from labcore.units import format_si

UNITS = {"threads": "", "ideal": "1", "predicted": "1", "measured": "1", "low": "1", "high": "1"}


def felt_data(raced: Replicas | None = None) -> Table:
    """Speed-up of each number of threads: the count itself, the prediction, and median and quartiles over rounds."""
    if raced is None:
        return {name: [] for name in UNITS}
    one, found = raced.race.times["1"], []
    for p in raced.counts:
        times = raced.race.times[str(p)]
        gains = [alone / together for alone, together in zip(one, times, strict=True)]  # of each round
        low, _, high = statistics.quantiles(gains, n=4, method="inclusive")
        found.append((p, p, raced.predicted(p), raced.measured(p), low, high))
    return as_table(UNITS, found)


def draw_felt(ax: Axes, table: Table) -> Axes:
    """Ideal and predicted as lines, measured as squares with their quartiles."""
    counts = table["threads"]
    ax.plot(counts, table["ideal"], color=GREY, linestyle=":", label="as many times as threads")
    ax.plot(counts, table["predicted"], color=BLUE, linestyle="--", marker="o", label="predicted")
    ax.vlines(*(table[name][1:] for name in ("threads", "low", "high")), color=VERMILLION, linewidth=1.2)
    ax.plot(counts, table["measured"], color=VERMILLION, marker="s", linestyle="None", label="measured, quartiles")
    ax.set_xticks(counts, [str(p) for p in counts])
    ax.set_ylim(0, 1.15 * max(*table["predicted"], *table["high"]))
    ax.set_xlabel("threads that train together")
    ax.set_ylabel("speed-up over one thread")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax


def felt_in_words(table: Table) -> str:
    """Predicted and measured speed-up of each number of threads."""
    pairs = zip(table["threads"], table["predicted"], table["measured"], strict=True)
    return "; ".join(f"{p} threads: predicted {a:.2f}x, measured {b:.2f}x" for p, a, b in pairs if p > 1) + "."


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="replicas-felt", item="§Multi-Chip Scaling", title="Threads as replicas, measured on one machine",
    caption="", alt="Speed-up over the number of threads: ideal, predicted from one thread, and measured.",
    units=UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="17_multichip", size=(6.0, 3.4),
)  # fmt: skip


def felt(raced: Replicas) -> Shown:
    """Predicted and measured speed-up of threads in one picture."""
    return Shown(FELT, {"raced": raced})


def inputs_in_words(raced: Replicas) -> str:
    """What the prediction is made from."""
    step, one = format_si(raced.T_one, "s", 3), format_si(raced.T_sum, "s", 3)
    return f"{raced.cores} cores; a step on one thread {step}, one more gradient to add {one}"
