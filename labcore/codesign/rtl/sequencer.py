"""The sequencer: layers, folds and phases one after another, without a cycle between them.

A layer is patches (M, K) @ weights (K, N). For each `cols` of its N channels, for each `rows` of what the rows hold
(patches for os, taps for ws), one fold of two phases: os feeds, then shifts the sums out; ws shifts the weights in,
then feeds. After the last layer the logits are scanned, one a cycle.
"""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from collections.abc import Sequence

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from labcore.codesign.networks import Layer


class Sequencer(wiring.Component):
    """Counts through layers, folds and cycles; tells the rest where in the network the array stands.

    `layer`; `r0`, `n0`: first row and column of the tile; `tile_r`, `tile_n`: its size; `t`: cycle in the phase;
    `feeding`, `shifting`, `scanning`: the phase; `words`: weight words before this column of folds; `group`: columns
    of folds before this one; `base`: where the tile's first channel starts in the output.

    >>> Sequencer([Layer((1, 8, 8), (8, 8), 1, N=10)], rows=4, cols=4, dataflow="os").tile_r.shape()
    unsigned(3)
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(self, layers: Sequence[Layer], rows: int, cols: int, dataflow: str) -> None:
        self.layers, self.rows, self.cols, self.dataflow = layers, rows, cols, dataflow
        self.stream = [layer.K if dataflow == "os" else layer.M for layer in layers]
        self.held = [layer.M if dataflow == "os" else layer.K for layer in layers]
        columns = [-(-layer.N // cols) for layer in layers]
        self.total_words = sum(c * layer.K for c, layer in zip(columns, layers, strict=True))
        super().__init__({
            "start": In(1), "busy": Out(1), "done": Out(1),
            "layer": Out(range(max(2, len(layers)))), "last": Out(1),
            "feeding": Out(1), "shifting": Out(1), "scanning": Out(1),
            "t": Out(range(max(self.stream) + 2 * rows + cols + max(layer.N for layer in layers))),
            "T": Out(range(max(self.stream) + 1)),
            "r0": Out(range(max(self.held) + rows)), "n0": Out(range(max(layer.N for layer in layers) + cols)),
            "tile_r": Out(range(rows + 1)), "tile_n": Out(range(cols + 1)),
            "words": Out(range(self.total_words + 1)), "group": Out(range(sum(columns) + 1)),
            "base": Out(range(max(c * cols * layer.M for c, layer in zip(columns, layers, strict=True)) + 1)),
        })  # fmt: skip

    def by_layer(self, values: Sequence[int]) -> Signal:
        """The value of the layer that runs."""
        return Array(values)[self.layer]

    def elaborate(self, platform: object) -> Module:
        """Two phases to a fold, folds to a column, columns to a layer, layers to a network."""
        m = Module()
        N, held = self.by_layer([layer.N for layer in self.layers]), self.by_layer(self.held)
        running, second, limit = Signal(), Signal(), Signal.like(self.t)
        feeds_second = self.dataflow == "ws"
        across = self.rows if feeds_second else self.tile_r
        m.d.comb += [
            self.T.eq(self.by_layer(self.stream)), self.last.eq(self.layer == len(self.layers) - 1),
            self.tile_r.eq(Mux(self.r0 + self.rows < held, self.rows, held - self.r0)),
            self.tile_n.eq(Mux(self.n0 + self.cols < N, self.cols, N - self.n0)),
            self.feeding.eq(running & (second == feeds_second)), self.shifting.eq(running & (second != feeds_second)),
            limit.eq(Mux(self.feeding, self.T + across + self.tile_n - 2, Mux(self.shifting, self.rows, N))),
            self.busy.eq(running | self.scanning),
        ]  # fmt: skip
        with m.If(self.start & ~self.busy):
            m.d.sync += [running.eq(1), self.done.eq(0), self.layer.eq(0), self.words.eq(0), self.group.eq(0)]
        with m.If(self.busy):
            m.d.sync += self.t.eq(self.t + 1)
            with m.If(self.t == limit - 1):
                m.d.sync += self.t.eq(0)
                with m.If(self.scanning):
                    m.d.sync += [self.scanning.eq(0), self.done.eq(1)]
                with m.Else():
                    m.d.sync += second.eq(~second)
                    with m.If(second):
                        self._next_fold(m, running, held, N)
        return m

    def _next_fold(self, m: Module, running: Signal, held: Signal, N: Signal) -> None:
        """The next rows; behind them the next columns; behind them the next layer; behind it the scan."""
        m.d.sync += self.r0.eq(self.r0 + self.rows)
        with m.If(self.r0 + self.rows >= held):
            m.d.sync += [
                self.r0.eq(0), self.n0.eq(self.n0 + self.cols), self.group.eq(self.group + 1),
                self.words.eq(self.words + self.by_layer([layer.K for layer in self.layers])),
                self.base.eq(self.base + self.by_layer([self.cols * layer.M for layer in self.layers])),
            ]  # fmt: skip
            with m.If(self.n0 + self.cols >= N):
                m.d.sync += [self.n0.eq(0), self.base.eq(0), self.layer.eq(self.layer + 1)]
                with m.If(self.last):
                    m.d.sync += [self.layer.eq(self.layer), running.eq(0), self.scanning.eq(1)]
