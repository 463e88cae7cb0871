"""What one operation asks of a machine: FLOP, bytes and their ratio, before any machine is chosen.

Traffic is compulsory: every operand crosses the memory bus once, as if the chip could hold the whole
operation. A real schedule moves at least that much, but for operands that a cache still holds from the operation
before, and for inputs that a stride larger than its window steps over: a 1 x 1 convolution of stride 2 uses a
quarter of the input that is counted here. A bias counts as nothing: its addition rides in the accumulator, its
bytes are one element a column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labcore.units import Bytes, FlopPerByte, positive, positive_ints
from labcore.windows import Padding, Pair, window_output

# FLOP an element by convention: each +, -, *, / and comparison is one, and so is each exp, erf, tanh, log and root.
FLOP_PER_ELEMENT = {
    "relu": 1,  # max(x, 0)
    "relu6": 2,  # min(max(x, 0), 6)
    "tanh": 1,
    "sigmoid": 4,  # 1 / (1 + exp(-x))
    "silu": 4,  # x / (1 + exp(-x))
    "gelu": 5,  # 0.5 * x * (1 + erf(c * x))
    "gelu_tanh": 9,  # 0.5 * x * (1 + tanh(c * (x + k * x * x * x)))
    "rope": 3,  # a pair (x, y) becomes (x * cos - y * sin, x * sin + y * cos): 6 for 2 elements
}


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


def conv2d(
    N: int, C: int, H: int, W: int, K: int, R: int, S: int,
    stride: Pair = 1, padding: Padding = 0, bytes_per_element: Bytes = 2, groups: int = 1, dilation: Pair = 1,
) -> Operation:  # fmt: skip
    """Convolution of (N, C, H, W) with K filters of (C / groups, R, S) to (N, K, P, Q).

    Stride and dilation are a number for both axes or a pair; padding is a number for every side, a pair, or
    ((top, bottom), (left, right)). `groups=C` is a depthwise convolution. The padding's zeros are counted as
    work, as the hardware does them.

    >>> op = conv2d(32, 128, 56, 56, 256, 3, 3, padding=1)
    >>> op.flop, round(op.I, 1)
    (59190018048, 762.2)
    """
    positive_ints(N=N, C=C, H=H, W=W, K=K, R=R, S=S, groups=groups)
    positive(bytes_per_element=bytes_per_element)
    if C % groups or K % groups:
        raise ValueError(f"groups must divide C={C} and K={K}, got {groups}; a depthwise convolution has groups=C")
    P, Q = window_output(H, W, R, S, stride, padding, dilation)
    macs = N * K * P * Q * (C // groups) * R * S
    return Operation(
        "conv2d",
        flop=2 * macs,
        macs=macs,
        reads={"x": N * C * H * W * bytes_per_element, "w": K * (C // groups) * R * S * bytes_per_element},
        writes={"y": N * K * P * Q * bytes_per_element},
        shape={"N": N, "C": C, "H": H, "W": W, "K": K, "R": R, "S": S, "P": P, "Q": Q, "groups": groups},
    )


def elementwise(
    n: int, flop_per_element: int = 1, inputs: int | Sequence[int] = 1, bytes_per_element: Bytes = 2
) -> Operation:
    """One function of `inputs` tensors of n elements each, to one of n: ReLU, add, GELU.

    Where operands broadcast, `inputs` lists the elements of each: adding a (768,) vector to every row of
    (512, 768) is `elementwise(512 * 768, inputs=(512 * 768, 768))`.

    >>> elementwise(1000, bytes_per_element=4).I
    0.125
    """
    positive_ints(n=n, flop_per_element=flop_per_element)
    positive(bytes_per_element=bytes_per_element)
    if not isinstance(inputs, Sequence):
        positive_ints(inputs=inputs)
        inputs = (n,) * inputs
    for size in inputs:
        positive_ints(inputs=size)
    return Operation(
        "elementwise",
        flop=n * flop_per_element,
        reads={f"x{i}": size * bytes_per_element for i, size in enumerate(inputs)},
        writes={"y": n * bytes_per_element},
        shape={"n": n},
    )


def movement(n: int, bytes_per_element: Bytes = 2) -> Operation:
    """Copy n elements to another place or order: transpose, concatenate, slice. 0 FLOP.

    >>> movement(1000).D_vol
    4000
    """
    positive_ints(n=n)
    positive(bytes_per_element=bytes_per_element)
    return Operation(
        "movement", flop=0, reads={"x": n * bytes_per_element}, writes={"y": n * bytes_per_element}, shape={"n": n}
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

    The default of 6 FLOP an element is the chapter's: mean 1, variance 2, normalization 3.

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


def rmsnorm(rows: int, cols: int, bytes_per_element: Bytes = 2, flop_per_element: int = 4) -> Operation:
    """RMSNorm of each row of (rows, cols), with a scale of (cols,) and no mean or bias (Zhang and Sennrich, 2019).

    The default of 4 FLOP an element: square, sum, divide by the root, scale.

    >>> rmsnorm(512, 4096).flop == 512 * 4096 * 4
    True
    """
    positive_ints(rows=rows, cols=cols, flop_per_element=flop_per_element)
    positive(bytes_per_element=bytes_per_element)
    n = rows * cols
    return Operation(
        "rmsnorm",
        flop=n * flop_per_element,
        reads={"x": n * bytes_per_element, "scale": cols * bytes_per_element},
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
    N: int, C: int, H: int, W: int, R: int, S: int,
    stride: Pair = 1, padding: Padding = 0, bytes_per_element: Bytes = 2, dilation: Pair = 1,
) -> Operation:  # fmt: skip
    """Maximum or mean over R x S windows of (N, C, H, W), one FLOP an element of each window.

    Stride, padding and dilation as for `conv2d`. A window of the whole (H, W) is global pooling.

    >>> pool2d(1, 64, 112, 112, 3, 3, stride=2, padding=1).shape["P"]
    56
    """
    positive_ints(N=N, C=C, H=H, W=W, R=R, S=S)
    positive(bytes_per_element=bytes_per_element)
    P, Q = window_output(H, W, R, S, stride, padding, dilation)
    return Operation(
        "pool2d",
        flop=N * C * P * Q * R * S,
        reads={"x": N * C * H * W * bytes_per_element},
        writes={"y": N * C * P * Q * bytes_per_element},
        shape={"N": N, "C": C, "H": H, "W": W, "R": R, "S": S, "P": P, "Q": Q},
    )
