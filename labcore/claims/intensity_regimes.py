"""Optimization by intensity regime: Table 14, Equation 6 and Napkin Math 1.8.

>>> from labcore.claims.ledger import claim
>>> claim("nm1-8-validity-condition", B=256).computed
4.0
"""

from __future__ import annotations

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import MUCH_GREATER, Identity, Number, Range, Truth, Words
from labcore.ops import FLOP_PER_ELEMENT, elementwise, layernorm, matmul
from labcore.roofline import attainable, bound, least_time, ridge

shows(
    "table14-caption", "Table 14", "The lower the intensity, the more fusion and avoided traffic are worth",
    "09_roofline#table-14",
)  # fmt: skip


@computes(
    "table14-high-ai", "Table 14", Words("90-95% of peak", least=0.90 * 312, most=0.95 * 312), "TFLOP/s (A100)",
    "09_roofline#table-14",
)  # fmt: skip
def high_intensity_rates(threshold=200, peak_lo=0.9, peak_hi=0.95, R_peak=312e12, BW=2.04e12):
    """From 200 FLOP/B on, the A100's ceiling is its peak, so 90 to 95 % of the ceiling is that share of the peak."""
    return [share * attainable(R_peak, BW, threshold) for share in (peak_lo, peak_hi)]


@computes(
    "table14-medium-ai", "Table 14", Truth(words="can move from memory-bound to compute-bound"), "",
    "09_roofline#table-14",
)  # fmt: skip
def medium_layer_crosses(lo=20, hi=200, B=32, B_larger=256, R_peak=312e12, BW=2.04e12):
    """The dense layer at batch 32 is of medium intensity and memory-bound; a larger batch makes it compute-bound."""
    small, large, I_ridge = matmul(B, 2048, 2048).I, matmul(B_larger, 2048, 2048).I, ridge(R_peak, BW)
    return lo <= small <= hi and bound(small, I_ridge) == "memory" and bound(large, I_ridge) == "compute"


@computes("table14-low-ai", "Table 14", Range("2", "4"), "x", "09_roofline#table-14")
def elementwise_fusion_gain(kernels=3, R_peak=312e12, BW=2.04e12):
    """Fusing element-wise kernels, 2 to 4x: three of them make 6 traversals apart and 2 fused."""
    one, fused = elementwise(10**6), elementwise(10**6, flop_per_element=kernels)
    T_apart = kernels * least_time(one.flop, one.D_vol, R_peak, BW)
    return T_apart / least_time(fused.flop, fused.D_vol, R_peak, BW)


@computes("table14-very-low-ai", "Table 14", Number("10"), "x", "09_roofline#table-14")
def layernorm_gelu_fusion_gain(B=32, S=512, d=768, R_peak=312e12, BW=2.04e12):
    """Fusing LayerNorm with GELU, 10x: two kernels that read and write become one."""
    norm, gelu = layernorm(B * S, d), elementwise(B * S * d, FLOP_PER_ELEMENT["gelu"])
    fused = layernorm(B * S, d, flop_per_element=6 + FLOP_PER_ELEMENT["gelu"])
    T_apart = sum(least_time(op.flop, op.D_vol, R_peak, BW) for op in (norm, gelu))
    return T_apart / least_time(fused.flop, fused.D_vol, R_peak, BW)


@layernorm_gelu_fusion_gain.erratum
def two_kernels_gain_two():
    """LayerNorm and GELU make 4 traversals apart and 2 fused, {apart:.0f} and {fused:.0f} MB: a gain of {gain:.1f}x.

    One launch in place of two saves no more. The chapter's footnote 36 gives 2 to 3x. Would hold of {traversals:.0f}
    traversals to begin with, as when every addition and product of the two is a kernel of its own.
    """
    norm, gelu = layernorm(32 * 512, 768), elementwise(32 * 512 * 768)
    apart, one_traversal = norm.D_vol + gelu.D_vol, gelu.reads["x0"]
    gain = layernorm_gelu_fusion_gain()
    return {
        "apart": apart / 1e6, "fused": norm.D_vol / 1e6, "gain": gain, "traversals": 10 * gelu.D_vol / one_traversal
    }  # fmt: skip


@computes(
    "text-ln-gelu-single-kernel", "Text §Optimization by intensity regime",
    Truth(words="batching moves an operation up and right"), "", "09_roofline#table-14",
)  # fmt: skip
def batching_moves_up_and_right(B=1, B_larger=32, R_peak=312e12, BW=2.04e12):
    """LayerNorm and GELU can be one kernel; batching moves a dense layer right, and up until it meets the roof."""
    before, after = matmul(B, 2048, 2048).I, matmul(B_larger, 2048, 2048).I
    return after > before and attainable(R_peak, BW, after) > attainable(R_peak, BW, before)


@computes(
    "eq-6-batch-intensity", "Equation 6", Identity("I = 2BMN/(2BM+2MN+2BN) ~ B"), "FLOP/B", "09_roofline#napkin-1-8"
)
def batch_intensity(B=32, M=2048, N=2048):
    """Intensity of a dense layer at FP16, which is 1 / (1/B + 1/M + 1/N), nearly B where B is the smallest by far."""
    return matmul(B, M, N).I, 1 / (1 / B + 1 / M + 1 / N)


@computes(
    "nm1-8-validity-condition", "Napkin Math 1.8", Words(">> 1", least=MUCH_GREATER), "ratio", "09_roofline#napkin-1-8"
)
def weights_over_activations(B=32, M=2048, N=2048):
    """I = B holds where the weights' bytes far exceed the activations': 32 times at batch 32, only 4 times at 256."""
    op = matmul(B, M, N)
    return op.reads["B"] / (op.reads["A"] + op.writes["C"])


@computes("dense-2048-batch1-eq6-intensity", "Napkin Math 1.8", Number("1"), "FLOP/B", "09_roofline#napkin-1-8")
def dense_batch_1(B=1, M=2048, N=2048):
    """Intensity of the dense layer at batch 1."""
    return matmul(B, M, N).I


@computes("dense-2048-batch32-eq6-intensity", "Napkin Math 1.8", Number("31"), "FLOP/B", "09_roofline#napkin-1-8")
def dense_batch_32(B=32, M=2048, N=2048):
    """Intensity of the dense layer at batch 32."""
    return matmul(B, M, N).I


@computes("dense-2048-batch256-eq6-intensity", "Napkin Math 1.8", Number("204.8"), "FLOP/B", "09_roofline#napkin-1-8")
def dense_batch_256(B=256, M=2048, N=2048):
    """Intensity of the dense layer at batch 256."""
    return matmul(B, M, N).I


@computes(
    "nm1-8-batch256-compute-bound", "Napkin Math 1.8", Truth(words="compute bound on A100"), "",
    "09_roofline#napkin-1-8",
)  # fmt: skip
def batch_256_compute_bound(I=204.8, R_peak=312e12, BW=2.04e12):
    """Batch 256 lies above the A100's ridge."""
    return bound(I, ridge(R_peak, BW)) == "compute"


shows(
    "nm1-8-mlperf", "Napkin Math 1.8",
    "Batching raises throughput in production, as MLPerf Inference shows by separating bulk from latency-bound runs",
    "09_roofline#napkin-1-8",
)  # fmt: skip
shows(
    "batching-latency-tradeoff", "Text §Roofline Model", "Requests wait until a batch has formed, which adds latency",
    "09_roofline#napkin-1-8",
)  # fmt: skip
