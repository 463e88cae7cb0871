"""Can it run: which chips run which model at what price in chips, and what the memory of a chip is filled with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from labcore import catalogue
from labcore.catalogue.facts import Accelerator
from labcore.feasibility.question import Question
from labcore.feasibility.verdict import check, usable
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION
from labcore.plots.words import as_table, rows

LAB = "20_can_you_run_it"
CONTEXT, TARGET = 8192, 0.050  # tokens of the prompt; seconds for a token, so 20 tokens a second
COUNTS = (1, 2, 4, 8)
CHIPS = tuple(
    map(
        catalogue.chip,
        ("Mobile NPU", "T4", "V100", "TPU v4", "A100-40GB", "A100", "Gaudi 2", "H100", "H200", "MI300X", "B200"),
    )
)
MODELS = (("llama3-8b", None), ("llama3-8b", "int4"), ("llama3-70b", None), ("llama3-70b", "int4"))
SHORT = {"memory": "memory", "decode step": "time"}
GROUNDS = {"": "#CFE8CF", "memory": "#F3C6A5", "time": "#BBD7EC"}
MAP_UNITS = {"chip": "", "model": "", "weights": "", "least": "chips", "binds": "", "margin": "x"}

CASES = {  # the lab's questions about memory
    "70B on an H100": Question("llama3-70b", catalogue.H100, context=CONTEXT),
    "70B on an H100, int4 weights": Question("llama3-70b", catalogue.H100, context=CONTEXT, weights="int4"),
    "70B on each of four H100": Question("llama3-70b", catalogue.H100, 4, context=CONTEXT),
    "8B on an A100, batch 64": Question("llama3-8b", catalogue.A100, batch=64, context=CONTEXT),
    "8B on an A100, batch 49": Question("llama3-8b", catalogue.A100, batch=49, context=CONTEXT),
    "8B on a T4, batch 1": Question("llama3-8b", catalogue.T4, context=CONTEXT),
    "ResNet-50 on an A100, batch 256": Question("resnet50", catalogue.A100, batch=256),
}
HELD = {"weights": (BLUE, HATCHES[0]), "KV cache": (VERMILLION, HATCHES[1]), "activations": (GREEN, HATCHES[2])}
HELD_UNITS = {"case": "", "usable": "B", **dict.fromkeys(HELD, "B")}


def sixteen_bits(chip: Accelerator) -> str:
    """The chip's 16-bit format: fp16 where it has one, else bf16; an error of the chip's where it has neither.

    >>> sixteen_bits(catalogue.H100), sixteen_bits(catalogue.TPU_V4)
    ('fp16', 'bf16')
    """
    return "fp16" if "fp16" in chip.precisions else "bf16"


@cache
def map_of_chips() -> Table:
    """For each chip and model the fewest of 1, 2, 4, 8 chips that do (0: none), and what one lacks ('': nothing)."""
    return as_table(MAP_UNITS, _map())


def _map() -> Iterator[tuple]:
    for chip in CHIPS:
        for model, weights in MODELS:
            one = Question(model, chip, context=CONTEXT, precision=sixteen_bits(chip), weights=weights, target=TARGET)
            counts = COUNTS[:1] if chip.kind == "NPU" else COUNTS
            alone = check(one)
            least = next((n for n in counts if check(replace(one, chips=n)).ok), 0)
            binds = "" if alone.ok else SHORT[alone.binding.name]
            yield chip.name, model, weights or "", least, binds, alone.binding.margin


def draw_map(ax: Axes, table: Table) -> Axes:
    """A grid of chips by models: how many chips, and what stands in the way of one."""
    names = list(dict.fromkeys(table["chip"]))
    for k, r in enumerate(rows(table)):
        x, y = k % len(MODELS), names.index(r["chip"])
        ax.add_patch(
            Rectangle((x, y), 1, 1, facecolor=GROUNDS[r["binds"]] if r["least"] else "white", edgecolor=GREY, lw=0.6)
        )
        said = f"{r['least']}" if r["least"] else "none"
        ax.text(x + 0.5, y + 0.52, said + (f"  ({r['binds']})" if r["binds"] else ""), ha="center", va="center",
                fontsize=9.5, fontweight="bold" if r["least"] == 1 else "normal")  # fmt: skip
    heads = [f"{m.replace('llama3-', 'Llama 3 ').upper().replace('LLAMA', 'Llama')}\n{w or '16-bit'} weights"
             for m, w in MODELS]  # fmt: skip
    ax.set_xlim(0, len(MODELS))
    ax.set_ylim(len(names), 0)
    ax.grid(visible=False)
    ax.set_xticks([k + 0.5 for k in range(len(MODELS))], heads)
    ax.xaxis.tick_top()
    ax.set_yticks([k + 0.5 for k in range(len(names))], names)
    ax.tick_params(length=0)
    ax.set_xlabel("chips needed, of 1, 2, 4, 8; in brackets: what one chip lacks")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    return ax


def map_in_words(table: Table) -> str:
    """How many chips do alone for each model, and the least that do elsewhere."""
    words = []
    for model, weights in MODELS:
        here = [r for r in rows(table) if (r["model"], r["weights"] or None) == (model, weights)]
        alone = [r["chip"] for r in here if r["least"] == 1]
        none = [r["chip"] for r in here if not r["least"]]
        words.append(
            f"{model} with {weights or '16-bit'} weights: one chip does for {', '.join(alone) or 'none'}; "
            f"eight do not for {', '.join(none) or 'none'}"
        )
    return f"Batch 1, context {CONTEXT}, {1e3 * TARGET:.0f} ms a token. {'. '.join(words)}."


def budget() -> Table:
    """What one chip holds in each case, beside what may be used of its memory."""
    drawn = []
    for name, question in CASES.items():
        memory = check(question).memory
        drawn.append((name, usable(question), memory.weights, memory.kv_cache, memory.activations + memory.scores))
    return as_table(HELD_UNITS, drawn)


def draw_budget(ax: Axes, table: Table) -> Axes:
    """A stacked bar for each case, in shares of the memory that may be used, with a line where it is full."""
    for y, r in enumerate(rows(table)):
        start = 0.0
        for name, (colour, hatch) in HELD.items():
            share = 100 * r[name] / r["usable"]
            face = colour if not hatch else "white"
            ax.barh(y, share, 0.62, left=start, facecolor=face, edgecolor=colour, hatch=hatch, linewidth=0.8)
            start += share
        room = f"{sum(r[n] for n in HELD) / 1e9:.3g} of {r['usable'] / 1e9:.3g} GB"
        at = 100 if start < 100 < start + 50 else start  # beside the line, not across it
        ax.text(at + 3, y, room, va="center", fontsize=8)
    ax.axvline(100, color=BLACK, linewidth=1.4)
    ax.text(100, -0.62, "full", ha="center", va="bottom", fontsize=8.5)
    ax.set_yticks(range(len(table["case"])), table["case"])
    ax.set_ylim(len(table["case"]) - 0.5, -0.6)
    ax.set_xlim(0, 245)
    ax.grid(visible=False, axis="y")
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("share of the memory that may be used, one chip (%)")
    handles = [Patch(facecolor=c if not h else "white", edgecolor=c, hatch=h, label=n) for n, (c, h) in HELD.items()]
    ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.35, -0.16), ncols=3)
    return ax


def budget_in_words(table: Table) -> str:
    """Each case: what it needs of what there is."""
    words = [f"{r['case']} {100 * sum(r[n] for n in HELD) / r['usable']:.0f} %" for r in rows(table)]
    return f"Share of one chip's usable memory that is needed: {', '.join(words)}."


register(Figure(
    id="can-it-run", item="Checkpoint 1.4", title="Which chips run Llama 3, and how many it takes",
    caption="Batch 1, a prompt of 8192 tokens, and a target of 50 ms for each further token. A bold 1 is a chip that "
    "does alone. Elsewhere the cell has the least of 2, 4 and 8 chips that do, and in brackets what one of them lacks "
    "more: memory, or time for a token. Eight chips of a kind are joined by the maker's links, or by PCIe. The rules "
    "are those of the can-i-run command: 90 % of the memory, 70 % of the bandwidth, half of the peak. The phone's NPU "
    "is a teaching chip, and there is one to a phone. The checkpoint in the chapter has no figure.",
    alt="A grid of eleven chips by four variants of Llama 3. In the column of the 8B model with 16-bit weights most "
    "chips from the V100 on do alone; in that of the 70B model only MI300X and B200 do, the others need two to eight, "
    "for memory or for time, or nothing does. With int4 weights far more cells have a 1.",
    units=MAP_UNITS, data=map_of_chips, draw=draw_map, says=map_in_words, lab=LAB, size=(6.4, 5.0),
))  # fmt: skip

register(Figure(
    id="memory-budget", item="Lab 20", title="What the memory of one chip is filled with, in seven questions",
    caption="Each bar is what one chip has to hold, as a share of 90 % of its memory; what crosses the line does not "
    "fit. The same model is bound by its weights at batch 1 and by its KV cache at batch 64. Four chips hold a "
    "quarter of weights and cache each. Language models have a prompt of 8192 tokens here and write 256, all of which "
    "the cache holds. The chapter draws none of this.",
    alt="Seven horizontal stacked bars. 70B on one H100 is twice the line, almost all weights; with int4 weights it is "
    "half of it. 8B at batch 64 on an A100 passes the line by its cache, at batch 49 it ends below it. 8B on a T4 "
    "passes it by weights. ResNet-50 takes almost nothing.",
    units=HELD_UNITS, data=budget, draw=draw_budget, says=budget_in_words, lab=LAB, size=(6.4, 3.6),
))  # fmt: skip
