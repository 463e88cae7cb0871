"""Serving under load: what users wait for at each rate of requests, and what a row that is never free is worth."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue import H100
from labcore.plots.memory_wall import halves
from labcore.plots.registry import Figure, Table, register
from labcore.plots.serving import BUDGET, ITEM, LAB, MODEL, schedulers
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.serving.batching import Continuous, Static
from labcore.serving.closed_forms import batching_gain, harmonic
from labcore.serving.engine import Clock, engine
from labcore.serving.metrics import tradeoff
from labcore.serving.requests import at_once, geometric, lognormal, requests
from labcore.serving.simulate import simulate
from labcore.units import Ratio, format_si

COUNT, BATCH, TIMEOUT = 300, 64, 0.5
RATES = (1, 2, 4, 6, 8, 12, 16, 18, 20, 24)
KNEE: Ratio = 3.0  # times the first token's wait at the lowest rate
LOAD_UNITS = {"scheduler": "", "rate": "1/s", "first": "s", "gap_p99": "s", "knee": ""}


def load(count: int = COUNT) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the prompts and of the answers, (n,) each: many short ones, a few long.

    >>> [round(float(lengths.mean())) for lengths in load()]
    [731, 183]
    """
    return lognormal(count, 500, 0.8, 4000, seed=1), lognormal(count, 150, 0.7, 1000, seed=2)


def mean_lengths(count: int = COUNT) -> str:
    """The load's mean lengths in words.

    >>> mean_lengths()
    'prompts of 731 and answers of 183 tokens on the mean'
    """
    return "prompts of {:.0f} and answers of {:.0f} tokens on the mean".format(*(x.mean() for x in load(count)))


@cache
def by_rate() -> Table:
    """Mean time to the first token and the 99th percentile of gaps between tokens, by rate and scheduler."""
    drawn, (prompt, answer) = [], load()
    for name, how in schedulers(BATCH, TIMEOUT).items():
        found = tradeoff(RATES, prompt, answer, engine(MODEL, H100), how, seed=3)
        good = [rate for rate, one in zip(RATES, found, strict=True) if one.first_mean <= KNEE * found[0].first_mean]
        drawn += [(name, rate, one.first_mean, one.gap_p99, "yes" if rate == max(good) else "no")
                  for rate, one in zip(RATES, found, strict=True)]  # fmt: skip
    return as_table(LOAD_UNITS, drawn)


def draw_by_rate(ax: Axes, table: Table) -> Axes:
    """Left the first token, right the gaps, over the rate; the knee of each scheduler ringed in both."""
    left, right = halves(ax)
    for one, column in ((left, "first"), (right, "gap_p99")):
        log_axes(one, "y")
        for k, name in enumerate(dict.fromkeys(table["scheduler"])):
            its = [r for r in rows(table) if r["scheduler"] == name]
            one.plot(*columns(its, "rate", column), **look(k), label=name)
            one.plot(*columns([r for r in its if r["knee"] == "yes"], "rate", column), linestyle="None", marker="o",
                     markersize=13, markerfacecolor="none", color=BLACK)  # fmt: skip
        one.set_xlim(0, 1.04 * max(RATES))
        one.set_xticks(range(0, 25, 6))
        one.set_xlabel("requests a second")
    scaled(left.yaxis, "first token, mean", "s")
    scaled(right.yaxis, "between tokens, p99", "ms")
    left.set_yticks([0.03, 0.1, 0.3, 1, 3, 10])
    right.set_yticks([0.01, 0.02, 0.05, 0.1])
    left.set_ylim(0.02, 30)
    right.set_ylim(0.006, 0.13)
    left.plot([], [], linestyle="None", marker="o", markersize=13, markerfacecolor="none", color=BLACK, label="knee")
    left.legend(loc="center right", bbox_to_anchor=(1, 0.52))
    left.set_title("until the first token", fontsize=9)
    right.set_title("from token to token", fontsize=9)
    return ax


def by_rate_in_words(table: Table) -> str:
    """The knee of each scheduler, with both waits there."""
    said = [f"{r['scheduler']} up to {r['rate']}/s: first token after {format_si(r['first'], 's', 3)}, "
            f"gaps to {format_si(r['gap_p99'], 's', 3)}" for r in rows(table) if r["knee"] == "yes"]  # fmt: skip
    return f"{'; '.join(said)}."


BATCHES = (1, 2, 4, 8, 16, 32, 64)
MEAN, GROUPS, SEEDS, SPREAD = 20, 60, 8, 2.365  # SPREAD: Student's t for 95 %, 7 degrees of freedom
WHOLE = f"the same for whole tokens, {MEAN} on the mean"
GAIN_UNITS = {"series": "", "batch": "", "gain": "1", "low": "1", "high": "1"}


def gains(batch: int) -> list[Ratio]:
    """Gain of continuous over static batching, for several seeds, as simulated: all requests there from the start.

    >>> gains(1)[0]
    1.0
    """
    return [_gain(geometric(batch * GROUPS, MEAN, 100 * batch + seed), batch) for seed in range(SEEDS)]


def _gain(answer: Sequence[int], batch: int) -> Ratio:
    """Tokens an iteration while the queue lasts, over those of static batches."""
    trace = requests(at_once(len(answer)), 1, answer)
    static, run = (simulate(trace, Clock(1.0), how(batch)) for how in (Static, Continuous))
    full = run.iterations["outputs"][: run.stays["joined"].max() + 1]
    return float(full.mean()) / (trace.tokens / static.makespan)


@cache
def batching() -> Table:
    """The gain by batch: H_B, the closed form for whole tokens, and simulations with a 95 % interval of the mean."""
    drawn = [("H_B", batch, harmonic(batch), "", "") for batch in BATCHES]
    drawn += [("whole tokens", batch, batching_gain(batch, MEAN), "", "") for batch in BATCHES]
    for batch in BATCHES:
        found = np.array(gains(batch))
        mean, half = float(found.mean()), SPREAD * float(found.std(ddof=1)) / SEEDS**0.5
        drawn.append(("simulated", batch, mean, mean - half, mean + half))
    return as_table(GAIN_UNITS, drawn)


def draw_batching(ax: Axes, table: Table) -> Axes:
    """The closed form as a line, simulations as points with intervals; equal answers gain nothing."""
    log_axes(ax, "x")
    laws = (("H_B", BLUE, "-", "H_B = 1 + 1/2 + ... + 1/B"), ("whole tokens", VERMILLION, "--", WHOLE))
    for name, colour, dash, words in laws:
        law = [r for r in rows(table) if r["series"] == name]
        ax.plot(*columns(law, "batch", "gain"), color=colour, linestyle=dash, label=words)
    for r in (r for r in rows(table) if r["series"] == "simulated"):
        ax.plot([r["batch"]] * 2, [r["low"], r["high"]], color=BLACK, linewidth=1.2)
        ax.plot(r["batch"], r["gain"], linestyle="None", marker="s", markersize=5, markerfacecolor="white",
                color=BLACK)  # fmt: skip
        if r["batch"] > 1:
            ax.annotate(f"{r['gain']:.2f}", (r["batch"], r["low"]), (4, -4), textcoords="offset points", ha="left",
                    va="top")  # fmt: skip
    ax.plot([], [], color=BLACK, linewidth=1.2, marker="s", markersize=5, markerfacecolor="white",
            label="simulated, 95 % interval")  # fmt: skip
    ax.axhline(1, color=GREY, linestyle="--", linewidth=1)
    ax.text(85, 1.06, "answers of equal length: no gain", color=GREY, ha="right")
    ax.set_xticks(BATCHES, BATCHES)
    ax.set_xlim(0.85, 90)
    ax.set_ylim(0.8, 5.4)
    ax.set_xlabel("batch, in sequences")
    ax.set_ylabel("continuous over static, tokens a second")
    ax.legend(loc="upper left")
    return ax


def batching_in_words(table: Table) -> str:
    """Gain of three batches, by law and by simulation."""
    at = {(r["series"], r["batch"]): r["gain"] for r in rows(table)}
    said = [f"B = {batch}: H_B {at['H_B', batch]:.2f}, simulated {at['simulated', batch]:.2f}" for batch in (4, 16, 64)]
    return f"{'; '.join(said)}."


register(Figure(
    id="serving-tradeoff", item=ITEM, title="What users wait for, by rate of requests and by scheduler",
    caption=f"Llama 3 8B in FP16 on one H100, {COUNT} Poisson arrivals, {mean_lengths()}, up to {BATCH} sequences, "
    "simulated. A ring marks the knee, the last rate drawn at which the first token takes at most three times "
    "as long as at one request a second; far beyond it the queue grows as long as requests come. A static "
    "batch lets nobody in, so a first token takes seconds, but nothing disturbs who writes. Continuous "
    "batches answer at once, and gaps grow with the rate, as more prompts come in between. In pieces, "
    f"{BUDGET} tokens an iteration, 99 of 100 gaps stay below 20 ms, and the first token hardly waits longer.",
    alt="Two panels over requests a second. On the left static batches lie far above the other two, which run together "
    "and bend up at the right end. On the right continuous batches rise from 8 to 95 milliseconds, chunked stay level "
    "below 20, and static lie lowest.",
    units=LOAD_UNITS, data=by_rate, draw=draw_by_rate, says=by_rate_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
register(Figure(
    id="batching-gain", item=ITEM, title="What continuous batching gains where answers differ",
    caption=f"Requests always wait, answers are geometric with a mean of {MEAN} tokens, prompts are free and every "
    "iteration takes the same time. A static batch runs as long as its longest answer, H_B means where "
    f"lengths are exponential; a continuous one is always full. Squares: means of {SEEDS} simulations of "
    f"{GROUPS} batches each. The gain comes from the spread of the lengths alone, and grows with the logarithm "
    "of the batch.",
    alt="Two curves over batches of 1 to 64 on a log axis, nearly straight and nearly one, from 1.0 to about 4.7, "
    "with simulated squares and their intervals on them. A dashed level line at 1 stands for answers of equal "
    "length.",
    units=GAIN_UNITS, data=batching, draw=draw_batching, says=batching_in_words, lab=LAB, size=(6.0, 3.6),
))  # fmt: skip
