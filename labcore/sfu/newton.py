"""Roots and reciprocals by Newton's iteration from a small table, a fixed number of times.

With e the relative error of the start (y0 = (1 + e) times the wanted value), one step leaves
  reciprocal  y (2 - x y):          -e^2                 -> converges where |e| < 1, that is 0 < x y0 < 2
  rsqrt       y (3 - x y^2) / 2:    -(3/2) e^2 - e^3 / 2 -> converges to the positive root where 0 < x y0^2 < 3
  sqrt        (y + x / y) / 2:       e^2 / (2 (1 + e))   -> converges for every y0 > 0, but divides
so each step doubles the number of right digits. A unit computes sqrt as x times rsqrt, which divides by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.sfu.tables import FUNCTIONS, TableUnit, checked
from labcore.units import positive_ints

STEPS = {
    "reciprocal": lambda x, y: y * (2 - x * y),
    "rsqrt": lambda x, y: y * (3 - x * y * y) / 2,
    "sqrt": lambda x, y: (y + x / y) / 2,
}
BASIN = {  # whether a start converges to the value that is wanted, and the condition in words
    "reciprocal": (lambda x, y: (x * y > 0) & (x * y < 2), "0 < x y0 < 2"),
    "rsqrt": (lambda x, y: (y > 0) & (x * y * y < 3), "y0 > 0 and x y0^2 < 3"),
    "sqrt": (lambda x, y: y > 0, "y0 > 0"),
}


def newton(function: str, x: np.ndarray, y0: np.ndarray, iterations: int) -> np.ndarray:
    """The iterates (iterations + 1, ...) from the start y0 on; raises ValueError for a start outside the basin.

    >>> newton("reciprocal", 4.0, 0.2, 2).tolist()
    [0.2, 0.24, 0.2496]
    >>> newton("rsqrt", 4.0, 0.9, 3)
    Traceback (most recent call last):
    ValueError: rsqrt of 4 does not converge from 0.9: the start must keep y0 > 0 and x y0^2 < 3; take one near 0.5
    """
    if function not in STEPS:
        raise ValueError(f"no iteration for {function!r}; there are {', '.join(STEPS)}")
    positive_ints(iterations=iterations)
    x, y = np.broadcast_arrays(checked(function, x), np.asarray(y0, float))
    inside, words = BASIN[function]
    outside = ~inside(x, y)
    if outside.any():
        bad_x, bad_y = x[outside].flat[0], y[outside].flat[0]
        near = float(FUNCTIONS[function][0](bad_x))
        raise ValueError(
            f"{function} of {bad_x:g} does not converge from {bad_y:g}: the start must keep {words}; "
            f"take one near {near:g}"
        )
    out = [y]
    for _ in range(iterations):
        out.append(STEPS[function](x, out[-1]))
    return np.array(out)


@dataclass(frozen=True)
class RootUnit:
    """Reciprocal, rsqrt or sqrt: a look-up of 2^seed_bits entries, then `iterations` steps in `working` precision.

    sqrt is x times rsqrt. The number of steps never depends on the input, so neither does the latency.

    >>> unit = RootUnit("rsqrt", seed_bits=5, iterations=1)
    >>> unit.size, bool(abs(unit(np.array([4.0]))[0] - 0.5) < 1e-3)
    (384, True)
    """

    function: str
    seed_bits: int = 5
    iterations: int = 1
    working: type = np.float32
    width: int = 12

    def __post_init__(self) -> None:
        positive_ints(seed_bits=self.seed_bits, width=self.width)
        if self.function not in STEPS:
            raise ValueError(f"no root unit for {self.function!r}; there are {', '.join(STEPS)}")
        if isinstance(self.iterations, bool) or not isinstance(self.iterations, int) or self.iterations < 0:
            raise ValueError(f"iterations must be a whole number of at least 0, got {self.iterations!r}")

    @property
    def seed(self) -> TableUnit:
        """The table that gives the start."""
        return TableUnit("rsqrt" if self.function == "sqrt" else self.function, self.seed_bits, 0, self.width)

    @property
    def size(self) -> int:
        """Bits of the seed's table."""
        return self.seed.size

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The function at x, any shape, as float64; ValueError for NaN and where there is no real value."""
        x = checked(self.function, x)
        ends = (x == 0) | np.isinf(x)  # of the zeros only that of sqrt comes this far
        u, scale = self._significand(np.where(ends, 1.0, x))
        y, u = self.seed(u).astype(self.working), u.astype(self.working)
        step = STEPS[self.seed.function]
        for _ in range(self.iterations):
            y = step(u, y).astype(self.working)
        if self.function == "sqrt":
            y = u * y
        at_ends = np.abs(x) if self.function == "sqrt" else np.copysign(0.0, x)
        return np.where(ends, at_ends, np.ldexp(y.astype(float), scale))

    def _significand(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """X as u 4^h (roots) or u 2^e (reciprocal), and the power of two that the result takes."""
        m, e = np.frexp(x)
        if self.function == "reciprocal":
            return 2 * m, 1 - e
        half = np.floor_divide(e - 1, 2)
        return np.ldexp(x, -2 * half), half if self.function == "sqrt" else -half
