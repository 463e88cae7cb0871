"""What each stage of compilation takes off a network's time, as a waterfall."""

from __future__ import annotations

import functools
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.compiler.networks import resnet50
from labcore.compiler.waterfall import waterfall
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES
from labcore.plots.words import as_table, rows, three

LAB = "15_compilers"
UNITS = {"batch": "", "stage": "", "launches": "", "D_vol": "B", "T_kernels": "s", "T_launch": "s", "T_copy": "s",
         "T": "s"}  # fmt: skip
PARTS = {
    "T_kernels": ("kernels", {"facecolor": BLUE, "edgecolor": BLUE}),
    "T_launch": ("launches that show", {"facecolor": "white", "edgecolor": GREY, "hatch": HATCHES[2]}),
    "T_copy": ("copy of the images", {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[1]}),
}
STAGE_NAMES = {
    "naive": "each node a kernel, fp32",
    "fusion": "+ graph passes",
    "kernels": "+ cheapest kernel each",
    "tensor cores": "+ fp16 on tensor cores",
    "layout": "+ channels last throughout",
    "launch ahead": "+ launches ahead",
    "copy beside": "+ copy beside the run",
}


@functools.cache
def stages(batch: int, chip: str = "A100") -> tuple:
    """The waterfall of ResNet-50, kept.

    >>> [stage.launches for stage in stages(1)][-1]
    57
    """
    return tuple(waterfall(resnet50(batch=batch), chip))


def data(batches: tuple[int, ...] = (1, 32), chip: str = "A100") -> Table:
    """A row for each batch and stage."""
    return as_table(UNITS, [
        (batch, one.name, one.launches, one.D_vol, one.T_kernels, one.T_launch, one.T_copy, one.T)
        for batch in batches for one in stages(batch, chip)
    ])  # fmt: skip


def draw(ax: Axes, table: Table) -> Axes:
    """Stacked bars in percent of the first stage of each batch, the time beside each."""
    y, heights, names = 0.0, [], []
    for batch in dict.fromkeys(table["batch"]):
        own = [r for r in rows(table) if r["batch"] == batch]
        ax.text(0, y - 0.75, f"batch {batch}", weight="bold", va="center")
        for r in own:
            _draw_stage(ax, y, r, own[0]["T"])
            heights.append(y)
            names.append(STAGE_NAMES[r["stage"]])
            y += 1
        y += 1.1
    ax.set_yticks(heights, names)
    ax.set_ylim(y - 1.5, -1.2)
    ax.set_xlim(0, 140)
    ax.set_xticks(range(0, 101, 20))
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("predicted time (% of the first line of its batch)")
    ax.legend(handles=[Patch(label=name, **look) for name, look in PARTS.values()], loc="lower right")
    return ax


def _draw_stage(ax: Axes, y: float, r: dict, T_naive: float) -> None:
    start = 0.0
    for part, (_, look) in PARTS.items():
        width = 100 * r[part] / T_naive
        if width > 0:
            ax.barh(y, width, left=start, height=0.72, linewidth=0.8, **look)
        start += width
    ax.text(start + 1, y, f"{three(1e3 * r['T'])} ms, {r['launches']} launches", va="center", fontsize=8)


def in_words(table: Table) -> str:
    """First and last time of each batch, and the stage that takes off most."""
    words = []
    for batch in dict.fromkeys(table["batch"]):
        own = [r for r in rows(table) if r["batch"] == batch]
        steps = {new["stage"]: old["T"] - new["T"] for old, new in pairwise(own)}
        most = max(steps, key=steps.get)
        T, T_end, stage = own[0]["T"], own[-1]["T"], STAGE_NAMES[most].removeprefix("+ ")
        words.append(f"batch {batch}: {three(1e3 * T)} ms to {three(1e3 * T_end)} ms, {three(T / T_end)} times as "
                     f"fast, most by {stage} with {100 * steps[most] / T:.0f} % of the first time")  # fmt: skip
    return f"ResNet-50, {'; '.join(words)}."


register(Figure(
    id="compile-waterfall", item="Text §Compiler Support",
    title="ResNet-50 on the A100, from one node a kernel to a compiled plan",
    caption="A model, not a measurement: kernels at their roofline in whole waves of blocks, a launch of 5 us each, "
    "every stage on top of those above it. The chapter's 47 and 8 ms are illustrative and name no chip or batch. At "
    "batch 1 launches are most of the time, and what shortens their row wins. At batch 32 they are a sliver, and the "
    "tensor cores win. Tensor cores before the layout is planned bring conversions: at batch 1 they gain next to "
    "nothing until these are gone. The same two stages halve the bits of each number.",
    alt="Two groups of seven horizontal bars that shrink downwards. At batch 1 the bars are mostly dotted launches, "
    "which fall with the graph passes, rise with conversions and fall again; the last bar is a seventh of the first. "
    "At batch 32 the bars are solid kernel time that drops steeply at the tensor cores; the last is a sixteenth.",
    units=UNITS, data=data, draw=draw, says=in_words, lab=LAB, size=(6.8, 5.2),
))  # fmt: skip
