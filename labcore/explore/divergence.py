"""Eight warps at a branch: the pure functions of the divergence explorer."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, VERMILLION
from labcore.plots.words import three
from labcore.simt.kernels import two_paths
from labcore.simt.warp import Run, launch

WARPS, WIDTH, LONGEST = 8, 32, 32
THREADS = WARPS * WIDTH
PATTERNS = ("in a row", "evenly spread", "at random")


def build(fig: Canvas) -> SimpleNamespace:
    """Left the lanes of eight warps by the side that they take, right what each warp issues."""
    left = fig.add_axes((0.085, 0.15, 0.44, 0.7), xlim=(-0.3, WIDTH + 0.3), ylim=(WARPS + 0.1, -0.1))
    right = fig.add_axes((0.58, 0.15, 0.39, 0.7), xlim=(-0.4, 2 * LONGEST), ylim=(WARPS + 0.1, -0.1))
    left.grid(visible=False)
    for ax in (left, right):
        ax.spines[["left", "bottom"]].set_visible(False)  # cells and bars would cover them
        fix_ticks(ax.yaxis, np.arange(WARPS) + 0.5)
        ax.yaxis.set_ticklabels([str(w) for w in range(WARPS)])
    fix_ticks(left.xaxis, np.arange(0, WIDTH + 1, 8))
    fix_ticks(right.xaxis, np.arange(0, 2 * LONGEST + 1, 16))
    left.set_xlabel("lane; dark: takes the first side")
    left.set_ylabel("warp")
    right.set_xlabel("instructions issued; dashed: without warps")
    grid = np.arange(WIDTH + 1), np.arange(WARPS + 1)
    middle = np.arange(WARPS) + 0.5
    bars = [
        right.barh(middle, np.ones(WARPS), height=0.7, facecolor=face, edgecolor=BLUE, hatch=hatch, label=label)
        for face, hatch, label in ((BLUE, "", "first side"), ("white", "////", "second side"))
    ]
    right.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, handlelength=1.5, borderaxespad=0.2)
    return SimpleNamespace(
        lanes=left.pcolormesh(*grid, np.zeros((WARPS, WIDTH)), cmap="Blues", vmin=-0.15, vmax=1.3,
                              edgecolors="white", linewidth=0.5),
        first=list(bars[0]), second=list(bars[1]),
        ideal=right.axvline(0, color=VERMILLION, linestyle="--", linewidth=1.4),
        title=left.text(0, 1.06, "", transform=left.transAxes, weight="bold"),
    )  # fmt: skip


def update(artists: SimpleNamespace, taking: int, pattern: str, first: int, second: int) -> None:
    """Colour the lanes, and stretch the bars to what each warp issued of each side."""
    takes = takers(taking, pattern)
    artists.lanes.set_array(takes.reshape(WARPS, WIDTH).astype(float))
    any_first, any_second = (side.reshape(WARPS, WIDTH).any(axis=1) for side in (takes, ~takes))
    for warp in range(WARPS):
        artists.first[warp].set_width(first * any_first[warp])
        artists.second[warp].set_x(first * any_first[warp])
        artists.second[warp].set_width(second * any_second[warp])
    needed = (taking * first + (THREADS - taking) * second) / THREADS
    artists.ideal.set_xdata([needed, needed])
    artists.title.set_text(f"{three(100 * busy(run_of(taking, pattern, first, second)))} % of the lanes busy")


def takers(taking: int, pattern: str) -> np.ndarray:
    """Which of the threads take the first side.

    >>> takers(4, "evenly spread").nonzero()[0].tolist()
    [0, 64, 128, 192]
    """
    order = {
        "in a row": np.arange(THREADS),
        "evenly spread": np.arange(THREADS),
        "at random": np.random.default_rng(4).permutation(THREADS),
    }[pattern]
    if pattern == "evenly spread":
        return order * taking % THREADS < taking
    return order < taking


def run_of(taking: int, pattern: str, first: int, second: int) -> Run:
    """The launch of the branch on these threads."""
    return launch(two_paths, THREADS, takers(taking, pattern), first, second)


def busy(run: Run) -> float:
    """Share of the lanes that worked, of the instructions inside the branch.

    >>> busy(run_of(128, "in a row", 16, 16)), busy(run_of(128, "evenly spread", 16, 16))
    (1.0, 0.5)
    """
    inside = run.counts["fma"]
    return (run.active - THREADS) / (inside * WIDTH) if inside else 1.0  # the branch itself had every lane


def describe(taking: int, pattern: str, first: int, second: int) -> str:
    """How many warps diverge, what they issue, and what share of it is work."""
    takes = takers(taking, pattern).reshape(WARPS, WIDTH)
    split = int((takes.any(axis=1) & ~takes.all(axis=1)).sum())
    run = run_of(taking, pattern, first, second)
    return (
        f"{taking} of {THREADS} threads, {pattern}, take the side of {first} instructions, the rest that of {second}; "
        f"{split} of {WARPS} warps diverge; {run.counts['fma']} instructions issued, "
        f"{three(100 * busy(run))} % of the lanes busy"
    )
