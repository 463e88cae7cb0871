"""A matrix product near the speed of BLAS in plain loops: tiles inside tiles, each for one level of memory.

Five loops, as Goto and van de Geijn (2008) stack them and Van Zee and van de Geijn (2015) name them:

    for j0, WIDTH columns     a panel of B, DEPTH x WIDTH, is packed: 512 KiB, for L2
      for k0, DEPTH deep
        for i0, 4 rows        a strip of A, 4 x DEPTH, is packed; sums of C, 4 x WIDTH, begin at zero: 12 KiB, for L1
          for k, 4 deep       a block of A, 4 x 4, is loaded: 16 numbers, for registers
            for j             16 multiply-accumulates on 4 words of B and 4 of C; the compiler makes vectors of it

BLIS holds a tile of C in registers and writes that innermost kernel by hand. A compiler finds vectors along j by itself
where the block in registers is one of A, so that is what rests here; the rest is theirs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from labcore.kernels import blocked
from labcore.kernels.blocked import operands
from labcore.kernels.predict import ones, own_clock
from labcore.kernels.race import Race, race
from labcore.loopnest import Level, Nest, matmul_problem
from labcore.measure.compute import blas_threads
from labcore.units import positive_ints

BLOCK, DEPTH, WIDTH = 4, 256, 512
SIGNATURE = "void(f4[:,::1], f4[:,::1], f4[:,::1])"


def micro(a, b, c, n):
    """(4, n) strip of C += (4, 4) block of A, row by row in `a`, @ (4, n) strip of B."""
    a00, a01, a02, a03, a10, a11, a12, a13 = a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]
    a20, a21, a22, a23, a30, a31, a32, a33 = a[8], a[9], a[10], a[11], a[12], a[13], a[14], a[15]
    b0, b1, b2, b3 = b[0, :n], b[1, :n], b[2, :n], b[3, :n]
    c0, c1, c2, c3 = c[0, :n], c[1, :n], c[2, :n], c[3, :n]
    for j in range(n):
        x0, x1, x2, x3 = b0[j], b1[j], b2[j], b3[j]
        c0[j] = c0[j] + a00 * x0 + a01 * x1 + a02 * x2 + a03 * x3
        c1[j] = c1[j] + a10 * x0 + a11 * x1 + a12 * x2 + a13 * x3
        c2[j] = c2[j] + a20 * x0 + a21 * x1 + a22 * x2 + a23 * x3
        c3[j] = c3[j] + a30 * x0 + a31 * x1 + a32 * x2 + a33 * x3


def pack_panel(B, k0, j0, panel):
    """Copy a panel of B, (depth, n), row by row behind each other; rows up to a multiple of 4 are zero."""
    depth, n = min(DEPTH, B.shape[0] - k0), min(WIDTH, B.shape[1] - j0)
    for k in range(-(-depth // BLOCK) * BLOCK):
        row = panel[k, :n]
        for j in range(n):
            row[j] = B[k0 + k, j0 + j] if k < depth else 0


def pack_strip(A, i0, k0, strip):
    """Copy a strip of A, (4, depth), as 4 x 4 blocks, each row by row; what lies beyond the edges is zero."""
    rows, depth = A.shape[0] - i0, min(DEPTH, A.shape[1] - k0)
    for i in range(BLOCK):
        for k in range(-(-depth // BLOCK) * BLOCK):
            strip[k // BLOCK, BLOCK * i + k % BLOCK] = A[i0 + i, k0 + k] if i < rows and k < depth else 0


def five_loops(micro, pack_panel, pack_strip):
    """The loops around a micro-kernel, as a function that adds A @ B to C."""

    def add_product(A, B, C):
        (M, K), N = A.shape, B.shape[1]
        panel = np.empty((DEPTH, WIDTH), np.float32)
        strip = np.empty((DEPTH // BLOCK, BLOCK * BLOCK), np.float32)
        sums = np.zeros((BLOCK, WIDTH), np.float32)
        for j0 in range(0, N, WIDTH):
            n = min(WIDTH, N - j0)
            for k0 in range(0, K, DEPTH):
                pack_panel(B, k0, j0, panel)
                for i0 in range(0, M, BLOCK):
                    pack_strip(A, i0, k0, strip)
                    for k in range(0, min(DEPTH, K - k0), BLOCK):
                        micro(strip[k // BLOCK], panel[k : k + BLOCK], sums, n)
                    for i in range(min(BLOCK, M - i0)):
                        c, total = C[i0 + i, j0 : j0 + n], sums[i, :n]
                        for j in range(n):
                            c[j] += total[j]
                            total[j] = 0

    return add_product


@functools.cache
def compiled() -> Callable[..., None]:
    """All of it as machine code, for one thread: `compiled()(A, B, C)` adds A @ B to C in row-major float32.

    >>> C = np.zeros((1, 1), np.float32)
    >>> compiled()(np.full((1, 1), 2, np.float32), np.full((1, 1), 3, np.float32), C)
    >>> C.tolist()
    [[6.0]]
    """
    from numba import njit

    parts = [njit(part, fastmath={"contract"}) for part in (micro, pack_panel, pack_strip)]
    return njit(SIGNATURE, nogil=True)(five_loops(*parts))


def product(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """(M, K) @ (K, N) in float32: (M, N). No size need be a multiple of a tile.

    >>> product([[1, 2]], [[3], [4]]).tolist()
    [[11.0]]
    """
    A, B, C = operands(A, B, np.float32)
    compiled()(A, B, C)
    return C


def ladder(n: int = 960, tile: int = 64, repeats: int = 5) -> Race:
    """Time (n, n) @ (n, n) in float32 without tiles, with one level of them, with tiles in tiles, and by BLAS.

    All take turns on one thread, and its own seconds count.

    >>> sorted(ladder(8, tile=4, repeats=1).times)
    ['BLAS', 'one level of tiles', 'rows, no tiles', 'tiles in tiles']
    """
    positive_ints(n=n, tile=tile)
    A, B, C = (ones(n, n, np.float32) for _ in range(3))
    in_tiles = blocked.compiled()
    ways = {
        "rows, no tiles": lambda: in_tiles(A, B, C, n, 1),
        "one level of tiles": lambda: in_tiles(A, B, C, tile, 1),
        "tiles in tiles": lambda: compiled()(A, B, C),
        "BLAS": lambda: np.matmul(A, B, out=C),
    }
    with blas_threads(1):
        return race(ways, repeats, own_clock())


def nest(M: int, K: int, N: int) -> Nest:
    """The same tiles as a nest, for `labcore.loopnest.traffic`: the panel's level first, then the registers.

    Sizes must be multiples of the tiles, here of 4, 256 and 512.

    >>> from labcore.loopnest import traffic
    >>> panel, registers = traffic(nest(1024, 1024, 1024))
    >>> panel.words / 1024**2, registers.per_mac(1024**3)  # 1/4 + 1/4 + 1/4 of a word, and a 512th for A
    (10.0, 0.7509765625)
    """
    outer = Level({"M": BLOCK, "K": DEPTH, "N": WIDTH}, "NKM")
    return Nest(matmul_problem(M, K, N), [outer, Level({"M": BLOCK, "K": BLOCK, "N": 1}, "MKN")])
