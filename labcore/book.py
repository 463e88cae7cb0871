"""Builds the labs: one source (`NN_slug.py`, py:percent) becomes one executed notebook, the same bytes each time.

A cell that has a `name` in its source carries it as its id, so that the ledger can point to it; the others get an
id from a hash of their text. Widget state is left out: what a notebook stores of an explorer is its picture
and its sentence. Execution counts run from 1, since nbval stops comparing where they are null.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import jupytext
import nbformat
import numpy as np
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from labcore.house import ROOT, checkout, write_atomically
from labcore.measure.files import VARIABLE, recorded_path

DOCS: dict[str, Callable[[], str]] = {  # what `labcore build` writes besides labs and exercises, from the ledger
    "docs/errata.md": lambda: import_module("labcore.report.errata").page(),
    "docs/ledger.csv": lambda: import_module("labcore.report.ledger_table").page(),
    "docs/coverage.md": lambda: import_module("labcore.report.coverage").page(cells()),  # it imports matplotlib
    "docs/references.md": lambda: import_module("labcore.report.references").page(cells()),
}
CELL_SECONDS = 120
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
_PNG = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]+")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


class BookError(ValueError):
    """A lab that cannot be built as it stands; the text names the lab, the cell and the way out."""


@dataclass(frozen=True)
class Lab:
    """One lab: its source, and what the index says of it."""

    source: Path

    @property
    def number(self) -> str:
        """The two digits in front."""
        return self.source.stem[:2]

    @property
    def slug(self) -> str:
        """The name behind the number."""
        return self.source.stem[3:]

    @property
    def notebook(self) -> Path:
        """The built notebook beside the source."""
        return self.source.with_suffix(".ipynb")

    def opening(self) -> tuple[str, str, str]:
        """Title (first heading), question (first block quote) and times (the line that starts with 'Reading')."""
        first = next(cell.source for cell in jupytext.read(self.source, fmt="py:percent").cells)
        title = re.search(r"^# (.+)$", first, re.MULTILINE)
        question = re.search(r"^> .+(?:\n> .+)*", first, re.MULTILINE)
        times = re.search(r"^Reading .+$", first, re.MULTILINE)
        if not (title and question and times):
            raise BookError(
                f"{self.source.name}: the first cell needs '# title', '> question' and 'Reading n min, ...'"
            )
        return title[1], question[0].removeprefix("> ").replace("\n> ", " "), times[0]


def labs() -> list[Lab]:
    """All labs in the chapter's order."""
    return [Lab(path) for path in sorted(checkout("notebooks").glob("[0-9][0-9]_*.py"))]


def find_lab(name: str) -> Lab:
    """A lab by number, slug or both ('9', '09', 'roofline', '09_roofline'); ValueError with the names there are."""
    wanted = Path(name).name.removesuffix(".ipynb").removesuffix(".py")
    for lab in labs():
        if wanted and wanted in (lab.number, lab.number.lstrip("0"), lab.slug, lab.source.stem):
            return lab
    raise ValueError(f"no lab {name!r}; choose from {', '.join(lab.source.stem for lab in labs())}")


def build(lab: Lab, run: Callable[[nbformat.NotebookNode, Path], None] | None = None) -> str:
    """Execute a lab's source and return its notebook as text; raises BookError where a cell fails.

    `run` puts the outputs into the source's cells, by default as `execute` does.
    """
    notebook = read_source(lab.source)
    (run or execute)(notebook, lab.source)
    clean(notebook, lab.source)
    notebook.metadata["labcore"] = {"cells": fingerprint(notebook)}
    return nbformat.writes(notebook) + "\n"


def keep_copy(path: Path, folder: Path) -> Path:
    """Copy a notebook to a folder under a name that is still free; returns where it lies now."""
    names = (folder / f"{path.stem}-yours{'' if n == 1 else f'-{n}'}.ipynb" for n in range(1, 1000))
    kept = next(name for name in names if not name.exists())
    write_atomically(kept, path.read_bytes())
    return kept


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """A hash of the cells' texts; a build stores it, so that a notebook edited since can be told from a stale one."""
    return hashlib.sha256("\0".join(cell.source for cell in notebook.cells).encode()).hexdigest()[:16]


def was_edited(path: Path) -> bool:
    """Whether somebody has worked in a built notebook: its cells are no longer those that the build put there."""
    try:
        notebook = nbformat.read(path, 4)
    except (OSError, ValueError, AttributeError, KeyError, nbformat.ValidationError):
        return path.exists()  # whatever it is, it is not what a build wrote
    return notebook.metadata.get("labcore", {}).get("cells") != fingerprint(notebook)


def build_all(chosen: list[Lab], workers: int = 2) -> Iterator[tuple[Lab, str | BookError]]:
    """Build several labs side by side; yields each with its text, or with the error that stopped it, in order."""

    def attempt(lab: Lab) -> str | BookError:
        try:
            return build(lab)
        except BookError as error:
            return error

    with ThreadPoolExecutor(workers) as pool:
        yield from zip(chosen, pool.map(attempt, chosen), strict=True)


def read_source(source: Path) -> nbformat.NotebookNode:
    """Read a py:percent source into a notebook with stable cell ids and nothing of this machine in its metadata."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": LANGUAGE,
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        name = cell.metadata.pop("name", None)
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[name or digest] += 1
        if name and seen[name] > 1:
            raise BookError(f"{source.name}: two cells are named {name!r}; names are unique within a lab")
        cell.id = name or (digest if seen[digest] == 1 else f"{digest}-{seen[digest]}")
    return notebook


def execute(notebook: nbformat.NotebookNode, source: Path) -> None:
    """Run a notebook's cells in a fresh kernel, in its own folder, with no configuration of the user's."""
    with private_jupyter() as env:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            store_widget_state=False,
            coalesce_streams=True,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(source.parent)}},
        )
        try:
            client.execute(env=env)
        except CellTimeoutError as error:
            raise BookError(f"{source.name}: a cell ran longer than {CELL_SECONDS} s; shorten it") from error
        except CellExecutionError as error:
            cell = next(c for c in notebook.cells if any(o.output_type == "error" for o in c.get("outputs", [])))
            words = f"{source.name}, cell {_first_line(cell)!r}: {error.ename}: {error.evalue}"
            raise BookError(f"{words}; run the lab in JupyterLab to see where") from error


@contextlib.contextmanager
def private_jupyter() -> Iterator[dict[str, str]]:
    """An environment whose Jupyter and IPython folders are empty and vanish; measurements are the recorded ones."""
    with tempfile.TemporaryDirectory(prefix="labcore-") as folder:
        private = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        own = {name: str(Path(folder, name.lower())) for name in private}
        yield os.environ | own | {"PYTHONHASHSEED": "0", VARIABLE: str(recorded_path() or "")}


def clean(notebook: nbformat.NotebookNode, source: Path) -> None:
    """Leave only what another build would make again, and refuse what it could not."""
    notebook.metadata.language_info = dict(LANGUAGE)  # the kernel adds its own version
    for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), start=1):
        cell.execution_count = count
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
            output.get("data", {}).pop(WIDGET_VIEW, None)
            _refuse_accidents(output, cell, source)


def _refuse_accidents(output: nbformat.NotebookNode, cell: nbformat.NotebookNode, source: Path) -> None:
    where = f"{source.name}, cell {_first_line(cell)!r}"
    if output.output_type == "stream" and output.name == "stderr":
        raise BookError(f"{where} writes to stderr: {output.text.strip().splitlines()[-1]}; a lab warns of nothing")
    texts = [output.get("text", "")] + [str(value) for value in output.get("data", {}).values()]
    for text in (_PNG.sub("", text) for text in texts):
        if found := _ADDRESS.search(text):
            raise BookError(f"{where} prints a memory address {found[0]}; give the object a __repr__")
        for private in (str(ROOT), str(Path.home())):
            if len(private) > 1 and private in text:
                raise BookError(f"{where} prints a path of this machine; print it relative to the checkout")


def differences(stored: str, built: str) -> list[str]:
    """Where a stored notebook differs from a fresh build; pictures may differ by what the eye cannot see.

    >>> differences("{}", "{}")
    []
    """
    if stored == built:
        return []
    try:
        old, new = nbformat.reads(stored, 4).cells, nbformat.reads(built, 4).cells
    except (ValueError, AttributeError, KeyError, nbformat.ValidationError):
        return ["it cannot be read as a notebook"]
    if [cell.source for cell in old] != [cell.source for cell in new]:
        return ["its cells are not those of the source"]
    changed = [_first_line(b) for a, b in zip(old, new, strict=True) if not _same_outputs(a, b)]
    return [f"the output of {line!r} has changed" for line in changed] or _same_but_pictures(old, new)


def _same_but_pictures(old: list, new: list) -> list[str]:
    """What is left to differ: ids, and the counts and tags with which nbval's comparison could be switched off."""
    kept = [[(c.get("id"), c.get("execution_count"), c.metadata) for c in cells] for cells in (old, new)]
    return [] if kept[0] == kept[1] else ["ids, counts or tags of its cells are not those of a build"]


def _same_outputs(a: nbformat.NotebookNode, b: nbformat.NotebookNode) -> bool:
    if "nbval-ignore-output" in a.metadata.get("tags", ()):  # a time; the tags themselves are compared elsewhere
        return True
    old, new = a.get("outputs", []), b.get("outputs", [])
    return len(old) == len(new) and all(_same_output(x, y) for x, y in zip(old, new, strict=True))


def _same_output(a: dict, b: dict) -> bool:
    x, y = a.get("data", {}), b.get("data", {})
    texts = all(
        key in y and (key == "image/png" or _PNG.sub("", str(x[key])) == _PNG.sub("", str(y[key]))) for key in x
    )
    pictures = "image/png" not in x or "image/png" not in y or same_picture(x["image/png"], y["image/png"])
    return set(x) == set(y) and texts and pictures and a.get("text") == b.get("text")


def same_picture(a: str, b: str, share: float = 0.001) -> bool:
    """Whether two base64 pngs show the same: equal size, and at most `share` of the pixels off by more than 1/8."""
    from PIL import Image

    if a == b:
        return True
    one, two = (np.asarray(Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB"), int) for text in (a, b))
    return one.shape == two.shape and float(np.mean(np.abs(one - two).max(axis=2) > 32)) <= share


def _first_line(cell: nbformat.NotebookNode) -> str:
    return cell.source.splitlines()[0][:60] if cell.source else "an empty cell"


def cells() -> dict[str, str]:
    """The source of every cell of all labs, by its place, such as 09_roofline#napkin-1-3."""
    sources = {lab.source.stem: read_source(lab.source) for lab in labs()}
    return {f"{stem}#{cell.id}": cell.source for stem, notebook in sources.items() for cell in notebook.cells}


def docs() -> dict[Path, str]:
    """Each document of DOCS, built anew, by its path."""
    return {checkout(path): make() for path, make in DOCS.items()}


def index_table() -> str:
    """The index of labs as a Markdown table, from the labs' own first cells."""
    rows = ["| lab | question | time |", "|---|---|---|"]
    for lab in labs():
        title, question, times = lab.opening()
        rows.append(f"| [{title}](notebooks/{lab.notebook.name}) | {question} | {times} |")
    return "\n".join(rows)


def with_index(readme: str) -> str:
    """README text with the index between its two markers made anew; raises BookError when the markers are gone."""
    start, end = "<!-- labs -->", "<!-- end labs -->"
    if start not in readme or end not in readme:
        raise BookError(f"README.md needs the lines {start} and {end}; the index of labs goes between them")
    head, rest = readme.split(start, 1)
    return f"{head}{start}\n{index_table()}\n{end}{rest.split(end, 1)[1]}"
