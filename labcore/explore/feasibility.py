"""Explorers of lab 20: whether a chip can run it and what binds, and where the cache fills the memory."""

from __future__ import annotations

from labcore.explore import cache_room, can_run
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def can_run_explorer(**start: object) -> Explorer:
    """Memory, time and power of a model on some chips against their limits; the cheapest cure when asked for.

    >>> can_run_explorer(form="int4 weights").sentence.split(": ")[1].split(",")[0]
    'yes'
    """
    return Explorer(
        question="Which change makes it run: fewer bits, more chips, a smaller batch, another chip?",
        shows="Three horizontal bars, memory, time and power, as shares of their limits on a logarithmic axis with a "
        "line at 100 percent; below, one bar of what the memory of a chip holds.",
        controls=[
            Choice("model", "Model", can_run.MODELS, "llama3-70b"),
            Choice("chip", "Chip", tuple(can_run.SHOWN), "H100"),
            Choice("chips", "Chips", can_run.counts, "1", follows="chip"),
            Choice("form", "Format", can_run.formats, "16-bit", follows="chip"),
            Whole("batch", "Batch", 1, 256, 1, log2=True),
            Whole("context", "Context", 128, 131072, 8192, log2=True),
            Whole("target", "Target, ms", 1, 200, 50),
            Whole("power", "Power limit, W", 64, 16384, 4096, log2=True),
            Choice("cure", "Cheapest cure", can_run.ASKED, "not asked"),
        ],
        build=can_run.build,
        update=can_run.update,
        describe=can_run.describe,
        start=start,
    )


def cache_explorer(**start: object) -> Explorer:
    """The largest batch that fits one chip at each context, and where the cache outgrows the weights.

    >>> "a batch of 49 is the most" in cache_explorer().sentence
    True
    """
    return Explorer(
        question="From which batch and context on does the cache decide, and what do fewer bits give?",
        shows="Two falling lines over the context on logarithmic axes: the largest batch that fits, and the batch at "
        "which the cache is as large as the weights; a dot at the chosen batch and context.",
        controls=[
            Choice("model", "Model", cache_room.MODELS, "llama3-8b"),
            Choice("chip", "Chip", tuple(can_run.SHOWN), "A100"),
            Choice("form", "Format", can_run.formats, "16-bit", follows="chip"),
            Whole("context", "Context", 128, 131072, 8192, log2=True),
            Whole("batch", "Batch", 1, 2048, 64, log2=True),
        ],
        build=cache_room.build,
        update=cache_room.update,
        describe=cache_room.describe,
        start=start,
    )


EXPLORERS = (can_run_explorer, cache_explorer)
