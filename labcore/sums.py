"""Sums of products: the type that holds them, and one in which BLAS computes them exactly.

Narrow numbers are summed in wide ones, as in the hardware: integers of up to 16 bits in int32, wider ones in int64,
fp16 and bf16 in float32. Integer sums never wrap: where they might pass int32, int64 is taken, and where
they might pass that, ValueError says so.
"""

from __future__ import annotations

import numpy as np

EXACT_IN_FLOAT64 = 2**53  # every whole number up to here is a float64, so BLAS may add them up in any order


def summed_in(a: np.ndarray, b: np.ndarray, terms: int) -> tuple[np.dtype, np.dtype]:
    """The type of sums of `terms` products of an element of a and one of b, and a type to compute them in.

    Raises ValueError for what is no number, and for integers whose sums might not fit int64.

    >>> summed_in(np.array([127], "int8"), np.array([255], "uint8"), terms=9)
    (dtype('int32'), dtype('float64'))
    >>> summed_in(np.ones(1, "float16"), np.ones(1, "float16"), terms=9)[0]
    dtype('float32')
    """
    # V are the narrow formats of ml_dtypes, its int4 among them
    if not all(one.dtype.kind in "iufV" and np.can_cast(one.dtype, np.longdouble) for one in (a, b)):
        raise ValueError(f"operands are numbers of a fixed width, got {a.dtype} and {b.dtype}; cast them")
    if all(one.dtype.kind in "iu" or np.can_cast(one.dtype, np.int64) for one in (a, b)):
        return _integers(a, b, terms)
    wide = np.result_type(np.float32, *(one.dtype for one in (a, b) if one.dtype.itemsize > 2))
    return wide, wide


def _integers(a: np.ndarray, b: np.ndarray, terms: int) -> tuple[np.dtype, np.dtype]:
    """Types by the largest sum that these operands allow."""
    bound = terms
    for one in (a, b):
        bound *= max(abs(int(one.min())), abs(int(one.max()))) if one.size else 0
    if bound >= 2**63:
        raise ValueError(f"sums up to {bound} do not fit int64; scale the operands or cast them to float64")
    narrow = max(a.dtype.itemsize, b.dtype.itemsize) <= 2 and bound < 2**31
    wide = np.dtype(np.int32 if narrow else np.int64)
    return wide, np.dtype(np.float64) if bound <= EXACT_IN_FLOAT64 else wide
