"""A course is graded whole: every expected mark and flag, whatever stops the grader, on this machine or on others."""

import contextlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from labcore.grading import cluster as cluster_module
from labcore.grading import course as course_module
from labcore.grading.cluster import check_workers, cluster, outcome, versions
from labcore.grading.confinement import LEVELS, missing
from labcore.grading.course import grade_course
from labcore.grading.exercise import build_exercises
from labcore.grading.grade import Setting
from labcore.grading.gradebook import Gradebook
from labcore.grading.key import Key
from labcore.grading.limits import parse_limits
from labcore.grading.station import Station
from tests.course_canaries import planted
from tests.course_key import KEY, RIGHT
from tests.course_parts import answered, made
from tests.generated_course import SUBMISSIONS, write_course, write_key

LIMITS = "cell=3,total=60,memory=1.5G,output=200k,disk=20M"
QUICK = "cell=2,total=30,memory=1.5G,output=200k,disk=20M"
SUPERVISOR_MEMORY = 300e6  # bytes
CONFINED = [level for level in LEVELS if level != "none" and sys.platform == "linux" and not missing(level)]
TWO_QUESTIONS = KEY[: KEY.index('# %% [markdown] task="q3"')]
needs_confinement = pytest.mark.skipif(not CONFINED, reason="answers cannot be confined on this machine")


# ---- grading from outside: the real command, and what it leaves ----


@pytest.fixture
def place():
    """A folder whose path is short enough for sockets in it; every process of the grader's names it somewhere."""
    folder = Path(tempfile.mkdtemp(prefix="lc-"))
    yield folder
    for process, _ in naming(str(folder / "tmp")):  # where a test fails
        os.kill(process, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def command(place, level, *options, limits=QUICK):
    """The command that grades `place/handed` into `place/grades.db`."""
    words = ["run", place / "handed", "--key", place / "exercises" / "keys", "--out", place / "grades.db"]
    words += ["--limits", limits, "--confinement", level, *options]
    return [sys.executable, "-m", "labcore.cli", "grade", *map(str, words)]


def started(place, level, *options, limits=QUICK):
    """That command, running; what it says goes to `place/said`."""
    (place / "tmp").mkdir(exist_ok=True)
    with (place / "said").open("w") as said:
        env = os.environ | {"TMPDIR": str(place / "tmp")}
        return subprocess.Popen(
            command(place, level, *options, limits=limits), stdout=said, stderr=said, env=env, cwd=place
        )


def finished(place, level, *options, limits=QUICK):
    """What that command says when it is done, which it must be without an error."""
    assert started(place, level, *options, limits=limits).wait(300) == 0, (place / "said").read_text()
    return (place / "said").read_text()


def most_memory(process):
    """Wait for a process; returns the most bytes it held.

    Not what `os.wait4` says: that counts the pages of whoever started the process, which it shares until it runs its
    own program.
    """
    most = 0
    while process.poll() is None:
        with contextlib.suppress(OSError):
            if found := re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text()):
                most = 1024 * int(found[1])
        time.sleep(0.05)
    return most


def left_running(place, patience=5.0):
    """Processes that name the folder for temporary files of `place`, after so many seconds for them to end."""
    end, mark = time.monotonic() + patience, str(place / "tmp")
    while (found := [*naming(mark)]) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def naming(mark):
    """The number and the command of each process whose command, environment or folder names it."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if mark.encode() in words or mark in str((process / "cwd").readlink()):
                yield int(process.name), words[:200].decode(errors="replace")


def has_zygote(place):
    """Whether the grader has come so far that it starts other processes."""
    return any("grading.zygote" in words for _, words in naming(str(place / "tmp")))


def graded_so_far(path):
    """How many submissions the unfinished run has in its gradebook; None while no run is begun."""
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
    ):
        run, count = db.execute("SELECT max(runs.id), count(submissions.id) FROM runs LEFT JOIN submissions").fetchone()
        return None if run is None else count
    return None


def wait_until(true, process, patience=60):
    """Wait until something holds, while a process runs."""
    end = time.monotonic() + patience
    while not true():
        assert process.poll() is None, "it ended first"
        assert time.monotonic() < end
        time.sleep(0.01)


def marks(path):
    """All that a gradebook says of marks, but for times and numbers of runs."""
    with Gradebook.open(path, write=False) as book:
        return [(one.student, one.exercise, one.file, one.sha256, one.questions, one.flags) for one in book.marks()]


# ---- the generated course ----


# What a confinement decides is tried under each; what the judge decides is the same under all, so of that only the
# first level gets everything and the other a sixth, unless LABCORE_WHOLE_COURSE=1 asks for all of it under both.
DECIDED_BY_CONFINEMENT = ("hogs", "escape")
JUDGED = [one for one in SUBMISSIONS if one.family not in DECIDED_BY_CONFINEMENT]
WHOLE = LEVELS if os.environ.get("LABCORE_WHOLE_COURSE") else CONFINED[:1]


def handed_out(level):
    """The submissions to grade under one level."""
    left_out = set() if level in WHOLE else {one.name for i, one in enumerate(JUDGED) if i % 6}
    return [one for one in SUBMISSIONS if one.name not in left_out]


class WholeCourse:
    """The course under one confinement; each level is a class of its own, so that other tests run beside it."""

    level = ""

    @pytest.mark.skipif(sys.platform != "linux", reason="processes are confined on Linux only")
    def test_every_mark_and_flag_of_the_generated_course_is_as_expected(self, place):
        if reason := missing(level := self.level):
            pytest.skip(reason)
        source = write_key(place / "exercises")
        notebook = json.loads(build_exercises(source)[place / "exercises" / "01_small.ipynb"])
        (place / "canaries").mkdir()
        with planted(place / "canaries") as canaries:
            write_course(place / "handed", notebook, canaries.canaries, handed_out(level))
            one_more = str((os.cpu_count() or 1) + 1)  # than cores: a third of the course waits for its time to be up
            process = started(place, level, "--workers", one_more, limits=LIMITS)
            memory = most_memory(process)
            said = (place / "said").read_text()
            assert process.returncode == 0, said
            with Gradebook.open(place / "grades.db", write=False) as book:
                found = {mark.student: mark for mark in book.marks()}
                assert book.unfinished() is None
                (run,) = book.db.execute("SELECT confinement FROM runs").fetchall()
            assert run["confinement"] == level
            assert set(found) == {one.name for one in handed_out(level)}
            differences = []
            for one in handed_out(level):
                earned = {question.question: question.earned for question in found[one.name].questions}
                differences += one.differences(earned, [flag.code for flag in found[one.name].flags])
            assert differences == []
            assert canaries.touched() == []
            written = b"".join(path.read_bytes() for path in place.glob("grades.db*")) + said.encode()
            assert canaries.secret.encode() not in written
            assert b"end solution" not in written
            assert b"capacity // tm" not in written  # of the reference to q4, which no submission has
        assert left_running(place) == []
        assert 10e6 < memory < SUPERVISOR_MEMORY


class TestWholeCourseUnderBubblewrap(WholeCourse):
    level = "bubblewrap"


class TestWholeCourseUnderLandlock(WholeCourse):
    level = "landlock"


# ---- killed and resumed ----


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The reader's notebook of two questions."""
    source = two_questions(tmp_path_factory.mktemp("exercises"))
    return json.loads(build_exercises(source)[source.parent.parent / "01_small.ipynb"])


def two_questions(folder, name="01_small", change=("", "")):
    """Write the key of two questions, with one text changed; returns its path."""
    source = folder / "keys" / f"{name}.py"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(TWO_QUESTIONS.replace("01_small", name).replace(*change))
    return source


def hand_in(place, notebook, student, name="01_small", **answers):
    """Write a student's notebook, right but for these answers."""
    folder = place / "handed" / student
    folder.mkdir(parents=True, exist_ok=True)
    renamed = json.loads(json.dumps(notebook).replace("01_small", name))
    (folder / f"{name}.ipynb").write_text(json.dumps(made(renamed, None, answered(**answers))))


HALF = "def tiles(M, N, rows, columns):\n    return 1"
EXITS = "import os\nos._exit(1)"
HANGS = "def matmul_macs(M, K, N):\n    while True:\n        pass"
MIXED = {  # what is wrong, by student; and the points for q1 and q2
    **{f"right-{i:02}": ({"q1": f"{RIGHT['q1']}  # {i}"}, 2, 3) for i in range(10)},
    **{f"wrong-{i:02}": ({"q2": HALF + f" + {i}"}, 2, 0) for i in range(5)},
    "exits": ({"q1": EXITS}, 0, 3),
    "zoe-hangs": ({"q1": HANGS}, 0, 3),  # the last, so that there is time to kill the grader before it is done
    "stub": ({"q1": None, "q2": None}, 0, 0),
}
BROKEN = {"cut-short": b'{"cells": [', "empty": None}  # file contents


def hand_in_mixed(place, notebook):
    """Write 20 quick submissions of all kinds, and the key."""
    two_questions(place / "exercises")
    for student, (answers, *_) in MIXED.items():
        hand_in(place, notebook, student, **answers)
    for student, content in BROKEN.items():
        (place / "handed" / student).mkdir()
        if content is not None:
            (place / "handed" / student / "01_small.ipynb").write_bytes(content)


def expected_points():
    """Points by student and question of what `hand_in_mixed` writes."""
    points = {student: {"q1": q1, "q2": q2} for student, (_, q1, q2) in MIXED.items()}
    return points | {student: {"q1": 0, "q2": 0} for student in BROKEN}


def points(path):
    """Points by student and question in a gradebook."""
    return {student: {one.question: one.earned for one in questions} for student, _, _, _, questions, _ in marks(path)}


@needs_confinement
def test_a_grader_killed_at_any_moment_is_resumed_to_the_same_marks(place, notebook):
    """Five kills of one run: before it is begun, at its first results, in the middle twice, and at its last."""
    level, rng = CONFINED[0], random.Random()
    hand_in_mixed(place, notebook)
    said = finished(place, level, "--seed", "ab")
    undisturbed = marks(place / "grades.db")
    assert points(place / "grades.db") == expected_points()
    assert "tiles" not in said
    for path in place.glob("grades.db*"):
        path.unlink()

    resume, total = [], len(undisturbed)
    for reached in (None, 1, rng.randint(4, 8), rng.randint(10, 14), total - 1):
        process = started(place, level, "--seed", "ab", *resume)
        if reached is None:
            wait_until(lambda: has_zygote(place), process)
        else:
            wait_until(lambda n=reached: (graded_so_far(place / "grades.db") or 0) >= n, process)
            time.sleep(rng.uniform(0, 0.2))
        process.kill()
        process.wait()
        assert left_running(place) == []
        before, count = resume, graded_so_far(place / "grades.db")
        resume = ["--resume"] if count is not None else []
        assert resume or not before
        assert (count or 0) >= (reached or 0)
    finished(place, level, "--seed", "cd", *resume)  # the seed of the run that is finished stays
    assert marks(place / "grades.db") == undisturbed
    with contextlib.closing(sqlite3.connect(place / "grades.db")) as db:
        assert db.execute("SELECT count(*), count(finished) FROM runs").fetchall() == [(1, 1)]
        assert db.execute("SELECT count(*) FROM submissions").fetchall() == [(total,)]
        assert json.loads(db.execute("SELECT seeds FROM runs").fetchone()[0]) == {"01_small": "ab"}


@needs_confinement
@pytest.mark.parametrize(
    ("number", "begun", "words"),
    [
        (signal.SIGINT, True, "the marks so far are in {book}: go on with --resume"),
        (signal.SIGTERM, False, "nothing was graded"),
    ],
)
def test_a_stopped_grader_ends_at_once_with_all_it_started_and_says_what_to_do(number, begun, words, place, notebook):
    two_questions(place / "exercises")
    hand_in(place, notebook, "ada")
    for student in ("bo", "cy", "dee"):  # some hang while it is stopped
        hand_in(place, notebook, student, q1=f"{HANGS}  # {student}")
    process, book = started(place, CONFINED[0], "--workers", "2"), place / "grades.db"
    wait_until((lambda: graded_so_far(book)) if begun else (lambda: has_zygote(place)), process)
    process.send_signal(number)
    start = time.monotonic()
    assert process.wait(10) == 2, (place / "said").read_text()
    assert left_running(place, patience=1) == []
    assert time.monotonic() - start < 3
    assert (place / "said").read_text().splitlines()[-1] == f"labcore: stopped; {words.format(book=book)}"
    assert (graded_so_far(book) is not None) == begun


# ---- what is graded again, and what is refused ----


class Lasting(Station):
    """A station for many runs, so that each test need not wait until one has everything imported."""

    def close(self):
        """Stay open."""


@pytest.fixture(scope="module")
def station():
    """A station at the strongest level that there is."""
    station = Lasting(CONFINED[0])
    yield station
    Station.close(station)


@pytest.fixture
def at_a_station(monkeypatch, station):
    """Let courses use that station."""
    monkeypatch.setattr(course_module, "Station", lambda level: station)


def graded(place, seed="", limits=QUICK, source="handed", **options):
    """What grading gave, by student and exercise: points, 'carried over', or the codes of flags where there are any."""
    setting = Setting(CONFINED[0], parse_limits(limits), seed)
    found = {}
    with Gradebook.open(place / "grades.db", create=True) as book:
        for one in grade_course(place / source, place / "exercises" / "keys", book, setting, **options):
            flags = [flag.code for flag in one.report.flags] if one.report else []
            name = (one.handed.student, one.handed.exercise)
            found[name] = flags or (one.report.earned if one.report else "carried over")
    return found


@needs_confinement
@pytest.mark.usefixtures("at_a_station")
def test_only_what_has_changed_is_graded_again(place, notebook):
    for name in ("01_small", "02_other"):
        two_questions(place / "exercises", name)
    hand_in(place, notebook, "ada")
    hand_in(place, notebook, "bo", q1=None)
    hand_in(place, notebook, "ada", "02_other")
    (place / "handed" / "cy").mkdir()
    small, other = ("ada", "01_small"), ("ada", "02_other")
    nothing = {("cy", "01_small"): ["no-notebook"], ("cy", "02_other"): ["no-notebook"]}
    assert graded(place) == {small: 5, other: 5, ("bo", "01_small"): 3} | nothing

    carried = dict.fromkeys((small, other, ("bo", "01_small")), "carried over")
    assert graded(place) == carried | nothing

    hand_in(place, notebook, "bo", q1=None, q2=HALF)
    assert graded(place) == carried | {("bo", "01_small"): 0} | nothing

    two_questions(place / "exercises", "02_other", ("takes? *2 points*", "takes? *2 points, easily*"))
    two_questions(place / "exercises", "02_other", ("points=2", "points=4"))
    carried[("bo", "01_small")] = "carried over"
    assert graded(place) == carried | {other: 7} | nothing

    assert graded(place, only="bo") == {("bo", "01_small"): "carried over"}
    assert graded(place, only="02_other", limits=LIMITS) == {other: 7, ("cy", "02_other"): ["no-notebook"]}
    with pytest.raises(ValueError, match="no student or exercise is called 'dee' in"):
        graded(place, only="dee")
    assert points(place / "grades.db")["bo"] == {"q1": 0, "q2": 0}


@needs_confinement
@pytest.mark.usefixtures("at_a_station")
def test_two_hundred_megabytes_are_stopped_by_their_size(place, notebook):
    """In the generated course a busy machine would meet the time of a cell first; here there is time enough."""
    two_questions(place / "exercises")
    hand_in(place, notebook, "ada", q1=f"display({{'text/plain': 'x' * 200_000_000}}, raw=True)\n{RIGHT['q1']}")
    (flag,) = graded(place, limits="cell=60,total=120,memory=1.5G,output=200k,disk=20M")["ada", "01_small"]
    assert flag in ("output", "died")  # the kernel may end first, of its memory


@needs_confinement
@pytest.mark.usefixtures("at_a_station")
def test_one_that_cannot_be_graded_harms_no_other(place, notebook):
    """Late, unreadable, a link, nothing: each is flagged, among good ones."""
    two_questions(place / "exercises")
    for student in ("ada", "Bo Ek_1234_assignsubmission_file_", "zoe"):
        hand_in(place, notebook, student)
    hand_in(place, notebook, "Cy Ro_77_LATE_assignsubmission_file_")
    for student in ("cut", "linked", "nobody"):
        (place / "handed" / student).mkdir()
    (place / "handed" / "cut" / "01_small.ipynb").write_bytes(b'{"cells": [')
    (place / "handed" / "linked" / "01_small.ipynb").symlink_to(place / "exercises" / "keys" / "01_small.py")
    found = {student: came for (student, _), came in graded(place).items()}
    assert found.pop("cut") == ["unreadable"]
    assert found.pop("linked")[0] == "not-a-file"
    assert found.pop("nobody") == ["no-notebook"]
    assert [came for came in found.values() if came != 5] == []
    assert len(found) == 4

    (place / "handed" / "nobody" / "01_small.ipynb").symlink_to("nowhere")  # as empty, but for another reason
    again = {student: came for (student, _), came in graded(place).items()}
    assert again["nobody"][0] == "not-a-file"
    assert again["zoe"] == again["cut"] == "carried over"


NO_DRAW = "def draw(rng):\n    return rng.randint(2, 500), rng.randint(2, 500), rng.randint(2, 500)"


@needs_confinement
@pytest.mark.usefixtures("at_a_station")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ((NO_DRAW, "def draw(rng):\n    raise ValueError"), "DRAW|FAILS"),
        (("    return M * K * N\n", "    return M * K * N + id([]) % 1000\n"), "FLAKY"),
        (("    return M * K * N\n    # end", "    return object()\n    # end"), "EMPTY"),
        (("    return 2 * M * K * N", "    return K * N * M"), "PASSES"),
    ],
)
def test_a_wrong_key_is_refused_before_anything_is_graded(change, code, place, notebook):
    two_questions(place / "exercises", change=change)
    hand_in(place, notebook, "ada")
    with pytest.raises(ValueError, match=f"01_small.py cannot grade: ({code}) q1"):
        graded(place)
    assert graded_so_far(place / "grades.db") is None


@needs_confinement
def test_a_refused_gradebook_stays_as_it_is(place, notebook):
    two_questions(place / "exercises")
    hand_in(place, notebook, "ada")
    (place / "grades.db").write_bytes(b"student,points\n")
    process = started(place, CONFINED[0])
    assert process.wait(60) == 2
    assert (place / "said").read_text().startswith(f"labcore: {place / 'grades.db'} is not a gradebook")
    assert (place / "grades.db").read_bytes() == b"student,points\n"


@needs_confinement
@pytest.mark.usefixtures("at_a_station")
def test_what_a_run_was_begun_with_must_still_hold_when_it_is_resumed(place, notebook):
    two_questions(place / "exercises")
    two_questions(place / "exercises", "02_other")
    hand_in(place, notebook, "ada")
    hand_in(place, notebook, "bo")
    hand_in(place, notebook, "bo", "02_other")
    with pytest.raises(ValueError, match="no unfinished run: the last one was finished, or stopped before it graded"):
        graded(place, resume=True)

    setting = Setting(CONFINED[0], parse_limits(QUICK), "ab")
    with Gradebook.open(place / "grades.db") as book:
        half = grade_course(place / "handed", place / "exercises" / "keys", book, setting, workers=1, only="01_small")
        first = next(half).handed.student
        half.close()
    with pytest.raises(ValueError, match=r"not finished \(1 graded\); add --resume to go on with it"):
        graded(place)
    with pytest.raises(ValueError, match="would finish grades 01_small, not 02_other; say --only as it did"):
        graded(place, resume=True)
    resume = {"resume": True, "only": "01_small"}
    with pytest.raises(ValueError, match="limits, confinement or versions changed since the run"):
        graded(place, limits=LIMITS, **resume)
    source = two_questions(place / "exercises", change=("easily", "easily"))
    before = source.read_text()
    source.write_text(f"{before}\n# changed\n")
    with pytest.raises(ValueError, match="the key of 01_small changed since the run"):
        graded(place, **resume)
    copy = shutil.copy(place / "grades.db", place / "copy.db")
    assert graded(place, only="01_small", anew=True) == {("ada", "01_small"): 5, ("bo", "01_small"): 5}
    assert graded(place, only="01_small") == dict.fromkeys((("ada", "01_small"), ("bo", "01_small")), "carried over")
    shutil.move(copy, place / "grades.db")
    source.write_text(before)
    assert graded(place, **resume) == {("bo" if first == "ada" else "ada", "01_small"): 5}


@needs_confinement
def test_a_gradebook_that_cannot_be_written_ends_the_run_and_its_processes(place, notebook, monkeypatch):
    two_questions(place / "exercises")
    hand_in(place, notebook, "ada")
    for student in ("bo", "cy", "dee"):
        hand_in(place, notebook, student, q1=f"{HANGS}  # {student}")
    stations, tried = [], []
    monkeypatch.setattr(course_module, "Station", lambda level: stations.append(Station(level)) or stations[0])

    def full(*_):
        tried.append(time.monotonic())
        raise OSError("grades.db cannot be written (database or disk is full)")

    monkeypatch.setattr(Gradebook, "record", full)
    with pytest.raises(OSError, match="disk is full"):
        graded(place, workers=2, limits="cell=30,total=60")
    assert time.monotonic() - tried[0] < 5  # without waiting for those that hang
    assert not stations[0].folder.exists()
    assert [*naming(str(stations[0].folder))] == []
    assert graded_so_far(place / "grades.db") == 0


# ---- on a Dask cluster ----

CLUSTER = """
import os, sys
from distributed import Client, LocalCluster

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as two, Client(two) as client:
        print(two.scheduler_address, *client.run(os.getpid).values(), flush=True)
        sys.stdin.read()
"""


@contextlib.contextmanager
def two_workers(place):
    """A scheduler's address and the process ids of two workers with a thread each, all on this machine."""
    (place / "tmp").mkdir(exist_ok=True)
    script = place / "two_workers.py"
    script.write_text(CLUSTER)
    env, pipe = os.environ | {"TMPDIR": str(place / "tmp")}, subprocess.PIPE
    with (place / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, script], stdin=pipe, stdout=pipe, stderr=log, text=True, env=env)
    try:
        address, *workers = process.stdout.readline().split()
        yield address, [int(worker) for worker in workers]
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(30)


def below(process):
    """The processes that one has started."""
    return [
        int(child) for path in Path(f"/proc/{process}/task").glob("*/children") for child in path.read_text().split()
    ]


@needs_confinement
def test_a_killed_dask_worker_costs_nothing_but_time(place, notebook):
    pytest.importorskip("distributed", reason="Dask is an extra")
    hand_in_mixed(place, notebook)
    for student in [*(f"right-{i:02}" for i in range(5, 10)), "zoe-hangs", "stub", "cut-short"]:
        shutil.rmtree(place / "handed" / student)
    wanted = {student: of for student, of in expected_points().items() if (place / "handed" / student).exists()}
    with two_workers(place) as (address, workers):
        process = started(place, CONFINED[0], "--scheduler", address)
        wait_until(lambda: (graded_so_far(place / "grades.db") or 0) >= 3, process)
        zygotes = below(workers[0])
        os.kill(workers[0], signal.SIGKILL)
        assert zygotes
        assert process.wait(200) == 0, (place / "said").read_text()
        assert not [one for one in zygotes if Path(f"/proc/{one}").exists()]
    assert points(place / "grades.db") == wanted
    assert len(wanted) == 12
    assert left_running(place) == []
    said = (place / "said").read_text()
    assert "Warning" not in said
    assert "Traceback" not in said
    with contextlib.closing(sqlite3.connect(place / "grades.db")) as db:
        assert db.execute("SELECT count(*), count(DISTINCT student) FROM submissions").fetchall() == [(12, 12)]
        assert not db.execute("SELECT 1 FROM submissions WHERE flags LIKE '%grader-failed%'").fetchall()


@needs_confinement
@pytest.mark.usefixtures("at_a_station")
def test_a_scheduler_that_is_not_there_is_named_before_a_run_is_begun(place, notebook, monkeypatch):
    pytest.importorskip("distributed", reason="Dask is an extra")
    monkeypatch.setattr(cluster_module, "CONNECT_SECONDS", 0.5)
    two_questions(place / "exercises")
    hand_in(place, notebook, "ada")
    with pytest.raises(
        ValueError, match=r"no Dask scheduler answers at 'tcp://127.0.0.1:9' .*; give its address"
    ) as one:
        graded(place, scheduler="tcp://127.0.0.1:9")
    assert "\n" not in str(one.value)
    assert graded_so_far(place / "grades.db") is None
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at 'nonsense://'"), cluster("nonsense://", None):
        pass


class Workers:
    """A client whose workers answer what they are told."""

    def __init__(self, **answers):
        self.answers = answers

    def run(self, function, on_error):
        return self.answers


def test_a_worker_with_another_labcore_or_none_is_refused_in_one_line():
    check_workers(Workers(one=versions()))
    with pytest.raises(
        ValueError, match=r"^the Dask worker two has labcore 0\.0, and here it is \S+; install the same"
    ):
        check_workers(Workers(one=versions(), two=versions() | {"labcore": "0.0"}))
    with pytest.raises(ValueError, match=r"^the Dask worker one has no labcore"):
        check_workers(Workers(one=ModuleNotFoundError("No module named 'labcore'")))


def test_a_lost_submission_is_flagged_and_a_lost_scheduler_ends_the_run():
    key = Key("01_small", "ab", "", (), {}, {}, {"q1": 2.0})

    class KilledWorker(Exception):  # noqa: N818 (the name is Dask's)
        pass

    lost, gone, odd = Future(), Future(), Future()
    lost.set_exception(KilledWorker("task"))
    gone.cancel()
    odd.set_exception(ZeroDivisionError())
    report, _ = outcome(lost, "a.ipynb", key)
    assert [flag.code for flag in report.flags] == ["grader-failed"]
    assert report.earned == 0
    with pytest.raises(OSError, match=r"the Dask scheduler has gone; .* --resume"):
        outcome(gone, "a.ipynb", key)
    with pytest.raises(ZeroDivisionError):
        outcome(odd, "a.ipynb", key)
