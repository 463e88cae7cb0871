"""One matrix product in five loop structures, element by element: who reads what from which memory, how often.

`naive`, `blocked` and `sliced` know one memory. `staged` copies tiles into a second one, which counts for itself, and
`register_blocked` keeps sums in variables, as a compiler keeps them in registers, where nobody counts. A is (M, K), B
(K, N), C (M, N); `counts` is the closed form of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from labcore.counting import CountingArray
from labcore.loopnest import Traffic
from labcore.loopnest.nest import check_tile, matmul_problem
from labcore.sums import summed_in

Tile = tuple[int, int, int]  # (tm, tk, tn)


@dataclass(frozen=True)
class Counted:
    """The product, and the accesses to each memory in words, the slow one first."""

    C: np.ndarray
    traffic: list[Traffic]


def naive(A: np.ndarray, B: np.ndarray) -> Counted:
    """Three loops as they come: each multiply-accumulate reads A, B and C and writes C.

    >>> naive(np.eye(2, dtype=int), np.array([[1, 2], [3, 4]])).traffic
    [Traffic(A_reads=8, B_reads=8, C_reads=8, C_writes=8)]
    """
    a, b, c, C = _operands(A, B)
    (M, K), N = A.shape, B.shape[1]
    for i in range(M):
        for j in range(N):
            for k in range(K):
                c[i, j] += a[i, k] * b[k, j]
    return Counted(C, [_seen(a, b, c)])


def blocked(A: np.ndarray, B: np.ndarray, tile: Tile) -> Counted:
    """Six loops, in the order of tiles: as many accesses as `naive`, and whoever counts here sees no gain.

    What changes is which access comes next, so a cache between the program and the memory serves more of them.

    >>> blocked(np.eye(2, dtype=int), np.eye(2, dtype=int), (1, 2, 1)).traffic[0].words
    32
    """
    a, b, c, C = _operands(A, B)
    tm, tk, tn = tile
    for i, j, k in _corners(A, B, tile):
        for ii in range(i, i + tm):
            for jj in range(j, j + tn):
                for kk in range(k, k + tk):
                    c[ii, jj] += a[ii, kk] * b[kk, jj]
    return Counted(C, [_seen(a, b, c)])


def sliced(A: np.ndarray, B: np.ndarray, tile: Tile) -> Counted:
    """Six loops whose tiles are slices: a slice of an array is a view of it, so nothing is copied and nothing saved.

    >>> sliced(np.eye(2, dtype=int), np.eye(2, dtype=int), (2, 2, 2)).traffic[0].A_reads
    8
    """
    a, b, c, C = _operands(A, B)
    tm, tk, tn = tile
    for i, j, k in _corners(A, B, tile):
        A_tile, B_tile = a[i : i + tm, k : k + tk], b[k : k + tk, j : j + tn]
        for ii, jj, kk in product(range(tm), range(tn), range(tk)):
            c[i + ii, j + jj] += A_tile[ii, kk] * B_tile[kk, jj]
    return Counted(C, [_seen(a, b, c)])


def staged(A: np.ndarray, B: np.ndarray, tile: Tile) -> Counted:
    """Tiles of A and B are copied into a fast memory, and a tile of C stays there until its sums are complete.

    Every step copies, even a tile that is there from the step before, as with tiles of full depth; apart from that the
    counts are those of `labcore.loopnest.matmul_traffic`. The second entry of `traffic` is what the fast memory serves;
    each sum is read there once more to be stored.

    >>> run = staged(np.eye(4, dtype=int), np.eye(4, dtype=int), (2, 2, 2))
    >>> run.traffic[0]
    Traffic(A_reads=32, B_reads=32, C_reads=0, C_writes=16)
    """
    a, b, c, C = _operands(A, B)
    tm, tk, tn = tile
    tally = {"A": [0, 0], "B": [0, 0], "C": [0, 0]}
    for i, j, k in _corners(A, B, tile):
        if k == 0:
            C_tile = CountingArray(np.zeros((tm, tn), C.dtype), tally["C"])
        A_tile = CountingArray([[a[i + ii, k + kk] for kk in range(tk)] for ii in range(tm)], tally["A"])
        B_tile = CountingArray([[b[k + kk, j + jj] for jj in range(tn)] for kk in range(tk)], tally["B"])
        for ii, jj, kk in product(range(tm), range(tn), range(tk)):
            C_tile[ii, jj] += A_tile[ii, kk] * B_tile[kk, jj]
        if k + tk == A.shape[1]:
            for ii, jj in product(range(tm), range(tn)):
                c[i + ii, j + jj] = C_tile[ii, jj]
    return Counted(C, [_seen(a, b, c), Traffic(tally["A"][0], tally["B"][0], *tally["C"])])


def register_blocked(A: np.ndarray, B: np.ndarray, tile: Tile) -> Counted:
    """Sums, tm x tn of them, in variables: for each k come tm words of A and tn of B, for tm * tn products.

    The tile is one step of k deep, and its tk is left aside.

    >>> register_blocked(np.eye(4, dtype=int), np.eye(4, dtype=int), (2, 1, 4)).traffic
    [Traffic(A_reads=16, B_reads=32, C_reads=0, C_writes=16)]
    """
    a, b, c, C = _operands(A, B)
    tm, _, tn = tile
    for i, j, _ in _corners(A, B, (tm, A.shape[1], tn)):
        sums = [[0] * tn for _ in range(tm)]
        for k in range(A.shape[1]):
            column, row = [a[i + ii, k] for ii in range(tm)], [b[k, j + jj] for jj in range(tn)]
            for ii, jj in product(range(tm), range(tn)):
                sums[ii][jj] += column[ii] * row[jj]
        for ii, jj in product(range(tm), range(tn)):
            c[i + ii, j + jj] = sums[ii][jj]
    return Counted(C, [_seen(a, b, c)])


def counts(way: str, M: int, K: int, N: int, tile: Tile) -> list[Traffic]:
    """What each way reads and writes, in words, without running it; `naive` leaves the tile aside.

    Raises ValueError for a way that is none of `WAYS`, and for tiles that do not divide.

    >>> counts("register_blocked", 4, 4, 4, (2, 1, 4))
    [Traffic(A_reads=16, B_reads=32, C_reads=0, C_writes=16)]
    """
    if way not in WAYS:
        raise ValueError(f"way must be one of {', '.join(WAYS)}; got {way!r}")
    macs, (tm, _, tn) = matmul_problem(M, K, N).macs, tile
    if way != "naive":
        _check(tile if way != "register_blocked" else (tm, K, tn), (M, K, N))
    each = Traffic(macs, macs, macs, macs)
    if way in ("naive", "blocked", "sliced"):
        return [each]
    slow = Traffic(macs // tn, macs // tm, 0, M * N)
    return [slow] if way == "register_blocked" else [slow, Traffic(macs, macs, macs + M * N, macs)]


WAYS: dict[str, Callable[..., Counted]] = {
    "naive": naive,
    "blocked": blocked,
    "sliced": sliced,
    "staged": staged,
    "register_blocked": register_blocked,
}


def _operands(A: np.ndarray, B: np.ndarray) -> tuple[CountingArray, CountingArray, CountingArray, np.ndarray]:
    """Arrays that count for A, B and a C of zeros, and that C itself."""
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[0]:
        raise ValueError(f"A (M, K) and B (K, N) must share K, got {A.shape} and {B.shape}")
    C = np.zeros((A.shape[0], B.shape[1]), summed_in(A, B, A.shape[1])[0])
    return CountingArray(A), CountingArray(B), CountingArray(C), C


def _corners(A: np.ndarray, B: np.ndarray, tile: Tile) -> Iterator[tuple[int, int, int]]:
    """Where each tile begins: (i, j, k), k innermost."""
    (M, K), N, (tm, tk, tn) = A.shape, B.shape[1], tile
    _check(tile, (M, K, N))
    return product(range(0, M, tm), range(0, N, tn), range(0, K, tk))


def _check(tile: Tile, sizes: tuple[int, int, int]) -> None:
    for dim, one, size in zip("MKN", tile, sizes, strict=True):
        check_tile(dim, one, size)


def _seen(a: CountingArray, b: CountingArray, c: CountingArray) -> Traffic:
    return Traffic(a.reads, b.reads, c.reads, c.writes)
