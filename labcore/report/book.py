"""The ledger of the book's statements, for a terminal."""

from __future__ import annotations

from rich.table import Table

from labcore.claims.settled import SettledTable


def claims_table(settled: SettledTable) -> Table:
    """The ledger for a terminal."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("id", "printed", "computed", "verdict", "reason"):
        table.add_column(name, overflow="fold")
    for one in settled:
        table.add_row(*one.cells())
    return table
