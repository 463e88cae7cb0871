"""The throughput ceiling of Napkin Math 1.9: GPT-2 XL on an A100, one token at a time.

>>> from labcore.claims.ledger import claim
>>> claim("nm1-9-max-throughput", I=2).computed
4.08
"""

from __future__ import annotations

from labcore.catalogue import A100
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import FAR, Number, Truth, Words
from labcore.models.zoo import build
from labcore.ops import matmul
from labcore.precision import bytes_per_element
from labcore.roofline import attainable, bound, intensity, least_time, place_network, ridge, utilization


@cites("nm1-9-peak-compute", "Napkin Math 1.9", Number("312"), "TFLOP/s", "09_roofline#napkin-1-9")
def a100_peak():
    """Peak of the A100's tensor cores at dense FP16."""
    return A100.peaks["fp16"]


@cites("nm1-9-peak-bandwidth", "Napkin Math 1.9", Number("2.04"), "TB/s", "09_roofline#napkin-1-9")
def a100_bandwidth():
    """Peak bandwidth of the A100's HBM2e, 2,039 GB/s on its data sheet."""
    return A100.bandwidth


@computes("nm1-9-ridge", "Napkin Math 1.9", Number("153"), "FLOP/B", "09_roofline#napkin-1-9")
def fp16_ridge(R_peak=312e12, BW=2.04e12):
    """Ridge point of the A100 at FP16."""
    return ridge(R_peak, BW)


@computes(
    "nm1-9-saturation-unit", "Napkin Math 1.9",
    Words("153 FLOP/byte operations for every byte", least=2, most=2), "x", "09_roofline#napkin-1-9",
)  # fmt: skip
def intensity_growth_with_bytes(bytes_loaded=2, R_peak=312e12, BW=2.04e12):
    """As printed, every byte loaded needs 153 FLOP/byte, so two bytes would need twice the intensity of one."""
    work = {D_vol: R_peak * least_time(0, D_vol, R_peak, BW) for D_vol in (1, bytes_loaded)}
    return intensity(work[bytes_loaded], bytes_loaded) / intensity(work[1], 1)


@intensity_growth_with_bytes.erratum
def work_grows_with_bytes():
    """What grows with the bytes is the work, {one:.0f} FLOP for one and {two:.0f} for two; the intensity stays.

    The unit is printed once too often. Would hold with "153 operations for every byte", or "153 FLOP/byte".
    """
    I_ridge = ridge(312e12, 2.04e12)
    return {"one": I_ridge, "two": 2 * I_ridge}


@computes("nm1-9-fp32-ridge", "Napkin Math 1.9", Number("9.6"), "FLOP/B", "09_roofline#napkin-1-9")
def fp32_ridge(R_peak=19.5e12, BW=2.04e12):
    """Ridge point of the A100 at FP32, on its vector units."""
    return ridge(R_peak, BW)


@computes("nm1-9-gpt2-xl-params", "Napkin Math 1.9", Number("1.5"), "G elements", "09_roofline#napkin-1-9")
def gpt2_xl_params():
    """GPT-2 XL has 1.5 billion parameters, counted from its architecture."""
    return build("gpt2-xl").params


@gpt2_xl_params.rounding
def gpt2_xl_without_embeddings():
    """The architecture gives 1.558 billion, 1.6 in two digits; without its two embedding tables it has {value:.3f}."""
    network = build("gpt2-xl")
    return network.params - sum(layer.params for layer in network.layers if layer.name in ("tokens", "positions"))


@computes("nm1-9-weights-bytes", "Napkin Math 1.9", Number("3"), "GB", "09_roofline#napkin-1-9")
def weight_bytes(P=1.5e9, precision="fp16"):
    """Bytes of the weights that every token must load: parameters times 2 B."""
    return P * bytes_per_element(precision)


@computes("nm1-9-flops-per-token", "Napkin Math 1.9", Number("3"), "GFLOP", "09_roofline#napkin-1-9")
def flop_per_token(P=1.5e9):
    """Work of a token: one multiply-add for each parameter, whatever the shape of the matrices."""
    return matmul(1, 1, int(P)).flop


@computes("nm1-9-intensity", "Napkin Math 1.9", Number("1"), "FLOP/B", "09_roofline#napkin-1-9")
def decode_intensity(F=3e9, D=3e9):
    """Intensity of decoding at batch 1."""
    return intensity(F, D)


@computes(
    "nm1-9-intensity-far-below-ridge", "Napkin Math 1.9", Truth(words="1 is far below 153: bandwidth bound"), "",
    "09_roofline#napkin-1-9",
)  # fmt: skip
def decode_far_below_ridge(I=1, R_peak=312e12, BW=2.04e12):
    """1 FLOP/B is far below the A100's ridge (by an order of magnitude, at least), so decoding is bandwidth-bound."""
    I_ridge = ridge(R_peak, BW)
    return bound(I, I_ridge) == "memory" and I_ridge >= FAR * I


@computes("nm1-9-max-throughput", "Napkin Math 1.9", Number("2.04"), "TFLOP/s", "09_roofline#napkin-1-9")
def decode_attainable(I=1, BW=2.04e12, R_peak=312e12):
    """Attainable rate of decoding at batch 1, BW * I."""
    return attainable(R_peak, BW, I)


@computes("nm1-9-utilization-ceiling", "Napkin Math 1.9", Number("0.7"), "%", "09_roofline#napkin-1-9")
def decode_utilization(I=1, BW=2.04e12, R_peak=312e12):
    """Share of the A100's peak that decoding at batch 1 can reach."""
    return utilization(R_peak, BW, I)


shows(
    "nm1-9-a100-price", "Napkin Math 1.9", "A $15,000 chip; the page leaves out its name, the A100 of Table 8",
    "09_roofline#napkin-1-9",
)  # fmt: skip


@computes(
    "nm1-9-utilization-without-cache", "Napkin Math 1.9", Words("less than 1 percent without caching", most=1), "%",
    "09_roofline#napkin-1-9",
)  # fmt: skip
def utilization_without_cache(context=512):
    """Share of the A100's peak that GPT-2 XL can reach at batch 1 without a cache of keys and values."""
    whole = build("gpt2-xl", phase="prefill", seq=context)
    return whole.flop / seconds(whole) / A100.peak("fp16")


@utilization_without_cache.erratum
def caching_is_assumed_already():
    """Two FLOP a weight are the work of a token whose predecessors are cached: the page's ceiling is that with caching.

    Without a cache every token passes all those before it through the network again: at 512 of them, {I:.0f} FLOP/B and
    up to {share:.0%} of the peak, but {without:.1f} ms a token at least instead of {with_cache:.1f}. Caching saves
    work; it does not raise utilization. Would hold with "without batching" alone.
    """
    whole, step = build("gpt2-xl", phase="prefill", seq=512), build("gpt2-xl", phase="decode", context=512)
    times = {"without": seconds(whole) * 1e3, "with_cache": seconds(step) * 1e3}
    return times | {"I": whole.I, "share": utilization_without_cache()}


def seconds(network):
    """Least time of a network on the A100 at FP16, layer after layer.

    >>> seconds(build("gpt2-xl", phase="decode")) > seconds(build("gpt2", phase="decode"))
    True
    """
    return sum(placed.T for placed in place_network(network, A100, "fp16"))


@computes("recap-0-7-percent", "Text §Roofline Model", Number("0.7"), "%", "09_roofline#napkin-1-9")
def recap_utilization(BW=2.04e12, R_peak=312e12, I=1):
    """Memory-bound at 0.7 % utilization, in the section's closing words."""
    return utilization(R_peak, BW, I)
