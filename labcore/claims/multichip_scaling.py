"""What many chips exchange, how they scale, how often they stop: lines 2432 to 2475 (lab 17).

>>> from labcore.claims.ledger import claim
>>> claim("sc9-q1").computed
[8.0, 0.65]
"""

from __future__ import annotations

import math

import numpy as np

from labcore.catalogue import H100, MOBILE_NPU
from labcore.catalogue.memory import CLOCK
from labcore.catalogue.multichip import FABRIC_LATENCY, LLAMA3_GPUS, NVLINK_SWITCH_GPUS, WSE3_CORES
from labcore.claims.ledger import cites, computes
from labcore.claims.printed import A_FEW, HUNDREDS, THOUSANDS, Answer, Each, Identity, Number, Words
from labcore.cost.fleet import mean_power
from labcore.interconnect.allreduce import ring
from labcore.interconnect.failures import cluster_mtbf
from labcore.interconnect.link import Link
from labcore.interconnect.messages import simulate
from labcore.interconnect.network import Network
from labcore.interconnect.packaging import cut_links
from labcore.interconnect.parallelism import gradient_bytes
from labcore.ironlaw import ceiling
from labcore.latency import cycles_in
from labcore.models.zoo import build
from labcore.scaling import times
from labcore.units import Seconds

LAB = "17_multichip"
RING, PAYLOAD, WAFER, CHECK = (f"{LAB}#{cell}" for cell in ("ring", "payload", "wafer", "self-check"))
SCALING, LIMITS = "Text §Multi-Chip Scaling", "Text §Why scaling introduces new constraints"
SET = "Self-Check set 9"
MEGA = 10**6
ONE_CHIP: Seconds = 1.0  # between two failures of a chip: any time gives the same quotient


@cites("multichip-h100-fp8", SCALING, Number("1.98"), "PFLOP/s", PAYLOAD)
def fp8_peak():
    """Dense FP8 peak of one H100; the data sheet prints the double, with sparsity."""
    return H100.peaks["fp8"]


@cites("multichip-hundreds-accelerators", "Text §Multi-chip scaling approaches", Words("hundreds", *HUNDREDS), "",
       PAYLOAD)  # fmt: skip
def one_fabric():
    """GPUs that NVIDIA's own fabric joins at most in the H100's generation; a network behind it joins thousands."""
    return NVLINK_SWITCH_GPUS


@computes("allreduce-hundreds-of-gb", LIMITS, Words("hundreds of GB", *HUNDREDS), "GB", PAYLOAD)
def gradients_of_large_models(P=100_000_000_000, P3=175_000_000_000, b2=2, b4=4):
    """Gradients of a hundred billion parameters and of GPT-3, in FP16 and in FP32."""
    return [gradient_bytes(params, b) for params in (P, P3) for b in (b2, b4)]


@computes("fn41-amdahl-5pct-20x", "Text §Multi-Chip Scaling footnote 41", Number("20"), "x", f"{LAB}#which-share")
def limit_of_five_percent(s=0.05):
    """Speed-up that no number of chips passes when a share s of one chip's time stays whole: 1 / s."""
    return ceiling(1 - s)


@computes("fn42-allreduce", "Text §Multi-Chip Scaling footnote 42",
          Identity("every rank holds the sum of all"), "", RING)  # fmt: skip
def what_all_ranks_hold(p=4, elements=4):
    """What each of p ranks holds after a ring of messages, and the sum of what they began with."""
    began = np.arange(p * elements).reshape(p, elements)
    ended = simulate(ring(p, elements), began, Network(p, Link("any", 1.0))).data
    return ended.ravel().tolist(), np.tile(began.sum(axis=0), p).tolist()


@computes("gradient-payload", LIMITS, Identity("P x bytes"), "GB", PAYLOAD)
def payload(b=2):
    """Parameters of GPT-2 XL times b bytes, and the gradients of its layers added up one by one."""
    network = build("gpt2-xl")
    by_layer = sum(layer.count * gradient_bytes(layer.params, b) for layer in network.layers if layer.params)
    return gradient_bytes(network.params, b), by_layer


@computes("datacenter-megawatts", SCALING,
          Words("megawatts in a data center, a few watts at the edge", least=(MEGA, A_FEW[0]),
                most=(HUNDREDS[1] * MEGA, A_FEW[1])), "W", f"{LAB}#power")  # fmt: skip
def power_of_both_ends(chips=int(LLAMA3_GPUS.value)):
    """The chips alone of the cluster that trained Llama 3, and the NPU of a phone, both at full load."""
    return [count * mean_power(chip.power.value, use=1.0, idle=0.0) for count, chip in ((chips, H100), (1, MOBILE_NPU))]


@computes("sc9-q1", f"{SET} Q1", Each("8", "0.65"), "", CHECK)
def speedup_and_efficiency(n1=8, n2=64, s=5.2):
    """Times as many chips, and the share of them that the speed-up is worth."""
    more = times(n2, n1)
    return [more, times(s, more)]


@computes("sc9-q2", f"{SET} Q2", Answer("A"), "", WAFER)
def wires_that_leave_the_silicon(across=8, down=7):
    """Whether what the key says holds: fewer of the mesh's links leave silicon uncut than cut into an H100's dies."""
    side = math.isqrt(int(WSE3_CORES["sold"].value))
    return cut_links(side, 1, 1) < cut_links(side, across, down)


@computes("sc9-q3", f"{SET} Q3", Words("hundreds to thousands", HUNDREDS[0], THOUSANDS[1]), "", CHECK)
def cycles_across_a_fabric(clock=CLOCK["H100"].value):
    """Cycles of an H100 that pass in one access over NVLink and over InfiniBand, least and most of each."""
    return [cycles_in(fact.value, clock) for ends in FABRIC_LATENCY.values() for fact in ends]


@computes("sc9-q4", f"{SET} Q4", Number("64"), "x", CHECK)
def more_failures(n1=64, n2=4096):
    """Times as many failures of n2 chips as of n1, whatever the time between two failures of one chip."""
    return times(cluster_mtbf(ONE_CHIP, n1), cluster_mtbf(ONE_CHIP, n2))
