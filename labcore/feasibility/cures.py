"""The cheapest change that would do: every candidate is put through the same check as the question.

What needs no other hardware comes first: fewer bits, then a smaller batch, then a shorter context, each the least
that does, then fewer chips, as few as do. Then hardware that has a price, by what all of it costs, then what has none,
by the energy of a query: watts times time stand for money. Where no change alone does, pairs of changes are tried.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from labcore.catalogue import CHIPS, K80_BOARD
from labcore.catalogue.facts import Accelerator
from labcore.feasibility.prices import LIMITED, prices
from labcore.feasibility.question import Question
from labcore.feasibility.split import chip_counts
from labcore.feasibility.verdict import ENERGY, MONEY, Verdict, check
from labcore.feasibility.workload import workload
from labcore.precision import bytes_per_element
from labcore.units import Joules

STORED = ("int8", "int4")
TWIN = {"fp16": "bf16", "bf16": "fp16"}  # of one size, so that a chip with the other one serves as well
SOLD = [one for one in CHIPS if one.vendor != "none" and one is not K80_BOARD]  # two GPUs, neither sees all memory


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
    def cost(self) -> tuple[bool, float, float, float, int, float]:
        """What cures are sorted by: hardware, its price, the bits computed in, energy a query, dimensions, margin."""
        hardware = any(name in HARDWARE for name in self.changed)
        order = max(list(DIMENSIONS).index(name) for name in self.changed)
        price, energy = (self.price, self.energy) if hardware else (0.0, 0.0)
        milder = -bytes_per_element(self.verdict.question.precision) if len(self.changed) > 1 else 0
        return hardware, price, milder, energy, order, -self.verdict.binding.margin

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
    """The changes that would do, cheapest first: of each dimension alone, else of pairs; empty if nothing would.

    >>> from labcore.catalogue import H100
    >>> found = cures(Question("llama3-70b", H100, context=8192))
    >>> all(cure.verdict.ok for cure in found), found[0].words
    (True, 'int4 weights')
    """
    alone = [Cure((name,), verdict) for name in DIMENSIONS for verdict in _that_do(name, question)]
    return sorted(alone or _pairs(question), key=lambda cure: cure.cost)


def closest(question: Question) -> Verdict:
    """Of the question and its single changes but to batch and context, the verdict nearest to what is wanted.

    >>> from labcore.catalogue import H100
    >>> closest(Question("llama3-8b", H100, target=1e-6)).ok
    False
    """
    candidates = [question, *(each for name in TRIED for each in DIMENSIONS[name](question))]
    found = [verdict for verdict in map(_checked, candidates) if verdict]
    return max(found, key=lambda verdict: verdict.binding.margin)


def _pairs(question: Question) -> Iterator[Cure]:
    for first, seconds in PAIRED.items():
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


def _fewer_bits(q: Question) -> list[Question]:
    """Weights alone in 8 bits, then all of it, then weights alone in 4 bits, then all: what is fewer than now."""
    now = bytes_per_element(q.precision)
    stored = bytes_per_element(q.weights or q.precision)
    sizes = {bytes_per_element(p): p for p in reversed(q.chip.precisions)}  # the first of each size stays
    steps = [(-size, 0, replace(q, weights=p)) for p in STORED if (size := bytes_per_element(p)) < stored]
    for size, p in sizes.items():
        if size < now:
            steps.append((-size, 1, replace(q, precision=p, weights=q.weights if stored < size else None)))
    return [one for _, _, one in sorted(steps, key=lambda step: step[:2])]


class _Steps(Sequence):
    """Questions that differ in one field, made when asked for."""

    def __init__(self, q: Question, field: str, values: Sequence[int]) -> None:
        self.q, self.field, self.values = q, field, values

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, at: int) -> Question:
        return replace(self.q, **{self.field: self.values[at]})


def _smaller_batch(q: Question) -> Sequence[Question]:
    whole = workload(q.model, q.batch, q.context, q.precision)
    step = 1 if whole.kv_heads else q.chips  # a batch that is dealt out stays a multiple of the chips
    return _Steps(q, "batch", range(whole.batch - step, 0, -step))


def _shorter_context(q: Question) -> Sequence[Question]:
    context = workload(q.model, q.batch, q.context, q.precision).context
    return _Steps(q, "context", range((context or 1) - 1, 0, -1))


def _fewer_chips(q: Question) -> list[Question]:
    return [replace(q, chips=n) for n in _counts(q) if n < q.chips]


def _more_chips(q: Question) -> list[Question]:
    return [replace(q, chips=n) for n in _counts(q) if n > q.chips]


def _counts(q: Question) -> list[int]:
    whole = workload(q.model, q.batch, q.context, q.precision)
    return chip_counts(whole.kv_heads or whole.batch)


def _another_chip(q: Question) -> list[Question]:
    chips = [one for one in SOLD if one.name != q.chip.name and _published(q, one)]
    fitting: Iterable = ((one, p) for one in chips for p in (q.precision, TWIN.get(q.precision)) if p in one.peaks)
    first = {}
    for one, precision in fitting:
        first.setdefault(one.name, replace(q, chip=one, precision=precision))
    return list(first.values())


def _published(q: Question, chip: Accelerator) -> bool:
    """Whether all that the question limits is known of a chip."""
    power = q.max_power is not None or q.max_energy is not None
    money = {kind for kind, name in LIMITED.items() if getattr(q, name) is not None}
    return (chip.power is not None or not power) and money <= set(prices(chip))


DIMENSIONS: dict[str, Callable[[Question], Sequence[Question]]] = {
    "fewer bits": _fewer_bits,
    "smaller batch": _smaller_batch,
    "shorter context": _shorter_context,
    "fewer chips": _fewer_chips,
    "more chips": _more_chips,
    "another chip": _another_chip,
}
HARDWARE = ("more chips", "another chip")
BOUGHT = {"fewer chips", *HARDWARE}  # changes of what is bought
TRIED = ("fewer bits", "fewer chips", "more chips", "another chip")
PAIRED = {
    "fewer bits": ("smaller batch", "shorter context", "fewer chips", "more chips"),
    "another chip": ("fewer bits", "fewer chips", "more chips"),
}
