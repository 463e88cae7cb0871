"""Self-check items of the section on compiler support."""

from __future__ import annotations

import re

from labcore.catalogue import A100
from labcore.compiler.cost import cost
from labcore.compiler.draft import Draft
from labcore.compiler.graph import Graph
from labcore.compiler.kernel_cost import gemm_kernels
from labcore.compiler.lifetime import Buffer, lifetimes
from labcore.compiler.live_in_time import lifetimes_in_time
from labcore.compiler.memory_plan import MemoryPlan, allocate
from labcore.compiler.networks import gpt2_block
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.schedule import schedule
from labcore.grading.selfcheck import item, letter, near, number
from labcore.matrix.engage import multiprocessor
from labcore.ops import matmul
from labcore.precision import bytes_per_element
from labcore.runtime.requests import padding_waste


@item("compiler-1", wants="a letter from a to d")
def what_passes_save(answer: object) -> str:
    """Bytes and launches."""
    return letter(
        answer,
        "b",
        {
            "a": "The products of convolutions and matrices are all still there; folding a normalization saves one "
            "multiplication for each element, few beside them.",
            "c": "A folded normalization changes the values of weights; there are about as many as before.",
            "d": "That is a compiler of programs. Here a node is a whole tensor, and its loop is in the kernel.",
        },
    )


@item("compiler-2", wants="the numbers 1 to 5 in an order, such as '1 2 3 4 5'")
def order_of_the_stages(answer: object) -> str:
    """Two streams, and memory that is shared."""
    text = answer if isinstance(answer, str) else " ".join(f"{number(one):.0f}" for one in answer)
    order = [int(digit) for digit in re.findall(r"\d", text)]
    if sorted(order) != [1, 2, 3, 4, 5]:
        raise ValueError("not an order of five stages")
    if order[0] != 1:
        return "Fusing changes which nodes there are; what is chosen for nodes that go is chosen for nothing."
    if order[-1] != 5:
        return "Code has kernels, addresses and their order written into it; it comes when all are known."
    if order.index(4) < order.index(2):
        return "A schedule needs the time of each kernel, and so the kernels."
    if order.index(3) < order.index(4) and (wrong := len(_clashes(gpt2_block()))):
        return f"Two streams keep more tensors live: on a block of GPT-2 such a plan has {wrong} pairs that clash."
    if order.index(3) < order.index(2):
        return "Some kernels need room for parts of their sums; which do is known when they are chosen."
    return ""


def _clashes(network: Graph) -> list[tuple[str, str]]:
    """Buffers that share bytes by the plan for the graph's order, and are live together on two streams."""
    graph = optimize(network)[0]
    T = {kernel.name: kernel.T for kernel in cost(graph, A100).kernels}
    live = lifetimes_in_time(graph, schedule(graph, T, streams=2))
    return MemoryPlan(tuple(live), allocate(lifetimes(graph, in_place=False)).offsets, "").clashes()


@item("compiler-3", wants="a pair of whole numbers: launches before and after")
def launches_of_a_residual_network(answer: object) -> str:
    """Twelve convolutions with normalization and ReLU; behind every second an addition and a ReLU."""
    before, after = map(number, answer)
    graph = _residual(convolutions=12)
    launches, left = (cost(one, A100).launches for one in (graph, optimize(graph)[0]))
    folded = cost(optimize(graph, ["batch norm"])[0], A100).launches
    if (before, after) == (left, launches):
        return "The other way round: before, then after."
    if before != launches:
        half = "The second is right. " if after == left else ""
        return f"{half}Before: each convolution, normalization, ReLU and addition is one kernel."
    if after == folded:
        return (
            "The first is right. The second is after folding; ReLUs and additions can ride along with the convolution "
            "before them."
        )
    if after == left + 6:
        return (
            "The first is right. An addition works element by element, too: it is done while the second convolution's "
            "results pass."
        )
    return (
        ""
        if after == left
        else ("The first is right. One kernel for each convolution, with all that follows element by element.")
    )


def _residual(convolutions: int) -> Graph:
    draft, start = Draft({"x": (1, 8, 8, 8)}, None), "x"
    for k in range(convolutions):
        draft.conv(f"conv{k}", 8, 8, 3)
        draft.norm(f"norm{k}", 8)
        draft.step(f"relu{k}", "relu", draft.flows)
        if k % 2:
            draft.step(f"add{k}", "add", draft.flows, start)
            start = draft.step(f"after{k}", "relu", draft.flows)
    return draft.graph()


@item("compiler-4", wants="a whole number of multiprocessors")
def idle_multiprocessors(answer: object) -> str:
    """1024 x 1024 results in blocks of 128 x 128 on an A100."""
    got, count = number(answer), int(multiprocessor("A100").count.value)
    kernel = next(one for one in gemm_kernels("A100", "fp16", 1024, 1024, 1024) if one.block == (128, 128))
    blocks = round(kernel.eta * count)
    if got == blocks:
        return "So many work; how many are there besides?"
    if got == count - 8:
        return "That is a result of one row of blocks; here there are 8 rows of 8."
    return "" if got == count - blocks else "Blocks of the result against 108 multiprocessors, one block each."


@item("compiler-5", wants="a number of bytes")
def bytes_of_an_arena(answer: object) -> str:
    """Four buffers, of which the first and the third never meet."""
    plan = allocate([Buffer("a", 6, 0, 1), Buffer("b", 4, 1, 2), Buffer("c", 6, 2, 3), Buffer("d", 2, 1, 3)], "exact")
    got = number(answer)
    if got == plan.apart:
        return "That is with a place for each; two of them are never live together."
    if got < plan.bound:
        return f"At one step {plan.bound} B are live, and no two live buffers may overlap."
    return "" if got == plan.peak else "Take the step with most live bytes, then see whether that many suffice."


@item("compiler-6", wants="an intensity in FLOP/B")
def intensity_of_a_small_product(answer: object) -> str:
    """256 x 256 x 256 in FP32."""
    want, half = (matmul(256, 256, 256, bytes_per_element(fmt)).I for fmt in ("fp32", "fp16"))
    if near(answer, half):
        return "That is with two bytes an element; FP32 has four."
    if near(answer, want / 2):
        return "A multiply-accumulate is two FLOP."
    if near(answer, 1 / want):
        return "Upside down: FLOP over bytes."
    return "" if near(answer, want) else "2 n^3 FLOP over the bytes of three matrices."


@item("compiler-7", wants="a percentage")
def rows_nobody_asked_for(answer: object) -> str:
    """A plan for 64 rows, nine runs with one request and one that is full."""
    want, got = 100 * padding_waste([1] * 9 + [64], buckets=[64]), number(answer)
    if near(got, 100 - want):
        return "So much was asked for; the question is the rest."
    if near(got, 100 * padding_waste([1], buckets=[64]), 0.005):
        return "That is a run with one request; the full one wastes nothing."
    if near(got, want / 100):
        return "In per cent."
    return "" if near(got, want, 0.005) else "Ten runs of 64 rows; of those 9 + 64 were asked for."
