"""The energy ladder: what one operation costs and what one word costs to fetch, at two processes."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.catalogue.energy import ACCESS, PROCESSES
from labcore.energy import access_energy
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREY, HATCHES, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.precision.cost import mac_energy, operation_energy
from labcore.units import format_si

WORD = 4  # bytes of the 32-bit word that the printed ladder counts
LADDER_UNITS = {"what": "", "process": "", "energy": "J"}
MARGIN_UNITS = {"what": "", "energy": "J", "printed": "J"}
OPERATIONS = (("add", "int8"), ("add", "fp32"), ("multiply", "fp32"))
LEVELS = ("SRAM 8 KiB", "SRAM 1 MiB", "HBM2", "DRAM", "DDR")
NAMES = {
    "add int8": "INT8 add", "add fp32": "FP32 add", "multiply fp32": "FP32 multiply",
    "SRAM 8 KiB": "SRAM of 8 KiB, 32 bits", "SRAM 1 MiB": "SRAM of 1 MiB, 32 bits",
    "HBM2": "HBM2, 32 bits", "DRAM": "DRAM (DDR), 32 bits", "DDR": "DRAM (DDR), 32 bits",
}  # fmt: skip
LOOK = {"45 nm": (VERMILLION, HATCHES[1]), "7 nm": (BLUE, HATCHES[0])}
PRINTED = {"DRAM": 640e-12, "MAC": 3.7e-12, "SRAM": 0.5e-12}  # the page's margin figure


def ladder() -> Table:
    """Operations and 32-bit words by process, from cheap to dear."""
    found = []
    for process in PROCESSES:
        for operation, fmt in OPERATIONS:
            found.append((NAMES[f"{operation} {fmt}"], process, operation_energy(operation, fmt, process)))
        for level in LEVELS:
            if level in ACCESS[process]:
                found.append((NAMES[level], process, access_energy(level, WORD, process)))
    return as_table(LADDER_UNITS, found)


def draw_ladder(ax: Axes, table: Table) -> Axes:
    """Two bars a row, hatched and plain, with the value behind each."""
    log_axes(ax, "x")
    order = [name for name in dict.fromkeys(NAMES.values()) if name in table["what"]][::-1]
    for process, shift in zip(PROCESSES, (0.2, -0.2), strict=True):
        colour, hatch = LOOK[process]
        what, energy = columns([r for r in rows(table) if r["process"] == process], "what", "energy")
        y = [order.index(name) + shift for name in what]
        ax.barh(y, energy, 0.36, left=0, color="white", edgecolor=colour, hatch=hatch, linewidth=1.4, label=process)
        for at, value in zip(y, energy, strict=True):
            ax.text(value * 1.15, at, f"{value * 1e12:.3g}", va="center", fontsize=8, color=BLACK)
    ax.set_yticks(range(len(order)), order)
    ax.grid(axis="y", visible=False)
    ax.set_xlim(4e-15, 5e-9)
    scaled(ax.xaxis, "energy of one operation or one 32-bit word", "pJ")
    ax.legend(loc="upper right", title="process")
    return ax


def ladder_in_words(table: Table) -> str:
    """Every energy, and the ratios that the rows make."""
    by = {(r["what"], r["process"]): r["energy"] for r in rows(table)}
    words = [f"{what} at {process} {format_si(energy, 'J', 3)}" for (what, process), energy in by.items()]
    dram, sram, add = (by[name, "45 nm"] for name in (NAMES["DRAM"], NAMES["SRAM 8 KiB"], NAMES["add int8"]))
    ratios = f"at 45 nm a word from DRAM costs {dram / sram:.0f}x one from SRAM and {dram / add:,.0f}x an INT8 add"
    return f"{'; '.join(words)}; {ratios}."


def margin() -> Table:
    """The margin figure's three bars at 45 nm for 32-bit words, with what the page draws."""
    sram = access_energy("SRAM 8 KiB", WORD)
    energies = {"DRAM": access_energy("DRAM", WORD), "MAC": mac_energy("fp32"), "SRAM": sram}
    return as_table(MARGIN_UNITS, [(what, energy, PRINTED[what]) for what, energy in energies.items()])


def draw_margin(ax: Axes, table: Table) -> Axes:
    """Three bars, and a hollow mark where the page draws them."""
    log_axes(ax, "x")
    y = [2 - k for k in range(len(table["what"]))]
    ax.barh(y, table["energy"], 0.5, color="white", edgecolor=VERMILLION, hatch=HATCHES[1], linewidth=1.4)
    ax.plot(table["printed"], y, "D", color=BLACK, markerfacecolor="white", markersize=7, label="as printed")
    for at, r in zip(y, rows(table), strict=True):
        ax.text(max(r["energy"], r["printed"]) * 1.5, at, f"{r['energy'] * 1e12:.3g} pJ", va="center", color=BLACK)
    ax.set_yticks(y, table["what"])
    ax.grid(axis="y", visible=False)
    ax.set_xlim(1e-13, 2e-8)
    scaled(ax.xaxis, "energy, 32 bits at 45 nm", "pJ")
    ax.legend(loc="lower right", fontsize=8, labelcolor=GREY)
    return ax


def margin_in_words(table: Table) -> str:
    """Computed and printed, and the ratio that the caption calls about a hundred."""
    words = [
        f"{r['what']} {format_si(r['energy'], 'J', 3)} (printed {format_si(r['printed'], 'J', 3)})" for r in rows(table)
    ]
    dram, mac = table["energy"][:2]
    return f"{', '.join(words)}; a DRAM word costs {dram / mac:.0f}x a MAC."


register(Figure(
    id="energy-ladder", item="Figure 9", title="What an operation costs, and what its operand costs to fetch",
    caption="Energy of one operation or of one 32-bit word from each memory, on a logarithmic axis. From 45 nm to "
    "7 nm arithmetic becomes two to four times cheaper, a large SRAM seven times, a word over a DDR interface not at "
    "all: the distance between computing and fetching grows. The bar of the 8 KiB SRAM is half of the 10 pJ that the "
    "45 nm table gives for 64 bits, as in the chapter's figure; DRAM is the least of the table's range, 650 pJ a word, "
    "where the chapter draws 640. The bars for 7 nm, HBM2 and the larger SRAM are ours.",
    alt="Horizontal bars for seven rows from INT8 add to DDR DRAM, two bars a row for 45 nm and 7 nm, spanning five "
    "decades of energy; the DRAM bars are the longest by far and equal in both processes.",
    units=LADDER_UNITS, data=ladder, draw=draw_ladder, says=ladder_in_words, lab="08_memory_systems", size=(6.4, 4.2),
))  # fmt: skip
register(Figure(
    id="energy-ladder-margin", item="Figure (margin, unnumbered: energy ladder)", title="A DRAM access against a MAC",
    caption="Three rungs of the ladder at 45 nm for 32 bits. The MAC is an FP32 multiplication and an addition; the "
    "chapter's 3.7 pJ is the multiplication alone. Its SRAM mark at 0.5 pJ is a tenth of the 5 pJ of its own Figure 9.",
    alt="Three horizontal bars: DRAM at 650 pJ, MAC at 4.6 pJ and SRAM at 5 pJ, with diamonds where the page draws "
    "640, 3.7 and 0.5 pJ; the SRAM diamond lies a decade left of its bar's end.",
    units=MARGIN_UNITS, data=margin, draw=draw_margin, says=margin_in_words, lab="02_specialization", size=(3.6, 2.2),
))  # fmt: skip
