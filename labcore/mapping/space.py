"""How many mappings there are: by formula, and counted one by one where that is possible.

The formulas count choices, legal or not, distinct in effect or not. Enumeration says how many of them fit a buffer and
how many differ in what they move.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from labcore.mapping.matmul import ORDERS, mappings
from labcore.units import divisors, positive_ints


def loop_orders(loops: int, memories: int = 1) -> int:
    """Orders of so many loops, chosen for each memory anew: (loops!) ** memories.

    >>> loop_orders(7), loop_orders(3, memories=2)
    (5040, 36)
    """
    positive_ints(loops=loops, memories=memories)
    return math.factorial(loops) ** memories


def parallel_choices(loops: int, spread: int) -> int:
    """Ways to spread `spread` of the loops over the axes of an array, in order: loops! / (loops - spread)!.

    >>> parallel_choices(6, spread=3)
    120
    """
    positive_ints(loops=loops, spread=spread)
    if spread > loops:
        raise ValueError(f"{spread} loops cannot be spread where there are {loops}; spread {loops} or fewer")
    return math.perm(loops, spread)


def placements(choices: int, operands: int, memories: int) -> int:
    """Ways to place operands in memories: choices ** (operands * memories).

    >>> placements(4, operands=5, memories=3)
    1073741824
    """
    positive_ints(choices=choices, operands=operands, memories=memories)
    return choices ** (operands * memories)


def search_space(choices: int, operands: int, loops: int, spread: int, memories: int) -> int:
    """All of them together, memory by memory: (choices ** operands * loops! * parallel choices) ** memories.

    >>> search_space(choices=1, operands=1, loops=3, spread=1, memories=2)
    324
    """
    one = placements(choices, operands, 1) * loop_orders(loops) * parallel_choices(loops, spread)
    positive_ints(memories=memories)
    return one**memories


@dataclass(frozen=True)
class Space:
    """The mappings of one product onto one buffer: all, those that fit, those that differ in words moved."""

    choices: int
    legal: int
    distinct: int
    least: int
    most: int


def matmul_space(M: int, K: int, N: int, buffer_words: int) -> Space:
    """Count the mappings of a product: divisor tiles times orders, enumerated.

    >>> matmul_space(8, 8, 8, buffer_words=64)
    Space(choices=384, legal=306, distinct=15, least=256, most=1536)
    """
    found = Counter(one.traffic for one in mappings(M, K, N, buffer_words))
    tiles = math.prod(len(divisors(size)) for size in (M, K, N))
    return Space(tiles * len(ORDERS), found.total(), len(found), min(found), max(found))
