"""Eras of specialization, from the floating-point coprocessor to AlexNet (lab 02).

>>> from labcore.claims.ledger import claim
>>> round(claim("footnote-4-8087", p=0.9).computed[1], 2)  # multiplications
9.03
"""

from __future__ import annotations

import math

from labcore.catalogue import arrays, chip, demand
from labcore.catalogue import specialization as past
from labcore.catalogue.specialization import distinct, gains, values, years
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import HUNDREDS, Each, Number, Range, Words
from labcore.ironlaw import needed_fraction, speedup
from labcore.models.alexnet import alexnet

INTRO, SHOCK = "Text §Hardware Specialization", "Example 1.1"
ORIGINS, GRAPHICS = "Text §Specialized computing", "Text §Parallel computing and graphics"
ERAS, TPU, COPROCESSOR, GPU, ALEXNET = (
    f"02_specialization#{cell}" for cell in ("eras", "gains", "coprocessor", "alexnet", "alexnet")
)


@computes("text-four-phases", INTRO, Number("4"), "", ERAS)
def phases():
    """Phases of the story as the section's introduction lists them."""
    return len(distinct("phase"))


@cites("footnote-3-tpuv1-array", "Footnote 3", Words("256 x 256", least=256, most=256), "", TPU)
def first_tpu_side():
    """Rows, and columns, of the first TPU's one array of 8-bit MACs."""
    return arrays.TPU_V1_SIDE


shows(
    "example-1-1-tpuv1-k80", SHOCK,
    "Sets the first TPU beside a GPU of its day, to show how much a chip gains that does one kind of product only.",
    TPU,
)  # fmt: skip


@cites("example-1-1-deployment-year", SHOCK, Number("2015"), "year", TPU)
def first_tpu_deployed():
    """Year since which the first TPU works in Google's data centres."""
    return chip("TPU v1").year


@computes("example-1-1-speedup-range", SHOCK, Range("15", "30"), "x", TPU)
def speed_against_the_gpu(against="K80"):
    """Speed of the first TPU on six inference applications, a die against a die of the K80: two means."""
    return values(past.TPU_SPEED[against])


@speed_against_the_gpu.erratum
def speed_is_against_the_cpu():
    """Against the K80 the paper's means are {gpu_low} and {gpu_high}. Its Haswell CPU gives {cpu_low} and {cpu_high}.

    The paper's own opening names both machines beside 15 to 30, and the chapter follows it; its Table 6 tells them
    apart. Would hold with both machines named, as the paper's opening has it: the CPU's mean is the one near 30.
    """
    (a, b), (c, d) = (values(past.TPU_SPEED[against]) for against in ("K80", "Haswell CPU"))
    return {"gpu_low": a, "gpu_high": b, "cpu_low": c, "cpu_high": d}


@computes("example-1-1-perf-per-watt-range", SHOCK, Range("30", "80"), "x", TPU)
def efficiency_against_the_gpu(against="K80"):
    """Performance per watt of the first TPU over the K80's, host left out: two means."""
    return values(past.TPU_PER_WATT[against])


@efficiency_against_the_gpu.erratum
def efficiency_is_against_the_cpu():
    """Against the K80 the gain is {gpu_low} to {gpu_high}; {cpu_low} to {cpu_high} is the gain over the Haswell CPU.

    Both leave out the power of the host. Would hold with the K80 and the CPU both named.
    """
    (a, b), (c, d) = (values(past.TPU_PER_WATT[against]) for against in ("K80", "Haswell CPU"))
    return {"gpu_low": a, "gpu_high": b, "cpu_low": c, "cpu_high": d}


@computes("text-three-bottleneck-phases", ORIGINS, Number("3"), "", ERAS)
def bottlenecks():
    """Different bottlenecks along the eras: precision, throughput, integration."""
    return len(distinct("bottleneck"))


@computes("text-software-float-cycles", ORIGINS, Words("hundreds", *HUNDREDS), "", COPROCESSOR)
def cycles_in_software(operation="multiply", clock=past.CLOCK_8087.value):
    """Cycles of one multiplication in software on the 8086."""
    _, in_software = values(past.TIMES_8087[operation])
    return in_software * clock


@cycles_in_software.erratum
def thousands_of_cycles():
    """Intel's table has {us:,.0f} us for it at {clock:.0f} MHz, so {cycles:,.0f} cycles.

    The 8087 takes {unit:.0f} us, {unit_cycles:.0f} cycles: about a hundred is what a multiplication needs in hardware.
    Would hold with "thousands".
    """
    clock, (unit, in_software) = past.CLOCK_8087.value, values(past.TIMES_8087["multiply"])
    return {
        "us": 1e6 * in_software, "clock": clock / 1e6, "cycles": in_software * clock,
        "unit": 1e6 * unit, "unit_cycles": unit * clock,
    }  # fmt: skip


@cites("intel-8087-gain", ORIGINS, Number("100"), "x", COPROCESSOR)
def best_application_of_the_8087():
    """Gain of whole applications from the 8087, the most that is reported."""
    return past.APPLICATIONS_8087[1]


@best_application_of_the_8087.erratum
def a_hundred_is_of_operations():
    """Whole applications are reported with {low}x to over {high:.0f}x, as the rest of a program gains nothing.

    With {share:.0%} of its time in multiplications a program gains {whole:.0f}x, and with all of it {multiply:.0f}x.
    Would hold of single operations: in Intel's table they gain {least:.0f}x to {most:.0f}x.
    """
    single, (low, high) = gains(past.TIMES_8087, list(past.TIMES_8087)), values(past.APPLICATIONS_8087)
    (multiply,) = gains(past.TIMES_8087, ["multiply"])
    return {
        "least": min(single), "most": max(single), "low": low, "high": high,
        "share": 0.9, "whole": speedup(0.9, multiply), "multiply": multiply,
    }  # fmt: skip


@cites("intel-8087-gain-of-operations", ORIGINS, Number("100"), "x", COPROCESSOR)
def fastest_of_the_8087():
    """Gain of the 8087 on single floating-point operations, up to."""
    return past.GAIN_8087


@computes("specialization-rule-10-100x", ORIGINS, Range("10", "100"), "x", COPROCESSOR)
def gains_of_two_eras():
    """What the main operations gained in silicon: the 8087's arithmetic, the first TPU's products (two means each)."""
    arithmetic = gains(past.TIMES_8087, ["add", "multiply", "divide"])
    return [*arithmetic, *values(past.TPU_SPEED["Haswell CPU"]), *values(past.TPU_SPEED["K80"])]


@computes("footnote-4-8087", "Footnote 4", Words("100; 10-100", least=100, most=100), "x", COPROCESSOR)
def gains_of_programs(p=0.99):
    """Gain of a program with 99 % of its time in one operation, for each operation of Intel's table (Amdahl's law)."""
    return [speedup(p, gain) for gain in gains(past.TIMES_8087, list(past.TIMES_8087))]


@gains_of_programs.erratum
def the_vast_majority_is_not_enough():
    """With 99 % of its time in one operation a program gains {least:.0f} to {most:.0f}x.

    100x needs an operation that gains more, and more of the time in it: {root:.1%} for square roots, {tangent:.1%} for
    tangents. Additions, multiplications and divisions gain {divide:.0f}x to {add:.0f}x each, so no share of them
    reaches it. Would hold with "10 to 100" in both sentences.
    """
    programs = gains_of_programs()
    add, divide, root, tangent = gains(past.TIMES_8087, ["add", "divide", "square root", "tangent"])
    return {
        "least": min(programs), "most": max(programs), "add": add, "divide": divide,
        "root": needed_fraction(100, root), "tangent": needed_fraction(100, tangent),
    }  # fmt: skip


@cites("intel-486dx-year", ORIGINS, Number("1989"), "year", COPROCESSOR)
def fpu_moves_in():
    """Year in which the floating-point unit moved onto the CPU's die."""
    return past.I486DX.year


@computes("figure-2-specialization-timeline", "Figure 2", Number("5"), "", ERAS)
def eras_drawn():
    """Eras of the timeline, each with a pattern of its own."""
    return len(distinct("pattern"))


@computes("gpu-history-years", GRAPHICS, Each("1999", "2001", "2006"), "year", GPU)
def steps_of_gpus():
    """Years of fixed-function lighting, programmable shaders and unified shaders."""
    return years([past.GEFORCE_256, past.GEFORCE_3, past.GEFORCE_8])


@cites("gpu-2004-polygon-rate", GRAPHICS, Words("over 100 million", least=100e6, number=100_000_000), "", GPU)
def polygons():
    """Polygons a second of a high-end GPU of 2004."""
    return past.POLYGONS


@cites("tms32010-year", GRAPHICS, Number("1983"), "year", GPU)
def first_tms():
    """Year of the TMS32010."""
    return past.TMS32010.year


@computes("alexnet-margin", GRAPHICS, Number("10.8"), "% (points)", ALEXNET)
def margin():
    """Top-5 error of the runner-up less AlexNet's."""
    winner, second = values(demand.ERROR.values())
    return second - winner


@margin.rounding
def margin_truncated():
    """The contest's five digits give 10.857, which rounds to 10.9; {value:.1f} is 10.857 truncated."""
    return math.floor(margin() * 1000) / 1000


@computes("alexnet-gpus", GRAPHICS, Each("2", "3"), "", ALEXNET)
def gpus_and_memory():
    """GPUs, and GB of memory on each."""
    gpus, memory = values([demand.ALEXNET_GPUS, demand.ALEXNET_MEMORY])
    return [int(gpus), memory / 1e9]


@computes(
    "footnote-5-alexnet-params", "Footnote 5",
    Words("60 million", least=59.5e6, most=60.5e6, number=60_000_000), "", ALEXNET,
)  # fmt: skip
def parameters():
    """Weights and biases of AlexNet, layer by layer."""
    return alexnet().params


@parameters.rounding
def one_digit():
    """Layer by layer there are 60,965,224; the paper keeps one digit of that, {value:,}."""
    return round(alexnet().params, -7)


@computes("footnote-5-alexnet-training-days", "Footnote 5", Range("5", "6"), "", ALEXNET)
def days_of_training():
    """Days that AlexNet's training took, as its authors tell; the cell turns them into a share of the cards' peak."""
    return values(demand.ALEXNET_DAYS)
