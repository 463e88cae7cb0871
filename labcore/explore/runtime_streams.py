"""Batches issued to streams in time: the pure functions of the streams explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.explore.gantt import corners
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.interconnect.schedule import Exchange
from labcore.plots.runtime_gantt import LANES, LOOKS
from labcore.runtime.streams import by_chunk, simulate
from labcore.runtime.timeline import Timeline
from labcore.units import Seconds, format_si

US: Seconds = 1e-6
HOSTS = ("goes on", "waits for each")


def batch(copy_in: int, compute: int, copy_out: int) -> Exchange:
    """One batch, its steps in microseconds.

    >>> batch(20, 30, 10).binds
    'compute'
    """
    return Exchange(copy_in * US, 0.0, compute * US, copy_out * US)


@lru_cache(maxsize=256)
def planned(host: str, streams: str, batches: int, copy_in: int, compute: int, copy_out: int, launch: int) -> Timeline:
    """The run of all batches."""
    commands = by_chunk(batch(copy_in, compute, copy_out), batches, int(streams))
    return simulate(commands, L_launch=launch * US, blocking=host != HOSTS[0])


def in_a_row(batches: int, copy_in: int, compute: int, copy_out: int, launch: int) -> Seconds:
    """Everything one after another, launches included.

    >>> round(in_a_row(3, 20, 30, 10, 5) / US)
    225
    """
    return batches * (batch(copy_in, compute, copy_out).total + 3 * launch * US)


def pace(host: str, streams: str, copy_in: int, compute: int, copy_out: int, launch: int) -> tuple[Seconds, str]:
    """What one more batch costs in the long run, and what sets it.

    >>> round(pace("goes on", "2", 20, 30, 10, 5)[0] / US), pace("goes on", "4", 20, 30, 10, 5)[1]
    (30, 'the kernel')
    """
    one = batch(copy_in, compute, copy_out)
    if host != HOSTS[0]:
        return one.total + 3 * launch * US, "the waiting host"
    times = {
        "the copy in": one.copy_in, "the kernel": one.compute, "the copy out": one.copy_out,
        "launching": 3 * launch * US, "too few streams": one.total / int(streams),
    }  # fmt: skip
    binds = max(times, key=times.get)
    return times[binds], binds


def build(fig: Canvas) -> SimpleNamespace:
    """Four lanes over the share of the time that all takes one after another."""
    ax = fig.add_axes((0.15, 0.14, 0.82, 0.72), xlim=(0, 1.04), ylim=(3.6, -0.6))
    ax.xaxis.set_major_formatter("{x:.0%}")
    fix_ticks(ax.xaxis, [0, 0.2, 0.4, 0.6, 0.8, 1])
    fix_ticks(ax.yaxis, [0, 1, 2, 3])
    ax.set_yticklabels(list(LANES.values()))
    ax.set_xlabel("time, as a share of what one step after another takes")
    return SimpleNamespace(
        bars=[ax.add_collection(PolyCollection([], linewidth=0.8, zorder=2, **how)) for how in LOOKS.values()],
        ends=ax.axvline(1, **THIN_DASH),
        title=ax.text(0, 1.1, "", transform=ax.transAxes, weight="bold"),
        below=ax.text(0, 1.03, "", transform=ax.transAxes),
    )


def update(artists: SimpleNamespace, host: str, streams: str, batches: int, **times: int) -> None:
    """Lay out the bars of the run."""
    run, T_row = planned(host, streams, batches, **times), in_a_row(batches, **times)
    for lane, (engine, bars) in enumerate(zip(LANES, artists.bars, strict=True)):
        bars.set_verts([corners(one, lane, T_row) for one in run.events if one.engine == engine])
    artists.ends.set_xdata([run.makespan / T_row] * 2)
    artists.title.set_text(f"streams: {streams}; the host {host}")
    artists.below.set_text(f"{format_si(run.makespan, 's', 3)}, in a row {format_si(T_row, 's', 3)}")


def describe(host: str, streams: str, batches: int, **times: int) -> str:
    """The time against one after another, the accelerator's share, and what sets the pace."""
    run, T_row = planned(host, streams, batches, **times), in_a_row(batches, **times)
    T_more, binds = pace(host, streams, **times)
    return (
        f"{batches} batch{'es' * (batches > 1)} of {times['copy_in']} us in, {times['compute']} us of kernel, "
        f"{times['copy_out']} us out, launches of {times['launch']} us, streams: {streams}, the host {host}: "
        f"{format_si(run.makespan, 's', 4)} against {format_si(T_row, 's', 4)} in a row; accelerator busy "
        f"{run.utilization('accelerator'):.1%}; in the long run one more batch costs {format_si(T_more, 's', 4)}, "
        f"set by {binds}"
    )
