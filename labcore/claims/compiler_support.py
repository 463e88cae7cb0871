"""Compiler support: from a graph to code, lines 2148 to 2297 (lab 15).

What a compiler does is tried on ResNet-50, on a block of GPT-2 and on graphs made to be the exception. Times are those
of labcore's model of an A100, bounds from below.

>>> from labcore.claims.ledger import claim
>>> claim("compilation-five-stages").computed
5
"""

from __future__ import annotations

from functools import cache, partial

from labcore.catalogue import A100
from labcore.catalogue import compilers as facts
from labcore.catalogue.execution import of_chip
from labcore.claims.ledger import cites, computes, shows
from labcore.claims.printed import HUNDREDS, ORDER_OF_MAGNITUDE, THOUSANDS, Each, Number, Range, Truth, Words
from labcore.compiler.codegen import compile_graph
from labcore.compiler.cost import cost
from labcore.compiler.examples import worked_example
from labcore.compiler.graph import Graph
from labcore.compiler.kernel_cost import gemm_space
from labcore.compiler.lifetime import lifetimes
from labcore.compiler.memory_plan import allocate
from labcore.compiler.networks import gpt2_block, mlp, resnet50, small_cnn
from labcore.compiler.passes.layout import assign_layouts, convert_per_kernel
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.schedule import critical_path, schedule
from labcore.compiler.select import by_cost
from labcore.compiler.waterfall import waterfall
from labcore.loopnest import matmul_traffic
from labcore.matrix.engage import engage, multiprocessor
from labcore.models.zoo import build
from labcore.runtime.plans import static
from labcore.scaling import times
from labcore.units import Seconds

LAB = "15_compilers"
CELLS = ("pipeline", "waterfall", "table-23", "selection", "codegen", "to-runtime")
PIPELINE, STEPS, TABLE, SELECT, CODE, ONWARD = (f"{LAB}#{cell}" for cell in CELLS)
TEXT, ROWS, PERSPECTIVE = "Text §Compiler Support", "Table 23", "Systems Perspective 1.2"
FOOTNOTE = "Text §Kernel selection footnote 39"
GRAPHS = {
    "resnet50": resnet50, "gpt2": gpt2_block, "mlp": mlp, "one product": partial(mlp, widths=(64, 10)),
    "worked example": partial(worked_example, seed=1),
}  # fmt: skip


@cache
def given(network: str) -> Graph:
    """A graph as it is defined."""
    return GRAPHS[network]()


@cache
def compiled(network: str) -> Graph:
    """A graph after all passes."""
    return optimize(given(network))[0]


@cache
def times_by_stage(network: str) -> dict[str, Seconds]:
    """Time of a network after each stage of the waterfall."""
    return {stage.name: stage.T for stage in waterfall(given(network))}


@computes("compiler-four-steps-resnet50", TEXT, Truth(words="fuse, pick kernels, plan memory, schedule"), "", PIPELINE)
def four_steps(network="resnet50"):
    """Fused kernels, tensor cores, buffers used again in memory that suffices, copies beside kernels: each saves."""
    T, plan = times_by_stage(network), allocate(lifetimes(compiled(network)))
    faster = T["fusion"] < T["naive"] and T["layout"] < T["kernels"] and T["copy beside"] < T["launch ahead"]
    return faster and plan.peak < min(plan.apart, A100.capacity.value)


@computes("compiler-47ms-to-8ms", TEXT, Number("5.9"), "x", STEPS)
def gain_of_the_example(t0=0.047, t1=0.008):
    """Ratio of the two times, which the page calls illustrative."""
    return times(t0, t1)


shows("table23-caption", ROWS,
      "Six rows set compilers of programs beside compilers of networks: what goes in, how it runs, what is improved, "
      "what memory is to them, for which machines, and what comes out.", TABLE)  # fmt: skip


@computes("table23-input", ROWS, Truth(words="a graph in place of a line of steps"), "", TABLE)
def orders_are_open(network="gpt2"):
    """A graph leaves open what does not depend on each other: its longest chain is shorter than the list of nodes."""
    graph = given(network)
    steps = {kernel.name: 1.0 for kernel in cost(graph, A100).kernels}
    return critical_path(graph, steps) < len(steps)


@computes("table23-execution", ROWS, Truth(words="massively parallel over a tensor"), "", TABLE)
def more_results_than_lanes(network="resnet50"):
    """One node makes more independent results than an A100 has lanes."""
    graph, sm = given(network), multiprocessor("A100")
    results = max(graph.tensors[name].elements for name in graph.by_name)
    return results > of_chip(sm.count.value, sm.lanes_fp32.value)


@computes("table23-priorities", ROWS, Truth(words="fusion and memory, not instructions"), "", TABLE)
def bytes_fall_and_macs_stay(network="resnet50"):
    """Passes over the graph cut launches and bytes; the multiply-accumulates are all still there."""
    before, after = (cost(graph, A100) for graph in (given(network), compiled(network)))
    return before.macs == after.macs and after.launches < before.launches and after.D_vol < before.D_vol


@computes("table23-memory", ROWS, Truth(words="layouts and places are planned"), "", TABLE)
def memory_is_planned(network="resnet50"):
    """Places known before the run need less than buffers apart, and layouts assigned together convert less."""
    graph, plan = given(network), allocate(lifetimes(given(network)))
    together, each = (cost(one, A100).D_vol for one in (assign_layouts(graph, A100)[0], convert_per_kernel(graph)[0]))
    return plan.peak < plan.apart and together < each


@computes("table23-target", ROWS, Truth(words="one graph, other instructions"), "", TABLE)
def instructions_differ(second="V100"):
    """The same product is made of another matrix instruction on another chip."""
    first, other = (engage(chip, "fp16", 512, 512, 512).tile for chip in ("A100", second))
    return (first.m, first.n, first.k) != (other.m, other.n, other.k)


@cache
def picked(chip: str) -> list[tuple[str, tuple[int, int]]]:
    """Kernel and block of every convolution and product of ResNet-50 on a chip."""
    ops = (layer.op for layer in build("resnet50", precision="fp16").layers if layer.op.macs)
    return [(choice.name, choice.kernel.block) for choice in (by_cost(op, chip, "fp16") for op in ops)]


@computes("table23-output", ROWS, Truth(words="a plan of kernels for one machine"), "", TABLE)
def plans_differ(second="V100"):
    """ResNet-50 gets other kernels on an A100 than on another chip."""
    return picked("A100") != picked(second)


@computes("systems-perspective-1-2", PERSPECTIVE, Truth(words="fuse, reorder, select, change layouts"), "", TABLE)
def four_that_are_hidden(network="resnet50"):
    """Fusing, choosing kernels and planning layouts each make a network faster; tiles make a product move less."""
    T = times_by_stage(network)
    faster = T["fusion"] < T["naive"] and T["kernels"] < T["fusion"] and T["layout"] < T["tensor cores"]
    return faster and matmul_traffic(256, 256, 256, (32, 32, 32)).words < matmul_traffic(256, 256, 256, (1, 1, 1)).words


@cites("systems-perspective-1-2-kernel-libraries", PERSPECTIVE, Words("hundreds", *HUNDREDS), "", TABLE)
def tiles_of_a_library():
    """Tiles of the result that cuBLASLt names, of which each is another kernel; other choices multiply them."""
    return facts.CUBLASLT_TILES


@computes("compilation-five-stages", "Text §ML compilation pipeline", Number("5"), "", PIPELINE)
def stages_of_compiling():
    """What a small network becomes on its way: fewer nodes, kernels, places in memory, times, a program."""
    graph = optimize(small_cnn(seed=1))[0]
    kernels = {one.name: by_cost(one.work, "A100", "fp16").kernel for one in cost(graph, A100).kernels}
    plan = allocate(lifetimes(graph))
    when = schedule(graph, {name: kernel.T for name, kernel in kernels.items()})
    return sum(map(bool, (graph.nodes, kernels, plan.offsets, when, compile_graph(graph, "numpy").source)))


@computes("fn39-heuristics-thousands", FOOTNOTE, Words("thousands", *THOUSANDS), "", SELECT)
def configurations_of_a_product():
    """Blocks, steps, buffers, warps and splits of one product in one format that an A100's multiprocessor can hold."""
    return len(gemm_space("A100", "fp16"))


@computes("fn39-multiples-of-16", FOOTNOTE, Number("16"), "", SELECT)
def side_that_fills_tiles(chip="A100", fmt="fp16"):
    """The least side of a square product that fills whole tiles of the tensor cores; int8 would want 32."""
    return next(n for n in range(1, 257) if engage(chip, fmt, n, n, n).cost.utilization == 1)


shows("fn39-heuristics-miss-10-30pct", FOOTNOTE,
      "'Can' names no network, batch or chip. Where the footnote's rule chooses the unit, and the lab's model of an "
      "A100 the block, ResNet-50 and MobileNetV2 miss this much at a large batch, less with one image, and a block of "
      "GPT-2 nothing; where one size of block goes with the rule, both convolutional networks miss far more.",
      SELECT, Range("10", "30"), "%")  # fmt: skip


@computes("codegen-order-of-magnitude", "Text §Code generation", Words("order of magnitude", *ORDER_OF_MAGNITUDE), "x",
          CODE)  # fmt: skip
def matrix_over_vector(R_tc=312e12, R_fp32=19.5e12):
    """Peak of an A100's tensor cores at FP16 over that of its FP32 lanes; between AMX and AVX-512 it is the same."""
    return times(R_tc, R_fp32)


@cites("fn40-fpga-compile-hours", "Text §Code generation footnote 40", Words("hours", 3600, 24 * 3600), "s", CODE)
def building_for_an_fpga():
    """Time to compile for an FPGA, as a maker's guide has it."""
    return facts.FPGA_BUILD


@computes("runtime-batch-1-to-128", "Text §From compilation to runtime", Each("1", "128"), "x (work done over asked)",
          ONWARD)  # fmt: skip
def work_of_one_shape(small=1, large=128):
    """What a plan of one shape, made for the larger batch, does for each request, at either end of the range."""
    return [static(large).padded(batch) / batch for batch in (large, small)]
