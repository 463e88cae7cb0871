"""Spatial, temporal and hybrid tiling: cut the data, reorder the loops, or both.

In this house *spatial* means: the loops keep the order in which they are written, and the tiles are chosen. *Temporal*
means: the tiles are given, and the loops are ordered so that one operand stays while the others come and go. *Hybrid*
chooses both. All three answer with the same `Tiled`, so their words compare.
"""

from __future__ import annotations

from collections.abc import Mapping

from labcore.loopnest import Level, Nest, traffic
from labcore.loopnest.nest import Problem, tile_elements
from labcore.mapping.grid import Tiled, best_tile


def stationary_order(problem: Problem, operand: str) -> str:
    """The loop order under which an operand stays: its own dimensions outermost, those it does not know innermost.

    >>> from labcore.loopnest import matmul_problem
    >>> [stationary_order(matmul_problem(2, 2, 2), name) for name in "ABC"]
    ['MKN', 'KNM', 'MNK']
    """
    if operand not in problem.operands:
        raise ValueError(f"operand must be one of {', '.join(problem.operands)}; got {operand!r}")
    own = {dim for axis in problem.operands[operand] for dim, _ in axis.terms}
    return "".join(sorted(problem.sizes, key=lambda dim: dim not in own))


def orders(problem: Problem) -> list[str]:
    """The three orders in which A, B or C stays.

    >>> from labcore.loopnest import conv_problem
    >>> orders(conv_problem(1, 1, 3, 3, 1, 3, 3))
    ['NCPQRSK', 'KCRSNPQ', 'NKPQCRS']
    """
    return [stationary_order(problem, operand) for operand in problem.operands]


def spatial(problem: Problem, buffer_words: int, order: str) -> Tiled:
    """The tile that moves fewest words in the order as written.

    >>> from labcore.loopnest import matmul_problem
    >>> spatial(matmul_problem(64, 64, 64), 1024, "MKN").traffic
    32768
    """
    return best_tile(problem, buffer_words, [order])


def temporal(problem: Problem, tile: Mapping[str, int]) -> Tiled:
    """The order that moves fewest words with these tiles, of the three in which an operand stays; ties go to the first.

    >>> from labcore.loopnest import matmul_problem
    >>> temporal(matmul_problem(64, 64, 64), {"M": 16, "K": 16, "N": 16}).order
    'MNK'
    """
    words = reordered(problem, tile)
    best = min(words, key=words.get)
    tile = {**problem.sizes, **tile}
    held = sum(tile_elements(problem, operand, tile) for operand in problem.operands)
    return Tiled(tile, best, words[best], held)


def reordered(problem: Problem, tile: Mapping[str, int]) -> dict[str, int]:
    """Words that given tiles move, by the order of the loops; dimensions that `tile` leaves out stay whole.

    >>> from labcore.loopnest import matmul_problem
    >>> reordered(matmul_problem(64, 64, 64), {"M": 16, "K": 16, "N": 16})
    {'MKN': 49152, 'KNM': 49152, 'MNK': 36864}
    """
    if unknown := set(tile) - set(problem.sizes):
        raise ValueError(f"tile names {', '.join(sorted(unknown))}; the problem has {', '.join(problem.sizes)}")
    tile = {**problem.sizes, **tile}
    return {order: traffic(Nest(problem, [Level(tile, order)]))[0].words for order in orders(problem)}


def hybrid(problem: Problem, buffer_words: int) -> Tiled:
    """The tile and the order together, of all divisor tiles that fit and the three orders in which an operand stays.

    >>> from labcore.loopnest import matmul_problem
    >>> hybrid(matmul_problem(64, 64, 64), 1024).traffic
    28672
    """
    return best_tile(problem, buffer_words, orders(problem))
