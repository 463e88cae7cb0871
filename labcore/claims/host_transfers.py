"""From the memory of an accelerator to its host: the copy over PCIe and the four steps of an exchange (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("hbm-vs-pcie-30x", BW=3.2e12).computed
50.0
"""

from __future__ import annotations

from itertools import pairwise

from labcore.catalogue import A100, H100
from labcore.catalogue.links import COPY_OVERHEAD
from labcore.claims.ledger import computes
from labcore.claims.printed import ORDER_OF_MAGNITUDE, Number, Truth, Words
from labcore.interconnect.link import effective_bandwidth, half_bandwidth_size, link, transfer_time
from labcore.interconnect.schedule import Exchange, sequential
from labcore.scaling import times

TAPER, HOST = "08_memory_systems#taper", "08_memory_systems#host-transfers"
GEN4, GEN5 = "PCIe Gen4 x16", "PCIe Gen5 x16"


@computes("hbm-vs-pcie-30x", "Text §Memory bandwidth", Number("30"), "x", TAPER)
def memory_over_host_link(BW=2e12, host_link=64e9):
    """Bandwidth of the accelerator's own memory over that of the host link."""
    return times(BW, host_link)


@memory_over_host_link.rounding
def in_one_digit():
    """2,000 / 64 = 31.25, which in one digit is {value:.0f}."""
    return float(f"{memory_over_host_link():.1g}")


@computes("hbm-vs-pcie-30x-one-way", "Text §Memory bandwidth", Words("30x", least=25, most=35, number=30), "x", TAPER)
def memory_over_one_direction():
    """The same ratio for the chip that the paragraph cites, the A100, over one direction of its own PCIe Gen4."""
    return times(A100.BW, link(GEN4).BW_one_way)


@memory_over_one_direction.erratum
def both_ways_beside_a_copy_in():
    """Data on their way in use one direction; 64 GB/s is both directions of Gen4, or one of Gen5.

    One direction of the A100's Gen4 carries {gen4:.1f} GB/s, {a100:.1f} times less than its {memory:.0f} GB/s of HBM.
    Gen5 carries {gen5:.1f} and came with the H100, whose memory is {h100:.1f} times faster. Would hold of 2 TB/s over
    Gen5 one way, which no A100 has, or over both directions of Gen4.
    """
    return {
        "gen4": link(GEN4).BW_one_way / 1e9, "a100": memory_over_one_direction(), "memory": A100.BW / 1e9,
        "gen5": link(GEN5).BW_one_way / 1e9, "h100": times(H100.BW, link(GEN5).BW_one_way),
    }  # fmt: skip


@computes(
    "hbm-vs-pcie-small-transfers", "Text §Memory bandwidth",
    Truth(words="the lower bandwidth dominates the latency of small transfers"), "", HOST,
)  # fmt: skip
def bandwidth_decides(D_vol=4096, host_link=64e9, L_lat=COPY_OVERHEAD.value):
    """Most of the time of a copy of 4 KiB goes into its bytes, and not into the call."""
    return effective_bandwidth(D_vol, host_link, L_lat) > host_link / 2


@bandwidth_decides.erratum
def latency_decides():
    """A copy call takes {call:.0f} us before its first byte; over 64 GB/s 4 KiB add {wire:.3f} us, {share:.0%} of all.

    So a link 30 times as fast would gain nothing. Would hold from {half:.0f} kB on, where the bytes weigh as much as
    the call.
    """
    L_lat, host_link = COPY_OVERHEAD.value, 64e9
    whole = transfer_time(4096, host_link, L_lat)
    return {
        "call": L_lat * 1e6, "wire": (whole - L_lat) * 1e6, "share": 1 - L_lat / whole,
        "half": half_bandwidth_size(host_link, L_lat) / 1e3,
    }  # fmt: skip


@computes(
    "fig-margin-bandwidth-taper", "Figure (margin, unnumbered: bandwidth ladder)",
    Words("a decade from rung to rung, as drawn", *ORDER_OF_MAGNITUDE), "x", TAPER,
)  # fmt: skip
def rungs_of_the_ladder(BW=3350e9, nvlink=900e9, pcie=64e9, network=50e9):
    """Steps between the four bars of the ladder, from the bandwidths that the text gives them."""
    return [times(*pair) for pair in pairwise((BW, nvlink, pcie, network))]


@rungs_of_the_ladder.erratum
def uneven_rungs():
    """The bars are drawn a factor of 10 apart, like 1000, 100, 10 and 1.

    The text's own bandwidths make the steps {one:.1f}, {two:.1f} and {three:.2f}: PCIe and the network are nearly even.
    Would hold as a drawing of the order alone, without a scale.
    """
    return dict(zip(("one", "two", "three"), rungs_of_the_ladder(), strict=True))


@computes("figure-13-host-transfer", "Figure 13", Number("4"), "", HOST)
def steps_of_an_exchange():
    """Kinds of steps in one exchange of the schedule."""
    return len({one.step for one in sequential(Exchange(2.0, 1.0, 3.0, 1.0))})
