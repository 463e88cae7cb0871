"""The memory hierarchy: Table 10, and the latency floor of distance (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("speed-of-light-latency").verdict
'reproduces'
"""

from __future__ import annotations

from itertools import pairwise
from statistics import geometric_mean

from labcore.catalogue import memory
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import ORDER_OF_MAGNITUDE, Each, Number, Range, Truth, Words
from labcore.latency import LIGHT, cycles_in, signal_time, square_die, time_of, wave_speed
from labcore.scaling import times

LAB = "08_memory_systems"
LADDER, LIGHT_LIMIT = f"{LAB}#hierarchy", f"{LAB}#speed-of-light"
TABLE, NAPKIN = "Table 10", "Napkin Math 1.2"
CACHE, SCRATCHPAD, DRAM, FLASH = map(
    geometric_mean, [(1e-9, 10e-9), (5e-9, 20e-9), (50e-9, 150e-9), (100e-6, 1e-3)]
)  # s, of the ranges in Table 10
CYCLES, CLOCK = memory.V100_CYCLES, memory.V100_CLOCK.value


@computes("hierarchy-order-of-magnitude-steps", "Text §Memory hierarchy",
          Words("an order of magnitude", *ORDER_OF_MAGNITUDE, number=10), "x", LADDER)  # fmt: skip
def steps(register_cycles=1, clock=2e9, cache=CACHE, scratchpad=SCRATCHPAD, hbm=100e-9, dram=DRAM, flash=FLASH):
    """Latency of each level of Table 10 over the one above, at the geometric middles of its ranges."""
    levels = [time_of(register_cycles, clock), cache, scratchpad, hbm, dram, flash]
    return [times(after, before) for before, after in pairwise(levels)]


@steps.erratum
def steps_are_uneven():
    """By the table's own middles commodity DRAM takes {fourth:.2f} of HBM's wait, no longer for being larger.

    Flash takes {fifth:,.0f} times the DRAM's. Would hold down to HBM, where the steps are {first:.1f}x, {second:.1f}x
    and {third:.0f}x.
    """
    return dict(zip(("first", "second", "third", "fourth", "fifth"), steps(), strict=True))


shows("table-10-caption", TABLE,
      "Six kinds of memory from registers to flash: the further away, the larger; what latency does on the way is a "
      "matter of measuring.", LADDER, Number("6"))  # fmt: skip


@cites("table-10-row-registers", TABLE, Words("about 1", least=1, most=1, number=1), "", LADDER)
def register_cycle():
    """Cycles of a register: none beside the instruction's own."""
    return memory.REGISTER_CYCLES


@computes("table-10-row-cache", TABLE, Range("1", "10"), "ns", LADDER)
def cache_latency(l1=CYCLES["L1"].value, l2=CYCLES["L2"].value, clock=CLOCK):
    """Loads from the L1 and the L2 of an accelerator, a V100."""
    return [time_of(l1, clock), time_of(l2, clock)]


@cache_latency.erratum
def caches_of_a_cpu():
    """The caches of an accelerator answer later: {l1:.0f} and {l2:.0f} ns on a V100.

    Would hold of a CPU, whose first two caches take {cpu1:.1f} and {cpu2:.0f} ns.
    """
    l1, l2 = cache_latency()
    return {
        "l1": 1e9 * l1, "l2": 1e9 * l2, "cpu1": 1e9 * memory.CPU_CACHE["L1"].value,
        "cpu2": 1e9 * memory.CPU_CACHE["L2"].value,
    }  # fmt: skip


@computes("table-10-row-scratchpad", TABLE, Range("5", "20"), "ns", LADDER)
def scratchpad_latency(cycles=memory.SHARED_CYCLES.value, clock=CLOCK):
    """Shared memory of a GPU: 20 cycles."""
    return time_of(cycles, clock)


@computes("table-10-row-hbm", TABLE, Words("about 100", least=50, most=150, number=100), "ns", LADDER)
def hbm_latency_in_the_table(cycles=CYCLES["HBM"].value, clock=CLOCK):
    """What a V100 waits for its HBM, address translation and caches on the way included."""
    return time_of(cycles, clock)


@hbm_latency_in_the_table.erratum
def two_latencies_of_hbm():
    """The chapter prints about 100 ns here and about 300 ns in Lighthouse 1.2; a V100 measures {ns:.0f} ns.

    {cycles:.0f} cycles at {mhz:.0f} MHz: the second is what a kernel waits. Would hold of the DRAM's own share, without
    the caches and the translation before it.
    """
    return {"ns": 1e9 * hbm_latency_in_the_table(), "cycles": CYCLES["HBM"].value, "mhz": CLOCK / 1e6}


@cites("table-10-row-dram", TABLE, Range("50", "150"), "ns", LADDER)
def dram_latency():
    """A load from a CPU's DDR memory, measured."""
    return memory.DDR_LATENCY


@cites("table-10-row-flash", TABLE, Range("100", "1,000"), "us", LADDER)
def flash_latency():
    """One read of flash; a whole drive's cache and queue can answer earlier."""
    return memory.FLASH_READ


shows("napkin-1-2-speed-of-light", NAPKIN,
      "Holds the time of a signal across a die against a clock cycle and against a load from memory.",
      LIGHT_LIMIT)  # fmt: skip


@computes("speed-of-light-die", NAPKIN, Each("814", "20"), "", LIGHT_LIMIT)
def die_and_way(area=memory.H100_DIE.value):
    """Area in mm^2, and from the centre to a corner of a square die of that area, in mm."""
    return [area, 1e3 * square_die(1e-6 * area)[1] / 2]


@computes("speed-of-light-velocity", NAPKIN, Number("0.5"), "x", LIGHT_LIMIT)
def share_of_light(permittivity=memory.SILICA.value):
    """Speed of a wave in the silica between the wires, as a share of c; a wire that charges transistors is slower."""
    return wave_speed(permittivity)


@computes("speed-of-light-latency", NAPKIN, Words("about 130", least=125, most=135, number=130), "ps",
          LIGHT_LIMIT)  # fmt: skip
def flight(distance=0.020, share_of_c=0.5):
    """Flight over 20 mm, one way."""
    return signal_time(distance, share_of_c)


@computes("speed-of-light-cycle", NAPKIN, Number("500"), "ps", LIGHT_LIMIT)
def cycle(clock=2e9):
    """Period of a 2 GHz clock."""
    return time_of(1, clock)


@computes("speed-of-light-dram-cycles", NAPKIN, Range("100", None), "", LIGHT_LIMIT)
def dram_cycles(L_lat=100e-9, clock=2e9):
    """Cycles of a load from DRAM at the table's 100 ns."""
    return cycles_in(L_lat, clock)


@computes("speed-of-light-impossible", NAPKIN, Truth(words="distance forbids an answer from DRAM in one cycle"), "",
          LIGHT_LIMIT)  # fmt: skip
def too_far(distance=0.020, share_of_c=0.5, clock=2e9):
    """There and back at the page's speed takes longer than a cycle."""
    return 2 * signal_time(distance, share_of_c) > time_of(1, clock)


@too_far.erratum
def near_enough():
    """There and back over {mm:.0f} mm at {share} c takes {ps:.0f} ps, {cycles:.2f} of a cycle: distance leaves room.

    What does not fit is the DRAM's own access and the caches before it, {waited:.0f} ns on a V100, of which that flight
    would be {flown:.2%}. Would hold from {reach:.0f} mm on, or of the DRAM's access in place of the distance.
    """
    there_and_back = 2 * signal_time(0.020)
    waited = time_of(CYCLES["HBM"].value, CLOCK)
    return {
        "mm": 20, "share": 0.5, "ps": 1e12 * there_and_back, "cycles": cycles_in(there_and_back, 2e9),
        "waited": 1e9 * waited, "flown": there_and_back / waited, "reach": 1e3 * time_of(1, 2e9) * 0.5 * LIGHT / 2,
    }  # fmt: skip
