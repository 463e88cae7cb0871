"""What a mixture of experts reads and computes: weights by batch, against a dense model of the same work.

A token works like a small model and lives in a large one. One alone reads only its own experts; a batch reads the union
of all, so bytes grow with the batch until every expert is read, and only from there on a batch is as good as for a
dense model. Caches and activations are not in these counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from labcore.catalogue.decoding import MIXTURES
from labcore.serving.experts import expected_touched
from labcore.units import Bytes, Flop, FlopPerByte, Ratio, positive, positive_ints

MATRICES = 3  # of an expert: gate, up, down


@dataclass(frozen=True)
class Mixture:
    """A mixture of experts by its sizes: k of E experts in each of `layers`, `params` in all.

    >>> m = Mixture("small", E=4, k=1, layers=2, d_model=8, d_ff=16, params=4072)
    >>> m.params_expert, m.params_rest, m.params_active
    (384, 1000, 1768)
    """

    name: str
    E: int
    k: int
    layers: int
    d_model: int
    d_ff: int
    params: int

    @property
    def params_expert(self) -> int:
        """Parameters of one expert in one layer."""
        return MATRICES * self.d_model * self.d_ff

    @property
    def params_rest(self) -> int:
        """What every token passes: attention, embeddings, routers, shared experts and dense layers."""
        return self.params - self.layers * self.E * self.params_expert

    @property
    def params_active(self) -> int:
        """What one token passes."""
        return self.params_rest + self.layers * self.k * self.params_expert


def mixture(name: str) -> Mixture:
    """A mixture of the catalogue; raises ValueError with those there are.

    >>> m = mixture("Mixtral 8x7B")
    >>> round(m.params_expert * m.E * m.layers / 1e9, 1), round(m.params_active / 1e9, 1)  # its maker says 12.9
    (45.1, 12.9)
    """
    if name not in MIXTURES:
        raise ValueError(f"no mixture {name!r}; the catalogue has {', '.join(MIXTURES)}")
    sheet = MIXTURES[name]
    facts = sheet.experts, sheet.chosen, sheet.layers, sheet.d_model, sheet.d_ff, sheet.params
    return Mixture(name, *(int(fact.value) for fact in facts))


def weights_read(m: Mixture, B: int, b: Bytes = 2, skew: Ratio = 0.0) -> Bytes:
    """Mean bytes of weights that a pass over B tokens reads: the rest once, and the experts touched in each layer.

    >>> m = mixture("Mixtral 8x7B")
    >>> [round(weights_read(m, B) / 1e9, 1) for B in (1, 4, 32)]
    [25.8, 64.9, 93.4]
    """
    positive(b=b)
    return b * (m.params_rest + m.layers * m.params_expert * expected_touched(B, m.E, m.k, skew))


def against_dense(m: Mixture, B: int, skew: Ratio = 0.0) -> Ratio:
    """Weights read over those of a dense model of the same active parameters, which does as many FLOP.

    >>> round(against_dense(mixture("Mixtral 8x7B"), B=1), 9), round(against_dense(mixture("DeepSeek-V3"), B=64), 1)
    (1.0, 15.6)
    """
    return weights_read(m, B, 1, skew) / m.params_active


def pass_flop(m: Mixture, B: int) -> Flop:
    """FLOP of a pass over B tokens, two for each active parameter; attention over the context is not in it.

    >>> pass_flop(mixture("Mixtral 8x7B"), B=1) == 2 * mixture("Mixtral 8x7B").params_active
    True
    """
    positive_ints(B=B)
    return 2 * m.params_active * B


def intensity(m: Mixture, B: int, b: Bytes = 2, skew: Ratio = 0.0) -> FlopPerByte:
    """FLOP over weights read: 2 B / b for one token and for a dense model, and less for a mixture and a batch.

    >>> round(intensity(mixture("Mixtral 8x7B"), B=1), 9), round(intensity(mixture("Mixtral 8x7B"), B=64), 1)
    (1.0, 17.6)
    """
    return pass_flop(m, B) / weights_read(m, B, b, skew)


def batch_for(m: Mixture, I: FlopPerByte, b: Bytes = 2) -> int:
    """The smallest batch that reaches an intensity, such as a chip's ridge; a dense model needs I b / 2.

    >>> batch_for(mixture("Mixtral 8x7B"), I=150.0)  # 150 x 46.7 / 12.9: every expert is read
    544
    """
    positive(I=I, b=b)
    high = math.ceil(I * b / 2 * m.params / m.params_active)  # enough where all experts are read
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if intensity(m, middle, b) >= I else (middle, high)
    return high
