"""The project's own speed, each figure with the limit or the peer it is held against.

Times are medians of repeats on this machine; what counts is the ratio to the peer or the limit in the same run.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from rich.table import Table

from labcore.units import Seconds, format_si

Row = dict[str, object]


def row(name: str, value: Seconds, limit: Seconds, against: str) -> Row:
    """One line of the report; `ok` says whether the value keeps the limit."""
    return {"name": name, "value": value, "unit": "s", "limit": limit, "against": against, "ok": value <= limit}


def median_time(function: Callable[[], object], repeats: int = 15) -> Seconds:
    """Median wall time of a call, after one that warms up."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def import_roofline() -> Row:
    """Time of `import labcore.roofline` beyond numpy's, each in a fresh interpreter."""

    def seconds(code: str) -> Seconds:
        probe = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        return float(out.stdout)

    numpy_only = statistics.median(seconds("import numpy") for _ in range(5))
    both = statistics.median(seconds("import numpy, labcore.roofline") for _ in range(5))
    return row("import labcore.roofline, beyond numpy", max(both - numpy_only, 0.0), 0.050, f"numpy {numpy_only:.3f} s")


def place_resnet() -> Row:
    """Time to put all layers of ResNet-50 on a roofline."""
    from labcore.catalogue import A100
    from labcore.models.zoo import build
    from labcore.roofline import place_network

    network = build("resnet50", batch=32)
    return row("ResNet-50 on a roofline", median_time(lambda: place_network(network, A100, "fp16")), 0.010, "limit")


def settle_ledger() -> Row:
    """Time to settle every claim of the ledger."""
    from labcore.claims.ledger import claims

    return row("settle the whole ledger", median_time(claims, 5), 1.0, "limit")


def redraw_explorers() -> Row:
    """Time from a moved control to the new picture, of the slowest explorer."""
    from labcore.explore.bench import LIMIT, redraw_times

    slowest, T = max(redraw_times().items(), key=lambda item: item[1])
    return row(f"redraw of the slowest explorer ({slowest})", T, LIMIT, "limit")


MEASUREMENTS: list[Callable[[], Row]] = [import_roofline, place_resnet, settle_ledger, redraw_explorers]


def bench_table(rows: list[Row]) -> Table:
    """The report for a terminal."""
    table = Table(show_edge=False, header_style="bold")
    for name in ("measured", "median", "limit", "against", ""):
        table.add_column(name)
    for r in rows:
        table.add_row(
            r["name"],
            format_si(r["value"], "s", 3),
            format_si(r["limit"], "s", 3),
            r["against"],
            "ok" if r["ok"] else "SLOW",
        )
    return table
