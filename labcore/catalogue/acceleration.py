"""What the chapter's opening compares: a server CPU without matrix units, the wait for a word, what a die holds."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import TPU_V1_PAPER

_GA100 = Source(
    "Consensus-Protocol", "Hardware GA100 Silicon, a wiki on the die of the A100", 2025,
    "https://github.com/Consensus-Protocol/cmp170hx/wiki/Hardware-GA100-Silicon",
)  # fmt: skip
_GH100 = Source(
    "TweakTown", "NVIDIA Hopper H100 GPU detailed at Hot Chips 34", 2022,
    "https://www.tweaktown.com/news/88080/nvidia-hopper-h100-gpu-detailed-tsmc-4nm-hbm3-vram-80b-transistors/index.html",
)  # fmt: skip
_LATENCIES = Source(
    "S. Pwanson, after J. Dean", "Latency comparison numbers of about 2012", 2012, "https://saul.pw/mag/latency"
)

TRANSISTORS = {
    "A100": Fact(54.2e9, "", _GA100, "54,200 million on 826 mm2; NVIDIA rounds to 54 billion at the launch"),
    "H100": Fact(80e9, "", _GH100, "on 814 mm2"),
}
MAIN_MEMORY_LATENCY = Fact(100e-9, "s", _LATENCIES, "one reference of a CPU that misses every cache")
HASWELL_PEAK = Fact(
    1.3e12, "FLOP/s", TPU_V1_PAPER,
    "Table 2: fp32 of an 18-core Xeon E5-2699 v3, no matrix units; as the press quotes the table", confirmed=False,
)  # fmt: skip
