"""Self-check items of the sparsity section."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near, number
from labcore.sparsity.cost import break_even, nm_bytes


@item("sparsity-1", wants="a number of bytes")
def csr_bytes(answer: object) -> str:
    """Values, columns and pointers of a CSR."""
    nnz, rows = 200_000, 1000
    want = nnz * (2 + 4) + (rows + 1) * 4
    if near(answer, nnz * 2, 0.001):
        return "Those are the values alone; each needs its column, and each row its pointer."
    if near(answer, nnz * (2 + 4), 0.0001):
        return "The pointers are missing: one for each row and one more, four bytes each."
    if near(answer, nnz * (2 + 8) + 0, 0.01):
        return "That is COO, with a row and a column for each value; CSR replaces the rows by pointers."
    if near(answer, want - 4, 1e-7):
        return "There is one pointer more than there are rows: the last one says where the last row ends."
    return "" if number(answer) == want else "200,000 values of 2 B, as many columns of 4 B, and 1001 pointers of 4 B."


@item("sparsity-2", wants="a letter from a to d")
def why_not_twice_as_fast(answer: object) -> str:
    """Lanes in step wait for the one with the most work."""
    return letter(
        answer,
        "c",
        {
            "a": "Both halve the multiplications that matter; a regular grid cannot skip zeros whose places it learns "
            "too late, and waits for the lane with the most work.",
            "b": "Free pruning keeps the larger share of the norm: it may choose 2:4's places and any other.",
            "d": "An index for each value makes fp16 weights longer at this density, not shorter.",
        },
    )


@item("sparsity-3", wants="a number of per cent")
def int4_share(answer: object) -> str:
    """Two bits beside each four-bit value that is kept."""
    want = 100 * nm_bytes(4, 4, value_bytes=0.5) / (16 * 0.5)
    if near(answer, 50):
        return "Half of the values, but each kept value brings two bits for its place."
    if near(answer, 56.25):
        return "That is for 16-bit values; beside a 4-bit value two bits weigh four times as much."
    if near(answer, want / 100):
        return "That is the share; in per cent it is a hundred times as much."
    return (
        "" if near(answer, want, 0.001) else "Of each four values of 4 bits, two stay, each with 2 bits: 12 bits of 16."
    )


@item("sparsity-4", wants="a number")
def gain_of_one_reader(answer: object) -> str:
    """Where bytes bind, the gain is the ratio of bytes."""
    want = 1 / (nm_bytes(4, 4, value_bytes=2) / 32)
    if near(answer, 2, 0.001):
        return "That is the gain of the arithmetic. Here bytes bind, and the metadata are bytes too."
    if near(answer, 1 / want, 0.01):
        return "Upside down: the dense bytes over those of 2:4."
    return "" if near(answer, want, 0.01) else "Divide the bytes of the dense weights by those of 2:4 with metadata."


@item("sparsity-5", wants="a number of per cent")
def csr_pays_below(answer: object) -> str:
    """An index of each nonzero against the zeros that are saved."""
    want = 100 * break_even(value_bytes=1, index_bytes=2)["CSR"]
    if near(answer, want / 100):
        return "That is the share; in per cent it is a hundred times as much."
    if near(answer, 100 - want):
        return "That is the share of zeros; the density counts the nonzeros."
    if near(answer, 100 * break_even(value_bytes=1, index_bytes=2)["COO"]):
        return "That is COO, with two indices for each value; CSR has one."
    return (
        ""
        if near(answer, want)
        else "Set d (v + i) = v: what a nonzero costs in CSR against one place of the dense one."
    )


@item("sparsity-6", wants="a letter from a to d")
def fits_two_of_four(answer: object) -> str:
    """At most two nonzeros in each four places of a row."""
    return letter(
        answer,
        "b",
        {
            "a": "Its first four places hold three nonzeros: one of them would be lost.",
            "c": "Places 4 to 7 are a group of their own, and all four are nonzero there.",
            "d": "Groups start at places 0 and 4; the four from place 4 on hold three nonzeros.",
        },
    )
