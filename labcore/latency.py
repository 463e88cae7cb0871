"""Latency: how long a signal travels, how long a fetch takes, and what a machine could have done meanwhile."""

from __future__ import annotations

import math

from labcore.units import Flop, FlopPerSecond, Hertz, Metres, MetresPerSecond, Ratio, Seconds, positive

LIGHT: MetresPerSecond = 299_792_458.0  # exact by the definition of the metre


def signal_time(distance: Metres, share_of_c: Ratio = 0.5) -> Seconds:
    """Time of flight over a distance, one way, at a share of the speed of light in vacuum.

    No wire is faster than 1.0. A repeated wire on a chip, which charges transistors as it goes, is far slower.

    >>> signal_time(299_792_458, share_of_c=1.0)
    1.0
    """
    positive(distance=distance, share_of_c=share_of_c)
    if share_of_c > 1:
        raise ValueError(f"share_of_c is a share of the speed of light, at most 1; got {share_of_c!r}")
    return distance / (share_of_c * LIGHT)


def wave_speed(permittivity: Ratio) -> Ratio:
    """Share of the speed of light at which a wave runs in an insulator: 1 / sqrt(relative permittivity).

    >>> wave_speed(4.0)
    0.5
    """
    positive(permittivity=permittivity)
    return 1 / math.sqrt(permittivity)


def square_die(area: float) -> tuple[Metres, Metres]:
    """Side and diagonal of a square die of an area in m^2: the ways from edge to edge and from corner to corner.

    >>> [round(1e3 * way, 1) for way in square_die(814e-6)]
    [28.5, 40.3]
    """
    positive(area=area)
    return math.sqrt(area), math.sqrt(2 * area)


def cycles_in(T: Seconds, clock: Hertz) -> Ratio:
    """Clock cycles that pass in a time.

    >>> cycles_in(100e-9, clock=2e9)
    200.0
    """
    positive(T=T, clock=clock)
    return T * clock


def time_of(cycles: Ratio, clock: Hertz) -> Seconds:
    """Time that some clock cycles take.

    >>> time_of(1, clock=2e9)
    5e-10
    """
    positive(cycles=cycles, clock=clock)
    return cycles / clock


def flop_during(T: Seconds, R_peak: FlopPerSecond) -> Flop:
    """FLOP that a machine could have done in a time.

    >>> flop_during(100e-9, R_peak=312e12)
    31200000.0
    """
    positive(T=T, R_peak=R_peak)
    return T * R_peak
