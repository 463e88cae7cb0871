"""What `labcore measure` reaches, beside STREAM's triad in C and the bare BLAS call, taking turns in one run."""

from __future__ import annotations

import ctypes
import functools
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from labcore.bench.rows import Row, row, spread
from labcore.measure.compute import throughput
from labcore.measure.kernels import ARRAYS
from labcore.measure.machine import usable_cores
from labcore.measure.memory import bandwidth, vectors
from labcore.measure.timing import in_turns
from labcore.ops import matmul
from labcore.units import Bytes, Seconds

WORKING_SET: Bytes = 192 * 2**20  # three vectors of 64 MiB
TRIAD_SHARE, BLAS_SHARE = 0.8, 0.9
SIDE = 1024
STREAM = """
void triad(double *restrict a, const double *restrict b, const double *restrict c, long n, int threads)
{
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long i = 0; i < n; i++)
        a[i] = b[i] + 3.0 * c[i];
}
"""


@functools.cache
def stream_in_c() -> Callable | None:
    """The triad loop of STREAM (McCalpin), compiled here; None where there is no gcc that knows OpenMP."""
    gcc = shutil.which("gcc")
    if gcc is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "triad.c"), Path(folder, "triad.so")
        source.write_text(STREAM, encoding="utf-8")
        command = [gcc, "-O3", "-march=native", "-fopenmp", "-shared", "-fPIC", str(source), "-o", str(library)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        triad = ctypes.CDLL(str(library)).triad
    vector = np.ctypeslib.ndpointer(np.float64, flags="C_CONTIGUOUS")
    triad.argtypes, triad.restype = [vector, vector, vector, ctypes.c_long, ctypes.c_int], None
    return triad


def stream_in_numba() -> Callable:
    """The same loop in parallel numba, for machines without gcc."""
    from numba import njit, prange

    @njit(parallel=True)
    def triad(a, b, c, n, threads):
        for i in prange(n):
            a[i] = b[i] + 3.0 * c[i]

    return triad


def triad_beside_stream() -> Row:
    """The triad bandwidth that `measure` reports over that of STREAM's own loop, from the same vectors and threads.

    Both count 24 B an element as STREAM does: each array once, a line's fetch before it is overwritten not at all.
    """
    threads, theirs = usable_cores(), stream_in_c()
    peer = "STREAM's triad in C" if theirs else "no gcc with OpenMP here; the triad in numba"
    buffer = np.ones(WORKING_SET // 8 + 64 * threads)
    a, b, c = vectors(buffer, ARRAYS["triad"], WORKING_SET, threads)
    loop = theirs or stream_in_numba()

    def ours() -> Seconds:
        return 3 * a.nbytes / bandwidth("triad", WORKING_SET, threads, buffer, repeats=1).BW

    name, words = "measure's triad over STREAM's", f"{peer}, {threads} threads"
    return reached(name, ours, lambda: loop(a, b, c, len(a), threads), TRIAD_SHARE, words)


def blas_beside_bare() -> Row:
    """The fp32 throughput that `measure` reports over what the bare call of the same BLAS reaches."""
    threads = usable_cores()
    A, B, C = (np.ones((SIDE, SIDE), np.float32) for _ in range(3))

    def ours() -> Seconds:
        return matmul(SIDE, SIDE, SIDE).flop / throughput("fp32", SIDE, threads, repeats=1).R

    return reached("measure's BLAS over the bare call", ours, lambda: np.matmul(A, B, out=C), BLAS_SHARE, "np.matmul")


def reached(
    name: str, ours: Callable[[], Seconds], theirs: Callable[[], object], share: float, peer: str, rounds: int = 25
) -> Row:
    """The share of a peer's rate that `measure` reports: they take turns, and the median of the rounds' ratios counts.

    `ours` returns the time that it reports; neighbours in time are compared, so that what slows one round slows both.

    >>> reached("x", lambda: 1e-9, lambda: None, 0.8, "peer", rounds=2)["ok"]
    True
    """
    reported: list[Seconds] = []
    _, times = in_turns([lambda: reported.append(ours()), theirs], rounds)
    said = reported[1:]  # the first round warms up
    ratio = statistics.median(bare / mine for bare, mine in zip(times, said, strict=True))
    against = f"{peer} {spread(times)}, reported {spread(said)}"
    return row(name, ratio, "x", "at least", share, against, ok=ratio >= share)


MEASUREMENTS = (triad_beside_stream, blas_beside_bare)
