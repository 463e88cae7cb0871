"""Long-running servers: the same pool under thousands of blocks that come and go, and what it looks like after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from labcore.units import Ratio, positive_ints


class Allocator(Protocol):
    """What a pool can do: take, give back, and say what is asked for, free, and free in one piece."""

    asked: int
    free: int
    largest_free: int
    fragmentation: Ratio

    def take(self, size: int) -> object | None:
        """A block, or None."""

    def give_back(self, block: object) -> None:
        """Free a block."""


@dataclass(frozen=True)
class Step:
    """One request in a trace: block `name` of `size` bytes comes, or goes where size is 0."""

    name: int
    size: int


@dataclass(frozen=True)
class Churned:
    """A pool after a trace: most bytes asked for at once, requests refused, those refused although as much was free.

    `fragmentation` is that of the pool after every step, and `requests` how many blocks were asked for.
    """

    most_asked: int
    requests: int
    refused: int
    refused_by_fragmentation: int
    fragmentation: tuple[Ratio, ...]


def churn(steps: int, live: int, sizes: Sequence[int], seed: int = 0) -> list[Step]:
    """A trace that fills up to `live` blocks, then replaces a random one at every step; sizes are drawn from `sizes`.

    >>> [(one.name, one.size) for one in churn(3, live=2, sizes=[8])][:2]
    [(0, 8), (1, 8)]
    """
    positive_ints(steps=steps, live=live)
    rng = np.random.default_rng(seed)
    drawn = rng.choice(np.asarray(sizes), steps)
    trace, alive = [], []
    for name in range(steps):
        if len(alive) == live:
            at = int(rng.integers(live))
            trace.append(Step(alive[at], 0))
            alive[at] = name
        else:
            alive.append(name)
        trace.append(Step(name, int(drawn[name])))
    return trace


def replay(pool: Allocator, trace: Sequence[Step]) -> Churned:
    """Put a trace through a pool; a block that is refused is never given back.

    >>> from labcore.runtime.memory import Pool
    >>> trace = [Step(0, 4), Step(1, 2), Step(2, 4), Step(0, 0), Step(2, 0), Step(3, 5)]
    >>> replay(Pool(10), trace).refused_by_fragmentation
    1
    """
    out, most, asked_for, refused, by_fragments, fragmentation = {}, 0, 0, 0, 0, []
    for one in trace:
        if one.size:
            asked_for += 1
            if block := pool.take(one.size):
                out[one.name] = block
            else:
                refused += 1
                by_fragments += pool.free >= one.size
        elif one.name in out:
            pool.give_back(out.pop(one.name))
        most = max(most, pool.asked)
        fragmentation.append(pool.fragmentation)
    return Churned(most, asked_for, refused, by_fragments, tuple(fragmentation))
