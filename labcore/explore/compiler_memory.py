"""A memory plan in time: the pure functions of the memory explorer."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure as Canvas

from labcore.compiler.lifetime import lifetimes, live_bytes
from labcore.compiler.memory_plan import MemoryPlan, allocate
from labcore.compiler.passes.pipeline import optimize
from labcore.explore.compiler_passes import NETWORKS
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLUE, GREY, HATCHES, VERMILLION
from labcore.units import format_si

GRAPHS = ("as defined", "after the passes")
STRATEGIES = {"largest first": "size", "busiest step first": "breadth", "as the run asks": "arrival"}
IN_PLACE = ("allowed", "forbidden")
ORDER_END = 100  # percent of the running order


@cache
def planned(network: str, graph: str, strategy: str, in_place: str) -> MemoryPlan:
    """The plan of a network at batch 1, values in four bytes.

    >>> planned("ResNet-50", "as defined", "largest first", "allowed").over
    0.0
    """
    made = NETWORKS[network]()
    made = optimize(made)[0] if graph == "after the passes" else made
    return allocate(lifetimes(made, in_place=in_place == "allowed"), STRATEGIES[strategy])


@cache
def at_batch(batch: int, **choices: str) -> MemoryPlan:
    """The same plan at another batch: every buffer and every offset grows in proportion."""
    one = planned(**choices)
    buffers = tuple(replace(buffer, nbytes=batch * buffer.nbytes) for buffer in one.buffers)
    return MemoryPlan(buffers, {name: batch * at for name, at in one.offsets.items()}, one.strategy)


def steps(plan: MemoryPlan) -> int:
    """Steps of the run, the last one after all kernels, when only outputs are live."""
    return 1 + max(one.last for one in plan.buffers)


def rectangles(plan: MemoryPlan, at: int | None = None) -> list[list[tuple[float, float]]]:
    """Corners of each buffer in percent of the run and of the bound; of those alone that are live at a step."""
    n, bound = steps(plan), plan.bound
    found = []
    for one in plan.buffers:
        if at is None or one.first <= at <= one.last:
            left, right = 100 * one.first / n, 100 * (one.last + 1) / n
            low = 100 * plan.offsets[one.name] / bound
            high = low + 100 * one.nbytes / bound
            found.append([(left, low), (right, low), (right, high), (left, high)])
    return found


def build(fig: Canvas) -> SimpleNamespace:
    """Offsets over the running order; the bound as a dashed line."""
    ax = fig.add_axes((0.11, 0.125, 0.86, 0.765), xlim=(0, ORDER_END), ylim=(0, 160))
    for axis, ticks in ((ax.xaxis, range(0, 101, 20)), (ax.yaxis, range(0, 161, 20))):
        axis.set_major_formatter("{x:.0f}")
        fix_ticks(axis, ticks)
    ax.set_xlabel("running order (% of the nodes)")
    ax.set_ylabel("address (% of the bound)")
    ax.axhline(100, color=VERMILLION, linewidth=1.4, linestyle=(0, (5, 2)), zorder=4)
    ax.text(99, 102, "most bytes that are live at once", color=GREY, ha="right", va="bottom", zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip
    boxes = {"linewidth": 0.5, "edgecolor": GREY}
    return SimpleNamespace(
        all=ax.add_collection(PolyCollection([], facecolor="#DCE9F2", zorder=2, **boxes)),
        live=ax.add_collection(PolyCollection([], facecolor="white", hatch=HATCHES[1], zorder=3,
                                              linewidth=1.2, edgecolor=BLUE)),
        now=ax.axvline(0, zorder=5, **THIN_DASH),
        title=ax.text(0, 1.04, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip


def step_of(plan: MemoryPlan, share: int) -> int:
    """The step at some percent of the run."""
    return min(share * steps(plan) // 100, steps(plan) - 1)


def update(artists: SimpleNamespace, at: int, batch: int, **choices: str) -> None:
    """Lay the buffers out, and hatch those that are live."""
    plan = at_batch(batch, **choices)
    step = step_of(plan, at)
    artists.all.set_verts(rectangles(plan))
    artists.live.set_verts(rectangles(plan, step))
    artists.now.set_xdata([100 * (step + 0.5) / steps(plan)] * 2)
    artists.title.set_text(f"{choices['network']} {choices['graph']}: {choices['strategy']}, in place "
                           f"{choices['in_place']}")  # fmt: skip


def describe(at: int, batch: int, **choices: str) -> str:
    """The arena beside the bound and beside buffers that share nothing, and what is live at the step."""
    plan = at_batch(batch, **choices)
    step = step_of(plan, at)
    live = [one for one in plan.buffers if one.first <= step <= one.last]
    size = {what: format_si(getattr(plan, what), "B", 4) for what in ("peak", "bound", "apart")}
    fullest = int(np.argmax(live_bytes(plan.buffers)))
    return (
        f"{choices['network']} {choices['graph']}, batch {batch}, {choices['strategy']}, in place "
        f"{choices['in_place']}: {len(plan.buffers)} buffers take {size['apart']} apart and {size['peak']} in one "
        f"arena, {100 * plan.over:.1f} % over the bound of {size['bound']}, which step {fullest + 1} sets; at step "
        f"{step + 1} of {steps(plan)}, {len(live)} are live with {format_si(sum(o.nbytes for o in live), 'B', 4)}"
    )
