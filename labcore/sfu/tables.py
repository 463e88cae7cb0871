"""Functions by table: the argument's leading bits choose an entry, a polynomial fills the gap to the next.

The unit sees a reduced argument only. exp becomes 2^f with f from 0 to 1, a logarithm or a root sees a significand,
sigmoid and tanh one side of zero as far as they still move; the rest is exponents and signs, which wires do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labcore.units import positive_ints

CEILING = {"sigmoid": 16.0, "tanh": 8.0}  # beyond it the function is 1 in every 16-bit format


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The function 1 / (1 + exp(-x)).

    >>> float(sigmoid(np.array(0.0)))
    0.5
    """
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(x, float)))


# name -> the exact function, the reduced function that is in the table, and the interval of its argument
FUNCTIONS: dict[str, tuple[Callable, Callable, float, float]] = {
    "exp": (np.exp, np.exp2, 0.0, 1.0),
    "log": (np.log, np.log2, 1.0, 2.0),
    "reciprocal": (np.reciprocal, np.reciprocal, 1.0, 2.0),
    "sqrt": (np.sqrt, np.sqrt, 1.0, 4.0),
    "rsqrt": (lambda x: 1 / np.sqrt(x), lambda x: 1 / np.sqrt(x), 1.0, 4.0),
    "sigmoid": (sigmoid, sigmoid, 0.0, CEILING["sigmoid"]),
    "tanh": (np.tanh, np.tanh, 0.0, CEILING["tanh"]),
}
NO_VALUE = {  # where a function has no real value, and what it takes instead
    "sqrt": (lambda x: x < 0, "numbers of at least 0"),
    "log": (lambda x: x <= 0, "positive numbers"),
    "rsqrt": (lambda x: x <= 0, "positive numbers"),
    "reciprocal": (lambda x: x == 0, "numbers other than 0"),
}


@dataclass(frozen=True)
class TableUnit:
    """A function by a table of 2^bits entries and a polynomial of `order` (0 look-up only, 1 linear, 2 quadratic).

    Each entry keeps order + 1 coefficients of `width` bits. They go through the Chebyshev points of their segment,
    which halves the error of a line drawn through its ends.

    >>> unit = TableUnit("exp", bits=6, order=1)
    >>> unit.size, f"{float(unit(np.array(1.0))):.4f}"
    (3072, '2.7183')
    >>> TableUnit("rsqrt", bits=4, order=1)(np.array([-1.0]))
    Traceback (most recent call last):
    ValueError: rsqrt has no real value at -1; give it positive numbers
    """

    function: str
    bits: int
    order: int = 1
    width: int = 24

    def __post_init__(self) -> None:
        positive_ints(bits=self.bits, width=self.width)
        if self.function not in FUNCTIONS:
            raise ValueError(f"no table for {self.function!r}; there are {', '.join(FUNCTIONS)}")
        if self.order not in (0, 1, 2):
            raise ValueError(f"order must be 0 (look-up), 1 (linear) or 2 (quadratic), got {self.order!r}")
        if self.bits > 16:
            raise ValueError(f"a table of 2^{self.bits} entries is no table; take 16 bits or fewer and a higher order")

    @property
    def size(self) -> int:
        """Bits that the table takes: entries x coefficients x width."""
        return 2**self.bits * (self.order + 1) * self.width

    @property
    def exact(self) -> Callable:
        """The function that the unit approximates."""
        return FUNCTIONS[self.function][0]

    @cached_property
    def coefficients(self) -> np.ndarray:
        """(entries, order + 1): each segment's polynomial in t from 0 to 1, constant first, rounded to `width` bits."""
        _, reduced, low, high = FUNCTIONS[self.function]
        n = self.order + 1
        nodes = 0.5 - 0.5 * np.cos(np.pi * (2 * np.arange(n) + 1) / (2 * n))  # (n,), Chebyshev points of 0 to 1
        starts = low + (high - low) * np.arange(2**self.bits)[:, None] / 2**self.bits  # (entries, 1)
        values = reduced(starts + (high - low) / 2**self.bits * nodes)  # (entries, n)
        solved = np.linalg.solve(np.vander(nodes, n, increasing=True), values.T).T
        scale = 2.0 ** (self.width - 2)  # one bit for the sign, one before the point
        return np.round(solved * scale) / scale

    def reduced(self, u: np.ndarray) -> np.ndarray:
        """The polynomial of the segment that u, in the reduced interval, falls into."""
        _, _, low, high = FUNCTIONS[self.function]
        place = (u - low) / (high - low) * 2**self.bits
        entry = np.clip(np.floor(place), 0, 2**self.bits - 1).astype(int)
        t, c = place - entry, self.coefficients[entry]
        total = c[..., -1]
        for k in range(self.order - 1, -1, -1):  # Horner: one multiply-add an order
            total = total * t + c[..., k]
        return total

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The function at x, any shape; raises ValueError for NaN and where the function has no real value."""
        x = checked(self.function, x)
        if self.function in CEILING:
            end = CEILING[self.function]
            side = np.where(np.abs(x) < end, self.reduced(np.minimum(np.abs(x), end)), 1.0)
            if self.function == "tanh":
                return np.copysign(side, x)
            return np.where(x < 0, 1 - side, side)
        if self.function == "exp":
            power = np.clip(x * np.log2(np.e), -2000, 2000)
            whole = np.floor(power)
            with np.errstate(over="ignore"):
                return np.ldexp(self.reduced(power - whole), whole.astype(int))
        value = self._by_exponent(x)
        return np.where(np.isinf(x), np.copysign(0.0, x), value) if self.function in ("reciprocal", "rsqrt") else value

    def _by_exponent(self, x: np.ndarray) -> np.ndarray:
        m, e = np.frexp(np.abs(x))  # x = m 2^e, m from 1/2 to 1
        if self.function in ("sqrt", "rsqrt"):
            odd = e % 2  # x = u 4^h with u from 1 to 4
            half = np.where(odd == 1, (e - 1) // 2, (e - 2) // 2)
            root = np.ldexp(self.reduced(m * np.where(odd == 1, 2.0, 4.0)), half if self.function == "sqrt" else -half)
            return np.where(x == 0, 0.0, root)
        value = self.reduced(2 * m)
        if self.function == "log":
            return (value + e - 1) * np.log(2.0)
        return np.copysign(np.ldexp(value, 1 - e), x)


def checked(function: str, x: np.ndarray) -> np.ndarray:
    """The inputs as float64; raises ValueError for NaN and for inputs without a real value, with the first of them.

    >>> checked("sqrt", np.array([4.0, np.nan]))
    Traceback (most recent call last):
    ValueError: sqrt got NaN; a special-function unit passes it on, here it is an error: mask it first
    """
    x = np.asarray(x, float)
    if np.isnan(x).any():
        raise ValueError(
            f"{function} got NaN; a special-function unit passes it on, here it is an error: mask it first"
        )
    if function in NO_VALUE:
        outside, wanted = NO_VALUE[function]
        for one in x[outside(x)].flat[:1]:
            raise ValueError(f"{function} has no real value at {one:g}; give it {wanted}")
    return x


def piecewise_linear(x: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The polygon through (knots, values), flat beyond its ends: a cheap activation unit.

    >>> hard_sigmoid = piecewise_linear(np.array([-9.0, 0.0, 1.5]), np.array([-3.0, 3.0]), np.array([0.0, 1.0]))
    >>> hard_sigmoid.tolist()
    [0.0, 0.5, 0.75]
    """
    knots, values = np.asarray(knots, float), np.asarray(values, float)
    if knots.shape != values.shape or knots.ndim != 1 or knots.size < 2 or (np.diff(knots) <= 0).any():
        raise ValueError(f"knots ascend and have one value each, got {knots.tolist()} and {values.tolist()}")
    return np.interp(checked("a polygon", x), knots, values)
