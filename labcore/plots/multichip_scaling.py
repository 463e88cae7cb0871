"""Scaling and failures drawn: efficiency over the number of chips, and useful time over the checkpoint interval."""

from __future__ import annotations

from functools import partial

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue import H100
from labcore.catalogue.multichip import LLAMA3_GPUS, LLAMA3_STOPS, LLAMA3_TIME
from labcore.interconnect.buckets import best_count
from labcore.interconnect.collectives import chip_link, cluster_time
from labcore.interconnect.failures import best_interval, cluster_mtbf, daly, efficiency, observed_mtbf, simulate, young
from labcore.interconnect.replicas import Replica, replica
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, look, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.units import Seconds, format_si

LAB = "17_multichip"
MODEL, SEQUENCES, SEQ, ETA, NODE = "gpt2-xl", 4, 1024, 0.4, 8
COUNTS = [2**k for k in range(9)]  # buckets to choose from
CHIPS = [2**k for k in range(15)]
BATCH = 1024  # sequences that are shared out where the job stays the same

SCALING_UNITS = {"series": "", "chips": "", "buckets": "", "efficiency": "ratio"}
FLAT, TWO, LAPPED, STRONG = "flat ring", "two levels", "two levels, overlapped", "overlapped, batch of 1,024"


def share(one: Replica, chips: int, way: str = "two level", overlap: bool = False) -> tuple[int, float]:
    """Buckets, and the share of a step that computes, on H100s with NVLink inside nodes and 400 Gb/s across."""
    exchange = partial(
        cluster_time, chips=chips, inside=chip_link("NVLink 4"), across=chip_link("InfiniBand NDR"), node=NODE, way=way
    )
    count = best_count(COUNTS, one.T_backward, one.D_vol, exchange) if overlap else 1
    return count, one.efficiency(exchange, count)


def scaling() -> Table:
    """Efficiency of a growing number of replicas of GPT-2 XL, and of a batch of 1,024 sequences shared by them."""
    one, drawn = replica(MODEL, SEQUENCES, SEQ, H100, ETA), []
    for name, way, overlap in ((FLAT, "ring", False), (TWO, "two level", False), (LAPPED, "two level", True)):
        drawn += [(name, p, *share(one, p, way, overlap)) for p in CHIPS]
    for p in (p for p in CHIPS if p <= BATCH):
        drawn.append((STRONG, p, *share(replica(MODEL, BATCH // p, SEQ, H100, ETA), p, overlap=True)))
    return as_table(SCALING_UNITS, drawn)


def draw_scaling(ax: Axes, table: Table) -> Axes:
    """A line for each way to exchange, from one chip to thousands."""
    ax.set_xscale("log", base=2)
    ax.minorticks_off()
    ends = []
    for i, name in enumerate(dict.fromkeys(table["series"])):
        xs, ys = columns([r for r in rows(table) if r["series"] == name], "chips", "efficiency")
        ax.plot(xs, ys, **look(i))
        ends.append((xs[-1], ys[-1], name))
    ax.set_xticks([1, 8, 64, 512, 4096, 16384], ["1", "8", "64", "512", "4,096", "16,384"])
    ax.set_xlim(0.9, 1.1 * CHIPS[-1])
    ax.set_ylim(0, 1.03)
    scaled(ax.yaxis, "share of a step that computes", "%")
    ax.set_xlabel("chips")
    end_labels(ax, [(y, name) for x, y, name in ends if x == CHIPS[-1]])
    place_labels(ax, [one for one in ends if one[0] < CHIPS[-1]], order=("S", "SW", "E"))
    return ax


def scaling_in_words(table: Table) -> str:
    """Efficiency of each series at 8 chips and at its last."""
    words = []
    for name in dict.fromkeys(table["series"]):
        own = [r for r in rows(table) if r["series"] == name]
        eight = next(r for r in own if r["chips"] == 8)
        words.append(
            f"{name}: {eight['efficiency']:.1%} on 8 chips, {own[-1]['efficiency']:.1%} on {own[-1]['chips']:,}"
        )
    return "; ".join(words) + "."


MINUTE, HOUR = 60.0, 3600.0
L_DUMP, L_RESTART, CLUSTER = MINUTE, 10 * MINUTE, int(LLAMA3_GPUS.value)
POINTS = [MINUTE * m for m in (2, 4, 7, 12, 19, 30, 50, 80, 130, 200)]
FAILURE_UNITS = {"series": "", "tau": "s", "useful": "ratio", "low": "ratio", "high": "ratio"}
FORMULA, TRIALS, BEST = "formula", "simulated", "best"


def llama3_mtbf() -> Seconds:
    """Mean time between two failures of one chip in the training of Llama 3."""
    return observed_mtbf(int(LLAMA3_STOPS.value), int(LLAMA3_GPUS.value), LLAMA3_TIME.value)


def checkpoints(L_dump: Seconds = L_DUMP, L_restart: Seconds = L_RESTART, chips: int = CLUSTER) -> Table:
    """Useful share over the work between checkpoints, by formula and simulated, and three rules for the best."""
    mtbf = cluster_mtbf(llama3_mtbf(), chips)
    at = partial(efficiency, L_dump=L_dump, L_restart=L_restart, mtbf=mtbf)
    drawn = [(FORMULA, tau, at(tau), "", "") for tau in np.geomspace(100, 14_000, 60).tolist()]
    for seed, tau in enumerate(POINTS):
        ran = simulate(max(1, round(20 * HOUR / tau)), tau, L_dump, L_restart, mtbf, jobs=150, seed=seed)
        drawn.append((TRIALS, tau, ran.efficiency, *ran.interval))
    for name, tau in (
        (BEST, best_interval(L_dump, mtbf)),
        ("Young", young(L_dump, mtbf)),
        ("Daly", daly(L_dump, mtbf)),
    ):
        drawn.append((name, tau, at(tau), "", ""))
    return as_table(FAILURE_UNITS, drawn)


def draw_checkpoints(ax: Axes, table: Table) -> Axes:
    """The formula as a line, simulations with error bars, the best interval marked."""
    by = {name: [r for r in rows(table) if r["series"] == name] for name in dict.fromkeys(table["series"])}
    ax.plot(*columns(by[FORMULA], "tau", "useful"), color=BLUE, label="formula (Daly 2006)")
    taus, middle, low, high = (np.array(one) for one in columns(by[TRIALS], "tau", "useful", "low", "high"))
    ax.errorbar(taus, middle, [middle - low, high - middle], color=VERMILLION, marker="s", markersize=4.5, capsize=3,
                linestyle="None", linewidth=1.2, label="simulated, 95 % interval")  # fmt: skip
    best = by[BEST][0]
    ax.plot(best["tau"], best["useful"], marker="^", markersize=9, color=BLACK, linestyle="None", zorder=4)
    ax.annotate(f"best: {best['tau'] / MINUTE:.0f} min, {best['useful']:.1%}", (best["tau"], best["useful"]), (0, 9),
                textcoords="offset points", ha="center")  # fmt: skip
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks([MINUTE * m for m in (2, 5, 10, 20, 50, 100, 200)], ["2", "5", "10", "20", "50", "100", "200"])
    ax.set_xlabel("work between two checkpoints (minutes)")
    scaled(ax.yaxis, "time that is progress", "%")
    ax.set_ylim(0.4, 1)
    ax.text(0.02, 0.04, "checkpoint of 1 min and restart of 10 min are assumed", transform=ax.transAxes, color=GREY)
    ax.legend(loc="upper right")
    return ax


def checkpoints_in_words(table: Table) -> str:
    """Best interval with its share, what the rules give, and how many simulated intervals hold the formula."""
    best, young_s, daly_s = (next(r for r in rows(table) if r["series"] == name) for name in (BEST, "Young", "Daly"))
    trials = [r for r in rows(table) if r["series"] == TRIALS]
    ends = ", ".join(f"{format_si(r['tau'], 's', 3)} {r['useful']:.1%}" for r in (trials[0], trials[-1]))
    rules = ", ".join(f"{r['series']} says {r['tau'] / MINUTE:.1f}" for r in (young_s, daly_s))
    return (
        f"Best interval {best['tau'] / MINUTE:.1f} min, {three(100 * best['useful'])} % useful; {rules}; "
        f"simulated at the ends: {ends}."
    )


register(Figure(
    id="scaling-efficiency", item="Text §Why scaling introduces new constraints", title="What is left for computing",
    caption="GPT-2 XL in BF16 on H100s at 40 % of their peak, four sequences of 1,024 tokens a chip, so that the batch "
    "grows with the chips; 'batch of 1,024' shares out as many sequences. Nodes of eight with NVLink, a card of 400 "
    "Gb/s a chip across. A flat ring falls to half as soon as it leaves the node. Overlap takes the best of 1 to 256 "
    "buckets, and is counted as free, which on real chips it is not quite.",
    alt="Four lines over 1 to 16,384 chips. The flat ring drops below half beyond 8 chips; two levels fall slowly to "
    "three quarters; overlapped they stay near one until thousands of chips; with a fixed batch the line falls steeply "
    "from 256 chips on.",
    units=SCALING_UNITS, data=scaling, draw=draw_scaling, says=scaling_in_words, lab=LAB, size=(6.6, 3.8),
))  # fmt: skip
register(Figure(
    id="checkpoint-interval", item="Text §Why scaling introduces new constraints",
    title="How often to write a checkpoint",
    caption="A job on 16,384 chips that fail as often as those of Llama 3's training did. Too often, and the time goes "
    "into checkpoints; too seldom, and each failure takes much work back. The line is exact for the job that the "
    "squares simulate, failure by failure; a square's bar is the 95 % confidence interval of 150 jobs of 20 hours.",
    alt="A curve that rises to a maximum near twenty minutes and falls again; ten squares with error bars lie on it.",
    units=FAILURE_UNITS, data=checkpoints, draw=draw_checkpoints, says=checkpoints_in_words, lab=LAB, size=(6.4, 3.8),
))  # fmt: skip
