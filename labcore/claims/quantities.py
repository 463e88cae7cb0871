"""What the chapter states more than once: each quantity with all its places, compared within their printed digits.

quantities.csv beside this file lists them by hand: a place is a claim of the ledger, whose print stands there, or names
where it is and what is printed. A print is a number with its unit, `a to b`, `about a`, `over a`, `below a`, or
`within a to b` for words of quantity and for magnitudes.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path

from labcore.claims.ledger import Claim, LedgerError, find
from labcore.claims.printed import Number, Printed, Range, as_number, half_unit
from labcore.units import unit_scale

_PRINT = re.compile(r"(?P<how>about|over|below|within)? ?(?P<low>[\d,.]+)(?: to (?P<high>[\d,.]+))?(?: (?P<unit>\S+))?")


@dataclass(frozen=True)
class Span:
    """What a print allows, in base units: both ends of a value, each an interval; one value has two equal ends."""

    low: tuple[float, float]
    high: tuple[float, float]

    def meets(self, other: Span) -> bool:
        """Whether both can be prints of one value: two ranges have equal ends, one value lies within a range.

        >>> span("2.04 TB/s").meets(span("2,039 GB/s")), span("50 to 200").meets(span("762.2"))
        (True, False)
        """
        if self.low != self.high and other.low != other.high:
            return _touch(self.low, other.low) and _touch(self.high, other.high)
        return _touch((self.low[0], self.high[1]), (other.low[0], other.high[1]))


def _touch(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return max(a[0], b[0]) < min(a[1], b[1])


@dataclass(frozen=True)
class Place:
    """One place of a quantity: where a reader finds it, its print, and the claim that stands for it, if one does."""

    where: str
    text: str
    claim: str = ""


@dataclass(frozen=True)
class Quantity:
    """A quantity with all its places and the claims that demonstrate where they part."""

    name: str
    places: tuple[Place, ...]
    errata: tuple[str, ...] = ()
    spans: tuple[Span, ...] = field(default=(), repr=False)

    @property
    def agrees(self) -> bool:
        """Whether every two places can be prints of one value."""
        return not any(self.parts_from(place) for place in self.places)

    def parts_from(self, place: Place) -> list[Place]:
        """The other places whose prints cannot be the same value as this one's."""
        mine = self.spans[self.places.index(place)]
        return [other for other, span in zip(self.places, self.spans, strict=True) if not mine.meets(span)]

    def as_dict(self) -> dict[str, object]:
        """The object that `labcore claims --consistency --json` prints."""
        rows = [{"place": one.where, "print": one.text, "claim": one.claim} for one in self.places]
        for row, one in zip(rows, self.places, strict=True):
            row["parts_from"] = [other.where for other in self.parts_from(one)]
        return {"quantity": self.name, "agrees": self.agrees, "errata": list(self.errata), "places": rows}


@cache
def quantities() -> tuple[Quantity, ...]:
    """All of quantities.csv, in its order."""
    with Path(__file__).with_name("quantities.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    starts = [number for number, row in enumerate(rows) if row["quantity"]] + [len(rows)]
    return tuple(_quantity(rows[a:b]) for a, b in pairwise(starts))


def _quantity(rows: Sequence[dict[str, str]]) -> Quantity:
    places = tuple(_place(row["place"], row["print"], row["claim"]) for row in rows)
    spans = tuple(span(place.text) for place in places)
    return Quantity(rows[0]["quantity"], places, tuple(rows[0]["errata"].split()), spans)


def _place(where: str, text: str, claim: str) -> Place:
    if not claim:
        return Place(where, text)
    known = find(claim)
    return Place(where or known.item, text or _print_of(known), claim)


def _print_of(claim: Claim) -> str:
    printed: Printed | None = claim.printed
    if not isinstance(printed, Number | Range):
        raise LedgerError(f"{claim.id} prints no plain number; write its print into quantities.csv")
    return f"{printed.text} {claim.unit.partition(' (')[0]}".strip()


def span(text: str) -> Span:
    """Read a print, in base units; ValueError for what is none.

    >>> span("about 300").low, span("over 200 x").low, span("within 10 to 99").high
    ((250.0, 350.0), (200.5, inf), (10.0, 99.0))
    """
    if not (match := _PRINT.fullmatch(text)):
        raise ValueError(
            f"print {text!r} is not read; write 'about 2 TB/s', '1 to 2 x', 'over 9' or 'within 1 to 9 ns'"
        )
    how, low, high, unit = match["how"], match["low"], match["high"], match["unit"] or ""
    scale = unit_scale(unit)[0]
    first, last = (_around(number, how, scale) for number in (low, high or low))
    if how == "over":
        first = last = (first[1], math.inf)
    if how == "below":
        first = last = (-math.inf, last[0])
    if how == "within":
        first = last = (as_number(low) * scale, as_number(high) * scale)
    return Span(first, last)


def _around(text: str, how: str | None, scale: float) -> tuple[float, float]:
    value, half = as_number(text), half_unit(text)
    if how == "about" and "." not in text:
        half *= 10 ** (len(text.replace(",", "")) - len(text.replace(",", "").rstrip("0")))
    return (value - half) * scale, (value + half) * scale
