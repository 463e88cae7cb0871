"""Where in a matrix a cache misses: the pure functions of the cache explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure as Canvas

from labcore.cache import Cache, Run, Trace, simulate
from labcore.cache.run import KINDS
from labcore.cache.traces import column_walk, gather, row_walk, tiled_walk
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLACK, VERMILLION
from labcore.plots.words import three
from labcore.units import format_binary

SIZE, N_MAX = 4, 64  # bytes of a float, largest side of the matrix
TILES = {f"in tiles of {tile} x {tile}": tile for tile in (4, 8, 16)}
PATTERNS = ("by rows", "by columns", *TILES, "gathered at random")
LAYOUTS = ("packed", "each row padded by one line")
CAPACITIES = {format_binary(2**k): 2**k for k in range(8, 16)}
LINES = {f"{2**k} B": 2**k for k in range(4, 8)}
WAYS = ("1", "2", "4", "8", "all")
# from light to dark in the order of KINDS, so that they differ without colour too; outside the matrix white
SHADES = ("#E8E8E8", "#8FC3E6", VERMILLION, BLACK, "white")
PIXELS = (255 * to_rgba_array(SHADES)[:, :3]).round().astype(np.uint8)  # ready colours: a colour map takes longer
OUTSIDE = len(SHADES) - 1


def build(fig: Canvas) -> SimpleNamespace:
    """The matrix on the left, element by element; on the right a bar for each kind of outcome, which is its key."""
    left = fig.add_axes((0.085, 0.12, 0.5, 0.77), xlim=(-0.5, N_MAX + 0.5), ylim=(N_MAX + 0.5, -0.5))
    right = fig.add_axes((0.76, 0.12, 0.2, 0.77), xlim=(0, 100), ylim=(3.6, -0.6))
    for ax in (left, right):
        ax.grid(visible=False)
        ax.spines[["left", "bottom"]].set_visible(False)  # cells and bars would cover them
    for axis in (left.xaxis, left.yaxis):
        fix_ticks(axis, range(0, N_MAX + 1, 16))
    left.set_xlabel("column of the matrix")
    left.set_ylabel("row of the matrix")
    fix_ticks(right.xaxis, [0, 50, 100])
    right.set_yticks(range(4), KINDS)
    right.minorticks_off()
    right.set_xlabel("share of the reads (%)")
    size = N_MAX, N_MAX
    return SimpleNamespace(
        cells=left.imshow(PIXELS[np.full(size, OUTSIDE)], extent=(0, N_MAX, N_MAX, 0),
                          interpolation="nearest", aspect="auto"),
        bars=list(right.barh(range(4), [0] * 4, height=0.5, color=SHADES[:OUTSIDE], edgecolor=BLACK, linewidth=0.6)),
        shares=[right.text(0, k + 0.29, "", va="top", fontsize=8) for k in range(4)],
        title=left.text(0, 1.04, "", transform=left.transAxes, weight="bold"),
    )  # fmt: skip


def update(artists: SimpleNamespace, **values: object) -> None:
    """Shade each element by what its read met, and set the bars to the shares."""
    run, N = played(**values), values["N"]
    cells = np.full((N_MAX, N_MAX), OUTSIDE)
    cells[:N, :N] = outcomes(run, **values)
    artists.cells.set_data(PIXELS[cells])
    for kind, (bar, words) in enumerate(zip(artists.bars, artists.shares, strict=True)):
        share = 100 * np.count_nonzero(run.kinds == kind) / run.accesses
        bar.set_width(share)
        words.set_text(f"{share:.1f} %")
    artists.title.set_text(f"{run.hit_rate:.1%} hits; each byte of the matrix is fetched {times(run, N)} times")


def walk(pattern: str, layout: str, N: int, line: str) -> Trace:
    """One read of every element of an N x N matrix of floats, in the order of the pattern."""
    shape = {"rows": N, "cols": N, "size": SIZE, "pitch": N + (LINES[line] // SIZE if layout != LAYOUTS[0] else 0)}
    if pattern in TILES:
        return tiled_walk(tile=TILES[pattern], **shape)
    if pattern == "gathered at random":
        places = np.random.default_rng(0).permutation(N * N)
        return gather(places // N * shape["pitch"] + places % N, size=SIZE)
    return {"by rows": row_walk, "by columns": column_walk}[pattern](**shape)


@lru_cache(maxsize=64)
def played(pattern: str, layout: str, N: int, capacity: str, line: str, ways: str) -> Run:
    """The reads in the cache that the controls describe; more ways than it has lines is all of them."""
    lines = CAPACITIES[capacity] // LINES[line]
    each = None if ways == "all" or int(ways) >= lines else int(ways)
    return simulate(walk(pattern, layout, N, line), Cache(CAPACITIES[capacity], LINES[line], each))


def outcomes(run: Run, pattern: str, layout: str, N: int, line: str, **cache: object) -> np.ndarray:
    """What the read of each element met, (N, N) of the numbers of KINDS."""
    order = np.argsort(walk(pattern, layout, N, line).addresses)  # addresses ascend by rows, padded or not
    return run.kinds[order].reshape(N, N)


def times(run: Run, N: int) -> str:
    """Bytes fetched over bytes of the matrix."""
    return three(run.bytes_fetched / (N * N * SIZE))


def describe(pattern: str, layout: str, N: int, capacity: str, line: str, ways: str) -> str:
    """Hit rate, misses by kind, traffic, and how much of what is fetched is used."""
    run = played(pattern, layout, N, capacity, line, ways)
    sets = "fully associative" if run.cache.sets == 1 else f"{run.cache.sets} sets of {run.cache.lines_of_set}"
    ways_asked = f"ways: {ways}, {sets}"
    return (
        f"{N} x {N} floats read {pattern}, {layout}; cache of {capacity} in lines of {line}, {ways_asked}: "
        f"{run.hit_rate:.1%} hits, misses {run.compulsory:,} compulsory, {run.capacity:,} capacity, "
        f"{run.conflict:,} conflict; {run.bytes_fetched:,} B fetched for {N * N * SIZE:,} B of matrix "
        f"({times(run, N)} times), {three(100 * run.use)} % of them used before their line leaves"
    )
