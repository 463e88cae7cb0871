"""What a tile does to arithmetic intensity: FLOP for each byte that crosses the edge of the memory that holds it."""

from __future__ import annotations

import math

import numpy as np

from labcore.loopnest.nest import Level, Nest, matmul_problem
from labcore.mapping.matmul import words_moved
from labcore.units import Bytes, FlopPerByte, divisors, positive, positive_ints

Tile = tuple[int, int, int]  # (tm, tk, tn)


def load_intensity(tm: int, tn: int, bytes_per_element: Bytes = 2) -> FlopPerByte:
    """FLOP for each byte of A and B that a tile loads: 2 tm tn / (b (tm + tn)), whatever its depth; t / b for a square.

    >>> load_intensity(32, 32), load_intensity(32, 32, bytes_per_element=4)
    (16.0, 8.0)
    """
    positive_ints(tm=tm, tn=tn)
    positive(bytes_per_element=bytes_per_element)
    return 2 * tm * tn / (bytes_per_element * (tm + tn))


def product_words(M: int, K: int, N: int, tile: Tile, order: str = "MNK") -> int:
    """Words in and out that `labcore.loopnest.matmul_traffic` counts, in closed form, for products of any size.

    >>> product_words(4, 4, 4, (2, 2, 2))
    80
    """
    Nest(matmul_problem(M, K, N), [Level(dict(zip("MKN", tile, strict=True)), order)])  # raises for what is none
    return int(words_moved((M, K, N), np.array(tile, object)[:, None], order)[0])  # object: no size overflows


def product_intensity(
    M: int, K: int, N: int, tile: Tile, bytes_per_element: Bytes = 2, order: str = "MNK"
) -> FlopPerByte:
    """FLOP of the whole product for each byte that its tiles move, results included: 2 M K N / (b words).

    >>> product_intensity(64, 64, 64, (1, 1, 1)), product_intensity(64, 64, 64, (64, 64, 64))
    (0.49612403100775193, 21.333333333333332)
    """
    positive(bytes_per_element=bytes_per_element)
    return 2 * M * K * N / (bytes_per_element * product_words(M, K, N, tile, order))


def ridge_side(I_ridge: FlopPerByte, bytes_per_element: Bytes = 2) -> int:
    """The least square of C whose loads alone reach an intensity: ceil(b I_ridge).

    >>> ridge_side(312e12 / 2.039e12)
    307
    """
    positive(I_ridge=I_ridge, bytes_per_element=bytes_per_element)
    return math.ceil(bytes_per_element * I_ridge)


def crossing_side(M: int, K: int, N: int, I_ridge: FlopPerByte, bytes_per_element: Bytes = 2) -> int | None:
    """The least cube of a tile with which a product reaches an intensity, C counted; None where no divisor does.

    >>> crossing_side(4096, 4096, 4096, I_ridge=153.0), crossing_side(64, 64, 64, I_ridge=153.0)
    (512, None)
    """
    positive_ints(M=M, K=K, N=N)
    positive(I_ridge=I_ridge)
    for t in divisors(math.gcd(M, K, N)):
        if product_intensity(M, K, N, (t, t, t), bytes_per_element) >= I_ridge:
            return t
    return None
