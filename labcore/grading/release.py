"""Release exercises to a course: student versions made from the keys, with numbers of each student's own if wanted.

A course has a secret, a file that only its teachers have. From it follow each student's parameters, and the mark in
a notebook's metadata that says for whom it was made; nobody without it can make either. Nothing of a solution, a
hidden input or a judge is released.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Callable
from pathlib import Path

from labcore.grading.exercise import BOOK, build_exercises, execute, parameter_values, reader_notebook
from labcore.grading.key import Key, seeded_key
from labcore.grading.marks import Flag
from labcore.grading.submission import read_submission
from labcore.house import write_atomically


def release(
    keys: dict[str, Path],
    folder: Path,
    students: list[str],
    secret: str,
    step: Callable[[], None] = lambda: None,
    execute: Callable = execute,
) -> list[Path]:
    """Write the student version of each exercise, and the values its checks want; returns the notebooks.

    With `students`, each gets a folder of their own. A notebook that is there already is left alone if it is what
    would be written, and else never overwritten: ValueError names it before anything is written.
    """
    fresh: dict[Path, str] = {}
    values: dict[tuple[str, str], str] = {}  # the same for students who have the same numbers
    for name, source in keys.items():
        for student in students or [""]:
            own = parameter_values(source, own_seed(secret, name, student) if student else BOOK)
            if (same := (name, repr(own))) not in values:
                built = build_exercises(source, own, execute=execute)
                values[same] = next(text for path, text in built.items() if path.suffix == ".json")
            marks = {"student": student, "release": release_mark(secret, name, student)} if student else {}
            place = folder / safe_name(student) if student else folder
            fresh[place / f"{name}.ipynb"] = reader_notebook(source, own, marks)
            fresh[place / f"{name}.json"] = values[same]
            step()
    if lost := [path for path, text in fresh.items() if path.exists() and path.read_text(encoding="utf-8") != text]:
        raise ValueError(f"{lost[0]} is there already and differs; release into another folder, or delete it first")
    for path, text in fresh.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    return [path for path in fresh if path.suffix == ".ipynb"]


def course_secret(path: Path) -> str:
    """The secret in a file, which is made, readable by its owner alone, where there is none."""
    if path.exists():
        secret = path.read_text(encoding="utf-8").strip()
        if not re.fullmatch(r"[0-9a-f]{64}", secret):
            raise ValueError(f"{path} holds no course secret (64 hexadecimal digits); name another file, or delete it")
        return secret
    secret = secrets.token_hex(32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{secret}\n")
    return secret


def read_students(path: Path) -> list[str]:
    """The names in the first column of a CSV file, or in the lines of a text file; a heading `student` is left out.

    Raises ValueError for an empty list and for names that would share a folder.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = [unicodedata.normalize("NFC", row[0].strip()) for row in csv.reader(file) if row and row[0].strip()]
    names = names[1:] if names and names[0].lower() in ("student", "name", "id") else names
    if not names:
        raise ValueError(f"{path} names no students; write one a line")
    places = [safe_name(name).casefold() for name in names]
    if twice := [name for name, place in zip(names, places, strict=True) if places.count(place) > 1]:
        raise ValueError(f"{path} has names that share a folder: {twice[:4]}; give each student a name of their own")
    return names


def own_seed(secret: str, exercise: str, student: str) -> str:
    """The seed of one student's parameters."""
    return sign(secret, "parameters", exercise, student)


def release_mark(secret: str, exercise: str, student: str) -> str:
    """What a notebook made for a student carries, and nobody without the secret can make."""
    return sign(secret, "release", exercise, student)[:32]


def sign(secret: str, *words: str) -> str:
    """A keyed hash of words.

    >>> sign("s", "a", "bc") != sign("s", "ab", "c")
    True
    """
    return hmac.new(secret.encode(), "\0".join(words).encode(), hashlib.sha256).hexdigest()


def released_to(metadata: dict, exercise: str, secret: str) -> str | None:
    """For whom a notebook was made, where its mark is the course's; else None."""
    student, mark = metadata.get("student"), metadata.get("release")
    if not isinstance(student, str) or not isinstance(mark, str):
        return None
    mine = hmac.compare_digest(mark.encode(errors="replace"), release_mark(secret, exercise, student).encode())
    return student if mine else None


def other_student(metadata: dict, exercise: str, secret: str, student: str) -> list[Flag]:
    """A flag where a notebook was made for somebody else, or is not of this course's release."""
    owner = released_to(metadata, exercise, secret)
    if owner is None:
        return [Flag("other-student", "the notebook does not carry this course's release mark")]
    if not same_person(owner, student):
        return [Flag("other-student", f"the notebook was released for {owner}")]
    return []


class OwnKeys:
    """The key for each submission: one for all, or in a course with a secret the numbers that its student was given."""

    def __init__(self, keys: dict[str, Key], sources: dict[str, Path], secret: str, execute: Callable) -> None:
        self.keys, self.sources, self.secret, self.execute = keys, sources, secret, execute
        self.made: dict[tuple[str, str], Key] = {}  # students with the same numbers share one

    def of(self, exercise: str, student: str, content: bytes | None) -> tuple[Key, list[Flag]]:
        """The key for one submission, and a flag where the notebook was made for somebody else."""
        key, source = self.keys[exercise], self.sources[exercise]
        try:
            metadata = read_submission(content or b"", exercise).metadata
        except ValueError:
            return key, []  # the grader will say what is wrong with the file
        if not self.secret:
            if "release" in metadata and parameter_values(source, BOOK):
                raise ValueError(
                    f"the notebook of {student} was released with numbers of its own; go on with --resume and --secret"
                )
            return key, []
        owner = released_to(metadata, exercise, self.secret) or student
        numbers = parameter_values(source, own_seed(self.secret, exercise, owner))
        if (same := (exercise, repr(numbers))) not in self.made:
            own = numbers and numbers != parameter_values(source, BOOK)
            self.made[same] = seeded_key(source, key.seed, self.execute, numbers) if own else key
        return self.made[same], other_student(metadata, exercise, self.secret, student)


def same_person(one: str, other: str) -> bool:
    """Whether two spellings can be one name: the same letters and digits, in whatever order a platform puts them.

    >>> same_person("Ada Lovelace", "lovelaceada"), same_person("Ada", "Alan")
    (True, False)
    """
    return letters(one) == letters(other)


def letters(name: str) -> list[str]:
    """The letters and digits of a name, sorted."""
    return sorted(c for c in unicodedata.normalize("NFKD", name).casefold() if c.isalnum())


def safe_name(student: str) -> str:
    """A folder's name for a student.

    >>> safe_name("Ada Lovelace"), safe_name("../a/b")
    ('Ada Lovelace', '-a-b')
    """
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "-", student).strip(" .") or "student"
