"""Explorers of the compiler: what passes save, which kernel a shape wants, where buffers lie."""

from __future__ import annotations

from labcore.explore import compiler_choice, compiler_memory, compiler_passes
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer


def pass_explorer(**start: object) -> Explorer:
    """A network before and after the passes that are on: launches, bytes, and time by part.

    >>> "174 launches become 56" in pass_explorer().sentence
    True
    """
    return Explorer(
        question="Fold, or fuse: which switch alone saves more? Which network has nothing to fold? When are "
        "conversions worse than no compiler? From which batch on are launches, each waiting, less than a tenth?",
        shows="Four bars in percent of the network as defined: launches, bytes moved, the time as defined and the time "
        "compiled, the times by part: arithmetic, memory, conversions, launches.",
        controls=[
            Choice("network", "Network", tuple(compiler_passes.NETWORKS), "ResNet-50"),
            Whole("batch", "Batch", 1, 256, 1, log2=True),
            Choice("chip", "Chip", tuple(compiler_passes.CHIPS), "A100"),
            Choice("norms", "Batch norms", tuple(compiler_passes.NORMS), "folded"),
            Choice("epilogues", "Element-wise", tuple(compiler_passes.EPILOGUES), "fused"),
            Choice("layout", "Layouts", compiler_passes.LAYOUTS, "not counted"),
            Choice("launches", "Launches", compiler_passes.LAUNCHES, "each waits"),
        ],
        build=compiler_passes.build,
        update=compiler_passes.update,
        describe=compiler_passes.describe,
        start=start,
    )


def selection_explorer(**start: object) -> Explorer:
    """A product of any shape: the rule's kernel beside the best ones.

    >>> "the rule takes tensor GEMM" in selection_explorer().sentence
    True
    """
    return Explorer(
        question="One step from K = 1024 to 1025: what does the rule do, and what should it do? Where does the best "
        "kernel cut K in parts? What does the rule lose at 2048 rows of 4096, and what at 2049?",
        shows="Predicted times over the rows of the first matrix: the best kernel on the vector units, the best on the "
        "tensor cores, and the one that the rule takes.",
        controls=[
            Whole("M", "Rows M", 1, compiler_choice.MOST, 128, log2=True),
            Whole("K", "Inner size K", 64, compiler_choice.MOST, 1024, log2=True),
            Whole("N", "Columns N", 64, compiler_choice.MOST, 1024, log2=True),
            Choice("chip", "Chip", compiler_choice.CHIPS, "A100"),
            Choice("launches", "Launches", tuple(compiler_choice.COUNTED), "hidden"),
        ],
        build=compiler_choice.build,
        update=compiler_choice.update,
        describe=compiler_choice.describe,
        start=start,
    )


def memory_explorer(**start: object) -> Explorer:
    """Where every buffer of a network lies, over the running order.

    >>> "0.0 % over the bound" in memory_explorer().sentence
    True
    """
    return Explorer(
        question="Which order of placing misses the bound, and in which network most? Do the passes lower the bound, "
        "or only the number of buffers? What does the batch change?",
        shows="A rectangle for each buffer, from the kernel that writes it to the last that reads it, at its address; "
        "those live at one step are hatched, and the most bytes live at once are a dashed line.",
        controls=[
            Choice("network", "Network", tuple(compiler_passes.NETWORKS), "ResNet-50"),
            Choice("graph", "Graph", compiler_memory.GRAPHS, "after the passes"),
            Choice("strategy", "Placed", tuple(compiler_memory.STRATEGIES), "largest first"),
            Choice("in_place", "Writing over", compiler_memory.IN_PLACE, "allowed"),
            Whole("batch", "Batch", 1, 64, 1, log2=True),
            Whole("at", "Look at, %", 0, 100, 10, step=2),
        ],
        build=compiler_memory.build,
        update=compiler_memory.update,
        describe=compiler_memory.describe,
        start=start,
    )


EXPLORERS = (pass_explorer, selection_explorer, memory_explorer)
