"""Who is who: an id is one student's for good, a name decides only where nobody else has it, nothing is overwritten."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labcore.grading.collect import collect
from labcore.grading.course import identified
from labcore.grading.gradebook import Gradebook
from labcore.grading.gradebook_file import SCHEMA
from labcore.grading.students import Student
from tests.test_gradebook import report, start

A, B = "01_small", "02_next"


def moodle(name, id):
    return Student(name, str(id), "moodle")


def canvas(name, id):
    return Student(name, str(id), "canvas")


@pytest.fixture
def book(tmp_path):
    with Gradebook.open(tmp_path / "grades.db", create=True) as book:
        yield book


def keys(book, *handed):
    """The keys of students who hand in together; for the exercise A where none is said."""
    return [key for key, _ in book.identify([one if isinstance(one[0], Student) else (one, A) for one in handed])]


def doubts(book, *handed):
    each = book.identify([one if isinstance(one[0], Student) else (one, A) for one in handed])
    return [[flag.words for flag in flags] for _, flags in each]


def take(book, run, *earned):
    """Take down what each of some (student, points for q2) of a run handed in together."""
    handed = [(who, A) for who, _ in earned]
    for (key, flags), (_, points) in zip(book.identify(handed), earned, strict=True):
        book.record(run, key, A, "a.ipynb", f"{key} {points}", report(points, flags), 0.5)


def shown(book):
    return {(mark.student, mark.id): mark.earned for mark in book.marks()}


# ---- the cases that cost somebody a mark ----


def test_a_namesake_s_late_hand_in_is_another_student_s(book):
    ada, other = moodle("Ada Lovelace", 1001), moodle("Ada Lovelace", 1777)
    take(book, start(book), (ada, 2))
    take(book, start(book), (other, 0))
    assert shown(book) == {("Ada Lovelace 1001", "1001"): 2, ("Ada Lovelace 1777", "1777"): 0}


def test_a_namesake_who_joins_makes_no_ghost_and_takes_no_override(book):
    dilan, other = moodle("Dilan Rename", 1006), moodle("Dilan Rename", 1099)
    take(book, start(book), (dilan, 0))
    book.override("Dilan Rename", A, "q2", 1, "T", "right, renamed")
    take(book, start(book), (dilan, 0), (other, 2))
    assert shown(book) == {("Dilan Rename 1006", "1006"): 1, ("Dilan Rename 1099", "1099"): 2}
    with pytest.raises(ValueError, match="did you mean 'Dilan Rename 1006' or 'Dilan Rename 1099'"):
        book.override("Dilan Rename", A, "q2", 2, "T", "whose")
    book.override("1099", A, "q2", 0.5, "T", "by the id")
    assert shown(book)["Dilan Rename 1099", "1099"] == 0.5


def test_a_student_who_changes_the_name_stays_one(book):
    take(book, start(book), (canvas("maria", 7), 2))
    take(book, start(book), (canvas("mariagarcia", 7), 1))
    assert shown(book) == {("mariagarcia", "7"): 1}


# ---- exercises that lie apart ----


def test_moodle_numbers_a_student_anew_for_each_assignment_and_canvas_does_not(book):
    first = keys(book, (moodle("Ada", 11), A), (moodle("Bo", 12), A))
    assert keys(book, (moodle("Ada", 21), B), (moodle("Bo", 22), B)) == first
    assert keys(book, (canvas("cy", 5), A), (canvas("cy", 5), B)) == ["cy", "cy"]
    assert keys(book, (canvas("cy", 6), B)) == ["cy 6"], "two users of Canvas are two students"


@pytest.mark.parametrize("order", [1, -1])
def test_two_of_one_name_under_moodle_are_kept_apart_in_every_exercise(book, order):
    handed = [(moodle("Ada", 11), A), (moodle("Ada", 12), A), (moodle("Ada", 21), B)][::order]
    assert len(set(keys(book, *handed))) == 3
    assert len(set(keys(book, *handed))) == 3, "and they stay as many"


# ---- without an id ----


def test_without_ids_the_name_is_the_key(book):
    assert keys(book, Student("Ada"), Student("Bo")) == keys(book, Student("Ada"), Student("Bo")) == ["Ada", "Bo"]
    assert doubts(book, Student("Ada")) == [[]]


def test_a_name_without_an_id_is_the_only_student_s_who_has_it_and_says_so(book):
    (key,) = keys(book, moodle("Ada", 11))
    assert keys(book, Student("Ada")) == [key]
    assert doubts(book, Student("Ada")) == [["no id stands in its name; taken for Ada, the only one of that name"]]


def test_a_name_that_several_have_is_nobody_s_and_the_way_out_is_said(book):
    both = keys(book, moodle("Ada", 11), moodle("Ada", 12))
    (alone,) = keys(book, Student("Ada"))
    assert alone not in both
    assert keys(book, Student("Ada")) == [alone], "a second time it is the same"
    ((words,),) = doubts(book, Student("Ada"))
    assert "with an id there are 2 called Ada; kept apart: name its folder Ada_ID_assignsubmission_file" in words


def test_beside_one_with_an_id_a_bare_name_overwrites_nothing(book):
    with_id, bare = keys(book, moodle("Ada", 11), Student("Ada"))
    assert with_id != bare
    assert keys(book, Student("Ada"), moodle("Ada", 11)) == [bare, with_id]


def test_an_id_takes_over_the_marks_of_the_only_one_of_that_name_with_a_flag(book):
    take(book, start(book), (Student("Ada"), 1))
    book.override("Ada", A, "q2", 2, "T", "fine")
    take(book, start(book), (moodle("Ada", 11), 0))
    (mark,) = book.marks()
    assert (mark.student, mark.id, mark.earned, mark.questions[0].graded) == ("Ada", "11", 2, 0)
    assert [flag.code for flag in mark.flags] == ["name-only"]


def test_two_ids_take_over_nothing_from_a_bare_name(book):
    (bare,) = keys(book, Student("Ada"))
    assert bare not in keys(book, canvas("Ada", 11), canvas("Ada", 12))


names, ids = st.sampled_from(["Ada", "Bo", "Ada 1", "\udcff"]), st.sampled_from(["", "1", "2", "3"])
who = st.builds(
    lambda name, id, platform: Student(name, id, platform if id else ""),
    names,
    ids,
    st.sampled_from(["moodle", "canvas"]),
)
hand_ins = st.lists(st.tuples(who, st.sampled_from([A, B])), unique=True, max_size=8)


@settings(max_examples=60)
@example([[(moodle("Ada", 1), B), (moodle("Ada", 2), A), (moodle("Bo", 1), A)]])
@given(st.lists(hand_ins, max_size=4))
def test_whoever_comes_ids_stay_apart_and_nobody_meets_another_s_mark(runs):
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        db.row_factory = sqlite3.Row
        from labcore.grading.gradebook_file import STUDENTS
        from labcore.grading.students import identify

        for statement in STUDENTS:
            db.execute(statement)
        known = {}
        for handed in runs:
            found = [key for key, _ in identify(db, handed)]
            for i, ((one, exercise), key) in enumerate(zip(handed, found, strict=True)):
                if one.id:
                    here = (one.platform, one.id, exercise if one.platform == "moodle" else "")
                    assert known.setdefault(here, key) == key, "an id is one student's for good"
                others = [j for j, (other, where) in enumerate(handed) if where == exercise and found[j] == key]
                assert {handed[j][0][1:] if handed[j][0].id else handed[j][0] for j in others} == {
                    one[1:] if one.id else one
                }, i
        canvas_keys = [key for (platform, *_), key in known.items() if platform == "canvas"]
        assert len(set(canvas_keys)) == len(canvas_keys), "two users of Canvas never become one"
        labels = [row["shown"] for row in db.execute("SELECT shown FROM students")]
        assert len(set(labels)) == len(labels)


# ---- from the folder to the gradebook ----


def test_ids_come_from_the_names_of_folders(book, tmp_path):
    for name in ("Ada Lovelace_1001_assignsubmission_file_", "Bo"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / f"{A}.ipynb").write_text("{}")
    handed = identified(book, collect(tmp_path / "in", [A]))
    assert [(one.who, one.key) for one in handed] == [
        (moodle("Ada Lovelace", 1001), "Ada Lovelace"),
        (Student("Bo"), "Bo"),
    ]
    assert {"1001", "Ada Lovelace 1001", "Ada Lovelace", A} <= set(handed[0].called())


# ---- a gradebook of the first kind ----


@pytest.fixture
def old(tmp_path):
    """One that labcore wrote when it knew names alone: a namesake overwrote a mark, another took an override's row."""
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(Path(__file__).with_name("gradebook_1.sql").read_text(encoding="utf-8"))
    return path


UP_TO_DATE = {
    ("Ada Lovelace 1001", "1001"): 1.5 + 3,  # overridden before 1777 came
    ("Ada Lovelace 1777", "1777"): 0 + 3,
    ("Bo", ""): 2 + 3,
    ("Dilan Rename 1006", "1006"): 1 + 3,  # two rows of one person, the override in the ghost's
    ("Dilan Rename 1099", "1099"): 2 + 3,
}


def test_an_old_gradebook_is_brought_up_to_date_without_losing_a_mark_or_an_override(old):
    with contextlib.closing(sqlite3.connect(old)) as db:
        before = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("submissions", "overrides")}
    for _ in range(2):
        with Gradebook.open(old) as book:
            assert shown(book) == UP_TO_DATE
            assert book.db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA
            after = {name: tuple(book.db.execute(f"SELECT count(*) FROM {name}").fetchone()) for name in before}
            assert after == before
            reasons = {
                mark.student: one.override.reason for mark in book.marks() for one in mark.questions if one.override
            }
            assert reasons == {"Ada Lovelace 1001": "late", "Bo": "a fair point", "Dilan Rename 1006": "right, renamed"}
    with Gradebook.open(old) as book, pytest.raises(sqlite3.IntegrityError, match="an override is never"), book.db:
        book.db.execute("DELETE FROM overrides")


def test_whoever_only_reads_an_old_gradebook_leaves_it_as_it_is(old):
    before = old.read_bytes()
    with Gradebook.open(old, write=False) as book:
        assert shown(book) == UP_TO_DATE
        with pytest.raises(OSError, match="cannot be written"):
            book.override("Bo", A, "q1", 1, "T", "reason")
    assert old.read_bytes() == before


def test_an_old_gradebook_that_cannot_be_brought_up_to_date_stays_as_it_was(old, monkeypatch):
    from labcore.grading import gradebook_upgrade

    before = old.read_bytes()
    monkeypatch.setattr(gradebook_upgrade, "SEALS", ("CREATE VIEW broken AS",))
    with pytest.raises(sqlite3.OperationalError):
        Gradebook.open(old)
    monkeypatch.undo()
    with contextlib.closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == 1
    with Gradebook.open(old) as book:
        assert shown(book) == UP_TO_DATE
    assert before[:16] == old.read_bytes()[:16]


def test_an_old_gradebook_goes_on(old):
    with Gradebook.open(old) as book:
        take(book, start(book), (moodle("Ada Lovelace", 1001), 0), (moodle("Dilan Rename", 1006), 2))
        assert shown(book)["Ada Lovelace 1777", "1777"] == 3
        assert len(book.marks()) == len(UP_TO_DATE)
