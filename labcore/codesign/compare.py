"""Which strategy wins, by how much against its spread: every strategy over several seeds, held against the true front.

The score of a search is the share of the true front's hypervolume that its designs dominate, with their errors as the
table knows them (the mean over seeds of training) and not as the one training of the search saw them: a search that
picks lucky trainings gains nothing. Cycles count by their logarithm, since halving them is worth as much anywhere.

What was run over several caps and budgets is stored in `labcore.codesign.comparison`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labcore.codesign.front import front, hypervolume
from labcore.codesign.search import Choice, Design, Problem, Trainings
from labcore.codesign.strategies import STRATEGIES
from labcore.units import Ratio

USEFUL = 0.2  # a design that errs more often than this counts for nothing


@dataclass(frozen=True)
class Score:
    """One strategy with one sampler: its share of the true hypervolume by seed, and the trainings it spent."""

    strategy: str
    sampler: str
    shares: tuple[Ratio, ...]
    spent: tuple[float, ...]

    @property
    def mean(self) -> Ratio:
        """Mean share over the seeds."""
        return float(np.mean(self.shares))

    @property
    def spread(self) -> Ratio:
        """Standard deviation of the share over the seeds; 0 for a single one."""
        return float(np.std(self.shares, ddof=1)) if len(self.shares) > 1 else 0.0


def all_designs(problem: Problem, errors: Mapping[Choice, Ratio]) -> list[Design]:
    """Every pair under the cap with its true error: what a search with unlimited trainings would know.

    >>> problem = Problem({"width": (1, 2)}, {"rows": (1, 2)}, lambda n, s, c: 0.5,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=2)
    >>> [(d.network, d.hardware) for d in all_designs(problem, {(1,): 0.2, (2,): 0.1})]
    [((1,), (2,)), ((1,), (1,)), ((2,), (1,))]
    """
    return [
        Design(network, hardware, error, cycles, area)
        for network, error in errors.items()
        for hardware, cycles, area in problem.fitting(network)
    ]


def true_front(problem: Problem, errors: Mapping[Choice, Ratio]) -> list[Design]:
    """The designs of the whole table that no other beats in both error and cycles, the most accurate first.

    >>> problem = Problem({"width": (1, 2)}, {"rows": (1, 2)}, lambda n, s, c: 0.5,
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=2)
    >>> [(d.error, d.cycles) for d in true_front(problem, {(1,): 0.2, (2,): 0.1})]
    [(0.1, 20.0), (0.2, 5.0)]
    """
    designs = all_designs(problem, errors)
    return [designs[i] for i in front([(d.error, d.cycles) for d in designs])]


def volume(designs: Sequence[Design], errors: Mapping[Choice, Ratio], slowest: float, useful: Ratio = USEFUL) -> float:
    """Hypervolume of the designs at their true errors, below `useful` error and `slowest` cycles (by log2).

    >>> volume([Design((1,), (2,), 0.0, cycles=4, area=1)], {(1,): 0.1}, slowest=16)  # 0.1 of error x 2 halvings
    0.2
    """
    best = {(errors[d.network], d.cycles) for d in designs}
    return hypervolume([(error, math.log2(cycles)) for error, cycles in best], (useful, math.log2(slowest)))


def compare(
    problem: Problem,
    errors: Mapping[Choice, Ratio],
    budget: float,
    seeds: Sequence[int],
    samplers: Sequence[str] = ("nsga2",),
    strategies: Sequence[str] = tuple(STRATEGIES),
) -> list[Score]:
    """Run every strategy with every sampler and seed at the same budget of trainings; the best mean first.

    Raises ValueError for a strategy that there is not, and where no design under the cap is useful.

    >>> problem = Problem({"width": (1, 2, 4)}, {"rows": (1, 2)}, lambda n, s, c: 1 - 0.2 / n[0],
    ...     lambda n, h: (10 * n[0] / h[0], n[0] * h[0]), cap=4)
    >>> scores = compare(problem, {(w,): 0.2 / w for w in (1, 2, 4)}, budget=3, seeds=range(2))
    >>> scores[0].mean, len(scores)
    (1.0, 5)
    """
    if unknown := [name for name in strategies if name not in STRATEGIES]:
        raise ValueError(f"no strategy {unknown[0]!r}; there are {', '.join(STRATEGIES)}")
    designs = all_designs(problem, errors)
    slowest = 2 * max((d.cycles for d in designs), default=1)
    if not (whole := volume(designs, errors, slowest)):
        raise ValueError(f"no design under an area of {problem.cap:g} errs less than {USEFUL:.0%}; raise the cap")
    scores = []
    for strategy in strategies:
        for sampler in samplers:
            runs = [Trainings(problem, budget, seed) for seed in seeds]
            found = [STRATEGIES[strategy](run, sampler) for run in runs]
            shares = tuple(volume(one, errors, slowest) / whole for one in found)
            scores.append(Score(strategy, sampler, shares, tuple(run.spent for run in runs)))
    return sorted(scores, key=lambda score: -score.mean)


def margin(a: Score, b: Score) -> tuple[float, float]:
    """(mean of a - b over the seeds, the same over its standard error): beyond about 2, a beats b and not by luck.

    Both ran the same seeds, so the difference is taken seed by seed. The second is inf where every seed agrees.

    >>> a, b = Score("a", "", (0.9, 0.8, 0.7), ()), Score("b", "", (0.5, 0.5, 0.5), ())
    >>> round(margin(a, b)[1], 3)  # 0.3 by 0.1 / sqrt(3)
    5.196
    """
    if len(a.shares) != len(b.shares) or len(a.shares) < 2:
        raise ValueError(f"a margin takes two seeds or more of both, got {len(a.shares)} and {len(b.shares)}")
    difference = np.subtract(a.shares, b.shares)
    mean, error = float(difference.mean()), float(difference.std(ddof=1)) / math.sqrt(len(difference))
    return mean, mean / error if error else math.copysign(math.inf, mean) if mean else 0.0


def fastest(designs: Sequence[Design], errors: Mapping[Choice, Ratio], most: Ratio) -> Design | None:
    """The design of the fewest cycles whose true error is at most `most`; None where there is none.

    >>> a, b = Design((1,), (1,), 0.2, 10, 1), Design((2,), (1,), 0.1, 20, 1)
    >>> fastest([a, b], {(1,): 0.2, (2,): 0.1}, most=0.15) == b
    True
    """
    return min((d for d in designs if errors[d.network] <= most), key=lambda d: d.cycles, default=None)
