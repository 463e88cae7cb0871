"""One buffer and two: when tiles come in, and when they are multiplied."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue import A100
from labcore.catalogue.execution import SM_A100
from labcore.interconnect.schedule import pipelined
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, HATCHES, NARROW_PLATE, VERMILLION, scaled
from labcore.plots.words import as_table, rows
from labcore.tiling.choice import bytes_held
from labcore.tiling.overlap import one_step
from labcore.units import format_si

SIDE, TILE, SHOWN = 4096, (128, 16, 256), 6
SHARE = int(SM_A100.count.value)  # multiprocessors: one has this part of the peak and of the bandwidth
LOOKS = {
    "copy in": {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    "compute": {"facecolor": "#CFE3F1", "edgecolor": BLUE},
}
NAMES = {"copy in": "load tiles of A and B", "compute": "multiply them"}
BUFFERS = {1: "one buffer: by turns", 2: "two buffers: at the same time"}
PITCH = 3.4


def schedules(tile: tuple[int, int, int] = TILE, shown: int = SHOWN) -> Table:
    """The first tile products of one multiprocessor of an A100 in fp16, with one buffer for A and B and with two."""
    one = one_step(SIDE, SIDE, SIDE, tile, A100.peak("fp16") / SHARE, A100.BW / SHARE)
    fits = {n: "yes" if bytes_held(tile, 2, n) <= SM_A100.shared.value else "no" for n in BUFFERS}
    drawn = [
        (buffers, fits[buffers], i.step, i.chunk, i.start, i.end)
        for buffers in BUFFERS
        for i in sorted(pipelined(one, shown, buffers=buffers), key=lambda i: i.start)
        if i.step in LOOKS
    ]
    return as_table(UNITS, drawn)


def draw_schedules(ax: Axes, table: Table) -> Axes:
    """A lane for the memory and one for arithmetic, once with one buffer and once with two."""
    end = max(table["end"])
    ax.set_xlim(0, 1.13 * end)
    for top, (buffers, name) in zip((0, PITCH), BUFFERS.items(), strict=True):
        its = [r for r in rows(table) if r["buffers"] == buffers]
        ax.text(0, top - 0.8, name, fontweight="bold", va="center")
        for r in its:
            y, width = top + list(LOOKS).index(r["step"]), r["end"] - r["start"]
            ax.barh(y, width, 0.74, left=r["start"], linewidth=0.9, **LOOKS[r["step"]])
            ax.text(
                r["start"] + width / 2, y, str(r["tile"] + 1), ha="center", va="center", fontsize=8, bbox=NARROW_PLATE
            )
        last = max(r["end"] for r in its)
        ax.plot([last, last], [top - 0.45, top + 1.45], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        ax.text(last + 0.01 * end, top + 0.5, format_si(last, "s", 3), va="center", fontsize=8.5)
    ax.legend(handles=[Patch(label=NAMES[step], **look) for step, look in LOOKS.items()], loc="upper center",
              bbox_to_anchor=(0.45, -0.17), ncols=2, handlelength=1.8)  # fmt: skip
    scaled(ax.xaxis, "time", "us")
    ax.set_yticks([top + lane for top in (0, PITCH) for lane in (0, 1)], 2 * ["memory", "arithmetic"])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", visible=False)
    ax.set_ylim(PITCH + 1.7, -1.3)
    return ax


def schedules_in_words(table: Table) -> str:
    """Load and compute of a step, and the end of both schedules."""
    first = [r for r in rows(table) if r["buffers"] == 1 and r["tile"] == 0]
    steps = ", ".join(f"{NAMES[r['step']]} {format_si(r['end'] - r['start'], 's', 3)}" for r in first)
    turns, lap = (max(r["end"] for r in rows(table) if r["buffers"] == buffers) for buffers in BUFFERS)
    tiles = 1 + max(table["tile"])
    fits = next(r["fits"] for r in rows(table) if r["buffers"] == 2)
    room = "fits" if fits == "yes" else "does not fit"
    return (
        f"A step: {steps}. {tiles} steps take {format_si(turns, 's', 3)} by turns and {format_si(lap, 's', 3)} "
        f"overlapped, {1 - lap / turns:.1%} less; with A and B twice the tile {room} the scratchpad."
    )


UNITS = {"buffers": "", "fits": "", "step": "", "tile": "", "start": "s", "end": "s"}

register(Figure(
    id="tile-overlap",
    item="Text §Tiling challenges",
    title="Loading and multiplying tiles, by turns and at the same time",
    caption="The first six of the tile products that one of the A100's 108 multiprocessors does for a 4096 x 4096 x "
    "4096 product in fp16, with its share of the peak and of the bandwidth, tiles of C of 128 x 256 and a depth of 16, "
    "sums of 4 B. With one buffer for A and B each waits for the other. With two the next pair comes in while this "
    "one is multiplied, and the longer of both sets the pace. Times follow from the data sheet; nothing was measured.",
    alt="Two Gantt charts with a lane for memory and one for arithmetic. Above, bars alternate between the lanes. "
    "Below, from the second step on, a bar in one lane lies above a bar in the other, and all six steps end earlier.",
    units=UNITS,
    data=schedules,
    draw=draw_schedules,
    says=schedules_in_words,
    lab="14_tiling",
    size=(6.4, 3.3),
))  # fmt: skip
