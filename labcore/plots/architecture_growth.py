"""Growth of compute, memory and links, as published and in our own catalogue; and what a batch wins back."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from labcore.architectures import batching, decode, place
from labcore.architectures.growth import SPAN, Fit, catalogue_fit, points
from labcore.catalogue import CHIPS
from labcore.catalogue.architectures import architecture
from labcore.catalogue.memory import DECADES
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLUE, GREY, VERMILLION, log_axes, look
from labcore.plots.words import as_table, columns, rows
from labcore.units import format_si

LAB = "21_architecture_map"
PANELS = {"compute": ("peak", "fp32"), "memory": ("bandwidth",), "links": ("link",)}
RATE_OF = {"compute": "peak", "memory": "DRAM", "links": "interconnect"}
LOOKS = {"peak": (BLUE, "o", BLUE, "any format"), "fp32": (VERMILLION, "s", "white", "fp32"),
         "bandwidth": (BLUE, "o", BLUE, "DRAM"), "link": (BLUE, "o", BLUE, "NVLink, 3 points")}  # fmt: skip
GROWTH_UNITS = {"panel": "", "series": "", "name": "", "year": "", "times": "x", "rate": "x per 2 years"}

MODEL, CHIP, CONTEXTS, MOST = "llama3-8b", "H100", (128, 1024, 8192, 32_768), 4096
BATCH_UNITS = {"context": "tokens", "event": "", "batch": "", "tokens": "1/s", "bound": ""}
EVENTS = {"KV = weights": "s", "computing binds": "^", "memory full": "X"}


def gpu_points(what: str) -> list[tuple[str, float, float]]:
    """The catalogue's GPUs of one quantity: name, year, value."""
    return points(what, [chip for chip in CHIPS if chip.kind == "GPU"])


def growth() -> Table:
    """Points over the fit's value in its first year, the fit's line, and the published rate from the same start."""
    drawn = []
    for panel, quantities in PANELS.items():
        for what in quantities:
            found = gpu_points(what)
            one = catalogue_fit(what)
            drawn += _series(panel, what, found, one)
        published = DECADES[RATE_OF[panel]].value
        drawn += [(panel, "published", "", year, published ** ((year - one.years[0]) / SPAN), published)
                  for year in one.years]  # fmt: skip
    return as_table(GROWTH_UNITS, drawn)


def _series(panel: str, what: str, found: list[tuple[str, float, float]], one: Fit) -> list[tuple]:
    """Points and line of one quantity, both over the geometric mean carried back to the first year."""
    logs = [value / one.rate ** ((year - one.years[0]) / SPAN) for _, year, value in found]
    start = _mean(logs)
    dots = [(panel, what, name, year, value / start, one.rate) for name, year, value in found]
    return dots + [(panel, f"{what}, fit", "", y, one.rate ** ((y - one.years[0]) / SPAN), one.rate) for y in one.years]


def _mean(values: list[float]) -> float:
    """Geometric mean."""
    product = 1.0
    for value in values:
        product *= value ** (1 / len(values))
    return product


def draw_growth(ax: Axes, table: Table) -> Axes:
    """Three panels with the same axes, so that slopes compare; dashes are the published rate."""
    cells = ax.get_subplotspec().subgridspec(1, 3, wspace=0.06)
    ax.set_subplotspec(cells[0])
    panels = [ax, *(ax.figure.add_subplot(cells[k]) for k in (1, 2))]
    for k, (one, panel) in enumerate(zip(panels, PANELS, strict=True)):
        here = [r for r in rows(table) if r["panel"] == panel]
        dashed = [r for r in here if r["series"] == "published"]
        one.plot(*columns(dashed, "year", "times"), color=GREY, linestyle=(0, (4, 3)), linewidth=1.6)
        told = [f"dashed: published {dashed[0]['rate']:.1f}x"]
        for what in PANELS[panel]:
            colour, marker, face, name = LOOKS[what]
            dots, line = ([r for r in here if r["series"] == series] for series in (what, f"{what}, fit"))
            one.plot(*columns(line, "year", "times"), color=colour, linewidth=1.4)
            one.plot(*columns(dots, "year", "times"), marker, color=colour, markerfacecolor=face, markersize=4.5)
            told.append(f"{'square' if marker == 's' else 'round'}: {name} {line[0]['rate']:.2f}x")
        log_axes(one, "y")
        one.set_title(panel)
        one.set_ylim(0.3, 30_000)
        one.set_xlim(2011, 2025.5)
        one.set_xticks([2012, 2016, 2020, 2024])
        one.set_yticks([1, 10, 100, 1000, 10_000], ["1", "10", "100", "1,000", "10,000"] if not k else 5 * [""])
        one.text(0.03, 0.98, "\n".join(told), transform=one.transAxes, va="top", fontsize=8)
        one.set_xlabel("year")
    ax.set_ylabel("times the fit's first year")
    return ax


def growth_in_words(table: Table) -> str:
    """Published and fitted rates of each panel."""
    told = []
    for panel, quantities in PANELS.items():
        rate = {r["series"]: r["rate"] for r in rows(table) if r["panel"] == panel}
        ours = " and ".join(f"{rate[what]:.2f}x ({LOOKS[what][3]})" for what in quantities)
        told.append(f"{panel} {rate['published']:.1f}x published, {ours} in our GPUs")
    return f"Growth every two years: {'; '.join(told)}."


def benefit(model: str = MODEL, chip: str = CHIP, contexts: tuple[int, ...] = CONTEXTS) -> Table:
    """Tokens a second by batch and context as far as memory has room, and the batches at which something changes."""
    one, drawn = architecture(chip), []
    for context in contexts:
        step = decode(model, context)
        found = batching(step, one)
        room = min(found.room, MOST)
        turn = math.ceil(found.compute_batch) if found.compute_batch else None
        events = {
            "KV = weights": round(found.kv_batch),
            "computing binds": turn,
            "memory full": found.room,
        }
        batches = {b: "" for b in (2**k for k in range(13)) if b <= room} | {room: ""}
        batches |= {int(b): name for name, b in events.items() if b and b <= room}
        for batch in sorted(batches):
            placed = place(step, batch, one)
            drawn.append((context, batches[batch], batch, batch / placed.T, placed.bound))
    return as_table(BATCH_UNITS, drawn)


def draw_benefit(ax: Axes, table: Table) -> Axes:
    """A line for each context; a square where keys and values reach the weights, a triangle where computing binds."""
    log_axes(ax)
    ends = []
    for k, context in enumerate(dict.fromkeys(table["context"])):
        here = [r for r in rows(table) if r["context"] == context]
        ax.plot(*columns(here, "batch", "tokens"), **look(k) | {"marker": ""})
        ends.append((here[-1]["batch"], here[-1]["tokens"], f"{context:,} tokens"))
        for r in here:
            if r["event"]:
                ax.plot(r["batch"], r["tokens"], EVENTS[r["event"]], color=look(k)["color"], markersize=8, zorder=3,
                        markeredgecolor="white", markeredgewidth=0.8)  # fmt: skip
    first = next(rows(table))
    slope = [first["tokens"] * b for b in (1, MOST)]
    ax.plot((1, MOST), slope, color=GREY, linestyle=(0, (4, 3)), linewidth=1.0, zorder=1)
    ax.set_xlim(0.9, 9000)
    ax.set_ylim(100, 2e5)
    ax.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    ax.yaxis.set_major_formatter(lambda value, _: format_si(value, "", 3))
    ax.set_xlabel("sequences in the batch")
    ax.set_ylabel("tokens a second, all sequences")
    handles = [Line2D([], [], marker=marker, color=GREY, linestyle="", label=name) for name, marker in EVENTS.items()]
    handles.append(Line2D([], [], color=GREY, linestyle=(0, (4, 3)), label="if only weights were read"))
    ax.legend(handles=handles, loc="upper left", fontsize=8, title="Llama 3 8B on an H100", title_fontsize=8,
              alignment="left")  # fmt: skip
    place_labels(ax, ends, order=("SE", "S right", "E", "S"), fontsize=8)
    return ax


def benefit_in_words(table: Table) -> str:
    """For the shortest and the longest context: what one sequence gets, what the fullest batch gets."""
    told = []
    for context in (min(table["context"]), max(table["context"])):
        here = [r for r in rows(table) if r["context"] == context]
        first, last = here[0], here[-1]
        told.append(f"at {context:,} tokens a batch of {last['batch']:,} makes {last['tokens'] / first['tokens']:,.1f} "
                    f"times the tokens of one sequence ({last['bound']} binds)")  # fmt: skip
    return f"{'; '.join(told).capitalize()}."


register(Figure(
    id="growth-gap", item="Essay 002 §Memory wall", title="Growth of compute, memory and links",
    caption="All panels have the same axes, so slopes compare. Published are the rates every two years of Gholami et "
    "al. (2024) for server hardware of 20 years; ours are least-squares lines through the GPUs of the catalogue, 2012 "
    "to 2024; that of links goes through three points and says little. The fastest rate of any number format outruns "
    "memory, as published; held to fp32 without tensor cores compute grows no faster than DRAM. So the gap is what "
    "narrow formats and matrix units won.",
    alt="Three panels over the years 2012 to 2024 on a log axis. Left, points of peak compute climb more than three "
    "decades along a line steeper than the dashed published one, and squares of fp32 one and a half. In the middle and "
    "right, points of DRAM and NVLink climb slightly more steeply than their dashed lines.",
    units=GROWTH_UNITS, data=growth, draw=draw_growth, says=growth_in_words, lab=LAB, size=(6.8, 3.4),
))  # fmt: skip
register(Figure(
    id="batch-benefit", item="Essay 002 §Memory wall", title="Tokens a second of a decode, by batch",
    caption="Llama 3 8B in fp16 on one H100 with its data sheet's peak and bandwidth. The weights are read once for a "
    "whole batch, so at first twice the sequences make twice the tokens. Every sequence brings its own keys and "
    "values, though: from the square on these are most of the traffic, and more sequences gain little. Only at the "
    "shortest context does computing bind before memory is full.",
    alt="Four rising lines on log axes, tokens a second over the batch. The line for 128 tokens follows the dashed "
    "diagonal until it turns flat near a batch of 660; those for 1,024, 8,192 and 32,768 bend away from the diagonal "
    "at batches near 112, 14 and 3 and end where memory is full.",
    units=BATCH_UNITS, data=benefit, draw=draw_benefit, says=benefit_in_words, lab=LAB, size=(6.4, 4.0),
))  # fmt: skip
