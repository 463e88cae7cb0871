"""When a change of layout pays: its time beside that of the layers that it serves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from labcore.catalogue.facts import Accelerator
from labcore.catalogue.layouts import RESNET50_GAIN
from labcore.layout import conversion_bytes, layout, least_gain
from labcore.ops import Operation, conv2d
from labcore.plots.registry import Figure, Table, register
from labcore.plots.roof import as_chip, chip_sources
from labcore.plots.style import GREY, log_axes, look
from labcore.plots.words import as_table, columns, rows, three
from labcore.roofline import least_time
from labcore.units import Ratio

LAB = "12_layouts"
CONVERSION_UNITS = {"layer": "", "share": "1", "uses": "", "least_gain": "1"}
LAYERS = {  # batch 32, fp16; each keeps its map's size
    "depthwise 3x3, 144 x 56 x 56": conv2d(32, 144, 56, 56, 144, 3, 3, padding=1, groups=144),
    "1x1, 64 x 56 x 56": conv2d(32, 64, 56, 56, 64, 1, 1),
    "3x3, 64 x 56 x 56": conv2d(32, 64, 56, 56, 64, 3, 3, padding=1),
    "3x3, 256 x 14 x 14": conv2d(32, 256, 14, 14, 256, 3, 3, padding=1),
    "3x3, 512 x 7 x 7": conv2d(32, 512, 7, 7, 512, 3, 3, padding=1),
}
DRAWN = tuple(LAYERS)[1:]  # a depthwise layer asks what the 1x1 asks


def share_of_converting(op: Operation, chip: str | Accelerator, precision: str = "fp16") -> Ratio:
    """Time to convert an input map there and an output map back, over the layer's least time on a chip.

    >>> round(share_of_converting(LAYERS["1x1, 64 x 56 x 56"], "A100"), 2)  # it reads and writes the maps once more
    2.0
    """
    one, s = as_chip(chip), op.shape
    size = op.writes["y"] // (s["N"] * s["K"] * s["P"] * s["Q"])
    there = conversion_bytes(layout("NCHW", N=s["N"], C=s["C"], H=s["H"], W=s["W"]), "NHWC", size)
    back = conversion_bytes(layout("NHWC", N=s["N"], C=s["K"], H=s["P"], W=s["Q"]), "NCHW", size)
    return (there + back) / one.BW / least_time(op.flop, op.D_vol, one.peak(precision), one.BW)


def conversion_data(names: Sequence[str] = DRAWN, chip: str | Accelerator = "A100", most: int = 32) -> Table:
    """How many times as fast each layer must become, by layers in a row between converting there and back."""
    found = []
    for name in names:
        share = share_of_converting(LAYERS[name], chip)
        found += [(name, share, uses, least_gain(uses, share)) for uses in range(1, most + 1)]
    return as_table(CONVERSION_UNITS, found)


def draw_conversion(ax: Axes, table: Table) -> Axes:
    """A falling curve for each layer; a hairline at the gain that was measured for a whole network."""
    log_axes(ax, "x")
    for i, name in enumerate(dict.fromkeys(table["layer"])):
        uses, gain = columns([r for r in rows(table) if r["layer"] == name], "uses", "least_gain")
        ax.plot(uses, gain, **look(i) | {"marker": ""}, label=name)
    ax.axhline(RESNET50_GAIN.value, color=GREY, linewidth=0.8)
    ax.text(max(table["uses"]), RESNET50_GAIN.value + 0.02, f"whole ResNet-50: {RESNET50_GAIN.value:g}",
            ha="right", va="bottom", color=GREY)  # fmt: skip
    ticks = [2**k for k in range(max(table["uses"]).bit_length())]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.set_xlim(1, max(table["uses"]))
    ax.set_ylim(1, 1.05 * max(table["least_gain"]))
    ax.set_yticks(np.arange(1, 1.05 * max(table["least_gain"]), 0.5))
    ax.set_xlabel("layers in a row between two conversions")
    ax.set_ylabel("speed-up that each layer needs (x)")
    ax.legend(loc="upper right", handlelength=4)
    return ax


def conversion_in_words(table: Table) -> str:
    """What converting costs in each layer's own time, and the gain that 1 and 8 layers must bring."""
    words = []
    for name in dict.fromkeys(table["layer"]):
        gain = {r["uses"]: r["least_gain"] for r in rows(table) if r["layer"] == name}
        words.append(f"{name}: {three(gain[1] - 1)}, gain {three(gain[1])} for one and {three(gain[8])} for eight")
    return f"There and back in layer times, and the least gain that pays. {'; '.join(words)}."


register(Figure(
    id="layout-conversion", item="Table 18",
    title="How much faster layers must become for a conversion to pay",
    caption="A conversion reads and writes a map once, there and back, at the full bandwidth of an A100; each layer "
    "takes the time of its roofline (batch 32, fp16). A layer that waits for memory must become three times as fast if "
    "both conversions serve it alone; a depthwise layer has the curve of the 1x1 layer. Many layers in a row share the "
    "conversions, and layers that compute long hardly notice. The hairline is the gain of ResNet-50 as a whole that "
    "PyTorch measured for training in mixed precision on another GPU. Sources: "
    f"{chip_sources('A100')}; {RESNET50_GAIN.source}.",
    alt="Four falling curves of the least gain over the layers between two conversions, 1 to 32. The curve of the 1x1 "
    "layer starts at 3, those of the 3x3 layers lower, the one of 512 x 7 x 7 just above 1.1. All approach 1. A thin "
    "line lies at 1.22.",
    units=CONVERSION_UNITS, data=conversion_data, draw=draw_conversion, says=conversion_in_words, lab=LAB,
))  # fmt: skip
