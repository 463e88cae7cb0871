"""Operations that are placed on a GPU's roofline: dense layer by batch, LayerNorm, softmax, attention in two ways."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labcore.ops import Operation, layernorm, matmul, softmax
from labcore.units import Bytes, Flop

if TYPE_CHECKING:
    from labcore.measure.gpu import Device

HALF: Bytes = 2


@dataclass(frozen=True)
class GpuCase:
    """An operation to be timed on a device; `make` lays out its operands there and returns the call."""

    group: str
    name: str
    flop: Flop
    D_vol: Bytes
    working_set: Bytes  # bytes that it touches, each counted once however often it does
    make: Callable[[], Callable[[], object]]
    precision: str = "fp16"


def cases(gpu: Device, quick: bool = False) -> Iterator[GpuCase]:
    """Every operation, in fp16."""
    for batch in (1, 8) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        yield dense(gpu, batch, 512 if quick else 4096)
    rows, cols = (512, 768) if quick else (32 * 512, 768)
    yield by_row(gpu, "layernorm", layernorm(rows, cols, HALF), rows, cols)
    yield by_row(gpu, "softmax", softmax(rows, cols, HALF), rows, cols)
    for fused in (False, True):
        yield attention(gpu, 2 if quick else 8, 2 if quick else 16, 128 if quick else 2048, 64, fused)


def _ones(gpu: Device, *shape: int) -> object:
    return gpu.torch.ones(shape, dtype=gpu.dtype("fp16"), device=gpu.name)


def _case(group: str, name: str, op: Operation, make: Callable[[], Callable[[], object]]) -> GpuCase:
    return GpuCase(group, name, op.flop, op.D_vol, op.D_vol, make)


def dense(gpu: Device, batch: int, width: int) -> GpuCase:
    """A dense layer: (batch, width) @ (width, width)."""

    def make() -> Callable[[], object]:
        x, w = _ones(gpu, batch, width), _ones(gpu, width, width)
        return lambda: gpu.torch.nn.functional.linear(x, w)

    return _case("dense", f"batch {batch}", matmul(batch, width, width, HALF), make)


def by_row(gpu: Device, group: str, op: Operation, rows: int, cols: int) -> GpuCase:
    """LayerNorm or softmax over the rows of (rows, cols), one kernel of torch."""

    def make() -> Callable[[], object]:
        f, x, v = gpu.torch.nn.functional, _ones(gpu, rows, cols), _ones(gpu, cols)
        return (lambda: f.softmax(x, -1)) if group == "softmax" else (lambda: f.layer_norm(x, (cols,), v, v))

    return _case(group, "torch", op, make)


def attention(gpu: Device, batch: int, heads: int, seq: int, dim: int, fused: bool) -> GpuCase:
    """Attention over (batch, heads, seq, dim): three kernels that write the (seq, seq) table, or one that keeps it.

    Both do the same FLOP. The three move queries and keys in, the table out and in and out and in, values in, the
    result out; the fused one moves only queries, keys, values and the result.
    """
    n = batch * heads
    scores, mixed = matmul(seq, dim, seq, HALF, batch=n), matmul(seq, seq, dim, HALF, batch=n)
    table = softmax(n * seq, seq, HALF)
    apart = scores.D_vol + table.D_vol + mixed.D_vol
    operands, tables = 4 * n * seq * dim * HALF, 0 if fused else 2 * n * seq * seq * HALF  # before and after softmax

    def make() -> Callable[[], object]:
        q, k, v = (_ones(gpu, batch, heads, seq, dim) for _ in range(3))
        f = gpu.torch.nn.functional
        if fused:
            return lambda: f.scaled_dot_product_attention(q, k, v)
        scaled = q * (1 / math.sqrt(dim))  # once, not a trip of the table more each time
        return lambda: f.softmax(scaled @ k.transpose(-2, -1), -1) @ v

    work = scores.flop + table.flop + mixed.flop, operands if fused else apart, operands + tables
    return GpuCase("attention", "fused" if fused else "eager", *work, make)
