"""Bytes of a matrix by density in every format: the pure functions of the format explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import log_axes, look
from labcore.plots.words import three
from labcore.precision import bytes_per_element
from labcore.sparsity.cost import FORMATS, expected_bytes
from labcore.units import Bytes, format_si

SIDE = 4096
DENSITIES = 10 ** np.linspace(-3, 0, 61)
INDICES = {"16 bits": 2, "32 bits": 4, "64 bits": 8}
BLOCKS = {f"{k} x {k}": (k, k) for k in (2, 4, 8, 16, 32)}
PLACES = ("anywhere", "in whole blocks")


def sizes(density: float, values: str, index: str, block: str, zeros: str) -> dict[str, Bytes]:
    """Bytes of a SIDE x SIDE matrix in each format; density in per cent.

    >>> round(sizes(50, "fp16", "32 bits", "4 x 4", "anywhere")["CSR"] / (SIDE * SIDE * 2), 2)
    1.5
    """
    together = zeros == PLACES[1]
    return expected_bytes(SIDE, SIDE, density / 100, bytes_per_element(values), INDICES[index], BLOCKS[block], together)


@cache
def curves(values: str, index: str, block: str, zeros: str) -> dict[str, list[float]]:
    """Bytes of each format over those of the dense matrix, at all DENSITIES.

    >>> curves("fp16", "32 bits", "4 x 4", "anywhere")["dense"][0]
    1.0
    """
    at = [sizes(100 * density, values, index, block, zeros) for density in DENSITIES]
    return {name: [one[name] / one["dense"] for one in at] for name in FORMATS}


def build(fig: Canvas) -> SimpleNamespace:
    """One line a format over density, and a dot on each at the density chosen."""
    ax = fig.add_axes((0.115, 0.125, 0.85, 0.765), xlim=(0.1, 100), ylim=(2e-3, 10))
    log_axes(ax)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_major_formatter("{x:g}")
    fix_ticks(ax.xaxis, (0.1, 1, 10, 100))
    fix_ticks(ax.yaxis, (0.01, 0.1, 1, 10))
    ax.set_xlabel("nonzeros (% of all places)")
    ax.set_ylabel("bytes over those of the dense matrix")
    moving = SimpleNamespace(
        here=ax.axvline(1, **THIN_DASH),
        lines=[ax.plot([], [], **look(k) | {"marker": ""})[0] for k in range(len(FORMATS))],
        dots=[
            ax.plot([], [], **look(k) | {"linestyle": "None"}, markersize=7, zorder=3, clip_on=False)[0]
            for k in range(len(FORMATS))
        ],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )
    keys = [ax.plot([], [], **look(k), label=name)[0] for k, name in enumerate(FORMATS)]
    ax.legend(handles=keys, loc="lower right", handlelength=4)
    return moving


def update(artists: SimpleNamespace, density: float, values: str, index: str, block: str, zeros: str) -> None:
    """Move the lines to the widths and the pattern, the dots to the density."""
    shares = curves(values, index, block, zeros)
    at = sizes(density, values, index, block, zeros)
    artists.here.set_xdata([density, density])
    for line, dot, name in zip(artists.lines, artists.dots, FORMATS, strict=True):
        line.set_data(100 * DENSITIES, shares[name])
        dot.set_data([density], [at[name] / at["dense"]])
    artists.title.set_text(f"{SIDE} x {SIDE}, {values}, {index} an index, {block} blocks, nonzeros {zeros}")


def describe(density: float, values: str, index: str, block: str, zeros: str) -> str:
    """The formats from the smallest to the largest, with their shares of the dense matrix."""
    at = sizes(density, values, index, block, zeros)
    order = sorted(FORMATS, key=at.get)
    shares = ", ".join(f"{name} {three(100 * at[name] / at['dense'])} %" for name in order)
    return (
        f"{three(density)} % nonzeros {zeros}, {values} values, indices of {index}, blocks of {block}: "
        f"{order[0]} is smallest with {format_si(at[order[0]], 'B', 3)}; of the dense matrix: {shares}"
    )
