"""What a simulated run of a server was: its iterations, who was in the batch when, and when tokens came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from labcore.serving.batching import Scheduler
from labcore.serving.cache import Paged, Reserved
from labcore.serving.drafting import Drafts
from labcore.serving.passes import Passes
from labcore.serving.requests import Requests
from labcore.units import Seconds


class Iteration(NamedTuple):
    """One iteration: tokens in it by what they do, what attention touches, tokens of the cache held and filled."""

    start: Seconds
    T: Seconds
    writing: int  # sequences that write: one token each, or those of a round
    idle: int  # rows that a static batch keeps for those who have finished
    prompt: int  # tokens of prompts
    outputs: int  # rows of the output head
    pairs: int
    context: int
    held: int
    filled: int


class Stay(NamedTuple):
    """A request in the batch: iterations in which it joined, made a first token, and left; how many it made.

    `first` is -1 where it was put out before it made one. `read` are the tokens that its prefill read.
    """

    request: int
    joined: int
    first: int
    left: int
    made: int
    read: int
    preempted: bool


@dataclass(frozen=True)
class Run:
    """What happened: arrays of iterations and stays with the fields above, (n,) times of first and last tokens.

    `events` counts arrivals, iterations, and requests that joined or left.
    """

    requests: Requests
    engine: Passes
    scheduler: Scheduler
    way: Reserved | Paged
    iterations: np.ndarray
    stays: np.ndarray
    first: np.ndarray
    last: np.ndarray
    drafts: Drafts | None = None

    @property
    def events(self) -> int:
        """What the simulator stepped through."""
        return len(self.requests) + len(self.iterations) + 2 * len(self.stays)

    @property
    def in_batch(self) -> np.ndarray:
        """Sequences that got a token in each iteration."""
        log, drafted = self.iterations, self.drafts.gamma if self.drafts else 0
        return log["outputs"] - drafted * log["writing"] - (1 + drafted) * log["idle"]

    @property
    def room(self) -> int:
        """Tokens of the cache, in whole pages."""
        return self.engine.room // self.way.page * self.way.page

    @property
    def ends(self) -> np.ndarray:
        """When each iteration ended."""
        return self.iterations["start"] + self.iterations["T"]

    @property
    def makespan(self) -> Seconds:
        """When the last token was made; time begins at 0."""
        return float(self.last.max())


def table(kind: type[Iteration] | type[Stay], rows: list) -> np.ndarray:
    """(rows,) records with the fields of Iteration or Stay: times as floats, all else as whole numbers.

    >>> table(Stay, [Stay(0, 0, 1, 5, 5, 100, False)])["made"].tolist()
    [5]
    """
    kinds = {"start": float, "T": float, "preempted": bool}
    return np.array(rows, dtype=[(name, kinds.get(name, np.int64)) for name in kind._fields])
