r"""Whose a file is, and what it answers, by its name: as Moodle and Canvas write it, or as a person does.

Moodle (`mod/assign/classes/downloader.php`, github.com/moodle/moodle; before 4.1 `download_submissions` in
`mod/assign/locallib.php`): `Full Name_123456_assignsubmission_file/...` for each way of handing in (`file`,
`onlinetext`), and `Full Name_123456_assignsubmission_file_NAME` where folders are switched off. Older versions end the
folder's name with an underscore. Underscores in a full name become spaces, so the number after it is its own: the
participant's, or the group's. It belongs to one assignment: a student has another number in the next one
(`assign_user_mapping`), and the assignment's grading worksheet calls it `Participant 123456`. Blind marking writes
`Participant_123456`, the default group has no number.

Canvas (`lib/content_zipper.rb`, github.com/instructure/canvas-lms): one flat folder of
`lastnamefirstname_LATE_USER_ATTACHMENT_NAME`, without `LATE_` when on time. USER is the user's in the whole site, the
number after it the attachment's, not the submission's. A typed text is `lastnamefirstname_USER_text.html`, a link
`..._link.html`. Anonymous grading writes `anon_a1B2c` for name and user, after `LATE_` when late. A file handed in
again under its old name becomes `NAME-1` (github.com/nus-cs2103-AY2324S1/forum/issues/459).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from labcore.grading.archive import Entry

MOODLE = re.compile(r"(?P<name>.+?)(?:_(?P<id>\d+))?_assignsubmission_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)
# ids without leading zeros and attachments from 100, so that alice_1234567_09_roofline is no Canvas name
CANVAS = (
    re.compile(r"(?P<late>LATE_)?(?P<name>anon_(?P<id>[0-9A-Za-z]+))_[1-9]\d{2,}_(?P<file>.+)", re.DOTALL),
    re.compile(r"(?P<name>.+?)_(?P<late>LATE_)?(?P<id>[1-9]\d*)_[1-9]\d{2,}_(?P<file>.+)", re.DOTALL),
    re.compile(r"(?P<late>LATE_)?(?P<name>anon_(?P<id>[0-9A-Za-z]+))_(?P<file>(?:text|link)\.html)"),
    re.compile(r"(?P<name>.+?)_(?P<late>LATE_)?(?P<id>[1-9]\d*)_(?P<file>(?:text|link)\.html)", re.DOTALL),
)
NOTEBOOK = re.compile(r"\.ipynb(?:\.json|\.txt)?$", re.IGNORECASE)  # browsers add the second ending
COPY = r"[-_ ]{0,3}\(\d{1,2}\)|[-_ ]{1,3}(?:copy|kopie|copie|copia) ?\d{0,2}(?![^\W_])"
AGAIN = rf"(?:{COPY}|-\d{{1,2}}(?!\d)|[-_ ]v\d{{1,2}}(?!\d)|[-_ ]final(?![^\W_])){{0,4}}"  # after an exercise's name
COPY_AT_END = re.compile(rf"(?:{COPY}){{1,4}}$", re.IGNORECASE)
BETWEEN = " _-.,"


@dataclass(frozen=True)
class Owner:
    """A student as a platform writes one: name, platform id, whether late, and the file's own name ('' of a folder)."""

    name: str
    id: str = ""
    late: bool = False
    file: str = ""
    platform: str = ""  # moodle or canvas


def by_platform(name: str, is_file: bool) -> Owner | None:
    """The owner that a platform wrote into a name; None for other names. Canvas writes no folders.

    >>> by_platform("Alice B_123456_assignsubmission_file_", is_file=False)
    Owner(name='Alice B', id='123456', late=False, file='', platform='moodle')
    >>> by_platform("balice_LATE_12345_67890_09_roofline-1.ipynb", is_file=True)
    Owner(name='balice', id='12345', late=True, file='09_roofline-1.ipynb', platform='canvas')
    """
    if found := MOODLE.fullmatch(name):
        return Owner(found["name"], found["id"] or "", False, (found["file"] or "") if is_file else "", "moodle")
    for pattern in CANVAS if is_file else ():
        if found := pattern.fullmatch(name):
            return Owner(found["name"], found["id"], bool(found["late"]), found["file"], "canvas")
    return None


def find_exercise(text: str, exercises: list[str]) -> tuple[str, int, int] | None:
    """The longest of the exercises that a name contains, and where it stands with what says 'again'; or None."""
    for exercise in sorted(exercises, key=len, reverse=True):
        if found := re.search(rf"(?<!\d){re.escape(exercise)}{AGAIN}", text, re.IGNORECASE):
            return exercise, found.start(), found.end()
    return None


def named_exercise(file: str, exercises: list[str]) -> str:
    """The exercise that a file's name contains; '' where it contains none.

    >>> named_exercise("alice_09_ROOFLINE (2).ipynb", ["09_roofline"])
    '09_roofline'
    """
    found = find_exercise(file, exercises)
    return found[0] if found else ""


def student_in(file: str, exercises: list[str]) -> str:
    """What is left of a file's name without the exercise: the student's; '' where nothing is left.

    >>> [student_in(file, ["09_roofline"]) for file in ("09_roofline - Alice B.ipynb", "09_roofline-1.ipynb")]
    ['Alice B', '']
    """
    stem = NOTEBOOK.sub("", file) if NOTEBOOK.search(file) else file.rpartition(".")[0] or file
    stem = COPY_AT_END.sub("", stem)
    if found := find_exercise(stem, exercises):
        before, after = stem[: found[1]], stem[found[2] :]
        return " ".join(filter(None, (before.strip(BETWEEN), after.strip(BETWEEN))))
    return stem.strip(BETWEEN)


def unwrapped(entries: list[Entry], exercises: list[str]) -> list[Entry]:
    """The entries without folders that enclose a whole course: one around it, or one for each platform archive."""
    inside: dict[str, list[Entry]] = {}
    for entry in entries:
        if len(entry.parts) > 1 or entry.folder:
            inside.setdefault(entry.parts[0], []).append(entry)
    alone = len(inside) == 1 and all(entry.parts[0] in inside for entry in entries)
    if not all(of_platform(top, held) or (alone and encloses(held, exercises)) for top, held in inside.items()):
        return entries
    tops = {(top,) for top in inside}
    return [replace(one, parts=one.parts[one.parts[0] in inside :]) for one in entries if one.parts not in tops]


def of_platform(top: str, held: list[Entry]) -> bool:
    """Whether a folder is a platform's archive, unpacked: all that lies in it has the platform's names."""
    below = [entry for entry in held if len(entry.parts) > 1]
    named = (by_platform(one.parts[1], len(one.parts) == 2 and not one.folder) for one in below)
    return bool(below) and not by_platform(top, is_file=False) and all(named)


def encloses(held: list[Entry], exercises: list[str]) -> bool:
    """Whether the only folder there is holds a course, and is not the folder of the only student."""
    notebooks = [entry for entry in held if not entry.folder and NOTEBOOK.search(entry.parts[-1])]
    if not notebooks or by_platform(held[0].parts[0], is_file=False):
        return False
    if direct := [entry.parts[1] for entry in notebooks if len(entry.parts) == 2]:
        students = {student_in(name, exercises) for name in direct}
        return len(students) > 1 and "" not in students
    return all(student_in(entry.parts[1], exercises) for entry in notebooks)
