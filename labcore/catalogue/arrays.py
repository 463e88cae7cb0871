"""Systolic arrays that were built, by their rows and columns of PEs, and the energies that the chapter counts with."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import CHAPTER, TPU_V1_PAPER

_V6E = Source("Google Cloud", "TPU v6e documentation", 2025, "https://docs.cloud.google.com/tpu/docs/v6e")
_GEMMINI = Source(
    "UC Berkeley Architecture Research", "Gemmini, Configs.scala, defaultConfig", 2024,
    "https://github.com/ucb-bar/gemmini/blob/master/src/main/scala/gemmini/Configs.scala",
)  # fmt: skip

TPU_V1_SIDE = Fact(256, "", TPU_V1_PAPER, "one array of 65,536 8-bit MACs, for inference")
TPU_V6E_SIDE = Fact(256, "", _V6E, "each of two matrix units")
GEMMINI_SIDE = Fact(16, "", _GEMMINI, "default mesh of the generator, tiles of one PE")
DRAM_WORD = Fact(
    640e-12, "J", CHAPTER, "one access to 32 bits; Horowitz (2014) prints 1.3 to 2.6 nJ for 64, 650 pJ or more for 32"
)
MAC = Fact(1e-12, "J", CHAPTER, "a round figure for one multiply-accumulate", kind="convention")
