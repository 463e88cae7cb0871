"""Explorers of lab 10: loop orders and tiles access by access, and the size of the space they are chosen from."""

from __future__ import annotations

from labcore.explore import loop_order, mapping_space
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.mapping.matmul import ORDERS


def order_explorer(**start: object) -> Explorer:
    """A small product under a loop order and a tile: which elements are held, fetched, written, access by access.

    >>> order_explorer(order="MNK", mac=5).sentence.split(". ")[1]
    'Multiply-accumulate 5 of 64, step 5 of 64: A (0,0) in, B (0,1) in, C (0,0) out'
    """
    return Explorer(
        question="Which order and tile move the fewest words? Step with the arrow keys in the last box.",
        shows="Three grids of 4 by 4 squares for A, B and C. Squares in a thick frame are held, tinted ones came in at "
        "this step, and a number in each counts how often it has moved; the loops stand below.",
        controls=[
            Choice("order", "Order", ORDERS, "MNK"),
            Choice("tm", "Tile of M", loop_order.TILES, "1"),
            Choice("tk", "Tile of K", loop_order.TILES, "1"),
            Choice("tn", "Tile of N", loop_order.TILES, "1"),
            Whole("mac", "MAC", 1, loop_order.PROBLEM.macs, 6),
        ],
        build=loop_order.build,
        update=loop_order.update,
        describe=loop_order.describe,
        start=start,
    )


def space_explorer(**start: object) -> Explorer:
    """The chapter's formulas beside the mappings of one product, enumerated.

    >>> space_explorer().sentence.split(", ")[0]
    '7 loops'
    """
    return Explorer(
        question="How many choices are there, and how many of them make a difference?",
        shows="Seven horizontal bars on two log axes: orders, ways to spread, memory placements and all together by "
        "formula above; below, the mappings of one product, those that fit a buffer, and those that differ in words "
        "moved.",
        controls=[
            Whole("loops", "Loops", 3, 7, 7),
            Whole("memories", "Memories", 1, 3, 1),
            Whole("choices", "Choices of a place", 2, 6, 4),
            Whole("spread", "Spread loops", 1, 3, 3),
            Choice("side", "Product side", mapping_space.SIDES, "16"),
            Whole("buffer", "Buffer, words", 4, 8192, 64, log2=True),
        ],
        build=mapping_space.build,
        update=mapping_space.update,
        describe=mapping_space.describe,
        start=start,
    )


EXPLORERS = (order_explorer, space_explorer)
