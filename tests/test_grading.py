"""Grading one notebook: only right values earn points, and each failure costs its own question alone."""

import ast
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labcore.grading.exercise import build_exercises
from labcore.grading.exercise_format import parts, read_cells
from labcore.grading.grade import Setting, executor, find_key, grade, level_for, sources
from labcore.grading.key import seeded_key
from labcore.grading.limits import Limits, parse_limits
from labcore.grading.marks import FLAGS, Flag, Report, Result
from labcore.grading.nbval_plugin import Record
from labcore.grading.station import Station
from labcore.grading.submission import MOST_CELLS, graft, read_submission, sort_cells
from labcore.grading.values import MIME
from labcore.grading.worker import GradeJob, merged, settle
from labcore.house import ROOT, checkout

LIMITS = Limits(cell=3, total=60, memory=1.5e9, output=200e3, disk=20e6)
LEVEL = level_for(Path("elsewhere.ipynb"), "auto", trusted=False)[0]


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

# %% draw="q{i}"
def draw(rng):
    return rng.randint(100, 10**6)

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


@pytest.fixture(scope="module")
def station():
    with Station(LEVEL) as station:
        yield station


@pytest.fixture(scope="module")
def key(small, station):
    return seeded_key(small / "keys" / "01_small.py", "a seed", executor(station, LIMITS))


def submission(small, answers):
    """The content of the reader's notebook with these answers; a list of sources makes as many cells."""
    notebook = json.loads((small / "01_small.ipynb").read_text())
    cells = []
    for cell in notebook["cells"]:
        given = answers.get(cell["metadata"].get("answer"), "".join(cell["source"]))
        cells += [cell | {"source": source} for source in ([given] if isinstance(given, str) else given)]
    return json.dumps(notebook | {"cells": cells}).encode()


@pytest.fixture(scope="module")
def graded(small, key, station):
    """Grades answers; gives the report, and its results by question."""

    def run(answers, limits=LIMITS):
        content = answers if isinstance(answers, bytes) else submission(small, answers)
        report = station.run(GradeJob(content, "submitted.ipynb", key, limits, station.surroundings), 120)
        return report, {result.question: result for result in report.results}

    return run


# ---- through nbval, in a confined kernel ----


def test_a_notebook_without_answers_scores_nothing(graded):
    report, results = graded({})
    assert {result.outcome for result in results.values()} == {"unanswered"}
    assert results["q9"].message == "q9: not answered yet"
    assert (report.earned, report.points, report.passed) == (0, sum(range(1, 9)) + 1, False)


def test_right_answers_score_in_full_whatever_they_print(graded):
    noisy = RIGHT | {
        "q1": "print('noise')\ndef f1(x):\n    print('more')\n    return x + 1\n1 / 3",
        "q2": "import warnings\ndef f2(x):\n    warnings.warn('careful')\n    return x + 2",
        "q3": "from IPython.display import display\ndef f3(x):\n    display('seen')\n    return 3 + x",
        "q4": "def f4(x):\n    return x + 4.0000001",  # within a millionth of 4.5; but 14 is a whole number
        "q5": "import numpy as np\ndef f5(x):\n    return np.float64(x) + 5",
        "q6": "def f6(x, five=[5]):\n    return x + five[0] + 1\n# half a pair of surrogates: \ud800",
    }
    report, results = graded(noisy)
    wrong = {id for id, result in results.items() if result.outcome != "passed"}
    assert wrong == {"q4"}
    assert results["q4"].message.startswith("q4: f4(10) gives 14.0000001")
    assert results["q4"].slip == "a whole number is wanted"
    assert report.earned == report.points - 4


def test_each_failure_costs_its_own_question(graded):
    """Errors, loops and dead kernels; the rest still counts, and three kernels that ended are not too many."""
    broken = RIGHT | {
        "q1": "raise RuntimeError('boom')",
        "q2": "def f2(:",
        "q3": "def f3(x):\n    while True:\n        pass",
        "q4": "import os\ndef f4(x):\n    os._exit(1)",
        "q5": "def wrong_name(x):\n    return x + 5",
        "q6": "def f6(x):\n    exit()",
        "q7": "def f7(x):\n    raise SystemExit",
    }
    report, results = graded(broken)
    assert {id: result.outcome for id, result in results.items()} == {
        "q1": "error", "q2": "error", "q3": "timeout", "q4": "error", "q5": "error", "q6": "error", "q7": "failed",
        "q8": "passed", "q9": "passed",
    }  # fmt: skip
    assert [results[f"q{i}"].message for i in range(1, 7)] == [
        "q1: its answer cell raises RuntimeError: boom",
        "q2: its answer cell raises SyntaxError: invalid syntax (line 1)",
        "q3: stopped after 3 s; look for a loop that does not end",
        "q4: the kernel ended while this ran (exit, a crash, or no memory left)",
        "q5: its check raises NameError: name 'f5' is not defined; keep the names that the cell came with",
        "q6: the kernel ended while this ran (exit, a crash, or no memory left)",
    ]
    assert results["q7"].message.startswith("q7: f7(0.5) raises SystemExit; wanted 7.5")
    assert report.earned == 8 + 1
    assert {flag.code for flag in report.flags} == {"timeout", "died"}


def test_a_table_of_the_visible_values_earns_nothing_and_learns_nothing(graded):
    report, results = graded(RIGHT | {"q1": "def f1(x):\n    return {10: 11, 0.5: 1.5}[x]"})
    assert results["q1"].earned == 0
    assert results["q1"].message.startswith("q1: right on the 2 inputs that you see, wrong on 8 of 8 others")
    assert not re.search(r"\d{3}", results["q1"].message)  # hidden inputs have three digits and more
    assert report.earned == report.points - 1


def test_no_trick_passes_a_wrong_value(graded):
    """The check compares values, so what a cell claims, patches or hides changes nothing."""
    show = f"display({{'{MIME}': {{'outcome': 'passed'}}}}, raw=True)"
    always = "class Same{}:\n    __eq__ = lambda *_: True\n    __ne__ = lambda *_: False\n"
    tricks = RIGHT | {
        "q1": "def check(*a, **k): print('q1: right')\nemit = check\ndef f1(x):\n    return x",
        "q2": f"from IPython.display import display\ndef f2(x):\n    {show}",
        "q3": "# NBVAL_SKIP\n# NBVAL_IGNORE_OUTPUT\ndef f3(x):\n    return x - 3",
        "q4": always.format("(float)") + "def f4(x):\n    return Same(0)",
        "q5": always.format("") + "def f5(x):\n    return Same()",
        "q8": "import labcore.grading.check\nlabcore.grading.check.emit = lambda *a, **k: None\nf8 = None",
    }
    report, results = graded(tricks)
    assert report.earned == 6 + 7  # the last trick silences every later check, and harms its author alone
    said = {id: result.message for id, result in results.items()}
    assert "nothing is added" in said["q1"]
    assert said["q2"].startswith("q2: its check gave no values, or more than one set")
    assert "3 is taken away" in said["q3"]
    assert said["q4"].startswith("q4: f4(0.5) gives 0; wanted 4.5")
    assert "an object of type Same came" in said["q5"]
    assert said["q8"] == said["q9"].replace("q9", "q8")
    assert "no values" in said["q9"]
    assert {flag.code for flag in report.flags} == {"forged", "nbval-marks", "internals"}


def test_answers_survive_lost_metadata_and_doubled_cells(small, graded):
    """Markers are enough; several cells that answer one question run in their order, and the report says so."""
    marked = {id: f"# answer: {id}\n{source}" for id, source in RIGHT.items()}
    both = submission(small, marked | {"q1": ("# answer: q1\ndef f1(x):\n    return 0", marked["q1"])})
    notebook = json.loads(both)
    for cell in notebook["cells"]:
        cell["metadata"] = None
        del cell["id"]
    kept = [cell for cell in notebook["cells"] if "answer: q2" not in cell["source"]]
    notebook |= {"metadata": {}, "cells": kept}
    report, _ = graded(json.dumps(notebook).encode())
    assert [result.outcome for result in report.results] == ["passed", "unanswered", *["passed"] * 7]
    assert report.results[1].message == "q2: no cell answers it; its answer cell says '# answer: q2'"
    assert {flag.code: flag.words for flag in report.flags} == {
        "duplicate": "2 cells answer q1; they ran in their order",
        "lost-metadata": "the cells have lost their metadata; ids or markers told what they answer",
    }
    assert json.loads(json.dumps(report.as_dict()))["earned"] == report.points - 2
    assert report.text().splitlines()[2:5] == [
        "q1      1 of 1  passed",
        "q2      0 of 2  unanswered",
        "       no cell answers it; its answer cell says '# answer: q2'",
    ]


def test_helper_cells_run_where_they_stood(small, graded):
    notebook = json.loads(submission(small, RIGHT | {"q2": "def f2(x):\n    return add(x, 2)", "q3": "f3 = None"}))

    def helper(source):
        return {"cell_type": "code", "metadata": {}, "id": "mine", "source": source, "outputs": []}

    places = {cell["metadata"].get("answer"): i for i, cell in enumerate(notebook["cells"])}
    notebook["cells"].insert(places["q3"] + 1, helper("def f3(x):\n    return x + 3"))  # between answer and check
    notebook["cells"].insert(places["q2"], helper("1 / 0"))
    notebook["cells"].insert(places["q2"], helper("def add(a, b):\n    return a + b"))
    report, _ = graded(json.dumps(notebook).encode())
    assert report.passed
    assert [flag.code for flag in report.flags] == ["helper-error"]


# ---- the cells of a submission ----


def cell(source, id="x", **metadata):
    return {"cell_type": "code", "id": id, "metadata": metadata, "source": source}


def planned(key, *cells):
    return sort_cells(read_submission(json.dumps({"cells": list(cells)}).encode(), "one.ipynb"), key)


def test_an_answer_cell_is_known_by_metadata_then_id_then_marker(key):
    cells = [cell("# answer: q2", id="answer-q3", answer="q1"), cell("# answer: q2\n", id="answer-q3")]
    cells += [cell(["\t# answer: q2"]), cell("print('# answer: q2')"), cell(None), None]
    cells += [{"cell_type": "markdown", "source": "# answer: q1"}]
    plan = planned(key, *cells)
    answers = {id: [one["source"] for one in plan.answers(id)] for id in plan.cells}
    assert {id: found for id, found in answers.items() if found} == {
        "q1": ["# answer: q2"], "q2": ["\t# answer: q2"], "q3": ["# answer: q2\n"],
    }  # fmt: skip


def test_a_graft_holds_the_given_answers_and_nothing_else_of_the_keys(key):
    """Where an answer is missing, the reference does not step in for it; no wanted value goes to the kernel."""
    plan = planned(key, cell("a = 1", answer="q1"), cell("b = 2"), cell("c = 3", answer="q1"))
    grafted = graft(key, plan, left_out={"answer-q1-2"})
    text = [one["source"] for one in grafted["cells"]]
    assert not [source for source in text if "return x" in source or "3**2" in source]
    assert text[1:3] == ["a = 1", "b = 2"]
    assert text[3].startswith('from labcore.grading.check import emit\n\nemit("q1", f1, on=[(10,), (0.5,), (')
    for one in grafted["cells"]:
        wanted = [{MIME: {"question": one["metadata"]["question"]}}] if one["metadata"]["role"] == "check" else []
        assert [output["data"] for output in one["outputs"]] == wanted


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ([], "no-answers check-edited"),
        ([cell("x", answer="q1")], "check-edited"),
        ([cell("# answer: q1")], "lost-metadata check-edited"),
        ([cell("x", id="answer-q1")], "lost-metadata check-edited"),
        ([cell("x", answer="q1"), cell("y", answer="q1")], "duplicate check-edited"),
        ([cell("x", answer="q1", tags=["nbval-skip"])], "nbval-marks check-edited"),
        ([cell("x", answer="q1", tags=["raises-exception"])], "nbval-marks check-edited"),
        ([cell("x  # PYTEST_VALIDATE_IGNORE", answer="q1")], "check-edited"),
        ([cell("# PYTEST_VALIDATE_IGNORE_OUTPUT\nx", answer="q1")], "nbval-marks check-edited"),
        ([cell("import labcore.grading.judge", answer="q1")], "internals check-edited"),
        ([cell("from labcore.grading.check import exercise", answer="q1")], "check-edited"),
    ],
)
def test_what_is_flagged_before_anything_runs(key, cells, codes):
    assert {flag.code for flag in planned(key, *cells).flags} == set(codes.split())


def test_checks_and_setup_as_they_came_are_no_helpers(small, key):
    plan = sort_cells(read_submission((small / "01_small.ipynb").read_bytes(), "x"), key)
    assert plan.flags == []
    assert all([one["kind"] for one in cells] == ["answer"] for cells in plan.cells.values())
    edited = (small / "01_small.ipynb").read_text().replace("on=[10, 0.5]", "on=[10]", 1)
    edited = edited.replace("check = exercise", "check  = exercise")
    plan = sort_cells(read_submission(edited.encode(), "x"), key)
    assert {flag.code: flag.words for flag in plan.flags} == {
        "setup-edited": "a setup cell was changed; it ran too, after the key's own",
        "check-edited": "the check of q1 was changed or is gone; the key's own was used",
    }
    assert [one["kind"] for one in plan.cells["q1"]] == ["helper", "answer"]


def test_a_format_of_long_ago_is_read():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["# answer: q1\n", "x"]}]}]}
    assert [one["source"] for one in read_submission(json.dumps(old).encode(), "x").cells] == ["# answer: q1\nx"]


# ---- files that are no notebooks ----

DAMAGED = {
    "truncated": (b'{"cells": [', "one.ipynb is not JSON (line 1); save it again from JupyterLab"),
    "empty": (b"", "one.ipynb is empty; save it again from JupyterLab"),
    "utf-16": ('{"cells": []}'.encode("utf-16"), "one.ipynb is not JSON in UTF-8; save it again from JupyterLab"),
    "conflict": (b"{\n<<<<<<< HEAD\n", "one.ipynb holds conflict markers of git; resolve them, then grade again"),
    "a list": (b"[1]", "one.ipynb is not a notebook: it has no list of cells"),
    "deep": (b"[" * 100_000, "one.ipynb is not a notebook: its JSON is nested too deeply"),
    "too many": (
        json.dumps({"cells": [cell("1")] * (MOST_CELLS + 1)}).encode(),
        f"one.ipynb has {MOST_CELLS + 1} code cells, more than {MOST_CELLS}; delete what answers nothing",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_is_no_notebook_is_one_line(name, graded):
    content, message = DAMAGED[name]
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_submission(content, "one.ipynb")
    report, _ = graded(content)
    assert report.earned == 0
    assert [flag.code for flag in report.flags] == ["unreadable"]
    assert report.flags[0].words == message.replace("one.ipynb", "submitted.ipynb")


def test_paths_that_hold_no_file(tmp_path):
    with pytest.raises(ValueError, match=r"^there is no file .*none\.ipynb; give the path of a notebook$"):
        grade(tmp_path / "none.ipynb")
    with pytest.raises(ValueError, match=r" is not a file; give the path of a notebook$"):
        grade(tmp_path)
    with pytest.raises(ValueError, match=r" holds no exercise sources; --key takes a folder"):
        sources(tmp_path)


def test_a_notebook_of_no_exercise_names_those_there_are():
    keys = sources(checkout("exercises", "keys"))
    named = read_submission(b'{"cells": [], "metadata": {"labcore": {"exercise": "../keys/x"}}}', "homework.ipynb")
    with pytest.raises(
        ValueError, match=r"^homework\.ipynb names the exercise '\.\./keys/x'; there are: 01_acceleration_wall, "
    ):
        find_key(named, keys)
    with pytest.raises(ValueError, match=r"^homework\.ipynb names no exercise; there are: 01_acceleration_wall, "):
        find_key(read_submission(b'{"cells": []}', "homework.ipynb"), keys)
    assert find_key(read_submission(b'{"cells": []}', "09_roofline (1).ipynb"), keys).name == "09_roofline.py"


# ---- every exercise there is ----

EXERCISES = sorted(checkout("exercises", "keys").glob("[0-9][0-9]_*.py"))


@pytest.mark.parametrize("source", EXERCISES, ids=lambda source: source.stem)
def test_stub_nothing_key_everything_and_each_wrong_answer_its_own_question(source, station):
    """Through nbval, confined; every third question gets one of its wrong answers, the others the reference."""
    key = seeded_key(source, "one more seed", executor(station, LIMITS))

    def graded(content):
        return station.run(GradeJob(content, source.name, key, LIMITS, station.surroundings), 120)

    reference = json.loads(source.with_suffix(".ipynb").read_text(encoding="utf-8"))
    questions, wrongs, notebooks = parts(source.name, read_cells(source)), [], [reference]
    for turn in range(3):
        chosen = {id: list(part.wrong.items()) for i, (id, part) in enumerate(questions.items()) if i % 3 == turn}
        wrongs.append({id: answers[turn % len(answers)] for id, answers in chosen.items()})
        notebooks.append(json.loads(json.dumps(reference)))
        for one in notebooks[-1]["cells"]:
            if one["metadata"].get("answer") in wrongs[-1]:
                one["source"] = wrongs[-1][one["metadata"]["answer"]][1]
    contents = [
        (source.parent.parent / f"{source.stem}.ipynb").read_bytes(),
        *(json.dumps(n).encode() for n in notebooks),
    ]
    with ThreadPoolExecutor(2) as side_by_side:  # a worker and its kernel wait for each other
        blank, full, *mixed = side_by_side.map(graded, contents)
    assert (blank.earned, {one.outcome for one in blank.results}, blank.flags) == (0, {"unanswered"}, ())
    assert full.passed
    for wrong, report in zip(wrongs, mixed, strict=True):
        for result in report.results:
            assert (result.earned < result.points) == (result.question in wrong), result
            assert result.slip == (wrong[result.question][0] if result.question in wrong else "")


# ---- one's own notebook ----


def test_a_reader_grades_a_notebook_and_teachers_words_do_not_come_along(small, tmp_path):
    path = tmp_path / "01_small.ipynb"
    path.write_bytes(submission(small, RIGHT | {"q1": "f1 = 3"}))
    report = grade(path, small / "keys" / "01_small.py")
    assert report.earned == report.points - 1
    assert report.notes == ()


def test_other_processes_need_a_confinement_that_ends_them_all_at_once():
    assert Setting("bubblewrap", Limits(processes=2)).limits.processes == 2
    with pytest.raises(ValueError, match=r"^--limits processes needs bubblewrap"):
        Setting("landlock", Limits(processes=2))


def test_without_confinement_only_ones_own_notebook_runs(monkeypatch):
    monkeypatch.setattr("labcore.grading.confinement.missing", lambda level: f"no {level}")
    with pytest.raises(
        ValueError, match=r"^answers cannot be confined on this machine \(bubblewrap: no bubblewrap; landl"
    ):
        level_for(Path("theirs.ipynb"), "auto", trusted=False)
    level, notes = level_for(ROOT / "my" / "09_roofline.ipynb", "auto", trusted=False)
    assert level == "none"
    assert "unconfined" in notes[0]
    with pytest.raises(ValueError, match="answers cannot be confined"):
        level_for(ROOT / "my" / ".." / "theirs.ipynb", "auto", trusted=False)


def test_cold_and_unconfined_as_on_a_mac(small, key):
    """Where processes do not fork, a new interpreter does the same for each job."""
    with Station("none", warm=False) as cold:
        content = submission(small, RIGHT | {"q2": "f2 = None", "q3": "import os\nos._exit(1)"})
        report = cold.run(GradeJob(content, "mine.ipynb", key, LIMITS, cold.surroundings), 120)
    assert [one.outcome for one in report.results] == ["passed", "failed", "error", *["passed"] * 6]


# ---- reports ----


def test_what_was_not_reached_is_said(key):
    plan = planned(key, cell("x", answer="q1"), cell("y", answer="q2"))
    records = [Record("answer-q1-0", "answer", "q1", "died"), Record("answer-q2-1", "answer", "q2", "unreached")]
    records += [Record("check-q2", "check", "q2", "unreached")]
    report = settle("x", key, plan, {one.cell: one for one in records}, LIMITS)
    assert report.results[1].message == "q2: not reached; other cells used up the time or ended the kernel too often"
    assert [flag.code for flag in report.flags][-2:] == ["died", "unfinished"]


def test_flags_of_one_code_become_one_and_unknown_codes_are_refused():
    flags = merged([Flag("died", "q1"), Flag("late", "late"), Flag("died", "q2"), Flag("died", "q1")])
    assert flags == (Flag("died", "q1; q2"), Flag("late", "late"))
    with pytest.raises(ValueError, match=r"^no flag 'dead'; there are: unreadable, "):
        Flag("dead", "")
    assert all(words == words.strip(".") for words in FLAGS.values())


def test_a_report_survives_json():
    report = Report("a", "b", (Result("q1", 1, 0.5, "partial", "q1: half", "half"),), (Flag("late", "late"),), ("n",))
    assert Report.from_dict(json.loads(json.dumps(report.as_dict()))) == report


def test_limits_are_read_and_refused_in_words():
    assert parse_limits("cell=10s, memory=500MB,processes=3") == Limits(cell=10, memory=500e6, processes=3)
    for words, message in (
        ("memory", "'' is no number for memory"),
        ("cell=ten", "'ten' is no number for cell"),
        ("cell=-1", "the limit cell must be a positive number, got '-1'"),
        ("cell=nan", "the limit cell must be"),
        ("cell=inf", "the limit cell must be"),
        ("cells=1", "no limit 'cells' in 'cells=1'"),
    ):
        with pytest.raises(ValueError, match=f"^{message}.*; write name=number with names of cell, total"):
            parse_limits(words)


@pytest.mark.parametrize("module", ["labcore.cli", "labcore.grading.worker", "labcore.grading.zygote"])
def test_a_process_that_reads_notebooks_builds_no_grammars(module):
    """Those of jsonschema for international addresses: two seconds of each process that grades, lints or builds."""
    code = f"import sys, {module}, nbformat; print('rfc3987_syntax.syntax_helpers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_one_module_alone_touches_nbval():
    """The command line names the plugin; nothing else imports it."""
    for path in (ROOT / "labcore").rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        imported = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        imported += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        assert not any(name.split(".")[0] == "nbval" for name in imported) or path.name == "nbval_plugin.py"
