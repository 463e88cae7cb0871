"""The systolic array as registers and adders: rows x cols PEs, output stationary or weight stationary.

Every PE multiplies what stands at its west edge in this cycle and passes it on to the east at the clock's edge, so
that an operand meets PE (i, j) i + j cycles after it entered. There is no other latency, hence the cycles are those
of `labcore.systolic.cycles`. Sums wrap at `accumulator_bits`, two's complement. Sums that fall (ws) have only the bits
that so many products can fill.

| dataflow | enters west | enters north | `shift` high | leaves south |
|---|---|---|---|---|
| os | A, row i late by i | B, column j late by j | sums move down one row, zeros follow | bottom row of sums |
| ws | A, row i late by i | weights, only under shift | weights move down one row | sums of the bottom row |
"""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from amaranth.hdl import Module, Mux, Shape, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from labcore.codesign.template import DATAFLOWS
from labcore.units import positive_ints

BYTE = signed(8)


class SystolicArray(wiring.Component):
    """A rows x cols array of one dataflow; raises ValueError for sizes that are not positive ints, or another dataflow.

    Ports: `west` (rows lanes), `north` and `south` (cols lanes), `shift`. Operands have the bits and the sign of the
    shapes `activation` and `weight`.

    >>> from amaranth.hdl import unsigned
    >>> array = SystolicArray(2, 3, "os", activation=unsigned(4), accumulator_bits=20)
    >>> len(array.west), len(array.south), array.south[0].shape()
    (2, 3, signed(20))
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(
        self, rows: int, cols: int, dataflow: str = "os", activation: Shape = BYTE, weight: Shape = BYTE,
        accumulator_bits: int = 32,
    ) -> None:  # fmt: skip
        positive_ints(rows=rows, cols=cols, accumulator_bits=accumulator_bits)
        if dataflow not in DATAFLOWS:
            raise ValueError(f"the array is built for {' or '.join(map(repr, DATAFLOWS))}; got {dataflow!r}")
        self.rows, self.cols, self.dataflow = rows, cols, dataflow
        super().__init__({
            "west": In(activation).array(rows),
            "north": In(weight).array(cols),
            "shift": In(1),
            "south": Out(signed(accumulator_bits)).array(cols),
        })  # fmt: skip

    def elaborate(self, platform: object) -> Module:
        """One column after another from west to east, each from north to south."""
        m = Module()
        west = list(self.west)
        for j in range(self.cols):
            column = self._sums_stay if self.dataflow == "os" else self._weights_stay
            m.d.comb += self.south[j].eq(column(m, j, west))
            passed = [Signal.like(lane, name=f"a_{i}_{j}") for i, lane in enumerate(west)]
            m.d.sync += [register.eq(lane) for register, lane in zip(passed, west, strict=True)]
            west = passed
        return m

    def _sums_stay(self, m: Module, j: int, west: list[Signal]) -> Signal:
        """Weights fall through the column; each PE adds up one result, and all move down under shift."""
        weight, above = self.north[j], 0
        for i in range(self.rows):
            total, passed = Signal.like(self.south[j], name=f"c_{i}_{j}"), Signal.like(weight, name=f"b_{i}_{j}")
            m.d.sync += [total.eq(Mux(self.shift, above, total + west[i] * weight)), passed.eq(weight)]
            weight, above = passed, total
        return above

    def _weights_stay(self, m: Module, j: int, west: list[Signal]) -> Signal:
        """Sums fall through the column, one PE a cycle; the last one leaves without a register."""
        weight, total = self.north[j], 0
        for i in range(self.rows):
            bits = min(len(self.south[j]), len(west[i]) + len(weight) + i.bit_length())  # i + 1 products and no more
            held, passed = Signal.like(weight, name=f"b_{i}_{j}"), Signal(signed(bits), name=f"c_{i}_{j}")
            with m.If(self.shift):
                m.d.sync += held.eq(weight)
            added = Signal.like(passed, name=f"sum_{i}_{j}")
            m.d.comb += added.eq(total + west[i] * held)
            m.d.sync += passed.eq(added)
            weight, total = held, passed
        return added
