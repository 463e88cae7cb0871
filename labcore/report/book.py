"""The ledger of the book's statements, and what is stated more than once, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.table import Table

from labcore.claims.settled import SettledTable

if TYPE_CHECKING:
    from labcore.claims.quantities import Quantity


def claims_table(settled: SettledTable) -> Table:
    """The ledger for a terminal."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("id", "printed", "computed", "verdict", "reason"):
        table.add_column(name, overflow="fold")
    for one in settled:
        table.add_row(*one.cells())
    return table


def consistency_table(quantities: Iterable[Quantity]) -> Table:
    """Each quantity that is stated more than once, with its places, and the claims that show where they differ."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("quantity", "place", "print", "agrees", "erratum"):
        table.add_column(name, overflow="fold")
    for one in quantities:
        for number, place in enumerate(one.places):
            ends = ("", "") if number else ("agree" if one.agrees else "differ", " ".join(one.errata))
            table.add_row("" if number else one.name, place.where, place.text, *ends)
    return table


def consistency_summary(quantities: Iterable[Quantity]) -> str:
    """How many quantities agree, in one line."""
    some = list(quantities)
    places = sum(len(one.places) for one in some)
    agree = sum(one.agrees for one in some)
    return f"{len(some)} quantities in {places} places: {agree} agree, {len(some) - agree} differ; docs/errata.md"
