"""Pruning a matrix under three patterns: the pure functions of the pruning explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import look
from labcore.plots.words import three
from labcore.sparsity import NM
from labcore.sparsity.lanes import walk
from labcore.sparsity.pruning import block_mask, free_mask, kept_norm, nm_mask
from labcore.sparsity.samples import weights

ROWS, COLS = 128, 256
GROUPS = ("2", "4", "8", "16")
PATTERNS = ("anywhere", "n of each m", "whole m x m blocks")


def counts(m: str) -> tuple[str, ...]:
    """How many of m may be kept.

    >>> counts("4")
    ('1', '2', '3', '4')
    """
    return tuple(map(str, range(1, int(m) + 1)))


@cache
def kept(n: int, m: int) -> tuple[float, ...]:
    """Share of the norm that each pattern keeps when n of m weights stay.

    >>> kept(4, 4)
    (1.0, 1.0, 1.0)
    """
    x = weights(ROWS, COLS)
    return tuple(kept_norm(x, mask) for mask in masks(n, m))


@cache
def gains(n: int, m: int, lanes: int) -> tuple[float, ...]:
    """Speed-up of a grid of lanes that meet after each m columns, for each pattern; in the last turn some may idle.

    >>> gains(2, 4, 32)[1], gains(2, 4, 33)[1]
    (2.0, 2.0)
    """
    idle = -ROWS % lanes
    return tuple(walk(np.pad(mask, ((0, idle), (0, 0))), lanes, m).speedup for mask in masks(n, m))


@cache
def masks(n: int, m: int) -> tuple:
    """The masks of the three patterns, all with n of m weights kept."""
    x = weights(ROWS, COLS)
    return free_mask(x, n / m), nm_mask(x, n, m), block_mask(x, (m, m), n / m)


def grid(lanes: int) -> str:
    """The lanes, as sentence and title name them.

    >>> grid(1), grid(32)
    ('1 lane', '32 lanes')
    """
    return "1 lane" if lanes == 1 else f"{lanes} lanes"


def build(fig: Canvas) -> SimpleNamespace:
    """Norm kept at the left, speed-up at the right, both over the share of weights that stay."""
    left = fig.add_axes((0.09, 0.14, 0.385, 0.68), xlim=(0, 102), ylim=(0, 103))
    right = fig.add_axes((0.595, 0.14, 0.385, 0.68), xlim=(0, 102), ylim=(0.75, 20))
    right.set_yscale("log")
    right.minorticks_off()
    right.yaxis.set_major_formatter("{x:g}")
    for ax in (left, right):
        ax.set_xlabel("weights kept (%)")
        fix_ticks(ax.xaxis, (0, 25, 50, 75, 100))
    fix_ticks(left.yaxis, (0, 25, 50, 75, 100))
    fix_ticks(right.yaxis, (1, 2, 4, 8, 16))
    left.set_ylabel("norm kept (%)")
    right.set_ylabel("speed-up (x)")
    moving = SimpleNamespace(
        lines=[ax.plot([], [], **look(k) | {"marker": ""})[0] for ax in (left, right) for k in range(3)],
        dots=[ax.plot([], [], **look(k) | {"linestyle": "None"}, markersize=8, zorder=3)[0]
              for ax in (left, right) for k in range(3)],
        title=left.text(0, 1.185, "", transform=left.transAxes, weight="bold"),
    )  # fmt: skip
    keys = [left.plot([], [], **look(k), label=name)[0] for k, name in enumerate(PATTERNS)]
    fig.legend(handles=keys, loc="upper left", bbox_to_anchor=(0.08, 0.935), ncols=3, handlelength=3)
    return moving


def update(artists: SimpleNamespace, m: str, n: str, lanes: int) -> None:
    """Move the curves to all n of this m, and the dots to the n chosen."""
    n, m = int(n), int(m)
    xs = [100 * k / m for k in range(1, m + 1)]
    norms = [[100 * share for share in kept(k, m)] for k in range(1, m + 1)]
    speeds = [gains(k, m, lanes) for k in range(1, m + 1)]
    heights = [*zip(*norms, strict=True), *zip(*speeds, strict=True)]
    for line, dot, ys in zip(artists.lines, artists.dots, heights, strict=True):
        line.set_data(xs, ys)
        dot.set_data([xs[n - 1]], [ys[n - 1]])
    artists.title.set_text(f"{n} of each {m} kept, {m} columns at a time on {grid(lanes)}")


def describe(m: str, n: str, lanes: int) -> str:
    """What n:m keeps, takes and gains, beside as many weights under the two other patterns."""
    n, m = int(n), int(m)
    x = weights(ROWS, COLS)
    norms, speeds = [f"{three(100 * share)} %" for share in kept(n, m)], [f"{three(s)}x" for s in gains(n, m, lanes)]
    size = NM.from_dense(x, n, m).nbytes(value_bytes=2) / (2 * x.size)
    return (
        f"{n}:{m} on {grid(lanes)}: {norms[1]} of the norm in {three(100 * size)} % of the fp16 bytes, {speeds[1]}; "
        f"as many weights anywhere: {norms[0]}, {speeds[0]}; in {m} x {m} blocks: {norms[2]}, {speeds[2]}"
    )
