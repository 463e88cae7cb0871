"""The roofline model (Williams, Waterman and Patterson, CACM 52(4), 2009).

A machine has two ceilings: the rate at which it computes, and the rate at which bytes arrive times the
FLOP that each byte is worth. The lower one binds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labcore.units import Bytes, BytesPerSecond, Flop, FlopPerByte, FlopPerSecond, Ratio, Seconds, positive

if TYPE_CHECKING:
    from labcore.catalogue.facts import Accelerator
    from labcore.models.network import Layer, Network


def intensity(flop: Flop, D_vol: Bytes) -> FlopPerByte:
    """Arithmetic intensity flop / D_vol (Equation 3).

    >>> intensity(flop=1, D_vol=8)
    0.125
    """
    positive(flop=flop, D_vol=D_vol)
    return flop / D_vol


def ridge(R_peak: FlopPerSecond, BW: BytesPerSecond) -> FlopPerByte:
    """Ridge point R_peak / BW: the least intensity at which the compute ceiling can be reached.

    >>> round(ridge(312e12, 2.04e12))
    153
    """
    positive(R_peak=R_peak, BW=BW)
    return R_peak / BW


def attainable(R_peak: FlopPerSecond, BW: BytesPerSecond, I: FlopPerByte) -> FlopPerSecond:
    """Attainable throughput min(R_peak, BW * I) (Equation 2); scalars or arrays that broadcast.

    >>> float(attainable(R_peak=100.0, BW=10.0, I=5.0))
    50.0
    """
    positive(R_peak=R_peak, BW=BW, I=I)
    return np.minimum(R_peak, np.multiply(BW, I))


def required_bandwidth(R_ops: FlopPerSecond, I: FlopPerByte) -> BytesPerSecond:
    """Bandwidth needed to sustain R_ops at an intensity, R_ops / I (Equation 4).

    >>> required_bandwidth(R_ops=312e12, I=31.2)
    10000000000000.0
    """
    positive(R_ops=R_ops, I=I)
    return R_ops / I


def utilization(R_peak: FlopPerSecond, BW: BytesPerSecond, I: FlopPerByte) -> Ratio:
    """Largest share of the peak that an intensity allows, attainable / R_peak.

    >>> float(utilization(R_peak=100.0, BW=10.0, I=5.0))
    0.5
    """
    return attainable(R_peak, BW, I) / R_peak


def least_time(flop: Flop, D_vol: Bytes, R_peak: FlopPerSecond, BW: BytesPerSecond) -> Seconds:
    """Least time for the work: the longer of computing and moving, perfectly overlapped.

    An operation without FLOP (a gather) takes the time of its bytes.

    >>> least_time(flop=10, D_vol=2, R_peak=100.0, BW=10.0)
    0.2
    """
    positive(D_vol=D_vol, R_peak=R_peak, BW=BW)
    return max(flop / R_peak, D_vol / BW)


def bound(I: FlopPerByte, I_ridge: FlopPerByte) -> str:
    """'memory' below the ridge point, 'compute' from it on.

    >>> bound(I=31, I_ridge=153), bound(I=205, I_ridge=153)
    ('memory', 'compute')
    """
    return "memory" if I_ridge > I else "compute"


def dense_intensity(B: float, M: int, N: int, bytes_per_element: Bytes = 2) -> FlopPerByte:
    """Intensity of a dense layer (B, M) @ (M, N) by its sizes (Equation 6), B a number or an array of batches.

    >>> dense_intensity(32, 2048, 2048) == 2 * 32 * 2048**2 / (2 * (2 * 32 * 2048 + 2048**2))
    True
    """
    return 2 * B * M * N / (bytes_per_element * (B * M + M * N + B * N))


def crossing_batch(I: FlopPerByte, M: int, N: int, bytes_per_element: Bytes = 2) -> float | None:
    """The batch at which a dense layer of M x N reaches an intensity: Equation 6 solved for B.

    None where no batch does: the intensity stays below that of the activations alone. Round up for a whole batch.

    >>> crossing_batch(1.0, M=4, N=4)
    2.0
    >>> crossing_batch(2.0, M=4, N=4) is None
    True
    """
    positive(I=I, bytes_per_element=bytes_per_element)
    room = 2 * M * N - bytes_per_element * I * (M + N)
    return bytes_per_element * I * M * N / room if room > 0 else None


@dataclass(frozen=True)
class Placement:
    """One layer on one machine's roofline."""

    layer: Layer
    I: FlopPerByte
    R_attain: FlopPerSecond
    T: Seconds  # all `layer.count` of them
    bound: str


def place(layer: Layer, chip: Accelerator, precision: str) -> Placement:
    """Put a layer on a chip's roofline at a precision.

    Every operation is held against the chip's peak for that precision, matrix units included, as the
    chapter does. Operations without MACs run on slower units, so their compute roof is lower than drawn; it
    matters where their intensity passes the ridge of those units, as that of a large pooling window does.
    """
    op = layer.op
    R_peak, BW = chip.peak(precision), chip.BW
    T = least_time(op.flop, op.D_vol, R_peak, BW)
    return Placement(layer, op.I, op.flop / T, layer.count * T, bound(op.I, ridge(R_peak, BW)))


def place_network(network: Network, chip: Accelerator, precision: str) -> list[Placement]:
    """Put every layer of a network on a chip's roofline, in order.

    The network's bytes per element should be those of the precision: `build(name, precision=...)` sees to it.
    """
    return [place(layer, chip, precision) for layer in network.layers]
