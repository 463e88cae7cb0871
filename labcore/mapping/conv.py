"""The mapping of a convolution that moves least: every divisor tile, under every loop order that can matter.

Of the 5040 orders few can win. An operand stays still while the loops inside its own innermost one turn, so one operand
at most is kept: the input by K, the weights by N, P and Q, the output by C, R and S. What is left to choose is how the
window of the input slides, since neighbours share elements only where no image or channel changes between them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from labcore.loopnest.nest import OUTPUT, Level, Nest, Problem
from labcore.mapping.grid import Tiled, best_tile, tiles_of, words_held
from labcore.units import positive_ints

_SLIDES = tuple(map("".join, itertools.permutations("PQRS")))
_PIXELS, _TAPS = ("PQ", "QP"), ("RS", "SR")
KEEPS = {  # the operand that stays still, and the orders that keep it
    "A": tuple(f"NC{slide}K" for slide in _SLIDES),
    "B": tuple(f"KC{taps}N{pixels}" for taps in _TAPS for pixels in _PIXELS),
    OUTPUT: tuple(f"N{outer}C{taps}" for taps in _TAPS for p in _PIXELS for outer in (f"K{p}", f"{p}K")),
}


def conv_orders(problem: Problem) -> tuple[str, ...]:
    """The loop orders that can win for a convolution; those that differ in loops of one trip count once.

    >>> from labcore.loopnest import conv_problem
    >>> len(conv_orders(conv_problem(1, 4, 8, 8, 4, 3, 3))), len(conv_orders(conv_problem(1, 4, 8, 8, 4, 1, 1)))
    (36, 8)
    """
    distinct = {}
    for order in itertools.chain(*KEEPS.values()):
        turning = "".join(dim for dim in order if problem.sizes[dim] > 1)
        distinct.setdefault(turning, order)
    return tuple(distinct.values())


def min_conv_traffic(problem: Problem, buffer_words: int) -> Tiled:
    """The tile and order of a convolution that move fewest words, among all divisor tiles that fit the buffer.

    Raises ValueError for a buffer that holds no tile, with the least that would do.

    >>> from labcore.loopnest import conv_problem
    >>> min_conv_traffic(conv_problem(1, 1, 8, 8, 16, 3, 3), buffer_words=64).traffic
    1040
    """
    return best_tile(problem, buffer_words, conv_orders(problem))


def random_nests(problem: Problem, buffer_words: int, seed: int = 0) -> Iterator[Nest]:
    """Legal mappings drawn evenly, without end: any order of all loops, any divisor tile that fits the buffer.

    >>> from labcore.loopnest import matmul_problem, traffic
    >>> nest = next(random_nests(matmul_problem(4, 4, 4), buffer_words=12))
    >>> traffic(nest)[0].A_reads >= 16
    True
    """
    positive_ints(buffer_words=buffer_words)
    rng = np.random.default_rng(seed)
    held = words_held(problem)
    fits = np.flatnonzero(held.ravel() <= buffer_words)
    if not fits.size:
        raise ValueError(f"a buffer of {buffer_words} words holds no tile; {held.min()} words are the least")
    dims = list(problem.sizes)
    while True:
        places = np.unravel_index(rng.choice(fits), held.shape)
        tile = {dim: tiles_of(problem, dim)[k] for dim, k in zip(dims, places, strict=True)}
        yield Nest(problem, [Level(tile, "".join(rng.permutation(dims)))])
