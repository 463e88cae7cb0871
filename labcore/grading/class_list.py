"""The class list: who should have handed in, so that nobody is missing from a table of marks.

Who handed in nothing gets 0 points, not an empty cell: platforms pass over empty cells on import, so the student would
stay ungraded, or keep an older mark, and no average would count it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path

from labcore.grading.gradebook import existing
from labcore.grading.gradebook_rows import Mark, QuestionMark
from labcore.grading.marks import Flag
from labcore.grading.release import same_person
from labcore.grading.students import Student

NAMES = ("student", "name", "full name")
IDS = ("id", "identifier")  # Canvas's gradebook, Moodle's grading worksheet


def read_class(path: Path) -> list[Student]:
    """The students of a CSV file: names in the column `student`, `name` or `full name`, ids in `id` or `identifier`.

    Without such headings, the names in its first column, or in the lines of a text file. Raises ValueError for an
    empty list.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [[cell.strip() for cell in row] for row in csv.reader(file) if any(map(str.strip, row))]
    heads = [cell.lower() for cell in rows[0]] if rows else []
    name = next((heads.index(one) for one in NAMES if one in heads), None)
    id = next((heads.index(one) for one in IDS if one in heads), None)
    headed = name is not None or id is not None
    column = name if headed else 0
    students = [Student(field(row, column), number(field(row, id))) for row in (rows[1:] if headed else rows)]
    students = [one for one in students if (one.name or one.id) and not one.name.lower().startswith("points possible")]
    if not students:
        raise ValueError(f"{path} names no students; write one a line, or give a CSV with the columns student and id")
    return students


def field(row: list[str], column: int | None) -> str:
    """A cell of a row; empty where the row or the column has none."""
    return row[column] if column is not None and column < len(row) else ""


def number(text: str) -> str:
    """An id without the word before it.

    >>> number("Participant 100001"), number("a1B2c")
    ('100001', 'a1B2c')
    """
    return re.sub(r"^\D*\s(?=\d+$)", "", text)


def with_class(marks: Iterable[Mark], students: list[Student]) -> tuple[list[Mark], list[str]]:
    """The marks and, for each student of a list and each exercise without one, a mark of 0; and who is on no list.

    Students are found by their id where both have one, else by name. Raises ValueError where one line of the list
    fits several students.
    """
    marks = list(marks)
    exercises = {mark.exercise: zeros(mark) for mark in reversed(marks) if mark.questions}
    owners = {mark.owner: mark for mark in reversed(marks)}
    ids = {mark.id: mark.owner for mark in marks if mark.id}
    had, listed, more = {(mark.owner, mark.exercise) for mark in marks}, set(), []
    for who in students:
        owner = ids.get(who.id) or by_name(who, owners)
        listed.add(owner)
        known = owners.get(owner)
        name, id, key = (
            (known.student, known.id, owner) if known else (who.name or who.id, who.id, f"{who.name} {who.id}")
        )
        flags = (Flag("no-notebook", "nothing was handed in"),)
        for exercise, questions in exercises.items():
            if (owner, exercise) not in had:
                more.append(Mark(name, exercise, 0, "", "", "", 0.0, questions, flags, id, key))
    ordered = sorted([*marks, *more], key=lambda mark: (mark.student, mark.owner, mark.exercise))
    return ordered, sorted(owners[one].student for one in owners if one not in listed)


def marks_of(marks: Iterable[Mark], only: str) -> list[Mark]:
    """The marks of one student or one exercise, all for ''; raises ValueError, with names, where there are none."""
    marks = list(marks)
    if not only:
        return marks
    existing(
        "student or exercise", only, [name for mark in marks for name in (mark.exercise, mark.student, mark.id)], {}
    )
    return [mark for mark in marks if only in (mark.student, mark.exercise, mark.id)]


def zeros(mark: Mark) -> tuple[QuestionMark, ...]:
    """The questions of a mark as who handed in nothing has them."""
    return tuple(
        QuestionMark(one.question, one.points, 0.0, 0.0, "unanswered", f"{one.question}: nothing was handed in", "")
        for one in mark.questions
    )


def by_name(who: Student, owners: dict[str, Mark]) -> str:
    """The student of the gradebook whom a line of the list means; '' for none."""
    free = {key: one for key, one in owners.items() if not (who.id and one.id)}
    exact = [key for key, one in free.items() if who.name and who.name == one.student]
    found = exact or [key for key, one in free.items() if who.name and same_person(who.name, one.student)]
    if len(found) > 1:
        raise ValueError(f"{who.name!r} of the list fits {len(found)} students of the gradebook; add their ids, "
                         "in a column id")  # fmt: skip
    return found[0] if found else ""
