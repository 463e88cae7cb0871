"""What a worker does with one submission: sort its cells into the key, run them through nbval, say what each earned.

`Job` is a pure function of its fields: a submission's bytes, a key with its references, limits. It runs in a process
of its own that no answer can reach; what the answers' kernel says is JSON, evidence only where the values are right.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from labcore.grading import grammars  # noqa: F401 (for its effect)
from labcore.grading.environment import kernel_environment
from labcore.grading.judge import Feedback
from labcore.grading.key import Key
from labcore.grading.limits import Limits
from labcore.grading.marks import Flag, Report, Result
from labcore.grading.nbval_plugin import Record, Run, run_notebook
from labcore.grading.submission import MOST_BYTES, Plan, graft, read_submission, sort_cells

MOST_RERUNS = 3
WORKER_MEMORY = 6_000_000_000  # bytes of address space; a hostile file or message must not take the machine
STOPPED = {  # why a kernel was ended: what is said of the question, what of the notebook
    "died": "the kernel ended while {this} ran (exit, a crash, or no memory left)",
    "timeout": "{this}stopped after {cell:g} s; look for a loop that does not end",
    "output": "{this}stopped after printing more than {output:g} B; print less",
    "disk": "{this}stopped after writing more than {disk:g} B; write less",
}


@dataclass(frozen=True)
class Surroundings:
    """Where kernels come from: the zygote's socket ('' to start one cold) and the level of confinement."""

    zygote: str
    level: str


@dataclass(frozen=True)
class GradeJob:
    """Grade one submission; called, it returns a Report."""

    content: bytes
    name: str
    key: Key
    limits: Limits
    surroundings: Surroundings

    def __call__(self) -> Report:
        """Grade it; raises ChildProcessError where no kernel could be started."""
        bound_memory()
        try:
            submission = read_submission(self.content, self.name)
        except ValueError as error:
            code = "too-large" if len(self.content) > MOST_BYTES else "unreadable"
            return unreadable(self.name, self.key, str(error), code)
        plan = sort_cells(submission, self.key)
        if not any(plan.cells.values()):
            return settle(self.name, self.key, plan, {}, self.limits)
        return settle(self.name, self.key, plan, run_to_the_end(self, plan), self.limits)


@dataclass(frozen=True)
class CellsJob:
    """Run cells one after another in a fresh kernel; called, it returns the outputs of each."""

    name: str
    sources: list[str]
    limits: Limits
    surroundings: Surroundings

    def __call__(self) -> list[list[dict]]:
        """Run them; raises ValueError, with the cell, where one raises or runs too long."""
        from labcore.grading.exercise import execute

        try:
            return execute(self.name, self.sources, manager=new_kernel(self.surroundings, self.limits))
        except RuntimeError as error:
            raise ChildProcessError(f"no kernel could be started: {error}") from error


def bound_memory() -> None:
    """Give this process an end to its memory, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = WORKER_MEMORY if hard == resource.RLIM_INFINITY else min(hard, WORKER_MEMORY)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def new_kernel(surroundings: Surroundings, limits: Limits) -> object:
    """The manager of a kernel that is not started yet: forked by the zygote, or started cold and unconfined."""
    if surroundings.zygote:
        from labcore.grading.provisioner import kernel_manager

        return kernel_manager(surroundings.zygote, surroundings.level, limits)
    from jupyter_client.manager import KernelManager

    folder = Path(tempfile.mkdtemp(prefix="labcore-"))
    os.environ.update(kernel_environment(folder))
    manager = KernelManager(kernel_name="python3", connection_file=str(folder / "connection.json"))
    manager.start_kernel = partial(manager.start_kernel, cwd=str(folder), env=dict(os.environ))
    return manager


@dataclass
class Progress:
    """What is known after some runs: records of cells by id, and the cells to leave out of the next run."""

    records: dict[str, Record] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)


def run_to_the_end(job: GradeJob, plan: Plan) -> dict[str, Record]:
    """The records of all cells. A cell that ends the kernel is left out and the rest run again."""
    known = Progress()
    end = time.monotonic() + job.limits.total
    for _ in range(1 + MOST_RERUNS):
        notebook = graft(job.key, plan, known.left_out)
        kernel = partial(new_kernel, job.surroundings, job.limits)
        records = run_notebook(notebook, Run(job.key.questions, kernel, job.limits, end))
        for record in records:
            if known.records.get(record.cell, record).outcome in ("unreached", record.outcome):
                known.records[record.cell] = record
        reached = [one for one in records if one.outcome != "unreached"]
        if len(reached) == len(records) or not reached or time.monotonic() >= end:
            break
        culprit = reached[-1]
        if culprit.outcome not in STOPPED:
            culprit.outcome = "died"  # the cell ended, and something that it had started ended the kernel then
        if culprit.role == "setup":
            raise ChildProcessError(f"the key's own setup ended the kernel: {culprit.outcome}")
        known.records[culprit.cell] = culprit
        known.left_out |= {one.cell for one in reached if one.outcome in STOPPED}
    return known.records


def settle(name: str, key: Key, plan: Plan, records: dict[str, Record], limits: Limits) -> Report:
    """What each question earned, and the flags of the whole."""
    by_question: dict[str, list[Record]] = {id: [] for id in key.questions}
    for record in records.values():
        if record.question in by_question:
            by_question[record.question].append(record)
    results = []
    for id, points in key.points.items():
        feedback = question_feedback(id, bool(plan.answers(id)), by_question[id], limits)
        message = feedback.message
        results.append(Result(id, points, points * feedback.score, feedback.outcome, message, feedback.slip))
    return Report(name, key.exercise, tuple(results), merged([*plan.flags, *flags(records, plan, limits)]))


def question_feedback(id: str, answered: bool, records: list[Record], limits: Limits) -> Feedback:
    """What to say of one question: the judge's words where values came, else the reason why none did."""
    check = next((one for one in records if one.role == "check"), None)
    if check and check.feedback and check.feedback.outcome != "unanswered":
        return check.feedback
    if stopped := next((one for one in records if one.outcome in STOPPED and one.role != "helper"), None):
        outcome = "timeout" if stopped.outcome == "timeout" else "error"
        return Feedback(outcome, f"{id}: {stopped_words(stopped, limits)}")
    if not answered:
        return Feedback("unanswered", f"{id}: no cell answers it; its answer cell says '# answer: {id}'")
    if check is None or check.outcome == "unreached":
        return Feedback("error", f"{id}: not reached; other cells used up the time or ended the kernel too often")
    return check.feedback or Feedback("error", f"{id}: {no_values(records)}")


def stopped_words(record: Record, limits: Limits, role: str = "") -> str:
    """Why a cell was stopped, in words; with its role, in a sentence that says which cell."""
    cell = {"check": "its check", "answer": "its answer cell"}.get(role, "a cell before its check")
    died = record.outcome == "died"
    this = (cell if died else f"{cell} was ") if role else "this" if died else ""
    return STOPPED[record.outcome].format(this=this, cell=limits.cell, output=limits.output, disk=limits.disk)


def no_values(records: list[Record]) -> str:
    """Why a check cell gave no values to judge."""
    failed = [one for one in records if one.error and one.role != "helper"]
    if not failed:
        return "its check gave no values, or more than one set of them; leave `emit` and `display` as they are"
    error = re.sub(r"\(\d+\.py, ", "(", failed[0].error)  # the kernel's name for the cell means nothing to a reader
    where = "its check" if failed[0].role == "check" else "its answer cell"
    hint = "; keep the names that the cell came with" if error.startswith("NameError") else ""
    return f"{where} raises {error}{hint}"


def flags(records: dict[str, Record], plan: Plan, limits: Limits) -> list[Flag]:
    """Flags for what happened while the cells ran."""
    found = [
        Flag(one.outcome, f"{one.question}: {stopped_words(one, limits, one.role)}")
        for one in records.values()
        if one.outcome in STOPPED
    ]
    for one in records.values():
        if one.role == "helper" and one.outcome == "error":
            found.append(Flag("helper-error", f"a cell before the check of {one.question} raises {one.error[:200]}"))
        if one.forged:
            found.append(Flag("forged", f"the check of {one.question} gave other values than one for each input"))
    unfinished = sorted({one.question for one in records.values() if one.outcome == "unreached" and one.question})
    if unfinished:
        found.append(Flag("unfinished", f"not reached: {', '.join(unfinished)}"))
    return found


def merged(flags: list[Flag]) -> tuple[Flag, ...]:
    """One flag for each code, with the words of all of them."""
    words: dict[str, dict[str, None]] = {}
    for flag in flags:
        words.setdefault(flag.code, {})[flag.words] = None
    return tuple(Flag(code, "; ".join(list(each)[:5])) for code, each in words.items())


def unreadable(name: str, key: Key, words: str, code: str = "unreadable") -> Report:
    """The report on a file in which nothing can be graded."""
    results = [
        Result(id, points, 0.0, "unanswered", f"{id}: nothing could be graded") for id, points in key.points.items()
    ]
    return Report(name, key.exercise, tuple(results), (Flag(code, words),))


def main() -> None:
    """Run one pickled job from standard input and write its pickled result to standard output."""
    import pickle

    from labcore.grading.zygote import run

    job, out = pickle.load(sys.stdin.buffer), sys.stdout.buffer
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = nowhere
        result = run(job)
    pickle.dump(result, out)
    out.flush()


if __name__ == "__main__":
    main()
