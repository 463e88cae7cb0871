"""Convolutional networks for images of 3 x 224 x 224, derived from the rule their authors publish.

As they run in inference: each batch normalization is folded into the convolution before it, so it costs nothing,
while its scale and bias still count as parameters, as in published counts. Activations, additions and pools are
layers of their own.
"""

from __future__ import annotations

from labcore.catalogue.facts import Source
from labcore.models.network import Layer, Network
from labcore.ops import FLOP_PER_ELEMENT, Operation, conv2d, elementwise, matmul, pool2d
from labcore.precision import bytes_per_element
from labcore.units import Bytes, positive_ints
from labcore.windows import Padding, Pair, per_axis

_RESNET = Source(
    "He, Zhang, Ren and Sun", "Deep Residual Learning for Image Recognition", 2016, "https://arxiv.org/abs/1512.03385"
)
_MOBILENET = Source(
    "Sandler, Howard, Zhu, Zhmoginov and Chen",
    "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    2018,
    "https://arxiv.org/abs/1801.04381",
)

MOBILENETV2_BLOCKS = (  # Table 2 of the paper: expansion t, output channels c, repeats n, first stride s
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


class Chain:
    """A network under construction: its layers so far, and the shape (N, C, H, W) that flows to the next.

    >>> chain = Chain((1, 3, 224, 224), bytes_per_element=2)
    >>> chain.conv("conv1", 64, kernel=7, stride=2)
    >>> chain.shape
    (1, 64, 112, 112)
    """

    def __init__(self, shape: tuple[int, int, int, int], bytes_per_element: Bytes) -> None:
        positive_ints(batch=shape[0])
        self.shape = shape
        self.bytes_per_element = bytes_per_element
        self.fed = (("input", self.elements * bytes_per_element),)
        self.layers: list[Layer] = []

    def conv(
        self, name: str, K: int, kernel: Pair, stride: Pair = 1, groups: int = 1, padding: Padding | None = None,
        bias: bool = False, x: tuple[int, int, int, int] | None = None, reads: str | None = None,
    ) -> None:  # fmt: skip
        """Append a convolution to K channels with its folded batch normalization.

        Padding keeps the size where the stride is 1, unless given. It reads `x`, by default what flows; then `reads`
        names the layer that wrote it.
        """
        N, C, H, W = x or self.shape
        R, S = per_axis("kernel", kernel)
        padding = (R // 2, S // 2) if padding is None else padding
        op = conv2d(N, C, H, W, K, R, S, stride, padding, self.bytes_per_element, groups)
        params = K * (C // groups) * R * S + 2 * K + bias * K
        self._append(name, op, (N, K, op.shape["P"], op.shape["Q"]), params, reads and (reads,))

    def activation(self, name: str, function: str = "relu") -> None:
        """Append an activation, one of `labcore.ops.FLOP_PER_ELEMENT`."""
        op = elementwise(self.elements, FLOP_PER_ELEMENT[function], bytes_per_element=self.bytes_per_element)
        self._append(name, op, self.shape)

    def add(self, name: str, terms: tuple[str, str] | None = None) -> None:
        """Append the addition of a shortcut; `terms` names the two layers, without it the shortcut has no name."""
        self._append(name, elementwise(self.elements, 1, 2, self.bytes_per_element), self.shape, inputs=terms)

    def pool(self, name: str, kernel: Pair, stride: Pair = 1, padding: Padding = 0) -> None:
        """Append a maximum or mean pool."""
        op = pool2d(*self.shape, *per_axis("kernel", kernel), stride, padding, self.bytes_per_element)
        self._append(name, op, (*self.shape[:2], op.shape["P"], op.shape["Q"]))

    def dense(self, name: str, K: int) -> None:
        """Append a fully connected layer with a bias, from C channels of 1 x 1 to K."""
        N, C, *_ = self.shape
        self._append(name, matmul(N, C, K, self.bytes_per_element), (N, K, 1, 1), C * K + K)

    @property
    def elements(self) -> int:
        """Elements of what flows."""
        N, C, H, W = self.shape
        return N * C * H * W

    @property
    def last(self) -> str:
        """The name of the layer that wrote what flows."""
        return self.layers[-1].name

    def _append(
        self, name: str, op: Operation, shape: tuple[int, int, int, int], params: int = 0,
        inputs: tuple[str, ...] | None = None,
    ) -> None:  # fmt: skip
        self.layers.append(Layer(name, op, params, inputs=inputs))
        self.shape = shape


def resnet50(batch: int = 1, precision: str = "fp16") -> Network:
    """ResNet-50 v1.5: the 3x3 convolution of a block strides.

    The paper's v1 strides the first 1x1 instead: the same weights, fewer MACs.

    >>> resnet50().params
    25557032
    """
    chain = Chain((batch, 3, 224, 224), bytes_per_element(precision))
    chain.conv("conv1", 64, kernel=7, stride=2)
    chain.activation("relu")
    chain.pool("maxpool", kernel=3, stride=2, padding=1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            _bottleneck(chain, f"layer{stage + 1}.{block}", width=64 * 2**stage, stride=stride)
    chain.pool("avgpool", kernel=chain.shape[2:])
    chain.dense("fc", 1000)
    note = "v1.5 (stride on the 3x3); batch normalization folded into the convolutions"
    return Network("resnet50", tuple(chain.layers), _RESNET, batch, note, fed=chain.fed)


def _bottleneck(chain: Chain, name: str, width: int, stride: int) -> None:
    """Squeeze to `width` channels, convolve, expand to four times as many, add the shortcut."""
    x, shortcut = chain.shape, chain.last
    chain.conv(f"{name}.conv1", width, kernel=1)
    chain.activation(f"{name}.relu1")
    chain.conv(f"{name}.conv2", width, kernel=3, stride=stride)
    chain.activation(f"{name}.relu2")
    chain.conv(f"{name}.conv3", 4 * width, kernel=1)
    if x != chain.shape:  # the shortcut changes shape, so it is a convolution too
        chain.conv(f"{name}.downsample", 4 * width, kernel=1, stride=stride, x=x, reads=shortcut)
        shortcut = chain.last
    chain.add(f"{name}.add", (shortcut, f"{name}.conv3"))
    chain.activation(f"{name}.relu3")


def mobilenetv2(batch: int = 1, precision: str = "fp16") -> Network:
    """MobileNetV2 at width 1.0.

    >>> mobilenetv2().params
    3504872
    """
    chain = Chain((batch, 3, 224, 224), bytes_per_element(precision))
    chain.conv("conv1", 32, kernel=3, stride=2)
    chain.activation("relu6", "relu6")
    number = 0
    for expansion, channels, repeats, first_stride in MOBILENETV2_BLOCKS:
        for repeat in range(repeats):
            number += 1
            stride = first_stride if repeat == 0 else 1
            _inverted_residual(chain, f"block{number}", expansion, channels, stride)
    chain.conv("conv2", 1280, kernel=1)
    chain.activation("relu6_2", "relu6")
    chain.pool("avgpool", kernel=chain.shape[2:])
    chain.dense("fc", 1000)
    note = "width 1.0; batch normalization folded into the convolutions"
    return Network("mobilenetv2", tuple(chain.layers), _MOBILENET, batch, note, fed=chain.fed)


def _inverted_residual(chain: Chain, name: str, expansion: int, channels: int, stride: int) -> None:
    """Expand the channels, convolve each by itself, project without an activation; add where the shape stayed."""
    x, shortcut = chain.shape, chain.last
    hidden = expansion * x[1]
    if expansion != 1:
        chain.conv(f"{name}.expand", hidden, kernel=1)
        chain.activation(f"{name}.relu6_1", "relu6")
    chain.conv(f"{name}.depthwise", hidden, kernel=3, stride=stride, groups=hidden)
    chain.activation(f"{name}.relu6_2", "relu6")
    chain.conv(f"{name}.project", channels, kernel=1)
    if x == chain.shape:
        chain.add(f"{name}.add", (shortcut, f"{name}.project"))
