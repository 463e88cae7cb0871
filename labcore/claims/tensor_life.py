"""The life of a tensor: one second of sound from HBM to the registers, with a time and an energy at each stop (lab 08).

>>> from labcore.claims.ledger import claim
>>> claim("kws-tensor-size").computed
32.0
"""

from __future__ import annotations

from labcore.catalogue import A100, V100, memory
from labcore.catalogue.arrays import DRAM_WORD
from labcore.catalogue.energy import HBM2_PER_BIT
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Number, Truth, Words
from labcore.energy import access_energy
from labcore.latency import cycles_in, time_of
from labcore.precision import bytes_per_element
from labcore.roofline import attainable

LIFE, TENSOR = "08_memory_systems#life-of-a-tensor", "Lighthouse 1.2"
CYCLES, CLOCK = memory.V100_CYCLES, memory.V100_CLOCK.value
BW_HBM, BW_L2, BW_L1 = (level.bandwidth.value for level in memory.V100_LEVELS)
BIT = 1 / 8  # B

shows(
    "lighthouse-1-2-life-of-a-tensor", TENSOR,
    "One second of sound on its way from HBM through L2 and L1 to the registers of a GPU, with a time and an energy at "
    "each stop.",
    LIFE,
)  # fmt: skip


@computes("gpu-hosted-kws-duration", TENSOR, Number("1"), "s", LIFE)
def clip_length(samples=16_000, rate=16_000):
    """Length of the clip: its samples at 16 kHz."""
    return time_of(samples, clock=rate)


@computes("kws-tensor-size", TENSOR, Number("32"), "KB", LIFE)
def clip_size(samples=16_000, precision="fp16"):
    """Size of the clip in FP16, kB of 1000 bytes."""
    return samples * bytes_per_element(precision)


@computes("kws-hbm-latency", TENSOR, Words("about 300", least=250, most=350, number=300), "ns", LIFE)
def hbm_latency(cycles=CYCLES["HBM"].value, clock=CLOCK):
    """A load from HBM that waits for the load before it, measured on a V100: 436 cycles at 1380 MHz."""
    return time_of(cycles, clock)


@computes("kws-dram-energy-per-bit", TENSOR, Words("about 20", least=15, most=25, number=20), "pJ", LIFE)
def energy_of_a_bit(level="HBM2", process="7 nm"):
    """Energy of one bit from the HBM in which the tensor starts."""
    return access_energy(level, BIT, process)


@energy_of_a_bit.erratum
def a_bit_over_ddr():
    """The tensor starts in HBM.

    HBM2 takes {hbm:.1f} pJ a bit by one table and {cell:.1f} by another: a fifth of the page's figure. Would hold of
    DRAM behind a DDR interface: {word:.0f} pJ for 32 bits is {ddr:.0f} pJ a bit.
    """
    return {
        "word": 1e12 * DRAM_WORD.value, "ddr": 1e12 * DRAM_WORD.value / 32, "hbm": 1e12 * energy_of_a_bit(),
        "cell": 1e12 * HBM2_PER_BIT.value,
    }  # fmt: skip


@computes("kws-tensor-energy", TENSOR, Truth(words="high cost: a clip from DRAM over one from registers"), "", LIFE)
def clip_from_dram(D_vol=32_000, E_register=memory.REGISTER_BIT.value):
    """The clip costs ten times more from HBM than from registers at the page's energy of a bit."""
    return access_energy("HBM2", D_vol, "7 nm") > 10 * D_vol / BIT * E_register


@computes("kws-l2-latency", TENSOR, Words("about 4", least=3.5, most=4.5, number=4), "ns", LIFE)
def l2_latency(cycles=CYCLES["L2"].value, clock=CLOCK):
    """A load from the L2 of a V100."""
    return time_of(cycles, clock)


@l2_latency.erratum
def l2_is_far():
    """A chain of loads from the L2 of a V100 takes {cycles:.0f} cycles each, {ns:.0f} ns.

    4 ns are {clocks:.1f} cycles of that GPU. Would hold, about, of the second cache of a CPU core, {cpu:.0f} ns.
    """
    return {
        "cycles": CYCLES["L2"].value, "ns": 1e9 * l2_latency(), "clocks": cycles_in(4e-9, CLOCK),
        "cpu": 1e9 * memory.CPU_CACHE["L2"].value,
    }  # fmt: skip


@computes("kws-l1-latency", TENSOR, Words("about 1", least=0.5, most=1.5, number=1), "ns", LIFE)
def l1_latency(cycles=CYCLES["L1"].value, clock=CLOCK):
    """A load from the L1 of a V100."""
    return time_of(cycles, clock)


@l1_latency.erratum
def l1_takes_cycles():
    """A chain of loads from the L1 of a V100 takes {cycles:.0f} cycles each, {ns:.1f} ns.

    1 ns are {clocks:.1f} cycles of that GPU. Would hold, about, of the first cache of a CPU core, {cpu:.1f} ns.
    """
    return {
        "cycles": CYCLES["L1"].value, "ns": 1e9 * l1_latency(), "clocks": cycles_in(1e-9, CLOCK),
        "cpu": 1e9 * memory.CPU_CACHE["L1"].value,
    }  # fmt: skip


@computes("kws-register-latency", TENSOR, Words("about 0 (single cycle)", most=0.5, number=0), "ns", LIFE)
def register_latency(cycles=1, clock=2e9):
    """One cycle at 2 GHz."""
    return time_of(cycles, clock)


@cites("kws-register-throughput", TENSOR, Number("312"), "TFLOP/s", LIFE)
def tensor_cores():
    """Peak of the A100's tensor cores in FP16, dense."""
    return A100.peaks["fp16"]


@cites("kws-register-energy", TENSOR, Number("0.1"), "pJ", LIFE)
def register_bit():
    """Energy of one bit from a register, as the page counts it."""
    return memory.REGISTER_BIT


@computes("kws-bandwidth-step-1-2", TENSOR, Truth(words="the link from HBM to L2 sets the roofline"), "", LIFE)
def narrowest_link(hbm=BW_HBM, l2=BW_L2, l1=BW_L1, I=1.0):
    """Of three roofs at an intensity, HBM's is the lowest; bandwidths measured on a V100, under its own peak."""
    roofs = [attainable(V100.peak("fp16"), BW, I) for BW in (hbm, l2, l1)]
    return roofs[0] == min(roofs)
