"""What a multiply-accumulate costs: energy and area of a multiplier in one format and an adder in another.

The numbers are Facts of labcore.catalogue: areas at 45 nm, energies at 45 nm unless another process is asked for. A
multiplier is a grid of partial products, so its cost goes with the square of the width of what it multiplies; a
whole-number adder is a row, so its cost goes with the width.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from labcore.catalogue.arithmetic import AREA
from labcore.catalogue.energy import OPERATION
from labcore.catalogue.facts import Fact
from labcore.units import Joules, Ratio

BITS = {"int8": 8, "fp16": 16, "int32": 32, "fp32": 32}


def operation_energy(operation: str, fmt: str, process: str = "45 nm") -> Joules:
    """Energy of one add or multiply; raises ValueError for what the table of that process does not hold.

    >>> operation_energy("multiply", "int8"), operation_energy("multiply", "int8", "7 nm")
    (2e-13, 7e-14)
    """
    return _cost(costs_of(OPERATION, process), operation, fmt)


def operation_area(operation: str, fmt: str) -> float:
    """Silicon of one adder or multiplier, um2.

    >>> operation_area("add", "fp16")
    1360
    """
    return _cost(AREA, operation, fmt)


def mac_energy(multiply: str, accumulate: str | None = None, process: str = "45 nm") -> Joules:
    """Energy of a multiplication in one format and an addition in another (the same where it is not given).

    >>> round(1e12 * mac_energy("int8", "int32"), 3)
    0.3
    """
    return operation_energy("multiply", multiply, process) + operation_energy("add", accumulate or multiply, process)


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


def costs_of(tables: Mapping[str, Mapping], process: str) -> Mapping:
    """The table of a process; raises ValueError with the processes there are.

    >>> len(costs_of(OPERATION, "7 nm"))
    10
    """
    if process not in tables:
        raise ValueError(f"no energies of {process!r}; there are {', '.join(tables)}")
    return tables[process]


def _cost(costs: Mapping[tuple[str, str], Fact], operation: str, fmt: str) -> float:
    if (operation, fmt) not in costs:
        known = ", ".join(f"{op} in {f}" for op, f in costs)
        raise ValueError(f"no cost of {operation!r} in {fmt!r}; there are {known}")
    return costs[operation, fmt].value
