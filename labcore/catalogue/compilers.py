"""What compilers choose from and how long they take: tiles of a library, units of a GPU, building for an FPGA."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source

_CUBLASLT = Source("NVIDIA", "CUDA 12, cublasLt.h, enumeration cublasLtMatmulTile_t", 2025,
                   "https://docs.nvidia.com/cuda/cublas/index.html#cublasltmatmultile-t")  # fmt: skip
_ONEAPI = Source("Intel", "oneAPI Programming Guide, Why is FPGA Compilation Different?", 2024,
                 "https://www.intel.com/content/www/us/en/docs/oneapi/programming-guide/2024-2/"
                 "why-is-fpga-compilation-different.html")  # fmt: skip

_HOPPER = Source("NVIDIA", "NVIDIA Hopper Architecture In-Depth, Table 3", 2022,
                 "https://developer.nvidia.com/blog/nvidia-hopper-architecture-in-depth/")  # fmt: skip

A100_FP16_VECTOR = Fact(78e12, "FLOP/s", _HOPPER, "outside the tensor cores: four times fp32; bf16 has 39",
                        confirmed=False)  # fmt: skip
CUBLASLT_TILES = Fact(634, "", _CUBLASLT, "tiles that a product can be asked for, not all on every chip; counted in a "
                      "binding made from the header", confirmed=False)  # fmt: skip
FPGA_BUILD = Fact(2 * 3600, "s", _ONEAPI, "several hours are normal there, in words; two is the least that this can "
                  "mean", "estimate")  # fmt: skip
