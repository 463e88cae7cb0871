"""One value for each lane of a warp, as a NumPy vector; every operation on it is one issued instruction."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from labcore.simt.warp import Warp


def _issued(function: Callable, name: str, reflected: bool = False) -> Callable:
    def method(self: Lanes, other: Lanes | float) -> Lanes:
        a, b = self.values, other.values if isinstance(other, Lanes) else other
        return self.warp.compute(name, function, *((b, a) if reflected else (a, b)))

    return method


class Lanes:
    """Values of all lanes of one warp; arithmetic and comparison issue one instruction each."""

    __hash__ = None  # equality compares lanes

    def __init__(self, warp: Warp, values: np.ndarray) -> None:
        self.warp, self.values = warp, values

    __add__, __radd__ = _issued(operator.add, "add"), _issued(operator.add, "add", reflected=True)
    __sub__, __rsub__ = _issued(operator.sub, "sub"), _issued(operator.sub, "sub", reflected=True)
    __mul__, __rmul__ = _issued(operator.mul, "mul"), _issued(operator.mul, "mul", reflected=True)
    __floordiv__, __mod__ = _issued(operator.floordiv, "div"), _issued(operator.mod, "mod")
    __lt__, __le__ = _issued(operator.lt, "compare"), _issued(operator.le, "compare")
    __gt__, __ge__ = _issued(operator.gt, "compare"), _issued(operator.ge, "compare")
    __eq__, __ne__ = _issued(operator.eq, "compare"), _issued(operator.ne, "compare")
    __and__, __or__ = _issued(operator.and_, "logic"), _issued(operator.or_, "logic")

    def set(self, value: Lanes | float) -> None:
        """Overwrite the active lanes with `value`, one move; the others keep what they have."""
        self.warp.issue("move")
        given = value.values if isinstance(value, Lanes) else value
        self.values = np.where(self.warp.mask, given, self.values).astype(self.values.dtype)

    def fma(self, a: Lanes | float, b: Lanes | float) -> None:
        """Add a * b to the active lanes, one fused instruction; the others keep what they have."""
        self.warp.issue("fma")
        a, b = (x.values if isinstance(x, Lanes) else x for x in (a, b))
        total = np.where(self.warp.mask, self.values + a * b, self.values)
        self.values = total.astype(self.values.dtype)

    def __bool__(self) -> bool:
        raise TypeError("a condition differs from lane to lane: use warp.where(...) for if, warp.loop(...) for while")

    def __repr__(self) -> str:
        return f"Lanes({self.values.tolist()})"
