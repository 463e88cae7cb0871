"""The cheapest change that would do: every candidate is put through the same check as the question.

What needs no other hardware comes first: fewer chips, as few as do, then a smaller batch, which costs no accuracy, then
fewer bits, then a shorter context of an eighth at least, each the least that does; where none of them does, pairs of
them with fewer bits or fewer chips. Then hardware that has a price, by what all of it costs, then what has none, by the
energy of a query: watts times time stand for money. Where nothing of this does, pairs with other hardware are tried.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from labcore.feasibility.changes import DIMENSIONS, HARDWARE, PAIRED, PAIRED_WITH_HARDWARE, TRIED
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import ENERGY, MONEY, Verdict, check
from labcore.precision import bytes_per_element
from labcore.units import Joules


@dataclass(frozen=True)
class Cure:
    """A change that does, by its verdict; `changed` names the dimensions: fewer bits, smaller batch, ..."""

    changed: tuple[str, ...]
    verdict: Verdict

    @property
    def energy(self) -> Joules:
        """Energy of a query; infinite where the chip's power is not published."""
        return self._needed(ENERGY)

    @property
    def paid(self) -> str:
        """What money is counted by: the 'rent' of an hour where the question limits that alone, else the 'price'."""
        q = self.verdict.question
        return "rent" if q.max_rent is not None and q.max_price is None else "price"

    @property
    def price(self) -> float:
        """USD for all chips, to buy or for an hour, at the higher end of what is said; infinite where nobody says."""
        return self._needed(MONEY[self.paid])

    def _needed(self, name: str) -> float:
        return next((one.need for one in self.verdict.constraints if one.name == name), math.inf)

    @property
    def cost(self) -> tuple[bool, float, float, float, float, int, float]:
        """What cures are sorted by: hardware, its price, of pairs the bits, energy a query, dimensions, margin."""
        q, pair = self.verdict.question, len(self.changed) > 1
        order = max(list(DIMENSIONS).index(name) for name in self.changed)
        price, energy = (self.price, self.energy) if self.hardware else (0.0, 0.0)
        computed, stored = (-bytes_per_element(p) * pair for p in (q.precision, q.weights or q.precision))
        return self.hardware, price, computed, stored, energy, order, -self.verdict.binding.margin

    @property
    def hardware(self) -> bool:
        """Whether it needs more chips or others."""
        return not HARDWARE.isdisjoint(self.changed)

    @property
    def words(self) -> str:
        """What to do, in words."""
        q = self.verdict.question
        say = {
            "smaller batch": f"batch {self.verdict.batch}",
            "shorter context": f"context {self.verdict.context}",
            "fewer chips": f"{q.chips} x {q.chip.name}",
            "more chips": f"{q.chips} x {q.chip.name}",
            "another chip": f"{q.chips} x {q.chip.name}",
            "fewer bits": f"{q.weights} weights" if q.weights else f"{q.precision} throughout",
        }
        named = [say[name] for name in say if name in self.changed]
        told = "fewer bits" in self.changed and not q.weights
        return ", ".join(dict.fromkeys(named + [q.precision] * ("another chip" in self.changed and not told)))


def cures(question: Question) -> list[Cure]:
    """The changes that would do, cheapest first: of each dimension alone, and pairs; empty if nothing would.

    Pairs without other hardware are tried where no change without it does, other pairs where nothing does.

    >>> from labcore.catalogue import H100
    >>> found = cures(Question("llama3-70b", H100, context=8192))
    >>> all(cure.verdict.ok for cure in found), found[0].words
    (True, 'int4 weights')
    """
    found = [Cure((name,), verdict) for name in DIMENSIONS for verdict in _that_do(name, question)]
    if all(cure.hardware for cure in found):
        found += _pairs(question, PAIRED)
    return sorted(found or _pairs(question, PAIRED_WITH_HARDWARE), key=lambda cure: cure.cost)


def closest(question: Question) -> Verdict:
    """Of the question and its single changes but to batch and context, the verdict nearest to what is wanted.

    >>> from labcore.catalogue import H100
    >>> closest(Question("llama3-8b", H100, target=1e-6)).ok
    False
    """
    candidates = [question, *(each for name in TRIED for each in DIMENSIONS[name](question))]
    found = [verdict for verdict in map(_checked, candidates) if verdict]
    return max(found, key=lambda verdict: verdict.binding.margin)


def _pairs(question: Question, paired: Mapping[str, Sequence[str]]) -> Iterator[Cure]:
    for first, seconds in paired.items():
        for changed in DIMENSIONS[first](question):
            for second in seconds:
                yield from (Cure((first, second), verdict) for verdict in _that_do(second, changed))


def _that_do(name: str, question: Question) -> list[Verdict]:
    """The mildest step of one dimension that does, and the fewest chips; of other chips all that do."""
    steps = DIMENSIONS[name](question)
    if name in ("smaller batch", "shorter context"):  # the milder, the more is needed: the first that does by halving
        but = ENERGY if name == "smaller batch" else ""  # a query's share of a pass grows as the batch shrinks
        at = bisect_left(steps, True, key=lambda question: _does(question, but))
        return [check(steps[at])] if at < len(steps) and _does(steps[at]) else []
    found = (verdict for verdict in map(_checked, steps) if verdict and verdict.ok)
    return list(found) if name == "another chip" else list(found)[:1]


def _checked(question: Question) -> Verdict | None:
    """The verdict, or None for a combination that makes no sense, such as heads that do not divide."""
    try:
        return check(question)
    except ValueError:
        return None


def _does(question: Question, but: str = "") -> bool:
    verdict = _checked(question)
    return verdict is not None and all(one.met for one in verdict.constraints if one.name != but)
