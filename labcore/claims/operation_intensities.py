"""Operations on the roofline: Table 13, Napkin Math 1.4 and what follows for optimization.

Traffic is compulsory everywhere: every operand crosses the memory bus once, none fused and none cached.

>>> from labcore.claims.ledger import claim
>>> round(claim("table13-depthwise-conv", k=5).computed, 1)
12.5
"""

from __future__ import annotations

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Number, Range, Truth
from labcore.models.zoo import build
from labcore.ops import conv2d, embedding_bag, layernorm, matmul, softmax
from labcore.roofline import bound, intensity, least_time, ridge


def depthwise(k=3, bytes_per=2, N=32, C=144, H=56, W=56):
    """A depthwise k x k convolution that keeps the size of its input; the default is one of MobileNetV2.

    >>> depthwise().shape["groups"]
    144
    """
    return conv2d(N, C, H, W, C, k, k, padding=k // 2, bytes_per_element=bytes_per, groups=C)


def pooled_lookup(lookups=80, dim=64, bytes_per=4):
    """Rows of an embedding table, looked up and added.

    >>> pooled_lookup(lookups=2).flop
    64
    """
    return embedding_bag(bags=1, lookups=lookups, dim=dim, bytes_per_element=bytes_per)


@computes(
    "low-intensity-ops-move-longer", "Text §Roofline Model",
    Truth(words="more time moving bytes than doing arithmetic"), "", "09_roofline#table-13",
)  # fmt: skip
def moving_takes_longer(R_peak=312e12, BW=2.04e12):
    """Depthwise convolution, embedding lookup, LayerNorm and softmax spend more time on bytes than on arithmetic."""
    operations = depthwise(), pooled_lookup(), layernorm(32 * 512, 768), softmax(32 * 12 * 512, 512)
    return all(least_time(op.flop, op.D_vol, R_peak, BW) > op.flop / R_peak for op in operations)


@computes(
    "table13-caption", "Table 13", Truth(words="a wide range of arithmetic intensities"), "", "09_roofline#table-13"
)
def kinds_fall_on_their_sides(R_peak=312e12, BW=2.04e12):
    """Big convolutions and batched GEMMs can be compute-bound; the other five kinds of Table 13 are memory-bound."""
    I_ridge = ridge(R_peak, BW)
    high = conv2d(32, 128, 56, 56, 256, 3, 3, padding=1), matmul(256, 2048, 2048)
    low = matmul(1, 2048, 2048), depthwise(), softmax(32 * 12 * 512, 512), layernorm(32 * 512, 768), pooled_lookup()
    return all(bound(op.I, I_ridge) == "compute" for op in high) and all(bound(op.I, I_ridge) == "memory" for op in low)


@computes("table13-conv2d-dense", "Table 13", Range("50", "200"), "FLOP/B", "09_roofline#table-13")
def conv_in_table(F=59190018048, D=77660160):
    """Dense convolution, 50 to 200 FLOP/B: held against the convolution of Napkin Math 1.5."""
    return intensity(F, D)


@conv_in_table.erratum
def resnet_convolutions_span_more():
    """Napkin Math 1.5 works out {own:.1f} FLOP/B for a convolution, outside its range in Table 13.

    Of the {count} convolutions of ResNet-50 at batch 32, from {low:.0f} to {high:.0f} FLOP/B, {inside} lie inside; at
    batch 1, {inside_1} do and the highest has {high_1:.0f}. They straddle the ridge, as the row says, more widely.
    Would hold of the {inside} and {inside_1} that lie inside.
    """
    at_32, at_1 = ([x.op.I for x in build("resnet50", batch=b).layers if x.op.kind == "conv2d"] for b in (32, 1))
    inside, inside_1 = (sum(50 <= I <= 200 for I in intensities) for intensities in (at_32, at_1))
    found = {"count": len(at_32), "inside": inside, "low": min(at_32), "high": max(at_32)}
    return found | {"own": conv_in_table(), "inside_1": inside_1, "high_1": max(at_1)}


@computes("table13-dense-matmul", "Table 13", Range("64", "256"), "FLOP/B", "09_roofline#table-13")
def dense_in_table(M=2048, B_lo=128, B_hi=256):
    """Dense matmul of large batch, 64 to 256 FLOP/B and more: a 2048-wide layer at batch 128 and at 256."""
    return [matmul(B, M, M).I for B in (B_lo, B_hi)]


@computes("table13-depthwise-conv", "Table 13", Range("10", "20"), "FLOP/B", "09_roofline#table-13")
def depthwise_in_table(k=3, bytes_per=2):
    """Depthwise convolution, 10 to 20 FLOP/B: 3 x 3 at FP16 does 18 FLOP for 2 B read and 2 B written."""
    return depthwise(k, bytes_per).I


@depthwise_in_table.erratum
def depthwise_stays_below_five():
    """With every byte moved once, 3 x 3 at FP16 has {I3:.1f} FLOP/B, and more bytes can only lower that.

    MobileNetV2's own, at batch 32, have {low:.1f} to {high:.1f}. Would hold of a 5 x 5 filter, {I5:.1f}, and nearly in
    INT8, {I3_int8:.1f}.
    """
    layers = build("mobilenetv2", batch=32).layers
    own = [x.op.I for x in layers if x.op.kind == "conv2d" and x.op.shape["groups"] > 1]
    variants = {"I3": depthwise().I, "I3_int8": depthwise(bytes_per=1).I, "I5": depthwise(k=5).I}
    return variants | {"low": min(own), "high": max(own)}


@computes("table13-attention-softmax", "Table 13", Range("2", "5"), "FLOP/B", "09_roofline#table-13")
def softmax_in_table(ops=3, bytes_rw=4):
    """Attention softmax, 2 to 5 FLOP/B: 3 FLOP for 2 B read and 2 B written."""
    return softmax(512, 512, bytes_per_element=bytes_rw / 2, flop_per_element=ops).I


@softmax_in_table.erratum
def softmax_is_below_one():
    """Napkin Math 1.4 counts 3 FLOP for 4 bytes, {I3} FLOP/B, below the range of Table 13.

    The safe form with its maximum, 5 FLOP, has {I5}. Would hold of {least:.0f} to {most:.0f} FLOP an element, as where
    an exponential counts as many, or of a softmax fused with its neighbours.
    """
    I3, I5 = softmax_in_table(), softmax_in_table(ops=5)
    return {"I3": I3, "I5": I5, "least": 2 * 3 / I3, "most": 5 * 3 / I3}


@computes("table13-layernorm", "Table 13", Truth(words="1 to 2 FLOP/B"), "", "09_roofline#table-13")
def layernorm_in_table(lo=1, hi=2, ops=6, bytes_rw=4):
    """LayerNorm has 1 to 2 FLOP/B."""
    return lo <= layernorm(32 * 512, 768, bytes_per_element=bytes_rw / 2, flop_per_element=ops).I <= hi


@computes("table13-embedding", "Table 13", Truth(words="below 1 FLOP/B"), "", "09_roofline#table-13")
def embedding_in_table(bytes_per=4, lookups=80):
    """Embedding lookup stays below 1 FLOP/B: one addition for each 4 B that is looked up, at most."""
    return pooled_lookup(lookups, bytes_per=bytes_per).I < 1


@computes("nm1-4-qkv-flops", "Napkin Math 1.4", Number("58"), "GFLOP", "09_roofline#napkin-1-4")
def qkv_flop(B=32, S=512, d=768):
    """Work of the projection to queries, keys and values: 2 * 3 * B S d d FLOP."""
    return matmul(B * S, d, 3 * d).flop


@computes("nm1-4-qkv-bytes", "Napkin Math 1.4", Number("104.2"), "MB", "09_roofline#napkin-1-4")
def qkv_bytes(B=32, S=512, d=768, b=2):
    """Traffic of the projection: input, weights and output at FP16."""
    return matmul(B * S, d, 3 * d, bytes_per_element=b).D_vol


@computes("nm1-4-qkv-intensity", "Napkin Math 1.4", Number("556.4"), "FLOP/B", "09_roofline#napkin-1-4")
def qkv_intensity(B=32, S=512, d=768, b=2):
    """Intensity of the projection."""
    return matmul(B * S, d, 3 * d, bytes_per_element=b).I


@computes("nm1-4-qkv-displayed-quotient", "Napkin Math 1.4", Number("556.4"), "FLOP/B", "09_roofline#napkin-1-4")
def qkv_quotient(flop=58e9, D_vol=104.2e6):
    """The quotient as displayed, 58 GFLOP / 104.2 MB."""
    return intensity(flop, D_vol)


@qkv_quotient.rounding
def qkv_unrounded():
    """The rounded 58 is too high in its third digit; the unrounded work and traffic give {value:.2f}."""
    return intensity(qkv_flop(), qkv_bytes())


@computes(
    "nm1-4-qkv-compute-bound-a100", "Napkin Math 1.4", Truth(words="compute bound on A100"), "",
    "09_roofline#napkin-1-4",
)  # fmt: skip
def qkv_compute_bound(B=32, S=512, d=768, R_peak=312e12, BW=2.04e12):
    """The projection lies above the A100's ridge."""
    return bound(matmul(B * S, d, 3 * d).I, ridge(R_peak, BW)) == "compute"


@computes("nm1-4-softmax-flops", "Napkin Math 1.4", Number("302"), "MFLOP", "09_roofline#napkin-1-4")
def softmax_flop(B=32, h=12, S=512, ops=3):
    """Work of the attention softmax: exponential, sum and division for each of B h S S scores."""
    return softmax(B * h * S, S, flop_per_element=ops).flop


@computes("nm1-4-softmax-bytes", "Napkin Math 1.4", Number("402.7"), "MB", "09_roofline#napkin-1-4")
def softmax_bytes(B=32, h=12, S=512, b=2):
    """Traffic of the attention softmax: every score read and written at FP16."""
    return softmax(B * h * S, S, bytes_per_element=b).D_vol


@computes("nm1-4-softmax-intensity", "Napkin Math 1.4", Number("0.75"), "FLOP/B", "09_roofline#napkin-1-4")
def softmax_intensity(ops=3, b=2):
    """Intensity of the attention softmax: 3 FLOP for 4 bytes, whatever the sizes."""
    return softmax(32 * 12 * 512, 512, bytes_per_element=b, flop_per_element=ops).I


@computes(
    "nm1-4-flashattention-rationale", "Napkin Math 1.4", Truth(words="less memory traffic rather than fewer FLOP"), "",
    "09_roofline#napkin-1-4",
)  # fmt: skip
def traffic_sets_softmax_time(B=32, h=12, S=512, R_peak=312e12, BW=2.04e12):
    """Halving the softmax's traffic halves its least time; halving its FLOP changes nothing."""
    op = softmax(B * h * S, S)
    T = least_time(op.flop, op.D_vol, R_peak, BW)
    fewer_flop = least_time(op.flop / 2, op.D_vol, R_peak, BW)
    return fewer_flop == T and least_time(op.flop, op.D_vol / 2, R_peak, BW) == T / 2


@computes(
    "intensity-optimization-strategy", "Text §Roofline Model",
    Truth(words="fewer bytes where memory-bound, a better used compute unit where compute-bound"), "",
    "09_roofline#table-14",
)  # fmt: skip
def each_regime_has_its_cure(R_peak=312e12, BW=2.04e12):
    """Half the bytes, as INT8 has, help the dense layer and not the convolution; a higher compute roof, the reverse."""
    dense, conv = matmul(32, 2048, 2048), conv2d(32, 128, 56, 56, 256, 3, 3, padding=1)

    def gains(op):
        T = least_time(op.flop, op.D_vol, R_peak, BW)
        return T / least_time(op.flop, op.D_vol / 2, R_peak, BW), T / least_time(op.flop, op.D_vol, 2 * R_peak, BW)

    return gains(dense) == (2, 1) and gains(conv) == (1, 2)


shows(
    "strategy-batching-when-compute-bound", "Text §Roofline Model",
    "Batching helps compute-bound operations by fuller units, off the roofline, and memory-bound ones on it",
    "09_roofline#table-14",
)  # fmt: skip
