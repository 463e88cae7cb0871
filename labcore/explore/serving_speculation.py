"""Speculative decoding by draft length and by batch: the pure functions of the speculation explorer."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import chip as find_chip
from labcore.explore.operation import fix_ticks
from labcore.plots.style import BLUE, GREEN, GREY, VERMILLION, log_axes
from labcore.serving.engine import Engine, engine
from labcore.serving.passes import pass_time
from labcore.serving.speculative import expected_tokens, speedup
from labcore.units import Ratio

CHIP, CHIPS, MODEL, PRECISION = "H100", 8, "llama3-70b", "fp16"
LONGEST = 12  # tokens of a draft
BATCHES = tuple(2**k for k in range(10))
CONTEXTS = ("700", "8000")
SHOWN = (0.2, 16)


@cache
def target() -> Engine:
    """The model that is served."""
    return engine(MODEL, find_chip(CHIP), CHIPS, PRECISION)


@cache
def checking(batch: int, gamma: int, context: str) -> Ratio:
    """Time of the pass that checks a draft of gamma, in the target's steps of one token.

    >>> checking(1, 0, "700"), checking(512, 3, "700") > 2
    (1.0, True)
    """
    step, check = (pass_time(target(), batch, int(context), new) for new in (1, gamma + 1))
    return check / step


def gain(alpha: Ratio, c: Ratio, gamma: int, batch: int, context: str) -> Ratio:
    """Tokens a second over plain decoding.

    >>> gain(0.8, 0.25, 0, 64, "700")
    1.0
    """
    return speedup(alpha, gamma, c, checking(batch, gamma, context))


def best(alpha: Ratio, c: Ratio, batch: int, context: str) -> int:
    """The draft length with the largest gain, 0 where no draft pays.

    >>> best(0.8, 0.0, 1, "700"), best(0.5, 0.5, 1, "700")
    (12, 0)
    """
    return max(range(LONGEST + 1), key=lambda gamma: gain(alpha, c, gamma, batch, context))


def fits(batch: int, context: str) -> bool:
    """Whether the caches of a batch fit beside the weights.

    >>> fits(128, "8000"), fits(256, "8000"), fits(512, "700")
    (True, False, True)
    """
    return batch * int(context) <= target().room


def last_that_pays(alpha: Ratio, c: Ratio, gamma: int, context: str) -> int:
    """The largest batch, a power of two up to 512 that fits, at which drafts of gamma still gain; 0 for none.

    >>> last_that_pays(0.8, 0.25, 4, "700"), last_that_pays(0.1, 0.5, 4, "700")
    (64, 0)
    """
    there = (batch for batch in BATCHES if fits(batch, context))
    return max((batch for batch in there if gain(alpha, c, gamma, batch, context) > 1), default=0)


def build(fig: Canvas) -> SimpleNamespace:
    """The gain over the draft length, at this batch and for one; and over the batch, of this draft and of the best."""
    left = fig.add_axes((0.10, 0.15, 0.38, 0.68), xlim=(-0.4, LONGEST + 0.4), ylim=SHOWN)
    right = fig.add_axes((0.59, 0.15, 0.38, 0.68), xlim=(0.8, 640), ylim=SHOWN)
    log_axes(left, "y")
    log_axes(right)
    for ax, label in ((left, "tokens of a draft"), (right, "sequences in the batch")):
        ax.yaxis.set_major_formatter("{x:g}")
        fix_ticks(ax.yaxis, [0.25, 0.5, 1, 2, 4, 8])
        ax.axhline(1, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        ax.set_xlabel(label)
    right.xaxis.set_major_formatter("{x:.0f}")
    fix_ticks(left.xaxis, range(0, LONGEST + 1, 2))
    fix_ticks(right.xaxis, [1, 4, 16, 64, 256])
    left.set_ylabel("speed over plain decoding")
    moving = SimpleNamespace(
        alone=left.plot([], [], color=GREY, linestyle=":", label="one sequence")[0],
        here=left.plot([], [], color=BLUE, marker="o", markersize=3, label="this batch")[0],
        suited=right.plot([], [], color=GREEN, linestyle="-.", label="best draft")[0],
        fixed=right.plot([], [], color=VERMILLION, linestyle="--", label="this draft")[0],
        dots=[ax.plot([], [], color=VERMILLION, marker="s", markersize=8, linestyle="None", zorder=4)[0]
              for ax in (left, right)],
        title=left.text(0, 1.14, "", transform=left.transAxes, weight="bold"),
    )  # fmt: skip
    for ax in (left, right):
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0.2)
    return moving


def update(artists: SimpleNamespace, alpha: float, c: float, gamma: int, batch: int, context: str) -> None:
    """Move both pairs of curves and the marker on each; a batch whose caches do not fit has none."""
    drafts = np.arange(LONGEST + 1)
    there, batches = fits(batch, context), [one for one in BATCHES if fits(one, context)]
    artists.here.set_data(drafts, [gain(alpha, c, int(one), batch, context) if there else np.nan for one in drafts])
    artists.alone.set_data(drafts, [gain(alpha, c, int(one), 1, context) for one in drafts])
    artists.fixed.set_data(batches, [gain(alpha, c, gamma, one, context) for one in batches])
    suited = [gain(alpha, c, best(alpha, c, one, context), one, context) for one in batches]
    artists.suited.set_data(batches, suited)
    now = gain(alpha, c, gamma, batch, context) if there else np.nan
    for dot, at in zip(artists.dots, (gamma, batch), strict=True):
        dot.set_data([at], [now])
    artists.title.set_text(f"drafts of {gamma}, kept with {alpha:.2f}, {c:.2f} steps each; batch {batch}")


def describe(alpha: float, c: float, gamma: int, batch: int, context: str) -> str:
    """Tokens of a round, what checking costs, the gain, the draft that suits the batch, the last batch that gains."""
    if not fits(batch, context):
        return (
            f"70B on eight H100, batch {batch}, context {context}: the caches hold {batch * int(context):,} tokens, "
            f"and there is room for {target().room:,}; such a batch does not fit"
        )
    suits = best(alpha, c, batch, context)
    last = last_that_pays(alpha, c, gamma, context)
    end = f"gains up to a batch of {last}" if last else "gains at no batch"
    return (
        f"70B on eight H100, batch {batch}, context {context}, drafts of {gamma} tokens kept with probability "
        f"{alpha:.2f}, each {c:.2f} of a step: {expected_tokens(alpha, gamma):.2f} tokens a round, checking takes "
        f"{checking(batch, gamma, context):.2f} steps, {gain(alpha, c, gamma, batch, context):.2f} times as fast; best "
        f"here is a draft of {suits} ({gain(alpha, c, suits, batch, context):.2f} times); this draft {end}"
    )
