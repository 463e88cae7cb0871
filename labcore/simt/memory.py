"""Coalescing: how many sectors of global memory the addresses of one warp touch.

A GPU's memory moves whole sectors of 32 B, so a warp pays for every sector that any of its lanes touches, however
little of it is used (CUDA C++ Best Practices Guide). Counted from addresses, not from a rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.catalogue import execution
from labcore.units import Bytes, Ratio, positive_ints

SECTOR = int(execution.SECTOR.value)  # B


@dataclass(frozen=True)
class Access:
    """One memory instruction of a warp: bytes asked for (each once), granules touched, bytes moved."""

    bytes_used: int
    transactions: int
    granule: int

    @property
    def bytes_moved(self) -> Bytes:
        """What crosses the memory system: whole granules."""
        return self.transactions * self.granule

    @property
    def efficiency(self) -> Ratio:
        """Share of the bytes moved that some lane asked for."""
        return self.bytes_used / self.bytes_moved


def touched(addresses: np.ndarray, size: int, granule: int = SECTOR) -> int:
    """How many aligned granules the accesses of `size` bytes at these addresses touch.

    >>> touched(np.arange(32) * 4, size=4), touched(np.arange(32) * 4 + 4, size=4)
    (4, 5)
    """
    positive_ints(size=size, granule=granule)
    first, last = addresses // granule, (addresses + size - 1) // granule
    spans = [np.minimum(first + k, last) for k in range((size - 1) // granule + 2)]  # an access may straddle an edge
    return int(np.unique(np.concatenate(spans)).size)


def warp_access(stride: int, size: int = 4, offset: int = 0, lanes: int = 32, granule: int = SECTOR) -> Access:
    """Access in which lane i reads the element of `size` bytes at offset + i * stride * size.

    `stride` is in elements: 1 reads a row, N a column of a row-major matrix with N columns, 0 one element for all.
    Raises ValueError for a negative or broken stride or offset, and sizes that are not positive ints.

    >>> warp_access(stride=1).transactions, warp_access(stride=8).transactions
    (4, 32)
    >>> warp_access(stride=2).efficiency
    0.5
    """
    positive_ints(size=size, lanes=lanes, granule=granule)
    if any(isinstance(one, float | bool) or one < 0 for one in (stride, offset)):
        raise ValueError(f"stride and offset must be whole and 0 or more, got {stride} and {offset}")
    addresses = offset + np.arange(lanes) * stride * size
    used = np.unique(addresses).size * size
    return Access(int(used), touched(addresses, size, granule), granule)
