"""A notebook that somebody worked on: read without trust in its form, its answers grafted into the key.

Only the sources of its answer cells are taken. An answer cell is known by its metadata, else by its cell id, else
by its marker `# answer: q1`, so that lost metadata lose nobody's marks. Setup and check cells come from the key.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from labcore.grading.values import MIME

MARKER = re.compile(r"^[ \t]*#[ \t]*answer:[ \t]*(\w+)[ \t]*$", re.MULTILINE)
MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Submission:
    """A notebook's name, the exercise that its metadata name ('' where they do not), and its code cells."""

    name: str
    exercise: str
    cells: tuple[dict, ...]

    def answers(self, ids: list[str]) -> dict[str, list[str]]:
        """The sources of the answer cells by question, in the order they stand in."""
        found: dict[str, list[str]] = {id: [] for id in ids}
        for cell in self.cells:
            if (id := answered(cell, ids)) is not None:
                found[id].append(cell["source"])
        return found


def read_submission(path: Path) -> Submission:
    """Read a notebook file; raises ValueError, in one line, for anything that is not one.

    >>> read_submission(Path("nowhere.ipynb"))
    Traceback (most recent call last):
    ValueError: there is no file nowhere.ipynb; give the path of a notebook
    """
    notebook = read_json(path)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        older = isinstance(notebook, dict) and "worksheets" in notebook
        hint = "it has notebook format 3; open it in JupyterLab and save it" if older else "it has no list of cells"
        raise ValueError(f"{path.name} is not a notebook: {hint}")
    cells = [cell for cell in notebook["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    named = mapping(mapping(notebook.get("metadata")).get("labcore")).get("exercise")
    return Submission(path.name, named if isinstance(named, str) else "", tuple(tidy(cell) for cell in cells))


def read_json(path: Path) -> object:
    """The JSON in a file."""
    if not path.exists():
        raise ValueError(f"there is no file {path}; give the path of a notebook")
    if not path.is_file():
        raise ValueError(f"{path} is not a file; give the path of a notebook")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path.name} holds more than {MOST_BYTES // 10**6} MB; clear its outputs and save it again")
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not JSON in UTF-8; save it again from JupyterLab") from error
    except ValueError as error:
        if re.search(r"^<{7} ", text, re.MULTILINE):
            raise ValueError(f"{path.name} holds conflict markers of git; resolve them, then grade again") from error
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise ValueError(f"{path.name} is not JSON{where}; save it again from JupyterLab") from error
    except RecursionError as error:
        raise ValueError(f"{path.name} is not a notebook: its JSON is nested too deeply") from error


def mapping(value: object) -> dict:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def tidy(cell: dict) -> dict:
    """A cell's id, metadata and source, each of the type it should have; half a surrogate pair becomes '?'."""
    source = cell.get("source", "")
    text = "".join(line for line in source if isinstance(line, str)) if isinstance(source, list) else source
    text = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""
    return {"id": str(cell.get("id", "")), "metadata": mapping(cell.get("metadata")), "source": text}


def answered(cell: dict, ids: list[str]) -> str | None:
    """The question that a cell answers: by metadata, else by cell id, else by marker; None for other cells."""
    marker = MARKER.search(cell["source"])
    for id in (cell["metadata"].get("answer"), cell["id"].removeprefix("answer-"), marker and marker[1]):
        if isinstance(id, str) and id in ids:
            return id
    return None


def read_key(path: Path) -> dict:
    """The key notebook; raises ValueError where a check cell has no stored value, since then everything would pass."""
    key = read_json(path)
    for cell in key["cells"]:
        id = cell["metadata"].get("check")
        if id and not (cell["execution_count"] and any(MIME in mapping(o.get("data")) for o in cell["outputs"])):
            raise ValueError(f"the key {path.name} has no stored value for {id}; run `labcore build` to make it anew")
    return key


def graft(key: dict, answers: dict[str, list[str]]) -> dict:
    """The key with its answer cells replaced: one cell for each of the given sources, or a bare marker for none.

    Cells other than checks lose their outputs and execution counts, so that nbval compares nothing there.
    """
    cells = []
    for cell in key["cells"]:
        if cell["cell_type"] != "code":
            continue
        if (id := cell["metadata"].get("answer")) is None:
            cells.append(cell if "check" in cell["metadata"] else bare(cell["id"], cell["source"], {}))
        else:
            sources = answers[id] or [f"# answer: {id}"]
            cells += [bare(f"answer-{id}-{i}", source, {"answer": id}) for i, source in enumerate(sources)]
    return key | {"cells": cells}


def bare(id: str, source: str | list[str], metadata: dict) -> dict:
    """A code cell that was never run."""
    made = {"cell_type": "code", "id": id, "metadata": metadata, "source": source}
    return made | {"outputs": [], "execution_count": None}
