"""Requests as traces: when each arrives and how many tokens it has, seeded, so that two plans meet the same day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.units import Hertz, Ratio, Seconds, positive, positive_ints

SHORTEST, LONGEST = 64, 8192  # tokens, the range of the chapter's self-check


@dataclass(frozen=True)
class Request:
    """One request: when it arrives, and its length."""

    arrival: Seconds
    tokens: int


def lengths(
    count: int, shortest: int = SHORTEST, longest: int = LONGEST, seed: int = 0, step: int = 1
) -> np.ndarray:  # fmt: skip
    """(count,) lengths in tokens, log-uniform between two: every doubling is as likely as every other.

    They are rounded up to multiples of `step`, so that a long trace has few different ones.

    >>> lengths(4, 64, 64), lengths(2, 65, 66, step=64)
    (array([64, 64, 64, 64]), array([128, 128]))
    """
    positive_ints(count=count, shortest=shortest, longest=longest, step=step)
    if shortest > longest:
        raise ValueError(f"shortest is at most longest, got {shortest} and {longest}; swap them")
    logs = np.random.default_rng([seed, 1]).uniform(np.log(shortest), np.log(longest), count)
    return -(-np.clip(np.rint(np.exp(logs)).astype(int), shortest, longest) // step) * step


def mean_length(shortest: int = SHORTEST, longest: int = LONGEST) -> float:
    """Mean of the log-uniform lengths, (longest - shortest) / ln(longest / shortest), but for their rounding.

    >>> round(mean_length(64, 8192))
    1675
    """
    positive_ints(shortest=shortest, longest=longest)
    return (longest - shortest) / float(np.log(longest / shortest)) if longest > shortest else float(shortest)


def arrivals(count: int, rate: Hertz, burst: Ratio = 1.0, seed: int = 0) -> np.ndarray:
    """(count,) ascending times: bursts come as a Poisson process, their sizes are geometric with mean `burst`.

    `rate` counts requests, so a larger `burst` comes less often. A burst of 1 is a plain Poisson process.

    >>> bool(np.all(np.diff(arrivals(100, rate=5.0, burst=4.0)) >= 0))
    True
    """
    positive_ints(count=count)
    positive(rate=rate, burst=burst)
    if burst < 1:
        raise ValueError(f"a burst holds at least 1 request on the mean, got {burst}")
    rng = np.random.default_rng([seed, 2])
    sizes = rng.geometric(1 / burst, count)
    starts = np.cumsum(rng.exponential(burst / rate, count))
    return np.repeat(starts, sizes)[:count]


def requests(
    count: int, rate: Hertz, burst: Ratio = 1.0, shortest: int = SHORTEST, longest: int = LONGEST, seed: int = 0,
    step: int = 1,
) -> list[Request]:  # fmt: skip
    """A trace of requests: `arrivals` with `lengths`, independent of each other.

    >>> [one.tokens for one in requests(3, rate=10.0, shortest=128, longest=128)]
    [128, 128, 128]
    """
    times, tokens = arrivals(count, rate, burst, seed), lengths(count, shortest, longest, seed, step)
    return [Request(float(t), int(n)) for t, n in zip(times, tokens, strict=True)]


def padding_waste(tokens: Sequence[int], buckets: Sequence[int]) -> Ratio:
    """The share of the padded tokens that is padding: 1 - sum(tokens) / sum(bucket of each).

    >>> padding_waste([100, 300], buckets=[128, 512])  # 400 of 640
    0.375
    """
    if not len(tokens):
        raise ValueError("no tokens, so none are padded; give the length of one request at least")
    bucket_of(max(tokens), buckets)  # raises where the longest fits none
    sizes = np.sort(buckets)
    return 1 - sum(tokens) / int(sizes[np.searchsorted(sizes, tokens)].sum())


def bucket_of(tokens: int, buckets: Sequence[int]) -> int:
    """The smallest bucket that holds a length; raises ValueError where none does.

    >>> bucket_of(129, [128, 512])
    512
    """
    fits = [size for size in buckets if size >= tokens]
    if not fits:
        raise ValueError(f"{tokens} tokens fit no bucket of {sorted(buckets)}; add one of {tokens} or more")
    return min(fits)


def powers_of_two(shortest: int = SHORTEST, longest: int = LONGEST) -> list[int]:
    """The buckets that double from `shortest` until they hold `longest`.

    >>> powers_of_two(64, 300)
    [64, 128, 256, 512]
    """
    positive_ints(shortest=shortest, longest=longest)
    buckets = [shortest]
    while buckets[-1] < longest:
        buckets.append(2 * buckets[-1])
    return buckets
