"""Self-check items of the section on heterogeneous SoCs."""

from __future__ import annotations

import math

from labcore.grading.selfcheck import item, letter, near, number
from labcore.latency import time_of
from labcore.soc.bus import Bus, Master
from labcore.soc.shares import round_robin_bound


@item("soc-1", wants="a letter from a to d")
def why_unlike_units(answer: object) -> str:
    """Unlike work."""
    return letter(
        answer,
        "a",
        {
            "b": "More kinds of unit are more to decide: a plan for four stages had 64 choices.",
            "c": "It can, and it ran the whole pipeline in the lab; it takes more energy for dense layers.",
            "d": "Room is no reason to make them unlike; one kind could fill the same area.",
        },
    )


@item("soc-2", wants="a list of NPU, CPU and GPU, each once, in the order of the stages")
def unit_of_each_stage(answer: object) -> str:
    """Dense layers, branches, pixels."""
    parts = answer.split(",") if isinstance(answer, str) else list(answer)
    units = [str(one).strip().upper() for one in parts]
    if units == ["NPU", "CPU", "CPU"]:
        return "That saves handing over, as in the fastest plan; asked is the unit that draws pixels best, each once."
    if sorted(units) != ["CPU", "GPU", "NPU"]:
        raise ValueError("three units, each once")
    if units[1] == "NPU":
        return "NMS branches at every box, and an NPU has no branches: it cannot run it at all."
    if units[1] == "GPU":
        return "On a GPU one lane of many follows a branch, and all of them are paid: NMS took 17.9 mJ there."
    return "" if units == ["NPU", "CPU", "GPU"] else "The backbone is dense layers, the overlay is pixels."


@item("soc-3", wants="a whole number of pieces")
def pieces_that_pay(answer: object) -> str:
    """0.1 + 0.2 n + 2 x 0.05 (n - 1) at most 2 where pieces begin and end on the NPU; n - 1 layers lie between."""
    T_cpu, T_npu, L_launch, handing = 2.0, 0.1, 0.2, 0.05
    want = math.floor((T_cpu - T_npu + 2 * handing) / (L_launch + 2 * handing) + 1e-9)
    got = number(answer)
    if got == math.floor((T_cpu - T_npu) / L_launch + 1e-9):
        return "That leaves out handing over, there and back between two pieces."
    if got == math.floor((T_cpu - T_npu + handing) / (L_launch + handing) + 1e-9):
        return "Between two pieces a tensor changes hands twice: to the CPU, and back."
    if got == math.floor(T_cpu / T_npu + 1e-9):
        return "That is how much faster the layers are; each piece costs a launch."
    return "" if got == want else "0.1 ms of work, 0.2 for each piece, 0.1 for each gap between two: at most 2 ms."


@item("soc-4", wants="a letter from a to d")
def near_the_limit(answer: object) -> str:
    """Spread it, at a lower voltage."""
    return letter(
        answer,
        "c",
        {
            "a": "That draws the most power there is, and the throttling comes at once.",
            "b": "The governor then steps far down while the case cools, and every frame of that time is late.",
            "d": "Without caches the same words come from DRAM, at far more energy.",
        },
    )


@item("soc-5", wants="a number of ms")
def frame_of_sixty(answer: object) -> str:
    """A second over sixty."""
    want = 1e3 * time_of(1, 60)
    if near(answer, 2 * want):
        return "That is at 30 frames a second."
    if near(answer, want / 1e3):
        return "That is in seconds."
    return "" if near(answer, want) else "1000 ms over the frames in a second."


@item("soc-6", wants="a number of ms")
def frame_beside_one(answer: object) -> str:
    """512 MB over half of 25.6 GB/s."""
    one, other = (Master(name, 512e6, 1.0) for name in ("detector", "voice"))
    want = 1e3 * round_robin_bound(one, [one, other], Bus(25.6e9, 1e6))
    if near(answer, want / 2):
        return "That is alone; a neighbour who always wants the bus takes every second turn."
    if near(answer, 2 * want):
        return "One neighbour leaves a half, not a quarter."
    return "" if near(answer, want) else "Bytes of a frame over the detector's share of 25.6 GB/s."


@item("soc-7", wants="a letter from a to d")
def what_unlike_units_ask(answer: object) -> str:
    """Coherence, instructions, formats."""
    return letter(
        answer,
        "d",
        {
            "a": "Each unit prefers a layout of its own, so there are more to choose.",
            "b": "There is a compiler, or a part of one, for each kind of unit.",
            "c": "Hardware steps a clock down; which work goes where and when is for software to say.",
        },
    )
