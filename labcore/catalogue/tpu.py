"""Google's TPUs, v1 to v6e: one chip each.

Google prints the memory of v1, v3, v4 and v5p in GiB, of v6e in GB; each is kept as printed.
It publishes no power for v5p and v6e, so they have none here.
"""

from __future__ import annotations

from labcore.catalogue.facts import Accelerator, Fact, Source
from labcore.catalogue.sources import TPU_V1_PAPER

_CARBON = Source(
    "Patterson et al. (Google)", "Carbon Emissions and Large Neural Network Training", 2021,
    "https://arxiv.org/abs/2104.10350",
)  # fmt: skip
_DESIGN = Source(
    "Norrie et al. (Google)", "The Design Process for Google's Training Chips: TPUv2 and TPUv3, IEEE Micro",
    2021, "https://ieeexplore.ieee.org/document/9351692",
)  # fmt: skip
_CACM = Source(
    "Jouppi et al. (Google)", "A Domain-Specific Supercomputer for Training Deep Neural Networks, CACM",
    2020, "https://dl.acm.org/doi/10.1145/3360307",
)  # fmt: skip
_JAX = Source("Google", "JAX source, hardware table of the TPU backend", 2025, "https://github.com/jax-ml/jax")
_TPU3_NEWS = Source(
    "DV Hardware", "Google TPU 3.0 is watercooled and 8x more powerful", 2018,
    "https://www.dvhardware.net/article68799.html",
)  # fmt: skip
_V3_DOCS = Source("Google Cloud", "TPU v3 documentation", 2025, "https://cloud.google.com/tpu/docs/v3")
_V4_DOCS = Source("Google Cloud", "TPU v4 documentation", 2025, "https://cloud.google.com/tpu/docs/v4")
_V5P_DOCS = Source("Google Cloud", "TPU v5p documentation", 2025, "https://docs.cloud.google.com/tpu/docs/v5p")
_V6E_DOCS = Source("Google Cloud", "TPU v6e documentation", 2025, "https://cloud.google.com/tpu/docs/v6e")

TPU_V1 = Accelerator(
    "TPU v1", "Google", "TPU",
    year=Fact(2015, "year", TPU_V1_PAPER, "in Google's data centers since 2015"),
    peaks={"int8": Fact(92e12, "OP/s", TPU_V1_PAPER, "Table 2: 256 x 256 MACs at 700 MHz")},
    bandwidth=Fact(34e9, "B/s", TPU_V1_PAPER, "Table 2: DDR3 weight memory"),
    capacity=Fact(8 * 2**30, "B", TPU_V1_PAPER, "Table 2: prints 8 GiB, weights only"),
    power=Fact(75, "W", TPU_V1_PAPER, "Table 2: TDP; 40 measured when busy"),
)  # fmt: skip

TPU_V2 = Accelerator(
    "TPU v2", "Google", "TPU",
    year=Fact(2017, "year", _CACM, "the year that others quote; the paper was not read", confirmed=False),
    peaks={"bf16": Fact(46e12, "FLOP/s", _CARBON, "rounded to 45 elsewhere")},
    bandwidth=Fact(700e9, "B/s", _DESIGN, "seen only in notes on the paper; JAX has 716", confirmed=False),
    capacity=Fact(16e9, "B", _JAX),
    power=Fact(280, "W", _CACM, "TDP as others quote the paper, which was not read", confirmed=False),
)  # fmt: skip

TPU_V3 = Accelerator(
    "TPU v3", "Google", "TPU",
    year=Fact(2018, "year", _TPU3_NEWS),
    peaks={"bf16": Fact(123e12, "FLOP/s", _V3_DOCS)},
    bandwidth=Fact(900e9, "B/s", _V3_DOCS),
    capacity=Fact(32 * 2**30, "B", _V3_DOCS, "prints 32 GiB"),
    power=Fact(262, "W", _V3_DOCS, "largest measured (mean 220), not a TDP; 450 is quoted for that"),
)  # fmt: skip

TPU_V4 = Accelerator(
    "TPU v4", "Google", "TPU",
    year=Fact(2021, "year", _V4_DOCS, "announced May 2021; no dated page was read", confirmed=False),
    peaks={
        "bf16": Fact(275e12, "FLOP/s", _V4_DOCS),
        "int8": Fact(275e12, "OP/s", _V4_DOCS, "no faster than bf16"),
    },
    bandwidth=Fact(1200e9, "B/s", _V4_DOCS),
    capacity=Fact(32 * 2**30, "B", _V4_DOCS, "prints 32 GiB"),
    power=Fact(192, "W", _V4_DOCS, "largest measured (mean 170); no TDP is published"),
)  # fmt: skip

TPU_V5P = Accelerator(
    "TPU v5p", "Google", "TPU",
    year=Fact(2023, "year", _V5P_DOCS, "no dated page was read", confirmed=False),
    peaks={
        "bf16": Fact(459e12, "FLOP/s", _V5P_DOCS),
        "int8": Fact(918e12, "OP/s", _JAX),
    },
    bandwidth=Fact(2765e9, "B/s", _V5P_DOCS),
    capacity=Fact(95 * 2**30, "B", _V5P_DOCS, "prints 95 GiB, once 95 GB; JAX has 103e9 B, which is 96 GiB"),
)  # fmt: skip

TPU_V6E = Accelerator(
    "TPU v6e", "Google", "TPU",
    year=Fact(2024, "year", _V6E_DOCS, "no dated page was read", confirmed=False),
    peaks={
        "bf16": Fact(918e12, "FLOP/s", _V6E_DOCS),
        "int8": Fact(1836e12, "OP/s", _V6E_DOCS),
    },
    bandwidth=Fact(1638e9, "B/s", _V6E_DOCS),
    capacity=Fact(32e9, "B", _V6E_DOCS, "prints 32 GB; JAX has 34.4e9 B, which is 32 GiB"),
)  # fmt: skip
