"""Windows that slide over images: how many outputs, how much padding. Convolution and pooling share them."""

from __future__ import annotations

from collections.abc import Sequence

from labcore.units import positive_ints

Pair = int | tuple[int, int]
Padding = int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]]


def output_size(size: int, kernel: int, stride: int = 1, pads: int = 0, dilation: int = 1) -> int:
    """Output length of a window sliding over `size` elements with `pads` added in all (both ends together).

    Raises ValueError where the window does not fit.

    >>> output_size(224, kernel=7, stride=2, pads=6)
    112
    """
    span = dilation * (kernel - 1) + 1
    if size + pads < span:
        raise ValueError(
            f"a window of {span} does not fit {size} elements with {pads} of padding; pad {span - size} or more"
        )
    return (size + pads - span) // stride + 1


def same_padding(size: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Zeros (before, after) that make the output ceil(size / stride) long; an odd one goes after.

    TensorFlow's 'same' and ONNX's SAME_UPPER; SAME_LOWER puts the odd one before.

    >>> same_padding(49, kernel=10, stride=2)
    (4, 5)
    """
    positive_ints(size=size, kernel=kernel, stride=stride, dilation=dilation)
    total = max((-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def per_axis(name: str, value: Pair) -> tuple[int, int]:
    """A size for both axes, or one for each (height, width), as a pair.

    >>> per_axis("stride", 2)
    (2, 2)
    """
    pair = tuple(value) if isinstance(value, Sequence) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name} must be one number or a pair (height, width), got {value!r}")
    return pair


def pads(padding: Padding) -> tuple[tuple[int, int], tuple[int, int]]:
    """Padding as ((top, bottom), (left, right)), from that or from a shorter way to write it.

    >>> pads(1), pads((1, 2))
    (((1, 1), (1, 1)), ((1, 1), (2, 2)))
    """
    vertical, horizontal = (per_axis("padding", side) for side in per_axis("padding", padding))
    for side in (*vertical, *horizontal):
        if isinstance(side, bool) or not isinstance(side, int) or side < 0:  # numpy's ints would overflow
            way_out = "; write int(padding)" if hasattr(side, "dtype") else ""
            raise ValueError(f"padding must be 0 or more, got {padding!r}{way_out}")
    return vertical, horizontal


def window_output(
    H: int, W: int, R: int, S: int, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1
) -> tuple[int, int]:
    """Output size (P, Q) of an R x S window sliding over (H, W).

    >>> window_output(49, 10, 10, 4, stride=2, padding=((4, 5), (1, 1)))
    (25, 5)
    """
    strides, dilations = per_axis("stride", stride), per_axis("dilation", dilation)
    for s, d in zip(strides, dilations, strict=True):
        positive_ints(stride=s, dilation=d)
    return tuple(
        output_size(size, kernel, s, sum(sides), d)
        for size, kernel, s, sides, d in zip((H, W), (R, S), strides, pads(padding), dilations, strict=True)
    )
