"""How far a result is from the exact one, in units in the last place of a number format, over all its codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labcore.precision import Format, cast, number_format, spacing
from labcore.precision.bits import decode
from labcore.units import Ratio

FORMATS = ("fp16", "bf16", "fp32")  # of those in labcore.precision, the ones that a unit here returns


@dataclass(frozen=True)
class Accuracy:
    """Errors of a function over a set of inputs, in ulp and (`absolute`) in plain size; the share rounded rightly.

    `raw` is the worst error of what the function gives before it is rounded to the format.
    """

    inputs: int
    worst: float
    mean: float
    right: Ratio
    worst_at: float
    absolute: float
    raw: float
    raw_at: float

    def __repr__(self) -> str:
        return (
            f"{self.inputs} inputs: worst {self.worst:.3g} ulp at {self.worst_at:.6g}, mean {self.mean:.3g} ulp, "
            f"{self.right:.2%} correctly rounded"
        )


def result_format(fmt: str) -> Format:
    """A format that results are rounded to; raises ValueError with those there are.

    >>> result_format("fp16").fraction
    10
    """
    if fmt not in FORMATS:
        raise ValueError(f"format {fmt!r} is not known here; choose from {', '.join(FORMATS)}")
    return number_format(fmt)


def ulp(exact: np.ndarray, fmt: str) -> np.ndarray:
    """The distance between neighbours of `fmt` where the exact values lie.

    >>> ulp(np.array([1.0, 1.5, 2.0]), "fp16").tolist() == [2.0**-10, 2.0**-10, 2.0**-9]
    True
    """
    return spacing(exact, result_format(fmt).name)


def rounded(value: np.ndarray, fmt: str) -> np.ndarray:
    """The nearest values of `fmt`, ties to even, as float64.

    >>> rounded(np.array([1 + 2**-12]), "fp16").tolist()
    [1.0]
    """
    return np.asarray(cast(value, result_format(fmt).name), np.float64)


def every_value(fmt: str, low: float = -np.inf, high: float = np.inf, step: int = 1) -> np.ndarray:
    """All finite values of a 16-bit format from `low` to `high` in ascending order, -0 and 0 both; or every `step`-th.

    >>> every_value("fp16").size == 2**16 - 2 * 2**10
    True
    """
    bits = result_format(fmt).bits
    if bits > 16:
        raise ValueError(f"{fmt} has 2^{bits} codes; sample it with `samples`")
    values = decode(np.arange(2**bits), fmt)
    values = np.sort(values[np.isfinite(values)].astype(np.float64))
    return values[(values >= low) & (values <= high)][::step]


def samples(low: float, high: float, count: int = 2**16, seed: int = 0) -> np.ndarray:
    """Random float32 values from `low` to `high`, uniform in value.

    >>> bool(samples(1, 2, count=4).max() < 2)
    True
    """
    return np.random.default_rng(seed).uniform(low, high, count).astype(np.float32).astype(np.float64)


def accuracy(unit: Callable, exact: Callable, x: np.ndarray, fmt: str) -> Accuracy:
    """Compare `unit(x)`, rounded to `fmt`, with the exact function over inputs whose exact result the format holds.

    >>> accuracy(lambda x: 1 / x, lambda x: 1 / x, every_value("fp16", 1, 2), "fp16").worst <= 0.5
    True
    """
    with np.errstate(over="ignore"):
        want = exact(x)
    kept = np.isfinite(rounded(want, fmt)) & np.isfinite(want)
    x, want = x[kept], want[kept]
    if not x.size:
        raise ValueError(f"no input has a finite exact result in {fmt}; choose inputs inside the function's range")
    value, place = unit(x), ulp(want, fmt)
    got = rounded(value, fmt)
    off = np.abs(got - want)
    error, raw, right = off / place, np.abs(value - want) / place, np.mean(got == rounded(want, fmt))
    worst, raw_worst = int(np.argmax(error)), int(np.argmax(raw))
    return Accuracy(
        int(x.size), float(error[worst]), float(error.mean()), float(right), float(x[worst]), float(off.max()),
        float(raw[raw_worst]), float(x[raw_worst]),
    )  # fmt: skip
