"""Mappings of a matrix product onto one buffer: all of them at once, and the one that moves least.

With three loops there are six orders and as many tiles as triples of divisors, so the search is exhaustive: the closed
count of `labcore.loopnest` for every tile is a few array operations.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from labcore.loopnest import Traffic, matmul_traffic
from labcore.mapping.grid import passes
from labcore.units import divisors, positive_ints

ORDERS = tuple(map("".join, itertools.permutations("MKN")))
OPERANDS = {"A": "MK", "B": "KN", "C": "MN"}
LEAST_BUFFER = 3  # one word of each operand


@dataclass(frozen=True)
class Mapping:
    """A tile (tm, tk, tn), a loop order, and the words that they move, reads and writes together."""

    tile: tuple[int, int, int]
    order: str
    traffic: int

    def counts(self, M: int, K: int, N: int) -> Traffic:
        """The same traffic, operand by operand."""
        return matmul_traffic(M, K, N, self.tile, self.order)


def min_traffic(M: int, K: int, N: int, buffer_words: int) -> Mapping:
    """The mapping that moves fewest words, among all divisor tiles and orders whose three tiles fit the buffer.

    One tile (tm, tk, tn) cuts all three operands. Letting each keep a tile of its own can move less: with 12 words,
    4 x 4 x 4 takes 80 words here, and 64 where two whole rows of A stay while single words of B pass.

    Ties go to the tile that takes least of the buffer, then to the first order of `ORDERS`. Raises ValueError for a
    buffer that holds no tile.

    >>> min_traffic(64, 64, 64, buffer_words=1024)
    Mapping(tile=(16, 1, 32), order='MNK', traffic=28672)
    """
    tiles, words = fitting_tiles(M, K, N, buffer_words)
    moved = np.stack([words_moved((M, K, N), tiles, order) for order in ORDERS])  # (orders, tiles)
    least = moved.min()
    order, at = np.nonzero(moved == least)
    best = np.lexsort((order, words[at]))[0]
    return Mapping(tuple(map(int, tiles[:, at[best]])), ORDERS[order[best]], int(least))


def mappings(M: int, K: int, N: int, buffer_words: int) -> Iterator[Mapping]:
    """Every legal mapping, order by order.

    >>> sum(1 for _ in mappings(4, 4, 4, buffer_words=3))
    6
    """
    tiles, _ = fitting_tiles(M, K, N, buffer_words)
    for order in ORDERS:
        for tile, words in zip(tiles.T, words_moved((M, K, N), tiles, order), strict=True):
            yield Mapping(tuple(map(int, tile)), order, int(words))


def fitting_tiles(M: int, K: int, N: int, buffer_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Divisor tiles that fit the buffer together, (3, tiles), and the words that each takes, (tiles,).

    >>> tiles, words = fitting_tiles(2, 1, 2, buffer_words=5)
    >>> tiles.T.tolist(), words.tolist()
    ([[1, 1, 1], [1, 1, 2], [2, 1, 1]], [3, 5, 5])
    """
    positive_ints(M=M, K=K, N=N, buffer_words=buffer_words)
    if buffer_words < LEAST_BUFFER:
        raise ValueError(
            f"a buffer of {buffer_words} words holds no tile of A, B and C together; {LEAST_BUFFER} words are the least"
        )
    exact = np.int64 if 4 * M * K * N < 2**63 else object  # no mapping moves more than 4 words a multiply-accumulate
    grid = np.meshgrid(*(np.array(divisors(size), exact) for size in (M, K, N)), indexing="ij")
    tiles = np.stack([axis.ravel() for axis in grid])  # (3, tiles)
    m, k, n = tiles
    words = m * k + k * n + m * n
    fits = words <= buffer_words
    return tiles[:, fits], words[fits]


def words_moved(sizes: tuple[int, int, int], tiles: np.ndarray, order: str) -> np.ndarray:
    """Words of every tile (3, tiles) under one order: the closed count of `matmul_traffic`, for all at once.

    An operand comes in whenever one of its own loops turns, or a loop outside such a one: from the innermost of its
    loops that turns at all, every loop outward multiplies.

    >>> words_moved((2, 2, 2), np.array([[1], [2], [2]]), "MNK").tolist()
    [12]
    """
    size = dict(zip("MKN", sizes, strict=True))
    tile = dict(zip("MKN", tiles, strict=True))
    trips = {dim: size[dim] // tile[dim] for dim in order}
    moved = {
        operand: size[dims[0]] * size[dims[1]] * passes(order, set(dims), trips) for operand, dims in OPERANDS.items()
    }
    return moved["A"] + moved["B"] + 2 * moved["C"] - size["M"] * size["N"]
