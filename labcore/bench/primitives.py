"""Speeds of sparse products and of convolution as one product, beside scipy and a strided view."""

from __future__ import annotations

import numpy as np

from labcore.bench.rows import Row, beside, row
from labcore.measure.timing import in_turns

SIDE, DENSITY, COLUMNS = 2048, 0.1, 64


def sparse_vector() -> Row:
    """CSR times a vector beside scipy.sparse."""
    return sparse(f"CSR {SIDE} x {SIDE} at {DENSITY:.0%} times a vector", ())


def sparse_matrix() -> Row:
    """CSR times a matrix beside scipy.sparse."""
    return sparse(f"CSR {SIDE} x {SIDE} at {DENSITY:.0%} times {COLUMNS} columns", (COLUMNS,))


def sparse(name: str, columns: tuple[int, ...]) -> Row:
    """One product of both on the same float32 operands; None where scipy is missing."""
    from labcore.sparsity import CSR

    try:
        from scipy.sparse import csr_matrix
    except ImportError:
        return row(name, None, "x", "at most", 5, "scipy is not here; pip install 'labcore[test]'", ok=None)
    rng = np.random.default_rng(0)
    x = np.where(rng.random((SIDE, SIDE)) < DENSITY, rng.standard_normal((SIDE, SIDE)), 0).astype(np.float32)
    B = rng.standard_normal((SIDE, *columns)).astype(np.float32)
    ours, theirs = CSR.from_dense(x), csr_matrix(x)
    return beside(name, in_turns([lambda: ours @ B, lambda: theirs @ B]), 5, "scipy")


def im2col_convolution() -> Row:
    """A 3 x 3 convolution as one product beside the same contracted from a strided view by numpy's tensordot."""
    from labcore.im2col import conv2d, patches

    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 64, 56, 56)).astype(np.float32)
    w = rng.standard_normal((64, 64, 3, 3)).astype(np.float32)

    def view_and_blas() -> np.ndarray:
        y = np.tensordot(patches(x, 3, 3, padding=1), w, ((1, 4, 5), (1, 2, 3)))  # (N, P, Q, K)
        return np.ascontiguousarray(y.transpose(0, 3, 1, 2))

    times = in_turns([lambda: conv2d(x, w, padding=1), view_and_blas], repeats=7)
    return beside("im2col 3 x 3, 64 channels of 56 x 56, batch 8", times, 2, "view and BLAS")


MEASUREMENTS = (sparse_vector, sparse_matrix, im2col_convolution)
