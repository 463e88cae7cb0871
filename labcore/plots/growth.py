"""Demand and supply over the years, and the two S-curves: illustrative lines, with what was measured beside them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue import chip
from labcore.catalogue.demand import DENNARD_ENDS, TRAINING
from labcore.catalogue.facts import Fact
from labcore.plots.labels import end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, look
from labcore.plots.words import as_table, columns, named_sources, rows, three
from labcore.scaling import annual_factor, logistic, overtaking, take_off, widening
from labcore.units import Ratio

START, END = 2012, 2024.5
RATES = {"model demand": 4.6e8 ** (1 / 11), "GPU": 250 ** (1 / 10), "CPU": 19 ** (1 / 10)}  # as the figure draws them
GPUS = (("K20X", "fp32"), ("P100", "fp16"), ("V100", "fp16"), ("A100", "fp16"), ("H100", "fp16"), ("B200", "fp16"))
DENNARD = "Dennard scaling ends"
OLD, NEW = (100, 0.25, 2000), (10_000, 0.35, 2022)  # limit, steepness, midpoint of the drawn curves


def gap(rates: dict[str, Ratio] = RATES) -> Table:
    """Illustrative lines from 1 in 2012, and beside them training compute over AlexNet's and peaks over the K20X's."""
    years = np.arange(START, END + 0.25, 0.5)
    drawn = [
        ("line", name, float(year), rate ** (float(year) - START)) for name, rate in rates.items() for year in years
    ]
    first = TRAINING["AlexNet"][1].value
    drawn += [("training compute", name, year.value, flop.value / first) for name, (year, flop) in TRAINING.items()]
    base = chip("K20X").peak("fp32")
    drawn += [("GPU peak", f"{name} {fmt}", chip(name).year.value, chip(name).peak(fmt) / base) for name, fmt in GPUS]
    return as_table(GAP_UNITS, drawn)


def draw_gap(ax: Axes, table: Table) -> Axes:
    """Three lines, a hatched gap between the two upper ones, and the points that were published or estimated."""
    lines = {
        name: series(table, "line", name)
        for name in dict.fromkeys(r["name"] for r in rows(table) if r["series"] == "line")
    }
    for k, (years, values) in enumerate(lines.values()):
        ax.plot(years, values, **look(k) | {"marker": ""})
    ax.fill_between(lines["GPU"][0], lines["GPU"][1], lines["model demand"][1], facecolor="#F0F0F0", linewidth=0)
    ax.annotate("systems gap", (2018.2, 3e3), color=BLACK, weight="bold", ha="center")
    for kind, colour, marker, size in (("GPU peak", VERMILLION, "s", 6), ("training compute", BLUE, "^", 8)):
        ax.plot(*series(table, kind), color=colour, marker=marker, markersize=size, linestyle="None", zorder=3,
                markeredgecolor="white", markeredgewidth=0.6)  # fmt: skip
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(power_of_ten)
    ax.set_xlabel("year")
    ax.set_ylabel("relative to 2012 (1 = AlexNet, K20X)")
    ax.set_xlim(START - 0.3, END + 0.2)
    ax.set_ylim(0.4, 1e10)
    words = "Lines: illustrative.\nTriangles: training compute.\nSquares: dense peaks of GPUs."
    ax.annotate(words, (0.02, 0.98), xycoords="axes fraction", va="top", color=BLACK)
    end_labels(
        ax, [(values[-1], f"{name}\n{annual_factor(values[2], 1):.2f}x a year") for name, (_, values) in lines.items()]
    )
    named = [r for r in rows(table) if r["series"] == "training compute" or r["name"].startswith(("K20X", "B200"))]
    labels = [(r["year"], r["value"], r["name"]) for r in named if r["name"] != "AlexNet"]
    place_labels(ax, labels, order=("S", "SE", "N", "NW", "E"), fontsize=8)
    return ax


def power_of_ten(value: float, _: object) -> str:
    """A tick of a log axis.

    >>> power_of_ten(1e8, None), power_of_ten(0.1, None)
    ('10⁸', '10⁻¹')
    """
    return "10" + str(round(np.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def series(table: Table, kind: str, name: str | None = None) -> list[list[float]]:
    """Years and values of one series."""
    return columns([r for r in rows(table) if r["series"] == kind and name in (None, r["name"])], "year", "value")


def gap_in_words(table: Table) -> str:
    """The growth of every line, and where the points stand against it."""
    lines = {r["name"]: r["value"] for r in rows(table) if r["series"] == "line" and r["year"] == START + 1}
    said = [f"Illustrative lines: {', '.join(f'{name} {rate:.2f}x a year' for name, rate in lines.items())}"]
    said.append(f"gap {widening(lines['model demand'], lines['GPU']):.2f}x a year")
    for kind in ("training compute", "GPU peak"):
        years, values = series(table, kind)
        growth = annual_factor(values[-1] / values[0], years[-1] - years[0])
        said.append(f"{kind} {years[0]:.0f} to {years[-1]:.0f}: {values[-1]:,.0f}x, {growth:.2f}x a year")
    return "; ".join(said) + "."


def curves(old: tuple[float, float, float] = OLD, new: tuple[float, float, float] = NEW) -> Table:
    """Two S-curves from 1980 to 2030, and the years at which something happens to them."""
    years = np.arange(1980, 2031)
    drawn = [("CPU", "curve", int(year), logistic(int(year), *old)) for year in years]
    drawn += [("accelerator", "curve", int(year), logistic(int(year), *new)) for year in years]
    crossing, saturates = overtaking(old, new, 1980, 2030), take_off(*old[1:])[1]
    drawn.append((DENNARD, "event", int(DENNARD_ENDS.value), logistic(DENNARD_ENDS.value, *old)))
    drawn.append(("CPUs leave their take-off", "event", saturates, logistic(saturates, *old)))
    drawn.append(("accelerators pass", "event", crossing, logistic(crossing, *old)))
    return as_table(CURVE_UNITS, drawn)


def draw_curves(ax: Axes, table: Table) -> Axes:
    """Two curves on a log axis, named at their ends, and three events on them."""
    for k, name in enumerate(("CPU", "accelerator")):
        points = columns([r for r in rows(table) if r["series"] == name], "year", "value")
        ax.plot(*points, **look(k) | {"marker": ""})
    events = [r for r in rows(table) if r["kind"] == "event"]
    on_the_curve = [r for r in events if r["series"] != DENNARD]
    ax.plot(*columns(on_the_curve, "year", "value"), color=BLACK, marker="D", markersize=5, linestyle="None", zorder=3)
    ax.set_yscale("log")
    ax.minorticks_off()
    ax.yaxis.set_major_formatter(power_of_ten)
    ax.set_xlabel("year")
    ax.set_ylabel("performance, relative")
    ax.set_xlim(1980, 2030)
    ax.set_ylim(0.05, 3e4)
    ax.annotate("Illustrative: no machine was measured.", (0.02, 0.97), xycoords="axes fraction", va="top", color=BLACK)
    ends = {r["series"]: r["value"] for r in rows(table) if r["kind"] == "curve"}
    end_labels(ax, [(ends["CPU"], "general-purpose\nCPUs"), (ends["accelerator"], "accelerators")])
    hairline = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6}
    for place, r in zip(((1983, 600), (2010.5, 20)), on_the_curve, strict=True):
        ax.annotate(f"{r['series']}, {r['year']:.0f}", (r["year"], r["value"]), place, va="center", fontsize=8,
                    color=BLACK, arrowprops=hairline)  # fmt: skip
    (end,) = (r for r in events if r["series"] == DENNARD)
    ax.axvline(end["year"], ymax=0.85, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    ax.annotate(f"{DENNARD} {dated(end)}", (end["year"], 0.12), (5, 0), textcoords="offset points", va="center",
                fontsize=8, color=BLACK)  # fmt: skip
    return ax


def dated(event: dict[str, object]) -> str:
    """When an event is: the end of Dennard scaling is an estimate, the others are computed from the curves."""
    return f"about {event['year']:.0f}" if event["series"] == DENNARD else f"in {event['year']:.1f}"


def curves_in_words(table: Table) -> str:
    """The events, and the ratio of the two curves at the end."""
    events = ", ".join(f"{r['series']} {dated(r)}" for r in rows(table) if r["kind"] == "event")
    ends = {r["series"]: r["value"] for r in rows(table) if r["kind"] == "curve" and r["year"] == 2029}
    return f"Illustrative curves: {events}; ratio in 2029: {three(ends['accelerator'] / ends['CPU'])}."


def facts() -> list[Fact]:
    """What the points of the gap rest on."""
    return [flop for _, flop in TRAINING.values()] + [chip(name).peaks[fmt] for name, fmt in GPUS]


GAP_UNITS = {"series": "", "name": "", "year": "year", "value": "ratio"}
CURVE_UNITS = {"series": "", "kind": "", "year": "year", "value": "ratio"}
REAL = {name: flop.value / TRAINING["AlexNet"][1].value for name, (_, flop) in TRAINING.items()}
DRAWN = {name: RATES["model demand"] ** (year.value - START) for name, (year, _) in TRAINING.items()}

register(Figure(
    id="systems-gap",
    item="Figure 3",
    title="The systems gap: demand and supply since 2012",
    caption="The lines are the chapter's: straight by construction, and illustrative. The points are not: training "
    "compute of four models over AlexNet's, and dense peaks of GPUs (FP32, then FP16) over the K20X's. The chapter "
    "puts the models on its demand line. With published numbers and estimates they lie below it: the Transformer at "
    f"{REAL['Transformer (big)']:.0f} and not {DRAWN['Transformer (big)']:,.0f}, GPT-3 at {REAL['GPT-3']:,.0f} and not "
    f"{DRAWN['GPT-3']:,.0f}, GPT-4 at {REAL['GPT-4']:.1e} (an estimate) and not {DRAWN['GPT-4']:.1e}. GPUs keep near "
    f"their line, but their first step changes from FP32 to FP16. Sources: {named_sources(facts())}.",
    alt="Log chart from 2012 to 2024. Three straight lines start at 1: model demand rises to several billions, GPUs to "
    "about a thousand, CPUs to about forty; the area between the upper two is tinted. Triangles for models lie below "
    "the demand line, most of all the Transformer of 2017; squares for six GPUs lie near the middle line.",
    units=GAP_UNITS, data=gap, draw=draw_gap, says=gap_in_words, lab="02_specialization", size=(6.8, 4.4),
))  # fmt: skip

register(Figure(
    id="twin-s-curves",
    item="Figure 4",
    title="Twin S-curves of general-purpose and special hardware",
    caption="Two logistic curves with the chapter's parameters, illustrative. On a log axis a curve in its take-off "
    f"is a straight rise. The curve of CPUs leaves its take-off in {take_off(*OLD[1:])[1]:.0f}; accelerators pass it "
    f"in {overtaking(OLD, NEW, 1980, 2030):.0f}, before the shift that the chapter's drawing sets at 2012. That "
    "drawing puts its label for the end of Dennard scaling at 2021; the chapter's text and the literature say about "
    f"{DENNARD_ENDS.value:.0f}, where the dashed vertical stands: an estimate, which no source that was read dates to "
    "the year.",
    alt="Log chart from 1980 to 2030 with two curves. The solid CPU curve rises until about 2005 and bends flat at "
    "100. The dashed accelerator curve starts far below, rises in a straight line, crosses the other near 2009 and "
    "bends towards ten thousand after 2025. A dashed vertical marks the end of Dennard scaling about 2005; diamonds "
    "mark the bend and the crossing.",
    units=CURVE_UNITS, data=curves, draw=draw_curves, says=curves_in_words, lab="02_specialization", size=(6.8, 4.0),
))  # fmt: skip
