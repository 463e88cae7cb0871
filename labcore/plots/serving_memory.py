"""The memory for keys and values in time: what is set aside, what is given in pages, and what holds a token."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue import H100
from labcore.plots.memory_wall import halves
from labcore.plots.registry import Figure, Table, register
from labcore.plots.serving import ITEM, LAB, MODEL
from labcore.plots.serving_load import load, mean_lengths
from labcore.plots.style import BLUE, GREY, HATCHES, VERMILLION, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.serving.batching import Chunked
from labcore.serving.cache import PAGE, Paged, Reserved
from labcore.serving.engine import engine
from labcore.serving.metrics import memory, summary
from labcore.serving.requests import poisson, requests
from labcore.serving.run import Run
from labcore.serving.simulate import simulate

COUNT, RATE, BATCH, BUDGET, LONGEST, INSTANTS = 600, 30, 512, 1024, 8192, 120
WAYS = {f"reserved, {LONGEST} tokens each": Reserved(LONGEST), f"in pages of {PAGE.value:.0f} tokens": Paged()}
UNITS = {"way": "", "time": "s", "held": "B", "filled": "B", "room": "B", "sequences": ""}


@cache
def run(way: str) -> Run:
    """600 requests, 30 a second, to Llama 3 8B on an H100, served with one way to give out memory.

    >>> round(run("in pages of 16 tokens").makespan / run("reserved, 8192 tokens each").makespan, 1)
    0.8
    """
    return simulate(
        requests(poisson(COUNT, RATE), *load(COUNT)), engine(MODEL, H100), Chunked(BATCH, BUDGET), WAYS[way]
    )


def in_time() -> Table:
    """Bytes given out, bytes that hold a token and sequences in the batch, at even instants of each run."""
    end = max(run(way).makespan for way in WAYS)
    drawn = []
    for way in WAYS:
        one = run(way)
        its, kv = one.iterations, one.engine.kv_token
        for T in np.linspace(0, end, INSTANTS).tolist():
            now = its[np.searchsorted(its["start"], T, side="right") - 1]
            there = one.makespan > T
            drawn.append((way, T, kv * int(now["held"]) * there, kv * int(now["filled"]) * there, kv * one.room,
                          int(now["outputs"]) * there))  # fmt: skip
    return as_table(UNITS, drawn)


def draw_in_time(ax: Axes, table: Table) -> Axes:
    """A panel for each way: what is given out hatched, what holds tokens filled, the cache's size dashed."""
    for one, way in zip(halves(ax), WAYS, strict=True):
        its = [r for r in rows(table) if r["way"] == way]
        T, held, filled = columns(its, "time", "held", "filled")
        one.fill_between(T, held, step="post", **LOOKS["given out, empty"])
        one.fill_between(T, filled, step="post", **LOOKS["holds a token"])
        one.axhline(its[0]["room"], color=GREY, linestyle="--", linewidth=1)
        most = max(r["sequences"] for r in its)
        one.set_title(
            f"{way}\n{100 * waste(way):.2g} % of it empty, up to {most} sequences", fontsize=9, fontweight="normal"
        )
        one.set_ylim(0, 1.3 * its[0]["room"])
        one.set_xlim(0, max(T))
        one.set_xlabel("time (s)")
        scaled(one.yaxis, "memory", "GB")
        if one is not ax:
            one.set_ylabel("")
            one.tick_params(labelleft=False)
    ax.text(0.3, 1.01 * its[0]["room"], "cache beside the weights", color=GREY, va="bottom")
    one.legend(handles=[Patch(**how, label=name) for name, how in LOOKS.items()], loc="upper right",
               bbox_to_anchor=(1, 1.02))  # fmt: skip
    return ax


def waste(way: str) -> float:
    """Share of what is given out that holds no token, over the whole run.

    >>> waste("in pages of 16 tokens") < 0.02 < 0.8 < waste("reserved, 8192 tokens each")
    True
    """
    return memory(run(way))[1]


def in_time_in_words(table: Table) -> str:
    """Waste, sequences and throughput of each way."""
    said = []
    for way in WAYS:
        most = max(r["sequences"] for r in rows(table) if r["way"] == way)
        said.append(f"{way}: {waste(way):.1%} of it empty, up to {most} sequences at once, "
                    f"{summary(run(way)).tokens_rate:.0f} tokens/s")  # fmt: skip
    return f"{'; '.join(said)}."


LOOKS = {
    "given out, empty": {"facecolor": "white", "edgecolor": VERMILLION, "hatch": HATCHES[1], "linewidth": 0.8},
    "holds a token": {"facecolor": "#9DC6E0", "edgecolor": BLUE, "linewidth": 1.2},
}

register(Figure(
    id="kv-waste", item=ITEM, title="Memory for keys and values, set aside and given in pages",
    caption="Llama 3 8B in FP16 on one H100: of 80 GB the weights and a reserve leave 56 GB for keys and values. "
    f"{COUNT} requests come at {RATE} a second, {mean_lengths(COUNT)}, simulated, {BUDGET} tokens a pass. On "
    f"the left each sequence sets aside the {LONGEST} tokens that it might reach: the cache is full with 52 "
    f"sequences, most of it empty, and others wait. On the right a sequence takes a page of {PAGE.value:.0f} "
    f"tokens ({PAGE.source}) when it reaches it; now the arithmetic of prompts binds, not the memory.",
    alt="Two panels of memory over time. On the left a hatched block reaches up to the dashed limit almost from "
    "start to end, with a thin filled band at its foot. On the right nearly all that is given out is filled; "
    "it rises to less than half of the limit and is back at nothing sooner.",
    units=UNITS, data=in_time, draw=draw_in_time, says=in_time_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
