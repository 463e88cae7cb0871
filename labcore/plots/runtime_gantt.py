"""Commands in time: a host that waits, two streams, and kernels too short for their launches."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue.links import LAUNCH
from labcore.interconnect.schedule import Exchange
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, HATCHES, NARROW_PLATE, VERMILLION, scaled
from labcore.plots.words import as_table, rows
from labcore.runtime.streams import COMPUTE, COPY_IN, COPY_OUT, HOST, Command, by_chunk, simulate
from labcore.runtime.timeline import Timeline
from labcore.units import Seconds, format_si

LAB = "16_runtimes"
BATCH = Exchange(copy_in=20e-6, launch=0.0, compute=30e-6, copy_out=10e-6)
BATCHES, SHORT, T_SHORT = 3, 12, 2e-6
LANES = {HOST: "host", COPY_IN: "link in", COMPUTE: "accelerator", COPY_OUT: "link out"}
LOOKS = {
    HOST: {"facecolor": "#D9D9D9", "edgecolor": GREY},
    COPY_IN: {"facecolor": "#F8DCC8", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    COMPUTE: {"facecolor": "#CFE3F1", "edgecolor": BLUE},
    COPY_OUT: {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[2]},
}
NAMES = {HOST: "launch", COPY_IN: "copy in", COMPUTE: "kernel", COPY_OUT: "copy out"}


def runs(L_launch: Seconds = LAUNCH.value) -> dict[str, Timeline]:
    """The three runs by what the picture calls them.

    >>> [round(1e6 * run.makespan) for run in runs().values()]  # 3 x (60 + 15); 5 + 20 + 3 x 30 + 10; 12 x 5 + 2
    [225, 125, 62]
    """
    kernels = [Command(f"kernel {k}", COMPUTE, T_SHORT) for k in range(SHORT)]
    return {
        "one stream, the host waits for each": simulate(by_chunk(BATCH, BATCHES, 1), L_launch=L_launch, blocking=True),
        "two streams, the host goes on: double buffering": simulate(by_chunk(BATCH, BATCHES, 2), L_launch=L_launch),
        f"{SHORT} kernels of {format_si(T_SHORT, 's')}: the host is too slow": simulate(kernels, L_launch=L_launch),
    }


def gantt(L_launch: Seconds = LAUNCH.value) -> Table:
    """Every launch, copy and kernel of the three runs; the batch or kernel by its number from 1."""
    return as_table(UNITS, [
        (name, one.engine, int(one.what.split()[-1]) + 1, one.start, one.end)
        for name, run in runs(L_launch).items()
        for one in run.events
    ])  # fmt: skip


def draw_gantt(ax: Axes, table: Table) -> Axes:
    """A lane for each engine that does anything, run below run."""
    y, ticks, labels, end = 0.0, [], [], max(table["end"])
    for name in dict.fromkeys(table["run"]):
        its = [r for r in rows(table) if r["run"] == name]
        ax.text(0, y - 0.3, name, fontweight="bold", va="center")
        for lane in (lane for lane in LANES if lane in {r["engine"] for r in its}):
            y += 1
            ticks.append(y - 0.2)
            labels.append(LANES[lane])
            for r in (r for r in its if r["engine"] == lane):
                width = r["end"] - r["start"]
                ax.barh(y - 0.2, width, 0.78, left=r["start"], linewidth=0.7, **LOOKS[lane])
                if lane != HOST and width > 0.03 * end:
                    ax.text(r["start"] + width / 2, y - 0.2, r["number"], ha="center", va="center", fontsize=8,
                            bbox=NARROW_PLATE)  # fmt: skip
        last = max(r["end"] for r in its)
        ax.text(last + 0.01 * end, y - 0.2, format_si(last, "s", 3), va="center", fontsize=8.5)
        y += 1.5
    ax.set_yticks(ticks, labels)
    ax.set_ylim(y - 1.3, -0.9)
    ax.set_xlim(0, 1.12 * end)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="y", visible=False)
    scaled(ax.xaxis, "time", "us")
    ax.set_xlabel("time (us); times of copies and kernels are chosen round")
    ax.legend(handles=[Patch(label=NAMES[lane], linewidth=0.7, **how) for lane, how in LOOKS.items()],
              loc="lower right", bbox_to_anchor=(1, 0.02), ncols=2, handlelength=1.8)  # fmt: skip
    return ax


def gantt_in_words(table: Table) -> str:
    """How long each run takes and the share of it in which the accelerator works."""
    said = []
    for name in dict.fromkeys(table["run"]):
        its = [r for r in rows(table) if r["run"] == name]
        T, busy = max(r["end"] for r in its), sum(r["end"] - r["start"] for r in its if r["engine"] == COMPUTE)
        said.append(f"{name.partition(':')[0]}: {format_si(T, 's', 3)}, accelerator busy {busy / T:.0%}")
    return f"{'; '.join(said)}."


UNITS = {"run": "", "engine": "", "number": "", "start": "s", "end": "s"}

register(Figure(
    id="runtime-gantt",
    item="Text §Dynamic kernel execution",
    title="The same three batches, issued in two ways, and kernels shorter than their launches",
    caption="Three batches of 20 us of copying in, 30 us of computing and 10 us of copying out, each command launched "
    f"by the host in {format_si(LAUNCH.value, 's')} ({LAUNCH.source}). Above, every step waits for the one before it. "
    "In the middle batches take turns in two streams: copies hide behind kernels, and the longest step sets the pace. "
    "Below, kernels end before the next is launched, and the accelerator idles between them whatever it could do. "
    "Computed by a simulator of streams, not measured.",
    alt="Three Gantt charts. Above, launches, copies and kernels follow each other without overlap to the right edge. "
    "In the middle three kernels lie end to end with copies above and below them, and all ends at about half. Below, "
    "a full lane of launches over a lane of short kernels with gaps between them.",
    units=UNITS, data=gantt, draw=draw_gantt, says=gantt_in_words, lab=LAB, size=(6.6, 4.4),
))  # fmt: skip
