"""Lines of the report: a figure with the limit or the peer it is held against.

Times are medians of repeats on this machine; what counts is the ratio to the peer or the limit in the same run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from rich.table import Table

from labcore.units import Seconds, format_si

Row = dict[str, object]


def at_most(name: str, value: float, limit: float, against: str, unit: str = "s") -> Row:
    """One line of the report; `ok` says whether the value is no larger than the limit."""
    return row(name, value, unit, "at most", limit, against, ok=value <= limit)


def at_least(name: str, value: float, limit: float, against: str, unit: str) -> Row:
    """One line of the report; `ok` says whether the value is no smaller than the limit."""
    return row(name, value, unit, "at least", limit, against, ok=value >= limit)


def row(name: str, value: float | None, unit: str, sense: str, limit: float, against: str, ok: bool | None) -> Row:
    """One line of the report; value and `ok` are None for what cannot be measured here, and `against` says why."""
    return {
        "name": name, "value": value, "unit": unit, "sense": sense, "limit": limit, "against": against, "ok": ok,
    }  # fmt: skip


def median_time(function: Callable[[], object], repeats: int = 15) -> Seconds:
    """Median wall time of a call, after one that warms up."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def beside(name: str, times: list[list[Seconds]], limit: float, peer: str) -> Row:
    """Our median time over the peer's, with the medians and the spread (quartiles) of both.

    >>> beside("x", [[0.002, 0.002], [0.001, 0.001]], 5, "scipy")["value"]
    2.0
    """
    ours, theirs = map(statistics.median, times)
    return at_most(name, ours / theirs, limit, f"{peer} {spread(times[1])}, ours {spread(times[0])}", "x")


def spread(times: list[Seconds]) -> str:
    """The median of some times, with their quartiles in brackets.

    >>> spread([0.001, 0.002, 0.004])
    '2 ms (1 to 4)'
    """
    low, _, high = statistics.quantiles(times, n=4)
    scale, unit = (1, "s") if statistics.median(times) >= 1 else (1e3, "ms")
    return f"{scale * statistics.median(times):.3g} {unit} ({scale * low:.3g} to {scale * high:.3g})"


def shown(value: float | None, unit: str) -> str:
    """A value as the report shows it.

    >>> shown(0.0123, "s"), shown(131.4, "notebooks/min"), shown(None, "x")
    ('12.3 ms', '131 notebooks/min', 'not measured')
    """
    if value is None:
        return "not measured"
    return format_si(value, unit, 3) if unit in ("s", "B") else f"{value:.3g} {unit}"


def bench_table(rows: list[Row]) -> Table:
    """The report for a terminal."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("measured", "value", "limit", "against", ""):
        table.add_column(name)
    words = {True: "ok", False: "MISSED", None: ""}
    for r in rows:
        limit = f"{r['sense']} {shown(r['limit'], r['unit'])}"
        table.add_row(r["name"], shown(r["value"], r["unit"]), limit, r["against"], words[r["ok"]])
    return table
