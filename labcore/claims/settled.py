"""A settled claim, as people, notebooks and programs read it."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labcore.claims.printed import Each, Identity, Number, Range
from labcore.units import counted, format_si

if TYPE_CHECKING:
    from labcore.claims.ledger import Claim

SHORT = 6  # as many claims as a reader takes in at a glance
BASE_UNITS = ("FLOP", "FLOP/s", "B", "B/s", "s")  # those that a prefix makes readable


@dataclass(frozen=True)
class Settled:
    """A claim with its verdict, ready to be read by people, notebooks and programs."""

    claim: Claim
    computed: object
    verdict: str
    reason: str

    def as_dict(self) -> dict[str, object]:
        """The object that `labcore claims --json` prints."""
        claim = self.claim
        return {
            "id": claim.id,
            "item": claim.item,
            "printed": claim.printed.value if claim.printed else None,
            "computed": self.computed,
            "unit": claim.unit,
            "verdict": self.verdict,
            "reason": self.reason,
            "where": claim.where,
        }

    def cells(self) -> tuple[str, str, str, str, str]:
        """Id, printed, computed, verdict and reason as text."""
        printed, unit = self.claim.printed, self.claim.unit
        left = "-" if printed is None else printed.text
        unit = "" if unit == "year" else unit
        if isinstance(printed, Number | Range | Each):
            left = f"{left} {unit}".rstrip()
        if isinstance(printed, Identity):
            sides = [format_value(side, unit) for side in self.computed]
            computed = f"both sides {sides[0]}" if sides[0] == sides[1] else " against ".join(sides)
        else:
            computed = "-" if self.computed is None else format_value(self.computed, unit)
        return self.claim.id, left, computed, self.verdict or "yours", self.reason

    def __repr__(self) -> str:
        id_, printed, computed, verdict, reason = self.cells()
        return f"{id_}: printed {printed}; computed {computed}; {verdict}" + (f" ({reason})" if reason else "")

    def _repr_html_(self) -> str:
        return SettledTable([self])._repr_html_()


class SettledTable(list):
    """Several settled claims; a notebook shows them as a table, a long one with what reproduces folded away."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        plain = [one for one in self if one.verdict in ("reproduces", "shown", "cited")]
        if len(self) <= SHORT or not plain:
            return _table(self)
        departing = [one for one in self if one not in plain]
        folded = f"<details><summary>{summary(plain)}</summary>{_table(plain)}</details>"
        return (_table(departing) if departing else "") + folded


def summary(settled: Iterable[Settled]) -> str:
    """How many claims came to each verdict, the commonest first.

    >>> from labcore.claims.ledger import claim
    >>> summary([]), summary([claim("nm1-3-v100-ridge")])
    ('0 statements', '1 statement: 1 reproduces')
    """
    verdicts = [one.verdict for one in settled]
    return counted(len(verdicts), "statement") + (f": {tally(verdicts)}" if verdicts else "")


def tally(verdicts: Iterable[str]) -> str:
    """How often each verdict stands there, the commonest first, equals by the alphabet.

    >>> tally(["shown", "erratum", "reproduces", "reproduces"])
    '2 reproduces, 1 erratum, 1 shown'
    """
    count = sorted(Counter(verdicts).items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{n} {verdict}" for verdict, n in count)


def _table(settled: Iterable[Settled]) -> str:
    columns = {"statement": "left", "printed": "right", "computed": "right", "verdict": "left"}
    head = "".join(f"<th scope='col' style='text-align:{side}'>{name}</th>" for name, side in columns.items())
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, settled))}</tbody></table>"


def _row(settled: Settled) -> str:
    _, printed, computed, verdict, reason = (html.escape(text) for text in settled.cells())
    statement = html.escape(settled.claim.statement)
    left = f"<td style='text-align:left' title='{settled.claim.id}'>{statement}</td>"
    verdict_cell = f"<td style='text-align:left'>{verdict}{': ' + reason if reason else ''}</td>"
    return f"<tr>{left}<td>{printed}</td><td>{computed}</td>{verdict_cell}</tr>"


def format_value(value: object, unit: str = "") -> str:
    """A value in its printed unit, up to five significant digits, for people.

    >>> format_value([0.99902, 204.8], "FLOP/B"), format_value(2304), format_value(True, "x")
    ('0.99902, 204.8 FLOP/B', '2304', 'true')
    >>> format_value(6.324e13, "FLOP/s")
    '63.24 TFLOP/s'
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        values = [format_value(one, unit) for one in value]
        shared = f" {unit}" if unit and all(text.endswith(f" {unit}") for text in values) else ""
        return ", ".join(text.removesuffix(shared) for text in values) + shared
    if unit in BASE_UNITS and value >= 1e5:
        return format_si(value, unit, digits=5)
    return (str(value) if isinstance(value, int) else f"{value:.5g}") + (f" {unit}" if unit else "")
