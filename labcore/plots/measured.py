"""Real operations on the roofline of the machine that ran them, predicted and measured."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes

from labcore.measure import Measured, recorded
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import draw_points, draw_roof, span
from labcore.plots.staircase import of
from labcore.plots.style import GREY, log_axes, scaled
from labcore.plots.words import as_table, columns, three
from labcore.roofline import attainable
from labcore.units import format_si

PLACED_UNITS = {
    "machine": "", "series": "", "group": "", "name": "", "threads": "", "I": "FLOP/B",
    "R": "FLOP/s", "R_predicted": "FLOP/s", "T": "s", "T_predicted": "s",
}  # fmt: skip
PRECISION = "fp32"
NAMED = ("n = 32", "n = 2048", "batch 1", "batch 512", "one kernel", "4 kernels", "1 fused")


def placed_data(measured: Measured | None = None) -> Table:
    """The roof in float32 with data from DRAM and from the first cache, and the operations that ran on all threads."""
    one = measured or recorded()
    host, words = one.host, one.about
    R_peak, placed = host.R_peak(PRECISION), [op for op in host.operations if op.threads == host.threads]
    low, high = span([op.I for op in placed], [host.ridge(PRECISION)])
    drawn = []
    for name, BW in (("cache", host.BW_near), ("DRAM", host.BW())):
        for I in (low, R_peak / BW, high):
            R = float(attainable(R_peak, BW, I))
            drawn.append((words, "roof", name, format_si(BW, "B/s", 3), host.threads, I, R, "", "", ""))
    drawn += [
        (words, "operation", op.group, op.name, op.threads, op.I, op.R, op.flop / op.predicted, op.T, op.predicted)
        for op in placed
    ]
    return as_table(PLACED_UNITS, drawn)


def draw_placed(ax: Axes, table: Table) -> Axes:
    """Two measured roofs; each operation where it ran, and a bar to where the roof of its own working set lies."""
    log_axes(ax)
    roofs, ops = of(table, "roof"), of(table, "operation")
    for r in ops:
        ax.plot([r["I"], r["I"]], [r["R"], r["R_predicted"]], color=GREY, linewidth=0.9)
    ax.plot(*columns(ops, "I", "R_predicted"), color=GREY, marker="_", linestyle="None", label="predicted")
    for i, group in enumerate(dict.fromkeys(r["group"] for r in ops)):
        draw_points(ax, *columns([r for r in ops if r["group"] == group], "I", "R"), i).set_label(group)
    for name, dash in (("cache", "--"), ("DRAM", "-")):
        corners = [r for r in roofs if r["group"] == name]
        line = draw_roof(ax, *columns(corners, "I", "R"), None)
        line.set(linestyle=dash, linewidth=1.4, label=f"{name} {corners[0]['name']}")
    scaled(ax.xaxis, "arithmetic intensity", "FLOP/B")
    scaled(ax.yaxis, "throughput, float32", "GFLOP/s")
    ax.set_xlim(min(r["I"] for r in roofs), max(r["I"] for r in roofs))
    ax.set_ylim(min(min(r["R"], r["R_predicted"]) for r in ops) / 4, 3 * max(r["R"] for r in roofs))
    ax.set_title(table["machine"][0], fontsize=9, fontweight="normal")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.4))
    peak = max(r["R"] for r in roofs)
    end_labels(ax, [(peak, f"peak\n{format_si(peak, 'FLOP/s', 3)}")])
    labels = [(r["I"], r["R"], short_name(r)) for r in ops if r["name"] in NAMED]
    place_labels(ax, labels, order=("SE", "S", "E", "SW", "W"))
    return ax


def short_name(row: Mapping[str, object]) -> str:
    """An operation's name, the group's where that says more."""
    return str(row["group"] if row["name"] == "one kernel" else row["name"])


def placed_in_words(table: Table) -> str:
    """The peak, both ridges, and by how much the operations missed their least times."""
    roofs, ops = of(table, "roof"), of(table, "operation")
    peak = max(r["R"] for r in roofs)
    slopes = [f"{r['group']} {r['name']}, ridge {three(r['I'])} FLOP/B" for r in roofs[1::3]]
    misses = [f"{r['group']} {r['name']} {r['T'] / r['T_predicted']:.1f}x" for r in ops if r["name"] in NAMED]
    said = f"{table['machine'][0]}: peak {format_si(peak, 'FLOP/s', 3)} float32; {'; '.join(slopes)}."
    return f"{said} Time over least time: {', '.join(misses)}."


register(Figure(
    id="measured-roofline",
    item="Lab 09",
    title="Real operations on a machine's own roofline",
    caption="Measured by `labcore measure` on the machine named above the picture, recorded with the labs; float32, "
    "all threads. Solid: the roof with data from DRAM. Dashed: with data from the fastest cache. Each marker is an "
    "operation as it ran; the bar above or below it ends where the roof for its own working set would have it, so the "
    "bar's length is the error of the prediction. Intensities count every operand once. The repeats of an operation "
    "find in a cache what fits there.",
    alt="Roofline plot on logarithmic axes with two slopes, one for DRAM and a higher one for the fastest cache, and "
    "one flat roof. Matrix products climb to the roof with their size, the dense layer climbs with its batch. "
    "LayerNorm, softmax and the chains of element-wise steps lie far to the left and under the slopes.",
    units=PLACED_UNITS, data=placed_data, draw=draw_placed, says=placed_in_words, lab="09_roofline",
    size=(6.4, 4.6),
))  # fmt: skip
