"""The designs whose cells Yosys counted, in two committed tables: arrays alone, and whole generated accelerators.

Here stand what was wanted and what was counted; `labcore.codesign.synthesis` counts. Every third accelerator that is
wanted is held out of the fit of the area, and so is every array of 4 x 4 or more.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labcore.codesign.networks import WIDTHS, Network
from labcore.codesign.template import BITS, DATAFLOWS, Template

ARRAYS, WHOLES = (Path(__file__).with_name(name) for name in ("areas.csv", "wholes.csv"))
COLUMNS = ("rows", "cols", "dataflow", "weight_bits", "activation_bits", "accumulator_bits")
SHAPES = ((1, 1), (1, 4), (2, 2), (4, 1), (2, 4), (4, 2), (3, 3), (6, 1), (6, 2))  # rows, cols to fit on
LARGER = ((4, 4), (4, 8), (8, 4), (8, 8))  # held out: the fit has to reach beyond what it saw
SUMS = (16, 24, 32)  # bits of the accumulator, in turn
CARRIES = 12  # bits that the longest sum, of 1,152 products and a bias, adds to those of one product
PARTS = ("array", "requantize", "collector", "columns", "rows", "sequencer", "argmax", "top")


class Sample(NamedTuple):
    """One synthesized array: its template and the cells that Yosys counted."""

    template: Template
    cells: int


class Whole(NamedTuple):
    """One synthesized accelerator: network and template, cells by part (PARTS), and whether the fit is kept from it."""

    network: Network
    template: Template
    parts: dict[str, int]
    held: bool

    @property
    def cells(self) -> int:
        """Cells of all parts together."""
        return sum(self.parts.values())


@cache
def synthesized() -> tuple[Sample, ...]:
    """All arrays of the committed table, in its order.

    >>> {sample.template.dataflow for sample in synthesized()} == {"os", "ws"}
    True
    """
    keep = {name: (str if name == "dataflow" else int) for name in COLUMNS}
    return tuple(
        Sample(Template(**{n: read(row[n]) for n, read in keep.items()}), int(row["cells"])) for row in _rows(ARRAYS)
    )


@cache
def wholes() -> tuple[Whole, ...]:
    """All accelerators of the committed table, in its order; every third that is wanted is held out.

    >>> {whole.network.bits for whole in wholes()} == {2, 3, 4, 8}
    True
    """
    held = set(wanted_wholes()[2::3])
    return tuple(
        Whole(*(key := _key(row)), {part: int(row[f"{part} cells"]) for part in PARTS}, key in held)
        for row in _rows(WHOLES)
    )


def _key(row: dict[str, str]) -> tuple[Network, Template]:
    network = Network(tuple(row["network"].split("-")), int(row["width"]), int(row["bits"]))
    return network, made_for(network.bits, (int(row["rows"]), int(row["cols"]), row["dataflow"]))


def made_for(bits: int, hardware: tuple[int, int, str]) -> Template:
    """The template of (rows, cols, dataflow) with operands of some bits and sums that hold 4,096 products.

    >>> made_for(4, (2, 8, "ws")).accumulator_bits
    20
    """
    return Template(*hardware, bits, bits, 2 * bits + CARRIES)


def wanted() -> Iterator[Template]:
    """The arrays of the table: every small shape at every precision, larger ones at 2 and 3 bits.

    >>> len(list(wanted()))
    88
    """
    for dataflow in DATAFLOWS:
        for i, (rows, cols) in enumerate((*SHAPES, *LARGER)):
            for j, bits in enumerate(BITS if (rows, cols) in SHAPES else BITS[:2]):
                yield Template(rows, cols, dataflow, bits, bits, SUMS[(i + j) % len(SUMS)])


STACKS = ("fc", "conv3x3", "conv2x2-fc", "conv3x3-conv2x2", "fc-fc", "conv2x2-conv3x3-fc", "conv3x3-conv3x3")
SIDES = ((2, 2), (2, 4), (4, 2), (4, 4), (2, 8), (8, 2), (1, 1), (8, 4), (8, 8))
DESIGNS, DRAW = 36, 29


def wanted_wholes() -> list[tuple[Network, Template]]:
    """The accelerators of the table: each choice as often as any other, shuffled by a seed; dataflows in turn.

    >>> len(set(wanted_wholes()))
    36
    """
    rng = np.random.default_rng(DRAW)
    stack, width, bits, sides = (
        rng.permutation(np.resize(range(len(values)), DESIGNS)) for values in (STACKS, WIDTHS, BITS, SIDES)
    )
    return [
        (Network(tuple(STACKS[s].split("-")), WIDTHS[w], BITS[b]), made_for(BITS[b], (*SIDES[a], DATAFLOWS[i % 2])))
        for i, (s, w, b, a) in enumerate(zip(stack, width, bits, sides, strict=True))
    ]  # fmt: skip


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))
