"""How much a submission may use: seconds, bytes, processes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from labcore.units import Bytes, Seconds

PREFIXES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@dataclass(frozen=True)
class Limits:
    """What the cells of one notebook may use.

    `cell` is the seconds of one cell and `total` those of the whole notebook, reruns included; `memory` bounds the
    kernel's address space, `output` what one cell prints or displays, `disk` what the cells write, `processes` how
    many processes they may start.
    """

    cell: Seconds = 30.0
    total: Seconds = 300.0
    memory: Bytes = 2e9
    output: Bytes = 1e6
    disk: Bytes = 64e6
    processes: int = 0


USUAL = Limits()


def parse_limits(words: str, limits: Limits = USUAL) -> Limits:
    """Limits with those changed that `words` names, as `cell=10,total=120,memory=2G`.

    >>> parse_limits("cell=10,memory=500M").memory
    500000000.0
    >>> parse_limits("cells=10")
    Traceback (most recent call last):
    ValueError: no limit 'cells' in 'cells=10'; write name=number with names of cell, total, memory, output, disk, \
processes, as cell=10,memory=2G
    """
    names = [field.name for field in fields(Limits)]
    way_out = f"write name=number with names of {', '.join(names)}, as cell=10,memory=2G"
    for part in filter(None, words.replace(" ", "").split(",")):
        name, _, number = part.partition("=")
        if name not in names:
            raise ValueError(f"no limit {name!r} in {words!r}; {way_out}")
        bare = number.rstrip("kMGsB")
        prefix = number[len(bare) :].rstrip("sB")
        try:
            value = float(bare) * PREFIXES[prefix]
        except (ValueError, KeyError):
            raise ValueError(f"{number!r} is no number for {name}; {way_out}") from None
        if not value >= (0 if name == "processes" else 1e-3) or value == float("inf"):
            raise ValueError(f"the limit {name} must be a positive number, got {number!r}; {way_out}")
        limits = replace(limits, **{name: int(value) if name == "processes" else value})
    return limits
