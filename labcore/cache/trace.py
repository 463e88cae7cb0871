"""What a program asks of memory, in order: byte addresses, and which of them are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.units import positive_ints


@dataclass(frozen=True, eq=False)
class Trace:
    """Accesses in order: `addresses` (n,) int64 in bytes, `writes` (n,) bool, each access of `size` bytes.

    Addresses are multiples of `size`, so that no access lies across two lines. A single bool stands for all accesses.
    Raises ValueError for what is no such trace.

    >>> len(Trace([0, 4, 8], writes=False, size=4))
    3
    >>> Trace([2, 4], size=4)
    Traceback (most recent call last):
    ValueError: an access of 4 B must start at a multiple of 4; address 2 does not. Align it, or give size=1
    """

    addresses: np.ndarray
    writes: np.ndarray | bool = False
    size: int = 1

    def __post_init__(self) -> None:
        positive_ints(size=self.size)
        addresses = np.asarray(self.addresses)
        if addresses.ndim != 1 or (addresses.size and addresses.dtype.kind not in "iu"):
            found = f"{addresses.dtype} of shape {addresses.shape}"
            raise ValueError(f"addresses must be whole numbers in one row, got {found}; write .ravel() or .astype(int)")
        addresses = addresses.astype(np.int64)
        writes = np.asarray(self.writes, bool)
        if writes.ndim and writes.shape != addresses.shape:
            raise ValueError(f"{len(addresses)} addresses need as many writes, or one for all; got {writes.shape}")
        if addresses.size and addresses.min() < 0:
            raise ValueError(f"addresses start at 0, got {addresses.min()}")
        if (off := addresses[addresses % self.size != 0]).size:
            text = f"must start at a multiple of {self.size}; address {off[0]} does not. Align it, or give size=1"
            raise ValueError(f"an access of {self.size} B {text}")
        object.__setattr__(self, "addresses", addresses)
        object.__setattr__(self, "writes", np.broadcast_to(writes, addresses.shape))

    def __len__(self) -> int:
        return len(self.addresses)

    def __add__(self, other: Trace) -> Trace:
        """This trace, then the other; raises ValueError where their accesses differ in size."""
        if self.size != other.size:
            raise ValueError(f"one trace has accesses of one size; got {self.size} and {other.size} B")
        return Trace(np.append(self.addresses, other.addresses), np.append(self.writes, other.writes), self.size)

    @property
    def footprint(self) -> int:
        """How many different bytes it touches.

        >>> Trace([0, 4, 0], size=4).footprint
        8
        """
        return int(np.unique(self.addresses).size) * self.size
