"""Self-check items of the roofline section."""

from __future__ import annotations

from labcore.catalogue import A100, H100, chip
from labcore.catalogue.facts import Accelerator
from labcore.grading.selfcheck import item, letter, near
from labcore.ops import matmul
from labcore.roofline import attainable


@item("roofline-1", wants="a set of chip names, or names with commas between them")
def compute_bound_chips(answer: object) -> str:
    """Compare each chip's ridge with 180 FLOP/B."""
    names = ("V100", "A100", "H200", "H100")
    want = {name for name in names if chip(name).ridge("fp16") <= 180}
    got = chip_names(answer, names)
    for name in sorted(got - set(names)):
        return f"{name} is not among the four, {', '.join(names)}."
    if got == set(names) - want:
        return "Turn it round: a kernel is compute-bound where the ridge lies at or below its intensity."
    wrong = next((name for name in names if name in got ^ want), "")
    return wrong and f"The {wrong}'s ridge is {chip(wrong).ridge('fp16'):.0f} FLOP/B; compare 180 with it."


def chip_names(answer: object, known: tuple[str, ...]) -> set[str]:
    """Chips by name, as the known ones are spelt, from names or accelerators or from one text.

    >>> sorted(chip_names("v100, T4", ("V100",))), chip_names([A100], ("A100",))
    (['T4', 'V100'], {'A100'})
    """
    if isinstance(answer, str | Accelerator):
        answer = answer.split(",") if isinstance(answer, str) else [answer]
    given = [(one.name if isinstance(one, Accelerator) else one).strip() for one in answer]
    spelt = {name.casefold(): name for name in known}
    return {spelt.get(name.casefold(), name) for name in given if name}


@item("roofline-2", wants="a pair (growth of FLOP, growth of bytes)")
def growth_with_batch(answer: object) -> str:
    """Count FLOP and all three operands at both batches."""
    one, many = matmul(1, 2048, 2048), matmul(256, 2048, 2048)
    want = many.flop / one.flop, many.D_vol / one.D_vol
    got = tuple(answer)
    if near(got[0], want[1]) and near(got[1], want[0]):
        return "The right factors in the wrong order: FLOP first, then bytes."
    if near(got[1], 1.0, 0.001):
        return "The weights do not grow, but the inputs and outputs do; count all three operands."
    if not near(got[0], want[0]):
        return "Every further input repeats all the multiply-accumulates: FLOP grow with the batch itself."
    return (
        ""
        if near(got[1], want[1])
        else "Bytes: B M for the inputs, M N for the weights, B N for the outputs; only two of them grow."
    )


@item("roofline-3", wants="a letter from a to d")
def memory_bound_at_any_batch(answer: object) -> str:
    """Only LayerNorm's intensity does not depend on the batch."""
    return letter(
        answer,
        "c",
        {
            "a": "The projection is a matrix product with batch x tokens rows; its weights are shared by all of them.",
            "b": "Each weight of a convolution meets every position of every input; it is past the ridge early.",
            "d": "Its intensity grows with the batch towards M N / (M + N) = 2048 FLOP/B, far past the ridge.",
        },
    )


@item("roofline-4", wants="a number")
def gain_at_200(answer: object) -> str:
    """The ratio of what each chip attains at 200 FLOP/B."""
    peaks, bandwidths = H100.peak("fp16") / A100.peak("fp16"), H100.BW / A100.BW
    want = attainable(H100.peak("fp16"), H100.BW, 200.0) / attainable(A100.peak("fp16"), A100.BW, 200.0)
    if near(answer, peaks):
        return "That is the ratio of the peaks, but 200 FLOP/B lies below the H100's ridge: there it is memory-bound."
    if near(answer, bandwidths):
        return (
            "That is the ratio of the bandwidths, but on the A100 this kernel was held by the peak, not the bandwidth."
        )
    return (
        "" if near(answer, float(want)) else "Take the attainable rate on each chip, min(R_peak, BW I), then the ratio."
    )


@item("roofline-5", wants="a number")
def times_below_the_ridge(answer: object) -> str:
    """The FP16 ridge over the measured intensity."""
    want = A100.ridge("fp16") / 0.8
    if near(answer, A100.ridge("fp32") / 0.8):
        return "That is the ridge of FP32 on the vector units; the kernel runs in FP16."
    if near(answer, 1 / want):
        return "Upside down: how many times the ridge exceeds 0.8."
    return "" if near(answer, want) else "Divide the A100's FP16 ridge, R_peak / BW, by 0.8."


@item("roofline-6", wants="a letter from a to d")
def help_for_one_reader(answer: object) -> str:
    """At one FLOP a byte, only fewer bytes help one reader."""
    return letter(
        answer,
        "b",
        {
            "a": "At about 1 FLOP/B the arithmetic is idle already; twice of it would be idle too.",
            "c": "Batch 8 serves more readers from one pass over the weights, but each still waits for that pass.",
            "d": "FP64 makes every number longer, and bytes are what this reader waits for.",
        },
    )
