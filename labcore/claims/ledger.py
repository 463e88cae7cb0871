"""The ledger: every statement of the book with what it prints, what labcore computes, and a verdict.

A claim is a function. Its defaults are the inputs as the book gives them, in SI base units; its docstring
says what is claimed and the formula; its body calls labcore.

    @computes("nm1-3-v100-ridge", "Napkin Math 1.3", Number("138.9"), "FLOP/B", "09_roofline#napkin-1-3")
    def v100_ridge(R_peak=125e12, BW=0.9e12):
        '''Ridge point of the V100: R_peak / BW.'''
        return ridge(R_peak, BW)

The verdict is reached, not declared. A computed value that meets the print `reproduces` it and may carry
no reason. One that does not needs a demonstration: `.rounding` gives a reading whose value does meet the print,
`.erratum` computes the numbers that show the contradiction. `cites` is for data from outside, `shows` for items
with nothing to compute. `where` names the notebook cell that settles the claim.
"""

from __future__ import annotations

import html
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module

import labcore.claims
from labcore.catalogue.facts import Fact
from labcore.claims.printed import Printed
from labcore.units import unit_scale

VERDICTS = ("reproduces", "rounding", "erratum", "cited", "shown")
LEDGER: dict[str, Claim] = {}


class LedgerError(Exception):
    """A claim without the verdict it needs, or with one it may not have."""


@dataclass
class Claim:
    """One entry of the ledger; `function` is None for what is shown and not computed."""

    id: str
    item: str
    printed: Printed | None
    unit: str
    where: str
    function: Callable | None = None
    kind: str = "computes"
    statement: str = ""
    departure: Callable | None = None
    departs_by: str = ""

    def rounding(self, reading: Callable) -> Callable:
        """Register the reading under which the print holds; its docstring is the reason, `{value}` its value."""
        return self._depart("rounding", reading)

    def erratum(self, demonstration: Callable) -> Callable:
        """Register a function that returns the contradiction's numbers; its docstring, filled in, is the reason."""
        return self._depart("erratum", demonstration)

    def _depart(self, by: str, function: Callable) -> Callable:
        if self.departure is not None:
            raise LedgerError(f"{self.id} departs twice; one demonstration is enough")
        self.departure, self.departs_by = function, by
        return function

    def __call__(self, **inputs: float) -> object:
        """The value in SI base units, with inputs of your own in place of the book's."""
        known = inspect.signature(self.function).parameters if self.function else {}
        if unknown := set(inputs) - set(known):
            raise ValueError(
                f"{self.id} has no input {', '.join(sorted(unknown))}; it has {', '.join(known) or 'none'}"
            )
        return self.function(**inputs)

    def settle(self, **inputs: float) -> Settled:
        """Compute, compare with the print, reach the verdict; LedgerError where the reason is missing or idle."""
        if self.function is None:
            return Settled(self, None, "shown", "")
        value = self(**inputs)
        fact = value if isinstance(value, Fact) else None
        computed = in_printed_unit(fact.value if fact else value, self.unit)
        if inputs:
            return Settled(self, computed, "", "with inputs of your own")
        agrees = self.printed.holds(computed)
        if agrees and self.departure:
            raise LedgerError(
                f"{self.id} reproduces the print, so it may not carry a reason; remove its {self.departs_by}"
            )
        if agrees:
            return Settled(self, computed, "cited" if fact else "reproduces", str(fact.source) if fact else "")
        if self.departure is None:
            raise LedgerError(
                f"{self.id} prints {self.printed.text} {self.unit} but computes {computed}; demonstrate why"
            )
        return Settled(self, computed, self.departs_by, self._reason())

    def _reason(self) -> str:
        result, words = self.departure(), " ".join(inspect.getdoc(self.departure).split())
        if self.departs_by == "erratum":
            return words.format(**result)
        value = in_printed_unit(result, self.unit)
        if not self.printed.holds(value):
            raise LedgerError(
                f"{self.id}: the reading gives {value}, which does not meet the print {self.printed.text} either"
            )
        return words.format(value=value)


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
            "computed": list(self.computed) if isinstance(self.computed, tuple) else self.computed,
            "unit": claim.unit,
            "verdict": self.verdict,
            "reason": self.reason,
            "where": claim.where,
        }

    def cells(self) -> tuple[str, str, str, str, str]:
        """Id, printed, computed, verdict and reason as text."""
        printed = self.claim.printed.text if self.claim.printed else "-"
        computed = "-" if self.computed is None else f"{format_value(self.computed)} {self.claim.unit}".rstrip()
        return self.claim.id, f"{printed} {self.claim.unit}".rstrip(), computed, self.verdict or "yours", self.reason

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


def computes(id: str, item: str, printed: Printed, unit: str, where: str) -> Callable[[Callable], Claim]:
    """Register a function as the claim `id`; it returns its value in SI base units."""
    return lambda function: _register(
        Claim(id, item, printed, unit, where, function, "computes", _first_line(function))
    )


def cites(id: str, item: str, printed: Printed, unit: str, where: str) -> Callable[[Callable], Claim]:
    """Register a function that returns the Fact behind a printed datum; the Fact's value must meet the print."""
    return lambda function: _register(Claim(id, item, printed, unit, where, function, "cites", _first_line(function)))


def shows(id: str, item: str, statement: str, where: str) -> Claim:
    """Register an item with nothing to compute (a definition, a caption, a trend); the cell `where` shows it."""
    return _register(Claim(id, item, None, "", where, kind="shows", statement=statement))


def claim(id: str, **inputs: float) -> Settled:
    """Settle one claim, with inputs of your own where given.

    >>> claim("nm1-3-v100-ridge")
    nm1-3-v100-ridge: printed 138.9 FLOP/B; computed 138.9 FLOP/B; reproduces
    >>> claim("nm1-3-v100-ridge", BW=1e12).computed
    125.0
    """
    return find(id).settle(**inputs)


def claims(*ids: str) -> SettledTable:
    """Settle several claims; without ids, all of them, in the book's order."""
    load()
    return SettledTable(find(id).settle() for id in (ids or LEDGER))


def find(id: str) -> Claim:
    """The claim with this id; raises ValueError with the nearest ids."""
    load()
    if id not in LEDGER:
        import difflib

        near = difflib.get_close_matches(id, LEDGER, n=3, cutoff=0.3)
        raise ValueError(f"no claim {id!r}; did you mean {', '.join(near) or 'one that `labcore claims` lists'}?")
    return LEDGER[id]


def load() -> None:
    """Import every module of labcore.claims, so that all claims are registered."""
    for module in pkgutil.iter_modules(labcore.claims.__path__):
        import_module(f"labcore.claims.{module.name}")


def in_printed_unit(value: object, unit: str) -> object:
    """A value, or each of several, from SI base units to the unit of the print; truth values stay."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Sequence):
        return type(value)(in_printed_unit(v, unit) for v in value)
    scale = unit_scale(unit)[0]
    exact = isinstance(value, int) and scale == 1
    return value if exact else float(value) / scale


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


def _register(new: Claim) -> Claim:
    if new.id in LEDGER:
        raise LedgerError(f"claim {new.id} is there already")
    LEDGER[new.id] = new
    return new


def _first_line(function: Callable) -> str:
    return inspect.getdoc(function).split("\n\n")[0].replace("\n", " ")
