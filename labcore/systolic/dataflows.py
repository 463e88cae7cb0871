"""The three dataflows as one table: which operand moves right, which moves down, which stays.

| dataflow | rows hold | columns hold | cycles stream | moves right | moves down | stays |
|---|---|---|---|---|---|---|
| os, output stationary | M | N | K | A | B | C |
| ws, weight stationary (B is the weights) | K | N | M | A | C | B |
| is, input stationary (A is the inputs) | K | M | N | B | C | A |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from labcore.units import positive_ints


@dataclass(frozen=True)
class Dataflow:
    """One row of the table: the dimension along each axis of the array and in time, and the operand on each way."""

    name: str
    rows: str
    cols: str
    streams: str
    right: str
    down: str
    stays: str


DATAFLOWS = {
    "os": Dataflow("output stationary", rows="M", cols="N", streams="K", right="A", down="B", stays="C"),
    "ws": Dataflow("weight stationary", rows="K", cols="N", streams="M", right="A", down="C", stays="B"),
    "is": Dataflow("input stationary", rows="K", cols="M", streams="N", right="B", down="C", stays="A"),
}


def find(dataflow: str) -> Dataflow:
    """The dataflow of this name; raises ValueError with the three there are.

    >>> find("ws").stays
    'B'
    """
    if dataflow not in DATAFLOWS:
        names = ", ".join(f"{key!r} ({one.name})" for key, one in DATAFLOWS.items())
        raise ValueError(f"dataflow must be one of {names}; got {dataflow!r}")
    return DATAFLOWS[dataflow]


def extents(M: int, K: int, N: int, dataflow: str) -> tuple[int, int, int]:
    """(Sr, Sc, T): what the rows hold, what the columns hold, and what streams through.

    >>> extents(5, 6, 7, "ws")
    (6, 7, 5)
    """
    flow, sizes = find(dataflow), {"M": M, "K": K, "N": N}
    positive_ints(**sizes)
    return sizes[flow.rows], sizes[flow.cols], sizes[flow.streams]


def folds(Sr: int, Sc: int, rows: int, cols: int) -> Iterator[tuple[slice, slice]]:
    """The tiles that the array works on, one after another: a slice of Sr and a slice of Sc each.

    >>> [(r.stop - r.start, c.stop - c.start) for r, c in folds(3, 5, rows=2, cols=4)]
    [(2, 4), (2, 1), (1, 4), (1, 1)]
    """
    positive_ints(Sr=Sr, Sc=Sc, rows=rows, cols=cols)
    for r in range(0, Sr, rows):
        for c in range(0, Sc, cols):
            yield slice(r, min(r + rows, Sr)), slice(c, min(c + cols, Sc))
