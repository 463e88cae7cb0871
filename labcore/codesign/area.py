"""Area of the whole accelerator that is generated: its cells by a fit to synthesis, its memories by their bits.

`labcore.codesign.synthesis` holds what Yosys counted. Each part of the accelerator has a least-squares fit on relative
errors over what it is made of: the array over partial products, adders and registers (one fit for each dataflow, to
arrays alone); requantisers, collector, feeders and control over columns, rows, widths of sums and addresses, and the
logarithms of what is counted (to whole accelerators, a third of them held out). A cell is a gate or register of one
bit.

A memory is no gate. Its bits are exact, and enter the area by their transistors against the four of a gate: 6 for a bit
that is written (static RAM), 1 for a bit of read-only memory. That is a convention, good for ranking: decoders and
further ports come free, and the activation memories have a read port for each row. So a cap on the area is a cap on
cells and memory bits together, at that rate; `cells` and `memory_bits` tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import prod
from typing import NamedTuple

import numpy as np

from labcore.codesign.memories import memory_bits
from labcore.codesign.networks import Layer, Network
from labcore.codesign.synthesis import LARGER, Sample, Whole, synthesised, wholes
from labcore.codesign.template import Template

GATES_PER_RAM_BIT, GATES_PER_ROM_BIT = 6 / 4, 1 / 4


# The array


def column_sums(template: Template) -> tuple[int, int]:
    """Bits of all adders and of all sum registers down one column.

    Where sums stay, each is as wide as the accumulator. Where they fall, row 0 holds a bare product, row i the sum of
    i + 1 of them in no more bits than that can fill, and the last row has no register.

    >>> column_sums(Template(3, 1, "ws", 2, 2, 32)), column_sums(Template(2, 1, "os", 2, 2, 32))
    ((11, 9), (64, 64))
    """
    t = template
    if t.dataflow == "os":
        return t.rows * t.accumulator_bits, t.rows * t.accumulator_bits
    bits = [min(t.accumulator_bits, t.weight_bits + t.activation_bits + i.bit_length()) for i in range(t.rows)]
    return sum(bits[1:]), sum(bits[:-1])


def features(template: Template) -> np.ndarray:
    """What the cells of an array grow with, (8,): PEs, partial products, adders, sums, operands, and three edges.

    >>> features(Template(2, 3, "os", weight_bits=4, activation_bits=2, accumulator_bits=16)).tolist()
    [6, 48, 96, 96, 36, 4, 12, 48]
    """
    t, (adders, sums) = template, column_sums(template)
    operands = t.weight_bits + t.activation_bits
    each = t.pes, t.pes * t.weight_bits * t.activation_bits, t.cols * adders, t.cols * sums, t.pes * operands
    return np.array([*each, t.rows * t.activation_bits, t.cols * t.weight_bits, t.cols * t.accumulator_bits])


def fit(samples: Sequence[Sample]) -> np.ndarray:
    """Coefficients (8,) of `features` that give the samples' cells with the least squared relative error.

    Raises ValueError for fewer samples than coefficients.

    >>> doubled = [s._replace(cells=2 * s.cells) for s in synthesised() if s.template.dataflow == "os"]
    >>> bool(np.allclose(fit(doubled) / 2, fit([s for s in synthesised() if s.template.dataflow == "os"])))
    True
    """
    return least_squares([features(s.template) for s in samples], [s.cells for s in samples])


def least_squares(X: Sequence[Sequence[float]], y: Sequence[float]) -> np.ndarray:
    """Coefficients (features,) with the least squared relative error of X (samples, features) against y (samples,).

    Raises ValueError for fewer samples than coefficients.

    >>> least_squares([[1, 1], [1, 2], [1, 4]], [5, 7, 11]).round(9).tolist()
    [3.0, 2.0]
    """
    X, y = np.array(X, float), np.array(y, float)
    if len(X) < X.shape[-1]:
        raise ValueError(f"{X.shape[-1]} coefficients take as many samples or more, got {len(X)}; synthesise others")
    return np.linalg.lstsq(X / y[:, None], np.ones(len(y)), rcond=None)[0]


def array_cells(template: Template) -> float:
    """Cells of a template's array by the fit to all small arrays of its dataflow.

    >>> 8 < array_cells(Template(8, 8, "os")) / array_cells(Template(2, 4, "os")) < 8.5  # eight times the PEs
    True
    """
    return float(features(template) @ _coefficients(template.dataflow))


@cache
def _coefficients(dataflow: str) -> np.ndarray:
    return fit([s for s in synthesised() if s.template.dataflow == dataflow and not held_out(s)])


# The rest of the accelerator


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
    address = max(prod(layer.shape_in) for layer in layers) - 1
    M, K = max(layer.M for layer in layers), max(layer.K for layer in layers)
    stream, held = (K, M) if dataflow == "os" else (M, K)
    return Sizes(len(layers), *(n.bit_length() for n in (address, stream, held, M)))


def _requantise(s: Sizes, t: Template) -> tuple[float, ...]:
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
    "requantise": _requantise, "collector": _collector, "columns": _columns, "rows": _rows, "control": _control,
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
    >>> list(found), found["requantise"] > found["array"]
    (['array', 'requantise', 'collector', 'columns', 'rows', 'control'], True)
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


# How good the fits are


def held_out(sample: Sample) -> bool:
    """Whether an array is of a size that the fit does not see.

    >>> held_out(Sample(Template(8, 8), 1)), held_out(Sample(Template(2, 2), 1))
    (True, False)
    """
    return (sample.template.rows, sample.template.cols) in LARGER


def relative_errors(samples: Sequence[Sample | Whole]) -> np.ndarray:
    """Predicted over counted cells, less 1, for each array or whole accelerator.

    >>> bool(np.abs(relative_errors([s for s in synthesised() if not held_out(s)])).mean() < 0.1)
    True
    """
    return np.array([_predicted(sample) / sample.cells - 1 for sample in samples])


def _predicted(sample: Sample | Whole) -> float:
    if isinstance(sample, Whole):
        return sum(cells(sample.network, sample.template).values())
    return array_cells(sample.template)
