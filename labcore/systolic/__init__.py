"""Systolic arrays: a grid of processing elements (PEs) through which operands pulse, one neighbour a cycle.

Three accounts of the same machine, which tests hold against each other: `simulate` moves every register and counts
what it sees, `stream` steps all PEs on skewed operands, fast, and `gemm` takes counts from closed forms and numbers
from BLAS. A is (M, K), B is (K, N), C is (M, N).

>>> import numpy as np
>>> from labcore.systolic import cycles, simulate
>>> run = simulate(np.array([[2, 4], [1, 5]]), np.array([[1, 3], [6, 2]]), rows=2, cols=2)
>>> run.C.tolist(), run.cycles == cycles(2, 2, 2, rows=2, cols=2)
([[26, 14], [31, 13]], True)
"""

from labcore.systolic.dataflows import DATAFLOWS, Dataflow
from labcore.systolic.energy import energy_per_mac, reuse
from labcore.systolic.fast import gemm, stream
from labcore.systolic.formulas import coverage, cycles, occupancy, scalesim_cycles, traffic, utilization
from labcore.systolic.layers import layer_cycles, network_cycles
from labcore.systolic.machine import simulate
from labcore.systolic.run import Run, State
from labcore.systolic.tiles import tiled_matmul

__all__ = [
    "DATAFLOWS", "Dataflow", "Run", "State", "coverage", "cycles", "energy_per_mac", "gemm", "layer_cycles",
    "network_cycles", "occupancy", "reuse", "scalesim_cycles", "simulate", "stream", "tiled_matmul", "traffic",
    "utilization",
]  # fmt: skip
