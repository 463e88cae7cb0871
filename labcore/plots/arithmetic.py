"""What hardware pays for a number format: energy and area, the generations that have it, both roofs of the roofline."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from labcore.catalogue import chip
from labcore.catalogue.arithmetic import AREA, DALLY, ENERGY, HOROWITZ
from labcore.catalogue.generations import GENERATIONS
from labcore.ops import matmul
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, columns, rate_unit, rows, three
from labcore.precision import bytes_per_element
from labcore.roofline import attainable
from labcore.units import format_si

COST_UNITS = {"operation": "", "format": "", "area": "um2", "energy": "J"}
SUPPORT_UNITS = {"generation": "", "year": "year", "format": "", "tensor": "", "vector": "", "table_6": ""}
ROOF_UNITS = {"precision": "", "I": "FLOP/B", "R_peak": "FLOP/s", "I_ridge": "FLOP/B", "R": "FLOP/s"}
FORMATS = ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4", "int1")
TABLE_6 = {  # as the page prints it
    "Volta": (("fp16",), ("fp64", "fp32", "fp16")),
    "Turing": (("fp16", "int8", "int4", "int1"), ("fp64", "fp32", "fp16", "int8")),
    "Ampere": (("fp64", "tf32", "bf16", "fp16", "int8", "int4"), ("fp64", "fp32", "fp16", "bf16", "int8")),
}


def operation_costs() -> Table:
    """Area and energy of each operation of the 45 nm table."""
    return as_table(COST_UNITS, [(op, fmt, AREA[op, fmt].value, fact.value) for (op, fmt), fact in ENERGY.items()])


def draw_operation_costs(ax: Axes, table: Table) -> Axes:
    """A dot for each operation, adders hollow, on log axes."""
    log_axes(ax)
    for operation, colour, face, marker in (("add", VERMILLION, "white", "o"), ("multiply", BLUE, BLUE, "s")):
        x, y = columns([r for r in rows(table) if r["operation"] == operation], "area", "energy")
        ax.plot(x, y, color=colour, marker=marker, markersize=8, markerfacecolor=face, markeredgewidth=1.8,
                linestyle="None")  # fmt: skip
    scaled(ax.yaxis, "energy of one operation", "pJ")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    ax.set_xlabel("area of one unit (um²)")
    ax.set_xlim(15, 20_000)
    ax.set_ylim(1e-14, 1e-11)
    place_labels(ax, [(r["area"], r["energy"], f"{r['operation']} {r['format']}") for r in rows(table)],
                 order=("NW", "W", "SE", "E", "N", "S"))  # fmt: skip
    return ax


def operation_costs_in_words(table: Table) -> str:
    """Energy and area of every operation."""
    words = [f"{r['operation']} {r['format']} {r['energy'] * 1e12:g} pJ and {r['area']} um2" for r in rows(table)]
    return f"One operation in 45 nm: {'; '.join(words)}."


def support_by_generation() -> Table:
    """Which formats each generation computes with, and where Table 6 has them."""
    drawn = []
    for one in GENERATIONS:
        for fmt in FORMATS:
            here = fmt in one.tensor, fmt in one.vector
            if any(here):
                marks = ("yes" if there else "no" for there in here)
                drawn.append((one.name, int(one.year.value), fmt, *marks, printed(one.name, fmt, here)))
    return as_table(SUPPORT_UNITS, drawn)


def printed(name: str, fmt: str, here: tuple[bool, bool]) -> str:
    """Whether Table 6 agrees: 'yes', 'missing', or 'later' for generations that it does not list."""
    if name not in TABLE_6:
        return "later"
    return "yes" if tuple(fmt in formats for formats in TABLE_6[name]) == here else "missing"


def draw_support(ax: Axes, table: Table) -> Axes:
    """Generations down, formats across; a filled square for tensor cores, a ring for vector units."""
    names = [f"{one.name}\n{one.year}" + ("" if one.year.confirmed else "?") for one in GENERATIONS]
    at = {one.name: i for i, one in enumerate(GENERATIONS)}
    for kind, units, style in (
        ("tensor", "tensor cores", {"marker": "s", "markersize": 9, "color": BLUE}),
        ("vector", "vector units", {"marker": "o", "markersize": 17, "color": VERMILLION, "markerfacecolor": "none"}),
    ):
        there = [(FORMATS.index(r["format"]), at[r["generation"]]) for r in rows(table) if r[kind] == "yes"]
        ax.plot(*zip(*there, strict=True), linestyle="None", label=units, markeredgewidth=1.6, **style)
    for r in rows(table):
        if r["table_6"] == "missing":
            ax.annotate("not in Table 6", (FORMATS.index(r["format"]), at[r["generation"]]), (0, -12),
                        textcoords="offset points", ha="center", va="top", fontsize=7.5, color=BLACK)  # fmt: skip
    ax.set_yticks(range(len(names)), names)
    ax.set_xticks(range(len(FORMATS)), FORMATS)
    ax.set_xlim(-0.6, len(FORMATS) - 0.1)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2)
    return ax


def support_in_words(table: Table) -> str:
    """The tensor-core formats of each generation, and what Table 6 lacks."""
    tensor = [f"{one.name} {', '.join(one.tensor)}" for one in GENERATIONS]
    missing = [f"{r['format']} of {r['generation']}" for r in rows(table) if r["table_6"] == "missing"]
    return f"Tensor cores: {'; '.join(tensor)}. Missing from Table 6: {' and '.join(missing)}."


def roofs_by_precision(
    gpu: str = "A100", precisions: Sequence[str] = ("fp32", "tf32", "fp16", "int8", "int4"), batch: int = 32,
    n: int = 2048,
) -> Table:  # fmt: skip
    """Peak, ridge, intensity and attainable rate of a dense layer at each precision."""
    one, drawn = chip(gpu), []
    for precision in precisions:
        I, R_peak = matmul(batch, n, n, bytes_per_element(precision)).I, one.peak(precision)
        drawn.append((precision, I, R_peak, one.ridge(precision), float(attainable(R_peak, one.BW, I))))
    return as_table(ROOF_UNITS, drawn)


def draw_roofs(ax: Axes, table: Table) -> Axes:
    """One slope, a flat roof for each precision, and the layer's dot wandering up and to the right."""
    log_axes(ax)
    left, right = 3, 6000
    slope = table["R_peak"][0] / table["I_ridge"][0]
    ax.plot([left, max(table["I_ridge"])], [slope * left, slope * max(table["I_ridge"])], color=BLUE)
    for r in rows(table):
        ax.plot([r["I_ridge"], right], [r["R_peak"]] * 2, color=BLUE, linewidth=1.2)
        peak = format_si(r["R_peak"], rate_unit(r["precision"]), 3)
        ax.annotate(f"{r['precision']} {peak}", (right, r["R_peak"]), (-2, 3), textcoords="offset points",
                    ha="right", va="bottom")  # fmt: skip
    ax.plot(table["I"], table["R"], color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.plot(table["I"], table["R"], color=VERMILLION, marker="o", markersize=8, linestyle="None", zorder=3)
    scaled(ax.xaxis, "arithmetic intensity", "FLOP/B")
    scaled(ax.yaxis, "attainable throughput", "TFLOP/s")
    ax.set_xlim(left, right)
    ax.set_ylim(5e12, 3e15)
    place_labels(ax, [(r["I"], r["R"], r["precision"]) for r in rows(table)], order=("NW", "W", "N", "SE"))
    return ax


def roofs_in_words(table: Table) -> str:
    """Where the layer stands at each precision."""
    words = [
        f"{r['precision']} {three(r['I'])} of {three(r['I_ridge'])} FLOP/B -> "
        f"{format_si(r['R'], rate_unit(r['precision']), 3)}"
        for r in rows(table)
    ]
    return f"Intensity of the layer, of the ridge, and attainable rate: {'; '.join(words)}."


register(Figure(
    id="operation-costs",
    item="Footnote 18; Text §Mixed-precision computing",
    title="Energy and area of one operation in a 45 nm process",
    caption="Filled squares multiply, rings add. From 8 to 32 bits a whole-number adder grows about fourfold, as its "
    "width; a multiplier twelvefold and more, nearly as the square. A floating-point adder is large because it must "
    "shift both operands into line, so between FP32 and INT8 an addition gains 30x in energy and a multiplication "
    f"18.5x. Sources: {HOROWITZ} (energy); {DALLY} (areas, as they are widely quoted; the slide itself was not read).",
    alt="Log-log scatter of eight operations, energy over area. Additions of whole numbers lie at the lower left, "
    "multiplication of FP32 at the upper right. INT8 multiplication lies far below FP16 and INT32 multiplication.",
    units=COST_UNITS, data=operation_costs, draw=draw_operation_costs, says=operation_costs_in_words, lab="07_numerics",
))  # fmt: skip

register(Figure(
    id="precision-support",
    item="Table 6",
    title="Number formats that five GPU generations compute with",
    caption="A square for the tensor cores, a ring for the vector units. The chapter's table has the first three rows "
    "and lacks two entries of NVIDIA's own, which are named here. The last two rows go on from there: formats do not "
    "only come, they also go. INT4 and INT1 left with Hopper, INT8 left the vector units with Blackwell. FP8, FP6 and "
    "FP4 are families of formats. A question mark stands where no dated page confirms the year. "
    f"Sources: {'; '.join(dict.fromkeys(str(one.source) for one in GENERATIONS))}.",
    alt="Matrix of five generations by eleven formats. Tensor cores begin with FP16 in Volta, gain INT8, INT4 and "
    "INT1 in Turing, FP64, TF32 and BF16 in Ampere, FP8 in Hopper, which drops INT4 and INT1, and FP6 and FP4 in "
    "Blackwell. Two marks, INT8 on Volta's vector units and INT1 in Ampere's tensor cores, are labelled as not in "
    "Table 6.",
    units=SUPPORT_UNITS, data=support_by_generation, draw=draw_support, says=support_in_words, lab="07_numerics",
    size=(6.8, 3.9),
))  # fmt: skip

register(Figure(
    id="roofs-by-precision",
    item="Text §Mixed-precision computing",
    title="A 2048 x 2048 dense layer at batch 32 under the A100's roofs for five precisions",
    caption="Narrower numbers raise the flat roof and move the layer to the right, since each byte carries more "
    "numbers. On the tensor cores both double with every halving, so the layer keeps its place relative to the ridge: "
    "what is memory-bound in FP16 is memory-bound in INT8, twice as fast. The step from FP32 to the tensor cores "
    "raises the roof sixteenfold and the intensity only twofold. TF32 is stored in four bytes and moves no byte less. "
    f"Integer precisions count operations. Sources: {chip('A100').peaks['fp16'].source}; "
    f"{chip('A100').bandwidth.source}.",
    alt="Log-log roofline with one slope and five flat roofs. Dots of one layer climb from the FP32 roof to the right "
    "and up; from TF32 on they follow the slope.",
    units=ROOF_UNITS, data=roofs_by_precision, draw=draw_roofs, says=roofs_in_words, lab="07_numerics",
))  # fmt: skip
