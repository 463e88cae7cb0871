"""Sums to activations: multiply, shift, round half up, ReLU and saturation, as `labcore.codesign.integer` specifies."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Array, Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from labcore.codesign.rtl.array import product


class Requantiser(wiring.Component):
    """One lane: y = (total * multiplier + half) >> shift, below 0 becomes 0, above 2^bits - 1 becomes 2^bits - 1.

    `scales` holds (multiplier, shift) of each layer; `layer` chooses. The shifts are wires and a multiplexer, the
    multiplier is one for all layers. There is no register: y follows in the same cycle.

    >>> Requantiser(sum_bits=20, scales=[(24576, 15), (1, 0)], bits=4).y.shape()
    unsigned(4)
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(self, sum_bits: int, scales: Sequence[tuple[int, int]], bits: int) -> None:
        self.scales, self.bits = tuple(scales), bits
        super().__init__({
            "total": In(signed(sum_bits)), "layer": In(range(max(2, len(self.scales)))), "y": Out(unsigned(bits)),
        })  # fmt: skip

    def elaborate(self, platform: object) -> Module:
        """One multiplier, one adder for each shift, two comparisons."""
        m = Module()
        scaling = Signal(max(multiplier.bit_length() for multiplier, _ in self.scales))
        m.d.comb += scaling.eq(Array(multiplier for multiplier, _ in self.scales)[self.layer])
        total = product(self.total, scaling)
        scaled = Array((total + (1 << shift >> 1)) >> shift for _, shift in self.scales)[self.layer]
        top = 2**self.bits - 1
        m.d.comb += self.y.eq(Mux(scaled < 0, 0, Mux(scaled > top, top, scaled)))
        return m
