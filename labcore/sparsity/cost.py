"""What a format costs before there is a matrix: bytes by density, where two formats meet, time by bytes and work.

Nonzeros stand anywhere with equal chance, the worst case for blocks, or fill whole blocks, their best. Sizes of a
matrix that is there are exact: `CSR.from_dense(x).nbytes()`.
"""

from __future__ import annotations

from labcore.sparsity.pruning import kept_of
from labcore.sparsity.structured import place_bits
from labcore.units import Bytes, BytesPerSecond, FlopPerSecond, Ratio, Seconds, positive, positive_ints

FORMATS = ("dense", "COO", "CSR", "BSR", "bitmap")


def expected_bytes(
    rows: int, cols: int, density: Ratio, value_bytes: Bytes = 4, index_bytes: Bytes = 4,
    block: tuple[int, int] = (4, 4), together: bool = False,
) -> dict[str, Bytes]:  # fmt: skip
    """Bytes of a matrix in each of FORMATS, its nonzeros placed at random or, where `together`, in whole random blocks.

    A block of r x c random places is stored unless all of it is zero, which has the chance (1 - density)^(r c).

    >>> sizes = expected_bytes(1024, 1024, 0.5, value_bytes=2)
    >>> round(sizes["CSR"] / sizes["dense"], 2), round(sizes["bitmap"] / sizes["dense"], 4)
    (1.5, 0.5625)
    """
    positive_ints(rows=rows, cols=cols, r=block[0], c=block[1])
    positive(value_bytes=value_bytes, index_bytes=index_bytes)
    nnz, area = kept_of(rows * cols, density), block[0] * block[1]
    blocks = rows * cols / area * (density if together else 1 - (1 - density) ** area)
    return {
        "dense": rows * cols * value_bytes,
        "COO": nnz * (value_bytes + 2 * index_bytes),
        "CSR": nnz * (value_bytes + index_bytes) + (rows + 1) * index_bytes,
        "BSR": blocks * (area * value_bytes + index_bytes) + (rows / block[0] + 1) * index_bytes,
        "bitmap": nnz * value_bytes + rows * cols / 8,
    }


def nm_bytes(rows: int, cols: int, n: int = 2, m: int = 4, value_bytes: Bytes = 4) -> Bytes:
    """Bytes of a matrix pruned to n of each m, with its metadata.

    >>> nm_bytes(1024, 1024, value_bytes=2) / (1024 * 1024 * 2)
    0.5625
    """
    positive_ints(rows=rows, cols=cols, n=n, m=m)
    positive(value_bytes=value_bytes)
    return rows * cols / m * n * (value_bytes + place_bits(m) / 8)


def break_even(value_bytes: Bytes = 4, index_bytes: Bytes = 4) -> dict[str, Ratio]:
    """Density below which each format takes less than dense storage, pointers left out.

    An index of each nonzero: d (v + i) = v. A bit for each place: d v + 1/8 = v.

    >>> break_even(value_bytes=2, index_bytes=4)
    {'COO': 0.2, 'CSR': 0.3333333333333333, 'bitmap': 0.9375}
    """
    positive(value_bytes=value_bytes, index_bytes=index_bytes)
    return {
        "COO": value_bytes / (value_bytes + 2 * index_bytes),
        "CSR": value_bytes / (value_bytes + index_bytes),
        "bitmap": 1 - 1 / (8 * value_bytes),
    }


def product_time(
    nnz: int, matrix_bytes: Bytes, rows: int, cols: int, N: int,
    R_peak: FlopPerSecond, BW: BytesPerSecond, value_bytes: Bytes = 2,
) -> Seconds:  # fmt: skip
    """Least time of a sparse (rows, cols) times a dense (cols, N): its bytes once against 2 nnz N FLOP, by roofline.

    A bound for every format; it knows nothing of gathers that miss, nor of lanes that wait.

    >>> product_time(nnz=4, matrix_bytes=40, rows=2, cols=4, N=1, R_peak=8, BW=8, value_bytes=1)
    5.75
    """
    positive_ints(nnz=nnz, rows=rows, cols=cols, N=N)
    positive(matrix_bytes=matrix_bytes, R_peak=R_peak, BW=BW, value_bytes=value_bytes)
    D_vol = matrix_bytes + (rows + cols) * N * value_bytes
    return max(2 * nnz * N / R_peak, D_vol / BW)
