"""Lock a process down before it runs somebody's code: limits, no capabilities, Landlock, seccomp.

All of it is given up for good and is inherited by whatever the process starts. Nothing needs root.
What stays possible: to ask whether a path exists, how large and how old it is (Landlock governs no stat), to fill the
writable folders with many files, and to use what was open before; whoever calls closes what is not meant to be shared.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import site
import struct
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import labcore
from labcore.grading import landlock, seccomp
from labcore.units import Bytes

PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_CAP_AMBIENT, CLEAR_ALL, MOST_CAPABILITIES = 4, 24, 47, 4, 64
CAPABILITY_VERSION = 0x2008_0522
MOST_FILES, MOST_TIMERS = 512, 256
THREADS, OTHERS = 256, 512  # a kernel has a dozen threads; what the user's other programs may start meanwhile
EVERY_USER = ["0", "0", str(2**32 - 1)]  # of /proc/self/uid_map outside of user namespaces
SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/fonts", "/etc/alternatives",
    "/etc/mime.types",
)  # fmt: skip
DEVICES = tuple(Path("/dev", name) for name in ("null", "zero", "urandom", "random"))


def available() -> str:
    """Why a process cannot be locked down here, in words; empty where it can."""
    if platform.system() != "Linux":
        return f"{platform.system().replace('Darwin', 'macOS')} has neither Landlock nor seccomp"
    if reason := seccomp.available():
        return reason
    return "" if landlock.abi() else "Landlock is not in this kernel (Linux 5.13 and later have it, where it is on)"


def readable_roots() -> list[Path]:
    """What a Python kernel has to read: the interpreter, its packages, labcore itself, the system's libraries."""
    paths = [sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *SYSTEM]
    paths += [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    found = [path for path in map(Path, paths) if path.exists()] + [Path(labcore.__file__).resolve().parent, *DEVICES]
    found += [path.resolve() for path in found if path.is_absolute()]
    unique = list(dict.fromkeys(found))
    return [path for path in unique if not any(other in path.parents for other in unique)]


def lockdown(
    readable: Iterable[Path],
    writable: Iterable[Path],
    memory: Bytes,
    file_size: Bytes,
    processes: int = 0,
    files: bool = True,
    sockets: Iterable[Path] = (),
) -> None:
    """Lock this process down; call it while it has one thread, since Landlock leaves the others as they are.

    It then has `memory` bytes of address space, files of at most `file_size`, and may start other processes only if
    `processes` says how many. Without `files`, Landlock is left out, for a process that is in a file system of its own.
    In the folders `sockets` it may read files and make sockets. Raises OSError where the system refuses any of it; the
    process is then to end, since part of it may hold.
    """
    if reason := available() if files else seccomp.available():
        raise OSError(errno.ENOSYS, reason)
    if (own := threads(Path("/proc", str(os.getpid())))) > 1:
        raise OSError(errno.EBUSY, f"lockdown wants one thread, this process has {own}; call it right after fork")
    limit(memory, file_size, processes)
    drop_capabilities()
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # a crash writes no core, not even through a pipe
    if files:
        landlock.restrict(readable, [*writable, *DEVICES], sockets)
    seccomp.install(processes > 0)


def limit(memory: Bytes, file_size: Bytes, processes: int) -> None:
    """Set the limits of this process, which it cannot raise again."""
    import resource

    limits = {
        resource.RLIMIT_AS: memory, resource.RLIMIT_FSIZE: file_size, resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: MOST_FILES, resource.RLIMIT_MEMLOCK: 0, resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_NICE: 0, resource.RLIMIT_RTPRIO: 0, resource.RLIMIT_SIGPENDING: MOST_TIMERS,
        resource.RLIMIT_NPROC: running() + processes + THREADS,
    }  # fmt: skip
    for what, most in limits.items():
        _, hard = resource.getrlimit(what)
        value = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
        resource.setrlimit(what, (value, value))


def running() -> int:
    """Threads that this user may have besides: RLIMIT_NPROC counts all of them, in a user namespace those inside."""
    whole = Path("/proc/self/uid_map").read_text(encoding="utf-8").split() == EVERY_USER
    return OTHERS * whole + sum(threads(process) for process in Path("/proc").glob("[0-9]*"))


def threads(process: Path) -> int:
    """How many threads a process of this user has; 0 for those of others and those that have ended.

    >>> threads(Path("/proc/no such process"))
    0
    """
    try:
        return len(list((process / "task").iterdir())) if process.stat().st_uid == os.getuid() else 0
    except OSError:
        return 0


def drop_capabilities() -> None:
    """Make root nobody special: no capability is left, and none can come back."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(MOST_CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # refused to those who have none to drop
    libc.prctl(PR_CAP_AMBIENT, CLEAR_ALL, 0, 0, 0)
    header, none = struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24)
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), "the capabilities could not be dropped")
