"""Area of a template: cells of its array by a fit to synthesis, and memories by their bits.

`synthesised` reads what Yosys counted for arrays of many sizes; `python -m labcore.codesign.area` counts them again.
The fit is least squares on relative errors, one for each dataflow, over what an array is made of: the partial products
of a multiplier (weight bits x activation bits), the adder and the registers of a PE, and the edges, where the last
column passes nothing on and the first row adds to zero. A cell is any simple gate or register of one bit.

A memory is no gate. Its bits count by their transistors against the four of a gate: 6 for a bit that is written
(static RAM), 1 for a bit of read-only memory. That is a convention, good for ranking; decoders come free. The generated
accelerator keeps its memories in registers with a port for each row and column, which synthesis counts far higher:
this is the area of the same design with compiled memories, without sequencer and requantisation.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labcore.codesign.template import BITS, DATAFLOWS, Template

TABLE = Path(__file__).with_name("areas.csv")
COLUMNS = ("rows", "cols", "dataflow", "weight_bits", "activation_bits", "accumulator_bits")
GATES_PER_RAM_BIT, GATES_PER_ROM_BIT = 6 / 4, 1 / 4
SHAPES = ((1, 1), (1, 4), (2, 2), (4, 1), (2, 4), (4, 2), (3, 3), (6, 1), (6, 2))  # rows, cols to fit on
LARGER = ((4, 4), (4, 8), (8, 4), (8, 8))  # held out: the fit has to reach beyond what it saw
NARROWED = 3  # rows of falling sums that Yosys trims to what they can hold
SUMS = (16, 24, 32)  # bits of the accumulator, in turn
SYNTHESIS = "read_verilog {}; synth -noabc -flatten -top top; abc -fast -g simple; opt_clean; stat"


class Sample(NamedTuple):
    """One synthesised array: its template and the cells that Yosys counted."""

    template: Template
    cells: int


def column_sums(template: Template) -> tuple[int, int]:
    """Bits of all adders and of all sum registers down one column, as the synthesiser leaves them.

    Where sums stay, each is as wide as the accumulator. Where they fall, row 0 holds a bare product and each row below
    needs one bit more; Yosys 0.23 finds that out for the first rows and then gives every sum the whole accumulator. The
    last row has no register.

    >>> column_sums(Template(5, 1, "ws", 2, 2, 32)), column_sums(Template(2, 1, "os", 2, 2, 32))
    ((54, 47), (64, 64))
    """
    rows, most = range(template.rows), template.accumulator_bits
    if template.dataflow == "os":
        return most * len(rows), most * len(rows)
    narrow = [min(most, template.weight_bits + template.activation_bits + i) for i in rows]
    adders = sum(narrow[i] if i <= NARROWED else most for i in rows)
    return adders, sum(narrow[i] if i < NARROWED else most for i in rows[:-1])


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
    X, y = np.array([features(s.template) for s in samples]), np.array([s.cells for s in samples])
    if len(X) < X.shape[-1]:
        raise ValueError(f"{X.shape[-1]} coefficients take as many samples or more, got {len(X)}; synthesise others")
    return np.linalg.lstsq(X / y[:, None], np.ones(len(y)), rcond=None)[0]


def array_cells(template: Template) -> float:
    """Cells of a template's array by the fit to all small arrays of its dataflow.

    >>> 8 < array_cells(Template(8, 8, "os")) / array_cells(Template(2, 4, "os")) < 8.5  # eight times the PEs
    True
    """
    return float(features(template) @ _coefficients(template.dataflow))


def area(template: Template) -> float:
    """Cells of the array and both memories at their gates a bit; control is left out, since no choice changes it.

    >>> bare = Template(4, 4, weight_words=1, activation_words=1)
    >>> area(Template(4, 4, weight_words=1001, activation_words=1)) - area(bare)  # 1000 words of 8 bits, 1/4 gate each
    2000.0
    """
    memories = GATES_PER_ROM_BIT * template.weight_memory + GATES_PER_RAM_BIT * template.activation_memory
    return array_cells(template) + memories


def relative_errors(samples: Sequence[Sample]) -> np.ndarray:
    """Predicted over counted cells, less 1, for each sample.

    >>> bool(np.abs(relative_errors([s for s in synthesised() if not held_out(s)])).mean() < 0.1)
    True
    """
    return np.array([array_cells(sample.template) / sample.cells - 1 for sample in samples])


def held_out(sample: Sample) -> bool:
    """Whether a sample is of a size that the fit does not see.

    >>> held_out(Sample(Template(8, 8), 1)), held_out(Sample(Template(2, 2), 1))
    (True, False)
    """
    return (sample.template.rows, sample.template.cols) in LARGER


@cache
def synthesised() -> tuple[Sample, ...]:
    """All arrays of the committed table, in its order.

    >>> {sample.template.dataflow for sample in synthesised()} == {"os", "ws"}
    True
    """
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    keep = {name: (str if name == "dataflow" else int) for name in COLUMNS}
    return tuple(Sample(Template(**{n: read(row[n]) for n, read in keep.items()}), int(row["cells"])) for row in rows)


@cache
def _coefficients(dataflow: str) -> np.ndarray:
    return fit([s for s in synthesised() if s.template.dataflow == dataflow and not held_out(s)])


def wanted() -> Iterator[Template]:
    """The templates of the table: every small shape at every precision, larger ones at 2 to 4 bits.

    >>> len(list(wanted()))
    88
    """
    for dataflow in DATAFLOWS:
        for i, (rows, cols) in enumerate((*SHAPES, *LARGER)):
            for j, bits in enumerate(BITS if (rows, cols) in SHAPES else BITS[:2]):
                yield Template(rows, cols, dataflow, bits, bits, SUMS[(i + j) % len(SUMS)])


def synthesise(template: Template) -> int:
    """Cells of a template's array: its registers and gates, flattened and counted by Yosys.

    Raises ValueError where Amaranth or Yosys is missing.

    >>> synthesise(Template(1, 1, "ws", 2, 2, 16)) > 16  # at least the register of its sum  # doctest: +SKIP
    True
    """
    try:
        from labcore.codesign.rtl.parts import array_source
    except ModuleNotFoundError:
        raise ValueError(
            "synthesis needs Amaranth: pip install 'labcore[codesign]'; the fit to the committed table works without it"
        ) from None
    if not (yosys := shutil.which("yosys")):
        raise ValueError("counting cells needs yosys (apt-get install yosys); the fit to the committed table does not")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "array.v")
        source.write_text(array_source(template))
        done = subprocess.run([yosys, "-p", SYNTHESIS.format(source)], capture_output=True, text=True, check=True)
    return int(done.stdout.rpartition("Number of cells:")[2].split()[0])


def main() -> None:
    """Synthesise the templates that the table lacks and add them to it.

    >>> set(wanted()) <= {sample.template for sample in synthesised()}  # so it has nothing left to do
    True
    """
    known = {sample.template for sample in synthesised()} if TABLE.exists() else set()
    templates = [template for template in wanted() if template not in known]
    for done, template in enumerate(templates, start=1):
        row = [*(getattr(template, name) for name in COLUMNS), synthesise(template)]
        head = "" if TABLE.exists() else ",".join((*COLUMNS, "cells")) + "\n"
        with TABLE.open("a") as file:
            file.write(head + ",".join(map(str, row)) + "\n")
        sys.stderr.write(f"\r{done} of {len(templates)} arrays")


if __name__ == "__main__":
    main()
