"""Narrow products, wide sums: a dot product with the formats of its inputs and of its accumulator chosen apart.

Each step is a fused multiply-add: the product of two narrow numbers is exact, the sum is rounded once, into the
accumulator's format. (The sum is formed in float64, which holds it exactly unless its parts lie 2^53 apart; beyond that
a second rounding could move a tie.) Real units differ in detail, in how many products they add before they round above
all; these laws of growth are the same.
"""

from __future__ import annotations

import math

import numpy as np

from labcore.precision import Format, cast, cast_stochastically, number_format
from labcore.units import positive_ints


def running_sums(terms: np.ndarray, accumulator: str = "fp32", rng: np.random.Generator | None = None) -> np.ndarray:
    """Every partial sum of (..., K) terms taken in order, each rounded to the accumulator's format; (..., K) float32.

    With `rng` the accumulator rounds stochastically.

    >>> running_sums([1.0] * 20, "fp8_e4m3")[-6:].tolist()
    [15.0, 16.0, 16.0, 16.0, 16.0, 16.0]
    """
    terms = np.asarray(terms, np.float64)
    if not terms.ndim or not terms.shape[-1]:
        raise ValueError(f"at least one term is wanted along the last axis, got shape {terms.shape}")
    sums = np.empty(terms.shape, np.float32)
    total = np.zeros(terms.shape[:-1])
    for k in range(terms.shape[-1]):
        exact = total + terms[..., k]
        total = cast(exact, accumulator) if rng is None else cast_stochastically(exact, accumulator, rng)
        total = np.asarray(total, np.float64)
        sums[..., k] = total
    return sums


def running_sums_of_one(terms: np.ndarray, accumulator: str = "fp32") -> np.ndarray:
    """`running_sums` of one row of finite terms (K,), ten times as fast: plain numbers instead of small arrays.

    >>> running_sums_of_one([1.0] * 300, "bf16")[-1]
    np.float32(256.0)
    """
    f = number_format(accumulator)
    sums, total = [], 0.0
    for term in np.asarray(terms, np.float64).tolist():
        total = _nearest(total + term, f)
        sums.append(total)
    return np.array(sums, np.float32)


def chunked_sums_of_one(terms: np.ndarray, accumulator: str, chunk: int) -> np.ndarray:
    """Every partial sum of one row of finite terms (K,), summed in runs of `chunk`: the runs before, plus this one.

    Both the sum inside a run and the sum of the runs are rounded to the accumulator's format; at the end of a run this
    is the sum of `dot` with the same chunk.

    >>> chunked_sums_of_one([1.0] * 20, "fp8_e4m3", chunk=4)[-5:].tolist()
    [16.0, 17.0, 18.0, 19.0, 20.0]
    """
    positive_ints(chunk=chunk)
    terms, f = np.asarray(terms, np.float64), number_format(accumulator)
    sums, before = np.empty(len(terms), np.float32), 0.0
    for k in range(0, len(terms), chunk):
        run = running_sums_of_one(terms[k : k + chunk], accumulator)
        sums[k : k + chunk] = before + run
        before = _nearest(before + float(run[-1]), f)
        sums[min(k + chunk, len(terms)) - 1] = before
    return sums


def _nearest(x: float, f: Format) -> float:
    """One number rounded as `cast` rounds it, overflow to infinity or to the end of the range."""
    if not math.isfinite(x):
        return x
    step = math.ldexp(1.0, max(math.frexp(x)[1] - 1, f.e_min) - f.fraction)
    x = round(x / step) * step
    if f.min <= x <= f.max:
        return x
    return {"ieee": math.copysign(math.inf, x), "nan": math.nan}.get(f.top, min(max(x, f.min), f.max))


def products(a: np.ndarray, b: np.ndarray, fmt: str) -> np.ndarray:
    """Exact products of two inputs (..., K) that are rounded to a format first, float64.

    >>> float(products(0.1, 10, "fp16"))  # 0.1 is 0.0999755859375 in fp16
    0.999755859375
    """
    return np.asarray(cast(a, fmt), np.float64) * cast(b, fmt)


def dot(
    a: np.ndarray, b: np.ndarray, fmt: str = "fp16", accumulator: str = "fp32",
    chunk: int | None = None, outer: str | None = None, rng: np.random.Generator | None = None,
) -> np.ndarray:  # fmt: skip
    """Dot products of (..., K) and (..., K) along K: inputs in `fmt`, sums in `accumulator`; float32.

    With `chunk`, each run of that many products is summed on its own, and the runs' sums in the format `outer`
    (the accumulator's where it is not given): shorter sums, smaller errors (Wang et al., NeurIPS 2018).

    >>> ones = np.ones(4096)
    >>> [float(dot(ones, ones, "fp16", acc)) for acc in ("fp16", "fp32")], float(dot(ones, ones, "fp16", "fp16", 64))
    ([2048.0, 4096.0], 4096.0)
    """
    terms = products(a, b, fmt)
    if chunk is None:
        return running_sums(terms, accumulator, rng)[..., -1]
    positive_ints(chunk=chunk)
    starts = range(0, terms.shape[-1], chunk)
    runs = [running_sums(terms[..., k : k + chunk], accumulator, rng)[..., -1] for k in starts]
    return running_sums(np.stack(runs, axis=-1), outer or accumulator, rng)[..., -1]


def relative_error(got: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square over the rows of |got - exact| / sum |a b|, with the exact dot product of a and b unrounded.

    >>> relative_error(dot([1.0, 2.0], [1.0, 1.0]), [1.0, 2.0], [1.0, 1.0])
    0.0
    """
    exact = np.multiply(a, b, dtype=np.float64)
    error = (np.asarray(got, np.float64) - exact.sum(axis=-1)) / np.abs(exact).sum(axis=-1)
    return float(np.sqrt(np.mean(error**2)))


def sticks_at(accumulator: str) -> float:
    """The sum of ones at which the next one is lost: half of the spacing there is 1, and the tie goes to even.

    A whole-number accumulator stays exact and stops at the end of its range.

    >>> [sticks_at(fmt) for fmt in ("fp16", "bf16", "fp8_e4m3", "int8")]
    [2048.0, 256.0, 16.0, 127.0]
    """
    f = number_format(accumulator)
    return min(2.0 ** (f.fraction + 1), f.max) if f.exponent else f.max
