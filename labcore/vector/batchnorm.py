"""ReLU and batch normalization as Listing 10 writes them, with every element that crosses memory counted.

Two ways to the variance: E[h^2] - mean^2 out of one sweep, as the listing has it, or the mean of (h - mean)^2, which
needs the mean first and so one sweep more. They are equal on paper and not in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.units import Ratio

WAYS = ("one sweep", "two sweeps")


@dataclass(frozen=True)
class Normalized:
    """What a batch normalization gave: output (B, F), its statistics (F,), and the elements read and written."""

    out: np.ndarray
    mean: np.ndarray
    var: np.ndarray
    reads: int
    writes: int

    @property
    def sweeps(self) -> Ratio:
        """Times that each element was read."""
        return self.reads / self.out.size


def relu_batchnorm(
    z: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    eps: float = 1e-5,
    way: str = "one sweep",
    dtype: type = np.float32,
) -> Normalized:
    """Normalize max(z, 0), (B, F), over the batch: each of the F features has its own mean and variance.

    Sums run over the samples one after another in `dtype`. Raises ValueError for another way, and where the computed
    variance plus eps is below zero, which has no root.

    >>> done = relu_batchnorm(np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1), eps=0.0)
    >>> done.mean.tolist(), done.var.tolist(), done.out.ravel().tolist(), done.sweeps
    ([2.0], [1.0], [-1.0, 1.0], 2.0)
    """
    if way not in WAYS:
        raise ValueError(f"the variance comes in {' or '.join(WAYS)}, got {way!r}")
    B, F = z.shape
    if gamma.shape != (F,) or beta.shape != (F,):
        raise ValueError(f"{F} features need gamma and beta of shape ({F},), got {gamma.shape} and {beta.shape}")
    h = np.maximum(z, 0).astype(dtype)
    reads, writes = B * F, B * F  # z is read, h is kept for later
    total, squares = running_sum(h), running_sum(h * h)
    mean = total / dtype(B)
    var = squares / dtype(B) - mean * mean
    if way == "two sweeps":
        var, reads = running_sum((h - mean) ** 2) / dtype(B), reads + B * F
    if (below := var + dtype(eps) < 0).any():
        raise ValueError(
            f"the variance of feature {below.argmax()} came out as {var[below.argmax()]:g}, which has no root: "
            "E[h^2] - mean^2 cancels; take two sweeps or a wider format"
        )
    scale = gamma.astype(dtype) / np.sqrt(var + dtype(eps))
    out = h * scale + (beta.astype(dtype) - mean * scale)
    return Normalized(out, mean, var, reads + B * F, writes + B * F)


def running_sum(h: np.ndarray) -> np.ndarray:
    """Sums over the first axis, one row after another, rounded to the rows' own format each time.

    >>> running_sum(np.array([[1.0], [2.0]], np.float32)).tolist()
    [3.0]
    """
    total = np.zeros(h.shape[1:], h.dtype)
    for row in h:
        total = total + row
    return total
