"""A growing sum in a narrow accumulator: the pure functions of the accumulator explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.plots.words import three
from labcore.precision.dot import chunked_sums_of_one

K_MAX, SEED = 4096, 11
TERMS = ("ones", "tenths", "drawn from 0 to 1")
DRAWN = np.unique(np.geomspace(1, K_MAX, 300).astype(int))  # lengths, as close as pixels
ACCUMULATORS = ("fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "tf32", "fp32")


@lru_cache(maxsize=4)
def terms(kind: str) -> np.ndarray:
    """K_MAX numbers to add up."""
    if kind == TERMS[2]:
        return np.random.default_rng(SEED).random(K_MAX)
    return np.full(K_MAX, 1.0 if kind == TERMS[0] else 0.1)


@lru_cache(maxsize=64)
def sums(kind: str, accumulator: str, chunk: int) -> np.ndarray:
    """Every partial sum in the accumulator."""
    return chunked_sums_of_one(terms(kind), accumulator, chunk)


def build(fig: Canvas) -> SimpleNamespace:
    """The sum over the number of terms, exact and as the accumulator has it."""
    ax = fig.add_axes((0.11, 0.125, 0.845, 0.79), xlim=(1, K_MAX), ylim=(0.08, 2 * K_MAX))
    log_axes(ax)
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.yaxis.set_major_formatter("{x:g}")
    fix_ticks(ax.xaxis, 4.0 ** np.arange(7))
    fix_ticks(ax.yaxis, 10.0 ** np.arange(-1, 4))
    ax.set_xlabel("terms added")
    ax.set_ylabel("sum")
    moving = SimpleNamespace(
        exact=ax.plot([], [], color=GREY, linestyle="--", label="exact")[0],
        got=ax.plot([], [], color=BLUE, label="in the accumulator")[0],
        dot=ax.plot([], [], color=VERMILLION, marker="o", markersize=8, linestyle="None", clip_on=False, zorder=3)[0],
        title=ax.text(0, 1.03, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="upper left")
    return moving


def update(artists: SimpleNamespace, kind: str, accumulator: str, chunk: int, K: int) -> None:
    """Draw both sums and put the dot at the length."""
    got = sums(kind, accumulator, chunk)
    artists.exact.set_data(DRAWN, np.cumsum(terms(kind))[DRAWN - 1])
    artists.got.set_data(DRAWN, got[DRAWN - 1])
    artists.dot.set_data([K], [got[K - 1]])
    artists.title.set_text(f"{accumulator}, {runs(chunk)}: {got[K - 1]:g} after {K} {kind}")


def describe(kind: str, accumulator: str, chunk: int, K: int) -> str:
    """The sum in the accumulator, the exact one, and what is lost."""
    got, exact = float(sums(kind, accumulator, chunk)[K - 1]), float(np.cumsum(terms(kind))[K - 1])
    return (
        f"{K} {kind} in {accumulator}, {runs(chunk)}: {got:g} instead of {three(exact)}, "
        f"{100 * abs(got - exact) / exact:.2g} % off"
    )


def runs(chunk: int) -> str:
    """How the terms are grouped.

    >>> runs(64), runs(4096)
    ('in runs of 64', 'in one run')
    """
    return "in one run" if chunk >= K_MAX else f"in runs of {chunk}"
