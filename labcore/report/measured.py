"""A measurement for a terminal: its roofs, and the operations held against them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from labcore.measure.rows import Row, Throughput
from labcore.measure.tables import Measured, Roofs
from labcore.plots.words import rate_unit
from labcore.units import counted, format_binary, format_si


def measured_tables(measured: Measured) -> list[Table]:
    """The roofs, and the operations held against them; a GPU's likewise."""
    quick = ", quick" if measured.quick else ""
    tables = [roofs_table(measured.host, f"{measured.machine['cpu']}{quick}"), placed_table(measured.host)]
    if measured.device:
        tables += [roofs_table(measured.device, f"{measured.machine['gpu']}{quick}"), placed_table(measured.device)]
    return tables


def roofs_table(roofs: Roofs, name: str) -> Table:
    """Peaks by precision, the bandwidth from DRAM, and all bandwidths and latency at the smallest and largest sets."""
    title = escape(f"{name}: measured roofs, median (quartiles)")
    table = Table(title=title, title_justify="left", show_edge=False)
    for column in ("what", "how", "median", "quartiles"):
        table.add_column(column, justify="right" if column in ("median", "quartiles") else "left")
    for row in peaks(roofs):
        how = f"{row.library}, n = {row.n}, {counted(row.threads, 'thread')}"
        one_size = len({other.n for other in roofs.compute if other.precision == row.precision}) == 1
        what = f"{row.precision}, this size only" if one_size else f"peak {row.precision}"
        table.add_row(what, escape(how), *_with_quartiles(row.R, row, rate_unit(row.precision)))
    _, best = roofs.slope()
    how = f"{best.kernel}, {format_binary(best.working_set, 3)}, {counted(best.threads, 'thread')}"
    table.add_row("slope from DRAM", f"the best: {how}", *_with_quartiles(best.BW, best, "B/s"))
    for kernel in dict.fromkeys(row.kernel for row in roofs.bandwidth):
        stairs = roofs.staircase(kernel)
        for row in (stairs[0], stairs[-1]):
            how = f"{format_binary(row.working_set, 3)}, {counted(row.threads, 'thread')}"
            table.add_row(f"bandwidth, {escape(kernel)}", how, *_with_quartiles(row.BW, row, "B/s"))
    for row in roofs.latency[:1] + roofs.latency[-1:]:
        table.add_row("load latency", format_binary(row.working_set, 3), *_with_quartiles(row.L_lat, row, "s"))
    return table


def peaks(roofs: Roofs) -> Iterable[Throughput]:
    """The product that sets each flat roof, by precision and threads; once where fewer threads set both."""
    return dict.fromkeys(roofs.product(row.precision, row.threads) for row in roofs.compute)


def placed_table(roofs: Roofs) -> Table:
    """Every operation: intensity, least time under the measured roofs, time taken, and how much longer that is."""
    table = Table(title="operations: predicted and measured", title_justify="left", show_edge=False)
    for name in ("operation", "threads", "FLOP/B", "predicted", "measured", "quartiles", "off by"):
        table.add_column(name, justify="left" if name == "operation" else "right")
    for op in roofs.operations:
        times = format_si(op.predicted, "s", 3), *_with_quartiles(op.T, op, "s")
        name = escape(f"{op.group}, {op.name}")
        table.add_row(name, str(op.threads), f"{op.I:.3g}", *times, f"{op.error:+.0%}")
    return table


def _with_quartiles(median: float, row: Row, unit: str) -> tuple[str, str]:
    return format_si(median, unit, 3), f"{format_si(row.low, unit, 3)} to {format_si(row.high, unit, 3)}"
