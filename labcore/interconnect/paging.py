"""Unified memory: a page moves to the accelerator when it is touched there, and the oldest makes room for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labcore.cache.geometry import Cache
from labcore.cache.lru import simulate
from labcore.cache.trace import Trace
from labcore.interconnect.link import Link
from labcore.units import Bytes, Seconds, positive, positive_ints


@dataclass(frozen=True)
class Migration:
    """What touching pages in some order cost: touches, pages that came in, and pages that were sent back for room."""

    touches: int
    faults: int
    evictions: int


def migrate(pages: Iterable[int], frames: int) -> Migration:
    """Touch pages in order on an accelerator that holds `frames` of them; the least recently used one leaves (LRU).

    The device's memory is a fully associative cache with pages for lines, so it is stepped as one.

    >>> migrate([0, 1, 2, 0, 1, 2], frames=3)
    Migration(touches=6, faults=3, evictions=0)
    >>> migrate([0, 1, 2, 0, 1, 2], frames=2)
    Migration(touches=6, faults=6, evictions=4)
    """
    positive_ints(frames=frames)
    held = simulate(Trace(list(pages)), Cache(frames, line=1))
    return Migration(held.accesses, held.misses, held.misses - min(frames, held.compulsory))


def sweep_faults(pages: int, frames: int, sweeps: int) -> int:
    """Faults of going over all pages in order, again and again: each once if they fit, every touch if they do not.

    >>> sweep_faults(pages=100, frames=100, sweeps=10), sweep_faults(pages=101, frames=100, sweeps=10)
    (100, 1010)
    """
    positive_ints(pages=pages, frames=frames, sweeps=sweeps)
    return pages if pages <= frames else pages * sweeps


def migration_time(moved: Migration, page: Bytes, link: Link, L_fault: Seconds) -> Seconds:
    """Time to serve the faults one after another; a page that leaves must have left before the other can come.

    The accelerator's driver serves faults in groups, so this is an upper bound for many at once.

    >>> migration_time(Migration(6, 6, 4), page=8, link=Link("x", 4.0), L_fault=1.0)
    26.0
    """
    positive(page=page)
    return moved.faults * L_fault + (moved.faults + moved.evictions) * page / link.BW_one_way
