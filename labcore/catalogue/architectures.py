"""Kinds of accelerators beyond GPU and TPU, each with the tiers of memory that it bets on, nearest first.

A tier is what a chip owns of one memory: capacity and bandwidth, all of its copies together. `home` names the tier in
which the maker means the weights to live. Peaks are dense. A bandwidth of a link is one direction, all links together.
The farthest tier may be of the machine around a chip: an IPU's share of its machine's DDR, or the MemoryX that streams
weights to the wafers of a cluster. What a maker only announced, in a talk or to the press, has the kind "claimed", and
so has what follows from it; a data sheet or documentation is "published".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from labcore.catalogue import CHIPS
from labcore.catalogue.edge import MOBILE_NPU
from labcore.catalogue.execution import IPU_MEMORY, WSE2_CORES, WSE2_MEMORY
from labcore.catalogue.facts import Accelerator, Fact, Source
from labcore.catalogue.gpu import A100, B200, H100
from labcore.catalogue.links import LINKS
from labcore.catalogue.memory import H100_L2, L2_BANDWIDTH
from labcore.catalogue.multichip import WSE3_CORES
from labcore.catalogue.names import by_name
from labcore.catalogue.other import MI300X
from labcore.catalogue.sources import TEACHING
from labcore.catalogue.tpu import TPU_V5P
from labcore.units import BytesPerSecond, FlopPerByte

_SHARED = Source(
    "PubMed Central PMC10448217", "Hardware features of different Nvidia GPU architectures, Table 3", 2023,
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC10448217/table/t0015",
)  # fmt: skip
_TRN2 = Source(
    "AWS", "Neuron documentation, Trainium2 architecture", 2025,
    "https://awsdocs-neuron.readthedocs-hosted.com/en/latest/about-neuron/arch/neuron-hardware/trainium2.html",
)  # fmt: skip
NEURON_CORE = Source(
    "AWS", "Neuron documentation, NeuronCore-v3 architecture", 2025,
    "https://awsdocs-neuron.readthedocs-hosted.com/en/latest/about-neuron/arch/neuron-hardware/neuron-core-v3.html",
)  # fmt: skip
_TRN2_POWER = Source("SemiAnalysis, summarized by tengele.com", "Amazon's AI Self Sufficiency: Trainium2", 2024)
_TRN2_LAUNCH = Source("Tom's Hardware", "AWS building ExaFLOPS-class supercomputer for AI with Trainium2", 2024)
_WORMHOLE = Source(
    "Tenstorrent", "Wormhole PCIe cards, specifications", 2025,
    "https://docs.tenstorrent.com/aibs/wormhole/specifications.html",
)  # fmt: skip
_TENSIX = Source(
    "Tenstorrent", "Documentation of the instruction set: Wormhole B0 and Blackhole, L1", 2025,
    "https://github.com/tenstorrent/tt-isa-documentation/blob/main/WormholeB0/TensixTile/L1.md",
)  # fmt: skip
_WORMHOLE_LAUNCH = Source("xmsinho.com", "Jim Keller has launched a new RISC-V chip", 2024)
_BLACKHOLE = Source(
    "Tenstorrent", "Blackhole PCIe cards, specifications", 2025, "https://docs.tenstorrent.com/aibs/blackhole/"
)
_BLACKHOLE_TALK = Source(
    "The Register", "Tenstorrent's Blackhole chips boast 768 RISC-V cores and almost as many FLOPS", 2024,
    "https://www.theregister.com/2024/08/27/tenstorrent_ai_blackhole/",
)  # fmt: skip
_BLACKHOLE_SALE = Source("Hardwareluxx", "Tenstorrent Dev Day: Blackhole can be ordered (in German)", 2025)
_GC200 = Source("Peter Clarke", "Graphcore launches 7nm AI processor", 2020,
                "https://projects-raspberry.com/graphcore-launches-7nm-ai-processor/")  # fmt: skip
_GC200_FP32 = Source("Cambrian AI", "Could Graphcore's second chip challenge NVIDIA?", 2020,
                     "https://cambrian-ai.com/could-graphcores-second-chip-challenge-nvidia/")  # fmt: skip
_IPU_NOTES = Source("Charlie Blake", "IPUs, notes on the Colossus MK2", 2022, "https://thecharlieblake.co.uk/ipus")
_BOW = Source("Graphcore", "Bow-2000 IPU-Machine datasheet, Overview", 2023,
              "https://docs.graphcore.ai/projects/bow-2000-datasheet/en/latest/overview.html")  # fmt: skip
_IPU_GUIDE = Source("Graphcore", "IPU Programmer's Guide, IPU hardware overview", 2023,
                    "https://docs.graphcore.ai/projects/ipu-programmers-guide/en/latest/about_ipu.html")  # fmt: skip
_BOW_CLOCK = Source("Talent Republic", "Graphcore, the wafer-on-wafer processor (in Spanish)", 2022)
_SN40L = Source("Prabhakar (SambaNova)", "SambaNova SN40L RDU, Hot Chips 2024, slides 2 to 4 as text", 2024,
                "https://www.sgpjbg.com/baogao/465014.html")  # fmt: skip
_SN40L_NEWS = Source("AI Wiki", "SambaNova SN40L", 2026, "https://aiwiki.ai/wiki/sambanova_sn40l")
_SN40L_DDR = Source("Prabhakar (SambaNova)", "SambaNova SN40L, abstract of a seminar at IISc Bangalore", 2024,
                    "https://www.csa.iisc.ac.in/event/688/sambanova-sn40l-scaling-the-ai-memory-wall-with-"
                    "dataflow-and-composition-of-experts")  # fmt: skip
_LPU = Source("01.me", "Groq's inference chip, after Groq's specification", 2024, "https://01.me/en/2024/02/groq/")
_LPU_LINKS = Source("Linley Newsletter", "Groq Gets Connected", 2020,
                    "https://www.linleygroup.com/newsletters/newsletter_detail.php?num=6233")  # fmt: skip
_WSE2 = Source(
    "AnandTech", "Cerebras Unveils Wafer Scale Engine Two", 2021, "http://labs.anandtech.com/Show/Index/16626"
)
_WSE3 = Source("TweakTown", "Cerebras WSE-3 wafer-scale AI chip", 2024,
               "https://www.tweaktown.com/news/96843/")  # fmt: skip
_WSE3_WIDTH = Source(
    "The Next Platform", "Cerebras Goes Hyperscale With Third Gen Waferscale Supercomputers", 2024,
    "https://www.nextplatform.com/2024/03/14/cerebras-goes-hyperscale-with-third-gen-waferscale-supercomputers/",
)  # fmt: skip
_CS2_IO = Source("Cerebras", "Glossary, SwarmX", 2023, "https://www.cerebras.net/glossary/swarmx/")
_CS3_IO = Source(
    "Argonne National Laboratory", "AI accelerators, tutorial at SC24: Cerebras", 2024,
    "https://github.com/argonne-lcf/AIaccelerators-SC24-tutorial/tree/main/Cerebras",
)  # fmt: skip
_MEMORYX = Source("Linley Newsletter", "Cerebras Performs Extreme Training", 2021,
                  "https://linleygroup.com/newsletters/newsletter_detail.php?num=6363&year=2021&tag=3")  # fmt: skip
_CS3 = Source("awesomeagents.ai", "Cerebras WSE-3", 2026, "https://awesomeagents.ai/hardware/cerebras-wse-3")
_V5P = Source("Google Cloud", "TPU v5p documentation", 2025, "https://docs.cloud.google.com/tpu/docs/v5p")
_IEA = Source("International Energy Agency", "Energy and AI", 2025)
_EPYC = Source("Chips and Cheese", "AMD's Turin: 5th Gen EPYC Launched", 2024,
               "https://chipsandcheese.com/p/amds-turin-5th-gen-epyc-launched")  # fmt: skip


@dataclass(frozen=True)
class Tier:
    """One memory of a chip; `bandwidth` is None where its maker gives none."""

    name: str
    capacity: Fact
    bandwidth: Fact | None = None


@dataclass(frozen=True)
class Architecture:
    """An accelerator by its bets: peaks, tiers of memory nearest first, what it sends to others, how it executes.

    `execution` names a style of labcore.architectures.styles.
    """

    name: str
    vendor: str
    execution: str
    year: Fact
    peaks: Mapping[str, Fact]
    tiers: tuple[Tier, ...]
    home: str
    link: Fact | None = None
    power: Fact | None = None

    peak = Accelerator.peak  # peaks are asked for alike

    @property
    def kind(self) -> str:
        """What stands where a chip of the catalogue has GPU or TPU: how this one executes."""
        return self.execution

    @property
    def sixteen_bit(self) -> str:
        """The 16-bit floating format that the chip computes in: fp16 where it has a peak for it, else bf16."""
        return "fp16" if "fp16" in self.peaks else "bf16"

    def tier(self, name: str) -> Tier:
        """The tier of that name; raises ValueError with those the chip has."""
        found = next((one for one in self.tiers if one.name == name), None)
        if found is None:
            raise ValueError(f"{self.name} has no {name}; its tiers are {', '.join(one.name for one in self.tiers)}")
        return found

    def BW(self, tier: str) -> BytesPerSecond:
        """Bandwidth of a tier; raises ValueError where the maker gives none, with the tiers that have one."""
        if (found := self.tier(tier).bandwidth) is None:
            known = ", ".join(one.name for one in self.tiers if one.bandwidth)
            raise ValueError(f"no bandwidth is known of the {tier} of {self.name}; of {known} it is")
        return found.value

    def ridge(self, tier: str, precision: str) -> FlopPerByte:
        """Ridge point of a tier: the intensity from which computing binds and not that tier."""
        return self.peak(precision) / self.BW(tier)

    def facts(self) -> Iterator[tuple[str, Fact]]:
        """Every fact with its name, in the order of a data sheet."""
        named = [("year", self.year), *((f"peak {precision}", fact) for precision, fact in self.peaks.items())]
        for one in self.tiers:
            named += [(f"{one.name} capacity", one.capacity), (f"{one.name} bandwidth", one.bandwidth)]
        named += [("link one way", self.link), ("power", self.power)]
        yield from ((name, fact) for name, fact in named if fact is not None)


def _known(chip: Accelerator, execution: str, dram: str, *near: Tier, link: Fact | None = None) -> Architecture:
    """A chip of the catalogue with its nearer tiers."""
    tiers = (*near, Tier(dram, chip.capacity, chip.bandwidth))
    return Architecture(
        chip.name, chip.vendor, execution, chip.year, chip.peaks, tiers, home=dram, link=link, power=chip.power
    )


def _shared(sms: int, all_sms: int, KiB: int, BW: float) -> Tier:
    note = f"{sms} of the {all_sms} SMs of the full die"
    return Tier(
        "shared memory", Fact(sms * KiB * 2**10, "B", _SHARED, f"{KiB} KiB an SM, {note}", "derived"),
        Fact(BW * sms / all_sms, "B/s", _SHARED, f"128 B a clock, at 1.755 GHz; {note}", "derived"),
    )  # fmt: skip


def _gpu_link(name: str) -> Fact:
    return LINKS[name].one_way


_A100_L2 = Fact(40e6, "B", _SHARED, "as printed, 40 MB")
_H100_L2_BW = Fact(8986e9, "B/s", _SHARED, "5,120 B a clock at 1.755 GHz; a limit by design, not measured")
_V5P_ICI = Fact(
    600e9, "B/s", _V5P, "half of the 1,200 GB/s printed as bidirectional; an older page has 4,800 Gb/s", "derived"
)

NEURON_CORES = Fact(8, "", _TRN2, "NeuronCore-v3 of a Trainium2")
ENGINES = {  # of a NeuronCore-v3, and what the page says they are for
    "tensor": "a systolic array: matrix products, convolutions, transposes",
    "vector": "each output depends on several inputs: layer norm, pooling, aX + Y",
    "scalar": "each output depends on one input: activation functions",
    "GPSIMD": "general C code beside the SRAM: what the other three lack",
}
GPSIMD_PROCESSORS = Fact(8, "", NEURON_CORE, "of one GPSIMD engine, fully programmable")
GPSIMD_BITS = Fact(512, "", NEURON_CORE, "of one processor")
TENSOR_ENGINE = Fact(79e12, "FLOP/s", NEURON_CORE, "bf16; eight are 632e12, where the chip's own page prints 667e12")

WSE3_CLAIM = Fact(125e15, "FLOP/s", _WSE3, "fp16; elsewhere called a rate with sparsity", "claimed")
_WSE_CLOCK = 1.1e9  # from reports of Cerebras' talk at Hot Chips 34; 21 PB/s are then 21 B a clock and core
_WSE_READS = "two 64-bit reads and a write a clock and core: about two thirds of it reads"


def _wafer(cores: Fact, width: int) -> dict[str, Fact]:
    note = f"dense: {cores.value:,.0f} cores x {width} lanes x 2 FLOP at 1.1 GHz; the clock was not read at Cerebras"
    return {
        "fp16": Fact(cores.value * width * 2 * _WSE_CLOCK, "FLOP/s", _WSE3_WIDTH, note, "estimate", confirmed=False)
    }


_WSE_LINK = {
    name: Fact(150e9, "B/s", source, "1.2 Tb/s in and out of the CS system around a wafer", "derived")
    for name, source in (("WSE-2", _CS2_IO), ("WSE-3", _CS3_IO))
}
_STREAMED = Fact(240e12, "B", _MEMORYX, "room for 120 T weights, at 16 bits each; all wafers share it", "derived")
_IPU_READS = "second-hand; 1,472 tiles x 24 B x 1.35 GHz give 47.7, so loads and stores are counted together"
_IPU_DDR = Fact(64e9, "B", _BOW, "of four 256 GB at most, in the machine around; no bandwidth was read", "derived")
_IPU_LINK = Fact(160e9, "B/s", _IPU_NOTES, "half of 320 GB/s, taken as both ways", "derived", confirmed=False)

ALL = (
    _known(A100, "SIMT", "HBM", _shared(108, 128, 164, 23101e9), Tier("L2", _A100_L2, L2_BANDWIDTH["A100"]),
           link=_gpu_link("NVLink 3")),
    _known(H100, "SIMT", "HBM", _shared(132, 144, 228, 32348e9), Tier("L2", H100_L2, _H100_L2_BW),
           link=_gpu_link("NVLink 4")),
    _known(B200, "SIMT", "HBM", link=_gpu_link("NVLink 5")),
    _known(MI300X, "SIMT", "HBM", link=_gpu_link("Infinity Fabric (MI300X)")),
    _known(TPU_V5P, "systolic", "HBM", link=_V5P_ICI),
    Architecture(
        "Trainium2", "AWS", "systolic", Fact(2024, "year", _TRN2_LAUNCH, "general availability"),
        {
            "bf16": Fact(667e12, "FLOP/s", _TRN2, "dense; an earlier edition printed 655"),
            "fp8": Fact(1299e12, "FLOP/s", _TRN2, "dense"),
            "fp32": Fact(181e12, "FLOP/s", _TRN2),
        },
        (
            Tier("SRAM", Fact(8 * 28 * 2**20, "B", NEURON_CORE, "28 MB in each of eight cores, in the guide to its "
                              "kernels 28 MiB; run by software", "derived")),
            Tier("HBM", Fact(96 * 2**30, "B", _TRN2), Fact(2.9e12, "B/s", _TRN2)),
        ),
        home="HBM",
        link=Fact(640e9, "B/s", _TRN2, "half of 1.28 TB/s, whose direction is not printed", "derived", confirmed=False),
        power=Fact(500, "W", _TRN2_POWER, "about; second-hand", confirmed=False),
    ),
    Architecture(
        "Wormhole n150", "Tenstorrent", "tasks", Fact(2024, "year", _WORMHOLE_LAUNCH),
        {"fp16": Fact(74e12, "FLOP/s", _WORMHOLE), "fp8": Fact(262e12, "FLOP/s", _WORMHOLE)},
        (
            Tier("SRAM", Fact(72 * 1464 * 2**10, "B", _TENSIX, "72 cores of 1,464 KiB; the board's page has 108 MB",
                              "derived"),
                 Fact(72 * 16 * 16 * 1e9, "B/s", _TENSIX, "72 cores at 1 GHz, each of 16 banks that read or write 16 B "
                      "a clock; what feeds the multipliers reads five at most, 5.8 TB/s", "derived")),
            Tier("GDDR6", Fact(12e9, "B", _WORMHOLE), Fact(288e9, "B/s", _WORMHOLE)),
        ),
        home="GDDR6",
        link=Fact(100e9, "B/s", _WORMHOLE, "2 ports of 400 Gb/s; Hardwareluxx prints 200 each", "derived"),
        power=Fact(160, "W", _WORMHOLE, "board"),
    ),
    Architecture(
        "Blackhole p150", "Tenstorrent", "tasks", Fact(2025, "year", _BLACKHOLE_SALE),
        {
            "fp16": Fact(372e12, "FLOP/s", _BLACKHOLE_TALK, "140 cores; of 2026 on 120 of them", "claimed"),
            "fp8": Fact(745e12, "FLOP/s", _BLACKHOLE_TALK, "140 cores; later 774, and 664 with 120 cores",
                        "claimed"),
        },
        (
            Tier("SRAM", Fact(140 * 1536 * 2**10, "B", _TENSIX, "140 cores of 1,536 KiB", "derived")),
            Tier("GDDR6", Fact(32e9, "B", _BLACKHOLE), Fact(512e9, "B/s", _BLACKHOLE)),
        ),
        home="GDDR6",
        link=Fact(400e9, "B/s", _BLACKHOLE, "4 ports of 800 Gb/s", "derived"),
        power=Fact(300, "W", _BLACKHOLE, "board"),
    ),
    Architecture(
        "GC200", "Graphcore", "bulk synchronous", Fact(2020, "year", _GC200),
        {"fp16": Fact(250e12, "FLOP/s", _GC200, "accumulated in fp16", "claimed"),
         "fp32": Fact(62.5e12, "FLOP/s", _GC200_FP32, kind="claimed")},
        (Tier("SRAM", IPU_MEMORY, Fact(47.5e12, "B/s", _IPU_NOTES, _IPU_READS, "claimed", confirmed=False)),
         Tier("DDR", replace(_IPU_DDR, source=_IPU_GUIDE, note="as a Bow's: four have up to 260 GB, SRAM included; no "
                             "bandwidth was read"))),
        home="SRAM", link=_IPU_LINK,
    ),
    Architecture(
        "Bow IPU", "Graphcore", "bulk synchronous", Fact(2022, "year", _BOW_CLOCK),
        {"fp16": Fact(350e12, "FLOP/s", _BOW, "1.4 PFLOP/s of four; accumulated in fp16", "derived")},
        (Tier("SRAM", Fact(IPU_MEMORY.value, "B", _BOW, "3.6 GB of four; the tiles of a GC200, so in MiB", "derived"),
              Fact(47.5e12 * 1.85 / 1.35, "B/s", _BOW_CLOCK, "the GC200's at 1.85 in place of 1.35 GHz", "claimed",
                   confirmed=False)),
         Tier("DDR", _IPU_DDR)),
        home="SRAM", link=_IPU_LINK,
    ),
    Architecture(
        "SN40L", "SambaNova", "dataflow", Fact(2023, "year", _SN40L_NEWS),
        {"bf16": Fact(638e12, "FLOP/s", _SN40L, kind="claimed")},
        (
            Tier("SRAM", Fact(520 * 2**20, "B", _SN40L, "printed as 520 MB: 1,040 units, taken as 512 KiB each; "
                              "petabytes a second for 16 chips, no figure", "derived")),
            Tier("HBM", Fact(64e9, "B", _SN40L), Fact(1.6e12, "B/s", _SN40L, "25.6 TB/s of 16 chips", "derived")),
            Tier("DDR", Fact(1.5e12, "B", _SN40L), Fact(200e9, "B/s", _SN40L_DDR, "a slide's 1,600 GB/s, taken "
                 "as of 8 chips: 8 load more than 1 TB/s, above 125 GB/s each", "derived", confirmed=False)),
        ),
        home="HBM",
    ),
    Architecture(
        "LPU v1", "Groq", "static plan", Fact(2020, "year", _LPU_LINKS),
        {
            "fp16": Fact(188e12, "FLOP/s", _LPU, kind="claimed"),
            "int8": Fact(750e12, "OP/s", _LPU, kind="claimed"),
        },
        (Tier("SRAM", Fact(230e6, "B", _LPU), Fact(80e12, "B/s", _LPU, kind="claimed")),),
        home="SRAM",
        link=Fact(42e9, "B/s", _LPU_LINKS, "as cabled, 3 links of 14 GB/s that a card of 2020 exposes; the chip has 16 "
                  "links of 4 lanes at 30 Gb/s, 240 GB/s, and later systems use more of them", "derived"),
        power=Fact(215, "W", _LPU, "TDP beside these rates; 300 W was announced with 1 POP/s at 1.25 GHz", "claimed"),
    ),
    Architecture(
        "WSE-2", "Cerebras", "dataflow", Fact(2021, "year", _WSE2), _wafer(WSE2_CORES, 4),
        (Tier("SRAM", WSE2_MEMORY, Fact(20e15, "B/s", _WSE2, _WSE_READS, "claimed")),
         Tier("MemoryX", _STREAMED, _WSE_LINK["WSE-2"])),
        home="SRAM", link=_WSE_LINK["WSE-2"],
    ),
    Architecture(
        "WSE-3", "Cerebras", "dataflow", Fact(2024, "year", _WSE3), _wafer(WSE3_CORES["sold"], 8),
        (Tier("SRAM", Fact(44e9, "B", _WSE3), Fact(21e15, "B/s", _WSE3, _WSE_READS, "claimed")),
         Tier("MemoryX", _STREAMED, _WSE_LINK["WSE-3"])),
        home="SRAM", link=_WSE_LINK["WSE-3"], power=Fact(23e3, "W", _CS3, "of the whole system; second-hand",
                                                     confirmed=False),
    ),
    _known(MOBILE_NPU, "systolic", "LPDDR"),
)  # fmt: skip
ARCHITECTURES: dict[str, Architecture] = {one.name: one for one in ALL}

HOP = Fact(1e-6, "s", TEACHING, "latency of one message between chips where no maker's figure was read", "convention")
COOLING = (  # share of a data center's energy, from efficient hyperscale to less efficient enterprise sites
    Fact(0.07, "ratio", _IEA, "report not read", confirmed=False),
    Fact(0.30, "ratio", _IEA, "more than this; report not read", confirmed=False),
)
DDR5_RATE = Fact(6.4e9, "T/s", _EPYC, "DDR5-6400, on validated systems; 64 bits a transfer and channel")
DDR5_CHANNELS = (
    Fact(2, "", TEACHING, "channels of a desktop's socket", "convention"),
    Fact(12, "", _EPYC, "channels of a server's socket, EPYC 9005"),
)


def architecture(name: str) -> Architecture:
    """The architecture of that name, written as one likes; raises ValueError with the nearest names.

    >>> architecture("lpu v1").tier("SRAM").capacity.value
    230000000.0
    """
    return by_name(name, ALL, "architecture", "labcore.catalogue.architectures.ALL")


def beyond() -> tuple[Architecture, ...]:
    """The architectures that the catalogue does not list as chips.

    >>> [one.name for one in beyond()][:2]
    ['Trainium2', 'Wormhole n150']
    """
    listed = {one.name for one in CHIPS}
    return tuple(one for one in ALL if one.name not in listed)


def described(name: str) -> Accelerator | Architecture:
    """The chip of the catalogue of that name, or else the architecture; raises ValueError with the nearest of both.

    >>> described("wse3").home, described("h100").kind
    ('SRAM', 'GPU')
    """
    return by_name(name, (*CHIPS, *beyond()), "chip", "`labcore specs`")
