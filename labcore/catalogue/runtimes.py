"""What a runtime has to do with: sizes of a framework's allocator, tiles of a matrix library, bandwidth behind them."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.gpu import A100

_PYTORCH = Source(
    "PyTorch", "c10/cuda/CUDACachingAllocator.cpp", 2023,
    "https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDACachingAllocator.cpp",
)  # fmt: skip
TILES_SOURCE = Source(
    "NVIDIA", "cuBLASLt, cublasLtMatmulTile_t, as nvmath-python lists it", 2024,
    "https://docs.nvidia.com/cuda/nvmath-python/latest/bindings/generated/nvmath.bindings.cublasLt.MatmulTile.html",
)  # fmt: skip
_AMPERE = Source(
    "NVIDIA", "A100 Tensor Core GPU Architecture, whitepaper, page 35", 2020,
    "https://images.nvidia.com/aem-dam/en-zz/Solutions/data-center/nvidia-ampere-architecture-whitepaper.pdf",
)  # fmt: skip
_COPY = "read in allocators that were derived from it and keep its names and comments"

MIN_BLOCK = Fact(512, "B", _PYTORCH, f"all sizes are rounded up to multiples; {_COPY}", confirmed=False)
SMALL = Fact(2**20, "B", _PYTORCH, f"the largest small request; {_COPY}", confirmed=False)
SMALL_SEGMENT = Fact(2 * 2**20, "B", _PYTORCH, f"small requests share segments of this size; {_COPY}", confirmed=False)
LARGE_SEGMENT = Fact(20 * 2**20, "B", _PYTORCH, f"segment for 1 to 10 MiB; {_COPY}", confirmed=False)
OWN_SEGMENT = Fact(10 * 2**20, "B", _PYTORCH, f"from here on a segment of its own size; {_COPY}", confirmed=False)
ROUND_LARGE = Fact(2 * 2**20, "B", _PYTORCH, f"which is rounded up to multiples of this; {_COPY}", confirmed=False)

# Some of the tiles of C that the library has kernels for, in rows x columns; `TILES_SOURCE` lists them all.
TILES = {f"{m}x{n}": (m, n) for m, n in ((256, 128), (128, 256), (128, 128), (128, 64), (64, 128), (64, 64), (32, 32))}

_CLOCKED = "a clock, read from the L2; in copies of the page"
A100_L2 = Fact(5120, "B", _AMPERE, _CLOCKED, confirmed=False)
V100_L2 = Fact(2048, "B", _AMPERE, _CLOCKED, confirmed=False)
A100_PCIE_POWER = Fact(300, "W", A100.bandwidth.source, "TDP of the 80 GB PCIe card, as quoted", confirmed=False)
