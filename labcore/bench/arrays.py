"""Speeds of the systolic array, beside SCALE-Sim and BLAS."""

from __future__ import annotations

import statistics

import numpy as np

from labcore.bench.rows import Row, at_least, at_most, beside, median_time, row, spread
from labcore.measure.timing import in_turns

SIDE = 128
SHARE = 0.6  # of what two contiguous ufuncs reach on such tiles in the same run


def step_array() -> Row:
    """Updates a second with every PE of a 128 x 128 array stepped in every cycle, beside two ufuncs alone.

    Those are a multiply and an add of contiguous float32 tiles of 128 x 128 that stay in the cache.
    """
    from labcore.systolic import cycles, stream

    A, B = np.ones((4096, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)
    stepped = cycles(4096, SIDE, SIDE, SIDE, SIDE, "ws") - SIDE  # the preload moves weights and updates no sum
    a, b, c, d = (np.ones(SIDE * SIDE, np.float32) for _ in range(4))

    def two_ufuncs() -> None:
        for _ in range(stepped):
            np.multiply(a, b, out=c)
            np.add(d, c, out=d)

    ours, alone = in_turns([lambda: stream(A, B, SIDE, SIDE, "ws"), two_ufuncs], 9)
    rate, limit = (stepped * SIDE * SIDE / statistics.median(times) for times in (ours, alone))
    share = f"{SHARE:.0%} of {limit / 1e9:.2f} G of two ufuncs alone, {spread(alone)}"
    against = f"2 G, or {share}; ours {spread(ours)}, {rate / limit:.0%}"
    name, least = "stepping a 128 x 128 array", min(2e9, SHARE * limit)
    return at_least(name, rate / 1e9, least / 1e9, against, "G PE-updates/s")


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
    (ours,) = in_turns([lambda: stream(A, B, SIDE, SIDE)], 5)
    ratio = theirs / statistics.median(ours)
    return at_least(name, ratio, limit, f"{theirs:.1f} s in one run, ours {spread(ours)} with the numbers", "x")


def gemm_beside_blas() -> Row:
    """Time of a 4096 x 4096 x 4096 product with numbers, cycles and traffic, over that of BLAS alone."""
    from labcore.systolic import gemm

    n = 4096
    A, B = (np.random.default_rng(seed).random((n, n), np.float32) for seed in (1, 2))
    times = in_turns([lambda: gemm(A, B, SIDE, SIDE), lambda: A @ B], 5)
    return beside("4096^3 with cycles, over BLAS alone", times, 1.5, "BLAS")


def network_on_array() -> Row:
    """Time to count the cycles of all layers of ResNet-50 on a 128 x 128 array."""
    from labcore.models.zoo import build
    from labcore.systolic import network_cycles

    network = build("resnet50")
    T = median_time(lambda: network_cycles(network, SIDE, SIDE, "ws"))
    return at_most("cycles of ResNet-50 on an array", T, 0.010, "limit")


MEASUREMENTS = (step_array, array_beside_scalesim, gemm_beside_blas, network_on_array)
