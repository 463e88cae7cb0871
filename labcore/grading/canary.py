"""The canary: before each run, a notebook that tries to get out, so that confinement is seen to hold, not assumed.

It goes into the same kernel that answers will run in. It tries to read a secret, to write beside it, to list the
keys, to connect to a port, to signal a process, to start one and to see the grader's environment. What it says
it reached is compared with what the supervisor sees: the secret, the file, the port and the process are its own.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labcore.grading.environment import KEPT
from labcore.grading.values import MIME

CELL = """
import os, socket, subprocess, sys
from IPython.display import display

def try_to(what):
    try:
        return repr(what())
    except BaseException as error:
        return f"{{type(error).__name__}}"

def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as one:
        one.settimeout(2)
        return one.connect(address)

reached = {{
    "read a file": try_to(lambda: open({secret!r}).read()),
    "write a file": try_to(lambda: open({written!r}, "w").write("written")),
    "list the keys": try_to(lambda: os.listdir({keys!r})),
    "change a file's mode": try_to(lambda: os.chmod({secret!r}, 0)),
    "connect to a port": try_to(lambda: connect(socket.AF_INET, ("127.0.0.1", {port}))),
    "signal a process": try_to(lambda: os.kill({process}, 9)),
    "start a process": try_to(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)),
    "read the grader's memory": try_to(lambda: open("/proc/{grader}/environ", "rb").read()),
}}
display({{{mime!r}: {{"reached": reached, "environment": dict(os.environ)}}}}, raw=True)
"""


def check_confinement(execute: Callable, keys: Path, level: str, processes: int) -> None:
    """Run the canary through `execute`; raises ValueError, with what it reached, where anything gets out."""
    with surroundings() as canary:
        source = CELL.format(**canary, keys=str(keys.resolve()), grader=os.getpid(), mime=MIME)
        outputs = execute("canary", [source])[0]
        said = next((one["data"][MIME] for one in outputs if MIME in one.get("data", {})), None)
        if not isinstance(said, dict):
            raise ValueError(f"the canary of confinement {level!r} did not speak; nothing was graded")
        found = [what for what, came in said["reached"].items() if not refused(str(came))]
        if processes and "start a process" in found:
            found.remove("start a process")
        found += seen(canary, str(said))
        own = [name for name, value in said["environment"].items() if is_own(name, value)]
        found += [f"see {name} of the environment" for name in own]
    if found:
        raise ValueError(
            f"confinement {level!r} leaks on this machine: a notebook can {', '.join(dict.fromkeys(found))}; nothing "
            "was graded; try another --confinement, or grade in a container (exercises/README.md, Set up)"
        )


def is_own(name: str, value: str) -> bool:
    """Whether a variable of the kernel's environment is one of ours, long enough to be a secret."""
    return name not in (*KEPT, "MPLBACKEND") and os.environ.get(name) == value and len(value) >= 8


def refused(came: str) -> bool:
    """Whether an attempt ended in an error that says no; a value, or another error, is suspicious."""
    return came in ("PermissionError", "FileNotFoundError", "OSError", "ProcessLookupError", "KeyError",
                    "ConnectionRefusedError", "BlockingIOError", "NotADirectoryError")  # fmt: skip


@contextmanager
def surroundings() -> Iterator[dict]:
    """Things that nobody confined can reach: a secret, a name to write to, a port, a process."""
    with tempfile.TemporaryDirectory(prefix="labcore-canary-") as name, socket.create_server(("127.0.0.1", 0)) as port:
        secret, written = Path(name, "secret"), Path(name, "written")
        secret.write_text(token := secrets.token_hex(16), encoding="utf-8")
        mode = secret.stat().st_mode
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            yield {
                "secret": str(secret), "written": str(written), "port": port.getsockname()[1], "process": process.pid,
                "listener": port, "alive": lambda: process.poll() is None, "token": token, "mode": mode,
            }  # fmt: skip
        finally:
            process.kill()
            process.communicate()


def seen(canary: dict, said: str) -> list[str]:
    """What the supervisor itself sees of the attempts, whatever the notebook said."""
    canary["listener"].setblocking(False)
    try:
        canary["listener"].accept()[0].close()
        connected = True
    except OSError:
        connected = False
    secret = Path(canary["secret"])
    return [
        *(["read a file"] if canary["token"] in said else []),
        *(["write a file"] if Path(canary["written"]).exists() else []),
        *(["change a file's mode"] if secret.stat().st_mode != canary["mode"] else []),
        *(["connect to a port"] if connected else []),
        *([] if canary["alive"]() else ["signal a process"]),
    ]
