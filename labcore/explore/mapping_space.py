"""How many mappings there are: the pure functions of the space explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter

from labcore.explore.operation import fix_ticks
from labcore.mapping.space import Space, loop_orders, matmul_space, parallel_choices, placements, search_space
from labcore.plots.mapping import raised, short
from labcore.plots.style import BLUE, VERMILLION, log_axes

SIDES = ("4", "8", "12", "16", "24", "30", "32", "48", "64")
FORMULAS = ("orders", "spread over an array", "memory placements", "all, by formula")
COUNTED = ("tiles x orders", "fit the buffer", "differ in words")
MOST, MOST_COUNTED = 1e36, 1e4
found = lru_cache(maxsize=256)(matmul_space)


def by_formula(loops: int, memories: int, choices: int, spread: int) -> tuple[int, ...]:
    """The chapter's formulas, in the order of the bars; a placement is chosen for each loop and memory.

    >>> by_formula(loops=3, memories=1, choices=2, spread=1)
    (6, 3, 8, 144)
    """
    return (
        loop_orders(loops, memories),
        parallel_choices(loops, spread) ** memories,
        placements(choices, loops, memories),
        search_space(choices, loops, loops, spread, memories),
    )


def counted(side: str, buffer: int) -> Space:
    """The mappings of one product, enumerated."""
    return found(int(side), int(side), int(side), buffer)


def build(fig: Canvas) -> SimpleNamespace:
    """Bars for the formulas above, bars for what was enumerated below, each with a log axis of its own."""
    top = fig.add_axes((0.24, 0.54, 0.71, 0.37), xlim=(1, MOST), ylim=(3.6, -0.6))
    low = fig.add_axes((0.24, 0.13, 0.71, 0.25), xlim=(1, MOST_COUNTED), ylim=(2.6, -0.6))
    powers = ((top, np.arange(0, 37, 6)), (low, np.arange(5)))
    for (ax, exponents), names in zip(powers, (FORMULAS, COUNTED), strict=True):
        log_axes(ax, "x")
        ax.grid(visible=False, axis="y")
        label_ticks(ax.xaxis, 10.0**exponents, [raised_power(k) for k in exponents])
        label_ticks(ax.yaxis, range(len(names)), names)
    low.set_xlabel("mappings of the product")
    return SimpleNamespace(
        formulas=top.barh(range(4), [1] * 4, height=0.66, facecolor=BLUE, edgecolor=BLUE).patches,
        counted=low.barh(range(3), [1] * 3, height=0.6, facecolor=VERMILLION, edgecolor=VERMILLION).patches,
        numbers=numbers(top, 4) + numbers(low, 3),
        titles=[ax.text(0, 1.06, "", transform=ax.transAxes, weight="bold") for ax in (top, low)],
    )


def label_ticks(axis: Axis, places: object, names: object) -> None:
    """Fixed ticks with names of their own."""
    fix_ticks(axis, places)
    axis.set_major_formatter(FixedFormatter(list(names)))


def raised_power(exponent: int) -> str:
    """A power of ten for a tick.

    >>> raised_power(0), raised_power(12)
    ('1', '10¹²')
    """
    return "1" if exponent == 0 else f"10{str(exponent).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def numbers(ax: Axes, count: int) -> list:
    """Texts that will stand at the ends of bars."""
    return [ax.text(1, k, "", va="center", fontsize=8.5) for k in range(count)]


def update(
    artists: SimpleNamespace, loops: int, memories: int, choices: int, spread: int, side: str, buffer: int
) -> None:
    """Stretch the bars and move their numbers."""
    space = counted(side, buffer)
    values = by_formula(loops, memories, choices, spread), (space.choices, space.legal, space.distinct)
    for bars, lengths in zip((artists.formulas, artists.counted), values, strict=True):
        for bar, value in zip(bars, lengths, strict=True):
            bar.set_x(1)
            bar.set_width(max(value - 1.0, 0.02))
    for text, value in zip(artists.numbers, [*values[0], *values[1]], strict=True):
        text.set_text(raised(value))
        text.set_x(value * (1.8 if text in artists.numbers[:4] else 1.08))
    artists.titles[0].set_text(f"By formula: {loops} loops, memories: {memories}")
    artists.titles[1].set_text(f"Counted: {side} x {side} x {side}, one buffer of {buffer:,} words")


def describe(loops: int, memories: int, choices: int, spread: int, side: str, buffer: int) -> str:
    """Every formula, and what the enumeration of a product finds."""
    orders, ways, places, everything = map(short, by_formula(loops, memories, choices, spread))
    space = counted(side, buffer)
    return (
        f"{loops} loops, memories: {memories}: {orders} orders, {ways} ways to spread {spread} of the loops, {places} "
        f"memory placements at {choices} choices each, {everything} by formula; the {side} x {side} x {side} product "
        f"with a buffer of {buffer:,} words: {space.choices:,} tiles and orders, {space.legal:,} of them fit, "
        f"{space.distinct:,} differ in words moved, from {space.least:,} to {space.most:,}"
    )
