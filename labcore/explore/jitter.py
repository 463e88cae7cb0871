"""A plan against a queue on four engines, under jitter: the pure functions of the jitter explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.architectures.engines import ATTENTION, POLICIES, Schedule, durations, simulate
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, GREEN, GREY, VERMILLION

LAWS = ("equal", "exponential", "two", "heavy")
LANES = ("tensor", "vector", "scalar", "GPSIMD")
TILES = 24
END = 4.0  # of the axis, in times of the tensor engine's work
LOOKS = {"clocked": (BLUE, "-"), "ordered": (GREEN, "-."), "dynamic": (VERMILLION, "--")}


@lru_cache(maxsize=1024)
def run(law: str, policy: str, buffers: int, dispatch: float, seed: int) -> Schedule:
    """One schedule of 24 tiles; only the dynamic policy pays for dispatching.

    >>> run("equal", "clocked", 4, 0.5, 1).makespan < run("equal", "dynamic", 4, 0.5, 1).makespan
    True
    """
    return simulate(ATTENTION, durations(ATTENTION, TILES, law, seed), policy, buffers, dispatch)


def work(law: str, seed: int) -> float:
    """Time that the tensor engine works, in the draw: no schedule is shorter."""
    T = durations(ATTENTION, TILES, law, seed)
    return float(T[:, [name == "tensor" for name, _ in ATTENTION]].sum())


def build(fig: Canvas) -> SimpleNamespace:
    """Four lanes of one policy over time, and the ends of all three."""
    ax = fig.add_axes((0.12, 0.15, 0.85, 0.66), xlim=(0, END), ylim=(len(LANES) - 0.4, -0.6))
    ax.xaxis.set_major_formatter("{x:.1f}")
    fix_ticks(ax.xaxis, np.arange(0, END + 0.1, 0.5))
    fix_ticks(ax.yaxis, range(len(LANES)))
    ax.set_yticklabels(LANES)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("time, over the work of the tensor engine (durations are illustrative)")
    ax.axvline(1, **THIN_DASH)
    ends = {name: ax.axvline(1, color=colour, linestyle=dash, label=f"end, {name}")
            for name, (colour, dash) in LOOKS.items()}  # fmt: skip
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3)
    return SimpleNamespace(
        steps=[
            ax.add_collection(PolyCollection([], facecolor=colour, edgecolor=GREY, linewidth=0.5))
            for colour in (BLUE, "white")
        ],
        ends=list(ends.values()),
        title=ax.text(0, 1.13, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, law: str, policy: str, buffers: int, dispatch: float, seed: int) -> None:
    """Lay out the steps of the chosen policy, those of even tiles filled, and the three ends."""
    one, unit = run(law, policy, buffers, dispatch, seed), work(law, seed)
    for odd, bars in enumerate(artists.steps):
        bars.set_verts([
            corners(one.start[i, j] / unit, one.end[i, j] / unit, LANES.index(one.engines[j]))
            for i in range(odd, TILES, 2) for j in range(len(one.engines))
        ])  # fmt: skip
    for line, name in zip(artists.ends, LOOKS, strict=True):
        end = run(law, name, buffers, dispatch, seed).makespan / unit
        line.set_xdata([min(end, END), min(end, END)])
    artists.title.set_text(f"{policy}, {law} durations, {buffers} tiles in flight")


def corners(left: float, right: float, lane: int) -> list[tuple[float, float]]:
    """The rectangle of a step in its lane."""
    left, right = min(left, END), min(right, END)
    return [(left, lane - 0.36), (right, lane - 0.36), (right, lane + 0.36), (left, lane + 0.36)]


def describe(law: str, policy: str, buffers: int, dispatch: float, seed: int) -> str:
    """When each policy ends, the shortest, and how busy the chosen one keeps the tensor engine."""
    unit = work(law, seed)
    ends = {name: run(law, name, buffers, dispatch, seed).makespan / unit for name in POLICIES}
    share = run(law, policy, buffers, dispatch, seed).utilization("tensor")
    said = ", ".join(f"{name} {end:.2f}" for name, end in ends.items())
    least = min(ends.values())
    first = " and ".join(name for name, end in ends.items() if end <= least * (1 + 1e-9))
    return (
        f"{law} durations, draw {seed}, {buffers} tiles in flight, dispatch {dispatch:g}: ends at {said} times the "
        f"work of the tensor engine; {first} first; {policy} keeps that engine at work for {share:.0%}"
    )
