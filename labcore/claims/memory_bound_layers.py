"""Memory-bound layers: the dense layer of Napkin Math 1.6 and the LayerNorm of Napkin Math 1.7, on the A100.

>>> from labcore.claims.ledger import claim
>>> claim("dense-2048-batch32-intensity", B=64).computed
60.23529411764706
"""

from __future__ import annotations

from labcore.claims.ledger import computes
from labcore.claims.printed import Number, Truth, Words
from labcore.models.zoo import build
from labcore.ops import Operation, layernorm, matmul
from labcore.roofline import attainable, bound, intensity, least_time, ridge, utilization

# Napkin Math 1.6: a dense layer of 2048 to 2048 features, batch 32.


@computes("dense-2048-batch32-flops", "Napkin Math 1.6", Number("268.4"), "MFLOP", "09_roofline#napkin-1-6")
def dense_flop(B=32, M=2048, Nn=2048):
    """Work of the dense layer, 2 B M N."""
    return matmul(B, M, Nn).flop


@computes("dense-2048-batch32-input-bytes", "Napkin Math 1.6", Number("131.1"), "KB", "09_roofline#napkin-1-6")
def dense_input_bytes(B=32, M=2048, b=2):
    """Bytes of the dense layer's input at FP16 (1 KB is 1000 B)."""
    return matmul(B, M, 2048, bytes_per_element=b).reads["A"]


@computes("dense-2048-batch32-weight-bytes", "Napkin Math 1.6", Number("8.4"), "MB", "09_roofline#napkin-1-6")
def dense_weight_bytes(M=2048, Nn=2048, b=2):
    """Bytes of the dense layer's weights at FP16."""
    return matmul(32, M, Nn, bytes_per_element=b).reads["B"]


@computes("dense-2048-batch32-output-bytes", "Napkin Math 1.6", Number("131.1"), "KB", "09_roofline#napkin-1-6")
def dense_output_bytes(B=32, Nn=2048, b=2):
    """Bytes of the dense layer's output at FP16."""
    return matmul(B, 2048, Nn, bytes_per_element=b).writes["C"]


@computes("dense-2048-batch32-total-bytes", "Napkin Math 1.6", Number("8.7"), "MB", "09_roofline#napkin-1-6")
def dense_bytes(B=32, M=2048, Nn=2048, b=2):
    """Compulsory traffic of the dense layer; its weights are 97 % of it."""
    return matmul(B, M, Nn, bytes_per_element=b).D_vol


@computes("dense-2048-batch32-intensity", "Napkin Math 1.6", Number("31"), "FLOP/B", "09_roofline#napkin-1-6")
def dense_intensity(B=32, M=2048, Nn=2048, b=2):
    """Intensity of the dense layer."""
    return matmul(B, M, Nn, bytes_per_element=b).I


@computes("dense-2048-batch32-attainable", "Napkin Math 1.6", Number("63.3"), "TFLOP/s", "09_roofline#napkin-1-6")
def dense_attainable(B=32, M=2048, Nn=2048, b=2, BW=2.039e12, R_peak=312e12):
    """Attainable rate of the dense layer on the A100, BW * I."""
    return attainable(R_peak, BW, matmul(B, M, Nn, bytes_per_element=b).I)


@computes(
    "dense-2048-batch32-displayed-product", "Napkin Math 1.6", Number("63.3"), "TFLOP/s", "09_roofline#napkin-1-6"
)
def dense_product(BW=2.039e12, I=31, R_peak=312e12):
    """The product as displayed, 2,039 GB/s * 31 FLOP/byte."""
    return attainable(R_peak, BW, I)


@dense_product.rounding
def dense_unrounded():
    """The page rounds the intensity to 31 and multiplies with the unrounded 31.03, which gives {value:.2f}."""
    return dense_product(I=dense_intensity())


@computes("dense-memory-bound-a100", "Napkin Math 1.6", Truth(words="memory-bound"), "", "09_roofline#napkin-1-6")
def dense_memory_bound(I=31.03, R_peak=312e12, BW=2.04e12):
    """The dense layer at batch 32 lies below the A100's ridge."""
    return bound(I, ridge(R_peak, BW)) == "memory"


@computes("dense-2048-batch32-utilization", "Napkin Math 1.6", Number("20.3"), "%", "09_roofline#napkin-1-6")
def dense_utilization(B=32, M=2048, Nn=2048, b=2, BW=2.039e12, R_peak=312e12):
    """Share of the A100's peak that the dense layer can reach."""
    return utilization(R_peak, BW, matmul(B, M, Nn, bytes_per_element=b).I)


@computes(
    "transformer-vs-cnn-inference-regime", "Text §Roofline Model",
    Truth(words="transformer inference typically memory bound, CNN inference can be compute bound"), "",
    "09_roofline#napkin-1-6",
)  # fmt: skip
def decoding_and_convolving(R_peak=312e12, BW=2.04e12, batch=32):
    """GPT-2 XL writing a token is memory-bound; the convolutions of ResNet-50, taken together, are compute-bound."""
    decode = build("gpt2-xl", batch=1, phase="decode")
    convolutions = [x for x in build("resnet50", batch=batch).layers if x.op.kind == "conv2d"]
    flop, D_vol = (sum(x.count * getattr(x.op, name) for x in convolutions) for name in ("flop", "D_vol"))
    I_ridge = ridge(R_peak, BW)
    return bound(decode.I, I_ridge) == "memory" and bound(intensity(flop, D_vol), I_ridge) == "compute"


# Napkin Math 1.7: LayerNorm of (32, 512, 768), six FLOP an element.


@computes("nm1-7-elements", "Napkin Math 1.7", Number("12.6"), "M", "09_roofline#napkin-1-7")
def layernorm_elements(B=32, S=512, d=768):
    """Elements that the LayerNorm reads, and writes."""
    return layernorm(B * S, d, bytes_per_element=1).writes["y"]


@computes("nm1-7-ops-per-element", "Napkin Math 1.7", Number("6"), "FLOP/element", "09_roofline#napkin-1-7")
def layernorm_flop_per_element(mean=1, var=2, norm=3):
    """LayerNorm does about 6 FLOP an element: mean 1, variance 2, normalization 3."""
    return layernorm(1, 1, flop_per_element=mean + var + norm).flop


@computes("nm1-7-flops", "Napkin Math 1.7", Number("75.5"), "MFLOP", "09_roofline#napkin-1-7")
def layernorm_flop(B=32, S=512, d=768, ops=6):
    """Work of the LayerNorm."""
    return layernorm(B * S, d, flop_per_element=ops).flop


@computes("nm1-7-displayed-flops", "Napkin Math 1.7", Number("75.5"), "MFLOP", "09_roofline#napkin-1-7")
def layernorm_product(elements=12_600_000, ops=6):
    """The product as displayed, 12.6M * 6."""
    return layernorm(1, elements, flop_per_element=ops).flop


@layernorm_product.rounding
def layernorm_flop_unrounded():
    """The page rounds the elements to 12.6M and multiplies with all of them, which gives {value:.2f}."""
    return layernorm_flop()


@computes("nm1-7-input-bytes", "Napkin Math 1.7", Number("25.2"), "MB", "09_roofline#napkin-1-7")
def layernorm_input_bytes(B=32, S=512, d=768, b=2):
    """Bytes of the LayerNorm's input at FP16."""
    return layernorm(B * S, d, bytes_per_element=b).reads["x"]


@computes("nm1-7-param-bytes", "Napkin Math 1.7", Number("3.1"), "KB", "09_roofline#napkin-1-7")
def layernorm_parameter_bytes(d=768, b=2):
    """Bytes of the LayerNorm's scale and bias at FP16."""
    return layernorm(1, d, bytes_per_element=b).reads["scale and bias"]


@computes("nm1-7-output-bytes", "Napkin Math 1.7", Number("25.2"), "MB", "09_roofline#napkin-1-7")
def layernorm_output_bytes(B=32, S=512, d=768, b=2):
    """Bytes of the LayerNorm's output at FP16."""
    return layernorm(B * S, d, bytes_per_element=b).writes["y"]


@computes("nm1-7-total-bytes", "Napkin Math 1.7", Number("50.3"), "MB", "09_roofline#napkin-1-7")
def layernorm_bytes(B=32, S=512, d=768, b=2):
    """Compulsory traffic of the LayerNorm."""
    return layernorm(B * S, d, bytes_per_element=b).D_vol


@computes("nm1-7-displayed-total", "Napkin Math 1.7", Number("50.3"), "MB", "09_roofline#napkin-1-7")
def layernorm_sum(x=25.2e6, parameters=3.1e3, y=25.2e6):
    """The sum as displayed, 25.2 MB + 3.1 KB + 25.2 MB."""
    return Operation("layernorm", flop=0, reads={"x": x, "scale and bias": parameters}, writes={"y": y}).D_vol


@layernorm_sum.rounding
def layernorm_sum_unrounded():
    """Input and output are rounded up on the page; unrounded, the sum is {value:.2f}."""
    return layernorm_bytes()


@computes("nm1-7-intensity", "Napkin Math 1.7", Number("1.5"), "FLOP/B", "09_roofline#napkin-1-7")
def layernorm_intensity(ops=6, b=2, B=32, S=512, d=768):
    """Intensity of the LayerNorm: 6 FLOP for 4 bytes, less the little that scale and bias add."""
    return layernorm(B * S, d, bytes_per_element=b, flop_per_element=ops).I


@computes("nm1-7-gap-to-ridge", "Napkin Math 1.7", Number("102"), "x", "09_roofline#napkin-1-7")
def layernorm_below_ridge(R_peak=312e12, BW=2.039e12, I=1.5):
    """LayerNorm lies this far below the A100's ridge."""
    return ridge(R_peak, BW) / I


@computes("nm1-7-attainable", "Napkin Math 1.7", Number("3.1"), "TFLOP/s", "09_roofline#napkin-1-7")
def layernorm_attainable(BW=2.039e12, I=1.5, R_peak=312e12):
    """Attainable rate of the LayerNorm on the A100."""
    return attainable(R_peak, BW, I)


@computes(
    "nm1-7-under-1pct", "Napkin Math 1.7", Truth(words="less than 1 percent of the compute capacity"), "",
    "09_roofline#napkin-1-7",
)  # fmt: skip
def layernorm_under_one_percent(BW=2.039e12, I=1.5, R_peak=312e12):
    """LayerNorm can use less than 1 % of the A100's peak."""
    return utilization(R_peak, BW, I) < 0.01


@computes(
    "nm1-7-latency-share", "Napkin Math 1.7", Words("significant latency", least=10), "%", "09_roofline#napkin-1-7"
)
def layernorm_over_projection_time(B=32, S=512, d=768, BW=2.039e12, R_peak=312e12):
    """LayerNorm's FLOP are 0.13 % of those of the QKV projection beside it; its least time is this share of it."""
    norm, qkv = layernorm(B * S, d), matmul(B * S, d, 3 * d)
    T_norm, T_qkv = (least_time(op.flop, op.D_vol, R_peak, BW) for op in (norm, qkv))
    return T_norm / T_qkv
