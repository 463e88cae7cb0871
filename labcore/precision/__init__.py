"""Number formats: the values that a few bits can stand for, and rounding to the nearest of them.

A floating format has a sign, an exponent field and a fraction field. With bias = 2^(exponent bits - 1) - 1 and m
fraction bits, a normal number is 2^(field - bias) * (1 + fraction / 2^m); the lowest field holds the subnormals, evenly
spaced down to zero. Formats differ in what the highest field means: "ieee" keeps it for infinities and NaN, "nan" gives
up one code for NaN and uses the rest (E4M3 of the OCP 8-bit specification, 2023), "finite" uses every code (E2M1 of the
OCP microscaling specification, 2023). A whole number in two's complement is a format with no exponent bits.

tf32 is stored as fp32 and rounded on its way into the unit; the rounding here is to nearest even for every format.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.units import Bytes

BYTES_PER_ELEMENT = {
    "fp64": 8, "fp32": 4, "tf32": 4, "fp16": 2, "bf16": 2, "fp8": 1, "int8": 1, "fp4": 0.5, "int4": 0.5,
}  # fmt: skip
OVERFLOW = ("ieee", "saturate")


def bytes_per_element(precision: str) -> Bytes:
    """Bytes one element takes in memory; tf32 is stored as fp32 and rounded on its way into the unit.

    >>> bytes_per_element("bf16")
    2
    """
    if precision not in BYTES_PER_ELEMENT:
        raise ValueError(f"precision {precision!r} is not known; choose from {', '.join(BYTES_PER_ELEMENT)}")
    return BYTES_PER_ELEMENT[precision]


@dataclass(frozen=True)
class Format:
    """A number format by its bits; `top` says what the highest exponent field means: ieee, nan or finite.

    >>> FORMATS["fp8_e4m3"].max, FORMATS["fp16"].least, FORMATS["int8"].min
    (448.0, 5.960464477539063e-08, -128.0)
    """

    name: str
    exponent: int
    fraction: int
    top: str

    @property
    def bits(self) -> int:
        """Bits of one number: sign, exponent and fraction."""
        return 1 + self.exponent + self.fraction

    @property
    def bias(self) -> int:
        """What is subtracted from the exponent field."""
        return 2 ** (self.exponent - 1) - 1 if self.exponent else 0

    @property
    def e_min(self) -> int:
        """The exponent below which the spacing stays; a whole number never leaves it."""
        return 1 - self.bias if self.exponent else self.fraction

    @property
    def max(self) -> float:
        """The largest finite value."""
        if not self.exponent:
            return 2.0**self.fraction - 1
        lost = {"ieee": 0, "nan": 1, "finite": 0}[self.top]  # codes of the top binade that are not numbers
        e_max = self.bias if self.top == "ieee" else self.bias + 1
        return 2.0**e_max * (2 - (1 + lost) * 2.0**-self.fraction)

    @property
    def min(self) -> float:
        """The lowest finite value; two's complement has one more below zero than above."""
        return -self.max if self.exponent else -(2.0**self.fraction)

    @property
    def least(self) -> float:
        """The smallest value above zero, subnormal where there are such."""
        return 2.0 ** (self.e_min - self.fraction)

    @property
    def least_normal(self) -> float:
        """The smallest value with all of its fraction bits; below it relative precision is lost."""
        return 2.0**self.e_min if self.exponent else 1.0

    @property
    def epsilon(self) -> float:
        """Spacing just above 1."""
        return 2.0**-self.fraction if self.exponent else 1.0


FORMATS = {
    one.name: one
    for one in (
        Format("fp32", 8, 23, "ieee"), Format("tf32", 8, 10, "ieee"), Format("bf16", 8, 7, "ieee"),
        Format("fp16", 5, 10, "ieee"), Format("fp8_e5m2", 5, 2, "ieee"), Format("fp8_e4m3", 4, 3, "nan"),
        Format("fp4_e2m1", 2, 1, "finite"), Format("int8", 0, 7, "finite"), Format("int4", 0, 3, "finite"),
    )
}  # fmt: skip


def number_format(name: str) -> Format:
    """The format of that name; raises ValueError with those there are.

    >>> number_format("bf16").bits
    16
    """
    if name not in FORMATS:
        raise ValueError(f"number format {name!r} is not known; choose from {', '.join(FORMATS)}")
    return FORMATS[name]


def spacing(x: np.ndarray | float, fmt: str) -> np.ndarray:
    """Distance from |x| to the next value of the format away from zero, as if its range had no end; x is finite.

    >>> float(spacing(2048, "fp16")), float(spacing(300, "bf16")), float(spacing(0.3, "int8"))
    (2.0, 2.0, 1.0)
    >>> float(spacing(0, "fp16")) == FORMATS["fp16"].least
    True
    """
    f = number_format(fmt)
    binade = np.frexp(np.maximum(np.abs(_real(x)), 2.0**f.e_min))[1] - 1
    return np.ldexp(1.0, binade - f.fraction)


def cast(x: np.ndarray | float, fmt: str, overflow: str = "ieee") -> np.ndarray:
    """Round x to the nearest values of a format, ties to even, and return them as float32 in the shape of x.

    Beyond the range, "ieee" gives what the format has for it: infinity, NaN where it has only that (fp8_e4m3), the end
    of the range where it has neither (fp4_e2m1, int8, int4). "saturate" gives the end of the range in every format.
    Subnormals are kept. Raises ValueError for NaN in a format without one. float64 input is rounded once; going
    through float32 first, as ml_dtypes does, would round twice.

    >>> cast([0.1, 65520, -1e-8], "fp16").tolist()
    [0.0999755859375, inf, -0.0]
    >>> float(cast(500, "fp8_e4m3", overflow="saturate")), float(cast(2.5, "int8"))
    (448.0, 2.0)
    """
    f, x = number_format(fmt), _real(x)
    if overflow not in OVERFLOW:
        raise ValueError(f"overflow must be one of {', '.join(OVERFLOW)}; got {overflow!r}")
    step = spacing(x, fmt)
    return _into_range(np.rint(x / step) * step, f, overflow)


def cast_stochastically(
    x: np.ndarray | float, fmt: str, rng: np.random.Generator, overflow: str = "saturate"
) -> np.ndarray:
    """Round x up or down by chance, the nearer value the likelier, so that the mean of many is x itself.

    >>> draws = cast_stochastically([2.25] * 4000, "int8", np.random.default_rng(0))
    >>> sorted(set(draws.tolist())), round(float(draws.mean()), 1)
    ([2.0, 3.0], 2.2)
    """
    f, x = number_format(fmt), _real(x)
    step = spacing(x, fmt)
    return _into_range(np.floor(x / step + rng.random(x.shape)) * step, f, overflow)


def _into_range(rounded: np.ndarray, f: Format, overflow: str) -> np.ndarray:
    """Values on the format's grid, with what lies beyond its range put where the format puts it; float32."""
    if f.top == "finite" and np.isnan(rounded).any():
        raise ValueError(f"{f.name} has no NaN; replace the NaN first, or choose a floating format that has one")
    if overflow == "saturate" or f.top == "finite":
        kept = np.clip(rounded, f.min, f.max)
    else:
        beyond = np.copysign(np.inf if f.top == "ieee" else np.nan, rounded)
        kept = np.where(np.abs(rounded) > f.max, beyond, rounded)
    return (kept if f.exponent else kept + 0.0).astype(np.float32)[()]  # two's complement has no -0


def _real(x: np.ndarray | float) -> np.ndarray:
    """Anything that float64 holds, as float64; raises ValueError for complex numbers, texts and objects."""
    x = np.asarray(x)
    if not np.can_cast(x.dtype, np.float64):
        raise ValueError(f"real numbers are wanted, got {x.dtype}; take .real or convert to float64 first")
    return x.astype(np.float64)
