"""The sequences of a batch that write: what they hold in all, and in which iterations each grows and ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from labcore.serving.cache import Pool


@dataclass(slots=True)
class Member:
    """A request in the batch: `target` tokens to read, of which `filled` are.

    `path` are its tokens behind the answer's first, by iterations since: 0, 1, 2, ... without drafts.
    """

    request: int
    joined: int
    target: int
    pages: int
    filled: int = 0
    first: int = -1
    path: Sequence[int] = range(1)

    @property
    def ends(self) -> int:
        """Its last iteration."""
        return self.first + len(self.path) - 1

    def behind(self, iteration: int) -> int:
        """Tokens behind the first that it has made before an iteration."""
        return self.path[iteration - 1 - self.first]


class Writers:
    """All that write, as sums: each says as it begins when it will grow, so an iteration costs no look at each.

    >>> from labcore.serving.cache import Paged
    >>> writers = Writers(Pool(Paged(16), room=64))
    >>> writers.add(Member(0, joined=0, target=10, pages=1, filled=10, first=0, path=[0, 2, 3]))
    >>> writers.step(1), writers.step(2), writers.ending(2)[0].request
    (12, 13, 0)
    """

    def __init__(self, pool: Pool) -> None:
        self.pool, self.count, self.filled = pool, 0, 0  # filled: tokens in the cache
        self._beyond: defaultdict[int, int] = defaultdict(int)  # by iteration: growth beyond a token each
        self._ends: defaultdict[int, list[Member]] = defaultdict(list)

    def add(self, one: Member) -> None:
        """A member has made its first token."""
        self.count += 1
        self.filled += one.filled
        self._ends[one.ends].append(one)
        self._expect(one, 1)

    def step(self, iteration: int) -> int:
        """Tokens that they hold in an iteration: keys and values of what each reads are new."""
        self.filled += self.count + self._beyond.pop(iteration, 0)
        return self.filled

    def ending(self, iteration: int) -> list[Member]:
        """Those whose answer ends with an iteration."""
        return self._ends.pop(iteration, [])

    def leave(self, held: int) -> None:
        """One that holds so many tokens is gone."""
        self.count -= 1
        self.filled -= held

    def put_out(self, one: Member, held: int) -> None:
        """One leaves before its end; what it said of iterations past is taken back, too, and not looked up again."""
        self._expect(one, -1)
        self._ends[one.ends].remove(one)
        self.leave(held)

    def _expect(self, one: Member, count: int) -> None:
        self.pool.expect(one.filled, one.path, one.first, count)
        if not isinstance(one.path, range):
            for k, (before, after) in enumerate(pairwise(one.path), one.first + 1):
                self._beyond[k] += count * (after - before - 1)
