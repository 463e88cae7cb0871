"""Newton's iteration from any start: the pure functions of the basin explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY
from labcore.sfu.newton import BASIN, STEPS

STEPS_SHOWN = 8
CLIP = 3.0
EDGES = {"reciprocal": 2.0, "rsqrt": 3**0.5, "sqrt": np.inf}  # of the basin, as multiples of the wanted value


def build(fig: Canvas) -> SimpleNamespace:
    """Iterates over the wanted value, step by step, with the basin of the start shaded at step 0."""
    ax = fig.add_axes((0.12, 0.13, 0.85, 0.76), xlim=(-0.4, STEPS_SHOWN + 0.4), ylim=(-CLIP, CLIP))
    fix_ticks(ax.xaxis, np.arange(STEPS_SHOWN + 1))
    fix_ticks(ax.yaxis, np.arange(-3, 4))
    ax.set_xlabel("steps done")
    ax.set_ylabel("iterate over the wanted value")
    ax.axhline(1, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.axhline(0, color=GREY, linewidth=0.6)
    return SimpleNamespace(
        basin=ax.plot([], [], color=GREY, linewidth=9, alpha=0.35, solid_capstyle="butt")[0],
        basin_label=ax.annotate("", (-0.15, -0.3), (2, 0), textcoords="offset points", color=GREY, va="center"),
        path=ax.plot([], [], color=BLUE, marker="o")[0],
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )


def iterates(function: str, start: float) -> np.ndarray:
    """The iterates for x = 1, whose wanted value is 1, from `start` on; infinite where they leave all bounds.

    >>> iterates("reciprocal", 0.5)[:3].tolist()
    [0.5, 0.75, 0.9375]
    >>> iterates("reciprocal", 2.0)[:3].tolist()
    [2.0, 0.0, 0.0]
    """
    out = [float(start)]
    for _ in range(STEPS_SHOWN):
        y = out[-1]
        out.append(STEPS[function](1.0, y) if abs(y) < 1e100 else np.inf)
    return np.array(out)


def update(artists: SimpleNamespace, function: str, percent: int) -> None:
    """Draw the path from this start, in per cent of the wanted value."""
    start = percent / 100
    path = iterates(function, start)
    artists.path.set_data(np.arange(path.size), np.clip(np.nan_to_num(path, posinf=CLIP), -CLIP, CLIP))
    artists.basin.set_data([0, 0], [0, min(EDGES[function], CLIP)])
    edge = EDGES[function]
    artists.basin_label.set_text("basin" if np.isfinite(edge) else "basin: every start above 0")
    artists.title.set_text(f"{function} from {start:g} times the wanted value")


def describe(function: str, percent: int) -> str:
    """Whether the start lies in the basin, and how many steps give 11 and 24 digits, or where it ends instead."""
    start = percent / 100
    path = iterates(function, start)
    if not BASIN[function][0](1.0, start):
        return f"{function} from {start:g} times the wanted value: outside the basin; {fate(path)}"
    error = np.abs(path - 1)
    words = []
    for digits in (11, 24):
        good = np.flatnonzero(error <= 2.0**-digits)
        words.append(f"{digits} bits after {good[0]} steps" if good.size else f"{digits} bits not within {STEPS_SHOWN}")
    return (
        f"{function} from {start:g} times the wanted value: inside the basin; {', '.join(words)}; "
        f"first steps {', '.join(f'{y:.6g}' for y in path[1:4])}"
    )


def fate(path: np.ndarray) -> str:
    """Where a path from outside the basin stands in the end."""
    last = path[-1]
    if last == 0:
        return "the first step gives 0, and from 0 every step gives 0 again"
    if not np.isfinite(last) or abs(last) > 1e6:
        return f"after {STEPS_SHOWN} steps beyond all bounds, first steps {', '.join(f'{y:.6g}' for y in path[1:4])}"
    return f"after {STEPS_SHOWN} steps at {last:.6g}, first steps {', '.join(f'{y:.6g}' for y in path[1:4])}"
