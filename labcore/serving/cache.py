"""Memory for keys and values: who is let in, how much each sequence holds, and what happens when nothing is free.

`Reserved` sets aside the most that a sequence may come to hold, in one piece, when it is let in. `Paged` gives pages of
a few tokens as they are needed (Kwon et al., "Efficient Memory Management for Large Language Model Serving with
PagedAttention", SOSP 2023), so more sequences fit; when no page is free, the sequence that came last gives up all of
its own and is read again later, answer so far included (recompute).

A sequence of P prompt tokens and n answer tokens comes to hold P + n - 1: the last token is never read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labcore.catalogue.facts import Fact, Source
from labcore.units import positive_ints

_VLLM = Source("vLLM", "vllm/config/cache.py, DEFAULT_BLOCK_SIZE", 2025,
               "https://github.com/vllm-project/vllm/blob/main/vllm/config/cache.py")  # fmt: skip
PAGE = Fact(16, "", _VLLM, "tokens of a page unless told otherwise")


@dataclass(frozen=True)
class Reserved:
    """Room for `longest` tokens set aside for each sequence; without it for what it will hold, as an oracle would.

    >>> Reserved(2048).let_in(100, most=150), Reserved().let_in(100, most=150)
    (2048, 150)
    """

    longest: int | None = None
    page: int = 1
    on_demand = False

    def __post_init__(self) -> None:
        positive_ints(page=self.page, **({} if self.longest is None else {"longest": self.longest}))

    def let_in(self, tokens: int, most: int) -> int:
        """Pages taken for a sequence of `tokens` now that comes to hold `most`."""
        return -(-(self.longest or most) // self.page)


@dataclass(frozen=True)
class Paged:
    """Pages of `page` tokens, given when a sequence reaches them.

    >>> Paged(16).let_in(100, most=150)
    7
    """

    page: int = int(PAGE.value)
    on_demand = True

    def __post_init__(self) -> None:
        positive_ints(page=self.page)

    def let_in(self, tokens: int, most: int) -> int:
        """Pages taken for a sequence of `tokens` now, whatever it comes to hold."""
        return -(-tokens // self.page)


def check_fits(most: np.ndarray, way: Reserved | Paged, room: int) -> None:
    """Raise ValueError where a request could never be served: (n,) tokens that each comes to hold, `room` there is.

    >>> check_fits(np.array([10, 40]), Paged(16), room=32)
    Traceback (most recent call last):
    ValueError: request 1 comes to hold 40 tokens, 3 pages of 16, and the cache has 2; cut it to 32 tokens, or take \
more chips or smaller weights
    """
    longest = getattr(way, "longest", None)
    worst = int(np.argmax(most))
    tokens = int(most[worst])
    if longest is not None and tokens > longest:
        raise ValueError(f"request {worst} comes to hold {tokens} tokens, beyond the longest, {longest}; "
                         f"reserve {tokens}")  # fmt: skip
    need, pages = way.let_in(tokens, tokens), room // way.page
    if need > pages:
        cut = f"reserve {room} or less" if longest is not None else f"cut it to {pages * way.page} tokens"
        raise ValueError(
            f"request {worst} comes to hold {tokens} tokens, {need} pages of {way.page}, and the cache has {pages}; "
            f"{cut}, or take more chips or smaller weights"
        )


class Pool:
    """The pages of a cache in time. A sequence says, as it begins to write, in which iterations it needs a new one.

    So what an iteration needs is one look-up, however many sequences there are.
    """

    def __init__(self, way: Reserved | Paged, room: int) -> None:
        positive_ints(room=room)
        self.way, self.pages, self.free = way, room // way.page, room // way.page
        self.new: defaultdict[int, int] = defaultdict(int)  # pages by iteration

    def needed(self, iteration: int) -> int:
        """New pages that the sequences that write need in an iteration."""
        return self.new.get(iteration, 0)

    def expect(self, tokens: int, path: Sequence[int], begun: int, count: int = 1) -> None:
        """A sequence of `tokens` holds path[k] more in iteration begun + k; count -1 takes back what was said."""
        if not self.way.on_demand:
            return
        page = self.way.page
        spare = -tokens % page  # tokens that fill the pages it has
        if isinstance(path, range):  # a token each iteration: no search, which costs most where answers are many
            when = range(begun + spare + 1, begun + len(path), page)
        else:
            when = (begun + bisect_right(path, more) for more in range(spare, path[-1], page))
        for iteration in when:
            self.new[iteration] += count
