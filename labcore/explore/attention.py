"""Explorers of lab 13: what attention moves, by sequence length."""

from __future__ import annotations

from labcore.explore import attention_traffic as traffic
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def attention_explorer(**start: object) -> Explorer:
    """One head of attention over its length: traffic above, least time below, scores written out beside tiles.

    >>> attention_explorer().sentence.split("; ")[1]
    'tiled in 128 KiB, 434 queries a block: 11.5 MB, 11.8 times fewer bytes'
    """
    return Explorer(
        question="Which is the smallest scratchpad in which tiles move fewer bytes than scores written out, at every "
        "length? How does it change when the head is twice as wide?",
        shows="Two log-log plots over the sequence length, for scores written out and for tiles: traffic, with the "
        "least that any way moves, and below it the least time on the chip. Written out, a causal mask is a fourth "
        "kernel; tiles skip the blocks that it hides.",
        controls=[
            Choice("chip", "Chip", traffic.CHIPS, "A100"),
            Choice("precision", "Precision", traffic.precisions, "fp16", follows="chip"),
            Choice("d", "Head width d", traffic.WIDTHS, "64"),
            Whole("scratchpad", "Scratchpad (KiB)", 4, 256, 128, log2=True),
            Choice("mask", "Mask", traffic.MASKS, "none"),
            Whole("length", "Length N", traffic.N_LOW, traffic.N_MAX, 4096, log2=True),
        ],
        build=traffic.build,
        update=traffic.update,
        describe=traffic.describe,
        size=(6.4, 4.8),
        start=start,
    )


EXPLORERS = (attention_explorer,)
