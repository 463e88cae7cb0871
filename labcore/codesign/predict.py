"""What a network costs on a template before either is built: cycles exact, area fitted, energy declared.

Cycles are the array's (each layer as the product of its patches, (M, K) @ (K, N), folds one after another) and one
cycle for each logit that the argmax scans: the sequencer spends none between folds or layers, so the prediction equals
the register-transfer machine's clock. Energy is uncalibrated: Horowitz's 45 nm table, a multiplier scaled by its
partial products, an adder by its width, operands at the array's edge from a memory of 8 KiB. It ranks designs and
bills nobody.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import NamedTuple

from labcore.catalogue.energy import OPERATION
from labcore.codesign.area import area
from labcore.codesign.cycles import accelerator_cycles
from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.networks import Layer, Network, most_words
from labcore.codesign.template import Template, supports
from labcore.energy import access_energy
from labcore.systolic import traffic
from labcore.units import Bytes, Joules, Ratio, divisors, positive

MEMORY, PROCESS = "SRAM 8 KiB", "45 nm"


class Prediction(NamedTuple):
    """Cycles of one image, area in cells, energy of one image in J, and the share of the PEs' cycles that are MACs."""

    cycles: int
    area: float
    E: Joules
    utilization: Ratio


def cycles(network: Network | IntegerNetwork, template: Template) -> int:
    """Clock cycles of one image, as the generated accelerator counts them; the bits play no part.

    >>> cycles(Network(("fc",), 4), Template(4, 4))  # 16 folds of 64 inputs, 3 folds of 4, 10 logits
    217
    """
    return accelerator_cycles(network, template)


def sized(template: Template, network: Network) -> Template:
    """The template with memories of just the network's size: all weights, and the largest image between layers.

    Raises ValueError where the network has more bits than the template's operands.

    >>> made = sized(Template(4, 4), Network(("fc",), 8))  # 64 x 8 + 8 x 10 weights; the digit itself is the largest
    >>> made.weight_words, made.activation_words
    (592, 64)
    """
    if not supports(template, network.bits, network.bits):
        raise ValueError(
            f"{network.name} has {network.bits} bits and the template multiplies {template.weight_bits} x "
            f"{template.activation_bits}; train it at {min(template.weight_bits, template.activation_bits)} bits or "
            f"take a template of {network.bits}"
        )
    return replace(template, weight_words=network.weights, activation_words=most_words(network.layers))


def energy(network: Network, template: Template) -> Joules:
    """Energy of one image, uncalibrated: MACs by their bits, and every operand that crosses the array's edge.

    >>> eight, four = (energy(Network(("fc",), 8, b), Template(4, 4, weight_bits=b, activation_bits=b)) for b in (8, 4))
    >>> 1.3 < eight / four < 2
    True
    """
    t, costs = template, OPERATION[PROCESS]
    multiply = costs["multiply", "int8"].value * t.weight_bits * t.activation_bits / 64
    mac = multiply + costs["add", "int32"].value * t.accumulator_bits / 32
    return sum(a.macs * mac + access_energy(MEMORY, _moved(a, t), PROCESS) for a in network.layers)


def _moved(layer: Layer, t: Template) -> Bytes:
    """Bytes over the array's edge in one layer: activations, weights, and sums at the accumulator's width."""
    reads, writes = traffic(layer.M, layer.K, layer.N, t.rows, t.cols, t.dataflow)
    return (reads["A"] * t.activation_bits + reads["B"] * t.weight_bits + writes["C"] * t.accumulator_bits) / 8


def predict(network: Network, template: Template) -> Prediction:
    """All that is known of a pair before it is built, with memories sized for the network.

    >>> predict(Network(("conv3x3",), 8, bits=4), Template(4, 4, weight_bits=4, activation_bits=4)).cycles
    2518
    """
    made = sized(template, network)
    taken = cycles(network, made)
    macs = sum(layer.macs for layer in network.layers)
    return Prediction(taken, area(network, made), energy(network, made), macs / (taken * made.pes))


def within(network: Network, template: Template, cap: float) -> Prediction:
    """The prediction of a pair under a cap of area; for one above it ValueError says which smaller array would fit.

    >>> within(Network(("fc",), 4, bits=2), Template(2, 2, weight_bits=2, activation_bits=2), cap=1e6).cycles
    380
    """
    positive(cap=cap)
    found = predict(network, template)
    if found.area <= cap:
        return found
    smaller = [replace(template, rows=r, cols=c) for r in divisors(template.rows) for c in divisors(template.cols)]
    areas = {(one.rows, one.cols): area(network, sized(one, network)) for one in smaller}
    fits = [size for size in areas if areas[size] <= cap]
    way_out = (
        f"the largest array that fits is {' x '.join(map(str, max(fits, key=prod)))}"
        if fits
        else (f"even 1 x 1 takes {areas[1, 1]:.0f}; take fewer bits, a narrower network or a larger cap")
    )
    raise ValueError(
        f"{network.name} on {template.rows} x {template.cols} takes {found.area:.0f} cells, above the cap of {cap:g}; "
        f"{way_out}"
    )
