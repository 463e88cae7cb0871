"""How fast a course is graded: the reference notebook of nine code cells, a course of it, and a run that is timed.

`python -m labcore.grading.speed FOLDER COUNT` grades a course of COUNT notebooks in a process of its own and says as
JSON what it took, so that its memory is the supervisor's and nobody else's.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from labcore.grading.confinement import choose
from labcore.grading.course import grade_course
from labcore.grading.exercise import reader_notebook
from labcore.grading.exercise_format import Parts, parts, read_cells, reference
from labcore.grading.grade import Setting
from labcore.grading.gradebook import Gradebook
from labcore.measure.machine import usable_cores
from labcore.units import Bytes, Seconds

REFERENCE = """# %%
import matplotlib.pyplot as plt
import numpy as np

from labcore.grading.check import exercise

check = exercise("01_reference")
figure, ax = plt.subplots(figsize=(3, 2))
ax.loglog([0.1, 10, 100], [1, 100, 100])

# %% [markdown] task="q1"
# How many FLOP does (M, K) @ (K, N) take?

# %% answer="q1"
def matmul_flop(M, K, N):
    # solution
    return 2 * M * K * N
    # end solution

# %% check="q1" points=1
check("q1", matmul_flop, on=[(1, 1, 1), (2, 3, 4), (5, 1, 7)])

# %% draw="q1"
def draw(rng):
    return tuple(rng.randint(1, 999) for _ in range(3))

# %% wrong="q1" slip="a multiply-accumulate is two FLOP"
def matmul_flop(M, K, N):
    return M * K * N

# %% wrong="q1" slip="K is summed over: each element of the product takes K of them"
def matmul_flop(M, K, N):
    return 2 * M * N

# %% [markdown] task="q2"
# Which share of these values is zero?

# %% answer="q2"
def sparsity(values):
    # solution
    return float(np.mean(np.array(values) == 0))
    # end solution

# %% check="q2" points=1
check("q2", sparsity, on=[([0, 1, 2],), ([0, 0, 3],), ([5, 0, -5, 2],)])

# %% draw="q2"
def draw(rng):
    return ([0, 0, 0, *(rng.randint(-2, 2) for _ in range(rng.randint(4, 40)))],)

# %% wrong="q2" slip="that is the share of values that are not zero"
def sparsity(values):
    return float(np.mean(np.array(values) != 0))

# %% wrong="q2" slip="that is how many are zero; divide by how many there are"
def sparsity(values):
    return float(np.sum(np.array(values) == 0))

# %% [markdown] task="q3"
# What is the sum of these values after a ReLU?

# %% answer="q3"
def relu_sum(values):
    # solution
    return float(np.maximum(values, 0).sum())
    # end solution

# %% check="q3" points=1
check("q3", relu_sum, on=[([1, -1],), ([2, -5, 3],), ([-4, 0, 1],)])

# %% draw="q3"
def draw(rng):
    return ([-3, *(rng.randint(-99, 99) for _ in range(rng.randint(4, 40)))],)

# %% wrong="q3" slip="a ReLU sets what is below zero to zero"
def relu_sum(values):
    return float(np.sum(values))

# %% wrong="q3" slip="a ReLU is not the absolute value"
def relu_sum(values):
    return float(np.abs(values).sum())

# %% [markdown] task="q4"
# What does a chip with a peak of 100 FLOP/s and 10 B/s of bandwidth reach at the arithmetic intensity I?

# %% answer="q4"
def attainable(I):
    # solution
    return min(100.0, 10.0 * I)
    # end solution

# %% check="q4" points=1
check("q4", attainable, on=[1, 2.5, 40])

# %% draw="q4"
def draw(rng):
    return rng.randint(1, 160) / 8

# %% wrong="q4" slip="below the ridge the bandwidth decides"
def attainable(I):
    return 100.0

# %% wrong="q4" slip="no chip does more than its peak"
def attainable(I):
    return 10.0 * I
"""
MARKS = {"right": 4, "half": 2, "wrong": 0}  # what each kind of student earns


@dataclass(frozen=True)
class Graded:
    """What a run took, and the most memory that the supervisor held.

    `seconds` go from the first submission handed out to the last mark in the gradebook, `whole` has start, lint and
    canary too.
    """

    count: int
    cores: int
    level: str
    seconds: Seconds
    whole: Seconds
    memory: Bytes

    @property
    def a_minute(self) -> float:
        """Notebooks a minute, once the run has started."""
        return 60 * self.count / self.seconds


def write_key(folder: Path) -> Path:
    """Write the reference exercise into a folder; returns its path."""
    source = folder / "01_reference.py"
    source.write_text(REFERENCE, encoding="utf-8")
    return source


def answers(questions: dict[str, Parts], kind: str) -> dict[str, str]:
    """The source of each answer of a student who is right, wrong, or right in the first half of the questions."""
    right = {"right": len(questions), "half": len(questions) // 2, "wrong": 0}[kind]
    return {
        id: reference(id, part.answer) if i < right else f"# answer: {id}\n{next(iter(part.wrong.values()))}"
        for i, (id, part) in enumerate(questions.items())
    }


def students(count: int) -> Iterator[tuple[str, str]]:
    """The name and the kind of each student.

    >>> list(students(3))
    [('student-000', 'right'), ('student-001', 'half'), ('student-002', 'wrong')]
    """
    for i in range(count):
        yield f"student-{i:03}", list(MARKS)[i % len(MARKS)]


def write_course(folder: Path, source: Path, count: int) -> None:
    """Write a folder per student, each with the reader's notebook of an exercise, answered."""
    notebook, questions = json.loads(reader_notebook(source)), parts(source.name, read_cells(source))
    for student, kind in students(count):
        given = answers(questions, kind)
        for cell in notebook["cells"]:
            if id := cell["metadata"].get("answer"):
                cell["source"] = given[id]
        (folder / student).mkdir(parents=True)
        (folder / student / f"{source.stem}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def graded(count: int, cores: int) -> Graded:
    """A course of so many notebooks graded in a process of its own, on so many of the cores there are.

    Raises ValueError where answers cannot be confined here, or a mark is not the one that the student earned.
    """
    command = [sys.executable, "-m", "labcore.grading.speed"]
    with tempfile.TemporaryDirectory(prefix="labcore-") as folder, on_cores(cores):
        done = subprocess.run([*command, folder, str(count)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"no course was graded: {(done.stderr.strip().splitlines() or ['it was silent'])[-1]}")
    return Graded(**json.loads(done.stdout))


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Let what starts within use only so many cores, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def grade_timed(folder: Path, count: int) -> Graded:
    """Grade a course of so many notebooks, confined as strongly as this machine can; workers for all cores."""
    source = write_key(folder)
    write_course(folder / "course", source, count)
    begun, handed_out, earned = time.monotonic(), [], {}
    setting = Setting(choose())
    with Gradebook.open(folder / "grades.db", create=True) as book:
        run = grade_course(
            folder / "course", source, book, setting, step=lambda *_: handed_out.append(time.monotonic())
        )
        for one in run:
            earned[one.handed.student] = one.report.earned
        end = time.monotonic()
    if wrong := {student for student, kind in students(count) if earned.get(student) != MARKS[kind]}:
        raise ValueError(f"the marks of {len(wrong)} of {count} are not those earned: {', '.join(sorted(wrong)[:5])}")
    return Graded(count, usable_cores(), setting.level, end - handed_out[0], end - begun, most_memory())


def most_memory() -> Bytes:
    """The most memory this process has held; what `getrusage` says holds the process that started this one, too."""
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


if __name__ == "__main__":
    json.dump(asdict(grade_timed(Path(sys.argv[1]), int(sys.argv[2]))), sys.stdout)
