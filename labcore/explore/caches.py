"""An explorer of caches under access patterns."""

from __future__ import annotations

from labcore.explore import miss_map
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def cache_explorer(**start: object) -> Explorer:
    """Reads of a matrix in some order through a cache: which of them miss, why, and how many bytes that moves.

    >>> cache_explorer(pattern="by rows").sentence.split("; ")[2]
    '16,384 B fetched for 16,384 B of matrix (1.00 times), 100 % of them used before their line leaves'
    >>> cache_explorer(pattern="by columns").sentence.split("; ")[2]
    '262,144 B fetched for 16,384 B of matrix (16.0 times), 6.25 % of them used before their line leaves'
    """
    return Explorer(
        question="The matrix is read by columns, and each byte is fetched 16 times. Which single changes bring that "
        "down to once? And which pairs of changes, if the order has to stay and the cache below 16 KiB?",
        shows="A square map of a matrix, each element shaded by what its read met: hit light grey, compulsory miss "
        "light blue, capacity miss vermillion, conflict miss black. Beside it a bar for the share of each.",
        controls=[
            Choice("pattern", "Read", miss_map.PATTERNS, "by columns"),
            Choice("layout", "Layout", miss_map.LAYOUTS, "packed"),
            Whole("N", "Side N", 8, miss_map.N_MAX, miss_map.N_MAX),
            Choice("capacity", "Cache", tuple(miss_map.CAPACITIES), "2 KiB"),
            Choice("line", "Line", tuple(miss_map.LINES), "64 B"),
            Choice("ways", "Ways", miss_map.WAYS, "4"),
        ],
        build=miss_map.build,
        update=miss_map.update,
        describe=miss_map.describe,
        start=start,
    )


EXPLORERS = (cache_explorer,)
