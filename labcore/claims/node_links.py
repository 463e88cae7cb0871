"""The links of a node: what each carries one way and both ways, and the taper from HBM to the network (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("nic-bandwidth-range", high=800e9).computed
[25.0, 100.0]
"""

from __future__ import annotations

from itertools import pairwise

from labcore.catalogue import H100, chip
from labcore.catalogue.links import LINE_BITS, PAYLOAD_BITS, joined, serial_bandwidth
from labcore.claims.host_transfers import GEN4, GEN5, HOST, TAPER
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import MUCH_GREATER, ORDER_OF_MAGNITUDE, Number, Range, Truth, Words
from labcore.interconnect.link import link
from labcore.interconnect.schedule import Exchange, exchange, gaps, pipelined, sequential
from labcore.scaling import times

NODE = "Text §Node-level interconnect topology"


def steps_down(*bandwidths: float) -> list[float]:
    """How many times each bandwidth of a taper is the next one."""
    return [times(*pair) for pair in pairwise(bandwidths)]


@computes("node-three-links", NODE, Number("3"), "", TAPER)
def kinds_of_links():
    """Kinds of links around an accelerator: to its neighbours, to the host, and out of the node."""
    return len(joined())


@computes("nvlink-bandwidth-range", NODE, Range("600", "900"), "GB/s", TAPER)
def nvlink_of_one_gpu(a100="NVLink 3", h100="NVLink 4"):
    """NVLink of an A100 and of an H100, both directions: links, times 25 GB/s, times two."""
    return [link(fabric).BW_both_ways for fabric in (a100, h100)]


@computes("pcie-bandwidth-range", NODE, Range("32", "64"), "GB/s", TAPER)
def pcie_of_one_slot(gen4=16e9, gen5=32e9, lanes=16):
    """One direction of PCIe Gen4 and Gen5 x16, less the 2 of 130 bits of the line code."""
    return [serial_bandwidth(rate, lanes, PAYLOAD_BITS, LINE_BITS) for rate in (gen4, gen5)]


@computes("eight-gpus-5-tbps", NODE, Number("5"), "TB/s", TAPER)
def nvlink_of_eight(gpus=8, fabric="NVLink 3"):
    """NVLink of eight A100, both directions of all of them added up: the reading under which the number holds."""
    return gpus * link(fabric).BW_both_ways


@computes(
    "eight-gpus-5-tbps-of-compute", NODE,
    Words("5 TB/s of aggregate compute bandwidth", least=4.5, most=5.5, number=5), "TB/s", TAPER,
)  # fmt: skip
def memory_of_eight(gpus=8, gpu="A100"):
    """What feeds the computing of eight A100: the bandwidth of their memories."""
    return gpus * chip(gpu).BW


@memory_of_eight.erratum
def two_bandwidths():
    """No bandwidth that feeds computing adds up to 5: the memories of eight A100 give {a100:.1f} TB/s.

    Eight H100 have {h100:.1f}. Would hold of NVLink with both directions counted, {nvlink:.1f} TB/s, beside one
    direction of the host link; one way against one way it is {one_way:.1f} TB/s against {slot:.0f} GB/s.
    """
    return {
        "a100": memory_of_eight() / 1e12, "h100": memory_of_eight(gpu="H100") / 1e12,
        "nvlink": nvlink_of_eight() / 1e12, "one_way": 8 * link("NVLink 3").BW_one_way / 1e12,
        "slot": link(GEN5).BW_one_way / 1e9,
    }  # fmt: skip


@computes("pcie-switch-64", NODE, Number("64"), "GB/s", TAPER)
def one_gen5_slot(rate=32e9, lanes=16):
    """One direction of the PCIe Gen5 x16 link between the host and a switch."""
    return serial_bandwidth(rate, lanes, PAYLOAD_BITS, LINE_BITS)


@one_gen5_slot.rounding
def before_the_line_code():
    """The page says about: {value:.0f} GB/s is the rate of the wire, 32 GT/s x 16 / 8, code bits and all."""
    return serial_bandwidth(32e9, 16)


@computes("nic-bandwidth-range", NODE, Range("25", "50"), "GB/s", TAPER)
def network_of_one_card(low=200e9, high=400e9):
    """200 and 400 Gb/s in bytes: an eighth."""
    return [serial_bandwidth(bits, lanes=1) for bits in (low, high)]


@computes("footnote-29-nvlink-vs-pcie", "Footnote 29",
          Words("close to an order of magnitude", *ORDER_OF_MAGNITUDE, number=10), "x", TAPER)  # fmt: skip
def nvlink_over_pcie(ours=("NVLink 3", "NVLink 4"), theirs=(GEN4, GEN5)):
    """NVLink over the PCIe of its time, one direction of each: A100 and H100."""
    return [times(link(a).BW_one_way, link(b).BW_one_way) for a, b in zip(ours, theirs, strict=True)]


shows(
    "footnote-30-infiniband", "Footnote 30",
    "With RDMA the network card reads and writes an accelerator's memory itself, so a message need not be stored in "
    "the host's memory on its way.",
    TAPER,
)  # fmt: skip


@computes("bandwidth-taper-equation", "Equation (unnumbered, bandwidth taper)",
          Words(">> at every step", least=MUCH_GREATER), "x", TAPER)  # fmt: skip
def taper(BW=3350e9, nvlink=900e9, pcie=64e9, network=50e9):
    """Steps of the taper from HBM to the network, where the page writes much greater."""
    return steps_down(BW, nvlink, pcie, network)


@taper.erratum
def no_step_to_the_network():
    """From PCIe (64) to the network (50) it is {last:.2f}, no step at all: a network card itself sits on a PCIe slot.

    And 900 GB/s counts both directions of NVLink beside one of PCIe. One direction each, {nvlink:.0f}, {pcie:.0f} and
    {network:.0f} GB/s, makes the steps {one:.1f}, {two:.1f} and {three:.2f}. Would hold of the first two steps.
    """
    one_way = [link(name).BW_one_way for name in ("NVLink 4", GEN5, "InfiniBand NDR")]
    steps = steps_down(H100.BW, *one_way)
    return {
        "last": taper()[-1], **dict(zip(("nvlink", "pcie", "network"), (BW / 1e9 for BW in one_way), strict=True)),
        **dict(zip(("one", "two", "three"), steps, strict=True)),
    }  # fmt: skip


@computes("taper-slowdown-30-100x", NODE, Range("30", "100"), "x", TAPER)
def fall_from_memory(BW_a100=2039e9, BW_h100=3350e9, pcie=64e9, network=50e9):
    """From the memory of an A100 and of an H100 down to PCIe and to the network."""
    return [times(BW, slow) for BW in (BW_a100, BW_h100) for slow in (pcie, network)]


@computes("host-transfer-steps-text", NODE, Number("4"), "", HOST)
def steps_in_a_row(chunks=1):
    """Steps of an exchange that each begin when the one before has ended, the first at once."""
    done = sequential(Exchange(2.0, 1.0, 3.0, 1.0), chunks)
    ends = [0.0, *(one.end for one in done)]
    return sum(one.start == end for one, end in zip(done, ends, strict=False))


@computes(
    "footnote-31-dma", "Footnote 31", Truth(words="without overlap the accelerator idles between batches"), "", HOST
)
def idle_between_batches(D_in=20e6, D_out=128e3, T_compute=2.2e-3, L_launch=10e-6, batches=4):
    """A copy engine fills while the CPU launches: no gap between batches; one step after another leaves gaps."""
    one = exchange(D_in, D_out, T_compute, link(GEN4), L_launch)
    idle = [sum(gaps(run, "accelerator")) for run in (pipelined(one, batches), sequential(one, batches))]
    return idle[0] < 1e-9 < idle[1]  # sums of floats leave dust, far below a nanosecond
