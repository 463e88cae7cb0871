"""Self-check items of the section on dataflow."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.loopnest import matmul_traffic


@item("dataflow-1", wants="a number of uses")
def uses_of_a_weight(answer: object) -> str:
    """Positions of the output, whatever the size of the filter."""
    want, got = 28 * 28, number(answer)
    if near(got, want * 9):
        return "Each of the nine taps is a weight of its own; count the uses of one."
    if near(got, 28):
        return "That is one row of positions; a weight meets all of them."
    if near(got, 9):
        return "That is the size of the filter; a weight is used once at each output position."
    return "" if near(got, want, 0) else "A weight is used once at each output position of each image."


@item("dataflow-2", wants="the name of a dataflow: 'ws', 'os' or 'is'")
def writes_once(answer: object) -> str:
    """Output stationary."""
    return letter(
        answer,
        "os",
        {
            "ws": "There weights come once; the sums leave unfinished wherever K is cut.",
            "is": "There inputs come once; the sums leave unfinished wherever K is cut.",
        },
    )


@item("dataflow-3", wants="a number of words")
def sums_that_cross(answer: object) -> str:
    """Four visits to each sum: four times out, three times in."""
    moved = matmul_traffic(64, 64, 64, tile=(16, 16, 16), order="KNM")
    got = number(answer)
    if got == moved.C_writes:
        return "Those leave; after the first visit each comes back in as well."
    if got == moved.C_reads:
        return "Those come back in; each visit ends with a sum that leaves."
    if got == 2 * moved.C_writes:
        return "The first visit of a sum reads nothing."
    if got == 64 * 64:
        return "That is output stationary; here K is outermost, and each sum is visited four times."
    return "" if got == moved.C_reads + moved.C_writes else "Each of 4096 sums is visited once for each block of K."


@item("dataflow-4", wants="True or False")
def one_for_all(answer: object) -> str:
    """At the edge of an array the winner depends on the layer."""
    if not isinstance(answer, bool):
        raise ValueError("not a truth value")
    return "Look at the layers with fewest words at the edge: all three names occur." if answer else ""


@item("dataflow-5", wants="a letter from a to d")
def at_batch_one(answer: object) -> str:
    """Every weight is used once, and the vectors are small enough to stay."""
    missed = "Each weight is used once, so keeping it saves nothing; the vectors fit whatever stays."
    return letter(answer, "d", {"a": missed, "b": missed, "c": missed})
