"""Grade one notebook: its answers run in the key, in a confined kernel, and nbval compares the values that come out.

The key is run first, in the same kind of kernel, with a seed drawn for this run: that gives the wanted values for the
inputs that students see and for others that nobody has seen. What is and is not promised stands in
`exercises/README.md`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labcore.grading.confinement import choose
from labcore.grading.key import Key, seeded_key
from labcore.grading.limits import USUAL, Limits
from labcore.grading.marks import Report
from labcore.grading.station import Station
from labcore.grading.submission import Submission, read_submission
from labcore.grading.worker import CellsJob, GradeJob, unreadable
from labcore.house import checkout, my_folder
from labcore.units import Seconds

KEY_SECONDS = 300  # that a key, its wrong answers included, may run
UNCONFINED = "it ran unconfined: this machine has neither bubblewrap nor Landlock, and the notebook is your own"


@dataclass(frozen=True)
class Setting:
    """How a run grades: where keys lie, how kernels are confined, what they may use, and the seed of hidden inputs."""

    level: str
    limits: Limits = USUAL
    seed: str = ""

    def __post_init__(self) -> None:
        if self.limits.processes and self.level == "landlock":
            raise ValueError("--limits processes needs bubblewrap: under Landlock alone they could outrun their end")

    def patience(self) -> Seconds:
        """How long to wait for a worker that should long have stopped by itself."""
        return self.limits.total + 4 * self.limits.cell + 120


def grade(
    path: Path, key: Path | None = None, limits: Limits = USUAL, confinement: str = "auto", trusted: bool = False
) -> Report:
    """Grade one notebook; `key` is an exercise's source or a folder of them, by default those of the labs.

    Raises ValueError, in one line, for a file that is no notebook, an exercise that does not exist, a key that gives
    nothing to compare, and where answers cannot be confined; a reader's own notebook, in `my/`, then runs unconfined.
    """
    path = Path(path)
    content = read_file(path)
    keys = sources(Path(key) if key else checkout("exercises", "keys"))
    submission = read_submission(content, path.name)
    source = next(iter(keys.values())) if key and len(keys) == 1 else find_key(submission, keys)
    level, notes = level_for(path, confinement, trusted)
    setting = Setting(level, limits, secrets.token_hex(16))
    with Station(level) as station:
        ready = seeded_key(source, setting.seed, executor(station, limits))
        report = grade_here(station, content, path.name, ready, setting)
    return report if not notes else Report(report.notebook, report.exercise, report.results, report.flags, notes)


def level_for(path: Path, confinement: str, trusted: bool) -> tuple[str, tuple[str, ...]]:
    """The level of confinement for a single notebook, and what its reader should know of it."""
    try:
        return choose(confinement, trusted), ()
    except ValueError:
        if confinement == "auto" and path.resolve().is_relative_to(my_folder().resolve()):
            return "none", (UNCONFINED,)
        raise


def read_file(path: Path) -> bytes:
    """The content of a file somebody named; raises ValueError where there is none."""
    if not path.exists():
        raise ValueError(f"there is no file {path}; give the path of a notebook")
    if not path.is_file():
        raise ValueError(f"{path} is not a file; give the path of a notebook")
    return path.read_bytes()


def sources(folder: Path) -> dict[str, Path]:
    """The exercise sources in a folder of keys, or the one that a file is, by name."""
    found = [folder] if folder.suffix == ".py" else sorted(folder.glob("*.py"))
    if not found or not all(path.is_file() for path in found):
        raise ValueError(f"{folder} holds no exercise sources; --key takes a folder of NAME.py, or one of them")
    return {path.stem: path for path in found}


def find_key(submission: Submission, keys: dict[str, Path]) -> Path:
    """The source of the exercise that a notebook names in its metadata, else in its file name."""
    for name, path in keys.items():
        if submission.exercise == name or (not submission.exercise and submission.name.startswith(name)):
            return path
    named = f"names the exercise {submission.exercise!r}" if submission.exercise else "names no exercise"
    raise ValueError(f"{submission.name} {named}; there are: {', '.join(keys)}; --key names other sources")


def executor(station: Station, limits: Limits) -> Callable[[str, list[str]], list[list[dict]]]:
    """What runs a key's cells: a kernel of the station, confined as the answers' will be."""
    return partial(execute_at, station, limits)


def execute_at(station: Station, limits: Limits, name: str, cells: list[str]) -> list[list[dict]]:
    """The outputs of each cell, run one after another in a kernel of the station."""
    return station.run(CellsJob(name, cells, limits, station.surroundings), KEY_SECONDS)


def grade_here(station: Station, content: bytes, name: str, key: Key, setting: Setting) -> Report:
    """The report on one submission, graded at a station; a worker that ends without one gets a second chance."""
    job = GradeJob(content, name, key, setting.limits, station.surroundings)
    for _ in range(2):
        try:
            return station.run(job, setting.patience())
        except (OSError, EOFError, MemoryError) as error:  # ChildProcessError and TimeoutError among them
            words = f"the grading process ended twice ({error}); grade this one again with --only"
    return unreadable(name, key, words, "grader-failed")
