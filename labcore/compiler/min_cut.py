"""The cheapest way to cut a graph in two: the choice of one of two options for each of many things at once."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Mapping
from math import inf

Edge = tuple[Hashable, Hashable]


def min_cut(capacities: Mapping[Edge, float], source: Hashable, sink: Hashable) -> tuple[float, set[Hashable]]:
    """The least total capacity of edges from the source's side to the sink's, and the source's side.

    By the largest flow along shortest paths (Edmonds and Karp, JACM 19(2), 1972); of equal cuts the one with the
    smallest source's side. Raises ValueError where a path of edges without limit joins the two.

    >>> min_cut({("s", "a"): 3, ("a", "b"): 1, ("b", "t"): 2, ("a", "t"): 1}, "s", "t") == (2, {"s", "a"})
    True
    """
    room: dict[Hashable, dict[Hashable, float]] = defaultdict(dict)
    for (a, b), capacity in capacities.items():
        room[a][b] = room[a].get(b, 0) + capacity
        room[b].setdefault(a, 0)
    total = 0.0
    while sink in (came := _reached(room, source)):
        path = [sink]
        while path[-1] != source:
            path.append(came[path[-1]])
        edges = list(zip(path[1:], path, strict=False))
        most = min(room[a][b] for a, b in edges)
        if most == inf:
            raise ValueError(f"{' -> '.join(map(str, reversed(path)))} has no limit, so no cut parts its ends")
        for a, b in edges:
            room[a][b] -= most
            room[b][a] += most
        total += most
    return total, set(came)


def _reached(room: Mapping[Hashable, Mapping[Hashable, float]], source: Hashable) -> dict[Hashable, Hashable]:
    """Every place that the source reaches over edges with room, and where each was come from; nearest first."""
    came, queue = {source: source}, deque([source])
    while queue:
        a = queue.popleft()
        for b, left in room[a].items():
            if left > 0 and b not in came:
                came[b] = a
                queue.append(b)
    return came
