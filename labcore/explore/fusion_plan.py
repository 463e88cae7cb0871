"""A graph cut into kernels on a chip: the pure functions of the planner explorer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import A100, H100, V100
from labcore.catalogue.links import LAUNCH
from labcore.explore.operation import fix_ticks
from labcore.fusion.examples import Groups, block_end, fork, listing_19, listing_19_training, scores
from labcore.fusion.footprint import footprint
from labcore.fusion.graph import Graph
from labcore.fusion.kernel import Kernel, eager, kernels, run_time, traffic
from labcore.fusion.plan import plan
from labcore.plots.style import BLUE, GREEN, HATCHES, VERMILLION
from labcore.units import format_si

TRAINING = ("X1",), ("mean", "centred", "squares", "var", "scale", "X2"), ("Y",)
FORK = tuple((op.name,) for op in fork(4).ops)
GRAPHS: dict[str, Callable[[int], tuple[Graph, Groups]]] = {
    "ReLU, batch norm, scaling": lambda rows: (listing_19(rows), (("X1",), ("X2",), ("Y",))),
    "the same in training": lambda rows: (listing_19_training(rows), TRAINING),
    "end of a transformer block": lambda rows: block_end(rows, 768, 4),
    "attention scores, 12 heads": lambda rows: scores(rows, 12, 4),
    "fork of 4 branches": lambda rows: (fork(4, n=1024 * rows), FORK),
}
CUTS = ("each operation alone", "kernels of a library", "least traffic", "least launches")
CHIPS = {chip.name: chip for chip in (V100, A100, H100)}
MOST = 8  # operations of the largest graph, so kernels at most
LOOKS = {"read": (BLUE, ""), "written": (GREEN, HATCHES[2]), "spilled": (VERMILLION, HATCHES[1])}


@cache
def cut(graph: str, how: str, rows: int, registers: int, scratchpad: int) -> tuple[Kernel, ...]:
    """The kernels of a graph, `scratchpad` in KiB.

    >>> [len(cut("ReLU, batch norm, scaling", how, 64, 8, 0)) for how in CUTS]
    [3, 3, 1, 1]
    """
    whole, library = GRAPHS[graph](rows)
    if how == "each operation alone":
        return eager(whole, registers)
    if how == "kernels of a library":
        return kernels(whole, library, registers, scratchpad * 1024)
    limit = registers if how == "least traffic" else None
    best = plan(GRAPHS[graph](64)[0] if graph.startswith("fork") else whole, limit, scratchpad * 1024)
    return kernels(whole, [one.ops for one in best], registers, scratchpad * 1024)


@cache
def alone(graph: str, rows: int) -> tuple[Graph, tuple[Kernel, ...]]:
    """A graph and its operations as kernels one by one.

    >>> len(alone("ReLU, batch norm, scaling", 64)[1])
    3
    """
    whole = GRAPHS[graph](rows)[0]
    return whole, eager(whole)


def build(fig: Canvas) -> SimpleNamespace:
    """A row for each kernel: what it reads, writes and spills, over all that single operations move."""
    ax = fig.add_axes((0.04, 0.125, 0.93, 0.74), xlim=(0, 100), ylim=(MOST - 0.4, -0.6))
    ax.xaxis.set_major_formatter("{x:.0f}")
    fix_ticks(ax.xaxis, range(0, 101, 20))
    fix_ticks(ax.yaxis, [])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("bytes of each kernel (% of what the operations move one by one)")
    ax.set_ylabel("kernels")
    bars = [ax.barh(np.arange(MOST), np.zeros(MOST), height=0.34, facecolor=colour if not hatch else "white",
                    edgecolor=colour, hatch=hatch, label=way) for way, (colour, hatch) in LOOKS.items()]  # fmt: skip
    moving = SimpleNamespace(
        bars=[bar for way in bars for bar in way],
        names=[ax.text(0.5, k - 0.2, "", va="bottom", fontsize=8) for k in range(MOST)],
        title=ax.text(0, 1.1, "", transform=ax.transAxes, weight="bold"),
    )
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.99), ncols=3)
    return moving


def update(
    artists: SimpleNamespace, graph: str, how: str, rows: int, registers: int, scratchpad: int, chip: str
) -> None:
    """Give each kernel its bars and its operations' names."""
    run, all_of_it = cut(graph, how, rows, registers, scratchpad), traffic(alone(graph, rows)[1])
    for k in range(MOST):
        one, start = run[k] if k < len(run) else None, 0.0
        moved = (sum(one.reads.values()), sum(one.writes.values()), one.spilled) if one else (0, 0, 0)
        for bar, size in zip(artists.bars[k::MOST], moved, strict=True):
            bar.set(x=start, width=100 * size / all_of_it, visible=size > 0)
            start += 100 * size / all_of_it
        artists.names[k].set_text(", ".join(one.ops) if one else "")
    artists.title.set_text(f"{graph}: {how}, on the {chip}")


@cache
def describe(graph: str, how: str, rows: int, registers: int, scratchpad: int, chip: str) -> str:
    """Readings of the first input; bytes moved, spilled and held; time and launches; beside single operations."""
    (whole, single), one = alone(graph, rows), CHIPS[chip]
    run = cut(graph, how, rows, registers, scratchpad)
    T, T_alone = (run_time(each, one.peak("fp32"), one.BW, LAUNCH.value) for each in (run, single))
    first = next(iter(whole.inputs))
    times = sum(one.reads.get(first, 0) for one in run) / whole.nbytes(first)
    moved, spilled = (format_si(size, "B", 3) for size in (traffic(run), sum(k.spilled for k in run)))
    return (
        f"{graph}, {rows} rows in FP32, {how}, {registers} values in registers, {scratchpad} KiB: {len(run)} "
        f"kernel{'s' * (len(run) != 1)}, {first} read {times:g} time{'s' * (times != 1)}, {moved} moved, "
        f"{spilled} of them spilled, "
        f"{traffic(single) / traffic(run):.2f} times less than one by one; "
        f"{format_si(footprint(whole, run), 'B', 3)} held; {chip}: "
        f"{format_si(T, 's', 3)}, {format_si(len(run) * LAUNCH.value, 's', 3)} of it launches, "
        f"{T_alone / T:.2f} times as fast as one by one"
    )
