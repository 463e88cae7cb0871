"""Trainings of a search on a reader's machine: the time each took beside what two trainings before it predict."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from labcore.codesign.networks import Network
from labcore.codesign.search import Choice, Problem
from labcore.codesign.training import CHEAP, FULL, Recipe, realize
from labcore.plots.registry import Figure, Shown, Table
from labcore.plots.style import GREY, log_axes, look, scaled
from labcore.plots.words import as_table, rows
from labcore.units import Ratio, Seconds, format_si

Training = tuple[Network, Recipe, Seconds]
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)  # s
FEW, MANY = Network(("fc",), 4), Network(("conv3x3", "conv3x3", "conv3x3"), 32)  # the two trained beforehand


def work(network: Network, recipe: Recipe) -> tuple[float, float]:
    """Steps of a training times the layers of each, and MACs of its passes: (layer steps, MACs).

    >>> work(Network(("fc",), 4), Recipe(epochs=1, fine_epochs=1, images=100, batch=64))
    (8.0, 59200.0)
    """
    per_epoch = -(-recipe.images // recipe.batch)
    steps = (recipe.epochs + recipe.fine_epochs) * per_epoch
    return float(steps * len(network.layers)), float(recipe.passes * network.macs)


def fitted(trained: Sequence[Training]) -> tuple[Seconds, Seconds]:
    """Time of a layer's step and of a MAC that explain two trainings or more, by least squares of the relative error.

    >>> one, two = work(FEW, CHEAP), work(MANY, CHEAP)
    >>> found = fitted([(FEW, CHEAP, one[0] * 2 + one[1] * 3), (MANY, CHEAP, two[0] * 2 + two[1] * 3)])
    >>> [round(T, 6) for T in found]
    [2.0, 3.0]
    """
    if len(trained) < 2:
        raise ValueError(f"two coefficients take two trainings or more, got {len(trained)}; time another network")
    X, T = np.array([work(*one[:2]) for one in trained]), np.array([one[2] for one in trained])
    T_step, T_mac = np.linalg.lstsq(X / T[:, None], np.ones(len(T)), rcond=None)[0]
    return float(T_step), float(T_mac)


def calibrated() -> list[Training]:
    """The smallest and a large network trained cheaply, with the time that each took on this machine.

    >>> [network.name for network, *_ in calibrated()]
    ['fc-w4-b8', 'conv3x3-conv3x3-conv3x3-w32-b8']
    """
    found = []
    for network in (FEW, FEW, MANY):  # the first call meets a machine that is cold
        start = time.perf_counter()
        realize(network, seed=0, recipe=CHEAP)
        found.append((network, CHEAP, time.perf_counter() - start))
    return found[1:]


def timed(problem: Problem, took: list[Training]) -> Problem:
    """The problem with a clock: each of its trainings is added to `took`, with the time it took.

    >>> from labcore.codesign.problem import tabled
    >>> took = []
    >>> _ = timed(tabled(), took).train((("fc",), 4, 8), 0, True)
    >>> [(network.name, recipe == CHEAP) for network, recipe, T in took]
    [('fc-w4-b8', True)]
    """

    def train(network: Choice, seed: int, cheap: bool) -> Ratio:
        start = time.perf_counter()
        right = problem.train(network, seed, cheap)
        took.append((Network(*network), CHEAP if cheap else FULL, time.perf_counter() - start))
        return right

    return replace(problem, train=train)


def felt_data(before: Sequence[Training] = (), search: Sequence[Training] = ()) -> Table:
    """For each training of the search: steps and MACs, the time that those before predict, and the time it took."""
    if not before:
        return {name: [] for name in FELT_UNITS}
    T_step, T_mac = fitted(before)
    return as_table(FELT_UNITS, [
        (float(recipe == CHEAP), *(counts := work(network, recipe)), counts[0] * T_step + counts[1] * T_mac, T)
        for network, recipe, T in search
    ])  # fmt: skip


def draw_felt(ax: Axes, table: Table) -> Axes:
    """A marker for each training, measured over predicted, and the line on which both are equal."""
    log_axes(ax)
    for k, (cheap, name) in enumerate(((1.0, "cheap training"), (0.0, "full training"))):
        those = [r for r in rows(table) if r["cheap"] == cheap]
        marks = look(k) | {"linestyle": "None", "fillstyle": "none"}
        ax.plot([r["predicted"] for r in those], [r["T"] for r in those], **marks, label=name)
    ends = [min(*table["predicted"], *table["T"]), max(*table["predicted"], *table["T"])]
    ax.plot(ends, ends, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), label="as predicted")
    scaled(ax.xaxis, "predicted time of a training", "ms")
    scaled(ax.yaxis, "measured time", "ms")
    for set_ticks in (ax.set_xticks, ax.set_yticks):
        set_ticks([t for t in TICKS if ends[0] / 1.2 <= t <= 1.2 * ends[1]])
    ax.legend(loc="lower right")
    return ax


def felt_in_words(table: Table) -> str:
    """What all trainings took together, predicted and measured."""
    T, predicted = sum(table["T"]), sum(table["predicted"])
    return (
        f"{len(table['T'])} trainings: predicted {format_si(predicted, 's', 3)}, measured {format_si(T, 's', 3)}, "
        f"{T / predicted:.2f} times that."
    )


FELT_UNITS = {"cheap": "", "steps": "", "macs": "", "predicted": "s", "T": "s"}
FELT = Figure(  # of a reader's machine, so it is in no registry and never built into a file
    id="training-felt", item="A3C3 announcement 001", title="Trainings of a search, measured on one machine",
    caption="", alt="Measured over predicted times of the trainings of one search, and a line on which they are equal.",
    units=FELT_UNITS, data=felt_data, draw=draw_felt, says=felt_in_words, lab="23_codesign", size=(6.4, 3.6),
)  # fmt: skip


def felt(before: Sequence[Training], search: Sequence[Training]) -> Shown:
    """Predicted and measured times of a search's trainings in one picture."""
    return Shown(FELT, {"before": before, "search": search})
