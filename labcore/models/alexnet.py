"""AlexNet as its authors describe it: five convolutions, three of them split over two GPUs, and three dense layers.

It is not among the networks of `zoo`: its normalization across channels is left out here, so it serves for counting
parameters and multiply-accumulates, not time. The input is 227 x 227; the paper's 224 does not give its 55 x 55.
"""

from __future__ import annotations

from labcore.catalogue.sources import ALEXNET_PAPER
from labcore.models.network import Layer, Network
from labcore.ops import conv2d, matmul
from labcore.precision import bytes_per_element

CONVOLUTIONS = (  # input channels, input side, filters, filter side, stride, padding, groups
    (3, 227, 96, 11, 4, 0, 1), (96, 27, 256, 5, 1, 2, 2), (256, 13, 384, 3, 1, 1, 1), (384, 13, 384, 3, 1, 1, 2),
    (384, 13, 256, 3, 1, 1, 2),
)  # fmt: skip
DENSE = ((256 * 6 * 6, 4096), (4096, 4096), (4096, 1000))


def alexnet(batch: int = 1, precision: str = "fp32") -> Network:
    """AlexNet's convolutions and dense layers with their biases.

    >>> alexnet().params
    60965224
    """
    b = bytes_per_element(precision)
    layers = []
    for i, (C, side, K, R, stride, padding, groups) in enumerate(CONVOLUTIONS, 1):
        op = conv2d(batch, C, side, side, K, R, R, stride, padding, b, groups)
        layers.append(Layer(f"conv{i}", op, K * (C // groups) * R * R + K))
    layers += [Layer(f"fc{i}", matmul(batch, K, N, b), K * N + N) for i, (K, N) in enumerate(DENSE, 6)]
    return Network("alexnet", tuple(layers), ALEXNET_PAPER, batch)
