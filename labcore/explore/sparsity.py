"""Explorers of lab 05: formats and patterns of zeros."""

from __future__ import annotations

from labcore.explore import pruning, sparse_bytes
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer


def format_explorer(**start: object) -> Explorer:
    """Bytes of one matrix in five formats over its density.

    >>> format_explorer(density=50.0).sentence.split(": ")[1].split("; ")[0]
    'bitmap is smallest with 18.9 MB'
    """
    return Explorer(
        question="Below which density does an index for each value pay, and when one for a whole block?",
        shows="Log-log plot of the bytes of a matrix relative to dense storage over its density, a line for each of "
        "five formats, a dot on each at the density chosen.",
        controls=[
            Real("density", "Nonzeros (%)", 0.1, 100.0, 10.0, step=0.1),
            Choice("values", "Values", ("fp32", "fp16", "int8", "int4"), "fp16"),
            Choice("index", "An index takes", tuple(sparse_bytes.INDICES), "32 bits"),
            Choice("block", "Blocks", tuple(sparse_bytes.BLOCKS), "4 x 4"),
            Choice("zeros", "Nonzeros stand", sparse_bytes.PLACES, "anywhere"),
        ],
        build=sparse_bytes.build,
        update=sparse_bytes.update,
        describe=sparse_bytes.describe,
        start=start,
    )


def pruning_explorer(**start: object) -> Explorer:
    """One matrix pruned under three patterns: what stays of its norm, and what a grid gains.

    >>> pruning_explorer().sentence.split("; ")[0]
    '2:4 on 32 lanes: 93.2 % of the norm in 56.2 % of the fp16 bytes, 2.00x'
    """
    return Explorer(
        question="How much of the norm does a pattern cost, and how much speed does it bring on how many lanes?",
        shows="Two plots over the share of weights kept: at the left the share of the norm that stays, at the right "
        "the speed-up of a grid on a log axis, a line for each of three patterns.",
        controls=[
            Choice("m", "Of each m", pruning.GROUPS, "4"),
            Choice("n", "Keep n", pruning.counts, "2", follows="m"),
            Whole("lanes", "Lanes", 1, 128, 32, log2=True),
        ],
        build=pruning.build,
        update=pruning.update,
        describe=pruning.describe,
        start=start,
    )


EXPLORERS = (format_explorer, pruning_explorer)
