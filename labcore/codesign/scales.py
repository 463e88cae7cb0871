"""From floats to codes: scales calibrated on images, and the integer network that quantized parameters stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from labcore.codesign.integer import IntegerLayer, IntegerNetwork
from labcore.codesign.passes import Parameters, forward
from labcore.precision.quantize import code_range
from labcore.units import Ratio


def calibrate(net: Parameters, bits: int, images: np.ndarray) -> Parameters:
    """Choose the scale of each layer's weights and activations, of least squared error over some images.

    >>> from labcore.codesign.passes import Layer, start
    >>> untrained = start([Layer((1, 8, 8), (8, 8), 1, N=10)], seed=0)
    >>> net = calibrate(untrained, bits=4, images=np.full((1, 1, 8, 8), 16))
    >>> net.bits, len(net.weight_scales), net.activation_scales == (1 / 15,)
    (4, 1, True)
    """
    most, top = code_range(bits)[1], 2**bits - 1
    outs = [step.out for step in forward(replace(net, bits=None), images)]
    activations = (1 / top, *(best_scale(out, 0, top) for out in outs[:-1]))
    weights = tuple(best_scale(w, -most, most) for w in net.weights)
    return replace(net, bits=bits, weight_scales=weights, activation_scales=activations)


def best_scale(x: np.ndarray, low: int, high: int, candidates: int = 40) -> float:
    """The scale whose codes from low to high reproduce x with the least squared error, of a row of candidates.

    >>> best_scale(np.array([0.0, 1, 2, 3]), 0, 3)
    1.0
    """
    widest = float(np.abs(x).max()) / high or 1.0
    scales = [widest * share / candidates for share in range(candidates, 0, -1)]
    errors = [float(np.square(np.clip(np.rint(x / s), low, high) * s - x, dtype=np.float64).sum()) for s in scales]
    return scales[int(np.argmin(errors))]


def to_integer(net: Parameters, name: str = "") -> IntegerNetwork:
    """The integer network that quantized parameters stand for; raises ValueError for parameters without scales.

    >>> from labcore.codesign.passes import Layer, start
    >>> untrained = start([Layer((1, 8, 8), (8, 8), 1, N=10)], seed=0)
    >>> net = to_integer(calibrate(untrained, bits=4, images=np.full((1, 1, 8, 8), 16)))
    >>> net.bits, net.layers[0].weights.shape, int(abs(net.layers[0].weights).max())
    (4, (64, 10), 7)
    """
    if net.bits is None:
        raise ValueError("these parameters are float; `quantize` gives them codes and scales first")
    layers = []
    for i, shape in enumerate(net.layers):
        bias = np.rint(net.biases[i] / np.float32(net.unit(i))).astype(np.int64)
        layers.append(IntegerLayer(shape, net.codes(i).astype(np.int64), bias, net.bits, *net.requantizer(i)))
    return IntegerNetwork(tuple(layers), net.bits, name)


def agreement(net: Parameters, pixels: np.ndarray) -> Ratio:
    """The share of images that quantized parameters, run in float32, and their integer network put in the same class.

    Below 1 only where float32 has rounded a sum across a code's edge.

    >>> from labcore.codesign.passes import Layer, start
    >>> images = np.arange(17).repeat(64).reshape(17, 1, 8, 8)
    >>> agreement(calibrate(start([Layer((1, 8, 8), (8, 8), 1, N=10)], seed=0), 4, images), images)
    1.0
    """
    return float((net.logits(pixels).argmax(axis=1) == to_integer(net).classes(pixels)).mean())
