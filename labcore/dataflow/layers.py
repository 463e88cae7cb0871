"""Layers of a network as loop nests."""

from __future__ import annotations

from itertools import product

from labcore.loopnest.nest import Problem, conv_problem, matmul_problem
from labcore.ops import Operation
from labcore.windows import output_size


def problem_of(op: Operation) -> tuple[Problem, int]:
    """(problem, times) of an operation: one problem for each group of a convolution or product of a batch.

    Stride and padding are read off the sizes: of those that explain them the pair whose windows miss fewest elements,
    then padding of half the window, then the least. Raises ValueError for an operation without MACs, and where no
    stride explains the sizes.

    >>> from labcore.ops import conv2d
    >>> layer, times = problem_of(conv2d(1, 64, 56, 56, 128, 3, 3, stride=2, padding=1))
    >>> layer.sizes["P"], layer.operands["A"][2].terms, times
    (28, (('P', 2), ('R', 1)), 1)
    """
    s = op.shape
    if op.kind == "matmul":
        return matmul_problem(s["M"], s["K"], s["N"]), s["batch"]
    if op.kind != "conv2d":
        raise ValueError(f"{op.kind} is no loop nest over A, B and C; a dataflow takes matmul and conv2d")
    down, across = _slide(s["H"], s["R"], s["P"]), _slide(s["W"], s["S"], s["Q"])
    groups = s["groups"]
    sizes = s["N"], s["C"] // groups, s["H"], s["W"], s["K"] // groups, s["R"], s["S"]
    strides, pads = zip(down, across, strict=True)
    return conv_problem(*sizes, strides, pads), groups


def _slide(size: int, window: int, outputs: int) -> tuple[int, int]:
    """The stride and the padding on each side with which a window gives so many outputs."""
    every = [
        (stride, pad)
        for pad, stride in product(range(window), range(1, size + 1))
        if size + 2 * pad >= window and output_size(size, window, stride, 2 * pad) == outputs
    ]
    if not every:
        raise ValueError(f"no stride and padding make {outputs} outputs of {size} elements and a window of {window}")

    def unlikely(one: tuple[int, int]) -> tuple[int, bool, int, int]:
        stride, pad = one
        end = stride * (outputs - 1) + window - pad  # of the last window
        missed = max(size - end, 0) + max(stride - window, 0) * (outputs - 1)
        return missed, pad != window // 2, pad, stride

    return min(every, key=unlikely)
