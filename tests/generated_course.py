"""A course of submissions for the grader's tests: what students hand in, by accident and on purpose, and what it earns.

    python tests/generated_course.py FOLDER

writes the key, the reader's notebook, the submissions (a folder per student) and `expected.json`. Every submission is
harmless outside confinement by its construction; `Submission.bound` says how.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

sys.path.append(str(Path(__file__).parent.parent))  # so that it runs as a script too

from labcore.grading.exercise import build_exercises
from tests import course_escape, course_files, course_forging, course_gaming, course_hogs, course_honest
from tests.course_key import KEY, POINTS
from tests.course_parts import Between, Canaries, Submission, words

SUBMISSIONS: tuple[Submission, ...] = (
    *course_honest.CASES, *course_gaming.CASES, *course_forging.CASES, *course_hogs.CASES, *course_escape.CASES,
    *course_files.CASES,
)  # fmt: skip
__all__ = ["KEY", "POINTS", "SUBMISSIONS", "Between", "Canaries", "Submission", "write_course", "write_key"]


def write_key(folder: Path) -> Path:
    """Write keys/01_small.py into a folder of exercises; returns its path."""
    source = folder / "keys" / "01_small.py"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(KEY, encoding="utf-8")
    return source


def write_course(
    folder: Path, notebook: dict, canaries: Canaries, submissions: Iterable[Submission] = SUBMISSIONS
) -> None:
    """Write a folder per student; `notebook` is the reader's, as `build_exercises` makes it."""
    for one in submissions:
        (folder / one.name).mkdir(parents=True)
        one.write(folder / one.name, notebook, canaries)


def expected(submissions: Iterable[Submission] = SUBMISSIONS) -> dict[str, dict]:
    """What each student should earn and be flagged with, as JSON takes it."""
    return {
        one.name: {
            "family": one.family,
            "earned": {id: words(points) for id, points in one.earned.items()},
            "flags": [sorted(codes) for codes in one.flags],
            "bound": one.bound,
            "why": one.why,
        }
        for one in submissions
    }


def main(folder: Path) -> None:
    """Write everything into a folder, with canaries that point into it."""
    for path, text in build_exercises(write_key(folder / "exercises")).items():
        path.write_text(text, encoding="utf-8")
    notebook = json.loads((folder / "exercises" / "01_small.ipynb").read_text(encoding="utf-8"))
    read, write, into, tmp, unix = (str(folder.resolve() / name) for name in ("read", "write", "into", "tmp", "unix"))
    nobody = 2**22 + 1  # more than the highest process id that Linux gives
    canaries = Canaries(read, write, into, tmp, 9, 9, unix, "labcore-canary", nobody, "LABCORE_CANARY")
    write_course(folder / "submissions", notebook, canaries)
    (folder / "expected.json").write_text(json.dumps(expected(), indent=1, ensure_ascii=False), encoding="utf-8")
    print(f"{len(SUBMISSIONS)} submissions written to {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
