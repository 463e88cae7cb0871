"""The explorers of the numerics lab: one number in all formats, a tensor under a quantizer, a sum that grows."""

from __future__ import annotations

from labcore.explore import accumulator, landing, quantizer
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer
from labcore.precision import OVERFLOW


def landing_explorer(**start: object) -> Explorer:
    """One number in every format: bits, value, error.

    >>> landing_explorer(significand=1.0, power=5).sentence.split("; ")[3]
    'fp16 inf (lost)'
    """
    return Explorer(
        question="Which number does fp16 lose and bf16 keep, which does fp16 hold with the smaller error, and, with "
        "overflow at ieee, what is the largest power of ten that fp8_e4m3 keeps?",
        shows="A row for each number format with the bits of one number, the value that they stand for, and a dot for "
        "the relative error on a log axis.",
        controls=[
            Real("significand", "Number, 1 to 30", 1.0, 30.0, 3.14, step=0.01),
            Whole("power", "times 10 to the", -9, 5, 0),
            Choice("overflow", "Overflow", OVERFLOW, "ieee"),
        ],
        build=landing.build,
        update=landing.update,
        describe=landing.describe,
        start=start,
    )


def quantizer_explorer(**start: object) -> Explorer:
    """A tensor with one outlier, quantized with one scale.

    >>> quantizer_explorer(bits=4).sentence.split("; ")[1]
    '14 of 16 codes serve the other 4096 values'
    """
    return Explorer(
        question="How many dB, and so how many bits, does one large value cost all the others? Where are asymmetric "
        "codes worth a whole bit, and where almost nothing?",
        shows="A histogram of the values of a tensor with the levels of its integer codes below it, and under "
        "both the largest error at each value.",
        controls=[
            Choice("tensor_name", "Tensor", quantizer.TENSORS, quantizer.TENSORS[0]),
            Choice("scheme", "Scheme", quantizer.SCHEMES, "symmetric"),
            Whole("bits", "Bits", 2, 8, 8),
            Real("outlier", "Largest value", 4.0, 100.0, 4.0, step=1.0),
        ],
        build=quantizer.build,
        update=quantizer.update,
        describe=quantizer.describe,
        start=start,
    )


def accumulator_explorer(**start: object) -> Explorer:
    """A sum that grows in a narrow accumulator.

    >>> accumulator_explorer(accumulator="bf16")
    4096 ones in bf16, in one run: 256 instead of 4096, 94 % off
    """
    return Explorer(
        question="Of the runs on the slider, which is the shortest and which the longest that still sums 4096 ones in "
        "bf16 to 4096?",
        shows="Log-log plot of a sum over the number of its terms: the exact sum as a dashed line, that of "
        "the accumulator as a solid one that leaves it and turns flat, and a dot at the chosen length.",
        controls=[
            Choice("kind", "Terms", accumulator.TERMS, "ones"),
            Choice("accumulator", "Accumulator", accumulator.ACCUMULATORS, "fp16"),
            Whole("chunk", "Terms in a run", 1, accumulator.K_MAX, accumulator.K_MAX, log2=True),
            Whole("K", "Length K", 1, accumulator.K_MAX, accumulator.K_MAX, log2=True),
        ],
        build=accumulator.build,
        update=accumulator.update,
        describe=accumulator.describe,
        start=start,
    )


EXPLORERS = (landing_explorer, quantizer_explorer, accumulator_explorer)
