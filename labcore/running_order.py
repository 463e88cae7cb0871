"""The order in which the steps of a graph can run, each after what it reads."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter


def running_order(reads: Mapping[str, Sequence[str]], given: Iterable[str]) -> list[str]:
    """The names of `reads`, each after those it reads; of those that can run, the first as it was written.

    Raises ValueError for a name that is neither there nor given, with the nearest ones, and for a cycle.

    >>> running_order({"z": ("y",), "y": ("x",), "w": ("x",)}, ["x"])
    ['y', 'z', 'w']
    """
    _check(reads, set(given))
    names, place = list(reads), {name: i for i, name in enumerate(reads)}
    waits = {name: {word for word in words if word in reads} for name, words in reads.items()}
    readers: dict[str, list[str]] = {name: [] for name in reads}
    for name, words in waits.items():
        for word in words:
            readers[word].append(name)
    ready, order = [place[name] for name in reads if not waits[name]], []
    while ready:
        order.append(names[heapq.heappop(ready)])
        for name in readers[order[-1]]:
            waits[name].discard(order[-1])
            if not waits[name]:
                heapq.heappush(ready, place[name])
    return order


def _check(reads: Mapping[str, Sequence[str]], given: set[str]) -> None:
    for name, words in reads.items():
        if missing := [word for word in words if word not in given and word not in reads]:
            near = get_close_matches(missing[0], sorted({*given, *reads}), n=5, cutoff=0)
            raise ValueError(f"{name} reads {missing[0]!r}, which is neither given nor computed; "
                             f"nearest are {', '.join(near)}")  # fmt: skip
    try:
        TopologicalSorter(reads).prepare()
    except CycleError as error:
        ring = error.args[1]
        raise ValueError(f"{' -> '.join(ring)} is a cycle, and none of them can run first; {ring[1]} should read "
                         f"a value that is there before {ring[0]}") from None  # fmt: skip
