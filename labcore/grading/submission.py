"""A notebook that somebody worked on: read without trust in its form, its cells sorted and grafted into the key.

Only sources are taken from it. An answer cell is known by its metadata, else by its cell id, else by its marker
`# answer: q1`, so that lost metadata lose nobody's marks. Setup and check cells come from the key. All else that a
student wrote is a helper: it runs where it stood, before the next answer or check.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from labcore.grading.key import Key
from labcore.grading.marks import Flag
from labcore.grading.values import MIME

MARKER = re.compile(r"^[ \t]*#[ \t]*answer:[ \t]*(\w+)[ \t]*$", re.MULTILINE)
NBVAL_COMMENT = re.compile(r"^[ \t]*#[ \t]*(NBVAL_\w+|PYTEST_VALIDATE_\w+)", re.MULTILINE)
NBVAL_TAGS = re.compile(r"^(nbval-|raises-exception)")
INTERNALS = re.compile(
    r"vnd\.labcore|exercises/keys|labcore\s*\.\s*grading(?!\.check import exercise\b)|['\"]keys[./]|nbval_plugin"
)
MOST_BYTES = 50_000_000
MOST_CELLS = 2000


@dataclass(frozen=True)
class Submission:
    """A notebook's name, the exercise that its metadata name ('' where they do not), and its code cells."""

    name: str
    exercise: str
    cells: tuple[dict, ...]
    metadata: dict = field(default_factory=dict)


@dataclass
class Plan:
    """The cells of a submission by question, in the order in which they run before that question's check.

    Each is {"id", "kind": "answer" or "helper", "source"}.
    """

    cells: dict[str, list[dict]]
    flags: list[Flag] = field(default_factory=list)

    def answers(self, id: str) -> list[dict]:
        """The cells that say that they answer a question."""
        return [cell for cell in self.cells[id] if cell["kind"] == "answer"]


def read_submission(content: bytes, name: str) -> Submission:
    """A notebook file's content, read; raises ValueError, in one line, for anything that is not one.

    >>> read_submission(b"[1]", "a.ipynb")
    Traceback (most recent call last):
    ValueError: a.ipynb is not a notebook: it has no list of cells
    """
    notebook = read_json(content, name)
    cells = code_cells(notebook)
    if cells is None:
        raise ValueError(f"{name} is not a notebook: it has no list of cells")
    tidied = tuple(cell for cell in map(tidy, cells) if cell["source"].strip())
    if len(tidied) > MOST_CELLS:
        raise ValueError(f"{name} has {len(tidied)} code cells, more than {MOST_CELLS}; delete what answers nothing")
    metadata = mapping(mapping(notebook.get("metadata")).get("labcore"))
    named = metadata.get("exercise")
    return Submission(name, named if isinstance(named, str) else "", tidied, metadata)


def code_cells(notebook: object) -> list[dict] | None:
    """The code cells of a notebook of format 4, or 3 with its sheets; None for what is none."""
    notebook = mapping(notebook)
    sheets = notebook["worksheets"] if isinstance(notebook.get("worksheets"), list) else []
    lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)] or [notebook.get("cells")]
    if not all(isinstance(cells, list) for cells in lists):
        return None
    return [cell for cells in lists for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def read_json(content: bytes, name: str) -> object:
    """The JSON in a file's content."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"{name} holds more than {MOST_BYTES // 10**6} MB; clear its outputs and save it again")
    if not content.strip():
        raise ValueError(f"{name} is empty; save it again from JupyterLab")
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"{name} is not JSON in UTF-8; save it again from JupyterLab") from error
    except ValueError as error:
        if re.search(r"^<{7} ", text, re.MULTILINE):
            raise ValueError(f"{name} holds conflict markers of git; resolve them, then grade again") from error
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"{name} is not JSON{where}; save it again from JupyterLab") from error
    except RecursionError as error:
        raise ValueError(f"{name} is not a notebook: its JSON is nested too deeply") from error


def mapping(value: object) -> dict:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def tidy(cell: dict) -> dict:
    """A cell's id, metadata and source, each of the type it should have; half a surrogate pair becomes '?'."""
    source = cell.get("source", cell.get("input", ""))
    text = "".join(line for line in source if isinstance(line, str)) if isinstance(source, list) else source
    text = text.encode("utf-8", "replace").decode().replace("\r\n", "\n") if isinstance(text, str) else ""
    return {"id": str(cell.get("id", "")), "metadata": mapping(cell.get("metadata")), "source": text}


def sort_cells(submission: Submission, key: Key) -> Plan:
    """Each cell of a submission put where it runs in the key, with flags for what a teacher may want to see."""
    plan = Plan({id: [] for id in key.questions})
    waiting: list[dict] = []
    last, checks = "", set()
    for number, cell in enumerate(submission.cells):
        if id := answered(cell, plan.cells):
            waiting.append({"id": f"answer-{id}-{number}", "kind": "answer", "source": cell["source"]})
            plan.cells[id] += waiting
            last, waiting = id, []
        elif id := checked(cell, key):
            if cell["source"].strip() == key.reader_cells[f"check-{id}"].strip() and id not in checks:
                checks.add(id)
            plan.cells[id] += waiting
            last, waiting = id, []
        elif not setup_as_it_came(cell, key):
            if cell["id"] in key.reader_cells:
                plan.flags.append(Flag("setup-edited", "a setup cell was changed; it ran too, after the key's own"))
            waiting.append({"id": f"helper-{number}", "kind": "helper", "source": cell["source"]})
    if last:
        plan.cells[last] += waiting
    plan.flags += look(submission, plan, set(key.questions) - checks)
    return plan


def answered(cell: dict, ids: Mapping[str, object]) -> str | None:
    """The question that a cell answers: by metadata, else by cell id, else by marker; None for other cells."""
    marker = MARKER.search(cell["source"])
    for id in (cell["metadata"].get("answer"), cell["id"].removeprefix("answer-"), marker and marker[1]):
        if isinstance(id, str) and id in ids:
            return id
    return None


def checked(cell: dict, key: Key) -> str | None:
    """The question that a cell checks: by metadata, else by cell id, else by its source; None for other cells."""
    by_source = [id for id in key.questions if key.reader_cells[f"check-{id}"].strip() == cell["source"].strip()]
    for id in (cell["metadata"].get("check"), cell["id"].removeprefix("check-"), *by_source):
        if isinstance(id, str) and id in key.questions:
            return id
    return None


def setup_as_it_came(cell: dict, key: Key) -> bool:
    """Whether a cell is one of the reader's setup cells, unchanged."""
    return any(cell["source"].strip() == source.strip() for source in key.reader_cells.values())


def look(submission: Submission, plan: Plan, without_check: set[str]) -> list[Flag]:
    """Flags for what the cells look like, before any of them runs."""
    found = []
    doubled = [id for id in plan.cells if len(plan.answers(id)) > 1]
    if doubled:
        words = ", ".join(f"{len(plan.answers(id))} cells answer {id}" for id in doubled)
        found.append(Flag("duplicate", f"{words}; they ran in their order"))
    if not any(plan.answers(id) for id in plan.cells):
        found.append(Flag("no-answers", "no cell answers any question; an answer cell says '# answer: q1'"))
    elif not any({"answer", "check"} & set(cell["metadata"]) for cell in submission.cells):
        found.append(Flag("lost-metadata", "the cells have lost their metadata; ids or markers told what they answer"))
    if without_check:
        names = ", ".join(id for id in plan.cells if id in without_check)
        found.append(Flag("check-edited", f"the check of {names} was changed or is gone; the key's own was used"))
    if any(NBVAL_COMMENT.search(cell["source"]) or nbval_tagged(cell) for cell in submission.cells):
        found.append(Flag("nbval-marks", "tags or comments ask nbval to skip or ignore cells; they were not heeded"))
    if any(INTERNALS.search(cell["source"]) for cell in submission.cells):
        found.append(Flag("internals", "a cell names parts of the grader or of the key; have a look at it"))
    return found


def nbval_tagged(cell: dict) -> bool:
    """Whether a cell's tags speak to nbval."""
    tags = cell["metadata"].get("tags")
    return isinstance(tags, list) and any(isinstance(tag, str) and NBVAL_TAGS.match(tag) for tag in tags)


def graft(key: Key, plan: Plan, left_out: set[str]) -> dict:
    """The notebook that runs: the key's setup and checks with a submission's cells between them, less those left out.

    A check cell carries a placeholder where nbval looks for its reference; the values are in the grader's memory.
    """
    cells = []
    for cell in key.cells:
        id = cell["question"]
        if cell["role"] == "answer":
            cells += [runs(one["id"], one["kind"], id, one["source"]) for one in plan.cells[id]]
        else:
            cells.append(runs(cell["id"], cell["role"], id, cell["source"]))
    cells = [cell for cell in cells if cell["id"] not in left_out]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def runs(id: str, role: str, question: str | None, source: str) -> dict:
    """One code cell of the notebook that runs; only checks have an output to compare with."""
    placeholder = {"output_type": "display_data", "metadata": {}, "data": {MIME: {"question": question}}}
    return {
        "cell_type": "code",
        "id": id,
        "metadata": {"role": role, "question": question},
        "source": source,
        "outputs": [placeholder] if role == "check" else [],
        "execution_count": 1 if role == "check" else None,
    }
