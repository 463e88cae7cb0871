"""The same machine, fast: all PEs of a cycle in two contiguous ufuncs, or counts by formula and numbers by BLAS.

Two ideas make a cycle cheap. What moves right is laid out skewed beforehand: row x of the layout holds what column 0
of the array sees in cycle x, column j sees it j cycles later, so one slice of `cols` rows is the whole plane. What
moves down is not moved at all: one flat buffer is read from an address that falls by one word a cycle, which puts
every value one PE further, and only the edge is written. Planes are stored column by column of the array.
"""

from __future__ import annotations

import numpy as np

from labcore.sums import summed_in
from labcore.systolic.dataflows import extents, find, folds
from labcore.systolic.formulas import cycles, traffic
from labcore.systolic.run import Run, operands
from labcore.units import positive_ints


def stream(A: np.ndarray, B: np.ndarray, rows: int, cols: int, dataflow: str = "os") -> Run:
    """A @ B like `simulate`, every PE in every cycle, tens of times faster; MACs and traffic from the closed forms.

    >>> stream(np.ones((3, 5), np.int8), np.ones((5, 4), np.int8), rows=2, cols=2, dataflow="ws").C.tolist()
    [[5, 5, 5, 5], [5, 5, 5, 5], [5, 5, 5, 5]]
    """
    positive_ints(rows=rows, cols=cols)
    find(dataflow)
    A, B = operands(A, B)
    right, other = (B.T, A.T) if dataflow == "is" else (A, B)
    C, ticks = np.zeros((right.shape[0], other.shape[1]), A.dtype), 0
    for r, c in folds(right.shape[0 if dataflow == "os" else 1], other.shape[1], rows, cols):
        if dataflow == "os":
            C[r, c], spent = _output_stationary(right[r], other[:, c], rows, cols)
        else:
            tile, spent = _operand_stationary(right[:, r], other[r, c], rows, cols)
            C[:, c] += tile
        ticks += spent
    return _run(A, B, C.T if dataflow == "is" else C, ticks, rows, cols, dataflow)


def gemm(A: np.ndarray, B: np.ndarray, rows: int, cols: int, dataflow: str = "os") -> Run:
    """A @ B from BLAS, cycles and traffic from the closed forms: for sizes at which nobody steps cycles.

    Integers go through float64 where every sum is exact there, else through numpy's slower integer product. Float
    results differ from `simulate` in rounding only, since BLAS adds in another order.

    >>> gemm(np.eye(200, dtype=np.int8), np.eye(200, dtype=np.int8), rows=128, cols=128).cycles
    2104
    """
    positive_ints(rows=rows, cols=cols)
    A, B = operands(A, B)
    _, by = summed_in(A, B, terms=A.shape[1])
    C = (A.astype(by, copy=False) @ B.astype(by, copy=False)).astype(A.dtype, copy=False)
    ticks = cycles(*A.shape, B.shape[1], rows, cols, dataflow)
    return _run(A, B, C, ticks, rows, cols, dataflow)


def _run(A: np.ndarray, B: np.ndarray, C: np.ndarray, ticks: int, rows: int, cols: int, dataflow: str) -> Run:
    sizes = (*A.shape, B.shape[1])
    Sr, Sc, T = extents(*sizes, dataflow)
    reads, writes = traffic(*sizes, rows, cols, dataflow)
    return Run(C, ticks, Sr * Sc * T, reads, writes, rows, cols, dataflow)


def _output_stationary(rights: np.ndarray, downs: np.ndarray, rows: int, cols: int) -> tuple[np.ndarray, int]:
    """One fold, (m, T) @ (T, n): its tile (m, n) and the cycles it took, unloading included."""
    (m, T), n, size = rights.shape, downs.shape[1], rows * cols
    ticks = T + m + n - 2
    across = _skew(rights.T, rows, cols, ticks)
    edge = np.zeros((ticks, cols), rights.dtype)  # row t enters from above in cycle t
    for j in range(n):
        edge[j : j + T, j] = downs[:, j]
    flat = np.zeros(ticks + size, rights.dtype)
    sums, products = np.zeros(size, rights.dtype), np.empty(size, rights.dtype)
    for base, entering in zip(reversed(range(ticks)), edge, strict=True):
        plane = flat[base : base + size]
        plane[::rows] = entering
        np.multiply(across[base * rows : base * rows + size], plane, products)
        np.add(sums, products, sums)
    return sums.reshape(cols, rows).T[:m, :n], ticks + rows


def _operand_stationary(rights: np.ndarray, held: np.ndarray, rows: int, cols: int) -> tuple[np.ndarray, int]:
    """One fold, (T, k) @ (k, n): its partial sums (T, n) and the cycles it took, preloading included."""
    (T, k), n, size = rights.shape, held.shape[1], rows * cols
    ticks = T + rows + n - 2
    across = _skew(rights, rows, cols, ticks)
    stays = np.zeros((cols, rows), rights.dtype)  # (j, i)
    stays[:n, :k] = held.T
    stays, products = stays.ravel(), np.empty(size, rights.dtype)
    flat, out = np.zeros(ticks + size, rights.dtype), np.zeros((ticks, cols), rights.dtype)
    for base, leaving in zip(reversed(range(ticks)), out, strict=True):
        plane = flat[base : base + size]
        np.multiply(across[base * rows : base * rows + size], stays, products)
        np.add(plane, products, plane)
        bottom = plane[rows - 1 :: rows]
        leaving[:] = bottom
        bottom[:] = 0  # a word further on begins the top row of the next cycle, where sums start
    tile = np.empty((T, n), rights.dtype)
    for j in range(n):  # column j leaves its first sum in cycle rows - 1 + j
        tile[:, j] = out[rows - 1 + j : rows - 1 + j + T, j]
    return tile, rows + ticks


def _skew(lanes: np.ndarray, rows: int, cols: int, ticks: int) -> np.ndarray:
    """Lay out (T, m), lane i delayed by i cycles, latest cycle first, flat: cycle t's plane starts at ticks - 1 - t."""
    T, m = lanes.shape
    layout = np.zeros((ticks + cols - 1, rows), lanes.dtype)
    for i in range(m):
        layout[ticks - i - T : ticks - i, i] = lanes[::-1, i]
    return layout.ravel()
