"""Verilog of a template's array alone and of the whole accelerator, for a synthesizer to count."""

from __future__ import annotations

import labcore.codesign.rtl.needs_amaranth  # noqa: F401

# isort: split
from dataclasses import replace

import numpy as np
from amaranth.back import verilog
from amaranth.hdl import signed, unsigned

from labcore.codesign.integer import MULTIPLIER_BITS, IntegerNetwork, random_network
from labcore.codesign.networks import Network
from labcore.codesign.rtl.accelerator import Accelerator
from labcore.codesign.rtl.array import SystolicArray
from labcore.codesign.template import Template


def array_source(template: Template) -> str:
    """The array with the lanes that the accelerator gives it: unsigned activations, signed weights.

    >>> "module top" in array_source(Template(1, 1, "ws", 2, 2, 16))
    True
    """
    t = template
    lanes = unsigned(t.activation_bits), signed(t.weight_bits)
    return verilog.convert(SystolicArray(t.rows, t.cols, t.dataflow, *lanes, t.accumulator_bits), name="top")


def accelerator_source(network: Network, template: Template) -> str:
    """The whole accelerator of a network with random weights, which fill its ROM as trained ones do.

    So are the multipliers of its requantizers, from 2^14 to 2^15 as calibration leaves them: they are constants of the
    hardware, and one with few digits makes a small multiplier.

    >>> made = Template(1, 1, "ws", 2, 2, 16, weight_words=296, activation_words=64)
    >>> "module top" in accelerator_source(Network(("fc",), 4, bits=2), made)
    True
    """
    rng, half = np.random.default_rng([network.weights, network.bits]), 1 << MULTIPLIER_BITS - 1
    *first, last = random_network([*network.layers], network.bits, seed=0).layers
    drawn = [replace(layer, multiplier=int(rng.integers(half, 2 * half))) for layer in first]
    return verilog.convert(Accelerator(IntegerNetwork((*drawn, last), network.bits), template), name="top")
