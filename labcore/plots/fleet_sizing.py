"""Fleets for the same work: asserted, and sized from it (Napkin Math 1.10 both ways)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from matplotlib.axes import Axes

from labcore.catalogue import A100, carbon, chip, demand, prices
from labcore.cost import KWH, TYPICAL, Fleet, Offer, fleet_for, like_for_like, serve
from labcore.models.network import Network
from labcore.models.zoo import build
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes
from labcore.plots.words import as_table, rows, three

LAB = "19_sustainability"
BILLION = 1e9
CPU, NPU = (1e12, 100.0), (10e12, 5.0)  # FLOP/s and W of one: Napkin Math 1.10
PAGE = "the page's fleets, asserted"
SIZED = {  # share of the peak that CPU and NPU reach on ResNet-50
    "ResNet-50, both at their peaks": (1.0, 1.0),
    "assumed: CPU at 5 %, NPU at 20 %": (demand.FLEET["share of peak"].value, demand.FLEET["own share of peak"].value),
    "assumed: CPU at 50 %, NPU at 5 %": (0.5, 0.05),
}
REAL = "real: Xeon (matrix units) and A100"
FLEET_UNITS = {"way": "", "machine": "", "count": "", "eta": "ratio", "energy": "J"}
LOOKS = {"CPU": (VERMILLION, "s"), "accelerator": (BLUE, "o")}


def fleets_drawn(per_day: float = BILLION) -> Table:
    """Machines and energy a day for the same inferences: asserted, sized at shares of the peak, and by rooflines."""
    drawn = [(PAGE, "CPU", 1000, 1.0, Fleet(1000, *CPU).energy_a_day()),
             (PAGE, "accelerator", 100, 1.0, Fleet(100, *NPU).energy_a_day())]  # fmt: skip
    flop = build("resnet50").flop
    for way, etas in SIZED.items():
        for machine, one, eta in zip(LOOKS, (CPU, NPU), etas, strict=True):
            fleet = fleet_for(per_day, flop, *one, eta)
            drawn.append((way, machine, fleet.count, eta, fleet.energy_a_day()))
    for machine, one in zip(LOOKS, real_offers(), strict=True):
        fleet = serve(per_day, resnet50, one, TYPICAL).fleet
        drawn.append((REAL, machine, fleet.count, fleet.eta, Fleet(fleet.count, 1.0, fleet.power).energy_a_day()))
    return as_table(FLEET_UNITS, drawn)


@cache
def resnet50(precision: str) -> Network:
    """ResNet-50 at batch 32."""
    return build("resnet50", batch=32, precision=precision)


def real_offers() -> tuple[Offer, Offer]:
    """A Xeon with matrix units at a price to reason with, and the A100 of Table 8, both at 16 bits."""
    xeon = Offer(chip("Sapphire Rapids"), "bf16", demand.FLEET["price"].value)
    return xeon, next(one for one in like_for_like("16-bit") if one.chip is A100)


def proposals() -> dict[str, tuple[Offer, float]]:
    """Four ways to buy the fleet: what one machine costs, and the g of CO2 that making it emitted.

    Making a Xeon is not in the catalogue and counts as nothing. The A100's making has a share of a server in it.
    """
    xeon, card = real_offers()
    made = carbon.EMBODIED["A100"].value
    return {
        "Xeon, vector units, fp32": (replace(xeon, precision="fp32"), 0.0),
        "Xeon, matrix units, bf16": (xeon, 0.0),
        "A100, the bare card": (card, made),
        "A100 with its share of a server": (replace(card, price=card.price * prices.SERVER.value), made),
    }


def draw_fleets(ax: Axes, table: Table) -> Axes:
    """A row for each way to come to the fleets: two markers on a log axis of energy, and the gap between them."""
    log_axes(ax, "x")
    ways = list(dict.fromkeys(table["way"]))
    for y, way in enumerate(ways):
        pair = [r for r in rows(table) if r["way"] == way]
        ends = [r["energy"] / KWH for r in pair]
        ax.plot(ends, [y, y], color=GREY, linewidth=1.2, zorder=1)
        gap = f"{three(ends[0] / ends[1])} x"
        ax.text((ends[0] * ends[1]) ** 0.5, y - 0.16, gap, ha="center", va="bottom", fontsize=8)
        for r, kwh in zip(pair, ends, strict=True):
            colour, marker = LOOKS[r["machine"]]
            ax.plot([kwh], [y], color=colour, marker=marker, markersize=7, linestyle="None")
            left = r["machine"] == "accelerator"
            words = f"{r['count']:,} use{'s' * (r['count'] == 1)} {kwh:,.{kwh < 100:d}f} kWh"
            ax.annotate(words, (kwh, y), (-8 if left else 8, 0), va="center",
                        textcoords="offset points", ha="right" if left else "left", fontsize=8)  # fmt: skip
    for machine, (colour, marker) in LOOKS.items():
        ax.plot([], [], color=colour, marker=marker, linestyle="None", label=machine)
    ax.set_yticks(range(len(ways)), ways)
    ax.set_ylim(len(ways) - 0.4, -0.7)
    ax.set_xlim(0.015, 1_500_000)
    ax.set_xticks([1, 100, 10_000], ["1", "100", "10,000"])
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("energy a day of all machines at full power (kWh)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=2, fontsize=8)
    return ax


def fleets_in_words(table: Table) -> str:
    """Machines and gap of each way."""
    said = []
    for way in dict.fromkeys(table["way"]):
        cpu, other = (r for r in rows(table) if r["way"] == way)
        said.append(f"{way}: {cpu['count']:,} against {other['count']:,}, {cpu['energy'] / other['energy']:.3g} times")
    return f"Machines, and energy of the first over the second. {'; '.join(said)}."


register(Figure(
    id="fleet-sizing", item="Napkin Math 1.10", title="A billion inferences a day, five pairs of fleets",
    caption="First row: the fleets as the page states them, 1,000 CPUs of 100 W and 100 NPUs of 5 W. Rows two to "
    "four size the same two machines from the work, ResNet-50 with 8.2 GFLOP an image, at assumed shares of their "
    "peaks. Last row: the same images on a Xeon with matrix units and an A100, 350 and 400 W, at 16 bits and the "
    "shares that their rooflines allow at batch 32, upper bounds. No machine is ever switched off.",
    alt="Five rows, each with a square for CPUs and a circle for accelerators joined by a line on a log axis of "
    "energy. The line is longest at 5 and 20 per cent of the peaks and shortest for the two real chips.",
    units=FLEET_UNITS, data=fleets_drawn, draw=draw_fleets, says=fleets_in_words, lab=LAB, size=(7.0, 3.8),
))  # fmt: skip
