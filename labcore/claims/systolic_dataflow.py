"""Dataflow in an array: Table 5, the 2 x 2 example, what a PE does, and what it takes to feed one.

>>> from labcore.claims.ledger import claim
>>> claim("systolic-2x2-second-product").computed
6
"""

from __future__ import annotations

from functools import cache

import numpy as np

from labcore.catalogue import TPU_V4, arrays, execution
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Identity, Number, Range, Truth, Words
from labcore.systolic import DATAFLOWS, Run, cycles, simulate, traffic
from labcore.systolic.dataflows import find as dataflow

TEXT = "Text §Systolic arrays"
TWO = f"{TEXT} (2x2 example)"
TABLE, STEPS = "06_systolic_arrays#table-5", "06_systolic_arrays#two-by-two"
FEED, MOVES = "06_systolic_arrays#feeding", "06_systolic_arrays#what-moves"

shows(
    "systems-perspective-1-1", "Systems Perspective 1.1",
    "An array is wired for one operand to stay; which one decides what is read often and what once, and so which "
    "shapes it serves well.",
    TABLE,
)  # fmt: skip
shows("table-5-caption", "Table 5", "Three operands, so three choices of the one that stays.", TABLE)
shows(
    "table-5-row-weight-stationary", "Table 5",
    "B stays: each weight is read once for all rows of A, and long streams pay for the preload, as the many output "
    "positions of a convolution do.",
    TABLE,
)  # fmt: skip
shows(
    "table-5-row-output-stationary", "Table 5",
    "C stays: each result is written once, whatever K, while both inputs are read again for every tile of C.",
    TABLE,
)  # fmt: skip
shows(
    "table-5-row-input-stationary", "Table 5",
    "A stays: each activation is read once for all columns of B, however many weight matrices these come from.",
    TABLE,
)  # fmt: skip


@computes("systolic-dot-product-equation", "Equation (unnumbered, systolic dataflow)",
          Identity("C[i,j] = sum over k of A[i,k] B[k,j]"), "", STEPS)  # fmt: skip
def every_element_is_a_dot_product(M=2, K=3, N=2):
    """The array's results, beside the sums written out; in all three dataflows."""
    A, B = np.arange(M * K).reshape(M, K), np.arange(K * N).reshape(K, N)
    sums = [sum(int(A[i, k]) * int(B[k, j]) for k in range(K)) for i in range(M) for j in range(N)]
    made = np.stack([simulate(A, B, 2, 2, flow).C for flow in DATAFLOWS])
    return made.ravel().tolist(), sums * len(made)


@cache
def two_by_two(a00: int = 2, a01: int = 4, b00: int = 1, b01: int = 3) -> Run:
    """The page's 2 x 2 product, sums staying; the second rows, which the page leaves open, are ours."""
    return simulate(np.array([[a00, a01], [1, 5]]), np.array([[b00, b01], [6, 2]]), 2, 2, states=True)


@computes("systolic-2x2-first-product", TWO, Number("2"), "", STEPS)
def first_product(a00=2, b00=1):
    """The sum in PE(0, 0) after the first cycle."""
    return int(two_by_two(a00=a00, b00=b00).states[0].values["C"][0, 0])


@computes("systolic-2x2-second-product", TWO, Number("6"), "", STEPS)
def second_product(a00=2, b01=3):
    """The sum in PE(0, 1) after the second cycle."""
    return int(two_by_two(a00=a00, b01=b01).states[1].values["C"][0, 1])


@computes("systolic-2x2-third-operand", TWO, Number("2"), "", STEPS)
def second_operand_enters(i=0, j=0, k=1):
    """The cycle in which A[i, k] stands in PE(i, j), counted from 1."""
    A = np.arange((i + 1) * (k + 1)).reshape(i + 1, k + 1)
    run = simulate(A, np.ones((k + 1, j + 1), int), i + 1, j + 1, states=True)
    return next(s.cycle for s in run.states if s.present["A"][i, j] and s.values["A"][i, j] == A[i, k])


shows(
    "systolic-pe-steps", TEXT,
    "In a cycle a PE takes one operand from the left and one from above, adds their product to a sum that stays, and "
    "hands both on: output stationary.",
    STEPS,
)  # fmt: skip


@computes("systolic-pe-works-every-cycle", TEXT, Truth(words="each PE does a MAC in every cycle"), "", STEPS)
def all_busy_always():
    """Whether all four PEs of the 2 x 2 example are busy in every cycle."""
    return all(busy == 4 for busy in two_by_two().busy)


@all_busy_always.erratum
def waves_come_and_go():
    """In the page's own example the PEs busy in each cycle number {busy}: {macs} MACs in {cycles} cycles of 4 PEs.

    That is {share:.0%}. Would hold between the wave's arrival at the last corner and its end at the first.
    """
    run = two_by_two()
    return {"busy": ", ".join(map(str, run.busy)), "macs": run.macs, "cycles": run.cycles, "share": run.utilization}


@computes("figure-8-and-pe-steps", "Figure 8 and the text after the 2x2 example",
          Truth(words="the configuration shown in Figure 8 is that of the PE's four steps"), "", MOVES)  # fmt: skip
def figure_8_is_output_stationary(flow_of_figure="ws", flow_of_steps="os"):
    """Whether the operand that moves down is the same in Figure 8 (sums) and in the four steps (B)."""
    return dataflow(flow_of_figure).down == dataflow(flow_of_steps).down


@figure_8_is_output_stationary.erratum
def two_machines():
    """In Figure 8 {figure_down} moves down and {figure_stays} stays ({figure}); in the steps {steps_down} moves down.

    There {steps_stays} stays ({steps}). One array cannot do both at once. The steps also call A the weights, where
    Table 5 calls A the inputs. Would hold of either dataflow, if figure and steps showed the same one.
    """
    figure, steps = dataflow("ws"), dataflow("os")
    return {
        "figure": figure.name, "figure_down": figure.down, "figure_stays": figure.stays,
        "steps": steps.name, "steps_down": steps.down, "steps_stays": steps.stays,
    }  # fmt: skip


@cites("systolic-array-sizes", TEXT, Range("8", "32"), "", FEED)
def an_edge_array():
    """Rows, and columns, of a small array by default; arrays of 128 and more are those of the TPUs."""
    return arrays.GEMMINI_SIDE


def macs_per_cycle(rows: int, cols: int) -> int:
    """MACs in a cycle in which all PEs are busy, from the difference of two long runs."""
    short, long = (cycles(rows, K, cols, rows, cols) for K in (1000, 2000))
    return rows * cols * 1000 // (long - short)


@computes("systolic-16384-operations", TEXT, Number("16,384"), "", FEED)
def operations_per_cycle(rows=128, cols=128):
    """MACs in a full cycle; as FLOP they are twice as many."""
    return macs_per_cycle(rows, cols)


def edge_bandwidth(rows: int, cols: int, bytes_per_word: float, clock: float) -> float:
    """Bytes a second that enter an array whose lanes are all fed in every cycle, both operands streaming."""
    reads, _ = traffic(rows, 1000, cols, rows, cols)
    return sum(reads.values()) / 1000 * bytes_per_word * clock


@computes("systolic-feed-bandwidth", TEXT, Words("1,200 GB/s enable high utilization", most=1200), "GB/s", FEED)
def one_array_fed(rows=128, cols=128, bytes_per_word=2, clock=execution.TPU_V4_CLOCK.value):
    """Operands that one array takes in at its edge in a second: 256 words a cycle."""
    return edge_bandwidth(rows, cols, bytes_per_word, clock)


@computes("systolic-feed-bandwidth-chip", TEXT, Words("each cycle's operands come from off-chip memory", most=1200),
          "GB/s", FEED)  # fmt: skip
def all_arrays_fed(rows=128, cols=128, bytes_per_word=2, clock=execution.TPU_V4_CLOCK.value, cores=2, mxu_per_core=4):
    """Operands that all eight arrays of a TPU v4 take in at their edges in a second."""
    return cores * mxu_per_core * edge_bandwidth(rows, cols, bytes_per_word, clock)


@all_arrays_fed.erratum
def on_chip_reuse():
    """The chip has {arrays:.0f} such arrays, which together take in {edge:.0f} GB/s where the memory gives {BW:.0f}.

    So each word from memory must enter an array {times:.1f} times from on-chip buffers: the array's own reuse of 128
    does not feed the chip by itself. Would hold of one array: it takes in less than the memory gives.
    """
    count = execution.TPU_V4_CORES.value * execution.TPU_V4_MXUS.value
    edge = all_arrays_fed()
    return {"arrays": count, "edge": edge * 1e-9, "BW": TPU_V4.BW * 1e-9, "times": edge / TPU_V4.BW}


@cites("tpuv4-bandwidth", TEXT, Number("1,200"), "GB/s", FEED)
def tpu_v4_bandwidth():
    """Memory bandwidth of the TPU v4."""
    return TPU_V4.bandwidth
