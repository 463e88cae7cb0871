"""The iron law of ML systems, and Amdahl's law as what remains of it when one term is made faster."""

from __future__ import annotations

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
    positive(R_peak=R_peak, BW=BW, eta=eta)
    if eta > 1:
        raise ValueError(f"eta is the share of the peak that is reached, at most 1; got {eta}")
    return D_vol / BW + flop / (R_peak * eta) + L_lat


def speedup(p: Ratio, G_accel: Ratio) -> Ratio:
    """Whole-task gain 1 / ((1 - p) + p / G_accel) when a fraction p runs G_accel times faster (Amdahl, AFIPS 1967).

    >>> speedup(p=0.5, G_accel=2)
    1.3333333333333333
    """
    positive(G_accel=G_accel)
    if not 0 <= p <= 1:
        raise ValueError(f"p is a fraction of the time, from 0 to 1; got {p}")
    return 1 / ((1 - p) + p / G_accel)
