"""Kernels chosen by shape: the tile of C that each thread block computes, what it pads, and when it waits for the L2.

A product (M, K) @ (K, N) is cut into ceil(M / m) * ceil(N / n) tiles, which run in waves of one on every
multiprocessor. Large tiles reuse more of what they load; small ones pad less and fill a wave sooner. No efficiency is
typed in: a wave takes as long as its multiplications at the peak or its loads from the L2, whichever is longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labcore.catalogue.execution import SM_A100, SM_V100
from labcore.catalogue.gpu import A100, V100
from labcore.catalogue.runtimes import A100_L2, TILES, V100_L2
from labcore.units import Bytes, BytesPerSecond, FlopPerSecond, Ratio, Seconds, positive, positive_ints


@dataclass(frozen=True)
class Silicon:
    """What a matrix kernel finds: a peak over `units` multiprocessors, memory behind an L2, a launch."""

    name: str
    R_peak: FlopPerSecond
    units: int
    BW: BytesPerSecond
    BW_L2: BytesPerSecond

    def __post_init__(self) -> None:
        positive(R_peak=self.R_peak, BW=self.BW, BW_L2=self.BW_L2)
        positive_ints(units=self.units)


SILICON = {
    chip.name: Silicon(chip.name, chip.peak("fp16"), int(sm.count.value), chip.BW, l2.value * sm.clock.value)
    for chip, sm, l2 in ((A100, SM_A100, A100_L2), (V100, SM_V100, V100_L2))
}


@dataclass(frozen=True)
class Kernel:
    """A product under one tile: how many tiles and waves, the share of the work that is padding, and its time.

    `T` is the longer of the waves and of the compulsory traffic; `binds` names which, and `occupancy` is the share of
    the multiprocessors' places in all waves that hold a tile.
    """

    tile: str
    tiles: int
    waves: int
    waste: Ratio
    occupancy: Ratio
    T: Seconds
    binds: str


def kernel(
    M: int, K: int, N: int, tile: str, on: Silicon, batch: int = 1, bytes_per_element: Bytes = 2
) -> Kernel:  # fmt: skip
    """(M, K) @ (K, N), `batch` times, with one of `TILES`; raises ValueError for another.

    >>> small = Silicon("small", R_peak=2.0 * 64 * 64 * 4, units=4, BW=1e9, BW_L2=1e9)  # K = 1 of a 64 x 64 in a second
    >>> one = kernel(128, 10, 100, "64x64", small)
    >>> one.tiles, one.waves, one.waste, one.T  # 2 x 2 tiles, 100 of 128 columns used
    (4, 1, 0.21875, 10.0)
    """
    positive_ints(M=M, K=K, N=N, batch=batch)
    if tile not in TILES:
        raise ValueError(f"no kernel has the tile {tile!r}; there are {', '.join(TILES)}")
    m, n = TILES[tile]
    tiles = batch * -(-M // m) * -(-N // n)
    full, rest = divmod(tiles, on.units)
    T_multiply = 2 * m * n * K / (on.R_peak / on.units)
    T_load = (m + n) * K * bytes_per_element / on.BW_L2  # of one tile with the L2 to itself
    T_waves = full * max(T_multiply, on.units * T_load) + (rest > 0) * max(T_multiply, rest * T_load)
    T_memory = batch * (M * K + K * N + M * N) * bytes_per_element / on.BW
    waves = full + (rest > 0)
    times = {"memory": T_memory, "L2" if on.units * T_load > T_multiply else "multiplying": T_waves}
    binds = max(times, key=times.get)
    waste = 1 - batch * M * N / (tiles * m * n)
    return Kernel(tile, tiles, waves, waste, tiles / (waves * on.units), times[binds], binds)


def choose(
    M: int, K: int, N: int, on: Silicon, batch: int = 1, bytes_per_element: Bytes = 2,
    tiles: Iterable[str] = tuple(TILES),
) -> Kernel:  # fmt: skip
    """The kernel that takes least time; ties go to the one that pads less, then to the earlier tile.

    >>> a100 = SILICON["A100"]
    >>> choose(8192, 8192, 8192, a100).tile, choose(64, 4096, 64, a100).tile
    ('256x128', '32x32')
    """
    found = [kernel(M, K, N, tile, on, batch, bytes_per_element) for tile in tiles]
    if not found:
        raise ValueError(f"choose among at least one tile of {', '.join(TILES)}")
    return min(found, key=lambda one: (one.T, one.waste))


def regret(M: int, K: int, N: int, tile: str, on: Silicon, batch: int = 1) -> Ratio:
    """How many times longer a product takes with a given tile than with the best one for its shape.

    >>> regret(64, 4096, 64, "32x32", SILICON["A100"])
    1.0
    """
    return kernel(M, K, N, tile, on, batch).T / choose(M, K, N, on, batch).T
