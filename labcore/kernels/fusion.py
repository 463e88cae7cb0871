"""The chapter's chain as loops: three that write what lies between, and one that does not.

The steps are those of `labcore.fusion.examples.listing_19`: ReLU, 3 x + 2, 2 x + 1, in float32.

>>> x = np.array([-1, 0, 2], np.float32)
>>> a, b, y, z = (np.empty_like(x) for _ in range(4))
>>> kernels().apart(x, a, b, y, 1)
>>> kernels().fused(x, z, 1)
>>> y.tolist(), z.tolist()
([5.0, 5.0, 17.0], [5.0, 5.0, 17.0])
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

from labcore.kernels.predict import own_clock
from labcore.kernels.race import Race, race
from labcore.units import Bytes, positive_ints

DIVISIONS = 8  # of a long step, for each element


def apart(x, a, b, y, passes):
    """Three loops, some times over: each goes through memory twice."""
    for _ in range(passes):
        for i in range(x.size):
            a[i] = max(x[i], np.float32(0))
        for i in range(x.size):
            b[i] = np.float32(3) * a[i] + np.float32(2)
        for i in range(x.size):
            y[i] = np.float32(2) * b[i] + np.float32(1)


def fused(x, y, passes):
    """One loop, some times over: the values between stay in registers."""
    for _ in range(passes):
        for i in range(x.size):
            a = max(x[i], np.float32(0))
            b = np.float32(3) * a + np.float32(2)
            y[i] = np.float32(2) * b + np.float32(1)


def apart_long(x, a, b, y, passes):
    """Three loops of a step that computes for long: eight times 1 / (v + 1) for each element."""
    one = np.float32(1)
    for _ in range(passes):
        for i in range(x.size):
            v = x[i]
            for _ in range(DIVISIONS):
                v = one / (v + one)
            a[i] = v
        for i in range(x.size):
            v = a[i]
            for _ in range(DIVISIONS):
                v = one / (v + one)
            b[i] = v
        for i in range(x.size):
            v = b[i]
            for _ in range(DIVISIONS):
                v = one / (v + one)
            y[i] = v


def fused_long(x, y, passes):
    """The same three steps in one loop."""
    one = np.float32(1)
    for _ in range(passes):
        for i in range(x.size):
            v = x[i]
            for _ in range(3 * DIVISIONS):
                v = one / (v + one)
            y[i] = v


APART, FUSED = "void(f4[::1], f4[::1], f4[::1], f4[::1], i8)", "void(f4[::1], f4[::1], i8)"
SIGNATURES = {apart: APART, fused: FUSED, apart_long: APART, fused_long: FUSED}


@functools.cache
def kernels() -> SimpleNamespace:
    """The loops, compiled once a process.

    >>> sorted(vars(kernels()))
    ['apart', 'apart_long', 'fused', 'fused_long']
    """
    from numba import njit

    return SimpleNamespace(
        **{loop.__name__: njit(types, nogil=True, error_model="numpy")(loop) for loop, types in SIGNATURES.items()}
    )


def ways(nbytes: int, least: Bytes = 2**24, long: bool = False) -> dict[str, Callable[[], object]]:
    """The chain on a tensor of so many bytes: in numpy's five operations, in three loops and in one.

    With `long` each step computes for long, and numpy has no say. A small tensor is gone through again and again,
    until `least` bytes have passed.

    >>> list(ways(64)), list(ways(64, long=True))
    (['numpy', 'three loops', 'one loop'], ['three loops', 'one loop'])
    """
    positive_ints(nbytes=nbytes)
    passes = max(int(least // nbytes), 1)
    x = np.linspace(-0.5, 1, max(nbytes // 4, 1), dtype=np.float32)
    a, b, y = (np.zeros_like(x) for _ in range(3))
    loops = kernels()
    if long:
        return {
            "three loops": lambda: loops.apart_long(x, a, b, y, passes),
            "one loop": lambda: loops.fused_long(x, y, passes),
        }
    return {
        "numpy": lambda: numpy_steps(x, a, b, y, passes),
        "three loops": lambda: loops.apart(x, a, b, y, passes),
        "one loop": lambda: loops.fused(x, y, passes),
    }


def numpy_steps(x: np.ndarray, a: np.ndarray, b: np.ndarray, y: np.ndarray, passes: int) -> None:
    """The chain in numpy, some times over: five operations, each through memory.

    >>> x = np.array([-1, 0, 2], np.float32)
    >>> a, b, y = (np.empty_like(x) for _ in range(3))
    >>> numpy_steps(x, a, b, y, 1)
    >>> y.tolist()
    [5.0, 5.0, 17.0]
    """
    for _ in range(passes):
        np.maximum(x, 0, out=a)
        np.multiply(a, 3, out=b)
        np.add(b, 2, out=b)
        np.multiply(b, 2, out=y)
        np.add(y, 1, out=y)


Sweep = dict[str, dict[Bytes, Race]]  # "cheap" or "long" -> size of the tensor -> its race


def sweep(sizes: tuple[int, ...], long_sizes: tuple[int, ...] = (), repeats: int = 7) -> Sweep:
    """Races of the ways for each size of the tensor in bytes, with cheap steps and with long ones, on its own clock.

    >>> list(sweep((4096,), repeats=1)["cheap"])
    [4096]
    """
    cheap = {size: race(ways(size), repeats, own_clock()) for size in sizes}
    long = {size: race(ways(size, 2**18, long=True), repeats, own_clock()) for size in long_sizes}
    return {"cheap": cheap, "long": long}
