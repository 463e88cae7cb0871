"""Explorers of lab 14: tiles, capacities and the roofline."""

from __future__ import annotations

from labcore.explore import tile_map, tile_room
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.explore.roofline import machine
from labcore.mapping.matmul import ORDERS


def landscape_explorer(**start: object) -> Explorer:
    """What every tile of C moves under one loop order; `start` sets controls at the outset.

    >>> landscape_explorer(buffer=1 << 22).sentence.split("; ")[1]
    'best 1 x 1024 x 1024, 3,145,728 words, 1.00 times the bound of 3,145,728'
    """
    return Explorer(
        question="Where does the valley lie, and when is a square tile not at its bottom?",
        shows="A map with the rows and columns of a tile of C on logarithmic sides, lighter where fewer words move, "
        "grey where no tile fits; a frame marks the best tile, a cross the cube that sqrt(S / 3) suggests.",
        controls=[
            Choice("M", "Rows M", tile_map.SIDES, "1024"),
            Choice("K", "Inner K", tile_map.SIDES, "1024"),
            Choice("N", "Columns N", tile_map.SIDES, "1024"),
            Whole("buffer", "Buffer (words)", 16, 1 << 22, 16384, log2=True),
            Choice("order", "Loops, outer first", ORDERS, "MNK"),
        ],
        build=tile_map.build,
        update=tile_map.update,
        describe=tile_map.describe,
        size=(6.0, 4.8),
        start=start,
    )


def room_explorer(**start: object) -> Explorer:
    """A tile's room in a scratchpad and the share of a chip's peak that its loads allow.

    >>> room_explorer(t=204, depth=1, operands="once").sentence.split(": ")[1].split("; ")[0]
    '163.4 KiB of 164 KiB, fits (at most t = 204)'
    """
    return Explorer(
        question="Is there a tile that reaches the peak and fits, and what does holding A and B twice cost?",
        shows="Two plots over the side of a tile of C on a log axis: the share of the peak that its loads allow, with "
        "A and B held once and twice, and below it the room it takes over the capacity, sums at 4 B or more.",
        controls=[
            *machine(),
            Whole("KiB", "Scratchpad (KiB)", 1, 65536, 164, log2=True),
            Whole("t", "Tile side t", 1, tile_room.T_MAX, 128, log2=True),
            Whole("depth", "Depth", 1, 256, 32, log2=True),
            Choice("operands", "Hold A and B", tuple(tile_room.BUFFERS), "twice"),
        ],
        build=tile_room.build,
        update=tile_room.update,
        describe=tile_room.describe,
        size=(6.4, 4.4),
        start=start,
    )


EXPLORERS = (landscape_explorer, room_explorer)
