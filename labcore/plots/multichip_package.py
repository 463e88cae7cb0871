"""One die or several: what a good package costs in silicon and bonding, by the area of its circuits."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.catalogue.multichip import DEFECTS, FIELD, WAFER_PRICE
from labcore.interconnect.packaging import package
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.units import Ratio

MM2 = 1e-6
AREAS = [k * 50 * MM2 for k in range(1, 31)]
RETICLE = FIELD[0].value * FIELD[1].value  # m^2
LINK_AREA, BOND_YIELD, ASSEMBLY = 0.1, 0.99, 50.0  # assumed: 10 % more area, one bond in 100 fails, 50 USD
UNITS = {"dies": "", "logic": "m^2", "yield": "ratio", "silicon": "USD", "cost": "USD"}


def chiplet_costs(
    process: str = "N5", link_area: Ratio = LINK_AREA, bond_yield: Ratio = BOND_YIELD, assembly: float = ASSEMBLY
) -> Table:
    """Cost of a package of one, two and four dies by the area of its logic; no die exceeds the scanner's field."""
    drawn = []
    for dies in (1, 2, 4):
        for logic in AREAS:
            one = package(logic, dies, DEFECTS[process].value, WAFER_PRICE[process].value, link_area,
                          bond_yield, assembly if dies > 1 else 0.0)  # fmt: skip
            if one.area <= RETICLE:
                drawn.append((dies, logic, one.die_yield, one.silicon, one.cost))
    return as_table(UNITS, drawn)


def draw_costs(ax: Axes, table: Table) -> Axes:
    """A line for each number of dies; the one of a single die ends where no scanner can expose it."""
    ends = []
    for i, dies in enumerate(dict.fromkeys(table["dies"])):
        xs, ys = columns([r for r in rows(table) if r["dies"] == dies], "logic", "cost")
        ax.plot(xs, ys, **look(i) | {"marker": "None"})
        ax.plot(xs[i::4], ys[i::4], **look(i) | {"linestyle": "None"}, markersize=5)
        name = "one die" if dies == 1 else f"{dies} dies"
        if xs[-1] == AREAS[-1]:
            ends.append((ys[-1], name))
        else:
            ax.annotate(name, (xs[-1], ys[-1]), (-4, 6), textcoords="offset points", ha="right")
    ax.axvline(RETICLE, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.annotate("a scanner's field", (RETICLE, 0.02), (5, 0), xycoords=("data", "axes fraction"),
                textcoords="offset points", color=GREY)  # fmt: skip
    ax.set_xlim(0, AREAS[-1])
    ax.set_ylim(bottom=0)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value / MM2:,.0f}")
    ax.set_xlabel("area of the circuits (mm²)")
    scaled(ax.yaxis, "cost of a good package", "USD")
    ax.text(0.02, 0.97, "assumed: 10 % more area for links,\none bond in 100 fails, 50 USD for assembly", color=GREY,
            va="top", transform=ax.transAxes)  # fmt: skip
    end_labels(ax, ends)
    return ax


def costs_in_words(table: Table) -> str:
    """Yield and cost at 800 mm^2, and the area from which two and four dies are cheaper than one."""
    at = {dies: {r["logic"]: r for r in rows(table) if r["dies"] == dies} for dies in dict.fromkeys(table["dies"])}
    large = AREAS[15]
    said = "; ".join(f"{dies} of {at[dies][large]['yield']:.0%} yield {at[dies][large]['cost']:.0f} USD" for dies in at)
    pays = [next((a for a in AREAS if a in at[1] and at[n][a]["cost"] < at[1][a]["cost"]), None) for n in (2, 4)]
    first = " and ".join("never" if a is None else f"from {a / MM2:.0f} mm²" for a in pays)
    return f"800 mm² as dies: {said}. Two and four dies cost less than one {first} on."


register(Figure(
    id="chiplet-cost", item="Text §Multi-chip scaling approaches", title="One large die or several small ones",
    caption="N5 at about 0.1 defects a square centimetre and 16,988 USD a wafer, an estimate of 2020. A large die is "
    "spoiled by any defect on it; small dies are tested first, and a defect costs only one of them. What splitting "
    "costs is area for the links, bonds that fail, and assembly: on small circuits it is never earned. A single die "
    "ends at the field that a scanner exposes, 26 x 33 mm; beyond it there is no choice. Kinks are whole dies that no "
    "longer fit the wafer.",
    alt="Three rising curves of cost over area. One die is cheapest at small areas, bends up and ends at 850 square "
    "millimetres; two dies cross below it and rise more slowly; four dies are cheapest at large areas.",
    units=UNITS, data=chiplet_costs, draw=draw_costs, says=costs_in_words, lab="17_multichip", size=(6.4, 3.8),
))  # fmt: skip
