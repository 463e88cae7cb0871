"""The essay's second half: memories, packages, links, precision, sparsity, its forecast: lines 58 to 126 (lab 21).

>>> from labcore.claims.ledger import claim
>>> claim("essay-2-4-sparsity").computed
[0.5, 2.0, 0.5625]
"""

from __future__ import annotations

from math import pi

import numpy as np

from labcore.architectures.dies import numa_bandwidth
from labcore.architectures.engines import ATTENTION, compare
from labcore.catalogue import CHIPS, H100
from labcore.catalogue.architectures import DDR5_CHANNELS, DDR5_RATE
from labcore.catalogue.facts import Fact
from labcore.catalogue.links import serial_bandwidth
from labcore.catalogue.multichip import DEFECTS, EDGE_BW, EDGE_ENERGY, WAFER, WAFER_PRICE, WSE_AREA
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Number, Range, Truth, Words
from labcore.interconnect.packaging import crossing_power, edge_bandwidth, package
from labcore.models.language import kv_cache_bytes
from labcore.models.zoo import build
from labcore.precision import bytes_per_element
from labcore.scaling import times
from labcore.simt.kernels import two_paths
from labcore.simt.warp import launch
from labcore.sparsity import CSR
from labcore.sparsity.cost import nm_bytes
from labcore.sparsity.lanes import walk
from labcore.sparsity.pruning import free_mask, nm_mask
from labcore.sparsity.samples import weights
from labcore.sums import summed_in

LAB = "21_architecture_map"
TYPES, PACKAGING, FABRIC, PRECISION, SPARSITY, CONDITIONAL, CLOSING = (
    f"Essay 002 §{name}"
    for name in (
        "Memory types",
        "Packaging",
        "Interconnect",
        "Precision",
        "Sparsity",
        "Conditional compute",
        "Closing map",
    )
)
MEMORIES = f"{LAB}#hbm-ddr"
WIRES = 64  # of a DDR5 channel


@cites("essay-hbm3-3tbs", TYPES, Number("3"), "TB/s", MEMORIES)
def hbm3() -> Fact:
    """What the HBM3 of an H100 carries; accelerators with more stacks of it carry more."""
    return H100.bandwidth


@computes("essay-ddr5-0-1-to-0-6tbs", TYPES, Range("0.1", "0.6"), "TB/s", MEMORIES)
def ddr5(rate=DDR5_RATE.value, desktop=DDR5_CHANNELS[0].value, server=DDR5_CHANNELS[1].value):
    """Bandwidth of a socket with as many channels of DDR5 as a desktop has, and as a server."""
    return [serial_bandwidth(rate, channels * WIRES) for channels in (desktop, server)]


@computes("essay-hbm-vs-ddr-ratio", TYPES,
          Words("terabytes vs hundreds of gigabytes", least=3 / 0.6), "x", MEMORIES)  # fmt: skip
def hbm_over_ddr(BW=H100.BW, rate=DDR5_RATE.value):
    """Bandwidth of an H100's HBM3 over that of a desktop's socket, and of a server's.

    The least is that of the essay's own figures in the same line, about 3 TB/s over about 0.6.
    """
    return [times(BW, socket) for socket in ddr5(rate=rate)]


@computes("essay-packaging-2d-2-5d-3d", PACKAGING,
          Truth(words="closer together: more bandwidth, more power in the same place"), "",
          f"{LAB}#packaging")  # fmt: skip
def an_edge_of_1_mm(E_byte=EDGE_ENERGY["silicon bridge"].value, edge=1e-3):
    """A silicon bridge (2.5D) carries more over a millimetre of edge than a substrate (2D), and heats it more.

    It does so although a byte costs it less. Only these two of the three kinds are compared: of 3D, dies on top of each
    other, and of how its heat gets out, nothing is computed.
    """
    flat, bridge = (edge_bandwidth(edge, EDGE_BW[way].value) for way in ("organic substrate", "silicon bridge"))
    return bridge > flat and crossing_power(bridge, E_byte) > crossing_power(
        flat, EDGE_ENERGY["organic substrate"].value
    )


shows("essay-interconnect-hierarchy", FABRIC,
      "Three levels of links, on the die, between dies of a package, between packages; each seam has a bandwidth and a "
      "latency of its own, so where data lie decides what a step costs.", f"{LAB}#fabric")  # fmt: skip


@computes("essay-almost-a-whole-wafer", FABRIC, Words("(almost) the whole wafer", least=200 / pi), "%", f"{LAB}#fabric")
def wafer_used(area=WSE_AREA.value, diameter=WAFER.value):
    """Area of Cerebras' chip over that of the round wafer.

    Read as at least what the largest square inside a circle has, 2 / pi or 64 %: the chip has clipped corners and a
    little more. Of the disc itself two thirds are not almost the whole; the rest is its rim.
    """
    return times(area, pi * diameter**2 / 4)


@computes("essay-chiplets-cost-less", FABRIC, Truth(words="chiplets have better yield and cost"), "", f"{LAB}#fabric")
def four_dies_for_one(density=DEFECTS["N5"].value, joining=0.1, logic=800e-6):
    """800 mm^2 of logic on four dies, each a tenth larger for its links, cost less silicon than on one die."""
    one, four = (package(logic, dies, density, WAFER_PRICE["N5"].value, link_area=joining) for dies in (1, 4))
    return four.die_yield > one.die_yield and four.silicon < one.silicon


@computes("essay-die-to-die-bottleneck", FABRIC, Truth(words="the die-to-die link can become the bottleneck"), "",
          f"{LAB}#fabric")  # fmt: skip
def seam_binds(dies=2, BW_die=2.65e12, link=1e12):
    """Two dies that fetch half of their reads over a link slower than either read less than two do.

    The sizes are illustrative, of a package with 5.3 TB/s of memory; whatever they are, so it is for a link below half
    of a die's own bandwidth.
    """
    return numa_bandwidth(dies, BW_die, link) < dies * BW_die


@computes("essay-precision-roles", PRECISION,
          Words("BF16/FP16, FP8/INT8, INT4, FP32/INT32", least=(2, 4, 8, 1), most=(2, 4, 8, 1)), "x",
          f"{LAB}#precision")  # fmt: skip
def smaller_than_fp32(baseline="bf16", aggressive="fp8", storage="int4", summed="int8"):
    """How many times smaller than FP32 a number is: baseline, aggressive mode, storage alone, and sums of products.

    The first three are so by the formats' definition; the last is what summing products of 8 bits gives. Which role a
    format has, `essay-precision-by-peaks` looks up.
    """
    one = np.ones(1, summed)
    sizes = *map(bytes_per_element, (baseline, aggressive, storage)), summed_in(one, one, terms=4096)[0].itemsize
    return [bytes_per_element("fp32") / size for size in sizes]


@computes("essay-precision-by-peaks", PRECISION,
          Words("16 bits as the baseline, 8 as aggressive modes, INT4 mostly for storage", (50, 50, 0), (100, 100, 50)),
          "%", f"{LAB}#precision")  # fmt: skip
def formats_with_a_peak(baseline="fp16 bf16", aggressive="fp8 int8", storage="int4"):
    """Share of the catalogue's chips for 16 bits or fewer whose sheets give a peak for 16-bit floats, 8 bits, INT4.

    A format without a peak is not multiplied as such: it can only be stored. Three chips have INT4, of 2018 and 2020;
    what followed it on a B200, FP4, has a peak, and is not counted.
    """
    roles = [set(formats.split()) for formats in (baseline, aggressive, storage)]
    chips = [one for one in CHIPS if set.union(*roles) & set(one.peaks)]
    return [times(sum(bool(role & set(one.peaks)) for one in chips), len(chips)) for role in roles]


@computes("essay-static-plan-not-enough", "Essay 002 §Static and dynamic",
          Truth(words="a perfect static plan is not enough"), "", f"{LAB}#divergence")  # fmt: skip
def plan_loses(kind="exponential", tiles=100, T_dispatch=0.1):
    """Where durations vary, four engines in a fixed order take longer than with a queue, mean of five draws.

    A look into the queue takes a tenth of the shortest step. It must be cheap, as the essay says: at 0.3 of that step
    the queue hardly wins, at 0.6 it loses.
    """
    T = {one.policy: one.T for one in compare(ATTENTION, tiles, kind, T_dispatch=T_dispatch)}
    return T["ordered"] > T["dynamic"]


@computes("essay-2-4-sparsity", SPARSITY, Words("2:4", least=(0.5, 2, 0.5625), most=(0.5, 2, 0.5625)), "",
          f"{LAB}#sparsity")  # fmt: skip
def two_of_four(n=2, m=4):
    """Share of zeros, bound of the gain in compute on a grid in step, bytes in FP16 over dense ones, index included."""
    mask = nm_mask(weights(128, 64 * m), n, m)
    stored = nm_bytes(128, 64 * m, n, m, value_bytes=2) / (128 * 64 * m * 2)
    return [1 - mask.mean().item(), walk(mask, lanes=128, group=m).speedup, stored]


@computes("essay-sparsity-side-tax", SPARSITY, Truth(words="indices to store, and lanes that wait"), "", f"{LAB}#tax")
def two_taxes(pattern="anywhere", pruned=0.5, lanes=128, group=64):
    """Half of the weights pruned anywhere: with indices they take no fewer bytes than dense ones, and lanes wait.

    So "the whole benefit disappears" for bytes. Where nine of ten are pruned it does not.
    """
    x = weights(128, 256)
    mask = free_mask(x, 1 - pruned) if pattern == "anywhere" else nm_mask(x, 2, 4)
    stored = CSR.from_dense(np.where(mask, x, 0)).nbytes(value_bytes=2, index_bytes=2)
    return bool(stored >= 2 * x.size and walk(mask, lanes, group).utilization < 1)


@computes("essay-divergence-costs-a-gpu", CONDITIONAL, Truth(words="divergence makes a GPU less efficient"), "",
          f"{LAB}#divergence")  # fmt: skip
def lanes_in_step_lose(width=32, apart=True):
    """Threads that take one of two paths leave lanes of a warp idle, but none where each thread steps by itself."""
    first = np.arange(1024) % 2 == 0 if apart else np.ones(1024, bool)
    warp, alone = (launch(two_paths, 1024, first, 8, 8, width=lanes).utilization for lanes in (width, 1))
    return warp < alone


shows("essay-gpu-share-outlook", CLOSING,
      "A forecast of markets: nothing here computes it. What the lab's models give are the conditions under which an "
      "architecture other than a GPU has the shorter time for a mix of work.", f"{LAB}#outlook")  # fmt: skip


@computes("essay-attention-quadratic-kv-linear", CLOSING, Words("linear; quadratic", least=(2, 4), most=(2, 4)), "x",
          f"{LAB}#outlook")  # fmt: skip
def context_doubles(S=1024, growth=2):
    """Growth of the KV cache, and of the FLOP of attention over a prompt, when Llama 3 8B's context doubles."""
    cache = [kv_cache_bytes("llama3-8b", 1, length) for length in (growth * S, S)]
    scores = [_attention(length) for length in (growth * S, S)]
    return [times(*cache), times(*scores)]


def _attention(S: int) -> int:
    """FLOP of scores, softmax and context of all layers, over a prompt of S tokens."""
    inner = ("attn.scores", "attn.softmax", "attn.context")
    return sum(one.count * one.op.flop for one in build("llama3-8b", seq=S).layers if one.name in inner)
