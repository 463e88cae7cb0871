"""Integer quantization: real = scale * (q - zero_point), with q of 2 to 16 bits, and products of such tensors.

Symmetric: zero_point 0, codes from -(2^(bits-1) - 1) to 2^(bits-1) - 1, so that x and -x get opposite codes.
Asymmetric: the range from min(x, 0) to max(x, 0) is spread over all 2^bits codes, so that 0 has a code of its own and
padding stays exact. Per tensor there is one scale; per channel one for each index along `axis`.
Division and rounding are those of ONNX QuantizeLinear (opset 13): float32, half to even, saturating.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labcore.units import positive, positive_ints

INT32_MAX = 2**31 - 1


@dataclass(frozen=True)
class Quantized:
    """Codes with the scale and zero point that give them meaning; scale has the shape that broadcasts over q.

    >>> x = quantize([-1.0, 0.0, 2.0], bits=4, symmetric=False)
    >>> x.q.tolist(), x.dequantize().tolist()
    ([-8, -3, 7], [-1.0, 0.0, 2.0])
    """

    q: np.ndarray
    scale: np.ndarray
    zero_point: np.ndarray
    bits: int

    def dequantize(self) -> np.ndarray:
        """The real values that the codes stand for, float32."""
        return (self.q - self.zero_point).astype(np.float32) * self.scale


def quantize(
    x: np.ndarray, bits: int = 8, symmetric: bool = True, axis: int | None = None, signed: bool = True
) -> Quantized:
    """Choose scale and zero point from the range of x and quantize it; `axis` gives each channel a scale of its own.

    Unsigned codes start at 0; they are for asymmetric quantization. A tensor of zeros gets scale 1. Raises ValueError
    for an empty tensor, NaN, infinity and bits outside 2 to 16.

    >>> w = quantize([-0.5, 0.25, 1.27])
    >>> w.q.tolist(), round(float(w.scale), 3)
    ([-50, 25, 127], 0.01)
    """
    x = np.asarray(x, np.float32)
    if symmetric and not signed:
        raise ValueError("symmetric codes are signed; take symmetric=False for codes that start at 0")
    _check(x, bits, axis)
    low, high = code_range(bits, signed)
    over = None if axis is None else tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    keep = axis is not None
    if symmetric:
        scale = np.abs(x).max(axis=over, keepdims=keep) / np.float32(high)
        scale = _nonzero(scale)
        return Quantized(_codes(x, scale, 0, low + 1, high), scale, np.zeros(scale.shape, np.int32), bits)
    least = np.minimum(x.min(axis=over, keepdims=keep), np.float32(0))
    scale = _nonzero((np.maximum(x.max(axis=over, keepdims=keep), np.float32(0)) - least) / np.float32(high - low))
    zero_point = np.clip(np.rint(low - least / scale), low, high).astype(np.int32)
    return Quantized(_codes(x, scale, zero_point, low, high), scale, zero_point, bits)


def quantize_linear(
    x: np.ndarray, scale: np.ndarray | float, zero_point: np.ndarray | int = 0, bits: int = 8, signed: bool = True
) -> np.ndarray:
    """Codes of x for a scale and zero point that are given: saturate(rint(x / scale) + zero_point), int32.

    >>> quantize_linear([0.24, 0.26, 99.0, -99.0], scale=0.1).tolist()
    [2, 3, 127, -128]
    """
    x = np.asarray(x, np.float32)
    _check(x, bits, None)
    positive(scale=scale)
    low, high = code_range(bits, signed)
    zero_point = np.asarray(zero_point)
    if (zero_point < low).any() or (zero_point > high).any():
        raise ValueError(f"zero_point must be a code itself, from {low} to {high}; got {zero_point.tolist()}")
    return _codes(x, np.asarray(scale, np.float32), zero_point, low, high)


def code_range(bits: int, signed: bool = True) -> tuple[int, int]:
    """The lowest and the highest code.

    >>> code_range(8), code_range(4, signed=False)
    ((-128, 127), (0, 15))
    """
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)


def integer_matmul(A: np.ndarray, B: np.ndarray, a_zero: int = 0, b_zero: int = 0) -> np.ndarray:
    """(M, K) @ (K, N) of whole numbers with their zero points taken off, accumulated in int32 (ONNX MatMulInteger).

    Raises ValueError where the operands are not whole numbers, and where K products could pass int32.

    >>> integer_matmul(np.full((1, 2), 127, np.int8), np.full((2, 1), 127, np.int8)).tolist()
    [[32258]]
    """
    wide = []
    for name, operand, zero in (("A", A, a_zero), ("B", B, b_zero)):
        codes = np.asarray(operand)
        if codes.dtype.kind not in "iu":
            raise ValueError(f"{name} must hold whole numbers, got {codes.dtype}; quantize it first")
        wide.append(codes.astype(np.int64) - zero)
    left, right = wide
    largest = left.shape[-1] * int(np.abs(left).max(initial=0)) * int(np.abs(right).max(initial=0))
    if largest > INT32_MAX:
        raise ValueError(f"{left.shape[-1]} products could reach {largest}, past int32's {INT32_MAX}; split K")
    return (left @ right).astype(np.int32)


def quantized_matmul(A: Quantized, B: Quantized) -> np.ndarray:
    """(M, K) @ (K, N) through integer products, float32; A may have a scale a row (axis=0), B one a column (axis=1).

    A scale leaves the sum over K only where it does not change along it; else ValueError.

    >>> a, b = quantize([[1.0, 2.0]]), quantize([[3.0], [4.0]])
    >>> quantized_matmul(a, b).round(1).tolist()
    [[11.0]]
    """
    if (A.scale.ndim and A.scale.shape[-1] != 1) or (B.scale.ndim and B.scale.shape[0] != 1):
        raise ValueError("a scale may not change along K; quantize A with axis=0 or none, B with axis=1 or none")
    return integer_matmul(A.q, B.q, A.zero_point, B.zero_point).astype(np.float32) * (A.scale * B.scale)


def signal_to_noise(x: np.ndarray, approximate: np.ndarray) -> float:
    """Power of x over the power of the error, in dB; a bit more is worth 6 dB. Infinite where nothing is lost.

    >>> round(signal_to_noise([1.0, -1.0], [1.1, -1.1]), 6)
    20.0
    """
    x = np.asarray(x, np.float64)
    noise = np.sum((x - approximate) ** 2)
    return float(10 * np.log10(np.sum(x**2) / noise)) if noise else np.inf


def _codes(x: np.ndarray, scale: np.ndarray, zero_point: np.ndarray | int, low: int, high: int) -> np.ndarray:
    return np.clip(np.rint(x / scale) + zero_point, low, high).astype(np.int32)


def _nonzero(scale: np.ndarray) -> np.ndarray:
    return np.where(scale > 0, scale, np.float32(1))


def _check(x: np.ndarray, bits: int, axis: int | None) -> None:
    positive_ints(bits=bits)
    if not 2 <= bits <= 16:
        raise ValueError(f"bits must be from 2 to 16, got {bits}")
    if axis is not None and not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis must be from 0 to {x.ndim - 1} for a tensor of {x.ndim} axes, got {axis}")
    if not x.size:
        raise ValueError(f"an empty tensor has no range; got shape {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError("NaN and infinity have no code; replace them before quantizing")
