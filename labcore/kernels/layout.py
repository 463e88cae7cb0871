"""Scale and shift of every channel, y = a[c] x + b[c], in two loop orders, compiled for a map in any layout.

A map arrives as a view (C, H, W) of whatever lies in memory, so that one and the same machine code reads and writes
NHWC and NCHW. `packed_pixels` and `packed_channels` are what a compiler makes of the two loops when it knows that the
inner one runs over neighbours: vector instructions.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np

from labcore.cache import Cache, Trace, count
from labcore.kernels.race import race
from labcore.layout import Layout, convert, layout, walk
from labcore.units import Ratio

ORDERS = {"by_pixel": "NHWC", "by_channel": "NCHW"}  # each loop's order of axes, and the layout that it suits
LAYOUTS = ("NHWC", "NCHW")
FIRST = Cache(32 * 1024, line=64, ways=8)  # a small first cache; many are as small
PAGES = Cache(64 * 4096, line=4096)  # a TLB of 64 entries for pages of 4 KiB
APART = 4096  # B; y begins on a page of its own, behind x


def by_pixel(x, a, b, y):
    """All channels of a pixel, then the next pixel: (C, H, W) with any strides."""
    for h in range(x.shape[1]):
        for w in range(x.shape[2]):
            for c in range(x.shape[0]):
                y[c, h, w] = a[c] * x[c, h, w] + b[c]


def by_channel(x, a, b, y):
    """All pixels of a channel, then the next channel: (C, H, W) with any strides."""
    for c in range(x.shape[0]):
        for h in range(x.shape[1]):
            for w in range(x.shape[2]):
                y[c, h, w] = a[c] * x[c, h, w] + b[c]


def packed_pixels(x, a, b, y):
    """By pixel, the channels known to be neighbours: (H*W, C)."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            y[i, c] = a[c] * x[i, c] + b[c]


def packed_channels(x, a, b, y):
    """By channel, the pixels known to be neighbours: (C, H*W)."""
    for c in range(x.shape[0]):
        for i in range(x.shape[1]):
            y[c, i] = a[c] * x[c, i] + b[c]


ANY, PACKED = "void(f4[:,:,:], f4[::1], f4[::1], f4[:,:,:])", "void(f4[:,::1], f4[::1], f4[::1], f4[:,::1])"
SIGNATURES = {by_pixel: ANY, by_channel: ANY, packed_pixels: PACKED, packed_channels: PACKED}


@functools.cache
def kernels() -> SimpleNamespace:
    """The four loops, compiled once a process, each for one thread.

    >>> x, y = view("NHWC", 3, 2, 2), view("NHWC", 3, 2, 2)
    >>> kernels().by_pixel(x, np.full(3, 2, np.float32), np.ones(3, np.float32), y)
    >>> bool((y == 2 * x + 1).all())
    True
    """
    from numba import njit

    return SimpleNamespace(**{loop.__name__: njit(types, nogil=True)(loop) for loop, types in SIGNATURES.items()})


def view(name: str, C: int, H: int, W: int) -> np.ndarray:
    """Random float32 numbers that lie as the layout says, seen as (C, H, W): equal values in every plain layout.

    >>> [view(name, 2, 3, 3).strides for name in LAYOUTS]
    [(4, 24, 8), (36, 12, 4)]
    """
    source = layout("NCHW", N=1, C=C, H=H, W=W)
    stored = convert(np.random.default_rng(0).random(source.shape, np.float32), source, name)
    return np.moveaxis(stored, [name.index(axis) for axis in "NCHW"], range(4))[0]  # (C, H, W)


def lines(of: Layout, order: str, cache: Cache, size: int = 4) -> int:
    """Lines that a loop in this order misses in a cache as it reads a map and writes another of the same layout.

    With lines of a page and an entry for each, the cache is a TLB.

    >>> few = Cache(4 * 64, line=64)  # four lines, for x and y
    >>> [lines(layout(name, N=1, C=16, H=1, W=16), "NHWC", few) for name in LAYOUTS]
    [32, 512]
    """
    reads = walk(of, order, size).addresses
    behind = -(-of.words * size // APART) * APART
    both = np.stack([reads, reads + behind], axis=1).ravel()
    grain = max(size, cache.line // 64)  # as fine as the cache tells the pieces of a line apart
    return count(Trace(both // grain * grain, np.arange(both.size) % 2 == 1, grain), cache).misses


def predicted(order: str, C: int, H: int, W: int, cache: Cache) -> Ratio:
    """How many times as many misses the layout has that the loop does not suit.

    >>> predicted("NHWC", C=16, H=1, W=16, cache=Cache(4 * 64, line=64))
    16.0
    """
    suits = layout(order, N=1, C=C, H=H, W=W)
    other = layout(next(name for name in LAYOUTS if name != order), **suits.sizes)
    return lines(other, order, cache) / lines(suits, order, cache)


def pixels(C: int, elements: int = 2**18) -> int:
    """Pixels in a row of a map of about so many elements: an odd number of lines of 64 B.

    A power of two would put all channels of a pixel into one set of a cache.

    >>> pixels(64), pixels(1024)
    (4112, 272)
    """
    return 16 * (elements // C // 16 | 1)


@functools.cache
def expected(loop: str, C: int, cache: Cache = FIRST) -> Ratio:
    """The prediction for a map of C channels: a first cache of 32 KiB that fetches only what is asked for."""
    return predicted(ORDERS[loop], C, 1, pixels(C), cache)


def slower(loop: str, C: int, repeats: int = 7) -> Ratio:
    """How many times as long the loop takes in the layout that it does not suit, timed here.

    >>> slower("by_pixel", 64, repeats=3) > 0
    True
    """
    if loop not in ORDERS:
        raise ValueError(f"loop must be one of {', '.join(ORDERS)}; got {loop!r}")
    run, one = getattr(kernels(), loop), np.ones(C, np.float32)
    maps = {name: [view(name, C, 1, pixels(C)) for _ in range(2)] for name in LAYOUTS}
    ways = {name: functools.partial(run, x, one, one, y) for name, (x, y) in maps.items()}
    other = next(name for name in LAYOUTS if name != ORDERS[loop])
    return race(ways, repeats).slower(other, than=ORDERS[loop])
