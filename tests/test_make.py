"""The two commands on machines that are not like ours."""

import os
import shutil
import subprocess

import pytest

from labcore.house import checkout

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed; Windows does without it")


@pytest.fixture
def bare(tmp_path):
    """A checkout with nothing set up."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(checkout(name), tmp_path)
    return tmp_path


def old_python(folder):
    """An interpreter that is too old: it knows its version, and fails whatever it is asked to run."""
    path = folder / "python-old"
    path.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.8.10" && exit 0\nexit 1\n')
    path.chmod(0o755)
    return path


def make(folder, *arguments):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, env=env, check=False)


@pytest.mark.parametrize("goal", ["lab", "test", "figures"])
def test_an_unsupported_python_gets_one_clear_line(bare, goal):
    result = make(bare, goal, f"PYTHON={old_python(bare)}")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    wanted = "labcore needs Python 3.11 to 3.14 and found Python 3.8.10. Way out: make"
    assert f"{wanted} {goal} PYTHON=/path/to/python3.12" in result.stderr
    assert not (bare / ".venv").exists()


def test_a_stamp_newer_than_the_lock_is_not_made_again(bare):
    (bare / ".venv" / "bin").mkdir(parents=True)
    (bare / ".venv" / "stamp").touch()
    plan = make(bare, "-n", "figures").stdout
    assert "labcore figures" in plan
    assert "-m venv" not in plan
    os.utime(bare / ".venv" / "stamp", (0, 0))
    assert "-m venv" in make(bare, "-n", "figures").stdout


def test_the_lock_is_exact_and_names_no_registry():
    lines = checkout("requirements.txt").read_text().splitlines()
    assert lines[-1] == "-e ."
    assert all("==" in line for line in lines[:-1])
    assert not [line for line in lines if "://" in line or line.startswith("--")]
