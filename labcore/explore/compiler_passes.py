"""A network with some passes switched on, on a chip: the pure functions of the pass explorer.

Work and traffic of a kernel grow in proportion to the batch, but for its weights; so a network is compiled at batches
1 and 2, and every other batch follows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure as Canvas

from labcore.catalogue import A100, H100, V100
from labcore.catalogue.links import LAUNCH
from labcore.compiler.cost import cost
from labcore.compiler.graph import Graph
from labcore.compiler.networks import gpt2_block, mobilenetv2, resnet50, small_cnn
from labcore.compiler.passes.layout import assign_layouts, conversions, convert_per_kernel
from labcore.compiler.passes.pipeline import optimize
from labcore.explore.operation import THIN_DASH, fix_ticks
from labcore.plots.style import BLACK, BLUE, GREEN, GREY, HATCHES, VERMILLION
from labcore.units import Seconds, format_si

NETWORKS: dict[str, Callable[..., Graph]] = {
    "ResNet-50": resnet50, "MobileNetV2": mobilenetv2, "GPT-2 block": gpt2_block, "small CNN": small_cnn,
}  # fmt: skip
NORMS = {"as nodes": (), "folded": ("batch norm",)}
EPILOGUES = {"each alone": (), "fused": ("epilogues", "element-wise")}
LAYOUTS = ("not counted", "converted at each kernel", "planned")
LAUNCHES = ("each waits", "ahead")
CHIPS = {chip.name: chip for chip in (V100, A100, H100)}
PARTS = {
    "arithmetic": {"facecolor": VERMILLION, "edgecolor": VERMILLION},
    "memory": {"facecolor": "white", "edgecolor": BLUE, "hatch": HATCHES[1]},
    "conversions": {"facecolor": "white", "edgecolor": GREEN, "hatch": HATCHES[3]},
    "launches": {"facecolor": "#BFBFBF", "edgecolor": GREY, "hatch": HATCHES[2]},
}
ROWS = ("launches", "bytes moved", "time as defined", "time compiled")
WIDEST = 240  # percent


@dataclass(frozen=True)
class Variant:
    """The kernels of one compiled network in running order: FLOP an input, bytes of weights, bytes an input."""

    flop: np.ndarray
    D_weights: np.ndarray
    D_each: np.ndarray
    converts: np.ndarray

    def times(self, chip: str, batch: int) -> tuple[np.ndarray, np.ndarray]:
        """Seconds of arithmetic and of traffic of each kernel at fp16."""
        one = CHIPS[chip]
        return batch * self.flop / one.peak("fp16"), self.D_vol(batch) / one.BW

    def D_vol(self, batch: int) -> np.ndarray:
        """Bytes of each kernel."""
        return self.D_weights + batch * self.D_each


@cache
def variant(network: str, norms: str, epilogues: str, layout: str) -> Variant:
    """A network after the passes that are on.

    >>> len(variant("ResNet-50", "as nodes", "each alone", "not counted").flop)
    174
    """
    graphs = [_compiled(NETWORKS[network](batch=batch), norms, epilogues, layout) for batch in (1, 2)]
    one, two = (cost(graph, A100).kernels for graph in graphs)
    converting = set(conversions(graphs[0]))
    D_1, D_2 = (np.array([float(kernel.work.D_vol) for kernel in kernels]) for kernels in (one, two))
    flop = np.array([float(kernel.work.flop) for kernel in one])
    return Variant(flop, 2 * D_1 - D_2, D_2 - D_1, np.array([kernel.name in converting for kernel in one]))


def _compiled(graph: Graph, norms: str, epilogues: str, layout: str) -> Graph:
    graph = optimize(graph, (*NORMS[norms], *EPILOGUES[epilogues]))[0]
    if layout == "planned":
        return assign_layouts(graph, A100)[0]
    return convert_per_kernel(graph)[0] if layout == "converted at each kernel" else graph


def parts(one: Variant, chip: str, batch: int, launches: str) -> dict[str, Seconds]:
    """Where the time goes: kernels that arithmetic or memory binds, conversions, and launches that show.

    >>> found = parts(variant("ResNet-50", "as nodes", "each alone", "not counted"), "A100", 1, "each waits")
    >>> list(found), round(found["launches"] * 1e6)
    (['arithmetic', 'memory', 'conversions', 'launches'], 870)
    """
    T_flop, T_bytes = one.times(chip, batch)
    T = np.maximum(T_flop, T_bytes)
    computes = (T_flop > T_bytes) & ~one.converts
    shown = shown_launches(T, launches)
    shares = (T[computes].sum(), T[~computes & ~one.converts].sum(), T[one.converts].sum(), shown)
    return dict(zip(PARTS, map(float, shares), strict=True))


def shown_launches(T: np.ndarray, launches: str) -> Seconds:
    """Seconds by which launches lengthen kernels of times T in a row.

    Where they go ahead, the run ends with the kernel whose launch and all that follows it take longest.

    >>> round(shown_launches(np.array([1e-3, 1e-3]), "ahead") / LAUNCH.value, 6)
    1.0
    """
    if launches == "each waits":
        return len(T) * LAUNCH.value
    launched = LAUNCH.value * np.arange(1, len(T) + 1)
    return float((launched + np.cumsum(T[::-1])[::-1]).max() - T.sum())


def build(fig: Canvas) -> SimpleNamespace:
    """Four rows, each as a share of the network as it is defined."""
    ax = fig.add_axes((0.2, 0.14, 0.76, 0.66), xlim=(0, WIDEST), ylim=(len(ROWS) - 0.45, -0.55))
    ax.xaxis.set_major_formatter("{x:.0f}")
    fix_ticks(ax.xaxis, range(0, WIDEST + 1, 40))
    fix_ticks(ax.yaxis, range(len(ROWS)))
    ax.set_yticklabels(ROWS)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("% of the network as defined, each node a kernel")
    ax.axvline(100, **THIN_DASH)
    stacks = [ax.barh([2, 3], [0, 0], height=0.56, label=name, **look) for name, look in PARTS.items()]
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=4, columnspacing=1.4)
    return SimpleNamespace(
        counts=list(ax.barh([0, 1], [0, 0], height=0.56, facecolor=BLACK)),
        stacks=[bar for stack in stacks for bar in stack],
        labels=[ax.text(0, row, "", va="center", ha="left") for row in range(len(ROWS))],
        title=ax.text(0, 1.2, "", transform=ax.transAxes, weight="bold"),
    )


def both(network: str, batch: int, chip: str, norms: str, epilogues: str, layout: str, launches: str) -> tuple:
    """The network as defined and as compiled, each with the parts of its time."""
    plain, made = variant(network, "as nodes", "each alone", LAYOUTS[0]), variant(network, norms, epilogues, layout)
    return plain, parts(plain, chip, batch, "each waits"), made, parts(made, chip, batch, launches)


def update(artists: SimpleNamespace, **values: object) -> None:
    """Give each bar its length, and its number."""
    plain, before, made, after = both(**values)
    batch, T = values["batch"], sum(before.values())
    counts = ((len(made.flop), len(plain.flop)), (made.D_vol(batch).sum(), plain.D_vol(batch).sum()))
    ends = [100 * new / old for new, old in counts]
    for bar, end in zip(artists.counts, ends, strict=True):
        bar.set_width(end)
    starts = [0.0, 0.0]
    for name, bars in zip(PARTS, zip(artists.stacks[::2], artists.stacks[1::2], strict=True), strict=True):
        for i, (bar, shares) in enumerate(zip(bars, (before, after), strict=True)):
            bar.set(x=starts[i], width=100 * shares[name] / T, visible=shares[name] > 0)
            starts[i] += 100 * shares[name] / T
    words = (f"{len(made.flop)}", format_si(made.D_vol(batch).sum(), "B", 3), format_si(T, "s", 3),
             format_si(sum(after.values()), "s", 3))  # fmt: skip
    for label, end, word in zip(artists.labels, (*ends, *starts), words, strict=True):
        label.set(x=min(end, WIDEST - 30) + 2, text=word)
    artists.title.set_text(f"{values['network']}, batch {batch}, on the {values['chip']} at fp16")


def describe(**values: object) -> str:
    """Launches and bytes before and after, the time by part, and the gain."""
    plain, before, made, after = both(**values)
    batch, T_old, T = values["batch"], sum(before.values()), sum(after.values())
    moved = [format_si(one.D_vol(batch).sum(), "B", 3) for one in (plain, made)]
    shares = ", ".join(f"{name} {100 * value / T:.1f} %" for name, value in after.items() if value)
    return (
        f"{values['network']}, batch {batch}, {values['chip']}: norms {values['norms']}, element-wise "
        f"{values['epilogues']}, layouts {values['layout']} ({made.converts.sum()} conversions), launches "
        f"{values['launches']}: {len(plain.flop)} launches become {len(made.flop)}, {moved[0]} become {moved[1]}, "
        f"{format_si(T_old, 's', 3)} become {format_si(T, 's', 3)}, {T_old / T:.2f} times as fast; of that {shares}"
    )
