"""Energy and carbon: one chip on several grids, and throughput for each watt."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.catalogue import A100, carbon, chip
from labcore.cost import DAY, emissions, footprint, rate_per_watt
from labcore.plots.fleet_sizing import CPU, NPU
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, HATCHES, VERMILLION, log_axes
from labcore.plots.words import as_table, rows
from labcore.units import Joules

LAB = "19_sustainability"
GRIDS = ("Norway", "Sweden", "France", "Germany", "US 2022", "world", "India")
GRID_UNITS = {"grid": "", "intensity": "g/kWh", "embodied": "g", "chip": "g", "building": "g"}
GRID_PARTS = {
    "embodied": ("making it", {"facecolor": BLACK, "edgecolor": BLACK}),
    "chip": ("running it", {"facecolor": "#CFE3F1", "edgecolor": BLUE}),
    "building": ("cooling and conversion", {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[1]}),
}


def life_energy(years: float = 4) -> Joules:
    """Energy of an A100 at full power."""
    return A100.power.value * years * 365 * DAY


def grids_drawn(overhead: float = carbon.PUE["typical"].value, years: float = 4) -> Table:
    """Grams of CO2 of one A100 on several grids: made, run, and housed."""
    made, drawn = carbon.EMBODIED["A100"].value, []
    for grid in GRIDS:
        g = carbon.GRIDS[grid].value
        ran = emissions(life_energy(years), g)
        whole = footprint(made, A100.power.value, years * 365 * DAY, g, overhead)
        drawn.append((grid, g, made, ran, whole.operating - ran))
    return as_table(GRID_UNITS, drawn)


def draw_grids(ax: Axes, table: Table) -> Axes:
    """A stacked bar for each grid, cleanest first, with the share of making at its end."""
    for y, r in enumerate(rows(table)):
        start = 0.0
        for part, (words, how) in GRID_PARTS.items():
            ax.barh(y, r[part] / 1e6, 0.66, left=start, linewidth=0.8, label=words if y == 0 else None, **how)
            start += r[part] / 1e6
        ax.text(start + 0.12, y, f"{start:.1f} t, {r['embodied'] / 1e6 / start:.0%} of it making", va="center",
                fontsize=8.5)  # fmt: skip
    ax.set_yticks(range(len(table["grid"])), [f"{r['grid']}, {r['intensity']:.0f} g/kWh" for r in rows(table)])
    ax.set_ylim(len(table["grid"]) - 0.4, -0.6)
    ax.set_xlim(0, 22.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("CO2 of one A100, four years at full power (t)")
    ax.legend(loc="upper right")
    return ax


def grids_in_words(table: Table) -> str:
    """Total and share of making on the cleanest and on the dirtiest grid."""
    said = []
    for r in (next(rows(table)), list(rows(table))[-1]):
        whole = r["embodied"] + r["chip"] + r["building"]
        said.append(f"{whole / 1e6:.2f} t in {r['grid']}, {r['embodied'] / whole:.0%} of it from making the chip")
    return f"One A100 over four years: {'; '.join(said)}."


WATT_UNITS = {"name": "", "precision": "", "per_watt": "FLOP/J", "kind": ""}
LISTED = (("Sapphire Rapids", "fp32"), ("Sapphire Rapids", "bf16"), ("V100", "fp16"), ("A100", "fp16"),
          ("H100", "fp16"), ("TPU v4", "bf16"), ("B200", "fp16"))  # fmt: skip
NAMES = {"of the page": "of Napkin Math 1.10", "declared": "peak over declared power",
         "yours": "measured, over the power that was typed"}  # fmt: skip
MARKS = {"of the page": (BLACK, "s"), "declared": (BLUE, "o"), "yours": (VERMILLION, "D")}


def watts_drawn(mine: tuple[str, str, float, float] | None = None) -> Table:
    """Peak throughput for each watt; `mine` is a name, a precision, FLOP/s and W, drawn as what was measured."""
    drawn = [("CPU of the napkin", "", CPU[0] / CPU[1], "of the page"),
             ("NPU of the napkin", "", NPU[0] / NPU[1], "of the page")]  # fmt: skip
    drawn += [(name, precision, rate_per_watt(chip(name), precision), "declared") for name, precision in LISTED]
    if mine:
        name, precision, R, power = mine
        drawn.append((name, precision, R / power, "yours"))
    return as_table(WATT_UNITS, sorted(drawn, key=lambda row: row[2]))


def draw_watts(ax: Axes, table: Table) -> Axes:
    """A dot for each machine on a log axis, worst first."""
    log_axes(ax, "x")
    for y, r in enumerate(rows(table)):
        colour, marker = MARKS[r["kind"]]
        ax.plot([r["per_watt"] / 1e12], [y], color=colour, marker=marker, markersize=7, linestyle="None")
        ax.annotate(f"{r['per_watt'] / 1e12:.2g}", (r["per_watt"] / 1e12, y), (9, 0), textcoords="offset points",
                    va="center", fontsize=8.5)  # fmt: skip
    for kind, (colour, marker) in MARKS.items():
        if kind in table["kind"]:
            words = NAMES[kind]
            ax.plot([], [], color=colour, marker=marker, linestyle="None", label=words)
    ax.set_yticks(range(len(table["name"])), [f"{r['name']} {r['precision']}".rstrip() for r in rows(table)])
    ax.set_ylim(len(table["name"]) - 0.4, -0.6)
    ax.set_xlim(0.001, 6)
    ax.set_xticks([0.001, 0.01, 0.1, 1], ["0.001", "0.01", "0.1", "1"])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("throughput for each watt (TFLOP/s per W)")
    ax.legend(loc="upper right")
    return ax


def watts_in_words(table: Table) -> str:
    """The gap of the page, and those of a Xeon's two units to an A100."""
    at = {(r["name"], r["precision"]): r["per_watt"] for r in rows(table)}
    page = at["NPU of the napkin", ""] / at["CPU of the napkin", ""]
    a100 = at["A100", "fp16"]
    vector, matrix = (a100 / at["Sapphire Rapids", precision] for precision in ("fp32", "bf16"))
    said = "{}: {:.2g} TFLOP/s per W, measured over the power typed."
    mine = [said.format(r["name"].capitalize(), r["per_watt"] / 1e12) for r in rows(table) if r["kind"] == "yours"]
    return (
        f"For each watt the page's NPU does {page:.0f} times what its CPU does; an A100 at 16 bits does {vector:.0f} "
        f"times what a Xeon's vector units do in fp32, and {matrix:.1f} times what its matrix units do."
    ) + "".join(f" {one}" for one in mine)


register(Figure(
    id="carbon-grid", item="Text §Hardware Sustainability", title="One chip, one job, seven grids",
    caption="An A100 at 400 W for four years without a pause, in a building with a PUE of 1.56. Making it, with an "
    "eighth of its server, is put at 318 kg of CO2e by Chien et al.; grids are means of 2022 or 2023. Where the "
    "grid is clean, the making is a third of the whole and cannot be saved by saving energy.",
    alt="Seven stacked bars, from about one tonne in Norway to about sixteen in India. A black piece for making the "
    "chip is the same in all and nearly vanishes in the long ones.",
    units=GRID_UNITS, data=grids_drawn, draw=draw_grids, says=grids_in_words, lab=LAB, size=(6.6, 3.5),
))  # fmt: skip
register(Figure(
    id="rate-per-watt", item="Napkin Math 1.10", title="Throughput for each watt: whose CPU, whose accelerator?",
    caption="Black squares are the two machines of Napkin Math 1.10. Blue dots are dense peaks of data sheets over "
    "the power that they declare, the power of the chip or socket alone. The gap between a CPU and an accelerator "
    "depends on which units of the CPU do the work.",
    alt="Nine dots on a log axis, from the napkin's CPU at 0.01 TFLOP/s for each watt to the B200 and the napkin's "
    "NPU above 2. A Xeon stands twice, near the napkin's CPU with its vector units and near a V100 with its matrix "
    "units.",
    units=WATT_UNITS, data=watts_drawn, draw=draw_watts, says=watts_in_words, lab=LAB, size=(6.6, 3.7),
))  # fmt: skip
