"""Implementation selection: which implementation does an operation, by rule, by cost model, or by timing them all.

A convolution can run as loops on the vector units, as a product over patches that are written to memory first, as a
product whose patches are formed on the way in (implicit), directly as a product where its window is 1 x 1, or, where
every channel is by itself, as a depthwise pass. Each candidate brings its own cost on a chip.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil

from labcore.catalogue import chip as find_chip
from labcore.catalogue.links import LAUNCH
from labcore.compiler.kernel_cost import Implementation, gemm_kernels, streamed
from labcore.matrix.engage import alignment, engage
from labcore.measure.timing import in_turns
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.units import Ratio, Seconds

ALIGNED = 16  # the rule of thumb: tensor cores where the dimensions are multiples of 16


@dataclass(frozen=True)
class Choice:
    """The kernel that was chosen, why, and the time that each candidate was given; none where a rule decides."""

    name: str
    why: str
    times: Mapping[str, Seconds]
    kernel: Implementation | None = None


def candidates(op: Operation, chip: str, fmt: str, L_launch: Seconds = LAUNCH.value) -> dict[str, Implementation]:
    """The kernels that can do an operation on a chip, each with its best block and split, by name.

    >>> from labcore.ops import conv2d
    >>> list(candidates(conv2d(1, 64, 56, 56, 64, 3, 3, padding=1), "A100", "fp16"))
    ['direct', 'im2col + GEMM', 'implicit GEMM']
    >>> list(candidates(conv2d(1, 32, 112, 112, 32, 3, 3, padding=1, groups=32), "A100", "fp16"))
    ['direct', 'im2col + GEMM', 'depthwise']
    """
    makers = {"conv2d": _conv_ways, "matmul": _gemm_ways}.get(op.kind)
    if makers is None:
        return {"streamed": streamed(chip, op)}
    ways = makers(op, chip, fmt)
    return {name: min(kernels, key=lambda one: one.time(L_launch)) for name, kernels in ways.items()}


def _gemm_ways(op: Operation, chip: str, fmt: str) -> dict[str, Iterable[Implementation]]:
    sizes = (op.shape["M"], op.shape["K"], op.shape["N"], op.shape["batch"])
    ways = {"vector GEMM": gemm_kernels(chip, fmt, *sizes, "vector units", op.D_vol)}
    if engage(chip, fmt, *sizes[:3]).tile:
        ways["tensor GEMM"] = gemm_kernels(chip, fmt, *sizes, "tensor cores", op.D_vol)
    return ways


def _conv_ways(op: Operation, chip: str, fmt: str) -> dict[str, Iterable[Implementation]]:
    s = op.shape
    groups, C = s["groups"], s["C"] // s["groups"]
    rows, deep = s["N"] * s["P"] * s["Q"], C * s["R"] * s["S"]
    sizes = (rows, deep, s["K"] // groups, groups)
    unit = "tensor cores" if engage(chip, fmt, *sizes[:3]).tile else "vector units"
    ways = {
        "direct": gemm_kernels(chip, fmt, *sizes, "vector units", op.D_vol),
        "im2col + GEMM": (_unrolled(one, op, chip, fmt) for one in gemm_kernels(chip, fmt, *sizes, unit)),
    }
    if groups == 1 and _is_product(op):
        ways["1x1 as GEMM"] = gemm_kernels(chip, fmt, *sizes, unit, op.D_vol)
    if groups == 1 and unit == "tensor cores":
        padded = ceil(C / alignment(fmt)) * alignment(fmt) * s["R"] * s["S"]  # channels come 16 B at a time
        wide = gemm_kernels(chip, fmt, rows, padded, s["K"], 1, unit, op.D_vol)
        ways["implicit GEMM"] = (replace(one, flop=op.flop, eta=one.eta * op.flop / one.flop) for one in wide)
    if groups == s["C"] > 1:
        ways["depthwise"] = [streamed(chip, op, "depthwise")]
    return ways


def _is_product(op: Operation) -> bool:
    s = op.shape
    return (s["R"], s["S"], s["P"], s["Q"]) == (1, 1, s["H"], s["W"])


def _unrolled(one: Implementation, op: Operation, chip: str, fmt: str) -> Implementation:
    """The product behind a kernel of its own that writes all patches to memory."""
    s = op.shape
    patches = s["N"] * s["P"] * s["Q"] * s["C"] * s["R"] * s["S"] * bytes_per_element(fmt)
    D_unroll = op.reads["x"] + patches
    return replace(one, D_vol=one.D_vol + D_unroll, T=one.T + D_unroll / find_chip(chip).BW, launches=one.launches + 1)


def by_cost(op: Operation, chip: str, fmt: str, L_launch: Seconds = LAUNCH.value) -> Choice:
    """The candidate with the least predicted time.

    >>> from labcore.ops import conv2d
    >>> by_cost(conv2d(32, 64, 56, 56, 256, 1, 1), "A100", "fp16").name
    '1x1 as GEMM'
    >>> by_cost(conv2d(32, 144, 56, 56, 144, 3, 3, padding=1, groups=144), "A100", "fp16").name
    'depthwise'
    """
    ways = candidates(op, chip, fmt, L_launch)
    times = {name: kernel.time(L_launch) for name, kernel in ways.items()}
    name = min(times, key=times.get)
    return Choice(name, f"least predicted time of {len(times)}", times, ways[name])


def by_rule(op: Operation, chip: str, fmt: str) -> Choice:
    """What a few rules of thumb say without computing a time; blocks of 128 x 128, K in one piece.

    >>> from labcore.ops import conv2d, matmul
    >>> by_rule(matmul(512, 512, 512), "A100", "fp16").name, by_rule(matmul(500, 500, 500), "A100", "fp16").name
    ('tensor GEMM', 'vector GEMM')
    >>> by_rule(conv2d(1, 3, 224, 224, 64, 7, 7, stride=2, padding=3), "A100", "fp16").why
    'K = 147 is no multiple of 16'
    """
    name, why = _ruled(op, chip, fmt)
    makers = {"conv2d": _conv_ways, "matmul": _gemm_ways}.get(op.kind)
    kernels = list(makers(op, chip, fmt)[name]) if makers else [streamed(chip, op)]
    usual = next((one for one in kernels if (one.block, one.split) == ((128, 128), 1)), kernels[0])
    return Choice(name, why, {}, usual)


def _ruled(op: Operation, chip: str, fmt: str) -> tuple[str, str]:
    s = op.shape
    if op.kind not in ("conv2d", "matmul"):
        return "streamed", "not a product"
    if op.kind == "conv2d" and s["groups"] == s["C"] > 1:
        return "depthwise", "every channel by itself"
    if op.kind == "conv2d" and s["groups"] > 1:
        return "im2col + GEMM", "a product for each group"
    sizes = {"K": s["K"], "N": s["N"]} if op.kind == "matmul" else {"K": s["C"] * s["R"] * s["S"], "N": s["K"]}
    tile = engage(chip, fmt, 1, sizes["N"], sizes["K"]).tile
    odd = next((f"{name} = {size} is no multiple of {ALIGNED}" for name, size in sizes.items() if size % ALIGNED), "")
    if odd or not tile:
        return ("vector GEMM" if op.kind == "matmul" else "direct"), odd or f"no tensor-core tile for {fmt}"
    if op.kind == "matmul":
        return "tensor GEMM", f"K and N are multiples of {ALIGNED}"
    return ("1x1 as GEMM", "a 1 x 1 window") if _is_product(op) else ("implicit GEMM", f"multiples of {ALIGNED}")


def by_profile(
    ways: Mapping[str, Callable[[], object]], repeats: int = 5, clock: Callable[[], Seconds] = time.perf_counter
) -> Choice:
    """The way that took the least median time here; all ran in turns, so that what slows one slows the others.

    >>> ticks = iter([0, 0, 0, 2, 0, 4])  # "a" and "b" begin to warm up; then "a" takes 2 and "b" 4
    >>> by_profile({"a": int, "b": int}, repeats=1, clock=lambda: next(ticks)).times
    {'a': 2, 'b': 4}
    """
    if not ways:
        raise ValueError("a profile needs at least one way to do the work, got none")
    spent = in_turns(list(ways.values()), repeats, clock)
    times = {name: statistics.median(one) for name, one in zip(ways, spent, strict=True)}
    return Choice(min(times, key=times.get), f"least of {len(times)} timed here, median of {repeats}", times)


def lost(chosen: Iterable[Choice], best: Iterable[Choice], L_launch: Seconds = LAUNCH.value) -> Ratio:
    """Share of time that choices lose against the best ones: their total time over that of the best, less 1.

    >>> from labcore.ops import matmul
    >>> work = [matmul(500, 500, 500), matmul(512, 512, 512)]
    >>> lost([by_rule(op, "A100", "fp16") for op in work], [by_cost(op, "A100", "fp16") for op in work]) > 0
    True
    """
    mine, least = (sum(one.kernel.time(L_launch) for one in choices) for choices in (chosen, best))
    return mine / least - 1
