"""Explorers of lab 13: which operations share a trip through memory, and who counts what."""

from __future__ import annotations

from labcore.explore import fusion_counts, fusion_plan
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def fusion_counting_explorer(**start: object) -> Explorer:
    """A chain of element-wise operations, counted in two ways: apart over fused.

    >>> fusion_counting_explorer().sentence.split("; ")[-1]
    '4 to one, two different counts'
    """
    return Explorer(
        question="The chapter says 4x. Which other pairs of counts say 4 for a chain of three? Which ratios grow with "
        "the chain when both sides are counted alike, and which never grow or soon stop?",
        shows="The ratio of two counts over the length of a chain, from one to eight operations, with the counts like "
        "for like as dashed lines.",
        controls=[
            Whole("steps", "Operations", 1, fusion_counts.MOST, 3),
            Choice("apart", "Apart: count", tuple(fusion_counts.COUNTS), "all tensors held"),
            Choice("fused", "Fused: count", tuple(fusion_counts.COUNTS), "the result alone"),
        ],
        build=fusion_counts.build,
        update=fusion_counts.update,
        describe=fusion_counts.describe,
        start=start,
    )


def fusion_planner_explorer(**start: object) -> Explorer:
    """A graph cut into kernels: what each moves, what all take on a chip, with launches.

    >>> fusion_planner_explorer().sentence.split(", ")[2]
    'kernels of a library'
    """
    return Explorer(
        question="When does a kernel with a reduction read its input once? For which graph do fewer launches move more "
        "bytes than the least, and are they slower? Below how many rows do launches take more than half of the time?",
        shows="A row of bars for each kernel of a graph in FP32: bytes read, written and spilled, as a share of what "
        "the operations move one by one. The first two graphs have as many columns as rows.",
        controls=[
            Choice("graph", "Graph", tuple(fusion_plan.GRAPHS), "end of a transformer block"),
            Choice("how", "Kernels", fusion_plan.CUTS, "kernels of a library"),
            Whole("rows", "Rows", 16, 4096, 1024, log2=True),
            Whole("registers", "Registers", 3, 16, 8),
            Whole("scratchpad", "On chip, KiB", 0, 160, 64, step=4),
            Choice("chip", "Chip", tuple(fusion_plan.CHIPS), "A100"),
        ],
        build=fusion_plan.build,
        update=fusion_plan.update,
        describe=fusion_plan.describe,
        start=start,
    )


EXPLORERS = (fusion_counting_explorer, fusion_planner_explorer)
