"""Links between chips, hosts and nodes: what they carry in one direction, and what their makers print.

A maker mostly prints both directions together, and an older link's sum reads like a newer one's single direction:
"64 GB/s" is what PCIe Gen4 x16 carries both ways and what Gen5 x16 carries one way. So the direction stands in each
name here. Rates are those of the wire after its line code; packet headers, which take more, are not in them.
"""

from __future__ import annotations

from dataclasses import dataclass

from labcore.catalogue.facts import Fact, Source
from labcore.catalogue.sources import TEACHING
from labcore.units import BytesPerSecond

_NVLINK_3 = Source("NVIDIA", "NVLink, product page (German)", 2021, "https://www.nvidia.com/de-de/data-center/nvlink/")
_NVLINK_4 = Source(
    "NVIDIA, copied by a mirror", "H200, NVLink and NVSwitch", 2024, "http://banglanewzz.com/index-318.html"
)
_NVLINK_5 = Source(
    "NVIDIA, copied by a reseller", "NVLink and NVLink Switch", 2024,
    "https://catalogone.com/data-center-and-cloud-computing-nvlink-nvswitch",
)  # fmt: skip
_BEKMAN = Source(
    "Stas Bekman", "Machine Learning Engineering Open Book, chapter Network", 2025,
    "https://github.com/stas00/ml-engineering/blob/master/network/README.md",
)  # fmt: skip
_ENCODING = Source(
    "Tal Gilboa and Bjorn Helgaas", "PCI: Add pcie_bandwidth_capable(), patch to the Linux kernel", 2018,
    "https://mail-archive.com/netdev@vger.kernel.org/msg227286.html",
)  # fmt: skip
_GEN5 = Source(
    "Gustavo Pimentel (Synopsys)", "PCI: Decode PCIe 32 GT/s link speed, patch to the Linux kernel", 2019,
    "https://git.zx2c4.com/linux-dev/patch/?id=de76cda215d56256ffcda7ffa538b70f9fb301a7",
)  # fmt: skip
_GEN4 = Source(
    "AMD", "ROCm documentation, MI100 microarchitecture", 2025,
    "https://rocm.docs.amd.com/en/latest/reference/gpu-arch/mi100.html",
)  # fmt: skip
_CONNECTX_7 = Source(
    "NVIDIA", "ConnectX-7 Adapter Cards User Manual, Introduction", 2023,
    "https://docs.nvidia.com/networking/display/ConnectX7VPI/Introduction",
)  # fmt: skip
_CLUSTERS = Source(
    "ai-infra-index", "AI Networking and Interconnect Specifications", 2026,
    "https://alpha-one-index.github.io/ai-infra-index/specs/networking-interconnects.html",
)  # fmt: skip
_XGMI = Source("Wheeler's Network", "AMD Looks to Infinity for AI Interconnects", 2024,
               "https://www.wheelersnetwork.com/2024/01/")  # fmt: skip
_NCCL = Source("NVIDIA/nccl on GitHub", "Issue 1264, p2pBandwidthLatencyTest on H100 SXM", 2024,
               "https://github.com/NVIDIA/nccl/issues/1264")  # fmt: skip
_COPY = Source(
    "Wu et al., quoted by Emergent Mind", "DualPath: Breaking the Storage Bandwidth Bottleneck, Section 5.2", 2026,
    "https://www.emergentmind.com/open-problems/breakdown-of-cudamemcpyasync-overhead",
)  # fmt: skip
_LAUNCH = Source(
    "Susun Blog", "pegainfer (3): From Launch Overhead to CUDA Graph (Part 1)", 2026,
    "https://susun-blog.com/blog/pegainfer-3-cuda-graph",
)  # fmt: skip
_PAGED = Source(
    "Zheng, Nellans, Zulfiqar, Stephenson and Keckler", "Towards High Performance Paged Memory for GPUs, HPCA", 2016,
    "https://doi.org/10.1109/HPCA.2016.7446077",
)  # fmt: skip
_PREFETCH = Source(
    "Dangling Pointers (B. Pelton)", "Forest: Access-aware GPU UVM Management, on Lin et al., ISCA 2025", 2026,
    "https://danglingpointers.substack.com/p/forest-access-aware-gpu-uvm-management",
)  # fmt: skip


def serial_bandwidth(transfers: float, lanes: int, payload_bits: int = 1, line_bits: int = 1) -> BytesPerSecond:
    """Bytes a second in one direction: transfers a second and lane, one bit each, less the line code's share.

    PCIe Gen3 and later send 130 bits for 128; 16 GT/s on 16 lanes:

    >>> round(serial_bandwidth(16e9, lanes=16, payload_bits=128, line_bits=130) / 1e9, 2)
    31.51
    """
    return transfers * lanes * payload_bits / line_bits / 8


@dataclass(frozen=True)
class LinkSheet:
    """One link: what it joins, one direction of it, and the number its maker or the market prints.

    `joins` is "device-device", "host-device" or "node-network"; `printed_way` says what `printed` counts: "one way"
    or "both ways". `L_lat` is what a transfer costs before its first byte.
    """

    name: str
    joins: str
    one_way: Fact
    printed: Fact
    printed_way: str
    L_lat: Fact

    @property
    def BW_one_way(self) -> BytesPerSecond:
        """Bandwidth of one direction."""
        return self.one_way.value

    @property
    def BW_both_ways(self) -> BytesPerSecond:
        """Both directions together: every link here can send and receive at the same time."""
        return 2 * self.one_way.value

    def facts(self) -> dict[str, Fact]:
        """Every fact, by name."""
        return {"one way": self.one_way, f"printed, {self.printed_way}": self.printed, "latency": self.L_lat}


LANES = 16  # of a PCIe slot for an accelerator
PAYLOAD_BITS, LINE_BITS = 128, 130  # line code of PCIe Gen3 to Gen5
PCIE_RATE = {  # transfers a second and lane, one bit each
    "PCIe Gen3": Fact(8e9, "T/s", _ENCODING, "8 GT/s or higher: line code of 130 bits for 128"),
    "PCIe Gen4": Fact(16e9, "T/s", _GEN4, "calls the 32 GB/s of x16 bidirectional; they are one direction"),
    "PCIe Gen5": Fact(32e9, "T/s", _GEN5, "PCIe r5.0, section 7.5.3.18"),
}
COPY_OVERHEAD = Fact(6e-6, "s", _COPY, "one asynchronous copy call; 5 to 7 us measured, the middle taken", "derived")
RDMA_LATENCY = Fact(2e-6, "s", TEACHING, "order of magnitude of a message through one switch", "convention")
HOST_COPY = Fact(10e9, "B/s", TEACHING, "one CPU core copying within memory, an order of magnitude", "convention")
LAUNCH = Fact(5e-6, "s", _LAUNCH, "from the host, 4 to 6 us on an RTX 5070 Ti with CUDA 13")
FAULT_LATENCY = Fact(20e-6, "s", _PAGED, "20 to 50 us, the low end taken; paper not read", confirmed=False)
PAGE = Fact(64 * 2**10, "B", _PREFETCH, "a fault on 4 KiB brings the 64 KiB around it")
MEASURED_NVLINK_4 = Fact(380e9, "B/s", _NCCL, "one way, copy between two H100; 749 GB/s both ways")


def _nvlink(generation: int, links: int, per_link: float, source: Source, printed: float) -> LinkSheet:
    note = f"{links} links of {per_link / 1e9:g} GB/s one way"
    return LinkSheet(
        f"NVLink {generation}", "device-device",
        Fact(links * per_link, "B/s", _BEKMAN, note), Fact(printed, "B/s", source, "both ways together, for one GPU"),
        "both ways", COPY_OVERHEAD,
    )  # fmt: skip


def _pcie(generation: str, printed: float) -> LinkSheet:
    rate = PCIE_RATE[generation]
    note = f"{rate.value / 1e9:g} GT/s x {LANES} lanes x {PAYLOAD_BITS}/{LINE_BITS} / 8"
    return LinkSheet(
        f"{generation} x16", "host-device",
        Fact(serial_bandwidth(rate.value, LANES, PAYLOAD_BITS, LINE_BITS), "B/s", rate.source, note, "derived"),
        Fact(printed, "B/s", _CLUSTERS, "before the line code"), "one way", COPY_OVERHEAD,
    )  # fmt: skip


def _network(name: str, bits: float, source: Source) -> LinkSheet:
    one_way = Fact(bits / 8, "B/s", source, f"{bits / 1e9:g} Gb/s each way", "derived")
    return LinkSheet(name, "node-network", one_way, one_way, "one way", RDMA_LATENCY)


LINKS: dict[str, LinkSheet] = {
    sheet.name: sheet
    for sheet in (
        _nvlink(3, 12, 25e9, _NVLINK_3, 600e9),
        _nvlink(4, 18, 25e9, _NVLINK_4, 900e9),
        _nvlink(5, 18, 50e9, _NVLINK_5, 1.8e12),
        LinkSheet(
            "Infinity Fabric (MI300X)", "device-device",
            Fact(7 * serial_bandwidth(32e9, 16), "B/s", _BEKMAN, "7 links of 16 lanes at 32 Gb/s, one to each peer; "
                 "two GPUs alone have one of them, 64 GB/s", "derived"),
            Fact(7 * 128e9, "B/s", _XGMI, "both ways together, 7 links of 128 GB/s", "derived"),
            "both ways", COPY_OVERHEAD,
        ),
        _pcie("PCIe Gen3", 16e9),
        _pcie("PCIe Gen4", 32e9),
        _pcie("PCIe Gen5", 64e9),
        _network("InfiniBand HDR", 200e9, _CLUSTERS),
        _network("InfiniBand NDR", 400e9, _CONNECTX_7),
        _network("Ethernet 200G", 200e9, _CONNECTX_7),
        _network("Ethernet 400G", 400e9, _CONNECTX_7),
    )
}  # fmt: skip


def joined() -> list[str]:
    """What the links of the catalogue join, each once, from the accelerator outwards.

    >>> joined()
    ['device-device', 'host-device', 'node-network']
    """
    return list(dict.fromkeys(sheet.joins for sheet in LINKS.values()))
