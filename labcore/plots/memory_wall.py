"""The memory wall over the years: what chips compute and move, and the models that grew beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from labcore.catalogue import memory
from labcore.catalogue.facts import Fact
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip
from labcore.plots.style import BLUE, GREY, VERMILLION
from labcore.plots.words import as_table, columns, named_sources, rows
from labcore.units import format_si

# What the chapter's Figure 10 draws and calls illustrative: a year, FLOP/s, B/s.
ILLUSTRATIVE = ((2000, 1e3, 1e9), (2005, 1e5, 1e10), (2010, 1e7, 5e10), (2015, 1e9, 1e11), (2020, 1e12, 5e11),
                (2025, 1e15, 1e12))  # fmt: skip
CHIPS_10 = ("K20X", "K80", "M40", "P100", "V100", "A100", "H100", "H200", "B200")
CHIPS_12 = ("K20X", "K80", "TPU v2", "V100", "A100", "TPU v4", "H100", "MI300X", "TPU v6e", "MI325X", "B200")
DIVERGENCE_UNITS = {"series": "", "quantity": "", "year": "", "value": "FLOP/s or B/s"}
MODELS_UNITS = {"series": "", "name": "", "year": "", "value": "parameters or B/s"}
ILL, REAL = "illustrative", "catalogue"
QUANTITIES = ("peak", "bandwidth")
MARKS = {"fp32": ("s", "white"), "fp16": ("o", BLUE)}


def best(chip: str) -> tuple[str, float]:
    """The half-precision peak of a chip, or its fp32 peak where it has no other."""
    one = as_chip(chip)
    precision = "fp16" if "fp16" in one.precisions else "fp32"
    return precision, one.peak(precision)


def divergence() -> Table:
    """The illustrative curves, and peak and bandwidth of one GPU of each generation."""
    drawn = [
        (ILL, name, year, value) for year, *both in ILLUSTRATIVE for name, value in zip(QUANTITIES, both, strict=True)
    ]
    for chip in CHIPS_10:
        one, (precision, peak) = as_chip(chip), best(chip)
        drawn.append((f"{REAL}: {one.name}, {precision}", "peak", int(one.year.value), peak))
        drawn.append((f"{REAL}: {one.name}", "bandwidth", int(one.year.value), one.BW))
    return as_table(DIVERGENCE_UNITS, drawn)


def halves(ax: Axes) -> tuple[Axes, Axes]:
    """The place of one plot as two plots side by side."""
    cells = ax.get_subplotspec().subgridspec(1, 2, wspace=0.08)
    ax.set_subplotspec(cells[0])
    return ax, ax.figure.add_subplot(cells[1])


def draw_divergence(ax: Axes, table: Table) -> Axes:
    """Left the peaks, right the bandwidths, each beside the curve that the chapter draws."""
    for one, quantity, unit in zip(halves(ax), QUANTITIES, ("FLOP/s", "B/s"), strict=True):
        here = [r for r in rows(table) if r["quantity"] == quantity]
        curve = [r for r in here if r["series"] == ILL]
        one.plot(*columns(curve, "year", "value"), color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        one.set_yscale("log")
        for r in here:
            if r["series"] != ILL:
                marker, face = MARKS["fp32" if "fp32" in r["series"] else "fp16"]
                one.plot(r["year"], r["value"], marker, color=BLUE, markerfacecolor=face, markeredgewidth=1.5)
        decades_of(one, 1e3 if quantity == "peak" else 1e9, 1e16 if quantity == "peak" else 3e13)
        in_words(one, quantity, unit)
        years(one, 2000, 2025)
        place_labels(one, [(*middle(curve), "illustrative,\nnot measured")], order=("SE", "NW", "S"), color=GREY)
    chips = [r for r in rows(table) if r["series"].startswith(REAL) and r["quantity"] == "peak"]
    named = [(r["year"], r["value"], r["series"].split(": ")[1]) for r in (chips[0], chips[4])]
    place_labels(ax, named, order=("NW", "N", "W"))
    return ax


def in_words(ax: Axes, quantity: str, unit: str) -> None:
    """Ticks with prefixes, since twelve decades leave any one unit."""
    ax.yaxis.set_major_formatter(lambda value, _: format_si(value, unit, 3))
    ax.set_ylabel(quantity)


def middle(curve: Sequence[dict]) -> tuple[float, float]:
    """The point at the half of a curve."""
    return curve[len(curve) // 2]["year"], curve[len(curve) // 2]["value"]


def decades_of(ax: Axes, low: float, high: float) -> None:
    """A log axis from low to high with a tick every third decade, or every one of few."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    ax.set_ylim(low / 2, high)
    ax.set_yticks([10.0**k for k in range(first, last + 1, 3 if last - first > 5 else 1)])
    ax.minorticks_off()


def years(ax: Axes, first: int, last: int) -> None:
    """Whole years, one in five or in four."""
    ax.set_xlim(first - 1, last + 1.5)
    ax.set_xticks(range(first, last + 1, 5 if last - first > 15 else 4))
    ax.set_xlabel("year")


def divergence_in_words(table: Table) -> str:
    """How far the illustration is from the oldest chip, and what grew how much since the V100."""
    peaks = {r["series"]: r for r in rows(table) if r["quantity"] == "peak"}
    K20X, V100, B200 = (next(r for name, r in peaks.items() if chip in name) for chip in ("K20X", "V100", "B200"))
    drawn = {r["year"]: r["value"] for r in rows(table) if r["series"] == ILL and r["quantity"] == "peak"}
    line = drawn[2010] * (drawn[2015] / drawn[2010]) ** ((K20X["year"] - 2010) / 5)
    bands = {r["series"]: r["value"] for r in rows(table) if r["quantity"] == "bandwidth"}
    wider = bands[f"{REAL}: B200"] / bands[f"{REAL}: V100"]
    return (
        f"In {K20X['year']} the illustrative curve stands at {format_si(line, 'FLOP/s', 2)}, the K20X at "
        f"{format_si(K20X['value'], 'FLOP/s', 3)}, {K20X['value'] / line:,.0f} times as much; from the V100 to the "
        f"B200 the fp16 peak grew {B200['value'] / V100['value']:.0f}x and the bandwidth {wider:.1f}x."
    )


def models_and_memories() -> Table:
    """Parameters of published models, and bandwidths of single devices."""
    drawn = [("model", name, fact.source.year, fact.value) for name, fact in memory.PARAMETERS.items()]
    drawn += [("device", as_chip(c).name, int(as_chip(c).year.value), as_chip(c).BW) for c in CHIPS_12]
    return as_table(MODELS_UNITS, drawn)


def draw_models(ax: Axes, table: Table) -> Axes:
    """Left parameters, right bandwidths; both axes span as many decades, so slopes compare."""
    looks = (("model", "parameters", "", "^", VERMILLION), ("device", "bandwidth of one device", "B/s", "o", BLUE))
    for one, (series, label, unit, marker, colour), low in zip(halves(ax), looks, (1e7, 1e11), strict=True):
        here = [r for r in rows(table) if r["series"] == series]
        one.plot(*columns(here, "year", "value"), marker, color=colour, markersize=6.5)
        one.set_yscale("log")
        one.set_ylim(low, low * 1e6)
        one.set_yticks([low * 10.0**k for k in range(7)])
        in_words(one, label, unit)
        one.minorticks_off()
        years(one, 2012, 2025)
        one.set_xlim(2009.5, 2027)
        few = ("AlexNet", "BERT-Large", "GPT-3", "DeepSeek-V3", "K20X", "K80", "V100", "H100", "B200")
        named = [(r["year"], r["value"], r["name"]) for r in here if r["name"] in few]
        place_labels(one, named, order=("N", "NW", "S", "SE", "E"), fontsize=8)
    return ax


def models_in_words(table: Table) -> str:
    """Growth of both since 2012, and the time to read the largest model of each end once."""
    at = {r["name"]: r["value"] for r in rows(table)}
    grown = {name: at[last] / at[first] for name, first, last in (("P", "AlexNet", "Llama 3.1"), ("B", "K20X", "B200"))}
    then, now = (2 * at[model] / at[device] for model, device in (("AlexNet", "K20X"), ("Llama 3.1", "B200")))
    return (
        f"From 2012 to 2024 parameters grew {grown['P']:,.0f}x (AlexNet to Llama 3.1), the bandwidth of a device "
        f"{grown['B']:.0f}x (K20X to B200); reading the fp16 weights once took {format_si(then, 's', 3)}, and takes "
        f"{format_si(now, 's', 3)}."
    )


def sheets(*chips: str) -> str:
    """The sources of the chips' bandwidths."""
    facts: list[Fact] = [as_chip(c).bandwidth for c in chips]
    return named_sources(facts)


register(Figure(
    id="compute-bandwidth-divergence", item="Figure 10", title="Peak compute and memory bandwidth over the years",
    caption="Left peak throughput, right memory bandwidth, each on its own axis. The dashed curves are the chapter's "
    "Figure 10, which calls them illustrative; the marks are GPUs of the catalogue: filled at half precision, hollow "
    "at fp32, all dense. The chapter draws both quantities, FLOP/s and GB/s, on one axis, where their distance means "
    "nothing. Its compute curve lies four to five orders of magnitude below real chips until 2015, and near them only "
    "at its end; so its slope is far too steep. What holds: peaks grew more than bandwidth, though not every year. "
    f"Sources: {sheets('K20X', 'K80', 'M40', 'P100', 'V100', 'A100', 'H100', 'H200', 'B200')}.",
    alt="Two plots over the years 2000 to 2025. Left, a dashed illustrative curve of compute climbs twelve decades and "
    "meets the marks of real GPUs only at its end; the marks climb three decades. Right, a dashed curve of bandwidth "
    "and marks that climb one and a half decades.",
    units=DIVERGENCE_UNITS, data=divergence, draw=draw_divergence, says=divergence_in_words, lab="08_memory_systems",
    size=(6.8, 3.4),
))  # fmt: skip
register(Figure(
    id="model-size-vs-bandwidth", item="Figure 12", title="Published models and the memories of their time",
    caption="Left parameters of published models, right bandwidth of one device, both over six decades, so that slopes "
    "compare. The chapter puts both on one axis without units, fits a line through each and shades what lies between; "
    "a crossing of parameters and GB/s means nothing, and its fit through eight models rests on two kinds of them. Its "
    "K80 stands at 480 GB/s, which is a board of two GPUs that share nothing: a device has 240. DeepSeek-V3 and Llama "
    "4 Maverick are mixtures, of which a token reads a part. "
    f"Sources: {named_sources(memory.PARAMETERS.values())}; {sheets(*CHIPS_12)}.",
    alt="Two scatter plots over the years 2012 to 2025 with six decades each. Parameters climb from 60 million to "
    "671 billion, four decades, with most of it between 2018 and 2020; bandwidth climbs one and a half decades, from "
    "250 GB/s to 7.7 TB/s.",
    units=MODELS_UNITS, data=models_and_memories, draw=draw_models, says=models_in_words, lab="08_memory_systems",
    size=(6.8, 3.4),
))  # fmt: skip
