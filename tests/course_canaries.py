"""Canaries for the generated course: things to read, write, reach and end, and how to tell that one was touched."""

import contextlib
import os
import resource
import secrets
import site
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import labcore
from tests.course_parts import Canaries

UNTOUCHED = "student,points\nada,10\n"
WAITS = "import sys\nprint('ready', flush=True)\nsys.stdin.read()"  # ends with the test, however that ends
VARIABLE = "LABCORE_TEST_CANARY"


@dataclass(frozen=True)
class Planted:
    """Canaries that are set out, and what watches over them."""

    canaries: Canaries
    secret: str
    listening: dict[str, socket.socket]
    process: subprocess.Popen

    def touched(self) -> list[str]:
        """In words, each canary that something has touched; empty when none was."""
        found = [f"{name} was connected to" for name, one in self.listening.items() if reached(one)]
        found += [f"{path} was left" for path in self.left()]
        write, folder = Path(self.canaries.write), Path(self.canaries.folder)
        if not write.is_file() or write.read_text() != UNTOUCHED:
            found.append("the file was changed")
        elif (write.stat().st_mode & 0o777, write.stat().st_mtime) != (0o600, 1e9):
            found.append("the file's mode or time was changed")
        if list(write.parent.glob(f"{write.name}.*")):
            found.append("the file was moved")
        inside = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else ["gone"]
        return found + [f"the folder: {name}" for name in inside] + self.process_touched()

    def left(self) -> list[Path]:
        """Texts that were left in places where code or settings lie; removes them."""
        home, shared = Path.home(), Path("/dev/shm")
        places = {
            home,
            home / ".ipython/profile_default/startup",
            shared,
            Path(tempfile.gettempdir()),
            Path(sys.prefix),
        }
        places.add(Path(np.__file__).parent.parent)
        places |= {Path(labcore.__file__).parent, Path(os.__file__).parent, *map(Path, site.getsitepackages())}
        name = Path(self.canaries.tmp).name
        found = sorted(place / name for place in places if (place / name).exists())
        for path in found:
            path.unlink()
        return found

    def process_touched(self) -> list[str]:
        """What was done to the process."""
        if self.process.poll() is not None:
            return ["the process was ended"]
        pid = self.process.pid
        same = resource.prlimit(pid, resource.RLIMIT_CPU) == resource.getrlimit(resource.RLIMIT_CPU)
        same &= os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0)
        same &= os.sched_getaffinity(pid) == os.sched_getaffinity(0)
        return [] if same else ["the process was limited"]


def reached(one: socket.socket) -> bool:
    """Whether somebody has connected, or sent something, since the last look."""
    with contextlib.suppress(BlockingIOError):
        if one.type == socket.SOCK_DGRAM:
            one.recv(100)
        else:
            one.accept()[0].close()
        return True
    return False


def listener(family: int, kind: int, address: object) -> socket.socket:
    """A socket that listens, or receives, and never waits."""
    one = socket.socket(family, kind)
    one.bind(address)
    if kind == socket.SOCK_STREAM:
        one.listen(100)
    one.setblocking(False)
    return one


@contextlib.contextmanager
def planted(folder: Path) -> Iterator[Planted]:
    """Set out canaries in a folder, whose path must be short enough for a unix socket; takes them in at the end."""
    mark = secrets.token_hex(16)
    secret, abstract = f"canary-{mark}", f"labcore-{mark}"
    read, write, into, unix = (folder / name for name in ("secret.txt", "marks.csv", "into", "unix"))
    read.write_text(f"{secret}\n")
    write.write_text(UNTOUCHED)
    write.chmod(0o600)
    os.utime(write, (1e9, 1e9))
    into.mkdir()
    listening = {
        "tcp": listener(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "udp": listener(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "unix": listener(socket.AF_UNIX, socket.SOCK_STREAM, str(unix)),
        "abstract": listener(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
    }
    tcp, udp = (listening[name].getsockname()[1] for name in ("tcp", "udp"))
    tmp = Path(tempfile.gettempdir(), f"labcore-{mark[:8]}")
    os.environ[VARIABLE] = secret
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", WAITS], start_new_session=True, cwd=folder, **pipes)
    process.stdout.readline()
    paths = (str(path) for path in (read, write, into, tmp))
    canaries = Canaries(*paths, tcp, udp, str(unix), abstract, process.pid, VARIABLE)
    try:
        yield Planted(canaries, secret, listening, process)
    finally:
        os.environ.pop(VARIABLE, None)
        process.kill()
        process.communicate()
        for one in listening.values():
            one.close()
