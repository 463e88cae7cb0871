"""What is read out of a gradebook: no name becomes a formula, a tag, a path or broken XML, and nothing is lost."""

import csv
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from labcore.grading.attention import to_look_at
from labcore.grading.class_list import marks_of, read_class, with_class
from labcore.grading.export import number, safe, to_csv, to_json, to_junit
from labcore.grading.feedback import FOR_STUDENTS, STYLE, page, page_name, write_feedback
from labcore.grading.gradebook_rows import Mark, Override, QuestionMark
from labcore.grading.marks import FLAGS, Flag
from labcore.grading.summary import summary, summary_table

HOSTILE = [
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "  =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "＝1+1", "－1",
    "＋1", "＠1", "a\n=1", "a;=1", "a; \t＝1", "\x00=1", '"=1', '",=1,"', "a\r\nb", "\ud800", "\x1b[31m", "\ufffe",
    "<script>alert(1)</script>", "</style><script>x", "<!-- x", "]]>", "&lt;", "' onload='x", "\u202egnp.exe",
    "../../x",
    "con", "CON.txt", "nul", "", " ", ".", "..", "a/b", "a\\b", "a" * 300, "\r\t", "a;\tb", "李雷", "ﷺ" * 100,
    "e\u0301", "\u00e9", "Ada", "ada", "COM1.x", "lpt9", "a\r=1",
]  # fmt: skip
ANY_TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec=None), max_size=30))


def question(name="q1", points=2.0, earned=1.0, outcome="partial", message="q1: said", slip="", override=None):
    return QuestionMark(name, points, earned, earned, outcome, message, slip, override)


def mark(student="ada", exercise="01_small", questions=(), flags=(), file="a.ipynb"):
    when = "2026-01-02T03:04:05+00:00"
    return Mark(student, exercise, 1, file, "c1", when, 1.25, tuple(questions) or (question(),), tuple(flags))


def hostile(text):
    """A mark with this text wherever somebody else's text may stand."""
    override = Override(1, text, text, "2026-01-02T03:04:05+00:00")
    one = question(text, message=text, slip=text, override=override)
    return mark(text, text, [one], [Flag("late", text)], file=text)


def cells(text, **options):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True, **options))


# ---- CSV ----


def test_a_row_holds_totals_questions_flags_and_decisions():
    decided = question("q2", 3, 2.5, override=Override(2.5, "T", "a fair point", ""))
    marks = [
        mark("ada", "01_small", [question("q1", 2, 1), decided], [Flag("late", "x"), Flag("died", "y")]),
        mark("ada", "02_next", [question("q1", 1, 0.1 + 0.2)]),
        mark("007", "02_next", [question("q1", 1, 1)]),
    ]
    assert cells(to_csv(marks), quoting=csv.QUOTE_NONNUMERIC) == [
        ["student", "01_small", "01_small q1", "01_small q2", "02_next", "02_next q1", "flags", "overridden", "id"],
        ["ada", 3.5, 1, 2.5, 0.3, 0.3, "01_small: late; 01_small: died", "01_small q2: a fair point (T)", ""],
        ["007", "", "", "", 1, 1, "", "", ""],
    ]


def test_columns_keep_the_order_of_the_questions():
    marks = [mark("ada", "02_b", [question("q1")]), mark("bob", "01_a", [question("q2"), question("q10")])]
    marks.append(mark("eve", "01_a", [question("q2"), question("q11"), question("q10")]))
    assert cells(to_csv(marks))[0][1:-3] == ["01_a", "01_a q2", "01_a q10", "01_a q11", "02_b", "02_b q1"]


def test_the_last_column_is_the_platform_s_id_and_a_row_has_all_points():
    """Moodle numbers a student anew for each exercise; students of one name are two rows."""
    marks = [replace(mark("Ada 11", questions=[question("q1", 2, 1)]), id="11", key="Ada"),
             replace(mark("Ada 11", "02_next", [question("q1", 3, 3)]), id="21", key="Ada"),
             replace(mark("Ada 12", questions=[question("q1", 4, 0)]), id="12", key="Ada 12")]  # fmt: skip
    head, most, *rows = cells(to_csv(marks, maximum=True))
    assert head[-1] == "id"
    assert most == ["maximum points", "4", "4", "3", "3", "", "", ""]
    assert [(row[0], row[-1]) for row in rows] == [("Ada 11", "11; 21"), ("Ada 12", "12")]


def test_excel_gets_its_mark_and_lines_end_as_the_standard_has_it():
    text = to_csv([mark("Zoë\nLee")], excel=True)
    assert text.encode().startswith(b"\xef\xbb\xbf")
    assert text.count("\r\n") == 2
    assert cells(text)[1][0] == "Zoë\nLee"


def begins_formula(cell):
    """Whether a spreadsheet could take a cell for a formula: by its first sign that takes up room."""
    seen = [c for c in unicodedata.normalize("NFKC", cell) if unicodedata.category(c)[0] not in "ZC"]
    return cell[:1] in ("\t", "\r") or (bool(seen) and seen[0] in "=+-@\N{MINUS SIGN}")


@given(ANY_TEXT)
def test_no_cell_is_a_formula_and_every_row_is_whole(text):
    rows = cells(to_csv([hostile(text), hostile("other")]).encode().decode())
    assert [len(row) for row in rows] == [len(rows[0])] * 3
    assert not [cell for row in rows for cell in row if begins_formula(cell) and not re.fullmatch(r"[\d.]+", cell)]


@pytest.mark.parametrize("separator", [";", "\t"])
@given(text=ANY_TEXT)
def test_no_cell_is_a_formula_where_another_separator_is_expected(separator, text):
    content = to_csv([hostile(text)])
    assert not [cell for line in re.split(r"[\r\n]", content) for cell in line.split(separator) if begins_formula(cell)]


def test_harmless_texts_and_numbers_stay_as_they_are():
    for text in ("Anne-Marie O'Neil", "a+b", "x = 1", "", "Müller, Jörg", "q1; q2", "1-2"):
        assert safe(text) == text
    assert (number(2.0), number(1 / 3), number(0)) == (2, 0.333333333, 0)
    assert isinstance(number(2.0), int)


# ---- JSON and JUnit ----


def test_json_holds_every_detail():
    one = question("q1", 2, 1.5, override=Override(1.5, "T", "why", "2026"))
    stored = json.loads(to_json([mark(questions=[one], flags=[Flag("late", "words")])]))
    assert (stored["format"], stored["version"]) == ("labcore marks", 1)
    (only,) = stored["marks"]
    assert (only["earned"], only["points"], only["flags"]) == (1.5, 2, [{"code": "late", "words": "words"}])
    assert only["questions"][0]["override"] == {"earned": 1.5, "author": "T", "reason": "why", "made_at": "2026"}
    described = set(re.findall(r"`(\w+)`", to_json.__doc__))
    assert {*only, *only["questions"][0], *only["questions"][0]["override"]} <= described, "the docstring names all"


@given(ANY_TEXT)
def test_json_gives_every_text_back(text):
    assert json.loads(to_json([hostile(text)]).encode())["marks"][0]["student"] == text


def test_junit_says_what_each_question_came_to():
    outcomes = {"passed": 2, "partial": 1, "failed": 0, "unanswered": 0, "error": 0, "timeout": 0}
    questions = [question(name, 2, earned, name, f"{name}: words", "a slip") for name, earned in outcomes.items()]
    questions.append(question("set", 2, 2, "error", override=Override(2, "T", "fine", "")))
    root = ET.fromstring(to_junit([mark(questions=questions)]).encode())
    (suite,) = root
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {
        "passed": [], "partial": ["failure"], "failed": ["failure"], "unanswered": ["failure"], "error": ["error"],
        "timeout": ["error"], "set": [],
    }  # fmt: skip
    for element in (root, suite):
        assert [element.get(name) for name in ("tests", "failures", "errors")] == ["7", "3", "2"]
    failure = suite.find("testcase[@name='partial']/failure")
    assert failure.get("message") == "1 of 2 points: partial"
    assert failure.text == "partial: words\nLikely slip: a slip"
    assert (suite.get("name"), suite.get("time"), suite.get("skipped")) == ("ada: 01_small", "1.250", "0")


@given(ANY_TEXT)
def test_junit_is_xml_whatever_the_names(text):
    root = ET.fromstring(to_junit([hostile(text), hostile("other")]).encode())
    assert len(root.findall("testsuite/testcase/failure")) == 2
    assert {element.tag for element in root.iter()} == {"testsuites", "testsuite", "testcase", "failure"}


# ---- summary ----


def test_a_summary_counts_students_outcomes_and_slips():
    marks = [
        mark("a", questions=[question("q1", 2, 2, "passed"), question("q2", 1, 0, "failed", slip="x")]),
        mark("b", questions=[question("q1", 4, 1, "partial"), question("q2", 1, 0, "failed", slip="y")]),
        mark("c", questions=[question("q1", 2, 0, "failed"), question("q2", 1, 0, "unanswered", slip="y")]),
        mark("a", "00_first", questions=[question("q1", 0, 0, "passed")]),
    ]
    first, q1, q2 = summary(marks)
    assert (first.exercise, first.facility) == ("00_first", 1), "a question without points, passed"
    assert (q1.students, q1.facility) == (3, (2 / 2 + 1 / 4 + 0 / 2) / 3)
    assert q1.outcomes == {"passed": 1, "partial": 1, "failed": 1}
    assert (q2.facility, q2.slips) == (0, (("y", 2), ("x", 1)))


def test_the_table_fits_a_terminal_and_takes_no_markup_from_names():
    console = Console(width=80, record=True, file=io.StringIO())
    marks = [mark(questions=[question("q1", 4, 1, slip="[bold]GiB for GB[/bold]")]), hostile("[red]\x1b[31m")]
    console.print(summary_table(summary(marks)))
    text = console.export_text()
    assert "25%" in text
    assert "1 x [bold]GiB" in text
    assert "1 partial" in text
    assert "\x1b" not in text
    narrow = [*marks[:1], mark("bob", questions=[question("q2")])]
    console.print(summary_table(summary(narrow), wide=False))
    text = console.export_text()
    assert "1 partial" in text
    assert text.count("01_small") == 1
    assert "…" not in text


# ---- what to look at ----


def test_to_look_at_are_new_flags_then_old_ones_and_a_flag_of_several_exercises_once():
    none = Flag("no-notebook", "a PDF")
    marks = [mark("ada", flags=[none]), mark("ada", "02_next", flags=[none]), mark("bob", flags=[Flag("late", "x")])]
    new, before = to_look_at(marks, {("ada", "01_small"), ("ada", "02_next")})
    assert new == ["ada, 01_small, 02_next: no-notebook: a PDF"]
    assert before == ["bob, 01_small: late: x"]


def test_an_override_is_to_look_at_where_the_grader_gives_other_points_since():
    decided = question("q1", 2, 1, override=Override(1, "T", "renamed", ""))
    lines = [
        to_look_at([mark(questions=[replace(decided, graded=graded, regraded=regraded)])], set())[1]
        for graded, regraded in ((0, False), (1, True), (2, True))
    ]
    assert lines[:2] == [[], []]
    assert lines[2][0].startswith(
        "ada, 01_small: override of q1: the grader gives 2 since it judged anew, but 1 stands;"
    )


# ---- the class list ----


def listed(tmp_path, text):
    (tmp_path / "students.csv").write_text(text, encoding="utf-8")
    return read_class(tmp_path / "students.csv")


@pytest.mark.parametrize(
    "text",
    ["Ada Lovelace\nBo\n", "student,id\nAda Lovelace,11\nBo,12\n",
     "Student,ID,Section\n    Points Possible,,\n\"Lovelace, Ada\",11,x\nBo,12,x\n",
     "Identifier,Full name,Grade\nParticipant 11,Ada Lovelace,\nParticipant 12,Bo,\n"],
    ids=["names", "ours", "Canvas", "Moodle"],
)  # fmt: skip
def test_who_handed_in_nothing_gets_zero_in_every_exercise_and_nobody_twice(text, tmp_path):
    marks = [replace(mark("Ada Lovelace", questions=[question("q1", 2, 1)]), id="11", key="Ada Lovelace"),
             replace(mark("Cy", "02_next", [question("q1", 3, 3)]), id="13", key="Cy")]  # fmt: skip
    whole, strangers = with_class(marks, listed(tmp_path, text))
    assert strangers == ["Cy"]
    rows = {row["student"]: row for row in csv.DictReader(io.StringIO(to_csv(whole)))}
    assert {name: (row["01_small"], row["02_next"]) for name, row in rows.items()} == {
        "Ada Lovelace": ("1", "0"), "Bo": ("0", "0"), "Cy": ("", "3"),
    }  # fmt: skip
    assert rows["Bo"]["flags"] == "01_small: no-notebook; 02_next: no-notebook"
    assert rows["Ada Lovelace"]["id"] == "11"


def test_a_name_of_the_list_that_fits_two_wants_an_id(tmp_path):
    marks = [replace(mark("Ada"), key="a"), replace(mark("ADA"), key="b")]
    with pytest.raises(ValueError, match="'adA' of the list fits 2 students of the gradebook; add their ids"):
        with_class(marks, listed(tmp_path, "adA\n"))
    with pytest.raises(ValueError, match=r"students.csv names no students; write one a line"):
        listed(tmp_path, "student,id\n")


def test_marks_of_one_exercise_or_student_alone():
    marks = [replace(mark("ada"), id="11"), mark("ada", "02_next"), mark("bob")]
    assert [one.student for one in marks_of(marks, "01_small")] == ["ada", "bob"]
    assert marks_of(marks, "11") == marks[:1]
    assert marks_of(marks, "") == marks
    with pytest.raises(ValueError, match="no student or exercise '01_smal'; did you mean '01_small'"):
        marks_of(marks, "01_smal")


# ---- feedback ----


class Page(HTMLParser):
    """Tags, attributes and the text of a page."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_a_page_says_it_all_in_words():
    one = question(
        "q1", 3, 2, "failed", "q1: f(1) gives 2; wanted 3.", "a slip", Override(2, "T. Cher", "a fair point", "")
    )
    marks = [mark("Ada", questions=[one, question("q2", 1, 1, "passed")]), mark("Ada", "02_next")]
    text = Page(page("Ada", marks)).text
    for words in ("Feedback for Ada", "4 of 6 points in all", "not right yet", "2 of 3", "f(1) gives 2; wanted 3."):
        assert words in text
    for words in (
        "Likely slip: a slip",
        "Your teacher set this to 2 of 3; the grader gave 2",
        "a fair point",
        "3 of 4",
    ):
        assert words in text
    assert "T. Cher" not in text


def test_a_slip_that_the_message_names_is_not_said_twice():
    said = question(message="q1: no\nLikely slip: GiB for GB.", slip="GiB for GB")
    assert Page(page("ada", [mark(questions=[said])])).text.count("GiB for GB") == 1


def test_students_see_the_flags_meant_for_them_alone():
    text = page("ada", [mark(flags=[Flag(code, f"words of {code};") for code in FLAGS])])
    shown = {code for code in FLAGS if f"words of {code};" in text}
    assert shown == set(FOR_STUDENTS)
    assert not shown & {"forged", "internals", "other-student", "nbval-marks", "unsafe-name", "not-a-file"}
    assert {"duplicate", "lost-metadata", "timeout", "died", "output", "late", "no-notebook", "unreadable"} <= shown


def test_a_page_is_accessible_and_runs_nothing():
    text = page("ada", [mark(), mark(exercise="02_next")])
    read = Page(text)
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert (read.tags.count("h1"), read.tags.count("table"), read.tags.count("caption")) == (1, 2, 2)
    assert read.attributes.count(("scope", "col")) == 2 * 4
    assert read.attributes.count(("scope", "row")) == 2 * 2
    assert not set(read.tags) & {"script", "img", "link", "a", "iframe", "form"}
    assert not [name for name, _ in read.attributes if name.startswith("on") or name in ("src", "href", "style")]
    policy = next(value for name, value in read.attributes if name == "content")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "prefers-color-scheme: dark" in STYLE


def luminance(colour):
    digits = colour * 2 if len(colour) == 3 else colour
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_words_has_a_contrast_of_seven_by_day_and_by_night():
    """WCAG 2.2, 1.4.6: (lighter + 0.05) / (darker + 0.05) is 7 or more."""
    for scheme in STYLE.split("@media (prefers-color-scheme: dark)"):
        colours = dict(re.findall(r"--(\w+): #(\w+)", scheme))
        for ground in ("ground", "soft"):
            for words in ("ink", "good", "half", "bad"):
                dark, light = sorted((luminance(colours[ground]), luminance(colours[words])))
                assert (light + 0.05) / (dark + 0.05) >= 7, (ground, words)


@given(ANY_TEXT)
def test_no_text_becomes_markup(text):
    read, plain = (Page(page(one, [hostile(one)]).encode().decode()) for one in (text, "plain"))
    assert read.tags == plain.tags
    assert [name for name, _ in read.attributes] == [name for name, _ in plain.attributes]
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", read.text), "nothing turns the words of the page round"


@given(st.lists(ANY_TEXT, unique=True, max_size=8))
def test_names_of_pages_are_safe_and_unique_on_every_system(students):
    names = [page_name(student) for student in students]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == len(names)
    for name in names:
        assert Path(name).name == name
        assert len(name.encode()) <= 255
        assert re.fullmatch(r"[\w.-]+\.html", name)
        assert not name.startswith((".", "-"))
        assert not re.fullmatch(r"con|prn|aux|nul|com\d|lpt\d", name.split(".")[0].casefold())


def test_pages_are_written_once_a_student_into_the_folder_alone(tmp_path):
    students = list(dict.fromkeys(HOSTILE))
    marks = [hostile(student) for student in students] + [mark("ada", "02_next")]
    folder = tmp_path / "deep" / "feedback"
    pages = write_feedback(marks, folder)
    assert len(pages) == len(students)
    assert sorted(pages) == sorted(folder.iterdir())
    assert sorted(tmp_path.rglob("*.html")) == sorted(pages)
    assert write_feedback(marks, folder) == pages, "pages of ours are written anew"
    assert "02_next" in (folder / "ada.html").read_text(encoding="utf-8")


def test_a_page_keeps_its_name_when_a_namesake_joins(tmp_path):
    before = write_feedback([replace(mark("Ada"), id="11", key="Ada")], tmp_path)
    marks = [replace(mark("Ada 11"), id="11", key="Ada"), replace(mark("Ada 12"), id="12", key="Ada 12")]
    after = write_feedback(marks, tmp_path)
    assert after[0] == before[0]
    assert sorted(after) == sorted(tmp_path.iterdir()), "no page is left of somebody who is not there"
    assert "Feedback for Ada 11" in before[0].read_text(encoding="utf-8")


def test_links_and_files_of_others_are_left_alone(tmp_path):
    folder, secret = tmp_path / "feedback", tmp_path / "secret.html"
    folder.mkdir()
    secret.write_text(page("ada", [mark()]), encoding="utf-8")
    (folder / "bob.html").symlink_to(secret)
    marks = [mark("ada"), mark("bob")]
    with pytest.raises(ValueError, match=r"bob.html is a link or a folder, not a page of feedback; move it away"):
        write_feedback(marks, folder)
    (folder / "bob.html").unlink()
    (folder / "bob.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=r"bob.html is not a page of feedback; move it away or choose another"):
        write_feedback(marks, folder)
    assert [one.name for one in folder.iterdir()] == ["bob.html"], "nothing was written before the refusal"
    assert (folder / "bob.html").read_text(encoding="utf-8") == "mine"
    with pytest.raises(ValueError, match=r"secret.html is a file; name a folder for the feedback"):
        write_feedback(marks, secret)
