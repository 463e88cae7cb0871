"""The project's own speed, each figure with the limit or the peer it is held against.

Times are medians of repeats on this machine; what counts is the ratio to the peer or the limit in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from rich.table import Table

from labcore.units import Seconds, format_si

if TYPE_CHECKING:
    from labcore.grading.speed import Graded

Row = dict[str, object]
COURSE, BESIDE, ON_ONE = 200, 24, 12  # notebooks: in the course, beside nbgrader, beside it on one core


def at_most(name: str, value: float, limit: float, against: str, unit: str = "s") -> Row:
    """One line of the report; `ok` says whether the value is no larger than the limit."""
    return row(name, value, unit, "at most", limit, against, ok=value <= limit)


def at_least(name: str, value: float, limit: float, against: str, unit: str) -> Row:
    """One line of the report; `ok` says whether the value is no smaller than the limit."""
    return row(name, value, unit, "at least", limit, against, ok=value >= limit)


def row(name: str, value: float | None, unit: str, sense: str, limit: float, against: str, ok: bool | None) -> Row:
    """One line of the report; value and `ok` are None for what cannot be measured here, and `against` says why."""
    return {
        "name": name, "value": value, "unit": unit, "sense": sense, "limit": limit, "against": against, "ok": ok,
    }  # fmt: skip


def median_time(function: Callable[[], object], repeats: int = 15) -> Seconds:
    """Median wall time of a call, after one that warms up."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def import_roofline() -> Row:
    """Time of `import labcore.roofline` beyond numpy's, each in a fresh interpreter."""

    def seconds(code: str) -> Seconds:
        probe = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        return float(out.stdout)

    numpy_only = statistics.median(seconds("import numpy") for _ in range(5))
    both = statistics.median(seconds("import numpy, labcore.roofline") for _ in range(5))
    return at_most(
        "import labcore.roofline, beyond numpy", max(both - numpy_only, 0.0), 0.050, f"numpy {numpy_only:.3f} s"
    )


def place_resnet() -> Row:
    """Time to put all layers of ResNet-50 on a roofline."""
    from labcore.catalogue import A100
    from labcore.models.zoo import build
    from labcore.roofline import place_network

    network = build("resnet50", batch=32)
    return at_most("ResNet-50 on a roofline", median_time(lambda: place_network(network, A100, "fp16")), 0.010, "limit")


def settle_ledger() -> Row:
    """Time to settle every claim of the ledger."""
    from labcore.claims.ledger import claims

    return at_most("settle the whole ledger", median_time(claims, 5), 1.0, "limit")


def redraw_explorers() -> Row:
    """Time from a moved control to the new picture, of the slowest explorer."""
    from labcore.explore.bench import LIMIT, redraw_times

    slowest, T = max(redraw_times().items(), key=lambda item: item[1])
    return at_most(f"redraw of the slowest explorer ({slowest})", T, LIMIT, "limit")


@cache
def course() -> Graded | str:
    """A course of the reference notebook graded on two cores; the reason where answers cannot be confined here."""
    from labcore.grading.confinement import choose
    from labcore.grading.speed import graded

    try:
        choose()
    except ValueError as error:
        return str(error)
    return graded(COURSE, cores=2)


def grade_notebooks() -> Row:
    """Notebooks graded a minute, from the first handed out to the last mark; start, lint and canary stand beside it."""
    name, unit, limit = "grading a 9-cell notebook", "notebooks/min", 100
    if isinstance(run := course(), str):
        return row(name, None, unit, "at least", limit, run, ok=None)
    start = f"and {run.whole - run.seconds:.1f} s of start, lint and canary"
    return at_least(
        name, run.a_minute, limit, f"limit; {run.count} under {run.level} on {run.cores} cores, {start}", unit
    )


def grade_in_memory() -> Row:
    """The most memory that the supervisor held while it graded the course."""
    name = f"memory of the supervisor, {COURSE} submissions"
    if isinstance(run := course(), str):
        return row(name, None, "B", "at most", 300e6, run, ok=None)
    return at_most(name, run.memory, 300e6, "limit", "B")


def grade_beside_nbgrader() -> Row:
    """How many times as many notebooks as nbgrader, which grades one after another, on the same two cores."""
    return beside_nbgrader(cores=2, count=BESIDE, limit=5)


def grade_beside_nbgrader_on_one_core() -> Row:
    """The same on a single core each, where working on two notebooks at once gains nothing; half is asked for."""
    return beside_nbgrader(cores=1, count=ON_ONE, limit=2.5)


def beside_nbgrader(cores: int, count: int, limit: float) -> Row:
    """Our rate over nbgrader's, both measured now, on so many cores and without their start."""
    from labcore.grading.speed import graded
    from labcore.grading.speed_peer import NBGRADER, WAY_OUT, peer_rate

    name = f"grading beside nbgrader 0.9.6, {cores} core{'s' * (cores > 1)} each"
    if not NBGRADER.exists() or isinstance(course(), str):
        return row(name, None, "x", "at least", limit, course() if NBGRADER.exists() else WAY_OUT, ok=None)
    ours, theirs = graded(count, cores).a_minute, peer_rate(max(count // 4, 3), cores)
    return at_least(name, ours / theirs, limit, f"{ours:.0f} a minute to {theirs:.1f}", "x")


MEASUREMENTS: list[Callable[[], Row]] = [
    import_roofline, place_resnet, settle_ledger, redraw_explorers,
    grade_notebooks, grade_in_memory, grade_beside_nbgrader, grade_beside_nbgrader_on_one_core,
]  # fmt: skip


def chosen(names: list[str]) -> list[Callable[[], Row]]:
    """The measurements whose names hold one of these, all where none is given; ValueError for a name of none.

    >>> [measure.__name__ for measure in chosen(["memory"])]
    ['grade_in_memory']
    """
    for name in names:
        if not any(name in measure.__name__ for measure in MEASUREMENTS):
            there = ", ".join(measure.__name__ for measure in MEASUREMENTS)
            raise ValueError(f"no measurement is called {name!r}; there are: {there}")
    return [one for one in MEASUREMENTS if not names or any(name in one.__name__ for name in names)]


def shown(value: float | None, unit: str) -> str:
    """A value as the report shows it.

    >>> shown(0.0123, "s"), shown(131.4, "notebooks/min"), shown(None, "x")
    ('12.3 ms', '131 notebooks/min', 'not measured')
    """
    if value is None:
        return "not measured"
    return format_si(value, unit, 3) if unit in ("s", "B") else f"{value:.3g} {unit}"


def bench_table(rows: list[Row]) -> Table:
    """The report for a terminal."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("measured", "value", "limit", "against", ""):
        table.add_column(name)
    words = {True: "ok", False: "MISSED", None: ""}
    for r in rows:
        limit = f"{r['sense']} {shown(r['limit'], r['unit'])}"
        table.add_row(r["name"], shown(r["value"], r["unit"]), limit, r["against"], words[r["ok"]])
    return table
