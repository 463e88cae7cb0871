"""Which memory holds what, and what each decision takes from the others: Tables 16 and 17, lines 1574 to 1596 (lab 10).

>>> from labcore.claims.ledger import claim
>>> [round(claim("alloc-three-penalties", level=level).computed) for level in ("SRAM 8 KiB", "SRAM 1 MiB")]
[128, 13]
"""

from __future__ import annotations

from labcore.catalogue import A100, memory
from labcore.catalogue.arrays import DRAM_WORD
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Truth, Words
from labcore.energy import access_energy
from labcore.interconnect.link import Link
from labcore.interconnect.schedule import Task, exchange, makespan, pipelined_time, run
from labcore.latency import time_of
from labcore.mapping import min_traffic
from labcore.models.pressure import of_model
from labcore.precision import bytes_per_element
from labcore.roofline import attainable, bound, intensity, ridge
from labcore.scaling import times
from labcore.simt.memory import warp_access
from labcore.simt.occupancy import issue_cycles

ALLOCATE, TRADE = "10_mapping#allocation", "10_mapping#trade-offs"
TABLE_16, TABLE_17 = "Table 16", "Table 17"
CYCLES, CLOCK = memory.V100_CYCLES, memory.V100_CLOCK.value
WORD = bytes_per_element("fp32")


@computes("alloc-three-penalties", "Text §Memory allocation", Words("orders of magnitude", least=100), "x", ALLOCATE)
def off_chip_over_on_chip(E_dram=DRAM_WORD.value, word=WORD, level="SRAM 8 KiB"):
    """Energy of a word from DRAM over one from the SRAM that Figure 9 draws, of 8 KiB at 45 nm.

    On-chip storage near the units, that is: one of a mebibyte lies a single order below DRAM.
    """
    return times(E_dram, access_energy(level, word))


shows("table16-caption", TABLE_16,
      "Five reasons why it is hard to say which memory holds what: waiting, little room near the units, a narrow way "
      "out, addresses that nobody foresees, and networks unlike each other.", ALLOCATE)  # fmt: skip


@computes("table16-high-latency", TABLE_16, Truth(words="far data lower the throughput"), "", ALLOCATE)
def waiting_lowers_throughput(near=int(CYCLES["L1"].value), far=int(CYCLES["HBM"].value), warps=8):
    """Eight warps of ten loads that wait for each other take longer when each load comes from far."""
    return issue_cycles(warps, 10, far) > issue_cycles(warps, 10, near)


@computes("table16-limited-on-chip", TABLE_16, Truth(words="little room near the units costs traffic"), "", ALLOCATE)
def room_spares_traffic(small=1024, large=4096, n=256):
    """The best mapping of a product onto a quarter of the buffer moves more."""
    return min_traffic(n, n, n, small).traffic > min_traffic(n, n, n, large).traffic


@computes("table16-off-chip-demand", TABLE_16, Truth(words="external traffic costs delay and power"), "", ALLOCATE)
def traffic_costs_both(n=1024, small=64, large=65536, R_peak=A100.peaks["fp32"].value, BW=A100.BW):
    """What a small buffer asks of DRAM binds a product that a large one leaves compute-bound, and takes more energy."""
    asked, spared = (WORD * min_traffic(n, n, n, words).traffic for words in (small, large))
    regimes = [bound(intensity(2 * n**3, D_vol), ridge(R_peak, BW)) for D_vol in (asked, spared)]
    return regimes == ["memory", "compute"] and access_energy("DRAM", asked) > access_energy("DRAM", spared)


@computes("table16-irregular-access", TABLE_16, Truth(words="access against the layout wastes memory"), "", ALLOCATE)
def layout_against_access(stride=64):
    """A warp that reads down a column of a row-major matrix uses less of the bytes it moves than along a row."""
    return warp_access(stride).efficiency < warp_access(1).efficiency


@computes("table16-model-specific", TABLE_16, Truth(words="what fills a memory depends on the network"), "", ALLOCATE)
def what_fills_the_memory(batch=32):
    """The largest part of ResNet-50 at batch 32 is its feature maps, of GPT-2 writing one token its weights."""
    return of_model("resnet50", batch=batch).largest != of_model("gpt2").largest


shows("table17-caption", TABLE_17,
      "Five pairs of choices that pull at each other, with no side that is best for all; so the three decisions are "
      "searched together.", TRADE)  # fmt: skip


@computes("table17-granularity", TABLE_17, Truth(words="finer grains overlap more and wait more"), "", TRADE)
def grains(L_lat=1e-6, some=8, many=1000):
    """Copying in parts: eight beat one, since they overlap; of a thousand, what each costs to begin eats the gain."""
    link = Link("", 25e9, L_lat)
    T = {parts: pipelined_time(exchange(4e6, 4e6, 200e-6, link, chunks=parts), parts) for parts in (1, some, many)}
    return T[1] > T[some] < T[many]


@computes("table17-spatial-temporal", TABLE_17, Truth(words="spatial: faster, then contended; temporal: slower"), "",
          TRADE)  # fmt: skip
def side_by_side(PEs=64, rate=1e12, BW=A100.BW, I=16.0):
    """Units side by side are faster than one in turn; past the memory's bandwidth twice as many bring nothing."""
    one, all_of_them, twice = (float(attainable(count * rate, BW, I)) for count in (1, PEs, 2 * PEs))
    return one < all_of_them == twice


@computes("table17-locality", TABLE_17, Truth(words="nearer waits less and holds less"), "", TRADE)
def nearer_is_smaller(hbm=CYCLES["HBM"].value):
    """Down the memories of a V100, from the L1 of one multiprocessor to HBM, both the capacity and the wait rise."""
    waits = [time_of(cycles, CLOCK) for cycles in (CYCLES["L1"].value, CYCLES["L2"].value, hbm)]
    rooms = [level.capacity.value for level in reversed(memory.V100_LEVELS)]
    return waits == sorted(waits) and rooms == sorted(rooms)


@computes("table17-communication", TABLE_17, Truth(words="together contends, apart has to synchronize"), "", TRADE)
def together_or_apart(short=0.1, long=2.0, T=1.0):
    """Two tasks on one unit wait for each other, on two for a message: a short one is worth it, a long one is not."""
    together = makespan(run([Task("work", 0, "a", T), Task("work", 1, "a", T)]))

    def apart(D):
        return makespan(run([
            Task("send", 1, "link", D), Task("work", 0, "a", T), Task("work", 1, "b", T, after=(("send", 1),)),
        ]))  # fmt: skip

    return apart(short) < together < apart(long)


shows("table17-dataflow-order", TABLE_17,
      "A schedule fixed beforehand costs nothing while it runs and fits one workload; one that is made while it runs "
      "fits any and has to be paid for.", TRADE)  # fmt: skip
