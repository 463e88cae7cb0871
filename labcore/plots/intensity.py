"""Table 13 beside what the layers of the networks it names ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf

from matplotlib.axes import Axes

from labcore.catalogue.facts import Accelerator
from labcore.models.network import Layer
from labcore.models.recommendation import dlrm
from labcore.models.zoo import build
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import THIN_DASH, as_chip, chip_sources
from labcore.plots.style import GREY, look, scaled
from labcore.plots.words import as_table, rows, three
from labcore.units import FlopPerByte

Intensities = list[FlopPerByte]
UNITS = {"operation": "", "series": "", "of": "", "I_low": "FLOP/B", "I_high": "FLOP/B", "and_more": ""}
I_SHOWN = (0.05, 3e3)  # FLOP/B
BEYOND = 2  # how far an arrow reaches past an open end
PRINTED = {  # Table 13: low, high, and whether the range is open above; "<1" is 0 to 1
    "dense convolution": (50, 200, False),
    "dense matmul": (64, 256, True),
    "depthwise convolution": (10, 20, False),
    "attention softmax": (2, 5, False),
    "LayerNorm": (1, 2, False),
    "embedding lookup": (0, 1, False),
}


def intensities(layers: Iterable[Layer], wanted: Callable[[Layer], bool]) -> Intensities:
    """Intensities of the layers that are wanted."""
    return [layer.op.I for layer in layers if wanted(layer)]


def convolutions() -> tuple[str, Intensities]:
    """Every convolution of ResNet-50."""
    return "ResNet-50, batch 32", intensities(build("resnet50", batch=32).layers, lambda x: x.op.kind == "conv2d")


def projections() -> tuple[str, Intensities]:
    """The projections of GPT-2 (its matmuls with weights of their own), at the batches that Table 13 suggests."""
    steps = [build("gpt2", batch=batch, phase="decode") for batch in PRINTED["dense matmul"][:2]]
    weighted = [x for step in steps for x in step.layers if x.op.kind == "matmul" and x.params]
    return "GPT-2, batch 64 to 256", [x.op.I for x in weighted]


def depthwise() -> tuple[str, Intensities]:
    """The depthwise convolutions of MobileNetV2."""
    layers = build("mobilenetv2", batch=32).layers
    return "MobileNetV2, batch 32", intensities(layers, lambda x: x.op.kind == "conv2d" and x.op.shape["groups"] > 1)


def attention_softmax() -> tuple[str, Intensities]:
    """The softmax of GPT-2 in both phases."""
    return "GPT-2, both phases", gpt2_layers("softmax")


def layer_norm() -> tuple[str, Intensities]:
    """The LayerNorms of GPT-2 in both phases."""
    return "GPT-2, both phases", gpt2_layers("layernorm")


def gpt2_layers(kind: str) -> Intensities:
    """Layers of a kind in GPT-2 at batch 1, reading a prompt and writing a token."""
    layers = (x for phase in ("prefill", "decode") for x in build("gpt2", batch=1, phase=phase).layers)
    return intensities(layers, lambda x: x.op.kind == kind)


def lookups() -> tuple[str, Intensities]:
    """DLRM's embeddings: one row a table, as in Criteo's data, which adds nothing, and 80 rows added up."""
    layers = (x for pooled in (1, 80) for x in dlrm(batch=2048, lookups=pooled).layers)
    return "DLRM, 1 to 80 rows", intensities(layers, lambda x: x.op.kind == "embedding")


COMPUTED: dict[str, Callable[[], tuple[str, Intensities]]] = {
    "dense convolution": convolutions, "dense matmul": projections, "depthwise convolution": depthwise,
    "attention softmax": attention_softmax, "LayerNorm": layer_norm, "embedding lookup": lookups,
}  # fmt: skip


def ranges_data(chip: str | Accelerator = "A100", precision: str = "fp16") -> Table:
    """Each printed range, the computed one below it, and the ridge of a chip."""
    drawn = []
    for operation, (low, high, more) in PRINTED.items():
        of, found = COMPUTED[operation]()
        drawn.append((operation, "printed", "Table 13", low, high, "yes" if more else "no"))
        drawn.append((operation, "computed", of, min(found), max(found), "no"))
    one = as_chip(chip)
    drawn.append(("", "ridge", f"{one.name} {precision}", one.ridge(precision), one.ridge(precision), ""))
    return as_table(UNITS, drawn)


def draw_ranges(ax: Axes, table: Table) -> Axes:
    """Two bars an operation: printed hollow, computed filled; an arrow where a range goes on."""
    operations = [name for name in dict.fromkeys(table["operation"]) if name]
    ax.set_xscale("log")
    ax.minorticks_off()
    scaled(ax.xaxis, "arithmetic intensity", "FLOP/B")
    ax.set_xlim(*I_SHOWN)
    ax.set_ylim(len(operations) - 0.4, -0.75)
    of = {r["operation"]: r["of"] for r in rows(table) if r["series"] == "computed"}
    ax.set_yticks(range(len(operations)), [f"{name}\n{of[name]}" for name in operations])
    ax.grid(visible=False, axis="y")
    (ridge,) = [r for r in rows(table) if r["series"] == "ridge"]
    ax.axvline(ridge["I_low"], color=GREY, **THIN_DASH)
    ax.annotate(f"{ridge['of']} ridge {three(ridge['I_low'])}", (ridge["I_low"], ax.get_ylim()[1]), (4, -2),
                textcoords="offset points", va="top", color=GREY)  # fmt: skip
    for r in rows(table):
        if r["series"] != "ridge":
            y = operations.index(r["operation"]) + (-0.19 if r["series"] == "printed" else 0.19)
            draw_range(ax, y, r)
            label_range(ax, y, r, leave_free=ridge["I_low"])
    return ax


def draw_range(ax: Axes, y: float, row: dict[str, object]) -> None:
    """One range: a thick line with end marks, and an arrow towards an open end."""
    style = look(0 if row["series"] == "computed" else 1)
    low, high = row["I_low"], row["I_high"]
    ends = [max(low, I_SHOWN[0]), high]
    ax.plot(ends, [y, y], color=style["color"], linestyle=style["linestyle"], linewidth=2.4)
    ax.plot([end for end in (low, high) if end > 0], [y] * (2 if low > 0 else 1), color=style["color"],
            marker=style["marker"], linestyle="None")  # fmt: skip
    arrow = {"arrowstyle": "-|>", "color": style["color"], "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    if low == 0:
        ax.annotate("", (I_SHOWN[0], y), (I_SHOWN[0] * 1.3, y), arrowprops=arrow)
    if row["and_more"] == "yes":
        ax.annotate("", (high * BEYOND, y), (high, y), arrowprops=arrow)


def label_range(ax: Axes, y: float, row: dict[str, object], leave_free: FlopPerByte) -> None:
    """Write the ends of a range beside it, on the side away from the line at the intensity `leave_free`."""
    left = row["I_high"] > leave_free / 20
    point, dx, side = (row["I_low"], -8, "right") if left else (row["I_high"], 8, "left")
    words = f"{row['series']} {range_words(row)}"
    ax.annotate(words, (point, y), (dx, 0), textcoords="offset points", ha=side, va="center")


def range_words(row: dict[str, object]) -> str:
    """'50 to 200', 'below 1', '64 to 256 and more'."""
    low, high = f"{row['I_low']:.3g}", f"{row['I_high']:.3g}"
    if row["I_low"] == 0:
        return f"below {high}" if row["series"] == "printed" else f"0 to {high}"
    return (low if low == high else f"{low} to {high}") + (" and more" if row["and_more"] == "yes" else "")


def ranges_in_words(table: Table) -> str:
    """Printed against computed, operation by operation, and the ridge."""
    by = {(r["operation"], r["series"]): range_words(r) for r in rows(table) if r["series"] != "ridge"}
    compared = [
        f"{name} printed {by[name, 'printed']}, computed {by[name, 'computed']}"
        for name in dict.fromkeys(operation for operation, _ in by)
    ]
    (ridge,) = [r for r in rows(table) if r["series"] == "ridge"]
    return f"FLOP/B: {'; '.join(compared)}. {ridge['of']} ridge {three(ridge['I_low'])}."


def outside(operation: str) -> Sequence[FlopPerByte]:
    """The computed intensities of an operation that the printed range leaves out."""
    low, high, more = PRINTED[operation]
    return [I for I in COMPUTED[operation]()[1] if not low <= I <= (inf if more else high)]


register(Figure(
    id="intensity-ranges",
    item="Table 13",
    title="Intensity by kind of operation: printed in Table 13, and computed layer by layer",
    caption="Dashed with square ends: the range that Table 13 prints. Solid with round ends: from the lowest to the "
    "highest intensity among the layers of the network that the same row names, at fp16 with every operand moved "
    f"once. {len(outside('dense convolution'))} of ResNet-50's {len(COMPUTED['dense convolution']()[1])} "
    "convolutions lie outside the printed range. Depthwise convolution and softmax stay below theirs: at fp16 a 3 x "
    "3 depthwise filter does 18 FLOP for four bytes or more, and a softmax 3. LayerNorm falls to 0.75 in decode, "
    "where scale and bias weigh as much as the one token they are applied to. A single lookup adds nothing up and "
    f"has 0 FLOP. The table names no batch; ours stand beside the bars, GPT-2's projections in decode at batch 64 "
    f"and 256. Sources: the networks' papers; for the ridge {chip_sources('A100')}.",
    alt="Six operations on a log axis of intensity, each with two horizontal ranges. Printed and computed overlap "
    "for dense convolution, matmul, LayerNorm and embedding; the computed convolutions reach farther on both sides. "
    "For depthwise convolution and softmax the computed range lies wholly left of the printed one. A dashed vertical "
    "marks the A100's ridge; only convolutions and matmuls reach it.",
    units=UNITS, data=ranges_data, draw=draw_ranges, says=ranges_in_words, lab="09_roofline", size=(6.4, 4.6),
))  # fmt: skip
