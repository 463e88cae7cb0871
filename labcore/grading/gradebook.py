"""The gradebook: who earned what in which run, for what reason, and who decided otherwise.

Each run of the grader adds rows and changes none of an earlier run. The mark that counts is that of the latest run
which graded the student and exercise, unless a person has decided otherwise: an override outlives regrading.
"""

from __future__ import annotations

import difflib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from labcore.grading.gradebook_file import open_file
from labcore.grading.gradebook_rows import (
    Mark,
    QuestionMark,
    Run,
    dump,
    now,
    storable,
    to_flags,
    to_mark,
    to_question,
    to_run,
)
from labcore.grading.limits import Limits
from labcore.grading.marks import Flag, Report, Result
from labcore.grading.students import Student, identify
from labcore.units import Seconds

HAND_IN = (
    "late",
    "several-notebooks",
    "unsafe-name",
    "name-only",
)  # flags that say how a notebook came, not what is in it


class Gradebook:
    """An open gradebook; `with Gradebook.open(path, create=True) as book:` closes it and gives up its lock.

    One process at a time may write; `write=False` reads beside it.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, lock: IO | None) -> None:
        self.path, self.db, self.lock = path, db, lock

    @classmethod
    def open(cls, path: Path | str, create: bool = False, write: bool = True) -> Gradebook:
        """The gradebook in a file, made where it is missing and `create` is set.

        Raises ValueError, and leaves the file as it is, for anything that is no whole gradebook of this version and
        for one that another process is writing to.
        """
        return cls(Path(path), *open_file(Path(path), create, write))

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *_: object) -> None:
        self.db.close()
        if self.lock:
            self.lock.close()

    def discard_unused(self) -> None:
        """Remove the file of a gradebook in which no run was begun, so that a refused command leaves nothing behind."""
        if self.db.execute("SELECT count(*) FROM runs").fetchone()[0] == 0:
            self.db.close()
            for ending in ("", "-wal", "-shm", ".lock"):
                Path(f"{self.path.resolve()}{ending}").unlink(missing_ok=True)

    @contextmanager
    def step(self) -> Iterator[None]:
        """All that is written inside, or nothing; raises OSError where there is no room or no right to write."""
        try:
            with self.db:
                yield
        except sqlite3.OperationalError as error:
            raise OSError(
                f"{self.path} cannot be written ({error}); what it holds is safe: make room and go on with --resume"
            ) from error

    def start_run(
        self,
        seeds: dict[str, int],
        keys: dict[str, str],
        confinement: str,
        limits: Limits,
        versions: dict[str, str],
        source: Path | str,
        total: int | None = None,
    ) -> Run:
        """A new run; `seeds` and hashes of `keys` by exercise, `source` where the submissions lie, `total` of them."""
        row = (now(), *map(dump, (seeds, keys)), confinement, dump(asdict(limits)), dump(versions))
        with self.step():
            columns = "started, seeds, keys, confinement, limits, versions, source, total"
            values = (*row, storable(Path(source).resolve().name), total)
            id = self.db.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values).lastrowid
        return self.run(id)

    def run(self, id: int) -> Run:
        """The run of that number."""
        return to_run(self.db.execute("SELECT * FROM runs WHERE id = ?", [id]).fetchone())

    def unfinished(self) -> Run | None:
        """The last run, where it was not brought to its end."""
        row = self.db.execute("SELECT * FROM runs ORDER BY id DESC LIMIT 1").fetchone()
        return to_run(row) if row and row["finished"] is None else None

    def finish(self, run: Run) -> None:
        """Take down that a run has come to its end."""
        with self.step():
            self.db.execute("UPDATE runs SET finished = ? WHERE id = ?", [now(), run.id])

    def identify(self, handed: Sequence[tuple[Student, str]]) -> list[tuple[str, tuple[Flag, ...]]]:
        """The key of the student of each (student, exercise), and flags; see `labcore.grading.students`."""
        with self.step():
            return identify(self.db, handed)

    def graded(self, run: Run) -> set[tuple[str, str]]:
        """The keys of the students, and the exercises, that a run has graded."""
        rows = self.db.execute("SELECT student, exercise FROM submissions WHERE run = ?", [run.id])
        return {(row["student"], row["exercise"]) for row in rows}

    def record(
        self,
        run: Run,
        student: str,
        exercise: str,
        file: str,
        sha256: str,
        report: Report,
        seconds: Seconds,
        judged_in: int | None = None,
    ) -> None:
        """Take down one graded submission, in one step; a second one for this student and exercise replaces it.

        `student` is a key of `identify`; another text is a student who has that name and no id. `judged_in` is the
        run whose seed it met, where that is an earlier one.
        """
        student, exercise = storable(student), storable(exercise)
        flags = dump([{"code": flag.code, "words": storable(flag.words)} for flag in report.flags])
        row = (run.id, judged_in or run.id, student, exercise, storable(file), sha256, flags, seconds, now())
        with self.step():
            self.db.execute("INSERT OR IGNORE INTO students VALUES (?, ?, ?)", [student] * 3)
            same = "run = ? AND student = ? AND exercise = ?"
            self.db.execute(f"DELETE FROM submissions WHERE {same}", [run.id, student, exercise])
            columns = "run, judged_in, student, exercise, file, sha256, flags, seconds, recorded"
            id = self.db.execute(
                f"INSERT INTO submissions ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
            ).lastrowid
            columns = "submission, question, points, earned, outcome, message, slip"
            values = [
                (id, one.question, one.points, one.earned, one.outcome, storable(one.message), storable(one.slip))
                for one in report.results
            ]
            self.db.executemany(f"INSERT INTO results ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def carry_over(
        self,
        run: Run,
        student: str,
        exercise: str,
        sha256: str,
        key_hash: str,
        hand_in: Sequence[Flag] | None = None,
    ) -> bool:
        """Whether the latest finished run's result for a submission stands for this run too; if so, it is copied.

        It does where content, key, limits, confinement and versions are the same and the grader had not failed.
        `hand_in` are the flags of this hand-in itself, such as `late`; they replace those of the earlier one.
        """
        query = """SELECT s.* FROM submissions AS s JOIN runs ON runs.id = s.run
                   WHERE student = ? AND exercise = ? AND finished IS NOT NULL ORDER BY run DESC LIMIT 1"""
        old = self.db.execute(query, [storable(student), storable(exercise)]).fetchone()
        if old is None or old["sha256"] != sha256:
            return False
        before, flags = self.run(old["judged_in"]), to_flags(old["flags"])
        same = before.keys.get(exercise) == key_hash and before.conditions() == run.conditions()
        if not same or any(flag.code == "grader-failed" for flag in flags):
            return False
        if hand_in is not None:
            flags = (*hand_in, *(flag for flag in flags if flag.code not in HAND_IN))
        rows = self.db.execute("SELECT * FROM results WHERE submission = ? ORDER BY id", [old["id"]])
        fields = ("question", "points", "earned", "outcome", "message", "slip")
        report = Report(old["file"], exercise, tuple(Result(*(row[name] for name in fields)) for row in rows), flags)
        self.record(run, student, exercise, old["file"], sha256, report, old["seconds"], old["judged_in"])
        return True

    def override(self, student: str, exercise: str, question: str, earned: float, author: str, reason: str) -> None:
        """Decide what a question earns, whatever the grader gives now and later; the latest decision counts.

        Raises ValueError where there is no such student, exercise or question, with names that there are, where the
        points are out of range, and where the author or the reason is missing.
        """
        row = self.question_row(student, exercise, question)
        points = row["points"]
        if isinstance(earned, bool) or not 0 <= earned <= points:
            raise ValueError(f"{question} of {exercise} has {points:g} points; give 0 to {points:g}, not {earned:g}")
        self.decide(row, earned, author, reason, withdrawn=False)

    def withdraw(self, student: str, exercise: str, question: str, author: str, reason: str) -> float:
        """Take the override of a question back; returns the grader's points, which count again. Both are kept.

        Raises ValueError where there is none, and as `override` does.
        """
        row = self.question_row(student, exercise, question)
        if not row["overridden"]:
            raise ValueError(f"{question} of {exercise} has no override for {row['shown']}; the grader's points count")
        self.decide(row, row["graded"], author, reason, withdrawn=True)
        return row["graded"]

    def question_row(self, student: str, exercise: str, question: str) -> sqlite3.Row:
        """The final mark of one question; a student is named as people read it, or by a platform's id."""
        where, words = {}, {}
        asked = [("student", "shown", self.named(student)), ("exercise", "exercise", exercise)]
        for what, column, name in (*asked, ("question", "question", question)):
            known = [one[column] for one in self.final(**where)]
            where[column] = words[what] = existing(what, storable(name), known, words)
        return self.final(**where)[0]

    def named(self, student: str) -> str:
        """What people read of the student who alone has this platform id; other texts as they are."""
        rows = self.db.execute("SELECT DISTINCT shown FROM students JOIN ids USING (student) WHERE id = ?", [student])
        found = [row["shown"] for row in rows]
        return found[0] if len(found) == 1 else student

    def decide(self, row: sqlite3.Row, earned: float, author: str, reason: str, withdrawn: bool) -> None:
        """Take down a person's decision on one question; raises ValueError where author or reason is missing."""
        words = {"author": storable(author).strip(), "reason": storable(reason).strip()}
        for name, text in words.items():
            if not text:
                raise ValueError(f"an override wants its {name}, got {text!r}; say it with --{name}")
        values = (*(row[name] for name in ("student", "exercise", "question")), earned, *words.values(), now())
        with self.step():
            columns = "student, exercise, question, earned, author, reason, made_at, withdrawn, judged_in"
            every = (*values, withdrawn, row["judged_in"])
            self.db.execute(f"INSERT INTO overrides ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", every)

    def final(self, **where: str) -> list[sqlite3.Row]:
        """The rows of the view of final marks, all or those where each named column has its value."""
        condition = " AND ".join(["1", *(f"{column} = ?" for column in where)])
        query = f"SELECT * FROM final WHERE {condition} ORDER BY shown, student, exercise, result"
        return self.db.execute(query, list(where.values())).fetchall()

    def marks(self) -> list[Mark]:
        """The mark that counts of each student and exercise, in the order of their names."""
        with self.db:
            self.db.execute("BEGIN")  # both queries see one state, whatever a grader adds meanwhile
            rows = self.db.execute("SELECT * FROM latest ORDER BY shown, student, exercise").fetchall()
            final = self.final()
        questions: dict[int, list[QuestionMark]] = {}
        for row in final:
            questions.setdefault(row["submission"], []).append(to_question(row))
        return [to_mark(row, questions.get(row["id"], ())) for row in rows]


def existing(what: str, name: str, known: Iterable[str], where: dict[str, str]) -> str:
    """The name, where it is known; else ValueError with the names that are close, or some of those there are.

    >>> existing("question", "q11", ["q1", "q2"], {"student": "ada"})
    Traceback (most recent call last):
    ValueError: no question 'q11' of student 'ada'; did you mean 'q1'
    """
    names = list(dict.fromkeys(known))
    alike = [one for one in names if name and name.casefold() in one.casefold()]
    near = [repr(one) for one in dict.fromkeys([*alike, *difflib.get_close_matches(name, names)])][:3]
    if name in names:
        return name
    of = " of " * bool(where) + ", ".join(f"{column} {value!r}" for column, value in where.items())
    if near:
        raise ValueError(f"no {what} {name!r}{of}; did you mean {' or '.join(near)}")
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    raise ValueError(f"no {what} {name!r}{of}; there are: {', '.join(map(repr, names[:8])) or 'none'}{more}")
