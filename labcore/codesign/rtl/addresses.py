"""Addresses of im2col without a table: nested counters for the patches and for the taps of a window.

The address of input (c, r, s) of patch (p, q) in an image laid out as c, h, w is a sum of two numbers that know nothing
of each other: (p*stride*W + q*stride) + (c*H*W + r*W + s). One nest counts the first, one the second.
"""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from collections.abc import Sequence

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from labcore.codesign.networks import Layer


def patch_loops(layer: Layer) -> list[tuple[int, int]]:
    """(extent, stride in words) of the loops over patches, innermost first: q, p.

    >>> patch_loops(Layer((3, 8, 8), (2, 2), stride=2, N=4))
    [(4, 2), (4, 16)]
    """
    _, P, Q = layer.shape_out
    return [(Q, layer.stride), (P, layer.stride * layer.shape_in[2])]


def tap_loops(layer: Layer) -> list[tuple[int, int]]:
    """(extent, stride in words) of the loops over the window, innermost first: s, r, c.

    >>> tap_loops(Layer((3, 8, 8), (2, 2), stride=2, N=4))
    [(2, 1), (2, 8), (3, 64)]
    """
    (C, H, W), (R, S) = layer.shape_in, layer.window
    return [(S, 1), (R, W), (C, H * W)]


class AddressNest(wiring.Component):
    """Nested counters, one nest for each layer: `offset` moves on with `step` and wraps to 0 behind the last.

    >>> layers = [Layer((1, 8, 8), (3, 3), 1, N=4), Layer((4, 6, 6), (6, 6), 1, N=10)]
    >>> AddressNest([tap_loops(layer) for layer in layers]).offset.shape()  # 0 to 3*36 + 5*6 + 5
    unsigned(8)
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(self, nests: Sequence[Sequence[tuple[int, int]]]) -> None:
        self.nests = nests
        most = max(sum((extent - 1) * stride for extent, stride in nest) for nest in nests)
        super().__init__({"layer": In(range(max(2, len(nests)))), "step": In(1), "offset": Out(range(most + 2))})

    def elaborate(self, platform: object) -> Module:
        """A counter that wraps steps the next one out; the offset jumps by its stride less all that was walked."""
        m = Module()
        carry, walked = self.step, [0] * len(self.nests)
        for level, loops in enumerate(zip(*self.nests, strict=True)):  # this level's (extent, stride) by layer
            count = Signal(range(max(2, *(extent for extent, _ in loops))), name=f"count_{level}")
            last = count == Array(extent - 1 for extent, _ in loops)[self.layer]
            jump = Array(stride - w for (_, stride), w in zip(loops, walked, strict=True))[self.layer]
            with m.If(carry):
                m.d.sync += [count.eq(Mux(last, 0, count + 1)), self.offset.eq(self.offset + jump)]
            walked = [w + (extent - 1) * stride for w, (extent, stride) in zip(walked, loops, strict=True)]
            carry = carry & last
        with m.If(carry):
            m.d.sync += self.offset.eq(0)
        return m
