"""Which unit a product runs on: the chip's own formats decide whether, alignment decides how well.

A format without a tensor-core tile falls back to the vector units; one that the chip has no peak for is an error. A
dimension that is no multiple of 16 B keeps the tensor cores and costs padding or a slower kernel (cuBLAS 11 and later;
NVIDIA, Matrix Multiplication Background).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.catalogue import chip as find_chip
from labcore.catalogue.execution import ALIGNMENT, MMA_TILES, MULTIPROCESSORS, Multiprocessor, Tile
from labcore.matrix.unit import Cost, tile_cost
from labcore.precision import bytes_per_element
from labcore.units import FlopPerSecond, Ratio, positive, positive_ints


@dataclass(frozen=True)
class Engagement:
    """Where a product runs: the unit, its tile (None on the vector units), dimensions off alignment, the peak."""

    unit: str
    tile: Tile | None
    misaligned: dict[str, int]
    R_peak: FlopPerSecond
    cost: Cost | None

    @property
    def R_useful(self) -> FlopPerSecond:
        """The peak, less what goes into padding."""
        return self.R_peak * (self.cost.utilization if self.cost else 1.0)


def alignment(fmt: str) -> int:
    """Elements that make up the 16 B to which tensor cores like dimensions aligned.

    >>> alignment("fp16"), alignment("int8")
    (8, 16)
    """
    return int(ALIGNMENT.value / bytes_per_element(fmt))


def remainders(fmt: str, **sizes: int) -> dict[str, int]:
    """The named sizes that are no multiple of the alignment, each with what is over.

    >>> remainders("fp16", M=512, N=500)
    {'N': 4}
    """
    positive_ints(**sizes)
    return {name: over for name, size in sizes.items() if (over := size % alignment(fmt))}


def engage(chip: str, fmt: str, M: int, N: int, K: int) -> Engagement:
    """The unit of a chip that computes (M, K) @ (K, N) at a format.

    Raises ValueError for a chip without described tensor cores, and for a format without a peak there.

    >>> aligned, off = engage("A100", "fp16", 512, 512, 512), engage("A100", "fp16", 500, 500, 500)
    >>> aligned.unit, str(aligned.tile), off.misaligned
    ('tensor cores', 'm16n8k16', {'M': 4, 'N': 4, 'K': 4})
    >>> engage("A100", "fp32", 512, 512, 512).unit
    'vector units'
    """
    capability, R_peak = multiprocessor(chip).capability, find_chip(chip).peak(fmt)
    tiles = [tile for tile in MMA_TILES.get(fmt, ()) if tile.since <= capability]
    if not tiles or find_chip(chip).peaks[fmt].note.startswith("vector"):
        return Engagement("vector units", None, {}, R_peak, None)
    tile = tiles[-1]
    off = remainders(fmt, M=M, N=N, K=K)
    return Engagement("tensor cores", tile, off, R_peak, tile_cost(M, N, K, tile))


def multiprocessor(chip: str) -> Multiprocessor:
    """The multiprocessor of a chip; raises ValueError with the chips that are described.

    >>> multiprocessor("a100").chip
    'A100'
    """
    name = find_chip(chip).name
    if name not in MULTIPROCESSORS:
        raise ValueError(f"the multiprocessor of {name} is not described; there are {', '.join(MULTIPROCESSORS)}")
    return MULTIPROCESSORS[name]


def tensor_peak(chip: str) -> FlopPerSecond:
    """Peak of the tensor cores at fp16 from their own counts: 2 MACs x cores x multiprocessors x clock.

    >>> round(tensor_peak("A100") / 1e12, 1), round(tensor_peak("V100") / 1e12, 1)
    (311.9, 125.3)
    """
    sm = multiprocessor(chip)
    return 2 * sm.macs_per_clock.value * sm.tensor_cores.value * sm.count.value * sm.clock.value


def macs_per_clock(R_peak: FlopPerSecond, units: int, clock: float) -> float:
    """Multiply-accumulates a clock of each of `units` equal units that reach R_peak together at `clock` Hz.

    >>> round(macs_per_clock(312e12, units=4 * 108, clock=1.41e9))
    256
    """
    positive(R_peak=R_peak, units=units, clock=clock)
    return R_peak / (2 * units * clock)


def array_side(R_peak: FlopPerSecond, units: int, clock: float) -> float:
    """Rows of a square array with that many multiply-accumulates a clock.

    >>> round(array_side(275e12, units=8, clock=1.05e9))
    128
    """
    return math.sqrt(macs_per_clock(R_peak, units, clock))


def share_left(chip: str, without: str = "fp32", of: str = "fp16") -> Ratio:
    """Share of a chip's fp16 peak that is left when the tensor cores are not used.

    >>> share_left("A100")
    0.0625
    """
    return find_chip(chip).peak(without) / find_chip(chip).peak(of)
