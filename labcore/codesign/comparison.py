"""What every strategy found, stored: its share of the true front over several caps, budgets, samplers and seeds.

`python -m labcore.codesign.comparison` runs all the searches and stores their shares; `compared` reads them, `again`
runs a part of them anew. A seed draws its own sampler and its own lot of the table's trainings. The table has three
trainings of each network, so ten seeds are not ten independent worlds: the standard errors hold for other searches on
these trainings, and are too small for other trainings.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from labcore.codesign.compare import Score, compare
from labcore.codesign.strategies import STRATEGIES
from labcore.units import Ratio

FILE = Path(__file__).with_name("comparison.csv")
CAPS, BUDGETS, SEEDS = (10_000, 20_000, 40_000), (6, 12, 24, 48), 10
STORED_SAMPLERS = ("tpe", "random")


class Run(NamedTuple):
    """One search: cap in cells, budget in trainings, strategy, sampler, seed, and its share of the true hypervolume."""

    cap: int
    budget: int
    strategy: str
    sampler: str
    seed: int
    share: Ratio


@cache
def compared() -> tuple[Run, ...]:
    """Every stored search: CAPS x BUDGETS x strategies x samplers x seeds.

    >>> len(compared()) == len(CAPS) * len(BUDGETS) * len(STRATEGIES) * len(STORED_SAMPLERS) * SEEDS
    True
    """
    with FILE.open(newline="") as lines:
        rows = list(csv.reader(lines))[1:]
    return tuple(Run(int(c), int(b), how, sampler, int(seed), float(x)) for c, b, how, sampler, seed, x in rows)


def stored(cap: int, budget: int, sampler: str = "tpe") -> list[Score]:
    """The stored scores of all strategies at one cap and budget, the best mean first.

    Raises ValueError for a cap, budget or sampler that was not run.

    >>> [len(score.shares) for score in stored(20_000, 24)]
    [10, 10, 10, 10, 10]
    """
    shares: dict[str, list[Ratio]] = {}
    for run in compared():
        if (run.cap, run.budget, run.sampler) == (cap, budget, sampler):
            shares.setdefault(run.strategy, []).append(run.share)
    if not shares:
        raise ValueError(
            f"nothing is stored for a cap of {cap}, {budget} trainings and {sampler!r}; there are caps {CAPS}, "
            f"budgets {BUDGETS} and samplers {STORED_SAMPLERS}"
        )
    scores = [Score(how, sampler, tuple(each), ()) for how, each in shares.items()]
    return sorted(scores, key=lambda score: -score.mean)


def again(cap: int, budget: int, strategies: Sequence[str] = tuple(STRATEGIES), seeds: int = SEEDS) -> list[Run]:
    """The searches of one cap and budget, run anew from the table of trainings.

    >>> [run.strategy for run in again(20_000, 6, ["hardware-first"], seeds=1)]
    ['hardware-first', 'hardware-first']
    """
    from labcore.codesign.problem import tabled, true_errors

    scores = compare(tabled(cap), true_errors(), budget, range(seeds), STORED_SAMPLERS, strategies)
    return [
        Run(cap, budget, score.strategy, score.sampler, seed, round(share, 6))
        for score in scores for seed, share in enumerate(score.shares)
    ]  # fmt: skip


def main() -> None:
    """Run all searches, a process a core, and store them.

    >>> main()  # doctest: +SKIP
    1200 searches
    """
    points = [*product(CAPS, BUDGETS)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        runs = sorted(run for some in pool.map(again, *zip(*points, strict=True)) for run in some)
    with FILE.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out, lineterminator="\n").writerows([Run._fields, *runs])
    sys.stderr.write(f"{len(runs)} searches\n")


if __name__ == "__main__":
    main()
