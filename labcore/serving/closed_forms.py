"""Closed forms of serving, to hold simulations against.

Answers are geometric: after each token an answer ends with probability 1 / mean. That distribution has no memory, and
most of what follows comes from it. Waiting lines of one server are in labcore.runtime.queueing.
"""

from __future__ import annotations

import numpy as np

from labcore.serving.passes import Passes, pass_time
from labcore.units import Hertz, Ratio, positive, positive_ints


def harmonic(batch: int) -> float:
    """H_B = 1 + 1/2 + ... + 1/B: the mean of the longest of B exponential lengths, over that of one.

    >>> round(harmonic(64), 2)
    4.74
    """
    positive_ints(batch=batch)
    return float(np.sum(1 / np.arange(1, batch + 1)))


def longest_of(batch: int, mean: float) -> float:
    """Mean of the longest of B geometric lengths, the sum over k of 1 - (1 - q^k)^B with q = 1 - 1/mean.

    It comes near mean * H_B, where lengths are long.

    >>> longest_of(2, mean=2.0)  # 2/3 + 2: the last of two coins to show heads
    2.666666666666667
    """
    positive_ints(batch=batch)
    survive = _survival(mean)
    return float(np.sum(-np.expm1(batch * np.log1p(-survive[1:])))) + 1  # k = 0 by itself: log1p(-1)


def batching_gain(batch: int, mean: float) -> Ratio:
    """Throughput of continuous over static batching where requests always wait, lengths are geometric and prompts free.

    A static batch takes the iterations of its longest answer; a continuous one is always full. Both make `batch`
    times the mean in tokens, so the gain is longest_of / mean.

    >>> round(batching_gain(8, mean=200), 2), round(harmonic(8), 2)
    (2.71, 2.72)
    """
    return longest_of(batch, mean) / mean


def saturated(engine: Passes, batch: int, context: int) -> Hertz:
    """Tokens a second of a full batch, batch / iteration time, each sequence attending to `context` tokens.

    >>> from labcore.serving.engine import Clock
    >>> saturated(Clock(T_pass=0.01, T_token=0.001), batch=10, context=100)
    500.0
    """
    return batch / pass_time(engine, batch, context)


def mean_filled(prompt: int, mean: float) -> float:
    """Tokens that a sequence holds, on the mean over its time in the batch: prompt + mean - 1.

    Not prompt + mean / 2: longer answers stay longer.

    >>> mean_filled(100, mean=200)
    299
    """
    positive_ints(prompt=prompt)
    positive(mean=mean)
    return prompt + mean - 1


def reserved_waste(prompt: int, mean: float, longest: int | None = None) -> Ratio:
    """Share of the reserved memory that holds no token: 1 - mean_filled / longest.

    Without `longest` an oracle reserves what each comes to hold, prompt + 2 (mean - 1) on the mean over time.

    >>> round(reserved_waste(100, mean=200, longest=2048), 3), round(reserved_waste(100, mean=200), 3)
    (0.854, 0.4)
    """
    held = prompt + 2 * (mean - 1) if longest is None else longest
    if held < prompt:
        raise ValueError(f"longest is at least the prompt, {prompt} tokens; got {longest}")
    return 1 - mean_filled(prompt, mean) / held


def paged_waste(prompt: int, mean: float, page: int = 16) -> Ratio:
    """Share of the pages' memory that holds no token: less than a page a sequence, about half of one.

    The k-th token finds prompt + k - 1 in the cache, and an answer reaches it with probability (1 - 1/mean)^(k - 1).

    >>> round(paged_waste(100, mean=200), 3)
    0.025
    """
    positive_ints(prompt=prompt, page=page)
    survive = _survival(mean)
    pages = -(-(prompt + np.arange(len(survive))) // page)
    return 1 - mean_filled(prompt, mean) * float(survive.sum()) / (page * float(survive @ pages))


def _survival(mean: float) -> np.ndarray:
    """(k,) probabilities that a geometric length is above 0, 1, 2, ..., as far as floats can tell."""
    positive(mean=mean)
    if mean <= 1:
        raise ValueError(f"geometric lengths that vary have a mean above 1; got {mean}")
    q = 1 - 1 / mean
    return q ** np.arange(int(-40 / np.log(q)) + 2)
