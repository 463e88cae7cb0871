"""Speeds that a reader waits for: the import, a network on a roofline, the ledger, a redraw."""

from __future__ import annotations

import statistics
import subprocess
import sys

from labcore.bench.rows import Row, at_most, median_time
from labcore.units import Seconds


def import_roofline() -> Row:
    """Time of `import labcore.roofline` beyond numpy's, each in a fresh interpreter."""

    def seconds(code: str) -> Seconds:
        probe = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        out = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        return float(out.stdout)

    numpy_only = statistics.median(seconds("import numpy") for _ in range(5))
    both = statistics.median(seconds("import numpy, labcore.roofline") for _ in range(5))
    return at_most(
        "import labcore.roofline, beyond numpy", max(both - numpy_only, 0.0), 0.050, f"numpy {numpy_only:.3f} s"
    )


def place_resnet() -> Row:
    """Time to put all layers of ResNet-50 on a roofline."""
    from labcore.catalogue import A100
    from labcore.models.zoo import build
    from labcore.roofline import place_network

    network = build("resnet50", batch=32)
    return at_most("ResNet-50 on a roofline", median_time(lambda: place_network(network, A100, "fp16")), 0.010, "limit")


def settle_ledger() -> Row:
    """Time to settle every claim of the ledger."""
    from labcore.claims.ledger import claims

    return at_most("settle the whole ledger", median_time(claims, 5), 1.0, "limit")


def redraw_explorers() -> Row:
    """Time from a moved control to the new picture, of the slowest explorer."""
    from labcore.explore.bench import LIMIT, redraw_times

    slowest, T = max(redraw_times().items(), key=lambda item: item[1])
    return at_most(f"redraw of the slowest explorer ({slowest})", T, LIMIT, "limit")


MEASUREMENTS = (import_roofline, place_resnet, settle_ledger, redraw_explorers)
