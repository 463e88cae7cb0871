"""Loop nests as data: what tiles and loop orders move between memories, counted exactly, and a machine that runs them.

The names that are used from here; each lives in the module named for it.
"""

from labcore.loopnest.counts import Traffic, conv_traffic, matmul_traffic, traffic
from labcore.loopnest.machine import execute
from labcore.loopnest.nest import Level, Nest, conv_problem, matmul_problem

__all__ = (
    "Level",
    "Nest",
    "Traffic",
    "conv_problem",
    "conv_traffic",
    "execute",
    "matmul_problem",
    "matmul_traffic",
    "traffic",
)
