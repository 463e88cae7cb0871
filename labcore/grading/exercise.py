"""Exercises: one source with the answers becomes the reader's notebook, the key and the values that checks want.

From `exercises/keys/NN_slug.py` (see `exercise_format`) come `exercises/NN_slug.ipynb` (stubs, no outputs),
`exercises/keys/NN_slug.ipynb` (executed; its check cells emit values, which nbval compares) and
`exercises/NN_slug.json` (for each question the inputs, the wanted values and those of each wrong answer, all
computed here, none typed).
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from labcore.grading.environment import kernel_environment
from labcore.grading.exercise_format import ROLES, Parts, asked_name, key_cell, parts, read_cells, reader_cell
from labcore.grading.judge import right
from labcore.grading.values import MIME
from labcore.house import checkout

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
CELL_SECONDS = 60


def build_exercises(source: Path) -> dict[Path, str]:
    """The three files that an exercise's source makes, as text by path; the same bytes each time.

    Raises ValueError, in one line, where the source breaks the format or its code fails.
    """
    cells = read_cells(source)
    questions = parts(source.name, cells)
    key = [key_cell(cell) for cell in cells]
    values = run(source.name, key, questions)
    folder, name = source.parent.parent, source.stem
    stored = {id: stored_question(question, values[id]) for id, question in questions.items()}
    return {
        folder / f"{name}.ipynb": notebook_text(name, [reader_cell(cell) for cell in cells]),
        source.with_suffix(".ipynb"): notebook_text(name, key),
        folder / f"{name}.json": questions_text(stored),
    }


def copy_exercises(folder: Path) -> list[Path]:
    """Copy the readers' notebooks into a folder, each only where none of its name lies there yet; returns the new."""
    copied = []
    for notebook in sorted(checkout("exercises").glob("[0-9][0-9]_*.ipynb")):
        if not (target := folder / notebook.name).exists():
            shutil.copyfile(notebook, target)
            copied.append(target)
    return copied


def run(name: str, key: list[dict | None], questions: Mapping[str, Parts]) -> dict[str, dict[str, dict]]:
    """Run the key in a fresh kernel, then every wrong answer; stores the key's outputs in its cells.

    Returns for each question the emitted values by slip, those of the key under ''.
    """
    cells = [cell for cell in key if cell and cell["cell_type"] == "code"]
    checks = {cell["metadata"]["check"]: cell["source"] for cell in cells if "check" in cell["metadata"]}
    answers = {cell["metadata"]["answer"]: cell["source"] for cell in cells if "answer" in cell["metadata"]}
    steps = [(cell["source"], cell["metadata"].get("check"), "") for cell in cells]
    for id, question in questions.items():
        for slip, code in question.wrong.items():
            steps += [(code, None, ""), (checks[id], id, slip)]
        steps.append((answers[id], None, ""))  # later questions see the reference again
    outputs = execute(name, [source for source, _, _ in steps])
    for count, (cell, made) in enumerate(zip(cells, outputs, strict=False), start=1):
        cell["outputs"], cell["execution_count"] = made, count
    values: dict[str, dict[str, dict]] = {id: {} for id in questions}
    for (_, id, slip), made in zip(steps, outputs, strict=True):
        if id:
            values[id][slip] = next(output["data"][MIME] for output in made if MIME in output.get("data", {}))
    return values


def execute(name: str, sources: list[str]) -> list[list[dict]]:
    """The outputs of each cell, run one after another in a kernel with no configuration of the user's."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with tempfile.TemporaryDirectory(prefix="labcore-") as folder:
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", resources=resources)
        client.extra_arguments = ["--log-level=40"]  # errors only
        try:
            client.execute(env=kernel_environment(Path(folder)))
        except CellTimeoutError as error:
            raise ValueError(f"{name}: a cell ran longer than {CELL_SECONDS} s; shorten it") from error
        except CellExecutionError as error:
            cell = next(cell for cell in notebook.cells if any(one.output_type == "error" for one in cell.outputs))
            first = cell.source.splitlines()[0][:60]
            raise ValueError(f"{name}: the cell {first!r} raises {error.ename}: {error.evalue}") from error
    return [json.loads(json.dumps(cell.outputs)) for cell in notebook.cells]


def stored_question(question: Parts, values: Mapping[str, dict]) -> dict:
    """What the judge needs of one question, from the values of the key and of the wrong answers."""
    key = values[""]
    if failed := [one for one in key["got"] if "value" not in one or not comparable(one["value"])]:
        raise ValueError(f"{key['question']}: the reference gives {failed[0]}; give numbers, texts, None or lists")
    want = [one["value"] for one in key["got"]]
    for slip in question.wrong:
        if all(right(one, value, key["tolerance"]) for one, value in zip(values[slip]["got"], want, strict=True)):
            raise ValueError(f"{key['question']}: wrong answer {slip!r} is right on all inputs; add one that shows it")
    return {
        "name": asked_name(key["question"], question.check),
        "tolerance": key["tolerance"],
        "on": key["on"],
        "want": want,
        "slips": {slip: values[slip]["got"] for slip in question.wrong},
    }


def questions_text(stored: Mapping[str, dict]) -> str:
    """The stored values as JSON, one line a list, so that a change shows as a small diff."""
    blocks = []
    for id, fields in stored.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in fields.items() if name != "slips"]
        slips = ",\n".join(f"   {json.dumps(words)}: {json.dumps(got)}" for words, got in fields["slips"].items())
        blocks.append(f" {json.dumps(id)}: {{\n" + ",\n".join([*lines, f'  "slips": {{\n{slips}}}']) + "}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def notebook_text(name: str, cells: list[dict | None]) -> str:
    """A notebook file with stable cell ids and nothing of this machine in it."""
    seen: Counter[str] = Counter()
    whole = [notebook_cell(cell, seen) for cell in cells if cell]
    metadata = METADATA | {"labcore": {"exercise": name}}
    notebook = {"cells": whole, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def notebook_cell(cell: dict, seen: Counter[str]) -> dict:
    """One cell as a notebook file has it; marked cells carry their mark as id, the others a hash of their text."""
    marks = [f"{role}-{cell['metadata'][role]}" for role in ROLES if role in cell["metadata"]]
    id = marks[0] if marks else hashlib.sha256(cell["source"].encode()).hexdigest()[:12]
    seen[id] += 1
    made = {
        "cell_type": cell["cell_type"],
        "id": id if seen[id] == 1 else f"{id}-{seen[id]}",
        "metadata": cell["metadata"],
        "source": cell["source"].splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        made |= {"execution_count": cell.get("execution_count"), "outputs": cell.get("outputs", [])}
    return made


def comparable(value: object) -> bool:
    """Whether a plain value is made of numbers, texts, None, True and False only.

    >>> comparable([1, None]), comparable({"kind": "nan"})
    (True, False)
    """
    return all(map(comparable, value)) if isinstance(value, list) else not isinstance(value, dict)
