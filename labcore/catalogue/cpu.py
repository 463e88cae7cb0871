"""Server CPUs: one real socket with matrix units, and the chapter's round reference."""

from __future__ import annotations

from labcore.catalogue.facts import Accelerator, Fact, Source
from labcore.catalogue.sources import CHAPTER, TEACHING, XEON_8480

_AMX = Source(
    "Intel and Microsoft", "Llama 2 Inference on 4th Gen Xeon Scalable Processor with DeepSpeed", 2023,
    "https://www.intel.com/content/www/us/en/developer/articles/technical/xllama-2-on-xeon-scalable-processor-with-deepspeed.html",
)  # fmt: skip
_CHANNELS = Source(
    "ServeTheHome", "Intel Xeon MAX 9480 Deep-Dive", 2023,
    "https://servethehome.com/intel-xeon-max-9480-deep-dive-intel-has-64gb-hbm2e-onboard-like-a-gpu-or-ai-accelerator/3",
)  # fmt: skip

_CORES, _CLOCK = 56, 2.0e9  # base clock: what every core may hold at once
_CLOCK_NOT_READ = "56 cores x {} a clock x 2.0 GHz base; the clock was read only second-hand"

SAPPHIRE_RAPIDS = Accelerator(
    "Sapphire Rapids", "Intel", "CPU",
    year=Fact(2023, "year", _AMX, "Xeon Platinum 8480+; the family was launched in January 2023"),
    peaks={
        "fp32": Fact(
            _CORES * 64 * _CLOCK, "FLOP/s", _AMX, "vector (AVX-512): " + _CLOCK_NOT_READ.format("64 FLOP"),
            "derived", confirmed=False,
        ),
        "bf16": Fact(
            _CORES * 1024 * _CLOCK, "FLOP/s", _AMX, "AMX: " + _CLOCK_NOT_READ.format("1,024 FLOP"),
            "derived", confirmed=False,
        ),
        "int8": Fact(
            _CORES * 2048 * _CLOCK, "OP/s", _AMX, "AMX: " + _CLOCK_NOT_READ.format("2,048 operations"),
            "derived", confirmed=False,
        ),
    },
    bandwidth=Fact(8 * 8 * 4.8e9, "B/s", _CHANNELS, "8 channels of 8 B x 4.8 GT/s (DDR5-4800)", "derived"),
    capacity=Fact(512e9, "B", _AMX, "as configured there, 8 modules of 64 GB a socket", "derived"),
    power=Fact(350, "W", XEON_8480, "TDP; read only second-hand", confirmed=False),
)  # fmt: skip

REFERENCE_CPU = Accelerator(
    "Reference CPU", "none", "CPU",
    year=Fact(2020, "year", TEACHING, "set beside the A100", "convention"),
    peaks={"fp32": Fact(1e12, "FLOP/s", CHAPTER, "vector; the CPU of Napkin Math 1.10", "convention")},
    bandwidth=Fact(50e9, "B/s", TEACHING, "ridge point 20, in the chapter's range for CPUs", "convention"),
    capacity=Fact(64e9, "B", TEACHING, "not in the chapter", "convention"),
    power=Fact(150, "W", TEACHING, "Napkin Math 1.10 takes 100", "convention"),
)  # fmt: skip
