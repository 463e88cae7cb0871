"""Five strategies at the same price: what share of the true front each finds, by budget and seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from labcore.codesign.comparison import compared
from labcore.codesign.problem import CAP
from labcore.codesign.strategies import STRATEGIES
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, look
from labcore.plots.words import as_table, rows

LAB, SAMPLER = "23_codesign", "tpe"
UNITS = {"strategy": "", "budget": "trainings", "seed": "", "share": "1"}


def shares(cap: float = CAP, sampler: str = SAMPLER) -> Table:
    """Share of the true hypervolume of every run under one cap with one sampler, from the stored comparison."""
    return as_table(UNITS, [
        (run.strategy, run.budget, run.seed, run.share)
        for run in compared() if run.cap == cap and run.sampler == sampler
    ])  # fmt: skip


def draw_shares(ax: Axes, table: Table) -> Axes:
    """For each budget five columns of dots, a dot a seed; a bar from quartile to quartile and the median."""
    budgets = sorted(set(table["budget"]))
    for i, name in enumerate(STRATEGIES):
        how = look(i)
        middles = []
        for place, budget in enumerate(budgets):
            own = [r["share"] for r in rows(table) if (r["strategy"], r["budget"]) == (name, budget)]
            x = place + 0.16 * (i - 2)
            low, median, high = np.percentile(own, (25, 50, 75))
            ax.plot([x] * len(own), own, ".", color=GREY, markersize=2.5, zorder=1)
            ax.plot([x, x], [low, high], color=how["color"], linewidth=4, alpha=0.35, solid_capstyle="butt", zorder=2)
            middles.append((x, median))
        ax.plot(*zip(*middles, strict=True), **how | {"linewidth": 1.1}, label=name, zorder=3)
    ax.set_xticks(range(len(budgets)), [f"{budget:g}" for budget in budgets])
    ax.set_xlabel("full trainings, cheap ones by their price")
    ax.grid(visible=False, axis="x")
    low = np.floor(10 * min(table["share"])) / 10
    ax.set_ylim(low, 1.02)
    ticks = np.arange(low, 1.01, 0.1)
    ax.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
    ax.set_ylabel("share of the true hypervolume")
    ax.legend(loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=5, fontsize=8, columnspacing=1.0,
              handlelength=1.8, handletextpad=0.4)  # fmt: skip
    return ax


def medians(table: Table, budget: float) -> Iterator[tuple[str, float]]:
    """Median share of each strategy at a budget, the best first."""
    own = {name: [r["share"] for r in rows(table) if (r["strategy"], r["budget"]) == (name, budget)]
           for name in STRATEGIES}  # fmt: skip
    found = {name: float(np.median(got)) for name, got in own.items()}
    return iter(sorted(found.items(), key=lambda one: -one[1]))


def shares_in_words(table: Table) -> str:
    """The medians of every strategy at the least and at the largest budget."""
    words = []
    for budget in (min(table["budget"]), max(table["budget"])):
        words.append(f"{budget:g} trainings: " + ", ".join(f"{name} {got:.0%}" for name, got in medians(table, budget)))
    return f"Median share of the true hypervolume over {len(set(table['seed']))} seeds. {'; '.join(words)}."


register(Figure(
    id="codesign-strategies", item="Announcement 001 (A3C3: joint against sequential)",
    title="Five ways to spend the same trainings",
    caption=f"Share of the true front's hypervolume by the price of all trainings, cap {CAP:,.0f} cells. A dot is one "
    "seed, a bar holds the middle half, lines join the medians and only guide the eye. Proxy-guided leads at every "
    "budget. Nested and flat can hardly be told apart at few trainings; later nested pulls ahead. An array chosen "
    "before the network keeps hardware-first below all three. More trainings make accuracy-first worse: the better it "
    "searches, the slower the one network that it hands over. Read distances against the spread of seeds.",
    alt="Four groups for rising budgets, in each five columns of dots with a bar and a marker at the median. Markers "
    "of proxy-guided lie highest in every group; nested and flat begin together below and nested rises above flat; "
    "hardware-first rises below them; accuracy-first falls, its dots far apart.",
    units=UNITS, data=shares, draw=draw_shares, says=shares_in_words, lab=LAB, size=(6.6, 4.2),
))  # fmt: skip
