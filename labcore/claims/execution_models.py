"""Execution models: SIMD and SIMT, Listings 12 and 13.

>>> from labcore.claims.ledger import claim
>>> claim("relu-512-simd", wide=32, narrow=4).computed
[16, 128]
"""

from __future__ import annotations

import numpy as np

from labcore.catalogue import execution as units
from labcore.catalogue.facts import Fact
from labcore.claims.ledger import cites, computes
from labcore.claims.printed import Each, Identity, Number, Range, Truth, Words
from labcore.simt import kernels
from labcore.simt.occupancy import issue_cycles, occupancy
from labcore.simt.warp import launch
from labcore.vector.machine import Machine

SIMD_TO_SIMT = "Text §Evolution from SIMD to SIMT"
RELU, SVE, WARPS, OCCUPANCY, MATMUL = (
    f"04_execution_units#{cell}" for cell in ("relu-four-ways", "sve", "warps", "occupancy", "simt-matmul")
)


def relu_instructions(elements: int, width: int) -> int:
    """Compare-and-select instructions of a ReLU on a machine of some width, counted as it runs."""
    x = np.linspace(-1, 1, elements, dtype=np.float32)
    return launch(kernels.relu, elements, x, np.empty_like(x), width=width).counts["max"]


@computes("relu-512-scalar", SIMD_TO_SIMT, Number("512"), "", RELU)
def relu_scalar(elements=512):
    """Compare-and-select operations of a ReLU on 512 elements, one at a time."""
    return relu_instructions(elements, 1)


@computes("relu-512-simd", SIMD_TO_SIMT, Each("32", "64"), "", RELU)
def relu_simd(elements=512, wide=16, narrow=8):
    """Instructions of the same ReLU with 16 and with 8 lanes."""
    return [relu_instructions(elements, width) for width in (wide, narrow)]


@computes("relu-512-simt", SIMD_TO_SIMT, Words("multiple parallel groups", least=2), "", RELU)
def relu_simt(elements=512, warp=32):
    """Warps that the same ReLU takes with a thread for each element, each warp issuing the instruction once."""
    return relu_instructions(elements, warp)


def square_plus(x: np.ndarray, bits: int) -> np.ndarray:
    """Return x * x + x by Listing 12's instructions, in a loop, on a unit with registers of `bits` bits."""
    unit, y = Machine(vlen=bits, sew=32), np.empty_like(x)
    for start, _ in unit.strips(x.size):
        z0 = unit.load(x, start)
        unit.store(y, start, unit.add(unit.mul(z0, z0), z0))
    return y


@computes("listing-12-sve", "Listing 12", Truth(words="one program for every vector length"), "", SVE)
def one_program_for_all_lengths(elements=1000, narrow=128, wide=2048):
    """The loop around Listing 12 gives x * x + x at every register length from 128 to 2048 bits, tail included."""
    x = np.arange(elements, dtype=np.float32)
    lengths = [bits for bits in (128, 256, 512, 1024, 2048) if narrow <= bits <= wide]
    return all(np.array_equal(square_plus(x, bits), x * x + x) for bits in lengths)


@cites("sve-vector-range", SIMD_TO_SIMT, Range("128", "2048"), "", SVE)
def longest_sve_register() -> Fact:
    """Longest SVE register, in bits; the shortest has 128."""
    return units.SVE_BITS[1]


@computes("footnote-19-sm-occupancy", "Footnote 19", Truth(words="low occupancy means memory bound"), "", OCCUPANCY)
def starved_means_memory_bound(warps=1, instructions=100, latency=4):
    """A multiprocessor with few warps idles only where the memory binds; tried on arithmetic alone."""
    return issue_cycles(warps, instructions, latency) == instructions  # full speed without any memory access


@starved_means_memory_bound.erratum
def starved_without_memory():
    """One warp, {share:.1%} of an A100's 64, that issues {instructions} dependent additions of {latency} cycles each.

    It takes {cycles} cycles, {busy:.0%} of the scheduler, and touches no memory: the unit waits for latency, not for
    bandwidth. With {latency} independent additions under way the same single warp takes {cycles_free} cycles. So low
    occupancy does not by itself mean idle units either. Would hold of kernels whose waits are all for memory.
    """
    instructions, latency = 100, 4
    alone = issue_cycles(1, instructions, latency)
    return {
        "share": 1 / occupancy(256, 32).limit, "instructions": instructions, "latency": latency, "cycles": alone,
        "busy": instructions / alone, "cycles_free": issue_cycles(1, instructions, latency, independent=latency),
    }  # fmt: skip


@cites("footnote-20-warp-size", "Footnote 20", Number("32"), "", WARPS)
def threads_of_a_warp() -> Fact:
    """Threads of a warp."""
    return units.SM_A100.warp


@computes("footnote-20-divergence", "Footnote 20", Words("50 percent or more", least=50), "%", WARPS)
def lost_to_divergence(few=2, many=32, each=10):
    """Throughput that a warp of 32 loses when its lanes take 2 paths, and when they take 32, equally long."""
    return [1 - each / launch(kernels.switch, 32, ways, each).counts["fma"] for ways in (few, many)]


@computes("text-sm-thousands-of-threads", SIMD_TO_SIMT, Words("thousands", least=2000), "", OCCUPANCY)
def threads_of_a_multiprocessor(threads=256, registers=32):
    """Threads that one multiprocessor of the A100 holds, at 32 registers each."""
    return occupancy(threads, registers).blocks * threads


@computes("listing-13-simt-matmul", "Listing 13", Identity("C = A @ B"), "", MATMUL)
def kernel_is_a_product(N=2):
    """The four elements of a 2 x 2 product, by the kernel with a thread for each and by NumPy, on whole numbers."""
    A, B = np.arange(2 * N * N, dtype=np.float32).reshape(2, N, N) % 7
    C = np.zeros(N * N, np.float32)
    launch(kernels.matmul, N * N, C, A.ravel(), B.ravel(), N)
    return C.tolist(), (A @ B).ravel().tolist()


@cites("footnote-21-cuda-year", "Footnote 21", Number("2006"), "year", MATMUL)
def year_of_cuda() -> Fact:
    """Year in which CUDA was introduced; its first toolkit came in 2007."""
    return units.CUDA_YEAR
