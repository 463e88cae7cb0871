"""The gradebook: what was taken down stays, what is no gradebook stays as it is, and a decision outlives regrading."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from labcore.grading.attention import unfinished_words
from labcore.grading.gradebook import Gradebook
from labcore.grading.gradebook_file import APPLICATION_ID, SCHEMA
from labcore.grading.limits import Limits
from labcore.grading.marks import Flag, Report, Result

CONDITIONS = {"confinement": "landlock", "limits": Limits(), "versions": {"labcore": "0.1.0"}, "source": "class 7"}


def start(book, key="k1", **changes):
    return book.start_run(**({"seeds": {"01_small": 7}, "keys": {"01_small": key}} | CONDITIONS | changes))


def report(earned=1.0, flags=(), message="q1: said"):
    results = (Result("q2", 2, earned, "partial", message, "a slip"), Result("q10", 1, 0, "failed", "q10: no"))
    return Report("a.ipynb", "01_small", results, tuple(flags))


def take_down(book, run, student="ada", sha256="c1", **changes):
    book.record(run, student, "01_small", "a.ipynb", sha256, report(**changes), 0.5)


def only(book):
    (mark,) = book.marks()
    return mark


@pytest.fixture
def path(tmp_path):
    return tmp_path / "grades.db"


@pytest.fixture
def book(path):
    with Gradebook.open(path, create=True) as book:
        yield book


# ---- runs and records ----


def test_a_mark_holds_what_was_recorded(book):
    run = start(book)
    take_down(book, run, flags=[Flag("late", "a day late")])
    mark = only(book)
    assert (mark.student, mark.exercise, mark.file, mark.sha256) == ("ada", "01_small", "a.ipynb", "c1")
    assert (mark.earned, mark.points, mark.run, mark.seconds) == (1, 2 + 1, run.id, 0.5)
    assert [one.question for one in mark.questions] == ["q2", "q10"], "the report's order, not that of letters"
    assert mark.questions[0].slip == "a slip"
    assert mark.questions[0].override is None
    assert mark.flags == (Flag("late", "a day late"),)
    assert datetime.fromisoformat(mark.recorded).utcoffset() == timedelta(0)


def test_recording_again_in_a_run_replaces(book):
    run = start(book)
    take_down(book, run, earned=2.0)
    take_down(book, run, earned=0.5)
    assert only(book).earned == 0.5
    assert book.db.execute("SELECT count(*) FROM results").fetchone()[0] == 2, "no results of the first are left"


def test_a_run_that_has_ended_is_not_unfinished_and_an_older_one_is_not_taken_up(book):
    assert book.unfinished() is None
    first = start(book)
    assert book.unfinished() == first
    second = start(book)
    book.finish(second)
    assert book.unfinished() is None


def test_a_run_is_read_as_it_was_started(path):
    limits, seed = Limits(cell=3, processes=2), 2**100 + 1
    with Gradebook.open(path, create=True) as book:
        run = start(book, limits=limits, seeds={"01_small": seed}, source=path.parent / "class 7")
    with Gradebook.open(path) as book:
        assert book.unfinished() == run
    assert (run.limits, run.seeds, run.source) == (limits, {"01_small": seed}, "class 7"), "no absolute path is kept"


def test_graded_names_what_a_run_has_and_no_other(book):
    first, second = start(book), start(book)
    take_down(book, first)
    take_down(book, second, student="bob")
    assert book.graded(first) == {("ada", "01_small")}
    assert book.graded(second) == {("bob", "01_small")}


def test_the_latest_run_counts_for_each_student(book):
    first = start(book)
    take_down(book, first, earned=2)
    take_down(book, first, "bob", earned=2)
    take_down(book, start(book), earned=0)
    assert {mark.student: mark.earned for mark in book.marks()} == {"ada": 0, "bob": 2}


def test_a_submission_without_results_still_has_a_mark(book):
    book.record(start(book), "ada", "01_small", "", "", Report("", "01_small", (), (Flag("no-notebook", "none"),)), 0)
    assert (only(book).earned, only(book).points, only(book).flags[0].code) == (0, 0, "no-notebook")


def test_more_than_all_points_is_never_taken_down_and_takes_nothing_with_it(book):
    run = start(book)
    take_down(book, run, earned=1)
    with pytest.raises(sqlite3.IntegrityError):
        take_down(book, run, earned=2.5)
    assert only(book).earned == 1


@settings(max_examples=40)
@example("J\udcffrgen", "half \ud83d")
@given(st.text(st.characters(codec=None), max_size=20), st.text(st.characters(codec=None), max_size=20))
def test_any_name_and_message_can_be_recorded(student, message):
    with tempfile.TemporaryDirectory() as folder, Gradebook.open(Path(folder, "g.db"), create=True) as book:
        run = start(book)
        take_down(book, run, student=student, message=message)
        assert len(book.graded(run)) == 1
        if not any("\ud800" <= letter <= "\udfff" for letter in student + message):
            assert (only(book).student, only(book).questions[0].message) == (student, message)


def test_names_that_cannot_be_decoded_stay_apart(book):
    run = start(book)
    for student in ("J\udcferg", "J\udcffrg"):
        take_down(book, run, student)
    assert [mark.student for mark in book.marks()] == [r"J\udcferg", r"J\udcffrg"]


# ---- carrying over ----


def finished(book, **changes):
    run = start(book)
    take_down(book, run, **changes)
    book.finish(run)
    return run


def carried(book, run, sha256="c1", key="k1", **more):
    return book.carry_over(run, "ada", "01_small", sha256, key, **more)


def test_the_same_content_key_and_conditions_are_carried_over(book):
    first = finished(book, earned=2)
    take_down(book, first, "bob")
    second = start(book)
    assert carried(book, second)
    assert book.graded(second) == {("ada", "01_small")}
    mark = next(mark for mark in book.marks() if mark.student == "ada")
    assert (mark.run, mark.earned, [one.question for one in mark.questions]) == (second.id, 2, ["q2", "q10"])
    judged_in = "SELECT judged_in FROM latest WHERE student = 'ada'"
    assert book.db.execute(judged_in).fetchone()[0] == first.id, "whose seed it met stays known"
    book.finish(second)
    assert carried(book, start(book)), "what was carried over is carried over again"


@pytest.mark.parametrize(
    "changes",
    [{"limits": Limits(cell=1)}, {"confinement": "bubblewrap"}, {"versions": {"labcore": "0.2.0"}}],
    ids=["limits", "confinement", "versions"],
)
def test_other_conditions_are_graded_anew(book, changes):
    finished(book)
    run = start(book, **changes)
    assert not carried(book, run)
    assert book.graded(run) == set()


def test_other_content_or_key_an_unfinished_run_and_a_failed_grader_are_graded_anew(book):
    take_down(book, start(book))
    assert not carried(book, start(book)), "no run has finished"
    finished(book)
    assert not carried(book, start(book), sha256="c2")
    assert not carried(book, start(book, key="k2"), key="k2")
    assert not book.carry_over(start(book), "bob", "01_small", "c1", "k1")
    assert carried(book, start(book))
    finished(book, flags=[Flag("grader-failed", "the worker ended")])
    assert not carried(book, start(book))


def test_only_the_latest_finished_result_is_carried_over(book):
    finished(book, sha256="c1")
    finished(book, sha256="c2")
    assert not carried(book, start(book), sha256="c1")


def test_flags_of_the_hand_in_are_those_of_this_time(book):
    finished(book, flags=[Flag("late", "a day"), Flag("duplicate", "two cells")])
    assert carried(book, start(book))
    assert [flag.code for flag in only(book).flags] == ["late", "duplicate"]
    assert carried(book, start(book), hand_in=[Flag("several-notebooks", "two")])
    assert [flag.code for flag in only(book).flags] == ["several-notebooks", "duplicate"]


# ---- overrides ----


def test_an_override_outlives_regrading_and_the_latest_counts(book):
    finished(book, earned=0)
    book.override("ada", "01_small", "q2", 1, "T", "first")
    book.override("ada", "01_small", "q2", 1.5, "T", "second")
    for earned in (0, 2):
        finished(book, earned=earned)
        first, second = only(book).questions
        assert (first.earned, first.graded, first.override.reason) == (1.5, earned, "second")
        assert second.override is None
        assert only(book).earned == 1.5
    stored = "SELECT reason, overridden FROM final JOIN overrides USING (reason)"
    assert [tuple(row) for row in book.db.execute(stored)] == [("second", 1)]
    assert book.db.execute("SELECT count(*) FROM overrides").fetchone()[0] == 2, "the first is kept"


def test_an_override_that_is_withdrawn_gives_the_grader_s_points_again_and_stays_on_record(book):
    finished(book, earned=0)
    with pytest.raises(ValueError, match="q2 of 01_small has no override for ada; the grader's points count"):
        book.withdraw("ada", "01_small", "q2", "T", "reason")
    book.override("ada", "01_small", "q2", 1, "T", "first")
    assert book.withdraw("ada", "01_small", "q2", "T", "a mistake") == 0
    assert (only(book).earned, only(book).questions[0].override) == (0, None)
    assert book.db.execute("SELECT count(*) FROM overrides").fetchone()[0] == 2
    book.override("ada", "01_small", "q2", 2, "T", "after all")
    assert only(book).earned == 2


def test_an_override_knows_whether_the_grader_has_judged_anew_since(book):
    finished(book, earned=0)
    book.override("ada", "01_small", "q2", 1, "T", "renamed")
    assert not only(book).questions[0].regraded
    carried(book, run := start(book))
    assert (only(book).run, only(book).questions[0].regraded) == (run.id, False), "what is carried over is not judged"
    book.finish(run)
    finished(book, earned=2, sha256="c2")
    assert only(book).questions[0].regraded
    assert not only(book).questions[1].regraded
    book.override("ada", "01_small", "q2", 1.5, "T", "seen")
    assert not only(book).questions[0].regraded


def test_an_unfinished_run_says_how_far_it_is(book):
    run = start(book, total=10)
    take_down(book, run)
    assert unfinished_words(book).startswith("run 1 is not finished (1 of 10 graded), so marks may be missing;")
    book.finish(run)
    assert unfinished_words(book) == ""


def test_an_override_is_never_deleted_or_changed(book):
    finished(book)
    book.override("ada", "01_small", "q2", 1, "T", "reason")
    for statement in ("DELETE FROM overrides", "UPDATE overrides SET earned = 2"):
        with pytest.raises(sqlite3.IntegrityError, match="an override is never"), book.db:
            book.db.execute(statement)
    assert only(book).earned == 1


def test_a_key_that_gives_fewer_points_caps_an_override(book):
    finished(book)
    book.override("ada", "01_small", "q2", 2, "T", "reason")
    run = start(book)
    small = Report("a.ipynb", "01_small", (Result("q2", 1, 0, "failed", "q2: no"),))
    book.record(run, "ada", "01_small", "a.ipynb", "c1", small, 0)
    assert only(book).earned == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"student": "adda"}, "no student 'adda'; did you mean 'ada'"),
        ({"student": "zoe"}, "no student 'zoe'; there are: 'ada', 'bob'"),
        ({"exercise": "01_smal"}, "no exercise '01_smal' of student 'ada'; did you mean '01_small'"),
        ({"question": "x"}, "no question 'x' of student 'ada', exercise '01_small'; there are: 'q2', 'q10'"),
        ({"earned": 2.1}, "q2 of 01_small has 2 points; give 0 to 2, not 2.1"),
        ({"earned": -1}, "q2 of 01_small has 2 points; give 0 to 2, not -1"),
        ({"earned": float("nan")}, "q2 of 01_small has 2 points; give 0 to 2, not nan"),
        ({"reason": " \n"}, "an override wants its reason, got ''; say it with --reason"),
        ({"author": ""}, "an override wants its author, got ''; say it with --author"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(book, changes, words):
    run = start(book)
    take_down(book, run)
    take_down(book, run, "bob")
    good = {"student": "ada", "exercise": "01_small", "question": "q2", "earned": 1, "author": "T", "reason": "r"}
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 (the whole text is compared)
        book.override(**(good | changes))
    assert str(refusal.value) == words
    assert book.db.execute("SELECT count(*) FROM overrides").fetchone()[0] == 0


# ---- the file ----

STREAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_gradebook import start, take_down
from labcore.grading.gradebook import Gradebook
with Gradebook.open(sys.argv[1], create=True) as book:
    run = start(book)
    for i in range(100_000):
        take_down(book, run, student=f"s{i}")
        print(i, flush=True)
"""


@contextmanager
def stream(path):
    """A process that records one submission after another and says which it has taken down."""
    command = [sys.executable, "-c", STREAM, str(path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("count", [1, 20, 90])
def test_a_killed_grader_loses_at_most_the_submission_in_flight(path, count):
    with stream(path) as process:
        for _ in range(count):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        said = count + len(process.stdout.read().splitlines())
    with Gradebook.open(path) as book:  # the lock of the killed one does not block
        run = book.unfinished()
        assert len(book.graded(run)) in (said, said + 1)
        assert all(len(mark.questions) == 2 for mark in book.marks())
        take_down(book, run, "one more")
        book.finish(run)
    with Gradebook.open(path) as book:
        assert book.unfinished() is None


def test_a_second_grader_is_refused_and_a_reader_is_not(path):
    with stream(path) as process:
        process.stdout.readline()
        with pytest.raises(ValueError, match=r"another grader is writing to .*grades.db; wait until"):
            Gradebook.open(path)
        with Gradebook.open(path, write=False) as book:
            assert all(len(mark.questions) == 2 for mark in book.marks())
        process.kill()
    with Gradebook.open(path):
        pass


def test_two_in_one_process_are_two(book, path):
    with pytest.raises(ValueError, match="another grader"):
        Gradebook.open(path)
    link = path.with_name("link.db")
    link.symlink_to(path)
    with pytest.raises(ValueError, match="another grader"):
        Gradebook.open(link)


def test_a_reader_sees_one_state_whatever_a_grader_adds_meanwhile(book, path, monkeypatch):
    run = start(book)
    take_down(book, run, earned=1)
    with Gradebook.open(path, write=False) as reader:
        final = reader.final
        monkeypatch.setattr(reader, "final", lambda: take_down(book, run, earned=2) or final())
        assert only(reader).earned == 1
    assert only(book).earned == 2


def test_a_reader_writes_nothing(path):
    with Gradebook.open(path, create=True) as book:
        finished(book)
    with Gradebook.open(path, write=False) as book, pytest.raises(OSError, match="cannot be written"):
        book.override("ada", "01_small", "q2", 1, "T", "reason")


def a_gradebook(path):
    with Gradebook.open(path, create=True) as book:
        run = start(book)
        for i in range(200):
            take_down(book, run, student=f"s{i}")
        book.finish(run)
    return path.read_bytes()


def stamped(path, **pragmas):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE t (x)")
        for name, value in pragmas.items():
            db.execute(f"PRAGMA {name} = {value}")
    db.close()


def contents(folder):
    """Every file but locks and the shared memory of SQLite, which holds nothing that cannot be made anew."""
    scratch = (".lock", ".db-shm")
    return {one: one.read_bytes() for one in folder.iterdir() if one.is_file() and not one.name.endswith(scratch)}


def refused(path, words, create=True):
    """The file refuses with these words in one line, and neither it nor its folder changes."""
    before = contents(path.parent)
    with pytest.raises(ValueError, match=words) as refusal:
        Gradebook.open(path, create=create)
    assert "\n" not in str(refusal.value)
    assert contents(path.parent) == before


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\0", b"PK\3\4" + bytes(200)])
def test_a_file_that_is_no_database_is_refused(path, content):
    path.write_bytes(content)
    refused(path, "grades.db is not a gradebook; choose another --out")
    assert [one.name for one in path.parent.iterdir()] == ["grades.db"], "not even a lock is left"


def test_a_database_of_another_program_is_refused(path):
    stamped(path)
    refused(path, "is a database of another program, not a gradebook; choose another --out")


@pytest.mark.parametrize(("version", "words"), [(SCHEMA + 1, "a newer labcore .*; update labcore"), (0, "an older")])
def test_another_version_is_refused(path, version, words):
    stamped(path, application_id=APPLICATION_ID, user_version=version)
    refused(path, f"was written by {words}.*, or choose another --out")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_half_written_gradebook_is_refused(path, share):
    whole = a_gradebook(path)
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, "is damaged or half-written .*; restore a copy, or choose another --out")


def test_a_gradebook_with_a_spoiled_page_is_refused(path):
    whole = a_gradebook(path)
    spoiled = bytearray(whole)
    spoiled[3 * 4096 : 4 * 4096] = b"\xff" * 4096
    path.write_bytes(spoiled)
    refused(path, "is damaged or half-written")
    path.write_bytes(whole)
    with Gradebook.open(path) as book:
        assert len(book.marks()) == 200


def test_a_damaged_gradebook_keeps_its_log(path):
    with stream(path) as process:
        for _ in range(30):
            process.stdout.readline()
        process.kill()
    path.write_bytes(path.read_bytes()[:4096])
    refused(path, "is damaged or half-written")


def test_a_log_without_its_gradebook_is_not_taken_into_a_new_one(path):
    path.with_name("grades.db-wal").write_bytes(b"frames")
    refused(path, "grades.db-wal holds the last marks of a gradebook .* put grades.db back, or choose another --out")


def test_what_a_grader_killed_at_its_start_left_is_in_nobodys_way(path):
    path.with_name(".grades.db.part").write_bytes(b"half a gradebook")
    path.with_name("grades.db.lock").write_bytes(b"")
    with Gradebook.open(path, create=True) as book:
        assert book.marks() == []
    assert not path.with_name(".grades.db.part").exists()


def test_a_folder_a_missing_file_and_a_missing_folder_are_refused(path, tmp_path):
    with pytest.raises(ValueError, match=r"is a folder; name a file in it, as --out .*grades.db"):
        Gradebook.open(tmp_path, create=True)
    refused(path, r"there is no gradebook .*; `labcore grade FOLDER --out .*` makes one", create=False)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=r"there is no folder .*; make it, or choose another --out"):
        Gradebook.open(tmp_path / "none" / "grades.db", create=True)


def test_a_pipe_is_refused_at_once(path):
    os.mkfifo(path)
    with pytest.raises(ValueError, match="is not a gradebook"):
        Gradebook.open(path)


def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    if os.geteuid() == 0:  # root may write in any folder but the kernel's own
        folder = Path("/proc")
    else:
        folder = tmp_path / "closed"
        folder.mkdir(mode=0o500)
    with pytest.raises(ValueError, match=r"cannot write in the folder of .* \(.*\); choose another --out"):
        Gradebook.open(folder / "grades.db", create=True)


def test_the_file_says_what_it_is_and_is_safe_against_power_cuts(book, path):
    pragmas = ("application_id", "user_version", "journal_mode", "synchronous", "foreign_keys")
    values = [book.db.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas]
    assert values == [APPLICATION_ID, SCHEMA, "wal", 2, 1]
    assert path.read_bytes()[68:72] == b"labg"


def test_a_closed_gradebook_is_one_file_and_its_lock(path):
    a_gradebook(path)
    with Gradebook.open(path, write=False) as book:
        book.marks()
    assert sorted(one.name for one in path.parent.iterdir()) == ["grades.db", "grades.db.lock"]


def test_opening_is_quick(path):
    """200 marks are read in well under a second."""
    a_gradebook(path)
    began = time.perf_counter()
    with Gradebook.open(path) as book:
        assert len(book.marks()) == 200
    assert time.perf_counter() - began < 1


def test_a_full_disk_says_what_to_do(book):
    run = start(book)
    pages = book.db.execute("PRAGMA page_count").fetchone()[0]
    book.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(OSError, match=r"cannot be written \(database or disk is full\).*go on with --resume"):
        take_down(book, run, message="x" * 100_000)
    assert book.graded(run) == set()
    assert run == book.unfinished()
