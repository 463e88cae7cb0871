"""Many chips: how often a large cluster stops, what a wafer costs and how many defects it has, links between dies.

Areas are in m^2 and defect densities per m^2: 0.1 a square centimetre is 1000.
"""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.links import LINKS
from labcore.catalogue.sources import TEACHING

_LLAMA3 = Source(
    "Data Center Dynamics",
    "Meta report details hundreds of GPU and HBM3 related interruptions to Llama 3 training run", 2024,
    "https://www.datacenterdynamics.com/en/news/"
    "meta-report-details-hundreds-of-gpu-and-hbm3-related-interruptions-to-llama-3-training-run/",
)  # fmt: skip
_HERD = Source("AI papers with Xu Zou", "The Llama 3 Herd of Models, notes on Dubey et al. 2024", 2026,
               "https://ai-papers.xuzou.cn/papers/llama3_2024")  # fmt: skip
_DEFECTS = Source(
    "AnandTech (I. Cutress)", "'Better Yield on 5nm than 7nm': TSMC Update on Defect Rates for N5", 2020,
    "https://www.anandtech.com/show/16028/better-yield-on-5nm-than-7nm-tsmc-update-on-defect-rates-for-n5",
)  # fmt: skip
_WAFERS = Source(
    "CSET (Khan and Mann), copied by World Best News", "AI Chips: What They Are and Why They Matter", 2020,
    "https://worldbestnews.info/analysts-believe-that-a-single-tsmc-5nm-wafer-costs-17000/",
)  # fmt: skip
_WSE3 = Source(
    "Cerebras, quoted by S. Willison", "100x Defect Tolerance: How Cerebras Solved the Yield Problem", 2025,
    "https://simonwillison.net/2025/Jan/16/cerebras-yield-problem/",
)  # fmt: skip
_WSE2 = Source(
    "AnandTech", "Cerebras Unveils Wafer Scale Engine Two", 2021,
    "https://www.anandtech.com/show/16626/"
    "cerebras-unveils-wafer-scale-engine-two-wse2-26-trillion-transistors-100-yield",
)  # fmt: skip
_UCIE = Source(
    "Converge Digest", "UCIe for on-package memory, D. Das Sharma at IEEE Hot Interconnects", 2025,
    "https://dev.convergedigest.com/?p=104749",
)  # fmt: skip

_HIERARCHY = Source(
    "Fridays with Faraday", "NVLink, NVSwitch, and GPU Interconnect", 2026,
    "https://fridayswithfaraday.com/posts/gpu-hw-nvlink-nvswitch-interconnect",
)  # fmt: skip

# How far a fabric reaches, and what one access across it takes.
NVLINK_SWITCH_GPUS = Fact(
    256, "", LINKS["NVLink 4"].printed.source, "the largest cluster that the NVLink Switch System of Hopper joins"
)
FABRIC_LATENCY = {  # (least, most) as tabled there, for Hopper's generation
    "NVLink": (Fact(1e-6, "s", _HIERARCHY), Fact(2e-6, "s", _HIERARCHY)),
    "InfiniBand": (Fact(1e-6, "s", _HIERARCHY), Fact(5e-6, "s", _HIERARCHY)),
}

# One training run that stops as a whole: Llama 3 405B.
LLAMA3_GPUS = Fact(16_384, "", _LLAMA3, "H100 of 80 GB")
LLAMA3_TIME = Fact(54 * 86_400, "s", _LLAMA3, "54 days of training")
LLAMA3_STOPS = Fact(419, "", _LLAMA3, "unexpected interruptions; 47 more were planned")
LLAMA3_EFFECTIVE = Fact(0.9, "ratio", _LLAMA3, "effective training time, more than this")
LLAMA3_STORAGE = Fact(2e12, "B/s", _HERD, "sustained, of the store that takes checkpoints; 7 TB/s at its peak")

WAFER = Fact(0.3, "m", TEACHING, "diameter of a wafer in leading processes", "convention")
FIELD = (  # what a scanner exposes at once, and so the largest die
    Fact(26e-3, "m", TEACHING, "width of the field of today's scanners", "convention"),
    Fact(33e-3, "m", TEACHING, "height of it", "convention"),
)
DEFECTS = {
    "N7": Fact(900, "1/m^2", _DEFECTS, "0.09 a square centimetre, three quarters after the start of volume"),
    "N5": Fact(1000, "1/m^2", _DEFECTS, "0.10 to 0.11 a square centimetre in August 2020, the lower end taken"),
}
WAFER_PRICE = {
    "N7": Fact(9346, "USD", _WAFERS, "sale price of a 300 mm wafer in 2020, modelled", "estimate"),
    "N5": Fact(16_988, "USD", _WAFERS, "sale price of a 300 mm wafer in 2020, modelled", "estimate"),
}
H100_SMS_MADE = Fact(144, "", _WSE3, "SMs of the full die; 132 of them are sold")
WSE3_CORES = {"made": Fact(970_000, "", _WSE3), "sold": Fact(900_000, "", _WSE3)}
WSE3_CORE = Fact(0.05e-6, "m^2", _WSE3, "approximately 0.05 mm^2")
WSE_AREA = Fact(
    46_225e-6, "m^2", _WSE2, "the same in both generations then; 215 mm squared, whose corners no 300 mm wafer has"
)

# Links between dies at 32 GT/s: what crosses a metre of edge, and the energy of a byte.
_BOTH = "both ways together; GB/s for each mm of edge"
EDGE_BW = {
    "organic substrate": Fact(224e12, "B/s/m", _UCIE, _BOTH),
    "silicon bridge": Fact(1.3e15, "B/s/m", _UCIE, _BOTH),
}
EDGE_ENERGY = {
    "organic substrate": Fact(8 * 0.6e-12, "J/B", _UCIE, "0.6 pJ a bit above 16 GT/s, 0.5 up to it"),
    "silicon bridge": Fact(8 * 0.3e-12, "J/B", _UCIE, "0.3 pJ a bit above 16 GT/s, 0.25 up to it"),
}
