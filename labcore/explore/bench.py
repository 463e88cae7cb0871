"""How long an explorer takes from a moved control to the new picture, widgets included."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from labcore.explore.explorer import Explorer
from labcore.explore.roofline import batch_explorer, chip_explorer, roofline_explorer
from labcore.units import Seconds

LIMIT: Seconds = 0.050  # what a hand on a slider takes for at once
EXPLORERS: tuple[Callable[[], Explorer], ...] = (roofline_explorer, batch_explorer, chip_explorer)


def redraw_time(
    make: Callable[[], Explorer], repeats: int = 31, pick: Callable[[list[Seconds]], Seconds] = statistics.median
) -> Seconds:
    """Time in the kernel of a move of the batch: data, drawing, png and the widgets' new state; the median of repeats.

    >>> 0 < redraw_time(roofline_explorer, repeats=3) < 10
    True
    """
    explorer = make()
    explorer._repr_mimebundle_()  # from here on there are widgets to keep up to date
    times = []
    for k in range(repeats):
        start = time.perf_counter()
        explorer.set(batch=2 ** (k % 10))
        times.append(time.perf_counter() - start)
    return pick(times)


def redraw_times() -> dict[str, Seconds]:
    """The median redraw time of every explorer, by name."""
    return {make.__name__: redraw_time(make) for make in EXPLORERS}
