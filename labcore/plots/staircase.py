"""The memory staircase of a machine as it was measured: bandwidth, and the time of a load, by working set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from labcore.measure import Measured, recorded
from labcore.measure.machine import total_cache
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH
from labcore.plots.style import GREY, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.units import format_binary, format_si, unit_scale

BANDWIDTH_UNITS = {
    "machine": "", "series": "", "name": "", "working_set": "B", "BW": "B/s", "BW_low": "B/s", "BW_high": "B/s",
}  # fmt: skip
LATENCY_UNITS = {
    "machine": "", "series": "", "name": "", "working_set": "B", "L_lat": "s", "L_lat_low": "s", "L_lat_high": "s",
}  # fmt: skip


def staircase_data(measured: Measured | None = None) -> Table:
    """Bandwidth of each kernel on all threads by working set, and the caches' capacities, all cores together."""
    one = measured or recorded()
    drawn = [
        (one.about, "bandwidth", name, row.working_set, row.BW, row.low, row.high)
        for name in one.host.kernels
        for row in one.host.staircase(name)
    ]
    return as_table(BANDWIDTH_UNITS, drawn + capacities(one, one.host.threads))


def latency_data(measured: Measured | None = None) -> Table:
    """Time of one load at random by working set, and the caches' capacities for the one core that waits."""
    one = measured or recorded()
    rows_of_it = sorted(one.host.latency, key=lambda row: row.working_set)
    drawn = [(one.about, "latency", "chase", row.working_set, row.L_lat, row.low, row.high) for row in rows_of_it]
    return as_table(LATENCY_UNITS, drawn + capacities(one, 1))


def capacities(measured: Measured, cores: int) -> list[tuple[object, ...]]:
    """A row for each level of cache that the system reports, with what some cores can use of it together."""
    caches = measured.machine["caches"]
    return [(measured.about, "cache", f"L{c['level']}", total_cache(c, cores), "", "", "") for c in caches]


def draw_staircase(ax: Axes, table: Table) -> Axes:
    """A line with its quartiles for each kernel; the capacity of each cache as a dashed vertical."""
    stairs_axes(ax, table)
    scaled(ax.yaxis, "bandwidth", "GB/s")
    ends = []
    for i, (name, stairs) in enumerate(staircases(table).items()):
        y = draw_stairs(ax, stairs, "BW", look(i))[1]
        ends.append((y[-1], f"{name} {three(y[-1] / unit_scale('GB/s')[0])}"))
    end_labels(ax, ends)
    mark_caches(ax, of(table, "cache"))
    return ax


def draw_latency(ax: Axes, table: Table) -> Axes:
    """One line with its quartiles; the capacity of each cache as a dashed vertical."""
    stairs_axes(ax, table)
    scaled(ax.yaxis, "time of a load", "ns")
    y = draw_stairs(ax, of(table, "latency"), "L_lat", look(0))[1]
    end_labels(ax, [(y[-1], f"{three(y[-1] / unit_scale('ns')[0])} ns")])
    mark_caches(ax, of(table, "cache"))
    return ax


def stairs_axes(ax: Axes, table: Table) -> None:
    """Logarithmic axes, the working set in powers of two, named as capacities are."""
    log_axes(ax)
    ax.set_xscale("log", base=2)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.minorticks_off()
    sizes = [r["working_set"] for r in rows(table) if r["series"] != "cache"]
    ax.set_xlim(min(sizes) / 1.2, max(sizes) * 1.2)
    ax.set_xticks([2**k for k in range(14, 34, 3) if max(sizes) >= 2**k])
    ax.xaxis.set_major_formatter(lambda x, _: format_binary(x, 3))
    ax.set_xlabel("working set")
    ax.set_title(table["machine"][0], fontsize=9, fontweight="normal")


def draw_stairs(ax: Axes, stairs: Sequence[Mapping[str, object]], name: str, style: Mapping) -> list[list[float]]:
    """Medians as a line, quartiles as a shade; gives x and y."""
    x, y, low, high = columns(stairs, "working_set", name, f"{name}_low", f"{name}_high")
    ax.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
    ax.plot(x, y, **style | {"markersize": 4})
    return [x, y]


def staircases(table: Table) -> dict[str, list[dict[str, object]]]:
    """The rows of each kernel's bandwidth."""
    some = of(table, "bandwidth")
    return {name: [r for r in some if r["name"] == name] for name in dict.fromkeys(r["name"] for r in some)}


def of(table: Table, series: str) -> list[dict[str, object]]:
    """The rows of one series."""
    return [r for r in rows(table) if r["series"] == series]


def mark_caches(ax: Axes, caches: Sequence[Mapping[str, object]]) -> None:
    """A dashed vertical at each capacity, its name at the foot."""
    ax.set_ylim(ax.get_ylim()[0] / 1.6, None)
    bottom = ax.get_ylim()[0]
    inside = [c for c in caches if ax.get_xlim()[1] > c["working_set"] > ax.get_xlim()[0]]
    for cache in inside:
        ax.axvline(cache["working_set"], color=GREY, **THIN_DASH)
    labels = [(c["working_set"], bottom, f"{c['name']} {format_binary(c['working_set'], 3)}") for c in inside]
    place_labels(ax, labels, order=("NW", "NE"), color=GREY)


def staircase_in_words(table: Table) -> str:
    """The best bandwidth, and that of each kernel over the largest working set."""
    stairs = staircases(table)
    best = {name: max(r["BW"] for r in some) for name, some in stairs.items()}
    quickest = max(best, key=best.get)
    size = format_binary(max(some[-1]["working_set"] for some in stairs.values()), 3)
    kernels = ", ".join(f"{name} {format_si(some[-1]['BW'], 'B/s', 3)}" for name, some in stairs.items())
    near = format_si(best[quickest], "B/s", 3)
    return f"{table['machine'][0]}: {quickest} reaches {near} in the caches; over {size} {kernels}."


def latency_in_words(table: Table) -> str:
    """The time of a load in the smallest and in the largest working set."""
    near, *_, far = of(table, "latency")
    times, sizes = ([format_si(r["L_lat"], "s", 3) for r in (near, far)], [r["working_set"] for r in (near, far)])
    small, large = (format_binary(size, 3) for size in sizes)
    ratio = three(far["L_lat"] / near["L_lat"])
    return f"{table['machine'][0]}: a load takes {times[0]} in {small}, {times[1]} in {large}, {ratio} times as long."


register(Figure(
    id="memory-staircase",
    item="Lab 08",
    title="The memory staircase of one machine: bandwidth by working set",
    caption="Measured by `labcore measure` on the machine named above the picture, recorded with the labs; medians, "
    "shaded from the lower to the upper quartile. Four loops on all threads: read (sum), write, copy and triad "
    "a = b + 3c over double-precision vectors. Bytes are counted as STREAM counts them, each array once; the "
    "fetch of a line before it is overwritten is not counted. Dashed: capacities that the system reports, of all "
    "cores in use together. The chapter draws a hierarchy of levels; these are the levels that a program meets.",
    alt="Line chart of bandwidth over working sets from 16 KiB upwards, both on logarithmic axes. Four lines, for "
    "reading, writing, copying and triad, fall in steps from the first cache to DRAM, past a dashed vertical for "
    "the capacity of each cache.",
    units=BANDWIDTH_UNITS, data=staircase_data, draw=draw_staircase, says=staircase_in_words, lab="08_memory_systems",
))  # fmt: skip

register(Figure(
    id="latency-staircase",
    item="Lab 08",
    title="The memory staircase of one machine: the time of a load by working set",
    caption="Measured by `labcore measure` on the machine named above the picture, recorded with the labs; medians, "
    "shaded from the lower to the upper quartile. One core loads one word of a cache line after another, at random; "
    "each address is the answer of the load before, so nothing overlaps. Misses of the table of pages are part of "
    "the time. Dashed: capacities that the system reports, for one core; a step before the last of them tells of a "
    "cache that is shared, or of that table.",
    alt="Line chart of the time of a load over working sets from 16 KiB upwards, both on logarithmic axes. One line "
    "rises in steps from a few nanoseconds in the first cache to more than a hundred in DRAM; a dashed vertical "
    "stands at the capacity of each cache.",
    units=LATENCY_UNITS, data=latency_data, draw=draw_latency, says=latency_in_words, lab="08_memory_systems",
))  # fmt: skip
