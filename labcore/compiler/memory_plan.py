"""Where each buffer lies in one arena: offsets such that buffers that are live together never overlap.

The problem is dynamic storage allocation, NP-hard in general. Two greedy orders place one buffer after another, each
into the smallest gap that holds it: the largest buffer first, or the step with the most live bytes first (Pisarchyk
and Lee, Efficient Memory Management for Deep Neural Net Inference, arXiv:2001.03288, 2020). A few buffers are placed
exactly, by branch and bound. The bytes that are live together bound every plan from below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, zip_longest

from labcore.compiler.lifetime import Buffer, live_bound, live_bytes
from labcore.units import Ratio

MOST_EXACT = 12  # buffers whose placements are all tried


@dataclass(frozen=True)
class MemoryPlan:
    """Buffers and their offsets in bytes from the start of one arena."""

    buffers: tuple[Buffer, ...]
    offsets: Mapping[str, int]
    strategy: str

    @property
    def peak(self) -> int:
        """Bytes of the arena."""
        return max((self.offsets[one.name] + one.nbytes for one in self.buffers), default=0)

    @property
    def bound(self) -> int:
        """The most bytes that are live at one step."""
        return live_bound(self.buffers)

    @property
    def apart(self) -> int:
        """Bytes where every buffer has a place of its own."""
        return sum(one.nbytes for one in self.buffers)

    @property
    def over(self) -> Ratio:
        """Bytes of the arena beyond the bound, as a share of the bound."""
        return self.peak / self.bound - 1 if self.buffers else 0.0

    def clashes(self) -> list[tuple[str, str]]:
        """Pairs that are live together and share bytes; a plan that is right has none."""
        return [(a.name, b.name) for a, b in combinations(self.buffers, 2) if a.meets(b) and self.share_bytes(a, b)]

    def share_bytes(self, a: Buffer, b: Buffer) -> bool:
        """Whether two buffers lie on the same bytes, at one time or not."""
        at, bt = self.offsets[a.name], self.offsets[b.name]
        return at < bt + b.nbytes and bt < at + a.nbytes


def allocate(buffers: Iterable[Buffer], strategy: str = "size") -> MemoryPlan:
    """A plan by "size", "breadth", "arrival" (as a run would ask, step by step) or, for 12 buffers at most, "exact".

    Raises ValueError for an unknown strategy, for two buffers of one name, and for too many to place exactly.

    >>> three = [Buffer("a", 4, 0, 1), Buffer("b", 2, 1, 2), Buffer("c", 4, 2, 3)]
    >>> plan = allocate(three)
    >>> plan.offsets, plan.peak, plan.apart
    ({'a': 0, 'c': 0, 'b': 4}, 6, 10)
    """
    buffers = tuple(buffers)
    if strategy not in STRATEGIES:
        raise ValueError(f"a plan is made by {', '.join(STRATEGIES)}; got {strategy!r}")
    names = [one.name for one in buffers]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{twice[0]!r} names two buffers; give each a name of its own")
    return MemoryPlan(buffers, STRATEGIES[strategy](buffers), strategy)


def best_fit(order: Iterable[Buffer]) -> dict[str, int]:
    """Offsets of buffers that are placed in this order, each in the smallest gap between those it is live with.

    >>> best_fit([Buffer("a", 4, 0, 1), Buffer("b", 2, 1, 2), Buffer("c", 4, 2, 3)])
    {'a': 0, 'b': 4, 'c': 0}
    """
    offsets: dict[str, int] = {}
    placed: list[Buffer] = []
    for one in order:
        taken = sorted((offsets[other.name], other.nbytes) for other in placed if other.meets(one))
        offsets[one.name] = _smallest_gap(taken, one.nbytes)
        placed.append(one)
    return offsets


def _smallest_gap(taken: Sequence[tuple[int, int]], nbytes: int) -> int:
    """Where the smallest gap begins that holds so many bytes; behind all that is taken where there is none."""
    top, best, narrowest = 0, None, None
    for offset, size in taken:
        gap = offset - top
        if gap >= nbytes and (narrowest is None or gap < narrowest):
            best, narrowest = top, gap
        top = max(top, offset + size)
    return top if best is None else best


def _by_size(buffers: Sequence[Buffer]) -> dict[str, int]:
    return best_fit(sorted(buffers, key=_largest_first))


def _by_breadth(buffers: Sequence[Buffer]) -> dict[str, int]:
    live = live_bytes(buffers)
    steps = sorted(range(len(live)), key=lambda step: (-live[step], step))
    waiting = sorted(buffers, key=_largest_first)
    order: dict[str, Buffer] = {}
    for step in steps:
        order |= {one.name: one for one in waiting if one.first <= step <= one.last and one.name not in order}
    return best_fit(order.values())


def _by_arrival(buffers: Sequence[Buffer]) -> dict[str, int]:
    return best_fit(sorted(buffers, key=lambda one: one.first))


def _exact(buffers: Sequence[Buffer]) -> dict[str, int]:
    """The least arena: from below upwards, each buffer on top of those it is live with, in every order.

    Push all buffers of a best plan down as far as they go: each then lies at 0 or on one it is live with. So the
    orders of rising offsets reach a best plan, and the others need no try.
    """
    if len(buffers) > MOST_EXACT:
        raise ValueError(f"{len(buffers)} buffers are too many to try all plans, {MOST_EXACT} is the most; "
                         "plan by 'size' or 'breadth'")  # fmt: skip
    best = min((_by_size(buffers), _by_breadth(buffers)), key=lambda offsets: _top(buffers, offsets))
    least, steps = [_top(buffers, best)], len(live_bytes(buffers))
    for offsets in _lower(tuple(sorted(buffers, key=_largest_first)), (0,) * steps, least, live_bound(buffers)):
        best = offsets
    return best


def _lower(
    waiting: tuple[Buffer, ...], skyline: tuple[int, ...], least: list[int], bound: int, floor: int = 0
) -> Iterator[dict[str, int]]:
    """Every plan with a smaller arena than all before it; `least` holds the smallest so far.

    `skyline` is the height that is reached at each step. What waits comes on top of it, so their sum bounds the arena.
    """
    if not waiting:
        least[0] = max(skyline)
        yield {}
        return
    for i, one in enumerate(waiting):
        at, rest = max(skyline[one.first : one.last + 1]), waiting[:i] + waiting[i + 1 :]
        if at < floor or least[0] <= bound:
            continue
        height = tuple(at + one.nbytes if one.first <= t <= one.last else h for t, h in enumerate(skyline))
        if max(map(sum, zip_longest(height, live_bytes(rest), fillvalue=0))) < least[0]:
            yield from ({one.name: at} | offsets for offsets in _lower(rest, height, least, bound, at))


def _top(buffers: Iterable[Buffer], offsets: Mapping[str, int]) -> int:
    return max((offsets[one.name] + one.nbytes for one in buffers), default=0)


def _largest_first(one: Buffer) -> tuple[int, int, str]:
    return -one.nbytes, one.first, one.name


STRATEGIES: dict[str, Callable[[Sequence[Buffer]], dict[str, int]]] = {
    "size": _by_size,
    "breadth": _by_breadth,
    "arrival": _by_arrival,
    "exact": _exact,
}
