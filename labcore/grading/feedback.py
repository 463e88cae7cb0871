"""Feedback for students: one page each, with nothing in it that runs, loads or leads elsewhere.

A page holds what the report holds: outcomes, points, messages, likely slips, decisions of people. Hidden inputs and
wanted values for them are in no report. Of the flags, students see those that tell them what to mend; those that a
teacher has to judge first, such as `forged`, stay with the teacher.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from labcore.grading.export import readable
from labcore.grading.gradebook_rows import Mark, QuestionMark
from labcore.house import write_atomically

FOR_STUDENTS = (
    "unreadable", "too-large", "no-notebook", "several-notebooks", "late", "no-answers", "lost-metadata", "duplicate",
    "check-edited", "setup-edited", "helper-error", "timeout", "died", "output", "disk", "unfinished",
    "grader-failed",
)  # fmt: skip
OUTCOMES = {  # a sign and words for each; the sign is decoration
    "passed": ("✓", "right"),
    "partial": ("◐", "partly right"),
    "failed": ("✗", "not right yet"),
    "unanswered": ("○", "not answered"),
    "error": ("!", "stopped by an error"),
    "timeout": ("…", "ran out of time"),
}
OURS = '<meta name="generator" content="labcore grade feedback">'
PLAIN_NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # names of devices under Windows
MOST_NAME = 40

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --ground: #fff; --soft: #f1f3f5; --line: #8a8f94;
  --good: #14562f; --half: #6b4300; --bad: #8f1d14; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --ground: #16181a; --soft: #23272a; --line: #80868b;
  --good: #8fdcae; --half: #f2c879; --bad: #ffb0a6; } }
body { margin: 0 auto; max-width: 54rem; padding: 1.5rem 1rem 3rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; font-variant-ligatures: none; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0; }
table { width: 100%; border-collapse: collapse; margin-top: .75rem; }
caption { text-align: start; padding-bottom: .5rem; }
th, td { text-align: start; vertical-align: top; padding: .5rem .75rem .5rem 0; border-top: 1px solid var(--line); }
thead th { border-top: 0; overflow-wrap: normal; }
tfoot th, tfoot td { border-top: 2px solid var(--ink); font-weight: bold; }
td.points, td.outcome { overflow-wrap: normal; }
td.points { white-space: nowrap; font-variant-numeric: tabular-nums; }
td.outcome { font-weight: bold; min-width: 7rem; }
.passed { color: var(--good); } .partial, .unanswered { color: var(--half); }
.failed, .error, .timeout { color: var(--bad); }
.said { white-space: pre-wrap; }
.decided, .notes { background: var(--soft); border-inline-start: .25rem solid var(--line); padding: .5rem .75rem;
  margin: .5rem 0 0; }
.notes ul { margin: 0; padding-inline-start: 1.25rem; }
@media (max-width: 34rem) {
  thead { position: absolute; clip-path: inset(50%); }
  tr { display: block; border-top: 1px solid var(--line); padding: .5rem 0; }
  th, td, tfoot th, tfoot td { display: block; border: 0; padding: .1rem 0; }
}
@media print { body { max-width: none; } tr { break-inside: avoid; } }
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)


def write_feedback(marks: Iterable[Mark], folder: Path | str) -> list[Path]:
    """Write one page a student into a folder, and return the pages in the order of the students.

    Raises ValueError before anything is written where a page's name is taken by a link or by a file of another kind.
    """
    folder = Path(folder)
    students: dict[str, list[Mark]] = {}
    for mark in marks:
        students.setdefault(mark.owner, []).append(mark)
    pages = {folder / page_name(owner): page(own[0].student, own) for owner, own in students.items()}
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is a file; name a folder for the feedback")
    for path in pages:
        refuse_others(path)
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in pages.items():
        write_atomically(path, text)
    return list(pages)


def refuse_others(path: Path) -> None:
    """Raise ValueError where something lies that is no page of ours."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise ValueError(f"{path} is a link or a folder, not a page of feedback; move it away or choose another folder")
    if path.exists() and OURS not in path.read_bytes()[:2000].decode(errors="replace"):
        raise ValueError(f"{path} is not a page of feedback; move it away or choose another folder")


def page_name(student: str) -> str:
    """A file name for a student: the name itself where every system takes it, else its letters and a hash of it.

    `student` is the gradebook's key. The name depends on nothing else, so a page keeps it, whoever joins, and no two
    students share one.

    >>> page_name("ada"), page_name("Ada Lovelace"), page_name("../../x")
    ('ada.html', 'Ada-Lovelace--767402161715.html', 'x--9cdf6a50100a.html')
    """
    if PLAIN_NAME.fullmatch(student) and not RESERVED.fullmatch(student) and len(student) <= MOST_NAME:
        return f"{student}.html"
    letters = re.sub(r"\W+", "-", unicodedata.normalize("NFKC", student)).strip("-_")[:MOST_NAME]
    code = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{letters or 'student'}--{code}.html"


def page(student: str, own: Sequence[Mark]) -> str:
    """The page of one student."""
    earned, points = sum(mark.earned for mark in own), sum(mark.points for mark in own)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
{OURS}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Feedback for {html(student)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Feedback for {own_words(student)}</h1>
<p><strong>{earned:.6g} of {points:.6g} points in all</strong></p>
{"".join(section(mark) for mark in own)}</main>
</body>
</html>
"""


def section(mark: Mark) -> str:
    """One exercise: what was graded, what there is to note, and a table of the questions."""
    notes = "".join(f"<li>{own_words(flag.words)}</li>" for flag in mark.flags if flag.code in FOR_STUDENTS)
    noted = f'<div class="notes"><ul>{notes}</ul></div>\n' if notes else ""
    day, time = mark.recorded[:10], mark.recorded[11:16]
    names = ("Question", "Outcome", "Points", "Feedback")
    heads = "".join(f'<th scope="col" role="columnheader">{name}</th>' for name in names)
    total = f"{mark.earned:.6g} of {mark.points:.6g}"
    return f"""<section>
<h2>{own_words(mark.exercise)}</h2>
<p>Graded: {own_words(mark.file)}, {html(day)} {html(time)} UTC</p>
{noted}<table role="table">
<caption>Each question of {own_words(mark.exercise)}, with its points and what the grader says</caption>
<thead role="rowgroup"><tr role="row">{heads}</tr></thead>
<tbody role="rowgroup">
{"".join(question_row(one) for one in mark.questions)}</tbody>
<tfoot role="rowgroup">{row("Total", cell(""), cell(total, "points"), cell(""))}</tfoot>
</table>
</section>
"""


def question_row(one: QuestionMark) -> str:
    """One question: outcome in words, points, message, slip, and a person's decision with its reason."""
    sign, words = OUTCOMES.get(one.outcome, ("", one.outcome))
    kind = one.outcome if one.outcome in OUTCOMES else "other"
    said = one.message.removeprefix(f"{one.question}: ")
    feedback = f'<div class="said" dir="auto">{html(said)}</div>'
    if one.slip and one.slip not in said:
        feedback += f'<div class="said" dir="auto">Likely slip: {html(one.slip)}</div>'
    if one.override:
        decided = f"Your teacher set this to {one.earned:.6g} of {one.points:.6g}; the grader gave {one.graded:.6g}."
        feedback += f'<div class="decided">{decided} Reason: {own_words(one.override.reason)}</div>'
    outcome = cell(f'<span aria-hidden="true">{sign}</span> {html(words)}', f"outcome {kind}")
    return row(html(one.question), outcome, cell(f"{one.earned:.6g} of {one.points:.6g}", "points"), cell(feedback))


def row(head: str, *cells: str) -> str:
    """A row of the table; its roles keep it one for screen readers where a narrow window stacks its cells."""
    return f'<tr role="row"><th scope="row" role="rowheader">{head}</th>{"".join(cells)}</tr>\n'


def cell(content: str, kind: str = "") -> str:
    """A cell of the table."""
    return f'<td class="{kind}" role="cell">{content}</td>'


def own_words(text: str) -> str:
    """Somebody's text in a sentence of ours, kept from reordering it where it runs from right to left."""
    return f"<bdi>{html(text)}</bdi>"


def html(text: str) -> str:
    """A text as HTML shows it.

    >>> html('<b a="1">')
    '&lt;b a=&quot;1&quot;&gt;'
    """
    return escape(readable(text))
