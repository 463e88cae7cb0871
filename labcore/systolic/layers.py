"""Layers of a network on an array: each convolution as the matrix product that im2col makes of it."""

from __future__ import annotations

from labcore.models.network import Network
from labcore.ops import Operation
from labcore.systolic.formulas import cycles


def as_products(op: Operation) -> tuple[int, int, int, int]:
    """(M, K, N, times) of an operation: a convolution has N*P*Q patches of C*R*S, and one product for each group.

    Raises ValueError for an operation without MACs.

    >>> from labcore.ops import conv2d
    >>> as_products(conv2d(1, 64, 56, 56, 64, 3, 3, padding=1))
    (3136, 576, 64, 1)
    """
    s = op.shape
    if op.kind == "matmul":
        return s["M"], s["K"], s["N"], s["batch"]
    if op.kind == "conv2d":
        groups = s["groups"]
        return s["N"] * s["P"] * s["Q"], s["C"] // groups * s["R"] * s["S"], s["K"] // groups, groups
    raise ValueError(f"{op.kind} has no matrix product; an array takes matmul and conv2d")


def layer_cycles(op: Operation, rows: int, cols: int, dataflow: str = "os", edge: str = "exact") -> int:
    """Cycles of one operation on an array, its groups one after another.

    >>> from labcore.ops import conv2d
    >>> layer_cycles(conv2d(1, 64, 56, 56, 64, 3, 3, padding=1), 128, 128, "ws")
    17270
    """
    M, K, N, times = as_products(op)
    return times * cycles(M, K, N, rows, cols, dataflow, edge)


def network_cycles(
    network: Network, rows: int, cols: int, dataflow: str = "os", edge: str = "exact"
) -> dict[str, int]:  # fmt: skip
    """Cycles by layer, as often as it occurs; layers without MACs run elsewhere and are left out.

    >>> from labcore.models.zoo import build
    >>> len(network_cycles(build("resnet50"), 128, 128))
    54
    """
    return {
        layer.name: layer.count * layer_cycles(layer.op, rows, cols, dataflow, edge)
        for layer in network.layers
        if layer.op.macs
    }
