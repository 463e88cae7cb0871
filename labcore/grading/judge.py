"""The one judge of answers: the reader's check and the grader ask it, so both say the same.

It sees values only, as `labcore.grading.values.plain` makes them, and is a pure function of them. What it wants, and
what each catalogued wrong answer gives for the same inputs, was computed when the exercise was built. An answer
that matches a wrong one in every value gets the words of that slip; else a steady ratio to what is wanted may tell.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from labcore.grading.values import close, is_number, kind, numbers, show

NOT_ANSWERED = "not answered yet"

# got / wanted, and what usually lies behind it
RATIOS = (
    (1 / 2, "half of what is wanted: MACs taken for FLOP, one way of a link for both, reads without writes"),
    (2.0, "twice what is wanted: FLOP taken for MACs, both ways of a link for one, a sparse peak for the dense one"),
    (8.0, "8 times what is wanted: bits where bytes belong"),
    (1 / 8, "an eighth of what is wanted: bytes where bits belong, or bytes divided by 8 once more"),
    (2**30 / 1e9, "1.074 times what is wanted: GiB (2^30 B) where GB (10^9 B) belongs"),
    (1e9 / 2**30, "1 / 1.074 of what is wanted: GB (10^9 B) where GiB (2^30 B) belongs"),
    (1.024, "1.024 times what is wanted: KiB (1024 B) where kB (1000 B) belongs"),
    (100.0, "100 times what is wanted: a percentage where a share of 1 belongs"),
    (1 / 100, "a hundredth of what is wanted: a share of 1 where a percentage belongs"),
    (-1.0, "the sign is turned round"),
    *((10.0**e, f"10^{e} times what is wanted: a prefix too many or too few (k, M, G, T)") for e in (3, 6, 9, 12)),
    *((10.0**-e, f"10^-{e} times what is wanted: a prefix too many or too few (k, M, G, T)") for e in (3, 6, 9, 12)),
)


@dataclass(frozen=True)
class Question:
    """What the judge knows of one question.

    `on` holds the arguments of each input (None where the answer is a value, not a function), `want` the value
    for each. `slips` maps the words of a slip to the outcomes that this wrong answer has. An outcome is
    {"value": ...}, {"error": "TypeError: ..."} or {"unanswered": True}.
    """

    id: str
    name: str
    on: list | None
    want: list
    slips: Mapping[str, list]
    tolerance: float = 1e-6


@dataclass(frozen=True)
class Feedback:
    """What is said to an answer; a notebook shows it as its words. `score` is 0 or 1 here; partial credit may come."""

    outcome: str  # passed, failed, unanswered or error
    message: str

    @property
    def score(self) -> float:
        """Share of the points."""
        return float(self.outcome == "passed")

    def __repr__(self) -> str:
        return self.message


def load_questions(path: Path) -> dict[str, Question]:
    """Read what `labcore build` stored beside the reader's notebook."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {id: Question(id=id, **fields) for id, fields in stored.items()}


def judge(question: Question, got: list) -> Feedback:
    """Feedback on the outcomes that an answer has for the question's inputs.

    >>> area = Question("q1", "area", on=[[2, 3]], want=[6], slips={"add the sides": [{"value": 5}]})
    >>> judge(area, [{"value": 5}])
    q1: area(2, 3) gives 5; wanted 6.
    Likely slip: add the sides.
    """
    id, want, count = question.id, question.want, len(question.want)
    if not isinstance(got, list) or len(got) != count or not all(isinstance(one, dict) for one in got):
        return Feedback("error", f"{id}: the check wants one outcome for each of {count} inputs; something else came")
    if all("unanswered" in one for one in got):
        return Feedback("unanswered", f"{id}: {NOT_ANSWERED}")
    wrong = [i for i in range(count) if not right(got[i], want[i], question.tolerance)]
    if not wrong:
        return Feedback("passed", f"{id}: right" + (f" on all {count} inputs" if count > 1 else ""))
    smallest = min(wrong, key=lambda i: size(question.on[i])) if question.on else 0
    lines = [f"{id}: {outcome_words(question, smallest, got[smallest])}."]
    if len(wrong) > 1:
        lines.append(f"{len(wrong)} of {count} inputs come out wrong; this is the smallest.")
    if slip := likely_slip(question, got, wrong) or wrong_kind(got[smallest], want[smallest]):
        lines.append(f"Likely slip: {slip}.")
    return Feedback("failed", "\n".join(lines))


def right(outcome: dict, want: object, tolerance: float) -> bool:
    """Whether one outcome is the wanted value.

    >>> right({"value": 6}, 6, 1e-6), right({"error": "TypeError: no"}, 6, 1e-6)
    (True, False)
    """
    return "value" in outcome and close(outcome["value"], want, tolerance)


def size(arguments: list) -> float:
    """How large an input is to a person: its digits in all, roughly.

    >>> size([2, 3]) < size([32, 2048]) < size([[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]])
    True
    """
    return sum(1 + math.log2(1 + abs(number)) for number in numbers(arguments))


def outcome_words(question: Question, index: int, outcome: dict) -> str:
    """The call, what came of it, and what was wanted."""
    name, wanted = question.name, f"wanted {show(question.want[index])}"
    call = f"{name}({', '.join(show(one) for one in question.on[index])})" if question.on else name
    if "error" in outcome:
        return f"{call} raises {str(outcome['error'])[:300]}; {wanted}"
    if "unanswered" in outcome:
        return f"{call} is not answered yet; {wanted}"
    value = outcome.get("value")
    came = show(value) if show(value) != show(question.want[index]) else repr(value)
    return f"{call} {'gives' if question.on else 'is'} {came}; {wanted}"


def likely_slip(question: Question, got: list, wrong: list[int]) -> str:
    """The words of the catalogued wrong answer that has these outcomes, else of a ratio that all wrong values share."""
    found = [words for words, outcomes in question.slips.items() if same(got, outcomes, question.tolerance)]
    if found:
        return "; or: ".join(found)
    pairs = [pair for i in wrong for pair in wrong_numbers(got[i].get("value"), question.want[i], question.tolerance)]
    return ratio_words(pairs)


def same(got: list, outcomes: list, tolerance: float) -> bool:
    """Whether two lists of outcomes agree: equal values, or errors of one type.

    >>> same([{"error": "TypeError: a"}], [{"error": "TypeError: b"}], 1e-6)
    True
    """
    for one, other in zip(got, outcomes, strict=True):
        if "error" in one and "error" in other:
            if str(one["error"]).split(":")[0] != other["error"].split(":")[0]:
                return False
        elif not ("value" in one and "value" in other and close(one["value"], other["value"], tolerance)):
            return False
    return True


def wrong_numbers(got: object, want: object, tolerance: float) -> list[tuple[float, float]]:
    """Pairs (got, wanted) of the numbers that differ, for values of one shape.

    >>> wrong_numbers([1, 4], [1, 2], 1e-6)
    [(4, 2)]
    """
    a, b = list(numbers(got)), list(numbers(want))
    if len(a) != len(b):
        return []
    return [pair for pair in zip(a, b, strict=True) if not close(*pair, tolerance)]


def ratio_words(pairs: list[tuple[float, float]]) -> str:
    """What a ratio that all pairs share usually means, or nothing.

    >>> ratio_words([(3, 6), (8, 16)])[:23]
    'half of what is wanted:'
    """
    if not pairs or any(got == 0 or want == 0 for got, want in pairs):
        return ""
    ratios = [got / want for got, want in pairs]
    for ratio, words in RATIOS:
        if all(math.isclose(one, ratio, rel_tol=1e-4) for one in ratios):
            return words
    if all(math.isclose(got * want, 1, rel_tol=1e-4) for got, want in pairs):
        return "one over what is wanted: the quotient is upside down"
    if all(is_rounded(got, want) for got, want in pairs):
        return "the value is rounded: return it as computed, and round where a person reads it"
    return ""


def is_rounded(got: float, want: float) -> bool:
    """Whether `got` is what `want` becomes when it is rounded to a few digits.

    >>> is_rounded(31.0, 31.03), is_rounded(32.0, 31.03)
    (True, False)
    """
    return any(math.isclose(got, round(want, digits), rel_tol=1e-12) for digits in range(7)) or any(
        math.isclose(got, float(f"{want:.{digits}g}"), rel_tol=1e-12) for digits in range(2, 7)
    )


def wrong_kind(outcome: dict, want: object) -> str:
    """What an error, or a value of the wrong kind, usually means, or nothing."""
    if str(outcome.get("error")).startswith("NameError"):
        return "a name that the answer cell does not define; helpers belong into the answer cell, which alone is graded"
    if "value" not in outcome:
        return ""
    if kind(outcome["value"]) == kind(want):
        if isinstance(want, list) and close(outcome["value"][::-1], want, 1e-6):
            return "the values are right and in the wrong order"
        return "a whole number is wanted" if is_fraction(outcome["value"], want) else ""
    value = outcome["value"]
    if value is None:
        return f"it returns None where {kind(want)} is wanted; is a `return` missing"
    if kind(value) in ("nan", "inf", "-inf") and is_number(want):
        return f"{kind(value)} comes from 0 / 0, inf - inf or a number too large; find the step where it starts"
    return f"{kind(want)} is wanted, {kind(value)} came"


def is_fraction(value: object, want: object) -> bool:
    """Whether a whole number is wanted and another kind of number came.

    >>> is_fraction(180.6, 181), is_fraction(180.0, 181)
    (True, False)
    """
    return isinstance(want, int) and is_number(value) and is_number(want) and value != int(value)
