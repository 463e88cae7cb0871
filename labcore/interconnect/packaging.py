"""One large die or several small ones: yield, dies of a wafer, cost of a good package, the link that joins the parts.

Areas are m^2, defect densities 1/m^2, money USD. Yield here is that of random defects; what a design loses to
variation or to a wrong mask is not in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from labcore.units import BytesPerSecond, Metres, Ratio, Watts, positive, positive_ints

CLUSTERING = 3.0  # alpha of the negative binomial where none is given, as is customary


def _murphy(x: Ratio) -> Ratio:
    return (-math.expm1(-x) / x) ** 2


YIELDS: dict[str, Callable[[Ratio, float], Ratio]] = {  # of x = area times density, and alpha
    "poisson": lambda x, alpha: math.exp(-x),
    "murphy": lambda x, alpha: _murphy(x),
    "seeds": lambda x, alpha: 1 / (1 + x),
    "negative binomial": lambda x, alpha: (1 + x / alpha) ** -alpha,
}


def die_yield(area: float, density: float, model: str = "negative binomial", clustering: float = CLUSTERING) -> Ratio:
    """Share of dies without a defect, for x = area times density defects a die on average.

    "poisson" e^-x: defects fall independently. "murphy" ((1 - e^-x) / x)^2: the density varies between wafers, in a
    triangle around its mean (Murphy, Proc. IEEE 52, 1964). "negative binomial" (1 + x / alpha)^-alpha: it varies by a
    gamma distribution, the more clustered the smaller alpha (Stapper 1973); "seeds" is alpha = 1.

    >>> [round(die_yield(1e-4, density=1e4, model=model), 3) for model in YIELDS]  # one defect a die
    [0.368, 0.4, 0.5, 0.422]
    """
    positive(area=area, density=density, clustering=clustering)
    if model not in YIELDS:
        raise ValueError(f"a yield model is one of {', '.join(YIELDS)}; got {model!r}")
    return YIELDS[model](area * density, clustering)


def dies_of_wafer(
    width: Metres, height: Metres, diameter: Metres = 0.3, edge: Metres = 3e-3, scribe: Metres = 1e-4
) -> int:
    """Whole dies on a round wafer: a grid of width + scribe by height + scribe, placed where it holds most.

    Counted, not estimated: the grid is moved in 16 steps each way over half a cell (the wafer is symmetric), and rows
    of dies are cut from the circle that an unused `edge` leaves. Raises ValueError where not one die fits.

    >>> dies_of_wafer(0.1, 0.1, edge=0, scribe=0)  # four around the middle fill 0.2 x 0.2; a fifth fits nowhere
    4
    """
    positive(width=width, height=height, diameter=diameter)
    radius, w, h = diameter / 2 - edge, width + scribe, height + scribe
    steps = [k / 32 for k in range(17)]
    most = max(_dies(radius, w, h, dx * w, dy * h) for dx in steps for dy in steps)
    if most == 0:
        raise ValueError(f"a die of {width} x {height} m does not fit a wafer of {diameter} m; make it smaller")
    return most


def _dies(radius: Metres, w: Metres, h: Metres, dx: Metres, dy: Metres) -> int:
    """Cells within the circle when a corner of the grid lies (dx, dy) off the middle."""
    count, rows = 0, math.ceil(radius / h) + 1
    for row in range(-rows, rows + 1):
        reach = max(abs(row * h + dy), abs((row + 1) * h + dy))
        if reach < radius:
            half = math.sqrt(radius**2 - reach**2)
            count += max(0, math.floor((half - dx) / w + 1e-9) - math.ceil((-half - dx) / w - 1e-9))
    return count


def dies_formula(area: float, diameter: Metres = 0.3) -> float:
    """Dies of a wafer by the rule pi d^2 / (4 area) - pi d / sqrt(2 area), without edge and scribe lines.

    >>> round(dies_formula(100e-6))  # 10 mm x 10 mm on 300 mm
    640
    """
    positive(area=area, diameter=diameter)
    return math.pi * diameter**2 / (4 * area) - math.pi * diameter / math.sqrt(2 * area)


@dataclass(frozen=True)
class Package:
    """What one good package costs and takes: dies in it, area and yield of a die, USD for its silicon and in all."""

    dies: int
    area: float
    die_yield: Ratio
    dies_of_wafer: int
    silicon: float
    cost: float


def package(
    logic: float, dies: int, density: float, wafer_price: float, link_area: Ratio = 0.0, bond_yield: Ratio = 1.0,
    assembly: float = 0.0, model: str = "negative binomial", clustering: float = CLUSTERING,
) -> Package:  # fmt: skip
    """Cost of a package with `logic` m^2 of circuits on so many equal, square dies that were tested before bonding.

    Each of several dies is `link_area` larger, for the circuits that join them. A bond succeeds with `bond_yield`; one
    that fails loses the whole package. `assembly` is what substrate and bonding cost.

    >>> one, four = (package(800e-6, dies, density=1000, wafer_price=17_000) for dies in (1, 4))
    >>> round(one.die_yield, 2), round(four.die_yield, 2), one.cost > four.cost
    (0.49, 0.82, True)
    """
    positive_ints(dies=dies)
    positive(logic=logic, wafer_price=wafer_price, bond_yield=bond_yield)
    if bond_yield > 1 or not link_area >= 0:
        raise ValueError(f"bond_yield is at most 1 and link_area 0 or more; got {bond_yield} and {link_area}")
    area = logic / dies * (1 + (link_area if dies > 1 else 0))
    side, good = math.sqrt(area), die_yield(area, density, model, clustering)
    count = dies_of_wafer(side, side)
    silicon = dies * wafer_price / (count * good)
    bonds = bond_yield**dies if dies > 1 else 1
    return Package(dies, area, good, count, silicon, (silicon + assembly) / bonds)


def edge_bandwidth(edge: Metres, BW_of_edge: float) -> BytesPerSecond:
    """What crosses an edge of a die, at BW_of_edge bytes a second for each metre of it, in the way that was counted.

    >>> edge_bandwidth(edge=0.025, BW_of_edge=224e12) / 1e12  # 25 mm at 224 GB/s/mm
    5.6
    """
    positive(edge=edge, BW_of_edge=BW_of_edge)
    return edge * BW_of_edge


def crossing_power(BW: BytesPerSecond, E_byte: float) -> Watts:
    """Power of a link that carries BW bytes a second at E_byte joules for each.

    >>> crossing_power(BW=1e12, E_byte=4e-12)
    4.0
    """
    positive(BW=BW, E_byte=E_byte)
    return BW * E_byte


def cut_links(side: int, across: int, down: int) -> int:
    """Links of a mesh of side x side cores that leave their die when it is cut into across x down dies.

    Every core is joined to its neighbours; a cut goes through one link in each row or column.

    >>> cut_links(side=4, across=2, down=1), cut_links(side=4, across=1, down=1)
    (4, 0)
    """
    positive_ints(side=side, across=across, down=down)
    if max(across, down) > side:
        raise ValueError(f"{side} cores in a row do not make {max(across, down)} dies; cut into {side} at most")
    return side * (across - 1 + down - 1)


def spared_yield(cores: int, needed: int, core_area: float, density: float) -> Ratio:
    """Chance that at least `needed` of `cores` equal cores are without a defect, where defects fall independently.

    The number of bad cores is binomial, each bad with 1 - e^(-core_area density). What is not in a core (pads, links)
    is not counted.

    >>> spared_yield(cores=2, needed=2, core_area=1e-6, density=1e4) == math.exp(-0.01) ** 2
    True
    >>> round(spared_yield(cores=2, needed=1, core_area=1e-6, density=1e4), 6)  # 1 - (1 - e^-0.01)^2
    0.999901
    """
    positive_ints(cores=cores, needed=needed)
    positive(core_area=core_area, density=density)
    if needed > cores:
        raise ValueError(f"{needed} cores cannot be needed of {cores}; make more or sell fewer")
    x = core_area * density
    if needed == cores:
        return math.exp(-x) ** cores
    log_bad = math.log(-math.expm1(-x))
    ways = math.lgamma(cores + 1)
    return min(1.0, math.fsum(
        math.exp(ways - math.lgamma(bad + 1) - math.lgamma(cores - bad + 1) + bad * log_bad - (cores - bad) * x)
        for bad in range(cores - needed + 1)
    ))  # fmt: skip
