"""What no data sheet prints: how much of the peaks is reached, what memory is kept back, which link joins chips."""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Accelerator, Fact, Source
from labcore.catalogue.links import LAUNCH
from labcore.catalogue.sources import CHAPTER
from labcore.interconnect.link import Link, link
from labcore.units import Ratio, Seconds, positive

_MBU = Source("The Open-Source AI Stack", "Glossary: model FLOPs utilization, model bandwidth utilization", 2026,
              "https://www.open-source-ai.tech/glossary/model-flops-utilization")  # fmt: skip
_VLLM = Source("Neural Magic", "Mistral-7B-Instruct-v0.3-GPTQ-4bit, discussion 1", 2024,
               "https://huggingface.co/neuralmagic/Mistral-7B-Instruct-v0.3-GPTQ-4bit/discussions/1")  # fmt: skip

ETA_COMPUTE = Fact(
    0.5, "1", CHAPTER, "middle of the 40 to 60 % of the peak that it budgets for transformers", "derived"
)
ETA_MEMORY = Fact(0.7, "1", _MBU, "within the 60 to 85 % of the bandwidth that it gives for decoding", "estimate")
RESERVE = Fact(0.1, "1", _VLLM, "vLLM takes 90 % of a GPU's memory unless told otherwise", "derived")
NODE = 8  # chips that the links between devices join; beyond them the network does

NVLINK = {"A100": "NVLink 3", "A100-40GB": "NVLink 3", "H100": "NVLink 4", "H200": "NVLink 4", "B200": "NVLink 5"}
FABRIC = {"MI300X": "Infinity Fabric (MI300X)", "MI325X": "Infinity Fabric (MI300X)"}
PCIE_UNTIL = ((2019, "PCIe Gen3 x16"), (2021, "PCIe Gen4 x16"), (9999, "PCIe Gen5 x16"))
NETWORK = "InfiniBand NDR"


@dataclass(frozen=True)
class Assumptions:
    """Shares of the peaks that a layer reaches, the share of memory that is kept back, the time to launch a kernel.

    >>> Assumptions().eta_compute
    0.5
    """

    eta_compute: Ratio = ETA_COMPUTE.value
    eta_memory: Ratio = ETA_MEMORY.value
    reserve: Ratio = RESERVE.value
    T_launch: Seconds = LAUNCH.value

    def __post_init__(self) -> None:
        positive(eta_compute=self.eta_compute, eta_memory=self.eta_memory, T_launch=self.T_launch)
        if max(self.eta_compute, self.eta_memory) > 1 or not 0 <= self.reserve < 1:
            raise ValueError(
                "eta_compute and eta_memory are shares of a peak, at most 1, and reserve a share of the memory "
                f"below 1; got {self.eta_compute}, {self.eta_memory} and {self.reserve}"
            )


def link_between(chip: Accelerator, chips: int) -> Link:
    """The link that joins several chips of a kind: the maker's own where the catalogue has it, else PCIe of its year.

    Beyond 8 chips it is the network. Raises ValueError for a chip that is built in alone.

    >>> from labcore.catalogue import H100, T4
    >>> link_between(H100, 8).name, link_between(T4, 2).name, link_between(H100, 16).name
    ('NVLink 4', 'PCIe Gen3 x16', 'InfiniBand NDR')
    """
    if chip.kind == "NPU":
        raise ValueError(f"{chip.name} is built into a device, one to each; take chips=1 or a chip with links")
    by_year = next(name for until, name in PCIE_UNTIL if chip.year.value <= until)
    return link(NETWORK if chips > NODE else (NVLINK | FABRIC).get(chip.name, by_year))
