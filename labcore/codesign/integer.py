"""The exact integer network that the hardware runs: this file is the specification, bit for bit.

1. Numbers. Weights are signed, symmetric, of b bits: -(2^(b-1) - 1) to 2^(b-1) - 1. Activations are unsigned, of b
   bits: 0 to 2^b - 1. Biases and sums are signed int32.
2. Input. A pixel of 0 to 16 becomes (pixel * (2^b - 1) + 8) >> 4, before the image enters the hardware. Images and
   activations are laid out as c, h, w.
3. Layer. Each output is sum = bias[n] + the K products of patch m with column n of `weights` (K, N); K runs over
   c, r, s. No window is padded. The order of the sum does not matter: no partial sum leaves int32, which `IntegerLayer`
   proves when it is made, so hardware needs no saturation there.
4. Requantize (all layers but the last). y = (sum * multiplier + 2^(shift-1)) >> shift, an arithmetic shift: round to
   nearest, a half up. The multiplier has at most 15 bits, so the product has at most 46 and a sign.
5. ReLU and saturation in one: y below 0 is 0, y above 2^b - 1 is 2^b - 1. Saturation is needed here: the scale is
   calibrated, and a rare large activation lies beyond it.
6. The last layer's sums are the logits, not requantized. The class is the first of the largest logits.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from labcore.codesign.networks import Layer
from labcore.precision.quantize import INT32_MAX, code_range
from labcore.units import Ratio, positive

MULTIPLIER_BITS = 15
MOST_SHIFT = 31
WHITE = 16  # the brightest pixel of a digit


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """One layer as whole numbers: its shape, weights (K, N), biases (N,), and y = sum * multiplier / 2^shift.

    The last layer of a network has shift 0, and its sums are the logits. Raises ValueError for arrays that do not fit
    the shape, numbers that do not fit their bits, and sums that could pass int32.

    >>> layer = IntegerLayer(Layer((2, 1, 1), (1, 1), 1, N=1), np.array([[3], [-2]]), np.array([4]), bits=3)
    >>> layer.sums(np.array([[5, 1]])).tolist(), layer.sum_bits
    ([[[17]]], 7)
    """

    shape: Layer
    weights: np.ndarray
    bias: np.ndarray
    bits: int
    multiplier: int = 1
    shift: int = 0

    def __post_init__(self) -> None:
        wanted = (self.shape.K, self.shape.N)
        if self.weights.shape != wanted or self.bias.shape != wanted[1:]:
            raise ValueError(f"a layer with K={wanted[0]}, N={wanted[1]} wants weights {wanted} and biases "
                             f"{wanted[1:]}, got {self.weights.shape} and {self.bias.shape}")  # fmt: skip
        most = code_range(self.bits)[1]
        if self.weights.dtype.kind != "i" or np.abs(self.weights).max() > most:
            raise ValueError(f"weights of {self.bits} bits are whole numbers from -{most} to {most}; quantize them")
        if not (1 <= self.multiplier < 2**MULTIPLIER_BITS and 0 <= self.shift <= MOST_SHIFT):
            raise ValueError(f"multiplier must be from 1 to {2**MULTIPLIER_BITS - 1} and shift from 0 to {MOST_SHIFT}, "
                             f"got {self.multiplier} and {self.shift}; `multiplier_and_shift` makes both")  # fmt: skip
        if self.largest_sum > INT32_MAX:
            raise ValueError(f"a sum could reach {self.largest_sum}, past int32's {INT32_MAX}; take fewer bits")

    @property
    def largest_sum(self) -> int:
        """No sum, whole or partial, has a larger magnitude: |bias| + sum of |weights| * (2^bits - 1), worst column."""
        reach = np.abs(self.weights.astype(np.int64)).sum(axis=0) * (2**self.bits - 1)
        return int((reach + np.abs(self.bias.astype(np.int64))).max())

    @property
    def sum_bits(self) -> int:
        """Bits of a signed accumulator that no input can overflow."""
        return self.largest_sum.bit_length() + 1

    def sums(self, x: np.ndarray) -> np.ndarray:
        """The sums of every patch of the images, (images, C*H*W) -> (images, M, N) int64.

        The product runs in float64, which is exact: no sum passes 2^31.
        """
        patches = x[:, self.shape.addresses()].astype(np.float64)  # (images, M, K)
        return (patches @ self.weights.astype(np.float64)).astype(np.int64) + self.bias

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The activations that follow, laid out as c, h, w: (images, C*H*W) -> (images, N*P*Q) int64."""
        y = requantize(self.sums(x), self.multiplier, self.shift, self.bits)  # (images, M, N)
        return y.swapaxes(1, 2).reshape(len(x), -1)


@dataclass(frozen=True, eq=False)
class IntegerNetwork:
    """Integer layers, one after another; the last one's sums are the logits.

    >>> net = random_network([Layer((1, 8, 8), (3, 3), 1, N=2), Layer((2, 6, 6), (6, 6), 1, N=10)], bits=4, seed=0)
    >>> images = np.full((5, 64), 16)
    >>> net.logits(images).shape, net.classes(images).shape, [y.shape for y in net.trace(images)]
    ((5, 10), (5,), [(5, 64), (5, 72)])
    """

    layers: tuple[IntegerLayer, ...]
    bits: int
    name: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for i, (before, after) in enumerate(zip(self.layers, self.layers[1:], strict=False), start=1):
            if before.shape.shape_out != after.shape.shape_in or not before.shift:
                raise ValueError(f"layer {i} gives {before.shape.shape_out} with shift {before.shift}, layer {i + 1} "
                                 f"wants {after.shape.shape_in} requantized; only the last has shift 0")  # fmt: skip
        if not self.layers or self.layers[-1].shift or self.layers[-1].shape.M != 1:
            raise ValueError("the last layer is a classifier: fully connected, with shift 0")
        if {layer.bits for layer in self.layers} != {self.bits}:
            raise ValueError(f"every layer has the network's {self.bits} bits; one datapath runs them all")

    def trace(self, pixels: np.ndarray) -> list[np.ndarray]:
        """The activations that enter each layer, (images, C*H*W) each: what the hardware's memories hold in turn."""
        x = [input_codes(pixels, self.bits)]
        for layer in self.layers[:-1]:
            x.append(layer(x[-1]))
        return x

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """The last sums, (images, classes) int64, for pixels of 0 to 16 in any shape (images, ...)."""
        return self.layers[-1].sums(self.trace(pixels)[-1])[:, 0]

    def classes(self, pixels: np.ndarray) -> np.ndarray:
        """The class of each image, (images,): the first of the largest logits."""
        return self.logits(pixels).argmax(axis=1)

    def accuracy(self, pixels: np.ndarray, labels: np.ndarray) -> Ratio:
        """The share of images whose class is right."""
        return float((self.classes(pixels) == labels).mean())


def input_codes(pixels: np.ndarray, bits: int) -> np.ndarray:
    """Pixels of 0 to 16 as activations of 0 to 2^bits - 1, half up: (images, ...) -> (images, C*H*W) int64.

    >>> input_codes(np.array([[0, 7, 8, 16]]), bits=2).tolist(), input_codes(np.array([[1, 16]]), bits=8).tolist()
    ([[0, 1, 2, 3]], [[16, 255]])
    """
    pixels = np.asarray(pixels)
    in_range = not pixels.size or 0 <= pixels.min() <= pixels.max() <= WHITE
    if pixels.dtype.kind not in "iu" or pixels.ndim < 2 or not in_range:
        raise ValueError(f"images are (images, ...) whole numbers from 0 to {WHITE}, got {pixels.dtype} of shape "
                         f"{pixels.shape}; give a single one its first axis")  # fmt: skip
    return (pixels.reshape(len(pixels), -1).astype(np.int64) * (2**bits - 1) + WHITE // 2) // WHITE


def requantize(sums: np.ndarray, multiplier: int, shift: int, bits: int) -> np.ndarray:
    """Sums as activations: (sum * multiplier + 2^(shift-1)) >> shift, then into 0 to 2^bits - 1; any shape, int64.

    >>> requantize(np.array([-9, 1, 2, 3, 99]), multiplier=1, shift=1, bits=3).tolist()
    [0, 1, 1, 2, 7]
    """
    half = 1 << shift >> 1  # 0 where nothing is shifted out
    return np.clip((np.asarray(sums, np.int64) * multiplier + half) >> shift, 0, 2**bits - 1)


def multiplier_and_shift(scale: Ratio) -> tuple[int, int]:
    """The multiplier of 15 bits and the shift whose quotient multiplier / 2^shift is nearest to a scale.

    Raises ValueError for a scale beyond what a shift of 1 to 31 reaches.

    >>> multiplier_and_shift(0.75), multiplier_and_shift(1 / 3)
    ((24576, 15), (21845, 16))
    """
    positive(scale=scale)
    mantissa, exponent = np.frexp(scale)  # scale = mantissa * 2^exponent, 0.5 <= mantissa < 1
    multiplier, shift = round(float(mantissa) * 2**MULTIPLIER_BITS), MULTIPLIER_BITS - int(exponent)
    if multiplier == 2**MULTIPLIER_BITS:  # 0.99999 rounds up to 1
        multiplier, shift = multiplier // 2, shift - 1
    if shift > MOST_SHIFT:  # a tiny scale keeps fewer bits
        multiplier, shift = round(scale * 2**MOST_SHIFT), MOST_SHIFT
    if not multiplier or shift < 1:
        raise ValueError(f"scale must lie between 2^-{MOST_SHIFT} and 2^{MULTIPLIER_BITS - 1}, got {scale:g}; "
                         "calibrate activations on other images")  # fmt: skip
    return multiplier, shift


def random_network(layers: list[Layer], bits: int, seed: int) -> IntegerNetwork:
    """An integer network of the given shapes with random weights, its activations spread over their range: for tests.

    >>> net = random_network([Layer((1, 8, 8), (8, 8), 1, N=10)], bits=3, seed=1)
    >>> net.layers[0].weights.shape, net.layers[0].shift
    ((64, 10), 0)
    """
    rng, made = np.random.default_rng(seed), []
    most = code_range(bits)[1]
    for i, shape in enumerate(layers):
        weights = rng.integers(-most, most + 1, (shape.K, shape.N))
        bias = rng.integers(-most * shape.K, most * shape.K + 1, shape.N)
        spread = most * 2**bits * shape.K**0.5 / 2  # about the standard deviation of a sum
        scale = multiplier_and_shift(2**bits / (2 * spread)) if i < len(layers) - 1 else (1, 0)
        made.append(IntegerLayer(shape, weights, bias, bits, *scale))
    return IntegerNetwork(tuple(made), bits, name=f"random-{seed}")
