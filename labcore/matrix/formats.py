"""What a matrix unit takes in and adds up in: narrow operands, wide accumulators."""

from __future__ import annotations

import numpy as np

from labcore.precision import FORMATS, cast

ACCUMULATORS = {  # of each operand format, the usual one first
    "fp16": ("fp32", "fp16"), "bf16": ("fp32",), "tf32": ("fp32",), "fp64": ("fp64",),
    "fp8_e4m3": ("fp32", "fp16"), "fp8_e5m2": ("fp32", "fp16"), "int8": ("int32",), "int4": ("int32",),
}  # fmt: skip
SUMS_IN = {"fp16": np.float16, "fp32": np.float32, "fp64": np.float64, "int32": np.int64}  # int32 is checked at the end
INT32 = np.iinfo(np.int32)


def operand(x: np.ndarray, fmt: str) -> np.ndarray:
    """`x` rounded to an operand format, in a type that holds its products exactly: float32, float64 or int64.

    Floats are rounded to nearest even. Integers must be whole and in range, since a scale is the caller's to choose.
    Raises ValueError for a format that no unit here takes, for nan, and for what lies beyond the format's range.

    >>> operand(np.array([1 / 3, 65504.0]), "fp16").tolist()
    [0.333251953125, 65504.0]
    """
    usual, x = accumulator(fmt), np.asarray(x)
    if x.dtype.kind not in "iufV":
        raise ValueError(f"operands are numbers of a fixed width, got {x.dtype}; cast them")
    if not np.isfinite(x).all():
        raise ValueError("an operand has nan or inf, and so would every sum it enters; remove it first")
    if usual == "int32":
        low, high = FORMATS[fmt].min, FORMATS[fmt].max
        if not np.array_equal(np.rint(x), x) or x.min() < low or x.max() > high:
            raise ValueError(f"{fmt} operands are whole numbers from {low:g} to {high:g}; scale and round them first")
        return x.astype(np.int64)
    if fmt == "fp64":
        return np.asarray(x, np.float64)
    narrow = cast(x, fmt)
    if not np.isfinite(narrow).all():
        raise ValueError(f"an operand of size {np.abs(x).max():g} is beyond {fmt}; scale it down first")
    return narrow


def accumulator(fmt: str, accumulate: str | None = None) -> str:
    """The accumulator of a format: the one asked for, or the usual one; int8 and int4 add up in int32.

    Raises ValueError for a format that no unit here takes, with those there are, and for another accumulator.

    >>> accumulator("int8"), accumulator("fp16"), accumulator("fp16", "fp16")
    ('int32', 'fp32', 'fp16')
    """
    if fmt not in ACCUMULATORS:
        raise ValueError(f"no matrix unit here takes {fmt!r}; there are {', '.join(ACCUMULATORS)}")
    if accumulate is not None and accumulate not in ACCUMULATORS[fmt]:
        raise ValueError(f"{fmt} accumulates in {' or '.join(ACCUMULATORS[fmt])}, not in {accumulate!r}")
    return accumulate or ACCUMULATORS[fmt][0]
