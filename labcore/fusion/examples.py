"""Graphs of the lab: the chapter's chain, a convolution with what follows it, a transformer's segments, a fork."""

from __future__ import annotations

from labcore.fusion.graph import Graph, graph
from labcore.units import Bytes, positive_ints

Groups = tuple[tuple[str, ...], ...]


def chain(length: int, n: int = 1024, bytes_per_element: Bytes = 4) -> Graph:
    """So many element-wise operations on (n, n), each on the result of the one before.

    >>> [op.name for op in chain(3).ops]
    ['v1', 'v2', 'v3']
    """
    positive_ints(length=length)
    steps = {f"v{k}": ("increment", f"v{k - 1}" if k > 1 else "x") for k in range(1, length + 1)}
    return graph({"x": (n, n)}, steps, bytes_per_element=bytes_per_element)


def listing_19(n: int = 1024, bytes_per_element: Bytes = 4) -> Graph:
    """ReLU, batch normalization with fixed statistics, 2 x + 1, on (n, n); the statistics' own bytes are left out.

    >>> listing_19().nbytes("X1")
    4194304
    """
    steps = {"X1": ("relu", "X"), "X2": ("batchnorm", "X1"), "Y": ("affine", "X2")}
    return graph({"X": (n, n)}, steps, bytes_per_element=bytes_per_element)


def listing_19_as_run(n: int = 1024, bytes_per_element: Bytes = 4) -> Graph:
    """The same, with 2 x and + 1 as the two operations that an eager framework runs.

    >>> len(listing_19_as_run().ops)
    4
    """
    steps = {"X1": ("relu", "X"), "X2": ("batchnorm", "X1"), "T": ("double", "X2"), "Y": ("increment", "T")}
    return graph({"X": (n, n)}, steps, bytes_per_element=bytes_per_element)


def listing_19_training(n: int = 1024, bytes_per_element: Bytes = 4) -> Graph:
    """The same in training: mean and variance come from the batch, column by column.

    >>> [op.name for op in listing_19_training().ops if op.kind == "reduction"]
    ['mean', 'var']
    """
    steps = {
        "X1": ("relu", "X"), "mean": ("mean", "X1", 0), "centred": ("subtract", "X1", "mean"),
        "squares": ("square", "centred"), "var": ("mean", "squares", 0), "scale": ("rsqrt", "var"),
        "X2": ("multiply", "centred", "scale"), "Y": ("affine", "X2"),
    }  # fmt: skip
    return graph({"X": (n, n)}, steps, bytes_per_element=bytes_per_element)


def conv_bn_relu(
    N: int, C: int, H: int, W: int, K: int, R: int, stride: int = 1, bytes_per_element: Bytes = 2
) -> Graph:
    """A convolution of R x R with padding R // 2, batch normalization with fixed statistics, ReLU.

    >>> conv_bn_relu(1, 3, 224, 224, 64, 7, stride=2).shape("act")
    (1, 64, 112, 112)
    """
    steps = {"conv": ("conv2d", "x", "w", stride), "bn": ("batchnorm", "conv"), "act": ("relu", "bn")}
    return graph({"x": (N, C, H, W), "w": (K, C, R, R)}, steps, bytes_per_element=bytes_per_element)


def block_end(tokens: int, width: int, bytes_per_element: Bytes = 2) -> tuple[Graph, Groups]:
    """What closes half a transformer block after its product: bias, residual, LayerNorm for the next half.

    With the kernels of a library, where LayerNorm is one. The sum is wanted too: the next residual adds to it.

    >>> [len(group) for group in block_end(512, 768)[1]]
    [1, 1, 6]
    """
    inputs = {"h": (tokens, width), "b": (width,), "res": (tokens, width)}
    steps = {"bias": ("add", "h", "b"), "sum": ("add", "bias", "res")} | _normalize("sum")
    whole = graph(inputs, steps, ("sum", "normed"), bytes_per_element)
    return whole, (("bias",), ("sum",), tuple(_normalize("sum")))


def projection(tokens: int, width: int, bytes_per_element: Bytes = 2) -> tuple[Graph, Groups]:
    """The same with the product itself, (tokens, width) @ (width, width), in front.

    >>> projection(512, 768)[1][:2]
    (('h',), ('bias',))
    """
    after, groups = block_end(tokens, width, bytes_per_element)
    steps = {"h": ("matmul", "x", "w")}
    steps |= {"bias": ("add", "h", "b"), "sum": ("add", "bias", "res")} | _normalize("sum")
    inputs = {"x": (tokens, width), "w": (width, width), "b": (width,), "res": (tokens, width)}
    return graph(inputs, steps, after.outputs, bytes_per_element), (("h",), *groups)


def scores(tokens: int, heads: int, bytes_per_element: Bytes = 2) -> tuple[Graph, Groups]:
    """What happens to attention's scores (heads * tokens, tokens) between the two products: scale, mask, softmax.

    With the kernels of a library, where softmax is one.

    >>> [len(group) for group in scores(512, 12)[1]]
    [1, 1, 5]
    """
    steps = {
        "scaled": ("double", "s"), "masked": ("add", "scaled", "mask"), "top": ("max", "masked", 1),
        "shifted": ("subtract", "masked", "top"), "e": ("exp", "shifted"), "total": ("sum", "e", 1),
        "p": ("divide", "e", "total"),
    }  # fmt: skip
    inputs = {"s": (heads * tokens, tokens), "mask": (1, tokens)}
    softmax = ("top", "shifted", "e", "total", "p")
    return graph(inputs, steps, ("p",), bytes_per_element), (("scaled",), ("masked",), softmax)


def feed_forward(tokens: int, width: int, bytes_per_element: Bytes = 2) -> tuple[Graph, Groups]:
    """The middle of a transformer's MLP: after the first product its bias and GELU, four times as wide.

    >>> feed_forward(512, 768)[0].shape("act")
    (512, 3072)
    """
    inputs = {"h": (tokens, 4 * width), "b": (4 * width,)}
    steps = {"bias": ("add", "h", "b"), "act": ("gelu", "bias")}
    return graph(inputs, steps, bytes_per_element=bytes_per_element), (("bias",), ("act",))


def fork(branches: int, n: int = 1024, bytes_per_element: Bytes = 4) -> Graph:
    """One input of n elements, `branches` functions of it, then one more on each, in that order.

    >>> [op.name for op in fork(2).ops]
    ['a1', 'a2', 'b1', 'b2']
    """
    positive_ints(branches=branches)
    first = {f"a{k}": ("square", "x") for k in range(1, branches + 1)}
    then = {f"b{k}": ("increment", f"a{k}") for k in range(1, branches + 1)}
    return graph({"x": (n,)}, first | then, bytes_per_element=bytes_per_element)


def branches_of(one: Graph) -> Groups:
    """The groups of a fork that make a kernel of each branch.

    >>> branches_of(fork(2))
    (('a1', 'b1'), ('a2', 'b2'))
    """
    half = len(one.ops) // 2
    return tuple((one.ops[k].name, one.ops[half + k].name) for k in range(half))


def _normalize(x: str) -> dict[str, tuple]:
    """LayerNorm of rows, step by step, without its scale and bias."""
    return {
        "mean": ("mean", x, 1), "centred": ("subtract", x, "mean"), "squares": ("square", "centred"),
        "var": ("mean", "squares", 1), "scale": ("rsqrt", "var"), "normed": ("multiply", "centred", "scale"),
    }  # fmt: skip
