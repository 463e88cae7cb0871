"""The chapter's opening: what acceleration and co-design are, and what they gain.

>>> from labcore.claims.ledger import claim
>>> claim("def-1-1-a100-cpu-gap").computed
[156.0, 312.0]
"""

from __future__ import annotations

from labcore.catalogue import A100, SAPPHIRE_RAPIDS, chip
from labcore.catalogue.acceleration import HASWELL_PEAK, MAIN_MEMORY_LATENCY, TRANSISTORS
from labcore.catalogue.facts import Fact
from labcore.catalogue.history import pipeline_peak
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import THOUSANDS, Each, Number, Range, Words
from labcore.ironlaw import terms
from labcore.precision import bytes_per_element
from labcore.scaling import times

LAB = "01_acceleration_wall"
FETCH, DEFINITIONS = f"{LAB}#one-fetch", f"{LAB}#definitions"
INT8, TF32, VECTOR = (A100.peak(precision) for precision in ("int8", "tf32", "fp32"))
AMX = SAPPHIRE_RAPIDS.peak("bf16")
PURPOSE, DEF_1, DEF_2 = "Text §Purpose", "Definition 1.1", "Definition 1.2"


def operations_in(latency: float, peak: float) -> float:
    """How many operations a machine could do while it waits: the latency over the time of one operation."""
    one = terms(flop=1, D_vol=0, R_peak=peak, BW=1.0, L_lat=latency)
    return one.latency / one.compute


shows(
    "cover-blueprint", "Figure (cover, unnumbered)",
    "A drawing of one operation on its way down: cut into tiles, kept in small memories on the chip, done by an array "
    "of arithmetic units, so that it seldom has to cross to the memory outside.",
    DEFINITIONS,
)  # fmt: skip


@computes("purpose-fetch-costs-thousands-of-ops", PURPOSE, Words("thousands", *THOUSANDS), "FLOP", FETCH)
def operations_of_a_core_in_one_fetch(latency=MAIN_MEMORY_LATENCY.value, clock=2e9, flop_a_cycle=16):
    """Operations of one core at 2 GHz, with an 8-wide multiply-add each cycle, in the time of one trip to memory."""
    return operations_in(latency, clock * flop_a_cycle)


shows(
    "purpose-memory-wall-is-physics", PURPOSE,
    "The gap between moving and computing is laid to nature, to how fast signals run and what it costs to charge a "
    "wire, rather than to a design that could be repaired.",
    FETCH,
)  # fmt: skip

shows(
    "fig-dam-machine-axis", "Figure (margin, unnumbered: D-A-M triangle)",
    "Data, algorithm and machine as the corners of a triangle, the machine filled in: the corner that this chapter is "
    "about.",
    DEFINITIONS,
)  # fmt: skip


@computes(
    "intro-thousand-flops-per-fetch", "Text (introduction)",
    Number("1000"), "FLOP", FETCH,
)  # fmt: skip
def operations_of_an_accelerator_in_one_fetch(R_peak=312e12, latency=MAIN_MEMORY_LATENCY.value):
    """Operations of an A100 in the time of one trip to memory."""
    return operations_in(latency, R_peak)


@operations_of_an_accelerator_in_one_fetch.erratum
def a_thousand_is_a_rate_and_not_a_trip():
    """A trip of {latency:.0f} ns is worth {trip:.1f} million FLOP of a whole A100, and {core:.0f} of one CPU core.

    A stream of many numbers hides the trip; one alone waits for it. Would hold of a rate: while one 4-byte number of a
    steady stream arrives, an A100 does {a100:.0f} FLOP in FP16 and an H100 {h100:.0f}.
    """
    latency = MAIN_MEMORY_LATENCY.value
    return {
        "latency": 1e9 * latency, "trip": operations_in(latency, A100.peak("fp16")) / 1e6,
        "core": operations_in(latency, 2e9 * 16),
        "a100": 4 * A100.ridge("fp16"), "h100": 4 * chip("H100").ridge("fp16"),
    }  # fmt: skip


shows(
    "def-1-1-hardware-acceleration", DEF_1,
    "A general processor's logic gives way to silicon made for the regular tensor operations of one field: less can be "
    "programmed, and more is computed for each unit of area and each joule.",
    DEFINITIONS,
)  # fmt: skip


@computes("def-1-1-a100-peak-fp16", DEF_1, Number("312"), "TFLOP/s", DEFINITIONS)
def a100_peak(multiprocessors=108, tensor_cores=4, macs_per_clock=256, clock=1.41e9):
    """Dense FP16 peak from the parts: 108 multiprocessors of 4 tensor cores with 256 MACs a clock each, at 1.41 GHz."""
    return pipeline_peak(clock, 2 * macs_per_clock * tensor_cores * multiprocessors)


@cites("def-1-1-cpu-peak-fp16", DEF_1, Range("1", "2"), "TFLOP/s", DEFINITIONS)
def server_cpu() -> Fact:
    """Peak of a server CPU without matrix units, in FP32: it has no faster FP16."""
    return HASWELL_PEAK


@computes("def-1-1-a100-cpu-gap", DEF_1, Each("156", "312"), "x", DEFINITIONS)
def gap(R_peak=312e12, cpu_peak_high=2e12, cpu_peak_low=1e12):
    """The A100's peak over that of a server CPU, for the CPU's higher and its lower value."""
    return times(R_peak, cpu_peak_high), times(R_peak, cpu_peak_low)


@computes("def-1-1-a100-cpu-gap-with-matrix-units", DEF_1, Range("156", "312"), "x", DEFINITIONS)
def gap_to_a_cpu_with_matrix_units(R_peak=312e12, cpu_peak=AMX):
    """The A100's peak over that of a server CPU with matrix units, both in BF16."""
    return times(R_peak, cpu_peak)


@gap_to_a_cpu_with_matrix_units.erratum
def same_operation_on_a_cpu_of_2023():
    """The same operation is BF16 matrix multiplication, and Table 7 lists a server CPU that has units for it.

    A Sapphire Rapids socket peaks at {cpu:.0f} TFLOP/s there, {gap:.1f} times below the A100. The printed gap sets FP16
    matrix units against FP32 vector units: this CPU's own vector peak, {vector:.1f} TFLOP/s, gives {mixed:.0f}x. Would
    hold of a CPU without matrix units.
    """
    vector = SAPPHIRE_RAPIDS.peak("fp32")
    return {
        "cpu": AMX / 1e12, "gap": times(312e12, AMX),
        "vector": vector / 1e12, "mixed": times(312e12, vector),
    }  # fmt: skip


@computes("def-1-1-transistor-count", DEF_1, Range("80", None), "G (transistors)", DEFINITIONS)
def transistors(accelerator="A100"):
    """Transistors of the chip whose advantage they are said to explain."""
    return TRANSISTORS[chip(accelerator).name].value


@transistors.erratum
def eighty_billion_are_the_h100s():
    """The A100 has {a100} billion transistors; {h100:.0f} billion are those of the H100, two years younger.

    Nor do all of them compute: the A100's die holds caches and controllers too, like any processor's. Would hold of the
    H100.
    """
    return {name.lower(): fact.value / 1e9 for name, fact in TRANSISTORS.items()}


shows(
    "def-1-2-co-design", DEF_2,
    "Hardware and software are designed together across the usual border: what algorithms can bear shapes the silicon, "
    "and what silicon does well shapes the algorithms.",
    DEFINITIONS,
)  # fmt: skip


@computes("def-1-2-int8-multifold", DEF_2, Words("multi-fold", least=2), "x", DEFINITIONS)
def int8_on_tensor_cores(R_int8=INT8, R_wide=TF32):
    """The A100's INT8 rate over its rate for FP32 numbers on the same tensor cores (TF32), both dense."""
    return times(R_int8, R_wide)


@computes(
    "text-int8-speedup-2-4x", "Text §Definition 1.2 discussion", Number("4"), "x (packing and bytes)", DEFINITIONS
)
def bytes_saved(wide="fp32", narrow="int8"):
    """Bytes of an FP32 number over those of an INT8 number: what a memory-bound layer gains."""
    return bytes_per_element(wide) / bytes_per_element(narrow)


@computes(
    "text-int8-speedup-of-vector-fp32", "Text §Definition 1.2 discussion", Range("2", "4"), "x", DEFINITIONS
)  # fmt: skip
def int8_against_vector_fp32(R_int8=INT8, R_vector=VECTOR):
    """The A100's dense INT8 rate over its rate for true FP32, which only its vector units do."""
    return times(R_int8, R_vector)


@int8_against_vector_fp32.erratum
def the_range_is_that_of_the_same_units():
    """FP32 proper runs on the vector units, {vector:.0f} times slower than INT8.

    A compute-bound layer that goes straight from FP32 to INT8 may gain more than the range says. Would hold on one kind
    of unit: on the A100's tensor cores INT8 has {fp16:.0f} times the rate of FP16 and {tf32:.0f} times that of TF32.
    """
    return {
        "fp16": times(INT8, A100.peak("fp16")), "tf32": times(INT8, TF32),
        "vector": times(INT8, VECTOR),
    }  # fmt: skip
