"""What a class made of each question: how hard it was, what came out, and which slips were common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from labcore.grading.export import readable
from labcore.grading.gradebook_rows import Mark, QuestionMark

OUTCOMES = ("passed", "partial", "failed", "unanswered", "error", "timeout")
MOST_SLIPS = 3


@dataclass(frozen=True)
class QuestionSummary:
    """One question over all students; `facility` is the mean share of its points that they earned."""

    exercise: str
    question: str
    students: int
    facility: float
    outcomes: dict[str, int]
    slips: tuple[tuple[str, int], ...]  # the most common first, with counts


def summary(marks: Iterable[Mark]) -> list[QuestionSummary]:
    """A summary of each question, by exercise, in the order of the questions."""
    found: dict[tuple[str, str], list[QuestionMark]] = {}
    for mark in marks:
        for one in mark.questions:
            found.setdefault((mark.exercise, one.question), []).append(one)
    return [summarize(*key, each) for key, each in sorted(found.items(), key=lambda item: item[0][0])]


def summarize(exercise: str, question: str, each: list[QuestionMark]) -> QuestionSummary:
    """The summary of one question; a question that gives no points counts as earned by those who passed it."""
    shares = [one.earned / one.points if one.points else float(one.outcome == "passed") for one in each]
    outcomes = Counter(one.outcome for one in each)
    slips = Counter(one.slip for one in each if one.slip)
    common = tuple(sorted(slips.items(), key=lambda item: (-item[1], item[0]))[:MOST_SLIPS])
    return QuestionSummary(exercise, question, len(each), sum(shares) / len(each), dict(outcomes), common)


def summary_table(summaries: Iterable[QuestionSummary], wide: bool = True) -> Table | Group:
    """The summaries for a terminal, a question a row. Not wide: a table for each exercise, students not counted."""
    if not wide:
        each = groupby(summaries, key=lambda one: one.exercise)
        return Group(*(question_table(list(own), readable(exercise)) for exercise, own in each))
    return question_table(list(summaries))


def question_table(summaries: Iterable[QuestionSummary], title: str = "") -> Table:
    """A table with a row for each question; with a title, which names the exercise, in fewer columns."""
    table = Table(show_edge=False, header_style="bold", title=escape(title) or None, title_justify="left")
    for name in ("question", "points\nearned") if title else ("exercise", "question", "students", "points earned"):
        table.add_column(name, justify="left" if name in ("exercise", "question") else "right", overflow="fold")
    table.add_column("outcomes", overflow="fold", min_width=20 if title else None)
    table.add_column("common slips", overflow="fold")
    for one in summaries:
        slips = escape(readable("\n".join(f"{count} x {words}" for words, count in one.slips)))
        question, earned = escape(readable(one.question)), f"{one.facility:.0%}"
        names = (question,) if title else (escape(readable(one.exercise)), question, str(one.students))
        table.add_row(*names, earned, escape(readable(outcome_words(one.outcomes))), slips)
    return table


def outcome_words(outcomes: dict[str, int]) -> str:
    """Counts by outcome in one text, the best outcome first.

    >>> outcome_words({"failed": 1, "passed": 20})
    '20 passed, 1 failed'
    """
    known = [name for name in OUTCOMES if name in outcomes]
    others = [name for name in outcomes if name not in OUTCOMES]
    return ", ".join(f"{outcomes[name]} {name}" for name in (*known, *others))
