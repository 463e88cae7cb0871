"""Growth of compute, memory and links: fits through the catalogue, beside published rates.

A rate is a factor every two years, as in Gholami et al. (IEEE Micro 44(3), 2024), whose three rates are
`labcore.catalogue.memory.DECADES`. A fit is the least-squares line through the logarithms of the values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from labcore.catalogue import CHIPS
from labcore.catalogue.facts import Accelerator
from labcore.catalogue.gpu import A100, B200, H100
from labcore.catalogue.links import LINKS
from labcore.units import Ratio, positive

SPAN = 2  # years of a published rate
LINK_CHIPS = {"NVLink 3": A100, "NVLink 4": H100, "NVLink 5": B200}  # the link and the first chip that had it


@dataclass(frozen=True)
class Fit:
    """A growth curve: factor every two years, its standard error as a factor, and the share of variance explained."""

    rate: Ratio
    error: Ratio
    R2: Ratio
    count: int
    years: tuple[float, float]


def fit(years: Sequence[float], values: Sequence[float]) -> Fit:
    """Fit log value = a + b year; the rate is exp(2 b). Raises ValueError below three points or two different years.

    `error` is exp of the standard error of 2 b: the rate is within rate / error and rate * error about two times in
    three, if the points scatter independently.

    >>> found = fit([2000, 2002, 2004], [1.0, 3.0, 9.0])
    >>> round(found.rate, 9), round(found.R2, 9), round(found.error, 9)
    (3.0, 1.0, 1.0)
    """
    x, y = np.asarray(years, float), np.asarray(values, float)
    positive(values=y)
    if x.shape != y.shape or x.size < 3 or np.ptp(x) == 0:
        raise ValueError(f"a fit takes three points or more of different years; got {x.size} years, {y.size} values")
    y = np.log(y)
    dx, dy = x - x.mean(), y - y.mean()
    slope = float(dx @ dy / (dx @ dx))
    left = float(((dy - slope * dx) ** 2).sum())
    error = math.sqrt(left / (x.size - 2) / float(dx @ dx))
    R2 = 1 - left / float(dy @ dy) if dy.any() else 1.0
    span = (float(x.min()), float(x.max()))
    return Fit(math.exp(SPAN * slope), math.exp(SPAN * error), R2, x.size, span)


def points(what: str, chips: Iterable[Accelerator] = CHIPS) -> list[tuple[str, float, float]]:
    """(name, year, value) of what grows: "fp32", "peak", "bandwidth", "capacity" or "link".

    "peak" is the fastest dense rate of any precision, so part of its growth is narrower numbers; "fp32" holds the
    precision. "link" is one direction of what joins GPUs to each other. Raises ValueError for anything else.

    >>> points("link")[0]
    ('NVLink 3', 2020, 300000000000.0)
    """
    if what == "link":
        return [(name, chip.year.value, LINKS[name].BW_one_way) for name, chip in LINK_CHIPS.items()]
    values = {
        "fp32": lambda chip: chip.peaks["fp32"].value if "fp32" in chip.peaks else None,
        "peak": lambda chip: max(fact.value for fact in chip.peaks.values()),
        "bandwidth": lambda chip: chip.BW,
        "capacity": lambda chip: chip.capacity.value,
    }
    if what not in values:
        raise ValueError(f"what grows is one of {', '.join(values)}, link; got {what!r}")
    found = [(chip.name, chip.year.value, values[what](chip)) for chip in chips]
    return [one for one in found if one[2] is not None]


def catalogue_fit(what: str, kind: str = "GPU") -> Fit:
    """The fit through the catalogue's chips of one kind, as `points` has them.

    >>> catalogue_fit("peak").rate > catalogue_fit("bandwidth").rate  # the memory wall, in our own chips
    True
    """
    found = points(what, [chip for chip in CHIPS if chip.kind == kind])
    return fit([year for _, year, _ in found], [value for *_, value in found])


def compounded(rate: Ratio, years: float) -> Ratio:
    """What a factor every two years makes of 1 in so many years.

    >>> compounded(3.0, years=20)  # 3^10
    59049.0
    """
    positive(rate=rate)
    return rate ** (years / SPAN)


def disparity(fast: Ratio, slow: Ratio, years: float) -> Ratio:
    """How far two quantities that were equal are apart after so many years, each with its rate.

    >>> round(disparity(3.0, 1.6, years=2), 3)
    1.875
    """
    return compounded(fast, years) / compounded(slow, years)
