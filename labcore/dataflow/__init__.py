"""What stays put: weight, output, input and row stationary as loop orders of one table.

The names that are used from here; each lives in the module named for it.
"""

from labcore.dataflow.layers import problem_of
from labcore.dataflow.least import (
    BUFFERS,
    HYBRID,
    best,
    counts,
    loops_that_turn,
    resnet50_sweep,
    search,
    sweep,
    totals,
)
from labcore.dataflow.table import DATAFLOWS, STATIONARY, orders

__all__ = (
    "BUFFERS", "DATAFLOWS", "HYBRID", "STATIONARY", "best", "counts", "loops_that_turn", "orders", "problem_of",
    "resnet50_sweep", "search", "sweep", "totals",
)  # fmt: skip
