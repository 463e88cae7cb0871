"""The reference interpreter: every node in turn, in numpy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labcore.compiler.graph import Graph, Node
from labcore.compiler.operators import operator

Arrays = Mapping[str, np.ndarray]


def run(graph: Graph, inputs: Arrays, dtype: str | None = None) -> dict[str, np.ndarray]:
    """The wanted values of a graph; floats are computed in `dtype`, or in their own.

    Raises ValueError for an input that is missing, unknown, or of another shape.

    >>> from labcore.compiler.graph import graph
    >>> g = graph({"x": (3,)}, {"y": ("relu", "x"), "z": ("add", "x", "y")})
    >>> run(g, {"x": np.array([-1.0, 0.0, 2.0], np.float32)})["z"].tolist()
    [-1.0, 0.0, 4.0]
    """
    values = run_all(graph, inputs, dtype)
    return {name: values[name] for name in graph.outputs}


def run_all(graph: Graph, inputs: Arrays, dtype: str | None = None) -> dict[str, np.ndarray]:
    """Every value of a graph, inputs and constants too; what stays inside a fused node is not among them.

    >>> from labcore.compiler.graph import graph
    >>> list(run_all(graph({"x": (1,)}, {"y": ("relu", "x")}), {"x": np.zeros(1, np.float32)}))
    ['x', 'y']
    """
    values = {name: _as(array, dtype) for name, array in {**checked_inputs(graph, inputs), **graph.constants}.items()}
    for node in graph.nodes:
        values[node.name] = run_node(node, values)
    return values


def run_node(node: Node, values: Arrays) -> np.ndarray:
    """The value of one node, of a fused one by running its body.

    >>> from labcore.compiler.graph import graph
    >>> y = graph({"x": (2,)}, {"y": ("relu6", "x")}).node("y")
    >>> run_node(y, {"x": np.array([-1.0, 9.0])}).tolist()
    [0.0, 6.0]
    """
    near = dict(values) if node.body else values
    for part in node.parts:
        y = operator(part.op).run(*(near[name] for name in part.inputs), **part.attributes)
        if node.body:
            near[part.name] = y
    return y


def random_inputs(graph: Graph, seed: int) -> dict[str, np.ndarray]:
    """Inputs that fit a graph: floats from a normal distribution, whole numbers 0 and 1.

    >>> from labcore.compiler.graph import graph
    >>> random_inputs(graph({"x": (2, 3)}, {"y": ("relu", "x")}), seed=1)["x"].shape
    (2, 3)
    """
    rng = np.random.default_rng(seed)
    return {
        name: rng.standard_normal(one.shape).astype(one.dtype) if np.dtype(one.dtype).kind == "f"
        else rng.integers(0, 2, one.shape).astype(one.dtype)
        for name, one in graph.inputs.items()
    }  # fmt: skip


def _as(array: np.ndarray, dtype: str | None) -> np.ndarray:
    return array.astype(dtype, copy=False) if dtype and array.dtype.kind == "f" else array


def checked_inputs(graph: Graph, inputs: Arrays) -> dict[str, np.ndarray]:
    """The inputs of a graph, each there, known and of its shape; raises ValueError with what was wanted.

    >>> from labcore.compiler.networks import mlp
    >>> checked_inputs(mlp(), {})
    Traceback (most recent call last):
    ValueError: input x has the shape (1, 64), got nothing
    """
    if unknown := [name for name in inputs if name not in graph.inputs]:
        raise ValueError(f"the graph has no input {unknown[0]!r}; it has {', '.join(graph.inputs)}")
    for name, wanted in graph.inputs.items():
        if name not in inputs or inputs[name].shape != wanted.shape:
            got = inputs[name].shape if name in inputs else "nothing"
            raise ValueError(f"input {name} has the shape {wanted.shape}, got {got}")
    return dict(inputs)
