"""Running a graph: each operation alone, and kernel by kernel in blocks that never write an intermediate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from labcore.fusion.graph import Graph, Op, apply
from labcore.fusion.kernel import kernels
from labcore.fusion.legality import main_space
from labcore.units import Bytes, positive_ints

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Run:
    """The wanted values, and the bytes that went from and to memory, counted as they were moved."""

    values: Arrays
    read: Bytes
    written: Bytes


def run_eager(graph: Graph, inputs: Arrays) -> dict[str, np.ndarray]:
    """Every value of the graph, one operation after another.

    >>> from labcore.fusion.examples import listing_19
    >>> run_eager(listing_19(1), {"X": np.array([[-5.0]])})["Y"].tolist()
    [[5.0]]
    """
    values = _checked(graph, inputs)
    for op in graph.ops:
        values[op.name] = apply(op, *(values[name] for name in op.inputs))
    return values


def run_fused(graph: Graph, groups: Sequence[Iterable[str]], inputs: Arrays, rows: int = 16) -> Run:
    """Run a graph by kernels, each in blocks of `rows` along an axis that it does not reduce.

    A block's slices are read, everything in the kernel is computed on them, and only what others want is written.
    A reduced slice is held whole, so nothing is read again. Reads and writes are counted in the arrays' own bytes.

    >>> from labcore.fusion.examples import listing_19
    >>> done = run_fused(listing_19(8), [["X1", "X2", "Y"]], {"X": np.ones((8, 8), np.float32)}, rows=3)
    >>> done.read, done.written
    (256, 256)
    """
    positive_ints(rows=rows)
    memory, moved = _checked(graph, inputs), [0, 0]
    for one in kernels(graph, groups):
        _run_kernel(graph.pick(one.ops), memory, list(one.writes), rows, moved)
    return Run({name: memory[name] for name in graph.outputs}, *moved)


def _run_kernel(ops: tuple[Op, ...], memory: dict, wanted: list[str], rows: int, moved: list[int]) -> None:
    space, reduced = main_space(ops), {axis for op in ops for axis in op.axes}
    axis = next((a for a in range(len(space)) if a not in reduced), None)
    starts = [0] if axis is None else range(0, space[axis], rows)
    whole = {op.inputs[1] for op in ops if op.kind == "barrier"}  # read once, for all blocks
    moved[0] += sum(memory[name].nbytes for name in whole)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    for start in starts:
        near: dict[tuple[str, bool], np.ndarray] = {}
        for op in ops:
            operands = [_near(op, k, near, memory, (axis, start, rows), whole, moved) for k in range(len(op.inputs))]
            near[op.name, True] = near[op.name, False] = apply(op, *operands)
        for name in wanted:
            parts[name].append(near[name, True])
            moved[1] += near[name, True].nbytes
    for name in wanted:
        memory[name] = parts[name][0] if axis is None else np.concatenate(parts[name], axis)


def _near(op: Op, k: int, near: dict, memory: Arrays, block: tuple, whole: set[str], moved: list[int]) -> np.ndarray:
    """The k-th operand of an operation, on the chip: computed there, or read as a slice or whole."""
    name, sliced = op.inputs[k], not (op.kind == "barrier" and k > 0)
    if (name, sliced) not in near:
        x = memory[name]
        part = _slice(x, len(op.space), *block) if sliced else x
        moved[0] += 0 if name in whole else part.nbytes
        whole |= {name} if part.size == x.size else set()
        near[name, sliced] = part
    return near[name, sliced]


def _slice(x: np.ndarray, dims: int, axis: int | None, start: int, rows: int) -> np.ndarray:
    """A block of an operand; what is broadcast along the axis comes whole."""
    own = None if axis is None else axis - (dims - x.ndim)
    if own is None or own < 0 or x.shape[own] == 1:
        return x
    return x[(slice(None),) * own + (slice(start, start + rows),)]


def _checked(graph: Graph, inputs: Arrays) -> dict[str, np.ndarray]:
    for name, shape in graph.inputs.items():
        if name not in inputs or inputs[name].shape != shape:
            got = inputs[name].shape if name in inputs else "nothing"
            raise ValueError(f"input {name} has the shape {shape}; got {got}")
    return {name: inputs[name] for name in graph.inputs}
