"""Buying: formats, small batches, portability, Checkpoint 1.4 and the self-check on all eight cases (lab 20).

>>> from labcore.claims.ledger import claim
>>> claim("pitfall6-little-latency-gain").verdict
'erratum'
"""

from __future__ import annotations

import math

from labcore.catalogue import A100, T4, chip
from labcore.catalogue.prices import RENT
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import A_FEW, FAR, MUCH_GREATER, Answer, Each, Number, Range, Words
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check
from labcore.interconnect.parallelism import weak_efficiency
from labcore.ironlaw import ceiling, speedup
from labcore.roofline import attainable, dense_intensity, ridge, utilization
from labcore.scaling import times

LAB = "20_can_you_run_it"
FIFTH, SIXTH, SEVENTH, EIGHTH = (f"{LAB}#{cell}" for cell in ("fallacy-5", "pitfall-6", "fallacy-7", "pitfall-8"))
END = f"{LAB}#self-check"
LITTLE = 2  # the most of a "little gain"


@computes("fallacy5-fp16-fp32-gap", "Fallacy 5", Range("15", "16"), "x", FIFTH)
def gap_of_formats(R_fp16=989e12, R_rounded=1000e12, R_fp32=67e12):
    """The H100's FP16 peak, exact and as the page rounds it, over its FP32 peak: both are the range's lower end.

    16 is the A100's gap, 312 / 19.5.
    """
    return [times(R_fp16, R_fp32), times(R_rounded, R_fp32)]


@computes("pitfall6-batch1-vs-256", "Pitfall 6", Each("1", "204.8"), "FLOP/B", SIXTH)
def dense_at_1_and_256(M=2048, N=2048, B_small=1, B_large=256):
    """Intensity of the dense layer of 2048 x 2048 for one input and for 256, by Equation 6."""
    return [dense_intensity(B, M, N) for B in (B_small, B_large)]


@computes("pitfall6-batch-1-4", "Pitfall 6", Range("1", "4"), "FLOP/B", SIXTH)
def dense_of_few(M=2048, few=1, more=4):
    """Intensities that the layer has at the batches of latency-sensitive services: about the batch itself."""
    return [dense_intensity(B, M, M) for B in (few, more)]


@computes("pitfall6-a100-ceiling", "Pitfall 6", Number("2.04"), "TFLOP/s", SIXTH)
def a100_at_batch_1(I=1, R_peak=312e12, BW=2.039e12):
    """What an A100 attains at the intensity of batch 1."""
    return attainable(R_peak, BW, I)


@computes("pitfall6-t4-ceiling", "Pitfall 6", Number("0.3"), "TFLOP/s", SIXTH)
def t4_at_batch_1(I=1, R_t4=65e12, memory=320e9):
    """What a T4 attains there."""
    return attainable(R_t4, memory, I)


@computes("pitfall6-t4-ridge", "Pitfall 6", Number("203.1"), "FLOP/B", SIXTH)
def t4_ridge(R_t4=65e12, memory=320e9):
    """The T4's ridge point in FP16, higher than the A100's."""
    return ridge(R_t4, memory)


@computes("pitfall6-little-latency-gain", "Pitfall 6", Words("little latency gain", most=LITTLE), "x", SIXTH)
def latency_gain(I=1, R_peak=312e12, BW=2.039e12, R_t4=65e12, memory=320e9):
    """How much sooner an A100 is done than a T4 where both are bound by memory; "little" is read as 2x at most."""
    return times(attainable(R_peak, BW, I), attainable(R_t4, memory, I))


@latency_gain.erratum
def bandwidth_is_the_latency():
    """Bound by memory, latency goes with bandwidth: by the page's own ceilings the A100 is {gain:.1f}x as fast.

    For a token of Llama 3 8B in int8 it is {llama:.1f}x by the rule of `labcore can-i-run`, for {least:.1f} to
    {most:.1f} times the rent. Would hold where launching kernels binds instead, as in MobileNetV2: {small:.1f}x.
    """
    least, most = sorted(rents_apart())
    gains = {"gain": latency_gain(), "llama": _sooner("llama3-8b", "int8"), "small": _sooner("mobilenetv2")}
    return gains | {"least": least, "most": most}


@computes("pitfall6-rent-several-times", "Pitfall 6", Words("several times more", *A_FEW), "x", SIXTH)
def rents_apart(training="A100", inference="T4"):
    """An hour of an A100 over one of a T4, both at the cheaper and both at the dearer end of what clouds ask."""
    return [times(more.value, less.value) for more, less in zip(RENT[training], RENT[inference], strict=True)]


shows(
    "fallacy7-portability", "Fallacy 7",
    "What is written for one maker's chips has to be written again for another's. Behind one interface the calls stay, "
    "and only what implements it changes; lab 20 counts both.",
    SEVENTH,
)  # fmt: skip
shows(
    "pitfall8-embedded-kernels", "Pitfall 8",
    "A fast kernel that is chosen in one place, by what the machine can do, is replaced in one place; lab 20 counts "
    "the places of two versions of a program.",
    EIGHTH,
)  # fmt: skip


shows(
    "checkpoint-1-4", "Checkpoint 1.4",
    "Names none of the three. The tool holds a model against memory, time and power, and where asked against energy "
    "and money.",
    f"{LAB}#checkpoint-1-4", Number("3"),
)  # fmt: skip


@computes("sc12-q1", "Self-Check set 12 Q1", Answer("A"), "", END)
def peak_alone_misleads(I=1, faster="TPU v6e", wider="TPU v5p", precision="bf16"):
    """Of two chips the one with twice the peak is the slower one at low intensity: the peak alone does not choose."""
    high, low = chip(faster), chip(wider)
    rates = [attainable(one.peak(precision), one.BW, I) for one in (high, low)]
    return bool(high.peak(precision) > low.peak(precision) and rates[0] < rates[1])


@computes("sc12-q2", "Self-Check set 12 Q2", Answer("A"), "", END)
def compute_idles_at_batch_1(B=1, M=2048, R_peak=312e12, BW=2.039e12):
    """At batch 1 an A100's units work less than a hundredth of the time, and a tenth of them would serve as well.

    That both chips have the bandwidth, as the key adds, depends on the pair: pitfall6-little-latency-gain has the T4.
    """
    I = dense_intensity(B, M, M)
    same = attainable(R_peak / MUCH_GREATER, BW, I) == attainable(R_peak, BW, I)
    return bool(same and utilization(R_peak, BW, I) < 0.01)


@computes("sc12-q3", "Self-Check set 12 Q3", Words("sublinear", most=math.nextafter(256, 0)), "x", END)
def speedups_of_256(f_lo=0.2, f_hi=0.3, n=256):
    """Speed-up of 256 GPUs when 20 or 30 % of their steps go to the exchange."""
    return [n * weak_efficiency(1 - f, f) for f in (f_lo, f_hi)]


@computes("sc12-q3-cap-and-speedup", "Self-Check set 12 Q3 answer", Each("5", "120"), "x", END)
def cap_and_speedup(f=0.2, n=256):
    """The cap that Amdahl's law puts on a fifth that does not shrink, and the speed-up of 256 GPUs by that law."""
    return [ceiling(1 - f), speedup(1 - f, n)]


@cap_and_speedup.erratum
def no_speedup_exceeds_its_cap():
    """A cap of 5x and a speed-up of 120x cannot both follow from one 20 %.

    If 20 % of one GPU's time does not shrink, the cap is {cap:.0f}x and 256 GPUs reach {reached:.2f}x. If 20 to 30 % of
    each step of the 256 go to the exchange, which one GPU does not have, they reach {least:.0f} to {most:.0f}x and 5x
    binds nothing. Would hold each by itself: the cap of a fifth that stays whole, the 120x of an exchange that takes
    {share:.0f} % of the step.
    """
    (cap, reached), (most, least) = cap_and_speedup(), speedups_of_256()
    return {"cap": cap, "reached": reached, "most": most, "least": least, "share": 100 * (1 - times(120, 256))}


shows(
    "sc12-q4", "Self-Check set 12 Q4",
    "False. Neither range says which kernels, teams or chips it is of. The more often the hardware changes, the more "
    "often a port is paid, while the gain is that of one generation.",
    END, Words("2-3; 6-12"),
)  # fmt: skip


@computes("sc12-q5", "Self-Check set 12 Q5", Words("only 1.2", least=1.2 * FAR, number=1.2), "x", END)
def allowed_by_the_roofline(I=1, R_peak=312e12, BW=2.039e12, cpu_peak=1e12, cpu_bandwidth=200e9):
    """What the roofline allows over a CPU at that intensity: low intensity alone explains no gain as small as 1.2.

    "Only" is read as far below, so the irregular access and the lone input have to account for the rest.
    """
    return times(attainable(R_peak, BW, I), attainable(cpu_peak, cpu_bandwidth, I))


def _sooner(model: str, weights: str | None = None) -> float:
    """How many times sooner an A100 has done a pass, or a decode step, of batch 1 than a T4; both can hold it."""
    T4_step, A100_step = (
        next(one.need for one in check(asked).constraints if one.name in ("latency", "decode step"))
        for asked in (Question(model, on, weights=weights) for on in (T4, A100))
    )
    return times(T4_step, A100_step)
