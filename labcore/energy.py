"""Energy of a computation from what was counted: its operations, and the bytes that each memory handed over.

The tables behind it are Facts of labcore.catalogue for two processes, 45 nm and 7 nm. They count an access of 64
bits; whoever compares with a word of 32 bits, with one byte or with one bit converts with `access_energy`, since a
ratio of moving to computing says nothing until it says how many bits move and which operation it is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.catalogue.energy import ACCESS, ACCESS_BITS
from labcore.precision.cost import costs_of, operation_energy
from labcore.units import Bytes, Joules, Ratio

BITS_PER_BYTE = 8


@dataclass(frozen=True)
class Bill:
    """Energy in J of each counted operation and of each memory's traffic.

    >>> bill({("multiply", "fp32"): 1}, {"DRAM": 4}).share_moving > 0.99
    True
    """

    operations: Mapping[tuple[str, str], Joules]
    traffic: Mapping[str, Joules]

    @property
    def computing(self) -> Joules:
        """All operations together."""
        return sum(self.operations.values())

    @property
    def moving(self) -> Joules:
        """All memories together."""
        return sum(self.traffic.values())

    @property
    def total(self) -> Joules:
        """Computing and moving."""
        return self.computing + self.moving

    @property
    def share_moving(self) -> Ratio:
        """The share of the energy that goes into moving data; ValueError where nothing was counted."""
        if not self.total:
            raise ValueError("this bill holds no operation and no traffic; count at least one of them")
        return self.moving / self.total


def access_energy(level: str, D_vol: Bytes, process: str = "45 nm") -> Joules:
    """Energy of D_vol bytes read from a memory; ValueError for a level or process that the tables do not hold.

    >>> round(1e12 * access_energy("DRAM", 4))  # pJ for one fp32 number, against 3.7 to multiply it
    650
    """
    accesses = costs_of(ACCESS, process)
    if level not in accesses:
        raise ValueError(f"no memory {level!r} at {process}; there are {', '.join(accesses)}")
    if not D_vol >= 0:
        raise ValueError(f"D_vol must be 0 B or more, got {D_vol!r}")
    return D_vol * BITS_PER_BYTE / ACCESS_BITS * accesses[level].value


def bill(operations: Mapping[tuple[str, str], float], traffic: Mapping[str, Bytes], process: str = "45 nm") -> Bill:
    """What counted operations {("multiply", "fp32"): how many} and bytes by level {"DRAM": B} cost together.

    >>> one = bill({("multiply", "int8"): 1000, ("add", "int32"): 1000}, {"SRAM 8 KiB": 2000, "DRAM": 100})
    >>> round(1e12 * one.computing), round(1e12 * one.moving)
    (300, 18750)
    """
    for (operation, fmt), count in operations.items():
        if not count >= 0:
            raise ValueError(f"a count of operations is 0 or more; {operation} in {fmt} came as {count!r}")
    return Bill(
        {one: count * operation_energy(*one, process) for one, count in operations.items()},
        {level: access_energy(level, D_vol, process) for level, D_vol in traffic.items()},
    )
