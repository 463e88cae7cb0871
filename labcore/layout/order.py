"""A layout as data: which axis is outermost in memory and which innermost, and where that puts each element.

A name lists the axes, outermost first: "NHWC", "NCHW", and for a matrix of R rows and C columns "RC" (row-major) or
"CR" (column-major). A number and a small letter at the end cut that axis into blocks whose elements are neighbours:
"NCHW16c" holds 16 channels of a pixel side by side, then the next pixel's, and behind all pixels the next 16 channels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

import numpy as np

from labcore.units import Ratio, positive_ints

_NAME = re.compile(r"([A-Z]+?)(?:(\d+)([a-z]))?")


@dataclass(frozen=True)
class Axis:
    """One axis as memory sees it: `stride` elements from one index to the next; a blocked axis stands here twice.

    Index i of a tensor's axis is index i // `each` % `extent` of this one.
    """

    name: str
    extent: int
    stride: int
    each: int = 1


@dataclass(frozen=True)
class Layout:
    """A tensor of these sizes in this order; `axes` are those of memory, outermost first. Made by `layout`."""

    name: str
    sizes: dict[str, int]
    axes: tuple[Axis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape in memory, outermost first; a blocked axis takes two places."""
        return tuple(axis.extent for axis in self.axes)

    @property
    def strides(self) -> dict[str, int]:
        """Elements from one index to the next, by axis; the axis of a block has a small letter.

        >>> layout("NHWC", N=1, C=64, H=56, W=56).strides
        {'N': 200704, 'H': 3584, 'W': 64, 'C': 1}
        """
        return {axis.name: axis.stride for axis in self.axes}

    @property
    def elements(self) -> int:
        """Elements of the tensor."""
        return prod(self.sizes.values())

    @property
    def words(self) -> int:
        """Elements that memory holds, those that only fill the last block included."""
        return prod(self.shape)

    @property
    def padding(self) -> Ratio:
        """Share of the words that fill up blocks."""
        return 1 - self.elements / self.words

    def address(self, **index: int | np.ndarray) -> int | np.ndarray:
        """Where an element lies, in elements from the first; an index that is not given is 0, arrays broadcast.

        Raises ValueError for an axis that is not there and an index that is no whole number or outside.

        >>> square = layout("NCHW", N=1, C=3, H=3, W=3)
        >>> square.address(c=1), square.address(h=1), int(square.address(c=np.arange(3), w=2)[2])
        (9, 3, 20)
        """
        for name, value in index.items():
            if name.upper() not in self.sizes:
                raise ValueError(f"{self.name} has no index {name!r}; it has {', '.join(self.sizes).lower()}")
            most = self.sizes[name.upper()] - 1
            if np.asarray(value).dtype.kind not in "iu":
                raise ValueError(f"{name} = {value!r} is no index; give whole numbers from 0 to {most}")
            if np.min(value, initial=0) < 0 or np.max(value, initial=0) > most:
                raise ValueError(f"{name} = {value} lies outside; the last one is {most}")
        # narrow types would wrap
        wide = {name: v if isinstance(v, int) else np.asarray(v, np.int64) for name, v in index.items()}
        return sum(wide.get(one.name.lower(), 0) // one.each % one.extent * one.stride for one in self.axes)


def layout(name: str, **sizes: int) -> Layout:
    """The layout of this name for a tensor of these sizes, each axis by its capital letter.

    Raises ValueError for a name that is no order of these axes, and for a block of an axis that is not there.

    >>> layout("RC", R=2, C=3).strides, layout("CR", R=2, C=3).strides
    ({'R': 3, 'C': 1}, {'C': 2, 'R': 1})
    >>> blocked = layout("NCHW16c", N=1, C=20, H=7, W=7)
    >>> blocked.shape, blocked.words - blocked.elements
    ((1, 2, 7, 7, 16), 588)
    """
    positive_ints(**sizes)
    match = _NAME.fullmatch(name)
    order, block, small = match.groups() if match else ("", None, None)
    if sorted(order) != sorted(sizes) or (small and small.upper() not in order) or (block and int(block) < 1):
        example = "".join(sizes)
        raise ValueError(f"{name!r} is no order of {', '.join(sizes)}; write {example!r} or {example + '16c'!r}")
    extents, each = [sizes[axis] for axis in order], [1] * len(order)
    if small:
        at = order.index(small.upper())
        extents[at], each[at] = -(-extents[at] // int(block)), int(block)
        order, extents, each = order + small, [*extents, int(block)], [*each, 1]
    strides = [prod(extents[k + 1 :]) for k in range(len(extents))]
    axes = tuple(map(Axis, order, extents, strides, each))
    return Layout(name, dict(sizes), axes)


def all_addresses(of: Layout, order: str) -> np.ndarray:
    """The address of every element, an axis of the array for each letter of `order`.

    >>> all_addresses(layout("RC", R=2, C=3), "CR").tolist()
    [[0, 3], [1, 4], [2, 5]]
    """
    if sorted(order) != sorted(of.sizes):
        raise ValueError(f"{order!r} must name each of {', '.join(of.sizes)} once, such as {''.join(of.sizes)!r}")
    grid = np.ix_(*(np.arange(of.sizes[axis]) for axis in order))
    return of.address(**dict(zip(order.lower(), grid, strict=True)))


def convert(x: np.ndarray, source: Layout, target: str) -> np.ndarray:
    """The array `x`, which lies as `source` says, laid out as `target` names; what fills up blocks is zero.

    x has the shape of `source`, the result that of `target`, and nothing is lost: converted back it is x again.
    Raises ValueError for an array of another shape.

    >>> x = np.arange(6).reshape(1, 3, 1, 2)  # three channels of two pixels
    >>> convert(x, layout("NCHW", N=1, C=3, H=1, W=2), "NHWC").ravel().tolist()
    [0, 2, 4, 1, 3, 5]
    >>> convert(x, layout("NCHW", N=1, C=3, H=1, W=2), "NCHW2c").ravel().tolist()
    [0, 2, 1, 3, 4, 0, 5, 0]
    """
    if x.shape != source.shape:
        raise ValueError(f"{source.name} of these sizes has the shape {source.shape}, the array {x.shape}; reshape it")
    aim, order = layout(target, **source.sizes), "".join(source.sizes)
    out = np.zeros(aim.words, x.dtype)
    out[all_addresses(aim, order)] = x.reshape(-1)[all_addresses(source, order)]
    return out.reshape(aim.shape)
