"""An exchange between host and accelerator in time: the pure functions of the transfer explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import chip as find_chip
from labcore.catalogue.links import LAUNCH
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.interconnect.link import link as find_link
from labcore.interconnect.schedule import (
    Exchange,
    Interval,
    busy,
    exchange,
    makespan,
    pipelined,
    sequential_time,
)
from labcore.plots.transfers import STEP_LOOKS
from labcore.units import Bytes, Ratio, Seconds, format_si

LANE_OF = {step: lane for lane, step in enumerate(STEP_LOOKS)}
MB: Bytes = 1e6


def build(fig: Canvas) -> SimpleNamespace:
    """Four lanes over the share of the time that the steps take one after another."""
    ax = fig.add_axes((0.19, 0.14, 0.78, 0.72), xlim=(0, 1.04), ylim=(3.6, -0.6))
    ax.xaxis.set_major_formatter("{x:.0%}")
    fix_ticks(ax.xaxis, [0, 0.2, 0.4, 0.6, 0.8, 1])
    fix_ticks(ax.yaxis, [0, 1, 2, 3])
    ax.set_yticklabels(["link, in", "CPU", "accelerator", "link, out"])
    ax.set_xlabel("time, as a share of what one step after another takes")
    ax.axvline(1, **THIN_DASH)
    return SimpleNamespace(
        bars=[ax.add_collection(PolyCollection([], linewidth=0.8, zorder=2, **look)) for look in STEP_LOOKS.values()],
        ends=ax.axvline(1, **THIN_DASH),
        title=ax.text(0, 1.1, "", transform=ax.transAxes, weight="bold"),
        below=ax.text(0, 1.03, "", transform=ax.transAxes),
    )


def one_chunk(chip: str, link: str, MB_in: int, MB_out: int, I: int, chunks: int) -> Exchange:
    """The times of one chunk's four steps; I is FLOP for each byte sent in, at the chip's fp16 peak."""
    T_compute = I * MB_in * MB / find_chip(chip).peak("fp16")
    return exchange(MB_in * MB, MB_out * MB, T_compute, find_link(link), LAUNCH.value, chunks)


@lru_cache(maxsize=64)
def planned(engines: str, **sizes: object) -> tuple[Exchange, tuple[Interval, ...]]:
    """The times of one chunk's steps, and the overlapped schedule of all chunks."""
    one = one_chunk(**sizes)
    return one, tuple(pipelined(one, sizes["chunks"], int(engines)))


def update(artists: SimpleNamespace, **values: object) -> None:
    """Lay out the bars of the overlapped schedule."""
    one, run = planned(**values)
    T_row = sequential_time(one, values["chunks"])
    for lane, bars in enumerate(artists.bars):
        bars.set_verts([corners(i, lane, T_row) for i in run if LANE_OF[i.step] == lane])
    share = makespan(run) / T_row
    artists.ends.set_xdata([share, share])
    artists.title.set_text(f"{values['chip']} behind {values['link']}, chunks: {values['chunks']}")
    artists.below.set_text(f"{format_si(makespan(run), 's', 3)} overlapped, {format_si(T_row, 's', 3)} in a row")


def corners(one: Interval, lane: int, T_row: Seconds) -> list[tuple[float, float]]:
    """The rectangle of an interval in its lane."""
    left, right = one.start / T_row, one.end / T_row
    return [(left, lane - 0.36), (right, lane - 0.36), (right, lane + 0.36), (left, lane + 0.36)]


def compute_over_copies(engines: str, **sizes: object) -> Ratio:
    """How many times as long computing a chunk takes as the copies that one engine must do for it.

    >>> sizes = {"chip": "A100", "link": "PCIe Gen4 x16", "MB_in": 64, "MB_out": 1, "chunks": 1}
    >>> round(compute_over_copies("2", I=9902, **sizes), 2)  # 9,902 is the second ridge point; a copy call costs 6 us
    1.0
    """
    one = one_chunk(**sizes)
    return one.compute / (one.copy_in + one.copy_out if engines == "1" else max(one.copy_in, one.copy_out))


def describe(**values: object) -> str:
    """Times in a row and overlapped, what overlap saves, which resource binds, and computing beside copying."""
    one, run = planned(**values)
    T_row, T = sequential_time(one, values["chunks"]), makespan(run)
    work = busy(run)
    binds = max(work, key=work.get)
    engine = "copy engine" if values["engines"] == "1" else "link in"
    return (
        f"{values['chip']} behind {values['link']}, {values['MB_in']} MB in and {values['MB_out']} MB out in "
        f"{values['chunks']} chunk{'s' * (values['chunks'] > 1)}, {values['I']:,} FLOP for each byte in, "
        f"copy engines: {values['engines']}: "
        f"{format_si(T_row, 's', 4)} one step after another, {format_si(T, 's', 4)} overlapped "
        f"({1 - T / T_row:.1%} saved); busiest is the {engine if binds == 'link in' else binds}, "
        f"{work[binds] / T:.1%} of the time; computing a chunk takes {compute_over_copies(**values):.3f} times as long "
        "as its copies"
    )
