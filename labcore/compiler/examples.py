"""A graph small enough to draw, in which every pass finds something."""

from __future__ import annotations

from labcore.compiler.draft import Draft
from labcore.compiler.graph import Graph, graph


def worked_example(C: int = 4, size: int = 8, seed: int | None = None) -> Graph:
    """Convolution, batch normalization and a ReLU that is asked for twice; a Tanh nobody wants; a known factor.

    Images are (1, C, size, size). As it stands it takes 8 launches, after all passes one.

    >>> from labcore.compiler.passes.pipeline import optimize
    >>> g = worked_example(seed=1)
    >>> len(g.nodes), len(optimize(g)[0].nodes)
    (8, 1)
    """
    draft = Draft({"x": (1, C, size, size)}, seed)
    draft.conv("conv", C, C, 3)
    draft.norm("norm", C)
    draft.step("act", "relu", "norm")
    draft.step("again", "relu", "norm")
    draft.step("watch", "tanh", "conv")
    draft.step("sum", "add", "act", "again")
    draft.step("gain", "mul", draft.weight("g1", 1, around=2.0), draft.weight("g2", 1, around=0.5))
    draft.step("y", "mul", "sum", "gain")
    return graph(draft.inputs, draft.steps, draft.constants, outputs=["y"])
