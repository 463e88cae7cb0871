"""The reference notebook as an assignment of nbgrader, and how fast its autograder marks it, beside ours.

nbgrader lives in a virtual environment of its own (`make peers`). Its assignment has the same nine code cells, and its
tests assert the same values for the same inputs, the hidden ones included, which any student could read there.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from labcore.grading.environment import kernel_environment
from labcore.grading.exercise import METADATA
from labcore.grading.exercise_format import parts, read_cells, reference
from labcore.grading.key import Key, seeded_key
from labcore.grading.speed import MARKS, answers, on_cores, students, write_key
from labcore.house import ROOT

NBGRADER = ROOT / ".venv-nbgrader" / "bin" / "nbgrader"
WAY_OUT = "nbgrader is not here; `make peers` installs it in a virtual environment of its own"
NAME = "reference"
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # as for our own kernels


def assignment_cells(source: Path, key: Key, given: dict[str, str]) -> Iterator[dict]:
    """The exercise's cells as nbgrader has them, with these answers."""
    for number, cell in enumerate(read_cells(source)):
        marks, text = cell["metadata"], cell["source"]
        id = marks.get("answer") or marks.get("check")
        made = {"cell_type": cell["cell_type"], "id": f"cell-{number}", "metadata": {}, "source": text}
        if "answer" in marks:
            made |= {"metadata": nbgrader_marks(id, solution=True), "source": given[id]}
        elif "check" in marks:
            made |= {"metadata": nbgrader_marks(f"check-{id}", grade=True, points=1), "source": asserts(key, id)}
        elif "wrong" in marks or "draw" in marks:
            continue
        elif cell["cell_type"] == "code":
            lines = [line for line in text.splitlines(keepends=True) if "exercise" not in line]
            made["source"] = "".join(lines)
        code = {"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}
        yield made | code


def nbgrader_marks(id: str, **marks: object) -> dict:
    """The metadata of one cell that nbgrader knows; what is graded is locked."""
    usual = {"grade": False, "solution": False, "task": False, "locked": "grade" in marks, "schema_version": 3}
    return {"nbgrader": usual | {"grade_id": id, "cell_type": "code"} | marks}


def asserts(key: Key, id: str) -> str:
    """A check cell of nbgrader's: the same values wanted for the same inputs."""
    question = key.questions[id]
    pairs = list(zip(question.on, question.want, strict=True))
    return f"for on, want in {pairs!r}:\n    assert np.isclose({question.name}(*on), want, rtol=1e-6), on"


def write_assignment(folder: Path, count: int) -> None:
    """Write a course folder of nbgrader's: the source, and what so many students have handed in."""
    source = write_key(folder)
    key, questions = seeded_key(source, NAME), parts(source.name, read_cells(source))
    handed_in = {folder / "submitted" / student / NAME: answers(questions, kind) for student, kind in students(count)}
    models = {folder / "source" / NAME: {id: reference(id, part.answer) for id, part in questions.items()}}
    for place, given in (models | handed_in).items():
        place.mkdir(parents=True)
        cells = list(assignment_cells(source, key, given))
        notebook = {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
        (place / f"{NAME}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def peer_rate(count: int, cores: int) -> float:
    """Notebooks a minute of `nbgrader autograde` on so many cores, from the first that it finished to the last.

    Its start is left out, and the first notebook with it. Raises ValueError where it fails, or gives a mark that the
    student did not earn.
    """
    with tempfile.TemporaryDirectory(prefix="labcore-") as name, on_cores(cores):
        folder = Path(name)
        write_assignment(folder, count)
        path = os.pathsep.join([str(NBGRADER.parent), os.environ.get("PATH", "")])  # where it looks for alembic
        environment = kernel_environment(folder) | ONE_THREAD | {"PATH": path}
        for task in ("generate_assignment", "autograde"):
            command = [NBGRADER, task, NAME, f"--CourseDirectory.root={folder}"]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                raise ValueError(
                    f"nbgrader {task} fails: {(done.stderr.strip().splitlines() or ['it was silent'])[-1]}"
                )
        earned = peer_marks(folder / "gradebook.db")
        if earned != {student: MARKS[kind] for student, kind in students(count)}:
            raise ValueError(f"nbgrader gives other marks than those earned: {earned}")
        finished = [path.stat().st_mtime for path in folder.glob(f"autograded/*/{NAME}/{NAME}.ipynb")]
    return 60 * (count - 1) / (max(finished) - min(finished))


def peer_marks(gradebook: Path) -> dict[str, float]:
    """The marks in a gradebook of nbgrader's, by student."""
    with closing(sqlite3.connect(gradebook)) as db:
        return dict(
            db.execute(
                "SELECT submitted_assignment.student_id, SUM(grade.auto_score) FROM grade"
                " JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id"
                " JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id"
                " GROUP BY submitted_assignment.student_id"
            )
        )
