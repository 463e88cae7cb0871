"""The fewest misses that any replacement could have: the line that is needed last leaves (Belady 1966)."""

from __future__ import annotations

import heapq

import numpy as np

from labcore.cache.geometry import Cache
from labcore.cache.trace import Trace


def optimal_misses(trace: Trace, cache: Cache) -> int:
    """Misses of a cache that knows the future and drops from a full set the line whose next use lies farthest off.

    Every miss fetches its line. No machine can do it; it bounds what a better replacement could still save. Raises
    ValueError for a cache that writes through, which does not fetch at every miss.

    >>> cyclic = Trace([0, 64, 128, 0, 64, 128])  # three lines, round and round
    >>> optimal_misses(cyclic, Cache(128, line=64))  # LRU misses all six
    4
    """
    if cache.write != "back":
        raise ValueError('the optimum here fetches at every miss; give write="back"')
    line_of = trace.addresses // cache.line
    next_use = next_uses(line_of).tolist()
    held: list[dict[int, int]] = [{} for _ in range(cache.sets)]  # line -> its next use
    queues: list[list[tuple[int, int]]] = [[] for _ in range(cache.sets)]  # (-next use, line), some out of date
    misses = 0
    for t, line in enumerate(line_of.tolist()):
        here, queue = held[line % cache.sets], queues[line % cache.sets]
        if line not in here:
            misses += 1
            while len(here) == cache.lines_of_set:
                farthest, candidate = heapq.heappop(queue)
                if here.get(candidate) == -farthest:
                    del here[candidate]
        here[line] = next_use[t]
        heapq.heappush(queue, (-next_use[t], line))
    return misses


def next_uses(lines: np.ndarray) -> np.ndarray:
    """When each access's line is used again, (n,); for those that are not, n.

    >>> next_uses(np.array([7, 8, 7])).tolist()
    [2, 3, 3]
    """
    order = np.argsort(lines, kind="stable")  # uses of one line stand together, in time
    later = np.full(lines.size, lines.size)
    same = lines[order[:-1]] == lines[order[1:]]
    later[order[:-1][same]] = order[1:][same]
    return later
