"""Kernels of the lab: what each thread does, written over the lanes of a warp.

>>> from labcore.simt.warp import launch
>>> x, y = np.array([3.0, -1.0, 2.0, -4.0]), np.zeros(4)
>>> launch(relu, 4, x, y, width=4).instructions, launch(relu_by_branch, 4, x, y, width=4).instructions, y.tolist()
(3, 5, [3.0, 0.0, 2.0, 0.0])
>>> launch(piecewise, 4, x, y, width=4).counts["move"], y.tolist()
(2, [12.0, -0.5, 6.0, -2.0])
>>> launch(matmul, 4, y, x, x, 2).counts["fma"], y.tolist()  # [[3, -1], [2, -4]] times itself
(2, [7.0, 1.0, -2.0, 14.0])
>>> launch(two_paths, 32, np.arange(32) < 5, 3, 4).counts["fma"], launch(switch, 32, 8, 10).counts["fma"]
(7, 80)
"""

from __future__ import annotations

import numpy as np

from labcore.simt.lanes import Lanes
from labcore.simt.warp import Warp


def relu(warp: Warp, x: np.ndarray, y: np.ndarray) -> None:
    """Write max(x, 0) to y, one element a thread and no branch."""
    warp.store(y, warp.thread, warp.maximum(warp.load(x, warp.thread), 0))


def relu_by_branch(warp: Warp, x: np.ndarray, y: np.ndarray) -> None:
    """The same as an if with two sides: a warp whose lanes disagree runs both."""
    v = warp.load(x, warp.thread)
    with warp.where(v > 0) as positive:
        warp.store(y, warp.thread, v)
    with positive.otherwise():
        warp.store(y, warp.thread, warp.register(0))


def matmul(warp: Warp, C: np.ndarray, A: np.ndarray, B: np.ndarray, N: int) -> None:
    """Write A @ B to C, N x N in row-major memory, one output element a thread (Listing 13)."""
    row, col = warp.thread // N, warp.thread % N
    total = warp.register(0, C.dtype)
    for k in range(N):
        total.fma(warp.load(A, row * N + k), warp.load(B, col + k * N))
    warp.store(C, row * N + col, total)


def piecewise(warp: Warp, x: np.ndarray, y: np.ndarray) -> None:
    """Write v * v + v to y where v = x is above 0, and 0.5 v elsewhere: sides of three and two instructions."""
    v = warp.load(x, warp.thread)
    result = warp.register(0.0)
    with warp.where(v > 0) as positive:
        result.set(v * v + v)
    with positive.otherwise():
        result.set(v * 0.5)
    warp.store(y, warp.thread, result)


def two_paths(warp: Warp, takes_first: np.ndarray, first: int, second: int) -> None:
    """A branch with `first` fused multiply-adds on one side and `second` on the other."""
    with warp.where(Lanes(warp, takes_first[warp.thread.values])) as branch:
        work(warp, first)
    with branch.otherwise():
        work(warp, second)


def switch(warp: Warp, ways: int, each: int) -> None:
    """`ways` cases that the lanes take in turn, `each` fused multiply-adds in every case."""
    case = warp.thread % ways
    for k in range(ways):
        with warp.where(case == k):
            work(warp, each)


def work(warp: Warp, count: int) -> None:
    """`count` fused multiply-adds, one after the other."""
    total = warp.register(0.0)
    for _ in range(count):
        total.fma(1.0, 1.0)
