"""Explorers of unlike units on one chip: who runs what, neighbours on one DRAM, and a doorbell's microcontroller."""

from __future__ import annotations

from labcore.explore import soc_bus, soc_micro, soc_plan
from labcore.explore.controls import Choice, Whole
from labcore.explore.explorer import Explorer
from labcore.soc.crowd import SCHEMES

ALL, SOME = ("NPU", "GPU", "DSP", "CPU"), ("GPU", "CPU")


def assignment_explorer(**start: object) -> Explorer:
    """Stages given to units by hand: three frames as they run, and the plan among all plans.

    >>> assignment_explorer().sentence.split(": ")[1].split("; ")[0]
    'one frame takes 2.512 ms and 2.30 mJ'
    """
    return Explorer(
        question="Which plan is fastest, which takes least energy, and when does one unit alone win?",
        shows="Above, bars on five lanes over time: three frames on NPU, GPU, DSP, CPU and on the DRAM between them. "
        "Below, a mark for each of 64 plans in time and energy, and a square around the plan that is chosen.",
        controls=[
            Choice("backbone", "Backbone", ALL, "NPU"),
            Choice("neck", "Neck", ALL, "NPU"),
            Choice("NMS", "NMS", SOME, "CPU"),
            Choice("overlay", "Overlay", SOME, "GPU"),
            Whole("handing", "Handing over, us", 0, 1000, 50, step=10),
        ],
        build=soc_plan.build,
        update=soc_plan.update,
        describe=soc_plan.describe,
        start=start,
        size=(6.4, 4.6),
    )


def isolation_explorer(**start: object) -> Explorer:
    """A detector's frames while neighbours want the same DRAM, under four schemes.

    >>> isolation_explorer().sentence.split("; ")[1]
    '5 of 6 frames late'
    """
    return Explorer(
        question="How much may the neighbours ask for before a frame is late, and what stops them?",
        shows="A horizontal bar for each of six frames over 200 ms, from when it comes to when it is done; frames come "
        "at dashed lines, and late ones are hatched.",
        controls=[
            Choice("scheme", "Scheme", SCHEMES, "best effort"),
            Whole("demand", "Together, GB/s", 1, 60, 60),
            Whole("neighbours", "Neighbours", 1, 6, 3),
            Whole("frame", "A frame, MB", 32, 512, 256, step=16),
        ],
        build=soc_bus.build,
        update=soc_bus.update,
        describe=soc_bus.describe,
        start=start,
        size=(6.4, 3.4),
    )


def doorbell_explorer(**start: object) -> Explorer:
    """A small MobileNetV2 on a microcontroller: does it fit, is it in time, how long does the battery last.

    >>> doorbell_explorer().sentence.split("; ")[1]
    '409 uW without the sensor, 764 days on two AA cells'
    """
    return Explorer(
        question="Which is the largest picture that 30 frames a second leave a year on two AA cells?",
        shows="Three horizontal bars on a log axis of ratios: SRAM over what is there, the time of a frame over the "
        "time between frames, and battery life in years, with a dashed line at one.",
        controls=[
            Choice("size", "Picture", soc_micro.SIZES, "96"),
            Choice("width", "Width", soc_micro.WIDTHS, "0.25"),
            Choice("engine", "Engine", tuple(soc_micro.ENGINES), "micro-NPU"),
            Choice("macs", "MACs a cycle", soc_micro.MACS, "128"),
            Choice("weights", "Weights in", soc_micro.HOMES, "SRAM"),
            Whole("rate", "Frames a second", 1, 60, 30),
        ],
        build=soc_micro.build,
        update=soc_micro.update,
        describe=soc_micro.describe,
        start=start,
        size=(6.4, 3.0),
    )


EXPLORERS = (assignment_explorer, isolation_explorer, doorbell_explorer)
