"""What one kernel costs on a GPU: blocks of the result, dealt out to multiprocessors in waves, against three roofs.

A product (M, K) @ (K, N) is cut into blocks of the result; each multiprocessor works on one at a time, so the last
wave is as long as a full one however few blocks it has (NVIDIA, Matrix Multiplication Background, on tile and wave
quantization). Few blocks leave multiprocessors idle; then K is split too, and the parts are added up afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil

from labcore.catalogue import chip as find_chip
from labcore.catalogue.facts import Accelerator
from labcore.catalogue.memory import L2_BANDWIDTH
from labcore.matrix.engage import alignment, engage, multiprocessor
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Flop, FlopPerSecond, Ratio, Seconds, positive_ints

BLOCKS = ((256, 128), (128, 256), (128, 128), (128, 64), (64, 128), (64, 64), (64, 32), (32, 64), (32, 32))
SPLITS = (1, 2, 4, 8, 16)  # parts of K
SUM_BYTES = 4  # partial sums are kept in fp32
UNITS = ("tensor cores", "vector units")


@dataclass(frozen=True)
class Implementation:
    """One way to do an operation: its unit, the share of that unit it can use, and the bytes it moves.

    `flop` is useful work; `eta` counts what padding and the last wave leave idle. `T` is without the launches.
    """

    name: str
    unit: str
    flop: Flop
    eta: Ratio
    R_peak: FlopPerSecond
    D_vol: Bytes
    T: Seconds
    launches: int = 1
    block: tuple[int, int] = (0, 0)
    split: int = 1

    def time(self, L_launch: Seconds) -> Seconds:
        """The time with its launches in a row."""
        return self.T + self.launches * L_launch


def gemm_waves(chip: str, M: int, N: int, block: tuple[int, int] = (256, 128), split: int = 1, batch: int = 1) -> int:
    """How many rounds the multiprocessors need for the blocks of an (M, N) result.

    >>> gemm_waves("A100", 1792, 1792), gemm_waves("A100", 1793, 1793)  # 98 blocks, then 120, on 108 multiprocessors
    (1, 2)
    """
    positive_ints(M=M, N=N, split=split, batch=batch)
    return ceil(_blocks(M, N, block, batch) * split / int(multiprocessor(chip).count.value))


def _blocks(M: int, N: int, block: tuple[int, int], batch: int) -> int:
    return batch * ceil(M / block[0]) * ceil(N / block[1])


def gemm_kernels(
    chip: str, fmt: str, M: int, K: int, N: int, batch: int = 1, unit: str = "tensor cores", D_vol: Bytes | None = None
) -> Iterator[Implementation]:
    """Every block and split for a product, `batch` times, on one unit of a chip.

    `D_vol` replaces the bytes of the operands where they are not read as plain matrices. Vector units are charged at
    the chip's fp32 rate whatever the format. Raises ValueError for a chip whose multiprocessor is not described.

    >>> best = min(gemm_kernels("A100", "fp16", 4096, 4096, 4096), key=lambda kernel: kernel.T)
    >>> best.split, best.eta > 0.9, best.T > 2 * 4096**3 / 312e12
    (1, True, True)
    """
    positive_ints(M=M, K=K, N=N, batch=batch)
    if unit not in UNITS:
        raise ValueError(f"a product runs on {' or '.join(UNITS)}, got {unit!r}")
    size, deep = bytes_per_element(fmt), K
    if unit == "tensor cores":
        where = engage(chip, fmt, M, N, K)
        if where.unit != unit:
            raise ValueError(f"{chip} has no tensor-core tile for {fmt}; take unit='vector units'")
        step = max(alignment(fmt), where.tile.k)
        R_peak, deep = where.R_peak, ceil(K / step) * step
    else:
        R_peak = find_chip(chip).peak("fp32")
    if D_vol is None:
        D_vol = batch * (M * K + K * N + M * N) * size
    known, count = find_chip(chip), int(multiprocessor(chip).count.value)
    for block in BLOCKS:
        for split in (parts for parts in SPLITS if parts <= max(1, deep // 64)):
            yield _kernel(known, count, unit, R_peak, (M, K, N), batch, deep, block, split, D_vol, size)


def _kernel(
    chip: Accelerator, count: int, unit: str, R_peak: FlopPerSecond, sizes: tuple[int, int, int], batch: int, deep: int,
    block: tuple[int, int], split: int, D_vol: Bytes, size: Bytes,
) -> Implementation:  # fmt: skip
    M, K, N = sizes
    blocks = _blocks(M, N, block, batch)
    slots = ceil(blocks * split / count) * count
    eta = batch * M * N * K / (slots * block[0] * block[1] * ceil(deep / split))
    D_L2 = blocks * (block[0] + block[1]) * deep * size  # every block fetches its rows and its columns
    sums = split * batch * M * N * SUM_BYTES if split > 1 else 0  # written by the parts, read by a second kernel
    flop = 2 * batch * M * N * K
    BW, D_vol = chip.BW, D_vol + sums
    T = max(flop / (R_peak * eta), D_vol / BW, D_L2 / L2_BANDWIDTH[chip.name].value) + sums / BW
    name = f"{block[0]} x {block[1]}" + (f", K in {split}" if split > 1 else "")
    return Implementation(name, unit, flop, eta, R_peak, D_vol + sums, T, 1 + (split > 1), block, split)


def streamed(chip: str, op: Operation, name: str = "streamed", D_vol: Bytes | None = None) -> Implementation:
    """A kernel of the vector units that reads its operands once: element-wise, pooling, normalization, depthwise.

    >>> from labcore.ops import elementwise
    >>> kernel = streamed("A100", elementwise(10**6))
    >>> kernel.T == 4e6 / 2.039e12
    True
    """
    R_peak, D_vol = find_chip(chip).peak("fp32"), op.D_vol if D_vol is None else D_vol
    return Implementation(
        name, "vector units", op.flop, 1.0, R_peak, D_vol, max(op.flop / R_peak, D_vol / find_chip(chip).BW)
    )


def gemm_space(chip: str, fmt: str) -> list[dict[str, int]]:
    """Every configuration of a product that one multiprocessor can hold, before layouts: what an autotuner searches.

    Blocks of 32 to 256 rows and columns, steps of 16 to 64 along K in 2 to 5 buffers of shared memory, 1 to 8 warps
    in rows and columns, K in 1 to 16 parts. The buffers must fit in shared memory, the sums in half of the registers.

    >>> space = gemm_space("A100", "fp16")
    >>> len(space) > 1000, space[0]
    (True, {'rows': 32, 'cols': 32, 'step': 16, 'buffers': 2, 'warp_rows': 1, 'warp_cols': 1, 'split': 1})
    """
    sm, tile = multiprocessor(chip), engage(chip, fmt, 256, 256, 256).tile
    if tile is None:
        raise ValueError(f"{chip} has no tensor-core tile for {fmt}; ask for a format that has one")
    room, most = sm.shared.value - sm.shared_reserved.value, sm.registers_per_thread.value / 2
    sides, warps = (32, 64, 128, 256), (1, 2, 4, 8)
    names = ("rows", "cols", "step", "buffers", "warp_rows", "warp_cols", "split")
    space = []
    for m, n, k, buffers, wm, wn, split in product(sides, sides, (16, 32, 64), range(2, 6), warps, warps, SPLITS):
        fits = buffers * (m + n) * k * bytes_per_element(fmt) <= room and m * n / (32 * wm * wn) <= most
        if fits and wm * wn <= 8 and m // wm >= tile.m and n // wn >= tile.n and k >= tile.k:
            space.append(dict(zip(names, (m, n, k, buffers, wm, wn, split), strict=True)))
    return space
