"""The memories of a generated accelerator, counted in bits: closed forms of what the generator declares."""

from __future__ import annotations

from typing import NamedTuple

from labcore.codesign.cycles import layers_of
from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.networks import Network, most_words
from labcore.codesign.template import Template


class MemoryBits(NamedTuple):
    """Bits that are only read, weights and biases, and bits that are written."""

    rom: int
    ram: int


def memory_bits(network: Network | IntegerNetwork, template: Template) -> MemoryBits:
    """Bits of all memories of the accelerator of a network on a template.

    ROM: a word of `cols` weights for each input of each `cols` channels, and a word of `cols` biases for each `cols`
    channels; columns beyond the last channel hold zeros. RAM: two memories of the largest activation, one word a logit,
    and where weights stay a column keeps M sums. No memory has fewer than 2 words.

    >>> memory_bits(Network(("fc",), 16, bits=4), Template(4, 4, "os", 4, 4, 20))  # 64 * 4 + 16 * 3 words, 4 + 3 words
    MemoryBits(rom=5424, ram=712)
    """
    t, layers = template, layers_of(network)
    groups = [-(-layer.N // t.cols) for layer in layers]
    weight_words = max(2, sum(group * layer.K for group, layer in zip(groups, layers, strict=True)))
    rom = t.cols * (weight_words * t.weight_bits + max(2, sum(groups)) * t.accumulator_bits)
    activations = 2 * max(2, most_words(layers)) * t.activation_bits
    sums = t.cols * max(2, *(layer.M for layer in layers)) if t.dataflow == "ws" else 0
    return MemoryBits(rom, activations + (max(2, layers[-1].N) + sums) * t.accumulator_bits)
