"""Labs: built once and the same each time, complete, and honest about what they settle."""

import base64
import io
import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from PIL import Image

from labcore import book
from labcore.claims.ledger import LEDGER, load
from labcore.house import checkout

LABS = book.labs()
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


@pytest.fixture(params=LABS, ids=lambda lab: lab.source.stem)
def stored(request):
    return nbformat.read(request.param.notebook, 4)


def source_file(tmp_path, text):
    path = tmp_path / "98_planted.py"
    path.write_text(text)
    return path


def test_cells_are_those_of_the_source():
    for lab in LABS:
        built, stored = book.read_source(lab.source), nbformat.read(lab.notebook, 4)
        assert [(c.id, c.source) for c in built.cells] == [(c.id, c.source) for c in stored.cells], lab.source.name


def test_building_twice_gives_the_same_bytes():
    lab = book.find_lab("00")
    assert book.build(lab) == book.build(lab) == lab.notebook.read_text(encoding="utf-8")


def test_notebooks_are_valid_and_keep_no_state(stored):
    nbformat.validate(stored)
    assert "widgets" not in stored.metadata
    text = json.dumps(stored)
    assert WIDGET_STATE not in text
    assert book.WIDGET_VIEW not in text
    counts = [cell.execution_count for cell in stored.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))  # null would switch nbval's comparison off


def test_pictures_have_words(stored):
    """A cell that stores a picture stores its sentence and an alternative text too."""
    outputs = [out.data for cell in stored.cells for out in cell.get("outputs", []) if "data" in out]
    pictures = [data for data in outputs if "image/png" in data]
    assert pictures
    for data in pictures:
        assert len(data["text/plain"]) > 40
        assert re.search(r'<img [^>]*alt="[^"]{40,}"', data["text/html"])


def test_every_claim_is_settled_in_the_cell_it_names():
    load()
    cells = {f"{lab.source.stem}#{c.id}": c.source for lab in LABS for c in book.read_source(lab.source).cells}
    for claim in LEDGER.values():
        settling = [source for source in cells.values() if f'claims_at("{claim.where}")' in source]
        assert claim.where in cells, f"{claim.id} names the cell {claim.where}, which is not there"
        assert settling, f"no cell settles {claim.id} with claims_at({claim.where!r})"


def test_labs_open_with_a_question_and_a_prediction():
    for lab in LABS:
        title, question, times = lab.opening()
        assert title.startswith(lab.number)
        assert question.endswith("?")
        assert re.fullmatch(r"Reading \d+ min, doing \d+ min\.", times)
        sources = [cell.source for cell in book.read_source(lab.source).cells]
        assert any("predict(" in source for source in sources[:6]), f"{lab.slug} shows before it asks"
        asked = set(re.findall(r'^ *predict\(\s*"([^"]+)"', "\n".join(sources), re.MULTILINE))
        assert asked == set(re.findall(r'^ *compare\(\s*"([^"]+)"', "\n".join(sources), re.MULTILINE))


def test_links_between_files_lead_somewhere():
    for lab in LABS:
        # in code, `table[name](x)` looks like a link
        words = "\n".join(cell.source for cell in book.read_source(lab.source).cells if cell.cell_type == "markdown")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", words):
            if not target.startswith("../my/"):
                assert (lab.source.parent / target).exists(), f"{lab.source.name} links to {target}"


def test_index_in_the_readme_is_generated():
    readme = checkout("README.md").read_text(encoding="utf-8")
    assert book.with_index(readme) == readme
    for lab in LABS:
        assert f"(notebooks/{lab.notebook.name})" in readme


def test_a_changed_output_is_named_by_its_cell():
    stored = book.find_lab("00").notebook.read_text(encoding="utf-8")
    assert book.differences(stored, stored) == []
    changed = stored.replace("computed 295.22", "computed 590.44")
    assert changed != stored
    assert book.differences(changed, stored) == ["the output of 'claim(\"nm1-3-h100-ridge\")' has changed"]


def square(colour):
    """A small picture as base64."""
    Image.new("RGB", (8, 8), colour).save(made := io.BytesIO(), "png")
    return base64.b64encode(made.getvalue()).decode()


def test_a_lab_that_nbval_runs_is_held_whole_against_its_source(tmp_path):
    """What nbval lets pass, the test behind its cells names: pictures, sources, counts, cells that were left out."""
    white, black = square("white"), square("black")
    text = f"# %%\nprint(1)\n\n# %%\ndisplay({{'image/png': '{white}', 'text/plain': 'a square'}}, raw=True)\n"
    built = book.build(book.Lab(source_file(tmp_path, text)))

    def lab(name, built=built, text=text, **edits):
        (tmp_path / f"{name}.py").write_text(text)
        notebook = nbformat.reads(built, 4)
        notebook.cells[0].update(edits)
        (tmp_path / f"{name}.ipynb").write_text(nbformat.writes(notebook) + "\n")

    lab("good")
    lab("picture", built.replace(f'"image/png": "{white}', f'"image/png": "{black}'))
    lab("source", text=text.replace("print(1)", "print(1)  # one"))
    lab("skipped", metadata={"tags": ["nbval-skip"]})
    lab("uncounted", execution_count=None, outputs=[])
    shutil.copy(checkout("notebooks", "conftest.py"), tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-c", "pytest.ini", "--disable-plugin-autoload", "-p", "nbval.plugin"]
    command += ["-p", "labcore.grading.grammars", "-p", "no:cacheprovider", "--nbval", "-rA", "--color=no", "."]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
    failed = set(re.findall(r"^FAILED (\w+\.ipynb::[\w ]+?)(?: - |$)", said, re.MULTILINE))
    assert failed == {f"{name}.ipynb::as built" for name in ("picture", "source", "skipped", "uncounted")}, said
    for words in (
        'picture.ipynb: the output of "display(',
        "source.ipynb: its cells are not those of source.py; run `labcore build`",
        "Cell 0 did not run; let pytest run the whole of skipped.ipynb",
        "uncounted.ipynb: the output of 'print(1)' has changed",
    ):
        assert words in said


def test_documents_are_those_that_a_build_writes():
    for path, text in book.docs().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale; run `labcore build`"


@pytest.mark.parametrize("damaged", ["", "{}", "[]", "<<<<<<< HEAD", '{"cells": [{"cell_type": "code"'])
def test_a_damaged_notebook_is_stale_and_not_a_crash(damaged):
    built = book.find_lab("00").notebook.read_text(encoding="utf-8")
    assert book.differences(damaged, built)


def test_what_switches_nbval_off_makes_a_notebook_stale():
    built = book.find_lab("00").notebook.read_text(encoding="utf-8")
    skipped = nbformat.reads(built, 4)
    skipped.cells[1].metadata["tags"] = ["nbval-skip"]
    uncounted = nbformat.reads(built, 4)
    uncounted.cells[1].execution_count = None
    for planted in (skipped, uncounted):
        assert "are not those of a build" in book.differences(nbformat.writes(planted), built)[0]


def test_a_notebook_names_no_version_of_python(stored):
    assert "version" not in stored.metadata.language_info


def test_a_changed_picture_is_noticed():
    notebook = nbformat.read(book.find_lab("00").notebook, 4)
    first, second = [
        out.data["image/png"]
        for cell in notebook.cells
        for out in cell.get("outputs", [])
        if "image/png" in out.get("data", {})
    ][:2]
    assert book.same_picture(first, first)
    assert not book.same_picture(first, second)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("1 / 0", "98_planted.py, cell '1 / 0': ZeroDivisionError: division by zero"),
        ("object()", "prints a memory address 0x"),
        ("import sys; print('hm', file=sys.stderr)", "writes to stderr: hm; a lab warns of nothing"),
        ("from labcore.house import ROOT; str(ROOT)", "prints a path of this machine"),
    ],
)
def test_accidents_stop_the_build(tmp_path, cell, words):
    with pytest.raises(book.BookError, match=re.escape(words)):
        book.build(book.Lab(source_file(tmp_path, f"# %%\n{cell}\n")))


def test_a_notebook_that_somebody_worked_in_is_told_from_a_stale_one_and_kept(tmp_path):
    path = tmp_path / "00_start_here.ipynb"
    built = book.find_lab("00").notebook.read_text(encoding="utf-8")
    path.write_text(built, encoding="utf-8")
    assert not book.was_edited(path)
    notebook = nbformat.reads(built, 4)
    notebook.cells[1].outputs = []  # run again, saved: still what the build made
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    assert not book.was_edited(path)
    notebook.cells[1].source += "\nmine = 1"
    path.write_text(nbformat.writes(notebook), encoding="utf-8")
    assert book.was_edited(path)
    first, second = book.keep_copy(path, tmp_path), book.keep_copy(path, tmp_path)
    assert (first.name, second.name) == ("00_start_here-yours.ipynb", "00_start_here-yours-2.ipynb")
    assert "mine = 1" in first.read_text(encoding="utf-8")
    path.write_text("not a notebook")
    assert book.was_edited(path)


def test_two_cells_with_one_name_are_refused(tmp_path):
    source = source_file(tmp_path, '# %% name="a"\n1\n\n# %% name="a"\n2\n')
    with pytest.raises(book.BookError, match="two cells are named 'a'"):
        book.read_source(source)


def test_equal_cells_get_different_ids(tmp_path):
    cells = book.read_source(source_file(tmp_path, "# %%\n1\n\n# %%\n1\n")).cells
    assert cells[0].id != cells[1].id


@pytest.mark.parametrize(
    "name", ["9", "09", "roofline", "09_roofline", "09_roofline.ipynb", "notebooks/09_roofline.py"]
)
def test_a_lab_goes_by_many_names(name):
    assert book.find_lab(name).source.stem == "09_roofline"


def test_an_unknown_lab_lists_those_there_are():
    with pytest.raises(
        ValueError, match=r"^no lab '77'; choose from 00_start_here, 01_acceleration_wall, .*, 09_roofline"
    ):
        book.find_lab("77")


def test_a_readme_without_markers_is_refused():
    with pytest.raises(book.BookError, match=r"^README\.md needs the lines"):
        book.with_index("# nothing\n")
