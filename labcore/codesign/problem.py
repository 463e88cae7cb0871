"""The problem of the lab: 368 networks for digits, 32 arrays, and trainings that are run or looked up.

A network's bits are its template's, for operands and multipliers are shared; the accumulator is as wide as no sum can
leave. Hardware that is decided first has 8 bits, since it has to run whatever comes. What the table holds was trained
once and for all, so a search over it costs no time; `live` trains as it goes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from labcore.codesign.area import area
from labcore.codesign.counted import made_for
from labcore.codesign.networks import BITS, WIDTHS, Layer, Network, stacks
from labcore.codesign.predict import cycles, sized
from labcore.codesign.search import Choice, Problem
from labcore.codesign.template import DATAFLOWS, Template
from labcore.units import Ratio

SIZES = (2, 4, 8, 16)
CAP = 20_000.0  # cells: binds, since seven in ten pairs are larger


def template(hardware: Choice, bits: int) -> Template:
    """The template of a choice (rows, cols, dataflow), or of (rows, cols, dataflow, bits) that has bits of its own.

    >>> template((4, 8, "ws"), bits=4).weight_bits, template((4, 8, "ws", 8), bits=4).accumulator_bits
    (4, 28)
    """
    rows, cols, dataflow, *own = hardware
    bits = own[0] if own else bits
    return made_for(bits, (rows, cols, dataflow))


class Shapes(NamedTuple):
    """What costs depend on of a network, computed once."""

    layers: tuple[Layer, ...]
    bits: int
    weights: int
    name: str


@cache
def _shapes(network: Choice) -> Shapes:
    net = Network(*network)
    return Shapes(net.layers, net.bits, net.weights, net.name)


@cache
def cost(network: Choice, hardware: Choice) -> tuple[float, float]:
    """(cycles, area) of a network (bundles, width, bits) on hardware, predicted.

    >>> cost((("fc",), 4, 2), (2, 2, "ws"))[0]
    380.0
    """
    net = _shapes(network)
    made = sized(template(hardware, net.bits), net)
    return float(cycles(net, made)), area(net, made)


def tabled(cap: float = CAP) -> Problem:
    """The problem with accuracies from the committed table: for each network and seed, one of its trainings by lot.

    So two searches of different seeds see different accuracies, though each network has only as many as were trained.

    >>> sum(1 for _ in tabled().networks()), sum(1 for _ in tabled().accelerators())
    (368, 32)
    """
    from labcore.codesign.table import SEEDS, accuracy

    def look_up(network: Choice, seed: int, cheap: bool) -> Ratio:
        return accuracy(Network(*network), "proxy" if cheap else "validation", SEEDS[lots(seed)[network]])

    return _problem(look_up, cap)


@cache
def lots(seed: int) -> dict[Choice, int]:
    """Which of a network's trainings a search of this seed sees: its place among the table's seeds, by network.

    >>> sorted(set(lots(0).values())), lots(0) == lots(1)
    ([0, 1, 2], False)
    """
    from labcore.codesign.table import SEEDS

    networks = [*product(stacks(), WIDTHS, BITS)]
    draws = np.random.default_rng(seed).integers(len(SEEDS), size=len(networks))
    return dict(zip(networks, draws.tolist(), strict=True))


def live(cap: float = CAP, quick: bool = False) -> Problem:
    """The problem with networks trained when they are asked for, and scored on the validation images.

    With `quick` every training is a cheap one, to try a search out.

    >>> problem = live(quick=True)
    >>> 0.1 < problem.train((("fc",), 4, 4), 0, False) < 1
    True
    """
    from labcore.codesign.data import digits
    from labcore.codesign.training import CHEAP, FULL, realize

    def train(network: Choice, seed: int, cheap: bool) -> Ratio:
        part = digits("validation")
        return realize(Network(*network), seed, CHEAP if cheap or quick else FULL).accuracy(part.images, part.labels)

    return _problem(train, cap)


def true_errors(score: str = "test") -> dict[Choice, Ratio]:
    """Error of every network of the table, the mean over its seeds.

    >>> 0 < min(true_errors().values()) < 0.05
    True
    """
    from labcore.codesign.table import accuracy, by_network

    return {(net.bundles, net.width, net.bits): 1 - accuracy(net, score) for net in by_network()}


def _problem(train: Callable[[Choice, int, bool], Ratio], cap: float) -> Problem:
    hardware = {"rows": SIZES, "cols": SIZES, "dataflow": DATAFLOWS}
    network = {"bundles": tuple(stacks()), "width": WIDTHS, "bits": BITS}
    return Problem(
        network, hardware, train, cost, cap, cheap=_price(), alone={**hardware, "template bits": (max(BITS),)}
    )


def _price() -> Ratio:
    """What the cheap recipe costs of the full one."""
    from labcore.codesign.training import CHEAP, FULL

    return CHEAP.passes / FULL.passes
