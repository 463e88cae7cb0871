"""What stands in the read-only memories, and whether a network fits a template at all. Needs no Amaranth."""

from __future__ import annotations

from collections.abc import Iterable

from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.networks import most_words
from labcore.codesign.template import Template, supports


def check_fits(network: IntegerNetwork, template: Template) -> None:
    """Raise ValueError, with what would do, for a network beyond the template's bits, words or accumulator.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> check_fits(random_network([Layer((1, 8, 8), (8, 8), 1, N=10)], bits=8, seed=0), Template(2, 2, weight_bits=4))
    Traceback (most recent call last):
    ValueError: the network has 8 bits, the template takes weights of 4 and activations of 8; take 8 bits for both
    """
    shapes = [layer.shape for layer in network.layers]
    if not supports(template, network.bits, network.bits):
        raise ValueError(
            f"the network has {network.bits} bits, the template takes weights of {template.weight_bits} and "
            f"activations of {template.activation_bits}; take {network.bits} bits for both"
        )
    needs = {
        "weight_words": sum(layer.K * layer.N for layer in shapes),
        "activation_words": most_words(shapes),
        "accumulator_bits": max(layer.sum_bits for layer in network.layers),
    }
    for name, need in needs.items():
        if (has := getattr(template, name)) < need:
            raise ValueError(f"the network needs {name}={need} and the template has {has}; take {need} or more")


def weight_words(network: IntegerNetwork, template: Template) -> list[int]:
    """The words of the weight ROM, one weight for each column: layer by layer, `cols` channels by `cols`, K words each.

    Columns beyond the last channel hold zeros.

    >>> from labcore.codesign.integer import IntegerLayer, IntegerNetwork
    >>> from labcore.codesign.networks import Layer
    >>> import numpy as np
    >>> weights, biases = np.array([[1, -1, 2], [3, 0, 1]]), np.zeros(3, int)
    >>> layer = IntegerLayer(Layer((2, 1, 1), (1, 1), 1, N=3), weights, biases, bits=4)
    >>> [hex(word) for word in weight_words(IntegerNetwork((layer,), 4), Template(2, 2, "os", 4, 4))]
    ['0xf1', '0x3', '0x2', '0x1']
    """
    groups = (layer.weights[:, n : n + template.cols]
              for layer in network.layers for n in range(0, layer.shape.N, template.cols))  # fmt: skip
    return [packed(row, template.weight_bits) for group in groups for row in group]


def bias_words(network: IntegerNetwork, template: Template) -> list[int]:
    """The words of the bias ROM: one for each `cols` channels of each layer, `accumulator_bits` a bias.

    >>> from labcore.codesign.integer import random_network
    >>> from labcore.codesign.networks import Layer
    >>> len(bias_words(random_network([Layer((1, 8, 8), (8, 8), 1, N=10)], bits=4, seed=0), Template(4, 4)))
    3
    """
    groups = (layer.bias[n : n + template.cols]
              for layer in network.layers for n in range(0, layer.shape.N, template.cols))  # fmt: skip
    return [packed(group, template.accumulator_bits) for group in groups]


def packed(values: Iterable[int], bits: int) -> int:
    """Numbers side by side in one word, the first in the lowest bits, two's complement.

    >>> hex(packed([1, -1, 2], bits=4))
    '0x2f1'
    """
    return sum((int(value) & (1 << bits) - 1) << place * bits for place, value in enumerate(values))
