"""Explorers of lab 12: which bytes a load uses, and when a conversion pays."""

from __future__ import annotations

from labcore.explore import bursts, conversions
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer
from labcore.plots.conversions import LAYERS
from labcore.plots.layout import MAPS


def burst_explorer(**start: object) -> Explorer:
    """One load of a warp from a feature map, in any layout and along any direction, byte by byte.

    >>> burst_explorer(over="along the channels").sentence.split(", ")[-1]
    '100 % used'
    """
    return Explorer(
        question="Which layout uses every byte along a row, which one along the channels, and where does none?",
        shows="A column for each granule of memory that one load of 32 lanes touches, its bytes dark where some lane "
        "reads them and grey where they move in vain. A column is as high for small granules as for large ones.",
        controls=[
            Choice("map", "Map C x H x W", tuple(MAPS), "64 x 56 x 56"),
            Choice("name", "Layout", bursts.LAYOUTS, "NHWC"),
            Choice("over", "Lanes", tuple(bursts.OVER), "along a row"),
            Choice("size", "Bytes of an element", bursts.SIZES, "2"),
            Choice("granule", "Bytes of a granule", bursts.GRANULES, "32"),
        ],
        build=bursts.build,
        update=bursts.update,
        describe=bursts.describe,
        start=start,
    )


def conversion_explorer(**start: object) -> Explorer:
    """Layers in a row that prefer the other layout: stay, convert once, or convert around every one.

    >>> conversion_explorer(gain=2.0).sentence.split("; ")[-1]
    'converting pays from 2 layers in a row on'
    """
    return Explorer(
        question="How many layers in a row must there be, and how much faster must they become, for a conversion to "
        "pay? And for which of these layers does converting around every one pay?",
        shows="Time for each layer over the layers in a row: two level lines, a falling one, and a marker on each.",
        controls=[
            Choice("layer", "Layer, batch 32, fp16", tuple(LAYERS), "1x1, 64 x 56 x 56"),
            Choice("chip", "Chip", conversions.CHIPS, "A100"),
            Real("gain", "Unconverted, each takes (x)", 1.0, 4.0, 1.5, step=0.05),
            Whole("layers", "Layers in a row", 1, conversions.MOST, 8),
        ],
        build=conversions.build,
        update=conversions.update,
        describe=conversions.describe,
        start=start,
    )


EXPLORERS = (burst_explorer, conversion_explorer)
