"""The shape of a cache: how many bytes, in lines of how many, in how many ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.units import positive_ints

POLICIES = ("back", "through")


@dataclass(frozen=True)
class Cache:
    """A cache of `capacity` bytes in lines of `line` bytes, replacing the least recently used line of a set.

    `ways` lines make a set; 1 is direct-mapped, None fully associative. Line number n belongs to set n modulo the
    number of sets. `write="back"` fetches a line that a write misses and writes it back when it leaves;
    `write="through"` sends every write on at once and fetches nothing for it. Raises ValueError where sizes do not
    fit each other.

    >>> Cache(32768, line=64, ways=8).sets
    64
    >>> Cache(100, line=64)
    Traceback (most recent call last):
    ValueError: a cache of 100 B cannot hold whole sets of 1 x 64 B; 64 or 128 B would do
    """

    capacity: int
    line: int = 64
    ways: int | None = None
    write: str = "back"

    def __post_init__(self) -> None:
        positive_ints(capacity=self.capacity, line=self.line, ways=1 if self.ways is None else self.ways)
        if self.write not in POLICIES:
            raise ValueError(f"write must be one of {', '.join(POLICIES)}; got {self.write!r}")
        of_set = self.line * (self.ways or 1)
        if self.capacity % of_set:
            below = self.capacity // of_set * of_set
            fits = f"{below} or {below + of_set} B" if below else f"{of_set} B"
            text = f"whole sets of {self.ways or 1} x {self.line} B; {fits} would do"
            raise ValueError(f"a cache of {self.capacity} B cannot hold {text}")

    @property
    def lines(self) -> int:
        """How many lines it holds."""
        return self.capacity // self.line

    @property
    def sets(self) -> int:
        """How many sets its lines are parted into."""
        return 1 if self.ways is None else self.lines // self.ways

    @property
    def lines_of_set(self) -> int:
        """How many lines of one set it holds at a time."""
        return self.lines // self.sets

    def whole(self) -> Cache:
        """The fully associative cache of this size, line and write policy."""
        return Cache(self.capacity, self.line, None, self.write)

    def set_of(self, address: int | np.ndarray) -> int | np.ndarray:
        """The set that holds this byte, for an address or an array of them.

        >>> Cache(256, line=64, ways=1).set_of(64 * 5 + 3)
        1
        """
        return address // self.line % self.sets
