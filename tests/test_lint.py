"""Seeded keys and lint: each verdict provoked by one planted fault, and hidden inputs that stay hidden."""

import json
import pickle
import re
from collections import Counter

import pytest

from labcore.grading.check import exercise
from labcore.grading.exercise import build_exercises, parameter_values, reader_notebook
from labcore.grading.exercise import execute as in_a_kernel
from labcore.grading.judge import judge
from labcore.grading.key import Key, seeded_key
from labcore.grading.lint import lint, quick_lint
from labcore.grading.values import MIME

CLEAN = """# %% [markdown]
# # Small

# %%
from labcore.grading.check import exercise

check = exercise("01_small")

# %% parameters="yes"
def parameters(rng):
    return {"FACTOR": rng.randint(2, 10**6), "SIZES": (1, 2)}

# %% [markdown] task="q1"
# Add one.

# %% answer="q1"
def add(x):
    # solution
    return x + 1
    # end solution

# %% check="q1" points=4
check("q1", add, on=[10, 0.5])

# %% draw="q1" count=6
def draw(rng):
    return rng.randint(100, 10**9)

# %% wrong="q1" slip="one is taken away"
def add(x):
    return x - 1

# %% wrong="q1" slip="nothing is added"
def add(x):
    return x

# %% [markdown] task="q2"
# A proper divisor of a * b.

# %% answer="q2"
def divisor(a, b):
    # solution
    return max(a, b)
    # end solution

# %% check="q2" points=4 credit="each"
check("q2", divisor, on=[(2, 3), (5, 7)])

# %% draw="q2"
def draw(rng):
    return rng.choice((11, 13, 17, 19)), rng.choice((23, 29, 31, 37))

# %% judge="q2"
def judge(on, got, want):
    a, b = on
    if got in (1, a * b):
        return 0.5, "that divides every such number"
    return got != 0 and a * b % got == 0, f"{a * b} / {got} is not whole"

# %% wrong="q2" slip="the sum divides nothing"
def divisor(a, b):
    return a + b

# %% wrong="q2" slip="one divides every number"
def divisor(a, b):
    return 1

# %% [markdown] task="q3"
# The square of the factor.

# %% answer="q3"
# solution
square = FACTOR**2
# end solution

# %% check="q3" points=2
check("q3", square)

# %% wrong="q3" slip="that is twice the factor"
square = 2 * FACTOR

# %% wrong="q3" slip="that is the factor"
square = FACTOR
"""
SEEDS = ["a1", "b2", "c3", "d4", "e5"]


@pytest.fixture
def here(monkeypatch):
    """A stand-in for the kernel that runs cells in this process; counts how often it was asked."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append({"data": data}))

    def execute(name, sources):
        execute.runs += 1
        names, outputs = {}, []
        for source in sources:
            shown.clear()
            try:
                exec(source, names)
            except Exception as error:
                raise ValueError(f"{name}: the cell raises {type(error).__name__}: {error}") from error
            outputs.append(json.loads(json.dumps(shown)))
        return outputs

    execute.runs = 0
    return execute


@pytest.fixture
def write(tmp_path):
    """Write the clean source with some texts replaced, each of which must be there."""

    def written(*edits, text=CLEAN):
        for old, new in edits:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "keys" / "01_small.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return written


def found(report):
    return [(one.level, one.code, one.question) for one in report.findings]


def test_a_clean_exercise_has_no_findings_in_two_runs_of_the_kernel(write, here):
    report = lint(write(), SEEDS, here)
    assert report.findings == ()
    assert report.ok
    assert report.text() == "01_small: 3 questions, 10 points, 5 seeds: 0 errors, 0 warnings"
    assert here.runs == 2
    assert json.loads(json.dumps(report.as_dict()))["ok"] is True
    assert len(set(lint(write(), 3, here).seeds)) == 3


ANSWER1 = "    # solution\n    return x + 1\n"
NO_DRAW = re.search(r"# %% draw=\"q1\".*?\n\n(?=# %%)", CLEAN, re.S)[0]
JUDGE = re.search(r"# %% judge=\"q2\".*?\n\n(?=# %%)", CLEAN, re.S)[0]
DRAW1 = "return rng.randint(100, 10**9)"
PLANTED = {
    "no draw": ([(NO_DRAW, "")], "error", "HARD-CODABLE", "q1", "a table of the values shown passes"),
    "among the shown": ([(DRAW1, "return rng.choice((10, 0.5))")], "error", "HARD-CODABLE", "q1", "among those shown"),
    "one hidden input": ([(DRAW1, "return 7")], "error", "HARD-CODABLE", "q1", "8 is right for all hidden inputs"),
    "a constant passes the judge": (
        [(JUDGE, JUDGE.replace("got != 0 and", "got == 0 or"))],
        "error", "HARD-CODABLE", "q2", "is right for all hidden inputs of seed a1",
    ),
    "a fixed value": ([("FACTOR**2", "144")], "error", "HARD-CODABLE", "q3", "one value, the same for everybody"),
    "a cheap fixed value": (
        [("FACTOR**2", "144"), ("points=2", "points=0.5")],
        "warning", "HARD-CODABLE", "q3", "one value, the same for everybody",
    ),
    "few values": ([(DRAW1, "return rng.choice((7, 8, 9))")], "warning", "WEAK", "q1", "only 3 different values"),
    "one value often": (
        [(DRAW1, "return 7 if rng.random() < 0.6 else rng.random()")],
        "warning", "WEAK", "q1", "8 is right for ",
    ),
    "hidden inputs miss a slip": (
        [("one is taken away", "only shown"), ("return x - 1", "return x + 1 if x > 50 else x - 1")],
        "warning", "WEAK", "q1", "'only shown' is right on all hidden inputs of seed a1, b2, c3, d4, e5",
    ),
    "a wrong answer passes": (
        [("return x - 1", "return 1 + x")],
        "error", "PASSES", "q1", "'one is taken away' passes with seed a1, b2, c3, d4, e5",
    ),
    "a wrong answer passes what is shown": (
        [("return x - 1", "return x + 1 if x < 50 else 0")],
        "error", "PASSES", "q1", "'one is taken away' is right on all inputs that readers see",
    ),
    "two slips alike": ([("return x\n", "return x - 1.0\n")], "warning", "ALIKE", "q1", "one is taken away; or: noth"),
    "a random reference": (
        [(ANSWER1, "    # solution\n    import random\n    return x + random.random()\n")],
        "error", "FLAKY", "q1", "two runs with seed a1 give different values",
    ),
    "a random draw": (
        [(DRAW1, "import random\n    return random.random()")],
        "error", "FLAKY", "q1", "two runs with seed a1 give different inputs",
    ),
    "a random draw that the reference passes over": (
        [("return rng.choice((11, ", "import random\n    return random.choice((11, ")],
        "error", "FLAKY", "q2", "two runs with seed a1 give different inputs",
    ),
    "a reference that raises": (
        [(ANSWER1, "    # solution\n    return 1 / (x - 10)\n")],
        "error", "EMPTY", "q1", "for input 1 the reference gives {'error': 'ZeroDivisionError",
    ),
    "a reference that raises on hidden inputs": (
        [(ANSWER1, "    # solution\n    return x + 1 if x < 50 else float('nan')\n")],
        "error", "EMPTY", "q1", "for a hidden input of seed a1 the reference gives {'value': {'kind': 'nan'}}",
    ),
    "no inputs": (
        [("on=[10, 0.5]", "on=[]"), (NO_DRAW, "")],
        "error", "EMPTY", "q1", "its check has no inputs",
    ),
    "a check that is silenced": (
        [('\n\n# %% check="q1"', '\n\ncheck = lambda *_, on=None: None\n\n# %% check="q1"')],
        "error", "EMPTY", "q1", "its check emits nothing with 'the reference'",
    ),
    "a draw that fails": ([(DRAW1, "return 1 / 0")], "error", "DRAW", "q1", "its draw raises ZeroDivisionError"),
    "a draw that cannot be written": ([(DRAW1, "return {1}")], "error", "DRAW", "q1", "an object of type set"),
    "an input that cannot be written": ([("on=[10, 0.5]", "on=[10, 1j]")], "error", "DRAW", "q1", "of type complex"),
    "a stub that scores": (
        [(ANSWER1, "    if x:\n        return x + 1\n    # solution\n    return 1\n")],
        "error", "BLANK", "q1", "the stub scores 1 with seed a1",
    ),
    "a judge that refuses the reference": (
        [("return got != 0", "return got > 29 and got != 0")],
        "error", "KEY", "q2", "the reference scores",
    ),
    "a judge that halves the reference once": (
        [("    if got in (1, a * b):", "    if got in (1, 37, a * b):")],
        "error", "KEY", "q2", "the reference scores 0.",
    ),
    "a judge that fails": (
        [("a, b = on", "a, b = [][0]")],
        "error", "KEY", "q2", "IndexError in the question's judge",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_named(name, write, here):
    edits, level, code, question, words = PLANTED[name]
    report = lint(write(*edits), SEEDS, here)
    assert (level, code, question) in found(report), report.text()
    assert any(one.code == code and words in one.words for one in report.findings), report.text()
    assert report.ok == (level == "warning"), report.text()
    assert f"  {level:<8}{code} {question}: " in report.text()
    # a judge that is wrong about the reference is wrong about the wrong answers too
    if name not in (
        "a judge that fails",
        "a judge that refuses the reference",
    ):
        assert {one.question for one in report.findings} == {question}


@pytest.mark.parametrize(
    ("edits", "code", "words"),
    [
        ([("points=4", "points=0")], "FORMAT", "01_small.py: question q1 needs points above 0"),
        ([("return {", "return 1 / 0, {")], "FORMAT", "parameters(rng) raises ZeroDivisionError"),
        ([('"FACTOR": ', '"MY FACTOR": ')], "FORMAT", "return a dict of names and values"),
        ([('"SIZES": (1, 2)', '"SIZES": {1}')], "FORMAT", "an input holds an object of type set"),
        ([("check = exercise", "1 / 0\ncheck = exercise")], "FAILS", "the cell raises ZeroDivisionError"),
    ],
)
def test_a_source_that_does_not_run_is_one_finding(edits, code, words, write, here):
    report = lint(write(*edits), SEEDS, here)
    assert found(report) == [("error", code, "")]
    assert words in report.text()
    assert "Traceback" not in report.text()


def test_quick_lint_gives_the_key_or_one_line(write, here):
    key = quick_lint(write(), "a1", here)
    assert key == seeded_key(write(), "a1", here)
    assert here.runs == 3
    other = quick_lint(write(), "a1", here, {"FACTOR": 5, "SIZES": ()})
    assert other.questions["q3"].want == [25]
    fault = write((NO_DRAW, ""), ("return a + b", "return max(b, a)"), ("FACTOR**2", "144"))
    with pytest.raises(
        ValueError, match=r"^01_small\.py cannot grade: HARD-CODABLE q1: .*; PASSES q2: .*grade lint"
    ) as caught:
        quick_lint(fault, "a1", here)
    assert "\n" not in str(caught.value)


# ---- seeded keys ----


def answered(key, here, answers):
    """The scores of some sources as answers, run as a grader runs them: the key's cells with the answers grafted in."""
    sources = [answers.get(one["question"], "") if one["role"] == "answer" else one["source"] for one in key.cells]
    made = here("graft", sources)
    scores = {}
    for cell, outputs in zip(key.cells, made, strict=True):
        if cell["role"] == "check":
            scores[cell["question"]] = judge(key.questions[cell["question"]], outputs[0]["data"][MIME]["got"])
    return scores


RIGHT = {
    "q1": "def add(x): return 1 + x",
    "q2": "def divisor(a, b): return a",
    "q3": "square = FACTOR * FACTOR",
}


def test_a_key_grades_right_answers_tables_and_halves(write, here):
    key = seeded_key(write(), "a1", here)
    assert {id: one.score for id, one in answered(key, here, RIGHT).items()} == {"q1": 1, "q2": 1, "q3": 1}
    table = {"q1": "def add(x): return {10: 11, 0.5: 1.5}[x]", "q2": "def divisor(a, b): return {2: 3, 5: 7}.get(a, 1)"}
    got = answered(key, here, RIGHT | table | {"q3": "square = ..."})
    assert got["q1"].score == 0
    assert got["q1"].message == (
        "q1: right on the 2 inputs that you see, wrong on 6 of 6 others.\nThere it raises KeyError."
    )
    assert got["q2"].score == 0.5  # one divides every number
    assert got["q3"].outcome == "unanswered"


def test_one_seed_makes_one_key_and_another_another(write, here):
    one, again, other = (seeded_key(write(), seed, here) for seed in ("a1", "a1", "b2"))
    assert one == again
    assert one.hash == other.hash
    shown = one.questions["q1"].shown
    assert shown == 2
    assert one.questions["q1"].on[:shown] == other.questions["q1"].on[:shown] == [[10], [0.5]]
    assert not [each for each in one.questions["q1"].on[shown:] if each in other.questions["q1"].on]
    assert [len(question.want) for question in one.questions.values()] == [2 + 6, 2 + 8, 1]
    assert all(len(got) == 8 for got in one.questions["q1"].slips.values())
    changed = seeded_key(write(("# Add one.", "# Add 1.")), "a1", here)
    assert changed.hash != one.hash


def test_a_key_travels_as_json_and_pickle(write, here):
    key = seeded_key(write(), "a1", here)
    assert pickle.loads(pickle.dumps(key)) == key
    assert Key.from_dict(json.loads(json.dumps(key.as_dict()))) == key


def test_the_cells_of_a_key(write, here):
    source = write()
    key = seeded_key(source, "a1", here)
    roles = ["setup", "setup"] + ["answer", "check"] * 3
    assert [cell["role"] for cell in key.cells] == roles
    assert [cell["question"] for cell in key.cells] == [None, None, "q1", "q1", "q2", "q2", "q3", "q3"]
    assert key.cells[1] == {
        "id": "parameters", "role": "setup", "question": None,
        "source": f"FACTOR = {parameter_values(source, 'book')['FACTOR']}\nSIZES = (1, 2)",
    }  # fmt: skip
    whole = "\n".join(cell["source"] for cell in key.cells)
    assert "def draw" not in whole
    assert "def judge" not in whole
    hidden = ", ".join(f"({x},)" for (x,) in key.questions["q1"].on[2:])
    assert key.cells[3]["source"] == (
        f'from labcore.grading.check import emit\n\nemit("q1", add, on=[(10,), (0.5,), {hidden}])'
    )
    assert key.cells[7]["source"].endswith('emit("q3", square)')
    assert key.points == {"q1": 4, "q2": 4, "q3": 2}
    assert [cell["id"] for cell in key.cells] == list(key.reader_cells)


def test_the_readers_cells_are_those_of_the_readers_notebook(write, here):
    source = write()
    key = seeded_key(source, "a1", here)
    built = json.loads(reader_notebook(source))
    code = {cell["id"]: "".join(cell["source"]) for cell in built["cells"] if cell["cell_type"] == "code"}
    assert key.reader_cells == code
    assert 'raise NotImplementedError("q1: your code here")' in code["answer-q1"]
    assert code["check-q1"] == 'check("q1", add, on=[10, 0.5])'


def test_a_key_that_cannot_be_is_one_line(write, here):
    with pytest.raises(
        ValueError, match=r"^01_small\.py: DRAW q1: its draw raises ZeroDivisionError: division by zero"
    ):
        seeded_key(write((DRAW1, "return 1 / 0")), "a1", here)
    with pytest.raises(ValueError, match=r"^01_small\.py: EMPTY q1: for input 1 the reference gives "):
        seeded_key(write((ANSWER1, "    # solution\n    return {x}\n")), "a1", here)


def test_arrays_and_dicts_are_inputs_too(write, here):
    draw = (
        "import numpy\n    return numpy.array([rng.random() for _ in range(3)], dtype='float32'), {'by': rng.random()}"
    )
    source = write(
        (
            "def add(x):\n    # solution\n    return x + 1",
            "def add(x, y):\n    # solution\n    return x.sum() * y['by']",
        ),
        ("on=[10, 0.5]", "on=[(__import__('numpy').ones(2), {'by': 3})]"),
        (DRAW1, draw),
        ("def add(x):\n    return x - 1", "def add(x, y):\n    return x.sum()"),
        ("def add(x):\n    return x\n", "def add(x, y):\n    return x\n"),
    )
    assert lint(source, SEEDS, here).findings == ()
    key = seeded_key(source, "a1", here)
    assert 'dtype="<f4")' in key.cells[3]["source"]
    got = answered(key, here, RIGHT | {"q1": "def add(x, y):\n    return y['by'] * x.sum(dtype='float32')"})
    assert got["q1"].score == 1


# ---- what readers get, and parameters ----


def test_hidden_inputs_stand_in_no_built_file_and_the_reader_has_no_teachers_cell(write):
    """Built and keyed through a real kernel."""
    source = write()
    texts = list(build_exercises(source).values())
    reader, key_notebook, stored = map(json.loads, texts)
    marks = Counter(mark for cell in reader["cells"] for mark in cell["metadata"])
    assert marks == {"task": 3, "answer": 3, "check": 3, "points": 3, "credit": 1, "parameters": 1}
    assert not [word for word in ("randint", "rng", "max(a, b)", "taken away") if word in texts[0]]
    assert set(stored["q1"]) == {"name", "tolerance", "on", "want", "slips"}
    assert stored["q2"]["credit"] == "each"
    assert stored["q2"]["judge"].startswith("def judge(on, got, want):")
    key = seeded_key(source, "a1", in_a_kernel)
    hidden = [str(x) for (x,) in key.questions["q1"].on[2:]]
    assert len(set(hidden)) == 6
    assert not [x for x in hidden for text in texts if x in text]
    assert [cell["metadata"].get("draw") for cell in key_notebook["cells"]].count("q1") == 1


def test_parameters_differ_by_seed_and_are_the_same_for_one(write):
    source = write()
    assert parameter_values(source, "a1") == parameter_values(source, "a1")
    drawn = [parameter_values(source, seed)["FACTOR"] for seed in ("book", *SEEDS)]
    assert len(set(drawn)) == len(drawn)
    assert f"FACTOR = {drawn[0]}" in reader_notebook(source)
    assert "def parameters" not in reader_notebook(source)
    mine = json.loads(reader_notebook(source, {"FACTOR": 3, "SIZES": [1]}, {"student": "ann"}))
    assert mine["metadata"]["labcore"] == {"exercise": "01_small", "student": "ann"}
    cell = next(cell for cell in mine["cells"] if cell["id"] == "parameters")
    assert "".join(cell["source"]) == "FACTOR = 3\nSIZES = [1]"
    assert (
        parameter_values(write((CLEAN[CLEAN.index("# %% para") : CLEAN.index("# %% [markdown] task")], "")), "a") == {}
    )


def test_values_beside_the_notebook_come_before_the_books(write, tmp_path, monkeypatch):
    """A release with other parameters lays its own values beside the notebook."""
    built = build_exercises(write(), {"FACTOR": 3, "SIZES": [1]})
    (tmp_path / "01_small.json").write_text(next(text for path, text in built.items() if path.suffix == ".json"))
    monkeypatch.chdir(tmp_path)
    check = exercise("01_small")
    assert check("q3", 9).outcome == "passed"
    assert check("q3", 6).slip == "that is twice the factor"
    half = check("q2", lambda a, b: 1, on=[(2, 3), (5, 7)])
    assert (half.outcome, half.score) == ("partial", 0.5)
    assert check("q2", lambda a, b: a, on=[(2, 3), (5, 7)]).outcome == "passed"
