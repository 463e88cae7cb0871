"""A pool of memory under requests that come and go: which hole a block is put in, and what becomes of the rest.

First fit takes the lowest hole that is large enough, best fit the smallest such hole; both join neighbouring holes. The
buddy system takes powers of two, so that a hole's neighbour is found by one bit of its address (Knowlton, CACM 1965).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable
from dataclasses import dataclass

from labcore.units import Ratio, format_si, positive_ints

Hole = tuple[int, int]  # offset, bytes
FITS: dict[str, Callable[[list[Hole]], Hole]] = {
    "first": lambda holes: holes[0],
    "best": lambda holes: min(holes, key=lambda hole: (hole[1], hole[0])),
}


@dataclass(frozen=True)
class Block:
    """Memory handed out: `asked` bytes of a request in `held` bytes of the pool, from `offset` on."""

    offset: int
    held: int
    asked: int


class Pool:
    """A pool of `capacity` bytes with first or best fit; blocks are rounded up to multiples of `grain`.

    >>> pool = Pool(100, fit="first")
    >>> a, b, c = (pool.take(n) for n in (40, 20, 40))
    >>> pool.give_back(a); pool.give_back(c)
    >>> pool.free, pool.largest_free, pool.take(50) is None, pool.fragmentation
    (80, 40, True, 0.5)
    """

    def __init__(self, capacity: int, fit: str = "best", grain: int = 1) -> None:
        positive_ints(capacity=capacity, grain=grain)
        if fit not in FITS:
            raise ValueError(f"fit is one of {', '.join(FITS)}; got {fit!r}")
        self.capacity, self.fit, self.grain = capacity, FITS[fit], grain
        self.holes: list[Hole] = [(0, capacity)]  # ascending offsets, no two touch
        self.blocks: dict[int, Block] = {}

    def take(self, size: int) -> Block | None:
        """A block of at least `size` bytes, or None where no hole is large enough."""
        positive_ints(size=size)
        held = -(-size // self.grain) * self.grain
        if not (fits := [hole for hole in self.holes if hole[1] >= held]):
            return None
        offset, length = self.fit(fits)
        at = bisect_left(self.holes, (offset, length))
        self.holes[at : at + 1] = [(offset + held, length - held)] if length > held else []
        self.blocks[offset] = Block(offset, held, size)
        return self.blocks[offset]

    def give_back(self, block: Block) -> None:
        """Free a block and join it with the holes beside it; raises ValueError for a block that is not out."""
        _out(self.blocks, block)
        start, end = block.offset, block.offset + block.held
        at = bisect_left(self.holes, (start, 0))
        before = at > 0 and sum(self.holes[at - 1]) == start
        after = at < len(self.holes) and self.holes[at][0] == end
        start = self.holes[at - 1][0] if before else start
        end = sum(self.holes[at]) if after else end
        self.holes[at - before : at + after] = [(start, end - start)]

    @property
    def asked(self) -> int:
        """Bytes that requests asked for and hold."""
        return sum(block.asked for block in self.blocks.values())

    @property
    def held(self) -> int:
        """Bytes handed out, what was rounded up included."""
        return sum(block.held for block in self.blocks.values())

    @property
    def free(self) -> int:
        """Bytes in all holes."""
        return sum(length for _, length in self.holes)

    @property
    def largest_free(self) -> int:
        """The largest request that would be met now."""
        return max((length for _, length in self.holes), default=0)

    @property
    def fragmentation(self) -> Ratio:
        """External fragmentation, 1 - largest_free / free: the free memory that one large request cannot have."""
        return 1 - self.largest_free / self.free if self.free else 0.0

    @property
    def rounding(self) -> Ratio:
        """Internal fragmentation, 1 - asked / held: the memory handed out that nobody asked for."""
        return 1 - self.asked / self.held if self.held else 0.0


class Buddy(Pool):
    """The buddy system: blocks of a power of two times `grain`, at multiples of their size; free buddies join.

    >>> pool = Buddy(64)
    >>> a, b = pool.take(9), pool.take(16)
    >>> (a.held, b.offset, pool.holes)
    (16, 16, [(32, 32)])
    >>> pool.give_back(a); pool.give_back(b); pool.holes
    [(0, 64)]
    """

    def __init__(self, capacity: int, grain: int = 1) -> None:
        super().__init__(capacity, "best", grain)
        if capacity % grain or (capacity // grain) & (capacity // grain - 1):
            raise ValueError(f"a buddy pool holds a power of two times {grain} B, got {format_si(capacity, 'B')}"
                             f"; the nearest below is {grain << ((capacity // grain).bit_length() - 1)} B")  # fmt: skip

    def take(self, size: int) -> Block | None:
        """A block of the next power of two, halved out of the smallest hole that has it; None where none does."""
        positive_ints(size=size)
        held = self.grain << (-(-size // self.grain) - 1).bit_length()
        if not (fits := [hole for hole in self.holes if hole[1] >= held]):
            return None
        offset, length = self.fit(fits)
        self.holes.remove((offset, length))
        while length > held:
            length //= 2
            insort(self.holes, (offset + length, length))
        self.blocks[offset] = Block(offset, held, size)
        return self.blocks[offset]

    def give_back(self, block: Block) -> None:
        """Free a block, and join buddies as long as both halves of a larger one are free."""
        _out(self.blocks, block)
        offset, length = block.offset, block.held
        while (buddy := (offset ^ length, length)) in self.holes:
            self.holes.remove(buddy)
            offset, length = min(offset, buddy[0]), 2 * length
        insort(self.holes, (offset, length))


def _out(blocks: dict[int, Block], block: Block) -> None:
    if blocks.get(block.offset) is not block:
        raise ValueError(f"the block at {block.offset} is not out; give each back once, to its own pool")
    del blocks[block.offset]
