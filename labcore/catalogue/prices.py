"""What chips, hours on them and electricity are said to cost, in USD: Table 8, and what others reported.

Nobody publishes what a data center pays. Each entry is a pair, the lowest and the highest of its range; a price that
is said once stands there twice. Table 8 mixes precisions, so the one behind each of its peaks is kept beside it.
"""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import CHAPTER, V100_LAUNCH

_CNBC = Source("CNBC, copied by newsio", "Meet the $10,000 Nvidia chip powering the race for A.I.", 2023,
               "https://newsio.com/?p=57506")  # fmt: skip
_TECHSPOT = Source(
    "TechSpot", "Nvidia garners reported 1000 % profit on each H100 GPU", 2023,
    "https://www.techspot.com/news/99839-nvidia-garners-reported-1000-profit-each-h100-gpu.html",
)  # fmt: skip
_BLACKWELL = Source(
    "CNBC, copied by Brief Briefing", "Nvidia CEO: demand for next-generation Blackwell AI chip is insane", 2024,
    "https://briefbriefing.com/2024/10/03/nvidia-ceo-jensen-huang-says-demand-for-next-generation-blackwell-ai-chip-is-insane",
)  # fmt: skip
_GAUDI = Source(
    "Lion Herald", "Intel CEO fires back at Nvidia's Jensen Huang: Moore's law is alive and well", 2024,
    "https://lionherald.com/intel-ceo-fires-back-at-nvidias-jensen-huang-moores-law-is-alive-and-well/",
)  # fmt: skip
_HOURS = Source("pricegpu", "H100 vs A100 Cloud Pricing: When the Upgrade Pays Off", 2026,
                "https://pricegpu.pages.dev/blog/h100-vs-a100-cloud-price")  # fmt: skip
_TPU_HOUR = Source(
    "INFER", "Will the price per chip-hour of Google's Cloud TPU v4 be greater than $3.22 on January 1, 2023?", 2022,
    "https://www.infer-pub.com/questions/1114-will-the-price-per-chip-hour-of-google-s-cloud-based-"
    "tensor-processing-unit-tpu-v4-be-greater-than-3-22-on-january-1-2023",
)  # fmt: skip
_AWS = Source("disintermediate", "How GPU Cloud Pricing Works: On-Demand, Reserved, and Spot", 2026,
              "https://disintermediate.global/insights/gpu-cloud-pricing-models")  # fmt: skip
_T4_HOURS = Source("computeprices", "Tesla T4 GPU, cloud pricing", 2026, "https://computeprices.com/gpus/t4")
_H200_HOURS = Source("Mercatus AI", "Cloud GPU pricing, table of May 2026", 2026,
                     "https://www.mercatus-ai.com/blog/cloud-gpu-pricing")  # fmt: skip
_MI300X_HOURS = Source("Cliff Center", "AMD inference economics, research note", 2026,
                       "https://www.cliffcenter.com/research/amd-inference-economics")  # fmt: skip
_B200_HOURS = Source("Lyceum", "NVIDIA B200 GPU Cloud Pricing 2026", 2026,
                     "https://lyceum.technology/magazine/nvidia-b200-gpu-cloud-pricing-2026/")  # fmt: skip
_EIA = Source(
    "EIA, quoted by Statista", "Average retail electricity price for industrial consumers in the United States", 2024,
    "https://www.statista.com/statistics/190680/us-industrial-consumer-price-estimates-for-retail-electricity-since-1970/",
)  # fmt: skip

Range = tuple[Fact, Fact]


def _range(low: float, high: float, source: Source, note: str, kind: str = "estimate") -> Range:
    return Fact(low, "USD", source, note, kind), Fact(high, "USD", source, note, kind)


_ABOUT = "approximate list price, as Table 8 prints it"
TABLE_8: dict[str, Range] = {
    "V100": _range(10_000, 10_000, CHAPTER, _ABOUT),
    "A100": _range(15_000, 15_000, CHAPTER, _ABOUT),
    "H100": _range(25_000, 30_000, CHAPTER, f"{_ABOUT}; its price per TFLOP/s is that of the lower end"),
    "TPU v4": _range(8_000, 8_000, CHAPTER, f"{_ABOUT}; not for sale, estimated there from cloud rates"),
    "Gaudi 2": _range(12_000, 12_000, CHAPTER, _ABOUT),
}
TABLE_8_PRECISION = {"V100": "fp16", "A100": "fp16", "H100": "tf32", "TPU v4": "bf16", "Gaudi 2": "fp8"}
"""The dense peak of each chip that Table 8's throughput equals; the table names it for three of the five.

312 TFLOP/s is the A100's dense fp16 rate, and its tf32 rate with 2:4 sparsity; neither is like the H100's dense tf32.
"""

REPORTED: dict[str, Range] = {
    "V100": _range(
        149_000 / 8, 149_000 / 8, V100_LAUNCH, "an eighth of a DGX-1 at launch, its server included", "derived"
    ),
    "A100": _range(10_000, 10_000, _CNBC, "roughly"),
    "H100": _range(25_000, 30_000, _TECHSPOT, "to end customers, by Raymond James; 3,320 to make"),
    "B200": _range(30_000, 40_000, _BLACKWELL, "expected for a Blackwell chip"),
    "Gaudi 2": _range(65_000 / 8, 65_000 / 8, _GAUDI, "an eighth of Intel's kit of eight with baseboard", "derived"),
}

RENT: dict[str, Range] = {  # USD for an hour of one chip, on demand
    "A100": _range(1.49, 2.49, _HOURS, "an hour of the 80 GB SXM module, several clouds"),
    "H100": _range(2.49, 3.99, _HOURS, "an hour of the SXM module, several clouds"),
    "H100 at AWS": _range(98.32 / 8, 98.32 / 8, _AWS, "an eighth of an hour of p5.48xlarge", "derived"),
    "TPU v4": _range(3.22, 3.22, _TPU_HOUR, "an hour of one chip, August 2022", "published"),
    "T4": _range(0.35, 0.98, _T4_HOURS, "an hour of one GPU, alone or of a server's eight, without commitment"),
    "H200": _range(2.50, 7.00, _H200_HOURS, "an hour of the SXM module, cheapest to dearest kind of cloud"),
    "MI300X": _range(1.50, 6.00, _MI300X_HOURS, "an hour of one GPU, TensorWave to Azure and Oracle"),
    "B200": _range(4.50, 6.00, _B200_HOURS, "an hour on specialized clouds, their average"),
}
SERVER = Fact(149_000 / 8 / 10_000, "x", V100_LAUNCH, "an eighth of a DGX-1 over Table 8's V100: what the server "
              "around a chip adds to its price, in 2017", "derived")  # fmt: skip
ELECTRICITY = Fact(0.0806, "USD", _EIA, "for a kilowatt hour, industrial customers, mean of 2023")
