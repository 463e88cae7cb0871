"""Clocks and heat: which clock takes least energy for a frame, and what the skin's limit does to a camera."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue.soc import FRAME_RATE
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.soc.dvfs import Processor, cortex_a72, run_at
from labcore.soc.thermal import phone_bodies, phone_governor, throttled
from labcore.units import Hertz, Seconds

LAB = "18_heterogeneous_soc"
PERIOD: Seconds = 1 / FRAME_RATE.value
CYCLES = 1.8e7  # of a frame: 540 MHz would do
LEAKS = {"no leakage": 0.0, "0.1 A, as declared": 0.1, "0.5 A, a hot core": 0.5}
ENERGY_UNITS = {"leakage": "", "f": "Hz", "in_time": "", "E": "J", "least": ""}

CORES, HEAVY, CAP = 8, 3e7, 1008e6  # cores, cycles of a frame on each of them, the highest clock of the steady phone
MINUTES, TICK = 40, 5.0
HEAT_UNITS = {"phone": "", "t": "s", "T_case": "degC", "f": "Hz", "T_frame": "s"}
LOOKS = {"race": {"color": VERMILLION, "linestyle": "-"}, "steady": {"color": BLUE, "linestyle": "--"}}
NAMES = {"race": "race: up to 1.8 GHz", "steady": "steady: 1.0 GHz at most"}


def clock_energy() -> Table:
    """Energy of a frame, idling up to the next one included, at each clock of an A72 core with three leakages."""
    drawn = []
    for name, leak in LEAKS.items():
        core = replace(cortex_a72(), I_leak=leak)
        timely = {point: run_at(core, point, CYCLES, PERIOD).E for point in core.points if CYCLES / point.f <= PERIOD}
        least = min(timely, key=timely.get)
        for point in core.points:
            E = timely.get(point, CYCLES / point.f * core.power(point))
            drawn.append((name, point.f, "yes" if point in timely else "no", E, "yes" if point == least else "no"))
    return as_table(ENERGY_UNITS, drawn)


def draw_clock_energy(ax: Axes, table: Table) -> Axes:
    """A line for each leakage over the clock, its least ringed; clocks that miss the deadline stand in grey."""
    ends = []
    for i, name in enumerate(LEAKS):
        own = [r for r in rows(table) if r["leakage"] == name]
        ax.plot(*columns([r for r in own if r["in_time"] == "yes"], "f", "E"), **look(i))
        ax.plot(*columns([r for r in own if r["in_time"] == "no"], "f", "E"), linestyle="None",
                marker=look(i)["marker"], color=GREY, markerfacecolor="white")  # fmt: skip
        ax.plot(*columns([r for r in own if r["least"] == "yes"], "f", "E"), linestyle="None", marker="o",
                markersize=12, markerfacecolor="none", color=BLACK)  # fmt: skip
        ends.append((own[-1]["E"], name))
    ax.axvspan(0.3e9, CYCLES / PERIOD, color="#EEEEEE", zorder=0)
    ax.text(0.315e9, 0.8e-3, "too late\nfor the\nnext frame", color=GREY)
    ax.set_xlim(0.3e9, 1.85e9)
    ax.set_ylim(0, 26e-3)
    ax.set_xticks(list(dict.fromkeys(table["f"])))
    scaled(ax.xaxis, "clock", "MHz")
    scaled(ax.yaxis, "energy of a frame", "mJ")
    ax.grid(visible=False, axis="x")
    ax.set_title(f"a core of the RK3399, {CYCLES / 1e6:.0f} million cycles a frame; leakage declared", fontsize=9,
                 fontweight="normal")  # fmt: skip
    end_labels(ax, ends)
    return ax


def clock_energy_in_words(table: Table) -> str:
    """The least of each leakage, and the fastest clock beside it."""
    said = []
    for name in LEAKS:
        own = [r for r in rows(table) if r["leakage"] == name]
        least, fastest = next(r for r in own if r["least"] == "yes"), own[-1]
        said.append(f"{name}: least at {least['f'] / 1e6:.0f} MHz, {1e3 * least['E']:.2f} mJ, "
                    f"at the fastest {1e3 * fastest['E']:.2f}")  # fmt: skip
    return f"{'; '.join(said)}."


def camera(processor: Processor, demand: Hertz = HEAVY / PERIOD) -> list[tuple]:
    """Time, case, clock and time of a frame, step by step, of a camera that starts cold."""
    trace = throttled(phone_bodies(), processor, phone_governor(TICK), "die", 60 * MINUTES, demand)
    return list(zip(*(x.tolist() for x in (trace.t, trace.T["case"], trace.f, HEAVY / trace.f)), strict=True))


def heat() -> Table:
    """The same camera on a phone that races and on one whose clock is capped."""
    race = cortex_a72(CORES)
    steady = replace(race, points=tuple(point for point in race.points if point.f <= CAP))
    phones = {"race": race, "steady": steady}
    return as_table(HEAT_UNITS, [(name, *row) for name, one in phones.items() for row in camera(one)])


def draw_heat(ax: Axes, table: Table) -> Axes:
    """Above the case's temperature, below the time of a frame beside its deadline, over minutes."""
    cells = ax.get_subplotspec().subgridspec(2, 1, hspace=0.12)
    ax.set_subplotspec(cells[0])
    low = ax.figure.add_subplot(cells[1], sharex=ax)
    for name, how in LOOKS.items():
        own = [r for r in rows(table) if r["phone"] == name]
        minutes = np.array([r["t"] for r in own]) / 60
        ax.plot(minutes, [r["T_case"] for r in own], label=NAMES[name], **how)
        low.step(minutes, [r["T_frame"] for r in own], where="post", **how)
    skin = phone_governor().limits["case"]
    for one, y, words in ((ax, skin, f"the skin's limit, {skin:.0f} degC"), (low, PERIOD, "the next frame comes")):
        one.axhline(y, color=GREY, **THIN_DASH)
        one.text(0.3, y, words, color=GREY, va="bottom")
    ax.set_ylim(24, 48)
    ax.set_ylabel("case (degC)")
    ax.tick_params(labelbottom=False)
    ax.legend(loc="lower right")
    low.set_ylim(0, 80e-3)
    low.set_xlim(0, MINUTES)
    low.set_xlabel("time (minutes)")
    scaled(low.yaxis, "one frame", "ms")
    ax.set_title("a phone's heat and load, declared", fontsize=9, fontweight="normal")
    return ax


def heat_in_words(table: Table) -> str:
    """When each phone first misses a frame, the share of the time it does, and its warmest."""
    said = []
    for name in LOOKS:
        own = [r for r in rows(table) if r["phone"] == name]
        late = [r["t"] for r in own if r["T_frame"] > PERIOD]
        first = f"late from minute {min(late, default=math.inf) / 60:.1f} on, {len(late) / len(own):.0%} of the time"
        said.append(f"{name}: {first if late else 'never late'}, case up to {max(r['T_case'] for r in own):.1f} degC")
    return f"{'; '.join(said)}."


register(Figure(
    id="dvfs-energy", item="Text §Power and thermal management", title="Energy of a frame over the clock",
    caption="One core of the RK3399's Cortex-A72 cluster, clocks and voltages from its device tree, a frame of 18 "
    "million cycles every 33.3 ms, and 20 mW while it waits. Without leakage the lowest clock that is in time takes "
    "least. With leakage time costs, too, and the "
    "ring moves right; on a hot core it stands at nearly twice the clock that would do.",
    alt="Line chart of energy over clock, three lines. The lowest rises from left to right; the middle one has a flat "
    "minimum left of the centre; the highest falls first and has its minimum near 1.0 GHz. A grey zone on the left "
    "marks clocks that miss the deadline.",
    units=ENERGY_UNITS, data=clock_energy, draw=draw_clock_energy, says=clock_energy_in_words, lab=LAB, size=(6.6, 3.6),
))  # fmt: skip
register(Figure(
    id="thermal-throttle-soc", item="Text §Power and thermal management",
    title="A camera that races and one that goes steadily",
    caption="Eight cores, 30 frames a second, on a die inside a phone's case; a governor looks every 5 s and steps the "
    "clock down while the case is above 43 degC. Racing through each frame and then waiting takes 5.1 W, more than the "
    "4.05 W which the case lets out at that limit. All goes well for 12 minutes; then the governor steps far "
    "down, since a case cools slowly, and frames are late for two minutes at a time. Capped at 1.0 GHz the same frames "
    "take 3.0 W and none is late.",
    alt="Two panels over 40 minutes. Above, the case warms along two curves; one meets the limit of 43 degrees after "
    "twelve minutes and then swings below it, the other stays under 39. Below, the time of a frame: the first is "
    "short, then jumps above 33 milliseconds again and again; the second is level at 30.",
    units=HEAT_UNITS, data=heat, draw=draw_heat, says=heat_in_words, lab=LAB, size=(6.6, 4.4),
))  # fmt: skip
