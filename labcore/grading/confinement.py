"""How a kernel that runs somebody's answers is shut in: by bubblewrap, by Landlock, or not at all.

`bubblewrap` gives the kernel namespaces of its own: no network, no other process, a small file system of its own with
the interpreter's folders read-only. On top of it, and by itself where bubblewrap may not run, the kernel locks itself
down before the first cell: Landlock for files, seccomp for system calls, limits for memory and file sizes, no
capabilities (`labcore.grading.lockdown`). A machine that has neither is told so, and nothing runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from labcore.grading import landlock, lockdown
from labcore.units import Bytes

LEVELS = ("bubblewrap", "landlock", "none")
CLONE_NEW = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000
STARTUP_SECONDS = 20


def choose(wanted: str = "auto", trusted: bool = False) -> str:
    """The level of confinement to use; `auto` is the strongest that this machine has.

    Raises ValueError where the wanted level is not to be had, and for `none` unless the submissions are `trusted`.
    """
    if wanted not in ("auto", *LEVELS):
        raise ValueError(f"no confinement {wanted!r}; choose from auto, {', '.join(LEVELS)}")
    if wanted == "none" and not trusted:
        raise ValueError(
            "--confinement none runs answers with all your rights; if you would run each of these notebooks yourself, "
            "say --i-trust-these-submissions too"
        )
    if wanted == "none":
        return wanted
    lacking = {level: missing(level) for level in LEVELS[:2] if wanted in ("auto", level)}
    if found := [level for level, reason in lacking.items() if not reason]:
        return found[0]
    reasons = "; ".join(f"{level}: {reason}" for level, reason in lacking.items())
    raise ValueError(
        f"answers cannot be confined on this machine ({reasons}); grade on Linux, in a container or a virtual machine "
        "(exercises/README.md, Set up), or say --confinement none --i-trust-these-submissions"
    )


def missing(level: str) -> str:
    """Why a level is not to be had here, in words; empty where it is."""
    if level == "landlock":
        return lockdown.available()
    if not shutil.which("bwrap"):
        return "bwrap is not installed (the package is called bubblewrap)"
    with tempfile.TemporaryDirectory(prefix="labcore-") as folder:
        probe = [*bubblewrap(Path(folder), 1_000_000), "true"]
        try:
            done = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=STARTUP_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"bwrap does not run: {error}"
    return "" if done.returncode == 0 else f"bwrap fails with {(done.stderr.strip().splitlines() or ['no words'])[-1]}"


def bubblewrap(folder: Path, disk: Bytes, info: int | None = None) -> list[str]:
    """The command line that makes a sandbox around the command put after it.

    `folder` alone is shared and writable; `folder/work`, where the kernel runs, is a file system in memory.
    """
    command = ["bwrap", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    command += ["--die-with-parent", "--hostname", "sandbox", "--clearenv"]
    for path in lockdown.readable_roots():
        if path not in lockdown.DEVICES:
            command += ["--ro-bind", str(path), str(path)]
    command += ["--proc", "/proc", "--tmpfs", "/dev"]  # --dev would need a second user namespace, hard to join
    for device in lockdown.DEVICES:
        command += ["--dev-bind", str(device), str(device)]
    command += ["--remount-ro", "/dev", "--bind", str(folder), str(folder), "--size", str(int(disk))]
    command += ["--tmpfs", str(folder / "work"), "--remount-ro", "/", "--chdir", str(folder / "work")]
    return command + ([] if info is None else ["--info-fd", str(info)])


class Sandbox:
    """The namespaces of one kernel, held open by a `cat` in them; closing it kills whatever runs inside."""

    def __init__(self, folder: Path, disk: Bytes) -> None:
        reading, writing = os.pipe()
        command = [*bubblewrap(folder, disk, writing), "cat"]
        pipe = subprocess.PIPE
        self.holder = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, pass_fds=[writing])
        os.close(writing)
        self.holder.stdin.write(b"?")
        self.holder.stdin.flush()
        if not self.holder.stdout.read(1):  # cat answers when all mounts are done
            raise OSError(f"bwrap: {self.holder.stderr.read().decode(errors='replace').strip()[-300:]}")
        with os.fdopen(reading) as info:
            self.pid = json.loads(info.read())["child-pid"]

    def enter(self) -> None:
        """Join the namespaces; children of the calling process are born inside.

        Raises OSError where the system does not allow it.
        """
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(os.pidfd_open(self.pid), CLONE_NEW):
            raise OSError(ctypes.get_errno(), f"setns: {os.strerror(ctypes.get_errno())}")

    def close(self) -> None:
        """Kill every process inside."""
        self.holder.kill()
        self.holder.wait()


def remove(folder: Path) -> None:
    """Remove a folder and what a kernel has left in it, however deep."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists() and shutil.which("rm"):  # rmtree holds a file open for every level
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)


def confine(level: str, folder: Path, memory: Bytes, disk: Bytes, processes: int) -> None:
    """Lock this process down for good, with nothing left to write to but its work folder and a file of last words.

    It may make sockets in its folder. When the machine has no memory left, the system ends it before others.
    """
    os.chdir(folder / "work")
    startup = Path("ipython", "profile_default", "startup")
    startup.mkdir(parents=True)
    (startup / "README").touch()  # IPython would copy one there, with its mode, which a process locked down may not set
    if level == "none":
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")
    lockdown.lockdown(
        readable=lockdown.readable_roots(),
        writable=[folder / "work", folder / "failed"],
        memory=memory,
        file_size=disk,
        processes=processes,
        files=landlock.abi() > 0 or level == "landlock",
        sockets=[folder],
    )
