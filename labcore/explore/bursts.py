"""What one load of a warp moves of a map in some layout: the pure functions of the burst explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FixedFormatter

from labcore.explore.operation import fix_ticks
from labcore.layout import Layout, lane_access, lane_addresses, layout
from labcore.plots.layout import MAPS
from labcore.plots.words import three
from labcore.simt.memory import Access

LANES, DEEP = 32, 128  # lanes of a warp, bytes of the largest granule
LAYOUTS = ("NHWC", "NCHW", "NCHW4c", "NCHW16c")
OVER = {"along the channels": "C", "along a row": "W", "along all pixels": "HW"}
SIZES, GRANULES = ("1", "2", "4"), ("32", "64", "128")  # bytes
SHADES = ListedColormap(("white", "#D0D0D0", "#08519C"))  # not there, moved in vain, used


def build(fig: Canvas) -> SimpleNamespace:
    """A column for each granule that a load may touch, its bytes from the bottom up."""
    ax = fig.add_axes((0.1, 0.14, 0.87, 0.68), xlim=(-0.2, LANES), ylim=(-2, DEEP + 1))
    ax.grid(visible=False)
    ax.spines[["left", "bottom"]].set_visible(False)  # the columns would cover them
    fix_ticks(ax.xaxis, np.arange(0, LANES + 1, 4))
    fix_ticks(ax.yaxis, np.arange(0, DEEP + 1, DEEP // 4))
    ax.yaxis.set_major_formatter(FixedFormatter(["0", "1/4", "1/2", "3/4", "1"]))
    ax.set_xlabel("granules that the load touches, by address")
    ax.set_ylabel("place within the granule")
    ax.text(1, 1.03, "dark: used; grey: moved in vain", transform=ax.transAxes, ha="right", color="#595959")
    edges = np.ravel([[k, k + 0.84] for k in range(LANES)])  # a column, then a gap
    return SimpleNamespace(
        bytes=ax.pcolormesh(edges, np.arange(DEEP + 1), np.zeros((DEEP, 2 * LANES - 1)), cmap=SHADES,
                            vmin=-0.5, vmax=2.5),
        title=ax.text(0, 1.12, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip


def chosen(map: str, name: str) -> Layout:
    """The map in its layout, one image."""
    return layout(name, N=1, **dict(zip("CHW", MAPS[map], strict=True)))


def load(map: str, name: str, over: str, size: str, granule: str) -> Access:
    """The load of the first lanes."""
    return lane_access(chosen(map, name), OVER[over], int(size), LANES, int(granule))


def picture(map: str, name: str, over: str, size: str, granule: str) -> np.ndarray:
    """0 where there is no byte, 1 where one moves in vain, 2 where one is used: (bytes of a granule, granules).

    >>> picture("64 x 56 x 56", "NCHW", "along a row", "4", "32").sum(axis=0)[:5].tolist()  # four of 32 B, all used
    [64, 64, 64, 64, 0]
    """
    starts = lane_addresses(chosen(map, name), OVER[over], LANES) * int(size)
    used = np.unique(np.add.outer(starts, np.arange(int(size))))
    column = np.searchsorted(np.unique(used // int(granule)), used // int(granule))
    shades = np.zeros((DEEP, LANES), int)
    shades[: int(granule), : column[-1] + 1] = 1
    shades[used % int(granule), column] = 2
    return shades


def update(artists: SimpleNamespace, map: str, name: str, over: str, size: str, granule: str) -> None:
    """Shade the bytes."""
    access = load(map, name, over, size, granule)
    shades = np.zeros((DEEP, 2 * LANES - 1), int)
    shown = picture(map, name, over, size, granule)[: int(granule)]
    shades[:, ::2] = np.repeat(shown, DEEP // int(granule), axis=0)  # a granule fills its column, whatever its size
    artists.bytes.set_array(shades)
    artists.title.set_text(f"{name}, lanes {over}: {three(100 * access.efficiency)} % of the bytes moved are used")


def describe(map: str, name: str, over: str, size: str, granule: str) -> str:
    """Lanes with work, granules, bytes moved and used."""
    access = load(map, name, over, size, granule)
    return (
        f"{map} in {name}, {size} B an element: {access.bytes_used // int(size)} of {LANES} lanes {over} read "
        f"{access.bytes_used} B in {access.transactions} x {granule} B moved, {three(100 * access.efficiency)} % used"
    )
