"""Cycles of the accelerator in closed form: the one place that predicts them."""

from __future__ import annotations

from functools import cache

from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.networks import Layer, Network
from labcore.codesign.template import Template
from labcore.systolic import cycles


def accelerator_cycles(network: Network | IntegerNetwork, template: Template) -> int:
    """Busy cycles of one image: each layer's product on the array, then one cycle for each logit that argmax scans.

    Layers follow without a gap, and so do folds; a sum is requantized and written in the cycle in which it leaves.
    Loading an image, one pixel a cycle beforehand, is not in it.

    >>> net = Network(("fc",), width=16, bits=4)
    >>> accelerator_cycles(net, Template(4, 4, "os"))  # 4 folds of 64+1+4-2+4; 2 of 16+1+4-2+4, one of 16+1+2-2+4; 10
    361
    """
    layers, t = layers_of(network), template
    return layers[-1].N + sum(_cycles(one.M, one.K, one.N, t.rows, t.cols, t.dataflow) for one in layers)


_cycles = cache(cycles)  # networks share layers


def layers_of(network: Network | IntegerNetwork) -> list[Layer]:
    """The shapes of a network's layers, whether it has its integers already or not.

    >>> [layer.N for layer in layers_of(Network(("fc",), width=16))]
    [16, 10]
    """
    return [getattr(layer, "shape", layer) for layer in network.layers]
