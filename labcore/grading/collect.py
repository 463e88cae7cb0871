"""Find what students handed in: whose it is, which exercise it answers, and what a teacher should know about it.

A course comes as a folder per student, as a flat folder of notebooks, or as the zip archive of a learning platform,
packed, unpacked or several in one folder. Nothing that students made is trusted: broken input gives flags, no errors,
and contents are read one at a time, when they are asked for.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from labcore.grading.archive import Entry, ReadError, list_folder, list_zip
from labcore.grading.marks import Flag
from labcore.grading.platforms import NOTEBOOK, by_platform, named_exercise, student_in, unwrapped
from labcore.grading.students import Student, unique_names

LAYOUTS = "a folder for each student, a folder of notebooks with students' names, or a zip from Moodle or Canvas"
LABCORE = re.compile(rb'"labcore"\s{0,99}:\s{0,99}(?=\{)')
MOST_LOOKS = 20  # notebooks of one student whose metadata are looked for


@dataclass(frozen=True)
class Handed:
    """What one student handed in for one exercise; `name` is for people, the content is had with `read`."""

    student: str
    exercise: str
    name: str
    flags: tuple[Flag, ...] = ()
    load: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)
    who: Student = field(default=Student(""))  # name, and a platform's id where the files have one
    key: str = ""  # of the student in a gradebook, once it has said so

    def called(self) -> tuple[str, ...]:
        """What a person may mean this one by: its exercise, or its student's name or id."""
        return self.student, self.exercise, *self.who.called()

    def read(self) -> tuple[bytes | None, tuple[Flag, ...]]:
        """The content, or None where there is nothing to grade, and all flags, those first that reading adds.

        >>> Handed("alice", "09_roofline", "alice/09_roofline.ipynb", load=lambda: b"{}").read()
        (b'{}', ())
        """
        if self.load is None:
            return None, self.flags
        try:
            return self.load(), self.flags
        except ReadError as error:
            return None, (error.flag, *self.flags)


@dataclass(frozen=True)
class Piece:
    """One thing of one student's: the entry, the file's own name, and whether the platform calls it late."""

    entry: Entry
    file: str
    late: bool = False
    source: str = ""  # the archive or folder that it came in

    @property
    def is_notebook(self) -> bool:
        """Whether its name says that it is a notebook."""
        return not self.entry.folder and bool(NOTEBOOK.search(self.file))


def collect(source: Path, exercises: list[str]) -> list[Handed]:
    """What each student handed in for each exercise, by student.

    A student who handed in nothing that can be graded has one with flag no-notebook for each exercise that others
    handed in beside. Raises ValueError where the source holds nothing, or no notebook that names an exercise.
    """
    owned: dict[tuple[str, ...], list[Piece]] = {}
    who: dict[tuple[str, ...], Student] = {}
    for fallback, entries in containers(source):
        for student, piece in shared_out(unwrapped(entries, exercises), fallback, exercises):
            identity = student[1:] if student.id else student  # an id is one student's, whatever the name
            who.setdefault(identity, student)
            owned.setdefault(identity, []).append(replace(piece, source=fallback))
    if not owned:
        raise ValueError(f"{source} holds nothing that was handed in; give {LAYOUTS}")
    answers = {one: by_exercise(pieces, exercises) for one, pieces in owned.items()}
    beside = exercises_beside(answers.values(), exercises)
    names = unique_names(who.values())
    ordered = sorted(owned, key=lambda one: names[who[one]])
    return [
        replace(handed, who=who[one] if who[one].id else Student(handed.student))
        for one in ordered
        for handed in sort_out(names[who[one]], owned[one], answers[one], exercises, beside)
    ]


def by_exercise(pieces: list[Piece], exercises: list[str]) -> dict[str, list[Piece]]:
    """The notebooks among the pieces by the exercise that they answer, '' for none."""
    answers: dict[str, list[Piece]] = {}
    for number, piece in enumerate(piece for piece in pieces if piece.is_notebook):
        answers.setdefault(exercise_of(piece, exercises, number < MOST_LOOKS), []).append(piece)
    return answers


def exercises_beside(answers: Iterable[dict[str, list[Piece]]], exercises: list[str]) -> dict[str, set[str]]:
    """The exercises that somebody handed in, by the archive or folder they came in; under '' all of them."""
    beside: dict[str, set[str]] = {"": set(exercises if len(exercises) == 1 else ())}
    for each in answers:
        for exercise in filter(None, each):
            for piece in each[exercise]:
                beside.setdefault(piece.source, set()).add(exercise)
                beside[""].add(exercise)
    if not beside[""]:
        raise ValueError("no notebook names one of the exercises; with one key, as --key exercises/keys/NAME.py, "
                         "every notebook is taken for that exercise")  # fmt: skip
    return beside


def containers(source: Path) -> list[tuple[str, list[Entry]]]:
    """The source, and each archive that lies in it: a name and what it holds."""
    if source.is_file():
        return [(source.stem, list_zip(source))]
    if not source.is_dir():
        raise ValueError(f"{source} is no folder and no zip archive; give {LAYOUTS}")
    here, archives = [], []
    for entry in list_folder(source):
        is_archive = len(entry.parts) == 1 and entry.load and entry.parts[0].lower().endswith(".zip")
        (archives if is_archive and not by_platform(entry.parts[0], is_file=True) else here).append(entry)
    packed = [(Path(one.parts[0]).stem, list_zip(one.path, f"{one.name}/")) for one in archives]
    return [(source.resolve().name, here), *packed]


def shared_out(entries: Iterable[Entry], fallback: str, exercises: list[str]) -> Iterator[tuple[Student, Piece]]:
    """Each entry with its owner; a lone notebook that names nobody is the fallback's."""
    for entry in entries:
        top, lone = entry.parts[0], len(entry.parts) == 1 and not entry.folder
        if owner := by_platform(top, lone):
            student = Student(owner.name, owner.id, owner.platform if owner.id else "")
            yield student, Piece(entry, owner.file or entry.parts[-1], owner.late)
        elif lone and (NOTEBOOK.search(top) or (named_exercise(top, exercises) and student_in(top, exercises))):
            yield Student(student_in(top, exercises) or fallback), Piece(entry, top)
        elif not lone or any(flag.code == "not-a-file" for flag in entry.flags):
            yield Student(top), Piece(entry, entry.parts[-1])


def sort_out(
    student: str, pieces: list[Piece], answers: dict[str, list[Piece]], exercises: list[str], beside: dict[str, set]
) -> list[Handed]:
    """What one student handed in, exercise by exercise, in the order of `exercises`."""
    homeless = answers.get("", [])
    others = [piece for piece in pieces if not piece.is_notebook]
    odd = tuple(flag for piece in others + homeless for flag in piece.entry.flags)
    if not any(answers):
        flags = (*odd, nothing(pieces, homeless), *late(pieces))
        wanted = set().union(*(beside.get(piece.source, ()) for piece in pieces)) or beside[""]
        return [Handed(student, one, pieces[0].entry.name, flags) for one in exercises if one in wanted]
    return [choose(student, one, answers[one], homeless, odd) for one in exercises if one in answers]


def exercise_of(piece: Piece, exercises: list[str], look: bool) -> str:
    """The exercise that a notebook's metadata name, else its file name, else the only one there is; '' for none."""
    if len(exercises) == 1:
        return exercises[0]
    try:
        named = exercise_in(piece.entry.load()) if look and piece.entry.load else ""
    except ReadError:
        named = ""
    return named if named in exercises else named_exercise(piece.file, exercises)


def exercise_in(content: bytes) -> str:
    """The exercise in a notebook's metadata, found without parsing the rest, which may be huge; '' where there is none.

    >>> exercise_in(b'{"cells": [], "metadata": {"labcore": {"exercise": "09_roofline"}}}')
    '09_roofline'
    """
    for found in reversed(deque(LABCORE.finditer(content), maxlen=20)):
        text = content[found.end() : found.end() + 10_000].decode("utf-8", "replace")
        try:
            named = json.JSONDecoder().raw_decode(text)[0].get("exercise")
        except (ValueError, RecursionError):
            continue
        if isinstance(named, str):
            return named
    return ""


def choose(student: str, exercise: str, answers: list[Piece], homeless: list[Piece], odd: tuple[Flag, ...]) -> Handed:
    """The one notebook to grade: readable, of the exact name, naming the exercise, the latest, first by name."""
    ordered = sorted(answers, key=lambda piece: piece.entry.name)
    ordered.sort(key=lambda piece: piece.entry.modified, reverse=True)
    exact = f"{exercise}.ipynb".lower()
    ordered.sort(key=lambda piece: (
        piece.entry.load is None, piece.file.lower() != exact, not named_exercise(piece.file, [exercise]),
    ))  # fmt: skip
    best, *others = ordered
    left = [piece.entry.name for piece in others] + [f"{piece.entry.name} (names no exercise)" for piece in homeless]
    graded = f"graded: {best.entry.name}; not graded: {listed(left)}"
    several = (Flag("several-notebooks", graded),) if left else ()
    flags = (*best.entry.flags, *several, *(flag for piece in others for flag in piece.entry.flags), *odd)
    return Handed(student, exercise, best.entry.name, (*flags, *late([best])), best.entry.load)


def nothing(pieces: list[Piece], homeless: list[Piece]) -> Flag:
    """The flag of a student with nothing to grade, in words that say what came instead."""
    if homeless:
        names = listed([piece.entry.name for piece in homeless])
        return Flag("no-notebook", f"no exercise is named by {names}; its file name should contain one")
    came = [piece for piece in pieces if not piece.entry.folder]
    if not came:
        return Flag("no-notebook", "nothing was handed in")
    words = f"no notebook was handed in, but {listed([piece.entry.name for piece in came])}"
    packed = any(piece.file.lower().endswith(".zip") for piece in came)
    return Flag("no-notebook", f"{words}; an archive is not opened, hand in the notebook itself" if packed else words)


def late(pieces: list[Piece]) -> tuple[Flag, ...]:
    """The flag of what the platform calls late."""
    return (Flag("late", "the platform marks it as late"),) if any(piece.late for piece in pieces) else ()


def listed(names: list[str], most: int = 8) -> str:
    """Names in one line, the first of many."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
