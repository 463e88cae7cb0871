"""Tensor cores and processing elements: Listing 14, Figure 6.

>>> from labcore.claims.ledger import claim
>>> claim("tensor-core-speedup-536-9", t_tiled=0.25e-3).computed
1073.741824
"""

from __future__ import annotations

from labcore.catalogue import chip
from labcore.catalogue import execution as units
from labcore.catalogue.facts import Fact
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Each, Number, Truth, Words
from labcore.matrix.engage import alignment, remainders
from labcore.matrix.unit import sides, tile_cost
from labcore.ops import matmul
from labcore.roofline import least_time

CORES, ELEMENTS = "Text §Tensor Cores", "Text §Processing elements"
QK, ALIGNED, MMA, SCALING, PES = (
    f"04_execution_units#{cell}" for cell in ("qk-product", "alignment", "mma", "gpu-scaling", "elements")
)


@computes("tensor-core-qk-macs", CORES, Number("268.4"), "M", QK)
def qk_macs(S=2048, d=64):
    """Multiply-accumulates of Q K^T in one head: 2,048 tokens, 64 dimensions."""
    return matmul(S, d, S).macs


@computes("tensor-core-qk-flops", CORES, Number("536.9"), "MFLOP", QK)
def qk_flop(S=2048, d=64):
    """The same product in FLOP, two for each multiply-accumulate."""
    return matmul(S, d, S).flop


@computes("tensor-core-scalar-time", CORES, Number("268.4"), "ms", QK)
def scalar_time(S=2048, d=64, clock=2e9, flop_per_cycle=1):
    """Time of the product at one FLOP a cycle and 2 GHz."""
    return matmul(S, d, S).flop / (clock * flop_per_cycle)


@computes("tensor-core-tiled-time", CORES, Words("under 0.5", most=0.5), "ms", QK)
def tiled_time(S=2048, d=64, R_peak=312e12, BW=2.04e12):
    """Time that an A100's tensor cores need at least, FP16, every operand moved once."""
    product = matmul(S, d, S)
    return least_time(product.flop, product.D_vol, R_peak, BW)


@computes("tensor-core-speedup-536-9", CORES, Number("536.9"), "x", QK)
def tiled_speedup(S=2048, d=64, clock=2e9, t_tiled=0.5e-3):
    """Scalar time over half a millisecond; as the tiled path takes less than that, the speedup is at least this."""
    return scalar_time(S=S, d=d, clock=clock) / t_tiled


@cites("tensor-core-tile-16x16", CORES, Number("16"), "", QK)
def side_of_a_tile() -> Fact:
    """Side of the square tile that a warp multiplies with one wmma instruction."""
    return units.WMMA_SIDE


@computes("footnote-22-alignment-multiples", "Footnote 22", Each("8", "16"), "", ALIGNED)
def aligned_elements():
    """Elements in 16 B, the alignment that tensor cores want, at FP16 and at INT8."""
    return [alignment(fmt) for fmt in ("fp16", "int8")]


@computes("footnote-22-512-vs-500", "Footnote 22", Each("0", "0", "4", "4"), "", ALIGNED)
def left_over(good=512, bad=500):
    """What 512 and then 500 leave over, on multiples of 8 and of 16."""
    return [remainders(fmt, size=size).get("size", 0) for size in (good, bad) for fmt in ("fp16", "int8")]


@computes("footnote-23-tensor-core", "Footnote 23", Words("dozens", least=24), "", MMA)
def instructions_replaced(warp=32):
    """Fused multiply-adds of each thread that one matrix instruction of a warp replaces: wmma, then mma's two."""
    tiles = (units.WMMA_TILES[0], *units.MMA_TILES["fp16"][:0:-1])
    return [tile_cost(*sides(tile), tile).macs_issued / warp for tile in tiles]


@computes("listing-14-mma", "Listing 14", Truth(words="mma.sync takes m16n16k16 at FP16"), "", MMA)
def mma_has_the_shape():
    """The instruction mma.sync multiplies FP16 blocks of 16 x 16 x 16."""
    return (16, 16, 16) in [sides(tile) for tile in units.MMA_TILES["fp16"]]


@mma_has_the_shape.erratum
def shapes_of_mma():
    """PTX gives mma.sync the FP16 shapes {shapes}, and no m16n16k16.

    The listing's four registers for each operand are those of a 16 x 16 block of halves: {square:.0f} each. As mma.sync
    the block takes {blocks} instructions of {last}, with {A:.0f}, {B:.0f} and {C:.0f} registers for A, B and C. Would
    hold of wmma.mma, which takes m16n16k16.
    """
    last = units.MMA_TILES["fp16"][-1]
    per_register = 32 * 2  # threads, and halves in a 32-bit register
    return {
        "shapes": ", ".join(map(str, units.MMA_TILES["fp16"])), "square": 16 * 16 / per_register, "last": last,
        "blocks": tile_cost(16, 16, 16, last).blocks,
        **{name: size / per_register for name, size in (("A", last.m * last.k), ("B", last.k * last.n),
                                                        ("C", last.m * last.n))},
    }  # fmt: skip


shows(
    "footnote-24-npu", "Footnote 24",
    "A phone's NPU saves energy on the operators it has; the others go back to the CPU or GPU.", PES,
)  # fmt: skip


@cites("figure-6-k20x", "Figure 6", Number("3.9"), "TFLOP/s", SCALING)
def k20x_fp32() -> Fact:
    """FP32 peak of the K20X."""
    return chip("K20X").peaks["fp32"]


@cites("figure-6-h100-fp8", "Figure 6", Words("roughly 4,000", least=3900, most=4100), "TFLOP/s", SCALING)
def h100_fp8() -> Fact:
    """FP8 peak of the H100 as advertised, with 2:4 sparsity."""
    return units.H100_FP8_SPARSE


@computes("figure-6-thousandfold", "Figure 6", Words("roughly 1,000", least=950, most=1050), "x", SCALING)
def advertised_rise():
    """H100 at FP8 with sparsity over K20X at FP32: ten years of advertised peaks."""
    return units.H100_FP8_SPARSE.value / chip("K20X").peak("fp32")


@computes("figure-6-gpu-scaling", "Figure 6", Words("more than 1,000", least=1000), "x", SCALING)
def advertised_rises():
    """The same up to the H100 (FP8) and up to the B200 (FP4), both with sparsity: formats change along the curve."""
    return [fact.value / chip("K20X").peak("fp32") for fact in (units.H100_FP8_SPARSE, units.B200_FP4_SPARSE)]


@cites("graphcore-ipu-tiles", ELEMENTS, Number("1472"), "", PES)
def ipu_tiles() -> Fact:
    """Tiles of a Graphcore Colossus Mk2."""
    return units.IPU_TILES


@cites("cerebras-cs2-cores", ELEMENTS, Number("850,000"), "", PES)
def wafer_cores() -> Fact:
    """Cores of the wafer in a Cerebras CS-2."""
    return units.WSE2_CORES


@cites("tesla-d1", ELEMENTS, Words("substantial local memory", least=1), "MB", PES)
def d1_memory() -> Fact:
    """Memory of one node of Tesla's D1, of which a chip has 354."""
    return units.D1_NODE_MEMORY
