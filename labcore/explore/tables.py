"""A special-function unit by table: the pure functions of the unit designer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.special import ORDERS
from labcore.plots.style import BLUE, GREY, log_axes
from labcore.plots.words import three
from labcore.sfu.accuracy import Accuracy, accuracy, every_value, ulp
from labcore.sfu.latency import cycles
from labcore.sfu.tables import FUNCTIONS, NO_VALUE, TableUnit

ENDS = {"exp": (-8.0, 8.0), "sigmoid": (-8.0, 8.0), "tanh": (-4.0, 4.0)}  # drawn; others from 1/4 to 4
FLOOR = 1e-3


def build(fig: Canvas) -> SimpleNamespace:
    """The error over the argument, before rounding, beside the half ulp that rounding costs."""
    ax = fig.add_axes((0.12, 0.13, 0.85, 0.76), xlim=(0, 1), ylim=(FLOOR, 1e4))
    log_axes(ax, "y")
    ax.xaxis.set_major_formatter(lambda place, _: ("low", "", "middle", "", "high")[round(4 * place)])
    ax.yaxis.set_major_formatter("{x:g}")
    fix_ticks(ax.xaxis, np.linspace(0, 1, 5))
    fix_ticks(ax.yaxis, 10.0 ** np.arange(-3, 5))
    ax.set_xlabel("argument, across the interval that the title names")
    ax.set_ylabel("error before rounding (ulp)")
    ax.axhline(0.5, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.annotate("half an ulp: what rounding can add", (0.99, 0.5), (0, 3), textcoords="offset points",
                ha="right", color=GREY)  # fmt: skip
    return SimpleNamespace(
        error=ax.plot([], [], color=BLUE, linewidth=1.2)[0],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, function: str, fmt: str, order: str, bits: int) -> None:
    """Draw the error of this unit."""
    low, high = ENDS.get(function, (0.25, 4.0))
    place = (np.arange(800) + 0.5) / 800
    unit, x = design(function, order, bits), low + (high - low) * place
    exact = unit.exact(x)
    artists.error.set_data(place, np.maximum(np.abs(unit(x) - exact) / ulp(exact, fmt), FLOOR))
    artists.title.set_text(f"{function} in {fmt}, {2**bits} entries, {order}; arguments {low:g} to {high:g}")


def describe(function: str, fmt: str, order: str, bits: int) -> str:
    """Size, cycles and the error over every value of the format."""
    unit = design(function, order, bits)
    found = measured(function, fmt, order, bits)
    return (
        f"{function} in {fmt}, {2**bits} entries, {order}: table of {unit.size:,} bit, {cycles(unit)} cycles; over all "
        f"{found.inputs:,} numbers the worst error is {short(found.raw)} ulp before rounding "
        f"(at {found.raw_at:.4g}) and {short(found.worst)} ulp after it "
        f"(at {found.worst_at:.4g}), at most {found.absolute:.1e} in size; {100 * found.right:.2f} % correctly rounded"
    )


def short(value: float) -> str:
    """Three digits, or a power of ten where there would be too many.

    >>> short(0.5), short(2.6e33)
    ('0.500', '2.6e+33')
    """
    return three(value) if value < 1e5 else f"{value:.1e}"


def design(function: str, order: str, bits: int) -> TableUnit:
    """The unit that the controls describe."""
    return TableUnit(function, bits, ORDERS.index(order))


@cache
def measured(function: str, fmt: str, order: str, bits: int) -> Accuracy:
    """Its accuracy over every number of the format for which the function has a value."""
    return accuracy(design(function, order, bits), FUNCTIONS[function][0], inputs(function, fmt), fmt)


@cache
def inputs(function: str, fmt: str) -> np.ndarray:
    """Every number of the format for which the function has a value."""
    x = every_value(fmt)
    return x[~NO_VALUE[function][0](x)] if function in NO_VALUE else x
