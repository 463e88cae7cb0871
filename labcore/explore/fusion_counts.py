"""One chain counted in several ways, apart and fused: the pure functions of the counting explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.fusion.examples import chain
from labcore.fusion.footprint import footprint
from labcore.fusion.kernel import eager, traffic
from labcore.fusion.plan import plan
from labcore.plots.style import BLUE, GREY, VERMILLION
from labcore.units import Bytes

MOST = 8
STEPS = np.arange(1, MOST + 1)
COUNTS = {
    "all tensors held": footprint,
    "held, freed early": lambda g, run: footprint(g, run, "free"),
    "held, in place": lambda g, run: footprint(g, run, "in place"),
    "the result alone": lambda g, run: g.nbytes(g.outputs[0]),
    "bytes written": lambda g, run: sum(sum(k.writes.values()) for k in run),
    "bytes read and written": lambda g, run: traffic(run),
}
ALIKE = {  # the name of a dashed line: one of its counts, and where the name stands
    "written; read and written": ("bytes written", "center"),
    "all held": ("all tensors held", "center"),
    "held, freed early": ("held, freed early", "bottom"),
    "in place; the result alone": ("held, in place", "top"),
}


@cache
def counted(steps: int, count: str, fused: bool) -> Bytes:
    """A count of a chain of some operations on 1024 x 1024 FP32 numbers.

    >>> counted(3, "all tensors held", fused=True) / 1024**2 / 4
    2.0
    """
    whole = chain(steps)
    return COUNTS[count](whole, plan(whole) if fused else eager(whole))


def gain(steps: int, apart: str, fused: str) -> float:
    """One count of the chain's kernels apart over another, or the same, of it as one kernel.

    >>> gain(3, "all tensors held", "the result alone")
    4.0
    """
    return counted(steps, apart, False) / counted(steps, fused, True)


def build(fig: Canvas) -> SimpleNamespace:
    """Grey lines for counts like for like, a line for the pair that was chosen, a dot at the chain's length."""
    ax = fig.add_axes((0.1, 0.125, 0.86, 0.78), xlim=(0.5, MOST + 2.9), ylim=(0, 2 * MOST + 2))
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.yaxis.set_major_formatter("{x:.0f}")
    fix_ticks(ax.xaxis, STEPS)
    fix_ticks(ax.yaxis, range(0, 2 * MOST + 1, 2))
    ax.set_xlabel("operations in the chain")
    ax.set_ylabel("apart over fused")
    for count in COUNTS:
        ax.plot(STEPS, [gain(int(k), count, count) for k in STEPS], color=GREY, linewidth=0.9, linestyle="--")
    ax.plot([], [], color=GREY, linewidth=0.9, linestyle="--", label="the same count in both")
    for name, (count, va) in ALIKE.items():
        ax.text(MOST + 0.15, gain(MOST, count, count), name, va=va, color=GREY, fontsize=8)
    moving = SimpleNamespace(
        line=ax.plot([], [], color=BLUE, label="the two counts chosen")[0],
        dot=ax.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", zorder=3)[0],
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="upper left")
    return moving


def update(artists: SimpleNamespace, steps: int, apart: str, fused: str) -> None:
    """Move the line to the two counts and the dot to the chain's length."""
    artists.line.set_data(STEPS, [gain(int(k), apart, fused) for k in STEPS])
    artists.dot.set_data([steps], [gain(steps, apart, fused)])
    artists.title.set_text(f"{apart}, over {fused}: {gain(steps, apart, fused):.3g}x")


def describe(steps: int, apart: str, fused: str) -> str:
    """Both counts in MB, their ratio, and whether they are of one kind."""
    before, after = counted(steps, apart, False) / 1e6, counted(steps, fused, True) / 1e6
    alike = "counted alike" if apart == fused else "two different counts"
    said = f"chain of {steps}: apart, {apart}, {before:.1f} MB; fused, {fused}, {after:.1f} MB"
    return f"{said}; {before / after:.3g} to one, {alike}"
