"""Carbon of computing: energy times what the grid emits, and what making the machine emitted before its first FLOP.

Grids are in g of CO2 a kilowatt hour, as everybody prints them; results are in g.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labcore.cost.fleet import mean_power
from labcore.cost.owning import KWH
from labcore.units import Joules, Ratio, Seconds, Watts, positive


def emissions(E: Joules, g_per_kwh: float) -> float:
    """Grams of CO2 that an energy emits on a grid.

    >>> emissions(E=3.6e6, g_per_kwh=429)
    429.0
    """
    positive(g_per_kwh=g_per_kwh)
    if not E >= 0:
        raise ValueError(f"E must be 0 J or more, got {E!r}")
    return E / KWH * g_per_kwh


@dataclass(frozen=True)
class Footprint:
    """Grams of CO2 of one machine over its life: of making it, and of running it.

    >>> Footprint(embodied=100.0, operating=300.0).share_embodied
    0.25
    """

    embodied: float
    operating: float

    @property
    def total(self) -> float:
        """Both together."""
        return self.embodied + self.operating

    @property
    def share_embodied(self) -> Ratio:
        """The share that was emitted before the machine did anything."""
        return self.embodied / self.total


def footprint(
    embodied: float, power: Watts, life: Seconds, g_per_kwh: float, overhead: Ratio = 1.0, use: Ratio = 1.0,
    idle: Ratio = 0.0,
) -> Footprint:  # fmt: skip
    """Footprint of a machine that works a share `use` of its life on a grid; `embodied` in g, `overhead` is the PUE.

    >>> footprint(embodied=1000, power=1000, life=3600 * 4, g_per_kwh=250).share_embodied
    0.5
    """
    positive(embodied=embodied, life=life, overhead=overhead)
    return Footprint(embodied, emissions(mean_power(power, use, idle) * overhead * life, g_per_kwh))


def even_grid(embodied: float, E: Joules) -> float:
    """The grid, in g a kWh, on which making a machine emitted as much as the energy E of its whole life does.

    On a cleaner grid the making weighs more than the running.

    >>> even_grid(embodied=1000, E=4 * 3.6e6)
    250.0
    """
    positive(embodied=embodied, E=E)
    return embodied / (E / KWH)


def shift(load: Sequence[Joules], g_per_kwh: Sequence[float], movable: Ratio, most: Joules) -> list[Joules]:
    """The load of each hour after a share `movable` of every hour's went to the cleanest hours that have room.

    `most` is what the machines can draw in an hour. What cannot wait stays where it was, so the result emits least
    of all that keep it there; ValueError where an hour's load is above `most`.

    >>> shift(load=[4, 4, 4], g_per_kwh=[300, 100, 200], movable=0.5, most=7)
    [2.0, 7.0, 3.0]
    """
    if len(load) != len(g_per_kwh) or not 0 <= movable <= 1:
        raise ValueError(f"wanted a grid for each hour and a share from 0 to 1; got {len(g_per_kwh)} for {len(load)} "
                         f"hours and {movable}")  # fmt: skip
    if load and not 0 <= min(load) <= max(load) <= most:
        raise ValueError(f"an hour's load is from 0 to the {most:g} J that it can hold; got {min(load)} to {max(load)}")
    waits = movable * sum(load)
    moved = [one * (1 - movable) for one in load]
    for hour in sorted(range(len(load)), key=g_per_kwh.__getitem__):
        taken = min(waits, most - moved[hour])
        moved[hour] += taken
        waits -= taken
    return moved
