"""A memory plan drawn: where each buffer lies, and when."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.compiler.lifetime import Buffer, lifetimes, live_bytes
from labcore.compiler.memory_plan import allocate
from labcore.compiler.networks import mobilenetv2
from labcore.compiler.passes.pipeline import optimize
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, GREY, HATCHES, VERMILLION, scaled
from labcore.plots.words import as_table, rows, three
from labcore.units import format_si

LAB = "15_compilers"
UNITS = {"buffer": "", "first": "", "last": "", "offset": "B", "bytes": "B"}
LOOKS = ({"facecolor": "#CCE3F0"}, {"facecolor": "white", "hatch": HATCHES[1]}, {"facecolor": "#E5E5E5"})


def data(batch: int = 1, strategy: str = "size") -> Table:
    """The buffers of MobileNetV2 after the passes, values in four bytes."""
    plan = allocate(lifetimes(optimize(mobilenetv2(batch=batch))[0]), strategy)
    return as_table(UNITS, [(one.name, one.first, one.last, plan.offsets[one.name], one.nbytes)
                            for one in plan.buffers])  # fmt: skip


def draw(ax: Axes, table: Table) -> Axes:
    """A rectangle for each buffer; the bytes that are live as a line, the most of them as a dashed one."""
    found = list(rows(table))
    for i, r in enumerate(found):
        corner, width = (r["first"], r["offset"]), r["last"] + 1 - r["first"]
        ax.add_patch(Rectangle(corner, width, r["bytes"], linewidth=0.8, edgecolor=GREY, **LOOKS[i % len(LOOKS)]))
    live = live_of(found)
    ax.step([*range(len(live)), len(live)], [*live, live[-1]], where="post", color=BLACK, linewidth=1.6, zorder=4,
            label="bytes that are live")  # fmt: skip
    ax.axhline(
        max(live), color=VERMILLION, linestyle=(0, (5, 2)), zorder=3, label="the most of them: no plan needs less"
    )
    _name_fullest(ax, found, live.index(max(live)))
    ax.set_xlim(0, len(live))
    ax.set_ylim(0, 1.12 * max(r["offset"] + r["bytes"] for r in found))
    ax.set_xlabel("step of the run")
    scaled(ax.yaxis, "address", "MB")
    ax.legend(loc="upper right", bbox_to_anchor=(1, 0.66))
    return ax


def _name_fullest(ax: Axes, found: Sequence[dict], step: int) -> None:
    """Name the buffers that are live at a step, beside them."""
    held = sorted((r for r in found if r["first"] <= step <= r["last"]), key=lambda r: -r["offset"])
    for i, r in enumerate(held):
        middle = (r["last"] + 1 if r["last"] > step else step + 1, r["offset"] + r["bytes"] / 2)
        place = (14, middle[1] if i == 0 else 4.3e6)
        ax.annotate(f"{r['buffer']}, {format_si(r['bytes'], 'B', 3)}", middle, place, va="center", fontsize=8,
                    zorder=5, arrowprops={"arrowstyle": "-", "color": BLACK, "linewidth": 0.8})  # fmt: skip


def live_of(found: Sequence[dict]) -> list[int]:
    """Bytes that are live at each step, from the rows of the table.

    >>> live_of([{"first": 0, "last": 1, "bytes": 4}, {"first": 1, "last": 2, "bytes": 2}])
    [4, 6, 2]
    """
    return live_bytes(Buffer(str(i), r["bytes"], r["first"], r["last"]) for i, r in enumerate(found))


def in_words(table: Table) -> str:
    """Bytes apart, in the arena and at least."""
    found = list(rows(table))
    peak, bound = max(r["offset"] + r["bytes"] for r in found), max(live_of(found))
    apart = sum(table["bytes"])
    return (
        f"MobileNetV2: {len(found)} buffers take {format_si(apart, 'B', 4)} apart, {format_si(peak, 'B', 4)} in one "
        f"arena, {three(apart / peak)} times less; the most that is live at once is {format_si(bound, 'B', 4)}."
    )


register(Figure(
    id="memory-plan", item="Text §Memory planning",
    title="Where the buffers of MobileNetV2 lie, and when",
    caption="Each rectangle is a buffer of the compiled network at batch 1 in fp32: from the step that writes it "
    "to the last that reads it, at its address in one arena. Rectangles never overlap, or two live values would "
    "share bytes. The largest are placed first, each in the smallest gap that holds it. The line is what is "
    "live; its top is the dashed bound, and this plan reaches it. Early, wide values set it; all later ones fit "
    "below.",
    alt="Rectangles of many sizes stacked from the bottom, tall at the left within the first ten steps and "
    "low from there on. A black staircase of live bytes peaks near step 5 at a dashed line that the highest "
    "rectangle touches.",
    units=UNITS, data=data, draw=draw, says=in_words, lab=LAB, size=(6.8, 3.8),
))  # fmt: skip
