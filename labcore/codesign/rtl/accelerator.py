"""The whole accelerator of an integer network: sequencer, weight ROM, activation memories, array, requantize, argmax.

Images and activations lie in two memories of one word a value, c, h, w: a layer reads one and fills the other. Each row
of the array has a read port and each column a write port: at these sizes a memory is a file of registers. The weights
lie in a ROM whose word holds one weight for each column.
"""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from amaranth.hdl import Module, Mux, Signal, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.rtl.argmax import Argmax
from labcore.codesign.rtl.array import SystolicArray
from labcore.codesign.rtl.collect import Collector
from labcore.codesign.rtl.feed import ColumnFeeder, RowFeeder
from labcore.codesign.rtl.rom import bias_words, check_fits, most_words, weight_words
from labcore.codesign.rtl.sequencer import Sequencer
from labcore.codesign.template import Template


class Accelerator(wiring.Component):
    """One integer network on one template; raises ValueError for a network beyond the template's bits or words.

    While idle, each cycle with `load` writes `pixel` behind the one before. `start` for one cycle begins, and `busy`
    is high for `accelerator_cycles`. The last of them scan the logits (`logit`, `logit_valid`), one a cycle; then
    `done` is high and `winner` is the class. `cycle` counts the busy cycles in the hardware itself.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> net = random_network([Layer((1, 8, 8), (8, 8), 1, N=10)], bits=4, seed=0)
    >>> Accelerator(net, Template(4, 4)).winner.shape()
    unsigned(4)
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(self, network: IntegerNetwork, template: Template) -> None:
        check_fits(network, template)
        self.network, self.template = network, template
        self.layers = [layer.shape for layer in network.layers]
        self.classes = self.layers[-1].N
        super().__init__({
            "load": In(1), "pixel": In(unsigned(template.activation_bits)), "start": In(1),
            "busy": Out(1), "done": Out(1), "cycle": Out(32), "winner": Out(range(max(2, self.classes))),
            "logit": Out(signed(template.accumulator_bits)), "logit_valid": Out(1),
        })  # fmt: skip

    def elaborate(self, platform: object) -> Module:
        """The parts, in the order of a value's way through them."""
        m, t = Module(), self.template
        m.submodules.sequencer = seq = Sequencer(self.layers, t.rows, t.cols, t.dataflow)
        m.submodules.array = array = SystolicArray(
            t.rows, t.cols, t.dataflow, unsigned(t.activation_bits), signed(t.weight_bits), t.accumulator_bits
        )
        sides = [
            Memory(shape=unsigned(t.activation_bits), depth=max(2, most_words(self.layers)), init=[]) for _ in range(2)
        ]
        logits = Memory(shape=signed(t.accumulator_bits), depth=max(2, self.classes), init=[])
        m.submodules.even, m.submodules.odd, m.submodules.logits = *sides, logits
        reads = [[side.read_port(domain="comb") for _ in range(t.rows)] for side in sides]
        writes = [[side.write_port() for _ in range(t.cols)] for side in sides]
        words, biases = weight_words(self.network, t), bias_words(self.network, t)
        m.submodules.rows = RowFeeder(seq, array, reads)
        m.submodules.columns = ColumnFeeder(seq, array, words, t.weight_bits)
        m.submodules.collector = Collector(
            seq, array, self.network, biases, writes, [logits.write_port() for _ in range(t.cols)]
        )
        self._load(m, seq, sides[0])
        self._scan(m, seq, logits)
        return m

    def _load(self, m: Module, seq: Sequencer, memory: Memory) -> None:
        """Pixels enter the even memory one a cycle; the start of a run brings the place back to 0."""
        port, place = memory.write_port(), Signal(range(memory.depth + 1))
        m.d.comb += [port.addr.eq(place), port.data.eq(self.pixel), port.en.eq(self.load & ~seq.busy)]
        m.d.comb += [seq.start.eq(self.start), self.busy.eq(seq.busy), self.done.eq(seq.done)]
        with m.If(seq.busy):
            m.d.sync += [self.cycle.eq(self.cycle + 1), place.eq(0)]
        with m.Else():
            m.d.sync += [place.eq(place + self.load), self.cycle.eq(Mux(self.start, 0, self.cycle))]

    def _scan(self, m: Module, seq: Sequencer, logits: Memory) -> None:
        """The logits pass the comparator one a cycle."""
        read = logits.read_port(domain="comb")
        m.submodules.argmax = argmax = Argmax(self.classes, self.template.accumulator_bits)
        m.d.comb += [
            read.addr.eq(seq.t), argmax.logit.eq(read.data), argmax.index.eq(seq.t), argmax.valid.eq(seq.scanning),
            self.logit.eq(read.data), self.logit_valid.eq(seq.scanning), self.winner.eq(argmax.best),
        ]  # fmt: skip
