"""A caching allocator as frameworks have: segments are asked of the driver, kept when empty, and cut up for tensors.

Sizes are PyTorch's. What the framework has reserved, and what tensors use of it, are two numbers; the difference is
what a monitor shows as taken and no tensor has.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.runtimes import LARGE_SEGMENT, MIN_BLOCK, OWN_SEGMENT, ROUND_LARGE, SMALL, SMALL_SEGMENT
from labcore.runtime.memory import Block, Pool
from labcore.units import Ratio, positive_ints


@dataclass(frozen=True)
class Piece:
    """A block within one segment of the allocator."""

    segment: int
    block: Block

    @property
    def asked(self) -> int:
        """Bytes that the request asked for."""
        return self.block.asked


class Caching:
    """Best fit within segments that are kept; a new one is asked of the driver where none has room.

    When the driver has no more, empty segments go back to it and it is asked again; that costs a synchronisation.
    Small and large requests never share a segment. `driver_calls` counts segments asked for and given back.

    >>> pool = Caching(64 * 2**20)
    >>> a = pool.take(12 * 2**20)
    >>> pool.give_back(a)
    >>> pool.asked, pool.reserved == 12 * 2**20, pool.take(12 * 2**20).segment == a.segment
    (0, True, True)
    """

    def __init__(self, capacity: int) -> None:
        positive_ints(capacity=capacity)
        self.capacity, self.driver_calls, self.named = capacity, 0, 0
        self.segments: dict[int, tuple[bool, Pool]] = {}  # number -> (for small requests, its memory)

    def take(self, size: int) -> Piece | None:
        """A piece of at least `size` bytes, or None where the driver has no room for another segment either."""
        positive_ints(size=size)
        small = size <= SMALL.value
        roomy = [(pool.largest_free, k) for k, (kind, pool) in self.segments.items() if kind == small]
        held = -(-size // int(MIN_BLOCK.value)) * int(MIN_BLOCK.value)
        _, number = min((found for found in roomy if found[0] >= held), default=(0, None))
        if number is None:
            number = self._segment(small, held)
        return None if number is None else Piece(number, self.segments[number][1].take(size))

    def give_back(self, piece: Piece) -> None:
        """Free a piece; its segment stays with the allocator."""
        if piece.segment not in self.segments:
            raise ValueError(f"segment {piece.segment} went back to the driver; a piece is given back once")
        self.segments[piece.segment][1].give_back(piece.block)

    def empty_cache(self) -> int:
        """Give segments without pieces back to the driver; how many bytes those were."""
        empty = [k for k, (_, pool) in self.segments.items() if not pool.blocks]
        self.driver_calls += len(empty)
        return sum(self.segments.pop(k)[1].capacity for k in empty)

    def _segment(self, small: bool, held: int) -> int | None:
        size = int(segment_size(held))
        if self.reserved + size > self.capacity:
            self.empty_cache()
        if self.reserved + size > self.capacity:
            return None
        self.named, self.driver_calls = self.named + 1, self.driver_calls + 1
        self.segments[self.named] = small, Pool(size, "best", int(MIN_BLOCK.value))
        return self.named

    @property
    def reserved(self) -> int:
        """Bytes of all segments: what the driver says is taken."""
        return sum(pool.capacity for _, pool in self.segments.values())

    @property
    def asked(self) -> int:
        """Bytes that requests asked for and hold."""
        return sum(pool.asked for _, pool in self.segments.values())

    @property
    def free(self) -> int:
        """Bytes that nobody holds, in segments and with the driver."""
        return self.capacity - sum(pool.held for _, pool in self.segments.values())

    @property
    def largest_free(self) -> int:
        """The largest piece to be had now, if empty segments are first given back."""
        pinned = sum(pool.capacity for _, pool in self.segments.values() if pool.blocks)
        fresh = (self.capacity - pinned) // int(ROUND_LARGE.value) * int(ROUND_LARGE.value)
        return max([pool.largest_free for small, pool in self.segments.values() if not small] + [fresh])

    @property
    def fragmentation(self) -> Ratio:
        """External fragmentation, 1 - largest_free / free."""
        return max(0.0, 1 - self.largest_free / self.free) if self.free else 0.0


def segment_size(size: int) -> int:
    """The segment that the driver is asked for when a request of this size finds no room.

    >>> [segment_size(n * 2**20) // 2**20 for n in (1, 2, 9, 10, 11)]
    [2, 20, 20, 10, 12]
    """
    positive_ints(size=size)
    if size <= SMALL.value:
        return int(SMALL_SEGMENT.value)
    step = int(ROUND_LARGE.value)
    return int(LARGE_SEGMENT.value) if size < OWN_SEGMENT.value else -(-size // step) * step
