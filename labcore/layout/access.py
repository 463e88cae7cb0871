"""Which bytes one instruction touches in a layout, and which addresses a loop over a tensor visits.

The lanes of a warp, or of a vector register, take neighbouring indices of some axes. Whether these are neighbours in
memory too is for the layout to say; `labcore.simt.memory` then counts the granules that move.
"""

from __future__ import annotations

from math import prod

import numpy as np

from labcore.cache import Trace
from labcore.layout.order import Layout, all_addresses
from labcore.simt.memory import SECTOR, Access, touched
from labcore.units import positive_ints


def lane_addresses(of: Layout, over: str, lanes: int = 32, start: int = 0) -> np.ndarray:
    """Addresses, in elements, of lanes that take neighbouring indices over some axes, the last letter fastest.

    `over="C"` walks the channels of one pixel, `"W"` a row of one channel, `"HW"` its pixels, row after row. The other
    indices are 0 and the first lane has index `start`. Where indices run out, lanes have nothing to do and there are
    fewer addresses than lanes. Raises ValueError for axes that are not there and a start outside.

    >>> from labcore.layout import layout
    >>> pixels = layout("NHWC", N=1, C=64, H=4, W=4)
    >>> lane_addresses(pixels, "W", lanes=8).tolist(), lane_addresses(pixels, "C", lanes=4).tolist()
    ([0, 64, 128, 192], [0, 1, 2, 3])
    """
    positive_ints(lanes=lanes)
    if not over or len(set(over)) != len(over) or set(over) - set(of.sizes):
        raise ValueError(f"lanes lie along some of {', '.join(of.sizes)}, each once, such as 'C' or 'HW'; got {over!r}")
    extents = [of.sizes[axis] for axis in over]
    if not 0 <= start < prod(extents):
        raise ValueError(f"start must be from 0 to {prod(extents) - 1} over {over}, got {start}")
    index = np.unravel_index(np.arange(start, min(start + lanes, prod(extents))), extents)
    return of.address(**dict(zip(over.lower(), index, strict=True)))


def lane_access(of: Layout, over: str, size: int = 4, lanes: int = 32, granule: int = SECTOR, start: int = 0) -> Access:
    """What one load of these lanes moves: elements of `size` bytes, memory in whole granules of `granule` bytes.

    >>> from labcore.layout import layout
    >>> maps = {name: layout(name, N=1, C=64, H=56, W=56) for name in ("NHWC", "NCHW")}
    >>> {name: lane_access(one, "W").transactions for name, one in maps.items()}
    {'NHWC': 32, 'NCHW': 4}
    >>> {name: lane_access(one, "C").transactions for name, one in maps.items()}
    {'NHWC': 4, 'NCHW': 32}
    """
    addresses = lane_addresses(of, over, lanes, start) * size
    return Access(int(addresses.size * size), touched(addresses, size, granule), granule)


def tensor_access(of: Layout, over: str, size: int = 4, lanes: int = 32, granule: int = SECTOR) -> Access:
    """What moves when lanes along some axes read the whole tensor once, load by load, and no cache keeps anything.

    Each load covers at most `lanes` neighbouring indices of `over`; the other axes are loops around it.

    >>> from labcore.layout import layout
    >>> narrow = layout("NCHW", N=1, C=2, H=1, W=40)  # rows of 160 B: loads of 32 and of 8 elements
    >>> tensor_access(narrow, "W").transactions
    10
    """
    positive_ints(size=size, lanes=lanes, granule=granule)
    if granule % size:
        raise ValueError(f"granules of {granule} B must hold whole elements of {size} B; take a power of two of both")
    others = "".join(axis for axis in of.sizes if axis not in over)
    grid = all_addresses(of, others + over).reshape(prod(of.sizes[axis] for axis in others), -1)
    touches = np.sort(np.arange(grid.shape[1]) // lanes * (of.words + granule) + grid * size // granule, axis=1)
    transactions = grid.shape[0] + np.count_nonzero(np.diff(touches, axis=1))
    return Access(grid.size * size, int(transactions), granule)


def together(of: Layout, axes: str) -> bool:
    """Whether elements that share their indices of these axes always lie side by side, with nothing between them.

    >>> from labcore.layout import layout
    >>> image = layout("NHWC", N=1, C=3, H=4, W=4)
    >>> together(image, "NH"), together(image, "NC")  # a row of the image, and one of its channels
    (True, False)
    """
    inner = "".join(axis for axis in of.sizes if axis not in axes)
    grid = all_addresses(of, axes + inner).reshape(prod(of.sizes[axis] for axis in axes), -1)
    return bool(np.all(np.ptp(grid, axis=1) == grid.shape[1] - 1))


def walk(of: Layout, order: str = "", size: int = 4) -> Trace:
    """Reads of every element once by nested loops, the first letter of `order` outermost; by address without one.

    >>> from labcore.layout import layout
    >>> walk(layout("NCHW", N=1, C=2, H=1, W=2), "NHWC").addresses.tolist()
    [0, 8, 4, 12]
    """
    addresses = all_addresses(of, order or "".join(of.sizes)).ravel() * size
    return Trace(addresses if order else np.sort(addresses), size=size)
