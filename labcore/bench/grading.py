"""Speeds of grading: notebooks a minute, memory of the supervisor, and both beside nbgrader."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from labcore.bench.rows import Row, at_least, at_most, row

if TYPE_CHECKING:
    from labcore.grading.speed import Graded

COURSE, BESIDE, ON_ONE = 200, 24, 12  # notebooks: in the course, beside nbgrader, beside it on one core


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


MEASUREMENTS = (grade_notebooks, grade_in_memory, grade_beside_nbgrader, grade_beside_nbgrader_on_one_core)
