"""Speculative decoding run on toy models: token by token with a seed, and summed over everything that can happen.

Three answers to one question, how many tokens a round gives: the closed form of `labcore.serving.speculative`, which
takes every position to be equally hard; the exact mean for two Markov chains, which does not; and the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from labcore.serving.speculative import Replacement, Row, draw, keep_probability, residual, verify
from labcore.serving.toy_models import stationary
from labcore.units import Ratio, positive_ints

Model = Callable[[Sequence[int]], Row]  # tokens so far -> probabilities of the next one
Prefix = tuple[int, ...]


@dataclass(frozen=True)
class Decoding:
    """One run: the tokens made, how many each round gave, and the drafts a round has."""

    tokens: tuple[int, ...]
    emitted: tuple[int, ...]
    gamma: int

    @property
    def rounds(self) -> int:
        """Passes of the target; the draft makes gamma passes in each."""
        return len(self.emitted)

    @property
    def tokens_a_round(self) -> float:
        """Mean tokens of a round."""
        return sum(self.emitted) / self.rounds

    @property
    def accepted(self) -> int:
        """Drafted tokens that were kept: all of a round's but the one that the target gave."""
        return sum(self.emitted) - self.rounds

    @property
    def acceptance(self) -> Ratio:
        """Share kept of the drafted tokens that were looked at: those behind the first rejection never are."""
        tested = sum(min(count, self.gamma) for count in self.emitted)
        return self.accepted / tested if tested else 0.0

    @property
    def wasted(self) -> Ratio:
        """Share of the drafted tokens that were thrown away."""
        drafted = self.gamma * self.rounds
        return 1 - self.accepted / drafted if drafted else 0.0


def decode(
    target: Model, draft: Model, gamma: int, count: int, prompt: Sequence[int] = (), seed: int = 0,
    replacement: Replacement = residual,
) -> Decoding:  # fmt: skip
    """Rounds until `count` tokens stand behind the prompt; what the last round has beyond them is not shown.

    >>> from labcore.serving.toy_models import circulant
    >>> always = circulant([0.0, 1.0, 0.0])  # 0, 1, 2, 0, ...
    >>> decode(always, always, gamma=3, count=8, prompt=[0])
    Decoding(tokens=(1, 2, 0, 1, 2, 0, 1, 2), emitted=(4, 4), gamma=3)
    """
    positive_ints(count=count)
    if gamma != 0:
        positive_ints(gamma=gamma)
    rng, tokens, emitted = np.random.default_rng(seed), list(prompt), []
    while len(tokens) < len(prompt) + count:
        start, p_rows, q_rows = len(tokens), [target(tokens)], []
        for _ in range(gamma):
            q_rows.append(draft(tokens))
            tokens.append(draw(q_rows[-1], rng))
            p_rows.append(target(tokens))  # a real target takes all gamma + 1 positions in one pass, when all are there
        tokens[start:] = verify(p_rows, q_rows, tokens[start:], rng, replacement)
        emitted.append(len(tokens) - start)
    return Decoding(tuple(tokens[len(prompt) : len(prompt) + count]), tuple(emitted), gamma)


def round_outcomes(
    target: Model, draft: Model, gamma: int, before: Sequence[int] = (), replacement: Replacement = residual
) -> dict[Prefix, float]:
    """All that a round can put out after the tokens `before`, with its probability: the rule, case by case.

    >>> from labcore.serving.toy_models import circulant
    >>> round_outcomes(circulant([0.5, 0.5]), circulant([1.0, 0.0]), gamma=1, before=[0])
    {(1,): 0.5, (0, 0): 0.25, (0, 1): 0.25}
    """
    before, out, kept = tuple(before), defaultdict(int), {(): 1}
    for _ in range(gamma):
        longer = {}
        for prefix, weight in kept.items():
            p, q = target(before + prefix), draft(before + prefix)
            instead = replacement(p, q)
            for x, q_x in enumerate(q):
                if q_x:
                    keep = keep_probability(p[x], q_x)
                    longer[*prefix, x] = weight * q_x * keep
                    for y, share in enumerate(instead):
                        out[*prefix, y] += weight * q_x * (1 - keep) * share
        kept = longer
    for prefix, weight in kept.items():
        for y, share in enumerate(target(before + prefix)):
            out[*prefix, y] += weight * share
    return {tokens: weight for tokens, weight in out.items() if weight}


def sequence_probabilities(
    target: Model, draft: Model, gamma: int, length: int, prompt: Sequence[int] = (),
    replacement: Replacement = residual,
) -> dict[Prefix, float]:  # fmt: skip
    """The probability of every sequence of `length` tokens that speculative decoding can make, rounds and all.

    About V ** (gamma + length) steps: for small ones. Tables of Fractions give Fractions, and equalities.

    >>> from labcore.serving.toy_models import circulant
    >>> sequence_probabilities(circulant([0.25, 0.75]), circulant([0.5, 0.5]), gamma=2, length=1, prompt=[0])
    {(0,): 0.25, (1,): 0.75}
    """
    positive_ints(length=length)
    open_, done = {(): 1}, defaultdict(int)
    while open_:
        further = defaultdict(int)
        for prefix, weight in open_.items():
            for tokens, share in round_outcomes(target, draft, gamma, (*prompt, *prefix), replacement).items():
                whole = (*prefix, *tokens)
                (done if len(whole) >= length else further)[whole[:length]] += weight * share
        open_ = further
    return dict(sorted(done.items()))


def own_probabilities(model: Model, length: int, prompt: Sequence[int] = ()) -> dict[Prefix, float]:
    """The probability of every sequence of `length` tokens that a model makes alone, one after another.

    >>> from labcore.serving.toy_models import circulant
    >>> own_probabilities(circulant([0.25, 0.75]), length=2, prompt=[0])[0, 1]
    0.1875
    """
    found = {(): 1}
    for _ in range(length):
        rows = {prefix: model((*prompt, *prefix)) for prefix in found}
        found = {(*prefix, x): w * p for prefix, w in found.items() for x, p in enumerate(rows[prefix]) if p}
    return found


def tokens_per_round(P: np.ndarray, Q: np.ndarray, gamma: int) -> float:
    """Mean tokens of a round for chains of a target (V, V) and of its draft, in the long run, exactly.

    min(P, Q) leads from token to token along drafts that are kept, max(0, P - Q) to a replacement. What ends a round is
    what the next one begins with, and that is not distributed as the text is: rounds end where the two disagree.

    >>> P = np.array([[0.75, 0.25], [0.25, 0.75]])
    >>> tokens_per_round(P, np.full((2, 2), 0.5), gamma=2)  # acceptance 3/4 everywhere: 1 + 3/4 + 9/16
    2.3125
    """
    if gamma != 0:
        positive_ints(gamma=gamma)
    kept, replaced = np.minimum(P, Q), np.maximum(P - Q, 0)
    reach = [np.linalg.matrix_power(kept, i) for i in range(gamma + 1)]  # i drafts kept, by first and last token
    to_next_round = sum(one @ replaced for one in reach[:-1]) + reach[-1] @ P
    start = stationary(to_next_round)
    return float(round(sum(start @ one.sum(axis=1) for one in reach), 12))
