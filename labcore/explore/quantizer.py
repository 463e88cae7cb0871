"""A tensor with one outlier and its integer codes: the pure functions of the quantizer explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.precision.quantize import Quantized, quantize, quantize_linear, signal_to_noise

TENSORS = ("weights: normal", "activations: normal, negative ones cut")
SCHEMES = ("symmetric", "asymmetric")
SIZE, SEED, EDGE = 4096, 3, 4.0  # values, and how far the picture goes in standard deviations
BINS = np.linspace(-EDGE, EDGE, 81)
PROBES = np.linspace(-EDGE, EDGE, 80 * 40 + 1)[:-1].reshape(80, 40)  # values at which the error is looked at, by bin


@lru_cache(maxsize=4)
def tensor(name: str) -> np.ndarray:
    """SIZE values, without the outlier."""
    x = np.random.default_rng(SEED).normal(size=SIZE).astype(np.float32)
    return x if name == TENSORS[0] else np.maximum(x, 0)


@lru_cache(maxsize=64)
def codes(name: str, scheme: str, bits: int, outlier: float) -> Quantized:
    """The codes of the values and, last, of the outlier."""
    return quantize(np.append(tensor(name), np.float32(outlier)), bits=bits, symmetric=scheme == "symmetric")


def levels(q: Quantized) -> np.ndarray:
    """The real values of every code, ascending."""
    low = 1 - 2 ** (q.bits - 1) if q.zero_point == 0 else -(2 ** (q.bits - 1))
    return (np.arange(low, 2 ** (q.bits - 1)) - int(q.zero_point)) * float(q.scale)


def in_use(q: Quantized) -> int:
    """How many codes some value beside the outlier has."""
    return len(np.unique(q.q[:-1]))


def noise(name: str, scheme: str, bits: int, outlier: float) -> tuple[float, float]:
    """Signal to noise of the values, in dB: beside the outlier, and without it."""
    x = tensor(name)
    alone = quantize(x, bits=bits, symmetric=scheme == "symmetric")
    beside = codes(name, scheme, bits, outlier).dequantize()[:-1]
    return signal_to_noise(x, beside), signal_to_noise(x, alone.dequantize())


def build(fig: Canvas) -> SimpleNamespace:
    """How often values occur, the levels below, and the error at each value."""
    top = fig.add_axes((0.115, 0.47, 0.86, 0.43), xlim=(-EDGE, EDGE), ylim=(-0.18, 1.05))
    low = fig.add_axes((0.115, 0.12, 0.86, 0.26), xlim=(-EDGE, EDGE), ylim=(2e-3, 20))
    log_axes(low, "y")
    low.yaxis.set_major_formatter("{x:g}")
    for ax in (top, low):
        fix_ticks(ax.xaxis, np.arange(-4, 5))
    fix_ticks(top.yaxis, np.array([0, 0.5, 1]))
    fix_ticks(low.yaxis, np.array([0.01, 0.1, 1, 10]))
    top.set_ylabel("how often (relative)")
    low.set_ylabel("largest error")
    low.set_xlabel("value, in standard deviations")
    return SimpleNamespace(
        bars=top.plot([], [], color=GREY, drawstyle="steps-post", linewidth=1.2)[0],
        levels=top.plot([], [], color=BLUE, marker="|", markersize=12, markeredgewidth=1.0, linestyle="None")[0],
        error=low.plot([], [], color=VERMILLION, drawstyle="steps-post")[0],
        title=top.text(0, 1.05, "", transform=top.transAxes, weight="bold"),
        note=top.text(0.995, 0.93, "", transform=top.transAxes, ha="right", va="top"),
    )


def update(artists: SimpleNamespace, tensor_name: str, scheme: str, bits: int, outlier: float) -> None:
    """Draw the values, the levels that the quantizer gives them, and what it loses."""
    x, q = tensor(tensor_name), codes(tensor_name, scheme, bits, outlier)
    count = np.histogram(x[x != 0], BINS)[0]
    artists.bars.set_data(BINS, np.append(count, count[-1]) / count.max())
    at = levels(q)
    at = at[np.abs(at) <= EDGE]
    artists.levels.set_data(at, np.full(len(at), -0.09))
    near = (quantize_linear(PROBES, q.scale, q.zero_point, bits) - q.zero_point) * q.scale
    worst = np.abs(near - PROBES).max(axis=1)
    artists.error.set_data(BINS, np.append(worst, worst[-1]))
    artists.title.set_text(f"{scheme}, {bits} bits, largest value {outlier:g}")
    artists.note.set_text(
        f"{in_use(q)} of {2**bits} codes serve\n{noise(tensor_name, scheme, bits, outlier)[0]:.1f} dB"
    )


def describe(tensor_name: str, scheme: str, bits: int, outlier: float) -> str:
    """Scale, zero point, codes at work, and what the outlier costs the other values."""
    q = codes(tensor_name, scheme, bits, outlier)
    beside, alone = noise(tensor_name, scheme, bits, outlier)
    return (
        f"{tensor_name.split(':')[0]}, {scheme}, {bits} bits, largest value {outlier:g}: scale {float(q.scale):.4g}, "
        f"zero point {int(q.zero_point)}; {in_use(q)} of {2**bits} codes serve the other {SIZE} values; their signal "
        f"to noise is {beside:.1f} dB, without the outlier {alone:.1f} dB"
    )
