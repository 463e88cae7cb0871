"""Batch normalization behind a convolution: in inference both are linear, so one set of weights does both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from labcore.compiler.graph import Graph, Node, rebuilt
from labcore.compiler.passes.report import Report


def fold_batch_norm(graph: Graph) -> tuple[Graph, Report]:
    """The graph with each batch normalization that alone reads a convolution folded into its weights and bias.

    With a = scale / sqrt(var + eps), filter k becomes a_k * w_k and its bias a_k * (b_k - mean_k) + bias_k: the same
    function, another rounding. Left alone is a convolution that something else reads, or whose weights or statistics
    are not constants.

    >>> from labcore.compiler.networks import small_cnn
    >>> before = small_cnn(seed=1)
    >>> after, report = fold_batch_norm(before)
    >>> len(before.nodes) - len(after.nodes), report.did[0]
    (3, 'bn1 is folded into the weights of conv1')
    """
    constants, did = dict(graph.constants), []
    nodes = {node.name: node for node in graph.nodes}
    for norm in graph.nodes:
        conv = nodes.get(norm.inputs[0]) if norm.op == "batch_norm" else None
        if conv is None or not _foldable(graph, conv, norm):
            continue
        names = f"{norm.name}.weight", f"{norm.name}.bias"
        constants |= dict(zip(names, folded_weights(conv, norm, constants), strict=True))
        del nodes[conv.name]
        nodes[norm.name] = replace(conv, name=norm.name, inputs=(conv.inputs[0], *names))
        did.append(f"{norm.name} is folded into the weights of {conv.name}")
    read = {word for node in nodes.values() for part in node.parts for word in part.inputs}
    kept = {name: array for name, array in constants.items() if name in read or not graph.consumers.get(name)}
    after = rebuilt(graph, nodes.values(), kept)
    return after, Report("batch normalization", tuple(did), graph, after)


def _foldable(graph: Graph, conv: Node, norm: Node) -> bool:
    alone = graph.consumers[conv.name] == (norm.name,) and conv.name not in graph.outputs
    known = all(name in graph.constants for name in (*conv.inputs[1:], *norm.inputs[1:]))
    return conv.op == "conv2d" and alone and known and conv.name not in norm.inputs[1:]


def folded_weights(conv: Node, norm: Node, constants: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Filters (K, C / groups, R, S) and bias (K,) that do both, computed in float64 and rounded once.

    >>> from labcore.compiler.networks import small_cnn
    >>> g = small_cnn(seed=1)
    >>> w, b = folded_weights(g.node("conv1"), g.node("bn1"), g.constants)
    >>> w.shape, b.shape, str(w.dtype)
    ((8, 3, 3, 3), (8,), 'float32')
    """
    w, *given = (np.asarray(constants[name], np.float64) for name in conv.inputs[1:])
    scale, shift, mean, var = (np.asarray(constants[name], np.float64) for name in norm.inputs[1:])
    a = scale / np.sqrt(var + norm.attributes["eps"])
    bias = a * ((given[0] if given else 0.0) - mean) + shift
    dtype = constants[conv.inputs[1]].dtype
    return (a[:, None, None, None] * w).astype(dtype), bias.astype(dtype)
