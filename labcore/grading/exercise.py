"""Exercises: one source with the answers becomes the reader's notebook, the key and the values that checks want.

From `exercises/keys/NN_slug.py` (see `exercise_format`) come `exercises/NN_slug.ipynb` (stubs, no outputs),
`exercises/keys/NN_slug.ipynb` (executed; its check cells emit values, which nbval compares) and
`exercises/NN_slug.json` (for each question the inputs, the wanted values and those of each wrong answer, all
computed here, none typed). Hidden inputs stand in none of them; `labcore.grading.key` draws them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from labcore.grading.environment import kernel_environment
from labcore.grading.exercise_format import (
    ROLES,
    Parts,
    asked_name,
    key_cell,
    parameters_cell,
    parts,
    read_cells,
    reader_cell,
    reference,
    stub,
    with_parameters,
)
from labcore.grading.judge import Question, judge
from labcore.grading.values import MIME
from labcore.house import checkout

if TYPE_CHECKING:
    from jupyter_client.manager import KernelManager

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
CELL_SECONDS = 60
BOOK = "book"  # the seed of the parameters that everybody sees
REFERENCE, STUB, DRAWN = "", "# stub", "# drawn"  # beside the slips of a question's wrong answers


def execute(name: str, sources: list[str], manager: KernelManager | None = None) -> list[list[dict]]:
    """The outputs of each cell, run one after another in a kernel with no configuration of the user's.

    The kernel is that of `manager`, which is started and ended here, else a new one in an empty folder. Raises
    ValueError, in one line, where a cell fails, runs too long or ends the kernel.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with tempfile.TemporaryDirectory(prefix="labcore-") as folder:
        client = NotebookClient(notebook, km=manager, timeout=CELL_SECONDS, kernel_name="python3")
        client.extra_arguments = ["--log-level=40"]  # errors only
        options = {"cwd": folder, "env": kernel_environment(Path(folder))}
        if manager is not None:
            manager.client_class = "jupyter_client.asynchronous.AsyncKernelClient"  # nbclient waits for two channels
            options = {"cleanup_kc": True}
        try:
            client.execute(**options)
        except CellTimeoutError as error:
            raise ValueError(f"{name}: a cell ran longer than {CELL_SECONDS} s; shorten it") from error
        except DeadKernelError as error:
            raise ValueError(f"{name}: a cell ended the kernel (an exit, a crash, or no memory left)") from error
        except CellExecutionError as error:
            cell = next(cell for cell in notebook.cells if any(one.output_type == "error" for one in cell.outputs))
            first = cell.source.splitlines()[0][:60]
            raise ValueError(f"{name}: the cell {first!r} raises {error.ename}: {error.evalue}") from error
    return [json.loads(json.dumps(cell.outputs)) for cell in notebook.cells]


def build_exercises(source: Path, parameters: dict | None = None, execute: Callable = execute) -> dict[Path, str]:
    """The three files that an exercise's source makes, as text by path; the same bytes each time.

    Without `parameters` it is the book's version. `execute` runs cells, as the function of that name does. Raises
    ValueError, in one line, where the source breaks the format or its code fails.
    """
    cells = given_cells(source, parameters)
    questions = parts(source.name, cells)
    key = [key_cell(cell) for cell in cells]
    (values,) = run(source.name, [(key, questions, [])], execute)
    folder, name = source.parent.parent, source.stem
    stored = {id: stored_question(question, values[id]) for id, question in questions.items()}
    return {
        folder / f"{name}.ipynb": reader_notebook(source, parameters),
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


def given_cells(source: Path, parameters: dict | None = None) -> list[dict]:
    """The source's cells with these parameters, else with those of the book, assigned in place of their function."""
    return with_parameters(read_cells(source), parameter_values(source, BOOK) if parameters is None else parameters)


def parameter_values(source: Path, seed: str) -> dict:
    """The numbers that one student gets, by name; empty for an exercise where all get the same.

    Runs the exercise's own `parameters(rng)` in this process. Raises ValueError where it gives no names with values.
    """
    if (cell := parameters_cell(source.name, read_cells(source))) is None:
        return {}
    names: dict = {}
    try:
        exec(cell["source"], names)
        values = names["parameters"](Random(f"{seed}:parameters"))
    except Exception as error:
        raise ValueError(f"{source.name}: parameters(rng) raises {type(error).__name__}: {error}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) and name.isidentifier() for name in values):
        raise ValueError(f"{source.name}: parameters(rng) returns {values!r}; return a dict of names and values")
    return values


def reader_notebook(source: Path, parameters: dict | None = None, extra_metadata: dict | None = None) -> str:
    """The reader's notebook as text; `extra_metadata` is added to the mark that names the exercise."""
    cells = [reader_cell(cell) for cell in given_cells(source, parameters)]
    return notebook_text(source.stem, cells, extra_metadata)


def run(name: str, passes: list[tuple], execute: Callable = execute, wrong: bool = True) -> list[dict[str, dict]]:
    """Run keys one after another in one fresh kernel; stores the outputs in the cells of each key.

    A pass is (key cells, questions, seeds). Returns for each pass and question what the reference, the stub and,
    unless `wrong` is False, every wrong answer emit, by slip; and under DRAWN the hidden inputs by seed.
    """
    plans = [plan(*one, wrong) for one in passes]
    outputs = iter(execute(name, [source for steps in plans for source, *_ in steps]))
    found = []
    for (_, questions, _), steps in zip(passes, plans, strict=True):
        values: dict[str, dict] = {id: {} for id in questions}
        for count, (_, cell, id, what) in enumerate(steps, start=1):
            made = next(outputs)
            if cell is not None:
                cell["outputs"], cell["execution_count"] = made, count
            elif id:
                emitted = [output["data"][MIME] for output in made if MIME in output.get("data", {})]
                values[id][what] = emitted[0] if emitted else None
        found.append(values)
    return found


def plan(key: list[dict | None], questions: Mapping[str, Parts], seeds: list[str], wrong: bool) -> list[tuple]:
    """The cells to run, each as (source, the key's cell if it is one, question, slip)."""
    steps = [(cell["source"], cell, "", "") for cell in key if cell and cell["cell_type"] == "code"]
    for id, question in questions.items():
        steps.append((preparing(id, question, seeds), None, id, DRAWN))
        answers = {REFERENCE: reference(id, question.answer)} | (question.wrong if wrong else {})
        answers[STUB] = stub(id, question.answer)
        steps += [(f"{code}\n\n\n{question.check}", None, id, slip) for slip, code in answers.items()]
        steps.append((answers[REFERENCE], None, "", ""))  # later questions see the reference again
    return steps


def preparing(id: str, question: Parts, seeds: list[str]) -> str:
    """The cell before a question's answers: it draws the hidden inputs and makes the check show values."""
    imports = "from functools import partial\n\nfrom labcore.grading.check import drawn, refer\n\n"
    if not question.draw or not seeds:
        return f"{imports}check = refer"
    hidden = f"drawn({id!r}, draw, {question.count}, {seeds!r})"
    return f"{imports}{question.draw}\n\ncheck = partial(refer, hidden={hidden})"


def stored_question(question: Parts, values: Mapping[str, dict]) -> dict:
    """What the judge needs of one question, from the values of the key and of the wrong answers."""
    key = values[REFERENCE]
    if failed := [one for one in key["got"] if "value" not in one or not comparable(one["value"])]:
        raise ValueError(f"{key['question']}: the reference gives {failed[0]}; give numbers, texts, None or lists")
    made = {
        "name": asked_name(key["question"], question.check),
        "tolerance": key["tolerance"],
        "on": key["on"],
        "want": [one["value"] for one in key["got"]],
        "slips": {slip: values[slip]["got"] for slip in question.wrong},
    }
    optional = {"credit": (question.credit, "all"), "judge": (question.judge, "")}
    made |= {name: value for name, (value, default) in optional.items() if value != default}
    asked = Question(id=key["question"], **made)
    if (said := judge(asked, key["got"])).outcome != "passed":
        raise ValueError(f"the judge does not take the reference: {said.message.splitlines()[0]}")
    for slip, got in made["slips"].items():
        if judge(asked, got).outcome == "passed":
            raise ValueError(f"{asked.id}: wrong answer {slip!r} is right on all inputs; add one that shows it")
    return made


def questions_text(stored: Mapping[str, dict]) -> str:
    """The stored values as JSON, one line a list, so that a change shows as a small diff."""
    blocks = []
    for id, fields in stored.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in fields.items() if name != "slips"]
        slips = ",\n".join(f"   {json.dumps(words)}: {json.dumps(got)}" for words, got in fields["slips"].items())
        blocks.append(f" {json.dumps(id)}: {{\n" + ",\n".join([*lines, f'  "slips": {{\n{slips}}}']) + "}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def notebook_text(name: str, cells: list[dict | None], extra_metadata: dict | None = None) -> str:
    """A notebook file with stable cell ids and nothing of this machine in it."""
    seen: Counter[str] = Counter()
    whole = [notebook_cell(cell, seen) for cell in cells if cell]
    metadata = METADATA | {"labcore": {"exercise": name} | (extra_metadata or {})}
    notebook = {"cells": whole, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def notebook_cell(cell: dict, seen: Counter[str]) -> dict:
    """One cell as a notebook file has it; marked cells carry their mark as id, the others a hash of their text."""
    marks = [f"{role}-{cell['metadata'][role]}" for role in (*ROLES, "draw", "judge") if role in cell["metadata"]]
    marks += ["parameters"] if "parameters" in cell["metadata"] else []
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
