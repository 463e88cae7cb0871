"""What each stage of compilation takes off a network's time on a GPU: from one node, one launch to an overlapped plan.

All times are roofline times of `kernel_cost`, with a launch for each kernel: bounds from below for every stage alike,
so what counts is the height of the steps. The numbers that books print for such a figure depend on chip, batch,
precision and on what "naive" means; here each of them is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from labcore.catalogue import chip as find_chip
from labcore.catalogue.links import LAUNCH
from labcore.compiler.cost import node_work
from labcore.compiler.graph import Graph, Node
from labcore.compiler.kernel_cost import Implementation
from labcore.compiler.operators import operator
from labcore.compiler.passes.pipeline import optimize
from labcore.compiler.schedule import schedule
from labcore.compiler.select import by_cost, candidates
from labcore.interconnect.link import link as find_link
from labcore.interconnect.link import transfer_time
from labcore.interconnect.schedule import makespan
from labcore.ops import Operation
from labcore.precision import bytes_per_element
from labcore.units import Bytes, Ratio, Seconds

STAGES = ("naive", "fusion", "kernels", "tensor cores", "layout", "launch ahead", "copy beside")
Kernels = Mapping[str, Implementation]


@dataclass(frozen=True)
class Stage:
    """The network after one more stage: its launches, the bytes its kernels move, and where the time goes."""

    name: str
    launches: int
    D_vol: Bytes
    T_kernels: Seconds
    T_launch: Seconds
    T_copy: Seconds
    T: Seconds


def waterfall(graph: Graph, chip: str = "A100", L_launch: Seconds = LAUNCH.value,
              link: str = "PCIe Gen4 x16") -> list[Stage]:  # fmt: skip
    """The stages in order, each on top of those before.

    naive: every node a kernel, convolutions unrolled to memory, fp32 on the vector units, each launch waits for the
    kernel before, the inputs are copied in first. fusion: the passes of `optimize`. kernels: the cheapest candidate
    each. tensor cores: fp16, but each convolution changes the layout on its way in and out. layout: channels last from
    end to end, only the images are converted. launch ahead: the CPU does not wait. copy beside: the next inputs come in
    meanwhile. Raises ValueError for a chip whose multiprocessor is not described.

    >>> from labcore.compiler.networks import small_cnn
    >>> steps = waterfall(small_cnn())
    >>> [step.launches for step in steps[:2]], steps[-1].T < steps[-2].T < steps[-3].T
    ([15, 8], True)
    """
    fused = optimize(graph)[0]
    plain, unfolded = _kernels(graph, chip, "fp32", naive=True), _kernels(fused, chip, "fp32", naive=True)
    chosen, tensor = _kernels(fused, chip, "fp32"), _kernels(fused, chip, "fp16")
    nodes = {name: fused.node(name) for name in tensor}
    changed = {n: _converted(one, nodes[n], fused, chip, (nodes[n].inputs[0], n)) for n, one in tensor.items()}
    first = {n: _converted(one, nodes[n], fused, chip, _given(fused, nodes[n])) for n, one in tensor.items()}
    T_in = {fmt: _copy_time(graph, fmt, link) for fmt in ("fp32", "fp16")}
    steps = [
        _in_a_row("naive", plain, L_launch, T_in["fp32"]),
        _in_a_row("fusion", unfolded, L_launch, T_in["fp32"]),
        _in_a_row("kernels", chosen, L_launch, T_in["fp32"]),
        _in_a_row("tensor cores", changed, L_launch, T_in["fp16"]),
        _in_a_row("layout", first, L_launch, T_in["fp16"]),
    ]
    times, launches = ({name: getattr(one, part) for name, one in first.items()} for part in ("T", "launches"))
    T_run = makespan(schedule(fused, times, L_launch, launches))
    ahead = replace(steps[-1], name="launch ahead", T_launch=T_run - steps[-1].T_kernels, T=T_run + T_in["fp16"])
    beside = replace(ahead, name="copy beside", T_copy=max(0.0, T_in["fp16"] - T_run), T=max(T_run, T_in["fp16"]))
    return [*steps, ahead, beside]


def gain(stages: list[Stage]) -> Ratio:
    """How many times as fast the last stage is as the first.

    >>> from labcore.compiler.networks import small_cnn
    >>> gain(waterfall(small_cnn())) > 1
    True
    """
    return stages[0].T / stages[-1].T


def operations(graph: Graph, fmt: str) -> dict[str, Operation]:
    """The work that a kernel is chosen for, by the name of its node: of a fused one its head's, with all it reads.

    >>> from labcore.compiler.networks import small_cnn
    >>> from labcore.compiler.passes.pipeline import optimize
    >>> [op.kind for op in operations(optimize(small_cnn())[0], "fp16").values()]
    ['conv2d', 'conv2d', 'conv2d', 'pool2d', 'matmul']
    """
    found = {node.name: _operation(graph, node, bytes_per_element(fmt)) for node in graph.nodes}
    return {name: op for name, op in found.items() if op}


def _kernels(graph: Graph, chip: str, fmt: str, naive: bool = False) -> dict[str, Implementation]:
    """The kernel of each node that is launched; the naive one unrolls convolutions to memory."""
    found: dict[str, Implementation] = {}
    for name, op in operations(graph, fmt).items():
        ways = candidates(op, chip, fmt, 0.0) if naive else {}
        found[name] = ways.get("im2col + GEMM") or by_cost(op, chip, fmt).kernel
    return found


def _operation(graph: Graph, node: Node, b: Bytes) -> Operation | None:
    """The work of a node; of a fused one that of its head, with the bytes of all that its body reads."""
    whole, head = node_work(node, graph.tensors, b), node.parts[0]
    if whole is None or len(node.parts) == 1 or operator(head.op).kind != "barrier":
        return whole
    shapes = [graph.tensors[word].shape for word in head.inputs]
    own = operator(head.op).work(shapes, head.shape, b, **head.attributes)
    return replace(own, reads={**own.reads, "epilogue": whole.D_vol - own.D_vol})


def _converted(one: Implementation, node: Node, graph: Graph, chip: str, values: tuple[str, ...]) -> Implementation:
    """A convolution with conversions of some values beside it, each read and written once by a kernel of its own."""
    if node.parts[0].op != "conv2d":
        return one
    D_vol = sum(2 * graph.tensors[value].elements * bytes_per_element("fp16") for value in values)
    T = one.T + D_vol / find_chip(chip).BW
    return replace(one, D_vol=one.D_vol + D_vol, T=T, launches=one.launches + len(values))


def _in_a_row(name: str, kernels: Kernels, L_launch: Seconds, T_copy: Seconds) -> Stage:
    T_kernels, launches = (sum(getattr(one, part) for one in kernels.values()) for part in ("T", "launches"))
    D_vol = sum(one.D_vol for one in kernels.values())
    T_launch = launches * L_launch
    return Stage(name, launches, D_vol, T_kernels, T_launch, T_copy, T_copy + T_kernels + T_launch)


def _given(graph: Graph, node: Node) -> tuple[str, ...]:
    return tuple(name for name in node.inputs[:1] if name in graph.inputs)


def _copy_time(graph: Graph, fmt: str, link: str) -> Seconds:
    road = find_link(link)
    D_vol = sum(one.elements * bytes_per_element(fmt) for one in graph.inputs.values())
    return transfer_time(D_vol, road.BW_one_way, road.L_lat)
