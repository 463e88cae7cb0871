"""What leaves the array: sums of folds added up, bias, requantization, and the way into the next layer's memory."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from collections.abc import Iterator, Sequence

from amaranth.hdl import Array, Elaboratable, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib.memory import Memory, WritePort

from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.rtl.array import SystolicArray
from labcore.codesign.rtl.requantize import Requantizer
from labcore.codesign.rtl.sequencer import Sequencer


class Collector(Elaboratable):
    """One lane a column, from a sum that leaves the array to a code in the next layer's memory.

    os: a row of whole sums a cycle under shift. ws: each fold adds its part to an accumulator memory, M sums a column;
    the last fold's are whole, column j one cycle behind column j - 1.

    `ports` are the write ports of the two activation memories, `logits` those of the memory of logits.
    """

    def __init__(
        self, sequencer: Sequencer, array: SystolicArray, network: IntegerNetwork, biases: Sequence[int],
        ports: Sequence[Sequence[WritePort]], logits: Sequence[WritePort],
    ) -> None:  # fmt: skip
        self.sequencer, self.array, self.network, self.biases = sequencer, array, network, biases
        self.ports, self.logits = ports, logits

    def elaborate(self, platform: object) -> Module:
        """Bias and requantizer in each lane; nothing here takes a cycle."""
        m, seq, array = Module(), self.sequencer, self.array
        bits = len(array.south[0])
        scales = [(layer.multiplier, layer.shift) for layer in self.network.layers[:-1]] or [(1, 0)]  # logits take none
        m.submodules.biases = rom = Memory(
            shape=unsigned(array.cols * bits), depth=max(2, len(self.biases)), init=self.biases
        )
        word = rom.read_port(domain="comb")
        m.d.comb += word.addr.eq(seq.group)
        lanes = zip(self._sums(m), *self.ports, self.logits, strict=True)
        for j, ((total, patch, whole), even, odd, logit) in enumerate(lanes):
            m.submodules[f"requantize_{j}"] = lane = Requantizer(bits, scales, self.network.bits)
            m.d.comb += [
                lane.total.eq(total + word.data.word_select(j, bits).as_signed()), lane.layer.eq(seq.layer),
                logit.addr.eq(seq.n0 + j), logit.data.eq(lane.total), logit.en.eq(whole & seq.last),
            ]  # fmt: skip
            address = seq.base + patch + seq.by_layer([j * layer.M for layer in seq.layers])
            for port, fills in ((even, seq.layer[0]), (odd, ~seq.layer[0])):
                m.d.comb += [port.addr.eq(address), port.data.eq(lane.y), port.en.eq(whole & ~seq.last & fills)]
        return m

    def _sums(self, m: Module) -> Iterator[tuple[Value, Value, Value]]:
        """(sum, its patch, whether it is there and whole) of each column in this cycle."""
        seq, rows = self.sequencer, self.array.rows
        if self.array.dataflow == "os":
            line = rows - 1 - seq.t
            for j, south in enumerate(self.array.south):
                yield south, seq.r0 + line, seq.shifting & (line < seq.tile_r) & (j < seq.tile_n)
            return
        patch, valid = Signal(range(max(2, *(layer.M for layer in seq.layers)))), Signal()
        m.d.comb += [
            patch.eq(seq.t - (rows - 1)), valid.eq(seq.feeding & (seq.t >= rows - 1) & (seq.t < seq.T + rows - 1)),
        ]  # fmt: skip
        first = seq.r0 == 0
        final = seq.r0 + rows >= Array(seq.held)[seq.layer]
        for j, south in enumerate(self.array.south):
            yield self._accumulated(m, j, south, patch, valid, first), patch, valid & final
            late, reaches = Signal.like(patch, name=f"patch_{j + 1}"), Signal(name=f"valid_{j + 1}")
            m.d.sync += [late.eq(patch), reaches.eq(valid & (j + 1 < seq.tile_n))]
            patch, valid = late, reaches

    def _accumulated(self, m: Module, j: int, south: Signal, patch: Value, valid: Value, first: Value) -> Value:
        """The sum of this fold and those before it, kept for the next."""
        most = max(2, *(layer.M for layer in self.sequencer.layers))  # an address of no bits is none to other tools
        m.submodules[f"sums_{j}"] = memory = Memory(shape=signed(len(south)), depth=most, init=[])
        read, write, total = memory.read_port(domain="comb"), memory.write_port(), Signal.like(south, name=f"total_{j}")
        m.d.comb += [
            read.addr.eq(patch), write.addr.eq(patch), write.en.eq(valid), write.data.eq(total),
            total.eq(south + Mux(first, 0, read.data)),
        ]  # fmt: skip
        return total
