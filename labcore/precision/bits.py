"""The bits of a number: its code in a format, the fields of the code, and all values that a small format has.

Codes come from ml_dtypes and numpy, which store the formats bit by bit; tf32 is the upper 19 bits of an fp32.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np

from labcore.precision import cast, number_format

STORED = {
    "fp32": np.float32, "tf32": np.float32, "bf16": ml_dtypes.bfloat16, "fp16": np.float16,
    "fp8_e5m2": ml_dtypes.float8_e5m2, "fp8_e4m3": ml_dtypes.float8_e4m3fn, "fp4_e2m1": ml_dtypes.float4_e2m1fn,
    "int8": np.int8, "int4": ml_dtypes.int4,
}  # fmt: skip
TF32_UNUSED = 32 - 19  # the low bits of an fp32 that tf32 leaves zero


def encode(x: np.ndarray | float, fmt: str, overflow: str = "ieee") -> np.ndarray:
    """The code of each x in a format, after rounding to it, as uint32 in the shape of x.

    >>> [hex(int(encode(x, "fp16"))) for x in (1.0, -2.0, 65504)], int(encode(-3, "int4"))
    (['0x3c00', '0xc000', '0x7bff'], 13)
    """
    f = number_format(fmt)
    stored = np.asarray(cast(x, fmt, overflow)).astype(STORED[fmt])
    codes = stored.view(f"u{stored.itemsize}").astype(np.uint32)
    return ((codes >> TF32_UNUSED) if fmt == "tf32" else codes & (2**f.bits - 1))[()]


def decode(codes: np.ndarray | int, fmt: str) -> np.ndarray:
    """The value of each code, float32; raises ValueError for a code that the format's bits do not hold.

    >>> decode([0x7E, 0x7F, 0x01], "fp8_e4m3").tolist()
    [448.0, nan, 0.001953125]
    """
    bits = number_format(fmt).bits
    codes = np.asarray(codes)
    if codes.dtype.kind not in "iu" or (codes < 0).any() or (codes >= 2**bits).any():
        raise ValueError(f"codes of {fmt} are whole numbers from 0 to {2**bits - 1}, got {codes!r}")
    dtype = np.dtype(STORED[fmt])
    plain = codes.astype(f"u{dtype.itemsize}") << (TF32_UNUSED if fmt == "tf32" else 0)
    return np.asarray(plain.astype(f"u{dtype.itemsize}")).view(dtype).astype(np.float32)[()]


def finite_values(fmt: str) -> np.ndarray:
    """Every finite value of a format of at most 16 bits, ascending, each once; float32.

    >>> finite_values("fp4_e2m1").tolist()[7:]
    [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
    """
    f = number_format(fmt)
    if f.bits > 16:
        raise ValueError(f"{fmt} has 2^{f.bits} codes; only formats of at most 16 bits are listed")
    values = decode(np.arange(2**f.bits), fmt)
    return np.unique(values[np.isfinite(values)] + np.float32(0))  # -0 joins 0


def fields(x: float, fmt: str, overflow: str = "ieee") -> tuple[str, ...]:
    """Sign, exponent and fraction bits of one number as texts; of a whole number, its bits in one text.

    >>> fields(-1.5, "bf16"), fields(-3, "int4")
    (('1', '01111111', '1000000'), ('1101',))
    """
    f = number_format(fmt)
    code = format(int(encode(x, fmt, overflow)), f"0{f.bits}b")
    return (code[0], code[1 : 1 + f.exponent], code[1 + f.exponent :]) if f.exponent else (code,)
