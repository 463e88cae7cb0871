"""The key of one run: what the reference gives for inputs that nobody could know before.

A run of the grader has a seed. From it the hidden inputs of every question are drawn, in the kernel that runs the
reference and the catalogued wrong answers, once. The key then holds cells to run with somebody's answers, whose
checks emit values for literal inputs, and questions that say what these values should be.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from labcore import __version__
from labcore.grading.exercise import (
    DRAWN,
    REFERENCE,
    STUB,
    comparable,
    execute,
    given_cells,
    notebook_cell,
    run,
)
from labcore.grading.exercise_format import TEACHERS, Parts, asked_name, key_cell, parts, reader_cell
from labcore.grading.judge import Question

FORMAT = "2"  # of exercise sources; another one makes other keys


@dataclass(frozen=True)
class Key:
    """What grading one exercise needs; plain data, so that it can be sent to another process."""

    exercise: str
    seed: str
    hash: str  # of the source, labcore's version and the format's: a change asks for grading anew
    cells: tuple[dict, ...]  # code cells in order: id, role (setup, answer or check), question (or None), source
    reader_cells: dict[str, str]  # the source of each code cell in the reader's notebook, by cell id
    questions: dict[str, Question]
    points: dict[str, float]

    def as_dict(self) -> dict:
        """The key as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict) -> Key:
        """The key that `as_dict` made, also after JSON.

        >>> key = Key("01_small", "ab", "", (), {}, {"q1": Question("q1", "f", None, [1], {})}, {"q1": 1})
        >>> Key.from_dict(key.as_dict()) == key
        True
        """
        questions = {id: Question(**fields) for id, fields in stored["questions"].items()}
        return cls(**stored | {"cells": tuple(stored["cells"]), "questions": questions})


def seeded_key(source: Path, seed: str, execute: Callable = execute, parameters: dict | None = None) -> Key:
    """The key of one exercise for one seed; `execute` runs cells, as `exercise.execute` does.

    Raises ValueError, in one line, where the source breaks the format, its code fails or gives nothing to compare.
    """
    cells = given_cells(source, parameters)
    questions = parts(source.name, cells)
    (values,) = run(source.name, [(list(map(key_cell, cells)), questions, [seed])], execute)
    for id, question in questions.items():
        for code, words in problems(question, values[id], seed):
            raise ValueError(f"{source.name}: {code} {id}: {words}")
    return made_key(source, seed, cells, values)


def made_key(source: Path, seed: str, cells: list[dict], values: dict[str, dict]) -> Key:
    """The key from the source's cells and the values of one run of them."""
    questions = parts(source.name, cells)
    text = "\0".join([source.read_text(encoding="utf-8"), __version__, FORMAT])
    checks = {id: grafted(id, question, values[id], seed) for id, question in questions.items()}
    return Key(
        exercise=source.stem,
        seed=seed,
        hash=hashlib.sha256(text.encode()).hexdigest(),
        cells=tuple(key_cells(cells, checks)),
        reader_cells={one["id"]: "".join(one["source"]) for one in code_cells(map(reader_cell, cells))},
        questions={id: seeded_question(id, part, values[id], seed) for id, part in questions.items()},
        points={id: question.points for id, question in questions.items()},
    )


def code_cells(cells: Iterator[dict | None]) -> list[dict]:
    """The code cells as a notebook file has them, with the ids that they have there."""
    seen: Counter[str] = Counter()
    return [one for cell in cells if cell and (one := notebook_cell(cell, seen))["cell_type"] == "code"]


def key_cells(cells: list[dict], checks: dict[str, str]) -> Iterator[dict]:
    """The cells that run with somebody's answers: nothing of draws and judges, and checks on literal inputs."""
    for cell in code_cells(map(key_cell, cells)):
        marks = cell["metadata"]
        if any(role in marks for role in TEACHERS):
            continue
        role = next((role for role in ("answer", "check") if role in marks), "setup")
        question = marks.get(role)
        source = checks[question] if role == "check" else "".join(cell["source"])
        yield {"id": cell["id"], "role": role, "question": question, "source": source}


def grafted(id: str, question: Parts, values: dict, seed: str) -> str:
    """The check cell that runs with somebody's answer: it emits values for the inputs, which stand there in full."""
    name, shown = asked_name(id, question.check), values[REFERENCE]["sources"]
    on = "" if shown is None else f", on=[{', '.join(shown + hidden(values, seed)['sources'])}]"
    return f'from labcore.grading.check import emit\n\nemit("{id}", {name}{on})'


def hidden(values: dict, seed: str) -> dict:
    """The hidden inputs of a question for one seed: their sources, their values, and the words of an error."""
    drawn = values[DRAWN]
    return drawn["seeds"][seed] if drawn else {"sources": [], "on": [], "error": ""}


def all_outcomes(values: dict, slip: str, seed: str) -> list[dict]:
    """What one answer gives for the shown inputs and then for the seed's hidden ones; nothing if it emitted nothing."""
    emitted = values[slip]
    return emitted["got"] + emitted["hidden"].get(seed, []) if emitted else []


def seeded_question(id: str, part: Parts, values: dict, seed: str) -> Question:
    """What the judge needs of one question, with the seed's hidden inputs behind those that the reader sees."""
    key = values[REFERENCE]
    return Question(
        id=id,
        name=asked_name(id, part.check),
        on=None if key["on"] is None else key["on"] + hidden(values, seed)["on"],
        want=[one["value"] for one in all_outcomes(values, REFERENCE, seed)],
        slips={slip: all_outcomes(values, slip, seed) for slip in part.wrong},
        tolerance=key["tolerance"],
        shown=None if key["on"] is None else len(key["on"]),
        credit=part.credit,
        judge=part.judge,
    )


def problems(part: Parts, values: dict, seed: str) -> Iterator[tuple[str, str]]:
    """Why no question can be made of what a run gave, as (code, words); nothing where one can."""
    key = values[REFERENCE]
    if silent := [slip for slip in (REFERENCE, STUB, *part.wrong) if slip in values and not values[slip]]:
        yield "EMPTY", f"its check emits nothing with {silent[0] or 'the reference'!r}; leave the name `check` alone"
        return
    if key["error"] or (drawn := hidden(values, seed))["error"]:
        yield "DRAW", key["error"] or f"{drawn['error']} (seed {seed})"
    elif not all_outcomes(values, REFERENCE, seed):
        yield "EMPTY", "its check has no inputs, so it emits nothing"
    for i, one in enumerate(all_outcomes(values, REFERENCE, seed)):
        if "value" not in one or not comparable(one["value"]):
            where = f"a hidden input of seed {seed}" if i >= len(key["got"]) else f"input {i + 1}"
            yield "EMPTY", f"for {where} the reference gives {one}; give numbers, texts, None or lists"
            return
