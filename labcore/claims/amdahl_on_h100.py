"""Amdahl's law on one H100, ResNet-50 against GPT-2, and what else decides whether a faster chip helps.

>>> from labcore.claims.ledger import claim
>>> round(claim("amdahl-h100-resnet50-speedup").computed, 2)
18.57
"""

from __future__ import annotations

from labcore.catalogue import H100, SAPPHIRE_RAPIDS
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Number, Range, Truth, Words
from labcore.energy import access_energy
from labcore.ironlaw import Terms, ceiling, speedup
from labcore.models.zoo import build
from labcore.ops import conv2d, layernorm
from labcore.precision.cost import mac_energy
from labcore.roofline import least_time
from labcore.scaling import times

LAB = "01_acceleration_wall"
LIGHTHOUSE, H100_CELL, SORTS = "Lighthouse 1.1", f"{LAB}#lighthouse-1-1", f"{LAB}#which-limit"

shows(
    "checkpoint-1-1-parallelism-gate", "Checkpoint 1.1",
    "A pause for questions on what a serial part does to an accelerated job; the lab asks its own.",
    f"{LAB}#checkpoint-1-1",
)  # fmt: skip


@computes(
    "lighthouse-1-1-amdahl-h100", LIGHTHOUSE, Truth(words="one accelerator, and the more serial job gains less"),
    "", H100_CELL,
)  # fmt: skip
def the_more_serial_gains_less(p_resnet50=0.95, p_gpt2=0.8, G_accel=247):
    """With the same accelerator GPT-2 gains less than ResNet-50."""
    return speedup(p_gpt2, G_accel) < speedup(p_resnet50, G_accel)


def gain_of(fast: tuple[float, float], slow: tuple[float, float], flop: float, D_vol: float) -> float:
    """How many times faster a machine, as (peak, bandwidth), does a job than another at best."""
    return times(least_time(flop, D_vol, *slow), least_time(flop, D_vol, *fast))


@computes("amdahl-h100-gain", LIGHTHOUSE, Number("247"), "x", H100_CELL)
def gain_of_peaks(H100_peak=1979e12, cpu_peak=8e12):
    """The H100's dense INT8 peak over that of the assumed CPU."""
    return times(H100_peak, cpu_peak)


@computes("amdahl-h100-resnet50-parallel-term", LIGHTHOUSE, Number("0.0038"), "", H100_CELL)
def resnet50_parallel_term(p=0.95, G_accel=247):
    """What the accelerated part of ResNet-50 still takes, as a share of the time before."""
    return Terms(data=0, compute=p, latency=1 - p).faster("compute", G_accel).compute


@computes("amdahl-h100-resnet50-speedup", LIGHTHOUSE, Number("18.6"), "x", H100_CELL)
def resnet50_gain(p=0.95, G_accel=247):
    """Gain of the whole ResNet-50 inference with 5 % serial work."""
    return speedup(p, G_accel)


@computes("amdahl-h100-gpt2-parallel-term", LIGHTHOUSE, Number("0.0032"), "", H100_CELL)
def gpt2_parallel_term(p=0.8, G_accel=247):
    """What the accelerated part of GPT-2's decoding still takes, as a share of the time before."""
    return Terms(data=0, compute=p, latency=1 - p).faster("compute", G_accel).compute


@computes("amdahl-h100-gpt2-speedup", LIGHTHOUSE, Number("4.9"), "x", H100_CELL)
def gpt2_gain(p=0.8, G_accel=247):
    """Gain of the whole GPT-2 decoding with 20 % serial work."""
    return speedup(p, G_accel)


@computes("amdahl-h100-gpt2-gain-of-its-bytes", LIGHTHOUSE, Number("247"), "x", f"{LAB}#which-gain")
def gain_of_a_decode_step(H100_peak=1979e12, BW=H100.BW, cpu_peak=8e12, cpu_bandwidth=SAPPHIRE_RAPIDS.BW):
    """What the H100 gains at best on a GPT-2 decode step in INT8, batch 1: the longer of two times on each machine."""
    step = build("gpt2", precision="int8", phase="decode")
    return gain_of((H100_peak, BW), (cpu_peak, cpu_bandwidth), step.flop, step.D_vol)


@gain_of_a_decode_step.erratum
def bytes_gain_what_bandwidth_gains():
    """The page calls GPT-2 a bandwidth hog and gives it the ratio of the INT8 peaks.

    A decode step is {I:.1f} FLOP/B, memory-bound on both machines, so it gains the ratio of the bandwidths: {H100:.0f}
    over {cpu:.0f} GB/s, a server CPU's eight channels, is {gain:.1f}x. With p = 0.8 the whole gains {whole:.1f}x, not
    {printed:.1f}x. Would hold of the products of a long prompt in INT8, whose intensity lies above both ridge points.
    """
    step = build("gpt2", precision="int8", phase="decode")
    gain = gain_of((1979e12, H100.BW), (8e12, SAPPHIRE_RAPIDS.BW), step.flop, step.D_vol)
    return {
        "I": step.I, "H100": H100.BW / 1e9, "cpu": SAPPHIRE_RAPIDS.BW / 1e9, "gain": gain,
        "whole": speedup(0.8, gain), "printed": speedup(0.8, 247),
    }  # fmt: skip


@computes("amdahl-h100-gpt2-ceiling", LIGHTHOUSE, Number("5"), "x", H100_CELL)
def gpt2_ceiling(p=0.8):
    """Gain of GPT-2 decoding on an infinitely fast accelerator."""
    return ceiling(p)


def attention(phase: str) -> list[float]:
    """Intensities of the operations of one GPT-2 attention layer: projections, scores, softmax, context."""
    return [layer.op.I for layer in build("gpt2", phase=phase).layers if layer.name.startswith("attn.")]


@computes("footnote-2-attention-intensity", "Footnote 2", Words("<10", most=10), "FLOP/B", SORTS)
def attention_of_a_decode_step(phase="decode"):
    """Every operation of GPT-2's attention layers while it writes one token to 512."""
    return attention(phase)


@computes("footnote-2-attention-intensity-of-a-prompt", "Footnote 2", Words("<10", most=10), "FLOP/B", SORTS)
def attention_of_a_prompt(phase="prefill"):
    """Every operation of GPT-2's attention layers while it reads a prompt of 512 tokens."""
    return attention(phase)


@attention_of_a_prompt.erratum
def a_prompt_is_another_matter():
    """GPT-2 on a prompt of 512 tokens is another workload than GPT-2 writing.

    There the products of its attention layers have {low:.0f} to {high:.0f} FLOP/B, and only normalization, softmax and
    addition stay below 10. The chapter's own Napkin Math 1.4 finds the projection compute-bound. Would hold of writing,
    one token at a time.
    """
    layers = [one for one in build("gpt2", phase="prefill").layers if one.name.startswith("attn.") and one.op.macs]
    products = [one.op.I for one in layers]
    return {"low": min(products), "high": max(products)}


@computes(
    "text-ten-times-chip", "Text §Roofline preview",
    Words("whether a 10x chip helps depends on the limit", least=1, most=10, spread=True, number=10), "x", SORTS,
)  # fmt: skip
def gains_from_ten_times_the_flops(factor=10, R_peak=312e12, BW=2.04e12):
    """What ten times the FLOP/s at the same bandwidth gain: a 3 x 3 convolution something, a LayerNorm nothing."""
    operations = conv2d(32, 128, 56, 56, 256, 3, 3, padding=1), layernorm(32 * 512, 768)
    return [gain_of((factor * R_peak, BW), (R_peak, BW), op.flop, op.D_vol) for op in operations]


@computes("text-data-movement-over-100x", "Text §Roadmap", Range("100", None), "x", SORTS)
def moving_over_computing(word=4, process="45 nm"):
    """Energy of one FP32 number from DRAM over that of one FP32 multiply-add, both at 45 nm."""
    return access_energy("DRAM", word, process) / mac_energy("fp32", process=process)
