"""One chip in two envelopes under a load that goes on: temperature and clock in time."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes

from labcore.catalogue import A100
from labcore.catalogue.runtimes import A100_PCIE_POWER
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import GREY, look
from labcore.plots.words import as_table, columns, rows
from labcore.runtime.thermal import Heated, Package, clock_under, heat, mean_clock
from labcore.units import Seconds, Watts

LAB = "16_runtimes"
AMBIENT, LIMIT, RESUME = 30.0, 83.0, 82.0
P_IDLE: Watts = 50.0
T_CONSTANT: Seconds = 60.0  # of the cooler; this and the temperatures are chosen, see the caption
CLOCKS = tuple(1 - k / 100 for k in range(51))
LASTS, TICK = 300.0, 1.0
ENVELOPES = {"400 W": A100.power.value, "300 W": A100_PCIE_POWER.value}


def package(P_carried: Watts, T_constant: Seconds = T_CONSTANT) -> Package:
    """An A100 that would draw its 400 W, in a cooler that carries `P_carried` away at the limit.

    >>> package(400.0).sustained_clock(), round(package(300.0).sustained_clock(), 3)
    (1.0, 0.894)
    """
    R_th = (LIMIT - AMBIENT) / P_carried
    P_dynamic = A100.power.value - P_IDLE
    return Package(R_th, T_constant / R_th, AMBIENT, P_IDLE, P_dynamic, LIMIT, RESUME, CLOCKS)


@cache
def heated(P_carried: Watts) -> Heated:
    """A full load from cold, for five minutes."""
    return heat(package(P_carried), LASTS, TICK)


def in_time() -> Table:
    """Temperature and clock at every tick, for both envelopes."""
    return as_table(UNITS, [
        (name, *one)
        for name, P in ENVELOPES.items()
        for one in zip(heated(P).times, heated(P).theta, heated(P).clock, strict=True)
    ])  # fmt: skip


def draw_in_time(ax: Axes, table: Table) -> Axes:
    """Temperature below on the left axis, clock above on the right one."""
    clock = ax.twinx()
    for k, name in enumerate(ENVELOPES):
        its, how = [r for r in rows(table) if r["envelope"] == name], look(k)
        ax.plot(*columns(its, "time", "theta"), **how | {"marker": ""})
        seconds, rate = columns(its, "time", "clock")
        clock.plot(seconds, rate, **how | {"marker": "", "linewidth": 1.3})
        ax.text(0.43 * LASTS, (70, 87)[k], f"temperature, cooler for {name}")
        clock.text(0.43 * LASTS, (1.02, 0.77)[k], f"clock, cooler for {name}")
        clock.axhline(package(ENVELOPES[name]).sustained_clock(), color=GREY, linewidth=0.9, linestyle=":")
    ax.axhline(LIMIT, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.text(0.02 * LASTS, LIMIT + 1, "limit", color=GREY, fontsize=8.5)
    ax.set_ylim(20, 160)
    ax.set_yticks(range(20, 101, 20))
    ax.set_xlim(0, LASTS)
    ax.set_xlabel("seconds of full load; the cooler and its temperatures are illustrative")
    ax.set_ylabel("temperature (degrees Celsius)", loc="bottom")
    clock.set_ylim(0.1, 1.08)
    clock.set_yticks([0.7, 0.8, 0.9, 1.0], ["70", "80", "90", "100"])
    clock.set_ylabel("clock (% of the highest)", loc="top")
    clock.spines["right"].set_visible(True)
    clock.grid(visible=False)
    return ax


def in_time_in_words(table: Table) -> str:
    """When each envelope is full, and the clock that it keeps."""
    said = []
    for name in dict.fromkeys(table["envelope"]):
        chip = package(ENVELOPES[name])
        late = mean_clock(heated(ENVELOPES[name]), (LASTS / 2, LASTS))
        full = next((r["time"] for r in rows(table) if r["envelope"] == name and r["clock"] < 1), None)
        when = f"slows down after {full:.0f} s, then {late:.1%} of the clock" if full else "never slows down"
        said.append(f"{name}: {when}, by the balance {chip.sustained_clock():.1%}")
    alone = clock_under(A100_PCIE_POWER.value, 1e-9, A100.power.value)
    return f"{'; '.join(said)}; by the cube law without idle power {alone:.1%}."


UNITS = {"envelope": "", "time": "s", "theta": "degC", "clock": "1"}

register(Figure(
    id="throttle",
    item="Text §ML runtime architecture",
    title="The same chip in two coolers under a load that goes on",
    caption="An A100 that draws 400 W at full clock, 50 W of them idle, the rest with the cube of the clock. One "
    "cooler carries 400 W at the limit of 83 degrees, the other 300 W, the two TDPs of the SXM module and the PCIe "
    f"card ({A100_PCIE_POWER.source}). From 30 degrees both start at full clock; the second meets the limit after "
    "more than a minute, and a benchmark that ends before does not see it. From there on its clock hunts around what "
    "the cooler carries (dotted), in ever smaller swings. Temperatures, idle power and the time constant of 60 s are "
    "chosen. A PCIe card holds its 300 W by a power limit, at once; then the clock is lower from the start.",
    alt="Two rising curves of temperature over five minutes; the steeper one stops at a dashed limit of 83 degrees, "
    "the other approaches it. Above them two lines of the clock: one stays at 100 per cent, the other falls to about "
    "90 when its temperature meets the limit.",
    units=UNITS, data=in_time, draw=draw_in_time, says=in_time_in_words, lab=LAB, size=(6.4, 4.0),
))  # fmt: skip
