"""Self-check items of the section on kernel fusion."""

from __future__ import annotations

from labcore.fusion.examples import chain
from labcore.fusion.footprint import footprint
from labcore.fusion.kernel import eager, traffic
from labcore.fusion.plan import plan
from labcore.grading.selfcheck import item, letter, near, number


@item("fusion-1", wants="a number")
def bytes_of_five(answer: object) -> str:
    """Ten traversals against two."""
    whole = chain(5)
    want, got = traffic(eager(whole)) / traffic(plan(whole)), number(answer)
    if near(got, want * 2):
        return "Fused it still reads its input and writes its result: two traversals, not one."
    if near(got, footprint(whole, eager(whole)) / footprint(whole, plan(whole))):
        return "That is what is held; each of the five operations reads and writes."
    return "" if near(got, want) else "Each operation makes two traversals; fused there are two in all."


@item("fusion-2", wants="a number")
def footprint_of_five(answer: object) -> str:
    """Six tensors against two."""
    whole = chain(5)
    want, got = footprint(whole, eager(whole)) / footprint(whole, plan(whole)), number(answer)
    if near(got, 6):
        return "Fused there still are two tensors, the input and the result; count both on both sides."
    if near(got, 5):
        return "That is what is moved. Held are the input and one result for each operation."
    return "" if near(got, want) else "Unfused: the input and five results. Fused: the input and one."


@item("fusion-3", wants="a letter from a to d")
def what_fusing_saves(answer: object) -> str:
    """Bytes and launches; the arithmetic stays."""
    return letter(
        answer,
        "b",
        {
            "a": "Every product and sum is still done.",
            "c": "The weights are read as before; it is the activations that stay on the chip.",
            "d": "The FLOP and the weights stay. What falls is what lies between the operations.",
        },
    )


@item("fusion-4", wants="a number")
def gain_behind_arithmetic(answer: object) -> str:
    """(max(1, 2) + 1 + 1) / max(1, 2)."""
    want, got = (max(1, 2) + 1 + 1) / max(1, 2), number(answer)
    if near(got, 3):
        return "That is the ratio of the bytes; the fused kernel still computes for 2."
    if near(got, 1.5):
        return "The convolution's bytes hide behind its arithmetic unfused, too: it takes 2, then come 1 and 1."
    if near(got, 1 / want):
        return "Upside down: unfused over fused."
    return "" if near(got, want) else "A kernel takes the longer of moving and computing; kernels add up."


@item("fusion-5", wants="a letter from a to d")
def not_an_epilogue(answer: object) -> str:
    """A softmax of rows needs whole rows."""
    element = "It needs the element at its own place and nothing else, and may ride."
    return letter(answer, "d", {"a": element + " The bias is broadcast.", "b": element, "c": element})


@item("fusion-6", wants="True or False")
def other_reader(answer: object) -> str:
    """What another kernel reads must be in memory."""
    if not isinstance(answer, bool):
        raise ValueError("not a truth value")
    return (
        "" if answer else "The other kernel reads it from memory, so it must be there; registers end with their kernel."
    )


@item("fusion-7", wants="a pair of numbers")
def layernorm_traversals(answer: object) -> str:
    """One reading and one writing, or three and one."""
    held, again = (number(one) for one in answer)
    if (held, again) == (4, 2):
        return "The other way round: first the kernel that holds its row."
    if held != 2:
        return "Held on the chip, each element is read once and its result written once."
    if again == 3:
        return "The variance needs the mean first: one reading for the mean, one for the variance, one for the result."
    return "" if again == 4 else "A reading for the mean, one for the variance, one for the result, and one writing."
