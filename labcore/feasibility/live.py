"""What must be held at once: the values that pass between a network's layers, each from its writer to its last reader.

The layers run in their order, each into bytes of its own: nothing is written in place, and nothing is recomputed or
fused away. So a shortcut waits until it is added, and all inputs of a concatenation stand beside its output.
"""

from __future__ import annotations

import math

from labcore.compiler.lifetime import Buffer, live_bound
from labcore.models.network import Network
from labcore.units import Bytes


def live_activations(network: Network) -> Bytes:
    """The most bytes of activations, fed inputs included, that are live at one layer.

    >>> from labcore.models.zoo import build
    >>> live_activations(build("resnet50")) == 3 * 256 * 56 * 56 * 2  # an addition: its two inputs and its output
    True
    """
    return live_bound(value_buffers(network))


def value_buffers(network: Network) -> list[Buffer]:
    """A buffer for each input and each layer's output, from the step that writes it to the step that reads it last.

    The steps are the places in `network.layers`; what the caller gets lives to the end, and what nobody reads goes
    at once. A layer that runs `count` times holds its value once, since its block starts anew where it began.

    >>> from labcore.models.network import Layer
    >>> from labcore.ops import elementwise
    >>> chain = Network("two", (Layer("a", elementwise(8)), Layer("b", elementwise(4))), None, fed=(("x", 16),))
    >>> [(one.name, one.nbytes, one.first, one.last) for one in value_buffers(chain)]
    [('x', 16, 0, 0), ('a', 16, 0, 1), ('b', 8, 1, 1)]
    """
    layers, end = network.layers, len(network.layers) - 1
    last = dict.fromkeys(network.outputs, end)
    for step, layer in enumerate(layers):
        before = (layers[step - 1].name,) if step else tuple(name for name, _ in network.fed)
        for name in before if layer.inputs is None else layer.inputs:
            last[name] = max(last.get(name, 0), step)
    made = [(name, nbytes, 0) for name, nbytes in network.fed]
    made += [(layer.name, sum(layer.op.writes.values()), step) for step, layer in enumerate(layers)]
    return [Buffer(name, math.ceil(n), first, max(first, last.get(name, first))) for name, n, first in made if n]
