"""What the rows of a gradebook say: runs, marks, and decisions of people."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from labcore.grading.limits import Limits
from labcore.grading.marks import Flag
from labcore.units import Seconds


@dataclass(frozen=True)
class Run:
    """One run of the grader over a set of submissions."""

    id: int
    started: str
    finished: str | None
    seeds: dict[str, int]  # of the hidden inputs, by exercise
    keys: dict[str, str]  # hash of the key, by exercise
    confinement: str
    limits: Limits
    versions: dict[str, str]
    source: str
    total: int | None = None  # submissions to grade, where known

    def conditions(self) -> tuple:
        """What must be equal in two runs, besides the key, for a result of one to stand for the other."""
        return self.limits, self.confinement, self.versions


@dataclass(frozen=True)
class Override:
    """A person's decision on one question of one student."""

    earned: float
    author: str
    reason: str
    made_at: str


@dataclass(frozen=True)
class QuestionMark:
    """What one question earns in the end: what the grader gave (`graded`), or what a person decided since."""

    question: str
    points: float
    earned: float
    graded: float
    outcome: str
    message: str
    slip: str
    override: Override | None = None
    regraded: bool = False  # the grader has judged anew since a person decided


@dataclass(frozen=True)
class Mark:
    """What one student earns for one exercise, question by question."""

    student: str
    exercise: str
    run: int
    file: str
    sha256: str
    recorded: str
    seconds: Seconds
    questions: tuple[QuestionMark, ...]
    flags: tuple[Flag, ...] = ()
    id: str = ""  # of the platform, for this exercise; '' where the files name none
    key: str = ""  # what the gradebook calls the student for good, whoever joins

    @property
    def owner(self) -> str:
        """What tells this student from all others: the key, or the name where no gradebook gave one."""
        return self.key or self.student

    @property
    def points(self) -> float:
        """All points that there are."""
        return sum(one.points for one in self.questions)

    @property
    def earned(self) -> float:
        """The points earned."""
        return sum(one.earned for one in self.questions)


def to_run(row: sqlite3.Row) -> Run:
    """A run from its row."""
    read = {name: json.loads(row[name]) for name in ("seeds", "keys", "limits", "versions")}
    read["limits"] = Limits(**read["limits"])
    return Run(**(dict(row) | read))


def to_flags(stored: str) -> tuple[Flag, ...]:
    """Flags from their JSON."""
    return tuple(Flag(**one) for one in json.loads(stored))


def to_question(row: sqlite3.Row) -> QuestionMark:
    """The mark of a question from its row in the view of final marks."""
    given = ("earned", "author", "reason", "made_at")
    override = Override(*(row[name] for name in given)) if row["overridden"] else None
    names = ("question", "points", "earned", "graded", "outcome", "message", "slip")
    return QuestionMark(*(row[name] for name in names), override, bool(row["regraded"]))


def to_mark(row: sqlite3.Row, questions: Iterable[QuestionMark]) -> Mark:
    """A mark from the row of its submission and its questions."""
    names = ("shown", "exercise", "run", "file", "sha256", "recorded", "seconds")
    who = row["platform_id"], row["student"]
    return Mark(*(row[name] for name in names), tuple(questions), to_flags(row["flags"]), *who)


def storable(text: str) -> str:
    r"""A text as the file can hold it: half a surrogate pair, as undecodable file names have them, is spelled out.

    >>> storable("J\udcffrgen")
    'J\\udcffrgen'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def dump(value: object) -> str:
    """JSON with its names in order, so that equal values give equal texts."""
    return json.dumps(value, sort_keys=True)


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
