"""What one head of attention moves and how long that takes, by length: the pure functions of the attention explorer."""

from __future__ import annotations

import math
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import chip as find_chip
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.fusion.attention_traffic import (
    block_for,
    flash_time,
    flash_traffic,
    least_traffic,
    materialized_time,
    materialized_traffic,
)
from labcore.plots.style import BLUE, GREEN, VERMILLION, log_axes, scaled
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Seconds, format_binary, format_si

N_LOW, N_MAX = 64, 32768
LENGTHS = tuple(2**k for k in range(6, 16))
WIDTHS = ("64", "128", "256")
MASKS = ("none", "causal")
PRECISIONS = ("fp32", "fp16", "bf16", "fp8")
CHIPS = ("V100", "A100", "H100", "H200", "B200")
D_SHOWN, T_SHOWN = (1e4, 2e11), (1e-9, 1e-1)  # bytes, seconds
Asked = tuple[str, str, int, int, bool]  # chip, precision, d, scratchpad in KiB, causal


def precisions(chip: str) -> tuple[str, ...]:
    """Those of PRECISIONS that a chip has."""
    return tuple(one for one in find_chip(chip).precisions if one in PRECISIONS)


@lru_cache(maxsize=4096)
def at(asked: Asked, N: int) -> tuple[tuple[Bytes, Seconds], tuple[Bytes, Seconds], Bytes]:
    """Bytes and time of one head with scores written out, the same tiled (nan where no block fits), and the least."""
    chip, precision, d, held, causal = asked
    b, one = bytes_per_element(precision), find_chip(chip)
    machine = one.peak(precision), one.BW
    written = b * materialized_traffic(N, N, d, masked=causal).words
    out = written, materialized_time(N, N, d, *machine, b, masked=causal)
    if (block := block_of(held, b, d)) is None:
        return out, (math.nan, math.nan), b * least_traffic(N, N, d)
    moved = b * flash_traffic(N, N, d, block, causal=causal).words
    return out, (moved, flash_time(N, N, d, block, *machine, b, causal)), b * least_traffic(N, N, d)


def block_of(held: int, b: Bytes, d: int) -> tuple[int, int] | None:
    """The block for a scratchpad of that many KiB; None where not one row fits."""
    try:
        return block_for(int(held * 2**10 / b), d)
    except ValueError:
        return None


def build(fig: Canvas) -> SimpleNamespace:
    """Bytes above, time below, over the length; lines and markers that will move."""
    top = fig.add_axes((0.14, 0.56, 0.8, 0.36), xlim=(N_LOW, N_MAX), ylim=D_SHOWN)
    low = fig.add_axes((0.14, 0.11, 0.8, 0.36), xlim=(N_LOW, N_MAX), ylim=T_SHOWN)
    for ax in (top, low):
        log_axes(ax)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        fix_ticks(ax.xaxis, LENGTHS)
    scaled(top.yaxis, "traffic", "MB")
    scaled(low.yaxis, "least time", "us")
    fix_ticks(top.yaxis, 10.0 ** np.arange(4, 12, 2))
    fix_ticks(low.yaxis, 10.0 ** np.arange(-9, 0, 2))
    low.set_xlabel("sequence length N (tokens)")
    ways = (("scores written out", VERMILLION, "--", "s"), ("tiled", BLUE, "-", "o"))
    moving = SimpleNamespace(
        here=[ax.axvline(1, **THIN_DASH) for ax in (top, low)],
        lines=[ax.plot([], [], color=color, linestyle=dash, linewidth=1.6, label=name)[0]
               for ax in (top, low) for name, color, dash, _ in ways],
        least=top.plot([], [], color=GREEN, linestyle=":", linewidth=1.6, label="every operand once")[0],
        dots=[ax.plot([], [], color=color, marker=marker, markersize=7, linestyle="None", zorder=3)[0]
              for ax in (top, low) for _, color, _, marker in ways],
        title=top.text(0, 1.05, "", transform=top.transAxes, weight="bold"),
    )  # fmt: skip
    top.legend(loc="upper left", handlelength=3)
    return moving


def update(
    artists: SimpleNamespace, chip: str, precision: str, d: str, scratchpad: int, mask: str, length: int
) -> None:
    """Move lines and markers to the machine and the length."""
    asked = chip, precision, int(d), scratchpad, mask == "causal"
    curves = [at(asked, N) for N in LENGTHS]
    here = at(asked, length)
    for k, (line, dot) in enumerate(zip(artists.lines, artists.dots, strict=True)):
        way, what = k % 2, k // 2
        line.set_data(LENGTHS, [one[way][what] for one in curves])
        dot.set_data([length], [here[way][what]])
    artists.least.set_data(LENGTHS, [one[2] for one in curves])
    for line in artists.here:
        line.set_xdata([length, length])
    artists.title.set_text(f"one head of {d}, {precision}, mask {mask}; {scratchpad} KiB of scratchpad, {chip}")


def describe(chip: str, precision: str, d: str, scratchpad: int, mask: str, length: int) -> str:
    """Bytes and least times of both ways, their ratios, and the block."""
    b, causal = bytes_per_element(precision), mask == "causal"
    (D_out, T_out), (D_in, T_in), _ = at((chip, precision, int(d), scratchpad, causal), length)
    scores = format_binary(2 * b * length**2)
    about = (
        f"N = {length}, head of {d}, {precision}, mask {mask}, on {chip}: written out {format_si(D_out, 'B', 3)}, "
        f"{format_si(T_out, 's', 3)}, and {scores} of scores and weights held"
    )
    if (block := block_of(scratchpad, b, int(d))) is None:
        return f"{about}; tiled: not one row of queries fits in {scratchpad} KiB beside the keys"
    fewer = f"{D_out / D_in:.3g} times fewer" if D_out >= D_in else f"{D_in / D_out:.3g} times as many"
    sooner = f"{T_out / T_in:.3g} times as fast" if T_out >= T_in else f"{T_in / T_out:.3g} times as long"
    return (
        f"{about}; tiled in {scratchpad} KiB, {block[0]} queries a block: {format_si(D_in, 'B', 3)}, {fewer} bytes; "
        f"{format_si(T_in, 's', 3)}, {sooner}"
    )
