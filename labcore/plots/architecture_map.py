"""Kinds of accelerators on one map: what they compute against what feeds it, and the chips that hold one model."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.architectures import chips_to_hold, decode, tiers_for
from labcore.catalogue.architectures import ALL, Architecture
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREEN, GREY, PLATE, VERMILLION, log_axes
from labcore.plots.words import as_table, rows
from labcore.units import counted, format_si

LAB = "21_architecture_map"
MODEL, CONTEXT = "llama3-70b", 2048  # the context does not change what weights take
RIDGES = (1, 10, 100, 1000)
SURE = ("published", "derived")  # kinds of facts that can be checked on a data sheet
TIERS = {  # families of memories, nearest first
    "SRAM": ("o", BLUE, ("SRAM", "shared memory", "L2")),
    "HBM": ("s", VERMILLION, ("HBM",)),
    "GDDR, DDR, LPDDR": ("^", GREEN, ("GDDR6", "DDR", "LPDDR", "MemoryX")),
}
MAP_UNITS = {"chip": "", "home": "", "BW": "B/s", "R_peak": "FLOP/s", "I_ridge": "FLOP/B", "chips": "", "sure": ""}
LIVE_UNITS = {"chip": "", "tier": "", "home": "", "capacity": "B", "chips": ""}


def family(tier: str) -> str:
    """The family of a tier of memory.

    >>> family("L2"), family("GDDR6")
    ('SRAM', 'GDDR, DDR, LPDDR')
    """
    return next(name for name, (*_, members) in TIERS.items() if tier in members)


def is_sure(one: Architecture) -> bool:
    """Whether peak and home bandwidth both stand on a sheet that was read, neither claimed nor estimated."""
    facts = one.peaks[one.sixteen_bit], one.tier(one.home).bandwidth
    return all(fact.kind in SURE and fact.confirmed for fact in facts)


def chart(model: str = MODEL) -> Table:
    """Each architecture: bandwidth of its home tier, dense 16-bit peak, and chips that hold a model's weights."""
    held = decode(model, CONTEXT).held
    return as_table(MAP_UNITS, [
        (one.name, one.home, one.BW(one.home), one.peak(one.sixteen_bit), one.ridge(one.home, one.sixteen_bit),
         chips_to_hold(one, held), "yes" if is_sure(one) else "no")
        for one in ALL
    ])  # fmt: skip


def draw_chart(ax: Axes, table: Table) -> Axes:
    """Points on log axes by family of memory, hollow where a maker only claims, with diagonals of equal ridge."""
    log_axes(ax)
    ax.set_xlim(3e10, 1e17)
    ax.set_ylim(5e12, 1e17)
    for I in RIDGES:
        ax.plot([1e10, 1e17], [I * 1e10, I * 1e17], color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        x = LABELLED / I
        ax.text(0.8 * x, I * x, f"{I:,} FLOP/B", color=GREY, fontsize=8, rotation=RISE, rotation_mode="anchor")
    for name, (marker, colour, _) in TIERS.items():
        here = [r for r in rows(table) if family(r["home"]) == name]
        ax.plot([], [], marker, color=colour, label=name)
        for r in here:
            face = colour if r["sure"] == "yes" else "white"
            ax.plot(r["BW"], r["R_peak"], marker, color=colour, markerfacecolor=face, markeredgewidth=1.4, zorder=3)
    ax.xaxis.set_major_formatter(lambda value, _: format_si(value, "B/s", 3))
    ax.yaxis.set_major_formatter(lambda value, _: format_si(value, "FLOP/s", 3))
    ax.set_xlabel("bandwidth of the memory where weights live")
    ax.set_ylabel("dense peak, 16 bits")
    ax.plot(
        [],
        [],
        "o",
        color=GREY,
        markerfacecolor="white",
        markeredgewidth=1.4,
        label="hollow: claimed or estimated",
    )
    ax.legend(loc="upper left", fontsize=8, title="weights live in", title_fontsize=8, alignment="left")
    labels = [(r["BW"], r["R_peak"], f"{r['chip']}: {r['chips']}") for r in rows(table)]
    place_labels(ax, labels, order=("E", "SE", "S right", "S", "N", "NE", "W", "NW", "SW"), fontsize=8)
    return ax


def chart_in_words(table: Table) -> str:
    """The two ends of the map by ridge, and who needs most chips."""
    order = sorted(rows(table), key=lambda r: r["I_ridge"])
    most = max(rows(table), key=lambda r: r["chips"])
    ends = " to ".join(f"{r['I_ridge']:.3g} FLOP/B ({r['chip']})" for r in (order[0], order[-1]))
    return (
        f"Ridge points of the memory where weights live go from {ends}. "
        f"The model takes {counted(min(table['chips']), 'chip')} at least and {most['chips']} of {most['chip']}."
    )


def where(model: str = MODEL) -> Table:
    """Chips that hold a model's weights in fp16, for every tier of every architecture."""
    held = decode(model, CONTEXT).held
    return as_table(LIVE_UNITS, [
        (one.name, tier, "yes" if tier == one.home else "no", one.tier(tier).capacity.value, chips)
        for one in sorted(ALL, key=lambda one: chips_to_hold(one, held))
        for tier, chips in tiers_for(one, held).items()
    ])  # fmt: skip


def draw_where(ax: Axes, table: Table) -> Axes:
    """A row for each architecture, a mark for each of its tiers, filled where its maker means the weights to live."""
    log_axes(ax, "x")
    names = list(dict.fromkeys(table["chip"]))
    for name, (marker, colour, _) in TIERS.items():
        ax.plot([], [], marker, color=colour, label=name)
        for r in rows(table):
            if family(r["tier"]) == name:
                y, face = names.index(r["chip"]), colour if r["home"] == "yes" else "white"
                ax.plot(r["chips"], y, marker, color=colour, markerfacecolor=face, markeredgewidth=1.4, zorder=3)
                side, words = SIDES.get(r["tier"], (1, "{:,}"))
                how = {"ha": "left" if side > 0 else "right", "va": "center", "fontsize": 8, "bbox": PLATE}
                ax.annotate(words.format(r["chips"]), (r["chips"], y), (side * 6, 0), textcoords="offset points", **how)
    for y in range(len(names)):
        its = [r["chips"] for r in rows(table) if r["chip"] == names[y]]
        ax.plot([min(its), max(its)], [y, y], color=GREY, linewidth=0.8, zorder=1)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0.8, 40_000)
    ax.set_xticks([10**k for k in range(5)], [f"{10**k:,}" for k in range(5)])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("chips that hold the weights (filled: where they are meant to live; hollow: nearer or farther)")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, fontsize=8)
    return ax


def where_in_words(table: Table) -> str:
    """Fewest and most chips among home tiers, and what a GPU would take in its own SRAM."""
    home = [r for r in rows(table) if r["home"] == "yes"]
    few, many = (one(home, key=lambda r: r["chips"]) for one in (min, max))
    told = [
        f"{r['chips']:,} of H100 in its {r['tier']}" for r in rows(table) if r["chip"] == "H100" and r["home"] == "no"
    ]
    beside = f" If they were to live nearer: {' or '.join(told)}." if told else ""
    return (
        f"Weights at home take {counted(few['chips'], 'chip')} ({few['chip']}) to {many['chips']:,} "
        f"({many['chip']}).{beside}"
    )


RISE, LABELLED = 51.0, 2e16  # degrees of a diagonal, by the shape of the box; FLOP/s where its label begins
SIDES = {"L2": (-1, "L2: {:,}"), "shared memory": (1, "{:,}: shared memory")}

register(Figure(
    id="architecture-map", item="Essay 002 §Memory wall", title="Accelerators by compute and by what feeds it",
    caption="Along a dashed line the ridge point is the same: work of fewer FLOP for each byte waits for memory. GPUs, "
    "TPU and Trainium lie between 100 and 1,000; IPU and LPU, with weights in SRAM, lie up to two decades farther "
    "right at the same peak, below 10, and the wafers below 1. The number behind a name is the chips whose memory at "
    "that place holds the weights of Llama 3 70B in 16 bits, 141 GB: what the bandwidth is paid with. Peaks "
    "are dense and makers' own; the wafers' are our estimate from cores, lanes and clock, since what is printed is a "
    "rate with sparsity.",
    alt="Scatter plot on log axes, peak over bandwidth, with four diagonals. Ten chips with HBM, GDDR or LPDDR lie at "
    "the left between the diagonals of 100 and 1,000 FLOP per byte, three SRAM chips in the middle between 1 and 10, "
    "two wafers at the top right below 1.",
    units=MAP_UNITS, data=chart, draw=draw_chart, says=chart_in_words, lab=LAB, size=(6.8, 4.8),
))  # fmt: skip
register(Figure(
    id="where-weights-live", item="Essay 002 §Memory wall", title="Chips that hold Llama 3 70B, by memory",
    caption="Weights in 16 bits, 141 GB; cache and activations need room of their own. The nearer the memory, the more "
    "chips: a GPU that were to keep them in its own shared memory or L2 would need thousands. Between SRAM and HBM "
    "of one chip lie about two decades of chips or more, and each boundary between chips is a link that "
    "every token crosses. A hollow triangle is DRAM farther away: of an IPU's machine, or the store that streams "
    "weights to wafers.",
    alt="Dot chart with a row for each of 15 accelerators and chips on a log axis. Filled marks of HBM chips lie at 1 "
    "to 3, of GDDR and LPDDR at 5 to 18, of SRAM chips at 4 for wafers and 150 to 614 else; hollow marks for nearer "
    "memories of GPUs lie in the thousands, hollow triangles for DRAM farther away at 1 to 3.",
    units=LIVE_UNITS, data=where, draw=draw_where, says=where_in_words, lab=LAB, size=(6.4, 4.6),
))  # fmt: skip
