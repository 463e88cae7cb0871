"""The bench reports what it measures, beside a limit or a peer, and finds a slow thing slow."""

import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from labcore.bench import grading as bench
from labcore.bench import soc
from labcore.bench.measurements import chosen, measurements
from labcore.bench.rows import at_least, at_most, bench_table, median_time, row
from labcore.bench.start import import_roofline, place_resnet
from labcore.grading import speed, speed_peer
from labcore.grading.confinement import choose
from labcore.grading.exercise import reader_notebook
from labcore.grading.exercise_format import parts, read_cells
from labcore.grading.judge import Question
from labcore.grading.key import Key
from labcore.grading.lint import lint

QUESTIONS = ("q1", "q2", "q3", "q4")


def confined():
    try:
        return bool(choose())
    except ValueError:
        return False


@pytest.fixture
def source(tmp_path):
    return speed.write_key(tmp_path)


def table(*rows):
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(bench_table(rows))
    return console.export_text()


def test_median_time_is_that_of_the_call():
    assert 0.01 <= median_time(lambda: time.sleep(0.01), repeats=3) < 0.05


@pytest.mark.parametrize(("value", "small", "large"), [(1.0, True, False), (2.0, True, True), (3.0, False, True)])
def test_a_row_says_whether_the_limit_is_kept(value, small, large):
    assert at_most("x", value, 2.0, "limit")["ok"] is small
    assert at_least("x", value, 2.0, "limit", "x")["ok"] is large


def test_a_row_is_json_with_the_same_fields_each_time():
    rows = [at_most("a", 1.0, 2.0, "limit"), at_least("b", 7.0, 5.0, "peer", "x"),
            row("c", None, "x", "at least", 5.0, "no peer", ok=None)]  # fmt: skip
    assert len({tuple(row) for row in rows}) == 1
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_the_table_says_limit_and_sense_and_what_is_missed():
    text = table(at_most("a", 0.5, 0.25, "limit"), at_least("b", 131.0, 100, "limit", "notebooks/min"))
    slow, fast = text.splitlines()[2:4]
    assert "at most 250 ms" in slow
    assert "MISSED" in slow
    assert "131 notebooks/min" in fast
    assert "at least 100 notebooks/min" in fast
    assert "MISSED" not in fast


def test_import_of_roofline_stays_light():
    # The bench holds 50 ms; five times that here, since tests run beside other work.
    assert import_roofline()["value"] < 0.250


def test_measurements_are_named_once_and_chosen_by_parts_of_names():
    assert len({measure.__name__ for measure in measurements()}) == len(measurements())
    assert chosen([]) == measurements()
    assert chosen(["roofline", "resnet"]) == [import_roofline, place_resnet]
    with pytest.raises(ValueError, match="no measurement is called 'tpu'; there are: import_roofline, place_resnet"):
        chosen(["tpu"])


def test_the_reference_notebook_has_nine_code_cells(source):
    cells = [cell for cell in json.loads(reader_notebook(source))["cells"] if cell["cell_type"] == "code"]
    roles = [next((role for role in ("answer", "check") if role in cell["metadata"]), "setup") for cell in cells]
    assert roles == ["setup", *["answer", "check"] * 4]
    setup = "".join(cells[0]["source"])
    assert "import matplotlib.pyplot" in setup
    assert "import numpy" in setup


def test_the_reference_notebook_is_lint_clean(source):
    report = lint(source, seeds=["a", "b"])
    assert report.findings == ()


def test_students_are_right_half_right_and_wrong(source):
    questions = parts(source.name, read_cells(source))
    right, half, wrong = (speed.answers(questions, kind) for kind in ("right", "half", "wrong"))
    assert [half[id] == right[id] for id in QUESTIONS] == [True, True, False, False]
    assert not [id for id in QUESTIONS if wrong[id] == right[id]]
    assert [kind for _, kind in speed.students(4)] == ["right", "half", "wrong", "right"]


@pytest.mark.skipif(not confined(), reason="answers cannot be confined on this machine, so none are graded")
def test_a_tiny_course_gives_the_marks_earned_and_what_it_took():
    run = speed.graded(3, cores=1)  # which raises where a mark is not the one earned
    assert (run.count, run.cores) == (3, 1)
    assert 0 < run.seconds < run.whole
    assert 10e6 < run.memory < 300e6
    assert run.a_minute == pytest.approx(3 / run.seconds * 60)


@pytest.mark.skipif(not confined(), reason="answers cannot be confined on this machine, so none are graded")
def test_a_wrong_mark_is_no_measurement(tmp_path, monkeypatch):
    monkeypatch.setitem(speed.MARKS, "half", 3)
    with pytest.raises(ValueError, match="the marks of 1 of 2 are not those earned: student-001"):
        speed.grade_timed(tmp_path, 2)


def test_the_peer_row_without_a_peer_says_what_to_do(monkeypatch):
    monkeypatch.setattr(speed_peer, "NBGRADER", Path("no/such/nbgrader"))
    found = bench.grade_beside_nbgrader()
    assert (found["value"], found["ok"]) == (None, None)
    assert "make peers" in found["against"]
    assert "not measured" in table(found)


def test_rows_of_grading_say_why_they_cannot_be_measured(monkeypatch):
    monkeypatch.setattr(bench, "course", lambda: "answers cannot be confined")
    for found in (bench.grade_notebooks(), bench.grade_in_memory()):
        assert (found["value"], found["ok"], found["against"]) == (None, None, "answers cannot be confined")


def test_the_peer_has_the_same_cells_and_no_labcore(source):
    given = dict.fromkeys(QUESTIONS, "pass")
    asked = {id: Question(id, "f", [[2]], [4], {}) for id in QUESTIONS}
    key = Key("01_reference", "", "", (), {}, asked, dict.fromkeys(QUESTIONS, 1))
    cells = [cell for cell in speed_peer.assignment_cells(source, key, given) if cell["cell_type"] == "code"]
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    assert [mark.get("grade_id") for mark in marks] == [None, *[n for id in QUESTIONS for n in (id, f"check-{id}")]]
    assert [mark["points"] for mark in marks if mark.get("grade")] == [1, 1, 1, 1]
    assert all(mark["locked"] is mark["grade"] is not mark["solution"] for mark in marks[1:])
    assert "import numpy" in cells[0]["source"]
    assert "ax.loglog" in cells[0]["source"]
    assert not [cell for cell in cells if "labcore" in cell["source"] or "check =" in cell["source"]]
    import numpy as np

    exec(cells[2]["source"], {"f": lambda x: x * x, "np": np})
    with pytest.raises(AssertionError):
        exec(cells[2]["source"], {"f": lambda x: 3 * x, "np": np})


def test_events_of_the_bus_and_of_deadlines_are_over_their_time(monkeypatch):
    """Twice the time is half the rate."""
    for measured in soc.MEASUREMENTS:
        rates = []
        for T in (1.0, 2.0):
            monkeypatch.setattr(soc, "median_time", lambda function, repeats, T=T: T)
            rates.append(measured()["value"])
        assert rates[0] == 2 * rates[1] > 0
