"""Network and Layer: a network as a table of operations, derived from its published architecture."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Source
from labcore.ops import Operation
from labcore.units import Bytes, FlopPerByte


@dataclass(frozen=True)
class Layer:
    """One operation of a network, `count` times, with its trained parameters (of one of them).

    The parameters of an embedding are its whole table, though a pass reads only the rows it looks up. `inputs` names
    the layers and the fed inputs whose values it reads; None is the layer before it, for the first all that is fed.
    """

    name: str
    op: Operation
    params: int = 0
    count: int = 1
    inputs: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Network:
    """A network at one batch size: its layers in the order they run, and where its architecture is published.

    A network read from a file has no `source`. `unknown` names what a file holds and labcore cannot count: where
    it is not empty, every total here is too low. Parameters are what training sets: weights, biases, and the scale
    and bias of a normalization, but not its running statistics. Those that only what is unknown reads are `loose`;
    `integers` of all are stored as integers, in `integer_bytes`, whatever the precision of the rest. `left_out` names
    constants of a file that are neither. `fed` are the bytes of each input by name, `outputs` the layers that make
    what the caller gets.
    """

    name: str
    layers: tuple[Layer, ...]
    source: Source | None
    batch: int = 1
    note: str = ""
    unknown: tuple[str, ...] = ()
    loose: int = 0
    integers: int = 0
    integer_bytes: Bytes = 0
    left_out: tuple[str, ...] = ()
    fed: tuple[tuple[str, Bytes], ...] = ()
    outputs: tuple[str, ...] = ()

    @property
    def params(self) -> int:
        """Trained parameters, all layers, and those that only uncounted operators read."""
        return sum(layer.count * layer.params for layer in self.layers) + self.loose

    def weight_bytes(self, bytes_per_element: Bytes) -> Bytes:
        """Bytes of all parameters, those of them that a file stores as integers at their own size.

        >>> Network("two", (), None, loose=10, integers=4, integer_bytes=4).weight_bytes(2)  # 6 floats, 4 integers
        16
        """
        return (self.params - self.integers) * bytes_per_element + self.integer_bytes

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
