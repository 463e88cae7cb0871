"""The one judge of answers: the reader's check and the grader ask it, so both say the same.

It sees values only, as `labcore.grading.values.plain` makes them, and is a pure function of them. What it wants, and
what each catalogued wrong answer gives for the same inputs, was computed when the key ran. An answer that matches a
wrong one in every value gets the words of that slip; else a steady ratio to what is wanted may tell. Values come
from a process that nobody vouches for: whatever JSON they are, the judge ends soon and raises nothing.
"""

from __future__ import annotations

import builtins
import copy
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from labcore.grading.slips import ratio_words, same, wrong_kind, wrong_numbers
from labcore.grading.values import alike, close, natural, numbers, plain, received, show

NOT_ANSWERED = "not answered yet"


@dataclass(frozen=True)
class Question:
    """What the judge knows of one question.

    `on` holds the arguments of each input (None where the answer is a value, not a function), `want` the value
    for each. `slips` maps the words of a slip to the outcomes that this wrong answer has. An outcome is
    {"value": ...}, {"error": "TypeError: ..."} or {"unanswered": True}.
    The student sees the first `shown` inputs (None: all of them) and, for these and for an answer that is a value,
    what is wanted. Of the other inputs no message shows what they are, what is wanted there or what came.
    `credit` is "all" (the least share of any input counts) or "each" (the mean share). `judge` is the source of a
    function judge(on, got, want) -> (share, words) that replaces the comparison of one value with the wanted one.
    """

    id: str
    name: str
    on: list | None
    want: list
    slips: Mapping[str, list]
    tolerance: float = 1e-6
    shown: int | None = None
    credit: str = "all"
    judge: str = ""


@dataclass(frozen=True)
class Feedback:
    """What is said to an answer; a notebook shows it as its words."""

    outcome: str  # passed, partial, failed, unanswered or error
    message: str
    score: float = 0.0  # share of the points
    slip: str = ""  # the likely slip in words, where one is known

    def __repr__(self) -> str:
        return self.message


class JudgeError(Exception):
    """A question's own judge failed, which is not the answer's fault."""


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
    got = [tidy(one) for one in got]
    if all("unanswered" in one for one in got):
        return Feedback("unanswered", f"{id}: {NOT_ANSWERED}")
    try:
        verdicts = [verdict(question, i, one) for i, one in enumerate(got)]
    except JudgeError as error:
        return Feedback("error", f"{id}: {error}")
    shares = [share for share, _ in verdicts]
    wrong = [i for i, share in enumerate(shares) if share < 1]
    if not wrong:
        return Feedback("passed", f"{id}: right" + (f" on all {count} inputs" if count > 1 else ""), 1.0)
    score, slip = earned(question, shares), likely_slip(question, got, wrong)
    if seen := [i for i in wrong if i < seen_inputs(question)]:
        worst = min(shares[i] for i in seen)  # the input to show is one where all that is lost is wrong
        shown = [i for i in seen if shares[i] == worst]
        smallest = min(shown, key=lambda i: size(question.on[i])) if question.on else 0
        lines = [f"{id}: {outcome_words(question, smallest, got[smallest], verdicts[smallest][1])}."]
        lines += [line] if (line := counted(question, len(seen), len(wrong) - len(seen))) else []
        slip = slip or wrong_kind(got[smallest], want[smallest])
    else:
        lines = [unseen_words(question, [got[i] for i in wrong])]
    lines += [line] if (line := share_words(question, shares, score)) else []
    lines += [f"Likely slip: {slip}."] if slip else []
    return Feedback("partial" if score else "failed", "\n".join(lines), score, slip)


def passes(question: Question, got: list[dict]) -> bool:
    """Whether `judge` would say passed, without the words for what is wrong; it ends at the first that is.

    >>> area = Question("q1", "area", on=[[2, 3], [4, 5]], want=[6, 20], slips={})
    >>> passes(area, [{"value": 6}, {"value": 20}]), passes(area, [{"value": 6}, {"value": 9}])
    (True, False)
    """
    try:
        right_count = len(got) == len(question.want) > 0
        return right_count and all(verdict(question, i, tidy(one))[0] >= 1 for i, one in enumerate(got))
    except JudgeError:
        return False


def tidy(outcome: dict) -> dict:
    """One outcome as it may come from anywhere, in the form and within the bounds that an honest one has.

    >>> tidy({"value": 1, "error": "x"})
    {'error': 'CheckError: no outcome, or several, came'}
    """
    if list(outcome) == ["value"]:
        return {"value": received(outcome["value"])}
    if list(outcome) == ["unanswered"]:
        return {"unanswered": True}
    if list(outcome) == ["error"] and isinstance(outcome["error"], str):
        return {"error": outcome["error"][:300]}
    return {"error": "CheckError: no outcome, or several, came"}


def right(outcome: dict, want: object, tolerance: float) -> bool:
    """Whether one outcome is the wanted value.

    >>> right({"value": 6}, 6, 1e-6), right({"error": "TypeError: no"}, 6, 1e-6)
    (True, False)
    """
    return list(outcome) == ["value"] and close(outcome["value"], want, tolerance)


def verdict(question: Question, index: int, outcome: dict) -> tuple[float, str]:
    """The share that one outcome earns, and the words of the question's own judge; raises JudgeError where it fails."""
    want = question.want[index]
    if not question.judge or "value" not in outcome:
        return float(right(outcome, want, question.tolerance)), ""
    given = question.on[index] if question.on else None
    try:
        share, words = own_judge(question.judge)(*copy.deepcopy((natural(given), outcome["value"], want)))
        share, words = plain(share), str(words)[:300]
        if not 0 <= share <= 1:
            raise ValueError(share)
    except (Exception, SystemExit) as error:
        if not alike(outcome["value"], want):  # a judge need not be ready for values of every kind
            return 0.0, ""
        problem = f"{type(error).__name__} in the question's judge, which is no fault of the answer; tell your teacher"
        raise JudgeError(problem) from error
    return (1.0, words) if share >= 1 - 1e-9 else (float(share), words)


@lru_cache(maxsize=256)
def own_judge(source: str) -> Callable:
    """The function `judge` that a question brings along."""
    names: dict = {}
    exec(source, names)
    return names["judge"]


def seen_inputs(question: Question) -> int:
    """How many of the inputs the student sees."""
    return len(question.want) if question.shown is None else question.shown


def earned(question: Question, shares: list[float]) -> float:
    """The share of the points; with credit for each input, the lesser of the mean over shown and over hidden inputs.

    So a table of the shown values earns nothing, as it does where all inputs must be right.

    >>> earned(Question("q1", "f", [[1], [2], [3]], [1, 2, 3], {}, shown=1, credit="each"), [1.0, 0.0, 1.0])
    0.5
    """
    if question.credit == "all":
        return min(shares)
    parts = shares[: seen_inputs(question)], shares[seen_inputs(question) :]
    return min(sum(part) / len(part) for part in parts if part)


def share_words(question: Question, shares: list[float], score: float) -> str:
    """What share of the points an answer that is not right earns, and what decides; empty where it is plainly none."""
    percent = f"{100 * score:.3g} % of the points"
    if question.shown is None:  # a reader's notebook knows no hidden inputs
        more = ", in view of the inputs shown; hidden ones count too, and the lesser share is your mark"
        return f"{percent}{more if question.on else ''}." if score else ""
    seen = earned(question, shares[: question.shown]) if question.shown else 0.0
    if score < seen < 1:
        return f"{percent}: hidden inputs decide; those that you see would give {100 * seen:.3g} %."
    return f"{percent}." if score else ""


def size(arguments: list) -> float:
    """How large an input is to a person: its digits in all, roughly.

    >>> size([2, 3]) < size([32, 2048]) < size([[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 2, 3]])
    True
    """
    return sum(1 + math.log2(1 + abs(number)) for number in numbers(arguments))


def call_words(name: str, arguments: list) -> str:
    """A call as a person writes it.

    >>> call_words("area", [[2, 3]]), call_words("area", [2, 3])
    ('area((2, 3))', 'area(2, 3)')
    """
    return f"{name}({', '.join(map(show, arguments))})"


def outcome_words(question: Question, index: int, outcome: dict, words: str) -> str:
    """The call, what came of it, and what was wanted."""
    name, want = question.name, show(question.want[index])
    call = call_words(name, question.on[index]) if question.on else name
    wanted = f"one right answer is {want}" if question.judge else f"wanted {want}"
    if "error" in outcome:
        return f"{call} raises {outcome['error']}; {wanted}"
    if "unanswered" in outcome:
        return f"{call} is not answered yet; {wanted}"
    value = outcome["value"]
    came = show(value) if show(value) != want else repr(value)[:300]
    return f"{call} {'gives' if question.on else 'is'} {came}; {f'{words}; ' if words else ''}{wanted}"


def counted(question: Question, seen: int, unseen: int) -> str:
    """How many inputs come out wrong, in a line; empty where that is only the one that was told of."""
    shown, count = seen_inputs(question), len(question.want)
    smallest = "; this is the smallest" if seen > 1 else ""
    if unseen:
        return f"{seen} of {shown} inputs that you see and {unseen} of {count - shown} others come out wrong{smallest}."
    return f"{seen} of {shown} inputs come out wrong{smallest}." if seen > 1 else ""


def unseen_words(question: Question, wrong: list[dict]) -> str:
    """What is said where all shown inputs come out right: how many others do not, and the types of errors."""
    shown, count = seen_inputs(question), len(question.want)
    seen = f"right on the {shown} inputs that you see, " if shown > 1 else "right on the input that you see, "
    lines = [f"{question.id}: {seen if shown else ''}wrong on {len(wrong)} of {count - shown} others."]
    if errors := sorted({error_type(one["error"]) for one in wrong if "error" in one}):
        lines.append(f"There it raises {', '.join(errors)}.")
    return "\n".join(lines)


def error_type(error: str) -> str:
    """The type of an error if it is one of Python's own; another name could tell of the input.

    >>> error_type("ValueError: 12 is odd"), error_type("E12: x")
    ('ValueError', 'an error of its own')
    """
    found = getattr(builtins, error.split(":")[0], None)
    known = isinstance(found, type) and issubclass(found, BaseException)
    return found.__name__ if known else "an error of its own"


def likely_slip(question: Question, got: list, wrong: list[int]) -> str:
    """The words of the catalogued wrong answer that has these outcomes, else of a ratio that all wrong values share."""
    found = [words for words, outcomes in question.slips.items() if same(got, outcomes, question.tolerance)]
    if found or question.judge:
        return "; or: ".join(found)
    pairs = [pair for i in wrong for pair in wrong_numbers(got[i].get("value"), question.want[i], question.tolerance)]
    return ratio_words(pairs)
