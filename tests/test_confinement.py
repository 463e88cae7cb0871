"""Confinement: kernels at each level stay in, their limits hold, and nothing is left of what has ended."""

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from labcore.grading import confinement, lockdown
from labcore.grading.canary import check_confinement
from labcore.grading.confinement import choose, missing, remove
from labcore.grading.limits import Limits, parse_limits
from labcore.grading.station import Station
from labcore.grading.values import MIME
from labcore.grading.worker import CellsJob

LACKING = {level: missing(level) for level in ("bubblewrap", "landlock")}
needs_landlock = pytest.mark.skipif(bool(LACKING["landlock"]), reason=LACKING["landlock"])
LEVELS = [
    pytest.param(level, marks=pytest.mark.skipif(bool(reason), reason=f"{level}: {reason}"))
    for level, reason in LACKING.items()
]
START = 60  # seconds for a zygote to import everything, on a machine with other work
SOON = 10  # seconds in which what was killed is gone


@pytest.fixture(scope="module", params=LEVELS)
def station(request):
    """A station at each level that there is."""
    with Station(request.param) as one:
        yield one


def run(station, *cells, words="", patience=60):
    """The text that cells print, or show, in a kernel of a station."""
    job = CellsJob("test", list(cells), parse_limits(words), station.surroundings)
    outputs = station.run(job, patience)
    return "".join(one.get("text", "") for cell in outputs for one in cell)


def executor(station):
    """What the canary calls to run its cell."""
    return lambda name, cells: station.run(CellsJob(name, cells, Limits(), station.surroundings), 60)


def soon(fact, patience=SOON):
    """Whether something becomes true while one waits for it."""
    end = time.monotonic() + patience
    while not (found := fact()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(found)


def parents():
    """The parent of every process that has not ended, by process id."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            found |= {} if state in "ZX" else {int(stat.parent.name): int(parent)}
    return found


def descendants(pid):
    """The processes below one."""
    known = parents()
    below, found = [pid], []
    while below:
        below = [one for one, parent in known.items() if parent in below]
        found += below
    return found


def kernels(station):
    """The folders of kernels that a station has, once their sockets are there."""
    return [folder for folder in station.folder.glob("k*") if len(list(folder.glob("s-*"))) == 5]


@contextlib.contextmanager
def sleeping(station):
    """The folder of a kernel that sleeps beside the test, with a file of its own where its level shows one."""
    failure = []
    cell = "import pathlib, time\npathlib.Path('mine').write_text('the answer of another')\ntime.sleep(60)"

    def work():
        try:
            run(station, cell, patience=3)
        except TimeoutError as error:
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert soon(lambda: kernels(station))
    yield kernels(station)[0]
    thread.join()
    assert failure


# ---- the canary ----


def test_the_canary_stays_in(station):
    check_confinement(executor(station), Path(__file__).parent, station.surroundings.level, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="warm kernels are for Linux")
def test_the_canary_says_what_a_kernel_reaches_that_is_not_confined(tmp_path):
    (tmp_path / "key.py").touch()
    with Station("none") as loose, pytest.raises(ValueError, match="leaks on this machine") as error:
        check_confinement(executor(loose), tmp_path, "landlock", 0)
    assert str(error.value) == (
        "confinement 'landlock' leaks on this machine: a notebook can read a file, write a file, list the keys, change "
        "a file's mode, connect to a port, signal a process, start a process, read the grader's memory; nothing was "
        "graded; try another --confinement, or grade in a container (exercises/README.md, Set up)"
    )


def said(reached, environment=()):
    """An execute whose canary says this, whatever is true."""
    data = {MIME: {"reached": reached, "environment": dict(environment)}}
    return lambda name, cells: [[{"output_type": "display_data", "data": data}]]


def test_a_canary_is_not_believed_where_the_supervisor_sees_more():
    def lies(name, cells):
        path = re.search(r"open\('([^']*written)', \"w\"\)", cells[0])[1]
        Path(path).write_text("written")
        os.kill(int(re.search(r"os\.kill\((\d+), 9\)", cells[0])[1]), signal.SIGKILL)
        time.sleep(0.2)
        return said({"write a file": "PermissionError"})(name, cells)

    with pytest.raises(ValueError, match="a notebook can write a file, signal a process; nothing"):
        check_confinement(lies, Path.cwd(), "bubblewrap", 0)


def test_a_canary_that_sees_a_token_or_says_nothing_fails(monkeypatch):
    monkeypatch.setenv("COURSE_TOKEN", "abcdefgh-1")
    with pytest.raises(ValueError, match="a notebook can see COURSE_TOKEN of the environment"):
        check_confinement(said({}, {"COURSE_TOKEN": "abcdefgh-1"}), Path.cwd(), "landlock", 0)
    with pytest.raises(ValueError, match="canary of confinement 'landlock' did not speak; nothing was graded"):
        check_confinement(lambda name, cells: [[]], Path.cwd(), "landlock", 0)
    check_confinement(said({"start a process": "None"}), Path.cwd(), "landlock", processes=2)
    with pytest.raises(ValueError, match="a notebook can start a process"):
        check_confinement(said({"start a process": "None"}), Path.cwd(), "landlock", processes=0)


# ---- what a kernel sees ----


def test_a_kernel_has_an_environment_of_its_own(station, monkeypatch):
    monkeypatch.setenv("COURSE_TOKEN", "abcdefgh-1")
    names = set(run(station, "import os\nprint(*os.environ)").split())
    public = {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ"}
    threads = {"OPENBLAS_NUM_THREADS", "MPLBACKEND", "HOME", "IPYTHONDIR"}
    assert names - public - {"CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR", "PAGER", "GIT_PAGER", "TERM"} == threads


SEARCH = """
import os
refused = []
ways = (os.listdir, os.unlink, lambda one: open(one).read(), lambda one: open(one, "w"),
        lambda one: open(one + "x", "w"))
for path in {paths}:
    for way in ways:
        try:
            print(path, way(path))
        except OSError:
            refused.append(path)
import socket
for path in {sockets}:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print(path)
    except OSError:
        refused.append(path)
print("refused", len(refused))
"""


def test_a_kernel_reaches_no_other_kernel_and_no_grader(station):
    with sleeping(station) as folder:
        paths = [folder, folder / "c.json", folder / "work", folder / "work/mine", folder / "s-1", station.folder]
        paths += [
            station.folder / "zygote",
            station.folder / "log",
            Path("/proc"),
            *map("/proc/{}/fd".format, (1, os.getpid())),
        ]
        sockets = [str(folder / "s-1"), str(station.folder / "zygote")]
        came = run(station, SEARCH.format(paths=[*map(str, paths)], sockets=sockets))
        assert came == f"refused {5 * len(paths) + 2}\n"
        assert (folder / "c.json").is_file()
        scores = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in descendants(station.zygote.pid)]
        assert max(scores) == 1000  # the kernel is the first to go when there is no memory left
    assert soon(lambda: not kernels(station))


OWN = """
import os
print(sorted(os.listdir("..")))
for way in (lambda: open("../new", "w"), lambda: os.unlink("../c.json"), lambda: os.mkdir("../new"),
            lambda: os.symlink("/etc", "link"), lambda: os.open(".", os.O_TMPFILE | 3), lambda: os.mkdir("x", 0)):
    try:
        print(way())
    except OSError as error:
        print("no")
for n in range(3, 64):
    try:
        if os.stat(n).st_mode & 0o170000 in (0o100000, 0o040000):
            print("open", os.stat(n))
    except OSError:
        pass
"""


def test_a_kernel_writes_in_its_work_folder_alone_and_holds_no_file_open(station):
    first, *rest = run(station, OWN).splitlines()
    assert first == "['c.json', 'failed', 's-1', 's-2', 's-3', 's-4', 's-5', 'work']"
    assert rest == ["no"] * 6


def test_what_cells_write_is_limited(station):
    cell = "for i in range(9):\n    open(str(i), 'wb').write(bytes(900_000))"
    if station.surroundings.level == "bubblewrap":
        with pytest.raises(ValueError, match="No space left on device"):
            run(station, cell, words="disk=2M")
    with pytest.raises(ValueError, match="File too large"):
        run(station, "open('large', 'wb').write(bytes(3_000_000))", words="disk=2M")


# ---- what is left ----


def test_a_job_that_outlives_its_patience_is_killed_with_its_kernel(station):
    before = time.monotonic()
    with pytest.raises(TimeoutError, match=r"the worker ran longer than 1.5 s"):
        run(station, "while True:\n    pass", patience=1.5)
    assert time.monotonic() - before < 5
    assert soon(lambda: not descendants(station.zygote.pid))
    assert soon(lambda: not list(station.folder.glob("k*")))


DAEMON = """
import os, time
for _ in range(3):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
print("started")
"""


def test_what_a_kernel_has_started_ends_with_it(station):
    assert run(station, DAEMON, words="processes=8") == "started\n"
    assert soon(lambda: not descendants(station.zygote.pid))


DEEP = """
import os
for _ in range(1500):
    os.mkdir("deep")
    os.chdir("deep")
open("file", "w").close()
"""


def test_folders_too_deep_for_python_are_removed(station):
    run(station, DEEP)
    assert soon(lambda: not list(station.folder.glob("k*")))


def test_the_last_words_of_a_kernel_cannot_flood_or_forge_the_log(station):
    cell = "open('../failed', 'w').write('the grader is wrong\\n' * 1000)"
    run(station, cell)
    assert soon(lambda: "wrong" in station.log())
    assert station.log().startswith("kernel: 'the grader is wrong\\nthe")
    assert len(station.log()) < 400


@needs_landlock
def test_a_station_whose_zygote_was_killed_starts_another():
    with Station("landlock") as one:
        folder, first = one.folder, one.zygote
        assert run(one, "print(1)") == "1\n"
        first.kill()
        first.wait()
        assert run(one, "print(2)") == "2\n"
        assert first.pid != one.zygote.pid
    assert not folder.exists()
    with pytest.raises(ChildProcessError, match="the station is closed; open another"):
        run(one, "print(3)")


SUPERVISOR = """
import sys
from labcore.grading.limits import parse_limits
from labcore.grading.station import Station
from labcore.grading.worker import CellsJob
station = Station(sys.argv[1])
print(station.folder, flush=True)
station.run(CellsJob("last", [sys.argv[2]], parse_limits("processes=8"), station.surroundings), 60)
"""


ENDS = [("bubblewrap", "supervisor"), ("landlock", "supervisor"), ("landlock", "zygote"), ("landlock", "watcher")]


@pytest.mark.parametrize(("level", "victim"), ENDS)
def test_nothing_is_left_when_one_of_the_grader_is_killed(level, victim):
    if LACKING[level]:
        pytest.skip(f"{level}: {LACKING[level]}")
    command = [sys.executable, "-c", SUPERVISOR, level, f"{DAEMON}\ntime.sleep(60)"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=Path(__file__).parent.parent, **pipes) as supervisor:
        try:
            folder = Path(supervisor.stdout.readline().strip())
            zygote = descendants(supervisor.pid)[0]
            count = {"landlock": 7, "bubblewrap": 11}[level]  # grader 3, kernel 1, daemons 3; sandbox 3, its door 1

            def settled():  # the parents of the daemons come and go
                return len(descendants(supervisor.pid)) == count and not time.sleep(0.3)

            assert soon(settled, START)
            below = descendants(supervisor.pid)
            assert len(below) == count
            watcher = next(one for one in below if descendants(one) and one != zygote)
            os.kill({"supervisor": supervisor.pid, "zygote": zygote, "watcher": watcher}[victim], signal.SIGKILL)
            if victim == "watcher":  # what is below it then comes to the zygote, which ends it with itself
                time.sleep(0.5)
        finally:
            supervisor.kill()
    left = soon(lambda: not set(parents()) & set(below))
    assert left, [Path(f"/proc/{pid}/cmdline").read_text() for pid in set(parents()) & set(below)]
    assert victim == "zygote" or soon(lambda: not folder.exists())
    shutil.rmtree(folder, ignore_errors=True)


def test_remove_takes_folders_of_any_depth(tmp_path):
    here = Path.cwd()
    try:
        os.chdir(tmp_path)
        for _ in range(1200):
            Path("d").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    remove(tmp_path / "d")
    remove(tmp_path / "no such folder")
    assert not list(tmp_path.iterdir())


# ---- what level there is ----


def levels(monkeypatch, **reasons):
    """Have `missing` give these reasons."""
    monkeypatch.setattr(confinement, "missing", reasons.get)


def test_the_strongest_level_is_chosen(monkeypatch):
    levels(monkeypatch, bubblewrap="", landlock="")
    assert [choose(), choose("landlock"), choose("none", trusted=True)] == ["bubblewrap", "landlock", "none"]
    levels(monkeypatch, bubblewrap="no bwrap", landlock="")
    assert choose() == "landlock"


def test_what_cannot_be_had_is_refused_in_words(monkeypatch):
    levels(monkeypatch, bubblewrap="no bwrap", landlock="no Landlock")
    with pytest.raises(ValueError, match="confined") as error:
        choose()
    assert str(error.value) == (
        "answers cannot be confined on this machine (bubblewrap: no bwrap; landlock: no Landlock); grade on Linux, in "
        "a container or a virtual machine (exercises/README.md, Set up), or say --confinement none "
        "--i-trust-these-submissions"
    )
    with pytest.raises(ValueError, match=r"machine \(landlock: no Landlock\); grade"):
        choose("landlock")
    with pytest.raises(ValueError, match="no confinement 'jail'; choose from auto, bubblewrap, landlock, none"):
        choose("jail")
    with pytest.raises(ValueError, match=r"runs answers with all your rights; .* say --i-trust-these-submissions too"):
        choose("none")


def test_a_bwrap_that_is_missing_or_broken_is_said_in_words(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing("bubblewrap") == "bwrap is not installed (the package is called bubblewrap)"
    bwrap = tmp_path / "bwrap"
    for script, words in (
        (
            "echo first >&2; echo 'setting up uid map: Permission denied' >&2; exit 1",
            "bwrap fails with setting up uid map: Permission denied",
        ),
        ("exit 1", "bwrap fails with no words"),
    ):
        bwrap.write_text(f"#!/bin/sh\n{script}\n")
        bwrap.chmod(0o755)
        assert missing("bubblewrap") == words
    bwrap.write_text("#!/no/such/shell\n")
    assert missing("bubblewrap").startswith("bwrap does not run: ")


def test_a_machine_without_landlock_is_said_in_words(monkeypatch):
    monkeypatch.setattr(lockdown, "available", lambda: "Landlock is not in this kernel")
    assert missing("landlock") == "Landlock is not in this kernel"


def test_bubblewrap_unshares_all_and_shows_the_kernels_folder_alone():
    command = confinement.bubblewrap(Path("/k"), 5e6)
    unshared = {word for word in command if word.startswith("--unshare")}
    assert unshared == {"--unshare-" + name for name in ("user", "pid", "net", "ipc", "uts", "cgroup-try")}
    assert {"--die-with-parent", "--clearenv"} <= set(command)
    pairs = list(itertools.pairwise(command))
    assert [path for word, path in pairs if word == "--bind"] == ["/k"]
    assert [path for word, path in pairs if word == "--remount-ro"] == ["/dev", "/"]
    assert ("--size", "5000000") in pairs
    assert ("--tmpfs", "/k/work") in pairs


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("", Limits()),
        ("cell=10", Limits(cell=10)),
        ("cell=1.5s, total=90s,memory=500MB,output=20k,disk=1G,processes=4", Limits(1.5, 90, 5e8, 2e4, 1e9, 4)),
        ("processes=0", Limits(processes=0)),
    ],
)
def test_limits_are_read(words, wanted):
    assert parse_limits(words) == wanted


@pytest.mark.parametrize(
    "words", ["cells=1", "cell", "cell=", "cell=-1", "cell=inf", "memory=2T", "cell=0", "cell=nan"]
)
def test_limits_that_are_none_are_refused(words):
    with pytest.raises(
        ValueError, match=r"write name=number with names of cell, total, memory, output, disk, processes"
    ):
        parse_limits(words)
