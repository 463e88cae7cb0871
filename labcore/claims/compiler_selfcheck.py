"""The seventh set of questions, on compilers: lines 2300 to 2322 (lab 15).

>>> from labcore.claims.ledger import claim
>>> claim("sc7-q6").computed
False
"""

from __future__ import annotations

from math import inf

from labcore.catalogue import A100
from labcore.claims.compiler_support import compiled, given
from labcore.claims.ledger import computes, shows
from labcore.claims.printed import Answer, Range, Truth, Words
from labcore.compiler.cost import cost
from labcore.compiler.lifetime import lifetimes
from labcore.compiler.live_in_time import lifetimes_in_time
from labcore.compiler.memory_plan import MemoryPlan, allocate
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.schedule import schedule
from labcore.ops import matmul
from labcore.precision import bytes_per_element
from labcore.runtime.tiles import SILICON, choose, regret

CHECK, SET = "15_compilers#self-check", "Self-Check set 7"
RIDGE = {fmt: A100.ridge(fmt) for fmt in ("fp16", "tf32")}  # of the tensor cores


@computes("sc7-q1", f"{SET} Q1", Answer("A"), "", CHECK)
def graph_and_traffic(network="resnet50"):
    """A: what the passes save is traffic, by rewriting a graph of tensors; its products are all still there."""
    before, after = (cost(graph, A100) for graph in (given(network), compiled(network)))
    return after.D_vol < before.D_vol and after.macs == before.macs


@computes("sc7-q2", f"{SET} Q2", Truth(words="1, 2, 3, 4, 5"), "", CHECK)
def places_before_times(network="gpt2", streams=2, known=True):
    """Passes (1) change what kernels (2) are chosen for; times (4) that know the places (3) overwrite nothing live.

    The schedule needs the plan, as the key says: kernels wait for the bytes they write over. On two streams one that
    does not know the places has pairs of a block of GPT-2 on the same bytes while both are needed. Places planned again
    behind such a schedule are right as well, as small, and 5 % faster to run: 1, 2, 4, 3, 5, which the key calls a
    mistake for what a scheduler then does not know of access costs, works where it has no levels of memory to choose.
    """
    changed = cost(given(network), A100).launches != cost(compiled(network), A100).launches
    return changed and not clashes(network, streams, known)


def clashes(network: str, streams: int, known: bool) -> list[tuple[str, str]]:
    """Buffers on the same bytes while both are needed, planned by the graph's order, then scheduled."""
    graph = compiled(network)
    T = {kernel.name: kernel.T for kernel in cost(graph, A100).kernels}
    plan = allocate(lifetimes(graph, in_place=False))
    live = lifetimes_in_time(graph, schedule(graph, T, streams=streams, plan=plan if known else None))
    return MemoryPlan(tuple(live), plan.offsets, plan.strategy).clashes()


shows("sc7-q3", f"{SET} Q3",
      "The key names fusion, kernels, layouts and memory plans, and a gain on work that waits for bytes; which work, "
      "and what eager execution has of these already, it leaves open. On the lab's A100 ResNet-50 gains less than this "
      "by fusion and kernels alone, and more once tensor cores, layouts and launches ahead are in.",
      CHECK, Range("3", "5"), "x")  # fmt: skip


@computes("sc7-q4", f"{SET} Q4", Answer("A"), "", CHECK)
def redundant_and_apart(network="worked example"):
    """A: before any kernel is chosen, passes merge what is computed twice, drop what nobody reads and fuse the rest."""
    found = {report.name for report in optimize(given(network))[1] if report.did}
    return {"common subexpressions", "dead code", "epilogues"} <= found


@computes("sc7-q5", f"{SET} Q5", Words("4096 vs 128", least=(RIDGE["fp16"], 0), most=(inf, RIDGE["tf32"])),
          "FLOP/B (intensity of the two products)", CHECK)  # fmt: skip
def intensities_of_two_products(n1=4096, n2=128):
    """Intensity of the two products, in FP16 and FP32; read as beyond and below an A100's ridge in FP16 and in TF32.

    Those are the ridges of its tensor cores. The ridge of its FP32 lanes, 9.6 FLOP/B, both products pass.
    """
    return [matmul(n, n, n, bytes_per_element(fmt)).I for n, fmt in ((n1, "fp16"), (n2, "fp32"))]


@computes("sc7-q6", f"{SET} Q6", Truth(value=False, words="a plan made before the run is enough"), "", CHECK)
def one_plan_is_enough(rows=64, planned=8192):
    """Whether the kernel that is best for a long prompt loses nothing on a short one."""
    on = SILICON["A100"]
    return regret(rows, 4096, 4096, choose(planned, 4096, 4096, on).tile, on) == 1
