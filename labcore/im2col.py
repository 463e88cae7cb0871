"""Convolution in three versions: loops to read, a strided view, and one matrix product over unrolled patches.

Images are NCHW, filters OIHW: x is (N, C, H, W), w is (K, C / groups, R, S), the result is (N, K, P, Q). Like every
deep-learning library this slides the filter without turning it round (a cross-correlation). Stride and dilation are
an int or a pair; padding is an int, a pair, or ((top, bottom), (left, right)) zeros.

Narrow numbers are summed in wide ones, and the result has the wide type (`labcore.sums`): int8 and uint8 in int32,
wider integers in int64, fp16 and bf16 in float32.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from labcore.sums import summed_in
from labcore.units import Ratio, positive_ints
from labcore.windows import Padding, Pair, pads, per_axis, window_output


def conv2d(
    x: np.ndarray, w: np.ndarray,
    stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1, groups: int = 1,
) -> np.ndarray:  # fmt: skip
    """Convolution (N, C, H, W) * (K, C / groups, R, S) -> (N, K, P, Q): unroll the patches, then one matrix product.

    The patches of an image stand as columns here, (C*R*S, P*Q), not as the rows of `im2col`: so the product, filters
    times columns, comes out in NCHW. Every image takes its turn with the same filters, and so does every group;
    `groups=C` is a depthwise convolution. Raises ValueError for shapes that do not fit each other.

    >>> x, w = np.arange(9).reshape(1, 1, 3, 3), np.ones((1, 1, 2, 2), int)
    >>> conv2d(x, w)[0, 0].tolist()
    [[8, 12], [20, 24]]
    >>> conv2d(x.astype("int8"), w.astype("int8")).dtype
    dtype('int32')
    """
    x, w = np.asarray(x), np.asarray(w)
    wide, exact = checked(x, w, groups)
    (N, _, H, W), (K, C_group, R, S) = x.shape, w.shape
    P, Q = window_output(H, W, R, S, stride, padding, dilation)
    view = patches(x.astype(exact, copy=False), R, S, stride, padding, dilation)  # (N, C, P, Q, R, S)
    cols = view.transpose(0, 1, 4, 5, 2, 3).reshape(N, groups, C_group * R * S, P * Q)  # the copy: im2col, transposed
    filters = w.astype(exact, copy=False).reshape(groups, K // groups, C_group * R * S)
    return (filters @ cols).reshape(N, K, P, Q).astype(wide, copy=False)


def conv2d_view(
    x: np.ndarray, w: np.ndarray,
    stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1, groups: int = 1,
) -> np.ndarray:  # fmt: skip
    """The same through a strided view of the patches, contracted in place: nothing is unrolled in memory.

    >>> conv2d_view(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 3)), padding=1)[0, 0].tolist()
    [[8.0, 12.0, 8.0], [12.0, 18.0, 12.0], [8.0, 12.0, 8.0]]
    """
    x, w = np.asarray(x), np.asarray(w)
    wide, exact = checked(x, w, groups)
    (N, *_), (K, C_group, R, S) = x.shape, w.shape
    view = patches(x.astype(exact, copy=False), R, S, stride, padding, dilation)
    P, Q = view.shape[2:4]
    grouped = view.reshape(N, groups, C_group, P, Q, R, S)  # splitting an axis copies nothing
    filters = w.astype(exact, copy=False).reshape(groups, K // groups, C_group, R, S)
    return np.einsum("ngcpqrs,gkcrs->ngkpq", grouped, filters).reshape(N, K, P, Q).astype(wide, copy=False)


def conv2d_loops(
    x: np.ndarray, w: np.ndarray,
    stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1, groups: int = 1,
) -> np.ndarray:  # fmt: skip
    """The same as seven nested loops around one multiply-accumulate: the definition, to read.

    >>> conv2d_loops(np.full((1, 1, 1, 2), 3), np.full((1, 1, 1, 2), 5)).tolist()
    [[[[30]]]]
    """
    x, w = np.asarray(x), np.asarray(w)
    wide, _ = checked(x, w, groups)
    (N, _, H, W), (K, C_group, R, S) = x.shape, w.shape
    (stride_h, stride_w), (dilation_h, dilation_w) = per_axis("stride", stride), per_axis("dilation", dilation)
    P, Q = window_output(H, W, R, S, stride, padding, dilation)
    padded, y = _padded(x, padding).astype(wide), np.zeros((N, K, P, Q), wide)
    for n, k, p, q in np.ndindex(N, K, P, Q):
        first = k // (K // groups) * C_group  # the first channel of this filter's group
        for c, r, s in np.ndindex(C_group, R, S):
            pixel = padded[n, first + c, p * stride_h + r * dilation_h, q * stride_w + s * dilation_w]
            y[n, k, p, q] += pixel * w[k, c, r, s].astype(wide)
    return y


def im2col(x: np.ndarray, R: int, S: int, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1) -> np.ndarray:
    """Lay out each R x S patch as one row: (N, C, H, W) -> (N*P*Q, C*R*S), a copy in the type of x.

    >>> im2col(np.arange(6).reshape(1, 1, 2, 3), 2, 2).tolist()
    [[0, 1, 3, 4], [1, 2, 4, 5]]
    """
    view = patches(x, R, S, stride, padding, dilation)
    N, C, P, Q, _, _ = view.shape
    return view.transpose(0, 2, 3, 1, 4, 5).copy().reshape(N * P * Q, C * R * S)


def patches(x: np.ndarray, R: int, S: int, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1) -> np.ndarray:
    """Every R x S patch of (N, C, H, W) as a read-only view (N, C, P, Q, R, S); only the padding is copied.

    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> view = patches(x, 3, 3)
    >>> view.shape, np.shares_memory(view, x)
    ((1, 1, 2, 2, 3, 3), True)
    """
    x = np.asarray(x)
    if x.ndim != 4:
        raise ValueError(f"images are (N, C, H, W), got shape {x.shape}; give a single one its batch axis")
    N, C, H, W = x.shape
    positive_ints(N=N, C=C, H=H, W=W, R=R, S=S)
    window_output(H, W, R, S, stride, padding, dilation)  # raises where the window does not fit
    (stride_h, stride_w), (dilation_h, dilation_w) = per_axis("stride", stride), per_axis("dilation", dilation)
    span = dilation_h * (R - 1) + 1, dilation_w * (S - 1) + 1
    windows = sliding_window_view(_padded(x, padding), span, axis=(2, 3))
    return windows[:, :, ::stride_h, ::stride_w, ::dilation_h, ::dilation_w]


def amplification(H: int, W: int, R: int, S: int, stride: Pair = 1, padding: Padding = 0, dilation: Pair = 1) -> Ratio:
    """How many times as much memory the unrolled patches take as the image, P Q R S / (H W).

    >>> amplification(56, 56, 3, 3, padding=1), amplification(56, 56, 1, 1)
    (9.0, 1.0)
    """
    positive_ints(H=H, W=W, R=R, S=S)
    P, Q = window_output(H, W, R, S, stride, padding, dilation)
    return P * Q * R * S / (H * W)


def checked(x: np.ndarray, w: np.ndarray, groups: int = 1) -> tuple[np.dtype, np.dtype]:
    """The type of the sums, and one to compute them in; raises ValueError for operands that do not fit each other.

    >>> checked(np.ones((1, 1, 2, 2), "uint8"), np.ones((1, 1, 2, 2), "int8"))
    (dtype('int32'), dtype('float64'))
    """
    positive_ints(groups=groups)
    if np.ndim(x) != 4 or np.ndim(w) != 4:
        raise ValueError(f"images are (N, C, H, W) and filters (K, C / groups, R, S), got {np.shape(x)}, {np.shape(w)}")
    positive_ints(**dict(zip("NCHW", x.shape, strict=True)), **dict(zip("KcRS", w.shape, strict=True)))
    C, K = x.shape[1], w.shape[0]
    if C % groups or K % groups:
        raise ValueError(f"groups must divide C={C} and K={K}, got {groups}; a depthwise convolution has groups=C")
    if w.shape[1] * groups != C:
        raise ValueError(
            f"filters see {w.shape[1]} channels in {groups} group(s) but images have {C}; w needs {C // groups}"
        )
    return summed_in(x, w, terms=w[0].size)


def _padded(x: np.ndarray, padding: Padding) -> np.ndarray:
    sides = pads(padding)
    return np.pad(x, ((0, 0), (0, 0), *sides)) if any(map(sum, sides)) else x
