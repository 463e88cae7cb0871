"""Memory of the caches while a job runs: the pure functions of the memory explorer."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.explore.operation import fix_ticks
from labcore.explore.serving_queue import engine_of, in_batch
from labcore.plots.style import BLUE, GREY, VERMILLION
from labcore.serving.batching import Continuous
from labcore.serving.cache import Paged, Reserved
from labcore.serving.metrics import Summary, summary
from labcore.serving.requests import at_once, geometric, requests
from labcore.serving.run import Run
from labcore.serving.simulate import simulate
from labcore.units import Bytes, format_si

COUNT, PROMPT, LONGEST = 100, 300, 8192
WAYS = ("pages", "reserve the longest", "reserve what it needs")
SERVER = "8B on an H100"
GB: Bytes = 1e9


def way_of(way: str, page: int) -> Paged | Reserved:
    """How memory is given out; a reservation is one piece of whole pages.

    >>> way_of("pages", 16), way_of("reserve the longest", 16)
    (Paged(page=16), Reserved(longest=8192, page=16))
    """
    if way == WAYS[0]:
        return Paged(page)
    return Reserved(LONGEST if way == WAYS[1] else None, page)


@lru_cache(maxsize=64)
def served(way: str, memory: int, page: int, mean: int) -> Run:
    """100 requests at once, prompts of 300 tokens, answers of a mean, with so many GB for caches."""
    answer = np.minimum(geometric(COUNT, mean, seed=5), LONGEST - PROMPT)
    whole = engine_of(SERVER)
    small = replace(whole, room=int(memory * GB // whole.kv_token))
    return simulate(requests(at_once(COUNT), PROMPT, answer), small, Continuous(COUNT), way_of(way, page))


@lru_cache(maxsize=64)
def numbers(way: str, memory: int, page: int, mean: int) -> Summary:
    """What the run comes to."""
    return summary(served(way, memory, page, mean))


def build(fig: Canvas) -> SimpleNamespace:
    """Memory given out and memory filled, as shares of what there is, over the time; below, the sequences served."""
    top = fig.add_axes((0.11, 0.47, 0.845, 0.40), xlim=(0, 1), ylim=(0, 1.05))
    low = fig.add_axes((0.11, 0.13, 0.845, 0.25), xlim=(0, 1), ylim=(0, COUNT * 1.05))
    top.yaxis.set_major_formatter("{x:.0%}")
    fix_ticks(top.yaxis, [0, 0.25, 0.5, 0.75, 1])
    fix_ticks(low.yaxis, [0, 25, 50, 75, 100])
    low.xaxis.set_major_formatter("{x:.0%}")
    for ax in (top, low):
        fix_ticks(ax.xaxis, [0, 0.25, 0.5, 0.75, 1])
    top.set_xticklabels([])
    top.set_ylabel("of the memory")
    low.set_ylabel("in the batch")
    low.set_xlabel("time, as a share of the job's")
    moving = SimpleNamespace(
        wasted=top.add_collection(PolyCollection([], facecolor="#F4C9B0", edgecolor="none", label="wasted")),
        given=top.plot([], [], color=VERMILLION, linestyle="--", linewidth=1.4, label="given out")[0],
        filled=top.plot([], [], color=BLUE, linewidth=1.4, label="holds a token")[0],
        batch=low.plot([], [], color=GREY, linewidth=1.4)[0],
        title=top.text(0, 1.18, "", transform=top.transAxes, weight="bold"),
    )
    top.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
    return moving


def update(artists: SimpleNamespace, way: str, memory: int, page: int, mean: int) -> None:
    """Draw the memory and the batch of the run."""
    run = served(way, memory, page, mean)
    share = np.linspace(0, 1, 240, endpoint=False)
    at = np.searchsorted(run.ends, share * run.makespan, "right")
    held, filled = (run.iterations[name][at] / run.engine.room for name in ("held", "filled"))
    artists.given.set_data(share, held)
    artists.filled.set_data(share, filled)
    artists.wasted.set_verts([np.column_stack([np.r_[share, share[::-1]], np.r_[held, filled[::-1]]])])
    artists.batch.set_data(share, in_batch(run, share * run.makespan))
    artists.title.set_text(f"{way}, {memory} GB for caches")


def describe(way: str, memory: int, page: int, mean: int) -> str:
    """Shares given out and wasted, the batch, tokens a second, and who was put out and read again."""
    run, found = served(way, memory, page, mean), numbers(way, memory, page, mean)
    again = f"{found.preempted} put out, {found.read_again:,} tokens read again"
    return (
        f"{way}, {memory} GB for caches ({run.engine.room:,} tokens), pages of {page}, answers of {mean} on the mean: "
        f"{found.held:.1%} given out, {found.wasted:.1%} of that wasted; {found.batch:.1f} sequences on the mean, "
        f"{found.tokens_rate:,.0f} tokens/s, done in {format_si(run.makespan, 's', 3)}; "
        f"{again if found.preempted else 'nobody put out'}"
    )
