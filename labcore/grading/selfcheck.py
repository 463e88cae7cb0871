"""Self-check items of the labs: an answer in a cell, feedback at once, the slip named.

An item is a function from an answer to feedback: an empty text when the answer is right, else what is
wrong with it. What it wants is computed by labcore, never typed.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import labcore.grading.items
from labcore.grading.selfcheck_names import watch

ITEMS: dict[str, Item] = {}
RIGHT: dict[str, bool] = {}


@dataclass(frozen=True)
class Item:
    """One self-check item: what kind of answer it wants, and the function that finds the slip."""

    wants: str
    slip: Callable[[object], str]


@dataclass(frozen=True)
class Answered:
    """The feedback on one answer; a notebook shows it as one line."""

    id: str
    words: str
    right: bool

    def __repr__(self) -> str:
        return f"{self.id}: {self.words}"


def selfcheck(id: str, answer: object) -> Answered:
    """Feedback on an answer to an item; `...` is an answer that is still to come.

    >>> selfcheck("roofline-3", "d")
    roofline-3: not yet. Its intensity grows with the batch towards M N / (M + N) = 2048 FLOP/B, far past the ridge.
    """
    load()
    if id not in ITEMS:
        section = id.rpartition("-")[0]
        own = [one for one in ITEMS if one.rpartition("-")[0] == section]
        raise ValueError(f"no self-check item {id!r}; there are {', '.join(own or ITEMS)}")
    if answer is ...:
        return Answered(id, "not answered yet", right=False)
    try:
        slip = ITEMS[id].slip(answer)
    except (TypeError, ValueError, AttributeError, LookupError):
        slip = f"This item wants {ITEMS[id].wants}{quoted(ITEMS[id].wants, answer)}; you gave {answer!r}."
    RIGHT[id] = not slip
    return Answered(id, f"not yet. {slip}" if slip else "right", right=not slip)


def quoted(wants: str, answer: object) -> str:
    """What is said of quotes where a letter or a name is wanted and no text came.

    >>> quoted("a letter from a to d", [[1, 3]])
    ', in quotes; without quotes it is the name of something else'
    """
    text = wants.startswith(("a letter", "the name", "a text"))
    return (
        ", in quotes; without quotes it is the name of something else" if text and not isinstance(answer, str) else ""
    )


def refused(id: str, words: str) -> Answered:
    """Feedback on an answer that could not be looked up."""
    RIGHT[id] = False
    return Answered(id, f"not yet. {words}.", right=False)


def progress(section: str) -> Answered:
    """How many items of a section have been answered rightly; raises ValueError, with the sections, for no section."""
    load()
    ids = [id for id in ITEMS if id.rpartition("-")[0] == section]
    if not ids:
        sections = dict.fromkeys(id.rpartition("-")[0] for id in ITEMS)
        raise ValueError(f"no self-check section {section!r}; there are {', '.join(sections)}")
    right = sum(RIGHT.get(id, False) for id in ids)
    return Answered(section, f"{right} of {len(ids)} right", right=right == len(ids))


def item(id: str, wants: str) -> Callable[[Callable], Callable]:
    """Register a function as the item `id`; `wants` says what kind of answer it takes."""

    def register(function: Callable[[object], str]) -> Callable[[object], str]:
        ITEMS[id] = Item(wants, function)
        return function

    return register


def load() -> None:
    """Import every module of items."""
    for module in pkgutil.iter_modules(labcore.grading.items.__path__):
        import_module(f"labcore.grading.items.{module.name}")


def near(got: object, want: float, tolerance: float = 0.02) -> bool:
    """Whether an answer is within 2 % of what is wanted, so that rounding on paper is no slip."""
    return math.isclose(number(got), want, rel_tol=tolerance)


def number(answer: object) -> float:
    """The number of an answer; in a text, a factor or percentage sign beside it is left out.

    >>> number("2.15x"), number(" 191 ×"), number("12 %"), number(3)
    (2.15, 191.0, 12.0, 3.0)
    """
    return float(answer.strip(" xX×%") if isinstance(answer, str) else answer)


def letter(answer: object, right: str, slips: dict[str, str]) -> str:
    """Feedback on a choice by letter."""
    given = str(answer).strip().strip("()").lower()
    if given not in {right, *slips}:
        raise ValueError("no such letter")
    return "" if given == right else slips[given]


watch({"selfcheck": selfcheck, "progress": progress}, refused)
