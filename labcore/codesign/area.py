"""Area of the whole accelerator that is generated: its cells by a fit to synthesis, its memories by their bits.

`labcore.codesign.counted` holds what Yosys counted. Each part of the accelerator has a least-squares fit on relative
errors over what it is made of: the array by itself (`labcore.codesign.array_area`); requantizers, collector, feeders
and control over columns, rows, widths of sums and addresses, and the logarithms of what is counted (to whole
accelerators, a third of them held out). A cell is a gate or register of one bit.

A memory is no gate. Its bits are exact, and enter the area by their transistors against the four of a gate: 6 for a bit
that is written (static RAM), 1 for a bit of read-only memory. That is a convention, good for ranking: decoders and
further ports come free, and the activation memories have a read port for each row. So a cap on the area is a cap on
cells and memory bits together, at that rate; `cells` and `memory_bits` tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from labcore.codesign.array_area import array_cells, least_squares
from labcore.codesign.counted import Sample, Whole, wholes
from labcore.codesign.memories import memory_bits
from labcore.codesign.networks import Layer, Network, most_words
from labcore.codesign.template import Template

GATES_PER_RAM_BIT, GATES_PER_ROM_BIT = 6 / 4, 1 / 4


class Sizes(NamedTuple):
    """What the rest grows with: layers, bits of an address, of a place in the stream, of a tile's place, of M."""

    layers: int
    address: int
    stream: int
    held: int
    patches: int


@cache
def sizes(layers: tuple[Layer, ...], dataflow: str) -> Sizes:
    """The counters' bits for layers on a dataflow.

    >>> sizes(Network(("fc",), 16).layers, "os")  # 64 words of image; K = 64 streams; one patch is held
    Sizes(layers=2, address=6, stream=7, held=1, patches=1)
    """
    address = most_words(layers) - 1
    M, K = max(layer.M for layer in layers), max(layer.K for layer in layers)
    stream, held = (K, M) if dataflow == "os" else (M, K)
    return Sizes(len(layers), *(n.bit_length() for n in (address, stream, held, M)))


def _requantize(s: Sizes, t: Template) -> tuple[float, ...]:
    return t.cols, t.cols * t.accumulator_bits, t.cols * t.accumulator_bits * (s.layers > 2)


def _collector(s: Sizes, t: Template) -> tuple[float, ...]:
    ws = t.dataflow == "ws"
    return 1, t.cols * t.accumulator_bits, t.cols * s.address, ws * t.cols * t.accumulator_bits, ws * t.cols * s.patches


def _columns(s: Sizes, t: Template) -> tuple[float, ...]:
    return 1, t.cols * t.weight_bits, (t.dataflow == "os") * t.cols * (t.cols - 1) * t.weight_bits / 2


def _rows(s: Sizes, t: Template) -> tuple[float, ...]:
    return 1, t.rows * t.activation_bits, t.rows * s.address, s.layers * s.address


def _control(s: Sizes, t: Template) -> tuple[float, ...]:
    return 1, t.accumulator_bits, s.stream + s.held + s.address, s.layers


REST: dict[str, Callable[[Sizes, Template], tuple[float, ...]]] = {
    "requantize": _requantize, "collector": _collector, "columns": _columns, "rows": _rows, "control": _control,
}  # fmt: skip
CONTROL = ("sequencer", "argmax", "top")


@cache
def _rest() -> dict[str, list[float]]:
    """The coefficients of every part of REST, from the accelerators that are not held out."""
    seen = [whole for whole in wholes() if not whole.held]
    found = {}
    for part, made_of in REST.items():
        X = [made_of(sizes(whole.network.layers, whole.template.dataflow), whole.template) for whole in seen]
        y = [sum(whole.parts[name] for name in (CONTROL if part == "control" else (part,))) for whole in seen]
        found[part] = least_squares(X, y).tolist()
    return found


def cells(network: Network, template: Template) -> dict[str, float]:
    """Cells of each part of the accelerator that is generated for a network on a template, memories left out.

    >>> found = cells(Network(("fc",), 16, bits=4), Template(4, 4, "os", 4, 4, 20))
    >>> list(found), found["requantize"] > found["array"]
    (['array', 'requantize', 'collector', 'columns', 'rows', 'control'], True)
    """
    s = sizes(tuple(network.layers), template.dataflow)
    rest = {
        part: sum(c * x for c, x in zip(_rest()[part], made_of(s, template), strict=True))
        for part, made_of in REST.items()
    }
    return {"array": array_cells(template), **rest}


def area(network: Network, template: Template) -> float:
    """Cells of the whole accelerator and its memories at their gates a bit.

    >>> net, t = Network(("fc",), 16, bits=4), Template(4, 4, "os", 4, 4, 20)
    >>> bits = memory_bits(net, t)
    >>> round(area(net, t) - sum(cells(net, t).values()), 6) == bits.rom / 4 + bits.ram * 6 / 4
    True
    """
    bits = memory_bits(network, template)
    return sum(cells(network, template).values()) + GATES_PER_ROM_BIT * bits.rom + GATES_PER_RAM_BIT * bits.ram


def relative_errors(samples: Sequence[Sample | Whole]) -> np.ndarray:
    """Predicted over counted cells, less 1, for each array or whole accelerator.

    >>> bool(np.abs(relative_errors([whole for whole in wholes() if not whole.held])).mean() < 0.1)
    True
    """
    return np.array([_predicted(sample) / sample.cells - 1 for sample in samples])


def _predicted(sample: Sample | Whole) -> float:
    if isinstance(sample, Whole):
        return sum(cells(sample.network, sample.template).values())
    return array_cells(sample.template)
