"""Execution units as their makers describe them: what a multiprocessor holds, which tiles a matrix unit takes.

Counts have the unit "" and capacities "B". A tile shape is three numbers of one source, so it is a Tile and not a Fact.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.gpu import B200, H100
from labcore.catalogue.sources import XEON_8480

PTX = Source("NVIDIA", "PTX ISA 9.0, mma and wmma", 2025, "https://docs.nvidia.com/cuda/parallel-thread-execution/")
_A100 = Source(
    "NVIDIA", "NVIDIA Ampere Architecture In-Depth, A100 SM architecture, Tables 3 and 4", 2020,
    "https://developer.nvidia.com/blog/nvidia-ampere-architecture-in-depth/",
)  # fmt: skip
_OCCUPANCY = Source("NVIDIA", "CUDA Toolkit 13.0, cuda_occupancy.h", 2025, "https://developer.nvidia.com/cuda-toolkit")
_GUIDE = Source("NVIDIA", "CUDA C++ Programming Guide", 2024, "https://docs.nvidia.com/cuda/cuda-c-programming-guide/")
_TUNING = Source(
    "NVIDIA", "Tuning CUDA Applications for the NVIDIA Ampere GPU Architecture", 2024,
    "https://docs.nvidia.com/cuda/ampere-tuning-guide/",
)  # fmt: skip
_BEST = Source(
    "NVIDIA", "CUDA C++ Best Practices Guide, coalesced access to global memory", 2024,
    "https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/",
)  # fmt: skip
_MATMUL = Source(
    "NVIDIA", "Matrix Multiplication Background, user guide DU-09799, Table 1", 2023,
    "https://docs.nvidia.com/deeplearning/performance/dl-performance-matrix-multiplication/",
)  # fmt: skip
_SVE = Source(
    "D. Martin (Arm)", "Scalable Vector Extension support for AArch64 Linux, Appendix A", 2017,
    "https://docs.kernel.org/arch/arm64/sve.html",
)  # fmt: skip
_AMX = Source(
    "Intel", "Architecture Instruction Set Extensions Programming Reference, chapter on AMX", 2020,
    "https://www.intel.com/content/www/us/en/developer/tools/isa-extensions/overview.html",
)  # fmt: skip
_AMX_RATE = Source(
    "PyTorch", "Leverage Intel Advanced Matrix Extensions", 2023, "https://pytorch.org/tutorials/recipes/amx.html"
)
_TPU_V4 = Source("Google Cloud", "TPU v4 documentation", 2025, "https://cloud.google.com/tpu/docs/v4")
_TPU_ARRAYS = Source(
    "Google Cloud", "TPU system architecture", 2024, "https://cloud.google.com/tpu/docs/system-architecture-tpu-vm"
)
_TPU_PAPER = Source(
    "Jouppi et al. (Google)", "TPU v4: An Optically Reconfigurable Supercomputer, ISCA", 2023,
    "https://arxiv.org/abs/2304.01433",
)  # fmt: skip
_IPU = Source(
    "Graphcore", "Designing the Colossus Mk2 IPU: Simon Knowles at Hot Chips", 2021,
    "https://www.graphcore.ai/posts/designing-the-colossus-mk2-ipu-simon-knowles-at-hot-chips-2021",
)  # fmt: skip
_WSE2 = Source(
    "TechPowerUp", "Cerebras Updates Wafer Scale Engine on 7 nm", 2021, "https://www.techpowerup.com/281313/"
)
_D1 = Source(
    "Talpes et al. (Tesla)", "The Microarchitecture of DOJO, IEEE Micro 43(3), abstract", 2023,
    "https://doi.org/10.1109/MM.2023.3258906",
)  # fmt: skip
_D1_TALK = Source(
    "Talpes, Williams and Das Sarma (Tesla)", "The Microarchitecture of Tesla's Exa-Scale Computer, Hot Chips 34", 2022,
    "https://hc34.hotchips.org/",
)  # fmt: skip
_DGX = Source(
    "NVIDIA", "DGX A100 User Guide, Introduction", 2023,
    "https://docs.nvidia.com/dgx/dgxa100-user-guide/introduction-to-dgxa100.html",
)  # fmt: skip


@dataclass(frozen=True)
class Multiprocessor:
    """One streaming multiprocessor (SM) of a GPU: limits on what is resident, and its units; `count` of them a chip.

    `capability` is NVIDIA's compute capability times ten, by which instructions are told apart.
    """

    chip: str
    capability: int
    count: Fact
    clock: Fact
    warp: Fact
    warps: Fact
    blocks: Fact
    threads_per_block: Fact
    registers: Fact
    registers_per_thread: Fact
    register_unit: Fact
    shared: Fact
    shared_reserved: Fact
    lanes_fp32: Fact
    tensor_cores: Fact
    macs_per_clock: Fact


@dataclass(frozen=True)
class Tile:
    """The block (m, k) @ (k, n) that one matrix instruction takes, from compute capability `since` / 10 on."""

    m: int
    n: int
    k: int
    source: Source
    note: str = ""
    since: int = 0

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one instruction."""
        return self.m * self.n * self.k

    def __str__(self) -> str:
        return f"m{self.m}n{self.n}k{self.k}"


def _sm(chip: str, capability: int, source: Source, **own: Fact) -> Multiprocessor:
    return Multiprocessor(
        chip,
        capability,
        warp=Fact(32, "", source),
        warps=Fact(64, "", source, "2,048 threads"),
        blocks=Fact(32, "", source),
        threads_per_block=Fact(1024, "", source),
        registers=Fact(65536, "", source, "of 32 bits"),
        registers_per_thread=Fact(255, "", source),
        register_unit=Fact(256, "", _OCCUPANCY, "registers a warp gets at a time"),
        lanes_fp32=Fact(64, "", source, "four partitions of 16"),
        **own,
    )


SM_V100 = _sm(
    "V100", 70, _A100,
    count=Fact(80, "", _A100),
    clock=Fact(1.53e9, "Hz", _A100, "boost"),
    shared=Fact(96 * 2**10, "B", _A100, "prints up to 96 KB, which are KiB"),
    shared_reserved=Fact(0, "B", _TUNING),
    tensor_cores=Fact(8, "", _A100),
    macs_per_clock=Fact(64, "", _A100, "fp16, of one tensor core: a 4 x 4 x 4 product"),
)  # fmt: skip
SM_A100 = _sm(
    "A100", 80, _A100,
    count=Fact(108, "", _A100),
    clock=Fact(1.41e9, "Hz", _A100, "boost"),
    shared=Fact(164 * 2**10, "B", _A100, "prints up to 164 KB, which are KiB"),
    shared_reserved=Fact(1024, "B", _TUNING, "of every block, for the system"),
    tensor_cores=Fact(4, "", _A100),
    macs_per_clock=Fact(256, "", _A100, "fp16, of one tensor core: an 8 x 4 x 8 product"),
)  # fmt: skip
MULTIPROCESSORS = {"V100": SM_V100, "A100": SM_A100}

_COPIES = "of the SXM5 module; read in others that quote the page"
H100_SMS = Fact(132, "", H100.year.source, _COPIES, confirmed=False)
H100_LANES = Fact(128, "", H100.year.source, f"FP32 lanes (CUDA cores) of one SM, {_COPIES}", confirmed=False)
H100_TENSOR_CORES = Fact(4, "", H100.year.source, f"of one SM, {_COPIES}", confirmed=False)


def of_chip(count: float, each: float) -> int:
    """Units of a chip that has `count` multiprocessors with `each` of them.

    >>> of_chip(H100_SMS.value, H100_LANES.value)
    16896
    """
    return int(count * each)


def _mma(since: int, m: int, n: int, k: int, note: str = "") -> Tile:
    return Tile(m, n, k, PTX, note, since)


# What one warp-wide mma.sync multiplies, by format; the smaller shapes first.
MMA_TILES = {
    "fp16": (_mma(70, 8, 8, 4, "a warp does four at once"), _mma(75, 16, 8, 8), _mma(80, 16, 8, 16)),
    "bf16": (_mma(80, 16, 8, 8), _mma(80, 16, 8, 16)),
    "tf32": (_mma(80, 16, 8, 4), _mma(80, 16, 8, 8)),
    "fp64": (_mma(80, 8, 8, 4),),
    "int8": (_mma(75, 8, 8, 16), _mma(80, 16, 8, 16), _mma(80, 16, 8, 32)),
    "int4": (_mma(75, 8, 8, 32), _mma(80, 16, 8, 32), _mma(80, 16, 8, 64)),
}
WMMA_TILES = tuple(Tile(m, n, 16, PTX, since=70) for m, n in ((16, 16), (32, 8), (8, 32)))
AMX_TILES = {
    "int8": Tile(16, 16, 64, _AMX, "tile registers of 16 rows by 64 B; int32 results"),
    "bf16": Tile(16, 16, 32, _AMX, "tile registers of 16 rows by 64 B; fp32 results"),
}
AMX_ROWS = Fact(16, "", _AMX, "of one tile register")
AMX_ROW_BYTES = Fact(64, "B", _AMX, "of one tile register")
AMX_CYCLES = Fact(
    16, "", _AMX_RATE, "2 x 16 x 16 x 64 operations of one full int8 tile product at 2,048 a cycle", "derived"
)
SPR_CORES = Fact(56, "", XEON_8480, "read second-hand", confirmed=False)
AVX512_BITS = Fact(512, "", _AMX)

TPU_V4_CORES = Fact(2, "", _TPU_V4, "TensorCores of a chip")
TPU_V4_MXUS = Fact(4, "", _TPU_V4, "matrix units of a TensorCore")
TPU_V4_SIDE = Fact(128, "", _TPU_ARRAYS, "rows and columns of a matrix unit")
TPU_V4_LANES = Fact(128, "", _TPU_PAPER, "lanes of the vector unit; read in a copy of the paper's paragraph")
TPU_V4_CLOCK = Fact(
    1.05e9,
    "Hz",
    _TPU_PAPER,
    "read second-hand; 275 TFLOP/s over 8 arrays of 128 x 128 gives 1.049 GHz",
    confirmed=False,
)

SECTOR = Fact(32, "B", _BEST, "what one transaction moves")
ALIGNMENT = Fact(16, "B", _MATMUL, "of dimensions in bytes; most efficient at 128 on the A100")
WMMA_SIDE = Fact(16, "", PTX, "m, n and k of the square shape")
SVE_BITS = (Fact(128, "", _SVE), Fact(2048, "", _SVE, "in steps of 128"))
CUDA_YEAR = Fact(2006, "year", _GUIDE, "introduced in November 2006; the first toolkit, 1.0, came in June 2007")

IPU_TILES = Fact(1472, "", _IPU)
IPU_MEMORY = Fact(900 * 2**20, "B", _IPU, "printed as 900 MiBytes; elsewhere as 900 MB")
WSE2_CORES = Fact(850_000, "", _WSE2)
WSE2_MEMORY = Fact(40e9, "B", _WSE2)
D1_NODES = Fact(354, "", _D1)
D1_NODE_MEMORY = Fact(1.25e6, "B", _D1_TALK, "SRAM of one node; the chip is presented as one for training")
NODE_GPUS = Fact(8, "", _DGX, "GPUs of one DGX A100, behind NVSwitch")

# What Figure 6 plots: rates with 2:4 sparsity, twice the dense ones of labcore.catalogue.gpu.
H100_FP8_SPARSE = Fact(3958e12, "FLOP/s", H100.peaks["fp8"].source, "with 2:4 sparsity; dense is half")
B200_FP4_SPARSE = Fact(18e15, "FLOP/s", B200.peaks["fp4"].source, "with 2:4 sparsity; 20,000 TFLOP/s in a GB200")
