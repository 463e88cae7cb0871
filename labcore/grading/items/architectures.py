"""Self-check items of the map of architectures; each docstring is the question as the lab puts it."""

from __future__ import annotations

from labcore.architectures.dies import numa_bandwidth
from labcore.architectures.irregular import in_step_utilization
from labcore.architectures.residence import chips_to_hold
from labcore.catalogue.architectures import architecture
from labcore.grading.selfcheck import item, letter, near, number
from labcore.precision import bytes_per_element
from labcore.scaling import widening
from labcore.sparsity.cost import nm_bytes


@item("architectures-1", wants="a whole number of chips")
def chips_for_8_billion(answer: object) -> str:
    """Chips whose SRAM holds a model.

    How many LPU v1, of 230 MB of SRAM each, hold the weights of a model of 8 G parameters in INT8?
    """
    LPU, got = architecture("LPU v1"), number(answer)
    want = chips_to_hold(LPU, 8e9 * bytes_per_element("int8"))
    if got == chips_to_hold(LPU, 8e9 * bytes_per_element("fp16")):
        return "That is FP16; a weight in INT8 takes one byte."
    if got == want - 1:
        return f"{got:.0f} chips leave some weights without a place; round up."
    return "" if got == want else "Bytes of all weights over the bytes of one chip's SRAM, rounded up."


@item("architectures-2", wants="a factor")
def apart_after_six_years(answer: object) -> str:
    """A gap that compounds.

    FLOP/s grow 3.0x and DRAM bandwidth 1.6x every two years. How many times further apart are they after six?
    """
    each = widening(demand=3.0, supply=1.6)
    if near(answer, each):
        return "That is after two years; six have three such steps."
    if near(answer, each**6):
        return "The rates are for two years, not for one."
    if near(answer, 3.0**3):
        return "So much more FLOP/s; bandwidth has grown too."
    if near(answer, 3 * each):
        return "Growth compounds: multiply the steps."
    return "" if near(answer, each**3) else "The quotient of the two rates, once for every two years."


@item("architectures-3", wants="tokens a second")
def most_tokens_of_two_chips(answer: object) -> str:
    """The most that bandwidth allows one sequence.

    70 G parameters in FP16 lie half and half on two H100 that work on each token together; the link costs nothing.

    How many tokens a second can one sequence get at most, by the weights alone?
    """
    D_vol = 70e9 * bytes_per_element("fp16")
    one = architecture("H100").BW("HBM") / D_vol
    if near(answer, one):
        return "That is the bandwidth of one; each of the two reads its half, both at once."
    if near(answer, 4 * one):
        return "Two bytes for each weight."
    if near(answer, 1 / (2 * one)):
        return "That is the time of one token in seconds; its inverse is wanted."
    return "" if near(answer, 2 * one) else "Bandwidth of both together over the bytes of all weights."


@item("architectures-4", wants="a letter from a to d")
def why_batching_stops(answer: object) -> str:
    """What does not amortize.

    Decoding Llama 3 8B with 8,192 tokens of context each, no batch of any size reaches an H100's ridge point. Why?

    a) The weights are too large to be reused. b) A larger batch reads the weights more often. c) Each sequence brings
    keys and values of its own, which no other shares. d) The peak falls when many sequences run.
    """
    return letter(
        answer,
        "c",
        {
            "a": "Their size sets how large a batch must be; reused they are, once for each sequence in it.",
            "b": "Once for all of them: that is the gain of batching.",
            "d": "The peak is a property of the chip; the roofline's other side holds here.",
        },
    )


@item("architectures-5", wants="a share from 0 to 1")
def lanes_that_wait(answer: object) -> str:
    """Lanes that wait for the longest.

    Items take 1 unit of time, and one in ten at random takes 10. What share of its lanes does a warp of 32 use?
    """
    want, got = in_step_utilization("two", lanes=32, p=0.1, ratio=10.0), number(answer)
    if near(got, 100 * want):
        return "As a fraction of 1, not in per cent."
    if near(got, want, 0.03):  # what the lab's own draw shows
        return ""
    if near(got, (0.9 + 0.1 * 10) / 10):
        return "Close: but not every warp has a long item, 0.9^32 of them have none."
    if near(got, 0.9) or near(got, 0.1):
        return "That counts items. A warp takes as long as its longest one."
    return "The mean time of an item, over the mean of the longest of 32."


@item("architectures-6", wants="a ratio")
def bytes_of_2_4_in_int8(answer: object) -> str:
    """Two of four, and where they stood.

    Weights in INT8 pruned to 2:4, places included: how many bytes do they take, over those of the dense ones?
    """
    want = nm_bytes(16, 64, value_bytes=1) / (16 * 64)
    if near(answer, 0.5):
        return "Half the values; each also needs two bits that say where in its four it stood."
    if near(answer, nm_bytes(16, 64, value_bytes=2) / (16 * 64 * 2)):
        return "That is FP16. The places take as many bits as before, beside values half as wide."
    return "" if near(answer, want) else "Of four bytes two are left, and two bits beside each."


@item("architectures-7", wants="TB/s")
def two_dies_one_memory(answer: object) -> str:
    """Two dies and the seam between them.

    Two dies have 4 TB/s of memory each and addresses alternate between them. Over the link 1 TB/s comes in to each.

    How many TB/s do both together read?
    """
    want = numa_bandwidth(dies=2, BW_die=4e12, BW_link=1e12) / 1e12
    if near(answer, 8):
        return "Half of every die's reads come over its link, which carries 1 TB/s."
    if near(answer, 2):
        return "That is one die, or both links; half of what a die reads is its own memory's."
    if near(answer, 10):
        return "Link and memory do not add up: with alternating addresses each carries half."
    return "" if near(answer, want) else "A die reads at most twice what its link brings, as half of it is remote."


@item("architectures-8", wants="a letter from a to d")
def what_sram_changes(answer: object) -> str:
    """What binds when weights lie in SRAM.

    A model's weights move from the HBM of two chips to the SRAM of 600. What binds one sequence's next token, where all
    of them share each layer?

    a) Nothing: SRAM is fast enough. b) The hops between chips and their latency. c) The FLOP of the token.
    d) HBM still.
    """
    return letter(
        answer,
        "b",
        {
            "a": "Each chip is done sooner; its result still has to reach the next one.",
            "c": "Two FLOP a weight: hundreds of chips have far more than that to give.",
            "d": "No weight lies there any more.",
        },
    )
