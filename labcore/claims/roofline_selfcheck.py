"""The self-check of the roofline section, questions and answers.

>>> from labcore.claims.ledger import claim
>>> claim("sc4-q2", M=64, N=64).computed[1]
28.444444444444443
"""

from __future__ import annotations

from labcore.claims.ledger import computes
from labcore.claims.printed import Each, Number, Truth, Words
from labcore.ops import layernorm, matmul
from labcore.roofline import attainable, bound, intensity, ridge, utilization


@computes("sc4-q1", "Self-Check set 4 Q1", Number("153"), "FLOP/B", "09_roofline#self-check")
def threshold(R_peak=312e12, BW=2.04e12):
    """On an A100, kernels above this intensity are compute-bound and those below are memory-bound."""
    return ridge(R_peak, BW)


@computes("sc4-q2", "Self-Check set 4 Q2", Each("1", "205"), "FLOP/B", "09_roofline#self-check")
def dense_at_two_batches(M=2048, N=2048, B_small=1, B_large=256):
    """Intensity of a dense layer at batch 1 and at batch 256."""
    return [matmul(B, M, N).I for B in (B_small, B_large)]


@computes(
    "sc4-q2-flops-growth", "Self-Check set 4 Q2 answer",
    Words("total FLOPs grow 256x while bytes moved grow only modestly", least=1, most=2), "x",
    "09_roofline#self-check",
)  # fmt: skip
def bytes_growth(M=2048, N=2048, B=256):
    """From batch 1 to 256 a dense layer's FLOP grow 256 times; its bytes, by this factor."""
    return matmul(B, M, N).D_vol / matmul(1, M, N).D_vol


@computes(
    "sc4-q3", "Self-Check set 4 Q3",
    Words("1-2 FLOP/byte, ~two orders below ridge", least=10**1.5, most=10**2.5), "x", "09_roofline#self-check",
)  # fmt: skip
def layernorm_below_ridge(lo=1, hi=2, R_peak=312e12, BW=2.04e12):
    """LayerNorm, at 1 to 2 FLOP/B, lies about two orders of magnitude below the A100's ridge, at any batch."""
    return [ridge(R_peak, BW) / I for I in (lo, hi)]


@computes(
    "sc4-q3-batch-does-not-help", "Self-Check set 4 Q3 answer",
    Truth(words="no realistic batching can pull it across the ridge"), "", "09_roofline#self-check",
)  # fmt: skip
def layernorm_ignores_batch(B=1, B_larger=1024, S=512, d=768, R_peak=312e12, BW=2.04e12):
    """A thousandfold batch leaves LayerNorm memory-bound, its intensity higher by less than one per cent."""
    once, more = layernorm(B * S, d).I, layernorm(B_larger * S, d).I
    return more / once < 1.01 and bound(more, ridge(R_peak, BW)) == "memory"


@computes(
    "sc4-q3-layernorm-statistics", "Self-Check set 4 Q3", Words("per-channel statistics", least=768, most=768), "",
    "09_roofline#self-check",
)  # fmt: skip
def layernorm_statistics(B=32, S=512, d=768):
    """Means (and as many variances) that LayerNorm computes over the 768 channels of Napkin Math 1.7."""
    return layernorm(B * S, d).shape["rows"]


@layernorm_statistics.erratum
def statistics_are_per_token():
    """LayerNorm takes a mean and a variance of each token over its {cols} channels, {rows} of each for Napkin Math 1.7.

    Would hold of a batch normalization, {cols} of each over all tokens, or of LayerNorm's scale and bias.
    """
    return dict(layernorm(32 * 512, 768).shape)


@computes(
    "sc4-q4", "Self-Check set 4 Q4", Truth(words="compute-bound on the A100 need not stay so on the H100"), "",
    "09_roofline#self-check",
)  # fmt: skip
def regime_may_change(I=200, R_a100=312e12, BW_a100=2.04e12, R_h100=989e12, BW_h100=3.35e12):
    """A kernel at 200 FLOP/B is compute-bound on the A100 and memory-bound on the H100."""
    return bound(I, ridge(R_a100, BW_a100)) == "compute" and bound(I, ridge(R_h100, BW_h100)) == "memory"


@computes("sc4-q5", "Self-Check set 4 Q5", Number("190"), "x", "09_roofline#self-check")
def decode_below_ridge(I_ridge=153, I=0.8):
    """A decode kernel at 0.8 FLOP/B lies this far below a ridge of 153."""
    return intensity(I_ridge, I)


@decode_below_ridge.rounding
def in_two_digits():
    """The page says roughly: 153 / 0.8 = 191.25 is {value:.0f} in two digits."""
    return float(f"{decode_below_ridge():.2g}")


@computes(
    "sc4-q6", "Self-Check set 4 Q6", Truth(words="reduce the bytes moved per token first"), "",
    "09_roofline#self-check",
)  # fmt: skip
def fewer_bytes_first(BW=2.04e12, R_peak=312e12):
    """Decoding at batch 1 stays below 1 % of peak; half the bytes double its ceiling, twice the peak leaves it."""
    below_1_percent = utilization(R_peak, BW, I=1) < 0.01
    now, half_the_bytes = attainable(R_peak, BW, I=1), attainable(R_peak, BW, I=2)
    return bool(below_1_percent and half_the_bytes == 2 * now and attainable(2 * R_peak, BW, I=1) == now)


@computes("sc4-q6-newer-gpu-worse", "Self-Check set 4 Q6 answer", Words("worse", most=1), "x", "09_roofline#self-check")
def h100_over_a100_utilization(Ba=2.04e12, Bh=3.35e12, Ra=312e12, Rh=989e12, I=1):
    """At 1 FLOP/B the H100 is used this many times as well as the A100, though it decodes 1.6 times as fast."""
    return utilization(Rh, Bh, I) / utilization(Ra, Ba, I)
