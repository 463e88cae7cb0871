"""Plans against queues under jitter, and three execution models under unequal work."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.axes import Axes

from labcore.architectures.engines import ATTENTION, simulate
from labcore.architectures.irregular import by_tasks, in_step_utilization, lengths, pipeline
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import look
from labcore.plots.words import as_table, columns, rows

LAB = "21_architecture_map"
RATIOS, LONG = (1, 2, 4, 8, 16, 32), 0.1  # how many times longer the long items are, and their share
TILES, SEEDS, DISPATCH = 100, range(3), 0.4  # the dispatch in units of a vector pass, whose steps take 1 to 4
PLANS = {
    "clocked plan": ("clocked", 0.0), "planned order": ("ordered", 0.0), "dynamic, free": ("dynamic", 0.0),
    f"dynamic, {DISPATCH} a step": ("dynamic", DISPATCH),
}  # fmt: skip
LANES, ITEMS, STAGES, PER_TASK = 32, 1600, 8, 0.1
JITTER_UNITS = {"plan": "", "ratio": "x", "T": "x"}
MODEL_UNITS = {"machine": "", "ratio": "x", "utilization": ""}


def drawn_lengths(count: int, ratio: float, seed: int) -> np.ndarray:
    """(count,) lengths of mean 1 on average, a tenth of them `ratio` times as long as the rest."""
    return lengths(count, "two", seed=seed, p=LONG, ratio=ratio)


@cache
def jitter() -> Table:
    """Makespan under every policy over the one that is known when all steps take their mean."""
    means = np.array([mean for _, mean in ATTENTION])
    known = simulate(ATTENTION, np.tile(means, (TILES, 1))).makespan
    drawn = []
    for ratio in RATIOS:
        draws = [means * drawn_lengths(TILES * means.size, ratio, seed).reshape(TILES, -1) for seed in SEEDS]
        for name, (policy, T_dispatch) in PLANS.items():
            T = np.mean([simulate(ATTENTION, one, policy, T_dispatch=T_dispatch).makespan for one in draws])
            drawn.append((name, ratio, float(T) / known))
    return as_table(JITTER_UNITS, drawn)


def draw_jitter(ax: Axes, table: Table) -> Axes:
    """A line for each policy over how much longer a tenth of the steps takes."""
    ends = _lines(ax, table, "plan", "T")
    ax.set_ylim(0.8, 10)
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.set_yticks([1, 2, 4, 8], ["1", "2", "4", "8"])
    ax.set_ylabel("time over that without jitter")
    ax.set_xlabel("a tenth of the steps takes so many times as long as the rest")
    ax.text(0.02, 0.94, "step times are illustrative", transform=ax.transAxes, fontsize=8)
    end_labels(ax, ends, fontsize=8)
    return ax


def jitter_in_words(table: Table) -> str:
    """Every policy where a tenth takes eight times as long."""
    here = {r["plan"]: r["T"] for r in rows(table) if r["ratio"] == 8}
    told = "; ".join(f"{name}: {T:.2f}" for name, T in here.items())
    return f"A tenth of the steps eight times as long as the rest; time over that without jitter: {told}."


@cache
def machines() -> Table:
    """Utilization of lanes in step, cores with tasks and two pipelines, by how much longer a tenth of the items is."""
    drawn = []
    for ratio in RATIOS:
        items = [drawn_lengths(ITEMS, ratio, seed) for seed in SEEDS]
        staged = [drawn_lengths(ITEMS * STAGES, ratio, seed).reshape(ITEMS, STAGES) for seed in SEEDS]
        found = {
            f"SIMT, {LANES} lanes": in_step_utilization("two", LANES, p=LONG, ratio=ratio),
            f"MIMD, {LANES} cores": _mean([by_tasks(one, LANES, PER_TASK).utilization for one in items]),
            "dataflow, 1 buffer": _mean([pipeline(one, 1).utilization for one in staged]),
            "dataflow, 64 buffers": _mean([pipeline(one, 64).utilization for one in staged]),
        }
        drawn += [(name, ratio, share) for name, share in found.items()]
    return as_table(MODEL_UNITS, drawn)


def draw_machines(ax: Axes, table: Table) -> Axes:
    """A line for each machine."""
    ends = _lines(ax, table, "machine", "utilization")
    ax.set_ylim(0, 1.03)
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    ax.set_ylabel("share of the units' time that is work")
    ax.set_xlabel("a tenth of the items takes so many times as long as the rest")
    end_labels(ax, ends, fontsize=8)
    return ax


def machines_in_words(table: Table) -> str:
    """Every machine with equal items and where a tenth takes eight times as long."""
    told = []
    for name in dict.fromkeys(table["machine"]):
        share = {r["ratio"]: r["utilization"] for r in rows(table) if r["machine"] == name}
        told.append(f"{name} {share[1]:.0%} and {share[8]:.0%}")
    return f"Utilization with equal items, and with a tenth eight times as long: {'; '.join(told)}."


def _lines(ax: Axes, table: Table, series: str, value: str) -> list[tuple[float, str]]:
    """A line a series over the ratio; where each ends, and its name."""
    ends = []
    for k, name in enumerate(dict.fromkeys(table[series])):
        here = [r for r in rows(table) if r[series] == name]
        ax.plot(*columns(here, "ratio", value), **look(k))
        ends.append((here[-1][value], name))
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xlim(0.9, RATIOS[-1] * 1.05)
    ax.set_xticks(RATIOS, [str(ratio) for ratio in RATIOS])
    return ends


def _mean(values: list[float]) -> float:
    return float(np.mean(values))


register(Figure(
    id="plan-jitter", item="Essay 002 §Static and dynamic", title="A plan and a queue under jitter",
    caption="A hundred tiles of a fused attention pass four kinds of engines; a tenth of all steps takes longer, and "
    "no one knows which. A plan that fixes clock times must give every step its longest time, so rare long steps "
    "cost it most. A plan that fixes only the order loses little, a queue at run time less still, until asking the "
    f"queue costs {DISPATCH} of the shortest step: then the order made beforehand is as good. Without jitter every "
    "cost of asking is a loss. Means of three draws; step times are illustrative.",
    alt="Four lines over how much longer a tenth of the steps takes. The clocked plan climbs from 1 to nearly 8, the "
    "other three stay below 1.6; the queue that is free lies lowest, the one that costs meets the planned order.",
    units=JITTER_UNITS, data=jitter, draw=draw_jitter, says=jitter_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
register(Figure(
    id="divergence-models", item="Essay 002 §Conditional compute", title="Three execution models under unequal work",
    caption="A tenth of the items is longer, at the same mean. Lanes in step wait for the longest of 32, so a few long "
    f"items waste most of them. Cores that take the next item when they are free stay busy, but pay {PER_TASK} of a "
    "mean item for each, also when all are equal. A pipeline of eight stages, each with its own draw for every item, "
    "depends on its buffers: with one place between stages a long item stops its neighbours, with 64 it hardly does. "
    "Lanes by the closed form, the others simulated, means of three draws of 1600 items.",
    alt="Four falling lines, share of time at work over how much longer a tenth of the items is. SIMT falls from 100 "
    "to 13 per cent, dataflow with one buffer to 35, dataflow with 64 buffers to 80; MIMD begins at 91 and ends at 84.",
    units=MODEL_UNITS, data=machines, draw=draw_machines, says=machines_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
