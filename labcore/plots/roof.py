"""The pieces of a roofline plot: the axes, a roof, its ridge, operations on it.

Each drawing function takes numbers and the n-th series' look, and returns what it drew, so that `set_data` can move it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from labcore.catalogue import chip as find_chip
from labcore.catalogue.facts import Accelerator
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.style import BLACK, GREY, log_axes, look, scaled
from labcore.plots.words import columns, named_sources, rate_unit, three
from labcore.roofline import attainable
from labcore.units import FlopPerByte, FlopPerSecond, format_si

THIN_DASH = {"linewidth": 0.9, "linestyle": (0, (4, 3))}


def as_chip(chip: str | Accelerator) -> Accelerator:
    """A chip by name from the catalogue, or as given."""
    return find_chip(chip) if isinstance(chip, str) else chip


def chip_sources(*chips: str, precision: str = "fp16") -> str:
    """The data sheets behind the roofs of some chips."""
    return named_sources(f for one in map(as_chip, chips) for f in (one.peaks[precision], one.bandwidth))


def height(chip: Accelerator, precision: str, I: FlopPerByte) -> FlopPerSecond:
    """The roof over an intensity."""
    return float(attainable(chip.peak(precision), chip.BW, I))


def roof_rows(chip: Accelerator, precision: str, I_low: float, I_high: float) -> list[tuple[str, float, float]]:
    """The corners of a roof: name, I and R_attain where it starts, bends and ends."""
    corners = {"start": I_low, "ridge": chip.ridge(precision), "end": I_high}
    return [(name, I, height(chip, precision, I)) for name, I in corners.items()]


def span(I_points: Sequence[FlopPerByte], I_ridges: Sequence[FlopPerByte]) -> tuple[float, float]:
    """Round ends (1 or 3 of a decade) around all points, with room for words on both sides of the ridges.

    >>> span([0.75, 762], [153])
    (0.3, 10000.0)
    """
    low, high = min([*I_points, *I_ridges]), max([6 * I for I in I_points] + [12 * I for I in I_ridges])
    ends = [float(f"{lead}e{k}") for k in range(-6, 9) for lead in (1, 3)]
    return max(end for end in ends if end < low), min(end for end in ends if end > high)


def roofline_axes(ax: Axes, precisions: Sequence[str] = ("fp16",)) -> Axes:
    """Logarithmic axes in the units of a roofline plot; integer precisions count OP."""
    log_axes(ax)
    kinds = {rate_unit(precision) for precision in precisions}
    rate = "OP/s" if kinds == {"OP/s"} else "FLOP/s"
    scaled(ax.xaxis, "arithmetic intensity", rate.replace("/s", "/B"))
    scaled(ax.yaxis, "attainable throughput", f"T{rate}")
    return ax


def draw_roof(ax: Axes, I: Sequence[float], R_attain: Sequence[float], series: int | None = 0) -> Line2D:
    """A roof through its corners; plain black where series is None."""
    style = {"color": BLACK} if series is None else look(series) | {"marker": ""}
    (line,) = ax.plot(I, R_attain, **style)
    return line


def draw_ridge(ax: Axes, I_ridge: FlopPerByte, series: int | None = 0) -> Line2D:
    """A thin dashed vertical at a ridge point."""
    return ax.axvline(I_ridge, color=GREY if series is None else look(series)["color"], **THIN_DASH)


def draw_points(ax: Axes, I: Sequence[float], R_attain: Sequence[float], series: int = 0) -> Line2D:
    """Operations as markers."""
    (line,) = ax.plot(I, R_attain, **look(series) | {"linestyle": "None"}, zorder=3)
    return line


def draw_chip(ax: Axes, corners: Sequence[Mapping[str, object]], series: int | None = 0) -> None:
    """Roof and ridge of one chip, from the rows of its corners."""
    draw_ridge(ax, corners[1]["I"], series)
    draw_roof(ax, *columns(corners, "I", "R_attain"), series)


def label_chips(ax: Axes, roofs: Sequence[Sequence[Mapping[str, object]]]) -> None:
    """Fit the axes to the roofs and name each at its end; one or two have their ridge points at the foot of the dashes.

    A single ridge also parts the two regimes in words.
    """
    ax.set_xlim(roofs[0][0]["I"], roofs[0][-1]["I"])
    ax.set_ylim(min(roof[0]["R_attain"] for roof in roofs) / 2.5, max(roof[-1]["R_attain"] for roof in roofs) * 3)
    at_foot = len(roofs) <= 2
    end_labels(ax, [(roof[-1]["R_attain"], roof_words(roof, with_ridge=not at_foot)) for roof in roofs])
    bottom, ridges = ax.get_ylim()[0], [roof[1]["I"] for roof in roofs]
    if len(roofs) == 1:
        for dx, side, regime in ((-4, "right", "memory-bound"), (4, "left", "compute-bound")):
            ax.annotate(regime, (ridges[0], bottom), (dx, 18), textcoords="offset points", ha=side, color=GREY)
    if at_foot:
        place_labels(ax, [(I, bottom, f"ridge {three(I)}") for I in ridges], order=("NE", "NW"), color=GREY)


def roof_words(corners: Sequence[Mapping[str, object]], with_ridge: bool) -> str:
    """Name, peak and bandwidth of a roof, one a line."""
    start, ridge, end = corners
    name = f"{end['chip']} {end['precision']}" + (f", ridge {three(ridge['I'])}" if with_ridge else "")
    peak = format_si(end["R_attain"], rate_unit(end["precision"]), 3)
    return f"{name}\n{peak}\n{format_si(start['R_attain'] / start['I'], 'B/s', 3)}"
