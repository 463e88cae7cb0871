"""The hardware catalogue: chips as their makers describe them, every number with unit and source.

The one package whose `__init__` gathers names, so that `labcore.catalogue.A100` works.

A Fact is confirmed where its source's own text, or a word-for-word copy of it, was read; a number known
only from others either names those others as its source, or has `confirmed=False` and a note on what is open.
A web page without a date carries the year of the copy that was read, as near as it can be told.

>>> A100.peak("fp16"), A100.BW
(312000000000000.0, 2039000000000.0)
>>> chip("tpuv4").ridge("bf16")
229.16666666666666
"""

from __future__ import annotations

from labcore.catalogue.cpu import REFERENCE_CPU, SAPPHIRE_RAPIDS
from labcore.catalogue.edge import MOBILE_NPU
from labcore.catalogue.facts import Accelerator
from labcore.catalogue.gpu import (
    A100,
    A100_40GB,
    B200,
    H100,
    H100_PCIE,
    H200,
    K20X,
    K80,
    K80_BOARD,
    M40,
    P40,
    P100,
    T4,
    V100,
)
from labcore.catalogue.names import by_name
from labcore.catalogue.other import GAUDI2, MI300X, MI325X
from labcore.catalogue.tpu import TPU_V1, TPU_V2, TPU_V3, TPU_V4, TPU_V5P, TPU_V6E

_ALL = (
    K20X, K80, K80_BOARD, M40, P40, P100, V100, T4, A100_40GB, A100, H100_PCIE, H100, H200, B200,
    TPU_V1, TPU_V2, TPU_V3, TPU_V4, TPU_V5P, TPU_V6E,
    MI300X, MI325X, GAUDI2, SAPPHIRE_RAPIDS, REFERENCE_CPU, MOBILE_NPU,
)  # fmt: skip
CHIPS: tuple[Accelerator, ...] = tuple(sorted(_ALL, key=lambda accelerator: accelerator.year.value))


def chip(name: str) -> Accelerator:
    """The chip of that name, whatever its case, spaces, hyphens and underscores.

    Raises ValueError with the nearest names, and with the way to add one.

    >>> chip("h100_pcie").name
    'H100-PCIe'
    """
    return by_name(name, CHIPS, "chip", "add it as docs/how-to/chip.md shows, or take another: `labcore specs`")
