"""Sources that more than one file of the catalogue cites; what only one file cites is declared there."""

from __future__ import annotations

from labcore.catalogue.facts import Source

TPU_V1_PAPER = Source(
    "Jouppi et al. (Google)",
    "In-Datacenter Performance Analysis of a Tensor Processing Unit, ISCA, Table 2",
    2017,
    "https://arxiv.org/abs/1704.04760",
)
CHAPTER = Source("Machine Learning Systems", "Hardware Acceleration, the chapter these labs accompany", 2026)
TEACHING = Source("labcore", "Conventions of these labs", 2026)
