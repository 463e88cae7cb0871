"""Offers: a chip at a price and a precision, and what a useful FLOP/s costs on it at a workload's intensity.

A price per peak TFLOP/s says what a chip costs to those who reach its peak. Below the ridge point nobody does, and
what is bought is bandwidth: price / (BW * I). Prices compare at like precision only; Table 8 does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.catalogue import chip
from labcore.catalogue.facts import Accelerator
from labcore.catalogue.prices import TABLE_8, TABLE_8_PRECISION, Range
from labcore.models.network import Network
from labcore.roofline import attainable, place_network
from labcore.units import FlopPerByte, FlopPerSecond, positive

FAMILIES = {"16-bit": ("fp16", "bf16")}  # formats of one width that run at one rate count as alike
ENDS = ("low", "middle", "high")


@dataclass(frozen=True)
class Offer:
    """A chip at a price in USD, used at one precision of its own.

    >>> from labcore.catalogue import A100
    >>> offer = Offer(A100, "fp16", price=15_000)
    >>> round(1e12 * offer.per_rate, 1), round(offer.BW_per_dollar / 1e6, 1)  # USD per TFLOP/s, MB/s per USD
    (48.1, 135.9)
    """

    chip: Accelerator
    precision: str
    price: float

    def __post_init__(self) -> None:
        positive(price=self.price)
        self.chip.peak(self.precision)

    @property
    def R_peak(self) -> FlopPerSecond:
        """The chip's dense peak at the precision."""
        return self.chip.peak(self.precision)

    @property
    def per_rate(self) -> float:
        """USD for each FLOP/s of the peak."""
        return self.price / self.R_peak

    @property
    def BW_per_dollar(self) -> float:
        """B/s of memory bandwidth for each USD."""
        return self.chip.BW / self.price

    def per_useful_rate(self, I: FlopPerByte) -> float:
        """USD for each FLOP/s that the roofline allows at an intensity; a number or an array of them.

        >>> from labcore.catalogue import A100
        >>> round(1e12 * Offer(A100, "fp16", price=15_000).per_useful_rate(1.0))  # against 48 at the peak
        7357
        """
        return self.price / attainable(self.R_peak, self.chip.BW, I)

    def per_rate_on(self, network: Network) -> float:
        """USD for each FLOP/s that the roofline allows on a network, layer by layer; build it at the precision."""
        return self.price / achieved_rate(network, self.chip, self.precision)


def achieved_rate(network: Network, chip: Accelerator, precision: str) -> FlopPerSecond:
    """FLOP/s over one pass of a network when every layer takes its roofline time, one after another.

    >>> from labcore.catalogue import A100
    >>> from labcore.models.zoo import build
    >>> round(achieved_rate(build("resnet50"), A100, "fp16") / A100.peak("fp16"), 2)  # at most this share of the peak
    0.31
    """
    return network.flop / sum(layer.T for layer in place_network(network, chip, precision))


def like_for_like(like: str, end: str = "low", prices: Mapping[str, Range] = TABLE_8) -> tuple[Offer, ...]:
    """Every chip of a price list that has a precision, at that precision and one end of its price range.

    `like` is a precision ('tf32', 'fp8') or '16-bit', for which fp16 and bf16 serve alike; `end` is low, middle or
    high. Chips without it are left out; ValueError, with the precisions there are, where none has it.

    >>> [(offer.chip.name, round(1e12 * offer.per_rate)) for offer in like_for_like("tf32")]
    [('A100', 96), ('H100', 51)]
    """
    formats = FAMILIES.get(like, (like,))
    served = [(chip(name), [p for p in formats if p in chip(name).peaks], price) for name, price in prices.items()]
    offers = tuple(Offer(one, found[0], _at(end, price)) for one, found, price in served if found)
    if not offers:
        there = sorted({*FAMILIES, *(p for one, _, _ in served for p in one.peaks)})
        raise ValueError(f"no chip of this price list has {like}; there are {', '.join(there)}")
    return offers


def table_8(end: str = "low") -> tuple[Offer, ...]:
    """The five offers of Table 8 as printed, each at the precision behind its printed peak.

    >>> [offer.precision for offer in table_8()]
    ['fp16', 'fp16', 'tf32', 'bf16', 'fp8']
    """
    return tuple(Offer(chip(name), TABLE_8_PRECISION[name], _at(end, price)) for name, price in TABLE_8.items())


def crossing(a: Offer, b: Offer) -> FlopPerByte | None:
    """The intensity above which the offer with more FLOP/s for its price is the cheaper one; below, the other is.

    It is (R_peak / price) of the offer with more bandwidth for its price, over (BW / price) of the one with less,
    and lies at or above the ridge point of the first. None where one offer has no less of both for its price.

    >>> a, b = like_for_like("16-bit")[1:3]
    >>> a.chip.name, b.chip.name, round(crossing(a, b))
    ('A100', 'H100', 155)
    """
    wide, narrow = sorted((a, b), key=lambda offer: offer.BW_per_dollar, reverse=True)
    if wide.BW_per_dollar == narrow.BW_per_dollar or wide.per_rate <= narrow.per_rate:
        return None
    return 1 / (wide.per_rate * narrow.BW_per_dollar)


def _at(end: str, price: Range) -> float:
    if end not in ENDS:
        raise ValueError(f"end of a price range is one of {', '.join(ENDS)}; got {end!r}")
    low, high = (fact.value for fact in price)
    return {"low": low, "middle": (low + high) / 2, "high": high}[end]
