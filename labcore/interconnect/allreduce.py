"""All-reduce as programs of messages: every rank begins with its own vector and ends with the sum of all.

Ring (Patarasuk and Yuan, JPDC 69, 2009), recursive doubling and recursive halving (Thakur, Rabenseifner and Gropp,
IJHPCA 19, 2005), binomial tree, and two levels: inside the nodes, across them, inside again. What each costs stands in
`labcore.interconnect.collectives`; `labcore.interconnect.messages` runs them.
"""

from __future__ import annotations

from collections.abc import Sequence

from labcore.interconnect.network import Message
from labcore.units import positive_ints


def parts(start: int, stop: int, count: int) -> list[int]:
    """The count + 1 bounds of `count` parts of [start, stop), the longer ones first.

    >>> parts(0, 10, 4)
    [0, 3, 6, 8, 10]
    """
    whole, longer = divmod(stop - start, count)
    return [start + i * whole + min(i, longer) for i in range(count + 1)]


def ring(p: int, elements: int) -> list[Message]:
    """Each part goes around once to be summed and once more to be known: 2 (p - 1) steps, all links at work.

    >>> [(m.src, m.dst, m.start, m.stop, m.adds) for m in ring(2, elements=4)]
    [(0, 1, 0, 2, True), (1, 0, 2, 4, True), (0, 1, 2, 4, False), (1, 0, 0, 2, False)]
    """
    positive_ints(p=p, elements=elements)
    bounds = parts(0, elements, p)
    return _scatter(range(p), bounds, 0) + _gather(range(p), bounds, p - 1)


def two_level(nodes: int, node: int, elements: int) -> list[Message]:
    """Rings inside each node, then one ring across nodes for each rank of a node, then inside again.

    Reduce-scatter leaves each of a node's ranks with one summed part; it sums that with its like in the other nodes,
    and all-gather shares the parts out. Only 1 / node of the data crosses nodes at each rank.

    >>> len(two_level(nodes=2, node=2, elements=4))  # 4 + 8 + 4
    16
    """
    positive_ints(nodes=nodes, node=node, elements=elements)
    bounds, messages = parts(0, elements, node), []
    for k in range(nodes):
        ranks = range(k * node, (k + 1) * node)
        messages += _scatter(ranks, bounds, 0) + _gather(ranks, bounds, node - 1 + 2 * (nodes - 1))
    for i in range(node):
        own = (i + 1) % node  # the part that rank i holds after reduce-scatter
        inner = parts(bounds[own], bounds[own + 1], nodes)
        ranks = range(i, nodes * node, node)
        messages += _scatter(ranks, inner, node - 1) + _gather(ranks, inner, node - 1 + nodes - 1)
    return messages


def _scatter(ranks: Sequence[int], bounds: list[int], first: int) -> list[Message]:
    """Reduce-scatter on a ring: rank i ends with part i + 1 summed."""
    return _around(ranks, bounds, first, 0, adds=True)


def _gather(ranks: Sequence[int], bounds: list[int], first: int) -> list[Message]:
    """All-gather on a ring: rank i begins with part i + 1."""
    return _around(ranks, bounds, first, 1, adds=False)


def _around(ranks: Sequence[int], bounds: list[int], first: int, ahead: int, adds: bool) -> list[Message]:
    p, messages = len(ranks), []
    for step in range(p - 1):
        for i in range(p):
            part = (i + ahead - step) % p
            messages.append(Message(first + step, ranks[i], ranks[(i + 1) % p], bounds[part], bounds[part + 1], adds))
    return messages


def doubling(p: int, elements: int) -> list[Message]:
    """Partners at distance 1, 2, 4, ... exchange all they have: log2 p steps for a power of two, 2 more otherwise.

    Ranks beyond the largest power of two hand their data to a rank within it before, and take the sum after.

    >>> [(m.step, m.src, m.dst) for m in doubling(4, elements=1) if m.src == 0]
    [(0, 0, 1), (1, 0, 2)]
    """
    positive_ints(p=p, elements=elements)
    q = 1 << p.bit_length() - 1
    steps = q.bit_length() - 1
    early = [Message(0, r, r - q, 0, elements, True) for r in range(q, p)]
    late = [Message(steps + 1, r - q, r, 0, elements, False) for r in range(q, p)]
    swaps = [Message(1 + k, r, r ^ 1 << k, 0, elements, True) for k in range(steps) for r in range(q)]
    first = 0 if early else 1
    return [Message(m.step - first, m.src, m.dst, m.start, m.stop, m.adds) for m in early + swaps + late]


def halving(p: int, elements: int) -> list[Message]:
    """Recursive halving, then recursive doubling of the parts: 2 log2 p steps and no more bytes than the ring.

    Raises ValueError unless p is a power of two.

    >>> [(m.dst, m.start, m.stop) for m in halving(4, elements=4) if m.src == 0]
    [(2, 2, 4), (1, 1, 2), (1, 0, 1), (2, 0, 2)]
    """
    positive_ints(p=p, elements=elements)
    if p & p - 1:
        low = 1 << p.bit_length() - 1
        raise ValueError(f"recursive halving takes a power of two of ranks, got {p}; take {low}, {2 * low} or the ring")
    bounds, steps = parts(0, elements, p), p.bit_length() - 1
    distances = [p >> k + 1 for k in range(steps)]
    messages = []
    for step, d in enumerate(distances + distances[::-1]):
        for r in range(p):
            owner = r ^ d if step < steps else r  # summing: the partner's half goes; sharing: one's own
            base = owner - owner % d
            messages.append(Message(step, r, r ^ d, bounds[base], bounds[base + d], step < steps))
    return messages


def tree(p: int, elements: int) -> list[Message]:
    """A binomial tree: sums go up to rank 0, the result comes down, ceil(log2 p) steps each with all of the data.

    >>> [(m.step, m.src, m.dst) for m in tree(3, elements=1)]
    [(0, 1, 0), (1, 2, 0), (2, 0, 2), (3, 0, 1)]
    """
    positive_ints(p=p, elements=elements)
    steps = (p - 1).bit_length()
    up = [(k, r + (1 << k), r) for k in range(steps) for r in range(0, p - (1 << k), 2 << k)]
    down = [(2 * steps - 1 - k, dst, src) for k, src, dst in reversed(up)]
    return [Message(*ends, 0, elements, adds) for edges, adds in ((up, True), (down, False)) for ends in edges]
