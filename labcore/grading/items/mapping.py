"""Self-check items of the section on mapping."""

from __future__ import annotations

import math

from labcore.grading.selfcheck import item, letter, near, number
from labcore.loopnest import Level, Nest, conv_problem, traffic
from labcore.mapping.space import loop_orders, placements
from labcore.precision import bytes_per_element
from labcore.roofline import intensity, ridge


@item("mapping-1", wants="a letter from a to d")
def what_a_mapping_decides(answer: object) -> str:
    """Units, memories and order, together."""
    return letter(
        answer,
        "c",
        {
            "a": "Fewer or shorter weights are another network; a mapping runs the network that it is given.",
            "b": "An even share is one wish of placement; where data wait and in which order they come is open still.",
            "d": "A framework says what is computed. The same program has many mappings.",
        },
    )


@item("mapping-2", wants="a whole number of PEs")
def units_that_share_a_filter(answer: object) -> str:
    """A filter of 3 x 3 over 256 channels in fp16, and 2 KiB of weights in each PE."""
    filter_bytes, room = 3 * 3 * 256 * bytes_per_element("fp16"), 2 * 2**10
    want, got = math.ceil(filter_bytes / room), number(answer)
    if near(got, filter_bytes / room, 0.001):
        return "So many memories full; a PE is there whole or not at all."
    if got == want - 1:
        return f"{got:.0f} PEs hold {got * room:,.0f} B of {filter_bytes:,.0f}; the rest is fetched for every output."
    if got == 1:
        return f"One PE has {room:,} B and a filter takes {filter_bytes:,.0f}."
    return "" if got == want else "Bytes of a filter over bytes of a PE, rounded up."


@item("mapping-3", wants="a whole number")
def weight_reads_of_an_order(answer: object) -> str:
    """3 filters of 3 x 3 over 6 x 6, outputs outermost, one weight kept."""
    problem = conv_problem(N=1, C=1, H=6, W=6, K=3, R=3, S=3)
    kept = dict.fromkeys(problem.sizes, 1)
    stay, want = (traffic(Nest(problem, [Level(kept, order)]))[0].B_reads for order in ("NCKRSPQ", "NCPQKRS"))
    got = number(answer)
    if got == stay:
        return "That is with the filters outermost, where each weight comes in once."
    if got == 6 * 6 * stay:
        return "The filter fits at fewer places than the image has pixels."
    if got == want / 3:
        return "That is one filter; at each position all three pass."
    return "" if got == want else "Positions of the output times all weights, since only one of them is kept."


@item("mapping-4", wants="a factor")
def bytes_until_the_units_bind(answer: object) -> str:
    """HBM at 90 %, PEs at 30 %."""
    hbm, pe, R_peak, BW = 0.9, 0.3, 989e12, 3.35e12
    want = ridge(R_peak, BW) / intensity(pe * R_peak, hbm * BW)
    if near(answer, 1 / want):
        return "Upside down: that is the share of the bytes that may remain."
    if near(answer, 1 / pe):
        return "That leaves the HBM at 90 %; the units bind once it is full and they are too."
    if near(answer, 1 / hbm):
        return "That fills the HBM and leaves the units a third busy."
    return (
        ""
        if near(answer, want)
        else "At the same work the PEs stay as busy as they are. How far must HBM's share fall to be equal to theirs?"
    )


@item("mapping-5", wants="a whole number")
def placements_of_four_in_two(answer: object) -> str:
    """Three choices, four dimensions, two memories."""
    want, got = placements(3, 4, 2), number(answer)
    if got == placements(3, 4, 1):
        return "That is one memory; the second is chosen for anew."
    if got == 3 * 4 * 2:
        return "Choices multiply, one factor for each dimension in each memory."
    if got == (4 * 2) ** 3:
        return "Turned round: eight decisions of three choices each."
    return "" if got == want else "Choices to the power of dimensions times memories."


@item("mapping-6", wants="a whole number")
def orders_of_four_in_two(answer: object) -> str:
    """Four loops in two memories."""
    want, got = loop_orders(4, memories=2), number(answer)
    if got == loop_orders(4):
        return "That is one memory."
    if got == 2 * loop_orders(4):
        return "Every order of the one memory goes with every order of the other: multiply, and do not add."
    if got == loop_orders(8):
        return "The loops of one memory do not mix with those of the other."
    return "" if got == want else "Factorial of the loops, to the power of the memories."


@item("mapping-7", wants="a letter from a to c")
def what_the_formula_counts(answer: object) -> str:
    """Choices, not different schedules; tiles are left out."""
    return letter(
        answer,
        "a",
        {
            "b": "Most orders of loops that do not turn, or turn beside each other, move the same words.",
            "c": "Whether a tile fits its memory is asked nowhere in the formula.",
        },
    )
