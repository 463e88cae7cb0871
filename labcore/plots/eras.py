"""The eras of special hardware, and the anatomy of an accelerator."""

from __future__ import annotations

from collections.abc import Iterator

from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, Rectangle

from labcore.catalogue.execution import SM_A100
from labcore.catalogue.specialization import ERAS, distinct
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, COLOURS, GREY, MARKERS
from labcore.plots.words import as_table, named_sources, rows

BOX = {"facecolor": "white", "edgecolor": GREY, "linewidth": 1.0}
FRAME = BOX | {"edgecolor": BLUE, "linewidth": 1.6}


def milestones() -> Table:
    """Every milestone of every era: when it came, which phase and bottleneck it belongs to."""
    drawn = [
        (era.decade, era.pattern, era.bottleneck, one.name, int(one.year.value), "yes" if one.year.confirmed else "no")
        for era in ERAS
        for one in era.milestones
    ]
    return as_table(ERA_UNITS, drawn)


def draw_milestones(ax: Axes, table: Table) -> Axes:
    """A row a decade, a marker a milestone: its shape is the bottleneck, hollow where the year is not confirmed."""
    decades = list(dict.fromkeys(table["decade"]))
    kinds = list(dict.fromkeys(table["bottleneck"]))
    for y, decade in enumerate(decades):
        some = [r for r in rows(table) if r["decade"] == decade]
        ax.plot([0, 9.6], [y, y], color=GREY, linewidth=0.8)
        for k, r in enumerate(some):
            x, kind = r["year"] - decade, kinds.index(r["bottleneck"])
            ax.plot([x], [y], color=COLOURS[kind], marker=MARKERS[kind], markersize=8, linestyle="None",
                    markerfacecolor=COLOURS[kind] if r["year_confirmed"] == "yes" else "white")  # fmt: skip
            side = 1 if k % 2 == 0 else -1
            ax.annotate(f"{r['name']}, {r['year']}", (x, y), (0, 8 * side), textcoords="offset points", color=BLACK,
                        ha="right" if x > 7.5 else "left", va="bottom" if side > 0 else "top", fontsize=8)  # fmt: skip
        ax.annotate(some[0]["bottleneck"], (9.75, y), color=BLACK, va="center", fontsize=8.5, weight="bold")
    ax.annotate("bottleneck", (9.75, -0.72), color=GREY, va="center", fontsize=8)
    ax.annotate("hollow: no dated document confirms the year", (0, -0.72), color=GREY, va="center", fontsize=8)
    ax.set_yticks(range(len(decades)), [f"{decade}s\n{pattern_of(table, decade)}" for decade in decades])
    ax.set_xticks(range(10))
    ax.set_xlabel("year of the decade")
    ax.set_xlim(-0.3, 12)
    ax.set_ylim(len(decades) - 0.45, -0.95)
    ax.grid(visible=False)
    for spine in ("left", "bottom"):
        ax.spines[spine].set_visible(False)
    ax.tick_params(length=0)
    return ax


def pattern_of(table: Table, decade: int) -> str:
    """What the hardware of a decade was for."""
    return next(r["pattern"] for r in rows(table) if r["decade"] == decade)


def milestones_in_words(table: Table) -> str:
    """Every era with its bottleneck and its milestones."""
    said = []
    for decade in dict.fromkeys(table["decade"]):
        some = [r for r in rows(table) if r["decade"] == decade]
        names = ", ".join(f"{r['name']} ({r['year']})" for r in some)
        said.append(f"{decade}s, {some[0]['bottleneck']}: {names}")
    return "; ".join(said) + "."


def parts() -> Table:
    """The boxes of an accelerator: name, what they stand in, the corner and size of each on a page of 100 x 60."""
    return as_table(PART_UNITS, list(boxes()))


def boxes() -> Iterator[tuple]:
    """Each box, the outer ones first."""
    yield "host", "", 1, 33, 19, 24
    yield "host CPU", "host", 3, 45, 15, 7
    yield "host DRAM", "host", 3, 35.5, 15, 7
    yield "AI accelerator chip", "", 30, 13, 68, 44
    yield "host interface", "AI accelerator chip", 31.5, 33.5, 10.5, 14
    for k in range(8):
        yield f"PE {k + 1}", "PE grid", 45 + 6 * (k % 4), 44 - 7 * (k // 4), 5, 6
    yield "L2 cache, shared", "AI accelerator chip", 45, 26, 23, 6.5
    yield "memory interface", "AI accelerator chip", 45, 15, 23, 6.5
    yield "HBM", "", 45, 1, 23, 6.5
    yield "one PE", "AI accelerator chip", 72, 15, 24.5, 37.5
    for k, unit in enumerate(("tensor core", "vector unit", "SFU", "scratchpad, L1")):
        yield unit, "one PE", 73.5, 40.5 - 8 * k, 21.5, 6.5


def draw_parts(ax: Axes, table: Table) -> Axes:
    """Nested boxes, arrows where data pass, two hairlines from one PE of the grid to its enlargement."""
    at = {r["part"]: r for r in rows(table)}
    for name, r in at.items():
        outer = name in OUTER
        ax.add_patch(Rectangle((r["x"], r["y"]), r["w"], r["h"], **FRAME if outer else BOX))
        size = 7.5 if name.startswith("PE ") else 8
        y = r["y"] + r["h"] - 0.7 if outer else r["y"] + r["h"] / 2
        here = {"ha": "center", "va": "top" if outer else "center", "color": BLACK, "fontsize": size}
        words, weight = WRAPPED.get(name, name), "bold" if outer else "normal"
        ax.annotate(words, (r["x"] + r["w"] / 2, y), weight=weight, **here)
    ax.annotate("...", (70.3, 43.5), ha="center", va="center", fontsize=11, color=BLACK)
    arrow = {"arrowstyle": "<|-|>", "mutation_scale": 8, "color": BLACK, "linewidth": 1.2, "shrinkA": 1, "shrinkB": 1}
    for start, end in ARROWS:
        ax.add_patch(FancyArrowPatch(start, end, **arrow))
    ax.annotate("PCIe or\nNVLink", (25, 46.5), ha="center", va="center", fontsize=7.5, color=GREY)
    pe, zoom = at["PE 4"], at["one PE"]
    for corner in (0, 1):
        ax.plot([pe["x"] + pe["w"], zoom["x"]], [pe["y"] + corner * pe["h"], zoom["y"] + corner * zoom["h"]],
                color=GREY, linewidth=0.8, linestyle="--")  # fmt: skip
    ax.set_xlim(0, 99)
    ax.set_ylim(0, 58)
    ax.set_axis_off()
    return ax


def parts_in_words(table: Table) -> str:
    """What stands in what."""
    inside: dict[str, list[str]] = {}
    for r in rows(table):
        if r["inside"] and r["inside"] != "PE grid":
            inside.setdefault(r["inside"], []).append(r["part"])
    grid = sum(r["inside"] == "PE grid" for r in rows(table))
    return "; ".join(f"{whole}: {', '.join(some)}" for whole, some in inside.items()) + f"; {grid} PEs drawn of many."


OUTER = ("host", "AI accelerator chip", "one PE")
WRAPPED = {"host interface": "host\ninter-\nface"}
ARROWS = (
    ((20.3, 40.5), (31.3, 40.5)), ((42.3, 40.5), (44.8, 40.5)), ((56.5, 37), (56.5, 32.5)),
    ((56.5, 26), (56.5, 21.5)), ((56.5, 15), (56.5, 7.5)),
)  # fmt: skip
ERA_UNITS = {"decade": "", "pattern": "", "bottleneck": "", "name": "", "year": "", "year_confirmed": ""}
PART_UNITS = {"part": "", "inside": "", "x": "", "y": "", "w": "", "h": ""}

register(Figure(
    id="specialization-timeline",
    item="Figure 2",
    title="Five eras of special hardware",
    caption="A row a decade; each marker is a chip, a unit or a standard at the year in which it came. The shape is "
    f"the bottleneck that the era attacked: {', '.join(distinct('bottleneck'))}. A hollow marker has a year that no "
    "dated document confirms here. The chapter's chart lists the eras without places in time and names products by "
    "kind; here each stands at its year, and kinds without a product (streaming hardware, frameworks) are left out. "
    f"Sources: {named_sources(one.year for era in ERAS for one in era.milestones if one.year.confirmed)}.",
    alt="Timeline in five rows, one for each decade from the 1980s to the 2020s. Each row carries two or three markers "
    "at years of the decade with names of chips: coprocessors first, then GPUs and SIMD, network and video hardware, "
    "tensor hardware, and last a smart network card and a wafer-sized chip. At the right the bottleneck of each row.",
    units=ERA_UNITS, data=milestones, draw=draw_milestones, says=milestones_in_words, lab="02_specialization",
    size=(7.2, 4.4),
))  # fmt: skip

register(Figure(
    id="accelerator-anatomy",
    item="Figure 5",
    title="Anatomy of an accelerator",
    caption="Commands and inputs come from the host over a link; data go from stacked memory (HBM) through a cache "
    "that all share to a grid of processing elements (PEs), and back. One PE is drawn large: a matrix unit, a vector "
    "unit, a unit for special functions (SFU), and the small memory that feeds them. The chapter's drawing in fewer "
    f"words: eight PEs stand for the {SM_A100.count.value:.0f} of an A100. Sizes of boxes mean nothing.",
    alt="Block diagram. At the left a host with CPU and DRAM; an arrow leads to a chip with a host interface, two rows "
    "of four small PE boxes, a shared L2 cache below them and a memory interface below that, which leads to HBM "
    "outside the chip. Dashed lines enlarge one PE: a tensor core, a vector unit, an SFU and a scratchpad.",
    units=PART_UNITS, data=parts, draw=draw_parts, says=parts_in_words, lab="02_specialization", size=(6.4, 3.8),
))  # fmt: skip
