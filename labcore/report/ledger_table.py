"""docs/ledger.csv: every statement of the ledger with the inputs it is computed from, for spreadsheets and diffs."""

from __future__ import annotations

import csv
import inspect
import io
from collections.abc import Iterable

import numpy as np

from labcore.claims.ledger import claims
from labcore.claims.printed import Printed, Words
from labcore.claims.settled import Settled

COLUMNS = ("id", "item", "printed", "computed", "unit", "verdict", "inputs", "statement", "shown in")
DIGITS = 6  # of computed values: what a ledger is read for, and the same on every machine


def page() -> str:
    """The whole table as CSV, in the order of the book.

    >>> page().splitlines()[0]
    'id,item,printed,computed,unit,verdict,inputs,statement,shown in'
    """
    return table(claims())


def table(settled: Iterable[Settled]) -> str:
    """Settled claims as CSV; inputs are in SI base units, computed values in that of the print.

    >>> from labcore.claims.ledger import claim
    >>> table([claim("nm1-3-v100-ridge")]).splitlines()[1].split(",")[2:7]
    ['138.9', '138.889', 'FLOP/B', 'reproduces', 'R_peak=1.25e+14; BW=9e+11']
    """
    writer = csv.writer(text := io.StringIO(), lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in settled:
        claim = one.claim
        values = (printed(claim.printed), plain(one.computed), claim.unit, one.verdict, inputs(claim.function))
        writer.writerow((claim.id, claim.item, *values, claim.statement, claim.where))
    return text.getvalue()


def printed(one: Printed | None) -> str:
    """The print, and for words the bounds that a check takes them to set.

    >>> from labcore.claims.printed import Number
    >>> printed(Words("worse", most=1)), printed(Number("295.2")), printed(None)
    ('worse (most 1)', '295.2', '')
    """
    if not isinstance(one, Words):
        return one.text if one else ""
    bounds = ((name, getattr(one, name)) for name in ("least", "most"))
    set_by_it = [f"{name} {plain(bound)}" for name, bound in bounds if np.all(np.isfinite(bound))]
    return f"{one.text} ({', '.join(set_by_it)})" if set_by_it else one.text


def inputs(function: object) -> str:
    """The inputs of a claim's function with the book's values for them.

    >>> inputs(lambda batch=32, fmt="fp16": 0)
    'batch=32; fmt=fp16'
    """
    known = inspect.signature(function).parameters.values() if function else ()
    return "; ".join(f"{one.name}={plain(one.default)}" for one in known)


def plain(value: object) -> str:
    """A value, or each of several, with as many digits as the table gives.

    >>> plain(None), plain(True), plain([1 / 3, 2])
    ('', 'true', '0.333333, 2')
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ", ".join(map(plain, value))
        case int():
            return str(value)
        case float():
            return f"{value:.{DIGITS}g}"
    return str(value)
