"""The generated course itself: every threat is in it, its attacks are real, and it is harmless and always the same."""

import json
import os
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from labcore.grading.exercise import build_exercises
from labcore.grading.marks import FLAGS
from tests.course_canaries import planted
from tests.course_parts import Canaries, total
from tests.generated_course import POINTS, SUBMISSIONS, expected, write_course, write_key

CANARIES = Canaries(
    "/canary/read", "/canary/write", "/canary/into", "/tmp/labcore-x", 9, 9, "/canary/unix", "x", 2**22 + 1, "CANARY"
)
THREATS = {  # what must be there, and the words in the names of at least two submissions that do it
    "wrong values": "flop-for-macs|rounds-down|too-large|too-short",
    "half right": "half-of|small-tile",
    "another right answer": "other-largest|array|tuple",
    "errors of the language": "syntax|indent|import|renamed|keyword",
    "untidy notebooks": "helper|pasted|backwards|deleted|magics|pip",
    "hard-coded values": "^visible",
    "always-equal objects": "^always-equal",
    "numpy and the standard library patched": "numpy-patched|json-patched|deepcopy-patched",
    "builtins patched": "isinstance|build-class|float-patched|repr-patched|len-patched",
    "emit and display patched": "emit-|display-patched|formatter|publisher",
    "cells rewritten": "transformer|run-cell|pre-run|post-run|settrace",
    "forged messages": "second-set|by-hand|for-another|too-early|comm",
    "checks changed": "^checks?-|points",
    "nbval tags and comments": "^(tag|comment)-",
    "looks into the kernel": "frames|memory|connects-to-itself",
    "later or in a thread": "overwrites-later|keeps-printing|time-bomb",
    "loops and sleep": "endless|sleeps|catches|backtracking|hangs",
    "ends of the kernel": "exit|kills|null|abort|recursion-in-c",
    "memory": "growing|10-gb|huge|deep-list",
    "output": "prints-|display-60|stderr-300",
    "disk": "300-mb|10-mb|small-files",
    "processes": "fork|thread-storm|pool-of|runs-programs|daemon",
    "reads files": "opens-the-secret|links-to|searches-keys|imports-keys",
    "reads processes": "environments|reads-memory|through-proc|open-files",
    "network": "^connects-(tcp|udp|unix|by-zmq)",
    "writes elsewhere": "overwrites$|tampers|where-code|from-a-helper",
    "ends or leaves": "ends-a-process|namespace|becomes",
    "no JSON": "truncated|empty-file|random|conflict|pdf|login|zip|utf-16",
    "other notebooks": "version|nulls?$|a-list|a-mapping",
    "metadata and ids": "metadata-null|markers|ids",
    "odd sources": "^source-|surrogates|nul-|right-to-left|line-ends",
    "no file": "linked|^pipe$|folder-as|empty-folder|docx",
}


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The reader's notebook of the course's exercise."""
    source = write_key(tmp_path_factory.mktemp("exercises"))
    return json.loads(next(text for path, text in build_exercises(source).items() if path.parent.name != "keys"))


@pytest.fixture(scope="module")
def courses(tmp_path_factory, notebook):
    """The course, written here and by another process."""
    folders = [tmp_path_factory.mktemp(name) for name in ("one", "other")]
    write_course(folders[0], notebook, CANARIES)
    again = f"""import json, sys, pathlib
from tests.test_course_generator import CANARIES, write_course
write_course(pathlib.Path({str(folders[1])!r}), json.load(sys.stdin), CANARIES)"""
    where = {"cwd": Path(__file__).parent.parent, "env": os.environ | {"PYTHONHASHSEED": "7"}}
    subprocess.run([sys.executable, "-c", again], input=json.dumps(notebook), text=True, check=True, **where)
    return folders


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_is_there_more_than_once(threat):
    assert len([one.name for one in SUBMISSIONS if re.search(THREATS[threat], one.name)]) >= 2


def test_the_course_is_large_and_each_submission_has_its_own_name():
    names = [one.name for one in SUBMISSIONS]
    assert len(names) >= 90
    assert len(set(names)) == len({name.casefold() for name in names}) == len(names)
    assert {one.family for one in SUBMISSIONS} == {"honest", "gaming", "hogs", "escape", "files"}


def test_what_is_expected_can_be():
    for one in SUBMISSIONS:
        assert set(one.earned) == set(POINTS), one.name
        assert total(one) <= sum(POINTS.values()) == 10, one.name
        assert one.flags, one.name
        assert {code for codes in one.flags for code in codes} <= set(FLAGS), one.name
        assert one.bound or one.family not in ("hogs", "escape"), f"{one.name}: say what bounds it"
        assert one.why or len(one.flags) == 1, f"{one.name}: say why more than one set of flags is accepted"
        assert one.why or not any(len(list(points)) > 1 for points in one.earned.values() if hasattr(points, "__len__"))
    assert json.loads(json.dumps(expected()))["small-tile"]["earned"]["q4"] == [1.0]


def test_differences_are_told_in_words():
    half = next(one for one in SUBMISSIONS if one.name == "half-of-the-formats")
    assert half.differences(POINTS | {"q3": 0.5}, []) == []
    assert half.differences(POINTS, ["died"]) == [
        "half-of-the-formats: q3 earned 1.0, expected {'low': 0, 'high': 1}",
        "half-of-the-formats: flags ['died'], expected []",
    ]


def test_few_submissions_wait_for_the_time_of_a_cell():
    """Each costs three seconds of every run of the grader's tests."""
    assert 5 <= sum(any("timeout" in codes for codes in one.flags) for one in SUBMISSIONS) <= 14


def test_the_same_course_each_time(courses):
    listings = [sorted(path.relative_to(folder) for path in folder.rglob("*")) for folder in courses]
    assert listings[0] == listings[1]
    for path in listings[0]:
        one, other = (folder / path for folder in courses)
        assert stat.S_IFMT(one.lstat().st_mode) == stat.S_IFMT(other.lstat().st_mode)
        if one.is_file() and not one.is_symlink():
            assert one.read_bytes() == other.read_bytes(), path


def test_no_source_names_a_path_outside_but_canaries_and_those_of_the_system(courses):
    allowed = re.compile(r"/(canary/|tmp/labcore-x|proc/|dev\b)")
    for path in courses[0].rglob("*.ipynb"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 5_000_000:
            named = re.findall(r"""['"](/[a-zA-Z][\w./{}-]*)""", "\n".join(sources(path)))
            assert [one for one in named if not allowed.match(one)] == [], path


def test_no_source_ends_processes_but_its_own_and_the_canary(courses):
    """Whatever ends a process names the kernel itself or the canary, never a group or everybody."""
    for path in courses[0].rglob("*.ipynb"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size < 5_000_000:
            for target in re.findall(r"""\b(?:kill|killpg)["(,\s]+([^,]+),""", "\n".join(sources(path))):
                assert target.strip(" '\"") in ("os.getpid()", 'C["pid"]', "pid"), (path, target)


@pytest.fixture
def short_folder():
    """A folder whose path is short enough for a unix socket in it."""
    with tempfile.TemporaryDirectory(prefix="lc-") as name:
        yield Path(name)


def test_canaries_that_nobody_touches_are_untouched(short_folder):
    with planted(short_folder) as canaries:
        assert canaries.touched() == []
    assert canaries.process.returncode == -9


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets and /proc are Linux's")
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("opens-the-secret", "the folder: leak"),
        ("overwrites", "the file was changed"),
        ("tampers", "the file was moved"),
        ("connects-tcp", "tcp was connected to"),
        ("connects-udp", "udp was connected to"),
        ("connects-unix", "abstract was connected to"),
        ("ends-a-process", "the process was ended"),
        ("writes-where-code-is", "was left"),
        ("becomes-another", "the folder: ran"),
    ],
)
def test_an_attack_does_what_it_says_where_nothing_confines_it(name, found, notebook, short_folder):
    """Else the grader's tests would pass for attacks that never worked."""
    submission = next(one for one in SUBMISSIONS if one.name == name)
    with planted(short_folder) as canaries:
        write_course(short_folder / "course", notebook, canaries.canaries, [submission])
        cells = json.loads((short_folder / "course" / name / "01_small.ipynb").read_text())["cells"]
        source = next(cell["source"] for cell in cells if cell["metadata"].get("answer") == "q5")
        code = f"import labcore\nimport numpy as np\n{source}\nprint(padded([1], 2))"
        where = {"cwd": short_folder / "course", "capture_output": True, "text": True}
        done = subprocess.run([sys.executable, "-c", code], check=False, **where)
        assert found in "; ".join(canaries.touched()), done.stderr
        assert canaries.secret in done.stdout or name != "opens-the-secret"


def sources(path: Path) -> list[str]:
    """The sources in a notebook file, none where it cannot be read."""
    try:
        notebook = json.loads(path.read_bytes())
        cells = [cell for cell in notebook["cells"] if isinstance(cell, dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
    return [cell["source"] for cell in cells if isinstance(cell.get("source"), str)]
