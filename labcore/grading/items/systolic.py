"""Self-check items of the section on systolic arrays."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.systolic import coverage, cycles, traffic, utilization


@item("systolic-1", wants="a number")
def reads_for_a_mac(answer: object) -> str:
    """Words of A and B that enter a 64 x 64 array for each MAC of a full tile."""
    reads, _ = traffic(64, 1000, 64, 64, 64)
    want = sum(reads.values()) / (64 * 64 * 1000)
    if near(answer, want / 2):
        return "That is one operand; a MAC needs a word of A and a word of B."
    if near(answer, want / 64):
        return "A word serves one row or one column of PEs, not the whole array."
    if near(answer, 1 / want):
        return "Upside down: that is MACs for each word."
    right = near(answer, want, 0.05)  # 0.03 is 1/32 to two places
    return "" if right else "In a cycle 64 words of A and 64 of B enter, and 64 x 64 MACs are done."


@item("systolic-2", wants="a whole number")
def cycles_by_hand(answer: object) -> str:
    """(2, 3) @ (3, 2) on 2 x 2, output stationary."""
    want, got = cycles(2, 3, 2, 2, 2), number(answer)
    if got == want - 2:
        return "The results still stand in the array; it takes as many cycles as it has rows to shift them out."
    if got in (3, 3 + 2):
        return "The last operands set out a cycle late for each row and each column: add m + n - 2."
    return "" if got == want else "Add K for the stream, m + n - 2 for the way to the far corner, rows to unload."


@item("systolic-3", wants="a number in per cent")
def wasted_in_the_last_tile(answer: object) -> str:
    """300 channels on 128 lanes: two full tiles and one of 44."""
    want = 100 * (1 - coverage(300 - 2 * 128, 128))
    if near(answer, 100 - want):
        return "That is the share that works; the question asks for what idles."
    if near(answer, 100 * (1 - coverage(300, 128))):
        return "That is the share of all three tiles; the question is about the third."
    if near(answer, want / 100):
        return "In per cent, please: that is the right share as a fraction."
    if near(answer, 128 * want / 100, 0):
        return "So many lanes idle; as a share of the 128, in per cent?"
    return "" if near(answer, want) else "Two tiles hold 256 channels; count the lanes that the rest leaves idle."


@item("systolic-4", wants="a letter from a to d")
def why_tiles(answer: object) -> str:
    """The array is fixed and the memory beside it is small."""
    return letter(
        answer,
        "b",
        {
            "a": "Tiles change neither the product nor its MACs, only the order in which they are done.",
            "c": "How wide the accumulator is has nothing to do with tiles; an untiled sum has the same width.",
            "d": "A DRAM can be read in any order. What is short is room beside the array.",
        },
    )


@item("systolic-5", wants="the name of a dataflow, such as 'os'")
def fewest_reads_of_the_weights(answer: object) -> str:
    """B of a (4096, 128) @ (128, 128) product is read least where it stays."""
    counts = {flow: traffic(4096, 128, 128, 128, 128, flow)[0]["B"] for flow in ("os", "ws", "is")}
    given = str(answer).strip().lower()
    if given not in counts:
        raise ValueError("no such dataflow")
    least = min(counts, key=counts.get)
    return "" if given == least else f"There B enters {counts[given] // counts[least]} times; elsewhere, once."


@item("systolic-6", wants="a number in per cent")
def share_at_batch_one(answer: object) -> str:
    """One row of A gives work to 128 PEs in a cycle at most: a row (os), a column (is) or a diagonal (ws)."""
    want = 100 / 128
    reached = 100 * max(utilization(1, 4096, 4096, 128, 128, flow) for flow in ("os", "ws", "is"))
    if near(answer, reached, 0.01):
        return "That is what the best dataflow reaches with fill, drain and unload; the bound is a little higher."
    if near(answer, want / 100):
        return "In per cent, please: that is the right share as a fraction."
    return "" if near(answer, want, 0.01) else "At most 128 PEs work in any cycle: a row, a column or a diagonal."
