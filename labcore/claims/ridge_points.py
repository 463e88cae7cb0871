"""Hardware ridge points: Table 12, Napkin Math 1.3 and the examples after it.

>>> from labcore.claims.ledger import claim
>>> claim("nm1-3-v100-ridge", R_peak=15.7e12).computed
17.444444444444443
"""

from __future__ import annotations

from labcore.catalogue import A100, A100_40GB, H100, TPU_V4, TPU_V5P, TPU_V6E
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Identity, Number, Truth, Words
from labcore.models.zoo import build
from labcore.ops import elementwise, matmul
from labcore.roofline import attainable, bound, place_network, ridge

ABOUT_100 = {"least": 10**1.5, "most": 10**2.5}  # "~10^2": nearer to 100 than to 10 or 1000 on a log scale


@computes(
    "ridge-point-definition", "Text §Hardware ridge points", Identity("I_ridge = R_peak / BW"), "FLOP/B",
    "09_roofline#ridge-points",
)  # fmt: skip
def ridge_is_where_roofs_meet(R_peak=312e12, BW=2.039e12):
    """The ridge point is the height of the flat roof over that of the slope at 1 FLOP/B."""
    I_ridge = ridge(R_peak, BW)
    return I_ridge, attainable(R_peak, BW, 2 * I_ridge) / attainable(R_peak, BW, 1)


shows(
    "table12-caption-order-of-magnitude", "Table 12", "Table 12 gives ridge points as orders of magnitude",
    "09_roofline#ridge-points",
)  # fmt: skip


@computes("table12-gpu-2017", "Table 12", Number("100"), "FLOP/B", "09_roofline#ridge-points")
def gpu_2017_ridge(R=1e14, B=1e12):
    """GPU of 2017: 10^2 TFLOP/s over 10^3 GB/s."""
    return ridge(R, B)


@computes(
    "table12-gpu-2020", "Table 12", Words("10^2 over a bandwidth range", **ABOUT_100, spread=True), "FLOP/B",
    "09_roofline#ridge-points",
)  # fmt: skip
def gpu_2020_ridges(R=1e14, B_lo=1e12, B_hi=1e12):
    """GPU of 2020: 10^2 TFLOP/s over 10^3 GB/s to 10^0 TB/s."""
    return ridge(R, B_lo), ridge(R, B_hi)


@gpu_2020_ridges.erratum
def bandwidth_range_is_a_point():
    """10^3 GB/s and 10^0 TB/s are the same: a range without width, with a ridge of {I[0]:.0f} FLOP/B at either end.

    The two A100s of that year have {low:.3f} and {high:.3f} TB/s, with ridges of {I_low:.0f} and {I_high:.0f} FLOP/B.
    Would hold as an order of magnitude, with one bandwidth in the cell.
    """
    ridges = {"I_low": A100_40GB.ridge("fp16"), "I_high": A100.ridge("fp16")}
    return ridges | {"I": gpu_2020_ridges(), "low": A100_40GB.BW / 1e12, "high": A100.BW / 1e12}


@computes("table12-gpu-2023", "Table 12", Number("2"), "log10(FLOP/B)", "09_roofline#ridge-points")
def gpu_2023_ridge(R=1e15, B=3.35e12):
    """GPU of 2023: 10^3 TFLOP/s over a few TB/s, a ridge of 10^2 to the nearest power of ten."""
    return ridge(R, B)


@computes("table12-tpu-2023", "Table 12", Words("~10^2", **ABOUT_100), "FLOP/B", "09_roofline#ridge-points")
def tpu_2023_ridges(R_lo=1e14, R_hi=1e15, B=1e12):
    """TPU-class chip of 2023: 10^2 to 10^3 TFLOP/s over 1 TB/s."""
    return ridge(R_lo, B), ridge(R_hi, B)


@tpu_2023_ridges.erratum
def tpu_row_spans_a_decade():
    """The row's peaks span a decade over one bandwidth, and so do its ridges, {I[0]:.0f} to {I[1]:.0f} FLOP/B.

    The chips of those years lie between: {v4:.0f} FLOP/B at bf16 for TPU v4 (2021), {v5p:.0f} for TPU v5p (2023),
    {v6e:.0f} for TPU v6e (2024). Would hold of the low end of the peaks.
    """
    ridges = {"v4": TPU_V4.ridge("bf16"), "v5p": TPU_V5P.ridge("bf16"), "v6e": TPU_V6E.ridge("bf16")}
    return {"I": tpu_2023_ridges()} | ridges


@computes(
    "ridge-points-rise", "Text §Hardware ridge points", Truth(words="keeping it fully in use has become harder"), "",
    "09_roofline#ridge-points",
)  # fmt: skip
def ridges_rise(v100=(125e12, 0.9e12), a100=(312e12, 2.04e12), h100=(989e12, 3.35e12)):
    """V100, A100, H100: each ridge lies above the one before (R_peak, BW); a memory refresh like the H200 lowers it."""
    return ridge(*v100) < ridge(*a100) < ridge(*h100)


@computes("nm1-3-v100-ridge", "Napkin Math 1.3", Number("138.9"), "FLOP/B", "09_roofline#napkin-1-3")
def v100_ridge(R_peak=125e12, BW=0.9e12):
    """Ridge point of the V100 at FP16, R_peak / BW."""
    return ridge(R_peak, BW)


@computes("nm1-3-a100-ridge", "Napkin Math 1.3", Number("153"), "FLOP/B", "09_roofline#napkin-1-3")
def a100_ridge(R_peak=312e12, BW=2.04e12):
    """Ridge point of the A100 at FP16, R_peak / BW."""
    return ridge(R_peak, BW)


@computes("nm1-3-h100-ridge", "Napkin Math 1.3", Number("295.2"), "FLOP/B", "09_roofline#napkin-1-3")
def h100_ridge(R_peak=989e12, BW=3.35e12):
    """Ridge point of the H100 at dense FP16, R_peak / BW."""
    return ridge(R_peak, BW)


@computes("nm1-3-bar-doubled", "Napkin Math 1.3", Number("2"), "x", "09_roofline#napkin-1-3")
def ridge_growth(R_v100=125e12, BW_v100=0.9e12, R_h100=989e12, BW_h100=3.35e12):
    """The ridge has doubled from the V100 to the H100."""
    return ridge(R_h100, BW_h100) / ridge(R_v100, BW_v100)


@computes(
    "nm1-3-i200-regime-flip", "Napkin Math 1.3", Truth(words="compute-bound on A100, bandwidth-bound on H100"), "",
    "09_roofline#napkin-1-3",
)  # fmt: skip
def regime_flips(I=200, R_a100=312e12, BW_a100=2.04e12, R_h100=989e12, BW_h100=3.35e12):
    """A kernel at 200 FLOP/B is compute-bound on the A100 and bandwidth-bound on the H100."""
    return bound(I, ridge(R_a100, BW_a100)) == "compute" and bound(I, ridge(R_h100, BW_h100)) == "memory"


@computes("nm1-3-i200-gain", "Napkin Math 1.3", Number("1.6"), "x", "09_roofline#napkin-1-3")
def gain_at_200(I=200, R_a100=312e12, BW_a100=2.04e12, R_h100=989e12, BW_h100=3.35e12):
    """The kernel at 200 FLOP/B is given as the reason for a speedup of only 1.6x on the H100."""
    return attainable(R_h100, BW_h100, I) / attainable(R_a100, BW_a100, I)


@gain_at_200.erratum
def gain_lies_between_the_ratios():
    """A kernel at 200 FLOP/B goes from {a100:.0f} to {h100:.0f} TFLOP/s, a gain of {gain:.2f}x.

    Would hold of kernels below the A100's ridge, memory-bound on both chips: they gain the bandwidth ratio,
    {slope:.2f}x.
    """
    a100, h100 = attainable(312e12, 2.04e12, 200), attainable(989e12, 3.35e12, 200)
    return {"a100": a100 / 1e12, "h100": h100 / 1e12, "gain": gain_at_200(), "slope": memory_bound_gain()}


@computes("nm1-3-bandwidth-ratio", "Napkin Math 1.3", Number("1.6"), "x", "09_roofline#napkin-1-3")
def memory_bound_gain(h=3.35e12, a=2.04e12, R_h100=989e12, R_a100=312e12, I=1):
    """From A100 to H100, a memory-bound kernel gains the ratio of the bandwidths."""
    return attainable(R_h100, h, I) / attainable(R_a100, a, I)


@computes("nm1-3-flops-ratio", "Napkin Math 1.3", Number("3.2"), "x", "09_roofline#napkin-1-3")
def compute_bound_gain(h=989e12, a=312e12, BW_h100=3.35e12, BW_a100=2.04e12, I=1000):
    """From A100 to H100, a kernel that is compute-bound on both gains the ratio of the peaks."""
    return attainable(h, BW_h100, I) / attainable(a, BW_a100, I)


@computes("relu-h100-gap", "Text §Roofline Model", Number("2,361.8"), "x", "09_roofline#napkin-1-3")
def relu_below_h100(R_peak=989e12, BW=3.35e12, I=0.125):
    """A ReLU of 1 FLOP for 8 bytes lies this far below the H100's peak."""
    return R_peak / attainable(R_peak, BW, I)


@computes("relu-h100-gap-in-one-precision", "Text §Roofline Model", Number("2,361.8"), "x", "09_roofline#napkin-1-3")
def relu_below_h100_fp16(R_peak=989e12, BW=3.35e12, bytes_per=2):
    """The ReLU's distance below the H100's ridge, with both at FP16, the precision of 989 TFLOP/s."""
    return ridge(R_peak, BW) / elementwise(1, bytes_per_element=bytes_per).I


@relu_below_h100_fp16.erratum
def relu_mixes_precisions():
    """8 bytes a ReLU are FP32 numbers, while 989 TFLOP/s is the FP16 peak: the print mixes two precisions.

    In FP16 a ReLU has {I16} FLOP/B and lies {gap16:.1f}x below the ridge. In FP32 it has {I32} and lies {gap32:.0f}x
    below the H100's FP32 ridge of {ridge32:.0f} FLOP/B. Would hold of FP32 data that FP16 units work on.
    """
    I16, I32 = (elementwise(1, bytes_per_element=b).I for b in (2, 4))
    ridge32 = H100.ridge("fp32")
    return {"I16": I16, "gap16": relu_below_h100_fp16(), "I32": I32, "ridge32": ridge32, "gap32": ridge32 / I32}


@computes(
    "gemm-1024-h100-compute-bound", "Text §Roofline Model", Truth(words="compute bound even on H100"), "",
    "09_roofline#napkin-1-3",
)  # fmt: skip
def gemm_compute_bound_on_h100(n=1024, R_peak=989e12, BW=3.35e12):
    """A 1024 x 1024 matmul at FP16 is compute-bound even on the H100."""
    return bound(matmul(n, n, n).I, ridge(R_peak, BW)) == "compute"


@computes(
    "most-ops-below-ridge-fusion", "Text §Roofline Model",
    Truth(words="most operations fall short of the ridge point"), "", "09_roofline#napkin-1-3",
)  # fmt: skip
def most_layers_are_memory_bound(batch=32):
    """Most operations fall short of the ridge: those of ResNet-50 and of GPT-2's prompt pass, on A100 and on H100."""
    networks = build("resnet50", batch=batch), build("gpt2", batch=batch, phase="prefill")
    passes = [place_network(network, chip, "fp16") for network in networks for chip in (A100, H100)]
    counts = [{p.bound: 0 for p in placed} for placed in passes]
    for placed, count in zip(passes, counts, strict=True):
        for p in placed:
            count[p.bound] += p.layer.count
    return all(count["memory"] > count["compute"] for count in counts)
