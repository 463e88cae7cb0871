"""A settled claim, as people, notebooks and programs read it."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labcore.claims.printed import Each, Identity, Number, Range

if TYPE_CHECKING:
    from labcore.claims.ledger import Claim


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
        if isinstance(printed, Number | Range | Each):
            left = f"{left} {unit}".rstrip()
        if isinstance(printed, Identity):
            computed = " = ".join(map(format_value, self.computed))
        else:
            computed = "-" if self.computed is None else format_value(self.computed)
        return self.claim.id, left, f"{computed} {unit}".rstrip(), self.verdict or "yours", self.reason

    def __repr__(self) -> str:
        id_, printed, computed, verdict, reason = self.cells()
        return f"{id_}: printed {printed}; computed {computed}; {verdict}" + (f" ({reason})" if reason else "")

    def _repr_html_(self) -> str:
        return SettledTable([self])._repr_html_()


class SettledTable(list):
    """Several settled claims; a notebook shows them as one table."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self))

    def _repr_html_(self) -> str:
        head = "".join(f"<th scope='col'>{name}</th>" for name in ("statement", "printed", "computed", "verdict"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(map(_row, self))}</tbody></table>"


def _row(settled: Settled) -> str:
    _, printed, computed, verdict, reason = (html.escape(text) for text in settled.cells())
    statement = html.escape(settled.claim.statement)
    left = f"<td style='text-align:left' title='{settled.claim.id}'>{statement}</td>"
    verdict_cell = f"<td style='text-align:left'>{verdict}{': ' + reason if reason else ''}</td>"
    return f"<tr>{left}<td>{printed}</td><td>{computed}</td>{verdict_cell}</tr>"


def format_value(value: object) -> str:
    """Up to five significant digits, for people.

    >>> format_value([0.99902, 204.8]), format_value(2304), format_value(True)
    ('0.99902, 204.8', '2304', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(format_value, value))
    return f"{value:,d}".replace(",", "") if isinstance(value, int) else f"{value:.5g}"
