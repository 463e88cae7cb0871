"""Self-check items: right answers pass, slips are named, anything else is told what is wanted."""

import math

import pytest

from labcore.catalogue import A100, H100, V100
from labcore.grading import selfcheck as module
from labcore.grading.selfcheck import progress, selfcheck
from tests import selfcheck_answers

# right answers, derived by hand from the data sheets' 125 / 0.9, 312 / 2.039, 989 / 3.35 (TFLOP/s over TB/s)
RIGHT = {
    "roofline-1": {"V100", "A100"},  # ridges 139 and 153 lie below 180; H200 206 and H100 295 above
    "roofline-2": (256, (256 * 2 * 2048 + 2048**2) / (2 * 2048 + 2048**2)),
    "roofline-3": "c",
    "roofline-4": 200 * 3.35 / 312,  # 670 TFLOP/s against 312
    "roofline-5": 312 / 2.039 / 0.8,
    "roofline-6": "b",
}
SLIPS = [
    ("roofline-1", {"H200", "H100"}, "Turn it round"),
    ("roofline-1", {"V100", "A100", "H200"}, "The H200's ridge is 206 FLOP/B"),
    ("roofline-1", {"T4"}, "T4 is not among the four, V100, A100, H200, H100."),
    ("roofline-1", {"A100"}, "The V100's ridge is 139 FLOP/B"),
    ("roofline-1", [H100], "The V100's ridge"),  # the first in the order of the question, listed or left out
    ("roofline-1", "a100, V100, T4", "T4 is not among the four"),
    ("roofline-2", (RIGHT["roofline-2"][1], 256), "wrong order"),
    ("roofline-2", (256, 1), "inputs and outputs"),
    ("roofline-2", (16, 1.25), "the batch itself"),
    ("roofline-2", (256, 256), "only two of them grow"),
    ("roofline-3", "(d)", "2048 FLOP/B"),
    ("roofline-4", 989 / 312, "ratio of the peaks"),
    ("roofline-4", 3.35 / 2.039, "ratio of the bandwidths"),
    ("roofline-5", 0.8 / 153, "Upside down"),
    ("roofline-5", 19.5 / 2.039 / 0.8, "FP32"),
    ("roofline-6", "C", "still waits"),
]
RIGHT |= selfcheck_answers.RIGHT
SLIPS += selfcheck_answers.SLIPS


@pytest.fixture(autouse=True)
def forget():
    module.RIGHT.clear()


@pytest.mark.parametrize("answer", ["V100, A100", "a100,v100", ["v100", "a100"], [A100, V100], (A100, "V100")])
def test_chips_may_be_named_in_any_of_the_usual_ways(answer):
    assert selfcheck("roofline-1", answer).right


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("roofline-4", "2.15x"), ("roofline-4", "2.15 ×"), ("roofline-4", " 2.15 "), ("roofline-5", "191 x"),
        ("roofline-5", "191 %"), ("roofline-2", ("256x", "1.25 ×")),
    ],
)  # fmt: skip
def test_a_sign_beside_a_number_is_no_slip(id, answer):
    assert selfcheck(id, answer).right


@pytest.mark.parametrize("section", ["rooflne", "roof", ""])
def test_progress_in_no_section_is_an_error(section):
    sections = (
        "acceleration, architectures, codesign, compiler, dataflow, execution, fallacies, summary, fusion, layouts, "
        "mapping, memory, multichip, numerics, primitives, roofline, runtime, serving, soc, sparsity, specialization, "
        "sustainability, systolic, tiling"
    )  # fmt: skip
    with pytest.raises(ValueError, match=rf"^no self-check section '{section}'; there are {sections}$"):
        progress(section)


@pytest.mark.parametrize("id", RIGHT)
def test_right_answers_pass(id):
    assert repr(selfcheck(id, RIGHT[id])) == f"{id}: right"


@pytest.mark.parametrize(("id", "answer", "words"), SLIPS)
def test_slips_are_named(id, answer, words):
    feedback = selfcheck(id, answer)
    assert not feedback.right
    assert words in feedback.words


@pytest.mark.parametrize("id", RIGHT)
@pytest.mark.parametrize("answer", [None, math.nan, "z", [], object])
def test_any_other_answer_gets_feedback_and_no_traceback(id, answer):
    feedback = selfcheck(id, answer)
    assert not feedback.right
    assert feedback.words.startswith("not yet. ")


def test_progress_counts_right_answers_only():
    selfcheck("roofline-3", "a")
    assert repr(progress("roofline")) == "roofline: 0 of 6 right"
    for id, answer in RIGHT.items():
        selfcheck(id, answer)
    assert repr(progress("roofline")) == "roofline: 6 of 6 right"


def test_an_unanswered_item_says_so_and_an_unknown_one_is_an_error():
    assert repr(selfcheck("roofline-1", ...)) == "roofline-1: not answered yet"
    with pytest.raises(ValueError, match=r"^no self-check item 'roofline-9'; there are roofline-1, .*roofline-6$"):
        selfcheck("roofline-9", 1)
