"""`labcore grade` as a teacher types it: a course to a table of marks, and every bad input one line."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from labcore.grading.exercise import build_exercises
from labcore.grading.gradebook import Gradebook
from labcore.grading.limits import USUAL
from labcore.grading.marks import FLAGS
from labcore.house import checkout
from tests import course_key
from tests.course_key import RIGHT

KEY = course_key.KEY
WRONG = {"q1": "def matmul_macs(M, K, N):\n    return M * K"}


IMPATIENT = "from labcore.grading import cluster; cluster.CONNECT_SECONDS = 0.5; from labcore.cli import main; main()"


def labcore(*arguments, cwd=None):
    """The command; where it is to look for a scheduler that is not there, it waits half a second instead of ten."""
    how = ["-c", IMPATIENT] if "--scheduler" in arguments else ["-m", "labcore.cli"]
    command = [sys.executable, *how, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


def one_line(done, words):
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("labcore: ")
    assert words in line


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Keys, and what three handed in: ada all right, bob one wrong, and one whose name is a formula no notebook."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "keys").mkdir()
    source = folder / "keys" / "01_small.py"
    source.write_text(KEY)
    built = build_exercises(source)
    notebook = json.loads(
        next(text for path, text in built.items() if path.parent == folder and path.suffix == ".ipynb")
    )
    for student, answers in {"ada": RIGHT, "bob": RIGHT | WRONG}.items():
        for cell in notebook["cells"]:
            if (id := cell["metadata"].get("answer")) in answers:
                cell["source"] = answers[id]
        (folder / "submissions" / student).mkdir(parents=True)
        (folder / "submissions" / student / "01_small.ipynb").write_text(json.dumps(notebook))
    (folder / "submissions" / "=eve").mkdir()
    (folder / "submissions" / "=eve" / "work.docx").write_bytes(b"PK")
    return folder


@pytest.fixture(scope="module")
def graded(course):
    done = labcore("grade", "submissions", "--key", "keys", "--out", "grades.db", "--limits", "cell=5", cwd=course)
    assert done.returncode == 0, done.stderr
    return done


def test_a_course_ends_with_a_summary_and_says_what_to_look_at(graded):
    assert "q1" in graded.stdout
    assert "67%" in graded.stdout.replace(" ", "") or "33%" in graded.stdout
    assert "labcore grade export grades.db --csv" in " ".join(graded.stdout.split())
    assert "3 graded, 0 carried over unchanged" in graded.stdout
    assert "3 graded, 0 carried over unchanged; to look at:\n  =eve, 01_small: no-notebook: " in graded.stdout
    assert ("warning: graded as root" in graded.stderr) == (os.geteuid() == 0)


def test_marks_as_csv_json_and_junit(course, graded):
    done = labcore("grade", "export", "grades.db", "--csv", cwd=course)
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert {name: float(row["01_small"]) for name, row in rows.items()} == {"ada": 10, "bob": 8, "'=eve": 0}
    assert float(rows["bob"]["01_small q1"]) == 0
    marks = json.loads(labcore("grade", "export", "grades.db", "--json", cwd=course).stdout)
    assert {one["student"] for one in (marks if isinstance(marks, list) else marks["marks"])} == {"ada", "bob", "=eve"}
    junit = ET.fromstring(labcore("grade", "export", "grades.db", "--junit", cwd=course).stdout)
    assert len(junit.findall(".//testcase")) == 3 * 5
    done = labcore("grade", "export", "grades.db", "--csv", "--out", "marks.csv", cwd=course)
    assert done.stdout == "wrote marks.csv\n"
    assert (course / "marks.csv").read_bytes().count(b"\r\n") == 4


def test_a_table_of_one_exercise_with_all_points_and_the_whole_class(course, graded):
    (course / "students.csv").write_text("student,id\nada,\nbob,\nzoe,77\n")
    words = ("grade", "export", "grades.db", "--csv", "--maximum", "--students", "students.csv", "--only", "01_small")
    done = labcore(*words, cwd=course)
    most, *rows = csv.DictReader(io.StringIO(done.stdout))
    assert (most["student"], most["01_small"]) == ("maximum points", "10")
    assert {row["student"]: float(row["01_small"]) for row in rows} == {"ada": 10, "bob": 8, "'=eve": 0, "zoe": 0}
    assert rows[-1]["id"] == "77"
    assert done.stderr == (
        "labcore: warning: in the gradebook, but not in students.csv: =eve; another spelling makes two rows\n"
    )


def test_marks_of_a_run_that_was_stopped_come_with_a_warning(course, graded):
    shutil.copy(course / "grades.db", course / "half.db")
    with Gradebook.open(course / "half.db") as book:
        book.start_run({}, {}, "none", USUAL, {}, "submissions", total=10)
    for command in ("export", "feedback"):
        done = labcore("grade", command, "half.db", *(["--out", "half"] if command == "feedback" else []), cwd=course)
        assert done.returncode == 0
        assert done.stderr.startswith(
            "labcore: warning: run 2 is not finished (0 of 10 graded), so marks may be missing"
        )
        assert len(done.stderr.splitlines()) == 1


def test_feedback_is_a_page_for_each_student_without_solutions(course, graded):
    done = labcore("grade", "feedback", "grades.db", "--out", "pages", cwd=course)
    assert done.stdout == "wrote 3 pages to pages\n"
    whole = "".join(path.read_text() for path in (course / "pages").iterdir())
    assert "q1" in whole
    assert "M * K * N" not in whole


def test_a_second_run_carries_over_and_an_override_stays(course, graded):
    words = ("grade", "override", "grades.db", "bob", "01_small", "q1", "2", "--reason", "right but for a name")
    assert labcore(*words, cwd=course).stdout == "bob, 01_small q1: 2 points; right but for a name\n"
    again = labcore("grade", "submissions", "--key", "keys", "--out", "grades.db", "--limits", "cell=5", cwd=course)
    assert again.returncode == 0, again.stderr
    assert "0 graded, 2 carried over unchanged" in again.stdout or "1 graded, 2 carried over unchanged" in again.stdout
    assert "=eve, 01_small: no-notebook: " in again.stdout
    done = labcore("grade", "export", "grades.db", "--csv", cwd=course)
    assert {row["student"]: float(row["01_small"]) for row in csv.DictReader(io.StringIO(done.stdout))}["bob"] == 10
    one_line(labcore(*words[:-3], "9", "--reason", "x", cwd=course), "q1 of 01_small has 2 points; give 0 to 2, not 9")
    one_line(labcore(*words[:3], "bop", *words[4:], cwd=course), "no student 'bop'; did you mean 'bob'")
    one_line(labcore(*words[:6], "--reason", "x", cwd=course), "an override wants its points, as q3 2; or --remove")
    done = labcore(*words[:6], "--remove", cwd=course)
    assert done.stdout == "bob, 01_small q1: the grader's 0 points count again\n"
    one_line(labcore(*words[:6], "--remove", cwd=course), "q1 of 01_small has no override for bob")


def test_one_notebook_is_graded_by_its_own_and_the_status_says_how(course, graded):
    done = labcore("grade", "submissions/bob/01_small.ipynb", "--key", "keys/01_small.py", "--json", cwd=course)
    assert done.returncode == 1
    assert json.loads(done.stdout)["earned"] == 8
    done = labcore("grade", "submissions/ada/01_small.ipynb", "--key", "keys/01_small.py", cwd=course)
    assert (done.returncode, done.stdout.split()[-4:]) == (0, ["total", "10", "of", "10"])


def test_lint_ends_with_1_where_a_key_has_an_error(course):
    assert labcore("grade", "lint", "keys", "--seeds", "1", cwd=course).returncode == 0
    bad = course / "bad" / "01_small.py"
    bad.parent.mkdir()
    cells = KEY.split("\n# %%")
    bad.write_text("\n# %%".join(cell for cell in cells if ' draw="q1"' not in cell.splitlines()[0]))
    done = labcore("grade", "lint", "bad", "--seeds", "1", cwd=course)
    assert done.returncode == 1
    assert "HARD-CODABLE" in done.stdout
    refused = labcore("grade", "submissions", "--key", "bad", "--out", "other.db", cwd=course)
    one_line(refused, "01_small.py cannot grade: HARD-CODABLE q1")


BAD = [
    ("grade submissions", "submissions is a course's work; say with --out grades.db where the marks go"),
    ("grade nowhere --out x.db", "nowhere"),
    ("grade submissions --key keys --out submissions/ada/01_small.ipynb", "is not a gradebook"),
    ("grade submissions --key nokeys --out x.db", "nokeys holds no exercise sources; --key takes a folder of NAME.py"),
    ("grade submissions --key keys --out x.db --only nobody", "no student or exercise is called 'nobody'"),
    ("grade submissions --key keys --out x.db --resume", "x.db holds no unfinished run"),
    ("grade submissions --key keys --out x.db --resume --anew", "and --anew leaves it; say one of them"),
    ("grade submissions --key keys --out x.db --limits cells=3", "no limit 'cells' in 'cells=3'"),
    ("grade submissions --key keys --out x.db --confinement jail", "no confinement 'jail'; choose from auto"),
    ("grade submissions --key keys --out x.db --confinement none", "say --i-trust-these-submissions too"),
    ("grade submissions --key keys --out x.db --workers -1", "'--workers'"),
    ("grade submissions --key keys --out x.db --scheduler tcp://127.0.0.1:1", "no Dask scheduler answers"),
    ("grade export nothing.db", "there is no gradebook nothing.db"),
    ("grade export grades.db --csv --json", "exclude each other"),
    ("grade export grades.db --json --maximum", "--maximum and --students are for the table"),
    ("grade export grades.db --only zoe", "no student or exercise 'zoe'; there are: '01_small', "),
    ("grade lint nokeys", "nokeys holds no exercise sources"),
    ("grade release nokeys", "nokeys holds no exercise sources"),
    ("grade submissions/ada/01_small.ipynb", "names the exercise '01_small'; there are: 01_acceleration_wall, "),
]


@pytest.mark.parametrize(("words", "message"), BAD, ids=[words for words, _ in BAD])
def test_bad_input_is_one_line_with_the_way_out(course, graded, words, message):
    one_line(labcore(*words.split(), cwd=course), message)
    assert not list(course.glob("x.db*"))


@pytest.mark.parametrize("command", ["run", "lint", "release", "export", "feedback", "override"])
def test_every_command_has_help_with_an_example(command):
    done = labcore("grade", command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout


def test_grade_alone_shows_its_help():
    done = labcore("grade")
    assert done.returncode == 0
    assert "override" in done.stdout
    assert done.stderr == ""


def test_the_guide_names_every_flag():
    guide = checkout("exercises", "README.md").read_text(encoding="utf-8")
    assert [code for code in FLAGS if f"`{code}`" not in guide] == []


def test_the_guide_shows_what_appears():
    """The lint of the template, as the teachers' guide prints it."""
    guide = checkout("exercises", "README.md").read_text(encoding="utf-8")
    done = labcore("grade", "lint", "exercises/template.py", cwd=checkout())
    assert f"$ labcore grade lint exercises/template.py\n{done.stdout}```" in guide
