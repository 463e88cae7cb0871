"""What a cache did with a trace: every access judged, every byte that crossed to the level below counted."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from labcore.cache.geometry import Cache
from labcore.cache.trace import Trace
from labcore.units import Bytes, Ratio

HIT, COMPULSORY, CAPACITY, CONFLICT = range(4)
KINDS = ("hit", "compulsory", "capacity", "conflict")
_KINDS = np.array([[HIT, HIT], [COMPULSORY, COMPULSORY], [CONFLICT, CAPACITY]], np.uint8)  # [outcome, whole misses]


@dataclass(frozen=True)
class Events:
    """What one pass leaves: of each access whether it hit (0), missed a line new to the cache (1) or known to it (2).

    Access `left_at[i]` made the changed line `left[i]` leave; `dirty` lists the changed lines that are still there at
    the end, and `touched` counts the pieces of fetched lines that were used.
    """

    outcome: np.ndarray
    left_at: np.ndarray
    left: np.ndarray
    dirty: np.ndarray
    touched: int


@dataclass(frozen=True)
class Run:
    """Accesses, misses by kind, and traffic with the level below, in lines and in bytes.

    Misses are told apart as Hill did (1987), each on its own: compulsory where a cache without end would miss too,
    capacity where the fully associative LRU cache of this size would, conflict where that one would hit. `spared` are
    the hits that the fully associative cache would have missed: Hill and Smith (1989) subtract miss ratios instead,
    so their capacity is `capacity + spared` and their conflict is `conflict - spared`, which can be negative.

    `write_backs` count lines that left changed, and at the end those that still lie there. `bytes_used` are the
    different bytes of each fetched line that were read or written before it left.
    """

    cache: Cache
    accesses: int
    compulsory: int
    capacity: int
    conflict: int
    spared: int
    fetches: int
    write_backs: int
    bytes_fetched: int
    bytes_written: int
    bytes_used: int
    kinds: np.ndarray = field(repr=False, compare=False)  # (accesses,) of HIT, COMPULSORY, CAPACITY, CONFLICT
    below: Trace | None = field(default=None, repr=False, compare=False)  # what the next level is asked for

    @property
    def misses(self) -> int:
        """All three kinds together."""
        return self.compulsory + self.capacity + self.conflict

    @property
    def hits(self) -> int:
        """Accesses that found their line."""
        return self.accesses - self.misses

    @property
    def hit_rate(self) -> Ratio:
        """Hits over accesses; not a number for a trace of none."""
        return self.hits / self.accesses if self.accesses else float("nan")

    @property
    def traffic(self) -> Bytes:
        """Bytes fetched and bytes written, together."""
        return self.bytes_fetched + self.bytes_written

    @property
    def use(self) -> Ratio:
        """Bytes used of each byte fetched; not a number where nothing was fetched."""
        return self.bytes_used / self.bytes_fetched if self.bytes_fetched else float("nan")


def judge(cache: Cache, trace: Trace, events: Events, whole: np.ndarray, keep_below: bool) -> Run:
    """The run that a pass amounts to; `whole` is the outcome of the fully associative cache of the same size.

    >>> missed_twice = np.array([1, 2], np.uint8)
    >>> events = Events(missed_twice, np.array([], int), np.array([], int), np.array([], int), touched=2)
    >>> judge(Cache(128, ways=1), Trace([0, 0]), events, np.array([1, 0], np.uint8), False).conflict
    1
    """
    missed, missed_whole = events.outcome > 0, whole > 0
    kinds = _KINDS[events.outcome, missed_whole.astype(np.uint8)]
    by_kind = [int(np.count_nonzero(kinds == kind)) for kind in (COMPULSORY, CAPACITY, CONFLICT)]
    back = cache.write == "back"
    fetches = int(np.count_nonzero(missed if back else missed & ~trace.writes))
    write_backs = len(events.left) + len(events.dirty)
    written = write_backs * cache.line if back else int(np.count_nonzero(trace.writes)) * trace.size
    return Run(
        cache, len(trace), *by_kind, spared=int(np.count_nonzero(missed_whole & ~missed)),
        fetches=fetches, write_backs=write_backs, bytes_fetched=fetches * cache.line, bytes_written=written,
        bytes_used=events.touched * trace.size, kinds=kinds,
        below=passed_on(cache, trace, events) if keep_below else None,
    )  # fmt: skip


def passed_on(cache: Cache, trace: Trace, events: Events) -> Trace:
    """What the level below is asked for, line by line: a changed line leaves, then the new one is fetched.

    Changed lines that are still there at the end leave last. Raises ValueError for a cache that writes through.

    >>> events = Events(np.array([1], np.uint8), np.array([], int), np.array([], int), np.array([0]), touched=1)
    >>> below = passed_on(Cache(64), Trace([4], True), events)
    >>> below.addresses.tolist(), below.writes.tolist()
    ([0, 0], [False, True])
    """
    if cache.write != "back":
        raise ValueError('a level above another writes whole lines; give it write="back"')
    line_of = trace.addresses // cache.line
    asked = np.full((len(trace), 2), -1)  # by access: the line that leaves, the line that comes
    asked[events.left_at, 0] = events.left
    asked[:, 1] = np.where(events.outcome > 0, line_of, -1)
    writes = np.broadcast_to([True, False], asked.shape)[asked >= 0]
    lines = np.append(asked[asked >= 0], events.dirty)
    return Trace(lines * cache.line, np.append(writes, np.ones(len(events.dirty), bool)), cache.line)
