"""Bytes that a matrix product fetches into each cache: simulated on real addresses, or counted from the loop nest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labcore.cache import Cache, Trace, count
from labcore.cache.traces import grid
from labcore.kernels.predict import Fill
from labcore.loopnest import matmul_traffic
from labcore.measure.kernels import LINE
from labcore.units import Bytes, positive_ints

WAYS = 8  # of L1 and L2; what most cores have
OPERANDS = {"A": "ik", "B": "kj", "C": "ij"}


def order_trace(order: str, n: int, word: Bytes, steps: int) -> Trace:
    """The accesses of the first turns of the outermost loop of (n, n) @ (n, n), three arrays one behind the other.

    The operand that the innermost loop does not move is asked for once before it, the two others at each turn. An
    element of C that is read and written is one access, a write.

    >>> trace = order_trace("ijk", 2, word=8, steps=1)
    >>> trace.addresses.tolist()  # C, then A and B twice; A from 0, B from 256, C from 512
    [512, 0, 256, 8, 272, 520, 0, 264, 8, 280]
    """
    positive_ints(n=n, word=word, steps=steps)
    if sorted(order) != ["i", "j", "k"]:
        raise ValueError(f"order {order!r} must name each of i, j, k once; write 'ikj', outermost first")
    apart = -(-n * n * word // 256) * 256  # as in labcore.cache.traces
    extents = dict(zip(order, (min(steps, n), n, n), strict=True))
    at = dict(zip(order, np.ogrid[tuple(slice(extents[loop]) for loop in order)], strict=True))
    place = {name: grid(n, n, word, m * apart)[at[r], at[c]] for m, (name, (r, c)) in enumerate(OPERANDS.items())}
    moving = [name for name, loops in OPERANDS.items() if order[-1] in loops]
    (fixed,) = set(OPERANDS) - set(moving)
    out = np.empty((extents[order[0]], n, 1 + 2 * n), np.int64)
    out[:, :, :1], out[:, :, 1::2], out[:, :, 2::2] = place[fixed], place[moving[0]], place[moving[1]]
    writes = np.zeros(out.shape, bool)
    writes[:, :, slice(2, None, 2) if moving[1] == "C" else 0] = True
    return Trace(out.ravel(), writes.ravel(), word)


def order_bytes(order: str, n: int, word: Bytes, levels: Sequence[Fill], ways: int = WAYS) -> list[Bytes]:
    """Bytes fetched into each cache over the whole product: those of the outermost loop's second turn, n times.

    Counted on the addresses of the real size in LRU caches, where one turn has filled them.

    >>> small = Fill("L1", 4096, "L2", 1.0)  # 64 lines: a column of B, 100 lines, does not stay
    >>> fetched = order_bytes("ijk", 100, 8, [small], ways=None)[0]
    >>> round(fetched / 100**3)  # 64 B for B[k, j], 8 B for A[i, k], and for each sum, one turn in 100, a line of C
    73
    """
    after = [_fetched(order_trace(order, n, word, steps), levels, ways) for steps in (1, 2)]
    return [n * (two - one) for one, two in zip(*after, strict=True)]


def _fetched(trace: Trace, levels: Sequence[Fill], ways: int | None) -> list[Bytes]:
    """Bytes fetched into each cache, the smallest first."""
    moved = []
    for level in levels:
        of_set = LINE * (ways or 1)
        run = count(trace, Cache(level.capacity // of_set * of_set, LINE, ways), keep_below=True)
        moved.append(run.bytes_fetched)
        trace = run.below
    return moved


def fits(tile: int, word: Bytes, capacity: Bytes) -> bool:
    """Whether a cache keeps the tile of B, with a row of A's and one of C's tile, while the rows of A pass.

    >>> fits(64, 4, 32768), fits(96, 4, 32768)
    (True, False)
    """
    positive_ints(tile=tile)
    return (tile * tile + 2 * tile) * word <= capacity


def knee(word: Bytes, capacity: Bytes) -> int:
    """The largest tile that fits.

    >>> knee(4, 32768)
    89
    """
    return int((capacity / word + 1) ** 0.5 - 1)


def tile_bytes(n: int, tile: int, word: Bytes, levels: Sequence[Fill]) -> list[Bytes]:
    """Bytes fetched into each cache by the blocked product: words of `matmul_traffic`, tiles in the order MKN.

    C is added to, so each visit of a tile of C reads it. Where the tile of B does not fit, C comes row by row, and the
    rows of B anew for each of them.

    >>> L1 = Fill("L1", 32768, "L2", 1e11)
    >>> [tile_bytes(960, tile, 4, [L1])[0] // 4 / 960**2 for tile in (48, 96)]  # words an element of a matrix
    [41.0, 971.0]
    """
    moved, fetched = matmul_traffic(n, n, n, (tile, tile, tile), "MKN"), []
    for level in levels:
        B_reads = moved.B_reads if fits(tile, word, level.capacity) else n**3
        fetched.append(word * (moved.A_reads + B_reads + moved.C_writes))
    return fetched
