"""The tile that a memory holds: squares by hand, with operands once or twice, beside what the search finds."""

from __future__ import annotations

import math

from labcore.tiling.intensity import product_words
from labcore.units import Bytes, divisors, positive, positive_ints

Tile = tuple[int, int, int]  # (tm, tk, tn)


def words_held(tile: Tile, buffers: int = 1) -> int:
    """Words of a tile of C and of `buffers` tiles each of A and B.

    >>> words_held((32, 32, 32)), words_held((32, 32, 32), buffers=2)
    (3072, 5120)
    """
    tm, tk, tn = tile
    positive_ints(tm=tm, tk=tk, tn=tn, buffers=buffers)
    return tm * tn + buffers * tk * (tm + tn)


def square_tile(buffer_words: int, buffers: int = 1) -> int:
    """The side of the largest cube of a tile that fits: sqrt(S / 3), or sqrt(S / 5) with operands twice.

    Raises ValueError for a buffer that does not hold one word of each.

    >>> square_tile(3072), square_tile(3072, buffers=2)
    (32, 24)
    """
    positive_ints(buffer_words=buffer_words, buffers=buffers)
    return _at_least_one(math.isqrt(buffer_words // (1 + 2 * buffers)), buffer_words, buffers)


def output_tile(buffer_words: int, buffers: int = 1) -> int:
    """The side of the largest square of C that fits beside one column of A and one row of B: t * t + 2 t <= S.

    Nearly the whole buffer holds sums, so the tile is sqrt(3) times as wide as the cube; twice the operands cost only
    2 t words more.

    >>> output_tile(3072), output_tile(3072, buffers=2)
    (54, 53)
    """
    positive_ints(buffer_words=buffer_words, buffers=buffers)
    return _at_least_one(math.isqrt(buffer_words + buffers**2) - buffers, buffer_words, buffers)


def sum_bytes(bytes_per_element: Bytes) -> Bytes:
    """Bytes of one sum: products of short words are added in 32 bits, longer ones in their own width.

    >>> sum_bytes(1), sum_bytes(2), sum_bytes(4), sum_bytes(8)
    (4, 4, 4, 8)
    """
    positive(bytes_per_element=bytes_per_element)
    return max(4, bytes_per_element)


def bytes_held(tile: Tile, bytes_per_element: Bytes, buffers: int = 1) -> Bytes:
    """Bytes of a tile of sums, in the width of sums, and of `buffers` tiles each of A and B.

    >>> bytes_held((256, 1, 256), 4), bytes_held((256, 1, 256), 2), bytes_held((256, 1, 256), 1)
    (264192, 263168, 262656)
    """
    tm, _, tn = tile
    operands = words_held(tile, buffers) - tm * tn
    return sum_bytes(bytes_per_element) * tm * tn + bytes_per_element * operands


def widest_output(capacity: Bytes, bytes_per_element: Bytes, depth: int = 1, buffers: int = 1) -> int:
    """The side of the largest square of C that fits with its slices of A and B, sums in their own width; 0 for none.

    >>> widest_output(164 * 1024, 4), widest_output(164 * 1024, 2), widest_output(164 * 1024, 2, depth=32, buffers=2)
    (203, 204, 175)
    """
    positive_ints(depth=depth, buffers=buffers)
    positive(capacity=capacity)
    slices, wide = buffers * depth * bytes_per_element, sum_bytes(bytes_per_element)
    t = int((math.sqrt(slices**2 + wide * capacity) - slices) / wide)  # wide t^2 + 2 slices t <= capacity
    while t and bytes_held((t, depth, t), bytes_per_element, buffers) > capacity:
        t -= 1
    return t


def check_fits(tile: Tile, buffer_words: int, buffers: int = 1) -> None:
    """Raise ValueError where a tile does not fit, with the square that does.

    >>> check_fits((64, 64, 64), 3072)
    Traceback (most recent call last):
    ValueError: tile (64, 64, 64) needs 12288 words but the buffer holds 3072; a cube of 32 fits
    """
    if (need := words_held(tile, buffers)) > buffer_words:
        fits = square_tile(buffer_words, buffers)
        raise ValueError(f"tile {tile} needs {need} words but the buffer holds {buffer_words}; a cube of {fits} fits")


def best_square(M: int, K: int, N: int, buffer_words: int, depth: int | None = None) -> tuple[int, int]:
    """The square of C that moves fewest words with C staying, and those words: the pair (t, words).

    Tiles are (t, depth, t); without `depth` they are cubes. t divides M and N, and K where it is the depth. Raises
    ValueError where none fits.

    >>> best_square(1024, 1024, 1024, 3072), best_square(1024, 1024, 1024, 3072, depth=1)
    ((32, 68157440), (32, 68157440))
    """
    positive_ints(M=M, K=K, N=N)
    common = divisors(math.gcd(M, N) if depth else math.gcd(M, K, N))
    sides = [t for t in common if words_held((t, depth or t, t)) <= buffer_words]
    if not sides:
        raise ValueError(f"a buffer of {buffer_words} words holds no tile; {words_held((1, depth or 1, 1))} would do")
    return sides[-1], product_words(M, K, N, (sides[-1], depth or sides[-1], sides[-1]))


def _at_least_one(side: int, buffer_words: int, buffers: int) -> int:
    if side < 1:
        need = 1 + 2 * buffers
        raise ValueError(f"a buffer of {buffer_words} words holds no tile; {need} words are the least")
    return side
