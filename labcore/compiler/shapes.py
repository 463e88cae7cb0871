"""The shape rule of each operator: the shape of the result from those of the operands, or what does not fit."""

from __future__ import annotations

from math import prod

import numpy as np

from labcore.units import positive_ints
from labcore.windows import Padding, Pair, per_axis, window_output

Shape = tuple[int, ...]


def _same(x: Shape, *_: Shape, **__: object) -> Shape:
    return x


def _broadcast(*operands: Shape) -> Shape:
    try:
        return tuple(np.broadcast_shapes(*operands))
    except ValueError:
        raise ValueError("the shapes do not broadcast; from the last axis on, sizes are equal or 1") from None


def _conv2d(x: Shape, w: Shape, bias: Shape | None = None, *, stride: Pair, padding: Padding, groups: int) -> Shape:
    """(N, C, H, W) and (K, C / groups, R, S), with a bias (K,) -> (N, K, P, Q)."""
    _rank(x, 4, "images (N, C, H, W)")
    _rank(w, 4, "filters (K, C / groups, R, S)")
    positive_ints(groups=groups)
    if x[1] != w[1] * groups or w[0] % groups:
        raise ValueError(f"filters of {w[1]} channels in {groups} group(s) want {w[1] * groups} channels, got {x[1]}")
    _vectors(w[0], bias)
    return (x[0], w[0], *window_output(*x[2:], *w[2:], stride, padding))


def _batch_norm(x: Shape, *vectors: Shape, eps: float) -> Shape:
    """(N, C, H, W) and four vectors (C,): scale, bias, mean and variance."""
    _rank(x, 4, "images (N, C, H, W)")
    _vectors(x[1], *vectors)
    return x


def _layernorm(x: Shape, *vectors: Shape, eps: float) -> Shape:
    """(..., D) and two vectors (D,): scale and bias."""
    _vectors(x[-1], *vectors)
    return x


def _matmul(a: Shape, b: Shape, *, scale: float) -> Shape:
    """(..., M, K) and (..., K, N) -> (..., M, N); what stands before is broadcast."""
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise ValueError("(..., M, K) and (..., K, N) are wanted, with the same K")
    return (*_broadcast(a[:-2], b[:-2]), a[-2], b[-1])


def _gemm(x: Shape, w: Shape, bias: Shape | None = None) -> Shape:
    """(..., K) and (K, N), with a bias (N,) -> (..., N)."""
    _rank(w, 2, "weights (K, N)")
    if not x or x[-1] != w[0]:
        raise ValueError(f"weights {w} want a last axis of {w[0]}")
    _vectors(w[1], bias)
    return (*x[:-1], w[1])


def _transpose(x: Shape, *, perm: Shape) -> Shape:
    if sorted(perm) != list(range(len(x))):
        raise ValueError(f"perm names each axis from 0 to {len(x) - 1} once, got {perm}")
    return tuple(x[axis] for axis in perm)


def _reshape(x: Shape, *, shape: Shape) -> Shape:
    positive_ints(**{f"axis {i}": size for i, size in enumerate(shape)})
    if prod(shape) != prod(x):
        raise ValueError(f"{prod(x)} elements do not fill {shape}, which has {prod(shape)}")
    return tuple(shape)


def _softmax(x: Shape, *, causal: bool) -> Shape:
    if causal and len(x) < 2:
        raise ValueError("a causal softmax is of (..., queries, keys)")
    return x


def _max_pool(x: Shape, *, kernel: Pair, stride: Pair, padding: Padding) -> Shape:
    _rank(x, 4, "images (N, C, H, W)")
    return (*x[:2], *window_output(*x[2:], *per_axis("kernel", kernel), stride, padding))


def _global_avg_pool(x: Shape) -> Shape:
    _rank(x, 4, "images (N, C, H, W)")
    return (*x[:2], 1, 1)


def _concat(*operands: Shape, axis: int) -> Shape:
    first = operands[0]
    at = _axis(first, axis)
    if any(len(one) != len(first) or one[:at] + one[at + 1 :] != first[:at] + first[at + 1 :] for one in operands):
        raise ValueError(f"all axes but {at} must be equal")
    return (*first[:at], sum(one[at] for one in operands), *first[at + 1 :])


def _slice(x: Shape, *, axis: int, start: int, stop: int) -> Shape:
    at = _axis(x, axis)
    if not 0 <= start < stop <= x[at]:
        raise ValueError(f"0 <= start < stop <= {x[at]} is wanted, got {start} and {stop}")
    return (*x[:at], stop - start, *x[at + 1 :])


def _embedding(table: Shape, ids: Shape) -> Shape:
    """A table (V, D) and whole numbers (...) -> (..., D)."""
    _rank(table, 2, "a table (V, D)")
    return (*ids, table[1])


def _layout(x: Shape, *, order: str) -> Shape:
    if sorted(order) != sorted("NCHW") or len(x) != 4:
        raise ValueError(f"an order of N, C, H, W for four axes is wanted, such as 'NHWC', got {order!r}")
    return x


def _axis(x: Shape, axis: int) -> int:
    if not -len(x) <= axis < len(x):
        raise ValueError(f"axis from {-len(x)} to {len(x) - 1} is wanted, got {axis}")
    return axis % len(x)


def _rank(x: Shape, rank: int, what: str) -> None:
    if len(x) != rank:
        raise ValueError(f"{what} are wanted, got {len(x)} axes")


def _vectors(size: int, *vectors: Shape | None) -> None:
    if wrong := [v for v in vectors if v is not None and v != (size,)]:
        raise ValueError(f"vectors of ({size},) are wanted, got {wrong[0]}")


SHAPES = {
    "conv2d": _conv2d, "batch_norm": _batch_norm, "layernorm": _layernorm, "matmul": _matmul, "gemm": _gemm,
    "transpose": _transpose, "reshape": _reshape, "softmax": _softmax, "max_pool": _max_pool,
    "global_avg_pool": _global_avg_pool, "concat": _concat, "slice": _slice, "embedding": _embedding,
    "layout": _layout,
}  # fmt: skip
