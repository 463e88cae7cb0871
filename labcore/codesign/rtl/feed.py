"""What enters the array: activations from the west, by skewed addresses; weights from the north, from a ROM."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from collections.abc import Sequence

from amaranth.hdl import Elaboratable, Module, Mux, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from labcore.codesign.rtl.addresses import AddressNest, patch_loops, tap_loops
from labcore.codesign.rtl.array import SystolicArray
from labcore.codesign.rtl.sequencer import Sequencer


class RowFeeder(Elaboratable):
    """One read of activations a row and a cycle, each row one cycle behind the row above, as the array wants it.

    The half of the address that streams (taps for os, patches for ws) enters at row 0 and moves down one row a cycle;
    the half that a row holds is caught by row i in cycle i. So the addresses are skewed, and no operand waits.
    `ports` are the read ports of the two activation memories.
    """

    def __init__(self, sequencer: Sequencer, array: SystolicArray, ports: Sequence[Sequence]) -> None:
        self.sequencer, self.array, self.ports = sequencer, array, ports

    def elaborate(self, platform: object) -> Module:
        """Two nests of counters, then row after row."""
        m, seq = Module(), self.sequencer
        loops = [patch_loops, tap_loops] if seq.dataflow == "os" else [tap_loops, patch_loops]
        m.submodules.held, m.submodules.stream = held, stream = [
            AddressNest([nest(layer) for layer in seq.layers]) for nest in loops
        ]
        m.d.comb += [
            held.layer.eq(seq.layer), held.step.eq(seq.feeding & (seq.t < seq.tile_r)),
            stream.layer.eq(seq.layer), stream.step.eq(seq.feeding & (seq.t < seq.T)),
        ]  # fmt: skip
        offset, valid = stream.offset, stream.step
        for i, (west, even, odd) in enumerate(zip(self.array.west, *self.ports, strict=True)):
            caught, catches = Signal.like(held.offset, name=f"caught_{i}"), seq.feeding & (seq.t == i)
            with m.If(catches):
                m.d.sync += caught.eq(held.offset)
            address = offset + Mux(catches, held.offset, caught)
            m.d.comb += [even.addr.eq(address), odd.addr.eq(address)]
            m.d.comb += west.eq(Mux(valid, Mux(seq.layer[0], odd.data, even.data), 0))
            below, reaches = Signal.like(stream.offset, name=f"offset_{i + 1}"), Signal(name=f"valid_{i + 1}")
            m.d.sync += [below.eq(offset), reaches.eq(valid & (i + 1 < seq.tile_r))]
            offset, valid = below, reaches
        return m


class ColumnFeeder(Elaboratable):
    """One word of the weight ROM a cycle: os streams them, column j late by j; ws shifts them in, last row first."""

    def __init__(self, sequencer: Sequencer, array: SystolicArray, words: Sequence[int], bits: int) -> None:
        self.sequencer, self.array, self.words, self.bits = sequencer, array, words, bits

    def elaborate(self, platform: object) -> Module:
        """The ROM, zeros where no weight is wanted, and for os a triangle of registers."""
        m, seq, array = Module(), self.sequencer, self.array
        m.submodules.rom = rom = Memory(
            shape=unsigned(array.cols * self.bits), depth=max(2, len(self.words)), init=self.words
        )
        word, line = rom.read_port(domain="comb"), array.rows - 1 - seq.t
        m.d.comb += array.shift.eq(seq.shifting)
        if array.dataflow == "os":
            wanted, address = seq.feeding & (seq.t < seq.T), seq.words + seq.t
        else:
            wanted, address = seq.shifting & (line < seq.tile_r), seq.words + seq.r0 + line
        m.d.comb += word.addr.eq(address)
        for j, north in enumerate(array.north):
            weight = Mux(wanted, word.data.word_select(j, self.bits), 0)
            m.d.comb += north.eq(_delayed(m, weight, j if array.dataflow == "os" else 0, f"weight_{j}"))
        return m


def _delayed(m: Module, value: Value, cycles: int, name: str) -> Value:
    """The value so many cycles later, through so many registers."""
    for late in range(1, cycles + 1):
        register = Signal(value.shape(), name=f"{name}_late_{late}")
        m.d.sync += register.eq(value)
        value = register
    return value
