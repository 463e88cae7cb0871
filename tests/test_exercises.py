"""Every exercise there is: built files fresh, every question whole, each wrong answer caught by its own words."""

import json
from pathlib import Path

import pytest

from labcore.catalogue import A100, H100
from labcore.grading.check import outcomes
from labcore.grading.exercise import build_exercises
from labcore.grading.exercise_format import SOLUTION, key_cell, parts, read_cells, stub
from labcore.grading.grade import grade
from labcore.grading.judge import judge, load_questions
from labcore.grading.values import MIME
from labcore.ops import conv2d, elementwise, matmul
from labcore.roofline import bound, least_time, ridge, utilization

EXERCISES = Path(__file__).parent.parent / "exercises"
SOURCES = sorted((EXERCISES / "keys").glob("[0-9][0-9]_*.py"))
every_exercise = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)


def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def text(cell):
    return "".join(cell["source"])


def question_parts(source):
    return parts(source.name, read_cells(source))


def setup(source):
    """The names that an exercise's own cells define."""
    names = {}
    for cell in read_cells(source):
        if cell["cell_type"] == "code" and not cell["metadata"]:
            exec(cell["source"], names)
    return names


def ask(names, question, code):
    """The outcomes of one answer's code for its question's inputs, run here."""
    got = []
    scope = names | {"check": lambda id, answer, on=None, tolerance=0: got.extend(outcomes(answer, on))}
    exec(code, scope)
    exec(question.check, scope)
    return got


def reference(source, id):
    """The reference answer to a question, as a function."""
    names = setup(source)
    questions = question_parts(source)
    exec(SOLUTION.sub(lambda match: match["code"], questions[id].answer), names)
    return names[load_questions(EXERCISES / f"{source.stem}.json")[id].name]


def test_there_are_exercises():
    assert "09_roofline" in [source.stem for source in SOURCES]


@every_exercise
def test_built_files_are_fresh(source):
    for path, fresh in build_exercises(source).items():
        assert path.read_text(encoding="utf-8") == fresh, f"{path.name} is stale; run `labcore build`"


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
        assert cells[f"check-{id}"]["metadata"] == {"check": id, "points": question.points}
        assert len(question.wrong) >= 2
    assert f"{sum(q.points for q in questions.values())} points" in text(built["cells"][0])
    assert "earns its points only when all of its inputs come out right" in " ".join(text(built["cells"][0]).split())


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
            assert feedback.outcome == "failed"
            assert feedback.message.endswith(f"\nLikely slip: {slip}.")


@every_exercise
def test_the_stub_scores_nothing_and_the_key_everything(source):
    blank = grade(EXERCISES / f"{source.stem}.ipynb")
    assert blank.earned == 0
    assert not blank.passed
    full = grade(source.with_suffix(".ipynb"))
    assert full.passed
    assert full.earned == blank.points == sum(question.points for question in question_parts(source).values())


@every_exercise
@pytest.mark.parametrize("turn", range(3))
def test_a_wrong_answer_fails_its_own_question_alone(source, turn, tmp_path):
    """Through nbval: every third question gets its first wrong answer, the others the reference."""
    key = notebook(source.with_suffix(".ipynb"))
    wrong = {id: q.wrong for i, (id, q) in enumerate(question_parts(source).items()) if i % 3 == turn}
    slips = {id: list(answers)[turn % len(answers)] for id, answers in wrong.items()}
    for cell in key["cells"]:
        id = cell["metadata"].get("answer")
        if id in wrong:
            cell["source"] = wrong[id][slips[id]]
    path = tmp_path / source.with_suffix(".ipynb").name
    path.write_text(json.dumps(key))
    for result in grade(path).results:
        assert result.outcome == ("failed" if result.question in wrong else "passed")
        assert slips.get(result.question, "") in result.message


def test_a_key_cell_hides_nothing_and_imports_its_means_anew():
    cell = {"cell_type": "code", "metadata": {"check": "q1"}, "source": 'check("q1", f)'}
    assert key_cell(cell)["source"].startswith("from labcore.grading.check import emit\n")
    assert key_cell({"cell_type": "code", "metadata": {"wrong": "q1", "slip": "x"}, "source": ""}) is None


# ---- 09_roofline: the reference against labcore and against paper ----

ROOFLINE = EXERCISES / "keys" / "09_roofline.py"


def test_dense_and_convolution_agree_with_operations():
    dense, conv = reference(ROOFLINE, "q1"), reference(ROOFLINE, "q4")
    assert dense(2, 3, 4, 1) == 2 * 24 / (6 + 12 + 8)
    assert dense(32, 2048, 2048, 2) == matmul(32, 2048, 2048).I
    op = conv2d(32, 3, 224, 224, 64, 7, 7, stride=2, padding=3)
    assert conv(32, 3, 224, 224, 64, 7, 7, 2, 3, 2) == (op.flop, op.D_vol)
    # a 2 x 2 filter has 2 x 2 places in 3 x 3: 4 places of 4 MACs; 9 + 4 + 4 bytes
    assert conv(1, 1, 3, 3, 1, 2, 2, 1, 0, 1) == (2 * 4 * 4, 9 + 4 + 4)


def test_share_agrees_with_the_roofline():
    share = reference(ROOFLINE, "q2")
    for chip, I in ((A100, 31), (H100, 200), (H100, 400)):
        R_peak = chip.peak("fp16")
        assert share(R_peak, chip.BW, I) == pytest.approx((ridge(R_peak, chip.BW), utilization(R_peak, chip.BW, I)))


@pytest.mark.parametrize("chip", [A100, H100], ids=lambda chip: chip.name)
@pytest.mark.parametrize("M", [512, 1024, 4096])
def test_least_batch_is_the_first_that_is_compute_bound(chip, M):
    R_peak, BW = chip.peak("fp16"), chip.BW
    B = reference(ROOFLINE, "q3")(M, M, 2, R_peak, BW)
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
    assert reference(ROOFLINE, "q5")(B, M, N, k) == (dense + k * step) / dense


def test_decoding_takes_the_longer_of_its_two_times():
    decode = reference(ROOFLINE, "q6")
    for B in (1, 153, 154, 1000):
        T = least_time(2 * 1.5e9 * B, 3e9, A100.peak("fp16"), A100.BW)
        assert decode(1.5e9, 2, B, A100.peak("fp16"), A100.BW) == pytest.approx((T, B / T))


def test_the_chip_on_time_and_the_kernel_far_from_its_roof():
    offers = [("a", 10, 10, 1, 2.0), ("b", 10, 10, 1, 1.0), ("c", 99, 99, 9, 9.0)]
    cheapest, gap = reference(ROOFLINE, "q7"), reference(ROOFLINE, "q8")
    assert cheapest(10, 10, 2**30, 1.0, offers) == "b"
    assert cheapest(10, 10, 2**30 + 1, 1.0, offers) == "c"
    assert cheapest(10, 10, 2**30, 0.1, offers) is None
    assert gap([("x", 100, 1, 20.0), ("y", 1, 100, 30.0)], 10, 10) == ("y", 30.0 / (100 / 10))
