"""One operator of an ONNX graph and the tensors that it reads and writes, with their sizes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from labcore.units import Bytes


@dataclass(frozen=True)
class Tensor:
    """A value of the graph; `constant` where it is known before the run, `stored` where that is integer weights."""

    name: str
    shape: tuple[int, ...]
    bytes_per_element: Bytes
    constant: bool = False
    stored: bool = False

    @property
    def n(self) -> int:
        """Elements."""
        return prod(self.shape)

    @property
    def nbytes(self) -> Bytes:
        """Bytes of all elements."""
        return self.n * self.bytes_per_element


@dataclass(frozen=True)
class Node:
    """One operator of the graph with its sized operands; an optional input that is left out is None."""

    op_type: str
    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    attributes: Mapping[str, object]
    opset: int

    @property
    def reads(self) -> dict[str, Bytes]:
        """Bytes of each different operand, but for constants of one element."""
        return {t.name: t.nbytes for t in self.inputs if t and not (t.constant and t.n == 1)}


class NotCountedError(Exception):
    """An operator that labcore knows, in a form that it does not count; the text says which."""
