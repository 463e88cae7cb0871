"""What it costs to change a layout, and when that pays.

A conversion computes nothing: it reads every element and writes every word of the new layout, so its time is that of
its bytes at the memory's bandwidth, if it is well written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from operator import itemgetter

from labcore.layout.order import Layout, layout
from labcore.units import Bytes, Ratio, Seconds, positive, positive_ints

Found = tuple[Seconds, tuple[str, ...]]  # a total time and the layouts so far


def conversion_bytes(source: Layout, target: str, size: int = 4) -> Bytes:
    """Bytes read and bytes written: every element once, and every word of the target, its padding too.

    >>> conversion_bytes(layout("NCHW", N=1, C=3, H=2, W=2), "NHWC"), 2 * 12 * 4
    (96, 96)
    >>> conversion_bytes(layout("NCHW", N=1, C=3, H=2, W=2), "NCHW4c")  # writes 16 words
    112
    """
    positive_ints(size=size)
    return (source.elements + layout(target, **source.sizes).words) * size


def break_even(T_convert: Seconds, T_kept: Seconds, T_changed: Seconds) -> int | None:
    """The least number of uses at which converting costs no time; None where the changed layout is not the faster one.

    `T_convert` is the time of all conversions there and back, the others are of one use in either layout.

    >>> break_even(T_convert=2.0, T_kept=1.5, T_changed=1.0), break_even(1.0, 1.0, 1.0)
    (4, None)
    """
    positive(T_convert=T_convert, T_kept=T_kept, T_changed=T_changed)
    if T_kept <= T_changed:
        return None
    return max(1, math.ceil(round(T_convert / (T_kept - T_changed), 9)))  # a billionth of a use is rounding


def least_gain(uses: int, share: Ratio) -> Ratio:
    """How many times as fast each use must become, where converting takes `share` times the time of a converted use.

    >>> least_gain(uses=4, share=2.0)
    1.5
    """
    positive_ints(uses=uses)
    positive(share=share)
    return 1 + share / uses


def plan(T_layers: Sequence[Mapping[str, Seconds]], T_convert: Sequence[Seconds]) -> tuple[Seconds, tuple[str, ...]]:
    """The least total time of a chain of layers, and the layout of each.

    `T_layers` gives each layer's time by layout. `T_convert` has one entry more than there are layers: the time to
    convert what lies before the first, between two, and behind the last. The chain begins and ends in the first layout
    of the first layer. Raises ValueError where the numbers of entries do not fit, and for a layer without a time.

    >>> slow_first = [{"NCHW": 1.0, "NHWC": 2.0}, {"NCHW": 3.0, "NHWC": 1.0}]
    >>> plan(slow_first, [0.5, 0.5, 0.5])
    (3.0, ('NCHW', 'NHWC'))
    >>> plan(slow_first, [2.0, 2.0, 2.0])
    (4.0, ('NCHW', 'NCHW'))
    """
    if not T_layers or len(T_convert) != len(T_layers) + 1:
        raise ValueError(f"{len(T_layers)} layers need one time to convert more than that, got {len(T_convert)}")
    if not all(T_layers):
        raise ValueError(
            f"layer {list(map(bool, T_layers)).index(False)} has no layout; give each a time in one at least"
        )
    home = next(iter(T_layers[0]))
    best: dict[str, Found] = {home: (0.0, ())}
    for T, change in zip((*T_layers, {home: 0.0}), T_convert, strict=True):
        best = {name: _extended(best, name, change, T[name]) for name in T}
    total, path = best[home]
    return total, path[:-1]


def _extended(best: Mapping[str, Found], to: str, change: Seconds, T: Seconds) -> Found:
    """The cheapest way to a layer in layout `to`; of equal ones, the first that was found."""
    ways = ((total + (change if before != to else 0.0), path) for before, (total, path) in best.items())
    total, path = min(ways, key=itemgetter(0))
    return total + T, (*path, to)
