"""A network on every chip that has the precision: least time of a pass, what binds it, whether it fits.

What must fit is the parameters and, for a language model, the keys and values that a prefill writes or that a decode
step attends to, in every sequence of the batch. Activations are left out: what they take depends on how a framework
frees and reuses them, and with one layer's at a time it is little beside the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure as Canvas
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from labcore.catalogue import CHIPS
from labcore.catalogue.facts import Accelerator
from labcore.models import zoo
from labcore.models.language import DEFAULT_TOKENS, kv_cache_bytes
from labcore.models.network import Network
from labcore.plots.network import BOUNDS
from labcore.plots.style import BLACK, GREY
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Ratio, Seconds, format_si

HALF = "fp16 or bf16"  # two bytes either way; of TPUs and GPUs before 2020 each has only one of them
PRECISIONS = (HALF, "fp64", "fp32", "tf32", "fp8", "int8", "fp4", "int4")
PASS = "one pass"  # the phase of a network that has no phases


@dataclass(frozen=True)
class Standing:
    """One chip's least time for a pass of the network, and the share of it that the memory binds."""

    chip: str
    T: Seconds
    memory: Ratio
    fits: bool


def phases(network: str) -> tuple[str, ...]:
    """The phases of a network, for one that has any.

    >>> phases("gpt2"), phases("resnet50")
    (('prefill', 'decode'), ('one pass',))
    """
    return ("prefill", "decode") if "phase" in zoo.MODELS[network].options else (PASS,)


def precision_of(chip: Accelerator, precision: str) -> str | None:
    """The chip's own name for a precision on offer, or None where it has none.

    >>> [precision_of(chip, HALF) for chip in CHIPS if chip.name in ("V100", "TPU v4", "P40")]
    [None, 'fp16', 'bf16']
    """
    wanted = HALF.split(" or ") if precision == HALF else [precision]
    return next((one for one in wanted if one in chip.precisions), None)


@lru_cache(maxsize=256)
def network(name: str, phase: str, precision: str, batch: int) -> Network:
    """The network as the controls ask for it."""
    options = {} if phase == PASS else {"phase": phase}
    return zoo.build(name, batch=batch, precision=precision.split(" or ")[0], **options)


def parameter_bytes(name: str, phase: str, precision: str) -> Bytes:
    """What the parameters take at a precision."""
    return network(name, phase, precision, 1).params * bytes_per_element(precision.split(" or ")[0])


def cache_bytes(name: str, phase: str, precision: str, batch: int) -> Bytes:
    """What the keys and values of all sequences take; nothing for a network without phases.

    >>> cache_bytes("gpt2-xl", "decode", "fp16", 1) == 2 * 48 * 1600 * 512 * 2  # K and V, layers, width, tokens, fp16
    True
    """
    return 0 if phase == PASS else kv_cache_bytes(name, batch, DEFAULT_TOKENS, precision.split(" or ")[0])


@lru_cache(maxsize=256)
def standings(name: str, phase: str, precision: str, batch: int) -> tuple[Standing, ...]:
    """Every chip that has the precision: those that hold it first, the fastest of them at the top.

    >>> [s.chip for s in standings("resnet50", PASS, "fp4", 32)]
    ['B200']
    """
    layers = network(name, phase, precision, batch).layers
    flop, D_vol, count = np.array([(layer.op.flop, layer.op.D_vol, layer.count) for layer in layers], float).T
    need = parameter_bytes(name, phase, precision) + cache_bytes(name, phase, precision, batch)
    found = []
    for chip in CHIPS:
        if own := precision_of(chip, precision):
            compute, memory = flop / chip.peak(own), D_vol / chip.BW  # each (layers,)
            T = count * np.maximum(compute, memory)
            share = T[memory > compute].sum() / T.sum()
            found.append(Standing(chip.name, float(T.sum()), float(share), need <= chip.capacity.value))
    return tuple(sorted(found, key=lambda s: (not s.fits, s.T)))


def build(fig: Canvas) -> SimpleNamespace:
    """A row for each chip that could ever stand here: name, two bars end to end, time."""
    rows = max(sum(precision_of(chip, p) is not None for chip in CHIPS) for p in PRECISIONS)
    ax = fig.add_axes((0.17, 0.095, 0.81, 0.84), xlim=(0, 1.15), ylim=(rows - 0.4, -0.6))
    ax.grid(axis="y", visible=False)
    ax.set_yticks([])
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    ax.set_xlabel("speed, relative to the fastest")
    bars = [
        ax.add_patch(PathPatch(rectangles([], []), label=f"{bound}-bound", **{"edgecolor": s["facecolor"]} | s))
        for bound, s in BOUNDS.items()  # memory first, as in update
    ]
    ax.legend(loc="lower right", title="share of the time", alignment="left")
    return SimpleNamespace(
        bars=bars,
        names=ax.add_collection(lettering(ax)),
        times=ax.add_collection(lettering(ax)),
        title=ax.text(0, 1.02, "", transform=ax.transAxes, weight="bold"),
    )


def update(artists: SimpleNamespace, network: str, phase: str, precision: str, batch: int) -> None:
    """Lay the bars out in the order of the standings; rows that are left over stay empty."""
    found = standings(network, phase, precision, batch)
    speeds = [found[0].T / one.T if one.fits else 0.0 for one in found]
    splits = [speed * one.memory for speed, one in zip(speeds, found, strict=True)]
    memory, compute = artists.bars
    memory.set_path(rectangles([0.0] * len(found), splits))
    compute.set_path(rectangles(splits, speeds))
    artists.names.set_paths([letters(one.chip, align="right") for one in found])
    artists.names.set_offsets([(-0.01, row) for row in range(len(found))])
    small = "does not hold the parameters" if phase == PASS else "does not hold parameters and cache"
    artists.times.set_paths([letters(format_si(one.T, "s", 3) if one.fits else small) for one in found])
    artists.times.set_offsets([(speed + 0.01, row) for row, speed in enumerate(speeds)])
    artists.times.set_facecolors([BLACK if one.fits else GREY for one in found])
    name = network if phase == PASS else f"{network} {phase}"
    artists.title.set_text(f"{name}, batch {batch}, {precision}: least time of a pass")


def rectangles(starts: Sequence[float], ends: Sequence[float], height: float = 0.74) -> Path:
    """Horizontal bars at rows 0, 1, 2 and so on, as one path: one stroke to draw instead of a score.

    >>> len(rectangles([0.0, 1.0], [2.0, 3.0]).vertices)  # five corners each, the first one twice
    10
    """
    bars = [
        [(left, row - height / 2), (right, row - height / 2), (right, row + height / 2), (left, row + height / 2)]
        for row, (left, right) in enumerate(zip(starts, ends, strict=True))
        if right > left
    ]
    return Path.make_compound_path(*(Path([*bar, bar[0]], closed=True) for bar in bars))


def lettering(ax: Axes) -> PathCollection:
    """A place for words that all change at once: drawn as outlines in one stroke, ten times as fast as texts."""
    points = Affine2D().scale(1 / 72) + ax.figure.dpi_scale_trans
    words = PathCollection([], offsets=[], offset_transform=ax.transData, facecolors=BLACK, clip_on=False)
    words.set_transform(points)
    return words


@lru_cache(maxsize=4096)
def letters(words: str, align: str = "left") -> Path:
    """The outlines of words in points, centred on their x-height line, which starts or ends at the origin."""
    outline = TextPath((0, -3), words, size=9, prop=FontProperties(family="DejaVu Sans"))
    shift = -outline.get_extents().x1 if align == "right" else 0.0
    return outline.transformed(Affine2D().translate(shift, 0))


def work(name: str, phase: str, batch: int) -> str:
    """'gpt2-xl, prefill of 512 tokens a sequence, batch 8'."""
    about = "" if phase == PASS else f", {network(name, phase, HALF, 1).note}"
    return f"{name}{about}, batch {batch}"


def describe(network: str, phase: str, precision: str, batch: int) -> str:
    """How many chips hold parameters and cache, the fastest two and the slowest of them, what binds the fastest."""
    found = standings(network, phase, precision, batch)
    fitting, small = ([one for one in found if one.fits is fits] for fits in (True, False))
    need = format_si(parameter_bytes(network, phase, precision), "B", 3)
    cache = cache_bytes(network, phase, precision, batch)
    beside = f" and {format_si(cache, 'B', 3)} of cache" if cache else ""
    holding = f"{len(fitting)} of {len(found)} chips hold the {need} of parameters{beside}"
    said = [f"{work(network, phase, batch)}, {precision}: {holding}"]
    if fitting:
        memory = f"{100 * fitting[0].memory:.0f} % of it memory-bound"
        said.append(f"fastest {time_of(fitting[0])} a pass at least, {memory}")
    if fitting[1:]:
        said.append(f"then {time_of(fitting[1])}")
    if fitting[2:]:
        said.append(f"last {time_of(fitting[-1])}")
    if small:
        said.append(f"too small: {', '.join(one.chip for one in small)}")
    return "; ".join(said)


def time_of(one: Standing) -> str:
    """'B200 at 519 us'."""
    return f"{one.chip} at {format_si(one.T, 's', 3)}"
