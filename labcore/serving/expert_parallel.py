"""What a mixture of experts costs on a machine: weights read by batch, experts on several chips, tokens sent to them.

A token works like a small model and lives in a large one. One alone reads only its own experts; a batch reads the union
of all, so bytes grow with the batch until every expert is read, and only from there on a batch is as good as for a
dense model. With experts on several chips each layer sends tokens out and results back, an all-to-all each way
(Lepikhin et al., GShard, 2020). Caches, activations and the links' contention are not in these counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from labcore.catalogue.decoding import MIXTURES
from labcore.catalogue.facts import Accelerator
from labcore.interconnect.link import Link
from labcore.precision import bytes_per_element
from labcore.serving.experts import expected_touched
from labcore.units import Bytes, Flop, FlopPerByte, Ratio, Seconds, positive, positive_ints

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


def remote_chips(m: Mixture, chips: int) -> float:
    """Mean number of other chips that a token of uniform routing goes to, E / chips experts on each.

    A chip has none of k different experts with probability C(E - E / chips, k) / C(E, k); one copy serves all it has.

    >>> remote_chips(Mixture("one each", E=4, k=2, layers=1, d_model=1, d_ff=1, params=12), chips=4)  # 3 x 2/4
    1.5
    """
    own = _experts_each(m.E, chips)
    return (chips - 1) * (1 - math.comb(m.E - own, m.k) / math.comb(m.E, m.k))


def all_to_all_bytes(m: Mixture, B: int, chips: int, b: Bytes = 2) -> Bytes:
    """Mean bytes that each chip sends in one all-to-all of one layer: its B / chips tokens, to the chips they go to.

    >>> all_to_all_bytes(mixture("Mixtral 8x7B"), B=64, chips=8)  # 8 tokens x 7 x 2/8 chips x 4096 x 2 B
    114688.0
    """
    positive_ints(B=B, chips=chips)
    positive(b=b)
    return B / chips * remote_chips(m, chips) * m.d_model * b


def traffic(routes: np.ndarray, E: int, chips: int, bytes_per_token: Bytes = 1) -> np.ndarray:
    """Bytes from chip to chip for routes (B, k), (chips, chips): tokens live on the chips in turn, copies go once.

    >>> traffic(np.array([[0, 1], [0, 3]]), E=4, chips=2)  # token 1 lives on chip 1, expert 0 on chip 0
    array([[0, 0],
           [1, 0]])
    """
    own = _experts_each(E, chips)
    goes = np.zeros((len(routes), chips), int)
    np.put_along_axis(goes, routes // own, 1, axis=1)
    home = np.arange(len(routes)) % chips
    sent = np.array([goes[home == chip].sum(axis=0) for chip in range(chips)])
    np.fill_diagonal(sent, 0)
    return sent * bytes_per_token


def all_to_all_time(m: Mixture, B: int, chips: int, link: Link, b: Bytes = 2) -> Seconds:
    """Mean time on the links of a pass: two all-to-alls a layer, each chips - 1 messages and its bytes one way.

    >>> free = Link("x", BW_one_way=114688.0)
    >>> all_to_all_time(mixture("Mixtral 8x7B"), B=64, chips=8, link=free)  # 32 layers x 2
    64.0
    """
    once = (chips - 1) * link.L_lat + all_to_all_bytes(m, B, chips, b) / link.BW_one_way
    return 2 * m.layers * once


@dataclass(frozen=True)
class Step:
    """Times of one pass by what takes them: weights and arithmetic overlap, the links come on top.

    >>> Step(T_weights=2.0, T_compute=1.0, T_links=0.5).T
    2.5
    """

    T_weights: Seconds
    T_compute: Seconds
    T_links: Seconds

    @property
    def T(self) -> Seconds:
        """The pass."""
        return max(self.T_weights, self.T_compute) + self.T_links


def step(
    m: Mixture, B: int, chip: Accelerator, chips: int, link: Link, precision: str = "bf16", waiting: Ratio = 1.0
) -> Step:
    """One pass over B tokens with the experts on `chips` and the rest split evenly, at the chip's peaks.

    `waiting` is the load of the busiest chip over the mean one (`labcore.serving.experts.imbalance` of the loads of
    chips); it stretches the arithmetic.

    >>> from labcore.catalogue import H100
    >>> from labcore.interconnect.collectives import chip_link
    >>> one = step(mixture("DeepSeek-V3"), 256, H100, 32, chip_link("InfiniBand NDR"), "fp8")
    >>> one.T_links > one.T_weights > one.T_compute
    True
    """
    positive(waiting=waiting)
    b = bytes_per_element(precision)
    T_weights = weights_read(m, B, b) / (chips * chip.BW)
    T_compute = waiting * pass_flop(m, B) / (chips * chip.peak(precision))
    return Step(T_weights, T_compute, all_to_all_time(m, B, chips, link, b))


def _experts_each(E: int, chips: int) -> int:
    positive_ints(chips=chips)
    if E % chips:
        legal = [n for n in range(1, E + 1) if E % n == 0]
        near = min(legal, key=lambda n: abs(n - chips))
        raise ValueError(f"{chips} chips do not share {E} experts evenly; take {near}")
    return E // chips
