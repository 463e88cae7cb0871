"""A missed deadline and its cures: a detector's frames on a bus that neighbours want, too."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, HATCHES, VERMILLION, scaled
from labcore.plots.words import as_table, rows
from labcore.soc.crowd import PERIOD, SCHEMES, drive

LAB = "18_heterogeneous_soc"
DEMAND, NEIGHBOURS = 60e9, 3
UNITS = {"scheme": "", "frame": "", "start": "s", "end": "s", "late": ""}
IN_TIME = {"facecolor": "#CFE3F1", "edgecolor": BLUE}
LATE = {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "hatch": HATCHES[1]}


def timelines(count: int = 6) -> Table:
    """Start and end of each frame under every scheme, with three neighbours who ask for more than all of the bus."""
    return as_table(UNITS, [
        (scheme, k, one.start, min(one.end, count * PERIOD), "yes" if one.late else "no")
        for scheme in SCHEMES for k, one in enumerate(drive(scheme, DEMAND, NEIGHBOURS, count=count))
    ])  # fmt: skip


def draw_timelines(ax: Axes, table: Table) -> Axes:
    """A bar for each frame from when it comes to when it is done; two heights, since late frames overlap the next."""
    pitch, last = 1.0, max(table["frame"]) + 1
    for r in rows(table):
        y = pitch * SCHEMES.index(r["scheme"]) + (0.19 if r["frame"] % 2 else -0.19)
        ax.barh(
            y, r["end"] - r["start"], 0.34, left=r["start"], linewidth=0.9, **LATE if r["late"] == "yes" else IN_TIME
        )
        ax.text(r["start"] + 0.0012, y, str(r["frame"] + 1), va="center", fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
    for k in range(last + 1):
        ax.axvline(k * PERIOD, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
    ax.annotate("the neighbours begin", (PERIOD, -0.55), (6, 6), textcoords="offset points", color=BLACK, va="bottom",
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6}, annotation_clip=False)  # fmt: skip
    ax.set_yticks([pitch * k for k in range(len(SCHEMES))], SCHEMES)
    ax.set_ylim(len(SCHEMES) - 0.45, -0.55)
    ax.set_xlim(0, last * PERIOD)
    ax.grid(visible=False)
    ax.tick_params(axis="y", length=0)
    scaled(ax.xaxis, "time; a frame comes at each dashed line", "ms")
    handles = [Patch(**IN_TIME, label="done before the next comes"), Patch(**LATE, label="late")]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    return ax


def timelines_in_words(table: Table) -> str:
    """Frames late, and the longest that ended, by scheme."""
    end, said = max(table["frame"]) * PERIOD + PERIOD, []
    for scheme in SCHEMES:
        own = [r for r in rows(table) if r["scheme"] == scheme]
        late = sum(r["late"] == "yes" for r in own)
        longest = max((r["end"] - r["start"] for r in own if r["end"] < end or r["late"] == "no"), default=math.nan)
        said.append(f"{scheme} {late} of {len(own)} late, longest {1e3 * longest:.1f} ms")
    return f"{'; '.join(said)}."


register(Figure(
    id="missed-deadline", item="Text §Automotive heterogeneous AI systems",
    title="A missed deadline, and three cures",
    caption="A detector moves 256 MB a frame over a bus of 25.6 GB/s, which takes 10 ms alone. From the second frame "
    "on three neighbours ask for more than all of the bus. Taking turns leaves the detector a quarter, 40 ms a frame, "
    "and what is late makes the next one later. Priority keeps every deadline; the neighbours wait while the detector "
    "has bytes to move, here 10 of 33.3 ms. Budgets and slots keep it and leave them about half of the bus. "
    "Only under slots does a frame take the same time whoever is there. "
    "Rates and sizes are declared; bursts are simulated.",
    alt="Four rows of bars over 200 ms, one bar a frame. Under best effort the first frame is short and all others "
    "reach past the dashed line where the next one comes. Under priority all are 10 ms, under budgets 24 after the "
    "first, under time slots 20, and all end before the next frame.",
    units=UNITS, data=timelines, draw=draw_timelines, says=timelines_in_words, lab=LAB, size=(6.8, 3.6),
))  # fmt: skip
