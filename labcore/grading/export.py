"""Marks for other programs: CSV for spreadsheets and learning platforms, JSON with every detail, JUnit for CI.

Names and messages come from students. No cell of the CSV is taken for a formula, and no character leaves the XML
unreadable.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from labcore.grading.gradebook_rows import Mark, QuestionMark

# what XML cannot hold, and what turns text round or reorders it
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]")
# where a spreadsheet may begin a cell: at the start, and after what some take for a separator; then what takes no room
# or is no letter, then a sign that begins a formula, its wide, small, raised and lowered forms included
FORMULA = re.compile(r"(^|[;\t\r\n])([^\w!-~\t\r\n]*)(?=[=+\-@＝＋－＠﹢﹣﹦﹫⁺⁻⁼₊₋₌−﬩⩵⩶]|\A[\t\r]|(?<=[;\r\n])\t)")


def to_csv(marks: Iterable[Mark], excel: bool = False, maximum: bool = False) -> str:
    r"""One row a student: for each exercise the total and each question, flags, what a person decided, platform's id.

    Texts are quoted and numbers are not; a text that a spreadsheet could take for a formula gets an apostrophe. Lines
    end as RFC 4180 has it, so write it with newline="". `excel` puts a byte order mark first, which Excel wants;
    `maximum` a row with all points there are before the students.

    >>> to_csv([])
    '"student","flags","overridden","id"\r\n'
    """
    marks = list(marks)
    columns: dict[tuple[str, str], None] = {}  # (exercise, question), with '' for the total, in order
    for mark in marks:
        columns |= dict.fromkeys([(mark.exercise, ""), *((mark.exercise, one.question) for one in mark.questions)])
    columns = dict.fromkeys(sorted(columns, key=lambda column: column[0]))  # a late question stays with its exercise
    students: dict[str, list[Mark]] = {}
    for mark in marks:
        students.setdefault(mark.owner, []).append(mark)
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    names = [f"{exercise} {question}".rstrip() for exercise, question in columns]
    writer.writerow([safe(name) for name in ("student", *names, "flags", "overridden", "id")])
    if maximum:
        writer.writerow(["maximum points", *most_points(marks, columns), "", "", ""])
    for own in students.values():
        texts = flag_words(own), override_words(own), "; ".join(dict.fromkeys(one.id for one in own if one.id))
        writer.writerow([safe(own[0].student), *csv_numbers(own, columns), *map(safe, texts)])
    return ("\ufeff" if excel else "") + out.getvalue()


def most_points(marks: Iterable[Mark], columns: Iterable[tuple[str, str]]) -> list[float | str]:
    """All points that there are in the order of the columns; where keys differed, the most that anybody could have."""
    most: dict[tuple[str, str], float] = {}
    for mark in marks:
        for column, points in [("", mark.points), *((one.question, one.points) for one in mark.questions)]:
            most[mark.exercise, column] = max(points, most.get((mark.exercise, column), 0))
    return [number(most[column]) for column in columns]


def csv_numbers(own: Sequence[Mark], columns: Iterable[tuple[str, str]]) -> list[float | str]:
    """One student's points in the order of the columns; empty where there are none."""
    earned = {(mark.exercise, one.question): one.earned for mark in own for one in mark.questions}
    earned |= {(mark.exercise, ""): mark.earned for mark in own}
    return [number(earned[column]) if column in earned else "" for column in columns]


def number(value: float) -> float:
    """A number without the dust of binary fractions, whole where it is whole.

    >>> number(0.1 + 0.2), number(2.0)
    (0.3, 2)
    """
    value = round(value, 9)
    return int(value) if value == int(value) else value


def flag_words(own: Iterable[Mark]) -> str:
    """The flags of one student in one text."""
    return "; ".join(f"{mark.exercise}: {flag.code}" for mark in own for flag in mark.flags)


def override_words(own: Iterable[Mark]) -> str:
    """What a person decided for one student, and why, in one text."""
    each = ((mark.exercise, one.question, one.override) for mark in own for one in mark.questions if one.override)
    return "; ".join(f"{exercise} {question}: {o.reason} ({o.author})" for exercise, question, o in each)


def safe(text: str) -> str:
    """A text for a cell that no spreadsheet takes for a formula; a leading apostrophe marks it as text.

    >>> safe("=1+1"), safe("  @now"), safe("Ann; -Marie"), safe("Anne-Marie")
    ("'=1+1", "'  @now", "Ann;' -Marie", 'Anne-Marie')
    """
    return FORMULA.sub(r"\1'\2", readable(text))


def readable(text: str) -> str:
    r"""A text with a mark in place of each character that XML cannot hold or that reorders its neighbours.

    >>> readable("bell\a").endswith("bell\N{REPLACEMENT CHARACTER}")
    True
    """
    return UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def to_json(marks: Iterable[Mark]) -> str:
    """A JSON object {"format": "labcore marks", "version": 1, "marks": [...]}, one mark a student and exercise.

    A mark has `student`, `exercise`, `run` (the number of the run that counts), `file`, `sha256` (of its content),
    `recorded` (UTC, ISO 8601), `seconds`, `earned`, `points`, `flags` (each `code`, `words`), `id` (the platform's, or
    empty), `key` (what the gradebook calls the student for good) and `questions`: each `question`, `points`, `earned`,
    `graded` (what the grader gave), `outcome`, `message`, `slip`, `override`, null or `earned`, `author`, `reason`,
    `made_at`, and `regraded` (whether the grader judged anew since). All characters are ASCII; others are escaped.
    """
    each = [asdict(mark) | {"earned": mark.earned, "points": mark.points} for mark in marks]
    return json.dumps({"format": "labcore marks", "version": 1, "marks": each}, indent=1, allow_nan=False) + "\n"


def to_junit(marks: Iterable[Mark]) -> str:
    """JUnit XML: a suite for each student and exercise, a case for each question.

    A case passes with full points, is an error where the answer ended or ran out of time, else a failure.
    """
    root = ET.Element("testsuites", name="labcore grade")
    for mark in marks:
        name = readable(f"{mark.student}: {mark.exercise}")
        suite = ET.SubElement(root, "testsuite", name=name, time=f"{mark.seconds:.3f}", timestamp=mark.recorded)
        for one in mark.questions:
            case = ET.SubElement(suite, "testcase", classname=name, name=readable(one.question))
            if kind := junit_kind(one):
                message = readable(f"{one.earned:g} of {one.points:g} points: {one.outcome}")
                ET.SubElement(case, kind, type=readable(one.outcome), message=message).text = readable(detail(one))
        kinds = [junit_kind(one) for one in mark.questions]
        counts = {"tests": len(kinds), "failures": kinds.count("failure"), "errors": kinds.count("error")}
        suite.attrib |= {name: str(count) for name, count in counts.items()} | {"skipped": "0"}
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name)) for suite in root)))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def junit_kind(one: QuestionMark) -> str:
    """What JUnit calls this result: empty for a case that passes."""
    if one.earned >= one.points:
        return ""
    return "error" if one.outcome in ("error", "timeout") else "failure"


def detail(one: QuestionMark) -> str:
    """All that is said of a question: the message, the slip where the message has none, and a person's decision."""
    slip = f"Likely slip: {one.slip}" if one.slip and one.slip not in one.message else ""
    decision = f"Set to {one.override.earned:g} by {one.override.author}: {one.override.reason}" if one.override else ""
    return "\n".join(filter(None, (one.message, slip, decision)))
