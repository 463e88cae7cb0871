"""The tiling principle: a large product on a small array, Algorithm 1, and the fringe.

>>> from labcore.claims.ledger import claim
>>> claim("tiling-fringe-129", width=130).computed
126
"""

from __future__ import annotations

from functools import cache

import numpy as np

from labcore.claims.ledger import computes
from labcore.claims.printed import Identity, Number, Truth, Words
from labcore.systolic import coverage, tiled_matmul, traffic
from labcore.systolic.dataflows import folds
from labcore.systolic.tiles import Tiled

TEXT = "Text §Tiling principle"
TILING, FRINGE = "06_systolic_arrays#algorithm-1", "06_systolic_arrays#fringe"


@computes("tiling-mismatch", TEXT, Words("cannot be mapped whole", least=2), "", TILING)
def tiles_per_dimension(N=4096, T=128):
    """Tiles along one side of the matrix."""
    return len(list(folds(N, 1, T, 1)))


@computes("tiling-1024-tiles", TEXT, Number("1,024"), "", TILING)
def tiles_of_a_matrix(N=4096, T=128):
    """Tiles of each of the three matrices; the product takes 32 tile products for each tile of C, 32,768 in all."""
    return len(list(folds(N, N, T, T)))


@cache
def small(M: int, K: int, N: int, T: int) -> Tiled:
    """Algorithm 1 run on numbers, a tile as large as the array."""
    return tiled_matmul(np.ones((M, K), np.int8), np.ones((K, N), np.int8), (T, T, T), rows=T, cols=T)


@computes("algorithm-1-tiled-matmul", "Algorithm 1", Identity("reuse T_N of A, T_M of B"), "", TILING)
def reuse_by_tiles(M=24, K=32, N=16, T=8):
    """MACs for each loaded word of A and of B, run and counted, beside the sides of the tile."""
    run = small(M, K, N, T)
    return [run.macs / run.loads["A"], run.macs / run.loads["B"]], [T, T]


@computes("tiling-128x-reuse", TEXT, Number("128"), "x", TILING)
def reuse_of_an_element(T=128):
    """MACs for each element that enters the array, A and B alike, in a full tile."""
    reads, _ = traffic(T, T, T, T, T)
    return T**3 / reads["A"]


@computes("tiling-128x-reuse-per-byte", TEXT, Words("every byte is reused 128x", least=128, most=128), "x", TILING)
def reuse_of_a_byte(T=128, bytes_per_element=2):
    """MACs for each byte that enters the array at FP16."""
    return reuse_of_an_element(T=T) / bytes_per_element


@reuse_of_a_byte.erratum
def elements_are_reused():
    """An element is used {element:.0f} times; at FP16 it has two bytes, so a byte serves {half:.0f} MACs.

    Would hold at INT8, where a byte is an element and serves {whole:.0f}.
    """
    return {"element": reuse_of_an_element(), "half": reuse_of_a_byte(), "whole": reuse_of_a_byte(bytes_per_element=1)}


@computes("tiling-fringe-129", TEXT, Number("127"), "", FRINGE)
def idle_columns(width=129, array=128):
    """Columns of the array that the remainder tile leaves idle; each has as many PEs as the array has rows."""
    *_, (_, last) = folds(1, width, 1, array)
    return array - (last.stop - last.start)


@computes("fig-margin-fringe-cliff", "Figure (margin, unnumbered: fringe cliff)",
          Words("drops sharply at 129", most=60), "%", FRINGE)  # fmt: skip
def utilization_behind_the_cliff(width=129, array=128):
    """Share of the lanes that are busy at width 129: 129 of 256."""
    return coverage(width, array)


@computes("fig-margin-fringe-plateau", "Figure (margin, unnumbered: fringe cliff)",
          Words("holds high up to a width of 128", least=90), "%", FRINGE)  # fmt: skip
def utilization_before_the_cliff(array=128):
    """Share of the lanes that are busy at a quarter, a half and the whole of the array's width."""
    return [coverage(width, array) for width in (array // 4, array // 2, array)]


@utilization_before_the_cliff.erratum
def a_ramp_and_no_plateau():
    """Below the array's width there is one tile, filled in part: {quarter:.0%} at width 32, {half:.0%} at 64.

    The curve is a straight ramp to {full:.0%} at 128 and a sawtooth after: {past:.1%} at 129, back to {two:.0%} at 256.
    Would hold of widths that are whole multiples of the tile.
    """
    names = {"quarter": 32, "half": 64, "full": 128, "past": 129, "two": 256}
    return {name: coverage(width, 128) for name, width in names.items()}


@computes(
    "selfcheck-2-q4-tiling", "Self-Check set 2 Q4", Truth(words="the array is fixed and the scratchpad bounded"), "",
    "06_systolic_arrays#self-check",
)  # fmt: skip
def tiling_is_required(N=4096, T=128):
    """The matrix needs more tiles than the one that the array holds, each no larger than the array."""
    tiles = list(folds(N, N, T, T))
    return len(tiles) > 1 and all(r.stop - r.start <= T and c.stop - c.start <= T for r, c in tiles)
