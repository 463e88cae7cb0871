"""Landlock: a process gives up every file but those it names, for good (Linux 5.13 and later).

What a version of Landlock knows is handled in full: files from version 1, TCP from 4, abstract sockets and signals to
processes outside from 6. Source: Documentation/userspace-api/landlock.rst of the Linux kernel, 2025.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
VERSION = 1  # flag that asks for the version
PATH_BENEATH = 1
PR_SET_NO_NEW_PRIVS = 38

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
RIGHTS_SINCE = {1: (1 << 13) - 1, 2: REFER, 3: TRUNCATE, 5: IOCTL_DEV}  # by version
TCP_BIND_CONNECT, ABSTRACT_SOCKETS_AND_SIGNALS = 0b11, 0b11
SOCKETS = READ_FILE | READ_DIR | MAKE_SOCK
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | TRUNCATE  # no links, no devices
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV


def abi() -> int:
    """The version of Landlock that runs here; 0 where there is none.

    >>> abi() >= 0
    True
    """
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, VERSION))


def restrict(readable: Iterable[Path], writable: Iterable[Path], sockets: Iterable[Path] = ()) -> None:
    """Give up all files but these, TCP, abstract sockets, and signals to processes that are not children.

    `readable` may be read and run, `writable` may be read, written, made and removed, in `sockets` sockets may be made;
    a path that does not exist is passed over. It holds for this thread and those it starts from now on, so call it
    before there are others. Raises OSError where Landlock refuses.
    """
    if not (version := abi()):
        raise OSError(errno.ENOSYS, "Landlock is not in this kernel; Linux 5.13 and later have it, where it is on")
    handled = sum(rights for since, rights in RIGHTS_SINCE.items() if since <= version)
    attributes = struct.pack("QQQ", handled, TCP_BIND_CONNECT, ABSTRACT_SOCKETS_AND_SIGNALS)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    ruleset = call("landlock_create_ruleset", CREATE_RULESET, attributes[:size], size, 0)
    try:
        for path in readable:
            allow(ruleset, path, READ & handled)
        for path in writable:
            allow(ruleset, path, (READ | WRITE) & ~EXECUTE & handled)
        for path in sockets:
            allow(ruleset, path, SOCKETS & handled)
        if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "no_new_privs was refused")
        call("landlock_restrict_self", RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def allow(ruleset: int, path: Path, rights: int) -> None:
    """Add a rule for a path and what lies under it."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= ON_FILES
        call("landlock_add_rule", ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def call(name: str, number: int, *arguments: object) -> int:
    """Call the kernel; raises OSError with the call's name."""
    result = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")
    return result
