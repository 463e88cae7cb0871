"""Self-check items of the numerics lab."""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.grading.selfcheck import item, letter, near
from labcore.ops import matmul
from labcore.precision import FORMATS, cast
from labcore.precision.cost import mac_energy, operation_energy
from labcore.precision.dot import sticks_at
from labcore.precision.quantize import quantize
from labcore.roofline import least_time


@item("numerics-1", wants="a number")
def where_ones_stick(answer: object) -> str:
    """With m fraction bits the spacing is 2 from 2^(m + 1) on."""
    want = sticks_at("bf16")
    if near(answer, want / 2, 0.001):
        return "There the spacing turns 1, so ones still fit; they are lost one doubling later."
    if near(answer, FORMATS["bf16"].max, 0.01):
        return "That is where the range ends; the ones are lost long before, when the spacing is 2."
    return "" if near(answer, want, 0.001) else "bf16 has 7 fraction bits; find the value from which its spacing is 2."


@item("numerics-2", wants="a set of format names, or names with commas between them")
def who_keeps_a_gradient(answer: object) -> str:
    """Cast the gradient to each and see who keeps more than zero."""
    names = ("bf16", "fp16", "tf32", "fp8_e5m2")
    want = {name for name in names if cast(1e-8, name) > 0}
    given = answer.split(",") if isinstance(answer, str) else answer
    got = {name.strip().casefold() for name in given if name.strip()}
    for name in sorted(got - set(names)):
        return f"{name} is not among the four, {', '.join(names)}."
    wrong = next((name for name in names if name in got ^ want), "")
    return (
        wrong
        and f"The smallest value of {wrong} above zero is {FORMATS[wrong].least:.1e}; compare 1e-8 with half of it."
    )


@item("numerics-3", wants="a number")
def step_of_a_range(answer: object) -> str:
    """The range over the number of steps between its codes."""
    want = float(quantize([-1.0, 3.0], symmetric=False).scale)
    if near(answer, 4 / 256, 0.002):
        return "256 codes have 255 steps between them."
    if near(answer, 3 / 127, 0.001):
        return "That is the symmetric scale, which also pays for -3 to -1, where nothing is."
    if near(answer, want, 0.001):
        return ""
    if near(answer, want, 0.03):
        return "Nearly; give three digits, which tell 255 steps from 256."
    return "Divide the width of the range by the number of steps between 256 codes."


@item("numerics-4", wants="a number")
def energy_of_a_mac(answer: object) -> str:
    """A multiplication and an addition on each side, the narrow one with a wide sum."""
    want = mac_energy("fp32") / mac_energy("int8", "int32")
    slips = {
        operation_energy("add", "fp32") / operation_energy("add", "int8"): "That is the ratio of the additions alone.",
        operation_energy("multiply", "fp32")
        / operation_energy("multiply", "int8"): "That is the multiplications alone.",
        mac_energy("fp32") / mac_energy("int8"): "That sums in INT8, which two products overflow; sum in INT32.",
    }
    for ratio, words in slips.items():
        if near(answer, ratio, 0.01):
            return words
    if near(answer, want, 0.02):
        return ""
    if near(answer, want, 0.05):
        return "Nearly; give three digits."
    return "Add multiplication and addition on each side, then divide."


@item("numerics-5", wants="a letter from a to d")
def halved_under_the_slope(answer: object) -> str:
    """Peak and intensity double together, so the place relative to the ridge stays."""
    return letter(
        answer,
        "b",
        {
            "a": "The ridge doubles too, since the INT8 peak is twice the FP16 one; the layer stays below it.",
            "c": "The rate on the slope is bandwidth times intensity, and only the intensity has doubled.",
            "d": "Bytes are what it waits for, and there are half as many.",
        },
    )


@item("numerics-6", wants="a number")
def gain_of_a_large_product(answer: object) -> str:
    """Compute-bound on both sides: the ratio of the peaks."""
    want = fp32_over_fp16(4096, 4096, 4096)
    if near(answer, 2):
        return "Two is what the bytes give. This product is compute-bound in both formats, so the peaks decide."
    if near(answer, fp32_over_fp16(32, 2048, 2048)):
        return "That is the layer at batch 32, memory-bound in FP16. Is this product, with its far higher intensity?"
    if near(answer, 2 * want):
        return "The two roofs do not multiply: the product waits for one of them at a time."
    return "" if near(answer, want) else "Take the longer of computing and moving in each format, then the ratio."


def fp32_over_fp16(*shape: int) -> float:
    """How many times as fast a product gets at best from FP32 to FP16 on the A100."""
    times = []
    for precision, b in (("fp32", 4), ("fp16", 2)):
        op = matmul(*shape, b)
        times.append(least_time(op.flop, op.D_vol, A100.peak(precision), A100.BW))
    return times[0] / times[1]
