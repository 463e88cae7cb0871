"""Network and Layer: a network as a table of operations, derived from its published architecture."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Source
from labcore.ops import Operation
from labcore.units import Bytes, FlopPerByte


@dataclass(frozen=True)
class Layer:
    """One operation of a network, `count` times, with its trained parameters (of one of them)."""

    name: str
    op: Operation
    params: int = 0
    count: int = 1


@dataclass(frozen=True)
class Network:
    """A network at one batch size: its layers in the order they run, and where its architecture is published."""

    name: str
    layers: tuple[Layer, ...]
    source: Source
    batch: int = 1
    note: str = ""
    unused_params: int = 0  # trained, but not read in this pass (rows of an embedding table)

    @property
    def params(self) -> int:
        """Trained parameters, all layers."""
        return sum(layer.count * layer.params for layer in self.layers) + self.unused_params

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one pass over the batch."""
        return sum(layer.count * layer.op.macs for layer in self.layers)

    @property
    def flop(self) -> int:
        """FLOP of one pass over the batch, a MAC as two."""
        return sum(layer.count * layer.op.flop for layer in self.layers)

    @property
    def D_vol(self) -> Bytes:
        """Compulsory traffic, every layer by itself: what one writes, the next reads again."""
        return sum(layer.count * layer.op.D_vol for layer in self.layers)

    @property
    def I(self) -> FlopPerByte:  # noqa: E743 (the chapter's symbol)
        """Arithmetic intensity of the whole pass, layer by layer."""
        return self.flop / self.D_vol
