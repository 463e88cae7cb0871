"""The enumerated table: every network of the space trained with several seeds, so that the true front is known.

`python -m labcore.codesign.table` makes the rows that `accuracy.csv` beside this file does not hold yet, in a process
a core, and can be stopped and started again. A row is one network trained with one seed, four accuracies of it:

- `proxy`: validation images, trained by the CHEAP recipe: what a search may look at for a tenth of the price;
- `rounded`: validation images, the FULL float network rounded by calibrated scales, without fine-tuning;
- `validation`: validation images, FULL recipe with fine-tuning, the integer network: what a search optimizes;
- `test`: test images, the same network: what is reported at the end.

The hardware's side (cycles, area) is a closed form of the network's layers and is not stored.
"""

from __future__ import annotations

import csv
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np

from labcore.codesign.data import digits
from labcore.codesign.networks import BITS, WIDTHS, Network, stacks
from labcore.codesign.scales import calibrate, to_integer
from labcore.codesign.training import CHEAP, FULL, Recipe, quantize, train
from labcore.units import Ratio, positive_ints

FILE = Path(__file__).parent / "accuracy.csv"
SEEDS = (0, 1, 2)
SCORES = ("proxy", "rounded", "validation", "test")


@dataclass(frozen=True, order=True)
class Row:
    """One network trained with one seed, its accuracies from 0 to 1; the bundles of its stack joined by hyphens."""

    stack: str
    width: int
    bits: int
    seed: int
    proxy: Ratio
    rounded: Ratio
    validation: Ratio
    test: Ratio

    @property
    def network(self) -> Network:
        """The network of this row."""
        return Network(tuple(self.stack.split("-")), self.width, self.bits)


Job = tuple[tuple[str, ...], int, int]  # stack, width, seed: one float training, then each of BITS


def measure(stack: tuple[str, ...], width: int, seed: int, full: Recipe = FULL, cheap: Recipe = CHEAP) -> list[Row]:
    """Train one stack of one width with one seed, and quantize it to each of BITS: a row each.

    >>> quick = Recipe(epochs=2, fine_epochs=1, images=64)
    >>> [(row.stack, row.bits) for row in measure(("fc",), 4, seed=0, full=quick, cheap=quick)]
    [('fc', 8), ('fc', 4), ('fc', 3), ('fc', 2)]
    """
    network, validation, test = Network(stack, width), digits("validation"), digits("test")
    whole, quick = train(network, seed, full), train(network, seed, cheap)
    rows = []
    for bits in BITS:
        rounded = calibrate(whole, bits, digits("train").first(full.images).images[:256])
        nets = [
            to_integer(net) for net in (quantize(quick, bits, seed, cheap), rounded, quantize(whole, bits, seed, full))
        ]
        scores = [round(net.accuracy(validation.images, validation.labels), 6) for net in nets]
        scores.append(round(nets[-1].accuracy(test.images, test.labels), 6))
        rows.append(Row("-".join(stack), width, bits, seed, *scores))
    return rows


def jobs(seeds: Iterable[int] = SEEDS) -> list[Job]:
    """Every training that the table wants: stacks x WIDTHS x seeds.

    >>> len(jobs()), jobs()[0]
    (276, (('conv3x3',), 4, 0))
    """
    return [*product(stacks(), WIDTHS, seeds)]


def missing(rows: Iterable[Row], wanted: Iterable[Job]) -> list[Job]:
    """The jobs of which a row is not there yet; one that was cut short is done again.

    >>> [job[1] for job in missing([row for row in table() if row.width > 4], jobs())][:2]
    [4, 4]
    """
    there = {(row.stack, row.width, row.bits, row.seed) for row in rows}
    return [(stack, width, seed) for stack, width, seed in wanted
            if any(("-".join(stack), width, bits, seed) not in there for bits in BITS)]  # fmt: skip


def make(
    file: Path, wanted: list[Job], processes: int, tell: Callable[[int, int], object], run: Callable = measure
) -> list[Row]:
    """Do the missing jobs in so many processes, each result kept in the file at once; all rows, sorted, in the end.

    `tell(done, of)` hears of every job that ends. A job is random by its seed alone, so the order does not matter.

    >>> make(FILE, jobs(), processes=1, tell=print) == sorted(table())  # nothing is missing
    True
    """
    positive_ints(processes=processes)
    rows = {astuple(row)[:4]: row for row in (read(file) if file.exists() else ())}
    todo = missing(rows.values(), wanted)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the processes that start below: one core each
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context) as pool:
        trainings = [pool.submit(run, *one) for one in todo]
        try:
            for done, job in enumerate(as_completed(trainings), start=1):
                rows |= {astuple(row)[:4]: row for row in job.result()}
                write(file, rows.values())
                tell(done, len(todo))
        finally:
            pool.shutdown(cancel_futures=True)  # where one fails or is stopped, the rest is not waited for
    return sorted(rows.values())


def write(file: Path, rows: Iterable[Row]) -> None:
    """Replace a file by these rows, sorted, in one move, so that a stop leaves a whole file behind.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(copy := Path(folder, "copy.csv"), table())
    ...     copy.read_bytes() == FILE.read_bytes()
    True
    """
    part = file.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(field.name for field in fields(Row))
        lines.writerows(astuple(row) for row in sorted(rows))
    part.replace(file)


def read(file: Path = FILE) -> Iterator[Row]:
    """The rows of a file; raises ValueError for one with other columns.

    >>> next(read()).stack
    'conv2x2'
    """
    with file.open(newline="", encoding="utf-8") as lines:
        columns, (head, *rows) = [field.name for field in fields(Row)], csv.reader(lines)
        if head != columns:
            raise ValueError(f"{file.name} has the columns {head}, wanted are {columns}; delete it and make it anew")
        for stack, width, bits, seed, *scores in rows:
            yield Row(stack, int(width), int(bits), int(seed), *map(float, scores))


@lru_cache(maxsize=1)
def table() -> tuple[Row, ...]:
    """The committed rows: 368 networks x 3 seeds.

    >>> len(table())
    1104
    """
    return tuple(read())


@lru_cache(maxsize=1)
def by_network() -> dict[Network, tuple[Row, ...]]:
    """The rows of each network, one a seed.

    >>> {len(rows) for rows in by_network().values()}
    {3}
    """
    found: dict[Network, list[Row]] = {}
    for row in table():
        found.setdefault(row.network, []).append(row)
    return {network: tuple(rows) for network, rows in found.items()}


def accuracy(network: Network, score: str = "validation", seed: int | None = None) -> Ratio:
    """What the table holds for a network: one seed's accuracy, or the mean of all.

    Raises ValueError for a score or seed it does not have, and for a network outside the space.

    >>> accuracy(Network(("conv3x3", "conv3x3"), 16, bits=8)) > accuracy(Network(("fc",), 4, bits=2))
    True
    """
    if score not in SCORES:
        raise ValueError(f"score {score!r} is not known; the table has {', '.join(SCORES)}")
    if network not in by_network():
        raise ValueError(f"{network.name} is not in the table; its widths are {', '.join(map(str, WIDTHS))}")
    rows = {row.seed: getattr(row, score) for row in by_network()[network]}
    if seed is not None and seed not in rows:
        raise ValueError(f"seed {seed!r} was not trained; the table has {', '.join(map(str, rows))}")
    return float(np.mean([*rows.values()])) if seed is None else rows[seed]


def spread(score: str = "validation", above: Ratio = 0.9) -> Ratio:
    """The standard deviation of one network's accuracy between seeds, pooled over networks whose mean is `above`.

    Two networks whose accuracies differ by less cannot be told apart by one training each. Below 0.9 it is larger: of
    four ReLU units some may never come to life, and which ones is chance.

    >>> 0.002 < spread() < 0.02 < spread(above=0)
    True
    """
    scores = np.array([[getattr(row, score) for row in rows] for rows in by_network().values()])
    scores = scores[scores.mean(axis=1) > above]
    return float(np.sqrt(scores.var(axis=1, ddof=1).mean()))


if __name__ == "__main__":
    make(FILE, jobs(), os.cpu_count() or 1, lambda done, of: sys.stderr.write(f"\r{done} of {of} trained"), measure)
