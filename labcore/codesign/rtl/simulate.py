"""A generated accelerator on images, clock by clock: logits, classes and cycles as the hardware itself gives them.

Two engines run the same registers. `amaranth` is the simulator in Python, about a thousand cycles a second on 16 PEs;
`cxxrtl` has Yosys write the design as C++ and a compiler build it, some seconds once and a thousand times faster.
"""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from typing import NamedTuple

import numpy as np
from amaranth.sim import Simulator

from labcore.codesign.integer import IntegerNetwork, input_codes
from labcore.codesign.rtl.accelerator import Accelerator
from labcore.codesign.rtl.compiled import run_compiled
from labcore.codesign.template import Template


class Simulation(NamedTuple):
    """What the hardware gave: logits (images, classes), classes (images,), busy cycles (images,)."""

    logits: np.ndarray
    classes: np.ndarray
    cycles: np.ndarray


def simulate(
    network: IntegerNetwork, template: Template, pixels: np.ndarray, engine: str = "cxxrtl"
) -> Simulation:  # fmt: skip
    """The accelerator of a network on a template, run on pixels (images, ...) of 0 to 16, one image after another.

    Nothing is shared with the integer model but the weights. Raises ValueError for a network that does not fit, pixels
    that are none and an unknown engine; MissingTool, with what still works, where cxxrtl lacks a compiler.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Network
    >>> network, images = random_network(Network(("fc",), 4, 4).layers, bits=4, seed=0), np.full((2, 64), 7)
    >>> run = simulate(network, Template(4, 4, "os", 4, 4), images, engine="amaranth")
    >>> bool((run.logits == network.logits(images)).all()), run.cycles.tolist()  # 71 + (11 + 11 + 9) + 10
    (True, [112, 112])
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be {' or '.join(map(repr, ENGINES))}; got {engine!r}")
    accelerator = Accelerator(network, template)
    codes = input_codes(pixels, network.bits)
    if codes.shape[1] != (words := int(np.prod(accelerator.layers[0].shape_in))):
        raise ValueError(f"the network takes images of {words} pixels, got {codes.shape[1]}")
    table = np.array(ENGINES[engine](accelerator, codes), np.int64).reshape(len(codes), -1)
    return Simulation(logits=table[:, 2:], classes=table[:, 0], cycles=table[:, 1])


def run_interpreted(accelerator: Accelerator, codes: np.ndarray) -> list[list[int]]:
    """[class, cycles, logits...] of each image, (images, words), in Amaranth's own simulator.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> tiny = random_network([Layer((2, 1, 1), (1, 1), 1, N=3)], bits=4, seed=1)
    >>> line = run_interpreted(Accelerator(tiny, Template(1, 1, "os")), np.array([[0, 0]]))[0]
    >>> line[2:] == tiny.layers[0].bias.tolist()
    True
    """
    table: list[list[int]] = []

    async def bench(ctx):
        for image in codes.tolist():
            ctx.set(accelerator.load, 1)
            for pixel in image:
                ctx.set(accelerator.pixel, pixel)
                await ctx.tick()
            ctx.set(accelerator.load, 0)
            ctx.set(accelerator.start, 1)
            await ctx.tick()
            ctx.set(accelerator.start, 0)
            logits = []
            while ctx.get(accelerator.busy):
                if ctx.get(accelerator.logit_valid):
                    logits.append(ctx.get(accelerator.logit))
                await ctx.tick()
            table.append([ctx.get(accelerator.winner), ctx.get(accelerator.cycle), *logits])

    simulator = Simulator(accelerator)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return table


ENGINES = {"cxxrtl": run_compiled, "amaranth": run_interpreted}
