"""Data on the way to an accelerator: an exchange in time, and the bandwidths that taper from HBM to the network."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from labcore.catalogue import A100, H100
from labcore.catalogue.links import COPY_OVERHEAD, LAUNCH, LINKS
from labcore.interconnect.link import link as find_link
from labcore.interconnect.schedule import Exchange, Interval, exchange, pipelined, sequential
from labcore.models.zoo import build
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, named_sources, rows, three
from labcore.roofline import place_network
from labcore.units import Bytes, format_si

IMAGE = 3 * 224 * 224  # numbers of one input image
CLASSES = 1000
FP32: Bytes = 4  # as a data loader delivers images, and as scores return
STEP_LOOKS = {  # pale under the numbers, a hatch as the second cue
    "copy in": {"facecolor": "#CCE3F0", "edgecolor": BLUE, "hatch": ""},
    "launch": {"facecolor": BLACK, "edgecolor": BLACK, "hatch": ""},
    "compute": {"facecolor": "#F7DFCC", "edgecolor": VERMILLION, "hatch": HATCHES[1]},
    "copy out": {"facecolor": GREEN, "edgecolor": GREEN, "hatch": ""},
}
LANES = {"link in": "link to accelerator", "CPU": "CPU", "accelerator": "accelerator", "link out": "link to host"}


def network_exchange(
    network: str = "resnet50", chip: str = "A100", link: str = "PCIe Gen4 x16", batch: int = 32, precision: str = "fp16"
) -> Exchange:
    """The four steps of one batch: FP32 images in, one launch, the network at its roofline time, FP32 scores out."""
    layers = place_network(build(network, batch=batch, precision=precision), as_chip(chip), precision)
    D_in, D_out = batch * IMAGE * FP32, batch * CLASSES * FP32
    return exchange(D_in, D_out, sum(place.T for place in layers), find_link(link), LAUNCH.value)


def timeline(batches: int = 4, engines: int = 2, **sizes: object) -> Table:
    """Every step of some batches, one after another and overlapped."""
    one = network_exchange(**sizes)
    runs = {"one after another": sequential(one, batches), "overlapped": pipelined(one, batches, engines)}
    drawn = [(name, i.step, i.chunk, i.resource, i.start, i.end) for name, run in runs.items() for i in ordered(run)]
    return as_table(TIMELINE_UNITS, drawn)


def ordered(run: Iterable[Interval]) -> list[Interval]:
    """Intervals by batch, and by their beginning within it."""
    return sorted(run, key=lambda one: (one.chunk, one.start, one.end))


def draw_timeline(ax: Axes, table: Table) -> Axes:
    """A lane for each resource, once for each schedule, and the end of each marked."""
    end = max(table["end"])
    ax.set_xlim(0, 1.11 * end)
    for top, (name, numbers) in zip((0, PITCH), by_schedule(table).items(), strict=True):
        ax.text(0, top - 0.75, name, fontweight="bold", va="center")
        for r in numbers:
            draw_step(ax, r, top + list(LANES).index(r["resource"]))
        last = max(r["end"] for r in numbers)
        ax.plot([last, last], [top - 0.45, top + 3.45], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
        ax.text(last + 0.01 * end, top + 1.5, format_si(last, "s", 3), va="center", fontsize=8.5)
    handles = [Patch(label=f"({i}) {step}", **look) for i, (step, look) in enumerate(STEP_LOOKS.items(), 1)]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=4, handlelength=1.6)
    scaled(ax.xaxis, "time", "ms")
    ax.set_yticks([top + lane for top in (0, PITCH) for lane in range(len(LANES))], 2 * list(LANES.values()))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", visible=False)
    ax.set_ylim(PITCH + 3.6, -1.2)
    return ax


def by_schedule(table: Table) -> dict[str, list[dict[str, object]]]:
    """The rows of each schedule."""
    names = dict.fromkeys(table["schedule"])
    return {name: [r for r in rows(table) if r["schedule"] == name] for name in names}


def draw_step(ax: Axes, r: dict[str, object], y: float) -> None:
    """A bar with the number of its batch where it is wide enough for one."""
    width, whole = r["end"] - r["start"], ax.get_xlim()[1]
    ax.barh(y, width, 0.72, left=r["start"], linewidth=0.9, **STEP_LOOKS[r["step"]])
    if r["step"] in ("copy in", "compute") and width > 0.01 * whole:
        ax.text(r["start"] + width / 2, y, f"{r['batch'] + 1}", ha="center", va="center", fontsize=8,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip


def timeline_in_words(table: Table) -> str:
    """The time of each step, and what overlapping the batches saves."""
    first = [r for r in rows(table) if r["schedule"] == "one after another" and r["batch"] == 0]
    steps = ", ".join(f"{r['step']} {format_si(r['end'] - r['start'], 's', 3)}" for r in first)
    row, lap = (max(r["end"] for r in numbers) for numbers in by_schedule(table).values())
    batches = 1 + max(table["batch"])
    return (
        f"One batch: {steps}. {batches} batches take {format_si(row, 's', 3)} one after another and "
        f"{format_si(lap, 's', 3)} overlapped, {1 - lap / row:.1%} less."
    )


def taper() -> Table:
    """Bandwidths from the chip outwards: two nodes, one direction each, and the numbers that the chapter prints."""
    nodes = {
        "H100 node": (H100.BW, *(LINKS[name].BW_one_way for name in ("NVLink 4", "PCIe Gen5 x16", "InfiniBand NDR"))),
        "A100 node": (A100.BW, *(LINKS[name].BW_one_way for name in ("NVLink 3", "PCIe Gen4 x16", "InfiniBand HDR"))),
        "as printed": PRINTED,
    }
    return as_table(TAPER_UNITS, [(rung, name, BWs[i]) for i, rung in enumerate(RUNGS) for name, BWs in nodes.items()])


def draw_taper(ax: Axes, table: Table) -> Axes:
    """Two bars a rung on a logarithmic axis, and a diamond where the chapter's number stands."""
    log_axes(ax, "x")
    for r in rows(table):
        y = RUNGS.index(r["rung"]) + HEIGHTS[r["series"]]
        if r["series"] in NODE_LOOKS:
            ax.barh(y, r["BW"], 0.27, linewidth=0.9, **NODE_LOOKS[r["series"]])
        else:
            ax.plot(r["BW"], y, **DIAMOND)
        words, place = three(r["BW"] / 1e9).removesuffix(".0"), (4 if r["series"] in NODE_LOOKS else 8, 0)
        ax.annotate(words, (r["BW"], y), place, textcoords="offset points", va="center", fontsize=8.5)
    ax.set_yticks(range(len(RUNGS)), RUNGS)
    ax.tick_params(axis="y", length=0, labelsize=10)
    ax.set_ylim(len(RUNGS) - 0.45, -0.55)
    ax.set_xlim(1e10, 1e13)
    ax.grid(axis="y", visible=False)
    scaled(ax.xaxis, "bandwidth; of links, one direction", "GB/s")
    handles = [Patch(label=name, **look) for name, look in NODE_LOOKS.items()]
    handles += ax.plot([], [], **DIAMOND, label="as the chapter prints it")
    ax.legend(handles=handles, loc="lower right")
    return ax


def taper_in_words(table: Table) -> str:
    """The bandwidths of each series, and the steps between them."""
    words = []
    for name in dict.fromkeys(table["series"]):
        BWs = [r["BW"] for r in rows(table) if r["series"] == name]
        steps = ", ".join(three(a / b) for a, b in pairwise(BWs))
        words.append(f"{name} {', '.join(three(BW / 1e9).removesuffix('.0') for BW in BWs)} GB/s (steps of {steps})")
    return f"{', '.join(RUNGS)}: {'; '.join(words)}."


PITCH = 5.3  # lanes from one schedule to the next
RUNGS = ("HBM", "NVLink", "PCIe", "network")
PRINTED = (3350e9, 900e9, 64e9, 50e9)  # the chapter's taper, B/s
NODE_LOOKS = {
    "H100 node": {"facecolor": BLUE, "edgecolor": BLUE},
    "A100 node": {"facecolor": "white", "edgecolor": GREY, "hatch": HATCHES[1]},
}
HEIGHTS = {"H100 node": -0.28, "A100 node": 0.0, "as printed": 0.27}  # of the series within a rung
DIAMOND = {"color": VERMILLION, "marker": "D", "markersize": 7, "linestyle": "None"}
TIMELINE_UNITS = {"schedule": "", "step": "", "batch": "", "resource": "", "start": "s", "end": "s"}
TAPER_UNITS = {"rung": "", "series": "", "BW": "B/s"}
TIMELINE_FACTS = (LINKS["PCIe Gen4 x16"].one_way, COPY_OVERHEAD, LAUNCH, A100.bandwidth, A100.peaks["fp16"])
TAPER_FACTS = (
    A100.bandwidth, H100.bandwidth,
    *(LINKS[name].one_way for name in ("NVLink 3", "PCIe Gen4 x16", "PCIe Gen5 x16", "InfiniBand HDR",
                                       "InfiniBand NDR")),
)  # fmt: skip

register(Figure(
    id="host-transfer-timeline",
    item="Figure 13",
    title="Four batches through ResNet-50 on an A100 behind PCIe Gen4, to scale",
    caption="The chapter's Figure 13 orders four steps and gives them no length. Here each has the one that its sizes "
    "give it: 32 images of 3 x 224 x 224 FP32 numbers in, 32 x 1000 scores out, over one direction of PCIe Gen4 x16 "
    "and with the cost of a copy call; one launch for the whole batch; the network at the sum of its layers' roofline "
    "times at FP16. Above, every step waits for the one before. Below, two input buffers and two copy engines: while a "
    "batch computes, the next comes in, and the CPU has launched ahead. Only the first copy in and the last copy out "
    "still show. A real pass has a launch for each kernel and stays below its rooflines, so its compute bars are "
    "longer. The store of results within the accelerator, an arrow of its own in the chapter, is in the compute step. "
    f"Sources: {named_sources(TIMELINE_FACTS)}.",
    alt="Two timelines of four lanes each: link to the accelerator, CPU, accelerator, link to the host. In the upper "
    "one, wide compute bars alternate with narrower copy bars, so that the accelerator's lane has a gap before each "
    "bar. In the lower one the compute bars touch each other and the copies lie above them; it ends earlier. Launches "
    "and copies out are slivers.",
    units=TIMELINE_UNITS, data=timeline, draw=draw_timeline, says=timeline_in_words, lab="08_memory_systems",
    size=(7.0, 4.6),
))  # fmt: skip

register(Figure(
    id="bandwidth-taper",
    item="Figure (margin, unnumbered: bandwidth ladder)",
    title="Bandwidth from the chip outwards, one direction of each link",
    caption="What one accelerator can read from its memory, exchange with a neighbour, with its host, and with another "
    "node; for links, one direction after line code. Diamonds are the chapter's numbers: its 900 GB/s of NVLink adds "
    "both directions up, its 64 of PCIe is one direction before the line code. The chapter's margin draws four bars a "
    "factor of 10 apart; the steps are smaller, and the one from PCIe to the network is nearly none, as a network card "
    f"is itself a card in a PCIe slot. HBM counts reads and writes together. Sources: {named_sources(TAPER_FACTS)}.",
    alt="Horizontal bars on a logarithmic axis, two for each of HBM, NVLink, PCIe and network, shorter from rung to "
    "rung. PCIe and network are nearly equal. Below the bars of each rung a diamond stands where the longer bar ends, "
    "except at NVLink, where it stands twice as far.",
    units=TAPER_UNITS, data=taper, draw=draw_taper, says=taper_in_words, lab="08_memory_systems", size=(6.4, 3.6),
))  # fmt: skip
