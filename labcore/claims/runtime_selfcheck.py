"""The eighth set of questions, on runtimes: lines 2405 to 2421 (lab 16).

>>> from labcore.claims.ledger import claim
>>> [round(times, 1) for times in claim("sc8-q2").computed]
[1.5, 1.3, 1.6]
"""

from __future__ import annotations

from functools import cache
from math import ceil

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Answer, Range, Words
from labcore.compiler.select import by_cost
from labcore.interconnect.schedule import Exchange
from labcore.ops import matmul
from labcore.precision import bytes_per_element
from labcore.runtime.churn import churn, replay
from labcore.runtime.memory import Pool
from labcore.runtime.plans import Plan, Served, bucketed, dynamic, serve
from labcore.runtime.requests import LONGEST, SHORTEST, mean_length, requests
from labcore.runtime.streams import COMPUTE, by_chunk, pipelined, simulate
from labcore.runtime.tenants import Tenant, in_turn, sliced
from labcore.runtime.thermal import Package
from labcore.runtime.work import fixed, prefill
from labcore.scaling import times
from labcore.units import Ratio

CHECK, SET = "16_runtimes#self-check", "Self-Check set 8"
COOLED = Package(R_th=0.15, C_th=400.0, ambient=30.0, P_idle=50.0, P_dynamic=350.0, limit=83.0, resume=81.0)


@computes("sc8-q1", f"{SET} Q1", Answer("A"), "", CHECK)
def conditions_diverge(burst=8.0, live=60, neighbours=1):
    """A: bursts lengthen the tail, long use refuses what would fit, a neighbour is waited for, heat takes the clock."""
    calm, bursts = (serve(requests(500, 0.5, size, seed=1), fixed(1.0), dynamic()) for size in (1.0, burst))
    pool = replay(Pool(1000), churn(2000, live, [1, 3, 8, 20, 45]))
    return (
        bursts.percentile(99) > calm.percentile(99)
        and pool.refused_by_fragmentation > 0
        and slower_by(neighbours) > 1
        and COOLED.sustained_clock() < 1
    )


@cache
def served(plan: Plan, shortest: int, longest: int) -> Served:
    """Prompts of Llama 3 8B on an A100, 1.2 a second, under a plan."""
    return serve(requests(300, 1.2, shortest=shortest, longest=longest), prefill(), plan)


@computes("sc8-q2", f"{SET} Q2", Words("64..8192", least=1, spread=True), "x", CHECK)
def saved_by_length(lo=SHORTEST, hi=LONGEST):
    """Latency of half and of 99 % of the requests under a plan for the average length over that under one for each.

    The third value is how much more of the accelerator's work is of use. The plan for the average pads what is shorter
    and runs what is longer in several pieces of its shape, the last padded; a plan padded to the longest loses 21, 6.3
    and 5.5 times. Kernels that are best for the average but run at each length lose next to nothing, so what the plan
    for each saves here is padding.
    """
    shape = round(mean_length(lo, hi))
    average = bucketed([shape * pieces for pieces in range(1, ceil(hi / shape) + 1)])
    one, each = (served(plan, lo, hi) for plan in (average, dynamic()))
    return [*(times(one.percentile(q), each.percentile(q)) for q in (50, 99)), times(each.useful, one.useful)]


@computes("sc8-q3", f"{SET} Q3", Answer("A"), "", CHECK)
def tensor_cores_are_faster(n=4096, fmt="fp16"):
    """A: on an A100 the best kernel in FP16 takes less time than the best in FP32, so swapping it in pays."""
    swapped, given = (by_cost(matmul(n, n, n, bytes_per_element(one)), "A100", one).kernel for one in (fmt, "fp32"))
    return swapped.T < given.T


shows("sc8-q4", f"{SET} Q4",
      "False, says the key: neighbours 'can' raise the 99th percentile by so much; how many, at which load, it leaves "
      "open. In equal time slices, with neighbours that always have work, the factor is the number of tenants, so the "
      "range is that of two to five. A neighbour whose request runs to its end knows no such bound, and the bandwidth "
      "and caches that the key names are not simulated.", CHECK, Range("2", "5"), "x")  # fmt: skip


@cache
def slower_by(neighbours: int, T: float = 0.01, quantum: float = 1e-3) -> Ratio:
    """The 99th percentile of requests of T beside neighbours that always have work, over that of a chip alone."""
    ours = Tenant("ours", [10 * T * k for k in range(100)], T)
    others = [Tenant(f"neighbour {k}", [0.0], 1200 * T) for k in range(neighbours)]
    shared, alone = sliced([ours, *others], quantum), in_turn([ours])
    return times(shared.percentile("ours", 99), alone.percentile("ours", 99))


@computes("sc8-q5", f"{SET} Q5", Answer("A"), "", CHECK)
def engines_stay_fed(chunks=8):
    """A: commands placed so that copies and kernels overlap keep the accelerator busier than one after another."""
    one = Exchange(2.0, 0.0, 3.0, 1.0)
    serial, placed = (
        simulate(work).utilization(COMPUTE) for work in (by_chunk(one, chunks, 1), pipelined(one, chunks))
    )
    return placed > serial
