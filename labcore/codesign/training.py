"""Training in numpy: Adam on a float network, then scales, then a short fine-tuning with the rounded numbers.

A seed fixes the run on one machine; another BLAS may sum in another order and end elsewhere within the spread of seeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labcore.codesign.data import Part, digits
from labcore.codesign.integer import IntegerNetwork
from labcore.codesign.networks import Network
from labcore.codesign.passes import Parameters, backward, forward, start
from labcore.codesign.scales import calibrate, to_integer
from labcore.units import positive, positive_ints

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's own (Kingma, Ba 2015)


@dataclass(frozen=True)
class Recipe:
    """How long to train: epochs in float, epochs of fine-tuning, training images seen, batch and rate.

    `FULL` is the recipe of the table; `CHEAP` costs about a tenth and serves to rank networks.

    >>> FULL.images, CHEAP.passes < FULL.passes / 9
    (1077, True)
    """

    epochs: int = 20
    fine_epochs: int = 8
    images: int = 1077
    batch: int = 64
    rate: float = 0.012

    def __post_init__(self) -> None:
        positive_ints(epochs=self.epochs, fine_epochs=self.fine_epochs, images=self.images, batch=self.batch)
        positive(rate=self.rate)

    @property
    def passes(self) -> int:
        """Forward and backward passes of one image: what a training costs."""
        return (self.epochs + self.fine_epochs) * self.images


FULL, CHEAP = Recipe(), Recipe(epochs=5, fine_epochs=2, images=400, batch=32)


def fit(net: Parameters, part: Part, epochs: int, seed: int, recipe: Recipe = FULL) -> Parameters:
    """Train on a part for some epochs with Adam, its rate falling to zero along half a cosine; new parameters.

    >>> net, few = start(Network(("fc",), 8).layers, seed=0), digits("train").first(200)
    >>> fit(net, few, epochs=20, seed=0).accuracy(few) > net.accuracy(few) + 0.5
    True
    """
    rng = np.random.default_rng(seed)
    values = [array.copy() for pair in zip(net.weights, net.biases, strict=True) for array in pair]
    moments = [(np.zeros_like(v), np.zeros_like(v)) for v in values]
    net = replace(net, weights=tuple(values[::2]), biases=tuple(values[1::2]))  # Adam steps in place
    per_epoch = -(-len(part.labels) // recipe.batch)
    for step in range(epochs * per_epoch):
        if step % per_epoch == 0:
            batches = np.array_split(rng.permutation(len(part.labels)), per_epoch)
        batch = batches[step % per_epoch]
        gradients = backward(net, forward(net, part.images[batch]), part.labels[batch])
        rate = recipe.rate / 2 * (1 + np.cos(np.pi * step / (epochs * per_epoch)))
        for value, moment, g in zip(values, moments, (g for pair in gradients for g in pair), strict=True):
            _adam(value, moment, g, np.float32(rate), step + 1)
        for i, mask in enumerate(net.masks or ()):
            net.weights[i][~mask] = 0
    return net


def train(network: Network, seed: int, recipe: Recipe = FULL) -> Parameters:
    """The float network, trained; its bits play no part yet.

    >>> quick = Recipe(epochs=2, images=100)
    >>> train(Network(("fc",), 4), seed=0, recipe=quick).bits is None
    True
    """
    return fit(start(network.layers, seed), digits("train").first(recipe.images), recipe.epochs, seed, recipe)


def quantize(net: Parameters, bits: int, seed: int, recipe: Recipe = FULL) -> Parameters:
    """The trained float network calibrated for some bits, and fine-tuned with them.

    >>> quick = Recipe(epochs=4, fine_epochs=1, images=100)
    >>> quantize(train(Network(("fc",), 4), 0, quick), bits=2, seed=0, recipe=quick).bits
    2
    """
    part = digits("train").first(recipe.images)
    calibrated = calibrate(net, bits, part.images[:256])
    return fit(calibrated, part, recipe.fine_epochs, seed + 1, replace(recipe, rate=recipe.rate / 2))


def realize(network: Network, seed: int, recipe: Recipe = FULL) -> IntegerNetwork:
    """Train, quantize and fine-tune a network: the integer network that a search scores and the hardware runs.

    >>> net = realize(Network(("fc",), 16, bits=4), seed=0, recipe=CHEAP)
    >>> part = digits("validation")
    >>> net.name, net.accuracy(part.images, part.labels) > 0.6
    ('fc-w16-b4', True)
    """
    return to_integer(quantize(train(network, seed, recipe), network.bits, seed, recipe), network.name)


def _adam(value: np.ndarray, moment: tuple[np.ndarray, np.ndarray], g: np.ndarray, rate: float, step: int) -> None:
    """One step of Adam, in place."""
    first, second = moment
    first += (1 - BETA_1) * (g - first)
    second += (1 - BETA_2) * (g * g - second)
    value -= rate * (first / (1 - BETA_1**step)) / (np.sqrt(second / (1 - BETA_2**step)) + EPSILON)
