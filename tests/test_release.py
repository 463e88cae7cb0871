"""Releases: student versions without solutions, numbers of each student's own, marks that nobody can forge."""

import json
import stat

import pytest

from labcore.grading.check import exercise
from labcore.grading.exercise import execute
from labcore.grading.key import seeded_key
from labcore.grading.release import (
    OwnKeys,
    course_secret,
    other_student,
    own_seed,
    read_students,
    release,
    release_mark,
    released_to,
    same_person,
)
from labcore.house import checkout

SECRET = "ab" * 32


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A course's keys: the template, under a name of its own."""
    source = tmp_path_factory.mktemp("keys") / "hw1.py"
    text = checkout("exercises", "template.py").read_text(encoding="utf-8")
    source.write_text(text.replace('exercise("template")', 'exercise("hw1")'), encoding="utf-8")
    return {"hw1": source}


@pytest.fixture(scope="module")
def released(keys, tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    students = [f"student {i}" for i in range(6)]
    return release(keys, folder, students, SECRET)


def code(path):
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def test_each_student_gets_a_folder_with_numbers_of_their_own(released):
    assert [path.parent.name for path in released] == [f"student {i}" for i in range(6)]
    numbers = {
        next(line for cell in code(path) for line in cell.splitlines() if "BATCH =" in line) for path in released
    }
    assert numbers <= {"BATCH = 16", "BATCH = 32", "BATCH = 64"}
    assert len(numbers) > 1


def test_nothing_of_the_teachers_is_released(released):
    for path in released:
        whole = path.read_text(encoding="utf-8")
        for secret in ("# solution", "def draw", "def judge", "def parameters", "slip", SECRET, "2 * BATCH"):
            assert secret not in whole


def test_the_check_beside_a_release_wants_its_own_numbers(released, monkeypatch):
    for path in released:
        monkeypatch.chdir(path.parent)
        names = {}
        exec(next(cell for cell in code(path) if "BATCH =" in cell), names)
        check = exercise("hw1")
        assert check("q1", lambda M, N, B=names["BATCH"]: 2 * B * M * N, on=[(1, 1), (2, 3), (2048, 2048)]).score == 1
        assert (
            check("q1", lambda M, N, B=names["BATCH"] + 1: 2 * B * M * N, on=[(1, 1), (2, 3), (2048, 2048)]).score == 0
        )


def test_without_students_there_is_one_version_for_all(keys, tmp_path):
    (path,) = release(keys, tmp_path, [], "")
    assert path == tmp_path / "hw1.ipynb"
    assert "release" not in json.loads(path.read_text())["metadata"]["labcore"]
    assert release(keys, tmp_path, [], "") == [path]  # again: the same bytes, so nothing is lost
    path.write_text("somebody's work")
    with pytest.raises(ValueError, match=r"hw1\.ipynb is there already and differs; release into another folder"):
        release(keys, tmp_path, [], "")
    assert path.read_text() == "somebody's work"


def test_a_mark_says_for_whom_a_notebook_was_made_and_cannot_be_made_up(released):
    metadata = json.loads(released[0].read_text())["metadata"]["labcore"]
    assert released_to(metadata, "hw1", SECRET) == "student 0"
    assert other_student(metadata, "hw1", SECRET, "student 0") == []
    assert other_student(metadata, "hw1", SECRET, "Student_0") == []
    (flag,) = other_student(metadata, "hw1", SECRET, "student 1")
    assert (flag.code, flag.words) == ("other-student", "the notebook was released for student 0")
    forged = [
        {}, {"student": 3}, metadata | {"student": "student 1"}, metadata | {"release": None},
        metadata | {"release": "é"},
        metadata | {"release": release_mark("another secret", "hw1", "student 0")},
        metadata | {"release": own_seed(SECRET, "hw1", "student 0")[:32]},
    ]  # fmt: skip
    for one in forged:
        assert released_to(one, "hw1", SECRET) is None
        (flag,) = other_student(one, "hw1", SECRET, "student 0")
        assert flag.words == "the notebook does not carry this course's release mark"
    assert released_to(metadata, "hw2", SECRET) is None


def test_names_are_one_person_in_whatever_order_a_platform_writes_them():
    assert same_person("Zoë O'Brien", "obrienzoe")
    assert not same_person("Zoë O'Brien", "obrienzoes")


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "course.secret"
    made = course_secret(path)
    assert course_secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("my diary")
    with pytest.raises(ValueError, match=r"course\.secret holds no course secret \(64 hexadecimal digits\)"):
        course_secret(path)
    assert path.read_text() == "my diary"


def test_lists_of_students(tmp_path):
    path = tmp_path / "students.csv"
    path.write_text("﻿Student,Group\nAda Lovelace,1\n\nZoe\u0308,2\n", encoding="utf-8")
    assert read_students(path) == ["Ada Lovelace", "Zoë"]
    path.write_text("Ada\nada\n")
    with pytest.raises(ValueError, match=r"has names that share a folder: \['Ada', 'ada'\]; give each student a name"):
        read_students(path)
    path.write_text("name\n")
    with pytest.raises(ValueError, match=r"names no students; write one a line$"):
        read_students(path)


def test_the_template_and_the_guide_agree():
    """The guide says: copy it, and change one name."""
    guide = checkout("exercises", "README.md").read_text(encoding="utf-8")
    template = checkout("exercises", "template.py").read_text(encoding="utf-8")
    assert 'change\n`exercise("template")` to `exercise("hw1")`' in guide
    assert template.count('exercise("template")') == 1


def test_a_submission_is_graded_with_the_numbers_of_the_student_it_was_made_for(keys, released):
    book = seeded_key(keys["hw1"], "a seed")
    own = OwnKeys({"hw1": book}, keys, SECRET, execute)
    ran = {}
    for path in released:
        student = path.parent.name
        key, flags = own.of("hw1", student, path.read_bytes())
        assert flags == []
        number = next(line for cell in code(path) for line in cell.splitlines() if "BATCH =" in line)
        assert number in [cell["source"] for cell in key.cells]
        assert key.reader_cells["parameters"] == number
        ran[number] = key
    assert len(own.made) == len(ran) > 1  # one run of the key for all who have the same numbers
    key, flags = own.of("hw1", "student 9", released[0].read_bytes())
    assert [flag.words for flag in flags] == ["the notebook was released for student 0"]
    assert key is own.of("hw1", "student 0", released[0].read_bytes())[0]
    assert own.of("hw1", "student 0", b"no notebook") == (book, [])
    without = OwnKeys({"hw1": book}, keys, "", execute)
    with pytest.raises(
        ValueError, match=r"^the notebook of student 0 was released with numbers of its own; go on with"
    ):
        without.of("hw1", "student 0", released[0].read_bytes())
    assert without.of("hw1", "student 0", b'{"cells": []}') == (book, [])
