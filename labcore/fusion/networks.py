"""Convolutions of real networks with what follows them."""

from __future__ import annotations

from itertools import pairwise

from labcore.fusion.examples import conv_bn_relu
from labcore.fusion.graph import Graph
from labcore.models.network import Network
from labcore.units import Bytes


def conv_chains(network: Network, bytes_per_element: Bytes = 2) -> dict[str, Graph]:
    """Each convolution of a network that a ReLU follows, by name: convolution, batch normalization, ReLU.

    For square filters over all channels with a padding that keeps the size but for the stride, as in ResNet-50; other
    convolutions are left out, depthwise ones among them.

    >>> from labcore.models.zoo import build
    >>> chains = conv_chains(build("resnet50", batch=1))
    >>> len(chains), chains["conv1"].shape("act")
    (33, (1, 64, 112, 112))
    """
    found = {}
    for layer, after in pairwise(network.layers):
        if layer.op.kind == "conv2d" and after.op.kind == "elementwise" and len(after.op.reads) == 1:
            s = layer.op.shape
            one = conv_bn_relu(*(s[k] for k in "NCHWKR"), round(s["H"] / s["P"]), bytes_per_element)
            alike = one.shape("w") == (s["K"], s["C"] // s["groups"], s["R"], s["S"])
            if alike and one.shape("act") == tuple(s[k] for k in "NKPQ"):
                found[layer.name] = one
    return found
