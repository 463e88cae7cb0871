"""The kernels that generated code calls on this machine: convolution in four ways, all into arrays that are there.

x is (N, C, H, W), w is (K, C / groups, R, S), y is (N, K, P, Q). No way allocates: `padded` holds the image with its
zeros, `columns` the patches of one image, (C*R*S, P*Q).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from labcore import im2col
from labcore.windows import Padding, Pair, pads, per_axis, window_output

Array = np.ndarray


def conv_1x1(x: Array, w: Array, y: Array) -> None:
    """A 1 x 1 convolution of stride 1 as one product an image, (K, C) @ (C, H*W): nothing is copied.

    >>> y = np.empty((1, 2, 1, 3))
    >>> conv_1x1(np.arange(3.0).reshape(1, 1, 1, 3), np.array([2.0, 3.0]).reshape(2, 1, 1, 1), y)
    >>> y[0, :, 0].tolist()
    [[0.0, 2.0, 4.0], [0.0, 3.0, 6.0]]
    """
    (N, C, H, W), K = x.shape, w.shape[0]
    np.matmul(w.reshape(K, C), x.reshape(N, C, H * W), out=y.reshape(N, K, H * W))


def conv_columns(x: Array, w: Array, y: Array, columns: Array, stride: Pair = 1) -> None:
    """Patches as columns, then one product an image; `x` has its padding already.

    >>> y = np.empty((1, 1, 2, 2))
    >>> conv_columns(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)), y, np.empty((4, 4)))
    >>> y[0, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    N, K, P, Q = y.shape
    C, R, S = w.shape[1:]
    view = im2col.patches(x, R, S, stride).transpose(0, 1, 4, 5, 2, 3)  # (N, C, R, S, P, Q)
    for n in range(N):
        np.copyto(columns.reshape(C, R, S, P, Q), view[n])
        np.matmul(w.reshape(K, C * R * S), columns, out=y[n].reshape(K, P * Q))


def conv_grouped(x: Array, w: Array, y: Array, columns: Array, stride: Pair = 1) -> None:
    """Groups of channels one after another, each by `conv_columns`; `x` has its padding already.

    >>> y = np.empty((1, 2, 1, 1))
    >>> conv_grouped(np.ones((1, 2, 2, 2)), np.arange(8.0).reshape(2, 1, 2, 2), y, np.empty((4, 1)))
    >>> y.ravel().tolist()
    [6.0, 22.0]
    """
    C = w.shape[1]
    groups = x.shape[1] // C
    K = w.shape[0] // groups
    for n in range(x.shape[0]):
        for g in range(groups):
            filters = slice(g * K, (g + 1) * K)
            conv_columns(x[n : n + 1, g * C : (g + 1) * C], w[filters], y[n : n + 1, filters], columns, stride)


def pad_into(padded: Array, x: Array, padding: Padding) -> Array:
    """Copy an image into the middle of an array whose border is zero, and return that array.

    >>> pad_into(np.zeros((1, 1, 3, 3)), np.ones((1, 1, 1, 1)), 1)[0, 0, 1].tolist()
    [0.0, 1.0, 0.0]
    """
    (top, _), (left, _) = pads(padding)
    H, W = x.shape[2:]
    padded[:, :, top : top + H, left : left + W] = x
    return padded


def depthwise(x, w, y, stride_h, stride_w):
    """Every channel with its own window, as loops to be compiled; `x` has its padding already.

    >>> y = np.empty((1, 1, 2, 2))
    >>> depthwise(np.arange(9.0).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2)), y, 1, 1)
    >>> y[0, 0].tolist()
    [[8.0, 12.0], [20.0, 24.0]]
    """
    N, C, P, Q = y.shape
    R, S = w.shape[2:]
    for n in range(N):
        for c in range(C):
            for p in range(P):
                for q in range(Q):
                    y[n, c, p, q] = 0
                for r in range(R):
                    for s in range(S):
                        f = w[c, 0, r, s]
                        for q in range(Q):
                            y[n, c, p, q] += f * x[n, c, p * stride_h + r, q * stride_w + s]


@functools.cache
def compiled_depthwise() -> Callable[..., None]:
    """`depthwise`, compiled by numba.

    >>> y = np.empty((1, 1, 1, 1), np.float32)
    >>> compiled_depthwise()(np.ones((1, 1, 2, 2), np.float32), np.ones((1, 1, 2, 2), np.float32), y, 1, 1)
    >>> y.item()
    4.0
    """
    import numba

    return numba.njit(depthwise)


def conv_ways(x: Array, w: Array, stride: Pair = 1, padding: Padding = 0, groups: int = 1) -> dict[str, Callable]:
    """Every way to do one convolution here that fits it, as calls that return y: what a profile times.

    >>> x, w = np.ones((1, 2, 4, 4), np.float32), np.ones((2, 1, 3, 3), np.float32)
    >>> sorted(conv_ways(x, w, padding=1, groups=2))
    ['depthwise', 'im2col + GEMM', 'strided view']
    """
    (N, _, H, W), (K, C, R, S) = x.shape, w.shape
    y = np.empty((N, K, *window_output(H, W, R, S, stride, padding)), x.dtype)
    (top, bottom), (left, right) = pads(padding)
    padded = np.zeros((N, x.shape[1], H + top + bottom, W + left + right), x.dtype)
    columns = np.empty((C * R * S, y.shape[2] * y.shape[3]), x.dtype)
    grouped = conv_columns if groups == 1 else conv_grouped
    ways = {
        "strided view": lambda: im2col.conv2d_view(x, w, stride, padding, groups=groups),
        "im2col + GEMM": lambda: grouped(pad_into(padded, x, padding), w, y, columns, stride) or y,
    }
    if (R, S, groups) == (1, 1, 1) and y.shape[2:] == x.shape[2:]:
        ways["1x1 as GEMM"] = lambda: conv_1x1(x, w, y) or y
    if groups == x.shape[1] == K and groups > 1:
        each, steps = compiled_depthwise(), per_axis("stride", stride)
        ways["depthwise"] = lambda: each(pad_into(padded, x, padding), w, y, *steps) or y
    return ways
