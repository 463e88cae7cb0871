"""Speculative decoding: a small model drafts, the large one checks all drafts in one pass, the output stays its own.

A round drafts `gamma` tokens one after another and gives the target gamma + 1 positions at once. A drafted token x is
kept with probability min(1, p(x) / q(x)), p the target's probabilities and q the draft's; the first that is not kept is
replaced by a draw from max(0, p - q), scaled to 1, and ends the round; if all are kept the target adds one more
(Leviathan, Kalman and Matias, ICML 2023; Chen et al., arXiv 2302.01318, 2023). `alpha` is the probability that a
drafted token is kept, `c` the time of a draft's step over that of a target's step, both with one new token.

The rule works on sequences of floats or of Fractions alike; with Fractions the claim "the same distribution" is an
equality.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from labcore.units import Ratio, positive, positive_ints

Row = Sequence[float]  # probabilities of the next token, (V,)


class Random(Protocol):
    """What draws: numpy's Generator and random.Random both do."""

    def random(self) -> float:
        """A number from [0, 1)."""


def check_round(alpha: Ratio, gamma: int) -> None:
    """Raise ValueError where alpha is no share or gamma no length of a draft.

    >>> check_round(alpha=1.2, gamma=3)
    Traceback (most recent call last):
    ValueError: alpha is the share of drafted tokens that are kept, 0 to 1; got 1.2
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is the share of drafted tokens that are kept, 0 to 1; got {alpha!r}")
    if gamma != 0:
        positive_ints(gamma=gamma)


def expected_tokens(alpha: Ratio, gamma: int) -> float:
    """Mean tokens of a round, 1 + alpha + ... + alpha^gamma = (1 - alpha^(gamma + 1)) / (1 - alpha).

    Every drafted token is kept with the same probability, whatever came before: Leviathan's assumption. gamma 0 is
    plain decoding.

    >>> expected_tokens(alpha=0.5, gamma=2), expected_tokens(alpha=1.0, gamma=4)
    (1.75, 5.0)
    """
    check_round(alpha, gamma)
    return gamma + 1.0 if alpha == 1 else (1 - alpha ** (gamma + 1)) / (1 - alpha)


def speedup(alpha: Ratio, gamma: int, c: Ratio, v: Ratio = 1.0) -> Ratio:
    """Tokens a second over plain decoding: expected tokens / (gamma c + v).

    `v` is the time of the target's pass over gamma + 1 positions, in its steps of one: 1 while weights bind, and
    towards gamma + 1 once arithmetic does.

    >>> speedup(alpha=0.8, gamma=5, c=0.05) > 2.9, speedup(alpha=0.8, gamma=5, c=0.05, v=6.0) < 1
    (True, True)
    """
    positive(v=v)
    if not c >= 0:
        raise ValueError(f"c is the time of a draft's step over a target's, 0 or more; got {c!r}")
    return expected_tokens(alpha, gamma) / (gamma * c + v)


def best_draft_length(alpha: Ratio, c: Ratio, longest: int = 64) -> int:
    """The gamma of the largest speed-up where checking is free (v = 1); 0 where no draft pays, which is c >= alpha.

    >>> best_draft_length(alpha=0.8, c=0.05), best_draft_length(alpha=0.3, c=0.4)
    (8, 0)
    """
    positive_ints(longest=longest)
    return max(range(longest + 1), key=lambda gamma: speedup(alpha, gamma, c))


def work_ratio(alpha: Ratio, gamma: int, c_work: Ratio) -> Ratio:
    """FLOP a token over plain decoding: (gamma c_work + gamma + 1) / expected tokens, c_work the draft's FLOP share.

    Speed is bought with work that is thrown away, so a machine that arithmetic binds loses.

    >>> work_ratio(alpha=1.0, gamma=3, c_work=0.0), work_ratio(alpha=0.5, gamma=2, c_work=0.0)
    (1.0, 1.7142857142857142)
    """
    return (gamma * c_work + gamma + 1) / expected_tokens(alpha, gamma)


def acceptance(p: Row, q: Row) -> Ratio:
    """Probability that a token drawn from q is kept, sum of min(p, q): 1 less their total variation distance.

    >>> acceptance([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    0.5
    """
    _rows(p, q)
    return sum(min(a, b) for a, b in zip(p, q, strict=True))


def keep_probability(p_x: Ratio, q_x: Ratio) -> Ratio:
    """Probability of keeping a drafted token that the target gives p_x and the draft gave q_x.

    >>> keep_probability(0.1, 0.4), keep_probability(0.4, 0.1)
    (0.25, 1)
    """
    if not q_x > 0:
        raise ValueError(f"a drafted token had a probability above 0, got q = {q_x!r}; draw it from q")
    return min(1, p_x / q_x)


def residual(p: Row, q: Row) -> list[float]:
    """max(0, p - q) scaled to 1, (V,): what replaces a token that was not kept; p itself where nothing is left of it.

    >>> residual([0.5, 0.5, 0.0], [0.25, 0.25, 0.5])
    [0.5, 0.5, 0.0]
    """
    _rows(p, q)
    left = [max(0, a - b) for a, b in zip(p, q, strict=True)]
    total = sum(left)
    return [one / total for one in left] if total else list(p)


Replacement = Callable[[Row, Row], Row]  # (p, q) -> what a rejected token is drawn from


def output_distribution(p: Row, q: Row, replacement: Replacement = residual) -> list[float]:
    """What one position puts out, (V,), summed over drafts kept and replaced: p, where `replacement` is the residual.

    Drawing anew from p instead, which looks natural, is not the target's distribution:

    >>> p, q = [0.5, 0.5, 0.0], [0.25, 0.25, 0.5]
    >>> output_distribution(p, q)
    [0.5, 0.5, 0.0]
    >>> output_distribution([0.75, 0.25], [0.25, 0.75], replacement=lambda p, q: p)  # 0.25 + 0.5 x 0.75
    [0.625, 0.375]
    """
    rejected = 1 - acceptance(p, q)
    return [min(a, b) + rejected * r for a, b, r in zip(p, q, replacement(p, q), strict=True)]


def draw(row: Row, rng: Random) -> int:
    """A token drawn from its probabilities; tokens without any are never drawn.

    >>> import random
    >>> draw([0.0, 1.0, 0.0], random.Random(0))
    1
    """
    left = rng.random() * sum(row)
    for token, share in enumerate(row):
        left -= share
        if left < 0:
            return token
    return max(token for token, share in enumerate(row) if share > 0)  # rounding left a hair at the end


def verify(
    p_rows: Sequence[Row], q_rows: Sequence[Row], drafted: Sequence[int], rng: Random,
    replacement: Replacement = residual,
) -> list[int]:  # fmt: skip
    """The tokens of one round, 1 to gamma + 1 of them: those kept, and one from the target.

    `drafted` has gamma tokens, drawn from `q_rows` (gamma, V); `p_rows` (gamma + 1, V) are the target's, one pass.

    >>> import random
    >>> verify([[0.0, 1.0], [1.0, 0.0]], [[0.5, 0.5]], [0], random.Random(0))  # the target never says 0
    [1]
    >>> verify([[0.0, 1.0], [1.0, 0.0]], [[0.5, 0.5]], [1], random.Random(0))
    [1, 0]
    """
    if not len(p_rows) - 1 == len(q_rows) == len(drafted):
        counts = f"{len(p_rows)}, {len(q_rows)} and {len(drafted)}"
        raise ValueError(f"gamma drafts need gamma rows of the draft and gamma + 1 of the target; got {counts}")
    for i, (x, q) in enumerate(zip(drafted, q_rows, strict=True)):
        if rng.random() >= keep_probability(p_rows[i][x], q[x]):
            return [*drafted[:i], draw(replacement(p_rows[i], q), rng)]
    return [*drafted, draw(p_rows[-1], rng)]


def _rows(p: Row, q: Row) -> None:
    if len(p) != len(q):
        raise ValueError(f"target and draft share one vocabulary; p has {len(p)} tokens and q has {len(q)}")
