"""Where memory-bound ends: ridge points over the years, and the batch that carries a layer across one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from labcore.catalogue.facts import Accelerator
from labcore.ops import matmul
from labcore.plots.labels import BELOW_FIRST, end_labels, place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH, as_chip, chip_sources
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.precision import bytes_per_element
from labcore.roofline import crossing_batch
from labcore.units import format_si

IN_FIGURE_11 = ("V100", "A100", "H100", "B200")


def ridges_by_year(
    chips: Sequence[str | Accelerator] = ("V100", "A100", "H100", "H200", "B200"), precision: str = "fp16"
) -> Table:
    """Ridge points of chips, from their data sheets, in the order of their years."""
    machines = sorted(map(as_chip, chips), key=lambda one: one.year.value)
    drawn = [
        (one.name, int(one.year.value), "yes" if one.year.confirmed else "no", one.ridge(precision),
         "yes" if one.name in IN_FIGURE_11 else "no")
        for one in machines
    ]  # fmt: skip
    return as_table(RISING_UNITS, drawn)


def draw_ridges(ax: Axes, table: Table) -> Axes:
    """Ridge points over the years; a thin line joins those that the chapter draws, hollow markers are added."""
    chapter, added = ([r for r in rows(table) if r["in_figure_11"] == yes] for yes in ("yes", "no"))
    ax.plot(table["year"], table["I_ridge"], color=BLUE)
    ax.plot(*columns(chapter, "year", "I_ridge"), color=GREY, **THIN_DASH, zorder=1.5)
    ax.plot(*columns(chapter, "year", "I_ridge"), color=BLUE, marker="o", markersize=7, linestyle="None")
    ax.plot(*columns(added, "year", "I_ridge"), color=VERMILLION, marker="s", markersize=7, linestyle="None",
            markerfacecolor="white", markeredgewidth=1.8)  # fmt: skip
    scaled(ax.yaxis, "ridge point", "FLOP/B")
    ax.set_xlabel("year")
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set_xticks(range(min(table["year"]), max(table["year"]) + 1))
    ax.set_xlim(min(table["year"]) - 0.6, max(table["year"]) + 0.8)
    ax.set_ylim(0, 1.25 * max(table["I_ridge"]))
    labels = [(r["year"], r["I_ridge"], ridge_label(r)) for r in rows(table)]
    place_labels(ax, labels, order=("N", "S", "SE", "NW", "E"))
    return ax


def ridge_label(row: dict[str, object]) -> str:
    """Name and ridge point; a question mark where no dated page confirms the year."""
    mark = "" if row["year_confirmed"] == "yes" else f" ({row['year']}?)"
    return f"{row['chip']}{mark}\n{three(row['I_ridge'])}"


def ridges_in_words(table: Table) -> str:
    """Every ridge point with its year."""
    points = [f"{r['chip']} ({r['year']}) {three(r['I_ridge'])}" for r in rows(table)]
    return f"Ridge points in FLOP/B: {', '.join(points)}."


def intensity_by_batch(
    M: int = 2048, N: int = 2048, B_max: int = 4096,
    chips: Sequence[str | Accelerator] = ("A100", "H100"), precision: str = "fp16",
) -> Table:  # fmt: skip
    """Intensity of a dense layer at every batch, its two limits, and the ridges of chips with their crossings."""
    b = bytes_per_element(precision)
    batches = sorted({round(2 ** (k / 16)) for k in range(16 * B_max.bit_length())})  # 16 a doubling, whole
    drawn = [("exact", "", B, matmul(B, M, N, b).I) for B in batches if B_max >= B]
    drawn += [("weights only", "", B, 2 * B / b) for B in (1, B_max)]
    drawn += [("limit", "", B, 2 * M * N / (b * (M + N))) for B in (1, B_max)]
    for one in map(as_chip, chips):
        I_ridge = one.ridge(precision)
        drawn += [("ridge", one.name, B, I_ridge) for B in (1, B_max)]
        B = crossing_batch(I_ridge, M, N, b)
        if B is not None and B_max >= B:
            drawn.append(("crossing", one.name, B, I_ridge))
    return as_table(BATCH_UNITS, drawn)


def draw_batches(ax: Axes, table: Table) -> Axes:
    """The exact curve between its two limits, crossed by the ridge of each chip."""
    log_axes(ax)
    scaled(ax.yaxis, "arithmetic intensity", "FLOP/B")
    ax.set_xlabel("batch B")
    ax.xaxis.set_major_formatter("{x:.0f}")
    ax.set_xticks([4**k for k in range(10) if 4**k <= max(table["batch"])])
    ax.plot(*series(table, "exact"), **look(0) | {"marker": ""})
    ax.plot(*series(table, "weights only"), **look(1) | {"marker": ""})
    ax.plot(*series(table, "limit"), **look(2) | {"marker": ""}, linewidth=1.2)
    for chip in chips_of(table):
        ax.plot(*series(table, "ridge", chip), color=GREY, **THIN_DASH)
    ax.plot(*series(table, "crossing"), color=BLUE, marker="o", markersize=7, linestyle="None", zorder=3)
    ax.set_xlim(1, max(table["batch"]))
    ax.set_ylim(min(table["I"]) / 1.5, max(table["I"]) * 2)
    end_labels(ax, line_names(table))
    crossings = [r for r in rows(table) if r["series"] == "crossing"]
    labels = [(r["batch"], r["I"], f"B ≥ {math.ceil(r['batch'])}") for r in crossings]
    place_labels(ax, labels, order=BELOW_FIRST)
    return ax


def line_names(table: Table) -> list[tuple[float, str]]:
    """The height at which each line ends, and its name."""
    rule = series(table, "weights only")[1]
    ridges = [(chip, series(table, "ridge", chip)[1][0]) for chip in chips_of(table)]
    limit = series(table, "limit")[1][0]
    return [
        (rule[-1], "I = B" if rule[0] == 1 else f"I = {rule[0]:g} B"),
        (limit, f"limit {three(limit)}"),
        (series(table, "exact")[1][-1], "exact"),
        *((I_ridge, f"{chip} ridge {three(I_ridge)}") for chip, I_ridge in ridges),
    ]


def chips_of(table: Table) -> list[str]:
    """The chips whose ridges are drawn."""
    return [chip for chip in dict.fromkeys(table["chip"]) if chip]


def series(table: Table, name: str, chip: str | None = None) -> list[list[float]]:
    """Batches and intensities of one series."""
    return columns([r for r in rows(table) if r["series"] == name and chip in (None, r["chip"])], "batch", "I")


def batches_in_words(table: Table) -> str:
    """The exact intensity at the ends, and the first batch on each chip's compute side."""
    B, I = series(table, "exact")
    crossed = {r["chip"]: r["batch"] for r in rows(table) if r["series"] == "crossing"}
    limit = three(series(table, "limit")[1][0])
    words = [f"Intensity {three(I[0])} FLOP/B at batch {B[0]}, {three(I[-1])} at batch {B[-1]}, limit {limit}"]
    for chip in chips_of(table):
        I_ridge = three(series(table, "ridge", chip)[1][0])
        at = f"crossed at batch {crossed[chip]:.1f}" if chip in crossed else f"not reached up to batch {B[-1]}"
        words.append(f"{chip}: ridge {I_ridge} FLOP/B, {at}")
    return "; ".join(words) + "."


RISING_UNITS = {"chip": "", "year": "", "year_confirmed": "", "I_ridge": "FLOP/B", "in_figure_11": ""}
BATCH_UNITS = {"series": "", "chip": "", "batch": "", "I": "FLOP/B"}
H100, H200, B200 = map(as_chip, ("H100", "H200", "B200"))

register(Figure(
    id="rising-ridge",
    item="Figure 11",
    title="Ridge points of five GPUs over the years",
    caption="Dense fp16 peak over DRAM bandwidth, from the catalogue. The chapter joins the four filled points "
    "(thin dashes) and leaves out the H200 (hollow), the H100's die with faster memory. With it the ridge does not "
    f"stay high: it falls from {H100.ridge('fp16'):.0f} to {H200.ridge('fp16'):.0f} FLOP/B and rises again with the "
    "B200. More bandwidth at the same peak makes a chip easier to fill. "
    f"The B200 stands at {B200.ridge('fp16'):.0f} with the {format_si(B200.BW, 'B/s')} of its technical brief; the "
    "chapter's 281 comes from 8 TB/s. The chapter's shaded zones, parted at 100 FLOP/B, rest on no computed boundary "
    "and are left out. A question mark stands where no dated page confirms the year. "
    f"Sources: {chip_sources('V100', 'A100', 'H100', 'H200', 'B200')}.",
    alt="Line chart of ridge points over the years 2017 to 2024. V100 and A100 lie close together near 150 FLOP/B, "
    "the H100 about twice as high, the H200 a year later markedly lower, and the B200 about as high as the H100. A "
    "thin dashed line joins H100 and B200 directly, past the H200.",
    units=RISING_UNITS, data=ridges_by_year, draw=draw_ridges, says=ridges_in_words, lab="09_roofline",
))  # fmt: skip

register(Figure(
    id="batch-sweep",
    item="Equation 6; Napkin Math 1.8",
    title="Intensity of a 2048 x 2048 dense layer over its batch",
    caption="Equation 6 at fp16, exact from batch 1 to 4096, and the rule I = B that counts the weights' "
    "traffic only. The exact curve leaves the rule as activations begin to weigh, and tends to MN / (M + N). A dot "
    "marks the batch, solved from the equation, at which the layer has the ridge point of a chip: the rule would "
    f"promise the crossing at the ridge itself. The chapter's three batches (1, 32, 256) lie on the exact curve. "
    f"Sources: {chip_sources('A100', 'H100')}.",
    alt="Log-log plot of arithmetic intensity over batch size. A straight dashed line of slope one is the rule I = "
    "B; the exact curve follows it at small batches, then bends below it towards a horizontal limit. Two thin dashed "
    "horizontals are the ridges of A100 and H100; a dot marks where the exact curve crosses each.",
    units=BATCH_UNITS, data=intensity_by_batch, draw=draw_batches, says=batches_in_words, lab="09_roofline",
))  # fmt: skip
