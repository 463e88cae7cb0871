"""The class: the first of the largest logits, found one logit a cycle with one comparator."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class Argmax(wiring.Component):
    """Watches `logit` at place `index` while `valid`; `best` is the place of the first largest, one cycle later.

    Index 0 starts anew, so nothing is to be cleared between images.

    >>> Argmax(classes=10, sum_bits=20).best.shape()
    unsigned(4)
    """

    _MustUse__silence = True  # one that only shows its ports, or raises, is no slip

    def __init__(self, classes: int, sum_bits: int) -> None:
        index = range(max(2, classes))
        super().__init__({"logit": In(signed(sum_bits)), "index": In(index), "valid": In(1), "best": Out(index)})

    def elaborate(self, platform: object) -> Module:
        """A register for the largest so far, one for its place."""
        m = Module()
        largest = Signal.like(self.logit)
        with m.If(self.valid & ((self.index == 0) | (self.logit > largest))):
            m.d.sync += [largest.eq(self.logit), self.best.eq(self.index)]
        return m
