"""What a teacher should look at after a run: flags, and decisions that what was handed in since may have outlived."""

from __future__ import annotations

import os
from collections.abc import Iterable, Set

from labcore.grading.export import readable
from labcore.grading.gradebook import Gradebook
from labcore.grading.gradebook_rows import Mark
from labcore.grading.marks import points

ROOT = "graded as root: some limits of the system do not bind root; an account of its own is safer"


def to_look_at(marks: Iterable[Mark], now: Set[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """The lines about what was graded now, as (student's key, exercise), and those that stand from before.

    What is the same for several exercises of a student is one line.
    """
    lines: dict[tuple[bool, str, str], list[str]] = {}
    for mark in marks:
        told = [f"{flag.code}: {flag.words}" for flag in mark.flags]
        told += [
            f"override of {one.question}: the grader gives {points(one.graded)} since it judged anew, but "
            f"{points(one.earned)} stands; `labcore grade override --remove` takes that back"
            for one in mark.questions
            if one.override and one.regraded and one.graded != one.earned
        ]
        for words in told:
            lines.setdefault(((mark.owner, mark.exercise) in now, mark.student, words), []).append(mark.exercise)
    found: tuple[list[str], list[str]] = [], []
    for (new, student, words), exercises in lines.items():
        found[not new].append(readable(f"{student}, {', '.join(exercises)}: {words}"))
    return found


def unfinished_words(book: Gradebook) -> str:
    """What is missing because the last run was stopped, and the way out; empty where it was finished."""
    if not (run := book.unfinished()):
        return ""
    total = f" of {run.total}" if run.total else ""
    return (
        f"run {run.id} is not finished ({len(book.graded(run))}{total} graded), so marks may be missing; "
        "`labcore grade` with --resume goes on"
    )


def is_root() -> bool:
    """Whether this process may do everything."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
