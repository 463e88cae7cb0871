"""The dataflows as one table: which operand a loop nest leaves still, and so which loops it turns innermost.

| dataflow | stays | innermost loops of a product | innermost loops of a convolution |
|---|---|---|---|
| ws, weight stationary | B | M | N P Q |
| os, output stationary | C | K | C R S |
| is, input stationary | A | N | K |
| rs, row stationary | rows of A, B and C | (none) | any, on tiles that hold whole rows |

A loop that does not index an operand leaves it where it is. Where all such loops turn innermost, each tile of the
operand comes once, serves all its uses in one go, and does not come back.

Row stationary follows Eyeriss (Chen, Emer and Sze, ISCA 2016), whose elements each hold a row of the filter and a row
of the input, while sums add up along a column of them. Here it is a loop nest of one memory on row tiles: filter
windows and output rows are never cut (R, S and Q whole), and the order of the loops is free. What the two inner
levels of that chip's memory save is not in this count.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from labcore.loopnest.nest import OUTPUT, Problem


@dataclass(frozen=True)
class Dataflow:
    """One row of the table: its name, the operand that stays ('' for none), the dimensions that no tile cuts."""

    name: str
    stays: str
    whole: str = ""


DATAFLOWS = {
    "ws": Dataflow("weight stationary", stays="B"),
    "os": Dataflow("output stationary", stays=OUTPUT),
    "is": Dataflow("input stationary", stays="A"),
    "rs": Dataflow("row stationary", stays="", whole="QRS"),
}
STATIONARY = ("ws", "os", "is")  # those that every product and every convolution has
INSIDE = ["NP", "NQ", "CR", "CS", "RS"]  # the second of each pair inside the first


def find(dataflow: str) -> Dataflow:
    """The dataflow of this name; raises ValueError with those there are.

    >>> find("ws").stays
    'B'
    """
    if dataflow not in DATAFLOWS:
        names = ", ".join(f"{key!r} ({one.name})" for key, one in DATAFLOWS.items())
        raise ValueError(f"dataflow must be one of {names}; got {dataflow!r}")
    return DATAFLOWS[dataflow]


def innermost(problem: Problem, dataflow: str) -> str:
    """The dimensions whose loops leave the stationary operand still, in the problem's order; none for rs.

    >>> from labcore.loopnest import conv_problem, matmul_problem
    >>> conv = conv_problem(1, 3, 8, 8, 4, 3, 3)
    >>> [innermost(conv, name) for name in ("ws", "os", "is")], innermost(matmul_problem(2, 3, 4), "os")
    (['NPQ', 'CRS', 'K'], 'K')
    """
    flow = find(dataflow)
    if flow.whole and not set(flow.whole) <= set(problem.sizes):
        raise ValueError(f"{flow.name} keeps rows of a convolution and a product has none; take ws, os or is")
    if not flow.stays:
        return ""
    used = {dim for axis in problem.operands[flow.stays] for dim, _ in axis.terms}
    return "".join(dim for dim in problem.sizes if dim not in used)


def orders(problem: Problem, dataflow: str) -> Iterator[str]:
    """Every loop order of a dataflow: the loops that leave its operand still innermost, in any order, as the others.

    >>> from labcore.loopnest import matmul_problem
    >>> list(orders(matmul_problem(4, 4, 4), "os"))
    ['MNK', 'NMK']
    """
    return _orders(problem.sizes, innermost(problem, dataflow))


def telling_orders(problem: Problem, dataflow: str) -> list[str]:
    """The orders of a dataflow among which the least traffic is found: what only repeats another's count is left out.

    A loop that never turns may stand anywhere, so it goes outermost. Images share nothing, so N stands outside P and
    Q, whose tiles share their halo; R and S stand inside C for the same reason. Where height and width are alike, P
    stands outside Q. A test holds the least of these beside the least of all orders.

    >>> from labcore.loopnest import conv_problem
    >>> telling_orders(conv_problem(1, 3, 8, 8, 4, 3, 3), "os")
    ['NKPQCRS', 'NPKQCRS', 'NPQKCRS']
    """
    rules = [*INSIDE, "PQ"] if _square(problem) else INSIDE
    pairs = [a + b for a, b in rules if {a, b} <= set(problem.sizes)]
    idle = [dim for dim, size in problem.sizes.items() if size == 1 or dim in find(dataflow).whole]
    return list(_telling(tuple(problem.sizes), innermost(problem, dataflow), tuple(idle), tuple(pairs)))


@functools.cache
def _telling(dims: tuple[str, ...], inner: str, idle: tuple[str, ...], pairs: tuple[str, ...]) -> tuple[str, ...]:
    """Layers whose loops turn alike share them."""
    found = {}
    for order in _orders(dims, inner):
        turning = [dim for dim in order if dim not in idle]
        place = {dim: at for at, dim in enumerate([*idle, *turning])}
        if all(place[a] < place[b] for a, b in pairs if not {a, b} & set(idle)):
            found["".join(place)] = None
    return tuple(found)


def _orders(dims: Iterable[str], inner: str) -> Iterator[str]:
    outer = [dim for dim in dims if dim not in inner]
    for first, last in itertools.product(itertools.permutations(outer), itertools.permutations(inner)):
        yield "".join(first + last)


def _square(problem: Problem) -> bool:
    """Whether rows and columns of a convolution are alike in every size, step and offset."""
    if "Q" not in problem.sizes:
        return False
    down, across = problem.operands["A"][2:]
    steps = [[step for _, step in axis.terms] for axis in (down, across)]
    alike = (down.size, down.offset, steps[0]) == (across.size, across.offset, steps[1])
    return alike and problem.sizes["P"] == problem.sizes["Q"] and problem.sizes["R"] == problem.sizes["S"]
