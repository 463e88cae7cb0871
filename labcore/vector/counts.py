"""Instructions of a strip-mined program in closed form, and by what they are for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from labcore.units import Ratio, positive_ints

KINDS = ("arithmetic", "memory", "loop")
# Instructions of a program a strip, then once: on a vector machine, and on a scalar one.
PROGRAMS = {
    "relu": (8, 0, 7, 0),  # load, max, store; set length, two pointers, count, branch
    "dot product": (8, 2, 7, 1),  # two loads, multiply-add; the same loop; clear and add up
    "sum": (6, 1, 5, 0),  # load, add; set length, one pointer, count, branch; add up
    "mask": (10, 0, 9, 0),  # load, load the mask, merge, store; set length, three pointers, count, branch
}


def instructions(program: str, n: int, lanes: int) -> int:
    """Instructions of a program on n elements; equal to what the machine counts when it runs it.

    >>> instructions("relu", 20, lanes=8), instructions("relu", 20, lanes=1)
    (24, 140)
    """
    positive_ints(n=n, lanes=lanes)
    if program not in PROGRAMS:
        raise ValueError(f"no program {program!r}; there are {', '.join(PROGRAMS)}")
    strip, once, element, at_last = PROGRAMS[program]
    return strip * math.ceil(n / lanes) + once if lanes > 1 else element * n + at_last


def occupancy(n: int, lanes: int) -> Ratio:
    """Active lanes over all lanes in the strips of n elements: 1 where the lanes divide n.

    >>> occupancy(20, lanes=8)
    0.8333333333333334
    """
    positive_ints(n=n, lanes=lanes)
    return n / (lanes * math.ceil(n / lanes))


def by_kind(counts: Mapping[str, int]) -> dict[str, int]:
    """A machine's instructions by what they are for; the keys are KINDS.

    >>> by_kind({"vle32.v": 2, "vfmacc.vv": 1, "addi": 2, "bnez": 1})
    {'arithmetic': 1, 'memory': 2, 'loop': 3}
    """
    found = dict.fromkeys(KINDS, 0)
    for mnemonic, count in counts.items():
        found[kind_of(mnemonic)] += count
    return found


def kind_of(mnemonic: str) -> str:
    """What an instruction is for.

    >>> kind_of("vluxei32.v"), kind_of("mload"), kind_of("vsetvli")
    ('memory', 'memory', 'loop')
    """
    if mnemonic in ("addi", "add", "sub", "bnez", "vsetvli"):
        return "loop"
    memory = ("vle", "vlse", "vlm", "vse", "vluxei", "vsuxei", "flw", "fsw", "lbu", "mload", "mstore")
    return "memory" if mnemonic.startswith(memory) else "arithmetic"


def in_blocks(B: int, K: int, N: int, block: tuple[int, int, int] = (16, 16, 16)) -> dict[str, int]:
    """Instructions of (B, K) @ (K, N) by a matrix unit on m x n x k blocks, as in Listing 7, with the loop around it.

    A block product takes two loads, one multiplication, two pointers, count and branch; a block of outputs is cleared
    before and stored after.

    >>> in_blocks(32, 256, 512)["matmul.mm"]
    1024
    """
    m, n, k = block
    positive_ints(B=B, K=K, N=N, m=m, n=n, k=k)
    outputs = math.ceil(B / m) * math.ceil(N / n)
    products = outputs * math.ceil(K / k)
    return {
        "mzero": outputs, "mload": 2 * products, "matmul.mm": products, "addi": 2 * products, "sub": products,
        "bnez": products, "mstore": outputs,
    }  # fmt: skip
