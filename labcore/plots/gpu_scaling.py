"""Ten years of advertised GPU peaks: what the labels print, where the points stand, and one format all the way."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.catalogue import chip
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, PURPLE, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, columns, named_sources, rows

PRINTED = (  # GPU, year drawn, rate of its label and height of its point in T(FL)OP/s, format, with 2:4 sparsity
    ("K20X", 2012, 3.9, 5.0, "fp32", "no"), ("M40", 2014, 6.8, 7.0, "fp32", "no"), ("P40", 2016, 47, 44, "int8", "no"),
    ("V100", 2017, 125, 130, "fp16", "no"), ("A100", 2020, 1248, 1100, "int8", "yes"),
    ("H100", 2022, 4000, 4000, "fp8", "yes"), ("B200", 2024, 9000, 9000, "fp8", "yes"),
)  # fmt: skip
TERA = 1e12


def scaling() -> Table:
    """The printed labels and points, the dense peak of the same format, and the FP32 peak, where the chip has one."""
    drawn = []
    for name, year, label, point, fmt, sparse in PRINTED:
        one = chip(name)
        drawn += [("label", name, year, fmt, sparse, label * TERA), ("point", name, year, fmt, sparse, point * TERA)]
        drawn.append(("dense", name, int(one.year.value), fmt, "no", one.peak(fmt)))
        if "fp32" in one.precisions:
            drawn.append(("fp32", name, int(one.year.value), "fp32", "no", one.peak("fp32")))
    return as_table(SCALING_UNITS, drawn)


def draw_scaling(ax: Axes, table: Table) -> Axes:
    """Labels by shape of their format, hollow with sparsity; crosses where the chapter draws them; FP32 as a line."""
    log_axes(ax, "y")
    scaled(ax.yaxis, "peak", "TFLOP/s")
    ax.set_ylabel("peak (TFLOP/s, TOP/s for INT8)")
    own = [r for r in rows(table) if r["series"] == "fp32"]
    ax.plot(*columns(own, "year", "rate"), color=GREY, linestyle=":", linewidth=1.4, marker=".", markersize=5,
            label="FP32 vector units, dense")  # fmt: skip
    moved = [r for r in rows(table) if r["series"] == "point" and r["name"] in OFF]
    for fmt, (marker, colour) in SHAPES.items():
        for sparse in ("no", "yes"):
            some = [r for r in rows(table) if (r["series"], r["format"], r["sparse"]) == ("label", fmt, sparse)]
            if some:
                words = f"{fmt.upper()}, {'with 2:4 sparsity' if sparse == 'yes' else 'dense'}"
                ax.plot(*columns(some, "year", "rate"), color=colour, marker=marker, markersize=8, linestyle="None",
                        markerfacecolor="white" if sparse == "yes" else colour, label=words)  # fmt: skip
    ax.plot(*columns(moved, "year", "rate"), color=BLACK, marker="x", markersize=6, linestyle="None",
            label="point as drawn in the chapter")  # fmt: skip
    ax.set_xlabel("year")
    ax.set_xlim(2010.6, 2026)
    ax.set_ylim(1 * TERA, 30_000 * TERA)
    ax.legend(loc="upper left", fontsize=8, handlelength=2)
    printed = [r for r in rows(table) if r["series"] == "label"]
    labels = [(r["year"], r["rate"], f"{r['name']} {r['rate'] / TERA:,.10g}") for r in printed]
    place_labels(ax, labels, order=("SE", "E", "S", "NW", "W"), fontsize=8)
    return ax


def scaling_in_words(table: Table) -> str:
    """Every label beside its point and its dense rate, and the rise with and without a change of format."""
    by = {(r["series"], r["name"]): r["rate"] / TERA for r in rows(table)}
    names = [name for series, name in by if series == "label"]
    each = [
        f"{n} label {by['label', n]:,.10g}, point {by['point', n]:,.10g}, dense {by['dense', n]:,.4g}" for n in names
    ]
    rise = by["label", "H100"] / by["label", "K20X"]
    own = by["fp32", "H100"] / by["fp32", "K20X"]
    return f"{'; '.join(each)}. K20X to H100: labels {rise:,.0f}x, FP32 on FP32 {own:.0f}x."


OFF = [name for name, _, label, point, _, _ in PRINTED if label != point]
SHAPES = {"fp32": ("o", BLUE), "int8": ("s", VERMILLION), "fp16": ("^", GREEN), "fp8": ("D", PURPLE)}
SCALING_UNITS = {"series": "", "name": "", "year": "", "format": "", "sparse": "", "rate": "FLOP/s"}

register(Figure(
    id="gpu-scaling",
    item="Figure 6",
    title="Advertised GPU peaks, 2012 to 2024",
    caption="Each GPU at the rate that its label in the chapter prints, in tera-operations a second; the shape is the "
    "number format, and a hollow marker counts 2:4 sparsity, which doubles the rate on paper. Crosses mark points that "
    f"the chapter draws off their own labels ({', '.join(OFF)}). The thousandfold rise changes format three times and "
    "takes sparsity on the way: on the FP32 vector units alone (dotted) it is "
    f"{chip('H100').peak('fp32') / chip('K20X').peak('fp32'):.0f}x. The M40 was announced in "
    f"{chip('M40').year.value:.0f}, a year after the place that the chapter gives it. "
    f"Dense peaks: {named_sources(chip(name).peaks[fmt] for name, _, _, _, fmt, _ in PRINTED)}.",
    alt="Log chart of seven GPUs from 2012 to 2024. Filled circles for FP32 at the lower left, then a square, a "
    "triangle, and hollow markers with sparsity at the upper right, a rise of three decades. A dotted line of FP32 "
    "peaks rises by little more than one decade. Five crosses stand close beside markers.",
    units=SCALING_UNITS, data=scaling, draw=draw_scaling, says=scaling_in_words, lab="02_specialization",
    size=(6.8, 4.4),
))  # fmt: skip
