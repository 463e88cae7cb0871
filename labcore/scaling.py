"""Growth over years, and what became of a chip's power when voltages stopped falling.

Years are calendar years, growth is a factor a year. A process generation halves the area of a transistor: lengths
shrink by the root of 2 (Dennard et al., IEEE JSSC 9(5), 1974).
"""

from __future__ import annotations

import math

from labcore.units import Ratio, positive

SHRINK = math.sqrt(2)  # of every length, from one generation to the next
MONTHS = 12


def times(new: Ratio, old: Ratio) -> Ratio:
    """How many times the old one the new one is, of two quantities in the same unit: new / old.

    >>> times(new=450e9, old=50e9)
    9.0
    """
    positive(new=new, old=old)
    return new / old


def annual_factor(gain: Ratio, years: float) -> Ratio:
    """The growth a year that makes `gain` in so many years.

    >>> annual_factor(gain=100, years=2)
    10.0
    """
    positive(gain=gain, years=years)
    return gain ** (1 / years)


def doubling_months(growth: Ratio) -> float:
    """Months in which what grows by a factor a year doubles; raises ValueError for what does not grow.

    >>> doubling_months(4)
    6.0
    """
    positive(growth=growth)
    if growth <= 1:
        raise ValueError(f"growth is a factor a year above 1, such as 1.4; got {growth}")
    return MONTHS * math.log(2) / math.log(growth)


def growth_of_doubling(months: float) -> Ratio:
    """The factor a year of what doubles in so many months.

    >>> growth_of_doubling(12)
    2.0
    """
    positive(months=months)
    return 2 ** (MONTHS / months)


def widening(demand: Ratio, supply: Ratio) -> Ratio:
    """The factor a year by which demand over supply grows: the quotient of their factors, not the difference.

    >>> widening(demand=6, supply=2)
    3.0
    """
    positive(demand=demand, supply=supply)
    return demand / supply


def years_to_gap(demand: Ratio, supply: Ratio, gap: Ratio) -> float | None:
    """Years until demand is `gap` times supply, from equal; None where it never is.

    >>> round(years_to_gap(demand=6, supply=2, gap=27), 9), years_to_gap(demand=2, supply=2, gap=27)
    (3.0, None)
    """
    positive(gap=gap)
    each = widening(demand, supply)
    if gap <= 1:
        return 0.0
    return math.log(gap) / math.log(each) if each > 1 else None


def logistic(year: float, limit: float, steepness: float, midpoint: float) -> float:
    """The S-curve limit / (1 + exp(-steepness (year - midpoint))); half of the limit is reached at the midpoint.

    >>> logistic(2000, limit=100, steepness=0.25, midpoint=2000)
    50.0
    """
    return limit / (1 + math.exp(-steepness * (year - midpoint)))


def take_off(steepness: float, midpoint: float) -> tuple[float, float]:
    """The years that part an S-curve into ferment, take-off and saturation: where its slope changes fastest.

    These are the zeros of the third derivative, ln(2 + sqrt 3) / steepness before and after the midpoint.

    >>> [round(year, 1) for year in take_off(steepness=0.25, midpoint=2000)]
    [1994.7, 2005.3]
    """
    positive(steepness=steepness)
    half = math.log(2 + math.sqrt(3)) / steepness
    return midpoint - half, midpoint + half


def overtaking(old: tuple[float, float, float], new: tuple[float, float, float], first: float, last: float) -> float:
    """The year between `first` and `last` in which a new S-curve passes an old one, each (limit, steepness, midpoint).

    Raises ValueError where it does not pass in that time.

    >>> round(overtaking((100, 0.25, 2000), (10_000, 0.35, 2022), 1980, 2030), 2)
    2008.55
    """

    def ahead(year: float) -> bool:
        return logistic(year, *new) > logistic(year, *old)

    if ahead(first) or not ahead(last):
        raise ValueError(f"the new curve does not pass the old one between {first} and {last}; widen the years")
    while last - first > 1e-9:
        middle = (first + last) / 2
        first, last = (first, middle) if ahead(middle) else (middle, last)
    return first


def relative_power(generations: float, voltage_falls: bool, clock_rises: bool = False) -> Ratio:
    """Power of a chip of fixed area after some generations, all transistors switching, over its power before.

    Power goes with transistors x capacitance x voltage^2 x clock. In a generation transistors double and the
    capacitance of each falls by the root of 2. Dennard's rule lowers the voltage by the root of 2 too and raises
    the clock by as much. Leakage is left out; it makes what happens without his rule worse.

    >>> round(relative_power(3, voltage_falls=True, clock_rises=True), 9)
    1.0
    >>> round(relative_power(2, voltage_falls=False), 9), round(relative_power(2, False, clock_rises=True), 9)
    (2.0, 4.0)
    """
    if not generations >= 0:
        raise ValueError(f"generations is 0 or more, got {generations!r}")
    transistors, capacitance = SHRINK**2, 1 / SHRINK
    voltage = 1 / SHRINK if voltage_falls else 1
    clock = SHRINK if clock_rises else 1
    return (transistors * capacitance * voltage**2 * clock) ** generations


def powered_share(generations: float, voltage_falls: bool, clock_rises: bool = False, headroom: Ratio = 1.0) -> Ratio:
    """The share of a chip's transistors that a fixed power budget can switch; the rest is dark silicon.

    `headroom` is the budget over the power of the first generation.

    >>> round(powered_share(2, voltage_falls=False), 9)
    0.5
    """
    positive(headroom=headroom)
    return min(1.0, headroom / relative_power(generations, voltage_falls, clock_rises))
