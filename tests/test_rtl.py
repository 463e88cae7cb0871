"""Generated hardware against numpy, the closed forms, and other tools: exact, bit for bit and cycle for cycle."""

import re
import subprocess
import sys

from tests import needs_rtl

# isort: split
import numpy as np
import pytest
from amaranth.hdl import signed, unsigned
from amaranth.sim import Simulator
from hypothesis import given, settings
from hypothesis import strategies as st

from labcore.codesign import toolchain
from labcore.codesign.cycles import accelerator_cycles
from labcore.codesign.integer import random_network, requantize
from labcore.codesign.memories import memory_bits
from labcore.codesign.networks import Layer, Network
from labcore.codesign.predict import sized
from labcore.codesign.rtl.array import SystolicArray
from labcore.codesign.rtl.multiply import _os, clock, multiply
from labcore.codesign.rtl.requantize import Requantizer
from labcore.codesign.rtl.rom import packed
from labcore.codesign.rtl.simulate import simulate
from labcore.codesign.rtl.verilog import export, read_printed, run_verilog
from labcore.codesign.synthesis import count
from labcore.codesign.template import Template
from labcore.systolic import cycles

small = st.integers(1, 6)
DECLARED = r"reg (?:signed )?\[(\d+):0\] (\S+) ?\[(\d+):0\];"
NETWORKS = [
    (("fc",), 4, 8, 4, 4), (("fc", "fc"), 4, 4, 2, 8), (("conv3x3",), 4, 4, 8, 3), (("conv2x2",), 4, 3, 4, 6),
    (("conv3x3", "conv2x2"), 4, 2, 8, 8), (("conv2x2", "conv3x3", "fc"), 4, 4, 5, 3),
]  # fmt: skip


def pixels(images, seed=0):
    return np.random.default_rng(seed).integers(0, 17, (images, 64))


@pytest.mark.parametrize("dataflow", ["os", "ws"])
@settings(max_examples=12, deadline=None)
@given(M=small, K=small, N=small, rows=small, cols=small, bits=st.integers(2, 9), seed=st.integers(0, 99))
def test_the_array_alone_is_lab_06_in_registers(dataflow, M, K, N, rows, cols, bits, seed):
    rng, most = np.random.default_rng(seed), 2 ** (bits - 1)
    A, B = rng.integers(-most, most, (M, K)), rng.integers(-most, most, (K, N))
    C, taken = multiply(A, B, rows, cols, dataflow)
    assert (C == A @ B).all()
    assert taken == cycles(M, K, N, rows, cols, dataflow)


def test_no_cycle_could_be_spared():
    """The last cycle of computing of a 2 x 2 product brings the last term to the far corner: without it C is short."""
    A, B = np.array([[2, 4], [1, 5]]), np.array([[1, 3], [6, 2]])
    script = list(_os(A, B, 2, 2))
    del script[3]  # 2 + 2 + 2 - 2 cycles compute, this is the fourth
    assert clock(SystolicArray(2, 2), script)[3][1] == 13 - 5 * 2


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5])
def test_falling_sums_are_wide_enough_for_the_largest_products(rows):
    """Sums of row i have the bits of a product and those of i, and no more: the extreme operands just fit."""
    array = SystolicArray(rows, 1, "ws", unsigned(2), signed(2), accumulator_bits=16)
    load = [([0] * rows, [-2], 1)] * rows
    feed = [([3] * rows, [0], 0)] * rows
    assert clock(array, load + feed)[-1] == [rows * 3 * -2]


@pytest.mark.parametrize("dataflow", ["os", "ws"])
@pytest.mark.parametrize(("bundles", "width", "bits", "rows", "cols"), NETWORKS)
def test_six_networks_in_both_dataflows_are_exact(bundles, width, bits, rows, cols, dataflow):
    network = Network(bundles, width, bits)
    integers = random_network(list(network.layers), bits, seed=3)
    template = Template(rows, cols, dataflow, bits, bits, accumulator_bits=28)
    run, images = simulate(integers, template, pixels(1), engine="amaranth"), pixels(1)
    assert (run.logits == integers.logits(images)).all()
    assert (run.classes == integers.classes(images)).all()
    assert (run.cycles == accelerator_cycles(network, template)).all()


def test_the_first_of_equal_logits_wins():
    network = random_network([Layer((2, 1, 1), (1, 1), 1, N=4)], bits=4, seed=0)
    network.layers[0].weights[:], network.layers[0].bias[:] = 0, [1, 7, 7, 3]
    assert simulate(network, Template(1, 1, "os"), np.array([[3, 4]]), engine="amaranth").classes.tolist() == [1]


def test_requantizing_rounds_half_up_and_saturates_as_specified():
    scales, sums, seen = [(24576, 15), (3, 1), (32767, 20)], [-9, -1, 0, 1, 2, 3, 5, 99, 4000], []
    unit = Requantizer(sum_bits=16, scales=scales, bits=4)

    async def bench(ctx):
        for layer in range(len(scales)):
            ctx.set(unit.layer, layer)
            for total in sums:
                ctx.set(unit.total, total)
                seen.append(ctx.get(unit.y))

    simulator = Simulator(unit)
    simulator.add_testbench(bench)
    simulator.run()
    assert seen == [y for scale in scales for y in requantize(np.array(sums), *scale, bits=4).tolist()]


def test_a_word_keeps_each_number_apart():
    assert packed([-8, 7], bits=4) == 0x78


def test_what_does_not_fit_says_what_would():
    network, images = random_network(list(Network(("fc",), 4, 4).layers), 4, seed=0), pixels(1)
    for wrong, text in [
        (Template(2, 2, weight_bits=2), "take 4 bits for both"),
        (Template(2, 2, weight_words=100), "needs weight_words=296 and the template has 100"),  # 64 * 4 + 4 * 10
        (Template(2, 2, activation_words=63), "needs activation_words=64"),
        (Template(2, 2, "os", 4, 4, accumulator_bits=8), "needs accumulator_bits="),
    ]:
        with pytest.raises(ValueError, match=text):
            simulate(network, wrong, images, engine="amaranth")
    with pytest.raises(ValueError, match="engine must be 'cxxrtl' or 'amaranth'; got 'vvp'"):
        simulate(network, Template(2, 2), images, engine="vvp")
    with pytest.raises(ValueError, match="rows must be a whole number of at least 1, got 0"):
        multiply(np.ones((2, 2), int), np.ones((2, 2), int), 0, 2)
    with pytest.raises(ValueError, match=r"wanted integers \(M, K\) @ \(K, N\), got float64"):
        multiply(np.ones((2, 2)), np.ones((2, 2), int), 2, 2)
    with pytest.raises(ValueError, match="'os' or 'ws'; got 'is'"):
        multiply(np.ones((2, 2), int), np.ones((2, 2), int), 2, 2, "is")


def test_a_missing_tool_is_one_line_with_what_still_works(monkeypatch):
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)
    network = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    for tool, act in [
        ("g[+][+]", lambda: simulate(network, Template(1, 1), np.array([[1, 2]]))),
        ("iverilog", lambda: run_verilog(network, Template(1, 1), np.array([[1, 2]]))),
        ("yosys", lambda: count("")),
    ]:
        with pytest.raises(toolchain.MissingTool, match=f"needs {tool}: apt-get install") as caught:
            act()
        assert "\n" not in str(caught.value)
    assert set(toolchain.missing()) >= {"g++", "iverilog", "yosys"}


RTL = ["simulate", "verilog", "multiply", "array", "accelerator", "compiled", "parts", "requantize"]


def test_without_amaranth_every_file_says_so_first_and_the_rest_works():
    script = f"""
import sys, importlib
sys.modules["amaranth"] = None
for name in {RTL}:
    try:
        importlib.import_module("labcore.codesign.rtl." + name)
    except ValueError as error:
        print(error)
import labcore.codesign.rtl.rom
from labcore.codesign.predict import predict
from labcore.codesign import networks, template
print(predict(networks.Network(("fc",), 4), template.Template(2, 2)).cycles)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    *said, last = done.stdout.splitlines()
    assert said == [toolchain.line("amaranth")] * len(RTL)
    assert int(last) == accelerator_cycles(Network(("fc",), 4), Template(2, 2))


def test_a_testbench_that_prints_an_x_is_refused():
    with pytest.raises(ValueError, match="got 'x 0 12'"):
        read_printed("x 0 12\n", images=1)


@pytest.mark.parametrize(("bundles", "hardware"), [(("fc",), (1, 3, "ws")), (("conv3x3", "conv2x2"), (2, 4, "os"))])
def test_the_bits_of_memory_are_those_that_the_generator_declares(bundles, hardware):
    network = Network(bundles, 8, 4)
    made = sized(Template(*hardware, 4, 4, 20), network)
    text = export(random_network(list(network.layers), 4, seed=0), made)
    declared = {name: (int(top) + 1) * (int(last) + 1) for top, name, last in re.findall(DECLARED, text)}
    rom = declared.pop("rom") + declared.pop("biases")
    assert memory_bits(network, made) == (rom, sum(declared.values()))


@needs_rtl.needs("yosys")
def test_cells_of_two_modules_are_counted_apart_and_a_memory_is_none():
    """The register of top is one cell, the three bits of `inner` are three, and 8 x 4 bits of memory are none."""
    text = """
module inner(input clk, input [2:0] a, output reg [2:0] q); always @(posedge clk) q <= a; endmodule
module top(input clk, input a, input [2:0] b, input [1:0] i, output reg q, output [2:0] r, output [7:0] o);
    reg [7:0] m [3:0];
    inner only(.clk(clk), .a(b), .q(r));
    assign o = m[i];
    always @(posedge clk) begin q <= a; m[i] <= {8{a}}; end
endmodule"""
    assert count(text) == {"inner": 3, "top": 1}
