"""The file of a gradebook: its tables, its lock, and how it is opened without harm to any file that is something else.

The file is SQLite with a write-ahead log: a process killed at any moment loses the transaction that it was in and
nothing else. `synchronous` is FULL, so that a mark or a teacher's decision that was taken down outlives a power cut
too; it costs one flush to disk a submission, which takes seconds to grade. Where a network drive knows no shared
memory, SQLite stays with a rollback journal: as safe, but a reader waits for the writer.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from pathlib import Path
from typing import IO

APPLICATION_ID = int.from_bytes(b"labg")
SCHEMA = 2  # a number for each set of tables and limits; one more whenever any of them changes
FIRST = 1  # knew students by their names alone; `gradebook_upgrade` brings it up to date
PATIENCE = 10.0  # seconds to wait for somebody who reads

TABLES = """
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,      -- UTC, ISO 8601, as all times here
    finished TEXT,              -- NULL while it runs, and for good where it was given up
    seeds TEXT NOT NULL,        -- JSON: exercise -> seed of the hidden inputs
    keys TEXT NOT NULL,         -- JSON: exercise -> hash of its key
    confinement TEXT NOT NULL,
    limits TEXT NOT NULL,       -- JSON
    versions TEXT NOT NULL,     -- JSON: package -> version
    source TEXT NOT NULL,       -- name of the folder or archive of submissions
    total INTEGER               -- submissions to grade, where known
);
CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    judged_in INTEGER NOT NULL REFERENCES runs,  -- the run whose seed it met; an earlier one where it was carried over
    student TEXT NOT NULL,      -- the key of `students`
    exercise TEXT NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    flags TEXT NOT NULL,        -- JSON: [{"code", "words"}]
    seconds REAL NOT NULL,
    recorded TEXT NOT NULL,
    UNIQUE (student, exercise, run)
);
CREATE TABLE results (
    id INTEGER PRIMARY KEY,     -- grows in the order of the questions
    submission INTEGER NOT NULL REFERENCES submissions ON DELETE CASCADE,
    question TEXT NOT NULL,
    points REAL NOT NULL,
    earned REAL NOT NULL CHECK (earned BETWEEN 0 AND points),
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    slip TEXT NOT NULL,
    UNIQUE (submission, question)
);
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY,
    student TEXT NOT NULL,
    exercise TEXT NOT NULL,
    question TEXT NOT NULL,
    earned REAL NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason <> ''),
    made_at TEXT NOT NULL,
    withdrawn INTEGER NOT NULL DEFAULT 0,   -- 1 where it takes back the one before: the grader's points count again
    judged_in INTEGER REFERENCES runs       -- the run whose points it was made on
);
CREATE INDEX overrides_by_question ON overrides (student, exercise, question);
"""
STUDENTS = (
    """
CREATE TABLE students (
    student TEXT PRIMARY KEY,   -- a key for good: what people read when the student was new
    name TEXT NOT NULL,         -- as the latest hand-in has it
    shown TEXT NOT NULL         -- what people read now: the name, with the id where others have the name too
)""",
    "CREATE INDEX students_by_name ON students (name)",
    """
CREATE TABLE ids (              -- how platforms number students; Canvas for good, Moodle for each assignment
    platform TEXT NOT NULL,
    id TEXT NOT NULL,
    exercise TEXT NOT NULL,     -- for which it was seen
    student TEXT NOT NULL REFERENCES students,
    PRIMARY KEY (platform, id, exercise),
    UNIQUE (student, exercise)
)""",
)
SEALS = (
    """
CREATE TRIGGER overrides_stay BEFORE DELETE ON overrides BEGIN SELECT RAISE(ABORT, 'an override is never deleted'); END
""",
    """
CREATE TRIGGER overrides_last BEFORE UPDATE ON overrides BEGIN SELECT RAISE(ABORT, 'an override is never changed'); END
""",
    """
CREATE VIEW latest AS  -- the submissions that count: of each student and exercise the one in the latest run
SELECT s.*, w.shown, coalesce(i.id, '') AS platform_id
FROM submissions AS s JOIN students AS w USING (student) LEFT JOIN ids AS i USING (student, exercise)
WHERE run = (SELECT max(run) FROM submissions AS t WHERE t.student = s.student AND t.exercise = s.exercise)
""",
    """
CREATE VIEW final AS   -- what each question earns in the end; a key that gives fewer points now caps an override
SELECT s.run, s.student, s.exercise, r.question, r.points, coalesce(min(o.earned, r.points), r.earned) AS earned,
       r.earned AS graded, r.outcome, r.message, r.slip, o.id IS NOT NULL AS overridden,
       o.author, o.reason, o.made_at, s.id AS submission, r.id AS result, s.shown, s.judged_in,
       o.id IS NOT NULL AND o.judged_in IS NOT s.judged_in AS regraded
FROM latest AS s JOIN results AS r ON r.submission = s.id LEFT JOIN overrides AS o
ON o.id = (SELECT max(id) FROM overrides AS p
           WHERE p.student = s.student AND p.exercise = s.exercise AND p.question = r.question)
AND NOT o.withdrawn
""",
)


def open_file(path: Path, create: bool, write: bool) -> tuple[sqlite3.Connection, IO | None]:
    """A connection to a gradebook, and the lock that keeps other writers out (None for a reader).

    Raises ValueError, in one line with the way out, where the path holds anything but a whole gradebook of this
    version, or cannot be written; the file is left as it is.
    """
    target = path.resolve()
    if target.is_dir():
        raise ValueError(f"{path} is a folder; name a file in it, as --out {path / 'grades.db'}")
    if target.exists():
        refuse_strangers(target, path)
    elif not create:
        raise ValueError(f"there is no gradebook {path}; `labcore grade FOLDER --out {path}` makes one")
    lock = hold(target, path) if write else None
    try:
        if not target.exists():
            make(target, path)
        refuse_damage(target, path)
        return up_to_date(connect(target, path, write), write), lock
    except BaseException:
        if lock:
            lock.close()
        raise


def refuse_strangers(target: Path, path: Path) -> None:
    """Raise ValueError unless the file's first 100 bytes say SQLite, a gradebook, and a version that is known."""
    if not target.is_file():
        raise ValueError(f"{path} is not a gradebook; choose another --out")
    try:
        with target.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise ValueError(f"{path} cannot be read ({error.strerror}); choose another --out") from None
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise ValueError(f"{path} is not a gradebook; choose another --out")
    version, application_id = struct.unpack_from(">i4xi", head, 60)
    if application_id != APPLICATION_ID:
        raise ValueError(f"{path} is a database of another program, not a gradebook; choose another --out")
    if version not in (FIRST, SCHEMA):
        age, way = ("a newer", "update labcore") if version > SCHEMA else ("an older", "read it with that labcore")
        raise ValueError(
            f"{path} was written by {age} labcore (tables of version {version}, this one has {SCHEMA}); {way}, or "
            "choose another --out"
        )


def hold(target: Path, path: Path) -> IO:
    """The lock beside a gradebook, held until it is closed or its process ends, however it ends."""
    import fcntl

    if not target.parent.is_dir():
        raise ValueError(
            f"{path} cannot be written: there is no folder {path.parent}; make it, or choose another --out"
        )
    try:
        lock = target.with_name(f"{target.name}.lock").open("ab")
    except OSError as error:
        raise ValueError(f"cannot write in the folder of {path} ({error.strerror}); choose another --out") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ValueError(f"another grader is writing to {path}; wait until it ends, or choose another --out") from None
    return lock


def make(target: Path, path: Path) -> None:
    """Put an empty gradebook in place in one step, so that a crash never leaves half of one."""
    for left in ("-wal", "-journal"):
        if (rest := target.with_name(target.name + left)).exists():
            raise ValueError(
                f"{rest.name} holds the last marks of a gradebook {path} that is gone; put {path.name} back, or choose "
                "another --out"
            )
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(part)) as db:
        db.execute("PRAGMA journal_mode = MEMORY")
        stamps = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {SCHEMA};"
        db.executescript(f"BEGIN; {stamps} {TABLES} {';'.join((*STUDENTS, *SEALS))}; COMMIT;")
    part.chmod(0o600)  # it has every seed and every mark
    part.replace(target)


def refuse_damage(target: Path, path: Path) -> None:
    """Raise ValueError where SQLite finds a page missing or wrong; it looks without changing the file."""
    log = target.with_name(f"{target.name}-wal")
    mode = "mode=ro" if log.exists() and log.stat().st_size else "immutable=1"  # the second leaves no files behind
    try:
        with contextlib.closing(sqlite3.connect(f"{target.as_uri()}?{mode}", uri=True, timeout=PATIENCE)) as db:
            found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        reason = " ".join(found.split())
        raise ValueError(f"{path} is damaged or half-written ({reason}); restore a copy, or choose another --out")


def connect(target: Path, path: Path, write: bool) -> sqlite3.Connection:
    """A connection whose transactions take the write lock when they begin."""
    db = sqlite3.connect(target, timeout=PATIENCE, isolation_level="IMMEDIATE")
    db.row_factory = sqlite3.Row
    try:
        for pragma in ("foreign_keys = ON", "synchronous = FULL", "journal_mode = WAL" if write else "query_only = ON"):
            db.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as error:
        db.close()
        raise ValueError(f"{path} cannot be opened ({error}); wait and try again, or choose another --out") from None
    return db


def up_to_date(db: sqlite3.Connection, write: bool) -> sqlite3.Connection:
    """The connection, to tables of this version; for a reader, a copy in memory where the file has older ones."""
    from labcore.grading.gradebook_upgrade import upgrade

    try:
        if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA:
            return db
        if not write:
            file, db = db, sqlite3.connect(":memory:", isolation_level="IMMEDIATE")
            db.row_factory = sqlite3.Row
            with contextlib.closing(file):
                file.backup(db)
        upgrade(db)
        if not write:
            db.execute("PRAGMA query_only = ON")
    except BaseException:
        db.close()
        raise
    return db
