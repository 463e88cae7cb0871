"""Where weights live on a reader's machine: the time of one product of matrix and vector, by the size of the matrix."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.kernels.predict import own_clock
from labcore.kernels.race import Race, race
from labcore.measure.compute import blas_threads
from labcore.measure.machine import caches
from labcore.measure.timing import timed, wall
from labcore.units import Bytes, BytesPerSecond, Seconds

SIDES = (256, 512, 1024, 2048, 4096, 8192)  # of square matrices in float32: 256 KiB to 256 MiB
NEAR, FAR = 2**15, 2**26  # numbers of a vector that stays near the core, and of one that lies in DRAM


@dataclass(frozen=True)
class Resident:
    """Times of a product by side of the matrix; of this thread the bandwidth near the core and from DRAM, one cache.

    `cache` is the largest that the machine names, 0 where it names none; others may share it.
    """

    race: Race
    BW_near: BytesPerSecond
    BW_far: BytesPerSecond
    cache: Bytes

    @property
    def sides(self) -> list[int]:
        """The sides that ran."""
        return list(map(int, self.race.times))

    def predicted(self, side: int) -> Seconds:
        """Bytes of the matrix over the bandwidth of where they live: near while the cache holds them.

        >>> one = Resident(Race({}), BW_near=4e9, BW_far=1e9, cache=2**20)
        >>> one.predicted(512) * 4e9 == 2**20, one.predicted(1024) * 1e9 == 2**22
        (True, True)
        """
        D_vol = 4 * side**2
        return D_vol / (self.BW_near if D_vol <= self.cache else self.BW_far)


def matvec_race(sides: Sequence[int] = SIDES, repeats: int = 5, far: int = FAR) -> Resident:
    """Time W @ x for square matrices of some sides, one thread, in float32, and the two bandwidths; about two seconds.

    >>> matvec_race([8, 16], repeats=2, far=2**10).sides
    [8, 16]
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal(max(sides), np.float32)
    ways = {str(n): functools.partial(_often, np.ones((n, n), np.float32), x[:n], _passes(n)) for n in sides}
    with blas_threads(1):
        both = race(ways, repeats, own_clock())
        times = {name: tuple(T / _passes(int(name)) for T in one) for name, one in both.times.items()}
        largest = max((one["bytes"] for one in caches()), default=0)
        return Resident(Race(times), _bandwidth(NEAR), _bandwidth(far), largest)


def _passes(side: int) -> int:
    """Products that are timed together, so that a small one is not lost in the clock."""
    return max(1, 2**22 // side**2)


def _often(W: np.ndarray, x: np.ndarray, passes: int) -> None:
    for _ in range(passes):
        W @ x


def _bandwidth(count: int) -> BytesPerSecond:
    """Bytes a second that BLAS reads of a vector."""
    x = np.ones(count, np.float32)

    def run(passes: int) -> None:
        for _ in range(passes):
            x @ x

    return x.nbytes / timed(run, repeats=5, elapsed=functools.partial(wall, clock=own_clock())).T
