"""A buffer that software manages: nothing enters or leaves it unless the program says so."""

from __future__ import annotations

from itertools import product

from labcore.units import Bytes, positive_ints


class Scratchpad:
    """A buffer of `capacity` words; counts the words loaded and stored, and the most that it held.

    >>> pad = Scratchpad(capacity=8)
    >>> pad.stage("A", 4)
    >>> pad.stage("B", 4)
    >>> pad.evict("B", write=True)
    >>> pad.loaded, pad.stored, pad.held, pad.peak
    (8, 4, 4, 8)
    >>> pad.stage("C", 5)
    Traceback (most recent call last):
    ValueError: 'C' needs 5 words and 4 of 8 are free; evict A (4) first, or stage smaller tiles
    """

    def __init__(self, capacity: int) -> None:
        positive_ints(capacity=capacity)
        self.capacity = capacity
        self.tiles: dict[str, int] = {}
        self.loaded = self.stored = self.peak = 0

    @property
    def held(self) -> int:
        """Words that lie in it now."""
        return sum(self.tiles.values())

    def stage(self, name: str, words: int, load: bool = True) -> None:
        """Make room for a tile and load its words; `load=False` for results that start at zero.

        Raises ValueError where it does not fit or is there already.
        """
        positive_ints(words=words)
        if name in self.tiles:
            raise ValueError(f"{name!r} is staged already; use it, or evict it first")
        free = self.capacity - self.held
        if words > free:
            there = ", ".join(f"{tile} ({size})" for tile, size in self.tiles.items())
            first = f"evict {there} first, or " if self.tiles else ""
            raise ValueError(
                f"{name!r} needs {words} words and {free} of {self.capacity} are free; {first}stage smaller tiles"
            )
        self.tiles[name] = words
        self.loaded += words if load else 0
        self.peak = max(self.peak, self.held)

    def evict(self, name: str, write: bool = False) -> None:
        """Drop a tile, storing its words first where `write` says so; raises ValueError for one that is not there."""
        if name not in self.tiles:
            raise ValueError(f"{name!r} is not staged; there are: {', '.join(self.tiles) or 'none'}")
        words = self.tiles.pop(name)
        self.stored += words if write else 0


def staged_matmul(M: int, K: int, N: int, tile: int, capacity: Bytes, size: int = 4) -> Scratchpad:
    """C = A @ B, A (M, K), B (K, N), from a scratchpad of `capacity` bytes: a tile of C stays until it is complete.

    Returns the scratchpad, whose `loaded` and `stored` count words of `size` bytes. Raises ValueError where three tiles
    do not fit.

    >>> pad = staged_matmul(4, 4, 4, tile=2, capacity=3 * 2 * 2 * 4)
    >>> pad.loaded, pad.stored  # A and B once for each of two tiles across the other, C once
    (64, 16)
    """
    positive_ints(M=M, K=K, N=N, tile=tile, size=size)
    pad = Scratchpad(capacity // size)
    for i, j in product(range(0, M, tile), range(0, N, tile)):
        rows, cols = min(tile, M - i), min(tile, N - j)
        pad.stage("C", rows * cols, load=False)
        for k in range(0, K, tile):
            depth = min(tile, K - k)
            pad.stage("A", rows * depth)
            pad.stage("B", depth * cols)
            pad.evict("A")
            pad.evict("B")
        pad.evict("C", write=True)
    return pad
