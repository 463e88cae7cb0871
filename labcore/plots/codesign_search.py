"""The search: every network's fastest design under the cap, the true front, and what five strategies hand over."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes

from labcore.codesign.compare import USEFUL, all_designs, true_front
from labcore.codesign.comparison import stored
from labcore.codesign.front import front
from labcore.codesign.problem import CAP, tabled, true_errors
from labcore.codesign.search import Trainings
from labcore.codesign.strategies import STRATEGIES
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, GREY, decade_marks, look
from labcore.plots.words import as_table, columns, rows

LAB = "23_codesign"
BUDGET, SEED, SAMPLER = 24, 0, "tpe"
NETWORK, TRUE = "every network", "true front"
FRONT_UNITS = {"series": "", "network": "", "hardware": "", "cycles": "cycles", "accuracy": "1", "area": "cells"}


def found_designs() -> Table:
    """Designs under the cap at their true accuracy: each network's fastest, the front, and one run a strategy."""
    return as_table(FRONT_UNITS, _found())


@cache
def _found() -> tuple[tuple, ...]:
    problem, errors = tabled(), true_errors()
    fastest = {}
    for design in all_designs(problem, errors):
        fastest[design.network] = min(design, fastest.get(design.network, design), key=lambda d: (d.cycles, d.area))
    series = {NETWORK: fastest.values(), TRUE: true_front(problem, errors)}
    for name, strategy in STRATEGIES.items():
        designs = [d._replace(error=errors[d.network]) for d in strategy(Trainings(problem, BUDGET, SEED), SAMPLER)]
        series[name] = [designs[i] for i in front([(d.error, d.cycles) for d in designs])]
    return tuple(
        (name, f"{'-'.join(d.network[0])}-w{d.network[1]}-b{d.network[2]}", " ".join(map(str, d.hardware)),
         int(d.cycles), 1 - d.error, d.area)
        for name, designs in series.items() for d in designs if d.error < USEFUL
    )  # fmt: skip


def draw_front(ax: Axes, table: Table) -> Axes:
    """Grey dots for networks, a black staircase for the front, an open marker for what each strategy hands over."""
    found = list(rows(table))
    ax.set_xscale("log")
    ax.minorticks_off()
    here = [r for r in found if r["series"] == NETWORK]
    ax.plot(*columns(here, "cycles", "accuracy"), ".", color=GREY, markersize=2.5, label=NETWORK, zorder=1)
    stairs = sorted((r["cycles"], r["accuracy"]) for r in found if r["series"] == TRUE)
    ax.step(*zip(*stairs, strict=True), where="post", color=BLACK, linewidth=1.2, label=TRUE, zorder=2)
    for i, name in enumerate(STRATEGIES):
        own = [r for r in found if r["series"] == name]
        how = look(i) | {
            "linestyle": "None",
            "markerfacecolor": "none",
            "markersize": 7 + i % 2,
            "markeredgewidth": 1.4,
        }
        ax.plot(*columns(own, "cycles", "accuracy"), **how, label=name, zorder=3)
    values = table["cycles"]
    marks = decade_marks(0.9 * min(values), 1.1 * max(values))
    ax.set_xticks(marks, [f"{mark:,}" for mark in marks])
    ax.set_xlabel("cycles an image")
    ax.set_ylim(1 - USEFUL, 0.985)
    ax.set_yticks([0.80, 0.85, 0.9, 0.95], ["80%", "85%", "90%", "95%"])
    ax.set_ylabel("test accuracy, mean of the seeds")
    ax.legend(loc="lower right", fontsize=8, handletextpad=0.4)
    return ax


def front_in_words(table: Table) -> str:
    """The two ends of the front, and how many of its designs each strategy hands over."""
    whole = [r for r in rows(table) if r["series"] == TRUE]
    slow, fast = (end(whole, key=lambda r: r["cycles"]) for end in (max, min))
    places = {(r["network"], r["cycles"]) for r in whole}
    shares = {score.strategy: score.shares[SEED] for score in stored(int(CAP), BUDGET, SAMPLER)}
    found = {
        name: len(places & {(r["network"], r["cycles"]) for r in rows(table) if r["series"] == name})
        for name in STRATEGIES
    }
    said = ", ".join(f"{name} {share:.0%} ({found[name]})" for name, share in shares.items())
    return (
        f"The true front has {len(whole)} designs that err less than {USEFUL:.0%}, from {fast['accuracy']:.1%} right "
        f"in {fast['cycles']:,} cycles to {slow['accuracy']:.1%} in {slow['cycles']:,}. One run of {BUDGET} trainings "
        f"each, share of the hypervolume and in brackets designs of the front found exactly: {said}."
    )


register(Figure(
    id="codesign-front", item="Announcement 001 (A3C3: joint search)",
    title="What there is to find, and what five strategies find",
    caption=f"Grey: each network of the table on the fastest array under the cap of {CAP:,.0f} cells. Black: the front "
    f"of all pairs, down to {1 - USEFUL:.0%} right; what errs more counts for nothing. Open markers: the best of what "
    f"each strategy hands over after one run (seed {SEED}) with the price of {BUDGET} full trainings, at the accuracy "
    "that the table knows and not the one that the run happened to see. So a marker may lie just beside the front. "
    "Such a near miss counts for nearly as much in the hypervolume: here proxy-guided holds no design of the front "
    "and nearly the share of nested joint, which holds three. Accuracy-first hands over one network on its arrays, "
    "hardware-first many networks on one array; only the others can follow the front.",
    alt="A cloud of grey dots that rises to the right with a black staircase along its upper left edge. Accuracy-first "
    "markers lie far right at the top, hardware-first markers below and right of the staircase, the markers of the "
    "three other strategies along or below it.",
    units=FRONT_UNITS, data=found_designs, draw=draw_front, says=front_in_words, lab=LAB, size=(6.6, 4.2),
))  # fmt: skip
