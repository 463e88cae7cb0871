"""Which number formats each GPU generation of NVIDIA computes with, in its tensor cores and in its vector units."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.gpu import A100, B200, H100, T4, V100

_TO_HOPPER = Source("NVIDIA", "Tensor Cores, product page with the table Volta to Hopper", 2023,
                    "https://www.nvidia.com/en-us/data-center/tensor-cores/")  # fmt: skip
_BLACKWELL = Source("NVIDIA", "Tensor Cores, product page with the table Hopper and Blackwell", 2024,
                    "https://www.nvidia.com/en-us/data-center/tensor-cores/")  # fmt: skip


@dataclass(frozen=True)
class Generation:
    """One GPU generation: its year, the formats of its tensor cores and of its vector units (CUDA cores)."""

    name: str
    year: Fact
    tensor: tuple[str, ...]
    vector: tuple[str, ...]
    source: Source


GENERATIONS = (
    Generation("Volta", V100.year, ("fp16",), ("fp64", "fp32", "fp16", "int8"), _TO_HOPPER),
    Generation("Turing", T4.year, ("fp16", "int8", "int4", "int1"), ("fp64", "fp32", "fp16", "int8"), _TO_HOPPER),
    Generation(
        "Ampere", A100.year, ("fp64", "tf32", "bf16", "fp16", "int8", "int4", "int1"),
        ("fp64", "fp32", "fp16", "bf16", "int8"), _TO_HOPPER,
    ),
    Generation(
        "Hopper", H100.year, ("fp64", "tf32", "bf16", "fp16", "fp8", "int8"),
        ("fp64", "fp32", "fp16", "bf16", "int8"), _TO_HOPPER,
    ),
    Generation(
        "Blackwell", B200.year, ("fp64", "tf32", "bf16", "fp16", "fp8", "int8", "fp6", "fp4"),
        ("fp64", "fp32", "fp16", "bf16"), _BLACKWELL,
    ),
)  # fmt: skip


def generation(name: str) -> Generation:
    """The generation of that name; raises ValueError with those there are.

    >>> "int4" in generation("Ampere").tensor, "int4" in generation("Hopper").tensor
    (True, False)
    """
    found = next((one for one in GENERATIONS if one.name.casefold() == name.casefold()), None)
    if found is None:
        raise ValueError(f"no generation {name!r}; there are {', '.join(one.name for one in GENERATIONS)}")
    return found
