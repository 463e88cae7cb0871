"""Kernels that a reader times, beside the libraries they are held against."""

from __future__ import annotations

import numpy as np

from labcore.bench.rows import Row, beside


def flash_attention_beside_eager(N: int = 4096, d: int = 64, repeats: int = 7) -> Row:
    """Attention in compiled blocks against numpy's eager one, float32, one thread each, in turns."""
    from labcore.kernels.attention import eager, flash
    from labcore.kernels.predict import own_clock
    from labcore.kernels.race import race
    from labcore.measure.compute import blas_threads

    rng = np.random.default_rng(13)
    Q, K, V = (rng.standard_normal((N, d)).astype(np.float32) for _ in range(3))
    with blas_threads(1):
        ran = race({"flash": lambda: flash(Q, K, V), "eager": lambda: eager(Q, K, V)}, repeats, own_clock())
    times = [list(ran.times["flash"]), list(ran.times["eager"])]
    return beside(f"attention in blocks, {N} x {d}", times, 2.0, "numpy, scores written out")


def numba_matmul_beside_blas(n: int = 1024, repeats: int = 15) -> Row:
    """The product in tiles within tiles, compiled plain loops, beside BLAS: float32, one thread each, in turns."""
    from labcore.kernels.matmul import compiled
    from labcore.kernels.predict import own_clock
    from labcore.kernels.race import race
    from labcore.measure.compute import blas_threads

    rng = np.random.default_rng(14)
    A, B = (rng.standard_normal((n, n)).astype(np.float32) for _ in range(2))
    C, add_product = np.zeros((n, n), np.float32), compiled()
    with blas_threads(1):
        ran = race({"ours": lambda: add_product(A, B, C), "BLAS": lambda: np.matmul(A, B, out=C)}, repeats, own_clock())
    return beside(f"tiles in tiles, {n}^3 float32, one thread", list(map(list, ran.times.values())), 5, "BLAS")


MEASUREMENTS = (flash_attention_beside_eager, numba_matmul_beside_blas)
