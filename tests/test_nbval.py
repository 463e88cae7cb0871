"""What nbval 0.11 does: one test a fact that the grader rests on or works around, so that a change in it shows here.

Each runs plain nbval, without anything of ours, on a notebook made for the purpose.
"""

import inspect
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import nbval.plugin
import pytest
from nbformat import NotebookNode
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile, nocolors

from labcore.grading.environment import kernel_environment
from labcore.grading.judge import Question
from labcore.grading.nbval_plugin import Reference, outputs
from labcore.grading.values import MIME


def run_nbval(folder, cells, *options, metadata=None, env=None):
    """What pytest says of a notebook under plain nbval; cells are (source, stored outputs, count, tags)."""
    made = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": stored, "execution_count": count}
        for source, stored, count, tags in cells
    ]
    notebook = {"cells": made, "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / "plain.ipynb").write_text(json.dumps(notebook))
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-c", "pytest.ini", "-v", "-p", "labcore.grading.grammars"]
    command += ["-p", "nbval.plugin", "--nbval", *options]
    command += ["-p", "no:cacheprovider", "plain.ipynb"]
    own = kernel_environment(folder) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | (env or {})
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def outcomes(folder, cells, *options):
    """Outcomes by cell."""
    said = run_nbval(folder, cells, "--nbval-current-env", *options)
    found = re.findall(r"^plain\S*::Cell \d+ ([A-Z]+)", said, re.MULTILINE)
    assert len(found) == len(cells), said
    return found


def display(data):
    return [{"output_type": "display_data", "metadata": {}, "data": data}]


def stream(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def result(text, count=1):
    return [{"output_type": "execute_result", "metadata": {}, "execution_count": count, "data": {"text/plain": text}}]


def shows(data, **options):
    """The source of a cell that displays just this."""
    return f"from IPython.display import display\ndisplay({data!r}, raw=True, **{options!r})"


PICTURE, SVG = {"image/png": "A", "image/jpeg": "A", "text/plain": "x"}, "image/svg+xml"
STORED = display({MIME: {"a": 1, "b": [1, 2]}})
CASES = {
    "another picture": (shows(PICTURE | {"image/png": "B"}), display(PICTURE), 1, [], "PASSED"),
    "another photograph": (shows(PICTURE | {"image/jpeg": "B"}), display(PICTURE), 1, [], "PASSED"),
    "another drawing": (shows({SVG: "<svg>B</svg>"}), display({SVG: "<svg>A</svg>"}), 1, [], "FAILED"),
    "other metadata": (shows({"text/plain": "x"}, metadata={"a": 1}), display({"text/plain": "x"}), 1, [], "PASSED"),
    "other text": ("print(2)", stream("1\n"), 1, [], "FAILED"),
    "nothing stored": ("print(2)", [], 1, [], "FAILED"),
    "never run, other text": ("print(2)", [], None, [], "PASSED"),
    "never run, with outputs": ("print(1)", stream("1\n"), None, [], "FAILED"),
    "another count": ("1 + 1", result("2", count=7), 7, [], "PASSED"),
    "numbers are texts": ("0.1 + 0.2", result("0.3"), 1, [], "FAILED"),
    "JSON, other order of keys": (shows({MIME: {"b": [1, 2], "a": 1}}), STORED, 1, [], "PASSED"),
    "JSON, other value": (shows({MIME: {"b": [1, 2], "a": 2}}), STORED, 1, [], "FAILED"),
    "skip by comment": ("# NBVAL_SKIP\nprint(2)", stream("1\n"), 1, [], "SKIPPED"),
    "skip by tag": ("print(2)", stream("1\n"), 1, ["nbval-skip"], "SKIPPED"),
    "not compared by comment": ("# NBVAL_IGNORE_OUTPUT\nprint(2)", stream("1\n"), 1, [], "PASSED"),
    "an error wanted by tag": ("1 / 0", [], None, ["raises-exception"], "PASSED"),
    "a check whose FAIL was saved": ("print('FAIL')", stream("FAIL\n"), 1, [], "PASSED"),
}


def test_what_is_compared_and_what_is_not(tmp_path):
    found = outcomes(tmp_path, [case[:4] for case in CASES.values()])
    assert dict(zip(CASES, found, strict=True)) == {name: case[4] for name, case in CASES.items()}


def test_after_a_timeout_later_cells_are_expected_to_fail(tmp_path):
    sources = ["import time", "time.sleep(60)", "1 + 1"]
    found = outcomes(tmp_path, [(source, [], None, []) for source in sources], "--nbval-cell-timeout=1")
    assert found == ["PASSED", "FAILED", "XPASS"]


def test_a_dead_kernel_is_noticed_only_when_the_time_is_up(tmp_path):
    start = time.monotonic()
    found = outcomes(tmp_path, [("import os; os._exit(1)", [], None, [])], "--nbval-cell-timeout=6")
    assert found == ["FAILED"]
    assert time.monotonic() - start > 6


def test_every_message_restarts_the_clock(tmp_path):
    """A cell that prints in the end is given seconds again for each message; ours counts from the start."""
    cells = [("import time\nprint('a', flush=True)\ntime.sleep(1)", stream("a\n"), 1, [])]
    assert outcomes(tmp_path, cells, "--nbval-cell-timeout=2") == ["PASSED"]

    class Chatty(RunningKernel):
        def __init__(self):
            self.spoke = 0

        def get_message(self, stream, timeout=None):
            self.spoke += 1
            return {"parent_header": {"msg_id": "mine" if self.spoke == 1000 else "other"}, "content": {"status": "ok"}}

    kernel = Chatty()
    kernel.await_reply("mine", timeout=0)  # a thousand messages later, and no time was left to begin with
    assert kernel.spoke == 1000


def test_nothing_caps_what_a_cell_prints(tmp_path):
    cells = [("print('x' * 3_000_000)", stream("x" * 3_000_000 + "\n"), 1, [])]
    assert outcomes(tmp_path, cells) == ["PASSED"]


def test_the_report_of_a_failure_shows_the_reference(tmp_path):
    said = run_nbval(tmp_path, [("print(2)", stream("the secret 42\n"), 1, [])], "--nbval-current-env")
    assert "the secret 42" in said


def test_the_notebook_chooses_its_kernel_and_the_kernel_sees_the_environment(tmp_path):
    cell = ("import os\nprint(os.environ['A_TOKEN'])", stream("seen\n"), 1, [])
    said = run_nbval(tmp_path, [cell], "--nbval-current-env", env={"A_TOKEN": "seen"})
    assert "1 passed" in said
    kernelspec = {"name": "nowhere", "display_name": "Nowhere", "language": "python"}
    said = run_nbval(tmp_path, [cell], metadata={"kernelspec": kernelspec})
    assert "No such kernel named nowhere" in said


def test_cells_are_named_by_their_number():
    """So a cell is known to us by its id, and never by the name of its test."""
    assert "Cell ' + str(cell_num)" in inspect.getsource(IPyNbFile.collect)


def test_a_reference_may_bring_a_tolerance_of_its_own():
    """It compares with `!=`, reference first, and leaves alone what is no text."""

    class Parent:
        skip_compare = ()
        sanitize_patterns = {}

    cell = IPyNbCell.__new__(IPyNbCell)
    cell.parent, cell.colors = Parent, nocolors
    reference = outputs([Reference(Question("q1", "f", on=[[1]], want=[1.0], slips={}))])
    assert cell.compare_outputs(outputs([NotebookNode(got=[{"value": 1.0 + 1e-9}])]), reference)
    cell.format_output_compare = lambda *_: None
    assert not cell.compare_outputs(outputs([NotebookNode(got=[{"value": 1.001}])]), reference)
    assert not cell.compare_outputs(outputs([]), reference)


def test_the_kernel_class_may_be_swapped(monkeypatch):
    """nbval looks the class up in its module when a notebook is set up."""

    class SwappedError(Exception):
        pass

    def kernel(*_, **__):
        raise SwappedError

    monkeypatch.setattr(nbval.plugin, "RunningKernel", kernel)
    file = nbval.plugin.IPyNbFile.__new__(nbval.plugin.IPyNbFile)

    class Option:
        nbval_current_env = True
        nbval_kernel_name = None
        nbval_kernel_startup_timeout = 1

    file.parent = type("Parent", (), {"config": type("Config", (), {"option": Option})})
    file.path, file.config = Path("plain.ipynb"), file.parent.config
    with pytest.raises(SwappedError):
        file.setup()
