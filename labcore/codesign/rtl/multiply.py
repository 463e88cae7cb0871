"""A matrix product on the array alone, clocked in Amaranth's simulator: the array of lab 06 as register transfers."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from amaranth.hdl import signed
from amaranth.sim import Simulator

from labcore.codesign.rtl.array import SystolicArray
from labcore.systolic.dataflows import extents, folds
from labcore.systolic.machine import nothing, skewed


def multiply(A: np.ndarray, B: np.ndarray, rows: int, cols: int, dataflow: str = "os") -> tuple[np.ndarray, int]:
    """(A @ B, cycles) of integers (M, K) @ (K, N), every register of the array clocked; folds follow without a gap.

    Operands get as many bits as they need, sums as many as no sum can leave. The cycles are those of the clock, from
    the first operand to the last result, and equal `labcore.systolic.cycles(..., edge="exact")`. Folds of K are added
    up outside the array, as an accumulator memory does. Raises ValueError for shapes that do not fit, values that are
    no integers, and a dataflow that the array lacks.

    >>> C, cycles = multiply(np.array([[2, 4], [1, 5]]), np.array([[1, 3], [6, 2]]), rows=2, cols=2)
    >>> C.tolist(), cycles
    ([[26, 14], [31, 13]], 6)
    """
    cycles, C = trace(A, B, rows, cols, dataflow), np.zeros((np.shape(A)[0], np.shape(B)[1]), np.int64)
    for one in cycles:
        for lane, place in one.leaving.items():
            C[place] += one.south[lane]
    return C, len(cycles)


class Cycle(NamedTuple):
    """The ports of the array in one cycle, a value a lane, and the place in C of what leaves a lane of the south."""

    west: list[int]
    north: list[int]
    shift: int
    south: list[int]
    leaving: dict[int, tuple[int, int]]


def trace(A: np.ndarray, B: np.ndarray, rows: int, cols: int, dataflow: str = "os") -> list[Cycle]:
    """Every port of the array in every cycle of a product (M, K) @ (K, N); raises as `multiply` does.

    >>> [one.west for one in trace(np.array([[2, 4], [1, 5]]), np.eye(2, dtype=int), rows=2, cols=2)][:3]
    [[2, 0], [4, 1], [0, 5]]
    """
    A, B = np.asarray(A), np.asarray(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0] or A.dtype.kind not in "iu" or B.dtype.kind not in "iu":
        raise ValueError(f"wanted integers (M, K) @ (K, N), got {A.dtype} {A.shape} @ {B.dtype} {B.shape}")
    a_bits, b_bits = bits_of(A), bits_of(B)
    c_bits = a_bits + b_bits + A.shape[1].bit_length()
    array = SystolicArray(rows, cols, dataflow, signed(a_bits), signed(b_bits), c_bits)
    script = list((_os if dataflow == "os" else _ws)(A.astype(np.int64), B.astype(np.int64), rows, cols))
    return [
        Cycle([int(v) for v in west], [int(v) for v in north], shift, south, dict(leaving))
        for (west, north, shift, leaving), south in zip(script, clock(array, script), strict=True)
    ]


def bits_of(x: np.ndarray) -> int:
    """Bits of a signed number that holds every value of x.

    >>> bits_of(np.array([-8, 7])), bits_of(np.array([8])), bits_of(np.array([0]))
    (4, 5, 1)
    """
    return 1 + max(int(x.max()).bit_length(), (-int(x.min()) - 1).bit_length() if x.min() < 0 else 0)


def clock(array: SystolicArray, script: list[tuple]) -> list[list[int]]:
    """What leaves the south edge in each cycle of a script of (west, north, shift, ...), (cycles, cols).

    >>> clock(SystolicArray(1, 1), [([3], [4], 0), ([0], [0], 1)])
    [[0], [12]]
    """
    seen: list[list[int]] = []

    async def bench(ctx):
        for west, north, shift, *_ in script:
            for port, value in [*zip(array.west, west, strict=True), *zip(array.north, north, strict=True)]:
                ctx.set(port, int(value))
            ctx.set(array.shift, shift)
            seen.append([ctx.get(port) for port in array.south])
            await ctx.tick()

    simulator = Simulator(array)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return seen


def _os(A: np.ndarray, B: np.ndarray, rows: int, cols: int) -> Iterator[tuple]:
    """Per cycle (west, north, shift, [(lane, place in C)]): compute, then the last row of sums leaves first."""
    Sr, Sc, T = extents(A.shape[0], *B.shape, "os")
    for r, c in folds(Sr, Sc, rows, cols):
        (m, n) = (r.stop - r.start, c.stop - c.start)
        for t in range(T + m + n - 2):
            yield skewed(A[r].T, t, rows)[0], skewed(B[:, c], t, cols)[0], 0, []
        for line in reversed(range(rows)):
            leaving = [(j, (r.start + line, c.start + j)) for j in range(n)] if line < m else []
            yield nothing(rows, A.dtype)[0], nothing(cols, B.dtype)[0], 1, leaving


def _ws(A: np.ndarray, B: np.ndarray, rows: int, cols: int) -> Iterator[tuple]:
    """Per cycle (west, north, shift, [(lane, place in C)]): weights first, the last row ahead, then A streams."""
    Sr, Sc, T = extents(A.shape[0], *B.shape, "ws")
    for k, c in folds(Sr, Sc, rows, cols):
        n = c.stop - c.start
        weights = np.zeros((rows, cols), B.dtype)
        weights[: k.stop - k.start, :n] = B[k, c]
        for line in reversed(range(rows)):
            yield nothing(rows, A.dtype)[0], weights[line], 1, []
        for t in range(T + rows + n - 2):
            places = ((t - rows + 1 - j, j) for j in range(n))
            leaving = [(j, (row, c.start + j)) for row, j in places if 0 <= row < T]
            yield skewed(A[:, k], t, rows)[0], nothing(cols, B.dtype)[0], 0, leaving
