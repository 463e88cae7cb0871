"""Self-check items: right answers pass, slips are named, anything else is told what is wanted."""

import ast
import math

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

from labcore.catalogue import A100, H100, V100
from labcore.grading import selfcheck as module
from labcore.grading.selfcheck import progress, selfcheck
from labcore.grading.selfcheck_names import answer as look_up
from labcore.grading.selfcheck_names import answers
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


# ---- a letter or a name without quotes ----


def test_a_letter_without_quotes_is_said_to_be_the_name_of_something_else():
    words = selfcheck("systolic-4", np.array([[1, 3], [6, 2]])).words
    assert "wants a letter from a to d, in quotes; without quotes it is the name of something else; you gave" in words
    assert "quotes" not in selfcheck("systolic-4", "z").words
    assert "quotes" not in selfcheck("systolic-1", [1]).words, "a number has none"


CELL = """from labcore.grading.selfcheck import progress, selfcheck
display(
    selfcheck("systolic-1", 2 / 64),
    selfcheck("systolic-5", ws),
    progress("systolic"),
)
"""
ASK = {"selfcheck": selfcheck, "progress": progress}


def test_the_answers_of_the_statement_that_stopped_are_found_in_order():
    found = [ast.unparse(call) for call in answers(CELL, 2, "ws", ASK)]
    assert found == ["selfcheck('systolic-1', 2 / 64)", "selfcheck('systolic-5', ws)", "progress('systolic')"]
    assert list(answers(CELL, 1, "ws", ASK)) == [], "another statement stopped"
    assert list(answers(CELL, 2, "nothing", ASK)) == [], "a name that no answer holds: the fault is not an answer's"
    assert list(answers("print(ws)", 1, "ws", ASK)) == []


def test_an_answer_that_means_nothing_costs_its_own_item():
    call = ast.parse("selfcheck('systolic-5', ws)").body[0].value
    assert repr(look_up(call, {}, ASK, module.refused)) == (
        "systolic-5: not yet. `ws` without quotes is the name of something, and nothing has that name here; a text "
        "stands in quotes: 'ws'."
    )
    assert repr(look_up(call, {"ws": "ws"}, ASK, module.refused)) == "systolic-5: right"
    look_up(call, {}, ASK, module.refused)
    assert repr(progress("systolic")) == "systolic: 0 of 6 right", "an answer that was right counts no more"


def test_in_a_notebook_one_missing_name_takes_no_other_item_s_feedback():
    """The real thing, in a kernel; a NameError of other code is what it always was."""
    manager, client = start_new_kernel(kernel_name="python3")
    said = []

    def hear(message):
        content = message["content"]
        said.append(content.get("data", {}).get("text/plain") or content.get("evalue", ""))

    try:
        client.execute_interactive(CELL, output_hook=hear, timeout=60)
        client.execute_interactive("x = nothing + 1", output_hook=hear, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    first, second, *rest = filter(None, said)
    assert first == "systolic-1: right"
    assert second.startswith("systolic-5: not yet. `ws` without quotes")
    assert rest == ["systolic: 1 of 6 right", "name 'nothing' is not defined"]
