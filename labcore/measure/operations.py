"""Real operations, timed to be held against the roofs of the same machine; all in float32.

What each asks comes from `labcore.ops`: compulsory traffic, every operand once. Whatever an implementation does beyond
that (more trips, a costly exponential, a store that first fetches its line) shows as the difference to the prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from labcore.measure.compute import blas_threads
from labcore.measure.kernels import kernels, side_by_side
from labcore.measure.rows import Placed
from labcore.measure.timing import timed
from labcore.ops import Operation, elementwise, layernorm, matmul, softmax
from labcore.units import Bytes, Seconds

FP32: Bytes = 4
CHAIN = 4  # element-wise steps of the chain
ONE_KERNEL, ONE_THREAD, IN_CACHE = "one kernel", "numpy, one thread", "1 fused, in cache, one thread"
CACHED_ROWS = 32  # x and y of 96 KiB each: less than a second cache holds, and one thread needs no other to wait for


@dataclass(frozen=True)
class Case:
    """An operation to be timed: its place in the report, its work, how many times over, and how to make its call."""

    group: str
    name: str
    op: Operation
    make: Callable[[int], Callable[[], object]]  # of the threads to use
    times: int = 1
    threads: int | None = None  # all, unless the implementation uses a number of its own

    def place(self, threads: int, repeats: int, T_least: Seconds) -> Placed:
        """Time it."""
        count = self.threads or threads
        call = self.make(count)

        def run(passes: int) -> None:
            for _ in range(passes):
                call()

        with blas_threads(count):
            timing = timed(run, repeats, T_least)
        work = self.times * self.op.flop, self.times * self.op.D_vol, self.op.D_vol
        spent = timing.T, timing.T_low, timing.T_high
        return Placed(self.group, self.name, "fp32", count, *work, *spent, timing.repeats)


def product(group: str, name: str, M: int, K: int, N: int) -> Case:
    """(M, K) @ (K, N) by BLAS.

    >>> product("matmul", "64", 64, 64, 64).place(1, repeats=1, T_least=1e-4).flop
    524288
    """

    def make(threads: int) -> Callable[[], object]:
        A, B, C = (np.ones(shape, np.float32) for shape in ((M, K), (K, N), (M, N)))
        return lambda: np.matmul(A, B, out=C)

    return Case(group, name, matmul(M, K, N, FP32), make)


def by_row(group: str, name: str, op: Operation, rows: int, cols: int, call: Callable | str, **how: int) -> Case:
    """A function of (x, y), both (rows, cols), or the name of a kernel, that threads can share out by rows.

    Of several `times`, every second call goes from y back to x.
    """

    def make(threads: int) -> Callable[[], object]:
        x = np.random.default_rng(1).random((rows, cols), np.float32)
        y = np.empty_like(x)
        kernel = getattr(kernels(), call) if isinstance(call, str) else call
        pairs = [(x, y) if k % 2 == 0 else (y, x) for k in range(how.get("times", 1))]

        def go() -> None:
            for pair in pairs:
                side_by_side(kernel, threads, pair)

        return go

    return Case(group, name, op, make, **how)


def numpy_layernorm(x: np.ndarray, y: np.ndarray) -> None:
    """LayerNorm of the rows of x into y as array expressions, a trip through memory each: (rows, cols).

    >>> numpy_layernorm(np.array([[1.0, 3.0]], np.float32), y := np.empty((1, 2), np.float32))
    >>> y.round(3).tolist()
    [[-1.0, 1.0]]
    """
    np.subtract(x, x.mean(axis=1, keepdims=True), out=y)
    np.divide(y, np.sqrt(np.mean(y * y, axis=1, keepdims=True) + np.float32(1e-5)), out=y)


def numpy_softmax(x: np.ndarray, y: np.ndarray) -> None:
    """Softmax of the rows of x into y as array expressions, a trip through memory each: (rows, cols).

    >>> numpy_softmax(np.zeros((1, 2), np.float32), y := np.empty((1, 2), np.float32))
    >>> y.tolist()
    [[0.5, 0.5]]
    """
    np.subtract(x, x.max(axis=1, keepdims=True), out=y)
    np.exp(y, out=y)
    np.divide(y, y.sum(axis=1, keepdims=True), out=y)


def cases(quick: bool = False) -> Iterator[Case]:
    """Every operation: products by size, a dense layer by batch, LayerNorm, softmax, a chain of four scalings."""
    for n in (32, 256) if quick else (32, 64, 128, 256, 512, 1024, 2048):
        yield product("matmul", f"n = {n}", n, n, n)
    width = 512 if quick else 4096
    for batch in (1, 64) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        yield product("dense", f"batch {batch}", batch, width, width)
    rows, cols = 512 if quick else 32 * 512, 768  # the chapter's LayerNorm: 32 inputs of 512 tokens
    norm, soft = layernorm(rows, cols, FP32), softmax(rows, cols, FP32)
    norm = replace(norm, reads={"x": norm.reads["x"]})  # these apply no scale and no bias
    yield by_row("layernorm", ONE_KERNEL, norm, rows, cols, "layernorm")
    yield by_row("layernorm", ONE_THREAD, norm, rows, cols, numpy_layernorm, threads=1)
    yield by_row("softmax", ONE_KERNEL, soft, rows, cols, "softmax")
    yield by_row("softmax", ONE_THREAD, soft, rows, cols, numpy_softmax, threads=1)
    n = rows * cols
    apart, fused = elementwise(n, 1, bytes_per_element=FP32), elementwise(n, CHAIN, bytes_per_element=FP32)
    yield by_row("chain", f"{CHAIN} kernels", apart, rows, cols, "scale", times=CHAIN)
    yield by_row("chain", "1 fused", fused, rows, cols, "scale4")
    near = elementwise(CACHED_ROWS * cols, CHAIN, bytes_per_element=FP32)
    yield by_row("chain", IN_CACHE, near, CACHED_ROWS, cols, "scale4", threads=1)


def fits(case: Case, largest: Bytes) -> bool:
    """Whether an operation keeps to the memory that measuring may take."""
    return case.op.D_vol <= largest


def steps(quick: bool, threads: int, largest: Bytes, T_least: Seconds) -> Iterator[Callable[[int], Placed]]:
    """One step for each operation that fits, called with its repeats."""
    for case in cases(quick):
        if fits(case, largest):
            yield lambda repeats, case=case: case.place(threads, repeats, T_least)


def left_out(quick: bool, largest: Bytes) -> list[str]:
    """The operations that do not fit, by name.

    >>> left_out(quick=True, largest=2**21)[::5]
    ['layernorm, one kernel', 'chain, 1 fused']
    """
    return [f"{case.group}, {case.name}" for case in cases(quick) if not fits(case, largest)]
