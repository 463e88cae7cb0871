"""Ways to spend trainings, by how many there are: the pure functions of the budget explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.codesign.compare import Score, margin
from labcore.codesign.comparison import BUDGETS, CAPS, STORED_SAMPLERS, stored
from labcore.codesign.strategies import STRATEGIES
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import COLOURS, DASHES, MARKERS

NAMES = tuple(STRATEGIES)
ORDINARY = 2.0  # standard errors: a margin below is no news


CHOICES = {
    "cap": tuple(f"{cap:,}" for cap in CAPS),
    "budget": tuple(map(str, BUDGETS)),
    "sampler": STORED_SAMPLERS,
}


@cache
def scores(cap: str, budget: str, sampler: str) -> dict[str, Score]:
    """The stored score of each strategy at a cap, a budget and a sampler, as the controls show them.

    >>> sorted(scores("20,000", "24", "random")) == sorted(NAMES)
    True
    """
    return {one.strategy: one for one in stored(int(cap.replace(",", "")), int(budget), sampler)}


def build(fig: Canvas) -> SimpleNamespace:
    """Left the mean share over the budget, right each seed's share at one budget."""
    ax = fig.add_axes((0.11, 0.13, 0.42, 0.78), xscale="log", xlim=(0.9 * BUDGETS[0], 1.1 * BUDGETS[-1]), ylim=(0, 1))
    seeds = fig.add_axes((0.72, 0.13, 0.25, 0.78), xlim=(0, 1), ylim=(len(NAMES) - 0.5, -0.5))
    ax.minorticks_off()
    ax.xaxis.set_major_formatter("{x:.0f}")
    for axis in (ax.yaxis, seeds.xaxis):
        axis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    fix_ticks(ax.xaxis, BUDGETS)
    fix_ticks(ax.yaxis, np.arange(0, 1.01, 0.2))
    fix_ticks(seeds.xaxis, [0, 0.5, 1])
    fix_ticks(seeds.yaxis, range(len(NAMES)))
    seeds.set_yticklabels(NAMES)
    ax.set(xlabel="trainings", ylabel="mean share of the true front's hypervolume (%)")
    seeds.set_xlabel("share by seed (%)")
    looks = [
        {"color": COLOURS[k], "linestyle": DASHES[k], "marker": MARKERS[k], "markersize": 5} for k in range(len(NAMES))
    ]
    return SimpleNamespace(
        means=[ax.plot([], [], label=name, **look)[0] for name, look in zip(NAMES, looks, strict=True)],
        dots=[seeds.plot([], [], **(look | {"linestyle": "None", "fillstyle": "none"}))[0] for look in looks],
        now=ax.axvline(1, **THIN_DASH),
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, cap: str, budget: str, sampler: str, first: str, second: str) -> None:
    """Move the lines to the cap, the dots to the budget; the two that are compared are drawn full."""
    runs = [scores(cap, trainings, sampler) for trainings in CHOICES["budget"]]
    for k, name in enumerate(NAMES):
        artists.means[k].set_data(BUDGETS, [run[name].mean for run in runs])
        artists.means[k].set_linewidth(2.4 if name in (first, second) else 0.9)
        shares = scores(cap, budget, sampler)[name].shares
        artists.dots[k].set_data(shares, k + np.linspace(-0.25, 0.25, len(shares)))
    artists.now.set_xdata([int(budget)] * 2)
    artists.title.set_text(f"{budget} trainings, cap {cap} cells, {sampler}")


def describe(cap: str, budget: str, sampler: str, first: str, second: str) -> str:
    """The best three means, and the margin of one strategy over another against its standard error."""
    runs = scores(cap, budget, sampler)
    best = [*runs.values()][:3]  # the best mean comes first
    said = ", ".join(f"{run.strategy} {run.mean:.3f} (spread {run.spread:.3f})" for run in best)
    return f"Cap {cap}, {budget} trainings, {sampler}, best three of five: {said}; {between(runs[first], runs[second])}"


def between(a: Score, b: Score) -> str:
    """Whether one strategy beats another, in words.

    >>> between(Score("a", "", (0.9, 0.8, 0.7), ()), Score("b", "", (0.5, 0.5, 0.5), ()))
    'a leads b by 0.300, 5.2 standard errors'
    """
    if a.strategy == b.strategy:
        return f"{a.strategy} is compared with itself"
    mean, errors = margin(a, b)
    if abs(errors) < ORDINARY:
        return f"{a.strategy} and {b.strategy} cannot be told apart ({mean:+.3f}, {abs(errors):.1f} standard errors)"
    ahead, behind = (a, b) if mean > 0 else (b, a)
    return f"{ahead.strategy} leads {behind.strategy} by {abs(mean):.3f}, {abs(errors):.1f} standard errors"
