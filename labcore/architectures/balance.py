"""Which workloads fall where: every tier of memory has a ridge of its own, and a workload is held against it.

The time of a pass is the longer of computing and moving, perfectly overlapped, as in labcore.roofline; what a pass
needs is a Demand. Peaks and bandwidths are the makers', so times are lower bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.architectures.demand import Demand
from labcore.catalogue.architectures import Architecture
from labcore.roofline import bound, least_time
from labcore.units import FlopPerByte, Ratio, Seconds


@dataclass(frozen=True)
class Placed:
    """A batch of a workload on one tier of a chip: its intensity, the ridge there, the least time, what binds."""

    I: FlopPerByte
    I_ridge: FlopPerByte
    T: Seconds
    eta: Ratio  # of the peak
    bound: str


def ridges(one: Architecture, precision: str | None = None) -> dict[str, FlopPerByte]:
    """The ridge point of every tier whose bandwidth is known, nearest first, at a precision (16 bits unless given).

    >>> from labcore.catalogue.architectures import architecture
    >>> {tier: round(I_ridge) for tier, I_ridge in ridges(architecture("H100")).items()}
    {'shared memory': 33, 'L2': 110, 'HBM': 295}
    """
    return {tier.name: one.ridge(tier.name, precision or one.sixteen_bit) for tier in one.tiers if tier.bandwidth}


def place(
    demand: Demand, batch: int, one: Architecture, tier: str | None = None, precision: str | None = None
) -> Placed:
    """Hold a batch against one tier of a chip, its home unless named; every byte is taken to come from there.

    >>> from labcore.architectures.demand import decode, prefill
    >>> from labcore.catalogue.architectures import architecture
    >>> H100, LPU = architecture("H100"), architecture("LPU v1")
    >>> step = decode("llama3-8b", context=2048)
    >>> place(step, 1, H100).bound, place(prefill("llama3-8b", 2048), 1, H100).bound, place(step, 4, LPU).bound
    ('memory', 'compute', 'compute')
    """
    tier, precision = tier or one.home, precision or one.sixteen_bit
    R_peak, BW = one.peak(precision), one.BW(tier)
    flop, I, I_ridge = batch * demand.flop, demand.I(batch), R_peak / BW
    T = least_time(flop, demand.D_vol(batch), R_peak, BW)
    return Placed(I, I_ridge, T, flop / T / R_peak, bound(I, I_ridge))


@dataclass(frozen=True)
class Batching:
    """Where batching stops helping.

    Batches at which keys and values are as many bytes as the weights, at which computing binds (None where it never
    does), and that memory has room for beside the weights; and the largest share of the peak that any batch reaches.
    """

    kv_batch: float
    compute_batch: float | None
    room: int
    eta_limit: Ratio


def batching(
    demand: Demand, one: Architecture, tier: str | None = None, precision: str | None = None, chips: int = 1
) -> Batching:
    """What stops a decode from gaining by a larger batch on `chips` of a kind that share weights and cache.

    `room` is 0 where the weights alone do not fit. The ridge of several chips is that of one.

    >>> from labcore.architectures.demand import decode
    >>> from labcore.catalogue.architectures import architecture
    >>> found = batching(decode("llama3-8b", context=8192), architecture("H100"))
    >>> round(found.kv_batch), found.compute_batch, found.room, round(found.eta_limit, 2)
    (14, None, 59, 0.06)
    """
    tier, precision = tier or one.home, precision or one.sixteen_bit
    I_ridge = one.ridge(tier, precision)
    free = chips * one.tier(tier).capacity.value - demand.held
    room = int(max(0.0, free) // demand.kv) if demand.kv else 0
    eta = min(1.0, demand.I_limit / I_ridge)
    return Batching(demand.kv_batch, demand.compute_batch(I_ridge), room, eta)
