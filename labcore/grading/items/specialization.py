"""Self-check items of the section on hardware specialization."""

from __future__ import annotations

import math

from labcore.catalogue import chip
from labcore.energy import access_energy
from labcore.grading.selfcheck import item, letter, near, number
from labcore.precision.cost import mac_energy, operation_energy
from labcore.roofline import utilization
from labcore.scaling import powered_share, widening


@item("specialization-1", wants="a number, in x a year")
def growth_of_a_gap(answer: object) -> str:
    """Demand grows 5x a year and supply 2x; the gap is their quotient."""
    if near(answer, 5 - 2):
        return (
            "The gap is a ratio: demand over supply. Ratios grow by the quotient of their factors, not the difference."
        )
    if near(answer, 1 / widening(5, 2)):
        return "Upside down: that is how fast supply over demand shrinks."
    return "" if near(answer, widening(5, 2)) else "After a year demand is 5 and supply 2, from 1 and 1."


@item("specialization-2", wants="a number in per cent")
def lit_share(answer: object) -> str:
    """Four generations at a fixed voltage and clock under the same power budget."""
    want = 100 * powered_share(4, voltage_falls=False)
    if near(answer, 100 - want):
        return "That is the dark share; the question asks for what can be on."
    if near(answer, 100 / 2**4):
        return "Transistors double, but each also has a smaller capacitance: power grows by the root of 2 a generation."
    if near(answer, want / 100):
        return "In per cent, please: that is the right share as a fraction."
    return "" if near(answer, want) else "Power grows by 2 / sqrt 2 a generation; four of those, and then its inverse."


@item("specialization-3", wants="a number")
def move_over_mac(answer: object) -> str:
    """Two int8 operands from DRAM over an int8 MAC summed in int32, 45 nm."""
    E_mac = mac_energy("int8", "int32")
    want = access_energy("DRAM", 2) / E_mac
    if near(answer, want / 2):
        return "That is one operand; a multiplication takes two."
    if near(answer, 4 * want):
        return "The operands are 8 bits wide, not 32."
    if near(answer, want * E_mac / operation_energy("multiply", "int8")):
        return "That is against the multiplication alone; a MAC adds as well."
    return "" if near(answer, want) else "1.3 nJ fetch 64 bits; a MAC is 0.2 pJ to multiply and 0.1 pJ to add."


@item("specialization-4", wants="a letter from a to d")
def why_domain_specific(answer: object) -> str:
    """Dark silicon makes area cheap and power dear."""
    slips = {
        "a": "Transistors go on to get more numerous; it is the power for them that does not grow.",
        "b": "Demand has grown faster than supply, not slower; the gap is the reason and not an excess of chips.",
        "d": "A fixed function is harder to change and to debug. Nobody chose it for comfort.",
    }
    return letter(answer, "c", slips)


@item("specialization-5", wants="a number in per cent")
def share_at_batch_four(answer: object) -> str:
    """Decoding with fp16 weights at batch 4 on an H100: 4 FLOP/B."""
    h100 = chip("H100")
    want = 100 * float(utilization(h100.peak("fp16"), h100.BW, 2 * 4 / 2))
    if near(answer, want / 4):
        return "That is batch 1; at batch 4 each weight that is read serves four sequences."
    if near(answer, want / 2):
        return "A MAC is two FLOP."
    if near(answer, want / 100):
        return "In per cent, please: that is the right share as a fraction."
    return "" if near(answer, want) else "2 x 4 FLOP for each weight of 2 B, times the bandwidth, over the peak."


@item("specialization-6", wants="a list of four numbers, such as [1, 2, 3, 4]")
def order_of_the_waves(answer: object) -> str:
    """Coprocessor, GPU, chip for one domain, tensor cores inside GPUs."""
    given = [number(one) for one in answer]
    if sorted(given) != [1, 2, 3, 4]:
        raise ValueError("each of the four once")
    if given == [3, 1, 4, 2]:
        return ""
    if given == [2, 4, 1, 3]:
        return "Those are the ranks of the four as they stand; write their numbers instead, the earliest first."
    if given.index(4) > given.index(2):
        return "GPUs got tensor cores after the first chip made for networks: 2017 against 2015."
    return "Start with the unit that left one operation to a chip of its own, in 1980."


@item("specialization-7", wants="a number")
def break_even_count(answer: object) -> str:
    """30 million once; a bought machine costs 12,000, as much work on own chips 2,000."""
    want = 30e6 / (12_000 - 2_000)
    if near(answer, 30e6 / 12_000):
        return "Own machines are not free: what a machine's work saves is 12,000 less 2,000."
    if near(answer, math.ceil(30e6 / 2_000)):
        return "That divides by the cost of the own machines; divide by what each saves."
    return "" if near(answer, want) else "One-time cost over the saving for each bought machine that is replaced."
