"""Explorers of lab 04: the sectors of a warp, the sides of a branch, the tiles of a product."""

from __future__ import annotations

from labcore.explore import coalescing, divergence, tiles
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def coalescing_explorer(**start: object) -> Explorer:
    """The sectors of 32 B that a load of one warp touches.

    >>> coalescing_explorer(stride=8)
    32 lanes read 4 B each, stride 8, from byte 0: 32 sectors, 1024 B moved for 128 B used, 12.5 %
    """
    return Explorer(
        question="From which stride on does it not matter any more how far apart the lanes read?",
        shows="Above, 16 KiB of memory as sectors of 32 B, grey where nothing is read, blue and darker the more of a "
        "sector is read. Below, the number of sectors over the stride.",
        controls=[
            Whole("stride", "Stride", 0, 32, 1),
            Choice("size", "Element (B)", coalescing.SIZES, "4"),
            Whole("offset", "First byte", 0, 64, 0),
        ],
        build=coalescing.build,
        update=coalescing.update,
        describe=coalescing.describe,
        size=(6.4, 4.6),
        start=start,
    )


def divergence_explorer(**start: object) -> Explorer:
    """A branch in eight warps: which lanes take it, and what the warps issue.

    >>> divergence_explorer(taking=128, pattern="in a row").sentence.split("; ")[1]
    '0 of 8 warps diverge'
    """
    return Explorer(
        question="With the same number of threads on each side, how much can their arrangement cost?",
        shows="Left, the lanes of eight warps, dark where they take the first side of a branch. Right, bars of the "
        "instructions that each warp issues; a dashed line where a machine without warps would end.",
        controls=[
            Whole("taking", "Threads that take it", 0, divergence.THREADS, 64),
            Choice("pattern", "Arranged", divergence.PATTERNS, "evenly spread"),
            Whole("first", "First side", 1, divergence.LONGEST, 16),
            Whole("second", "Second side", 0, divergence.LONGEST, 8),
        ],
        build=divergence.build,
        update=divergence.update,
        describe=divergence.describe,
        start=start,
    )


def tile_explorer(**start: object) -> Explorer:
    """A matrix product cut into the tiles of a matrix unit.

    >>> tile_explorer(M=500, N=500, K=500, tile="wmma, fp16").sentence.split(", ")[-1]
    '93.1 % useful'
    """
    return Explorer(
        question="Beyond the first tile, which number of rows is the worst, and what would one row less do to it?",
        shows="Left, the output of a product in its tiles, padding hatched. Right, the useful share of the work over "
        "the number of rows, a saw-tooth.",
        controls=[
            Choice("tile", "Tile", tuple(tiles.TILES), "mma, fp16"),
            Whole("M", "Rows M", 1, tiles.LARGEST, 300),
            Whole("N", "Columns N", 1, tiles.LARGEST, 500),
            Whole("K", "Depth K", 1, tiles.LARGEST, 64),
        ],
        build=tiles.build,
        update=tiles.update,
        describe=tiles.describe,
        start=start,
    )


EXPLORERS = (coalescing_explorer, divergence_explorer, tile_explorer)
