"""Code generation: a graph becomes the source of a Python program, which is compiled, run and shown.

Two targets. "numpy" is for reading: one numpy statement a kernel. "numba" is for running: element-wise chains and the
epilogues of convolutions and products become loops that numba compiles, convolutions call `host_kernels`. Both keep
their values in one arena, at the offsets of the memory plan, and allocate only what they return.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from labcore.compiler.graph import Graph
from labcore.compiler.lifetime import lifetimes
from labcore.compiler.memory_plan import MemoryPlan, allocate
from labcore.compiler.reference import REFERENCE
from labcore.compiler.run import checked_inputs
from labcore.compiler.statements import Writer
from labcore.units import Ratio

TARGETS = ("numpy", "numba")
TOLERANCE: Ratio = 1e-4  # of the largest magnitude of a float32 result, between a program and the reference
ALIGNMENT = 64  # bytes: offsets begin a cache line


@dataclass(frozen=True)
class Program:
    """A compiled graph: call it with the inputs by name, read its `source`, see the `plan` of its memory."""

    source: str
    plan: MemoryPlan
    target: str
    graph: Graph = field(repr=False)
    _run: Callable = field(repr=False)

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name; raises ValueError for inputs that are missing, unknown or of another shape or type."""
        given = checked_inputs(self.graph, inputs)
        return self._run(*(np.ascontiguousarray(given[n], one.dtype) for n, one in self.graph.inputs.items()))


def compile_graph(graph: Graph, target: str = "numba", strategy: str = "size") -> Program:
    """The program of a graph, bound to its constants and to an arena of its own.

    Its results differ from the reference's by at most TOLERANCE of the largest magnitude: sums are taken in another
    order. Raises ValueError for an unknown target.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (3,)}, {"y": ("add", "x", "b"), "z": ("relu", "y")}, {"b": np.ones(3, np.float32)})
    >>> program = compile_graph(g, "numpy")
    >>> program({"x": np.array([-3.0, 0.0, 1.0], np.float32)})["z"].tolist()
    [0.0, 1.0, 2.0]
    >>> [line.strip() for line in program.source.splitlines() if "copyto" in line]
    ['np.copyto(y, x + b)', 'np.copyto(z, np.maximum(y, 0))']
    """
    if target not in TARGETS:
        raise ValueError(f"code is generated for {' or '.join(TARGETS)}, got {target!r}")
    plan = allocate(lifetimes(graph, alignment=ALIGNMENT), strategy)
    text = source(graph, plan, target)
    space: dict[str, object] = {"REFERENCE": REFERENCE}
    exec(compile(text, f"<{target} program of {len(graph.nodes)} kernels>", "exec"), space)
    constants = {name: np.ascontiguousarray(array) for name, array in graph.constants.items()}
    arena = np.zeros(plan.peak + ALIGNMENT, np.uint8)
    first = -arena.ctypes.data % ALIGNMENT
    return Program(text, plan, target, graph, space["bind"](constants, arena[first:]))


def source(graph: Graph, plan: MemoryPlan, target: str = "numba") -> str:
    """The text of the program: loops, then `bind`, which gives arrays their places and returns `run`.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (3,)}, {"y": ("relu", "x")})
    >>> [line.strip() for line in source(g, allocate(lifetimes(g)), "numpy").splitlines()[-6:-2]]
    ['def run(x):', '# relu -> (3,)', 'np.copyto(y, np.maximum(x, 0))', "return {'y': y.copy()}"]
    """
    writer = Writer(graph, fast=target == "numba")
    inputs = [writer.name(name) for name in graph.inputs]
    bound = [f"{writer.name(name)} = constants[{name!r}]" for name in graph.constants]
    bound += _places(graph, plan, writer)
    for node in graph.nodes:
        writer.write(node)
    outputs = ", ".join(f"{name!r}: {writer.name(name)}.copy()" for name in graph.outputs)
    bound += [f"{name} = np.zeros({shape}, {dtype!r})" for (_, shape, dtype, *_), name in writer.work.items()]
    run = [f"def run({', '.join(inputs)}):", *("    " + line for line in (*writer.lines, f"return {{{outputs}}}"))]
    body = [f"    {line}" for line in (*bound, "", *run, "", "return run")]
    return "\n".join([*_head(graph, plan, writer), "", "def bind(constants, arena):", *body]) + "\n"


def _head(graph: Graph, plan: MemoryPlan, writer: Writer) -> list[str]:
    about = f'"""{len(graph.nodes)} nodes; their values take {plan.peak} B of one arena, {plan.apart} B apart."""'
    if not writer.fast:
        return [about, "", "import numpy as np", "", "from labcore.im2col import conv2d", ""]
    imports = "compiled_depthwise, conv_1x1, conv_columns, conv_grouped, pad_into"
    head = [about, "", "import math", "", "import numpy as np", "from numba import njit", "",
            f"from labcore.compiler.host_kernels import {imports}", "", f"F = np.{_float(graph)}"]  # fmt: skip
    if any("depthwise(" in line for line in writer.lines):
        head.append("depthwise = compiled_depthwise()")
    for text, name in writer.loops.items():
        head += ["", "", '@njit(error_model="numpy")', text.replace("KERNEL", name)]
    return [*head, ""]


def _float(graph: Graph) -> np.dtype:
    """The widest float among the values: the type of the numbers that stand in loops."""
    types = (np.dtype(node.tensor.dtype) for node in graph.nodes)
    return np.result_type(np.float16, *(one for one in types if one.kind == "f"))


def _places(graph: Graph, plan: MemoryPlan, writer: Writer) -> list[str]:
    """A line for each value that lies in the arena: views find theirs in the run."""
    at = {value: plan.offsets[one.name] for one in plan.buffers for value in one.values}
    lines = []
    for node in graph.nodes:
        if node.name in at and node.parts[0].op != "reshape":
            first, shape = at[node.name], node.shape
            end = first + int(node.tensor.nbytes)
            lines.append(
                f"{writer.name(node.name)} = arena[{first}:{end}].view({node.tensor.dtype!r}).reshape({shape})"
            )
    return lines
