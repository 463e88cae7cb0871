"""Self-check items of lab 03: vector, matrix and special-function primitives."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.im2col import amplification
from labcore.sfu.newton import newton
from labcore.vector.dense import dense_instructions
from labcore.vector.machine import Machine


@item("primitives-1", wants="a letter from a to d")
def unit_for_each(answer: object) -> str:
    """Products to the matrix unit, lanes to the vector unit, roots and exponentials to the special one."""
    return letter(
        answer,
        "b",
        {
            "a": "A softmax needs exponentials and a sum over a row; neither is a product of two matrices.",
            "c": "A mask is a choice element by element; a matrix unit has nothing to multiply there.",
            "d": "The scalar unit can do it all, an element at a time: 131,072 times for one sample of our layer.",
        },
    )


@item("primitives-2", wants="a pair (strips, idle lanes in the last one)")
def strips_of_100(answer: object) -> str:
    """Count the strips that the machine makes of 100 elements on 16 lanes."""
    unit = Machine(vlen=512)
    lengths = [length for _, length in unit.strips(100)]
    want = len(lengths), unit.lanes - lengths[-1]
    got = tuple(int(number(one)) for one in answer)
    if got == (want[0], lengths[-1]):
        return "That is how many lanes of the last strip work; the others idle."
    if got[0] == want[0] - 1:
        return "The elements that are left over take a strip of their own."
    return "" if got == want else "Divide 100 by the lanes, round up, and see what the last strip is short of."


@item("primitives-3", wants="a number")
def fused_gain(answer: object) -> str:
    """Instructions of the strip without a fused multiply-add over those with it."""
    strip = dense_instructions(1, 16, 1, lanes=8) - dense_instructions(1, 8, 1, lanes=8)
    if near(answer, 2, 0.001):
        return "Twice is the gain of the arithmetic alone; loads, pointers and branch stay as they are."
    if near(answer, strip / (strip + 1), 0.001):
        return "Upside down: the loop without the fused instruction is the longer one."
    return "" if near(answer, (strip + 1) / strip, 0.005) else f"A strip has {strip} instructions; one becomes two."


@item("primitives-4", wants="a number")
def error_after_two(answer: object) -> str:
    """Run the iteration from 1 % off."""
    steps = newton("reciprocal", 1.0, 1.01, 2)
    want, one = abs(float(steps[2]) - 1), abs(float(steps[1]) - 1)
    if near(answer, one):
        return "That is the error after one step; square it once more."
    if near(answer, 1e-6):
        return "The error is squared each time, 1 % to its square and that to its own square, not cubed."
    return "" if near(abs(number(answer)), want) else "A step squares the relative error; do it twice, from 0.01."


@item("primitives-5", wants="a number")
def unrolled_with_stride(answer: object) -> str:
    """Patches times their size over the pixels of the image."""
    want = amplification(56, 56, 3, 3, stride=2, padding=1)
    if near(answer, amplification(56, 56, 3, 3, padding=1)):
        return "Nine is the factor at stride 1; a stride of 2 takes a patch at every other place, both ways."
    if near(answer, amplification(56, 56, 3, 3, padding=1) / 2):
        return "The stride goes down and across: a quarter of the patches, not half."
    return "" if near(answer, want) else "Count the patches, P Q, times the 9 elements of each, over 56 x 56."


@item("primitives-6", wants="a letter from a to c")
def axis_of_the_batch(answer: object) -> str:
    """With a sample in each column, the batch is the second axis."""
    return letter(
        answer,
        "b",
        {
            "a": "Axis 0 runs over the 512 features of one sample: that is layer normalization.",
            "c": "Without an axis there is one number for all; each feature needs its own.",
        },
    )
