"""Who runs what: every assignment of a pipeline to the units of a phone."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from labcore.catalogue.soc import FRAME_RATE
from labcore.plots.labels import place_labels
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, MARKERS, PURPLE, VERMILLION, log_axes, scaled
from labcore.plots.words import as_table, columns, rows
from labcore.soc.partition import all_plans
from labcore.soc.pipeline import detection
from labcore.soc.plan import Costs, Plan, cost_table
from labcore.soc.unit import phone

LAB = "18_heterogeneous_soc"
DECLARED = "a phone of declared round numbers, no product"
UNIT_COLOURS = {"NPU": BLUE, "GPU": VERMILLION, "DSP": GREEN, "CPU": PURPLE}
THREE_WAY = ("NPU", "NPU", "CPU", "GPU")  # the chapter's, with the neck beside the backbone
PLAN_UNITS = {"backbone": "", "neck": "", "NMS": "", "overlay": "", "latency": "s", "energy": "J", "best": ""}


@cache
def pipeline_costs() -> Costs:
    """Each stage of the detection pipeline priced on each unit of the phone."""
    return cost_table(detection(), phone())


def front(plans: list[Plan]) -> list[Plan]:
    """The plans that no other beats in latency and energy both, fastest first."""
    kept: list[Plan] = []
    for plan in sorted(plans, key=lambda plan: (plan.latency, plan.energy)):
        if not kept or plan.energy < kept[-1].energy:
            kept.append(plan)
    return kept


def assignments() -> Table:
    """All assignments with latency and energy; `best` says which lie on the front."""
    plans = list(all_plans(pipeline_costs()))
    best = front(plans)
    return as_table(PLAN_UNITS, [
        (*plan.assignment.values(), plan.latency, plan.energy, "yes" if plan in best else "no") for plan in plans
    ])  # fmt: skip


def units_of(row: dict[str, object]) -> tuple[str, ...]:
    """The units of a row, stage by stage."""
    return tuple(row[stage] for stage in ("backbone", "neck", "NMS", "overlay"))


def draw_assignments(ax: Axes, table: Table) -> Axes:
    """A marker for each plan, its shape the backbone's unit, filled where NMS is on the CPU; the front as a line."""
    log_axes(ax, "y")
    every = list(rows(table))
    for (unit, colour), marker in zip(UNIT_COLOURS.items(), MARKERS, strict=False):
        for home, fill in (("CPU", colour), ("GPU", "white")):
            its = [r for r in every if (r["backbone"], r["NMS"]) == (unit, home)]
            ax.plot(*columns(its, "latency", "energy"), linestyle="None", marker=marker, markersize=6,
                    color=colour, markerfacecolor=fill)  # fmt: skip
    best = sorted((r for r in every if r["best"] == "yes"), key=lambda r: r["latency"])
    ax.plot(*columns(best, "latency", "energy"), color=BLACK, linewidth=1.2, zorder=3,
            marker="o", markersize=10, markerfacecolor="none", markeredgewidth=1.2)  # fmt: skip
    scaled(ax.xaxis, "time of one frame", "ms")
    scaled(ax.yaxis, "energy of one frame", "mJ")
    ax.set_xlim(2.2e-3, 4.2e-3)
    ax.set_ylim(1.5e-3, 40e-3)
    ax.set_yticks([2e-3, 5e-3, 10e-3, 20e-3])
    at = {units_of(r): (r["latency"], r["energy"]) for r in every}
    named = {("CPU",) * 4: "all on CPU", ("GPU",) * 4: "all on GPU", THREE_WAY: "NPU, CPU, GPU"}
    place_labels(ax, [(*at[units], words) for units, words in named.items()], fontsize=9)
    keys = [Line2D([], [], linestyle="None", marker=m, color=c, label=f"backbone on {u}")
            for (u, c), m in zip(UNIT_COLOURS.items(), MARKERS, strict=False)]  # fmt: skip
    keys += [Line2D([], [], linestyle="None", marker="o", color=GREY, markerfacecolor=fill, label=f"NMS on {home}")
             for home, fill in (("CPU", GREY), ("GPU", "white"))]  # fmt: skip
    keys.append(Line2D([], [], color=BLACK, linewidth=1.2, marker="o", markersize=9, markerfacecolor="none",
                       label="none is better in both"))  # fmt: skip
    ax.legend(handles=keys, loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.set_title(f"{DECLARED}; every plan is within {1e3 / FRAME_RATE.value:.1f} ms", fontsize=9, fontweight="normal")
    return ax


def assignments_in_words(table: Table) -> str:
    """The front from fastest to leanest, and the plans of one unit."""
    every = list(rows(table))
    best = sorted((r for r in every if r["best"] == "yes"), key=lambda r: r["latency"])
    said = "; ".join(f"{'-'.join(units_of(r))} {1e3 * r['latency']:.3f} ms, {1e3 * r['energy']:.2f} mJ"
                     for r in (best[0], best[-1]))  # fmt: skip
    alone = [r for r in every if len(set(units_of(r))) == 1]
    ones = "; ".join(f"{r['NMS']} {1e3 * r['latency']:.2f} ms, {1e3 * r['energy']:.2f} mJ" for r in alone)
    return f"{len(every)} plans, {len(best)} on the front. Fastest and leanest: {said}. On one unit: {ones}."


register(Figure(
    id="soc-assignments", item="Text §Strategies for dynamic workload distribution",
    title="Every assignment of four stages to four units",
    caption="Backbone and neck (MobileNetV2 and heads, int8), suppression of 4,000 boxes (NMS) and an overlay on a "
    "1920 x 1080 frame, on a phone whose rates are declared. NPU and DSP run neither NMS nor overlay, so 64 plans are "
    "left. Ringed are those that no other beats in both. The chapter's three-way split is one of the four; the leanest "
    "plan has the neck on the DSP, and the fastest has the overlay on the CPU. NMS on the GPU costs "
    "about 17 mJ, since one lane of 512 works.",
    alt="Scatter plot of energy over time of one frame. Filled markers, NMS on the CPU, lie low, from 2.3 mJ up; "
    "hollow ones, NMS on the GPU, lie near 20 mJ. At the lower left four plans with the backbone on the NPU have "
    "rings.",
    units=PLAN_UNITS, data=assignments, draw=draw_assignments, says=assignments_in_words, lab=LAB, size=(7.2, 3.8),
))  # fmt: skip
