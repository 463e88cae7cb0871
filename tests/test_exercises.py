"""The format of exercises, and every exercise there is: fresh, whole, lint-clean, each wrong answer caught by name."""

import json
import math
import re
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from jupyter_client.manager import KernelManager

from labcore.catalogue import A100, H100
from labcore.grading import check as check_module
from labcore.grading.check import exercise, outcomes
from labcore.grading.exercise import build_exercises, copy_exercises, execute, given_cells, stored_question
from labcore.grading.exercise_format import SOLUTION, Parts, key_cell, parts, read_cells, reference, stub
from labcore.grading.grade import executor
from labcore.grading.judge import judge, load_questions, right
from labcore.grading.limits import Limits
from labcore.grading.lint import lint
from labcore.grading.station import Station
from labcore.grading.values import MIME, plain
from labcore.ops import conv2d, elementwise, matmul
from labcore.roofline import bound, least_time, ridge, utilization

EXERCISES = Path(__file__).parent.parent / "exercises"
SOURCES = sorted((EXERCISES / "keys").glob("[0-9][0-9]_*.py"))
every_exercise = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


@pytest.fixture(scope="module")
def execute_warm():
    """What runs cells as `execute` does, in kernels that are forked with everything imported: half the time of each.

    Kernels started cold are in other tests here.
    """
    with Station("none") as station:
        yield executor(station, Limits(cell=60))


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text(cell):
    return "".join(cell["source"])


def question_parts(source):
    return parts(source.name, read_cells(source))


def setup(source):
    """The names that an exercise's own cells define."""
    names = {}
    for cell in given_cells(source):
        if cell["cell_type"] == "code" and set(cell["metadata"]) <= {"parameters"}:
            exec(cell["source"], names)
    return names


def ask(names, question, code):
    """The outcomes of one answer's code for its question's inputs, run here."""
    got = []
    scope = names | {"check": lambda id, answer, on=None, tolerance=0: got.extend(outcomes(answer, on))}
    exec(code, scope)
    exec(question.check, scope)
    return got


def answer_of(source, id):
    """The reference answer to a question, as a function."""
    names = setup(source)
    exec(reference(id, question_parts(source)[id].answer), names)
    return names[load_questions(EXERCISES / f"{source.stem}.json")[id].name]


def test_there_are_exercises():
    assert "09_roofline" in [source.stem for source in SOURCES]


@every_exercise
def test_built_files_are_fresh(source, execute_warm):
    """What `labcore build --check` asks of exercises."""
    for path, fresh in build_exercises(source, execute=execute_warm).items():
        assert path.read_text(encoding="utf-8") == fresh, f"{path.name} is stale; run `labcore build`"


def test_cold_kernels_build_what_warm_ones_do():
    """`labcore build` starts a new kernel for each exercise; here for one of them."""
    built = build_exercises(EXERCISES / "keys" / "09_roofline.py")
    assert {path: path.read_text(encoding="utf-8") for path in built} == built


@every_exercise
def test_every_question_has_task_stub_check_and_points(source):
    built = notebook(EXERCISES / f"{source.stem}.ipynb")
    cells = {cell["id"]: cell for cell in built["cells"]}
    assert len(cells) == len(built["cells"])
    questions = question_parts(source)
    assert len(questions) >= 6
    for id, question in questions.items():
        order = [list(cells).index(f"{role}-{id}") for role in ("task", "answer", "check")]
        assert order == sorted(order)
        assert f"*{question.points} points*" in text(cells[f"task-{id}"])
        assert text(cells[f"answer-{id}"]).startswith(f"# answer: {id}\n")
        credit = {"credit": "each"} if question.credit == "each" else {}
        assert cells[f"check-{id}"]["metadata"] == {"check": id, "points": question.points} | credit
        assert len(question.wrong) >= 2
    assert f"{sum(q.points for q in questions.values())} points" in text(built["cells"][0])
    intro = " ".join(text(built["cells"][0]).split())
    assert "about others that you do not" in intro
    assert "earns its points only when all of its inputs come out right, shown or not" in intro


@every_exercise
def test_the_readers_notebook_holds_no_answer_and_no_trace_of_a_run(source):
    built = notebook(EXERCISES / f"{source.stem}.ipynb")
    code = [cell for cell in built["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert set(built["metadata"]["language_info"]) == {"name", "file_extension", "mimetype"}
    whole = "\n".join(text(cell) for cell in code)
    for id, question in question_parts(source).items():
        solution = "".join(match["code"] for match in SOLUTION.finditer(question.answer))
        lines = [line.strip() for line in solution.splitlines() if len(line.strip()) > 12]
        assert lines, id
        assert not [line for line in lines if line in whole]
        assert not [slip for slip in question.wrong if slip in whole]


@every_exercise
def test_the_key_and_the_stored_values_agree(source):
    """The key's outputs, which nbval compares, are what the reader's check wants."""
    questions = load_questions(EXERCISES / f"{source.stem}.json")
    checks = {c["metadata"].get("check"): c for c in notebook(source.with_suffix(".ipynb"))["cells"]}
    for id, question in questions.items():
        (emitted,) = [output["data"][MIME] for output in checks[id]["outputs"]]
        assert [one["value"] for one in emitted["got"]] == question.want
        assert emitted["on"] == question.on
        assert checks[id]["execution_count"] > 0


@every_exercise
def test_every_wrong_answer_is_named_by_its_own_slip(source):
    names, stored = setup(source), load_questions(EXERCISES / f"{source.stem}.json")
    for id, question in question_parts(source).items():
        assert judge(stored[id], ask(names, question, stub(id, question.answer))).outcome == "unanswered"
        answer = SOLUTION.sub(lambda match: match["code"], question.answer)
        assert judge(stored[id], ask(names, question, answer)).outcome == "passed"
        for slip, code in question.wrong.items():
            feedback = judge(stored[id], ask(names, question, code))
            assert feedback.outcome in ("failed", "partial")
            assert feedback.score <= 1 / 2
            assert feedback.message.endswith(f"\nLikely slip: {slip}.")


@pytest.mark.parametrize("source", [*SOURCES, EXERCISES / "template.py"], ids=lambda source: source.stem)
def test_lint_has_nothing_to_say_with_five_seeds(source, execute_warm):
    """The stub scores 0, the key in full, each wrong answer fails, none is hard-coded, weak, flaky or empty."""
    report = lint(source, [f"{source.stem}:{i}" for i in range(5)], execute_warm)
    assert not report.findings, report.text()
    assert len(set(report.seeds)) == 5
    assert report.questions == len(question_parts(source))


@every_exercise
def test_hidden_inputs_alone_catch_every_wrong_answer(source):
    """Not once in a thousand runs is one of them missed, by the share of many inputs that it gets wrong."""
    names = setup(source)
    for id, question in question_parts(source).items():
        scope, hidden, shown = dict(names), [], load_questions(EXERCISES / f"{source.stem}.json")[id]
        exec(question.draw, scope)
        for seed in range(20):
            rng = Random(seed)
            hidden += [scope["draw"](rng) for _ in range(question.count)]
        exec(reference(id, question.answer), scope)
        want = outcomes(scope[shown.name], hidden)
        for slip, code in question.wrong.items():
            wrong = dict(names)
            exec(code, wrong)
            got = outcomes(wrong[shown.name], hidden)
            share = sum(not right(g, w["value"], shown.tolerance) for g, w in zip(got, want, strict=True)) / len(want)
            assert (1 - share) ** question.count < 1e-3, (id, slip, share)


@every_exercise
def test_no_guess_is_right_for_half_of_the_hidden_inputs(source):
    """What lint warns of as WEAK comes by chance less than once in a thousand runs with five seeds."""
    names = setup(source)
    for id, question in question_parts(source).items():
        scope, shown = dict(names), load_questions(EXERCISES / f"{source.stem}.json")[id]
        exec(question.draw, scope)
        exec(reference(id, question.answer), scope)
        rng = Random(id)
        want = outcomes(scope[shown.name], [scope["draw"](rng) for _ in range(1000)])
        guess, often = Counter(map(repr, want)).most_common(1)[0]
        n, share = 5 * question.count, often / len(want)
        half = sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n // 2 + 1, n + 1))
        assert half < 1e-3, (id, guess, share, half)


def test_a_key_cell_hides_nothing_and_imports_its_means_anew():
    cell = {"cell_type": "code", "metadata": {"check": "q1"}, "source": 'check("q1", f)'}
    assert key_cell(cell)["source"].startswith("from labcore.grading.check import emit\n")
    assert key_cell({"cell_type": "code", "metadata": {"wrong": "q1", "slip": "x"}, "source": ""}) is None


# ---- 09_roofline: the reference against labcore and against paper ----

ROOFLINE = EXERCISES / "keys" / "09_roofline.py"


def test_dense_and_convolution_agree_with_operations():
    dense, conv = answer_of(ROOFLINE, "q1"), answer_of(ROOFLINE, "q4")
    assert dense(2, 3, 4, 1) == 2 * 24 / (6 + 12 + 8)
    assert dense(32, 2048, 2048, 2) == matmul(32, 2048, 2048).I
    op = conv2d(32, 3, 224, 224, 64, 7, 7, stride=2, padding=3)
    assert conv(32, 3, 224, 224, 64, 7, 7, 2, 3, 2) == (op.flop, op.D_vol)
    # a 2 x 2 filter has 2 x 2 places in 3 x 3: 4 places of 4 MACs; 9 + 4 + 4 bytes
    assert conv(1, 1, 3, 3, 1, 2, 2, 1, 0, 1) == (2 * 4 * 4, 9 + 4 + 4)


def test_share_agrees_with_the_roofline():
    share = answer_of(ROOFLINE, "q2")
    for chip, I in ((A100, 31), (H100, 200), (H100, 400)):
        R_peak = chip.peak("fp16")
        assert share(R_peak, chip.BW, I) == pytest.approx((ridge(R_peak, chip.BW), utilization(R_peak, chip.BW, I)))


@pytest.mark.parametrize("chip", [A100, H100], ids=lambda chip: chip.name)
@pytest.mark.parametrize("M", [512, 1024, 4096])
def test_least_batch_is_the_first_that_is_compute_bound(chip, M):
    R_peak, BW = chip.peak("fp16"), chip.BW
    B = answer_of(ROOFLINE, "q3")(M, M, 2, R_peak, BW)
    if B is None:  # intensity stays below M N / (M + N) = M / 2
        assert ridge(R_peak, BW) >= M / 2
    else:
        assert bound(matmul(B, M, M).I, ridge(R_peak, BW)) == "compute"
        assert bound(matmul(B - 1, M, M).I, ridge(R_peak, BW)) == "memory"


SLIPS = [
    ("q4", "P = (H + 2 * padding - R)", "P = (H - R)", "the padding is left out"),
    ("q7", "2**30", "10**9", "a GiB is 2^30 B, 7 % more than a GB"),
    ("q7", "capacity * 2**30", "capacity", "the capacity is in GiB and the weights are in bytes"),
]


@pytest.mark.parametrize(("id", "right", "wrong", "words"), SLIPS)
def test_likely_slips_of_a_reader_are_named(id, right, wrong, words):
    question, stored = question_parts(ROOFLINE)[id], load_questions(EXERCISES / "09_roofline.json")[id]
    answer = SOLUTION.sub(lambda match: match["code"], question.answer)
    assert right in answer
    slipped = answer.replace(right, wrong).replace("Q = (W + 2 * padding - S)", "Q = (W - S)")
    message = judge(stored, ask(setup(ROOFLINE), question, slipped)).message
    assert f"\nLikely slip: {words}" in message
    assert "; or: " not in message


def test_fusion_gain_counts_the_traffic_of_the_operations():
    B, M, N, k = 16, 32, 64, 3
    dense, step = matmul(B, M, N).D_vol, elementwise(B * N).D_vol
    assert answer_of(ROOFLINE, "q5")(B, M, N, k) == (dense + k * step) / dense


def test_decoding_takes_the_longer_of_its_two_times():
    decode = answer_of(ROOFLINE, "q6")
    for B in (1, 153, 154, 1000):
        T = least_time(2 * 1.5e9 * B, 3e9, A100.peak("fp16"), A100.BW)
        assert decode(1.5e9, 2, B, A100.peak("fp16"), A100.BW) == pytest.approx((T, B / T))


def test_the_chip_on_time_and_the_kernel_far_from_its_roof():
    offers = [("a", 10, 10, 1, 2.0), ("b", 10, 10, 1, 1.0), ("c", 99, 99, 9, 9.0)]
    cheapest, gap = answer_of(ROOFLINE, "q7"), answer_of(ROOFLINE, "q8")
    assert cheapest(10, 10, 2**30, 1.0, offers) == "b"
    assert cheapest(10, 10, 2**30 + 1, 1.0, offers) == "c"
    assert cheapest(10, 10, 2**30, 0.1, offers) is None
    assert gap([("x", 100, 1, 20.0), ("y", 1, 100, 30.0)], 10, 10) == ("y", 30.0 / (100 / 10))


def drawn(id, times=200):
    """Hidden inputs of a question of 09, as many as that."""
    scope = setup(ROOFLINE)
    exec(question_parts(ROOFLINE)[id].draw, scope)
    rng = Random(7)
    return [scope["draw"](rng) for _ in range(times)]


def test_batches_at_exactly_the_ridge_are_drawn_and_are_exact_in_floats():
    """Three ways to find the least batch agree, at the ridge as well."""
    least, exact, never = answer_of(ROOFLINE, "q3"), 0, 0
    for M, N, b, R_peak, BW in drawn("q3"):
        B = least(M, N, b, R_peak, BW)
        inverse = 2 * BW / (R_peak * b) - 1 / M - 1 / N
        assert (math.ceil(1 / inverse) if inverse > 0 else None) == B
        if B is None:
            never += 1
            assert 2 * M * N / (b * (M + N)) < R_peak / BW
            continue
        intensity, before = (2 * n * M * N / (b * (n * M + M * N + n * N)) for n in (B, B - 1))
        assert before < R_peak / BW <= intensity
        exact += intensity == R_peak / BW
    assert exact > 40
    assert never > 40


def test_offers_are_drawn_with_distinct_prices_exact_times_and_tight_memories():
    cheapest, on_time, tight, none = answer_of(ROOFLINE, "q7"), 0, 0, 0
    for flop, D_vol, weights, T_target, chips in drawn("q7"):
        assert len({price for *_, price in chips}) == len(chips)
        good = [c for c in chips if flop <= T_target * c[1] and D_vol <= T_target * c[2] and weights / 2**30 <= c[3]]
        name = cheapest(flop, D_vol, weights, T_target, chips)
        assert name == (min(good, key=lambda c: c[4])[0] if good else None)
        chosen = [c for c in chips if c[0] == name]
        on_time += any(max(flop / c[1], D_vol / c[2]) == T_target for c in chosen)
        tight += any(c[3] * 1e9 < weights <= c[3] * 2**30 for c in chosen)
        none += name is None
    assert on_time > 40
    assert tight > 40
    assert 0 < none < 100


@pytest.mark.parametrize("id", ["q2", "q4", "q6"])
def test_one_number_of_two_earns_half(id):
    stored, answer = load_questions(EXERCISES / "09_roofline.json")[id], answer_of(ROOFLINE, id)
    first = [{"value": [answer(*on)[0], -1]} for on in stored.on]
    second = [{"value": [-1, answer(*on)[1]]} for on in stored.on]
    for got, words in ((first, " is right, "), (second, " is right, "), ([*first[:1], *second[1:]], " is right, ")):
        feedback = judge(stored, got)
        assert (feedback.outcome, feedback.score) == ("partial", 0.5)
        assert words in feedback.message
    for worth_nothing in ([-1, -1], [True, True], -1, [1, 2, 3], "a", None):
        assert judge(stored, [*first[:-1], {"value": worth_nothing}]).score == 0


# ---- the format ----

SMALL = """# %%
from labcore.grading.check import exercise

check = exercise("01_small")

# %% [markdown] task="q1"
# Add 1.

# %% answer="q1"
def f1(x):
    # solution
    return x + 1
    # end solution

# %% check="q1" points=1
check("q1", f1, on=[10, 0.5])

# %% wrong="q1" slip="1 is taken away"
def f1(x):
    return x - 1

# %% wrong="q1" slip="nothing is added"
def f1(x):
    return x

# %% [markdown] task="q9"
# Three squared.

# %% answer="q9"
# solution
nine = 3**2
# end solution

# %% check="q9" points=1
check("q9", nine)

# %% wrong="q9" slip="that is three doubled"
nine = 3 * 2

# %% wrong="q9" slip="that is three tripled, and one more"
nine = 10
"""
DRAW = "def draw(rng):\n    return rng.random()"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The folder of a small exercise, built."""
    folder = tmp_path_factory.mktemp("exercises")
    source = folder / "keys" / "01_small.py"
    source.parent.mkdir()
    source.write_text(SMALL)
    for path, text in build_exercises(source).items():
        path.write_text(text)
    return folder


def one(source, **edits):
    """The cells of one question as the format has them, with some parts changed."""
    cells = {
        "task": ({"task": "q1"}, "Add 1."),
        "answer": ({"answer": "q1"}, "def f(x):\n    # solution\n    return x + 1\n    # end solution"),
        "check": ({"check": "q1", "points": 1}, 'check("q1", f, on=[1])'),
        "first": ({"wrong": "q1", "slip": "one way"}, "f = 1"),
        "second": ({"wrong": "q1", "slip": "another"}, "f = 2"),
    } | edits
    return [{"cell_type": "code", "metadata": cell[0], "source": cell[1]} for cell in cells.values() if cell]


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"task": None}, "question q1 has no task cell; mark one with task='q1'"),
        ({"answer": ({"answer": "q1"}, "f = 1")}, "question q1 needs the lines '# solution' and '# end solution'"),
        ({"check": ({"check": "q1"}, 'check("q1", f)')}, "question q1 needs points above 0 on its check cell, got 0"),
        ({"check": ({"check": "q1", "points": 1}, 'check("q2", f)')}, 'question q1 needs one call check("q1", name'),
        ({"check": ({"check": "q1", "points": 1}, 'check("q1", f)\nf()')}, "question q1 needs one call"),
        ({"second": None}, "question q1 needs at least two wrong answers, got 1"),
        ({"second": ({"wrong": "q1", "slip": "one way"}, "")}, 'a wrong answer to q1 needs slip="..." in words of'),
        ({"again": ({"task": "q1"}, "Add 2.")}, "question q1 has two task cells; keep one"),
        (
            {"answer": ({"answer": "q1"}, "# solution\nf = (\n# end solution")},
            "question q1 has a solution that is no Python: '(' was never closed",
        ),
        ({"draw": ({"draw": "q1"}, "draw = 1")}, "question q1 has a draw cell that defines no function draw"),
        ({"judge": ({"judge": "q1"}, "def judge(")}, "question q1 has a judge cell that defines no function judge"),
        (
            {"draw": ({"draw": "q1", "count": 0}, DRAW)},
            "question q1 needs a count from 1 to 200 on its draw cell, got 0",
        ),
        ({"draw": ({"draw": "q1", "count": "8"}, DRAW)}, "question q1 needs a count from 1 to 200"),
        (
            {"draw": ({"draw": "q1"}, DRAW), "check": ({"check": "q1", "points": 1}, 'check("q1", f)')},
            "question q1 draws inputs for an answer that is a value; its check cell needs on=[...]",
        ),
        (
            {"check": ({"check": "q1", "points": 1, "credit": "some"}, 'check("q1", f, on=[1])')},
            "question q1 has credit='some' on its check cell; give \"each\", or leave it out",
        ),
        ({"draw": ({"draw": "q3"}, DRAW)}, "question q3 has no task cell; mark one with task='q3'"),
    ],
)
def test_a_source_that_breaks_the_format_is_one_line(edits, message):
    assert list(parts("x.py", one("x.py"))) == ["q1"]
    with pytest.raises(ValueError, match=f"^x\\.py: {re.escape(message)}"):
        parts("x.py", one("x.py", **edits))


def test_a_stub_keeps_the_frame_and_hides_the_solution():
    function = ["import math", "def f(x):", "    # solution", "    y = x", "    return y", "    # end solution"]
    value = ["# solution", "a = 1", "b = 2", "# end solution"]
    assert stub("q1", "\n".join(function + value)).splitlines() == [
        "# answer: q1",
        "import math",
        "def f(x):",
        '    raise NotImplementedError("q1: your code here")',
        "a = ...",
        "b = ...",
    ]


def test_a_wrong_answer_must_show_on_some_input():
    question = Parts(check='check("q1", f, on=[0])', wrong={"no difference at 0": ""})
    key = {"question": "q1", "on": [[0]], "tolerance": 1e-6, "got": [{"value": 0}]}
    with pytest.raises(ValueError, match=r"^q1: wrong answer 'no difference at 0' is right on all inputs; add one"):
        stored_question(question, {"": key, "no difference at 0": key})
    with pytest.raises(ValueError, match=r"^q1: the reference gives \{'value': \{'kind': 'nan'\}\}; give numbers"):
        stored_question(question, {"": key | {"got": [{"value": plain(float("nan"))}]}})


def test_a_judge_must_take_the_reference():
    question = Parts(check='check("q1", f, on=[0])', judge="def judge(on, got, want):\n    return 0, 'no'", wrong={})
    key = {"question": "q1", "on": [[0]], "tolerance": 1e-6, "got": [{"value": 0}]}
    with pytest.raises(ValueError, match=r"^the judge does not take the reference: q1: f\(0\) gives 0; no"):
        stored_question(question, {"": key})


def test_a_source_whose_code_fails_names_the_cell(tmp_path):
    source = tmp_path / "keys" / "01_small.py"
    source.parent.mkdir()
    source.write_text(SMALL.replace("check = exercise", "1 / 0\ncheck = exercise"))
    with pytest.raises(ValueError, match=r"^01_small\.py: the cell 'from labcore.*' raises ZeroDivisionError: divi"):
        build_exercises(source)


def test_cells_run_in_a_kernel_that_is_given_and_that_ends_with_them():
    manager = KernelManager(kernel_name="python3")
    shown = "from IPython.display import display\ndisplay({'a': 'b'}, raw=True)"
    assert [len(outputs) for outputs in execute("a kernel", [shown, "1"], manager)] == [1, 1]
    assert not manager.has_kernel


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("import os\nos._exit(1)", "a cell ended the kernel"),
        ("1 / 0", "the cell '1 / 0' raises ZeroDivisionError: division by zero"),
    ],
)
def test_a_cell_that_fails_is_one_line(cell, words):
    with pytest.raises(ValueError, match=f"^x: {re.escape(words)}"):
        execute("x", ["1", cell])


def test_exercises_are_copied_once(tmp_path):
    copied = copy_exercises(tmp_path)
    assert "09_roofline.ipynb" in [path.name for path in copied]
    copied[0].write_text("my work")
    assert copy_exercises(tmp_path) == []
    assert copied[0].read_text() == "my work"


# ---- the reader's check ----


def test_the_check_judges_in_the_notebook_and_shows_inputs_of_ones_own(small):
    check = exercise("01_small", small)
    assert repr(check("q1", lambda x: x + 1, on=[10, 0.5])) == "q1: right on all 2 inputs"
    own = check("q1", lambda x: x - 1, on=[10, (7,), 0.5])
    assert "Likely slip: 1 is taken away." in own.message
    assert own.message.endswith("\nf1(7) gives 6; not judged")
    assert check("q1", lambda x: x + 1, on=[7]).message == (
        "q1: this cell no longer has the exercise's inputs; copy it anew"
    )
    assert repr(check("q9", ...)) == "q9: not answered yet"
    assert repr(check("q9", 6)) == "q9: nine is 6; wanted 9.\nLikely slip: that is three doubled."
    with pytest.raises(ValueError, match=r"^01_small has no question 'q0'; it has q1, q9$"):
        check("q0", 1)
    with pytest.raises(ValueError, match=r"^no exercise '02_x'; there are: 01_small$"):
        exercise("02_x", small)("q1", 1)


def loops(x):
    while True:
        try:
            x += 1
        except Exception:
            continue


def test_an_endless_loop_ends_in_words(small, monkeypatch):
    monkeypatch.setattr(check_module, "CALL_SECONDS", 0.2)
    before = signal.getsignal(signal.SIGALRM)
    start = time.monotonic()
    feedback = exercise("01_small", small)("q1", lambda x: x + 1 if x == 10 else loops(x), on=[10, 0.5])
    assert time.monotonic() - start < 5
    assert feedback.outcome == "failed"
    assert feedback.message.startswith("q1: f1(0.5) raises TimeoutError: ran longer than 0.2 s; does its loop end?")
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_limit_leaves_other_alarms_and_other_threads_alone():
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1000)
        assert outcomes(lambda x: x, [1], 5.0) == [{"value": 1}]
        assert 900 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with ThreadPoolExecutor() as pool:
        assert pool.submit(outcomes, lambda x: x, [1], 5.0).result() == [{"value": 1}]
