"""Mixture of experts: which experts a batch touches, how unevenly, and what a capacity drops.

A layer has E experts and a token takes k of them. Each token draws its experts one after another, without putting back,
by weights that fall as 1 / rank^skew (Zipf); skew 0 is uniform, what training for balance aims at (Fedus et al., Switch
Transformers, JMLR 2022). Tokens are independent of each other, so means over experts follow from one number each: the
probability that a token takes expert e at all.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from labcore.units import Ratio, positive, positive_ints

NODES = 100  # of the quadrature below; the sum is k to 1e-9 for 8 of 512 experts and for 200 of 256


def popularity(E: int, skew: Ratio = 0.0) -> np.ndarray:
    """Weights of the experts, (E,), summing to 1, the most popular first: rank^-skew.

    >>> popularity(2, skew=1.0).round(3).tolist()
    [0.667, 0.333]
    """
    positive_ints(E=E)
    if not 0 <= skew < math.inf:
        raise ValueError(f"skew is 0 (uniform) or more, got {skew!r}")
    weights = np.arange(1, E + 1) ** -float(skew)
    return weights / weights.sum()


def chosen(E: int, k: int, skew: Ratio = 0.0) -> np.ndarray:
    """Probability that a token takes each expert, (E,), summing to k: k / E where routing is uniform.

    Drawing without putting back is a race: expert e arrives after an exponential time of rate w_e, and the first k are
    taken. So it is the integral over e's arrival t of the probability that fewer than k of the others are there.

    >>> chosen(4, 2).tolist()
    [0.5, 0.5, 0.5, 0.5]
    >>> chosen(3, 2, skew=1.0).round(4).tolist()  # 6/11 + 3/11 x 6/8 + 2/11 x 6/9, ...
    [0.8712, 0.6606, 0.4682]
    """
    weights = popularity(E, skew)
    _sizes(E, k)
    if skew == 0 or k == E:
        return np.full(E, k / E)
    s, ds = _quadrature()  # s in (0, 1); t = s / (1 - s) in units of the mean weight
    t = E * s / (1 - s)
    there = -np.expm1(-np.outer(weights, t))  # (E, NODES): e has arrived by t
    before, behind = _counts(there, k), _counts(there[::-1], k)[::-1]  # counts of the others, below k
    fewer = np.einsum("eni,eni->en", before[:-1], np.cumsum(behind[1:], axis=-1)[..., ::-1])
    return np.minimum(1, (fewer * (1 - there) * weights[:, None]) @ (ds * E / (1 - s) ** 2))


def expected_touched(B: int, E: int, k: int, skew: Ratio = 0.0) -> float:
    """Mean number of distinct experts that B tokens take together: E (1 - (1 - k / E)^B) where routing is uniform.

    >>> expected_touched(B=1, E=8, k=2), expected_touched(B=4, E=8, k=2)  # 8 x (1 - 0.75^4)
    (2.0, 5.46875)
    """
    positive_ints(B=B)
    return float((1 - (1 - chosen(E, k, skew)) ** B).sum())


def route(B: int, E: int, k: int, skew: Ratio = 0.0, seed: int = 0) -> np.ndarray:
    """The experts of B tokens, (B, k), k different ones in each row.

    >>> np.sort(route(2, E=3, k=3)).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    positive_ints(B=B)
    _sizes(E, k)
    return _race(np.random.default_rng(seed), B, popularity(E, skew), k)


def loads(rounds: int, B: int, E: int, k: int, skew: Ratio = 0.0, seed: int = 0) -> np.ndarray:
    """Tokens of each expert in so many batches of B, (rounds, E); every row sums to B k.

    >>> loads(3, B=5, E=4, k=2).sum(axis=1).tolist()
    [10, 10, 10]
    """
    positive_ints(rounds=rounds, B=B)
    _sizes(E, k)
    rng, weights = np.random.default_rng(seed), popularity(E, skew)
    return np.array([np.bincount(_race(rng, B, weights, k).ravel(), minlength=E) for _ in range(rounds)])


def imbalance(tokens: np.ndarray) -> np.ndarray:
    """Load of the busiest expert over the mean load, along the last axis: what all wait for over what a share would be.

    >>> float(imbalance(np.array([3, 1, 0, 0])))
    3.0
    """
    return np.max(tokens, axis=-1) / np.mean(tokens, axis=-1)


def capacity(B: int, E: int, k: int, factor: Ratio) -> int:
    """Tokens that an expert takes in a batch at most, ceil(factor B k / E): the capacity factor times its fair share.

    >>> capacity(B=64, E=8, k=2, factor=1.25)
    20
    """
    positive_ints(B=B)
    _sizes(E, k)
    positive(factor=factor)
    return math.ceil(factor * B * k / E)


def dropped(tokens: np.ndarray, most: int) -> np.ndarray:
    """Share of the assignments that find their expert full, along the last axis of loads.

    >>> float(dropped(np.array([3, 1, 0, 0]), most=2))
    0.25
    """
    return np.maximum(tokens - most, 0).sum(axis=-1) / np.sum(tokens, axis=-1)


def expected_dropped(B: int, E: int, k: int, factor: Ratio, skew: Ratio = 0.0) -> Ratio:
    """Mean share of the assignments dropped: each expert's load is binomial, B tokens of probability `chosen`.

    >>> expected_dropped(B=2, E=2, k=1, factor=1.0)  # both want the same one half of the time
    0.25
    """
    most, n = capacity(B, E, k, factor), np.arange(B + 1)
    over = sum(binomial(B, share) @ np.maximum(n - most, 0) for share in chosen(E, k, skew))
    return float(over / (B * k))


def binomial(B: int, p: Ratio) -> np.ndarray:
    """Probability of n out of B, (B + 1,), each with probability p, 0 to 1.

    >>> binomial(2, 0.5).round(9).tolist()
    [0.25, 0.5, 0.25]
    """
    positive_ints(B=B)
    if p in (0, 1):
        return np.eye(B + 1)[B if p else 0]
    n, factorial = np.arange(B + 1), np.array([math.lgamma(n + 1) for n in range(B + 1)])
    return np.exp(factorial[B] - factorial - factorial[::-1] + n * math.log(p) + (B - n) * math.log1p(-p))


@cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre on (0, 1)."""
    nodes, steps = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, steps / 2


def _race(rng: np.random.Generator, B: int, weights: np.ndarray, k: int) -> np.ndarray:
    """The first k of E exponential arrivals, (B, k)."""
    arrivals = rng.standard_exponential((B, len(weights))) / weights
    return np.argpartition(arrivals, k - 1, axis=1)[:, :k]


def _counts(there: np.ndarray, k: int) -> np.ndarray:
    """P(i of the first e are there), i below k, (E + 1, NODES, k)."""
    E, nodes = there.shape
    count = np.zeros((E + 1, nodes, k))
    count[0, :, 0] = 1
    for e, p in enumerate(there):
        count[e + 1] = count[e] * (1 - p)[:, None]
        count[e + 1, :, 1:] += count[e, :, :-1] * p[:, None]
    return count


def _sizes(E: int, k: int) -> None:
    positive_ints(E=E, k=k)
    if k > E:
        raise ValueError(f"a token takes k of E experts, got k = {k} of {E}; take {E} or fewer")
