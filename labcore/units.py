"""Units: floats in SI base units inside, prefixes only where a person reads.

A quantity's unit stands in the signature as one of the aliases below. They are plain floats at run
time and cost nothing; a test reads them and checks the dimensions of every public formula with pint.
FLOP counts additions and multiplications (one MAC is two FLOP); B is a byte; GB is 10^9 B and GiB 2^30 B.
"""

from __future__ import annotations

import math
import re
import sys
from typing import Annotated

Seconds = Annotated[float, "s"]
Bytes = Annotated[float, "B"]
BytesPerSecond = Annotated[float, "B/s"]
Flop = Annotated[float, "FLOP"]
FlopPerSecond = Annotated[float, "FLOP/s"]
FlopPerByte = Annotated[float, "FLOP/B"]
Watts = Annotated[float, "W"]
Joules = Annotated[float, "J"]
Ratio = Annotated[float, "1"]
Metres = Annotated[float, "m"]
MetresPerSecond = Annotated[float, "m/s"]
Hertz = Annotated[float, "Hz"]

PREFIXES = {
    "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3,
    "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30,
}  # fmt: skip
BILLED = {"kWh": (3.6e6, "J"), "t": (1e6, "g")}  # units of bills and of reports on carbon
_BASE = r"(?P<base>(?:FLOP|OP|B|s|J|W|Hz|USD|elements)(?:/(?:s|B|FLOP|W|element))?)"
_UNIT = re.compile(r"(?P<prefix>Ki|Mi|Gi|[pnumkKMGTPE]?) ?" + _BASE)


def unit_scale(unit: str) -> tuple[float, str]:
    """The factor and the base unit behind a printed unit; what has no base unit ('x', 'M') comes as is.

    The chapter's KB is 1000 B and is read as kB. Raises ValueError for a unit nobody knows.

    >>> unit_scale("TFLOP/s")
    (1000000000000.0, 'FLOP/s')
    >>> unit_scale("GiB")
    (1073741824, 'B')
    >>> unit_scale("%"), unit_scale("kWh"), unit_scale("t")
    ((0.01, '1'), (3600000.0, 'J'), (1000000.0, 'g'))
    """
    plain = {"": 1.0, "1": 1.0, "x": 1.0, "ratio": 1.0, "%": 0.01, "M": 1e6, "G": 1e9, "year": 1.0, "log10": 1.0}
    if unit in plain:
        return plain[unit], "1"
    if unit in BILLED:
        return BILLED[unit]
    if not (match := _UNIT.fullmatch(unit)):
        raise ValueError(f"unit {unit!r} is not known; write a prefix and a base such as 'TB/s', 'GFLOP' or 'x'")
    return PREFIXES[match["prefix"].replace("K", "k") if len(match["prefix"]) == 1 else match["prefix"]], match["base"]


def format_si(value: float, unit: str = "", digits: int = 4) -> str:
    """Write a quantity given in base units with the prefix that keeps it between 1 and 1000.

    Bytes take decimal prefixes (kB is 1000 B); `format_binary` writes KiB, MiB, GiB.

    >>> format_si(2.039e12, "B/s")
    '2.039 TB/s'
    >>> format_si(268_435_456, "FLOP")
    '268.4 MFLOP'
    >>> format_si(0.0000032, "s")
    '3.2 us'
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g} {unit}".rstrip()
    value = float(f"{value:.{digits}g}")  # round first, so that 999.96 becomes 1 k and not 1000
    exponent = min(max(3 * math.floor(math.log10(abs(value)) / 3), -12), 18)
    prefix = {-12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}[exponent]
    return f"{value / 10.0**exponent:.{digits}g} {prefix}{unit}".rstrip()


def format_binary(value: Bytes, digits: int = 4) -> str:
    """Write a capacity with binary prefixes.

    >>> format_binary(80 * 2**30)
    '80 GiB'
    """
    for prefix in ("Gi", "Mi", "Ki"):
        if abs(value) >= PREFIXES[prefix]:
            return f"{value / PREFIXES[prefix]:.{digits}g} {prefix}B"
    return f"{value:.{digits}g} B"


def counted(count: int, noun: str) -> str:
    """A number of things, in the singular where it is one.

    >>> counted(1, "thread"), counted(8, "core")
    ('1 thread', '8 cores')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def positive_ints(**sizes: int) -> None:
    """Raise ValueError unless every named size is a whole number of at least 1.

    >>> positive_ints(M=3, K=0)
    Traceback (most recent call last):
    ValueError: K must be a whole number of at least 1, got 0
    """
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:  # numpy's ints would overflow
            way_out = f"; write int({name})" if hasattr(size, "dtype") else ""
            raise ValueError(f"{name} must be a whole number of at least 1, got {size!r}{way_out}")


def positive(**quantities: float) -> None:
    """Raise ValueError unless every named quantity (a number, or an array of them) is finite and above zero.

    >>> positive(BW=float("nan"))
    Traceback (most recent call last):
    ValueError: BW must be a finite number above 0, got nan
    """
    for name, value in quantities.items():
        one = isinstance(value, int | float)  # without numpy, which takes ten times as long to look at one number
        if not (0 < value <= sys.float_info.max if one else _all_positive(value)):
            raise ValueError(f"{name} must be a finite number above 0, got {value!r}")


def _all_positive(values: object) -> bool:
    import numpy as np

    try:
        return bool(np.all(np.isfinite(values)) and np.all(np.greater(values, 0)))
    except TypeError:
        return False


def divisors(size: int) -> list[int]:
    """The divisors of a size, ascending.

    >>> divisors(12)
    [1, 2, 3, 4, 6, 12]
    """
    positive_ints(size=size)
    low = [d for d in range(1, math.isqrt(size) + 1) if size % d == 0]
    return sorted({*low, *(size // d for d in low)})
