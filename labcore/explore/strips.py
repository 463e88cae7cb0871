"""A strip-mined loop on machines of several widths: the pure functions of the strip explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.vector.counts import PROGRAMS, instructions, occupancy

N_MAX = 256
LENGTHS = np.arange(1, N_MAX + 1)
WIDTHS = ("64", "128", "256", "512", "1024")  # VLEN in bits
ELEMENTS = ("8", "16", "32")  # bits; below 64, so that the narrowest register still holds two


def build(fig: Canvas) -> SimpleNamespace:
    """Occupancy above, instructions below, over the number of elements; a marker on each curve will move."""
    top = fig.add_axes((0.12, 0.57, 0.85, 0.34), xlim=(0, N_MAX), ylim=(0, 105))
    low = fig.add_axes((0.12, 0.11, 0.85, 0.36), xlim=(0, N_MAX), ylim=(1, 3000))
    log_axes(low, "y")
    for ax in (top, low):
        ax.xaxis.set_major_formatter("{x:.0f}")
        fix_ticks(ax.xaxis, np.arange(0, N_MAX + 1, 32))
    top.yaxis.set_major_formatter("{x:.0f}")
    fix_ticks(top.yaxis, np.arange(0, 101, 25))
    low.yaxis.set_major_formatter("{x:,.0f}")
    fix_ticks(low.yaxis, 10.0 ** np.arange(4))
    top.set_ylabel("lanes at work (%)")
    low.set_ylabel("instructions")
    low.set_xlabel("elements n")
    moving = SimpleNamespace(
        busy=top.plot([], [], color=BLUE, linewidth=1.4)[0],
        wider=low.plot([], [], color=GREY, linestyle=":", label="twice the VLEN")[0],
        vector=low.plot([], [], color=BLUE, label="vector")[0],
        scalar=low.plot([], [], color=VERMILLION, linestyle="--", label="scalar")[0],
        dots=[ax.plot([], [], color=color, marker=marker, markersize=8, linestyle="None", zorder=3)[0]
              for ax, color, marker in ((top, BLUE, "o"), (low, BLUE, "o"), (low, VERMILLION, "s"))],
        now=[ax.axvline(1, color=GREY, linewidth=0.8, linestyle=":") for ax in (top, low)],
        title=top.text(0, 1.06, "", transform=top.transAxes, weight="bold"),
    )  # fmt: skip
    low.legend(loc="lower right")
    return moving


def update(artists: SimpleNamespace, program: str, n: int, vlen: str, sew: str) -> None:
    """Move the curves to the machine and the markers to n."""
    lanes = int(vlen) // int(sew)
    counts = [[instructions(program, int(k), width) for k in LENGTHS] for width in (lanes, 1, 2 * lanes)]
    artists.busy.set_data(LENGTHS, 100 * LENGTHS / (lanes * np.ceil(LENGTHS / lanes)))
    artists.vector.set_data(LENGTHS, counts[0])
    artists.scalar.set_data(LENGTHS, counts[1])
    artists.wider.set_data(LENGTHS, counts[2])
    heights = (100 * occupancy(n, lanes), counts[0][n - 1], counts[1][n - 1])
    for dot, height in zip(artists.dots, heights, strict=True):
        dot.set_data([n], [height])
    for line in artists.now:
        line.set_xdata([n, n])
    artists.title.set_text(f"{program}, {n} element{'s' * (n != 1)} of {sew} bits, VLEN {vlen}: {lanes} lanes")


def describe(program: str, n: int, vlen: str, sew: str) -> str:
    """Strips, tail, occupancy, and instructions beside the scalar machine's."""
    lanes = int(vlen) // int(sew)
    strips, tail = -(-n // lanes), n % lanes
    vector, scalar, wider = (instructions(program, n, width) for width in (lanes, 1, 2 * lanes))
    last = f"{'the last ' * (strips > 1)}with {tail}" if tail else "full" if strips == 1 else "all full"
    if vector < scalar:
        ratio = f"{scalar / vector:.2f} times fewer"
    else:
        ratio = f"{vector / scalar:.2f} times as many" if vector > scalar else "as many"
    return (
        f"{program} of {n} element{'s' * (n != 1)}, VLEN {vlen}, {sew} bits: {strips} strip{'s' * (strips != 1)} of "
        f"{lanes} lanes, {last}; lanes {100 * occupancy(n, lanes):.1f} % at work; {vector} instructions against "
        f"{scalar} scalar, {ratio}; twice the VLEN takes {wider}"
    )


CHOICES = tuple(PROGRAMS)
