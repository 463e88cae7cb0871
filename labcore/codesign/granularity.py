"""Accuracy by pattern and density, five seeds, as `granularity.csv` beside this file keeps it.

`python -m labcore.codesign.granularity` makes the file anew, half a minute on one core. It is kept because a seed fixes
a training on one machine only; another ends within the spread of the seeds.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import astuple, fields
from functools import lru_cache
from pathlib import Path

from labcore.codesign.sparsity import DENSITIES, PATTERNS, SUBJECT, Pruned, granularity
from labcore.codesign.training import train

FILE = Path(__file__).parent / "granularity.csv"
SEEDS = range(5)
COLUMNS = ("seed", *(field.name for field in fields(Pruned)))
Row = tuple[int, Pruned]


def measure(seed: int, patterns: Iterable[str] = PATTERNS, densities: Iterable[float] = DENSITIES) -> list[Row]:
    """Train the subject with one seed and prune it by every pattern to every density: (seed, result) each.

    >>> [(seed, one.pattern) for seed, one in measure(0, ["4x4"], [1 / 8])]
    [(0, '4x4')]
    """
    net = train(SUBJECT, seed)
    return [(seed, granularity(net, pattern, density, seed)) for density in densities for pattern in patterns]


def write(rows: Iterable[Row], file: Path = FILE) -> None:
    """Replace the file by these rows, shares rounded to six places.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(table(), copy := Path(folder, "copy.csv"))
    ...     len(copy.read_text().splitlines()) == 1 + len(table())
    True
    """
    with file.open("w", newline="", encoding="utf-8") as out:
        lines = csv.writer(out, lineterminator="\n")
        lines.writerow(COLUMNS)
        for seed, one in rows:
            lines.writerow([seed, *(round(x, 6) if isinstance(x, float) else x for x in astuple(one))])


@lru_cache(maxsize=1)
def table() -> tuple[Row, ...]:
    """The kept rows; raises ValueError for a file with other columns.

    >>> len(table()) == len(SEEDS) * len(PATTERNS) * len(DENSITIES)
    True
    """
    with FILE.open(newline="", encoding="utf-8") as lines:
        head, *rows = csv.reader(lines)
    if tuple(head) != COLUMNS:
        raise ValueError(f"{FILE.name} has the columns {head}, wanted are {list(COLUMNS)}; make it anew")
    return tuple((int(seed), Pruned(pattern, *map(float, numbers))) for seed, pattern, *numbers in rows)


if __name__ == "__main__":
    write([row for seed in SEEDS for row in measure(seed)])
