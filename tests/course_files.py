"""Submissions whose file is broken, of another kind, or damaged and still to be graded."""

import io
import json
import os
import random
import zipfile

from tests.course_key import POINTS, RIGHT
from tests.course_parts import FILE, answered, case, code, each, file, made, notebook_file, place, writer

EVERY = " ".join(POINTS)
LINES_LOST = "without ids and metadata a check is known by its text alone"


def broken(name, content, flag="unreadable", **expected):
    """A file that earns nothing."""
    return case("files", name, file(content), lost=EVERY, flags=(flag,), **expected)


def unanswered(name, content):
    """A notebook without an answer."""
    flags, why = ("no-answers", "no-answers check-edited"), "its checks are gone too"
    return case("files", name, file(content), lost=EVERY, flags=flags, why=why)


def damaged(name, *edits, **expected):
    """A notebook that is damaged and can be graded."""
    return case("files", name, *edits, **expected)


def text(notebook):
    return json.dumps(notebook)


def conflict(notebook):
    """The file as git leaves it after a merge that failed."""
    lines = json.dumps(notebook, indent=1).splitlines()
    return "\n".join([*lines[:20], "<<<<<<< HEAD", lines[20], "=======", lines[20], ">>>>>>> main", *lines[21:]])


def version_3(notebook):
    """The notebook as format 3 has it: sheets of cells, with `input` for a code cell's source."""
    cells = [cell | {"input": cell["source"], "language": "python"} for cell in notebook["cells"]]
    for cell in cells:
        del cell["id"], cell["source" if cell["cell_type"] == "code" else "input"]
    return json.dumps({"worksheets": [{"cells": cells}], "metadata": {}, "nbformat": 3, "nbformat_minor": 0})


def zipped(notebook):
    """The notebook in a zip archive with a fixed date, whose name says notebook."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr(zipfile.ZipInfo(FILE), json.dumps(notebook))
    return held.getvalue()


BROKEN = (
    broken("truncated", lambda notebook: text(notebook)[:2000]),
    broken("empty-file", b""),
    broken("blank-file", b" \n" * 100),
    broken("random-bytes", random.Random(3).randbytes(5000)),
    broken("deep-json", "[" * 100_000),
    broken("deep-json-in-cells", '{"cells": ' + "[" * 100_000 + "]" * 100_000 + "}"),
    broken("conflict-markers", conflict),
    broken("python-source", "\n\n".join(RIGHT.values())),
    broken("pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n%%EOF\n"),
    broken("login-page", "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Session expired</body></html>"),
    broken("zip-renamed", zipped),
    broken("utf-16", lambda notebook: text(notebook).encode("utf-16")),
    broken("latin-1", lambda notebook: text(notebook).replace("sizes", "gr\xf6\xdfen").encode("latin-1")),
    broken("60-mb", lambda notebook: text(notebook) + " " * 60_000_000, "too-large"),
    case("files", "version-3", file(version_3), maybe=EVERY, flags=("", "unreadable"), why="it may be read or not"),
    broken("a-list", lambda notebook: json.dumps(notebook["cells"])),
    broken("null", "null"),
    broken("cells-null", lambda notebook: json.dumps(notebook | {"cells": None})),
    broken("cells-a-mapping", lambda notebook: json.dumps(notebook | {"cells": {"0": notebook["cells"][0]}})),
    broken("number-too-long", lambda notebook: text(notebook)[:-1] + ', "x": ' + "9" * 5000 + "}"),
    unanswered("no-cells", lambda notebook: json.dumps(notebook | {"cells": []})),
    unanswered("other-notebook", lambda notebook: json.dumps(notebook | {"cells": [code("1 + 1")]})),
)


def old_format(notebook):
    notebook["nbformat_minor"] = 0
    for cell in notebook["cells"]:
        del cell["id"]


def no_metadata(cell):
    cell["metadata"] = None


def no_ids(cell):
    cell.pop("id", None)
    cell["metadata"] = {}


def marked(cell):
    cell["source"] = f"# answer: {cell['metadata']['answer']}\n{cell['source']}"


def source_of(id, source):
    return lambda notebook: notebook["cells"][place(notebook, "answer", id)].update(source=source)


def junk_cells(notebook):
    notebook["cells"][3:3] = [None, 7, "cell", [], {}, {"cell_type": "code"}, {"cell_type": 4, "source": {}}]


def empty_cells(notebook):
    blank = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": ""}
    notebook["cells"] += [blank | {"id": f"blank-{i}"} for i in range(5000)]


DAMAGED = (
    damaged("byte-order-mark", file(lambda notebook: b"\xef\xbb\xbf" + text(notebook).encode())),
    damaged("windows-line-ends", each(lambda cell: cell.update(source=cell["source"].replace("\n", "\r\n")))),
    damaged("windows-line-ends-outside", file(lambda n: json.dumps(n, indent=1).replace("\n", "\r\n"))),
    damaged("tabs", each(lambda cell: cell.update(source=cell["source"].replace("    ", "\t")), "answer")),
    damaged("version-4-0", old_format),
    damaged("metadata-null", each(no_metadata), flags=("lost-metadata",)),
    damaged("only-markers", each(marked, "answer"), each(no_ids), flags=("lost-metadata",), why=LINES_LOST),
    damaged("notebook-metadata-lost", lambda notebook: notebook.update(metadata=None)),
    damaged("same-ids", each(lambda cell: cell.update(id="x"))),
    damaged("ids-of-numbers", each(lambda cell: cell.update(id=7))),
    damaged("ids-of-lists", each(lambda cell: cell.update(id=[{}]))),
    damaged("outputs-null", each(lambda cell: cell.update(outputs=None, execution_count="three"))),
    damaged("source-null", source_of("q1", None), lost="q1"),
    damaged("source-number", source_of("q1", 24), lost="q1"),
    damaged("source-nested", source_of("q1", [["def matmul_macs(M, K, N):\n"], ["    return M * K * N"]]), lost="q1"),
    damaged("source-in-lines", each(lambda cell: cell.update(source=cell["source"].splitlines(keepends=True)))),
    damaged("junk-among-cells", junk_cells),
    damaged("half-surrogates", q1=f"# \ud83d\n{RIGHT['q1']}"),
    damaged("nul-characters", q1=f"# \0\n{RIGHT['q1']}", lost="q1", why="Python takes no source with NUL in it"),
    damaged("5000-empty-cells", empty_cells),
    damaged("cell-of-2-mb", q1="# " + "x" * 2_000_000 + f"\n{RIGHT['q1']}"),
    damaged("foreign-names", q1="def matmul_macs(M, K, N):\n    größe, 幅 = M * K, N\n    return größe * 幅"),
    damaged("right-to-left", q1=f"# \u202e}} \u2066if (M)\u2069 \u2066 begin\n{RIGHT['q1']}"),
    damaged("=1+2", q1=f"# a name that a spreadsheet takes for a formula\n{RIGHT['q1']}"),
    damaged("Zoë O'Brien, Łukasz"),
)

# ---- folders ----

WRITE = notebook_file(answered())


def folder(name, write, **expected):
    return case("files", name, writer(write), **expected)


def nothing(name, write, flag, **expected):
    flags = (flag,) if isinstance(flag, str) else flag
    return folder(name, write, lost=EVERY, flags=flags, **expected)


def link_to_another(where, notebook, canaries):
    (where / FILE).symlink_to("../all-right/01_small.ipynb")


def link_to_secret(where, notebook, canaries):
    (where / FILE).symlink_to(canaries.read)


def pipe(where, notebook, canaries):
    os.mkfifo(where / FILE)


def folder_as_notebook(where, notebook, canaries):
    (where / FILE).mkdir()
    (where / FILE / "inside.txt").write_text("not a notebook")


def two_notebooks(where, notebook, canaries):
    for name in (FILE, "01_small-Copy1.ipynb"):
        (where / name).write_text(json.dumps(made(notebook, canaries, answered())))


def with_checkpoint(where, notebook, canaries):
    """What JupyterLab leaves beside a notebook."""
    WRITE(where, notebook, canaries)
    (where / ".ipynb_checkpoints").mkdir()
    (where / ".ipynb_checkpoints" / "01_small-checkpoint.ipynb").write_text(json.dumps(notebook))


def with_modules(where, notebook, canaries):
    """Modules beside a notebook that would stand in for those of the grader."""
    WRITE(where, notebook, canaries)
    for name in ("numpy.py", "math.py", "conftest.py", "sitecustomize.py", "pytest.ini", "labcore.py"):
        (where / name).write_text("raise SystemExit('taken from the folder of a student')\n")


FOLDERS = (
    nothing("linked-to-another", link_to_another, "not-a-file"),
    nothing("linked-to-the-secret", link_to_secret, "not-a-file", bound="a link to the canary"),
    nothing("pipe", pipe, "not-a-file"),
    nothing("folder-as-notebook", folder_as_notebook, ("not-a-file", "no-notebook"), why="it is neither"),
    nothing("empty-folder", lambda *_: None, "no-notebook"),
    case("files", "docx", file(b"PK\x03\x04 word/document.xml", "answers.docx"), lost=EVERY, flags=("no-notebook",)),
    case("files", "py-file", file("\n".join(RIGHT.values()), "01_small.py"), lost=EVERY, flags=("no-notebook",)),
    case("files", "renamed-file", file(json.dumps, "Untitled (1).ipynb")),
    folder("two-notebooks", two_notebooks, flags=("several-notebooks",)),
    folder("checkpoint-beside", with_checkpoint),
    folder("modules-beside", with_modules),
)

CASES = (*BROKEN, *DAMAGED, *FOLDERS)
