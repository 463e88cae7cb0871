"""What each operator computes, in plain numpy: the reference that every pass and every generated program must equal."""

from __future__ import annotations

import math

import numpy as np

from labcore import im2col
from labcore.windows import Padding, Pair, pads, per_axis

Array = np.ndarray
_erf = np.frompyfunc(math.erf, 1, 1)

ELEMENTWISE = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "gelu": lambda x: 0.5 * x * (1 + _erf(x / math.sqrt(2)).astype(x.dtype)),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))),
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
}


def _conv2d(x: Array, w: Array, bias: Array | None = None, *, stride: Pair, padding: Padding, groups: int) -> Array:
    y = im2col.conv2d(x, w, stride, padding, groups=groups)
    return y if bias is None else y + _per_channel(bias)


def _batch_norm(x: Array, scale: Array, bias: Array, mean: Array, var: Array, *, eps: float) -> Array:
    normal = (x - _per_channel(mean)) / np.sqrt(_per_channel(var) + x.dtype.type(eps))
    return normal * _per_channel(scale) + _per_channel(bias)


def _per_channel(v: Array) -> Array:
    return v[:, None, None]  # (C,) beside (N, C, H, W)


def _layernorm(x: Array, scale: Array, bias: Array, *, eps: float) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + x.dtype.type(eps)) * scale + bias


def _softmax(x: Array, *, causal: bool) -> Array:
    """Along the last axis; a causal query sees the keys up to its own place, the last query all of them."""
    if causal:
        queries, keys = x.shape[-2:]
        x = np.where(np.arange(keys) <= np.arange(queries)[:, None] + keys - queries, x, x.dtype.type(-np.inf))
    weights = np.exp(x - x.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _matmul(a: Array, b: Array, *, scale: float) -> Array:
    y = a @ b
    return y if scale == 1 else y * y.dtype.type(scale)


def _gemm(x: Array, w: Array, bias: Array | None = None) -> Array:
    y = (x.reshape(-1, x.shape[-1]) @ w).reshape(*x.shape[:-1], w.shape[1])  # (..., K) as the rows of one product
    return y if bias is None else y + bias


def _max_pool(x: Array, *, kernel: Pair, stride: Pair, padding: Padding) -> Array:
    padded = np.pad(x, ((0, 0), (0, 0), *pads(padding)), constant_values=-np.inf)
    return im2col.patches(padded, *per_axis("kernel", kernel), stride).max(axis=(-2, -1))


def _slice(x: Array, *, axis: int, start: int, stop: int) -> Array:
    return np.take(x, np.arange(start, stop), axis)


def _layout(x: Array, *, order: str) -> Array:
    """The same (N, C, H, W), its elements in memory in another order: only the strides tell."""
    there = tuple(map("NCHW".index, order))
    return np.ascontiguousarray(x.transpose(there)).transpose(np.argsort(there))


REFERENCE = ELEMENTWISE | {
    "conv2d": _conv2d,
    "batch_norm": _batch_norm,
    "layernorm": _layernorm,
    "softmax": _softmax,
    "matmul": _matmul,
    "gemm": _gemm,
    "max_pool": _max_pool,
    "global_avg_pool": lambda x: x.mean(axis=(2, 3), keepdims=True),
    "transpose": lambda x, *, perm: np.ascontiguousarray(x.transpose(perm)),
    "reshape": lambda x, *, shape: x.reshape(shape),
    "concat": lambda *xs, axis: np.concatenate(xs, axis),
    "slice": _slice,
    "embedding": lambda table, ids: table[ids],
    "layout": _layout,
}
