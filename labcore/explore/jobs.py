"""The iron law of one pass of a network, with the way from the host: the pure functions of the iron law explorer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import PathPatch

from labcore.catalogue import CHIPS
from labcore.catalogue import chip as find_chip
from labcore.explore.chips import HALF, network, precision_of, rectangles, work
from labcore.explore.operation import fix_ticks
from labcore.ironlaw import network_terms
from labcore.models.network import Network
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, scaled
from labcore.units import Bytes, BytesPerSecond, Ratio, Seconds, format_si

SHOWN = tuple(chip.name for chip in CHIPS if precision_of(chip, HALF))
NAMES = ("host link", "data", "compute", "latency", "all in a row", "overlapped")


@dataclass(frozen=True)
class Job:
    """What one pass takes: its input over the host link, and the three terms of the iron law."""

    link: Seconds
    data: Seconds
    compute: Seconds
    latency: Seconds

    @property
    def T(self) -> Seconds:
        """One after the other."""
        return sum(asdict(self).values())

    @property
    def T_overlapped(self) -> Seconds:
        """Link, data and compute side by side; the launches still come on top."""
        return max(self.link, self.data, self.compute) + self.latency

    @property
    def binds(self) -> str:
        """The longest of the four."""
        return max(asdict(self), key=asdict(self).get)

    def gain(self, part: str, factor: Ratio = 2) -> Ratio:
        """Speed-up in a row when one part is that many times faster."""
        return self.T / (self.T - asdict(self)[part] * (1 - 1 / factor))


def input_bytes(net: Network) -> Bytes:
    """What the host hands over for a pass: token and row numbers, or the first layer's activations.

    >>> input_bytes(network("resnet50", "one pass", HALF, 1)) == 3 * 224 * 224 * 2
    True
    """
    first = net.layers[0].op.reads
    return sum(one.count * one.op.reads.get("indices", 0) for one in net.layers) + first.get("x", first.get("A", 0))


def job(name: str, phase: str, chip: str, batch: int, L_launch: Seconds, BW_one_way: BytesPerSecond) -> Job:
    """One pass of a network on a chip at two bytes a number."""
    net, one = network(name, phase, HALF, batch), find_chip(chip)
    on = network_terms(net, one, precision_of(one, HALF), L_launch)
    return Job(input_bytes(net) / BW_one_way, on.data, on.compute, on.latency)


def build(fig: Canvas) -> SimpleNamespace:
    """A bar for each part, each beginning where the one before ends, and two for the whole."""
    ax = fig.add_axes((0.145, 0.12, 0.83, 0.8), xlim=(0, 1.2), ylim=(5.6, -0.6))
    ax.grid(axis="y", visible=False)
    scaled(ax.xaxis, "time of one pass, as a share of all in a row", "%")
    fix_ticks(ax.xaxis, [0, 0.2, 0.4, 0.6, 0.8, 1])
    fix_ticks(ax.yaxis, np.array([]))
    ax.axhline(3.5, color=GREY, linewidth=0.8)
    for row, name in enumerate(NAMES):
        ax.annotate(name, (0, row), (-6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
                    va="center", color=BLACK)  # fmt: skip
    return SimpleNamespace(
        parts=ax.add_patch(PathPatch(rectangles([], []), facecolor="white", edgecolor=BLUE, hatch="////")),
        longest=ax.add_patch(PathPatch(rectangles([], []), facecolor=VERMILLION, edgecolor=VERMILLION)),
        whole=ax.add_patch(PathPatch(rectangles([], []), facecolor=GREY, edgecolor=GREY)),
        values=[ax.text(1, row, "", va="center") for row in range(len(NAMES))],
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, name: str, phase: str, chip: str, batch: int, launch: float, link: int) -> None:
    """Lay out the bars; the longest part is filled, the others are hatched."""
    one = job(name, phase, chip, batch, launch * 1e-6, link * 1e9)
    times = [*asdict(one).values(), one.T, one.T_overlapped]
    ends = np.array([*np.cumsum(times[:4]), *times[4:]]) / one.T
    starts = ends - np.array(times) / one.T
    longest = list(asdict(one)).index(one.binds)
    groups = {"parts": {0, 1, 2, 3} - {longest}, "longest": {longest}, "whole": {4, 5}}
    for group, members in groups.items():  # a bar of no length is left out
        shown = [end if row in members else start for row, (start, end) in enumerate(zip(starts, ends, strict=True))]
        getattr(artists, group).set_path(rectangles(starts, shown))
    for text, T, end in zip(artists.values, times, ends, strict=True):
        text.set_text(format_si(T, "s", 3))
        text.set_x(end + 0.012)
    artists.title.set_text(f"{name}{'' if phase == 'one pass' else ' ' + phase}, batch {batch}, on {chip}")


def describe(name: str, phase: str, chip: str, batch: int, launch: float, link: int) -> str:
    """Every part, the two totals, which part binds, and what twice of each would gain."""
    one = job(name, phase, chip, batch, launch * 1e-6, link * 1e9)
    parts = ", ".join(f"{part} {format_si(T, 's', 3)}" for part, T in asdict(one).items())
    gains = ", ".join(f"{part} {one.gain(part):.2f}x" for part in asdict(one))
    return (
        f"{work(name, phase, batch)}, on {chip}, {launch:g} us a launch, link {link} GB/s: {parts}; "
        f"in a row {format_si(one.T, 's', 3)}, overlapped {format_si(one.T_overlapped, 's', 3)}; "
        f"the longest is {one.binds}; twice as fast would gain: {gains}"
    )
