"""The AI memory wall: energy, balance, divergence (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("footnote-27-dram-vs-int8").computed > 20000
True
"""

from __future__ import annotations

from labcore.catalogue import A100, H100, H200, V100, memory
from labcore.catalogue.arrays import DRAM_WORD
from labcore.catalogue.specialization import TPU_ABSTRACT
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import HUNDREDS, Each, Identity, Number, Range, Truth, Words, on_the_order_of
from labcore.energy import access_energy
from labcore.latency import cycles_in
from labcore.precision import bytes_per_element
from labcore.precision.cost import operation_energy
from labcore.roofline import attainable, ridge
from labcore.scaling import times

LAB = "08_memory_systems"
ENERGY, BALANCE = f"{LAB}#energy-wall", f"{LAB}#balance"
GAP = "Text §Compute-memory gap"
TURN = "Text §Hardware balance"
PEAK_B200, BANDWIDTH_B200 = 2250e12, 8e12  # the chapter's B200; the catalogue's has 7.7 TB/s
# A word from DRAM is 640 pJ here, the chapter's 20 pJ a bit: 128 of Figure 9 is 640 over 5. The table behind
# `access_energy` has 1.3 nJ for 64 bits, 650 pJ a word; no verdict turns on the difference.


@cites("memory-hundreds-of-tflops", "Text §AI Memory Systems", Words("hundreds", *HUNDREDS), "TFLOP/s", BALANCE)
def hundreds_of_tflops():
    """Peak of a modern accelerator at half precision, the A100's."""
    return A100.peaks["fp16"]


shows(
    "def-1-4-ai-memory-wall", "Definition 1.4",
    "Where arithmetic outgrows bandwidth, the time to move the data is the larger term of the time to run; more "
    "capacity changes nothing about that.",
    BALANCE,
)  # fmt: skip


@cites("von-neumann-year", "Text §Understanding the AI memory wall", Number("1945"), "year", ENERGY)
def von_neumann():
    """Year of the report that put program and data into one memory, apart from the arithmetic."""
    return memory.VON_NEUMANN


@computes("footnote-27-dram-vs-int8", "Footnote 27", Words("over 20,000", least=20_000), "x", ENERGY)
def dram_over_int8(E_dram=DRAM_WORD.value):
    """A 32-bit word from DRAM over an INT8 addition, both at 45 nm; the operand is a quarter of that word."""
    return times(E_dram, operation_energy("add", "int8"))


@computes("figure-9-dram-sram-ratio", "Figure 9", Number("128"), "x", ENERGY)
def dram_over_sram(E_dram=DRAM_WORD.value, word=4):
    """A word of four bytes from DRAM over one from an SRAM of 8 KiB."""
    return times(E_dram, access_energy("SRAM 8 KiB", word))


@computes("figure-9-dram-int8-ratio", "Figure 9", Words("about 20,000", least=15_000, most=25_000, number=20_000), "x",
          ENERGY)  # fmt: skip
def dram_over_int8_in_the_figure(E_dram=DRAM_WORD.value, fmt="int8"):
    """The figure's bars, a word from DRAM over the cheapest addition."""
    return times(E_dram, operation_energy("add", fmt))


shows(
    "figure-9-energy-hierarchy", "Figure 9",
    "Energies of an addition, a multiplication and of words from three memories on one logarithmic axis; lab 08 draws "
    "two processes side by side.",
    ENERGY,
)  # fmt: skip


@cites("h100-fp16-peak", GAP, Number("989"), "TFLOP/s", BALANCE)
def h100_fp16():
    """Dense half-precision peak of the H100."""
    return H100.peaks["fp16"]


@computes("h100-fp8-peak-dense", GAP, Words("nearly 2,000", least=1900, most=2000, number=2000), "TFLOP/s",
          BALANCE)  # fmt: skip
def h100_fp8(R_fp16=989e12):
    """Peak at a byte an element: as often the half-precision peak as a byte goes into its elements."""
    return R_fp16 * bytes_per_element("fp16") / bytes_per_element("fp8")


@cites("h100-bandwidth", GAP, Number("3.35"), "TB/s", BALANCE)
def h100_bandwidth():
    """Memory bandwidth of the H100, SXM module."""
    return H100.bandwidth


@computes("h100-flop-per-byte-order", GAP, Words("on the order of 10^2", *on_the_order_of(100)), "FLOP/B", BALANCE)
def flop_a_byte(R_fp16=989e12, peak_fp8=1979e12, BW=H100.BW):
    """Ridge points of the H100 at the two peaks that the sentence before gives, FP16 and FP8."""
    return [ridge(R_fp16, BW), ridge(peak_fp8, BW)]


@flop_a_byte.rounding
def in_fp16():
    """In FP16 the ridge is {value:.0f} FLOP/B, nearest to 10^2; in FP8 it is twice that, by logarithm near 10^3."""
    return ridge(989e12, H100.BW)


@cites("compute-vs-dram-two-decades", GAP, Words("two decades", least=20, most=20), "year", BALANCE)
def two_decades():
    """Years over which peak FLOP/s grew 3.0x and DRAM bandwidth 1.6x every two years."""
    return memory.DECADES["years"]


@computes("peak-order-1e3-tflops", GAP, Number("3"), "log10(TFLOP/s)", BALANCE)
def order_of_the_peak(R_peak=989e12, BW=H100.BW):
    """What the H100 attains where memory does not bind, at 1000 FLOP/B."""
    return attainable(R_peak, BW, 1000)


@computes("offchip-hundreds-of-cycles", GAP, Words("hundreds", *HUNDREDS), "", BALANCE)
def off_chip_cycles(L_lat=100e-9, clock=2e9):
    """Cycles that a load from DRAM takes: 100 ns at 2 GHz (a V100 measures 436)."""
    return cycles_in(L_lat, clock)


@computes("eq-ridge-point", "Equation (unnumbered, hardware balance)", Identity("I_ridge = R_peak / BW"), "FLOP/B",
          BALANCE)  # fmt: skip
def ridge_equation(R_peak=312e12, BW=A100.BW):
    """The ridge point, beside the intensity at which the slope of the memory has climbed to the peak."""
    return ridge(R_peak, BW), attainable(R_peak, BW, 1e9) / BW


@computes("ridge-h100-150-300", TURN, Words("about 150 to 300", least=145, most=305, number=(150, 300)), "FLOP/B",
          BALANCE)  # fmt: skip
def h100_balance(R_tf32=494.5e12, R_fp16=989e12, BW=H100.BW):
    """Ridge points of the H100 in TF32 and in FP16."""
    return [ridge(R_tf32, BW), ridge(R_fp16, BW)]


@computes("ridge-tinyml-below-10", TURN, Words("below 10", most=10), "FLOP/B", BALANCE)
def microcontroller_balance(
    operations=memory.CORTEX_M4["operations a cycle"].value, loaded=memory.CORTEX_M4["bytes a cycle"].value
):
    """A Cortex-M4: operations a cycle over bytes a cycle from its own SRAM; integer operations, not FLOP."""
    return ridge(operations, loaded)


@computes("figure-10-widening-year-over-year", "Figure 10", Truth(words="the gap widens year over year"), "", BALANCE)
def gap_widens(R_h100=989e12, BW_h100=H100.BW, BW_h200=H200.BW):
    """From one chip to the next the ridge point rises: the H200 has the H100's peak and faster memory."""
    return ridge(R_h100, BW_h200) > ridge(R_h100, BW_h100)


@gap_widens.erratum
def gap_narrows_too():
    """Peak and bandwidth do not part every year.

    From the H100 to the H200 the ridge point falls from {before:.0f} to {after:.0f} FLOP/B, and the chapter's own B200,
    2250 TFLOP/s over 8 TB/s, stands at {b200:.0f}, below the H100. Would hold of the trend over more than one
    generation: the V100 of 2017 stands at {v100:.0f}.
    """
    return {
        "before": H100.ridge("fp16"), "after": H200.ridge("fp16"), "b200": ridge(PEAK_B200, BANDWIDTH_B200),
        "v100": V100.ridge("fp16"),
    }  # fmt: skip


shows(
    "figure-10-compute-bandwidth-divergence", "Figure 10",
    "An illustrative curve of compute rises faster than one of bandwidth; beside it lab 08 draws what chips of the "
    "catalogue have, each quantity on its own axis.",
    BALANCE, Each("2000", "2025"), "year",
)  # fmt: skip


@computes("figure-11-rising-ridge", "Figure 11", Words("rises to H100, high on B200", least=1), "x", BALANCE)
def rising_ridge(
    R_v100=125e12, BW_v100=0.9e12, R_a100=312e12, BW_a100=2.039e12, R_h100=989e12, BW_h100=3.35e12,
    peak_b200=PEAK_B200, bandwidth_b200=BANDWIDTH_B200,
):  # fmt: skip
    """Ridge points of the chapter's chips: A100 over V100, H100 over A100, and, for "high", B200 over A100."""
    v100, a100, h100 = ridge(R_v100, BW_v100), ridge(R_a100, BW_a100), ridge(R_h100, BW_h100)
    return [times(a100, v100), times(h100, a100), times(ridge(peak_b200, bandwidth_b200), a100)]


@cites("tpuv1-perf-per-watt-restated", GAP, Range("30", "80"), "x", ENERGY)
def tpu_v1_per_watt():
    """Least gain in operations per watt of the TPU v1 beside the CPU and GPU of its time; the paper gives 30 to 80."""
    *_speed, least, _most = TPU_ABSTRACT
    return least
