"""A detector's frames beside neighbours on one DRAM: the pure functions of the isolation explorer."""

from __future__ import annotations

import math
from functools import lru_cache
from types import SimpleNamespace

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.catalogue.soc import CROWD
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.soc_deadline import IN_TIME, LATE
from labcore.soc.crowd import PERIOD, Frame, drive

COUNT = 6
BW = CROWD["BW"].value


@lru_cache(maxsize=128)
def driven(scheme: str, demand: int, neighbours: int, frame: int) -> tuple[Frame, ...]:
    """The frames, with neighbours' demand in GB/s and a frame in MB.

    >>> [one.late for one in driven("priority", 60, 3, 256)]
    [False, False, False, False, False, False]
    """
    return drive(scheme, 1e9 * demand, neighbours, 1e6 * frame, COUNT)


def build(fig: Canvas) -> SimpleNamespace:
    """A row for each frame over time, with the times at which frames come."""
    end = COUNT * PERIOD
    ax = fig.add_axes((0.1, 0.15, 0.87, 0.7), xlim=(0, end), ylim=(COUNT + 0.5, 0.5))
    ax.xaxis.set_major_formatter(lambda t, _: f"{1e3 * t:.0f}")
    fix_ticks(ax.xaxis, [k * 25e-3 for k in range(9)])
    fix_ticks(ax.yaxis, range(1, COUNT + 1))
    ax.set_ylabel("frame")
    ax.set_xlabel("time (ms); a frame comes at each dashed line, the neighbours at the first")
    ax.grid(visible=False)
    for k in range(1, COUNT):
        ax.axvline(k * PERIOD, zorder=0, **THIN_DASH)
    return SimpleNamespace(
        bars=[ax.add_collection(PolyCollection([], linewidth=0.9, zorder=2, **look)) for look in (IN_TIME, LATE)],
        title=ax.text(0, 1.06, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, **values: object) -> None:
    """Lay out the frames, those in time and those that are late."""
    run = driven(**values)
    for late, bars in enumerate(artists.bars):
        bars.set_verts([box(k, one) for k, one in enumerate(run, start=1) if one.late == late])
    missed = sum(one.late for one in run)
    artists.title.set_text(f"{values['scheme']}: {missed} of {COUNT} frames late")


def box(k: int, one: Frame) -> list[tuple[float, float]]:
    """The bar of the k-th frame, cut off where the picture ends."""
    left, right = one.start, min(one.end, COUNT * PERIOD)
    return [(left, k - 0.34), (right, k - 0.34), (right, k + 0.34), (left, k + 0.34)]


def describe(**values: object) -> str:
    """What all ask of the bus, frames late, the shortest and the longest."""
    run = driven(**values)
    taken = [1e3 * (one.end - one.start) for one in run if one.end < math.inf]
    asked = (1e9 * values["demand"] + 1e6 * values["frame"] / PERIOD) / BW
    n, missed = values["neighbours"], sum(one.late for one in run)
    span = f"frames take {min(taken):.1f} to {max(taken):.1f} ms" if taken else "no frame is done"
    left = f", and {COUNT - len(taken)} not done at the end" * (len(taken) < COUNT)
    return (
        f"{values['scheme']}, frames of {values['frame']} MB beside {n} "
        f"neighbour{'s' * (n > 1)} who {'together ' * (n > 1)}ask for {values['demand']} GB/s: "
        f"all together {asked:.0%} of {BW / 1e9:g} GB/s; {missed} of {COUNT} frames late; {span}{left}"
    )
