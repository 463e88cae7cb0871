"""Runtime support: what a plan made before the run does not know, lines 2334 to 2401 (lab 16).

Times are those of labcore's model of an A100 in simulated time; requests and pools are drawn with fixed seeds.

>>> from labcore.claims.ledger import claim
>>> claim("gpt3-training-flops").verdict
'reproduces'
"""

from __future__ import annotations

from dataclasses import replace

from labcore.catalogue import A100
from labcore.catalogue import chip as find_chip
from labcore.catalogue.demand import GPT3_PARAMS, GPT3_TOKENS
from labcore.catalogue.links import LAUNCH
from labcore.catalogue.runtimes import A100_PCIE_POWER
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Each, Number, Truth, Words
from labcore.cost import machine_time
from labcore.cost.owning import YEAR
from labcore.interconnect.link import link
from labcore.interconnect.schedule import Exchange, exchange
from labcore.models.training import training_flop
from labcore.models.zoo import build
from labcore.roofline import least_time
from labcore.runtime.caching import Caching
from labcore.runtime.churn import churn, replay
from labcore.runtime.plans import dynamic, serve, static
from labcore.runtime.requests import Request
from labcore.runtime.streams import by_chunk, issued_ahead, pipelined, simulate
from labcore.runtime.tiles import SILICON, Kernel, choose, kernel
from labcore.runtime.work import Work
from labcore.units import Seconds

LAB = "16_runtimes"
CELLS = ("aspects", "table-24", "thermal", "phases", "double-buffering", "gpt3")
ASPECTS, TABLE, THERMAL, PHASES, BUFFERS, GPT3 = (f"{LAB}#{cell}" for cell in CELLS)
ROWS, TEXT, ARCHITECTURE = "Table 24", "Text §Runtime Support", "Text §ML runtime architecture"
MIB = 2**20


def chosen(rows: int, on: str = "A100") -> Kernel:
    """The kernel that is best for some rows by a square of 4096 weights."""
    return choose(rows, 4096, 4096, SILICON[on])


@computes("runtime-three-aspects", TEXT, Truth(words="kernels, memory and scale are managed"), "", ASPECTS)
def three_aspects(rows=8192, longest=256, count=8):
    """Another shape wants another kernel, memory on demand lets more in than reserved, more chips take less time."""
    trace = [Request(0.0, 64)] * 8
    reserved, on_demand = (serve(trace, lambda n: Work(1.0, n), plan, capacity=1024).most_held // plan.padded(64)
                           for plan in (static(longest), dynamic()))  # fmt: skip
    alone, shared = (machine_time(1e18, chips, A100.peak("fp16"), 1.0) for chips in (1, count))
    return chosen(rows).tile != chosen(64).tile and on_demand > reserved and shared < alone


shows("table24-caption", ROWS,
      "Six rows set what runs a program beside what runs a network: how work is executed, scheduled and given memory, "
      "what is improved, what may change while it runs, and on which machines.", TABLE)  # fmt: skip


@computes("table24-execution", ROWS, Truth(words="massively parallel over a tensor"), "", TABLE)
def tiles_for_every_multiprocessor(rows=8192):
    """One product is cut into more tiles than there are multiprocessors, and all of those work at one time."""
    return kernel(rows, 4096, 4096, "128x128", SILICON["A100"]).tiles > SILICON["A100"].units


@computes("table24-scheduling", ROWS, Truth(words="kernels and copies on several engines"), "", TABLE)
def engines_at_one_time(streams=3):
    """Commands of several streams keep several engines at work; of one stream, one engine at a time."""
    commands = (by_chunk(Exchange(2.0, 0.0, 3.0, 1.0), 6, n) for n in (1, streams))
    one, several = (simulate(work).makespan for work in commands)
    return several < one


@computes("table24-memory", ROWS, Truth(words="tensors come and go in memory that is kept"), "", TABLE)
def memory_is_used_again(steps=1000):
    """An allocator that keeps its segments asks the driver less than once in ten tensors."""
    pool = Caching(4096 * MIB)
    return 10 * pool_calls(pool, steps) < steps


def pool_calls(pool: Caching, steps: int) -> int:
    """How often a pool asks the driver while that many tensors come, sixty alive at a time."""
    replay(pool, churn(steps, 60, [MIB * size for size in (1, 3, 8, 20, 45)]))
    return pool.driver_calls


@computes("table24-priorities", ROWS, Truth(words="fewer stalls"), "", TABLE)
def launches_do_not_stall(L_launch=LAUNCH.value, kernels=100, T=20e-6):
    """A host that issues ahead takes less than one that waits for every kernel."""
    return issued_ahead([T] * kernels, L_launch) < kernels * (T + L_launch)


@computes("table24-adaptability", ROWS, Truth(words="adapts to batch and hardware"), "", TABLE)
def kernels_adapt(rows=8192, other="V100"):
    """Another batch wants another kernel, and so does another chip."""
    return chosen(rows).tile != chosen(64).tile and chosen(512, other).tile != chosen(512).tile


@computes("table24-target", ROWS, Truth(words="accelerators, not one kind of CPU"), "", TABLE)
def targets_differ(other="V100"):
    """Over the batches of one layer, the best kernels of two accelerators are not the same."""
    return any(chosen(2**k, other).tile != chosen(2**k).tile for k in range(14))


@computes(
    "a100-tdp-sxm-vs-pcie", ARCHITECTURE, Words("400 W vs 300 W", least=(400, 300), most=(400, 300)), "W", THERMAL
)
def two_envelopes(name="A100"):
    """Power of an A100 as a module and as a PCIe card of 80 GB; the card of 40 GB has 250 W."""
    return [find_chip(name).power.value, A100_PCIE_POWER.value]


@computes("runtime-three-phases", ARCHITECTURE, Truth(words="three phases of one pipeline"), "", PHASES)
def phases_touch(share=0.5, rows=4096):
    """What scheduling leaves a product of the chip changes which kernel is best for it, and how long it takes."""
    whole = SILICON["A100"]
    part = replace(whole, units=round(share * whole.units), R_peak=share * whole.R_peak)
    again, first = (choose(rows, 4096, 4096, on) for on in (part, whole))
    return again.tile != first.tile and again.T > first.T


@computes("double-buffering-overlap", "Text §Dynamic kernel execution", Words("overlap", spread=True),
          "ms (serial; overlapped)", BUFFERS)  # fmt: skip
def batches_with_and_without(batches=20, images=32) -> list[Seconds]:
    """Batches of images to ResNet-50 in FP16 on an A100 over PCIe: in a row, and the next coming in meanwhile."""
    one = a_batch(images)
    return [simulate(commands).makespan for commands in (by_chunk(one, batches, 1), pipelined(one, batches))]


def a_batch(images: int) -> Exchange:
    """Copy in, time by the roofline and copy out of one batch."""
    network = build("resnet50", batch=images, precision="fp16")
    T = sum(layer.count * least_time(layer.op.flop, layer.op.D_vol, A100.peak("fp16"), A100.BW)
            for layer in network.layers)  # fmt: skip
    return exchange(images * 3 * 224 * 224 * 2, images * 1000 * 2, T, link("PCIe Gen4 x16"))


@computes("gpt3-training-flops", TEXT, Number("3.14e23"), "FLOP", GPT3)
def work_of_gpt3(params=GPT3_PARAMS.value, tokens=GPT3_TOKENS.value):
    """Six FLOP for each parameter and token, with the 174.6 G parameters of the paper's table, not its round 175 G."""
    return training_flop(params, tokens)


@computes("gpt3-single-h100-years", TEXT, Number("5"), "year", GPT3)
def years_at_peak(flop=3.14e23, fp8=1.98e15):
    """Years of one H100 at its dense FP8 peak; at FP16, which has half of that peak, twice as many."""
    return machine_time(flop, 1, fp8, 1.0) / YEAR


@computes("gpt3-single-h100-years-utilized", TEXT, Each("8.4", "12.6"), "year", GPT3)
def years_as_used(flop=3.14e23, fp8=1.98e15, high=0.6, low=0.4):
    """Years at the two shares of the peak that the printed years imply; the page does not name them."""
    return [machine_time(flop, 1, fp8, eta) / YEAR for eta in (high, low)]
