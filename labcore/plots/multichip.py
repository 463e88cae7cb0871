"""All-reduce drawn: a ring of four chips step by step, and which way of summing ends first."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labcore.interconnect.allreduce import ring
from labcore.interconnect.collectives import chip_link, cluster_time
from labcore.interconnect.link import Link
from labcore.interconnect.messages import simulate
from labcore.interconnect.network import Network
from labcore.plots.labels import end_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes, look, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.units import format_si

LAB = "17_multichip"
CHIPS = 4
FILM_UNITS = {"step": "", "chip": "", "part": "", "value": "", "arrived": ""}
WHOLE, PARTIAL, WIDE = "#CFE3F1", "#FFFFFF", 4.8  # a finished sum, any other, and the pitch of a column
LEGEND = (
    "Four parts a chip. Bars in a part: whose numbers are in its sum, chip 0 at the left; tinted: all four.\n"
    "Thick frame: has just come in from the chip above, to chip 0 from chip 3."
)


def film(p: int = CHIPS) -> Table:
    """What each of p chips holds after each step of a ring; chip r begins with 10^r in every part."""
    messages = ring(p, p)
    began = np.tile(10 ** np.arange(p)[:, None], p)  # (chips, parts)
    drawn = []
    for step in range(2 * (p - 1) + 1):
        held = simulate([m for m in messages if m.step < step], began, Network(p, Link("any", 1.0))).data
        came = {(m.dst, m.start) for m in messages if m.step == step - 1}
        drawn += [
            (step, chip, part, int(held[chip, part]), "yes" if (chip, part) in came else "no")
            for chip in range(p)
            for part in range(p)
        ]
    return as_table(FILM_UNITS, drawn)


def draw_film(ax: Axes, table: Table) -> Axes:
    """A column for each step, a row for each chip, a cell for each part with a bar for each chip that is in its sum."""
    ax.axis("off")
    p, last = 1 + max(table["chip"]), max(table["step"])
    for r in rows(table):
        draw_part(ax, r["step"] * WIDE + r["part"], 1.3 * r["chip"], r, p)
    for step in range(last + 1):
        name = "begin" if step == 0 else f"sum {step}" if step < p else f"share {step - p + 1}"
        ax.text(step * WIDE + p / 2, -0.4, name, ha="center", weight="bold", fontsize=8.5)
    for chip in range(p):
        ax.text(-0.35, 1.3 * chip + 0.5, f"chip {chip}", ha="right", va="center", fontsize=8.5)
    ax.text(0, 1.3 * p + 0.1, LEGEND, va="top", fontsize=8, color=GREY, linespacing=1.4)
    ax.set_xlim(-3.2, (last + 1) * WIDE - 0.6)
    ax.set_ylim(1.3 * p + 1.7, -1.0)
    return ax


def draw_part(ax: Axes, x: float, y: float, r: dict[str, object], p: int) -> None:
    """One part of one chip: a bar from the left for chip 0, and so on; thick where it has just come in."""
    came, digits = r["arrived"] == "yes", f"{r['value']:0{p}d}"[::-1]
    frame = {"edgecolor": VERMILLION, "linewidth": 1.8} if came else {"edgecolor": GREY, "linewidth": 0.5}
    ax.add_patch(Rectangle((x, y), 1, 1, facecolor=PARTIAL if "0" in digits else WHOLE, zorder=3 if came else 2,
                           **frame))  # fmt: skip
    for chip, digit in enumerate(digits):
        if digit != "0":
            bar = Rectangle((x + (chip + 0.75) / (p + 1), y + 0.16), 0.11, 0.68, facecolor=BLUE, zorder=4)
            ax.add_patch(bar)


def film_in_words(table: Table) -> str:
    """Steps, parts sent by each chip, and where each part is whole first."""
    p, last = 1 + max(table["chip"]), max(table["step"])
    whole = sum(10**r for r in range(p))
    done = [r["chip"] for part in range(p) for r in rows(table)
            if r["step"] == p - 1 and r["part"] == part and r["value"] == whole]  # fmt: skip
    return (
        f"{p} chips, {last} steps: after {p - 1} each part is whole ({whole}) on one chip, parts 0 to {p - 1} on chips "
        f"{', '.join(map(str, done))}; after {last} all are whole everywhere, and each chip has sent {last} parts."
    )


NODE, CLUSTER = 8, 64
CROSS_UNITS = {"way": "", "size": "B", "time": "s"}
WAYS = {"two level": "two levels", "ring": "ring", "tree": "tree", "doubling": "doubling", "halving": "halving"}


def crossover(chips: int = CLUSTER) -> Table:
    """Time of an all-reduce over H100s in nodes of eight, for each way and message size."""
    inside, across = chip_link("NVLink 4"), chip_link("InfiniBand NDR")
    sizes = [round(10 ** (k / 4)) for k in range(12, 41)]
    return as_table(CROSS_UNITS, [
        (name, size, cluster_time(size, chips, inside, across, NODE, way))
        for way, name in WAYS.items() for size in sizes
    ])  # fmt: skip


def draw_crossover(ax: Axes, table: Table) -> Axes:
    """A line for each way, named at its end."""
    log_axes(ax)
    ends = []
    for i, name in enumerate(dict.fromkeys(table["way"])):
        xs, ys = columns([r for r in rows(table) if r["way"] == name], "size", "time")
        ax.plot(xs, ys, **look(i) | {"marker": "None"})
        ends.append((ys[-1], name))
        every = slice(i, None, 4)
        ax.plot(xs[every], ys[every], **look(i) | {"linestyle": "None"}, markersize=5)
    ax.set_xlim(1e3, 1e10)
    end_labels(ax, ends)
    ax.text(0.02, 0.95, f"{CLUSTER} H100 in nodes of {NODE}", color=GREY, va="top", transform=ax.transAxes)
    scaled(ax.xaxis, "bytes to sum", "MB")
    scaled(ax.yaxis, "time", "ms")
    return ax


def crossover_in_words(table: Table) -> str:
    """Which way is soonest from which size on."""
    found, before = [], ""
    for size in dict.fromkeys(table["size"]):
        here = {r["way"]: r["time"] for r in rows(table) if r["size"] == size}
        best = min(here, key=here.get)
        if best != before:
            found.append(f"{best} from {format_si(size, 'B', 3)} ({format_si(here[best], 's', 3)})")
            before = best
    return f"Soonest: {', '.join(found)}."


register(Figure(
    id="allreduce-film", item="Footnote 42", title="A ring all-reduce over four chips",
    caption="Every chip begins with a vector of four parts, chip r with 10^r in each. In a step every chip hands one "
    "part to the next chip, so all four links work at once. Three steps add, three more hand the finished sums on. "
    "The messages were run, and the bars are read off the numbers that the chips held.",
    alt="Seven columns of four rows of four cells. In the first three steps after the beginning a thick cell in each "
    "row gains a bar; then one cell in each row has four bars and a tint, and in three more steps all have.",
    units=FILM_UNITS, data=film, draw=draw_film, says=film_in_words, lab=LAB, size=(7.2, 2.6),
))  # fmt: skip
register(Figure(
    id="allreduce-crossover", item="Footnote 42", title="Which all-reduce is soonest on 64 chips",
    caption="64 H100 in nodes of eight: NVLink inside, a card of 400 Gb/s a chip across, 2 us a message on both. On "
    "the left a step's latency decides, and the way with the fewest steps wins; on the right the bytes "
    "decide, and two levels win, since only an eighth of the data of each chip leaves the node. Halving, with "
    "the ring's bytes in few steps, has the middle. All but two levels are charged the slower link in every "
    "step.",
    alt="Five rising lines on log axes. Doubling is lowest at small sizes, halving for some hundreds of kilobytes, two "
    "levels from about a megabyte on; the ring begins highest and ends with halving, tree and doubling end highest.",
    units=CROSS_UNITS, data=crossover, draw=draw_crossover, says=crossover_in_words, lab=LAB, size=(6.4, 3.8),
))  # fmt: skip
