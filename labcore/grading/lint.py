"""Whether an exercise can be trusted with marks: run with several seeds, its key is held against itself.

Errors, each of which lets a wrong answer earn points or a right one lose them:
`FORMAT`, `FAILS`    the source breaks the format, or a cell of it fails
`EMPTY`, `DRAW`      a check emits nothing that can be compared; hidden inputs cannot be drawn or written out
`KEY`, `BLANK`       the reference does not score in full; the stub scores
`PASSES`             a catalogued wrong answer is right on every input, or on every input that readers see
`HARD-CODABLE`       a constant, or a table of the values shown, would pass. An answer that is a value must depend on
                     parameters; such answers are let off with a warning while together they are worth at most a tenth
                     of the points, since a value can teach though it cannot grade
`FLAKY`              two runs with one seed differ
Warnings: `WEAK`     few values are wanted, one is right for more than half of the hidden inputs, or all of a seed's
                     hidden inputs miss a wrong answer
`ALIKE`              the inputs that readers see do not tell a wrong answer from another
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import SystemRandom

from labcore.grading.exercise import BOOK, execute, given_cells, parameter_values, run
from labcore.grading.exercise_format import key_cell, parts, read_cells
from labcore.grading.key import Key, made_key
from labcore.grading.lint_rules import Finding, Trial, all_findings
from labcore.grading.values import as_source

SEEDS = 5


@dataclass(frozen=True)
class LintReport:
    """What lint finds in one exercise."""

    exercise: str
    findings: tuple[Finding, ...]
    seeds: tuple[str, ...] = ()
    questions: int = 0
    points: float = 0

    @property
    def ok(self) -> bool:
        """Whether there are no errors; warnings do not count."""
        return not self.errors

    @property
    def errors(self) -> list[Finding]:
        """The findings that are errors."""
        return [one for one in self.findings if one.level == "error"]

    def as_dict(self) -> dict:
        """The report as JSON takes it."""
        return asdict(self) | {"ok": self.ok}

    def text(self) -> str:
        """A line for each finding, and what was tried in the first."""
        errors, warnings = len(self.errors), len(self.findings) - len(self.errors)
        tried = f"{self.questions} questions, {self.points:g} points, {len(self.seeds)} seeds"
        lines = [f"{self.exercise}: {tried}: {errors} errors, {warnings} warnings"]
        return "\n".join([*lines, *(f"  {one.level:<8}{one}" for one in self.findings)])


def lint(source: Path, seeds: int | list[str] = SEEDS, execute: Callable = execute) -> LintReport:
    """What is wrong with one exercise, found with so many seeds, or with these; `execute` runs cells in a kernel."""
    rng = SystemRandom()
    seeds = [f"{rng.getrandbits(64):016x}" for _ in range(seeds)] if isinstance(seeds, int) else seeds
    return examine(source, dict.fromkeys(seeds), execute)[0]


def quick_lint(source: Path, seed: str, execute: Callable = execute, parameters: dict | None = None) -> Key:
    """The key for one seed, of an exercise without errors for this seed and for another one.

    Raises ValueError, in one line, with the first errors there are.
    """
    book = parameter_values(source, BOOK) if parameters is None else parameters
    report, key = examine(source, {seed: book, f"{seed}:again": None}, execute)
    if key is None:
        first, more = report.errors[:3], len(report.errors) - 3
        words = [*map(str, first), *([f"and {more} more"] if more > 0 else [])]
        raise ValueError(f"{source.name} cannot grade: {'; '.join(words)}; `labcore grade lint` says it all")
    return key


def examine(source: Path, trials: dict[str, dict | None], execute: Callable) -> tuple[LintReport, Key | None]:
    """The report on an exercise tried with these seeds, and the key for the first where there are no errors.

    A seed comes with the parameters to take, else it draws its own. Seeds of equal parameters share one run.
    """
    report = LintReport(source.stem, (), tuple(trials))
    try:
        questions = parts(source.name, read_cells(source))
        report = replace(report, questions=len(questions), points=sum(one.points for one in questions.values()))
        given = {seed: parameter_values(source, seed) if own is None else own for seed, own in trials.items()}
        passes = [(given_cells(source, own), seeds) for own, seeds in grouped(given)]
    except ValueError as error:
        return replace(report, findings=(Finding("error", "FORMAT", "", str(error)),)), None
    try:
        found, again = (run_passes(source, passes, execute, wrong) for wrong in (True, False))
    except ValueError as error:
        return replace(report, findings=(Finding("error", "FAILS", "", str(error)),)), None
    asked = [
        Trial(id, part, *({s: v[id] for s, v in one.items()} for one in (found, again)))
        for id, part in questions.items()
    ]
    report = replace(report, findings=tuple(all_findings(asked, report.points)))
    if not report.ok:
        return report, None
    seed = next(iter(trials))
    return report, made_key(source, seed, given_cells(source, given[seed]), found[seed])


def grouped(given: dict[str, dict]) -> list[tuple[dict, list[str]]]:
    """Parameters with the seeds that have them.

    >>> grouped({"a": {"N": 1}, "b": {"N": 2}, "c": {"N": 1}})
    [({'N': 1}, ['a', 'c']), ({'N': 2}, ['b'])]
    """
    groups: dict[str, tuple[dict, list[str]]] = {}
    for seed, own in given.items():
        groups.setdefault(as_source(own), (own, []))[1].append(seed)
    return list(groups.values())


def run_passes(source: Path, passes: list[tuple[list[dict], list[str]]], execute: Callable, wrong: bool) -> dict:
    """By seed, what a run of the key emits for each question."""
    keys = [([key_cell(cell) for cell in cells], parts(source.name, cells), seeds) for cells, seeds in passes]
    found = run(source.name, keys, execute, wrong)
    return {seed: values for (_, seeds), values in zip(passes, found, strict=True) for seed in seeds}
