"""Memories as they were measured: latency, bandwidth and size of each level; and published sizes of models.

One machine is followed through all of its levels, so that neighbours compare: NVIDIA's V100 at 1380 MHz, chased pointer
by pointer. Other chips stand beside it where a paper reports them. A latency is the time of a load that waits for the
load before it; a bandwidth counts bytes that arrive, reads only. Rates on data sheets are in labcore.catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.demand import ALEXNET_PARAMS
from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.gpu import V100
from labcore.catalogue.sources import CHAPTER, GPT3_PAPER, INSIDE_VOLTA
from labcore.units import BytesPerSecond

_BENCHES = Source(
    "D. Ernst", "gpu-benches, README: cuda-latency, cuda-cache, cuda-stream on a Tesla V100 PCIe", 2021,
    "https://github.com/te42kyfo/gpu-benches",
)  # fmt: skip
_LUO = Source(
    "Luo et al.", "Benchmarking and Dissecting the Nvidia Hopper GPU Architecture via Microbenchmarking", 2024,
    "https://arxiv.org/abs/2402.13499",
)  # fmt: skip
_ESHELMAN = Source(
    "E. Eshelman", "HPC-oriented Latency Numbers Every Programmer Should Know", 2018,
    "https://gist.github.com/eshelman/343a1c46cb3fba142c1afdcdeec17646",
)  # fmt: skip
_SSD = Source("Pure Storage", "What Is NVMe?", 2024, "https://www.purestorage.com/knowledge/what-is-nvme.html")
_FEATURES = Source(
    "PubMed Central PMC10448217", "Hardware features of different Nvidia GPU architectures, Table 3", 2023,
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC10448217/table/t0015",
)  # fmt: skip
_PRACTICES = Source(
    "NVIDIA", "CUDA C++ Best Practices Guide, registers", 2024,
    "https://docs.nvidia.com/cuda/cuda-c-best-practices-guide/",
)  # fmt: skip
_CHEESE = Source(
    "Chips and Cheese", "Nvidia's H100: Funny L2, and Tons of Bandwidth", 2023,
    "https://chipsandcheese.com/p/nvidias-h100-funny-l2-and-tons-of-bandwidth",
)  # fmt: skip
_SILICA = Source("S. M. Sze", "Physics of Semiconductor Devices, appendix", 1981)
_CORTEX = Source(
    "Applied EE", "Inference on Cortex-M", 2025,
    "https://applied-ee.github.io/embedded/docs/edge-ai/tinyml/cortex-m-inference/",
)  # fmt: skip
_GHOLAMI = Source("Gholami et al.", "AI and Memory Wall, IEEE Micro 44(3), abstract", 2024,
                  "https://doi.org/10.1109/MM.2024.3373763")  # fmt: skip


@dataclass(frozen=True)
class Level:
    """One level of a hierarchy; `energy` names its row in labcore.catalogue.energy, 7 nm.

    `bandwidth` is that of the whole chip; `capacity` is that of one of the `copies` between which the chip divides the
    level, and so is `BW_of_one`.
    """

    name: str
    latency: Fact
    bandwidth: Fact
    capacity: Fact
    energy: str
    copies: int = 1

    @property
    def BW_of_one(self) -> BytesPerSecond:
        """Bandwidth of one copy, which has `capacity`."""
        return self.bandwidth.value / self.copies


V100_CLOCK = Fact(1380e6, "Hz", _BENCHES, "as reported beside the latencies")
V100_SMS = Fact(80, "", _BENCHES, "multiprocessors, each with an L1 of its own")
V100_CYCLES = {
    "L1": Fact(30.0, "", _BENCHES, "cycles; a buffer that fits the 128 KiB of one SM"),
    "L2": Fact(214.4, "", _BENCHES, "cycles; 256 kB to 4 MB"),
    "HBM": Fact(436.0, "", _BENCHES, "cycles; 512 MB, address translation included"),
}


def _waited(level: str) -> Fact:
    cycles = V100_CYCLES[level]
    return Fact(cycles.value / V100_CLOCK.value, "s", _BENCHES, f"{cycles.value:g} cycles at 1380 MHz", "derived")


V100_LEVELS = (
    Level("HBM", _waited("HBM"), Fact(891e9, "B/s", _BENCHES, "a sum of one array; the sheet's peak is 900"),
          V100.capacity, "HBM2"),
    Level("L2", _waited("L2"), Fact(2544e9, "B/s", _BENCHES, "all SMs together, 512 kB, by the counter of reads"),
          Fact(6 * 2**20, "B", INSIDE_VOLTA, "prints 6144 KB"), "SRAM 1 MiB"),
    Level("L1", _waited("L1"), Fact(13667e9, "B/s", _BENCHES, "all 80 SMs together, 64 kB in each"),
          Fact(128 * 2**10, "B", _BENCHES, "of one SM, shared memory included"), "SRAM 32 KiB", V100_SMS.value),
)  # fmt: skip

_SECOND_HAND = "cycles; known from others that quote the table"
LATENCY_CYCLES = {
    "V100": V100_CYCLES,
    "A100": {
        "L1": Fact(37.9, "", _LUO, _SECOND_HAND, confirmed=False),
        "L2": Fact(261.5, "", _LUO, _SECOND_HAND, confirmed=False),
        "HBM": Fact(466.3, "", _LUO, _SECOND_HAND, confirmed=False),
    },
    "H100": {
        "L1": Fact(40.7, "", _LUO, f"PCIe card; {_SECOND_HAND}", confirmed=False),
        "L2": Fact(263.0, "", _LUO, f"PCIe card; {_SECOND_HAND}", confirmed=False),
        "HBM": Fact(478.8, "", _LUO, f"PCIe card; {_SECOND_HAND}", confirmed=False),
    },
}
CLOCK = {
    "V100": V100_CLOCK,
    "A100": Fact(1410e6, "Hz", _LUO, "boost; the clock of the measurement was not read", confirmed=False),
    "H100": Fact(1755e6, "Hz", _LUO, "boost; the clock of the measurement was not read", confirmed=False),
}
CPU_CACHE = {
    "L1": Fact(1.5e-9, "s", _ESHELMAN, "4 cycles"),
    "L2": Fact(5e-9, "s", _ESHELMAN, "12 to 17 cycles"),
}
DDR_LATENCY = Fact(75e-9, "s", _ESHELMAN, "256 MB on the socket's own memory, Xeon E5-2690 v4, TinyMemBench")
FLASH_READ = Fact(100e-6, "s", _SSD, "a raw NAND read; the page gives 20 to 100 us for whole NVMe drives")
SHARED_CYCLES = Fact(20, "", _FEATURES, "cycles of shared memory, the same for V100, A100 and H100; a round figure")
REGISTER_CYCLES = Fact(1, "", _PRACTICES, "a register costs no clock cycle beside the instruction's own", "derived")
REGISTER_BIT = Fact(0.1e-12, "J", CHAPTER, "one bit; no process and no file size stand beside it", kind="convention")
H100_L2 = Fact(50e6, "B", _CHEESE, "of the PCIe card, as printed, 50 MB")
SILICA = Fact(3.9, "", _SILICA, "relative permittivity of SiO2, the insulator between wires", confirmed=False)
CORTEX_M4 = {
    "operations a cycle": Fact(4, "OP", _CORTEX, "one SMLAD: two multiply-accumulates of 16 bits"),
    "bytes a cycle": Fact(4, "B", _CORTEX, "one 32-bit load", kind="derived"),
}
H100_DIE = Fact(814, "", _CHEESE, "area in mm^2")

DECADES = {  # of server hardware, 20 years back from 2024
    "years": Fact(20, "year", _GHOLAMI),
    "peak": Fact(3.0, "x", _GHOLAMI, "FLOP/s, every two years"),
    "DRAM": Fact(1.6, "x", _GHOLAMI, "bandwidth, every two years"),
    "interconnect": Fact(1.4, "x", _GHOLAMI, "bandwidth, every two years"),
}
VON_NEUMANN = Fact(1945, "year", Source("J. von Neumann", "First Draft of a Report on the EDVAC", 1945),
                   "its title page is dated June 30")  # fmt: skip
ATTENTION = Fact(2014, "year", Source(
    "Bahdanau, Cho and Bengio", "Neural Machine Translation by Jointly Learning to Align and Translate", 2014,
    "https://arxiv.org/abs/1409.0473"), "the month stands in the paper's number, 1409")  # fmt: skip

_VGG = Source("Simonyan and Zisserman", "Very Deep Convolutional Networks for Large-Scale Image Recognition",
              2014, "https://arxiv.org/abs/1409.1556")  # fmt: skip
_BERT = Source(
    "Devlin et al.", "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", 2018,
    "https://arxiv.org/abs/1810.04805",
)  # fmt: skip
_PALM = Source(
    "Chowdhery et al.", "PaLM: Scaling Language Modeling with Pathways", 2022, "https://arxiv.org/abs/2204.02311"
)
_LLAMA31 = Source("Meta", "The Llama 3 Herd of Models", 2024, "https://arxiv.org/abs/2407.21783")
_DEEPSEEK = Source("DeepSeek-AI", "DeepSeek-V3 Technical Report", 2024, "https://arxiv.org/abs/2412.19437")
_MAVERICK = Source("Meta", "Llama 4 Maverick, model card", 2025)
_PUBLISHED = "parameters, as the title page or abstract rounds them"
PARAMETERS = {
    "AlexNet": ALEXNET_PARAMS,
    "VGG-16": Fact(138e6, "", _VGG, "parameters; Table 2, network D"),
    "BERT-Large": Fact(340e6, "", _BERT, "parameters; section 3"),
    "GPT-3": Fact(175e9, "", GPT3_PAPER, _PUBLISHED),
    "PaLM": Fact(540e9, "", _PALM, _PUBLISHED),
    "Llama 3.1": Fact(405e9, "", _LLAMA31, _PUBLISHED),
    "DeepSeek-V3": Fact(671e9, "", _DEEPSEEK, "parameters; a mixture of experts, 37 G of which serve a token"),
    "Llama 4 Maverick": Fact(400e9, "", _MAVERICK, "parameters; a mixture of experts, 17 G of which serve a token"),
}  # fmt: skip

L2_BANDWIDTH = {
    "V100": Fact(3133e9, "B/s", _FEATURES, "2,048 B a clock at 1.53 GHz; a limit by design, not measured"),
    "A100": Fact(7219e9, "B/s", _FEATURES, "5,120 B a clock at 1.41 GHz; a limit by design, not measured"),
}
