"""Networks as stacks of bundles, and the matrix product that each of their layers is.

A bundle is the layer that one hardware unit runs, the building block of both halves (Hao, Zhang et al., FPGA/DNN
Co-Design, DAC 2019). Here there are three: `conv3x3` with stride 1, `conv2x2` with stride 2, which halves the image,
and `fc`, fully connected. None pads. Each ends in ReLU; a fully connected classifier of 10 logits closes every network.

A fully connected layer is a convolution whose window is the whole image, so there is one kind of layer: patches
(M, K) @ weights (K, N), with M = P*Q places of the window, K = C*R*S inputs in the order c, r, s, N channels out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labcore.units import positive_ints
from labcore.windows import window_output

IMAGE = (1, 8, 8)  # C, H, W of a digit
CLASSES = 10
WINDOWS = {"conv3x3": (3, 1), "conv2x2": (2, 2), "fc": (None, 1)}  # window, stride; a window of None is all there is
WIDTHS = (4, 8, 16, 32)
BITS = (8, 4, 3, 2)
DEEPEST = 3


@dataclass(frozen=True)
class Layer:
    """The shape of one layer: the image that comes in (C, H, W), its window (R, S), stride, and N channels out.

    >>> layer = Layer((4, 6, 6), (3, 3), stride=1, N=8)
    >>> layer.M, layer.K, layer.N, layer.shape_out, layer.macs
    (16, 36, 8, (8, 4, 4), 4608)
    """

    shape_in: tuple[int, int, int]
    window: tuple[int, int]
    stride: int
    N: int

    def __post_init__(self) -> None:
        positive_ints(**dict(zip("CHW", self.shape_in, strict=True)), stride=self.stride, N=self.N)
        window_output(*self.shape_in[1:], *self.window, self.stride)  # raises where the window does not fit

    @cached_property
    def shape_out(self) -> tuple[int, int, int]:
        """Channels, height and width that come out, (N, P, Q)."""
        return self.N, *window_output(*self.shape_in[1:], *self.window, self.stride)

    @property
    def M(self) -> int:
        """Places of the window, P*Q: rows of the matrix product for one image."""
        return self.shape_out[1] * self.shape_out[2]

    @property
    def K(self) -> int:
        """Inputs of one output, C*R*S: the length of each sum."""
        return self.shape_in[0] * self.window[0] * self.window[1]

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image, M*K*N."""
        return self.M * self.K * self.N

    def addresses(self) -> np.ndarray:
        """Where each input of each patch lies in the image laid out as c, h, w: (M, K).

        >>> Layer((1, 2, 3), (2, 2), stride=1, N=1).addresses().tolist()
        [[0, 1, 3, 4], [1, 2, 4, 5]]
        """
        (C, H, W), (R, S), (_, P, Q) = self.shape_in, self.window, self.shape_out
        p, q, c, r, s = np.ogrid[:P, :Q, :C, :R, :S]
        return ((c * H + p * self.stride + r) * W + q * self.stride + s).reshape(self.M, self.K)


def most_words(layers: Sequence[Layer]) -> int:
    """Words of the largest image or activation that enters a layer: what one activation memory must hold.

    >>> most_words([Layer((1, 8, 8), (3, 3), 1, N=4), Layer((4, 6, 6), (6, 6), 1, N=10)])
    144
    """
    return max(math.prod(layer.shape_in) for layer in layers)


@dataclass(frozen=True)
class Network:
    """A stack of bundles of one width (channels, or units of `fc`), with weights and activations of `bits` bits.

    Raises ValueError for a bundle, depth or precision that there is not, and names the bundle that no longer fits.

    >>> net = Network(("conv3x3", "conv2x2"), width=8, bits=4)
    >>> net.name, [(layer.M, layer.K, layer.N) for layer in net.layers], net.macs, net.weights
    ('conv3x3-conv2x2-w8-b4', [(36, 9, 8), (9, 32, 8), (1, 72, 10)], 5616, 1048)
    """

    bundles: tuple[str, ...]
    width: int
    bits: int = 8

    def __post_init__(self) -> None:
        positive_ints(width=self.width)
        if unknown := [bundle for bundle in self.bundles if bundle not in WINDOWS]:
            raise ValueError(f"bundle {unknown[0]!r} is not known; there are {', '.join(WINDOWS)}")
        if not 1 <= len(self.bundles) <= DEEPEST:
            raise ValueError(f"a network stacks 1 to {DEEPEST} bundles, got {len(self.bundles)}")
        if self.bits not in BITS:
            raise ValueError(f"bits must be one of {', '.join(map(str, BITS))}; got {self.bits!r}")
        _ = self.layers  # raises where a bundle does not fit

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers in their order, the classifier last."""
        shape, layers = IMAGE, []
        for place, bundle in enumerate((*self.bundles, "fc"), start=1):
            size, stride = WINDOWS[bundle]
            window = (size, size) if size else shape[1:]
            if window[0] > shape[1] or (bundle != "fc" and place > 1 and self.bundles[place - 2] == "fc"):
                raise ValueError(f"bundle {place}, {bundle}, gets an image of {shape[1]} x {shape[2]} and does not "
                                 "fit; put it earlier or take fc")  # fmt: skip
            layers.append(Layer(shape, window, stride, self.width if place <= len(self.bundles) else CLASSES))
            shape = layers[-1].shape_out
        return tuple(layers)

    @property
    def name(self) -> str:
        """Bundles, width and bits in one word."""
        return "-".join((*self.bundles, f"w{self.width}", f"b{self.bits}"))

    @property
    def macs(self) -> int:
        """Multiply-accumulates for one image."""
        return sum(layer.macs for layer in self.layers)

    @property
    def weights(self) -> int:
        """Weights of all layers, biases left out."""
        return sum(layer.K * layer.N for layer in self.layers)


def stacks(deepest: int = DEEPEST) -> list[tuple[str, ...]]:
    """Every stack of 1 to `deepest` bundles that fits an 8 x 8 image, no convolution after `fc`, shortest first.

    >>> stacks(1)
    [('conv3x3',), ('conv2x2',), ('fc',)]
    >>> len(stacks())
    23
    """
    positive_ints(deepest=deepest)
    found = []
    for bundles in itertools.chain(*(itertools.product(WINDOWS, repeat=depth) for depth in range(1, deepest + 1))):
        try:
            found.append(Network(bundles, width=1).bundles)
        except ValueError:
            continue
    return found


def space() -> list[Network]:
    """Every network of the search space: stacks x WIDTHS x BITS.

    >>> len(space()), space()[0].name
    (368, 'conv3x3-w4-b8')
    """
    return [Network(*point) for point in itertools.product(stacks(), WIDTHS, BITS)]
