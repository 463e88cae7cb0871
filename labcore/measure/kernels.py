"""Loops compiled by numba that a machine is timed with; each leaves the interpreter, so that threads run side by side.

The four of McCalpin's STREAM on double precision (read is a sum, and write stands in for STREAM's scale), a pointer
chase, and the operations that numpy cannot do in one trip through memory.
"""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

LINE = 64  # bytes: a cache line of most machines; a chase touches one word of each
ARRAYS = {"read": 1, "write": 1, "copy": 2, "triad": 3}  # arrays that a kernel touches, each element once


def read(a, b, c, passes):
    """The sum of a, some times over."""
    total = 0.0
    for _ in range(passes):
        for i in range(a.size):
            total += a[i]
    return total


def write(a, b, c, passes):
    """Fill a, each pass with its number."""
    for k in range(passes):
        for i in range(a.size):
            a[i] = k
    return a[0]


def copy(a, b, c, passes):
    """Write b to a."""
    for _ in range(passes):
        for i in range(a.size):
            a[i] = b[i]
    return a[0]


def triad(a, b, c, passes):
    """Write b + 3 c to a."""
    for _ in range(passes):
        for i in range(a.size):
            a[i] = b[i] + 3.0 * c[i]
    return a[0]


def chase(following, at, steps):
    """Walk on from a place: every step needs the answer of the one before."""
    for _ in range(steps):
        at = following[at]
    return at


def link(following, lines, stride):
    """One cycle through all lines in random order (Sattolo, 1986): word k * stride names the next one's place."""
    np.random.seed(1)  # noqa: NPY002 (numba's own generator, inside compiled code)
    for k in range(lines):
        following[k * stride] = k * stride
    for k in range(lines - 1, 0, -1):
        j = np.random.randint(0, k)  # noqa: NPY002
        following[k * stride], following[j * stride] = following[j * stride], following[k * stride]


def layernorm(x, y):
    """Normalize each row of x into y, without a scale and a bias: (rows, cols)."""
    for r in range(x.shape[0]):
        row, out = x[r], y[r]
        total, squares = np.float32(0), np.float32(0)
        for v in row:
            total += v
            squares += v * v
        mean = total / np.float32(row.size)
        scale = np.float32(1) / np.sqrt(squares / np.float32(row.size) - mean * mean + np.float32(1e-5))
        for i in range(row.size):
            out[i] = (row[i] - mean) * scale


def softmax(x, y):
    """Softmax of each row of x into y: (rows, cols)."""
    for r in range(x.shape[0]):
        row, out = x[r], y[r]
        top, total = row.max(), np.float32(0)
        for i in range(row.size):
            out[i] = np.exp(row[i] - top)
            total += out[i]
        for i in range(row.size):
            out[i] /= total


def scale(x, y):
    """Write 1.5 x to y: (rows, cols)."""
    for r in range(x.shape[0]):
        row, out = x[r], y[r]
        for i in range(row.size):
            out[i] = np.float32(1.5) * row[i]


def scale4(x, y):
    """Four such scalings in one trip: (rows, cols)."""
    f = np.float32(1.5)
    for r in range(x.shape[0]):
        row, out = x[r], y[r]
        for i in range(row.size):
            out[i] = f * (f * (f * (f * row[i])))


VECTORS = "f8(f8[::1], f8[::1], f8[::1], i8)"  # a number comes back, so that no work can be left out
ROWS = "void(f4[:,::1], f4[:,::1])"
SIGNATURES = {
    read: VECTORS, write: VECTORS, copy: VECTORS, triad: VECTORS,
    chase: "i8(i8[::1], i8, i8)", link: "void(i8[::1], i8, i8)",
    layernorm: ROWS, softmax: ROWS, scale: ROWS, scale4: ROWS,
}  # fmt: skip
SUMS = read, layernorm, softmax  # may add in any order, else the latency of one adder is timed


@functools.cache
def kernels() -> SimpleNamespace:
    """All kernels, compiled once a process, which takes some seconds. Vectors are float64, operations float32.

    >>> a, b, c = np.zeros(8), np.ones(8), np.ones(8)
    >>> _ = kernels().triad(a, b, c, 1)
    >>> a.tolist()
    [4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0]
    """
    from numba import njit

    freely = {"reassoc"}
    return SimpleNamespace(**{
        loop.__name__: njit(types, nogil=True, fastmath=freely if loop in SUMS else False)(loop)
        for loop, types in SIGNATURES.items()
    })  # fmt: skip


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def side_by_side(kernel: object, threads: int, arrays: tuple[np.ndarray, ...], *rest: object) -> None:
    """Run a kernel on equal shares of arrays, cut along the first axis, one share a thread; return when all are done.

    >>> b = np.arange(32.0)
    >>> side_by_side(kernels().copy, 2, (a := np.zeros(32), b, b), 1)
    >>> a.tolist() == b.tolist()
    True
    """
    if threads == 1:
        kernel(*arrays, *rest)
        return
    n = len(arrays[0])
    cuts = [n * k // threads for k in range(threads + 1)]
    shares = [[x[low:high] for x in arrays] for low, high in pairwise(cuts)]
    for done in [_pool(threads).submit(kernel, *share, *rest) for share in shares]:
        done.result()
