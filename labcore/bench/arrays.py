"""Speeds of the systolic array, beside SCALE-Sim and BLAS."""

from __future__ import annotations

import numpy as np

from labcore.bench.rows import Row, at_least, at_most, median_time, row
from labcore.units import Seconds

SIDE = 128
SHARE = 0.6  # of what two contiguous ufuncs reach on such tiles in the same run


def two_ufuncs() -> float:
    """PE-updates a second that a multiply and an add reach on float32 tiles of 128 x 128 that stay in cache."""
    a, b, c, d = (np.ones(SIDE * SIDE, np.float32) for _ in range(4))

    def cycles_of_work() -> None:
        for _ in range(2000):
            np.multiply(a, b, out=c)
            np.add(d, c, out=d)

    return 2000 * SIDE * SIDE / median_time(cycles_of_work, 5)


def step_array() -> Row:
    """Updates a second with every PE of a 128 x 128 array stepped in every cycle, beside the two ufuncs alone."""
    from labcore.systolic import cycles, stream

    A, B = np.ones((4096, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)
    T = median_time(lambda: stream(A, B, SIDE, SIDE, "ws"), 9)
    stepped = cycles(4096, SIDE, SIDE, SIDE, SIDE, "ws") - SIDE  # the preload moves weights and updates no sum
    rate, alone = stepped * SIDE * SIDE / T, two_ufuncs()
    limit = min(2e9, SHARE * alone)
    against = f"2 G, or {SHARE:.0%} of the {alone / 1e9:.2f} G of two ufuncs alone; {rate / alone:.0%} of them"
    return at_least("stepping a 128 x 128 array", rate / 1e9, limit / 1e9, against, "G PE-updates/s")


def array_beside_scalesim() -> Row:
    """How many times as fast as SCALE-Sim 3.0.0 a 1024 x 1024 x 1024 product is stepped on a 128 x 128 array."""
    from labcore.bench.scalesim import PYTHON, WAY_OUT, scalesim_run
    from labcore.systolic import scalesim_cycles, stream

    name, n, limit = "stepping 1024^3 beside SCALE-Sim 3.0.0", 1024, 50
    if not PYTHON.exists():
        return row(name, None, "x", "at least", limit, WAY_OUT, ok=None)
    ticks, theirs = scalesim_run(n, n, n, SIDE, SIDE, "os")
    if ticks != scalesim_cycles(n, n, n, SIDE, SIDE, "os"):
        raise ValueError(f"SCALE-Sim reports {ticks} cycles where scalesim_cycles says otherwise")
    A, B = np.ones((n, n), np.float32), np.ones((n, n), np.float32)
    ours = median_time(lambda: stream(A, B, SIDE, SIDE), 3)
    return at_least(name, theirs / ours, limit, f"{theirs:.1f} s to {ours:.2f} s, ours with the numbers", "x")


def gemm_beside_blas() -> Row:
    """Time of a 4096 x 4096 x 4096 product with numbers, cycles and traffic, over that of BLAS alone."""
    from labcore.systolic import gemm

    n = 4096
    A, B = (np.random.default_rng(seed).random((n, n), np.float32) for seed in (1, 2))
    alone = median_time(lambda: A @ B, 3)
    whole: Seconds = median_time(lambda: gemm(A, B, SIDE, SIDE), 3)
    return at_most("4096^3 with cycles, over BLAS alone", whole / alone, 1.5, f"BLAS {alone:.2f} s", "x")


def network_on_array() -> Row:
    """Time to count the cycles of all layers of ResNet-50 on a 128 x 128 array."""
    from labcore.models.zoo import build
    from labcore.systolic import network_cycles

    network = build("resnet50")
    T = median_time(lambda: network_cycles(network, SIDE, SIDE, "ws"))
    return at_most("cycles of ResNet-50 on an array", T, 0.010, "limit")


MEASUREMENTS = (step_array, array_beside_scalesim, gemm_beside_blas, network_on_array)
