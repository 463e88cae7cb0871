"""Unlike units on one chip, Example 1.4 and the section's self-check: lines 2477 to 2564 (lab 18).

The phone and the doorbell are declared, as round numbers of their class; what holds for them is shown, not proved.

>>> from labcore.claims.ledger import claim
>>> claim("sc10-q4").verdict
'reproduces'
"""

from __future__ import annotations

import math
from functools import cache

from labcore.catalogue import soc as facts
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Answer, Number, Range, Truth, Words
from labcore.latency import time_of
from labcore.models.vision import mobilenetv2
from labcore.soc.dvfs import cortex_a72, share_budget
from labcore.soc.fallback import assigned, offload
from labcore.soc.micro import doorbell, rate_within, wake_vision
from labcore.soc.partition import all_plans
from labcore.soc.pipeline import detection
from labcore.soc.plan import Costs, cost_table, one_unit, price
from labcore.soc.thermal import phone_bodies, phone_governor, sustained_power
from labcore.soc.unit import phone

LAB = "18_heterogeneous_soc"
DOORBELL, FALLBACK, SPLIT, CHECK = (f"{LAB}#{cell}" for cell in ("doorbell", "fallback", "split", "self-check"))
SET = "Self-Check set 10"
THREE_WAY = {"backbone": "NPU", "neck": "NPU", "NMS": "CPU", "overlay": "GPU"}  # the neck belongs to the network
MILLIWATT = 1e-3


@computes("example-1-4-doorbell-30fps", "Example 1.4", Words("30 FPS in a milliwatt budget", least=30, number=30),
          "Hz (frames)", DOORBELL)  # fmt: skip
def frames_in_a_milliwatt(P_budget=MILLIWATT, size=96, width=0.25, weights="sram"):
    """Frames a second that a micro-NPU of 128 MACs a cycle takes through a small MobileNetV2 for one milliwatt.

    Weights stay in SRAM, where there is room; read from flash they leave 12. The sensor's power is not in it.
    """
    return rate_within(wake_vision(size, width), doorbell(), P_budget, weights=weights)


@computes("fn43-npu-fallback", "Text §Mobile SoC footnote 43",
          Truth(words="fallback can erase the NPU's advantage in energy"), "", FALLBACK)  # fmt: skip
def fallback_erases_the_gain(unknown="relu6"):
    """MobileNetV2 with one kind of operator sent back to the CPU takes more time and energy than on the CPU alone."""
    network, soc = mobilenetv2(precision="int8"), phone()
    cut = offload(network, soc, "NPU", "CPU", lambda layer: unknown not in layer.name)
    alone = assigned(network.layers, ["CPU"] * len(network.layers), soc)
    return cut.E > alone.E and cut.T > alone.T


@computes("soc-detection-pipeline-split", "Text §Strategies for dynamic workload distribution",
          Truth(words="the three-way split beats every single processor in latency and power"), "", SPLIT)  # fmt: skip
def split_beats_every_unit(dearer=1.0):
    """Latency, and energy a frame, of NPU, CPU and GPU together against each unit that can run all four stages.

    At one frame rate less energy a frame is less power. `dearer` multiplies what handing a tensor over takes.
    """
    costs = _pipeline(dearer)
    split = price(costs, THREE_WAY)
    return all(split.latency < one.latency and split.energy < one.energy for one in one_unit(costs).values())


@cache
def _pipeline(dearer: float = 1.0) -> Costs:
    one = cost_table(detection(), phone())
    return Costs(one.stages, one.T, one.E, {name: dearer * T for name, T in one.T_handoff.items()}, one.E_handoff)


@computes("sc10-q1", f"{SET} Q1", Answer("A"), "", CHECK)
def no_unit_is_best_at_everything(stages="backbone neck NMS overlay"):
    """A: of all plans the one of least energy uses several units, so no one of them is the cheapest for each stage."""
    names = stages.split()
    costs = cost_table([stage for stage in detection() if stage.name in names], phone())
    return len(set(min(all_plans(costs), key=lambda plan: plan.energy).assignment.values())) > 1


shows(
    "sc10-q2", f"{SET} Q2",
    "Names no chip and no measurement. The declared phone's ratio for the backbone lies in the range without DRAM and "
    "below it with; a maker claims the upper end for its NPU, and microcontrollers reach more. Lab 18 prints all four.",
    CHECK, Range("10", "50"), "x",
)  # fmt: skip


@computes("sc10-q3", f"{SET} Q3", Answer("A"), "", CHECK)
def two_cooler_units_do_more(T_skin=facts.PHONE_HEAT["T_skin"].value, cores=4):
    """A: one block at its top clock draws more than the case lets out, and two at lower clocks do more in that power.

    Blocks are clusters of A72 cores under one case, and throughput is counted in cycles.
    """
    block = cortex_a72(cores)
    P = sustained_power(phone_bodies(), "die", phone_governor().limits | {"case": T_skin})
    (alone,), _ = share_budget([block], P)
    both, _ = share_budget([block, block], P)
    return block.power(block.points[-1]) > P and sum(point.f for point in both) > alone.f


@computes("sc10-q4", f"{SET} Q4", Number("33"), "ms", CHECK)
def frame_deadline(fps=30.0):
    """The time from frame to frame, within which each must be done."""
    return time_of(1, fps)


@computes("sc10-q5", f"{SET} Q5", Answer("A"), "", CHECK)
def units_to_coordinate(names="NPU GPU DSP CPU"):
    """A: units differ in the number formats that they have, and what goes from one to another pays a synchronisation.

    One unit alone has neither trouble.
    """
    soc = phone()
    units = [soc.unit(name) for name in names.split()]
    differ = len({frozenset(unit.R_peak) for unit in units}) > 1
    pairs = math.comb(len(units), 2)
    return differ and pairs * soc.handoff.L_lat > 0
