"""A layer's work as a function of its rows: what a pass of any batch needs, from three passes that were counted."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.feasibility.workload import FUSED
from labcore.models.network import Layer
from labcore.units import Bytes


@dataclass(frozen=True)
class Affine:
    """A layer's FLOP and bytes: so much however many rows it has, so much for each; run `count` times.

    `flop_each` and `D_each` are those of one row, `D_fixed` those of the weights; attention has `D_context` for each
    token in the cache, and its FLOP for each pair.
    """

    name: str
    count: int
    flop_fixed: float
    flop_each: float
    D_fixed: Bytes
    D_each: Bytes
    D_context: Bytes = 0.0

    def work(self, rows: int, pairs: int = 0, context: int = 0) -> tuple[float, Bytes]:
        """FLOP and bytes of one run; attention counts FLOP by pairs."""
        flop = self.flop_each * pairs if self.D_context else self.flop_fixed + self.flop_each * rows
        return flop, self.D_fixed + self.D_each * rows + self.D_context * context


def affine(one: Layer, two: Layer, longer: Layer) -> Affine:
    """A layer from its counts with one row, with two, and with one row that attends to one token more.

    >>> from labcore.feasibility.workload import workload
    >>> counted = (workload("llama3-8b", B, context).phases["decode"] for B, context in ((1, 1), (2, 1), (1, 2)))
    >>> head = affine(*(network.layers[-1] for network in counted))
    >>> head.name, head.flop_each  # 2 x 4096 x 128,256
    ('head', 1050673152)
    """
    D_context = longer.op.D_vol - one.op.D_vol
    flop_each, D_each = two.op.flop - one.op.flop, two.op.D_vol - one.op.D_vol - D_context
    D_fixed = one.op.D_vol - D_each - D_context
    if one.name == FUSED:
        flop_each = longer.op.flop - one.op.flop
    flop_fixed = 0.0 if one.name == FUSED else one.op.flop - flop_each
    return Affine(one.name, one.count, flop_fixed, flop_each, D_fixed, D_each, D_context)
