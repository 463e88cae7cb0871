"""A small network on a reader's machine: times measured by batch, beside those of the tool's rule."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from labcore.catalogue.facts import Accelerator, Fact
from labcore.catalogue.sources import TEACHING
from labcore.feasibility.assumptions import Assumptions
from labcore.feasibility.duration import Duration, duration
from labcore.feasibility.question import Question
from labcore.kernels.served import Served
from labcore.models.pressure import mlp
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.units import format_si

FELT_UNITS = {"batch": "", "binds": "", "predicted": "s", "T": "s", "low": "s", "high": "s"}


def ruled(served: Served, batch: int) -> Duration:
    """The tool's duration of a pass at a batch, with this machine's measured rates as the chip's, all of them reached.

    Two inputs, a layer of 2 x 2: 2 * 2 * 2 * 2 FLOP at 8 a second, and the four of its ReLU.

    >>> from labcore.kernels.race import Race
    >>> ruled(Served((2, 2), Race({}), R_peak=8.0, BW=1e9, T_call=0.25), batch=2).parts["compute"]
    2.5
    """
    facts = {unit: Fact(value, unit, TEACHING, "measured here", "illustrative") for unit, value in {
        "FLOP/s": served.R_peak, "B/s": served.BW, "B": 1.0, "year": 2026.0}.items()}  # fmt: skip
    chip = Accelerator(
        "this machine", "none", "CPU", facts["year"], {"fp32": facts["FLOP/s"]}, facts["B/s"], facts["B"]
    )
    given = Assumptions(eta_compute=1, eta_memory=1, reserve=0, T_launch=served.T_call)
    network = mlp(served.widths, batch, "fp32")
    return duration(network.layers, Question("mlp", chip, precision="fp32", assumptions=given))


def felt_data(served: Served | None = None) -> Table:
    """A row for each batch: what binds by the rule, its time, the median measured and its quartiles."""
    if served is None:
        return {name: [] for name in FELT_UNITS}
    drawn = []
    for batch in served.batches:
        rule, name = ruled(served, batch), str(batch)
        drawn.append((batch, rule.binds, rule.T, served.race.median(name), *served.race.quartiles(name)))
    return as_table(FELT_UNITS, drawn)


def draw_felt(ax: Axes, table: Table) -> Axes:
    """The predicted line and the measured one with quartiles, over the batch."""
    log_axes(ax)
    for i, (name, column) in enumerate({"predicted by the rule": "predicted", "measured": "T"}.items()):
        ax.plot(table["batch"], table[column], **look(i), label=name)
    ax.vlines(table["batch"], table["low"], table["high"], color=look(1)["color"], linewidth=1.4)
    for r in rows(table):
        ax.annotate(r["binds"], (r["batch"], min(r["predicted"], r["T"])), (4, -12), textcoords="offset points",
                    fontsize=8)  # fmt: skip
    times = [T for column in columns(list(rows(table)), "predicted", "low", "high") for T in column]
    ax.set_ylim(min(times, default=1) / 2.2, 1.6 * max(times, default=1))
    ax.set_xticks(table["batch"], [f"{batch}" for batch in table["batch"]])
    if table["batch"]:
        ax.set_xlim(table["batch"][0] / 1.25, table["batch"][-1] * 2.2)
    ax.set_xlabel("batch")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    scaled(ax.yaxis, "time of a pass", "ms")
    ax.legend(loc="upper left")
    return ax


def felt_in_words(table: Table) -> str:
    """What binds, predicted and measured, at the first and the last batch."""
    ends = list(rows(table))[:: max(1, len(table["batch"]) - 1)]
    words = [f"batch {r['batch']} ({r['binds']}) {format_si(r['predicted'], 's', 3)} predicted, "
             f"{format_si(r['T'], 's', 3)} measured" for r in ends]  # fmt: skip
    return f"{'; '.join(words)}."


FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="served-felt", item="Lab 20", title="A small network, predicted by the tool's rule and measured", caption="",
    alt="Time of a pass over the batch, both axes logarithmic: one line predicted, one measured with quartiles; beside "
    "each pair stands what binds by the rule.",
    units=FELT_UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="20_can_you_run_it", size=(6.4, 3.6),
)  # fmt: skip


def felt(served: Served) -> Shown:
    """Predicted and measured in one picture."""
    return Shown(FELT, {"served": served})
