"""What a dataflow costs in energy: words from DRAM, words between buffer and array, and the arithmetic.

The levels are those of `labcore.energy`. One dataflow is used at both edges: its best tile decides the words of DRAM,
and the array of the same name the words that leave the buffer. Every word of DRAM also passes the buffer once. What
moves inside the array, from register to register, is the same for every dataflow, three operands in and one sum out
for each MAC, and is left out.
"""

from __future__ import annotations

from labcore.dataflow.layers import problem_of
from labcore.dataflow.least import best
from labcore.energy import Bill, bill
from labcore.ops import Operation
from labcore.systolic import traffic
from labcore.systolic.layers import as_products
from labcore.units import Bytes, format_binary

CAPACITY = {"SRAM 8 KiB": 8 * 2**10, "SRAM 32 KiB": 32 * 2**10, "SRAM 1 MiB": 2**20}  # B
WORD = 2  # bytes: fp16


def level_of(D_buffer: Bytes) -> str:
    """The smallest memory of the energy tables that holds so many bytes; ValueError where none does.

    >>> level_of(32 * 2**10)
    'SRAM 32 KiB'
    """
    for level, capacity in CAPACITY.items():
        if capacity >= D_buffer:
            return level
    raise ValueError(f"the energy tables end at 1 MiB of SRAM, got {format_binary(D_buffer)}; take a smaller buffer")


def edge_words(op: Operation, dataflow: str, side: int) -> int:
    """Words of A, B and C that cross the edge of a side x side array, all folds, a convolution as its product.

    >>> from labcore.ops import matmul
    >>> edge_words(matmul(256, 256, 256), "ws", side=128)
    327680
    """
    M, K, N, times = as_products(op)
    reads, writes = traffic(M, K, N, side, side, dataflow)
    return times * (sum(reads.values()) + sum(writes.values()))


def energy(op: Operation, dataflow: str, buffer_words: int, side: int = 128, process: str = "45 nm") -> Bill:
    """The energy of one operation in fp16 under one dataflow, from DRAM through a buffer to a side x side array.

    >>> from labcore.ops import matmul
    >>> one = energy(matmul(512, 768, 768), "os", buffer_words=16384)
    >>> list(one.traffic), one.moving > one.computing
    (['DRAM', 'SRAM 32 KiB'], True)
    """
    problem, times = problem_of(op)
    dram = times * best(problem, dataflow, buffer_words).traffic
    level = level_of(WORD * buffer_words)
    words = {"DRAM": WORD * dram, level: WORD * (dram + edge_words(op, dataflow, side))}
    operations = {("multiply", "fp16"): op.macs, ("add", "fp32"): op.macs}
    return bill(operations, words, process)
