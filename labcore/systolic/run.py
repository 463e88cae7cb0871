"""What a run leaves behind, and what may enter one: results, counts, states; shapes, kinds of numbers, accumulators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from labcore.sums import summed_in
from labcore.units import Ratio


@dataclass(frozen=True)
class State:
    """All registers at the end of one cycle: `values[name]` and `present[name]`, (rows, cols), for A, B and C.

    `phase` is preload, compute or unload; `busy` marks the PEs that did a MAC; `entered` and `left` list the operands
    that crossed the edge, as (name, row or column, value).
    """

    cycle: int
    fold: int
    phase: str
    values: Mapping[str, np.ndarray]
    present: Mapping[str, np.ndarray]
    busy: np.ndarray
    entered: tuple[tuple[str, int, float], ...] = ()
    left: tuple[tuple[str, int, float], ...] = ()


@dataclass(frozen=True)
class Run:
    """One product on an array: the result, and what it took.

    `reads` and `writes` count words at the array's edge; with more than one fold of K, ws and is write partial sums,
    each counted. `busy` has the PEs that did a MAC in each cycle and `states` every register, where they were kept.
    """

    C: np.ndarray
    cycles: int
    macs: int
    reads: Mapping[str, int]
    writes: Mapping[str, int]
    rows: int
    cols: int
    dataflow: str
    busy: tuple[int, ...] = field(default=(), repr=False)
    states: tuple[State, ...] = field(default=(), repr=False)

    @property
    def utilization(self) -> Ratio:
        """MACs over the MACs that all PEs could have done: macs / (cycles * rows * cols), never above 1."""
        return self.macs / (self.cycles * self.rows * self.cols)


def operands(A: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A (M, K) and B (K, N) in the type that their products add up in; the inputs are not changed.

    Integers of up to 16 bits add up in int32 as long as no sum can leave it, else in int64; wider
    integers in int64. float16 and bfloat16 add up in float32, as matrix units do; other floats in themselves. Raises
    ValueError for shapes that do not fit, numbers that are not finite, and sums that could overflow int64.

    >>> A, B = operands(np.full((1, 2), 127, np.int8), np.full((2, 1), 127, np.int8))
    >>> A.dtype.name, (A @ B).item()
    ('int32', 32258)
    """
    A, B = np.asarray(A), np.asarray(B)
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0] or 0 in A.shape + B.shape:
        raise ValueError(f"A must be (M, K) and B (K, N), with one K and no size 0; got {A.shape} and {B.shape}")
    wide, _ = summed_in(A, B, terms=A.shape[1])
    for name, X in (("A", A), ("B", B)):
        if wide.kind not in "iu" and not np.isfinite(X).all():
            i, k = np.argwhere(~np.isfinite(X))[0].tolist()
            raise ValueError(
                f"{name}[{i}, {k}] is {X[i, k]}, which would spread over a row or column of C; give finite numbers"
            )
    return A.astype(wide, order="C"), B.astype(wide, order="C")
