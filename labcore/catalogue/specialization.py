"""Who built special hardware, when, and what it gained: the milestones of the eras, the first TPU's story.

A gain says nothing without what it is held against and by which measure; each note says both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.gpu import V100
from labcore.catalogue.sources import INTEL_486, TPU_V1_PAPER, UNREAD
from labcore.catalogue.tpu import TPU_V1
from labcore.units import Ratio

_SHIRRIFF = Source(
    "K. Shirriff", "The stack circuitry of the Intel 8087 floating point chip, reverse-engineered", 2025,
    "https://www.righto.com/2025/12/8087-stack-circuitry.html",
)  # fmt: skip
_INTEL_87 = Source("Intel", "iAPX 86/20 Numeric Data Processor, table of execution times at 5 MHz", 1981)
_WIKIPEDIA = Source("Wikipedia", "Intel 8087, a copy of the article", 2024, "https://en.wikipedia.org/wiki/Intel_8087")
_SPECTRUM = Source(
    "IEEE Spectrum", "Chip Hall of Fame: Texas Instruments TMS32010", 2017,
    "https://spectrum.ieee.org/chip-hall-of-fame-texas-instruments-tms32010-digital-signal-processor",
)  # fmt: skip
_GPUS = Source("GameDev Pensieve", "GPU History", 2015, "https://www.gamedevpensieve.com/hardware/gpu/gpu-history")
_MMX = Source("cedoxs", "In the beginning, there was MMX", 2006,
              "http://cedoxs.wordpress.com/2006/12/21/in-the-beginning-there-was-mmx/")  # fmt: skip
_NV40 = Source(
    "Tom's Hardware", "Performance Leap: NVIDIA GeForce 6800 Ultra", 2004,
    "https://www.tomshardware.com/reviews/performance-leap,789-2.html",
)  # fmt: skip
_IXP = Source("Intel", "IXP2800 Network Processor, Hardware Reference Manual", 2004)
_H264 = Source("ITU-T", "Recommendation H.264, first edition", 2003, "https://www.itu.int/rec/T-REC-H.264")
_WSE2 = Source(
    "AnandTech", "Cerebras Unveils Wafer Scale Engine Two (WSE2)", 2021, "https://www.anandtech.com/show/16626/"
)
_BLUEFIELD = Source(
    "ServeTheHome", "NVIDIA BlueField-2 and BlueField-2X DPU Offerings Launched", 2020,
    "https://www.servethehome.com/nvidia-bluefield-2-and-bluefield-2x-dpu-offerings-launched/",
)  # fmt: skip
_HAMEED = Source(
    "Hameed et al.", "Understanding Sources of Inefficiency in General-Purpose Chips, CACM 54(10), abstract", 2011,
    "https://doi.org/10.1145/2001269.2001291",
)  # fmt: skip
_DECODERS = Source(
    "Kränzler, Herglotz and Kaup", "A Comprehensive Review of Software and Hardware Energy Efficiency of Video "
    "Decoders", 2024, "https://arxiv.org/abs/2402.09001",
)  # fmt: skip
_S9 = Source("Odaily", "Why Bitcoin mining needs ASIC miners", 2018, "https://m.0daily.cn/en/post/5132101")
_CPU_MINER = Source("Bitcoin Wiki", "Non-specialized hardware comparison", 2016, "https://en.bitcoin.it/wiki/")
_GOLDEN_AGE = Source("J. Hennessy and D. Patterson", "A New Golden Age for Computer Architecture, CACM 62(2)", 2019,
                     "https://doi.org/10.1145/3282307")  # fmt: skip
_RTX_3080 = Source("IT Creations", "GeForce RTX 3080 GPU, after NVIDIA's sheet", 2021,
                   "https://www.itcreations.com/nvidia-gpu/nvidia-geforce-rtx-3080-gpu")  # fmt: skip


@dataclass(frozen=True)
class Milestone:
    """A chip, standard or unit, and the year in which it came."""

    name: str
    year: Fact


@dataclass(frozen=True)
class Era:
    """A decade of special hardware: what it was for, the phase and the bottleneck it belongs to, its milestones."""

    decade: int
    pattern: str
    phase: str
    bottleneck: str
    milestones: tuple[Milestone, ...]


def _year(name: str, year: int, source: Source, note: str = "", confirmed: bool = True) -> Milestone:
    return Milestone(name, Fact(year, "year", source, note, confirmed=confirmed))


I8087 = _year("Intel 8087", 1980, _SHIRRIFF)
TMS32010 = _year("TI TMS32010", 1983, _SPECTRUM, "also dated 1982, when it was presented")
I486DX = _year("Intel 486DX", 1989, INTEL_486, "the FPU moves onto the CPU's die")
GEFORCE_256 = _year("GeForce 256", 1999, _GPUS, "fixed-function transform and lighting")
GEFORCE_3 = _year("GeForce 3", 2001, _GPUS, "programmable shaders")
GEFORCE_8 = _year("GeForce 8", 2006, _GPUS, "unified shaders")
TPU = Milestone("Google TPU v1", TPU_V1.year)
TENSOR_CORES = Milestone("V100 tensor cores", V100.year)
ERAS = (
    Era(1980, "floating point and signals", "specialized computing", "precision", (I8087, TMS32010, I486DX)),
    Era(1990, "3D graphics and multimedia", "parallel graphics", "throughput",
        (_year("MMX (SIMD in a CPU)", 1997, _MMX), GEFORCE_256)),
    Era(2000, "media and networks", "domain-specific architectures", "throughput",
        (_year("Intel IXP2800", 2002, _IXP, f"announced; {UNREAD}", confirmed=False),
         _year("H.264 standard", 2003, _H264, UNREAD, confirmed=False))),
    Era(2010, "tensors of deep learning", "ML-specific hardware", "integration", (TPU, TENSOR_CORES)),
    Era(2020, "one application each", "ML-specific hardware", "integration",
        (_year("BlueField-2 (smart NIC)", 2020, _BLUEFIELD, "NVIDIA's launch; Mellanox showed it in 2019"),
         _year("Cerebras WSE-2 (a wafer)", 2021, _WSE2))),
)  # fmt: skip


def distinct(part: str) -> tuple[object, ...]:
    """The different values of one part of the eras (decade, pattern, phase, bottleneck), in the order of time.

    >>> distinct("bottleneck")
    ('precision', 'throughput', 'integration')
    """
    return tuple(dict.fromkeys(getattr(era, part) for era in ERAS))


def era(decade: int) -> Era:
    """The era of a decade; raises ValueError with those there are.

    >>> era(1990).milestones[-1].name
    'GeForce 256'
    """
    found = next((one for one in ERAS if one.decade == decade), None)
    if found is None:
        raise ValueError(f"no era begins in {decade}; there are {', '.join(str(one.decade) for one in ERAS)}")
    return found


def years(milestones: Sequence[Milestone]) -> list[int]:
    """The years of some milestones, in their order.

    >>> years([I8087, I486DX])
    [1980, 1989]
    """
    return [int(one.year.value) for one in milestones]


def values(facts: Iterable[Fact]) -> list[float]:
    """The values of some facts, in their order.

    >>> values(TPU_SPEED["K80"])
    [13.2, 15.3]
    """
    return [fact.value for fact in facts]


# ---- what special hardware gained

CLOCK_8087 = Fact(5e6, "Hz", _INTEL_87, UNREAD, confirmed=False)
_SPEEDS = {"add": (17, 1600), "multiply": (19, 1600), "divide": (39, 3200), "square root": (36, 19600),
           "tangent": (90, 13000), "exponential": (100, 17100)}  # fmt: skip
TIMES_8087 = {  # operation -> the 8087's time, the 8086's in software
    name: tuple(Fact(us * 1e-6, "s", _INTEL_87, f"{by}; the table as others quote it", confirmed=False)
                for us, by in zip(times, ("8087", "8086 in software"), strict=True))
    for name, times in _SPEEDS.items()
}  # fmt: skip
APPLICATIONS_8087 = (Fact(1.2, "x", _WIKIPEDIA, "whole applications, from about 20 % faster"),
                     Fact(6.0, "x", _WIKIPEDIA, "to over 500 % faster"))  # fmt: skip
GAIN_8087 = Fact(100, "x", _SHIRRIFF, "floating-point operations, up to; against software on the 8086")


def gains(times: dict[str, tuple[Fact, Fact]], names: Sequence[str]) -> list[Ratio]:
    """How many times faster the first of two times is, operation by operation.

    >>> [round(gain) for gain in gains(TIMES_8087, ["add", "multiply", "square root"])]
    [94, 84, 544]
    """
    return [times[name][1].value / times[name][0].value for name in names]


_TABLE_6 = "section 4 on Table 6, a die against a die"
_FIGURE_9 = "section 5 on Figure 9, incremental (host left out)"
TPU_SPEED = {  # against which chip, mean over six applications: unweighted, weighted by how often they run
    "K80": (Fact(13.2, "x", TPU_V1_PAPER, f"geometric mean; {_TABLE_6}"),
            Fact(15.3, "x", TPU_V1_PAPER, f"weighted mean; {_TABLE_6}")),
    "Haswell CPU": (Fact(14.5, "x", TPU_V1_PAPER, f"geometric mean; {_TABLE_6}"),
                    Fact(29.2, "x", TPU_V1_PAPER, f"weighted mean; {_TABLE_6}")),
}  # fmt: skip
TPU_PER_WATT = {
    "K80": (Fact(25, "x", TPU_V1_PAPER, f"geometric mean; {_FIGURE_9}"),
            Fact(29, "x", TPU_V1_PAPER, f"weighted mean; {_FIGURE_9}")),
    "Haswell CPU": (Fact(41, "x", TPU_V1_PAPER, f"geometric mean; {_FIGURE_9}"),
                    Fact(83, "x", TPU_V1_PAPER, f"weighted mean; {_FIGURE_9}")),
}  # fmt: skip
TPU_ABSTRACT = tuple(  # speed, least and most; performance per watt, least and most
    Fact(value, "x", TPU_V1_PAPER, "abstract, against the contemporary GPU or CPU") for value in (15, 30, 30, 80)
)
DECODER_ENERGY = Fact(
    0.09, "ratio", _DECODERS, "abstract: of a hardware decoder over optimized software, less than this"
)
CODEC_ENERGY = Fact(500, "x", _HAMEED, "H.264 encoder at 720p: energy of four general-purpose cores over an ASIC's")
MINER = (Fact(13.5e12, "1/s", _S9, "hashes, Antminer S9"), Fact(1350, "W", _S9, "the whole machine"))
CPU_MINER = (Fact(18.6e6, "1/s", _CPU_MINER, f"hashes, Core i7-2600K; {UNREAD}", confirmed=False),
             Fact(95, "W", _CPU_MINER, "its TDP, not measured", confirmed=False))  # fmt: skip
TEN_X = Fact(10, "x", _GOLDEN_AGE, "the book gives no page and the sentence was not found there", confirmed=False)
GDDR6X = Fact(760e9, "B/s", _RTX_3080, "one product: 320 bit x 19 Gb/s; wider boards of GDDR6X reach 1,008")
POLYGONS = Fact(600e6, "", _NV40, "polygons a second, GeForce 6800 Ultra, as its maker states")

# ---- the TPU's story

CONSIDERED = Fact(2006, "year", TPU_V1_PAPER, "section 2")
PROJECTION = Fact(2, "x", TPU_V1_PAPER, "data-centre compute, if people spoke to voice search 3 minutes a day")
MONTHS = Fact(15, "", TPU_V1_PAPER, "months to design, verify, build and deploy; section 2")
UNIFIED_BUFFER = Fact(24 * 2**20, "B", TPU_V1_PAPER, "prints 24 MiB; 28 MiB with the accumulators")
