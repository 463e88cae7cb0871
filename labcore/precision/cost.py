"""What a multiply-accumulate costs: energy and area of a multiplier in one format and an adder in another.

The numbers are the 45 nm Facts of labcore.catalogue.arithmetic. A multiplier is a grid of partial products, so its cost
goes with the square of the width of what it multiplies; a whole-number adder is a row, so its cost goes with the width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from labcore.catalogue.arithmetic import AREA, DRAM_READ, DRAM_READ_BYTES, ENERGY
from labcore.catalogue.facts import Fact
from labcore.units import Bytes, Joules, Ratio

BITS = {"int8": 8, "fp16": 16, "int32": 32, "fp32": 32}


def operation_energy(operation: str, fmt: str) -> Joules:
    """Energy of one add or multiply.

    >>> operation_energy("multiply", "int8")
    2e-13
    """
    return _cost(ENERGY, operation, fmt)


def operation_area(operation: str, fmt: str) -> float:
    """Silicon of one adder or multiplier, um2.

    >>> operation_area("add", "fp16")
    1360
    """
    return _cost(AREA, operation, fmt)


def mac_energy(multiply: str, accumulate: str | None = None) -> Joules:
    """Energy of a multiplication in one format and an addition in another (the same where it is not given).

    >>> round(1e12 * mac_energy("int8", "int32"), 3)
    0.3
    """
    return operation_energy("multiply", multiply) + operation_energy("add", accumulate or multiply)


def mac_area(multiply: str, accumulate: str | None = None) -> float:
    """Silicon of a multiplier in one format and an adder in another (the same where it is not given), um2.

    >>> mac_area("fp16", "fp32")
    5824
    """
    return operation_area("multiply", multiply) + operation_area("add", accumulate or multiply)


def growth_with_width(costs: Mapping[tuple[str, str], Fact], operation: str, narrow: str, wide: str) -> float:
    """The power p of cost ~ width^p between two formats: 1 is linear, 2 is quadratic.

    >>> [round(growth_with_width(AREA, operation, "int8", "int32"), 1) for operation in ("add", "multiply")]
    [1.0, 1.8]
    """
    gain: Ratio = _cost(costs, operation, wide) / _cost(costs, operation, narrow)
    return math.log(gain) / math.log(BITS[wide] / BITS[narrow])


def dram_energy(D_vol: Bytes) -> Joules:
    """Least energy of reading D_vol bytes from DRAM.

    >>> round(1e12 * dram_energy(4))  # one fp32 number, against 3.7 pJ to multiply it
    650
    """
    return D_vol / DRAM_READ_BYTES * DRAM_READ.value


def _cost(costs: Mapping[tuple[str, str], Fact], operation: str, fmt: str) -> float:
    if (operation, fmt) not in costs:
        known = ", ".join(f"{op} in {f}" for op, f in costs)
        raise ValueError(f"no cost of {operation!r} in {fmt!r}; there are {known}")
    return costs[operation, fmt].value
