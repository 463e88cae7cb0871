"""Experts on several chips: which chips a token goes to, what is sent, and how long a pass takes.

Each layer sends tokens out and results back, an all-to-all each way (Lepikhin et al., GShard, 2020). The links'
contention is not in these counts, nor are caches and activations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from labcore.catalogue.facts import Accelerator
from labcore.interconnect.link import Link
from labcore.precision import bytes_per_element
from labcore.serving.mixtures import Mixture, pass_flop, weights_read
from labcore.units import Bytes, Ratio, Seconds, positive, positive_ints


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

    >>> from labcore.serving.mixtures import mixture
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

    >>> from labcore.serving.mixtures import mixture
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
    >>> from labcore.serving.mixtures import mixture
    >>> one = step(mixture("DeepSeek-V3"), 256, H100, 32, chip_link("InfiniBand NDR"), "fp8")
    >>> one.T_links > one.T_weights > one.T_compute
    True
    """
    positive(waiting=waiting)
    b = bytes_per_element(precision)
    T_weights = weights_read(m, B, b) / (chips * chip.BW)
    T_compute = waiting * pass_flop(m, B) / (chips * chip.peak(precision))
    return Step(T_weights, T_compute, all_to_all_time(m, B, chips, link, b))


@dataclass(frozen=True)
class Mixed:
    """A mixture on chips as a server takes it: iterations by the experts that their tokens touch, on the mean.

    It counts neither caches nor attention, so its cache has no end.

    >>> from labcore.catalogue import H100
    >>> from labcore.interconnect.collectives import chip_link
    >>> from labcore.serving.mixtures import mixture
    >>> mixtral = Mixed(mixture("Mixtral 8x7B"), H100, 2, chip_link("NVLink 4"))
    >>> round(mixtral.time(16, 16, 0, 0) / mixtral.time(1, 1, 0, 0), 1)  # 16 tokens read all experts, not 2
    3.5
    """

    m: Mixture
    chip: Accelerator
    chips: int
    link: Link
    precision: str = "bf16"
    room: int = 2**40
    positions: int = 2**40
    _seen: dict[int, Seconds] = field(default_factory=dict, init=False, repr=False, compare=False)

    def time(self, tokens: int, outputs: int, pairs: int, context: int) -> Seconds:
        """Time of one pass; kept for next time."""
        if tokens not in self._seen:
            self._seen[tokens] = step(self.m, tokens, self.chip, self.chips, self.link, self.precision).T
        return self._seen[tokens]


def _experts_each(E: int, chips: int) -> int:
    positive_ints(chips=chips)
    if E % chips:
        legal = [n for n in range(1, E + 1) if E % n == 0]
        near = min(legal, key=lambda n: abs(n - chips))
        raise ValueError(f"{chips} chips do not share {E} experts evenly; take {near}")
    return E // chips
