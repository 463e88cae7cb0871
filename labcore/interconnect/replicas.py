"""Replicas of a model that train together: each computes on samples of its own, then all sum their gradients.

The backward pass takes twice the forward pass. With `count` buckets the gradients of one bucket are summed while those
of the next are computed; one bucket overlaps nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labcore.catalogue.facts import Accelerator
from labcore.interconnect.buckets import backward, overlapped_time
from labcore.interconnect.parallelism import gradient_bytes
from labcore.interconnect.schedule import Interval
from labcore.models.zoo import build
from labcore.precision import bytes_per_element
from labcore.units import Ratio, Seconds, positive, positive_ints

Exchange = Callable[[int], Seconds]  # bytes -> time to sum so many over all replicas


@dataclass(frozen=True)
class Replica:
    """One chip's share of a step: its passes in s, and the bytes of the gradients that it sums with the others.

    >>> one = Replica(T_forward=1.0, T_backward=2.0, D_vol=8)
    >>> [one.step(lambda D_vol: D_vol / 8, count) for count in (1, 4)]  # 0.5 s a bucket, 0.25 s to sum it
    [4.0, 3.25]
    """

    T_forward: Seconds
    T_backward: Seconds
    D_vol: int

    @property
    def T_compute(self) -> Seconds:
        """Both passes: what a step takes where nothing is exchanged."""
        return self.T_forward + self.T_backward

    def step(self, exchange: Exchange, count: int = 1) -> Seconds:
        """Time of a step whose gradients go out in `count` like buckets."""
        T_exchange = exchange(self._bucket(count))
        return self.T_forward + overlapped_time(count, self.T_backward / count, T_exchange)

    def efficiency(self, exchange: Exchange, count: int = 1) -> Ratio:
        """Share of a step that computes."""
        return self.T_compute / self.step(exchange, count)

    def schedule(self, exchange: Exchange, count: int = 1) -> list[Interval]:
        """The backward pass and the exchange of its buckets as intervals; time 0 is the end of the forward pass."""
        size = self._bucket(count)
        return backward([size] * count, [self.T_backward / count] * count, size, exchange)

    def _bucket(self, count: int) -> int:
        positive_ints(count=count)
        return -(-self.D_vol // count)


def replica(
    model: str, sequences: int, seq: int, chip: Accelerator, eta: Ratio = 0.5, precision: str = "bf16"
) -> Replica:
    """A replica that trains a language model on so many sequences a step, at a share `eta` of the chip's peak.

    >>> from labcore.catalogue import H100
    >>> one = replica("gpt2-xl", sequences=4, seq=1024, chip=H100, eta=0.4)
    >>> round(1e3 * one.T_compute, 1), round(one.D_vol / 1e9, 2)
    (106.6, 3.12)
    """
    positive(eta=eta)
    network = build(model, sequences, precision, seq=seq)
    T_forward = network.flop / (chip.peak(precision) * eta)
    return Replica(T_forward, 2 * T_forward, gradient_bytes(network.params, bytes_per_element(precision)))
