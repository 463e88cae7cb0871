"""The iron law of ML systems, and Amdahl's law as what remains of it when one term is made faster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from labcore.catalogue.facts import Accelerator
from labcore.models.network import Network
from labcore.units import Bytes, BytesPerSecond, Flop, FlopPerSecond, Ratio, Seconds, positive


def iron_law(
    flop: Flop, D_vol: Bytes, R_peak: FlopPerSecond, BW: BytesPerSecond, eta: Ratio = 1.0, L_lat: Seconds = 0.0
) -> Seconds:
    """Time as three terms in a row: D_vol / BW + flop / (R_peak * eta) + L_lat.

    The roofline overlaps the first two perfectly and drops the third, so its time is never longer and
    never shorter than half of the first two terms here.

    >>> iron_law(flop=50, D_vol=5, R_peak=100.0, BW=10.0, L_lat=1.0)
    2.0
    """
    return terms(flop, D_vol, R_peak, BW, eta, L_lat).T


@dataclass(frozen=True)
class Terms:
    """The three terms of the iron law, each a time.

    >>> job = Terms(data=1.0, compute=8.0, latency=1.0)
    >>> job.binds, job.share("compute"), job.gain("compute", 4)
    ('compute', 0.8, 2.5)
    """

    data: Seconds
    compute: Seconds
    latency: Seconds

    @property
    def T(self) -> Seconds:
        """All three in a row."""
        return self.data + self.compute + self.latency

    @property
    def T_overlapped(self) -> Seconds:
        """Moving hidden behind computing, or the reverse; pipelines lie between this and `T`, at most twice as long."""
        return max(self.data, self.compute) + self.latency

    @property
    def binds(self) -> str:
        """The name of the longest term: halving that one gains most."""
        return max(asdict(self), key=asdict(self).get)

    def share(self, term: str) -> Ratio:
        """The part of the time in a row that a term takes: the p of Amdahl's law for that term."""
        return self._of(term) / self.T

    def faster(self, term: str, factor: Ratio) -> Terms:
        """The same job with one term that many times faster."""
        positive(factor=factor)
        return replace(self, **{term: self._of(term) / factor})

    def gain(self, term: str, factor: Ratio) -> Ratio:
        """Speed-up of the whole, in a row, when one term is made that many times faster."""
        return self.T / self.faster(term, factor).T

    def _of(self, term: str) -> Seconds:
        if term not in asdict(self):
            raise ValueError(f"the iron law has the terms {', '.join(asdict(self))}; got {term!r}")
        return asdict(self)[term]


def terms(
    flop: Flop, D_vol: Bytes, R_peak: FlopPerSecond, BW: BytesPerSecond, eta: Ratio = 1.0, L_lat: Seconds = 0.0
) -> Terms:
    """The terms of one job on one machine; raises ValueError for an eta above 1.

    >>> terms(flop=50, D_vol=5, R_peak=100.0, BW=10.0)
    Terms(data=0.5, compute=0.5, latency=0.0)
    """
    positive(R_peak=R_peak, BW=BW, eta=eta)
    if eta > 1:
        raise ValueError(f"eta is the share of the peak that is reached, at most 1; got {eta}")
    return Terms(D_vol / BW, flop / (R_peak * eta), L_lat)


def network_terms(
    network: Network, chip: Accelerator, precision: str, L_launch: Seconds = 0.0, eta: Ratio = 1.0
) -> Terms:
    """One pass of a network on a chip: the terms of its layers added up, with a launch for each operation.

    >>> from labcore.catalogue import A100
    >>> from labcore.models.zoo import build
    >>> network_terms(build("gpt2", phase="decode"), A100, "fp16", L_launch=5e-6).binds
    'latency'
    """
    launches = sum(layer.count for layer in network.layers)
    return terms(network.flop, network.D_vol, chip.peak(precision), chip.BW, eta, launches * L_launch)


def speedup(p: Ratio, G_accel: Ratio) -> Ratio:
    """Whole-task gain 1 / ((1 - p) + p / G_accel) when a fraction p runs G_accel times faster (Amdahl, AFIPS 1967).

    >>> speedup(p=0.5, G_accel=2)
    1.3333333333333333
    """
    positive(G_accel=G_accel)
    _fraction(p)
    return 1 / ((1 - p) + p / G_accel)


def speedup_of_parts(shares: Sequence[Ratio], gains: Sequence[Ratio]) -> Ratio:
    """Amdahl's law for several parts: 1 / sum(share / gain); ValueError where the shares do not add up to 1.

    >>> speedup_of_parts(shares=[0.25, 0.25, 0.5], gains=[1, 2, 4])
    2.0
    """
    positive(gains=gains)
    if len(shares) != len(gains) or min(shares) < 0 or not math.isclose(math.fsum(shares), 1, rel_tol=1e-9):
        raise ValueError(f"shares of one time add up to 1, each with its gain; got {list(shares)} and {list(gains)}")
    return 1 / math.fsum(share / gain for share, gain in zip(shares, gains, strict=True))


def ceiling(p: Ratio) -> Ratio:
    """Whole-task gain of an infinitely fast accelerator, 1 / (1 - p); infinite for p = 1.

    >>> ceiling(0.75)
    4.0
    """
    _fraction(p)
    return math.inf if p == 1 else 1 / (1 - p)


def knee(p: Ratio) -> Ratio:
    """The G_accel that reaches half of the ceiling, p / (1 - p).

    There the serial part and the accelerated part take the same time. Below it, doubling G_accel gains more
    than halving the serial part; above it, the reverse.

    >>> knee(0.75)
    3.0
    """
    _fraction(p)
    return math.inf if p == 1 else p / (1 - p)


def needed_gain(S: Ratio, p: Ratio) -> Ratio:
    """The G_accel that makes the whole S times faster; raises ValueError where the ceiling lies at or below S.

    >>> needed_gain(S=2, p=0.75)
    3.0
    """
    positive(S=S)
    if ceiling(p) <= S:
        raise ValueError(f"p = {p} allows less than {ceiling(p):.4g}x, whatever the accelerator; {S}x needs a larger p")
    return p / (1 / S - (1 - p))


def needed_fraction(S: Ratio, G_accel: Ratio) -> Ratio:
    """The p that makes the whole S times faster with a given accelerator; raises ValueError for S above G_accel.

    >>> needed_fraction(S=2, G_accel=4)
    0.6666666666666666
    """
    positive(S=S, G_accel=G_accel)
    p = (1 - 1 / S) / (1 - 1 / G_accel) if G_accel != 1 else math.nan
    if not 0 <= p <= 1:
        raise ValueError(f"an accelerator of {G_accel}x makes a whole 1 to {G_accel} times as fast; got S = {S}")
    return p


def fraction_after(p: Ratio, G_accel: Ratio) -> Ratio:
    """The accelerated part's share of the time that is left, (p / G_accel) / ((1 - p) + p / G_accel).

    >>> fraction_after(p=0.75, G_accel=3)
    0.5
    """
    return p / G_accel * speedup(p, G_accel)


def scaled_speedup(p_after: Ratio, G_accel: Ratio) -> Ratio:
    """Gain against the old machine on a job that fills the new one, (1 - p) + p * G_accel (Gustafson, CACM 1988).

    `p_after` is the accelerated part's share of the time on the new machine, not on the old one.

    >>> scaled_speedup(p_after=0.5, G_accel=3)
    2.0
    """
    positive(G_accel=G_accel)
    _fraction(p_after)
    return (1 - p_after) + p_after * G_accel


def _fraction(p: Ratio) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"p is a fraction of the time, from 0 to 1; got {p}")
