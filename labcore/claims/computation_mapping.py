"""What a mapping is and why it matters: the recap and Definition 1.6, the chapter's lines 1536 to 1547 (lab 10).

A word from DRAM is the chapter's 640 pJ here, as in lab 08, and a multiply-accumulate is a whole one, 3.7 + 0.9 pJ.

>>> from labcore.claims.ledger import claim
>>> round(claim("map-dram-vs-mac-energy").computed)
139
"""

from __future__ import annotations

import numpy as np

from labcore.catalogue import A100
from labcore.catalogue.arrays import DRAM_WORD
from labcore.catalogue.energy import DRAM_OVER_MAC
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import Identity, Range, Truth, Words, on_the_order_of
from labcore.loopnest import Level, Nest, conv_problem, execute, matmul_traffic
from labcore.models.zoo import build
from labcore.ops import Operation, layernorm
from labcore.precision import bytes_per_element
from labcore.precision.cost import mac_energy
from labcore.roofline import attainable, intensity, least_time
from labcore.scaling import times

RECAP = "10_mapping#recap"
TEXT, DEFINITION = "Text §Hardware Mapping", "Definition 1.6"


def convolutions(batch: int) -> list[float]:
    """Intensities of the 53 convolutions of ResNet-50 in FP16, every operand moved once, ascending."""
    return sorted(layer.op.I for layer in build("resnet50", batch=batch).layers if layer.op.kind == "conv2d")


@computes("map-recap-resnet-50-200", TEXT, Range("50", "200"), "FLOP/B", RECAP)
def lowest_and_highest_convolution(batch=32):
    """Least and greatest intensity of a convolution of ResNet-50, at the batch of the chapter's examples."""
    return [convolutions(batch)[0], convolutions(batch)[-1]]


@lowest_and_highest_convolution.erratum
def convolutions_reach_further():
    """They reach {low:.0f} to {high:.0f} FLOP/B at batch {batch} and {low_1:.0f} to {high_1:.0f} at batch 1.

    Of {count}, {inside} and {inside_1} lie within 50 to 200; Napkin Math 1.5 itself works out {own:.0f}. That those of
    much reuse are compute-bound, as the sentence says, holds: {above} at batch {batch} lie above the A100's ridge.
    Would hold of the {inside} and {inside_1} within.
    """
    at_32, at_1 = convolutions(32), convolutions(1)
    inside, inside_1 = (sum(50 <= I <= 200 for I in found) for found in (at_32, at_1))
    return {
        "low": at_32[0], "high": at_32[-1], "low_1": at_1[0], "high_1": at_1[-1], "batch": 32, "count": len(at_1),
        "inside": inside, "inside_1": inside_1, "own": intensity(59190018048, 77660160),
        "above": sum(A100.ridge("fp16") < I for I in at_32),
    }  # fmt: skip


def attention_parts(phase: str) -> list[Operation]:
    """GPT-2's attention itself on 512 tokens in FP16: scores, softmax, and the sum over the values."""
    parts = ("attn.scores", "attn.softmax", "attn.context")
    return [layer.op for layer in build("gpt2", phase=phase).layers if layer.name in parts]


def attention(phase: str) -> list[float]:
    """Intensity of each part."""
    return [op.I for op in attention_parts(phase)]


def attention_as_one(phase: str) -> float:
    """Intensity of the three parts together, run one after the other."""
    ops = attention_parts(phase)
    return intensity(sum(op.flop for op in ops), sum(op.D_vol for op in ops))


@computes("map-recap-gpt2-attention-2-5", TEXT, Words("2 to 5", least=2, most=5, number=(2, 5, 5)), "FLOP/B", RECAP)
def attention_of_gpt2(phase="prefill"):
    """Scores, softmax and weighted sum of GPT-2 on a prompt of 512 tokens, none fused."""
    return attention(phase)


@attention_of_gpt2.erratum
def attention_is_outside_everywhere():
    """On a prompt of 512 tokens the two products have {prompt:.1f} FLOP/B, the softmax {softmax} as in Napkin Math 1.4.

    While one token is written all three lie at {least:.2f} to {most:.2f}. Taken together they have {whole:.1f} and
    {whole_1:.2f}. So nothing in attention has 2 to 5 in either phase; memory-bound it is, as the sentence says. Would
    hold with "below the ridge" in place of a range.
    """
    prompt, decode = attention("prefill"), attention("decode")
    return {
        "prompt": max(prompt), "softmax": min(prompt), "least": min(decode), "most": max(decode),
        "whole": attention_as_one("prefill"), "whole_1": attention_as_one("decode"),
    }  # fmt: skip


@computes("map-recap-layernorm-1-2", TEXT, Truth(words="LayerNorm: 1 to 2 FLOP/B"), "", RECAP)
def layernorm_again(flop_per_element=6):
    """A LayerNorm of 32 x 512 tokens of width 768 has 1 to 2 FLOP/B, on an A100 as on any chip."""
    return 1 <= layernorm(32 * 512, 768, flop_per_element=flop_per_element).I <= 2


@computes("map-dram-vs-mac-energy", TEXT, Range("100", "200"), "x", RECAP)
def dram_over_the_mac(E_dram=DRAM_WORD.value, fmt="fp32"):
    """A word from DRAM over a whole FP32 multiply-accumulate, both at 45 nm."""
    return times(E_dram, mac_energy(fmt))


LOW, HIGH = on_the_order_of(100)


@computes("dram-energy-ratio-variants", "Text: lines 240, 1129, 1242, 1538, 1547",
          Words("~100; 10^2; 100-200; ~200; 100-1000 (set 1 Q3)", least=(LOW, LOW, 100, 150, 100),
                most=(HIGH, HIGH, 200, 250, 1000)), "x", RECAP)  # fmt: skip
def one_ratio_five_ways(E_dram=DRAM_WORD.value, at_65_nm=DRAM_OVER_MAC.value):
    """A word from DRAM over a multiply-accumulate: by the chapter's numbers at 45 nm, and for ~200 as published at 65.

    The chapter says at the second place that the value depends on the process and the design. Its own numbers do not
    give ~200, which it prints without a source; at 65 nm all five hold.
    """
    at_45_nm = times(E_dram, mac_energy("fp32"))
    return [at_45_nm, at_45_nm, at_45_nm, at_65_nm, at_45_nm]


@computes("map-conv-schedule-example", TEXT, Truth(words="two schedules: the same tensor, other reuse"), "", RECAP)
def same_tensor_other_reuse(image=6):
    """A 3 x 3 filter over an image, weights outermost and outputs outermost: equal results, unequal weight reads."""
    problem = conv_problem(N=1, C=1, H=image, W=image, K=1, R=3, S=3)
    x, w = np.arange(image**2).reshape(1, 1, image, image), np.arange(9).reshape(1, 1, 3, 3)
    nests = (Nest(problem, [Level(dict.fromkeys(problem.sizes, 1), order)]) for order in ("NKCRSPQ", "NKCPQRS"))
    held, reloaded = (execute(nest, x, w) for nest in nests)
    return bool((held.C == reloaded.C).all()) and held.traffic[0].B_reads < reloaded.traffic[0].B_reads


shows("def-1-6-mapping", DEFINITION,
      "A mapping says of every operation where it runs, of every tensor where it waits between two uses, and of all of "
      "them when.", RECAP)  # fmt: skip


@computes("def-1-6-min-roofline", DEFINITION, Identity("min(R_peak, BW*I)"), "TFLOP/s", RECAP)
def tiling_moves_the_roof(n=1024, small=1, R_peak=312e12, BW=2.04e12):
    """Rate of an n x n x n product in FP16 on an A100, all of it kept, and one word of each operand kept.

    Once from the intensity that the counted words leave, once from the longer of the times to compute and to move.
    """
    flop, by_intensity, by_time = 2 * n**3, [], []
    for tile in (n, small):
        D_vol = bytes_per_element("fp16") * matmul_traffic(n, n, n, (tile, tile, tile)).words
        by_intensity.append(float(attainable(R_peak, BW, intensity(flop, D_vol))))
        by_time.append(flop / least_time(flop, D_vol, R_peak, BW))
    return by_intensity, by_time


@cites("def-1-6-dram-200x", DEFINITION, Words("~200", least=150, most=250, number=200), "x", RECAP)
def dram_over_a_local_mac():
    """DRAM over a multiply-accumulate in an accelerator at 65 nm, where a register costs as much as the arithmetic.

    The chapter's own numbers are of 45 nm and give less: map-dram-vs-mac-energy has them.
    """
    return DRAM_OVER_MAC
