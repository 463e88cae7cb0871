"""AMD's Instinct GPUs and Intel's Gaudi 2; peaks are dense, on the matrix units but for fp64 and fp32."""

from __future__ import annotations

from labcore.catalogue.facts import Accelerator, Fact, Source

_CDNA3 = Source(
    "AMD", "ROCm documentation, MI300 Series microarchitecture", 2024,
    "https://rocm.docs.amd.com/en/latest/conceptual/gpu-arch/mi300.html",
)  # fmt: skip
_MI300_LAUNCH = Source(
    "ServeTheHome", "AMD Instinct MI300X GPU and MI300A APUs Launched for AI Era", 2023,
    "https://servethehome.com/amd-instinct-mi300x-gpu-and-mi300a-apus-launched-for-ai-era/3",
)  # fmt: skip
_MI325X = Source(
    "Svet hardware", "AMD introduces the Instinct MI325X (in Czech)", 2024,
    "https://www.svethardware.cz/amd-predstavilo-instinct-mi325x-s-256gb-pameti-hbm3e-slibuje-i-vykonnejsi-mi355x/61224",
)  # fmt: skip
_GAUDI2 = Source("Intel", "Gaudi 2 AI accelerator, product page", 2024, "https://habana.ai/products/gaudi2/")
_GAUDI2_MEMORY = Source(
    "Stas Bekman", "Machine Learning Engineering, compute/accelerator", 2024,
    "https://github.com/stas00/ml-engineering/tree/master/compute/accelerator",
)  # fmt: skip

_MI300X_PEAKS = {
    "fp64": Fact(81.7e12, "FLOP/s", _CDNA3, "vector; 163.4 on the matrix cores"),
    "fp32": Fact(163.4e12, "FLOP/s", _CDNA3, "vector, and the same on the matrix cores"),
    "tf32": Fact(653.7e12, "FLOP/s", _CDNA3, "dense; 1,024 FLOP a clock and CU"),
    "fp16": Fact(1307.4e12, "FLOP/s", _CDNA3, "dense; 2,048 FLOP a clock and CU"),
    "bf16": Fact(1307.4e12, "FLOP/s", _CDNA3, "dense; 2,048 FLOP a clock and CU"),
    "fp8": Fact(2614.9e12, "FLOP/s", _CDNA3, "dense; 4,096 FLOP a clock and CU"),
    "int8": Fact(2614.9e12, "OP/s", _CDNA3, "dense; 4,096 operations a clock and CU"),
}


def _refreshed(fact: Fact) -> Fact:
    """A peak of the MI300X as the MI325X's, whose 304 CUs run at the same 2.1 GHz."""
    return Fact(fact.value, fact.unit, _MI325X, f"{fact.note}; 304 CUs at 2.1 GHz", "derived")


MI300X = Accelerator(
    "MI300X", "AMD", "GPU",
    year=Fact(2023, "year", _MI300_LAUNCH, "6 December; no date was legible there", confirmed=False),
    peaks=_MI300X_PEAKS,
    bandwidth=Fact(5.3e12, "B/s", _CDNA3, "8192 bit x 5.2 Gb/s, rounded"),
    capacity=Fact(192e9, "B", _MI325X, "as the predecessor of the MI325X"),
    power=Fact(750, "W", _MI325X, "board power, as the predecessor of the MI325X"),
)  # fmt: skip

MI325X = Accelerator(
    "MI325X", "AMD", "GPU",
    year=Fact(2024, "year", _MI325X),
    peaks={precision: _refreshed(fact) for precision, fact in _MI300X_PEAKS.items()},
    bandwidth=Fact(6e12, "B/s", _MI325X, "8192 bit x 6 Gb/s, rounded down"),
    capacity=Fact(256e9, "B", _MI325X, "288 GB had been announced in June 2024"),
    power=Fact(1000, "W", _MI325X, "board power"),
)  # fmt: skip

_NOT_READ = "seen only as others quote Intel"
GAUDI2 = Accelerator(
    "Gaudi 2", "Intel", "accelerator",
    year=Fact(2022, "year", _GAUDI2, "no dated page was read", confirmed=False),
    peaks={
        "bf16": Fact(432e12, "FLOP/s", _GAUDI2, f"dense, matrix engine; {_NOT_READ}", confirmed=False),
        "fp8": Fact(865e12, "FLOP/s", _GAUDI2, f"dense, matrix engine; {_NOT_READ}", confirmed=False),
    },
    bandwidth=Fact(2.45e12, "B/s", _GAUDI2_MEMORY),
    capacity=Fact(96e9, "B", _GAUDI2_MEMORY),
    power=Fact(600, "W", _GAUDI2, f"TDP; {_NOT_READ}", confirmed=False),
)  # fmt: skip
