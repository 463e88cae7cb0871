"""Who is who in a gradebook: by the platform's id where a hand-in has one, else by the name; names are only shown.

Two ids are two students, however alike their names. There is one exception: Moodle numbers students anew for each
assignment, so what one name hands in for different exercises under different Moodle ids is one student's, as long as
nobody else has that name. Without an id the name decides; where it could be several students', nothing is guessed.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import NamedTuple

from labcore.grading.archive import shown
from labcore.grading.gradebook_rows import storable
from labcore.grading.marks import Flag

CODE = "name-only"
# who has this id: for this exercise, else for another one, where nobody else's id stands for this one
KNOWN = """SELECT student FROM ids WHERE platform = :platform AND id = :id AND (exercise = :exercise OR NOT EXISTS
    (SELECT 1 FROM ids AS other WHERE other.student = ids.student AND other.exercise = :exercise))
    ORDER BY exercise <> :exercise LIMIT 1"""


class Student(NamedTuple):
    """A student as a hand-in names them; without a platform's id the name is all there is."""

    name: str
    id: str = ""
    platform: str = ""  # moodle or canvas

    def called(self) -> tuple[str, ...]:
        """What a person may call this student by.

        >>> Student("Ada", "17", "moodle").called()
        ('Ada', '17', 'Ada 17')
        """
        return (self.name, self.id, f"{self.name} {self.id}") if self.id else (self.name,)


def identify(db: sqlite3.Connection, handed: Sequence[tuple[Student, str]]) -> list[tuple[str, tuple[Flag, ...]]]:
    """The key of the student of each (student, exercise) and flags where a name alone decided.

    New students are taken down. Call it inside a transaction, once for all that came together: whether a name says
    enough depends on who else has it.
    """
    handed = [(Student(*map(storable, who)), storable(exercise)) for who, exercise in handed]
    crowd, found, taken = shared_names(handed), {}, set()
    for i in sorted(range(len(handed)), key=lambda i: not handed[i][0].id):  # ids first: they are certain
        who, exercise = handed[i]
        if who.id:
            key, flags = by_id(db, who, exercise, who.name not in crowd)
        else:
            key, flags = by_name(db, who.name, exercise, taken)
        taken.add((key, exercise))
        found[i] = key, flags
    name_all(db)
    return [found[i] for i in range(len(handed))]


def shared_names(handed: Iterable[tuple[Student, str]]) -> set[str]:
    """Names of more than one student among those who handed in together."""
    often = Counter((who.name, exercise) for who, exercise in set(handed))
    users = Counter(who.name for who in {who for who, _ in handed} if who.platform == "canvas")
    return {name for (name, _), times in often.items() if times > 1} | {name for name in users if users[name] > 1}


def by_id(db: sqlite3.Connection, who: Student, exercise: str, alone: bool) -> tuple[str, tuple[Flag, ...]]:
    """The key of a student with an id; `alone` where nobody else of that name handed in now."""
    known = [row["student"] for row in db.execute(KNOWN, {**who._asdict(), "exercise": exercise})]
    key, flags = (known[0] if known else ""), ()
    if not key and alone and len(others := keys_of(db, who.name)) == 1:
        had = db.execute("SELECT platform, exercise FROM ids WHERE student = ?", others).fetchall()
        if not had:  # graded before under the name alone
            key = others[0]
            flags = (Flag(CODE, f"earlier marks of {who.name}, without an id, are taken for those of {who.id}"),)
        elif {one["platform"] for one in had} == {who.platform} == {"moodle"}:
            key = others[0] if exercise not in {one["exercise"] for one in had} else ""
    key = key or new_key(db, who)
    db.execute("UPDATE students SET name = ? WHERE student = ?", [who.name, key])
    db.execute("INSERT OR IGNORE INTO ids VALUES (?, ?, ?, ?)", [who.platform, who.id, exercise, key])
    return key, flags


def by_name(db: sqlite3.Connection, name: str, exercise: str, taken: set) -> tuple[str, tuple[Flag, ...]]:
    """The key of a student without an id: the only one of that name, else one who has none either."""
    others = keys_of(db, name)
    numbered = [key for key in others if db.execute("SELECT 1 FROM ids WHERE student = ?", [key]).fetchone()]
    bare = [key for key in others if key not in numbered]
    known = others if len(others) == 1 and (others[0], exercise) not in taken else bare
    if not numbered:
        return known[0] if known else new_key(db, Student(name)), ()
    if known == numbered:
        return known[0], (Flag(CODE, f"no id stands in its name; taken for {name}, the only one of that name"),)
    way = f"name its folder {name}_ID_assignsubmission_file, with the right id, and grade again"
    flag = Flag(CODE, f"it has no id, and with an id there are {len(numbered)} called {name}; kept apart: {way}")
    return bare[0] if bare else new_key(db, Student(name)), (flag,)


def keys_of(db: sqlite3.Connection, name: str) -> list[str]:
    """The keys of all students of a name."""
    return [row["student"] for row in db.execute("SELECT student FROM students WHERE name = ?", [name])]


def new_key(db: sqlite3.Connection, who: Student) -> str:
    """Take down a new student; the key is the first text that nobody has: the name, with the id, with a number."""
    wanted = [who.name, f"{who.name} {who.id}"] if who.id else [who.name]
    for key in chain(wanted, (f"{who.name} ({number})" for number in count(2))):
        if not db.execute("SELECT 1 FROM students WHERE student = ?", [key]).fetchone():
            break
    db.execute("INSERT INTO students VALUES (?, ?, ?)", [key, who.name, key])
    return key


def name_all(db: sqlite3.Connection) -> None:
    """Write down what people read: each name, with the first id where others have the name too."""
    query = """SELECT name, coalesce((SELECT id FROM ids WHERE ids.student = students.student LIMIT 1), '') AS id,
               student, shown FROM students"""
    rows = {tuple(row)[:3]: row["shown"] for row in db.execute(query).fetchall()}
    for student, text in unique_names(rows).items():
        if rows[student] != text:
            db.execute("UPDATE students SET shown = ? WHERE student = ?", [text, student[2]])


def unique_names(students: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A name for each (name, id, ...): two of one name keep their ids, and what is still alike gets a number.

    >>> unique_names([("Alex Kim", "12"), ("Alex Kim", "34"), ("Bo", "56")])
    {('Alex Kim', '12'): 'Alex Kim 12', ('Alex Kim', '34'): 'Alex Kim 34', ('Bo', '56'): 'Bo'}
    """
    plain = {student: shown(student[0].strip() or "unnamed", 80) for student in students}
    often, taken = Counter(plain.values()), dict.fromkeys(plain, "")
    used = set()
    for student in sorted(plain):
        wanted = f"{plain[student]} {student[1]}".strip() if often[plain[student]] > 1 else plain[student]
        name, number = wanted, 1
        while name in used:
            number += 1
            name = f"{wanted} ({number})"
        used.add(name)
        taken[student] = name
    return taken
