"""What a model asks of memory: the pure functions of the pressure explorer, and the explorer."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from matplotlib.figure import Figure as Canvas

from labcore.catalogue import chip as find_chip
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.explore.operation import fix_ticks
from labcore.models.language import DECODERS
from labcore.models.pressure import TRAINS_IN, Pressure, of_model
from labcore.plots.pressure import PARTS
from labcore.units import format_si

NAMES = ("mlp", "resnet50", "mobilenetv2", "gpt2-xl", "llama3-8b", "llama3-70b", "dlrm")
TASKS = ("inference", "training")
NO_CONTEXT = "none"
ATTENTION = ("scores written", "fused")
ON = ("V100", "A100", "H100", "H200", "B200", "MI300X")


def precisions(task: str) -> tuple[str, ...]:
    """Precisions that a task is counted in.

    >>> precisions("training")
    ('fp16', 'bf16', 'fp32')
    """
    offered = ("fp16", "bf16", "fp32", "fp8", "int8", "int4")
    return tuple(one for one in offered if task == "inference" or one in TRAINS_IN)


def contexts(model: str) -> tuple[str, ...]:
    """Contexts to choose from: as far as a language model's positions go, none for other models.

    >>> contexts("gpt2-xl")[-1], contexts("dlrm")
    ('1024', ('none',))
    """
    if model not in DECODERS:
        return (NO_CONTEXT,)
    return tuple(str(2**k) for k in range(7, DECODERS[model].positions.bit_length()))


@lru_cache(maxsize=256)
def asked(model: str, task: str, precision: str, batch: int, context: str, attention: str) -> Pressure:
    """The model's pressure at a context from `contexts`; fused attention never writes its scores."""
    tokens = {} if context == NO_CONTEXT else {"context": int(context)}
    fused = attention == "fused"
    return of_model(model, batch, precision=precision, training=task == "training", fused_attention=fused, **tokens)


def build(fig: Canvas) -> SimpleNamespace:
    """A bar for each part as a share of the whole, with its bytes beside it."""
    ax = fig.add_axes((0.2, 0.12, 0.775, 0.76), xlim=(0, 1.35), ylim=(5.6, -0.6))
    fix_ticks(ax.xaxis, [0, 0.25, 0.5, 0.75, 1])
    ax.xaxis.set_ticklabels(["0", "25", "50", "75", "100"])
    fix_ticks(ax.yaxis, range(len(PARTS)))
    ax.yaxis.set_ticklabels([name for name, *_ in PARTS.values()])
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("share of the bytes (%)")
    looks = list(PARTS.values())
    return SimpleNamespace(
        bars=[ax.barh(y, 0, 0.6, color="white", edgecolor=c, hatch=h, linewidth=1.6)[0]
              for y, (_, c, h) in enumerate(looks)],
        words=[ax.text(0, y, "", va="center") for y in range(len(PARTS))],
        title=ax.text(-0.2, 1.05, "", transform=ax.transAxes, weight="bold"),
    )  # fmt: skip


def update(artists: SimpleNamespace, model: str, task: str, precision: str, **sizes: object) -> None:
    """Resize the bars to the shares."""
    found = asked(model, task, precision, **sizes)
    for bar, words, value in zip(artists.bars, artists.words, found.parts.values(), strict=True):
        bar.set_width(value / found.total)
        words.set_x(value / found.total + 0.015)
        words.set_text(format_si(value, "B", 3))
    artists.title.set_text(f"{model}, {task} in {precision}: {format_si(found.total, 'B', 3)}")


def describe(model: str, task: str, precision: str, batch: int, context: str, attention: str) -> str:
    """The whole, its parts, the smallest chip that holds it, and whether that chip computes in the precision."""
    found = asked(model, task, precision, batch, context, attention)
    parts = ", ".join(f"{PARTS[name][0]} {format_si(value, 'B', 3)}" for name, value in found.parts.items() if value)
    tokens = "" if context == NO_CONTEXT else f", {int(context):,} tokens"
    tokens += ", fused attention" if attention == "fused" else ""
    chips = sorted(map(find_chip, ON), key=lambda one: one.capacity.value)
    fits = next((one for one in chips if found.total <= one.capacity.value), None)
    largest = max(chips, key=lambda one: one.capacity.value)
    where = (
        f"it fits on one {fits.name} ({format_si(fits.capacity.value, 'B', 3)})"
        if fits
        else f"it needs {-(-found.total // largest.capacity.value):.0f} of {largest.name}"
    )
    where += "" if precision in (fits or largest).precisions else f", which has no arithmetic in {precision}"
    return (
        f"{model}, {task} in {precision}, batch {batch}{tokens}: {format_si(found.total, 'B', 4)}, of which {parts}; "
        f"largest: {PARTS[found.largest][0]}, {found.parts[found.largest] / found.total:.1%}; {where}"
    )


def pressure_explorer(**start: object) -> Explorer:
    """What a model keeps in memory, part by part, and which chip holds it.

    >>> pressure_explorer(model="gpt2-xl", task="training", batch=1).sentence.split("; ")[-1]
    'it fits on one V100 (32 GB)'
    >>> pressure_explorer(model="llama3-70b", precision="fp8").sentence.split("; ")[-1]
    'it fits on one A100 (80 GB), which has no arithmetic in fp8'
    """
    return Explorer(
        question="Which part of the memory does the next reader, the next token or the backward pass take?",
        shows="Six bars, one a part of what a model keeps: weights, activations, attention scores, KV cache, gradients "
        "and optimizer state, each as a share of all bytes with its bytes beside it.",
        controls=[
            Choice("model", "Model", NAMES, "gpt2-xl"),
            Choice("task", "Task", TASKS, "inference"),
            Choice("precision", "Precision", precisions, "fp16", follows="task"),
            Whole("batch", "Batch", 1, 512, 1, log2=True),
            Choice("context", "Context (tokens)", contexts, "512", follows="model"),
            Choice("attention", "Attention", ATTENTION, ATTENTION[0]),
        ],
        build=build,
        update=update,
        describe=describe,
        size=(6.4, 3.6),
        start=start,
    )


EXPLORERS = (pressure_explorer,)
