"""What a message reaches of a link's bandwidth, by its size: the pure functions of the message explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue.links import LINKS
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.interconnect.link import effective_bandwidth, half_bandwidth_size, size_for_share, transfer_time
from labcore.interconnect.link import link as find_link
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes, scaled
from labcore.units import BytesPerSecond, format_si

D_MAX = 2**30
SIZES = 2.0 ** np.linspace(6, 30, 97)  # four points for each doubling


def build(fig: Canvas) -> SimpleNamespace:
    """Effective bandwidth over the size of a message, one curve that will move among those of all links."""
    ax = fig.add_axes((0.12, 0.13, 0.83, 0.77), xlim=(SIZES[0], D_MAX), ylim=(1e7, 2e12))
    log_axes(ax)
    scaled(ax.yaxis, "bytes over time", "GB/s")
    ax.xaxis.set_major_formatter(lambda size, _: format_si(size, "B"))
    fix_ticks(ax.xaxis, 10.0 ** np.arange(2, 10))
    fix_ticks(ax.yaxis, 10.0 ** np.arange(7, 13))
    ax.set_xlabel("size of a message")
    for name in LINKS:
        ax.plot(SIZES, reached(name), color="#C0C0C0", linewidth=0.7, zorder=1)
    return SimpleNamespace(
        curve=ax.plot([], [], color=BLUE, linewidth=2.2)[0],
        peak=ax.axhline(1, **THIN_DASH),
        half=ax.axvline(1, **THIN_DASH),
        half_label=ax.annotate("", (1, 1e7), (4, 5), textcoords="offset points", color=GREY),
        dot=ax.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", zorder=3, clip_on=False)[0],
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )


def reached(name: str) -> BytesPerSecond:
    """What messages of all sizes reach on a link."""
    one = find_link(name)
    return effective_bandwidth(SIZES, one.BW_one_way, one.L_lat)


def update(artists: SimpleNamespace, link: str, size: int, pieces: int) -> None:
    """Move the curve to the link and the dot to the pieces."""
    one = find_link(link)
    half, piece = half_bandwidth_size(one.BW_one_way, one.L_lat), size / pieces
    artists.curve.set_data(SIZES, reached(link))
    artists.peak.set_ydata([one.BW_one_way, one.BW_one_way])
    artists.half.set_xdata([half, half])
    artists.half_label.set_text(f"half at {format_si(half, 'B', 3)}")
    artists.half_label.xy = (half, 1e7)
    artists.dot.set_data([piece], [effective_bandwidth(piece, one.BW_one_way, one.L_lat)])
    artists.title.set_text(f"{link}: {format_si(one.BW_one_way, 'B/s', 3)} one way")


def describe(link: str, size: int, pieces: int) -> str:
    """The time of all pieces one after another, the share of the link that they reach, and the sizes that count."""
    one = find_link(link)
    T = pieces * transfer_time(size / pieces, one.BW_one_way, one.L_lat)
    half, most = (size_for_share(share, one.BW_one_way, one.L_lat) for share in (0.5, 0.9))
    return (
        f"{link}, {format_si(size, 'B', 4)} in {pieces} message{'s' * (pieces > 1)}: {format_si(T, 's', 4)}, "
        f"{format_si(size / T, 'B/s', 3)}, {size / T / one.BW_one_way:.1%} of one direction; half of it takes messages "
        f"of {format_si(half, 'B', 3)}, nine tenths {format_si(most, 'B', 3)}"
    )
