"""Dataflows in bars: what moves by operand, what it costs by level."""

from __future__ import annotations

from functools import cache

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from labcore.dataflow import DATAFLOWS, STATIONARY, best, counts, problem_of
from labcore.dataflow.energy import energy
from labcore.mapping import touched
from labcore.models.zoo import build
from labcore.ops import Operation
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, PURPLE, VERMILLION
from labcore.plots.words import as_table, rows, three

LAB = "11_dataflow"
WORDS = 16 * 1024  # of the buffer in the bars: 32 KiB at two bytes
LEVELS = {"DRAM": "DRAM", "SRAM 32 KiB": "buffer", "computing": "arithmetic"}
PARTS = {
    "A in": {"facecolor": BLUE, "hatch": HATCHES[0]},
    "B in": {"facecolor": "white", "hatch": HATCHES[1]},
    "C in": {"facecolor": "white", "hatch": HATCHES[3]},
    "C out": {"facecolor": PURPLE, "hatch": HATCHES[2]},
}
COSTS = {"DRAM": {"facecolor": VERMILLION}, "buffer": {"facecolor": "white", "hatch": HATCHES[1]},
         "arithmetic": {"facecolor": GREEN, "hatch": HATCHES[2]}}  # fmt: skip


@cache
def layers() -> dict[str, Operation]:
    """Four layers: early and late in ResNet-50, one of GPT-2, one of DLRM."""
    of = {name: {layer.name: layer.op for layer in build(name, **how).layers}
          for name, how in (("resnet50", {}), ("gpt2", {"seq": 512}), ("dlrm", {"batch": 2048}))}  # fmt: skip
    return {
        "ResNet-50, 3 x 3 on 56 x 56": of["resnet50"]["layer1.0.conv2"],
        "ResNet-50, 3 x 3 on 7 x 7": of["resnet50"]["layer4.1.conv2"],
        "GPT-2, MLP up, 512 tokens": of["gpt2"]["mlp.up"],
        "DLRM, 1024 to 1024, batch 2048": of["dlrm"]["top.fc1"],
    }


def traffic_by_operand() -> Table:
    """Words of each operand for four layers under each dataflow that they have, and the least of any nest."""
    drawn = []
    for name, op in layers().items():
        problem, _ = problem_of(op)
        for flow in DATAFLOWS if "Q" in problem.sizes else STATIONARY:
            moved = counts(problem, best(problem, flow, WORDS))
            parts = (moved.A_reads, moved.B_reads, moved.C_reads, moved.C_writes)
            drawn += [
                (name, flow, part, 1e3 * words / problem.macs, 1e3 * touched(problem) / problem.macs)
                for part, words in zip(PARTS, parts, strict=True)
            ]
    return as_table(TRAFFIC_UNITS, drawn)


def draw_traffic(ax: Axes, table: Table) -> Axes:
    """A bar for each layer and dataflow, stacked by operand; a line where each word would move once."""
    return stacked(ax, table, "part", "words", PARTS, lambda r: r["least"], "words moved", "for 1000 MACs")


def stacked(
    ax: Axes, table: Table, part: str, value: str, looks: dict, least: object, quantity: str, unit: str
) -> Axes:  # fmt: skip
    """Horizontal stacked bars in groups, one group for each layer."""
    y, ticks, names = 0.0, [], []
    for layer in dict.fromkeys(table["layer"]):
        here = [r for r in rows(table) if r["layer"] == layer]
        ax.text(0, y - 0.62, f" {layer}", va="center", fontsize=8, fontweight="bold")
        for flow in dict.fromkeys(r["dataflow"] for r in here):
            left = 0.0
            for r in (one for one in here if one["dataflow"] == flow):
                ax.barh(y, r[value], left=left, height=0.72, edgecolor=GREY, linewidth=0.6, **looks[r[part]])
                left += r[value]
            ticks.append(y)
            names.append(flow)
            if least:
                ax.plot([least(here[0])] * 2, [y - 0.4, y + 0.4], color=BLACK, linewidth=1.2)
            y += 1
        y += 1
    ax.set_yticks(ticks, names)
    ax.set_ylim(y - 0.9, -1.2)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"{quantity} ({unit})")
    handles = [Patch(edgecolor=GREY, label=name, **look) for name, look in looks.items()]
    if least:
        handles.append(Line2D([], [], color=BLACK, linewidth=1.2, label="each word once"))
    ax.legend(handles=handles, ncols=5, loc="lower right", bbox_to_anchor=(1, 1))
    return ax


def traffic_in_words(table: Table) -> str:
    """Totals by layer and dataflow, in words for 1000 MACs."""
    words = []
    for layer in dict.fromkeys(table["layer"]):
        here = [r for r in rows(table) if r["layer"] == layer]
        sums = {flow: sum(r["words"] for r in here if r["dataflow"] == flow) for flow in dict.fromkeys(
            r["dataflow"] for r in here)}  # fmt: skip
        said = ", ".join(f"{flow} {three(total)}" for flow, total in sums.items())
        words.append(f"{layer}: {said}, at least {three(here[0]['least'])}")
    return f"Words for 1000 MACs through a buffer of 16 Ki words. {'; '.join(words)}."


def energy_by_level() -> Table:
    """Energy of four layers under three dataflows, from DRAM, the buffer and the arithmetic."""
    drawn = []
    for name, op in layers().items():
        for flow in STATIONARY:
            spent = energy(op, flow, WORDS)
            drawn += [(name, flow, LEVELS[level], 1e12 * E / op.macs) for level, E in spent.traffic.items()]
            drawn.append((name, flow, LEVELS["computing"], 1e12 * spent.computing / op.macs))
    return as_table(ENERGY_UNITS, drawn)


def draw_energy(ax: Axes, table: Table) -> Axes:
    """A bar for each layer and dataflow, stacked by level."""
    return stacked(ax, table, "level", "E", COSTS, None, "energy", "pJ/MAC")


def energy_in_words(table: Table) -> str:
    """Totals and the share of DRAM."""
    words = []
    for layer in dict.fromkeys(table["layer"]):
        said = []
        for flow in STATIONARY:
            E = {r["level"]: r["E"] for r in rows(table) if (r["layer"], r["dataflow"]) == (layer, flow)}
            said.append(f"{flow} {three(sum(E.values()))} pJ ({E['DRAM'] / sum(E.values()):.0%} DRAM)")
        words.append(f"{layer}: {', '.join(said)}")
    return f"Energy of a MAC. {'; '.join(words)}."


TRAFFIC_UNITS = {"layer": "", "dataflow": "", "part": "", "words": "words/1000 MACs", "least": "words/1000 MACs"}
ENERGY_UNITS = {"layer": "", "dataflow": "", "level": "", "E": "pJ/MAC"}

register(Figure(
    id="dataflow-traffic", item="Listing 16; Listing 17; Listing 18",
    title="Words moved by operand, best tile of each dataflow",
    caption="Words between DRAM and a buffer of 16 Ki words for 1000 multiply-accumulates, each dataflow with the tile "
    "that suits it best. The black "
    "mark is where every word that is needed would move once. Row stationary, after Eyeriss, is drawn for "
    "convolutions, as a nest on tiles of whole rows.",
    alt="Four groups of horizontal stacked bars, one group for each layer, one bar for each dataflow. Output "
    "stationary "
    "has no share of sums coming in and the shortest bar or one as short as any in every group.",
    units=TRAFFIC_UNITS, data=traffic_by_operand, draw=draw_traffic, says=traffic_in_words, lab=LAB, size=(6.6, 5.2),
))  # fmt: skip
register(Figure(
    id="dataflow-energy", item="Text §Data movement patterns", title="Energy by level under three dataflows",
    caption="Energy of one multiply-accumulate at 45 nm in fp16: words from DRAM, words through a buffer of 32 KiB to "
    "a 128 x 128 array and back, "
    "and the multiplications and additions. Registers inside the array are left out: every dataflow uses them alike. "
    "What differs between dataflows is DRAM: who reads least from it takes the least energy.",
    alt="Four groups of three horizontal stacked bars. DRAM is the largest part of nearly every bar, arithmetic the "
    "same in all three of a group.",
    units=ENERGY_UNITS, data=energy_by_level, draw=draw_energy, says=energy_in_words, lab=LAB, size=(6.6, 4.6),
))  # fmt: skip
