"""Schedulers: which requests join the batch before an iteration, and how many prompt tokens an iteration takes.

`Static` fills a batch, runs it to its longest answer, and only then looks at the queue. `Continuous` lets a request
join before any iteration, its whole prompt beside the sequences that write (Yu et al., "Orca", OSDI 2022). `Chunked`
does too, but gives an iteration a budget of tokens: those of the answers first, then pieces of prompts (Agrawal et
al., "Sarathi-Serve", OSDI 2024), so that no long prompt makes all others wait.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.units import Seconds, positive_ints


@dataclass(frozen=True)
class Static:
    """Wait for `batch` requests, or until the first of them has waited `timeout`, or until no more will come.

    >>> queue = Static(batch=4, timeout=1.0)
    >>> queue.joins(2, 0, now=0.5, first=0.0, more=True), queue.joins(2, 0, now=1.0, first=0.0, more=True)
    (0, 4)
    """

    batch: int
    timeout: Seconds = math.inf
    budget = math.inf  # tokens of an iteration
    slots_kept = True  # who has finished keeps its row until all have

    def __post_init__(self) -> None:
        positive_ints(batch=self.batch)
        if not self.timeout >= 0:
            raise ValueError(f"timeout is a time of 0 s or more, got {self.timeout!r}")

    def joins(self, waiting: int, running: int, now: Seconds, first: Seconds, more: bool) -> int:
        """How many of `waiting` requests may join; `first` is when the first of them came, `more` if others will."""
        full = waiting >= self.batch or now >= first + self.timeout or not more
        return self.batch if full and not running else 0


@dataclass(frozen=True)
class Continuous:
    """Join before any iteration, as long as fewer than `batch` sequences run.

    >>> Continuous(batch=4).joins(9, running=3, now=0.0, first=0.0, more=True)
    1
    """

    batch: int
    budget = math.inf
    slots_kept = False
    timeout = 0.0

    def __post_init__(self) -> None:
        positive_ints(batch=self.batch)

    def joins(self, waiting: int, running: int, now: Seconds, first: Seconds, more: bool) -> int:
        """How many requests may join."""
        return self.batch - running


@dataclass(frozen=True)
class Chunked(Continuous):
    """Continuous, with `budget` tokens an iteration; sequences that write take theirs first, even beyond it.

    >>> Chunked(batch=64, budget=512).budget
    512
    """

    budget: int = 512

    def __post_init__(self) -> None:
        positive_ints(batch=self.batch, budget=self.budget)


Scheduler = Static | Continuous | Chunked
