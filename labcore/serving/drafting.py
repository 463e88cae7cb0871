"""Speculation in a served batch: how many tokens each round of a sequence gives, and what its drafts take.

A round takes the place of an iteration: the draft makes `gamma` passes for all sequences that write, the target checks
gamma + 1 tokens of each in one, and a sequence goes on by 1 to gamma + 1 tokens. The draft reads prompts, too. Slots
for tokens under check are not counted in the cache, and the draft's weights and cache take no room of the target's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.serving.passes import Passes
from labcore.serving.speculative import check_round
from labcore.units import Ratio, Seconds, positive_ints


@dataclass(frozen=True)
class Drafts:
    """Drafts of `gamma` tokens by a small `engine`, each kept with probability `alpha` if those before it were."""

    engine: Passes
    alpha: Ratio
    gamma: int
    seed: int = 0

    def __post_init__(self) -> None:
        positive_ints(gamma=self.gamma)
        check_round(self.alpha, self.gamma)

    def path(self, count: int, rng: np.random.Generator) -> Sequence[int]:
        """Tokens behind the first of an answer of `count`, before and after each round, drawn: 0, ..., count - 1.

        >>> from labcore.serving.engine import Clock
        >>> Drafts(Clock(0.1), alpha=1.0, gamma=3).path(10, np.random.default_rng(0))
        [0, 4, 8, 9]
        """
        kept = np.cumprod(rng.random((count - 1, self.gamma)) < self.alpha, axis=1).sum(axis=1)
        behind = np.cumsum(kept + 1)
        return [0, *behind[behind < count - 1].tolist(), *[count - 1] * (count > 1)]

    def time(self, rows: int, filled: int, prompts: tuple[int, int, int, int]) -> Seconds:
        """Time of the draft's passes: `rows` sequences attend to `filled` tokens in all; prompts go with the first.

        `prompts` are tokens, outputs, pairs and context, as an engine's `time` takes them.

        >>> from labcore.serving.engine import Clock
        >>> Drafts(Clock(T_pass=0.25), alpha=0.8, gamma=3).time(2, 100, prompts=(0, 0, 0, 0))
        0.75
        """
        own = rows, rows, filled, filled
        first = self.engine.time(*(mine + read for mine, read in zip(own, prompts, strict=True)))
        return first + (self.gamma - 1) * self.engine.time(*own) if rows else first
