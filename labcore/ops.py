"""What one operation asks of a machine: FLOP, bytes and their ratio, before any machine is chosen.

Traffic is compulsory: every operand crosses the memory bus once, as if the chip could hold the whole
operation. A real schedule moves at least that much, so the intensity here is the highest that any can reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labcore.units import Bytes, FlopPerByte, positive, positive_ints


@dataclass(frozen=True)
class Operation:
    """Work and compulsory traffic of one operation.

    `flop` counts a MAC as two; `macs` counts multiply-accumulates, 0 where there are none.
    `reads` and `writes` give bytes by operand.
    """

    kind: str
    flop: int
    reads: Mapping[str, Bytes]
    writes: Mapping[str, Bytes]
    macs: int = 0
    shape: Mapping[str, int] = field(default_factory=dict)

    @property
    def D_vol(self) -> Bytes:
        """Bytes moved: every operand once."""
        return sum(self.reads.values()) + sum(self.writes.values())

    @property
    def I(self) -> FlopPerByte:  # noqa: E743 (the chapter's symbol)
        """Arithmetic intensity, flop / D_vol."""
        return self.flop / self.D_vol


def matmul(M: int, K: int, N: int, bytes_per_element: Bytes = 2, batch: int = 1) -> Operation:
    """(M, K) @ (K, N), `batch` times with operands of its own each time.

    >>> op = matmul(32, 2048, 2048)
    >>> op.flop, op.D_vol
    (268435456, 8650752)
    >>> round(op.I, 1)
    31.0
    """
    positive_ints(M=M, K=K, N=N, batch=batch)
    positive(bytes_per_element=bytes_per_element)
    macs = batch * M * K * N
    return Operation(
        "matmul",
        flop=2 * macs,
        macs=macs,
        reads={"A": batch * M * K * bytes_per_element, "B": batch * K * N * bytes_per_element},
        writes={"C": batch * M * N * bytes_per_element},
        shape={"batch": batch, "M": M, "K": K, "N": N},
    )


def output_size(size: int, kernel: int, stride: int = 1, pads: int = 0, dilation: int = 1) -> int:
    """Output length of a window sliding over `size` elements with `pads` added in all (both ends together).

    Raises ValueError where the window does not fit.

    >>> output_size(224, kernel=7, stride=2, pads=6)
    112
    """
    span = dilation * (kernel - 1) + 1
    if size + pads < span:
        raise ValueError(
            f"a window of {span} does not fit {size} elements with {pads} of padding; pad {span - size} or more"
        )
    return (size + pads - span) // stride + 1


def conv2d(
    N: int, C: int, H: int, W: int, K: int, R: int, S: int,
    stride: int = 1, padding: int = 0, bytes_per_element: Bytes = 2, groups: int = 1, dilation: int = 1,
) -> Operation:  # fmt: skip
    """Convolution of (N, C, H, W) with K filters of (C / groups, R, S) to (N, K, P, Q).

    Stride, padding and dilation hold for both axes; padding is added on each side.
    `groups=C` is a depthwise convolution. The padding's zeros are counted as work, as the hardware does them.

    >>> op = conv2d(32, 128, 56, 56, 256, 3, 3, padding=1)
    >>> op.flop, round(op.I, 1)
    (59190018048, 762.2)
    """
    positive_ints(N=N, C=C, H=H, W=W, K=K, R=R, S=S, stride=stride, groups=groups, dilation=dilation)
    positive(bytes_per_element=bytes_per_element)
    if padding < 0:
        raise ValueError(f"padding must be 0 or more, got {padding}")
    if C % groups or K % groups:
        raise ValueError(f"groups must divide C={C} and K={K}, got {groups}; a depthwise convolution has groups=C")
    P = output_size(H, R, stride, 2 * padding, dilation)
    Q = output_size(W, S, stride, 2 * padding, dilation)
    macs = N * K * P * Q * (C // groups) * R * S
    return Operation(
        "conv2d",
        flop=2 * macs,
        macs=macs,
        reads={"x": N * C * H * W * bytes_per_element, "w": K * (C // groups) * R * S * bytes_per_element},
        writes={"y": N * K * P * Q * bytes_per_element},
        shape={"N": N, "C": C, "H": H, "W": W, "K": K, "R": R, "S": S, "P": P, "Q": Q, "groups": groups},
    )


def elementwise(n: int, flop_per_element: int = 1, inputs: int = 1, bytes_per_element: Bytes = 2) -> Operation:
    """One function of `inputs` tensors of n elements each, to one of n: ReLU, add, GELU.

    >>> elementwise(1000, bytes_per_element=4).I
    0.125
    """
    positive_ints(n=n, flop_per_element=flop_per_element, inputs=inputs)
    positive(bytes_per_element=bytes_per_element)
    return Operation(
        "elementwise",
        flop=n * flop_per_element,
        reads={f"x{i}": n * bytes_per_element for i in range(inputs)},
        writes={"y": n * bytes_per_element},
        shape={"n": n},
    )


def softmax(rows: int, cols: int, bytes_per_element: Bytes = 2, flop_per_element: int = 3) -> Operation:
    """Softmax along the last axis of (rows, cols), read once and written once.

    The default of 3 FLOP an element (exponential, sum, division) is the chapter's count; the numerically
    safe form also takes a maximum and subtracts it, 5 in all.

    >>> softmax(512, 512).I
    0.75
    """
    positive_ints(rows=rows, cols=cols, flop_per_element=flop_per_element)
    positive(bytes_per_element=bytes_per_element)
    n = rows * cols
    return Operation(
        "softmax",
        flop=n * flop_per_element,
        reads={"x": n * bytes_per_element},
        writes={"y": n * bytes_per_element},
        shape={"rows": rows, "cols": cols},
    )


def layernorm(rows: int, cols: int, bytes_per_element: Bytes = 2, flop_per_element: int = 6) -> Operation:
    """LayerNorm of each row of (rows, cols), with a scale and a bias of (cols,).

    The default of 6 FLOP an element is the chapter's: mean 1, variance 2, normalisation 3.

    >>> round(layernorm(32 * 512, 768).I, 2)
    1.5
    """
    positive_ints(rows=rows, cols=cols, flop_per_element=flop_per_element)
    positive(bytes_per_element=bytes_per_element)
    n = rows * cols
    return Operation(
        "layernorm",
        flop=n * flop_per_element,
        reads={"x": n * bytes_per_element, "scale and bias": 2 * cols * bytes_per_element},
        writes={"y": n * bytes_per_element},
        shape={"rows": rows, "cols": cols},
    )


def embedding_bag(bags: int, lookups: int, dim: int, bytes_per_element: Bytes = 4, index_bytes: int = 8) -> Operation:
    """Gather `lookups` rows of (dim,) for each bag and add them up: (bags, lookups) -> (bags, dim).

    Only the rows that are looked up are read, not the table. One lookup a bag adds nothing: 0 FLOP.

    >>> embedding_bag(bags=1, lookups=2, dim=64, index_bytes=0).flop
    64
    """
    positive_ints(bags=bags, lookups=lookups, dim=dim)
    positive(bytes_per_element=bytes_per_element)
    return Operation(
        "embedding",
        flop=bags * (lookups - 1) * dim,
        reads={"rows": bags * lookups * dim * bytes_per_element, "indices": bags * lookups * index_bytes},
        writes={"y": bags * dim * bytes_per_element},
        shape={"bags": bags, "lookups": lookups, "dim": dim},
    )


def pool2d(
    N: int, C: int, H: int, W: int, R: int, S: int, stride: int = 1, padding: int = 0, bytes_per_element: Bytes = 2
) -> Operation:
    """Maximum or mean over R x S windows of (N, C, H, W), one FLOP an element of each window.

    >>> pool2d(1, 64, 112, 112, 3, 3, stride=2, padding=1).shape["P"]
    56
    """
    positive_ints(N=N, C=C, H=H, W=W, R=R, S=S, stride=stride)
    positive(bytes_per_element=bytes_per_element)
    P, Q = output_size(H, R, stride, 2 * padding), output_size(W, S, stride, 2 * padding)
    return Operation(
        "pool2d",
        flop=N * C * P * Q * R * S,
        reads={"x": N * C * H * W * bytes_per_element},
        writes={"y": N * C * P * Q * bytes_per_element},
        shape={"N": N, "C": C, "H": H, "W": W, "R": R, "S": S, "P": P, "Q": Q},
    )
