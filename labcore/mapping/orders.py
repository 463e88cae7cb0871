"""Loop orders that differ, and those that only look different: what all orders of a tile's loops move."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from labcore.loopnest import Level, Nest, Traffic, traffic
from labcore.loopnest.nest import Problem


def turning(problem: Problem, tile: Mapping[str, int]) -> str:
    """The loops that turn more than once; where the others stand changes nothing.

    >>> from labcore.loopnest import conv_problem
    >>> one = conv_problem(N=1, C=1, H=8, W=8, K=16, R=3, S=3)
    >>> turning(one, {"N": 1, "K": 1, "C": 1, "P": 1, "Q": 1, "R": 3, "S": 3})
    'KPQ'
    """
    return "".join(dim for dim, size in problem.sizes.items() if size > tile[dim])


def traffic_by_order(problem: Problem, tile: Mapping[str, int]) -> dict[Traffic, list[str]]:
    """The different traffics of a tile under all orders of the loops that turn, each with its orders; least first.

    Raises ValueError for a tile that does not divide or lacks a dimension.

    >>> from labcore.loopnest import matmul_problem
    >>> found = traffic_by_order(matmul_problem(4, 4, 4), {"M": 1, "K": 1, "N": 4})
    >>> [(one.words, orders) for one, orders in found.items()]
    [(96, ['MK']), (144, ['KM'])]
    """
    Nest(problem, [Level(tile, "".join(problem.sizes))])  # raises for a tile that lacks a dimension
    loops = turning(problem, tile)
    still = "".join(dim for dim in problem.sizes if dim not in loops)
    found: dict[Traffic, list[str]] = {}
    for order in map("".join, itertools.permutations(loops)):
        found.setdefault(traffic(Nest(problem, [Level(tile, still + order)]))[0], []).append(order)
    return dict(sorted(found.items(), key=lambda pair: (pair[0].words, pair[1])))
