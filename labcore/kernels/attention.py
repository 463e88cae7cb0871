"""Attention in blocks for one thread, compiled, and the eager one in numpy that it is held against; all float32.

Where the time goes: both products are `dots`, which keeps 4 x 2 sums in registers and runs along contiguous rows, so
V is turned round once. The exponential is a polynomial that the compiler can vectorize, where a call could not be.
Scores are kept in units of log2, which folds the scale and log2(e) into Q.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace

import numpy as np

from labcore.fusion.attention import Block, as_floats, check_block

BLOCK: Block = (64, 256)  # a block of scores is 64 KiB, which a core's own cache holds beside one of K and of V
UNSEEN = np.float32(-1e30)  # a score that weighs nothing; finite, since fast arithmetic knows no infinity
FREELY = {"reassoc", "contract", "nnan", "ninf", "nsz"}  # sums in any order, or one adder's latency is timed
POWER = tuple(  # 2^f on [-1/2, 1/2], relative error below 2e-7
    np.polynomial.Chebyshev.interpolate(np.exp2, 6, domain=[-0.5, 0.5])
    .convert(kind=np.polynomial.Polynomial)
    .coef.astype(np.float32)
)


def eager(Q: np.ndarray, K: np.ndarray, V: np.ndarray, causal: bool = False) -> np.ndarray:
    """Softmax attention as numpy does it, operation by operation: every score is written to memory and read again.

    Raises ValueError for a causal mask with fewer keys than queries: the first queries would see none.

    >>> one = np.ones((3, 4), np.float32)
    >>> eager(one, one, 2 * one).tolist()[0]
    [2.0, 2.0, 2.0, 2.0]
    """
    Q, K, V = _checked(Q, K, V, causal)
    S = Q @ K.T
    S *= np.float32(1 / np.sqrt(Q.shape[1]))
    if causal:
        S[~np.tri(*S.shape, len(K) - len(Q), dtype=bool)] = -np.inf
    S -= S.max(axis=1, keepdims=True)
    np.exp(S, out=S)
    S /= S.sum(axis=1, keepdims=True)
    return S @ V


def flash(Q: np.ndarray, K: np.ndarray, V: np.ndarray, causal: bool = False, block: Block = BLOCK) -> np.ndarray:
    """The same in blocks, (Nq, d), (Nk, d), (Nk, d_v) -> (Nq, d_v); the lengths may be any, a block is rounded up.

    Raises ValueError as `eager` does.

    >>> one = np.ones((3, 4), np.float32)
    >>> flash(one, one, 2 * one).tolist()[0]
    [2.0, 2.0, 2.0, 2.0]
    """
    Q, K, V = _checked(Q, K, V, causal)
    check_block(block)
    (Nq, d), (Nk, d_v) = Q.shape, V.shape
    Br, Bc = (min(size, _up(n, 16)) for size, n in zip((_up(block[0], 4), _up(block[1], 16)), (Nq, Nk), strict=True))
    q = _padded(Q * np.float32(np.log2(np.e) / np.sqrt(d)), Br, 1)
    k = _padded(K, Bc, 1).reshape(-1, Bc, q.shape[1])
    v = _padded(V, Bc, 4).reshape(-1, Bc, _up(d_v, 4)).transpose(0, 2, 1)  # (blocks, d_v, Bc)
    O = np.zeros((len(q), v.shape[1]), np.float32)
    kernels().attend(q, k, np.ascontiguousarray(v), O, Br, Nq, Nk, causal)
    return O[:Nq, :d_v]


def _checked(Q: np.ndarray, K: np.ndarray, V: np.ndarray, causal: bool) -> tuple[np.ndarray, ...]:
    Q, K, V = as_floats(Q, K, V, np.float32)
    if causal and len(K) < len(Q):
        raise ValueError(
            f"a causal mask wants at least as many keys as queries; got {len(K)} and {len(Q)}: drop first queries"
        )
    return Q, K, V


def _up(n: int, to: int) -> int:
    return -(-n // to) * to


def _padded(x: np.ndarray, rows: int, cols: int) -> np.ndarray:
    """An array with zeros below and to the right, up to multiples of rows and cols, float32."""
    wide = np.zeros((_up(x.shape[0], rows), _up(x.shape[1], cols)), np.float32)
    wide[: x.shape[0], : x.shape[1]] = x
    return wide


@functools.cache
def kernels() -> SimpleNamespace:
    """`exp2`, `dots`, `absorb` and `attend`, compiled once a process, which takes some seconds.

    >>> float(kernels().exp2(np.float32(3)))
    8.0
    """
    from numba import float32, njit

    how = {"fastmath": FREELY, "nogil": True}
    c0, c1, c2, c3, c4, c5, c6 = POWER
    zero, least = float32(0), float32(-126)

    @njit("f4(f4)", inline="always", **how)
    def exp2(x):
        """2^x for x <= 127: 2^n by its bits, n the nearest whole number, times a polynomial; at least 2^-126."""
        x = max(x, least)
        n = np.rint(x)
        f = x - n
        p = c0 + f * (c1 + f * (c2 + f * (c3 + f * (c4 + f * (c5 + f * c6)))))
        return p * np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)

    @njit("void(f4[:,::1], f4[:,::1], f4[:,::1])", **how)
    def dots(C, A, B):
        """Add A B^T to C: A (m, k), B (n, k), C (m, n), m a multiple of 4 and n of 2."""
        for r in range(0, A.shape[0], 4):
            a0, a1, a2, a3 = A[r], A[r + 1], A[r + 2], A[r + 3]
            for c in range(0, B.shape[0], 2):
                b0, b1 = B[c], B[c + 1]
                s00 = s01 = s10 = s11 = s20 = s21 = s30 = s31 = zero
                for k in range(A.shape[1]):
                    s00, s01 = s00 + a0[k] * b0[k], s01 + a0[k] * b1[k]
                    s10, s11 = s10 + a1[k] * b0[k], s11 + a1[k] * b1[k]
                    s20, s21 = s20 + a2[k] * b0[k], s21 + a2[k] * b1[k]
                    s30, s31 = s30 + a3[k] * b0[k], s31 + a3[k] * b1[k]
                C[r, c], C[r, c + 1] = C[r, c] + s00, C[r, c + 1] + s01
                C[r + 1, c], C[r + 1, c + 1] = C[r + 1, c] + s10, C[r + 1, c + 1] + s11
                C[r + 2, c], C[r + 2, c + 1] = C[r + 2, c] + s20, C[r + 2, c + 1] + s21
                C[r + 3, c], C[r + 3, c + 1] = C[r + 3, c] + s30, C[r + 3, c + 1] + s31

    @njit("void(f4[:,::1], f4[:,::1], f4[::1], f4[::1])", **how)
    def absorb(S, O, m, l):
        """Scores become weights in place, and the running maximum, sum and output follow: `fusion.attention.absorb`."""
        for r in range(S.shape[0]):
            s, o, top, total = S[r], O[r], m[r], zero
            for c in range(s.size):
                top = max(top, s[c])
            for c in range(s.size):
                s[c] = exp2(s[c] - top)
                total += s[c]
            old = exp2(m[r] - top)
            m[r], l[r] = top, old * l[r] + total
            for c in range(o.size):
                o[c] *= old

    @njit("void(f4[:,::1], f4[:,:,::1], f4[:,:,::1], f4[:,::1], i8, i8, i8, b1)", **how)
    def attend(Q, K, V, O, Br, Nq, Nk, causal):
        """Queries outside, keys inside: Q (rows, d), K (blocks, Bc, d), V (blocks, d_v, Bc), O zeros (rows, d_v)."""
        Bc = K.shape[1]
        S, m, l = np.empty((Br, Bc), np.float32), np.empty(Br, np.float32), np.empty(Br, np.float32)
        for i in range(0, Q.shape[0], Br):
            q, o = Q[i : i + Br], O[i : i + Br]
            m[:], l[:] = UNSEEN, zero
            last = min(Nk, i + Br + Nk - Nq) if causal else Nk
            for j in range((last + Bc - 1) // Bc):
                S[:] = zero
                dots(S, q, K[j])
                for r in range(Br):  # keys that are padding, or lie ahead of the query
                    seen = min(Nk, i + r + 1 + Nk - Nq) if causal else Nk
                    for c in range(max(0, seen - j * Bc), Bc):
                        S[r, c] = UNSEEN
                absorb(S, o, m, l)
                dots(o, S, V[j])
            for r in range(Br):
                for c in range(o.shape[1]):
                    o[r, c] /= l[r]

    return SimpleNamespace(exp2=exp2, dots=dots, absorb=absorb, attend=attend)
