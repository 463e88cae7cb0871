"""Speculative decoding on a chip, by batch: why checking drafts is free for one request and not for many.

A pass over gamma + 1 positions reads the same weights and the same cache as a pass over one, so while bytes bind it
takes the same time. A batch of B sequences brings B (gamma + 1) rows to the matmuls, and once those bind, the pass
takes gamma + 1 times as long, for tokens of which some are thrown away. Attention shares no cache between sequences,
so long contexts keep bytes binding, and speculation worth its while, at any batch (Chen et al., MagicDec, 2024).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labcore.serving.passes import Passes, pass_time
from labcore.serving.speculative import speedup
from labcore.units import Hertz, Ratio, positive_ints

LONGEST = 16  # tokens of a draft that are tried


@dataclass(frozen=True)
class Gain:
    """Speculation for one batch: draft length, `c` and `v` in the target's steps of one token, and what it gives.

    `rate` is tokens a second of the whole batch, each sequence with the mean of a round.
    """

    B: int
    gamma: int
    c: Ratio
    v: Ratio
    speedup: Ratio
    rate: Hertz


def gain(target: Passes, draft: Passes, alpha: Ratio, gamma: int, B: int, context: int) -> Gain:
    """What drafts of `gamma` tokens give a batch of B at a context; gamma 0 is plain decoding.

    >>> from labcore.serving.engine import Clock
    >>> target, draft = Clock(T_pass=1.0), Clock(T_pass=0.25)
    >>> gain(target, draft, alpha=0.5, gamma=2, B=1, context=8)  # 1.75 tokens in 1.5 s
    Gain(B=1, gamma=2, c=0.25, v=1.0, speedup=1.1666666666666667, rate=1.1666666666666667)
    """
    T_step = pass_time(target, B, context)
    c = pass_time(draft, B, context) / T_step
    v = pass_time(target, B, context, gamma + 1) / T_step
    faster = speedup(alpha, gamma, c, v)
    return Gain(B, gamma, c, v, faster, B * faster / T_step)


def best_gain(target: Passes, draft: Passes, alpha: Ratio, B: int, context: int, longest: int = LONGEST) -> Gain:
    """The gain of the draft length that suits a batch best; gamma is 0 where no draft pays.

    >>> from labcore.serving.engine import Clock
    >>> target, draft = Clock(T_pass=1.0, T_token=0.01), Clock(T_pass=0.05)
    >>> [best_gain(target, draft, 0.8, B, context=8).gamma for B in (1, 1000)]
    [7, 0]
    """
    positive_ints(longest=longest)
    found = (gain(target, draft, alpha, gamma, B, context) for gamma in range(longest + 1))
    return max(found, key=lambda one: one.speedup)


def gains(
    target: Passes, draft: Passes, alpha: Ratio, batches: Iterable[int], context: int, longest: int = LONGEST
) -> list[Gain]:
    """The best gain of each batch: a curve from all of the saving down to none.

    >>> from labcore.serving.engine import Clock
    >>> target, draft = Clock(T_pass=1.0, T_token=0.01), Clock(T_pass=0.05)
    >>> [round(one.speedup, 1) for one in gains(target, draft, 0.8, (1, 10, 100), context=8)]
    [2.9, 2.2, 1.2]
    """
    return [best_gain(target, draft, alpha, B, context, longest) for B in batches]


def last_batch(target: Passes, draft: Passes, alpha: Ratio, context: int, most: int = 4096) -> int | None:
    """The largest batch up to `most` for which some draft pays, its neighbours taken to be alike; None if `most` does.

    0 where it pays for no batch at all. Found by halving, since the gain falls with the batch.

    >>> from labcore.serving.engine import Clock
    >>> last_batch(Clock(T_pass=1.0, T_token=0.01), Clock(T_pass=0.05), 0.8, context=8)
    374
    """
    positive_ints(most=most)
    if best_gain(target, draft, alpha, most, context).gamma:
        return None
    pays, not_any_more = 0, most
    while not_any_more - pays > 1:
        middle = (pays + not_any_more) // 2
        if best_gain(target, draft, alpha, middle, context).gamma:
            pays = middle
        else:
            not_any_more = middle
    return pays
