"""Peak throughput by precision: square products in BLAS, and in numpy's own loops where there is no BLAS."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import numpy as np

from labcore.measure.rows import Throughput
from labcore.measure.timing import timed
from labcore.ops import matmul
from labcore.units import Seconds, positive_ints

BLAS = {"fp32": np.float32, "fp64": np.float64}
LOOPS = {"fp16": np.float16, "int8": np.int8}  # numpy multiplies these without BLAS, on one thread
NO_BLAS = "numpy's own loop, no BLAS"


@contextlib.contextmanager
def blas_threads(threads: int) -> Iterator[bool]:
    """Hold BLAS to some threads; gives whether that was possible.

    >>> with blas_threads(1) as held:
    ...     held
    True
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        yield False
        return
    controller = ThreadpoolController()
    with controller.limit(limits=threads, user_api="blas"):
        yield any(pool["num_threads"] == threads for pool in controller.info() if pool["user_api"] == "blas")


def can_hold(threads: int) -> bool:
    """Whether BLAS keeps to some threads."""
    with blas_threads(threads) as held:
        return held


def throughput(
    precision: str, n: int, threads: int, repeats: int = 7, T_least: Seconds = 0.01, library: str = "BLAS"
) -> Throughput:
    """Throughput of (n, n) @ (n, n) into an array that is there already; a multiply-accumulate is two.

    >>> throughput("fp64", 8, 1, repeats=1, T_least=1e-4).R > 0
    True
    """
    positive_ints(n=n, threads=threads)
    dtype = (BLAS | LOOPS)[precision]
    A, B, C = np.ones((n, n), dtype), np.ones((n, n), dtype), np.empty((n, n), dtype)

    def run(passes: int) -> None:
        for _ in range(passes):
            np.matmul(A, B, out=C)

    with blas_threads(threads):
        timing = timed(run, repeats, T_least)
    return Throughput(precision, n, threads, library, *timing.rates(matmul(n, n, n).flop), timing.repeats)


def steps(sizes: tuple[int, ...], threads: tuple[int, ...], T_least: Seconds) -> Iterator[Callable[[int], Throughput]]:
    """One step for each product, called with its repeats.

    BLAS by size and threads comes first, then the precisions that BLAS lacks, small.
    """
    for precision in BLAS:
        for count in threads:
            for n in sizes:
                yield lambda repeats, p=precision, n=n, c=count: throughput(p, n, c, repeats, T_least)
    for precision in LOOPS:
        yield lambda repeats, p=precision: throughput(p, min(sizes), 1, min(repeats, 3), T_least, NO_BLAS)
