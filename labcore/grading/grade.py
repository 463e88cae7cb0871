"""Grading: a notebook's answers run in its key through pytest and nbval, and the judge says why.

The key's check cells emit values, nbval compares them with those that the key has stored, and a question is
passed when nbval passed its check cell. Nothing else that a notebook says counts. The words come from the judge,
here, outside the kernel.

What is not promised yet: the answers run unconfined, with the rights of whoever grades. They can read, write and
send what that person can, the wanted values among it. Grade only notebooks that you would run yourself. The inputs
are those that readers see, so an answer that lists the values passes too.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from labcore.grading.environment import kernel_environment
from labcore.grading.judge import NOT_ANSWERED, Feedback, Question, judge, load_questions
from labcore.grading.submission import Submission, graft, read_key, read_submission
from labcore.house import checkout

CELL_SECONDS = 30.0
STARTUP_SECONDS = 90.0
MOST_RERUNS = 3


@dataclass(frozen=True)
class Result:
    """What one question earned, and why."""

    question: str
    points: float
    earned: float
    outcome: str  # passed, failed, unanswered, error or timeout
    message: str


@dataclass(frozen=True)
class Report:
    """The results of one notebook."""

    notebook: str
    exercise: str
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """All points that there are."""
        return sum(result.points for result in self.results)

    @property
    def earned(self) -> float:
        """The points earned."""
        return sum(result.earned for result in self.results)

    @property
    def passed(self) -> bool:
        """Whether every question passed."""
        return all(result.outcome == "passed" for result in self.results)

    def text(self) -> str:
        """A table with a line for each question, its feedback below, and the total."""
        lines = [f"{self.notebook}: exercise {self.exercise}", ""]
        for one in self.results:
            lines.append(f"{one.question:<5}{one.earned:>4g} of {one.points:g}  {one.outcome}")
            words = one.message.removeprefix(f"{one.question}: ")
            if one.outcome != "passed" and words != NOT_ANSWERED:
                lines += [f"       {line}" for line in words.splitlines()]
        lines += ["", f"total{self.earned:>4g} of {self.points:g}", *(f"note: {note}" for note in self.notes)]
        return "\n".join(lines)

    def as_dict(self) -> dict:
        """The report as JSON takes it."""
        return asdict(self) | {"points": self.points, "earned": self.earned, "passed": self.passed}


def grade(notebook_path: Path, key_path: Path | None = None, timeout: float = CELL_SECONDS) -> Report:
    """Grade one notebook; `timeout` is the seconds that a cell may run.

    Raises ValueError, in one line, for a file that is no notebook, a notebook that answers no question of its
    exercise, and an exercise that does not exist.
    """
    notebook_path = Path(notebook_path)
    submission = read_submission(notebook_path)
    key_path = Path(key_path) if key_path else find_key(submission)
    key, questions = read_key(key_path), load_questions(key_path.parent.parent / f"{key_path.stem}.json")
    answers = submission.answers(list(questions))
    if not any(answers.values()):
        marker = f"# answer: {next(iter(questions))}"
        raise ValueError(f"{submission.name} answers no question of {key_path.stem}; an answer cell says {marker!r}")
    records = run_to_the_end(key, answers, timeout)
    marks = (cell["metadata"] for cell in key["cells"] if "check" in cell["metadata"])
    points = {mark["check"]: mark["points"] for mark in marks}
    results = []
    for id, question in questions.items():
        feedback = settle(question, answers[id], records[id], timeout)
        results.append(Result(id, points[id], points[id] * feedback.score, feedback.outcome, feedback.message))
    several = {id: len(cells) for id, cells in answers.items() if len(cells) > 1}
    notes = [f"{count} cells answer {id}; they ran in their order" for id, count in several.items()]
    return Report(submission.name, key_path.stem, tuple(results), tuple(notes))


def find_key(submission: Submission) -> Path:
    """The key of the exercise that a notebook names in its metadata, else in its file name."""
    keys = {path.stem: path for path in sorted(checkout("exercises", "keys").glob("[0-9][0-9]_*.ipynb"))}
    for name in keys:
        if submission.exercise == name or (not submission.exercise and submission.name.startswith(name)):
            return keys[name]
    named = f"names the exercise {submission.exercise!r}" if submission.exercise else "names no exercise"
    raise ValueError(f"{submission.name} {named}; there are: {', '.join(keys) or 'none'}")


def run_to_the_end(key: dict, answers: dict[str, list[str]], timeout: float) -> dict[str, list[dict]]:
    """The records of each question's cells. An answer that ends the kernel is left out and the rest run again."""
    settled: dict[str, list[dict]] = {}
    for _ in range(1 + MOST_RERUNS):
        records = run_nbval(graft(key, answers | {id: [] for id in settled}), timeout)
        by_question = {id: [one for one in records if one["question"] == id] for id in answers}
        unreached = next((i for i, one in enumerate(records) if one["outcome"] == "unreached"), None)
        if unreached is None:
            break
        last = next(one for one in reversed(records[:unreached]) if one["question"])  # the last that the kernel ran
        last["outcome"] = "timeout" if last["outcome"] == "timeout" else "died"
        stopped = {one["question"] for one in records if one["outcome"] in ("timeout", "died")}
        settled |= {id: by_question[id] for id in stopped}
    return by_question | settled


def run_nbval(notebook: dict, timeout: float) -> list[dict]:
    """Run a grafted notebook through pytest and nbval in a process and a folder of their own; one record a cell.

    The process gets time for every cell to run out of it; after that it is ended, and its kernel with it.
    """
    with tempfile.TemporaryDirectory(prefix="labcore-") as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / "exercise.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-c", "pytest.ini", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "nbval.plugin", "-p", "labcore.grading.nbval_plugin", "--nbval", "--nbval-current-env"]
        command += [f"--nbval-cell-timeout={timeout}", "--labcore-records=records.jsonl", "exercise.ipynb"]
        patience = STARTUP_SECONDS + (timeout + 10) * len(notebook["cells"])
        environment = kernel_environment(folder) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        log = folder / "log.txt"  # a file, since a pipe stays open as long as any process that an answer started
        with log.open("w", encoding="utf-8") as out, contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, cwd=folder, env=environment, stdout=out, stderr=out, timeout=patience, check=False)
        records = read_records(folder / "records.jsonl")
        if not records:
            last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
            raise ChildProcessError(f"nbval did not run: {last or 'it was silent'}")
    return complete(records, notebook["cells"])


def read_records(path: Path) -> list[dict]:
    """The records that the plugin wrote, as far as it came."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def complete(records: list[dict], cells: list[dict]) -> list[dict]:
    """One record for each cell, in order: where the run was ended, the first missing cell is why.

    Raises ValueError where a cell of the key fails before any answer has run.
    """
    known = {one["cell"]: one for one in records}
    outcomes = iter(["timeout"])
    whole = []
    for cell in cells:
        question = cell["metadata"].get("answer") or cell["metadata"].get("check")
        blank = {"cell": cell["id"], "outcome": "", "error": "", "received": None}
        one = (known.get(cell["id"]) or blank | {"outcome": next(outcomes, "unreached")}) | {"question": question}
        if question is None and one["outcome"] != "passed" and not any(earlier["question"] for earlier in whole):
            raise ValueError(f"the key fails before any answer has run: {one['error'] or one['outcome']}")
        whole.append(one | {"is_check": "check" in cell["metadata"]})
    return whole


def settle(question: Question, sources: list[str], records: list[dict], timeout: float) -> Feedback:
    """What to say of one question: passed if nbval passed its check cell, else the reason, from the judge if it can."""
    id, outcomes = question.id, {one["outcome"] for one in records}
    check = next(one for one in records if one["is_check"])
    if not sources:
        return Feedback("unanswered", f"{id}: no cell answers it; its answer cell says '# answer: {id}'")
    if "timeout" in outcomes:
        return Feedback("timeout", f"{id}: stopped after {timeout:g} s; look for a loop that does not end")
    if "died" in outcomes:
        return Feedback("error", f"{id}: the kernel ended while this ran (exit, a crash, or no memory left)")
    if "unreached" in outcomes:
        return Feedback("error", f"{id}: not reached, since other answers ended the kernel {MOST_RERUNS + 1} times")
    received = check["received"]
    feedback = judge(question, received.get("got") if isinstance(received, dict) else None)
    if check["outcome"] == "passed":
        return feedback
    if feedback.outcome in ("failed", "unanswered"):
        return feedback
    return Feedback("error", f"{id}: {no_values(records)}")


def no_values(records: list[dict]) -> str:
    """Why a check cell gave no values to judge."""
    failed = [one for one in records if one["error"]]
    if not failed:
        return "its check gave no values, or more than one set of them; leave `emit` and `display` as they are"
    error = re.sub(r"\(\d+\.py, ", "(", failed[0]["error"])  # the kernel's name for the cell means nothing to a reader
    where = "its check" if failed[0]["is_check"] else "its answer cell"
    hint = "; keep the names that the cell came with" if error.startswith("NameError") else ""
    return f"{where} raises {error}{hint}"
