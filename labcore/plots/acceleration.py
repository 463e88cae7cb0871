"""The acceleration wall: Amdahl's law as a map (Figure 1), and a faster chip term by term."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator

from labcore.catalogue.links import LAUNCH
from labcore.ironlaw import Terms, ceiling, knee, needed_fraction, needed_gain, network_terms, speedup
from labcore.models.zoo import build
from labcore.plots.labels import GROUND
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip, chip_sources
from labcore.plots.style import BLACK, BLUE, GREY, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, columns, rows, three
from labcore.units import Ratio, format_si

LEVELS = (2, 5, 10, 20, 50, 100, 200, 500)  # those of Figure 1; its level 1 is the left edge
P_LOW, P_HIGH, G_MAX = 0.8, 0.999, 1000.0
POINTS = {"ResNet-50": (0.95, 247.0), "GPT-2": (0.80, 247.0)}  # p and G_accel of Lighthouse 1.1
PALE, DEEP = np.array([0xF4, 0xF8, 0xFC]) / 255, np.array([0x6F, 0xAF, 0xD8]) / 255


def iron_law_map(p_low: Ratio = P_LOW, p_high: Ratio = P_HIGH, G_max: Ratio = G_MAX) -> Table:
    """Lines of equal speed-up from Amdahl's law solved for G_accel, the line of the knees, and the two workloads."""
    ps, gains = 1 - np.geomspace(1 - p_high, 1 - p_low, 60), np.geomspace(1, G_max, 61)
    drawn = []
    for S in map(float, LEVELS):
        line = [(needed_gain(S, p), p) for p in ps if ceiling(p) > S]
        line += [(G, needed_fraction(S, G)) for G in gains[gains > S]]
        drawn += [("equal speed-up", "", S, G, p) for G, p in sorted(line) if G_max >= G and p_low <= p <= p_high]
    drawn += [("knee", "", speedup(p, knee(p)), knee(p), p) for p in ps if knee(p) <= G_max]
    drawn += [("workload", name, speedup(p, G), G, p) for name, (p, G) in POINTS.items()]
    return as_table(MAP_UNITS, ((series, name, *map(float, numbers)) for series, name, *numbers in drawn))


def draw_map(ax: Axes, table: Table) -> Axes:
    """Bands between lines of equal speed-up, darker where it is larger; p grows upwards by its serial part."""
    log_axes(ax)
    ax.grid(visible=False)
    ax.set_xlim(1, G_MAX)
    ax.set_ylim(1 - P_LOW, 1 - P_HIGH)
    ax.set_facecolor(PALE)
    for i, S in enumerate(LEVELS, start=1):
        G, p = columns(
            [r for r in rows(table) if r["speedup"] == S and r["series"] == "equal speed-up"], "G_accel", "p"
        )
        tint = PALE + (DEEP - PALE) * i / len(LEVELS)
        ax.fill([*G, G_MAX, G_MAX], 1 - np.array([*p, p[-1], P_HIGH]), color=tint)  # all that is right of the line
        ax.plot(G, 1 - np.array(p), color=BLUE, linewidth=0.9)
        ax.annotate(f"{S}x", (G[0], 1 - P_HIGH), (0, 3), textcoords="offset points", ha="center", annotation_clip=False)
        if G[-1] == G_MAX and LEVELS[-1] > S:
            ax.annotate(f"{S}x", (G_MAX, 1 - p[-1]), (4, 0), textcoords="offset points", va="center")
    G, p = columns([r for r in rows(table) if r["series"] == "knee"], "G_accel", "p")
    ax.plot(G, 1 - np.array(p), color=GREY, linestyle="--", linewidth=1.4)
    draw_workloads(ax, table)
    ax.set_xlabel("accelerator gain G_accel, on the accelerated part (x)")
    ax.set_ylabel("parallel fraction p")
    ax.xaxis.set_major_formatter("{x:,.0f}")
    shown = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
    ax.yaxis.set_major_locator(FixedLocator([1 - p for p in shown]))
    ax.yaxis.set_major_formatter(FixedFormatter([f"{p:g}" for p in shown]))
    ax.set_title("speed-up of the whole", pad=16)
    return ax


def draw_workloads(ax: Axes, table: Table) -> None:
    """The two workloads as markers, and words on either side of the knee."""
    for marker, row in zip("os", (r for r in rows(table) if r["series"] == "workload"), strict=True):
        at = (row["G_accel"], 1 - row["p"])
        ax.plot(*at, color=VERMILLION, marker=marker, markersize=8, markeredgecolor="white", clip_on=False, zorder=4)
        words = f"{row['name']} {row['speedup']:.1f}x"
        ax.annotate(words, at, (-8, 0 if row["p"] > P_LOW else 9), textcoords="offset points", ha="right", va="center",
                    weight="bold", color=BLACK)  # fmt: skip
    ground = {"va": "center", "ha": "center", "bbox": GROUND}
    ax.text(7, 0.0055, "a faster accelerator\ngains more", **ground)
    ax.text(250, 0.027, "less serial work\ngains more", **ground)
    ax.text(5.4, 0.183, "half of the ceiling", color=GREY, va="center", fontsize=8)


def map_in_words(table: Table) -> str:
    """The two workloads with their ceilings, the corner, and p = 0.9."""
    points = (
        f"{r['name']} (p = {r['p']:g}, G = {r['G_accel']:.0f}) gains {three(r['speedup'])}x of at most "
        f"{three(ceiling(r['p']))}x"
        for r in rows(table)
        if r["series"] == "workload"
    )
    corner = f"the upper right corner has {three(speedup(P_HIGH, G_MAX))}x"
    tenfold = f"at p = 0.9 a gain of 100 gives {three(speedup(0.9, 100))}x and one of 1000 {three(speedup(0.9, 1000))}x"
    return f"{'; '.join(points)}; {corner}; {tenfold}."


JOBS = {
    "ResNet-50, 1 image": ("resnet50", {}),
    "ResNet-50, 128 images": ("resnet50", {"batch": 128}),
    "GPT-2 XL, one token": ("gpt2-xl", {"phase": "decode"}),
    "GPT-2 XL, prompt of 512": ("gpt2-xl", {"phase": "prefill"}),
    "Llama 3 8B, prompt of 512": ("llama3-8b", {"phase": "prefill"}),
}
TERMS = {"data": ("white", BLUE, "////"), "compute": (VERMILLION, VERMILLION, ""), "latency": (GREY, GREY, "")}

NAMES = {"data": "data", "compute": "compute", "latency": f"latency, {format_si(LAUNCH.value, 's')} a launch"}


def terms_on_two_chips(before: str = "V100", after: str = "H100") -> Table:
    """The three terms of five jobs in FP16 on two chips, in a row, with their share of the time on the first."""
    drawn = []
    for job, (name, options) in JOBS.items():
        network = build(name, **options)
        old = network_terms(network, as_chip(before), "fp16", LAUNCH.value)
        for chip in (before, after):
            now = network_terms(network, as_chip(chip), "fp16", LAUNCH.value)
            drawn += [(job, chip, term, getattr(now, term), getattr(now, term) / old.T) for term in TERMS]
    return as_table(TERMS_UNITS, drawn)


def draw_terms(ax: Axes, table: Table) -> Axes:
    """A pair of bars for each job, cut into its terms; behind the second one, what the whole gained."""
    before, after = dict.fromkeys(table["chip"])
    for y, job in enumerate(dict.fromkeys(table["job"])):
        for chip, shift in ((before, -0.19), (after, 0.19)):
            left = 0.0
            for r in (r for r in rows(table) if r["job"] == job and r["chip"] == chip):
                face, edge, hatch = TERMS[r["term"]]
                ax.barh(y + shift, r["share"], 0.34, left=left, facecolor=face, edgecolor=edge, hatch=hatch,
                        linewidth=1, label=NAMES[r["term"]] if (y, chip) == (0, before) else None)  # fmt: skip
                left += r["share"]
            whole = f"{chip} {format_si(terms_of(table, job, chip).T, 's', 3)}"
            gain = f", {three(1 / left)}x" if chip == after else ""
            ax.text(left + 0.012, y + shift, whole + gain, va="center", weight="bold" if gain else "normal")
    ax.set_yticks(range(len(JOBS)), list(dict.fromkeys(table["job"])))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlim(0, 1.32)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    scaled(ax.xaxis, f"time, terms in a row, as a share of that on the {before}", "%")
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, borderaxespad=0.2)
    return ax


def terms_of(table: Table, job: str, chip: str) -> Terms:
    """The terms of one job on one chip."""
    return Terms(**{r["term"]: r["T"] for r in rows(table) if (r["job"], r["chip"]) == (job, chip)})


def terms_in_words(table: Table) -> str:
    """What each job gains, and its longest term on the second chip."""
    before, after = dict.fromkeys(table["chip"])
    said = []
    for job in dict.fromkeys(table["job"]):
        old, new = terms_of(table, job, before), terms_of(table, job, after)
        said.append(f"{job} {three(old.T / new.T)}x, then bound by {new.binds} ({new.share(new.binds):.0%})")
    gain = as_chip(after).peak("fp16") / as_chip(before).peak("fp16")
    return f"{before} to {after}, {three(gain)}x the fp16 peak: {'; '.join(said)}."


MAP_UNITS = {"series": "", "name": "", "speedup": "x", "G_accel": "x", "p": ""}
TERMS_UNITS = {"job": "", "chip": "", "term": "", "T": "s", "share": "1"}
V100, H100 = map(as_chip, ("V100", "H100"))
PEAKS, BANDWIDTHS = H100.peak("fp16") / V100.peak("fp16"), H100.BW / V100.BW

register(Figure(
    id="iron-law-heatmap",
    item="Figure 1",
    title="Speed-up of a whole task over accelerator gain and parallel fraction",
    caption="Lines of equal speed-up of the whole, from Amdahl's law (Equation 1) solved for the accelerator's gain; "
    "darker means more. On the dashed line the serial part and the accelerated part take the same time and half of "
    "the ceiling 1 / (1 - p) is reached. The markers are the two workloads of the chapter's Lighthouse 1.1, one "
    "accelerator of 247x apart in p alone. The chapter spaces p evenly, which presses every line from 20x on into "
    "the top tenth; here equal steps up are equal factors of the serial part 1 - p.",
    alt="Map with accelerator gain from 1 to 1000 across and parallel fraction from 0.8 to 0.999 upwards. Curves of "
    "equal speed-up, from 2x to 500x, come down from the top edge and bend to the right; the large ones reach only "
    "the upper right corner. A dashed diagonal joins their bends. ResNet-50 and GPT-2 lie right of it.",
    units=MAP_UNITS, data=iron_law_map, draw=draw_map, says=map_in_words, lab="01_acceleration_wall", size=(6.4, 4.4),
))  # fmt: skip

register(Figure(
    id="faster-chip-terms",
    item="Text §Amdahl",
    title="A faster chip, term by term",
    caption="The iron law of five jobs in FP16 on a V100 and on an H100: bytes over bandwidth, FLOP over peak, and "
    f"{format_si(LAUNCH.value, 's')} for the launch of each operation, one after the other, every operand moved once "
    "and nothing fused. The chips differ by "
    f"{three(PEAKS)} in peak and by {three(BANDWIDTHS)} in bandwidth; launches cost the same: "
    "the more of a bar is latency, the less the faster chip gains. Percentages are of "
    f"the time on the V100. Sources: {chip_sources('V100', 'H100')}; launch: "
    f"{LAUNCH.source}.",
    alt="Five pairs of stacked bars, V100 above H100, each of data, compute and latency. Computation nearly vanishes "
    "on the H100, data shrinks to about a quarter, latency stays. One input of ResNet-50, one token of GPT-2 are "
    "mostly latency and hardly gain; the prompt of Llama 3 gains most.",
    units=TERMS_UNITS, data=terms_on_two_chips, draw=draw_terms, says=terms_in_words, lab="01_acceleration_wall",
))  # fmt: skip
