"""What the check cells of an exercise call, in the reader's kernel and in the grader's.

A reader's notebook says `check = exercise("09_roofline")` once; each check cell then gives feedback at once, from
values that were computed when the exercise was built. The key notebook, into which the grader grafts answers, calls
`emit` instead: it shows the values of the answer and judges nothing, since the kernel belongs to whoever answers.
`drawn` and `refer` run with the reference alone, never beside somebody's answers: they draw the hidden inputs and show
what the reference and the catalogued wrong answers give for them.
"""

from __future__ import annotations

import copy
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from labcore.grading.judge import Feedback, Question, call_words, judge, load_questions
from labcore.grading.values import MIME, as_source, kind, plain, show
from labcore.house import checkout
from labcore.units import Seconds

TOLERANCE = 1e-6
CALL_SECONDS: Seconds = 10.0  # that one call of an answer may run in the reader's notebook; the grader has its own


class Overrun(BaseException):
    """A call ran too long; no Exception, so that an answer that catches those does not catch this one."""


def exercise(name: str, folder: Path | None = None) -> Callable[..., Feedback]:
    """The check function of one exercise; raises ValueError, with the names there are, for one that does not exist.

    >>> check = exercise("09_roofline")
    >>> check("q9", None)
    Traceback (most recent call last):
    ValueError: 09_roofline has no question 'q9'; it has q1, q2, q3, q4, q5, q6, q7, q8
    """

    def check(question: str, answer: object, on: list | None = None, tolerance: float = TOLERANCE) -> Feedback:
        questions = load_questions(stored_values(name, folder))
        if question not in questions:
            raise ValueError(f"{name} has no question {question!r}; it has {', '.join(questions)}")
        return with_own_inputs(questions[question], arguments(on), outcomes(answer, on, CALL_SECONDS))

    return check


def stored_values(name: str, folder: Path | None = None) -> Path:
    """The file of wanted values: one that lies beside the notebook, as a release writes it, else the exercise's."""
    if folder is None and (beside := Path(f"{name}.json")).is_file():
        return beside
    folder = folder or checkout("exercises")
    path = folder / f"{name}.json"
    if not path.is_file():
        names = ", ".join(sorted(one.stem for one in folder.glob("[0-9][0-9]_*.json"))) or "none"
        raise ValueError(f"no exercise {name!r}; there are: {names}")
    return path


def with_own_inputs(question: Question, on: list | None, got: list[dict]) -> Feedback:
    """Feedback on the exercise's inputs, and what the answer gives on others that the reader has added."""
    if on == question.on:
        return judge(question, got)
    given, wanted = on or [], question.on or []
    if question.on is None or any(each not in given for each in wanted):
        return Feedback("failed", f"{question.id}: this cell no longer has the exercise's inputs; copy it anew")
    feedback = judge(question, [got[given.index(each)] for each in wanted])
    added = [(each, one) for each, one in zip(given, got, strict=True) if each not in wanted]
    lines = [f"{call_words(question.name, each)} gives {words(one)}; not judged" for each, one in added]
    return replace(feedback, message="\n".join([feedback.message, *lines]))


def words(outcome: dict) -> str:
    """One outcome as a person reads it."""
    return show(outcome["value"]) if "value" in outcome else outcome.get("error", "nothing yet")


def emit(question: str, answer: object, on: list | None = None, tolerance: float = TOLERANCE) -> None:
    """Show the values of an answer as JSON under labcore's own MIME type, and as text for people."""
    from IPython.display import display

    got = outcomes(answer, on)
    values = {"question": question, "on": arguments(on), "tolerance": tolerance, "got": got}
    display({MIME: values, "text/plain": f"{question}: {', '.join(map(words, got))}"}, raw=True)


def drawn(question: str, draw: Callable, count: int, seeds: list[str]) -> dict[str, list]:
    """Draw `count` hidden inputs of one question for each seed, and show their source and values as JSON.

    Where a draw fails, or draws what no source text can carry, that seed has the error's words and no inputs.
    """
    inputs, shown = {}, {}
    for seed in seeds:
        rng, inputs[seed] = Random(f"{seed}:{question}"), []
        try:
            inputs[seed] = [draw(rng) for _ in range(count)]
            shown[seed] = carried(inputs[seed])
        except Exception as error:  # a draw is an exercise's own code and may raise anything
            shown[seed] = carried([]) | {"error": f"its draw raises {type(error).__name__}: {error}"[:300]}
    display_values({"question": question, "seeds": shown})
    return inputs


def refer(
    question: str, answer: object, on: list | None = None, tolerance: float = TOLERANCE, hidden: dict | None = None
) -> None:
    """Show what one answer of the key gives for the shown inputs and for each seed's hidden ones, as JSON."""
    got = {seed: outcomes(answer, inputs) for seed, inputs in (hidden or {}).items()}
    values = {"question": question, "tolerance": tolerance, "got": outcomes(answer, on), "hidden": got}
    display_values(values | carried(on))


def carried(on: list | None) -> dict:
    """Inputs as plain values and as the source of each one's tuple of arguments, or why there is no such source.

    >>> carried([(2, 3), 0.5])
    {'on': [[2, 3], [0.5]], 'sources': ['(2, 3)', '(0.5,)'], 'error': ''}
    """
    if on is None:
        return {"on": None, "sources": None, "error": ""}
    try:
        sources = [as_source(each if isinstance(each, tuple) else (each,)) for each in on]
    except ValueError as error:
        return {"on": arguments(on), "sources": [], "error": str(error)}
    return {"on": arguments(on), "sources": sources, "error": ""}


def display_values(values: dict) -> None:
    """Display JSON under labcore's own MIME type."""
    from IPython.display import display

    display({MIME: values}, raw=True)


def arguments(on: list | None) -> list | None:
    """The inputs as plain values, one list of arguments each; a lone argument need not be a tuple."""
    return None if on is None else [plain(each if isinstance(each, tuple) else (each,)) for each in on]


def outcomes(answer: object, on: list | None, limit: Seconds = 0) -> list[dict]:
    """What an answer gives: for each input where it is a function, else once for the value it is.

    Each call gets a copy of its input, so that an answer that changes a list spoils only its own copy, and `limit`
    seconds where that is not 0.

    >>> outcomes(lambda a, b: a / b, [(1, 2), (1, 0)])
    [{'value': 0.5}, {'error': 'ZeroDivisionError: division by zero'}]
    """
    if on is None:
        return [{"unanswered": True} if answer is ... else {"value": plain(answer)}]
    return [outcome(answer, each if isinstance(each, tuple) else (each,), limit) for each in on]


def outcome(answer: object, given: tuple, limit: Seconds = 0) -> dict:
    """What one call gives: a value, an error, or that it is not answered yet."""
    if not callable(answer):
        return {"error": f"TypeError: a function is wanted, {kind(plain(answer))} came"}
    try:
        with at_most(limit):
            value = answer(*copy.deepcopy(given))
        return {"unanswered": True} if value is ... else {"value": plain(value)}
    except NotImplementedError:
        return {"unanswered": True}
    except Overrun:
        return {"error": f"TimeoutError: ran longer than {limit:g} s; does its loop end?"}
    except (Exception, SystemExit) as error:  # an answer may raise anything; an interrupt stops the cell
        return {"error": f"{type(error).__name__}: {error}"[:300].rstrip(": ")}


@contextmanager
def at_most(limit: Seconds) -> Iterator[None]:
    """Raise Overrun when the block runs longer; without a limit, without SIGALRM or off the main thread, never."""
    if not limit or not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def overrun(*_: object) -> None:
        raise Overrun

    handler, timer = signal.signal(signal.SIGALRM, overrun), signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)
