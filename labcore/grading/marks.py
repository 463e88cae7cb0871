"""What grading one notebook gives: a result for each question, and flags for a teacher to look at.

Outcomes are `passed`, `partial`, `failed`, `unanswered`, `error` and `timeout`; only the first two earn points.
A flag never changes a mark. It says in words what happened, so that a person can decide what to make of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from labcore.grading.judge import NOT_ANSWERED

# what each flag is about; the words that a teacher reads are made where it is raised
FLAGS = {
    "unreadable": "the file is no notebook that can be read",
    "too-large": "the file is larger than the limit",
    "not-a-file": "a link, a pipe or a device lies where a notebook belongs; it was not opened",
    "unsafe-name": "a name in an archive points outside the archive; it was not used as a path",
    "no-notebook": "nothing to grade was handed in",
    "several-notebooks": "more than one notebook answers the exercise; one was graded",
    "late": "the learning platform calls it late",
    "name-only": "files give an id for some of this name and for others none; a name alone said whose it is",
    "other-student": "the notebook was released for another student, or its release mark is not this course's",
    "no-answers": "no cell answers any question",
    "lost-metadata": "cells lost their metadata or ids; answers were found by what is left",
    "duplicate": "more than one cell answers a question; they ran in their order",
    "check-edited": "a check cell was changed or is gone; the key's own was used",
    "setup-edited": "a setup cell was changed; it ran too, after the key's own",
    "nbval-marks": "tags or comments ask nbval to skip or ignore cells; they were not heeded",
    "internals": "a cell names parts of the grader or of the key",
    "helper-error": "a cell that answers no question raised an error",
    "forged": "a check gave more than one set of values, or values of another shape or name",
    "timeout": "a cell ran longer than it may",
    "died": "the kernel ended: an exit, a crash, or no memory left",
    "output": "a cell printed more than it may",
    "disk": "the cells wrote more than they may",
    "unfinished": "the time in all, or the number of runs, was used up before every question was reached",
    "grader-failed": "the grading process itself ended; nothing of this notebook was judged",
}


@dataclass(frozen=True)
class Flag:
    """Something that a teacher may want to look at."""

    code: str  # one of FLAGS
    words: str

    def __post_init__(self) -> None:
        if self.code not in FLAGS:
            raise ValueError(f"no flag {self.code!r}; there are: {', '.join(FLAGS)}")


@dataclass(frozen=True)
class Result:
    """What one question earned, and why."""

    question: str
    points: float
    earned: float
    outcome: str
    message: str
    slip: str = ""  # the likely slip in words, where one is known


def points(earned: float) -> str:
    """Points as they are printed: at most two decimals, none that are zero.

    >>> points(2.0), points(3.7143)
    ('2', '3.71')
    """
    return f"{round(earned, 2):g}"


@dataclass(frozen=True)
class Report:
    """The results of one notebook."""

    notebook: str
    exercise: str
    results: tuple[Result, ...]
    flags: tuple[Flag, ...] = ()
    notes: tuple[str, ...] = ()  # about this run, for whoever asked for it

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
            lines.append(f"{one.question:<5}{points(one.earned):>4} of {one.points:g}  {one.outcome}")
            words = one.message.removeprefix(f"{one.question}: ")
            if one.outcome != "passed" and words != NOT_ANSWERED:
                lines += [f"       {line}" for line in words.splitlines()]
        notes = [*(flag.words for flag in self.flags), *self.notes]
        lines += ["", f"total {points(self.earned):>3} of {self.points:g}", *(f"note: {words}" for words in notes)]
        return "\n".join(lines)

    def as_dict(self) -> dict:
        """The report as JSON takes it."""
        return asdict(self) | {"points": self.points, "earned": self.earned, "passed": self.passed}

    @classmethod
    def from_dict(cls, stored: dict) -> Report:
        """The report that `as_dict` wrote.

        >>> Report.from_dict(Report("a.ipynb", "01_small", ()).as_dict())
        Report(notebook='a.ipynb', exercise='01_small', results=(), flags=(), notes=())
        """
        results = tuple(Result(**one) for one in stored["results"])
        flags = tuple(Flag(**one) for one in stored["flags"])
        return cls(stored["notebook"], stored["exercise"], results, flags, tuple(stored["notes"]))
