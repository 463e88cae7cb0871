"""Double buffering: the next tiles come in while these are multiplied, for twice the room of A and B."""

from __future__ import annotations

import math

from labcore.interconnect.schedule import Exchange, pipelined_time
from labcore.tiling.intensity import product_words
from labcore.units import Bytes, BytesPerSecond, FlopPerSecond, Ratio, Seconds, positive

Tile = tuple[int, int, int]  # (tm, tk, tn)
CUBES = math.sqrt(3 / 5)  # side of the cube of which A and B fit twice, over that of the cube that fits once


def steps(M: int, K: int, N: int, tile: Tile) -> int:
    """Tile products of a product: (M / tm) (K / tk) (N / tn).

    >>> steps(64, 64, 64, (16, 32, 16))
    32
    """
    product_words(M, K, N, tile)  # raises for tiles that do not divide
    return math.prod(size // one for size, one in zip((M, K, N), tile, strict=True))


def one_step(
    M: int, K: int, N: int, tile: Tile, R_peak: FlopPerSecond, BW: BytesPerSecond, bytes_per_element: Bytes = 2
) -> Exchange:
    """One tile product in time: its share of all words of the nest, C's included, over BW, and its FLOP over R_peak.

    >>> one_step(4, 4, 4, (2, 2, 2), R_peak=8.0, BW=20.0)
    Exchange(copy_in=1.0, launch=0.0, compute=2.0, copy_out=0.0)
    """
    positive(R_peak=R_peak, BW=BW, bytes_per_element=bytes_per_element)
    words = product_words(M, K, N, tile) / steps(M, K, N, tile)
    return Exchange(bytes_per_element * words / BW, 0.0, 2 * math.prod(tile) / R_peak, 0.0)


def product_time(
    M: int, K: int, N: int, tile: Tile, R_peak: FlopPerSecond, BW: BytesPerSecond, buffers: int = 1,
    bytes_per_element: Bytes = 2,
) -> Seconds:  # fmt: skip
    """Time of the whole product: loading plus computing with one buffer, the longer of both with two.

    >>> [product_time(4, 4, 4, (2, 2, 2), R_peak=8.0, BW=20.0, buffers=n) for n in (1, 2)]
    [24.0, 17.0]
    """
    one = one_step(M, K, N, tile, R_peak, BW, bytes_per_element)
    return pipelined_time(one, steps(M, K, N, tile), buffers)


def overlap_gain(load: Seconds, compute: Seconds, shrink: Ratio = CUBES) -> Ratio:
    """How many times as fast a long product is with two buffers in the room of one.

    `load` and `compute` are the times of one step with the larger tile. The smaller tile is `shrink` times as wide, and
    loads 1 / shrink times as much for the same work; `CUBES` is that of cubes, nearly 1 that of a tile that keeps C
    and streams thin slices of A and B.

    >>> round(overlap_gain(load=1.0, compute=2.0), 2), round(overlap_gain(load=5.0, compute=1.0), 2)
    (1.5, 0.93)
    """
    positive(load=load, compute=compute, shrink=shrink)
    return (load + compute) / max(load / shrink, compute)
