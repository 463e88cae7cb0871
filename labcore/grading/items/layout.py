"""Self-check of lab 12: addresses, bursts, blocks, and when a conversion pays."""

from __future__ import annotations

from labcore.grading.selfcheck import item, letter, near
from labcore.layout import break_even, lane_access, layout

STAGE = {"N": 1, "C": 64, "H": 56, "W": 56}


@item("layouts-1", wants="a letter from a to d")
def why_channels_last(answer: object) -> str:
    """The channels of one pixel side by side, for lanes along the channels."""
    return letter(
        answer,
        "a",
        {
            "b": "Branches have no part in it: lanes that read a convolution's inputs take none.",
            "c": "The same elements take the same bytes in any order; only blocks add some.",
            "d": "A framework still converts where an operator knows only the other layout.",
        },
    )


@item("layouts-2", wants="a number of elements")
def address_in_nchw(answer: object) -> str:
    """Channel 5, row 2, column 3 of 64 x 56 x 56."""
    at = {"c": 5, "h": 2, "w": 3}
    want, other = (layout(name, **STAGE).address(**at) for name in ("NCHW", "NHWC"))
    if near(answer, other, 0):
        return "That is its address in NHWC, where the channel is innermost."
    if near(answer, 2 * want, 0):
        return "In elements, please: those are bytes of fp16."
    if near(answer, layout("NCHW", **STAGE).address(c=4, h=1, w=2), 0):
        return "All counts begin at 0 here: channel 5 has five channels before it."
    return "" if near(answer, want, 0) else "Channels are H x W elements apart, rows W, pixels of a row 1."


@item("layouts-3", wants="a whole number of sectors")
def sectors_along_a_row(answer: object) -> str:
    """32 lanes along a row of NHWC with 8 channels of fp16: 16 B from lane to lane."""
    want, merged = (
        lane_access(layout(name, N=1, C=8, H=56, W=56), "W", size=2).transactions for name in ("NHWC", "NCHW")
    )
    if near(answer, 32, 0):
        return "Two neighbouring lanes share a sector: they are 8 x 2 B apart, and a sector has 32 B."
    if near(answer, merged, 0):
        return "That many in NCHW, where neighbours of a row are neighbours in memory."
    return "" if near(answer, want, 0) else "Each element lies C x 2 B behind the last: which sectors do they lie in?"


@item("layouts-4", wants="True or False")
def element_wise_has_no_favourite(answer: object) -> str:
    """A ReLU may go by address in either layout."""
    if not isinstance(answer, bool):
        raise ValueError("not a truth value")
    return "Element by element any order will do, so take them by address: as many lines either way." if answer else ""


@item("layouts-5", wants="a number, how many times as many words")
def blocks_of_three_channels(answer: object) -> str:
    """NCHW16c of 3 channels keeps 16."""
    blocked = layout("NCHW16c", N=1, C=3, H=224, W=224)
    want = blocked.words / blocked.elements
    if near(answer, blocked.padding):
        return "That is the share of the words that are zeros; the question asks for words over elements."
    if near(answer, 16):
        return "There are three channels to begin with: 16 words for every 3 elements."
    return "" if near(answer, want) else "A block holds 16 channels, whether there are that many or not."


@item("layouts-6", wants="a whole number of layers")
def layers_that_pay(answer: object) -> str:
    """25 us to convert a map, 30 against 20 us a layer."""
    want, one_way = break_even(2 * 25e-6, 30e-6, 20e-6), break_even(25e-6, 30e-6, 20e-6)
    if near(answer, one_way, 0):
        return "Behind the last layer the map is converted back: two conversions."
    return "" if near(answer, want, 0) else "The time of both conversions over what one layer saves, rounded up."


@item("layouts-7", wants="a letter from a to c")
def statistics_of_a_channel(answer: object) -> str:
    """Lanes along the pixels of one channel: they are neighbours in NCHW."""
    return letter(
        answer,
        "b",
        {
            "a": "In NHWC the pixels of a channel are C elements apart; lanes along the channels would suit it.",
            "c": "It is the same to a sum, but not to the sectors that the lanes touch.",
        },
    )
