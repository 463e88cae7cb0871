"""Memory pressure by model: what each keeps, in inference and in training, as stacked and hatched bars."""

from __future__ import annotations

from matplotlib.axes import Axes

from labcore.models.pressure import Pressure, of_model
from labcore.plots.registry import Figure, Table, register
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, PURPLE, VERMILLION
from labcore.plots.words import as_table, rows
from labcore.units import format_si

UNITS = {"model": "", "task": "", "part": "", "bytes": "B"}
MODELS = {"mlp": "MLP, 4 x 4096", "resnet50": "ResNet-50", "gpt2-xl": "GPT-2 XL", "llama3-8b": "Llama 3 8B",
          "dlrm": "DLRM"}  # fmt: skip
PARTS = {  # of a Pressure: its name, and a hatch as the second cue beside the colour
    "weights": ("weights", BLUE, ""),
    "activations": ("activations", VERMILLION, "////"),
    "scores": ("attention scores", PURPLE, "xxxx"),
    "kv_cache": ("KV cache", GREEN, "...."),
    "gradients": ("gradients", GREY, "----"),
    "optimizer": ("optimizer state", BLACK, "\\\\\\\\"),
}
BATCH, CONTEXT = 32, 1024


def pressures(batch: int = BATCH, context: int = CONTEXT, precision: str = "fp16") -> Table:
    """Bytes of every part of every model, in inference and in training."""
    drawn = []
    for model, name in MODELS.items():
        for task in ("inference", "training"):
            found: Pressure = of_model(model, batch, context, precision, training=task == "training")
            drawn += [(name, task, part, value) for part, value in found.parts.items()]
    return as_table(UNITS, drawn)


def draw_pressures(ax: Axes, table: Table) -> Axes:
    """Two bars a model, each of length 1; its whole is written behind it."""
    pairs = list(dict.fromkeys((r["model"], r["task"]) for r in rows(table)))
    places = {pair: k + k // 2 * 0.5 for k, pair in enumerate(pairs)}
    left = dict.fromkeys(pairs, 0.0)
    whole = {p: sum(r["bytes"] for r in rows(table) if (r["model"], r["task"]) == p) for p in pairs}
    for part, (name, colour, hatch) in PARTS.items():
        for r in rows(table):
            pair = r["model"], r["task"]
            if r["part"] == part and r["bytes"]:
                share = r["bytes"] / whole[pair]
                ax.barh(places[pair], share, 0.78, left[pair], color="white", edgecolor=colour, hatch=hatch)
                left[pair] += share
        ax.barh(-9, 0, color="white", edgecolor=colour, hatch=hatch, label=name)
    for pair, y in places.items():
        ax.text(1.015, y, format_si(whole[pair], "B", 3), va="center")
    ax.set_yticks(list(places.values()), [f"{model}, {task}" for model, task in pairs])
    ax.set_ylim(max(places.values()) + 0.7, -0.7)
    ax.set_xlim(0, 1.16)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    ax.set_xlabel("share of the bytes (%); the whole stands behind the bar")
    ax.grid(axis="y", visible=False)
    ax.legend(loc="lower center", bbox_to_anchor=(0.42, 1.0), ncols=3, fontsize=8)
    return ax


def pressures_in_words(table: Table) -> str:
    """The whole of each bar and its largest part."""
    bars: dict[tuple[str, str], dict[str, float]] = {}
    for r in rows(table):
        bars.setdefault((r["model"], r["task"]), {})[r["part"]] = r["bytes"]
    said = []
    for (model, task), parts in bars.items():
        largest = max(parts, key=parts.get)
        share = parts[largest] / sum(parts.values())
        said.append(f"{model} {task} {format_si(sum(parts.values()), 'B', 3)}, {share:.0%} "
                    f"{PARTS[largest][0]}")  # fmt: skip
    return "; ".join(said) + "."


register(Figure(
    id="memory-pressure", item="Table 11", title="What five models keep in memory",
    caption=f"Bytes by what they hold, batch {BATCH}, fp16; language models with {CONTEXT} tokens a sequence, one of "
    "them written in inference. Training keeps the output of every layer, and beside weights and gradients the fp32 "
    "weights and two moments of Adam. Inference keeps two neighbouring tensors at a time. Attention is not fused. The "
    "chapter's table describes the pressures in words. Two things move between the bars of a pair: in training "
    "of networks with large feature maps or long sequences activations are most, elsewhere the optimizer's state.",
    alt="Ten stacked bars in five pairs, inference above training, with hatched parts: weights fill the inference bars "
    "of the MLP and DLRM, activations two thirds of ResNet-50's, the KV cache three quarters of GPT-2 XL's. In "
    "training the optimizer's state fills three quarters of the MLP and DLRM, activations and attention scores the "
    "others.",
    units=UNITS, data=pressures, draw=draw_pressures, says=pressures_in_words, lab="08_memory_systems", size=(6.8, 4.4),
))  # fmt: skip
