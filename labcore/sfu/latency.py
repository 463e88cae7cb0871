"""Cycles of a special-function unit, one for each step that waits for the one before.

Conventions, not measurements: reading a table, a multiply-add, a multiplication, choosing a segment and splitting
off an exponent take a cycle each, as in a short pipeline at a modest clock.
"""

from __future__ import annotations

from labcore.sfu.newton import RootUnit
from labcore.sfu.tables import CEILING, TableUnit

LOOKUP = MULTIPLY_ADD = MULTIPLY = REDUCE = COMPARE = 1  # cycles
NEWTON_STEP = {"reciprocal": 2, "rsqrt": 3, "sqrt": 3}  # dependent steps: x y, 2 - and y ( ); one more for y^2


def relu_cycles() -> int:
    """Cycles of max(x, 0): one comparison, which chooses.

    >>> relu_cycles()
    1
    """
    return COMPARE


def cycles(unit: TableUnit | RootUnit, in_range: bool = False) -> int:
    """Cycles from argument to result; `in_range` says that the argument needs no reduction.

    >>> cycles(TableUnit("exp", 6, 1)), cycles(TableUnit("exp", 6, 1), in_range=True), cycles(RootUnit("rsqrt", 5, 2))
    (3, 2, 7)
    """
    if isinstance(unit, RootUnit):
        steps = unit.iterations * NEWTON_STEP[unit.function]
        return LOOKUP + steps + (MULTIPLY if unit.function == "sqrt" else 0)
    by_wires = in_range or unit.function in CEILING or unit.function not in ("exp", "log")
    return (0 if by_wires else REDUCE) + LOOKUP + unit.order * MULTIPLY_ADD
