"""Bring a gradebook of the first kind up to date: it knew students by their names alone.

The ids that a platform wrote stand in the names of the files, so each mark finds the student whose it is: what two of
one name had handed in comes apart again, and what one student had under two names comes together. A decision goes to
whoever's mark counted when it was made. Nothing is deleted.
"""

from __future__ import annotations

import sqlite3

from labcore.grading.archive import shown
from labcore.grading.gradebook_file import SCHEMA, SEALS, STUDENTS
from labcore.grading.platforms import by_platform
from labcore.grading.students import Student, identify, name_all

UNSEAL = (
    "DROP VIEW final",
    "DROP VIEW latest",
    "DROP TRIGGER overrides_stay",
    "DROP TRIGGER overrides_last",
    "ALTER TABLE runs ADD COLUMN total INTEGER",
    "ALTER TABLE overrides ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE overrides ADD COLUMN judged_in INTEGER REFERENCES runs",
)


def upgrade(db: sqlite3.Connection) -> None:
    """Bring an open gradebook of the first kind to this one, in one step or not at all."""
    with db:
        db.execute("BEGIN IMMEDIATE")
        for statement in (*UNSEAL, *STUDENTS):
            db.execute(statement)
        keys = submission_keys(db)
        move_overrides(db, keys)
        for id, key in keys.items():  # a key that the same run has already stays with the student it has
            db.execute("UPDATE OR IGNORE submissions SET student = ? WHERE id = ?", [key, id])
        for table in ("submissions", "overrides"):
            db.execute(f"INSERT OR IGNORE INTO students SELECT DISTINCT student, student, student FROM {table}")
        name_all(db)
        for statement in SEALS:
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")


def submission_keys(db: sqlite3.Connection) -> dict[int, str]:
    """The student's key of each submission, by its number."""
    rows = db.execute("SELECT id, student, exercise, file FROM submissions ORDER BY run, id").fetchall()
    who = {row["id"]: owner_in(row["file"], row["student"]) or Student(row["student"]) for row in rows}
    numbered: dict[tuple[str, str], set[Student]] = {}
    for row in rows:
        numbered.setdefault((row["student"], row["exercise"]), set()).update(
            {who[row["id"]]} if who[row["id"]].id else ()
        )
    for row in rows:  # a file that names nobody is the student's whom the others name
        ids = numbered[row["student"], row["exercise"]]
        if not who[row["id"]].id and len(ids) == 1:
            who[row["id"]] = next(iter(ids))
    handed = list(dict.fromkeys((who[row["id"]], row["exercise"]) for row in rows))
    keys = dict(zip(handed, (key for key, _ in identify(db, handed)), strict=True))
    return {row["id"]: keys[who[row["id"]], row["exercise"]] for row in rows}


def owner_in(file: str, student: str) -> Student | None:
    """The student whom a platform wrote into a file's path, where the name is what the gradebook has.

    Names further in are the student's own work; none of them makes the file somebody else's.

    >>> owner_in("week 3.zip/Ada Lovelace_1001_assignsubmission_file_/09_roofline.ipynb", "Ada Lovelace 1001")
    Student(name='Ada Lovelace', id='1001', platform='moodle')
    >>> owner_in("mallory/Ada Lovelace_1001_assignsubmission_file_/09_roofline.ipynb", "mallory")
    """
    parts = file.split("/")
    for i, part in enumerate(parts):
        owner = by_platform(part, is_file=i == len(parts) - 1)
        if owner and owner.id and student.startswith(shown(owner.name.strip(), 80)):
            return Student(owner.name, owner.id, owner.platform)
    return None


def move_overrides(db: sqlite3.Connection, keys: dict[int, str]) -> None:
    """Give each decision to the student whose mark counted when it was made, with the run that mark came from."""
    where = "student = ? AND exercise = ?"
    for row in db.execute("SELECT * FROM overrides").fetchall():
        query = f"SELECT id, judged_in, recorded FROM submissions WHERE {where} ORDER BY run"
        marks = db.execute(query, [row["student"], row["exercise"]]).fetchall()
        before = [one for one in marks if one["recorded"] <= row["made_at"]]
        if counted := (before[-1:] or marks[:1]):
            values = keys[counted[0]["id"]], counted[0]["judged_in"], row["id"]
            db.execute("UPDATE overrides SET student = ?, judged_in = ? WHERE id = ?", values)
