"""Least recently used: a version to read and a version to run, proved equal by tests on small traces."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache as once
from functools import partial

import numpy as np

from labcore.cache.geometry import Cache
from labcore.cache.run import Events, Run, judge
from labcore.cache.trace import Trace

PIECES = 64  # parts of a line that are told apart, one bit each


def simulate(trace: Trace, cache: Cache, keep_below: bool = False) -> Run:
    """Step the cache through the trace in plain Python; `keep_below` keeps what the next level is asked for.

    Takes about a microsecond an access; `count` does the same for long traces. Raises ValueError where an access is
    larger than a line, or a line has more than 64 accesses' worth of bytes.

    >>> run = simulate(Trace([0, 64, 0, 128, 64], size=4), Cache(128, line=64))
    >>> run.hits, run.compulsory, run.capacity, run.bytes_fetched, run.bytes_used
    (1, 3, 1, 256, 16)
    """
    return _run(lambda: partial(_step, trace), trace, cache, keep_below)


def count(trace: Trace, cache: Cache, keep_below: bool = False) -> Run:
    """The same run from compiled code: some 20 ns an access, after a second or two of compiling, once a session.

    >>> run = count(Trace([0, 64, 0, 128, 64], size=4), Cache(128, line=64))
    >>> run == simulate(Trace([0, 64, 0, 128, 64], size=4), Cache(128, line=64))
    True
    """
    return _run(lambda: _fast(trace, cache.line), trace, cache, keep_below)


def _run(prepare: Callable[[], Callable[[Cache], Events]], trace: Trace, cache: Cache, keep_below: bool) -> Run:
    """One pass for the cache, and one for the fully associative cache that its misses are held against."""
    if cache.line % trace.size:
        raise ValueError(f"accesses of {trace.size} B do not fit lines of {cache.line} B; a line holds a whole number")
    if cache.line > PIECES * trace.size:
        text = f"lines of {cache.line} B hold {cache.line // trace.size} accesses of {trace.size} B"
        raise ValueError(f"{text}, at most {PIECES} are told apart; give size={cache.line // PIECES} or more")
    step = prepare()
    events = step(cache)
    whole = events.outcome if cache.sets == 1 else step(cache.whole()).outcome
    return judge(cache, trace, events, whole, keep_below)


def _step(trace: Trace, cache: Cache) -> Events:
    """One pass to read: a set is a dict of its lines, the least recently used first, and what of each was touched."""
    sets: list[dict[int, set[int]]] = [{} for _ in range(cache.sets)]
    known, dirty, outcome, left, touched = set(), set(), [], [], 0
    for t, (address, write) in enumerate(zip(trace.addresses.tolist(), trace.writes.tolist(), strict=True)):
        line, piece = address // cache.line, address % cache.line // trace.size
        held = sets[line % cache.sets]
        hit = line in held
        outcome.append(0 if hit else 1 + (line in known))
        if hit:
            held[line] = held.pop(line)  # now the most recently used
        elif cache.write == "back" or not write:
            if len(held) == cache.lines_of_set:
                oldest = next(iter(held))
                touched += len(held.pop(oldest))
                if oldest in dirty:
                    dirty.remove(oldest)
                    left.append((t, oldest))
            held[line] = set()
            known.add(line)
        if line in held:
            held[line].add(piece)
            if write and cache.write == "back":
                dirty.add(line)
    touched += sum(len(pieces) for held in sets for pieces in held.values())
    left = np.array(left, int).reshape(-1, 2).T
    return Events(np.array(outcome, np.uint8), *left, np.array(sorted(dirty), int), touched)


def _fast(trace: Trace, line: int) -> Callable[[Cache], Events]:
    """A pass to run for caches with such lines: numpy divides, once, and compiled code keeps the order of use."""
    line_of, within = np.divmod(trace.addresses, line)
    numbers, name = _numbered(line_of)
    pieces = (within // trace.size).astype(np.uint8)

    def step(cache: Cache) -> Events:
        set_of = (line_of % cache.sets).astype(np.int32)
        outcome, left = np.zeros(len(trace), np.uint8), np.full(len(trace), -1, np.int32)
        dirty = np.zeros(int(numbers.max(initial=-1)) + 1, bool)
        shape = cache.sets, cache.lines_of_set, cache.write == "back"
        touched = _compiled()(numbers, set_of, pieces, trace.writes, *shape, outcome, left, dirty)
        left_at = np.flatnonzero(left >= 0)
        return Events(outcome, left_at, name(left[left_at]), name(np.flatnonzero(dirty)), touched)

    return step


def _numbered(line_of: np.ndarray) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Lines as small numbers from 0, int32, and what turns such numbers back into lines."""
    first, last = (int(end(line_of)) if line_of.size else 0 for end in (np.min, np.max))
    if last - first < 2 * line_of.size + 2**16:
        return (line_of - first).astype(np.int32), lambda numbers: numbers + np.int64(first)
    lines, numbers = np.unique(line_of, return_inverse=True)  # far apart: only those that occur
    return numbers.astype(np.int32), lines.__getitem__


def _pass(numbers, set_of, pieces, writes, sets, room_each, back, outcome, left, dirty):
    """Fill `outcome`, `left` and `dirty`; return how many pieces of fetched lines were touched.

    The trace is its own queue: `last[line]` is the time of a held line's last use, `after[t]` the next use of the same
    set, and `oldest[set]` walks forward over uses that were not the last of their line. Every step is taken once.
    """
    state = np.full((dirty.size, 2), -2)  # of a line, side by side: its last use, and the pieces touched, one bit each
    last, seen = state[:, 0], state[:, 1]  # last use -2: never held, -1: held once
    after = np.empty(numbers.size, np.int32)
    oldest, newest = np.full(sets, -1, np.int32), np.full(sets, -1, np.int32)
    room, touched = np.full(sets, room_each, np.int64), 0
    for t in range(numbers.size):
        line, s = numbers[t], set_of[t]
        if last[line] < 0:
            outcome[t] = 1 if last[line] == -2 else 2
            if writes[t] and not back:
                continue
            if room[s] > 0:
                room[s] -= 1
            else:
                while last[numbers[oldest[s]]] != oldest[s]:
                    oldest[s] = after[oldest[s]]
                victim = numbers[oldest[s]]
                last[victim] = -1
                if dirty[victim]:
                    dirty[victim] = False
                    left[t] = victim
            seen[line] = 0
        if newest[s] < 0:
            oldest[s] = t
        else:
            after[newest[s]] = t
        newest[s] = last[line] = t
        if writes[t] and back:
            dirty[line] = True
        bit = np.int64(1) << np.int64(pieces[t])
        if not seen[line] & bit:
            seen[line] |= bit
            touched += 1
    return touched


@once
def _compiled() -> Callable[..., int]:
    """`_pass` as machine code, kept in memory only."""
    from numba import njit

    return njit(_pass)
