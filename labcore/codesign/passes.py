"""A network of floats run forward and backward, the gradients written out; with scales, on quantized numbers.

With scales, weights and activations are rounded to their codes in the forward pass, as the integer network rounds
them, and the backward pass takes rounding for the identity (the straight-through estimator; Bengio et al. 2013) but is
zero where an activation saturates. Activations stand as (images, P, Q, N), so that a window over them gives the K
inputs in the order c, r, s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from labcore.codesign.data import Part
from labcore.codesign.integer import WHITE, input_codes, multiplier_and_shift
from labcore.codesign.networks import Layer
from labcore.precision.quantize import code_range
from labcore.units import Ratio


@dataclass(frozen=True, eq=False)
class Parameters:
    """Weights (K, N) and biases (N,) of each layer, float32; and, once quantized, bits and the scales of both.

    `weight_scales` has one a layer. `activation_scales` has one for what enters each layer: the input's is 1 / (2^bits
    - 1). `masks`, True where a weight stays, keep pruned weights at zero through every step.
    """

    layers: tuple[Layer, ...]
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    bits: int | None = None
    weight_scales: tuple[float, ...] = ()
    activation_scales: tuple[float, ...] = ()
    masks: tuple[np.ndarray, ...] | None = None

    def used(self, i: int) -> np.ndarray:
        """The weights of layer i as the forward pass sees them: rounded to their codes where there are scales."""
        return self.weights[i] if self.bits is None else self.codes(i) * np.float32(self.weight_scales[i])

    def codes(self, i: int) -> np.ndarray:
        """The codes of layer i's weights, (K, N) float32 of whole numbers."""
        most = code_range(self.bits)[1]
        return np.clip(np.rint(self.weights[i] / np.float32(self.weight_scales[i])), -most, most)

    def unit(self, i: int) -> float:
        """What 1 in a sum of layer i stands for, once there are scales: sums are whole numbers of it."""
        return self.weight_scales[i] * self.activation_scales[i]

    def requantizer(self, i: int) -> tuple[int, int]:
        """The multiplier and shift that take sums of layer i to codes of the next; 1 and 0 for the last layer's."""
        if i == len(self.layers) - 1:
            return 1, 0
        return multiplier_and_shift(self.unit(i) / self.activation_scales[i + 1])

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """The logits of images (n, 1, 8, 8) of 0 to 16: (n, 10) float32."""
        return forward(self, pixels)[-1].out.reshape(len(pixels), -1)

    def accuracy(self, part: Part) -> Ratio:
        """The share of images of a part whose largest logit is the right one."""
        return float((self.logits(part.images).argmax(axis=1) == part.labels).mean())


@dataclass(frozen=True, eq=False)
class Pass:
    """What the backward pass needs of one layer: its patches (n*M, K), its output (n, P, Q, N), and where it slopes."""

    patches: np.ndarray
    out: np.ndarray
    slope: np.ndarray | None


def start(layers: Sequence[Layer], seed: int) -> Parameters:
    """Untrained parameters: weights normal with variance 2 / K (He et al. 2015), biases zero.

    >>> [w.shape for w in start([Layer((1, 8, 8), (8, 8), 1, N=4), Layer((4, 1, 1), (1, 1), 1, N=10)], seed=0).weights]
    [(64, 4), (4, 10)]
    """
    rng = np.random.default_rng(seed)
    weights = (rng.standard_normal((a.K, a.N), np.float32) * np.float32(np.sqrt(2 / a.K)) for a in layers)
    return Parameters(tuple(layers), tuple(weights), tuple(np.zeros(a.N, np.float32) for a in layers))


def forward(net: Parameters, pixels: np.ndarray) -> list[Pass]:
    """Run images (n, 1, 8, 8) of 0 to 16 through all layers and keep what the backward pass needs.

    >>> net = start([Layer((1, 8, 8), (3, 3), 1, N=4), Layer((4, 6, 6), (6, 6), 1, N=10)], seed=0)
    >>> [step.out.shape for step in forward(net, np.zeros((2, 1, 8, 8), int))]
    [(2, 6, 6, 4), (2, 1, 1, 10)]
    """
    x, steps = _entering(net, pixels), []
    for i, layer in enumerate(net.layers):
        windows = sliding_window_view(x, layer.window, axis=(1, 2))  # (n, ., ., C, R, S)
        patches = windows[:, :: layer.stride, :: layer.stride].reshape(-1, layer.K)  # (n*M, K)
        z = patches @ net.used(i)
        if net.bits is None:
            z += net.biases[i]
        else:  # whole units: rounds the bias, and takes off what float32 leaves of a sum, so that equals stay equal
            unit = np.float32(net.unit(i))
            z = (np.rint(z / unit) + np.rint(net.biases[i] / unit)) * unit
        x, slope = _activate(net, i, z)
        x = x.reshape(len(pixels), *layer.shape_out[1:], layer.N)  # (n, P, Q, N)
        steps.append(Pass(patches, x, slope))
    return steps


def backward(net: Parameters, steps: list[Pass], labels: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Gradients (weights, biases) of the mean cross-entropy, layer by layer, first layer first.

    >>> net, images = start([Layer((1, 8, 8), (8, 8), 1, N=10)], seed=0), np.full((3, 1, 8, 8), 16)
    >>> [g.shape for pair in backward(net, forward(net, images), np.array([0, 1, 2])) for g in pair]
    [(64, 10), (10,)]
    """
    logits = steps[-1].out.reshape(len(labels), -1)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    dz = share / share.sum(axis=1, keepdims=True)
    dz[np.arange(len(labels)), labels] -= 1
    dz, gradients = dz / np.float32(len(labels)), []
    for i in range(len(steps) - 1, -1, -1):
        gradients.append((steps[i].patches.T @ dz, dz.sum(axis=0)))
        if i:
            dx = _fold(net.layers[i], dz @ net.used(i).T, len(labels))  # (n, H, W, C)
            dz = dx.reshape(-1, net.layers[i - 1].N) * steps[i - 1].slope
    return gradients[::-1]


def _entering(net: Parameters, pixels: np.ndarray) -> np.ndarray:
    """Pixels as the first layer sees them, 0 to 1: (n, C, H, W) -> (n, H, W, C)."""
    if net.bits is None:
        x = np.asarray(pixels, np.float32) / np.float32(WHITE)
    else:
        x = (input_codes(pixels, net.bits) * net.activation_scales[0]).astype(np.float32).reshape(pixels.shape)
    return x.transpose(0, 2, 3, 1)


def _activate(net: Parameters, i: int, z: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """ReLU, with rounding where there are scales, and where it slopes; the last layer's sums stay as they are."""
    if i == len(net.layers) - 1:
        return z, None
    if net.bits is None:
        return np.maximum(z, 0), z > 0
    scale, top = np.float32(net.activation_scales[i + 1]), 2**net.bits - 1
    multiplier, shift = net.requantizer(i)
    sums = np.rint(z / np.float32(net.unit(i)), dtype=np.float64)  # exact: a half goes where the hardware's goes
    codes = np.clip(np.floor(sums * (multiplier / 2**shift) + 0.5), 0, top)
    return codes.astype(np.float32) * scale, (z > 0) & (z < top * scale)


def _fold(layer: Layer, dpatches: np.ndarray, n: int) -> np.ndarray:
    """Add up what every patch says of each pixel, the transpose of taking patches: (n*M, K) -> (n, H, W, C)."""
    (C, H, W), (R, S), (_, P, Q) = layer.shape_in, layer.window, layer.shape_out
    parts = dpatches.reshape(n, P, Q, C, R, S)
    if layer.window == (H, W):
        return parts[:, 0, 0].transpose(0, 2, 3, 1)
    dx = np.zeros((n, H, W, C), dpatches.dtype)
    for r, s in np.ndindex(R, S):
        dx[:, r : r + P * layer.stride : layer.stride, s : s + Q * layer.stride : layer.stride] += parts[..., r, s]
    return dx
