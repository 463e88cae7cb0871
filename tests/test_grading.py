"""Grading: what nbval does, what the judge says, and that nothing but right values earns points."""

import ast
import json
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labcore.grading import check as check_module
from labcore.grading.check import exercise, outcomes
from labcore.grading.environment import kernel_environment
from labcore.grading.exercise import build_exercises, copy_exercises, stored_question
from labcore.grading.exercise_format import Parts, parts, stub
from labcore.grading.grade import complete, grade
from labcore.grading.judge import Question, judge
from labcore.grading.submission import graft, read_key, read_submission
from labcore.grading.values import MIME, close, plain, show

PACKAGE = Path(__file__).parent.parent / "labcore"


# ---- a small exercise: f1(x) = x + 1, f2(x) = x + 2, ... and one question whose answer is a value ----

HEAD = """# %% [markdown]
# # Small

# %%
from labcore.grading.check import exercise

check = exercise("01_small")

"""
TASK = """# %% [markdown] task="q{i}"
# Add {i}.

# %% answer="q{i}"
def f{i}(x):
    # solution
    return x + {i}
    # end solution

# %% check="q{i}" points={i}
check("q{i}", f{i}, on=[10, 0.5])

# %% wrong="q{i}" slip="{i} is taken away"
def f{i}(x):
    return x - {i}

# %% wrong="q{i}" slip="nothing is added"
def f{i}(x):
    return x

"""
VALUE = """# %% [markdown] task="q9"
# Three squared.

# %% answer="q9"
# solution
nine = 3**2
# end solution

# %% check="q9" points=1
check("q9", nine)

# %% wrong="q9" slip="that is three doubled"
nine = 3 * 2

# %% wrong="q9" slip="that is three tripled, and one more"
nine = 10
"""
SOURCE = HEAD + "".join(TASK.format(i=i) for i in range(1, 9)) + VALUE
RIGHT = {f"q{i}": f"def f{i}(x):\n    return x + {i}" for i in range(1, 9)} | {"q9": "nine = 9"}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The folder of the small exercise, built."""
    folder = tmp_path_factory.mktemp("exercises")
    source = folder / "keys" / "01_small.py"
    source.parent.mkdir()
    source.write_text(SOURCE)
    for path, text in build_exercises(source).items():
        path.write_text(text)
    return folder


def submit(small, answers, name="submitted.ipynb"):
    """The reader's notebook with these answers; a list of sources makes as many cells."""
    notebook = json.loads((small / "01_small.ipynb").read_text())
    cells = []
    for cell in notebook["cells"]:
        given = answers.get(cell["metadata"].get("answer"), "".join(cell["source"]))
        cells += [cell | {"source": source} for source in ([given] if isinstance(given, str) else given)]
    path = small / name
    path.write_text(json.dumps(notebook | {"cells": cells}))
    return path


def graded(small, answers, **options):
    """The results by question."""
    report = grade(submit(small, answers), small / "keys" / "01_small.ipynb", **options)
    return report, {result.question: result for result in report.results}


# ---- nbval 0.11: one test a fact that the grader rests on ----


def png(text):
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": text, "text/plain": "picture"}}


def nbval(folder, cells, *options):
    """Outcomes by cell of a notebook under plain nbval."""
    made = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": stored, "execution_count": count}
        for source, stored, count, tags in cells
    ]
    notebook = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / "plain.ipynb").write_text(json.dumps(notebook))
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-c", "pytest.ini", "-v", "-p", "nbval.plugin", "--nbval", *options]
    env = kernel_environment(folder) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command += ["--nbval-current-env", "-p", "no:cacheprovider", "plain.ipynb"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    found = re.findall(r"^plain\S*::Cell \d+ ([A-Z]+)", done.stdout, re.MULTILINE)
    assert len(found) == len(cells), done.stdout + done.stderr
    return found


def test_what_nbval_compares_and_what_it_does_not(tmp_path):
    printed = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    picture = "from IPython.display import display\ndisplay({'image/png': 'B', 'text/plain': 'picture'}, raw=True)"
    emit = "display({'%s': {'b': [1, 2], 'a': %s}}, raw=True)"
    stored = [{"output_type": "display_data", "metadata": {}, "data": {MIME: {"a": 1, "b": [1, 2]}}}]
    cells = {
        "another picture": (picture, [png("A")], 1, [], "PASSED"),
        "other text": ("print(2)", printed, 1, [], "FAILED"),
        "nothing stored": ("print(2)", [], 1, [], "FAILED"),
        "never run, other text": ("print(2)", [], None, [], "PASSED"),
        "never run, with outputs": ("print(1)", printed, None, [], "FAILED"),
        "JSON, other order of keys": (emit % (MIME, 1), stored, 1, [], "PASSED"),
        "JSON, other value": (emit % (MIME, 2), stored, 1, [], "FAILED"),
        "skip by comment": ("# NBVAL_SKIP\nprint(2)", printed, 1, [], "SKIPPED"),
        "skip by tag": ("print(2)", printed, 1, ["nbval-skip"], "SKIPPED"),
        "not compared by comment": ("# NBVAL_IGNORE_OUTPUT\nprint(2)", printed, 1, [], "PASSED"),
    }
    found = nbval(tmp_path, [cell[:4] for cell in cells.values()])
    assert dict(zip(cells, found, strict=True)) == {name: cell[4] for name, cell in cells.items()}


def test_after_a_timeout_nbval_expects_the_later_cells_to_fail(tmp_path):
    sources = ["import time", "time.sleep(60)", "1 + 1"]
    found = nbval(tmp_path, [(source, [], None, []) for source in sources], "--nbval-cell-timeout=1")
    assert found == ["PASSED", "FAILED", "XPASS"]


def test_nbval_takes_a_reference_with_a_tolerance_of_its_own():
    """It compares with `!=`, reference first, and leaves alone what is no text."""
    from nbformat import NotebookNode
    from nbval.plugin import IPyNbCell, nocolors

    from labcore.grading.nbval_plugin import Reference, outputs

    class Parent:
        skip_compare = ()
        sanitize_patterns = {}

    cell = IPyNbCell.__new__(IPyNbCell)
    cell.parent, cell.colors = Parent, nocolors
    reference = outputs([Reference({"tolerance": 1e-6, "got": [{"value": 1.0}]})])
    assert cell.compare_outputs(outputs([NotebookNode(got=[{"value": 1.0 + 1e-9}])]), reference)
    cell.format_output_compare = lambda *_: None
    assert not cell.compare_outputs(outputs([NotebookNode(got=[{"value": 1.001}])]), reference)
    assert not cell.compare_outputs(outputs([]), reference)


def test_one_module_alone_touches_nbval():
    """The command line names the plugin; nothing else imports it."""
    for path in PACKAGE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        imported = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        imported += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        assert not any(name.split(".")[0] == "nbval" for name in imported) or path.name == "nbval_plugin.py"


# ---- grading through nbval ----


def test_a_notebook_without_answers_scores_nothing(small):
    report, results = graded(small, {})
    assert {result.outcome for result in results.values()} == {"unanswered"}
    assert results["q9"].message == "q9: not answered yet"
    assert (report.earned, report.points, report.passed) == (0, sum(range(1, 9)) + 1, False)


def test_right_answers_score_in_full_whatever_they_print(small):
    noisy = RIGHT | {
        "q1": "print('noise')\ndef f1(x):\n    print('more')\n    return x + 1\n1 / 3",
        "q2": "import warnings\ndef f2(x):\n    warnings.warn('careful')\n    return x + 2",
        "q3": "from IPython.display import display\ndef f3(x):\n    display('seen')\n    return 3 + x",
        "q4": "def f4(x):\n    return x + 4.0000001",  # within a millionth of 4.5; but 14 is a whole number
        "q5": "import numpy as np\ndef f5(x):\n    return np.float64(x) + 5",
        "q6": "def f6(x, five=[5]):\n    return x + five[0] + 1\n# half a pair of surrogates: \ud800",
    }
    report, results = graded(small, noisy)
    wrong = {id for id, result in results.items() if result.outcome != "passed"}
    assert wrong == {"q4"}
    assert results["q4"].message.startswith("q4: f4(10) gives 14.0000001")
    assert results["q4"].message.endswith("; wanted 14.\nLikely slip: a whole number is wanted.")
    assert report.earned == report.points - 4


def test_each_failure_costs_its_own_question(small):
    """Errors, loops and dead kernels; the rest still counts."""
    broken = RIGHT | {
        "q1": "raise RuntimeError('boom')",
        "q2": "def f2(:",
        "q3": "def f3(x):\n    while True:\n        pass",
        "q4": "import os\ndef f4(x):\n    os._exit(1)",
        "q5": "def wrong_name(x):\n    return x + 5",
        "q6": "def f6(x):\n    exit()",
        "q7": "def f7(x):\n    raise SystemExit",
    }
    report, results = graded(small, broken, timeout=2)
    assert {id: result.outcome for id, result in results.items()} == {
        "q1": "error", "q2": "error", "q3": "timeout", "q4": "error", "q5": "error", "q6": "error", "q7": "failed",
        "q8": "passed", "q9": "passed",
    }  # fmt: skip
    assert [results[f"q{i}"].message for i in range(1, 7)] == [
        "q1: its answer cell raises RuntimeError: boom",
        "q2: its answer cell raises SyntaxError: invalid syntax (line 1)",
        "q3: stopped after 2 s; look for a loop that does not end",
        "q4: the kernel ended while this ran (exit, a crash, or no memory left)",
        "q5: its check raises NameError: name 'f5' is not defined; keep the names that the cell came with",
        "q6: the kernel ended while this ran (exit, a crash, or no memory left)",
    ]
    assert results["q7"].message.startswith("q7: f7(0.5) raises SystemExit; wanted 7.5")
    assert report.earned == 8 + 1


def test_no_trick_passes_a_wrong_value(small, monkeypatch):
    """The check compares values, so what a cell claims, patches or hides changes nothing."""
    monkeypatch.setenv("LABCORE_TEST_SECRET", "token")
    show = f"display({{'{MIME}': {{'outcome': 'passed'}}}}, raw=True)"
    always = "class Same{}:\n    __eq__ = lambda *_: True\n    __ne__ = lambda *_: False\n"
    tricks = RIGHT | {
        "q1": "def check(*a, **k): print('q1: right')\nemit = check\ndef f1(x):\n    return x",
        "q2": f"from IPython.display import display\ndef f2(x):\n    {show}",
        "q3": "# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\ndef f3(x):\n    return x - 3",
        "q4": always.format("(float)") + "def f4(x):\n    return Same(0)",
        "q5": always.format("") + "def f5(x):\n    return Same()",
        "q6": "import importlib\ndef f6(x):\n    return importlib.import_module('keys.01_small').f6(x)",
        "q7": "import os\ndef f7(x):\n    return os.environ.get('LABCORE_TEST_SECRET')",
        "q8": "import labcore.grading.check\nlabcore.grading.check.emit = lambda *a, **k: None\nf8 = None",
    }
    report, results = graded(small, tricks)
    assert report.earned == 0  # the last trick silences every later check, and harms its author alone
    said = {id: result.message for id, result in results.items()}
    assert "nothing is added" in said["q1"]
    assert said["q2"].startswith("q2: its check gave no values, or more than one set")
    assert "3 is taken away" in said["q3"]
    assert said["q4"].startswith("q4: f4(0.5) gives 0; wanted 4.5")
    assert "an object of type Same came" in said["q5"]
    assert "raises ModuleNotFoundError" in said["q6"]
    assert "f7(0.5) gives None" in said["q7"]
    assert said["q8"] == said["q9"].replace("q9", "q8")
    assert "no values" in said["q9"]


def test_answers_survive_lost_metadata_and_doubled_cells(small):
    """Markers are enough; of two cells that answer one question the later one counts, and the report says so."""
    marked = {id: f"# answer: {id}\n{source}" for id, source in RIGHT.items()}
    path = submit(small, marked | {"q1": ("# answer: q1\ndef f1(x):\n    return 0", marked["q1"])})
    notebook = json.loads(path.read_text())
    for cell in notebook["cells"]:
        cell["metadata"] = None
        del cell["id"]
    kept = [cell for cell in notebook["cells"] if "answer: q2" not in cell["source"]]
    notebook |= {"metadata": {}, "cells": kept}
    path.write_text(json.dumps(notebook))
    report = grade(path, small / "keys" / "01_small.ipynb")
    assert [result.outcome for result in report.results] == ["passed", "unanswered", *["passed"] * 7]
    assert report.results[1].message == "q2: no cell answers it; its answer cell says '# answer: q2'"
    assert report.notes == ("2 cells answer q1; they ran in their order",)
    assert json.loads(json.dumps(report.as_dict()))["earned"] == report.points - 2
    assert report.text().splitlines()[2:5] == [
        "q1      1 of 1  passed",
        "q2      0 of 2  unanswered",
        "       no cell answers it; its answer cell says '# answer: q2'",
    ]


def test_an_answer_cell_is_known_by_metadata_then_id_then_marker(tmp_path):
    def cell(source, id="x", **metadata):
        return {"cell_type": "code", "id": id, "metadata": metadata, "source": source}

    cells = [cell("# answer: q2", id="answer-q3", answer="q1"), cell("# answer: q2\n", id="answer-q3")]
    cells += [cell(["\t# answer: q2"]), cell("print('# answer: q2')"), cell(None), None]
    cells += [{"cell_type": "markdown", "source": "# answer: q1"}]
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    found = read_submission(path).answers(["q1", "q2", "q3"])
    assert found == {"q1": ["# answer: q2"], "q2": ["\t# answer: q2"], "q3": ["# answer: q2\n"]}


def test_a_graft_holds_the_given_answers_and_nothing_else_of_the_keys(small):
    """Where an answer is missing, the reference does not step in for it."""
    key = read_key(small / "keys" / "01_small.ipynb")
    grafted = graft(key, {id: [] for id in RIGHT} | {"q1": ["a = 1", "b = 2"]})
    sources = ["".join(cell["source"]) for cell in grafted["cells"]]
    assert not [source for source in sources if "return x" in source or "3**2" in source]
    assert sources[1:3] == ["a = 1", "b = 2"]
    assert sources[3] == 'from labcore.grading.check import emit\n\nemit("q1", f1, on=[10, 0.5])'
    assert sources[4] == "# answer: q2"


def test_a_run_that_was_ended_blames_the_cell_that_ran():
    def cell(id, **metadata):
        return {"id": id, "metadata": metadata}

    cells = [cell("setup"), cell("a", answer="q1"), cell("c", check="q1")]
    cells += [cell("d", answer="q2"), cell("e", check="q2")]
    done = [{"cell": id, "outcome": "passed", "error": "", "received": None} for id in ("setup", "a")]
    whole = complete(done, cells)
    assert [one["outcome"] for one in whole] == ["passed", "passed", "timeout", "unreached", "unreached"]
    assert [one["question"] for one in whole] == [None, "q1", "q1", "q2", "q2"]
    with pytest.raises(ValueError, match=r"^the key fails before any answer has run: timeout$"):
        complete([], cells)


# ---- files that are no notebooks ----

DAMAGED = {
    "truncated": (b'{"cells": [', "one.ipynb is not JSON (line 1); save it again from JupyterLab"),
    "empty": (b"", "one.ipynb is not JSON (line 1); save it again from JupyterLab"),
    "utf-16": ('{"cells": []}'.encode("utf-16"), "one.ipynb is not JSON in UTF-8; save it again from JupyterLab"),
    "conflict": (b"{\n<<<<<<< HEAD\n", "one.ipynb holds conflict markers of git; resolve them, then grade again"),
    "a list": (b"[1]", "one.ipynb is not a notebook: it has no list of cells"),
    "format 3": (
        b'{"worksheets": []}',
        "one.ipynb is not a notebook: it has notebook format 3; open it in JupyterLab and save it",
    ),
    "deep": (b"[" * 100_000, "one.ipynb is not a notebook: its JSON is nested too deeply"),
    "no answers": (b'{"cells": []}', "one.ipynb answers no question of 01_small; an answer cell says '# answer: q1'"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_no_notebook_is_one_line(name, tmp_path, small):
    content, message = DAMAGED[name]
    path = tmp_path / "one.ipynb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        grade(path, small / "keys" / "01_small.ipynb")


def test_paths_that_hold_no_file(tmp_path):
    with pytest.raises(ValueError, match=r"^there is no file .*none\.ipynb; give the path of a notebook$"):
        grade(tmp_path / "none.ipynb")
    with pytest.raises(ValueError, match=r" is not a file; give the path of a notebook$"):
        grade(tmp_path)


def test_a_notebook_of_no_exercise_names_those_there_are(tmp_path):
    path = tmp_path / "homework.ipynb"
    path.write_text('{"cells": [], "metadata": {"labcore": {"exercise": "../keys/x"}}}')
    with pytest.raises(ValueError, match=r"^homework\.ipynb names the exercise '\.\./keys/x'; there are: 09_roofline"):
        grade(path)
    path.write_text('{"cells": []}')
    with pytest.raises(ValueError, match=r"^homework\.ipynb names no exercise; there are: 09_roofline"):
        grade(path)


def test_a_key_without_stored_values_is_refused(small, tmp_path):
    """nbval compares nothing with a cell that was never run, so everybody would pass."""
    key = json.loads((small / "keys" / "01_small.ipynb").read_text())
    check = next(cell for cell in key["cells"] if cell["metadata"].get("check") == "q2")
    for damage in ({"execution_count": None}, {"outputs": []}):
        cells = [cell | damage if cell is check else cell for cell in key["cells"]]
        (tmp_path / "key.ipynb").write_text(json.dumps(key | {"cells": cells}))
        with pytest.raises(ValueError, match=r"^the key key\.ipynb has no stored value for q2; run `labcore build`"):
            read_key(tmp_path / "key.ipynb")


# ---- the judge ----


def said(got, want, **options):
    """The likely slip that the judge names for one input."""
    question = Question("q1", "f", on=[[1]], want=[want], **({"slips": {}} | options))
    feedback = judge(question, [{"value": plain(got)}])
    assert feedback.outcome == "failed"
    return feedback.message.partition("Likely slip: ")[2]


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        (3 * 5, 2 * 3 * 5, "MACs taken for FLOP"),
        (2 * 300e9, 300e9, "both ways of a link for one"),
        (2 * 312e12, 312e12, "a sparse peak for the dense one"),
        (8 * 80, 80, "bits where bytes belong"),
        (16 * 2**30, 16 * 1e9, "GiB (2^30 B) where GB"),
        (16 * 1e9, 16 * 2**30, "GB (10^9 B) where GiB"),
        (64 * 1024, 64 * 1000, "KiB (1024 B) where kB"),
        (20.3, 0.203, "a percentage where a share"),
        (312e9, 312e12, "a prefix too many or too few"),
        (10 / 153, 15.3, "upside down"),
        (31.0, 31.0303, "rounded"),
        (None, 2.5, "is a `return` missing"),
        (float("nan"), 2.5, "nan comes from 0 / 0"),
        (float("inf"), None, "None is wanted, inf came"),
        ("2.5", 2.5, "a number is wanted, a text came"),
        (True, 1, "a number is wanted, True came"),
        ((1, 2, 3), [1, 2], "a pair is wanted, a list of 3 came"),
        ((2, 1), [1, 2], "in the wrong order"),
        (180.6, 181, "a whole number is wanted"),
        (lambda: 1, 2.5, "an object of type function came"),
        (2**5000, 2.5, "a number of 5001 bits came"),
        (17.0, 4.5, ""),
    ],
)
def test_the_judge_names_the_slip(got, want, words):
    assert words in said(got, want)
    assert bool(said(got, want)) == bool(words)


def test_a_catalogued_slip_speaks_before_the_ratio_and_two_alike_speak_both():
    slips = {"no output": [{"value": 3.0}], "no input": [{"value": 3.0}], "other": [{"value": 4.0}]}
    assert said(3.0, 6.0, slips=slips) == "no output; or: no input."


def test_a_ratio_must_hold_for_every_wrong_value():
    question = Question("q1", "f", on=[[1], [2]], want=[2.0, 10.0], slips={})
    assert "half" in judge(question, [{"value": 1.0}, {"value": 5.0}]).message
    assert "slip" not in judge(question, [{"value": 1.0}, {"value": 4.0}]).message


def test_the_smallest_failing_input_is_shown():
    question = Question("q1", "f", on=[[2048, 2048], [1, 1], [2, 3]], want=[1, 2, 3], slips={})
    feedback = judge(question, [{"value": 0}, {"value": 2}, {"value": 0}])
    assert feedback.message == "q1: f(2, 3) gives 0; wanted 3.\n2 of 3 inputs come out wrong; this is the smallest."
    assert feedback.score == 0


@pytest.mark.parametrize("got", [None, [], [{"value": 1}] * 3, [1, 2], "passed", {"value": 1}])
def test_what_is_not_one_outcome_an_input_is_an_error(got):
    question = Question("q1", "f", on=[[1], [2]], want=[1, 2], slips={})
    assert judge(question, got).outcome == "error"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=8,
)


@given(json_values)
def test_plain_values_survive_json_and_equal_themselves(value):
    assert json.loads(json.dumps(plain(value))) == plain(value)
    assert close(plain(value), plain(value), 1e-6)
    assert len(show(plain(value))) <= 160 or isinstance(value, str)


@given(st.floats(1e-300, 1e300), st.floats(1e-5, 0.5))
def test_a_number_off_by_more_than_the_tolerance_is_wrong(want, off):
    assert close(want * (1 + 1e-9), want, 1e-6)
    assert not close(want * (1 + off), want, 1e-6)


def test_arrays_and_their_numbers_are_plain():
    assert plain(np.arange(3)) == [0, 1, 2]
    assert plain((np.float32(0.5), np.int64(2), np.bool_(True))) == [0.5, 2, True]
    assert plain([0] * 5000) == {"kind": "a list of 5000"}


def test_an_answer_gets_copies_of_its_inputs():
    def spoils(chips):
        chips.append(1)
        return len(chips)

    chips = [0]
    assert outcomes(spoils, [(chips,), (chips,)]) == [{"value": 2}, {"value": 2}]
    assert outcomes(3.0, [(1,)]) == [{"error": "TypeError: a function is wanted, a number came"}]


# ---- the reader's check ----


def test_the_check_judges_in_the_notebook_and_shows_inputs_of_ones_own(small):
    check = exercise("01_small", small)
    assert repr(check("q1", lambda x: x + 1, on=[10, 0.5])) == "q1: right on all 2 inputs"
    own = check("q1", lambda x: x - 1, on=[10, (7,), 0.5])
    assert "Likely slip: 1 is taken away." in own.message
    assert own.message.endswith("\nf1(7) gives 6; not judged")
    assert check("q1", lambda x: x + 1, on=[7]).message == (
        "q1: this cell no longer has the exercise's inputs; copy it anew"
    )
    assert repr(check("q9", ...)) == "q9: not answered yet"
    assert repr(check("q9", 6)) == "q9: nine is 6; wanted 9.\nLikely slip: that is three doubled."
    with pytest.raises(ValueError, match=r"^01_small has no question 'q0'; it has q1, q2"):
        check("q0", 1)
    with pytest.raises(ValueError, match=r"^no exercise '02_x'; there are: 01_small$"):
        exercise("02_x", small)("q1", 1)


def loops(x):
    while True:
        try:
            x += 1
        except Exception:
            continue


def test_an_endless_loop_ends_in_words(small, monkeypatch):
    monkeypatch.setattr(check_module, "CALL_SECONDS", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    feedback = exercise("01_small", small)("q1", lambda x: x + 1 if x == 10 else loops(x), on=[10, 0.5])
    assert time.monotonic() - start < 5
    assert feedback.outcome == "failed"
    assert feedback.message.startswith("q1: f1(0.5) raises TimeoutError: ran longer than 0.2 s; does its loop end?")
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_limit_leaves_other_alarms_and_other_threads_alone():
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000)
        assert outcomes(lambda x: x, [1], 5.0) == [{"value": 1}]
        assert 900 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with ThreadPoolExecutor() as pool:
        assert pool.submit(outcomes, lambda x: x, [1], 5.0).result() == [{"value": 1}]


# ---- the format ----


def one(source, **edits):
    """The cells of one question as the format has them, with some parts changed."""
    cells = {
        "task": ({"task": "q1"}, "Add 1."),
        "answer": ({"answer": "q1"}, "def f(x):\n    # solution\n    return x + 1\n    # end solution"),
        "check": ({"check": "q1", "points": 1}, 'check("q1", f, on=[1])'),
        "first": ({"wrong": "q1", "slip": "one way"}, "f = 1"),
        "second": ({"wrong": "q1", "slip": "another"}, "f = 2"),
    } | edits
    return [{"cell_type": "code", "metadata": cell[0], "source": cell[1]} for cell in cells.values() if cell]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"task": None}, "question q1 has no task cell; mark one with task='q1'"),
        ({"answer": ({"answer": "q1"}, "f = 1")}, "question q1 needs the lines '# solution' and '# end solution'"),
        ({"check": ({"check": "q1"}, 'check("q1", f)')}, "question q1 needs points above 0 on its check cell, got 0"),
        ({"check": ({"check": "q1", "points": 1}, 'check("q2", f)')}, 'question q1 needs one call check("q1", name'),
        ({"check": ({"check": "q1", "points": 1}, 'check("q1", f)\nf()')}, "question q1 needs one call"),
        ({"second": None}, "question q1 needs at least two wrong answers, got 1"),
        ({"second": ({"wrong": "q1", "slip": "one way"}, "")}, 'a wrong answer to q1 needs slip="..." in words of'),
        ({"again": ({"task": "q1"}, "Add 2.")}, "question q1 has two task cells; keep one"),
    ],
)
def test_a_source_that_breaks_the_format_is_one_line(edits, message):
    assert list(parts("x.py", one("x.py"))) == ["q1"]
    with pytest.raises(ValueError, match=f"^x\\.py: {re.escape(message)}"):
        parts("x.py", one("x.py", **edits))


def test_a_stub_keeps_the_frame_and_hides_the_solution():
    function = ["import math", "def f(x):", "    # solution", "    y = x", "    return y", "    # end solution"]
    value = ["# solution", "a = 1", "b = 2", "# end solution"]
    assert stub("q1", "\n".join(function + value)).splitlines() == [
        "# answer: q1",
        "import math",
        "def f(x):",
        '    raise NotImplementedError("q1: your code here")',
        "a = ...",
        "b = ...",
    ]


def test_a_wrong_answer_must_show_on_some_input():
    question = Parts(check='check("q1", f, on=[0])', wrong={"no difference at 0": ""})
    key = {"question": "q1", "on": [[0]], "tolerance": 1e-6, "got": [{"value": 0}]}
    with pytest.raises(ValueError, match=r"^q1: wrong answer 'no difference at 0' is right on all inputs; add one"):
        stored_question(question, {"": key, "no difference at 0": key})
    with pytest.raises(ValueError, match=r"^q1: the reference gives \{'value': \{'kind': 'nan'\}\}; give numbers"):
        stored_question(question, {"": key | {"got": [{"value": plain(float("nan"))}]}})


def test_a_source_whose_code_fails_names_the_cell(tmp_path):
    source = tmp_path / "keys" / "01_small.py"
    source.parent.mkdir()
    source.write_text(SOURCE.replace("check = exercise", "1 / 0\ncheck = exercise"))
    with pytest.raises(ValueError, match=r"^01_small\.py: the cell 'from labcore.*' raises ZeroDivisionError: divi"):
        build_exercises(source)


def test_exercises_are_copied_once(tmp_path):
    copied = copy_exercises(tmp_path)
    assert "09_roofline.ipynb" in [path.name for path in copied]
    copied[0].write_text("my work")
    assert copy_exercises(tmp_path) == []
    assert copied[0].read_text() == "my work"
