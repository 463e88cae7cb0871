"""The edge: a phone's neural processing unit, declared rather than measured."""

from __future__ import annotations

from labcore.catalogue.facts import Accelerator, Fact
from labcore.catalogue.sources import CHAPTER, TEACHING

MOBILE_NPU = Accelerator(
    "Mobile NPU", "none", "NPU",
    year=Fact(2022, "year", TEACHING, "no chip is meant", "convention"),
    peaks={
        "fp16": Fact(10e12, "FLOP/s", CHAPTER, "the NPU of Napkin Math 1.10", "convention"),
        "int8": Fact(20e12, "OP/s", TEACHING, "twice the fp16 rate", "convention"),
    },
    bandwidth=Fact(51.2e9, "B/s", TEACHING, "64 bit x 6.4 Gb/s (LPDDR5), shared", "convention"),
    capacity=Fact(8e9, "B", TEACHING, "the phone's whole DRAM", "convention"),
    power=Fact(5, "W", CHAPTER, "the NPU of Napkin Math 1.10", "convention"),
)  # fmt: skip
