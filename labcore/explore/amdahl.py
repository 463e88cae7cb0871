"""Explorers of lab 01: Amdahl's law, and the iron law of a real network on a real chip."""

from __future__ import annotations

from labcore.catalogue.links import LAUNCH
from labcore.explore import chips, jobs, wall
from labcore.explore.controls import Choice, Real, Whole
from labcore.explore.explorer import Explorer
from labcore.models.zoo import MODELS


def amdahl_explorer(**start: object) -> Explorer:
    """Any parallel fraction and any accelerator: speed-up, ceiling, and where the next investment goes.

    >>> amdahl_explorer(p=0.8).sentence.split("; ")[0]
    'p = 0.8, G = 247: 4.92x'
    """
    return Explorer(
        question="Twice the accelerator, or half the serial part: which one is worth more here?",
        shows="Speed-up of the whole over the gain of the accelerator on log axes: a curve that bends below its "
        "ceiling, a dotted diagonal without a serial part, a dot for now, an arrowhead for twice the gain and a "
        "triangle for half the serial part. Below, the time that is left as a bar, its serial share filled.",
        controls=[
            Real("p", "Parallel fraction p", 0.0, 1.0, 0.95, step=0.005),
            Whole("G", "Accelerator gain G", 1, wall.G_MAX, 247, log2=True),
        ],
        build=wall.build,
        update=wall.update,
        describe=wall.describe,
        size=(6.4, 4.4),
        start=start,
    )


def iron_law_explorer(**start: object) -> Explorer:
    """One pass of a network on a chip: host link, data, compute and latency, and which of them binds.

    >>> iron_law_explorer(batch=1).sentence.split("; ")[2]
    'the longest is latency'
    """
    return Explorer(
        question="Which part of the time would you pay for to be twice as fast?",
        shows="Six bars of time: host link, data, compute and latency, each beginning where the one before ends, the "
        "longest of them filled and the others hatched; then all four in a row, and overlapped: the longest of link, "
        "data and compute, with the latency on top.",
        controls=[
            Choice("name", "Network", tuple(MODELS), "resnet50"),
            Choice("phase", "Phase", chips.phases, chips.PASS, follows="name"),
            Choice("chip", "Chip", jobs.SHOWN, "A100"),
            Whole("batch", "Batch", 1, 512, 32, log2=True),
            Real("launch", "Launch cost (us)", 0.0, 20.0, LAUNCH.value * 1e6, step=0.5),
            Whole("link", "Host link (GB/s)", 1, 64, 16, log2=True),
        ],
        build=jobs.build,
        update=jobs.update,
        describe=jobs.describe,
        size=(6.4, 3.4),
        start=start,
    )


EXPLORERS = (amdahl_explorer, iron_law_explorer)
