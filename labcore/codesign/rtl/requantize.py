"""Sums to activations: multiply, shift, round half up, ReLU and saturation, as `labcore.codesign.integer` specifies."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from collections.abc import Sequence

from amaranth.hdl import Array, Module, Mux, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Requantizer(wiring.Component):
    """One lane: y = (total * multiplier + half) >> shift, below 0 becomes 0, above 2^bits - 1 becomes 2^bits - 1.

    `scales` holds (multiplier, shift) of each layer that has one; `layer` chooses, and beyond the last is the last. The
    shifts are wires and a multiplexer, multiplier and adder are one for all layers. There is no register: y follows in
    the same cycle.

    >>> Requantizer(sum_bits=20, scales=[(24576, 15), (1, 0)], bits=4).y.shape()
    unsigned(4)
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(self, sum_bits: int, scales: Sequence[tuple[int, int]], bits: int) -> None:
        self.scales, self.bits = tuple(scales), bits
        super().__init__({
            "total": In(signed(sum_bits)), "layer": In(range(max(2, len(self.scales) + 1))), "y": Out(unsigned(bits)),
        })  # fmt: skip

    def elaborate(self, platform: object) -> Module:
        """One multiplier, one adder, two comparisons."""
        m, by_layer = Module(), lambda values: Array(values)[self.layer]
        scaled = self.total * by_layer([multiplier for multiplier, _ in self.scales])
        rounded = scaled + by_layer([1 << shift >> 1 for _, shift in self.scales])
        shifted = by_layer([rounded >> shift for _, shift in self.scales])
        top = 2**self.bits - 1
        m.d.comb += self.y.eq(Mux(shifted < 0, 0, Mux(shifted > top, top, shifted)))
        return m
