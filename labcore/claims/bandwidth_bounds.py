"""Memory bandwidth bounds: Equations 4 and 5, and the convolution of Napkin Math 1.5.

>>> from labcore.claims.ledger import claim
>>> claim("nm1-5-flops-per-output", Cin=64).computed
1152
"""

from __future__ import annotations

from labcore.claims.ledger import computes
from labcore.claims.printed import Identity, Number, Truth, Words
from labcore.ops import conv2d, matmul
from labcore.roofline import attainable, intensity, least_time, required_bandwidth, ridge


@computes("eq-4-required-bandwidth", "Equation 4", Identity("BW_req = R_ops / I"), "TB/s", "09_roofline#napkin-1-6")
def bandwidth_that_feeds(R_ops=312e12, I=31):
    """R_ops / I is as many times 1 B/s as R_ops is above what 1 B/s lets through at that intensity."""
    return required_bandwidth(R_ops, I), R_ops / attainable(R_ops, 1, I)


@computes(
    "eq-5-memory-bound-attainable", "Equation 5", Identity("R_attain = BW * I"), "TFLOP/s", "09_roofline#napkin-1-6"
)
def attainable_when_starved(BW=2.039e12, I=1.5, R_peak=312e12):
    """Below the ridge, BW * I is the work that comes with one byte over the time of that byte."""
    return attainable(R_peak, BW, I), I / least_time(flop=I, D_vol=1, R_peak=R_peak, BW=BW)


# Napkin Math 1.5: a 3 x 3 convolution from 128 to 256 channels on 56 x 56, batch 32. The output keeps the size of
# the input, which takes a padding of 1 that the page leaves out.


@computes("nm1-5-output-elements", "Napkin Math 1.5", Number("25.7"), "M elements", "09_roofline#napkin-1-5")
def conv_outputs(N=32, Cout=256, H=56, W=56, padding=1):
    """Elements of the convolution's output, N K P Q."""
    return conv2d(N, 1, H, W, Cout, 3, 3, padding=padding, bytes_per_element=1).writes["y"]


@computes("nm1-5-flops-per-output", "Napkin Math 1.5", Number("2,304"), "FLOP", "09_roofline#napkin-1-5")
def conv_flop_per_output(Cin=128, K=3):
    """Work of one output element: 128 * 3 * 3 multiply-adds, two FLOP each."""
    return conv2d(1, Cin, K, K, 1, K, K).flop


@computes("nm1-5-total-flops", "Napkin Math 1.5", Number("59.2"), "GFLOP", "09_roofline#napkin-1-5")
def conv_flop(N=32, Cin=128, H=56, W=56, Cout=256, K=3, padding=1):
    """Work of the convolution, 2 N K P Q C R S."""
    return conv2d(N, Cin, H, W, Cout, K, K, padding=padding).flop


@computes("nm1-5-input-bytes", "Napkin Math 1.5", Number("25.7"), "MB", "09_roofline#napkin-1-5")
def conv_input_bytes(N=32, Cin=128, H=56, W=56, b=2):
    """Bytes of the convolution's input at FP16."""
    return conv2d(N, Cin, H, W, 256, 3, 3, padding=1, bytes_per_element=b).reads["x"]


@computes("nm1-5-weight-bytes", "Napkin Math 1.5", Number("0.6"), "MB", "09_roofline#napkin-1-5")
def conv_weight_bytes(Cout=256, Cin=128, K=3, b=2):
    """Bytes of the convolution's weights at FP16."""
    return conv2d(32, Cin, 56, 56, Cout, K, K, padding=1, bytes_per_element=b).reads["w"]


@computes("nm1-5-output-bytes", "Napkin Math 1.5", Number("51.4"), "MB", "09_roofline#napkin-1-5")
def conv_output_bytes(N=32, Cout=256, H=56, W=56, b=2, padding=1):
    """Bytes of the convolution's output at FP16."""
    return conv2d(N, 128, H, W, Cout, 3, 3, padding=padding, bytes_per_element=b).writes["y"]


@computes("nm1-5-total-bytes", "Napkin Math 1.5", Number("77.7"), "MB", "09_roofline#napkin-1-5")
def conv_bytes(N=32, Cin=128, H=56, W=56, Cout=256, K=3, b=2, padding=1):
    """Compulsory traffic of the convolution: input, weights and output once."""
    return conv2d(N, Cin, H, W, Cout, K, K, padding=padding, bytes_per_element=b).D_vol


@computes("nm1-5-intensity", "Napkin Math 1.5", Number("762.2"), "FLOP/B", "09_roofline#napkin-1-5")
def conv_intensity(N=32, Cin=128, H=56, W=56, Cout=256, K=3, b=2, padding=1):
    """Intensity of the convolution."""
    return conv2d(N, Cin, H, W, Cout, K, K, padding=padding, bytes_per_element=b).I


@computes("nm1-5-displayed-quotient", "Napkin Math 1.5", Number("762.2"), "FLOP/B", "09_roofline#napkin-1-5")
def conv_quotient(flop=59.2e9, D_vol=77.7e6):
    """The quotient as displayed, 59.2 GFLOP / 77.7 MB."""
    return intensity(flop, D_vol)


@conv_quotient.rounding
def conv_unrounded():
    """Both operands are rounded on the page; the unrounded work and traffic give {value:.2f}."""
    return intensity(conv_flop(), conv_bytes())


@computes("nm1-5-compute-bound", "Napkin Math 1.5", Number("312"), "TFLOP/s", "09_roofline#napkin-1-5")
def conv_attainable(I=762.167, R_peak=312e12, BW=2.04e12):
    """The convolution is compute-bound on the A100: its ceiling is the peak."""
    return attainable(R_peak, BW, I)


@computes(
    "nm1-5-weight-reuse-millions", "Napkin Math 1.5", Words("millions of output computations", least=1), "M elements",
    "09_roofline#napkin-1-5",
)  # fmt: skip
def outputs_that_share_weights(N=32, H=56, W=56, Cout=256):
    """Loading the layer's weights once serves all its outputs; each single weight serves N P Q = 100,352 of them."""
    return conv2d(N, 128, H, W, Cout, 3, 3, padding=1, bytes_per_element=1).writes["y"]


@computes(
    "dense-vs-conv-transition", "Text §Roofline Model", Truth(words="dense layers have other characteristics"), "",
    "09_roofline#napkin-1-6",
)  # fmt: skip
def dense_and_conv_differ(R_peak=312e12, BW=2.04e12):
    """On the A100, the dense layer of Napkin Math 1.6 lies below the ridge and the convolution of 1.5 above."""
    dense, conv = matmul(32, 2048, 2048), conv2d(32, 128, 56, 56, 256, 3, 3, padding=1)
    return dense.I < ridge(R_peak, BW) < conv.I
