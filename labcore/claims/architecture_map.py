"""The essay on the directions of ML accelerators, up to its two practical tasks: lines 7 to 46 (lab 21).

The essay is one engineer's map. Where it says what is typical, the claim computes it on real chips and models; those of
its statements that are not in the chapter's own record have ids of ours.

>>> from labcore.claims.ledger import claim
>>> [round(gap) for gap in claim("essay-compute-bandwidth-gap").computed]
[537, 2041]
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labcore.architectures.growth import disparity
from labcore.architectures.residence import chips_to_hold
from labcore.catalogue import H100
from labcore.catalogue.architectures import (
    COOLING,
    ENGINES,
    GPSIMD_BITS,
    GPSIMD_PROCESSORS,
    NEURON_CORE,
    architecture,
)  # fmt: skip
from labcore.catalogue.facts import Fact
from labcore.catalogue.memory import DECADES, PARAMETERS
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import HUNDREDS, MUCH_GREATER, TENS, Number, Range, Words
from labcore.fusion.graph import graph
from labcore.fusion.kernel import eager, traffic
from labcore.fusion.plan import plan
from labcore.models.language import kv_cache_bytes
from labcore.models.zoo import MODELS, build
from labcore.precision import bytes_per_element
from labcore.roofline import utilization
from labcore.scaling import times
from labcore.units import Bytes, Ratio, Seconds

LAB = "21_architecture_map"
R_PEAK = H100.peak("fp16")
UNITS, FUSION, WALL, PARALLEL = (
    f"Essay 002 §{name}" for name in ("Specialized units", "Fusion", "Memory wall", "Parallelism")
)


@computes("essay-small-primitive-set", UNITS, Words("much of the work", least=50), "%", f"{LAB}#primitives")
def products_and_convolutions(kinds="matmul conv2d"):
    """Least share of the FLOP that matrix products and convolutions take, over all networks built in.

    The essay lists six kinds: reductions, normalizations, elementwise and layout changes, too. Two of them are asked to
    do it alone here, which is more than it says. A share of FLOP is not one of time: the others have few FLOP for their
    bytes.
    """
    return min(_share(name, kinds.split()) for name in MODELS)


def _share(name: str, kinds: list[str]) -> Ratio:
    layers = build(name).layers
    return sum(one.count * one.op.flop for one in layers if one.op.kind in kinds) / build(name).flop


@computes("essay-matmul-quantize-fusion", FUSION, Words("removes the intermediate round trip", least=2, most=2), "x",
          f"{LAB}#fusion")  # fmt: skip
def round_trip(M=256, K=512, N=256):
    """Bytes saved by scaling each tile of a product before it leaves the chip, over the bytes of the product.

    They are the one write and the one read of the intermediate. How narrow the quantized result is does not matter.
    """
    one = graph(
        {"x": (M, K), "w": (K, N), "scale": (1, 1)}, {"y": ("matmul", "x", "w"), "q": ("multiply", "y", "scale")}
    )
    return (traffic(eager(one)) - traffic(plan(one))) / one.nbytes("y")


@cites("essay-neuroncore-four-engines", UNITS, Number("4"), "", f"{LAB}#four-engines")
def engines() -> Fact:
    """Engines of a NeuronCore-v3, as its maker's documentation lists them."""
    return Fact(len(ENGINES), "", NEURON_CORE, ", ".join(ENGINES))


@computes("essay-gpsimd-eight-512bit", UNITS, Words("8 x 512-bit", least=(4096, 128, 512), most=(4096, 128, 512)),
          "", f"{LAB}#four-engines")  # fmt: skip
def gpsimd_width(processors=GPSIMD_PROCESSORS.value, bits=GPSIMD_BITS.value):
    """What one step of a GPSIMD engine takes, by its processors and their width: bits, FP32 lanes, bytes."""
    all_bits = processors * bits
    return [all_bits, all_bits / 8 / bytes_per_element("fp32"), all_bits / 8]


@computes("essay-prefill-decode-asymmetry", WALL, Words("tens to hundreds of GB", TENS[0], HUNDREDS[1]), "GB",
          f"{LAB}#prefill-decode")  # fmt: skip
def read_for_one_token(precision="fp16"):
    """Weights of Llama 3 with 8 G, 70 G and 405 G parameters, which a dense model reads for each token alone.

    A mixture of experts reads only those of the experts it is sent to.
    """
    counts = build("llama3-8b").params, build("llama3-70b").params, PARAMETERS["Llama 3.1"].value
    return [count * bytes_per_element(precision) for count in counts]


@computes("essay-decode-leaves-flops-unused", WALL, Words("most of its FLOPS capacity goes unused", least=50), "%",
          f"{LAB}#batching")  # fmt: skip
def unused_in_decode(R_peak=R_PEAK, BW=H100.BW, batch=1, context=1024):
    """Share of an H100's FP16 peak that cannot be used while Llama 3 8B writes one token at a time."""
    return 1 - utilization(R_peak, BW, build("llama3-8b", batch, phase="decode", context=context).I)


@computes("essay-sram-takes-many-chips", WALL, Words("many chips", least=MUCH_GREATER), "", f"{LAB}#weights-live")
def chips_of_sram(precision="fp16", first="LPU v1", second="GC200"):
    """Chips whose SRAM together holds the weights of Llama 3 70B, for Groq's LPU and Graphcore's GC200.

    Wafers are the exception: a few of them do.
    """
    D_vol = build("llama3-70b").params * bytes_per_element(precision)
    return [chips_to_hold(architecture(name), D_vol, "SRAM") for name in (first, second)]


@cites("essay-flops-3x-per-2yr", WALL, Number("3.0"), "x", f"{LAB}#growth")
def peaks_grew() -> Fact:
    """Growth of the peak FLOP/s of server hardware every two years, over twenty years."""
    return DECADES["peak"]


@cites("essay-dram-bw-1-6x-per-2yr", WALL, Number("1.6"), "x", f"{LAB}#growth")
def dram_grew() -> Fact:
    """Growth of DRAM bandwidth every two years, over the same time."""
    return DECADES["DRAM"]


@cites("essay-interconnect-1-4x-per-2yr", WALL, Number("1.4"), "x", f"{LAB}#growth")
def links_grew() -> Fact:
    """Growth of interconnect bandwidth every two years, over the same time."""
    return DECADES["interconnect"]


@computes("essay-compute-bandwidth-gap", WALL, Words("disparity", least=MUCH_GREATER), "x", f"{LAB}#growth")
def grown_apart(compute=3.0, dram=1.6, links=1.4, years=DECADES["years"].value):
    """How far FLOP/s have grown past DRAM and past links in the twenty years, at those rates."""
    return [disparity(compute, slower, years) for slower in (dram, links)]


@computes("essay-capacity-kv-linear", WALL, Words("grows with context", least=(2, 4, 2, 4), most=(2, 4, 2, 4)), "x",
          f"{LAB}#capacity")  # fmt: skip
def cache_grows(S=1024, sessions=1, factors=(2, 4)):
    """Growth of Llama 3 8B's keys and values for two and four times the context, then as many times the sessions.

    Here the essay says "grows"; that it does so linearly it says at its end, and that is what is asked.
    """
    small = kv_cache_bytes("llama3-8b", sessions, S)
    larger = [(sessions, S * n) for n in factors] + [(sessions * n, S) for n in factors]
    return [times(kv_cache_bytes("llama3-8b", *one), small) for one in larger]


@computes("essay-memory-three-ways", WALL, Number("3"), "", f"{LAB}#memory-ways")
def ways_that_win(smallest=1e6, largest=1e12):
    """Ways of which each reads weights soonest at some size from 1 MB to 1 TB, when one chip of each must hold them.

    The essay only lists the three; that none of them is idle is our test. HBM is an H100, SRAM an LPU, a hierarchy the
    HBM and DDR of an SN40L; other chips move the borders. Of the essay's own examples for SRAM two keep their weights
    in DRAM beside it: Tenstorrent in GDDR6, SambaNova in HBM and DDR.
    """
    chips = {"H100": ("HBM",), "LPU v1": ("SRAM",), "SN40L": ("HBM", "DDR")}
    sizes = np.geomspace(smallest, largest, 100)
    return len({min(chips, key=lambda name: _read(D_vol, name, chips[name])) for D_vol in sizes})


def _read(D_vol: Bytes, name: str, tiers: tuple[str, ...]) -> Seconds:
    """Time to read weights that lie in the nearest tiers that hold them; infinite where there is no room."""
    T, left = 0.0, D_vol
    for tier in map(architecture(name).tier, tiers):
        part = min(left, tier.capacity.value)
        T, left = T + part / tier.bandwidth.value, left - part
    return float("inf") if left else T


@cites("essay-cooling-7-to-30pct", WALL, Range("7", "30"), "%", f"{LAB}#hbm-ddr")
def cooling_share() -> Fact:
    """Share of a data center's energy that cooling takes, at efficient sites and at others, as the IEA is quoted.

    The essay says "over 30 %", so the upper figure is no upper end. The report was not read.
    """
    low, high = COOLING
    return replace(low, value=(low.value, high.value), unit="1")


shows("essay-two-practical-tasks", PARALLEL,
      "Two tasks: choose how work is cut and who moves its data, then scale it so that neither memory nor package nor "
      "links bind first. The lab gives each a model and a number.", f"{LAB}#two-layers")  # fmt: skip
shows("essay-two-layers-three-axes", PARALLEL,
      "Styles of execution sort into two tables, inside a core and across cores, and are read along three axes: who "
      "manages memory, who schedules and when, and how large a piece of work is.", f"{LAB}#two-layers")  # fmt: skip
