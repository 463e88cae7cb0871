"""Collecting: what students hand in is found in every layout, and nothing they hand in stops, fools or fills it."""

import json
import os
import socket
import struct
import sys
import tempfile
import time
import tracemalloc
import unicodedata
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.grading import archive as archive_module
from labcore.grading.collect import collect, exercise_in
from labcore.grading.platforms import by_platform, student_in

ROOF, MAP = "09_roofline", "10_mapping"
FILE = f"{ROOF}.ipynb"


def notebook(text="", exercise=None):
    """A notebook that says `text`, and in its metadata, as asked, which exercise it is."""
    cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": []}
    return json.dumps({"cells": [cell], "metadata": {"labcore": {"exercise": exercise}} if exercise else {}}).encode()


def write(folder, **files):
    return write_all(folder, files)


def write_all(folder, files):
    """Files by path, each with its content; a path that ends in / is an empty folder."""
    for name, content in files.items():
        path = folder / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(content)
    return folder


def pack(path, files, date=(2024, 5, 1, 12, 0, 0)):
    """A zip of members by name; a value is the content, or a pair of it and a date."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, given in files.items():
            content, when = given if isinstance(given, tuple) else (given, date)
            archive.writestr(zipfile.ZipInfo(name, when), content, zipfile.ZIP_DEFLATED)
    return path


def found(source, exercises=(ROOF,)):
    """What was handed in as (student, exercise): (content, codes of all flags)."""
    handed = collect(source, list(exercises))
    read = {(one.student, one.exercise): one.read() for one in handed}
    assert len(read) == len(handed), "a student has one for each exercise"
    return {key: (content, {flag.code for flag in flags}) for key, (content, flags) in read.items()}


def contents(source, exercises=(ROOF,)):
    """The same without exercise and flags, where there are none."""
    assert not [flags for _, flags in found(source, exercises).values() if flags]
    return {student: content for (student, _), (content, _) in found(source, exercises).items()}


def words(source, code, exercises=(ROOF,)):
    """The words of the only flag of that code."""
    (flag,) = [flag for one in collect(source, list(exercises)) for flag in one.read()[1] if flag.code == code]
    return flag.words


# ---- layouts ----

ALICE, BOB = notebook("alice"), notebook("bob")
BOTH = {"Alice B": ALICE, "Bob": BOB}
MOODLE = {
    "folders": {f"Alice B_101_assignsubmission_file/{FILE}": ALICE, f"Bob_102_assignsubmission_file/{FILE}": BOB},
    "older folders": {
        f"Alice B_101_assignsubmission_file_/{FILE}": ALICE,
        "Bob_102_assignsubmission_file_/x.ipynb": BOB,
    },
    "text beside": {
        f"Alice B_101_assignsubmission_file/{FILE}": ALICE,
        "Alice B_101_assignsubmission_onlinetext/onlinetext.html": b"<p>see my file</p>",
        f"Bob_102_assignsubmission_file/deep/er/{FILE}": BOB,
    },
    "flat": {f"Alice B_101_assignsubmission_file_{FILE}": ALICE, "Bob_102_assignsubmission_file_mine.ipynb": BOB},
}  # fmt: skip
PLAIN = {
    "folder each": {f"Alice B/{FILE}": ALICE, "Bob/week 3/Untitled.ipynb": BOB, "Bob/data.csv": b"1"},
    "name first": {f"Alice B_{FILE}": ALICE, f"Bob_{FILE}": BOB},
    "name last": {f"{ROOF} - Alice B.ipynb": ALICE, f"{ROOF}_Bob.ipynb": BOB},
    "name only": {"Alice B.ipynb": ALICE, "Bob.ipynb": BOB},
    "copies": {f"Alice B_{ROOF}-1.ipynb": ALICE, f"{ROOF}_v2_Bob (2).ipynb": BOB},
    "browser's ending": {f"Alice B_{FILE}.json": ALICE, f"Bob_{FILE}.txt": BOB},
}
JUNK = {
    "__MACOSX/._x.ipynb": b"x",
    ".DS_Store": b"x",
    "Thumbs.db": b"x",
    "Desktop.ini": b"x",
    ".ipynb_checkpoints/a.ipynb": b"x",
}
LAYOUTS = MOODLE | PLAIN
every_layout = pytest.mark.parametrize("files", LAYOUTS.values(), ids=LAYOUTS)


@every_layout
def test_a_folder(files, tmp_path):
    assert contents(write_all(tmp_path, files)) == BOTH


@every_layout
def test_a_zip(files, tmp_path):
    assert contents(pack(tmp_path / "a.zip", files)) == BOTH


@every_layout
def test_a_zip_with_one_enclosing_folder(files, tmp_path):
    assert contents(pack(tmp_path / "a.zip", {f"course/{name}": each for name, each in files.items()})) == BOTH


@every_layout
def test_a_folder_that_holds_such_a_zip(files, tmp_path):
    pack(tmp_path / "a.zip", files)
    assert contents(tmp_path) == BOTH


@every_layout
def test_what_systems_leave_behind_is_nobody_s(files, tmp_path):
    inside = {f"{Path(name).parts[0]}/{junk}": b"x" for name in files if "/" in name for junk in JUNK}
    assert contents(pack(tmp_path / "a.zip", files | JUNK | inside)) == BOTH
    assert contents(write_all(tmp_path / "folder", files | JUNK | inside)) == BOTH


def test_canvas(tmp_path):
    files = {
        f"bella_12345_67890_{FILE}": ALICE,
        f"carlbo_LATE_12346_67891_{ROOF}-1.ipynb": BOB,
        "doedee_12347_text.html": b"<p>done</p>",
        f"LATE_anon_a1B2c_67893_{FILE}": BOB,
        "zoe_12348_67894_all.zip": b"PK",
    }
    expected = {
        ("bella", ROOF): (ALICE, set()), ("carlbo", ROOF): (BOB, {"late"}), ("doedee", ROOF): (None, {"no-notebook"}),
        ("anon_a1B2c", ROOF): (BOB, {"late"}), ("zoe", ROOF): (None, {"no-notebook"}),
    }  # fmt: skip
    assert found(pack(tmp_path / "submissions.zip", files)) == expected
    assert found(write_all(tmp_path / "unpacked", files)) == expected


def test_one_download_for_each_exercise(tmp_path):
    """Packed or unpacked, a student's exercises come together."""
    first, second = notebook("1"), notebook("2")
    pack(tmp_path / "a.zip", {f"Alice B_101_assignsubmission_file/{FILE}": first})
    pack(tmp_path / "b.zip", {f"Alice B_101_assignsubmission_file/{MAP}.ipynb": second})
    expected = {("Alice B", ROOF): (first, set()), ("Alice B", MAP): (second, set())}
    assert found(tmp_path, (ROOF, MAP)) == expected
    unpacked = {f"a/Alice B_101_assignsubmission_file/{FILE}": first,
                f"b/Alice B_101_assignsubmission_file/{MAP}.ipynb": second}  # fmt: skip
    assert found(write_all(tmp_path / "unpacked", unpacked), (ROOF, MAP)) == expected


def test_a_student_cannot_pass_for_others_by_names_inside_the_own_folder(tmp_path):
    write_all(tmp_path, {f"mallory/Alice B_101_assignsubmission_file/{FILE}": BOB, f"alice/{FILE}": ALICE})
    assert contents(tmp_path) == {"mallory": BOB, "alice": ALICE}


def test_a_lone_folder_of_one_student_is_no_course(tmp_path):
    assert contents(write_all(tmp_path / "a", {f"alice/{FILE}": ALICE})) == {"alice": ALICE}
    assert contents(write_all(tmp_path / "alice", {FILE: ALICE})) == {"alice": ALICE}
    assert contents(pack(tmp_path / "alice.zip", {FILE: ALICE})) == {"alice": ALICE}


def test_a_student_number_is_no_canvas_name():
    assert by_platform(f"alice_1234567_{FILE}", is_file=True) is None
    assert by_platform(f"alice_1234567_{MAP}.ipynb", is_file=True) is None
    assert student_in(f"alice_1234567_{FILE}", [ROOF]) == "alice_1234567"


def test_names_with_numbers_are_different_students(tmp_path):
    files = {"student-1.ipynb": ALICE, "student-2.ipynb": BOB}
    assert contents(write_all(tmp_path, files)) == {"student-1": ALICE, "student-2": BOB}


def test_two_of_one_name_keep_their_ids(tmp_path):
    files = {f"Alex Kim_{id}_assignsubmission_file/{FILE}": notebook(id) for id in ("101", "102")}
    files[f"Bo_103_assignsubmission_file/{FILE}"] = BOB
    expected = {"Alex Kim 101": notebook("101"), "Alex Kim 102": notebook("102"), "Bo": BOB}
    assert contents(pack(tmp_path / "a.zip", files)) == expected


def test_macos_names_are_normalized(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "Zoë Łuk") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert contents(write_all(tmp_path / "a", {f"{decomposed}/{FILE}": ALICE})) == {composed: ALICE}
    source = pack(tmp_path / "a.zip", {f"{decomposed}/{FILE}": ALICE, f"bob/{FILE}": BOB})
    unmarked = source.read_bytes()
    for signature, flags_at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # UTF-8 names that do not say so
        at = unmarked.index(signature) + flags_at
        unmarked = unmarked[:at] + b"\0\0" + unmarked[at + 2 :]
    source.write_bytes(unmarked)
    assert contents(source) == {composed: ALICE, "bob": BOB}


# ---- which exercise, which notebook ----


def test_metadata_before_file_name_before_the_only_one(tmp_path):
    files = {f"alice/{FILE}": notebook("a", MAP), "bob/Untitled.ipynb": notebook("b", ROOF),
             f"carl/{MAP}.ipynb": notebook("c", "99_unknown"), "dora/Untitled.ipynb": notebook("d")}  # fmt: skip
    got = found(write_all(tmp_path, files), (ROOF, MAP))
    assert got["alice", MAP] == (files[f"alice/{FILE}"], set())
    assert got["bob", ROOF] == (files["bob/Untitled.ipynb"], set())
    assert got["carl", MAP] == (files[f"carl/{MAP}.ipynb"], set())
    assert got["dora", ROOF] == got["dora", MAP] == (None, {"no-notebook"})
    assert set(got) == {("alice", MAP), ("bob", ROOF), ("carl", MAP), ("dora", ROOF), ("dora", MAP)}
    assert found(tmp_path, (ROOF,))["dora", ROOF] == (files["dora/Untitled.ipynb"], set())


def test_metadata_is_not_what_a_cell_says():
    assert exercise_in(notebook('{"labcore": {"exercise": "10_mapping"}}', ROOF)) == ROOF
    assert exercise_in(notebook('{"labcore": {"exercise": "10_mapping"}}')) == ""
    nested = {"metadata": {"labcore": {"parameters": {"a": {}}, "exercise": ROOF}}}
    assert exercise_in(json.dumps(nested, indent=1).encode()) == ROOF


@pytest.mark.parametrize(
    "content", [b'{"labcore": {' * 10**6, b'{"labcore":' + b'{"a":' * 10**6, b"[" * 10**6, b"\xff\xfe"]
)
def test_metadata_of_broken_files_are_looked_for_in_no_time(content):
    start = time.monotonic()
    assert exercise_in(content) == ""
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "name", [f"{ROOF}{again}.ipynb" for again in ("-1", " (2)", "-copy", "-Copy1", "_v2", "_final", "")]
)
def test_file_names_as_they_are_handed_in_again(name, tmp_path):
    assert contents(write_all(tmp_path, {f"alice/{name.upper()}": ALICE}), (ROOF, MAP)) == {"alice": ALICE}
    assert student_in(name, [ROOF, MAP]) == ""
    assert student_in(f"alice_{name}", [ROOF, MAP]) == "alice"


def test_the_longer_of_two_exercise_names(tmp_path):
    assert set(found(write_all(tmp_path, {f"alice/{ROOF}_more.ipynb": ALICE}), (ROOF, f"{ROOF}_more"))) == {
        ("alice", f"{ROOF}_more")
    }


def test_of_several_the_exact_name_then_the_latest_then_the_first(tmp_path):
    old, new = (2024, 1, 1, 0, 0, 0), (2024, 2, 1, 0, 0, 0)
    one, two = notebook("1"), notebook("2")
    exact = pack(tmp_path / "exact.zip", {f"a/{FILE}": (one, old), f"a/{ROOF}-1.ipynb": (two, new), "b/": b""})
    latest = pack(
        tmp_path / "latest.zip", {f"a/{ROOF}-1.ipynb": (one, new), f"a/{ROOF}-2.ipynb": (two, old), "b/": b""}
    )
    first = pack(tmp_path / "first.zip", {f"a/{ROOF}-2.ipynb": (two, old), f"a/{ROOF}-1.ipynb": (one, old), "b/": b""})
    for source in (exact, latest, first):
        assert found(source)["a", ROOF] == (one, {"several-notebooks"})
    assert words(latest, "several-notebooks") == f"graded: a/{ROOF}-1.ipynb; not graded: a/{ROOF}-2.ipynb"
    folder = write_all(tmp_path / "folder", {f"a/{ROOF}-1.ipynb": one, f"a/{ROOF}-2.ipynb": two})
    os.utime(folder / "a" / f"{ROOF}-2.ipynb", (10**9, 10**9))
    assert found(folder)["a", ROOF] == (one, {"several-notebooks"})


def test_a_readable_notebook_before_a_link_and_the_exercise_before_another(tmp_path):
    write_all(tmp_path, {"a/x.ipynb": ALICE, f"b_{FILE}": ALICE, f"b_{MAP}.ipynb": BOB, "b_11_new.ipynb": BOB})
    (tmp_path / "a" / FILE).symlink_to("/etc/passwd")
    assert found(tmp_path)["a", ROOF] == (ALICE, {"several-notebooks", "not-a-file"})
    write_all(tmp_path, {f"c/{MAP}.ipynb": BOB, f"c/my {FILE}": ALICE})
    os.utime(tmp_path / "c" / f"my {FILE}", (10**9, 10**9))
    assert found(tmp_path)["c", ROOF][0] == ALICE


def test_a_notebook_that_names_no_exercise_is_not_lost_without_a_word(tmp_path):
    write_all(tmp_path, {f"a/{FILE}": ALICE, "a/Untitled.ipynb": BOB})
    assert "Untitled.ipynb (names no exercise)" in words(tmp_path, "several-notebooks", (ROOF, MAP))


def test_nothing_handed_in(tmp_path):
    write_all(tmp_path, {"empty/": b"", "docx/a.docx": b"x", "zipped/all.zip": b"PK", f"did/{FILE}": ALICE,
                         f"folder/{FILE}/a.txt": b"x", f"eve_{ROOF}.pdf": b"x", "notes.txt": b"x"})  # fmt: skip
    assert {exercise for _, exercise in found(tmp_path, (ROOF, MAP))} == {ROOF}, "only what somebody handed in"
    write_all(tmp_path, {f"did/{MAP}.ipynb": notebook("b", MAP)})
    got = found(tmp_path, (ROOF, MAP))
    without = {"empty", "docx", "zipped", "folder", "eve"}
    nothing = {(one, exercise): (None, {"no-notebook"}) for one in without for exercise in (ROOF, MAP)}
    assert got == nothing | {("did", ROOF): (ALICE, set()), ("did", MAP): (notebook("b", MAP), set())}
    said = {one.student: one.flags[0].words for one in collect(tmp_path, [ROOF]) if one.flags}
    assert said["empty"] == "nothing was handed in"
    assert said["docx"] == "no notebook was handed in, but docx/a.docx"
    assert "an archive is not opened" in said["zipped"]


def test_who_hands_in_no_notebook_lacks_the_exercises_of_that_archive_alone(tmp_path):
    """Of a file for each of Moodle's assignments: a PDF for one exercise says nothing of the other."""
    pack(tmp_path / "a.zip", {f"Al_1_assignsubmission_file/{FILE}": ALICE, "Hu_2_assignsubmission_file/a.pdf": b"x"})
    pack(tmp_path / "b.zip", {f"Al_3_assignsubmission_file/{MAP}.ipynb": BOB})
    assert [key for key, (content, _) in found(tmp_path, (ROOF, MAP, "x")).items() if content is None] == [("Hu", ROOF)]


def test_where_no_notebook_names_an_exercise_the_way_out_is_said(tmp_path):
    write_all(tmp_path, {"a/x.ipynb": ALICE, "b/solution.pdf": b"x"})
    with pytest.raises(ValueError, match=r"^no notebook names one of the exercises; with one key, as --key .*NAME.py"):
        collect(tmp_path, [ROOF, MAP])
    assert found(tmp_path) == {("a", ROOF): (ALICE, set()), ("b", ROOF): (None, {"no-notebook"})}


# ---- hostile and broken folders ----


def test_what_is_no_file_is_not_opened(tmp_path, monkeypatch):
    write_all(
        tmp_path, {"link/": b"", "folder/": b"", "pipe/": b"", "socket/": b"", "loop/": b"", "secret/x.ipynb": BOB}
    )
    (tmp_path / "link" / FILE).symlink_to(tmp_path / "secret" / "x.ipynb")
    (tmp_path / "folder" / "work").symlink_to(tmp_path / "secret")
    (tmp_path / "loop" / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "student").symlink_to(tmp_path / "secret")
    (tmp_path / f"flat_{FILE}").symlink_to(tmp_path / "secret" / "x.ipynb")
    os.mkfifo(tmp_path / "pipe" / FILE)
    monkeypatch.chdir(tmp_path / "socket")  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(FILE)
        got = found(tmp_path)
    assert got.pop(("secret", ROOF)) == (BOB, set())
    said = {one.student: one.flags[0].words for one in collect(tmp_path, [ROOF]) if one.flags}
    assert said["link"] == f"link/{FILE} is a link; it was not followed"
    assert said["pipe"] == f"pipe/{FILE} is a pipe, a socket or a device; it was not opened"
    assert {student: flags for (student, _), (content, flags) in got.items() if content is None} == {
        "link": {"not-a-file"}, "pipe": {"not-a-file"}, "socket": {"not-a-file"}, "flat": {"not-a-file"},
        "folder": {"not-a-file", "no-notebook"}, "loop": {"not-a-file", "no-notebook"},
        "student": {"not-a-file", "no-notebook"},
    }  # fmt: skip


@pytest.mark.parametrize("swap", [lambda path: path.symlink_to("/etc/passwd"), os.mkfifo])
def test_a_file_that_is_swapped_before_it_is_read(swap, tmp_path):
    write_all(tmp_path, {f"alice/{FILE}": ALICE})
    (handed,) = collect(tmp_path, [ROOF])
    (tmp_path / "alice" / FILE).unlink()
    swap(tmp_path / "alice" / FILE)
    content, flags = handed.read()
    assert (content, [flag.code for flag in flags]) == (None, ["not-a-file"])


def test_large_files_are_not_read(tmp_path):
    write_all(tmp_path, {f"alice/{FILE}": b"", f"bob/{FILE}": BOB})
    os.truncate(tmp_path / "alice" / FILE, 50_000_001)
    assert found(tmp_path) == {("alice", ROOF): (None, {"too-large"}), ("bob", ROOF): (BOB, set())}
    os.truncate(tmp_path / "alice" / FILE, 50_000_000)
    (grown, _) = collect(tmp_path, [ROOF])
    os.truncate(tmp_path / "alice" / FILE, 50_000_001)
    assert [flag.code for flag in grown.read()[1]] == ["too-large"]


def test_files_and_folders_without_permission(tmp_path, monkeypatch):
    write_all(tmp_path, {f"alice/{FILE}": ALICE, f"bob/{FILE}": BOB, f"carl/{FILE}": BOB})

    def denied(function, closed):
        def call(path, *rest):
            if str(path).endswith(closed):
                raise PermissionError(13, "Permission denied")
            return function(path, *rest)

        return call

    monkeypatch.setattr(archive_module.os, "open", denied(os.open, f"alice/{FILE}"))
    monkeypatch.setattr(archive_module.os, "scandir", denied(os.scandir, "carl"))
    assert found(tmp_path) == {("alice", ROOF): (None, {"unreadable"}), ("bob", ROOF): (BOB, set()),
                               ("carl", ROOF): (None, {"unreadable", "no-notebook"})}  # fmt: skip
    assert "Permission denied" in words(tmp_path / "alice", "unreadable")


HOSTILE = {
    "newline": ("a\nb", r"a\nb"), "escape": ("a\x1b[2J", r"a\x1b[2J"), "right to left": ("a\u202ebpi", r"a\u202ebpi"),
    "line separator": ("a\u2028b", r"a\u2028b"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_names_are_shown_on_one_line(name, expected, tmp_path):
    for source in (
        write_all(tmp_path / "a", {f"{name}/{FILE}": ALICE}),
        pack(tmp_path / "a.zip", {f"{name}/{FILE}": ALICE}),
    ):
        (handed,) = collect(source, [ROOF])
        assert (handed.student, handed.name) == (expected, f"{expected}/{FILE}")
        assert handed.read() == (ALICE, ())


def test_names_that_are_no_text_or_very_long(tmp_path):
    (tmp_path / os.fsdecode(b"J\xffrgen")).mkdir()
    long = [f"{'x' * 240}{end}" for end in ("yy" * 7, "yy" * 7 + "z")]
    for student in (os.fsdecode(b"J\xffrgen"), *long):
        write_all(tmp_path, {f"{student}/{FILE}": student.encode("utf-8", "surrogateescape")})
    names = [one.student for one in collect(tmp_path, [ROOF])]
    assert r"J\udcffrgen" in names
    assert len(set(names)) == 3
    assert all(len(name) <= 90 and name.isprintable() for name in names)
    archive = pack(tmp_path / "long.zip", {f"{'x' * 300}/{'y' * 300}/{FILE}": ALICE, f"bob/{FILE}": BOB})
    assert {len(one.name) <= 120 and one.name.endswith("ipynb") for one in collect(archive, [ROOF])} == {True}


def test_ten_thousand_entries_and_a_deep_folder(tmp_path):
    for i in range(10_000):
        (tmp_path / f"student {i:05}.ipynb").write_bytes(b"{}")
    deep = tmp_path / "deep"
    for _ in range(300):
        deep = deep / "d"
    write_all(deep, {FILE: ALICE})
    write_all(tmp_path / "many", {f"{i}.ipynb": b"{}" for i in range(3000)})
    start = time.monotonic()
    handed = collect(tmp_path, [ROOF])
    assert time.monotonic() - start < 20
    assert len({one.student for one in handed}) == len(handed) == 10_002
    assert next(one for one in handed if one.student == "deep").read() == (ALICE, ())
    collect(tmp_path, [ROOF, MAP])
    assert time.monotonic() - start < 40


# ---- hostile and broken archives ----


def edited(path, name, signature, at, value):
    """Overwrite bytes of one member's header, in the archive's contents (PK12) or before the data (PK34)."""
    content, where = bytearray(path.read_bytes()), 0
    while (where := content.index(signature, where)) >= 0:
        start = where + (46 if signature == b"PK\x01\x02" else 30)
        if content[start : start + len(name)] == name.encode():
            content[where + at : where + at + len(value)] = value
            path.write_bytes(content)
            return
        where += 4


BROKEN = {
    "encrypted": [(b"PK\x01\x02", 8, b"\x01"), (b"PK\x03\x04", 6, b"\x01")],
    "damaged": [(b"PK\x01\x02", 16, b"\x00\x01\x02\x03")],
    "unknown method": [(b"PK\x01\x02", 10, b"\x63"), (b"PK\x03\x04", 8, b"\x63")],
    "lzma": [(b"PK\x01\x02", 10, b"\x0e"), (b"PK\x03\x04", 8, b"\x0e")],
    "another name inside": [(b"PK\x03\x04", 30, b"X")],
    "truncated": [(b"PK\x01\x02", 20, b"\x05\x00\x00\x00")],
    "beyond the end": [(b"PK\x01\x02", 42, b"\xff\xff\xff\x7f")],
    "larger than stated": [(b"PK\x01\x02", 24, b"\x05\x00\x00\x00")],
}


@pytest.mark.parametrize("edits", BROKEN.values(), ids=BROKEN)
def test_a_broken_member_costs_its_student_alone(edits, tmp_path):
    source = pack(tmp_path / "a.zip", {f"alice/{FILE}": ALICE * 50, f"bob/{FILE}": BOB})
    for signature, at, value in edits:
        edited(source, f"alice/{FILE}", signature, at, value)
    for exercises in ((ROOF,), (ROOF, MAP)):
        assert found(source, exercises) == {("alice", ROOF): (None, {"unreadable"}), ("bob", ROOF): (BOB, set())}


def test_a_member_that_is_there_twice(tmp_path):
    source = pack(tmp_path / "a.zip", {f"bob/{FILE}": BOB})
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr(f"alice/{FILE}", ALICE)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(f"alice/{FILE}", BOB)
    assert found(source)["alice", ROOF] == (None, {"unreadable", "several-notebooks"})
    assert found(source)["bob", ROOF] == (BOB, set())


def test_a_bomb_is_read_no_further_than_it_says(tmp_path):
    source = pack(tmp_path / "a.zip", {f"alice/{FILE}": b"0" * 60_000_000, f"bob/{FILE}": BOB})
    assert found(source)["alice", ROOF] == (None, {"too-large"})
    edited(source, f"alice/{FILE}", b"PK\x01\x02", 24, struct.pack("<I", 1000))
    tracemalloc.start()
    try:
        assert found(source)["alice", ROOF] == (None, {"unreadable"})
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_links_in_an_archive(tmp_path):
    source = pack(tmp_path / "a.zip", {f"bob/{FILE}": BOB})
    with zipfile.ZipFile(source, "a") as archive:
        for name, mode in ((f"alice/{FILE}", 0o120777), (f"pipe/{FILE}", 0o010644), ("dir", 0o120777)):
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, mode << 16
            archive.writestr(member, "/etc/passwd")
    assert found(source) == {("bob", ROOF): (BOB, set()), ("alice", ROOF): (None, {"not-a-file"}),
                             ("pipe", ROOF): (None, {"not-a-file"}),
                             ("dir", ROOF): (None, {"not-a-file", "no-notebook"})}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [f"alice/../../{FILE}", f"../alice/{FILE}", f"/alice/{FILE}", f"alice\\{FILE}", f"C:\\alice\\{FILE}",
     f"C:/alice/{FILE}"],
)  # fmt: skip
def test_names_that_point_elsewhere_are_shown_by_their_last_part(name, tmp_path):
    source = pack(tmp_path / "a.zip", {name: ALICE, f"bob/{FILE}": BOB})
    assert found(source) == {("alice", ROOF): (ALICE, {"unsafe-name"}), ("bob", ROOF): (BOB, set())}
    assert {one.student: one.name for one in collect(source, [ROOF])}["alice"] == FILE


@pytest.mark.parametrize(
    "part", ["_", "(1)", "_1", "_11111", "a_LATE_1_", f"{ROOF}-1", "-copy", "_assignsubmission_", "\\"]
)
def test_names_as_long_as_a_zip_allows_take_no_time(part, tmp_path):
    """A member's name has up to 65,535 bytes; a pattern that goes back over all of them would take minutes."""
    names = [f"{part * (60_000 // len(part))}{end}" for end in ("", "x.ipynb", f"/{FILE}")]
    source = pack(tmp_path / "a.zip", {f"bob/{FILE}": BOB} | dict.fromkeys(names, ALICE))
    start = time.monotonic()
    assert found(source, (ROOF, MAP))["bob", ROOF] == (BOB, set())
    assert time.monotonic() - start < 5


# ---- sources ----


def test_a_source_without_anything(tmp_path):
    layouts = "a folder for each student.*Moodle or Canvas"
    for source in (write_all(tmp_path / "a", {"readme.txt": b"x"}), pack(tmp_path / "a.zip", JUNK)):
        with pytest.raises(ValueError, match=f"holds nothing that was handed in; give {layouts}"):
            collect(source, [ROOF])
    os.mkfifo(tmp_path / "pipe")
    for source in (tmp_path / "missing", tmp_path / "pipe"):
        with pytest.raises(ValueError, match=f"is no folder and no zip archive; give {layouts}"):
            collect(source, [ROOF])


def test_a_damaged_archive_is_told_at_once(tmp_path):
    whole = pack(tmp_path / "a.zip", {f"alice/{FILE}": ALICE}).read_bytes()
    utf8 = bytearray(whole.replace(b"alice", b"al\xffce"))
    utf8[whole.index(b"PK\x01\x02") + 9] = 8
    for content in (b"", b"PK", whole[:-30], b"<html>", bytes(utf8)):
        (tmp_path / "a.zip").write_bytes(content)
        for source in (tmp_path / "a.zip", tmp_path):
            with pytest.raises(
                ValueError, match=r"a\.zip cannot be read as a zip archive .*download it again"
            ) as error:
                collect(source, [ROOF])
            assert "\n" not in str(error.value)


def test_two_hundred_large_notebooks_do_not_lie_in_memory(tmp_path):
    """A fifth of 200 x 5 MB shows it: the peak is that of one notebook, not of forty."""
    large = notebook("x" * 5_000_000, ROOF)
    pack(tmp_path / "a.zip", {f"zip{i}/{FILE}": large for i in range(20)})
    write_all(tmp_path, {f"folder{i}/{FILE}": large for i in range(20)})
    tracemalloc.start()
    try:
        handed = collect(tmp_path, [ROOF, MAP])
        assert [one.read()[0] == large for one in handed] == [True] * 40
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


# ---- any names at all ----

WRITES = []  # what the interpreter was asked to change
WATCHED = {"os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.truncate", "os.chmod", "os.rmdir"}
watching = []  # of one element while `unchanged` watches


def watch(event, arguments):
    opens_to_write = (
        event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    )
    if watching and (event in WATCHED or opens_to_write):
        WRITES.append((event, arguments))


sys.addaudithook(watch)


@contextmanager
def unchanged():
    """Nothing is opened for writing, made, moved or deleted inside."""
    WRITES.clear()
    watching.append(True)
    try:
        yield
    finally:
        watching.clear()
    assert WRITES == []


def test_the_watch_sees_a_file_written(tmp_path):
    with pytest.raises(AssertionError), unchanged():
        (tmp_path / "a").write_text("a")


piece = st.text(st.characters(codec="utf-8"), max_size=12)
PIECES = ("..", ".", "/", "\\", "C:", "/", FILE, ".ipynb", "_1_assignsubmission_file_", "_LATE_12_345_", "\0", "~", "a")
any_name = st.lists(st.sampled_from(PIECES) | piece, max_size=8).map("".join)


@given(
    names=st.lists(any_name, max_size=8, unique=True), modes=st.lists(st.integers(0, 2**16 - 1), min_size=8, max_size=8)
)
@settings(max_examples=300)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_the_names_nothing_is_raised_or_written(names, modes):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "a.zip")
        with zipfile.ZipFile(source, "w") as archive:
            archive.writestr(f"Bob_1_assignsubmission_file/{FILE}", BOB)
            for name, mode in zip(names, modes, strict=False):
                member = zipfile.ZipInfo(name)
                member.external_attr = mode << 16
                archive.writestr(member, ALICE)
        with unchanged():
            handed = collect(source, [ROOF, MAP])
            read = [one.read() for one in handed]
    assert len({(one.student, one.exercise) for one in handed}) == len(handed)
    assert any(content == BOB for content, _ in read)
    assert all(one.student.strip() and len(one.student) <= 100 for one in handed)
    shown = [text for one in handed for text in (one.student, one.name, *(flag.words for flag in one.flags))]
    assert all("\n" not in text and text.replace("\u200c", "").replace("\u200d", "").isprintable() for text in shown)
