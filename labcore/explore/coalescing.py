"""The sectors that one warp touches: the pure functions of the coalescing explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, VERMILLION
from labcore.plots.words import three
from labcore.simt.memory import SECTOR, warp_access

LANES, ROWS, ROW = 32, 16, 1024  # the picture holds 16 rows of 1 KiB
STRIDES = range(33)
SIZES = ("1", "2", "4", "8", "16")
# grey where nothing is read; even one byte of 32 stands out from it
READ = LinearSegmentedColormap.from_list("read", ("#4292C6", "#08306B")).with_extremes(under="#EFEFEF")


def build(fig: Canvas) -> SimpleNamespace:
    """Memory as a grid of sectors above; below, the sectors over the stride with a dot that will move."""
    top = fig.add_axes((0.11, 0.475, 0.855, 0.455), xlim=(-6, ROW + 6), ylim=(ROWS + 0.2, -0.2))
    low = fig.add_axes((0.11, 0.105, 0.855, 0.24), xlim=(0, STRIDES[-1]), ylim=(0, 70))
    top.grid(visible=False)
    top.spines[["left", "bottom"]].set_visible(False)  # the cells would cover them
    fix_ticks(top.xaxis, np.arange(0, ROW + 1, 128))
    fix_ticks(top.yaxis, np.arange(0, ROWS + 1, 4))
    fix_ticks(low.xaxis, np.arange(0, 33, 4))
    fix_ticks(low.yaxis, np.arange(0, 65, 16))
    top.set_xlabel("byte within the KiB (B)")
    top.set_ylabel("address (KiB)")
    low.set_xlabel("stride (elements)")
    low.set_ylabel("sectors")
    cells = np.arange(0, ROW + 1, SECTOR), np.arange(ROWS + 1)
    return SimpleNamespace(
        memory=top.pcolormesh(*cells, np.zeros((ROWS, ROW // SECTOR)), cmap=READ, vmin=1 / 64, vmax=1,
                              edgecolors="white", linewidth=0.5),
        curve=low.plot([], [], color=BLUE)[0],
        dot=low.plot([], [], color=VERMILLION, marker="o", markersize=9, linestyle="None", clip_on=False)[0],
        title=top.text(0, 1.04, "", transform=top.transAxes, weight="bold"),
    )  # fmt: skip


def update(artists: SimpleNamespace, stride: int, size: str, offset: int) -> None:
    """Shade each sector by the share of it that some lane reads; move curve and dot."""
    artists.memory.set_array(used_shares(stride, int(size), offset))
    sectors = [warp_access(s, int(size), offset).transactions for s in STRIDES]
    artists.curve.set_data(STRIDES, sectors)
    artists.dot.set_data([stride], [sectors[stride]])
    share = warp_access(stride, int(size), offset).efficiency
    artists.title.set_text(f"{sectors[stride]} sectors of {SECTOR} B; {100 * share:.1f} % of the bytes moved are used")


def used_shares(stride: int, size: int, offset: int) -> np.ndarray:
    """The share of each sector's bytes that some lane reads, (rows, sectors of a row).

    >>> used_shares(2, 4, 0)[0, :9].tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0]
    """
    used = np.zeros(ROWS * ROW)
    used[offset + np.add.outer(np.arange(LANES) * stride * size, np.arange(size))] = 1
    return used.reshape(ROWS, -1, SECTOR).mean(axis=2)


def describe(stride: int, size: str, offset: int) -> str:
    """Bytes asked for, sectors touched, bytes moved."""
    access = warp_access(stride, int(size), offset)
    return (
        f"{LANES} lanes read {size} B each, stride {stride}, from byte {offset}: {access.transactions} sectors, "
        f"{access.bytes_moved} B moved for {access.bytes_used} B used, {three(100 * access.efficiency)} %"
    )
