"""What lies in a folder or in a zip archive: listed without trust, read one file at a time.

Nothing is extracted or written, no link is followed, and nothing but a regular file is opened. Names are for people
to read and never become paths; what a name or a file has against it comes as flags.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import struct
import time
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from labcore.grading.marks import Flag
from labcore.grading.submission import MOST_BYTES

SKIPPED = ("__macosx", "desktop.ini", "thumbs.db")  # left by systems, handed in by nobody
DRIVE = re.compile(r"[A-Za-z]:")
UTF8_NAME, ENCRYPTED = 0x800, 0x1  # bits of a zip member's flags
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # all that platforms and file managers write
# O_NONBLOCK so that a pipe put in a file's place cannot hold the run up; Windows has O_BINARY alone
OPENING = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, IndexError,
    OverflowError, MemoryError,
)  # fmt: skip


class ReadError(Exception):
    """A file gives no content; the flag says why."""

    def __init__(self, flag: Flag) -> None:
        super().__init__(flag.words)
        self.flag = flag


@dataclass(frozen=True)
class Entry:
    """One file, folder or other thing; `load` gives a file's content or raises ReadError, and is None for the rest."""

    parts: tuple[str, ...]  # its path's components in NFC, without `..` and drive letters
    name: str  # its path as people read it
    modified: tuple[int, ...] = ()  # year, month, day, hour, minute, second
    folder: bool = False
    flags: tuple[Flag, ...] = ()
    load: Callable[[], bytes] | None = None
    path: Path | None = None  # of a file in a folder


def shown(name: str, most: int = 120) -> str:
    r"""A name on one line: what does not print or turns the writing around is escaped, the middle of a long one cut.

    >>> shown("a\nb\u202ecod")
    'a\\nb\\u202ecod'
    >>> shown("x" * 300, most=9)
    'xxxx...xx'
    """
    kept = (
        one if one.isprintable() or one in "\u200c\u200d" else one.encode("unicode_escape").decode() for one in name
    )
    text = "".join(kept)
    return text if len(text) <= most else f"{text[: (most - 1) // 2]}...{text[-(most - 5) // 2 :]}"


def skipped(name: str) -> bool:
    """Whether a file or folder is hidden, or one that an operating system leaves behind."""
    return name.startswith(".") or name.casefold() in SKIPPED


def normal(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Components in NFC, since macOS writes an accented letter as two characters."""
    return tuple(unicodedata.normalize("NFC", part) for part in parts)


def list_folder(root: Path) -> Iterator[Entry]:
    """Everything below a folder; raises ValueError where the folder itself cannot be listed."""
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        parts = waiting.pop()
        name = shown("/".join(parts))
        try:
            with os.scandir(root.joinpath(*parts)) as found:
                items = sorted((item for item in found if not skipped(item.name)), key=lambda item: item.name)
            entries = [folder_entry(item, (*parts, item.name)) for item in items]
        except OSError as error:
            if not parts:
                raise ValueError(f"{root} cannot be listed ({error.strerror}); change its permissions") from None
            denied = Flag("unreadable", f"{name} cannot be listed: {error.strerror}")
            yield Entry(normal(parts), name, folder=True, flags=(denied,))
            continue
        waiting += [(*parts, item.name) for item, entry in zip(items, entries, strict=True) if entry.folder]
        yield from entries


def folder_entry(item: os.DirEntry, parts: tuple[str, ...]) -> Entry:
    """One item of a folder, looked at from outside."""
    name, status = shown("/".join(parts)), item.stat(follow_symlinks=False)
    modified = time.localtime(min(max(status.st_mtime, 0), 2**32))[:6]
    if stat.S_ISDIR(status.st_mode):
        return Entry(normal(parts), name, modified, folder=True)
    load, flags = None, ()
    if stat.S_ISLNK(status.st_mode):
        flags = (Flag("not-a-file", f"{name} is a link; it was not followed"),)
    elif not stat.S_ISREG(status.st_mode):
        flags = (Flag("not-a-file", f"{name} is a pipe, a socket or a device; it was not opened"),)
    elif status.st_size > MOST_BYTES:
        flags = (too_large(name),)
    else:
        load = partial(read_file, Path(item.path), name)
    return Entry(normal(parts), name, modified, flags=flags, load=load, path=Path(item.path))


def too_large(name: str) -> Flag:
    """The flag of a file that is not read because of its size."""
    return Flag("too-large", f"{name} holds more than {MOST_BYTES // 10**6} MB; it was not read")


def read_file(path: Path, name: str) -> bytes:
    """The content of a regular file; raises ReadError for anything else, also where it took a file's place."""
    try:
        with os.fdopen(os.open(path, OPENING), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ReadError(Flag("not-a-file", f"{name} is not a regular file; it was not read"))
            if status.st_size > MOST_BYTES:
                raise ReadError(too_large(name))
            return file.read(status.st_size)
    except OSError as error:
        code = "not-a-file" if error.errno in (errno.ELOOP, errno.ENXIO) else "unreadable"
        raise ReadError(Flag(code, f"{name} cannot be read: {error.strerror}")) from None


def list_zip(path: Path, prefix: str = "") -> list[Entry]:
    """The members of a zip archive, which stays open as long as somebody holds one; ValueError where it is damaged."""
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise ValueError(
            f"{path} cannot be read as a zip archive ({shown(str(error))}); download it again, or give the folder that "
            "it unpacks to"
        ) from None
    often = Counter(map(member_name, archive.infolist()))
    entries = (zip_entry(archive, info, prefix, often[member_name(info)]) for info in archive.infolist())
    return [entry for entry in entries if entry.parts and not any(map(skipped, entry.parts))]


def member_name(info: zipfile.ZipInfo) -> str:
    """A member's name; UTF-8 that does not say so, as macOS writes it, is read as UTF-8."""
    if info.flag_bits & UTF8_NAME:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def split_name(name: str) -> tuple[tuple[str, ...], bool]:
    r"""The components of a member's name that name something, and whether all of the name is safe.

    >>> split_name("alice/../09.ipynb"), split_name("C:\\alice\\09.ipynb")
    ((('alice', '09.ipynb'), False), (('alice', '09.ipynb'), False))
    """
    parts = re.split(r"[/\\]", DRIVE.sub("", name, count=1) if DRIVE.match(name) else name)
    safe = not (DRIVE.match(name) or name.startswith("/") or "\\" in name or ".." in parts)
    return tuple(part for part in parts if part not in ("", ".", "..")), safe


def zip_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: str, often: int) -> Entry:
    """One member of an archive, by what the archive says about it."""
    raw = member_name(info)
    parts, safe = split_name(raw)
    name = shown(prefix + "/".join(parts if safe else parts[-1:]))
    flags = () if safe else (Flag("unsafe-name", f"{name} has a name in the archive that points elsewhere"),)
    if defect := member_defect(info, name, often):
        return Entry(normal(parts), name, info.date_time, flags=(defect, *flags))
    if raw.endswith(("/", "\\")):
        return Entry(normal(parts), name, info.date_time, folder=True, flags=flags)
    return Entry(normal(parts), name, info.date_time, flags=flags, load=partial(read_member, archive, info, name))


def member_defect(info: zipfile.ZipInfo, name: str, often: int) -> Flag | None:
    """What keeps a member from being read, as far as the archive's table of contents tells."""
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return Flag("not-a-file", f"{name} is a link or a device in the archive; it was not followed")
    if info.filename.endswith(("/", "\\")):
        return None
    if often > 1:
        return Flag("unreadable", f"{name} is in the archive {often} times; nothing tells which one counts")
    if info.flag_bits & ENCRYPTED:
        return Flag("unreadable", f"{name} is encrypted; hand it in without a password")
    if info.compress_type not in METHODS:
        return Flag("unreadable", f"{name} is packed in an unusual way; pack it anew as a plain zip")
    return too_large(name) if info.file_size > MOST_BYTES else None


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    """A member's content, no more of it than its stated size; raises ReadError where it is damaged or lies."""
    try:
        with archive.open(info) as stream:
            return stream.read(info.file_size + 1)
    except DAMAGE as error:
        raise ReadError(Flag("unreadable", f"{name} is damaged in the archive ({shown(str(error))})")) from None
