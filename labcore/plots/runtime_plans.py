"""Static, bucketed and dynamic plans under a rising load: latencies in the middle and at the tail."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from matplotlib.axes import Axes

from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.runtime.plans import Plan, bucketed, dynamic, static
from labcore.runtime.queueing import waits_in_line
from labcore.runtime.requests import LONGEST, Request, powers_of_two, requests
from labcore.runtime.work import prefill
from labcore.units import Hertz, Ratio, Seconds, format_si

LAB = "16_runtimes"
COUNT, STEP = 2000, 64  # requests of a trace; lengths are multiples of 64 tokens
RATES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.3, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
MOST_LOAD: Ratio = 0.95  # beyond that 2000 requests do not reach a steady state
PLANS: Mapping[str, Plan] = {
    "static": static(LONGEST), "buckets": bucketed(powers_of_two()), "dynamic": dynamic(),
}  # fmt: skip


def trace(rate: Hertz, burst: Ratio = 1.0) -> list[Request]:
    """The requests of this lab: 2000 with 64 to 8192 tokens, log-uniform, in steps of 64.

    >>> [one.tokens for one in trace(1.0)[:3]]
    [4800, 960, 3136]
    """
    return requests(COUNT, rate, burst, step=STEP)


@cache
def served(plan: str, rate: Hertz) -> tuple[Ratio, Seconds, Seconds]:
    """Load, p50 and p99 of Llama 3 8B's prompts on an A100; latencies are nan where the load is too high.

    >>> load, p50, p99 = served("dynamic", 1.2)
    >>> round(load, 3), round(p50, 4), round(p99, 3)
    (0.141, 0.0595, 0.675)
    """
    arriving = trace(rate)
    T = np.array([prefill()(PLANS[plan].padded(one.tokens)).T for one in arriving])
    load = rate * float(T.mean())
    if load > MOST_LOAD:
        return load, float("nan"), float("nan")
    latencies = T + waits_in_line([one.arrival for one in arriving], T)
    p50, p99 = np.percentile(latencies, (50, 99), method="inverted_cdf")
    return load, float(p50), float(p99)


def by_load() -> Table:
    """Latencies of the three plans at every rate that they can serve."""
    drawn = [(plan, rate, *served(plan, rate)) for plan in PLANS for rate in RATES]
    return as_table(UNITS, [one for one in drawn if one[2] <= MOST_LOAD])


def draw_by_load(ax: Axes, table: Table) -> Axes:
    """p99 of each plan as a thick line, p50 as a thin one, on two log axes."""
    log_axes(ax)
    ends = []
    for k, plan in enumerate(PLANS):
        its, how = [r for r in rows(table) if r["plan"] == plan], look(k)
        ax.plot(*columns(its, "rate", "p99"), **how, markersize=5)
        ax.plot(*columns(its, "rate", "p50"), **how | {"linewidth": 1.0, "markersize": 3}, markerfacecolor="white")
        ends += [(its[-1], plan)]
    ax.set_xticks([0.2, 0.5, 1, 2, 5, 10], ["0.2", "0.5", "1", "2", "5", "10"])
    ax.set_xlim(0.18, 13)
    ax.set_ylim(0.03, 30)
    scaled(ax.yaxis, "latency", "s")
    ax.set_xlabel("requests a second")
    ax.plot([], [], color="black", marker="o", label="p99")
    ax.plot([], [], color="black", marker="o", markerfacecolor="white", markersize=3, linewidth=1.0, label="p50")
    ax.legend(loc="upper left")
    for last, plan in ends:
        ax.annotate(plan, (last["rate"], last["p99"]), (4, 4), textcoords="offset points", fontweight="bold")
    return ax


def by_load_in_words(table: Table) -> str:
    """p50 and p99 at 1.2 requests a second, and the rate at which each plan is full."""
    said = []
    for r in (r for r in rows(table) if r["rate"] == 1.2):
        p50, p99 = (format_si(r[q], "s", 3) for q in ("p50", "p99"))
        said.append(f"{r['plan']} p50 {p50}, p99 {p99}, full at {r['rate'] / r['load']:.1f} a second")
    return f"At 1.2 requests a second: {'; '.join(said)}."


UNITS = {"plan": "", "rate": "1/s", "load": "1", "p50": "s", "p99": "s"}

register(Figure(
    id="static-dynamic",
    item="Self-Check set 8 Q2",
    title="Latency of three plans for prompts of 64 to 8192 tokens",
    caption="Prompts of Llama 3 8B on an A100 in fp16, lengths log-uniform from 64 to 8192 tokens, Poisson arrivals, "
    "one after another. The static plan pads all to 8192, buckets to the next power of two, the dynamic plan not at "
    "all. Up to its knee a line is flat and shows what the work costs; there the queue begins. Padding costs twice: "
    "each prompt takes longer, and the knee comes at fewer requests. 2000 requests of one seed; times follow from "
    "data sheets and kernel tiles, nothing was measured.",
    alt="Three pairs of rising lines on log axes, latency over requests a second, p99 thick and p50 thin. The static "
    "pair lies highest and turns up steeply before 1.5 a second, buckets near 5, dynamic near 8. The two of static "
    "lie within a factor of about two at first, those of the others a factor of ten or more apart.",
    units=UNITS, data=by_load, draw=draw_by_load, says=by_load_in_words, lab=LAB, size=(6.4, 4.0),
))  # fmt: skip
