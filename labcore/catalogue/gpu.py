"""NVIDIA's data-center GPUs, Kepler (2012) to Blackwell (2024).

Peaks are dense and at the boost clock: the tensor cores where a chip has them for that precision, the
vector units for fp64 and fp32. Where a sheet prints a rate with 2:4 sparsity, the note says so, in
TFLOP/s or TOP/s like the sheet. Capacity is kept as printed: 80 GB is 80e9 B here, although the chips
are built in powers of two (a "40 GB" A100 reports 42,405,855,232 B). A source that prints GiB is taken
at its word.
"""

from __future__ import annotations

from labcore.catalogue.facts import Accelerator, Fact, Source
from labcore.catalogue.sources import INSIDE_VOLTA, TPU_V1_PAPER, V100_LAUNCH

_TITAN = Source(
    "Ubergizmo", "NVIDIA Powers Worlds Fastest Supercomputer: the Titan", 2012,
    "http://www.ubergizmo.com/2012/11/nvidia-powers-titan-supercomputer/",
)  # fmt: skip
_KEPLER = Source(
    "AnandTech", "NVIDIA Launches Tesla K80, GK210 GPU", 2014,
    "https://www.anandtech.com/show/8729/nvidia-launches-tesla-k80-gk210-gpu",
)  # fmt: skip
_M40 = Source(
    "AnandTech", "NVIDIA Announces Tesla M40 & M4 Server Cards", 2015,
    "https://www.anandtech.com/show/9776/nvidia-announces-tesla-m40-m4-server-cards-data-center-machine-learning",
)  # fmt: skip
_M40_24GB = Source(
    "Microway", "NVIDIA Tesla M40 24GB GPU Accelerator (Maxwell GM200) Up Close", 2016,
    "https://www.microway.com/hpc-tech-tips/nvidia-tesla-m40-24gb-gpu-accelerator-maxwell-gm200-close/",
)  # fmt: skip
_P40_BRIEF = Source(
    "NVIDIA", "Tesla P40 GPU Accelerator, Product Brief PB-08338-001", 2016,
    "https://pdfslide.us/documents/tesla-p40-gpu-accelerator-the-tesla-p40-gpu-accelerator-is-offered-as-a-250-w.html",
)  # fmt: skip
_P40_NEWS = Source(
    "Overclockers.ua", "NVIDIA Tesla P40 and P4", 2016,
    "https://overclockers.ua/news/hardware/2016-09-13/118930",
)  # fmt: skip
_P40_SHEET = Source(
    "Compucon", "Tesla P40 (a reseller's copy of NVIDIA's sheet)", 2018,
    "http://www.compucon.co.nz/content/view/2039/280/",
)  # fmt: skip
_P40_AND_P100 = Source(
    "Tom's Hardware", "Nvidia's Tesla P4 And P40 GPUs Boost Deep Learning Inference Performance", 2016,
    "https://www.tomshardware.com/news/nvidia-tesla-p40-p4-inference,32680.html",
)  # fmt: skip
_T4 = Source("NVIDIA", "T4 Tensor Core GPU, product page", 2018, "https://www.nvidia.com/en-us/data-center/tesla-t4/")
_T4_NEWS = Source(
    "Geektopia", "NVIDIA presents the Tesla T4 (in Spanish)", 2018,
    "https://geektopia.es/es/technology/2018/09/13/noticias/"
    "nvidia-presenta-la-nueva-tesla-t4-basada-en-turing-orientada-a-inteligencia-artificial.html",
)  # fmt: skip
_AMPERE = Source(
    "NVIDIA", "NVIDIA Ampere Architecture In-Depth, Table 3", 2020,
    "https://developer.nvidia.com/blog/nvidia-ampere-architecture-in-depth/",
)  # fmt: skip
_A100 = Source(
    "NVIDIA", "A100 Tensor Core GPU Datasheet 2188504", 2022,
    "https://www.nvidia.com/content/dam/en-zz/Solutions/Data-Center/a100/pdf/nvidia-a100-datasheet-nvidia-us-2188504-web.pdf",
)  # fmt: skip
_HOPPER = Source(
    "NVIDIA", "NVIDIA Hopper Architecture In-Depth", 2022,
    "https://developer.nvidia.com/blog/nvidia-hopper-architecture-in-depth/",
)  # fmt: skip
_H100 = Source(
    "NVIDIA", "H100 Tensor Core GPU Datasheet", 2023,
    "https://resources.nvidia.com/en-us-tensor-core/nvidia-tensor-core-gpu-datasheet",
)  # fmt: skip
_H100_WHITEPAPER = Source(
    "NVIDIA", "H100 Tensor Core GPU Architecture, whitepaper V1.04", 2023,
    "https://resources.nvidia.com/en-us-tensor-core/gtc22-whitepaper-hopper",
)  # fmt: skip
_H200 = Source("NVIDIA", "H200 GPU, product page", 2024, "https://www.nvidia.com/en-us/data-center/h200/")
_HGX_B200 = Source("NVIDIA", "HGX platform, product page", 2025, "https://www.nvidia.com/en-us/data-center/hgx/")
_DGX_B200 = Source("NVIDIA", "DGX B200, product page", 2025, "https://www.nvidia.com/en-us/data-center/dgx-b200/")
_BLACKWELL = Source(
    "NVIDIA", "Blackwell Architecture Technical Brief V2.1, Table 3", 2025,
    "https://resources.nvidia.com/en-us-blackwell-architecture",
)  # fmt: skip

K20X = Accelerator(
    "K20X", "NVIDIA", "GPU",
    year=Fact(2012, "year", _TITAN),
    peaks={
        "fp64": Fact(1.31e12, "FLOP/s", _KEPLER, "vector"),
        "fp32": Fact(3.95e12, "FLOP/s", _KEPLER, "vector"),
    },
    bandwidth=Fact(249.6e9, "B/s", _KEPLER, "384 bit x 5.2 Gb/s; usually rounded to 250", "derived"),
    capacity=Fact(6e9, "B", _KEPLER),
    power=Fact(235, "W", _KEPLER, "TDP of the board"),
)  # fmt: skip

K80 = Accelerator(
    "K80", "NVIDIA", "GPU",
    year=Fact(2014, "year", _KEPLER),
    peaks={
        "fp64": Fact(1.455e12, "FLOP/s", _KEPLER, "vector; half of the board's 2.91, with boost", "derived"),
        "fp32": Fact(4.37e12, "FLOP/s", _KEPLER, "vector; half of the board's 8.74, with boost", "derived"),
    },
    bandwidth=Fact(240e9, "B/s", TPU_V1_PAPER, "Table 2: one of the board's two GPUs; 160 with ECC and without boost"),
    capacity=Fact(12 * 2**30, "B", TPU_V1_PAPER, "Table 2: prints 12 GiB a GPU"),
    power=Fact(150, "W", TPU_V1_PAPER, "Table 2: TDP of one GPU, half of the board's 300"),
)  # fmt: skip

K80_BOARD = Accelerator(
    "K80-board", "NVIDIA", "GPU",
    year=Fact(2014, "year", _KEPLER),
    peaks={
        "fp64": Fact(2.91e12, "FLOP/s", _KEPLER, "vector; two GPUs, with boost"),
        "fp32": Fact(8.74e12, "FLOP/s", _KEPLER, "vector; two GPUs, with boost"),
    },
    bandwidth=Fact(480e9, "B/s", _KEPLER, "2 x 384 bit x 5 Gb/s; no GPU sees more than half", "derived"),
    capacity=Fact(24 * 2**30, "B", TPU_V1_PAPER, "Table 2: two GPUs with the 12 GiB printed for each", "derived"),
    power=Fact(300, "W", _KEPLER, "TDP of the board"),
)  # fmt: skip

M40 = Accelerator(
    "M40", "NVIDIA", "GPU",
    year=Fact(2015, "year", _M40, "announced 10 November 2015"),
    peaks={
        "fp64": Fact(0.21e12, "FLOP/s", INSIDE_VOLTA, "vector; 1/32 of fp32"),
        "fp32": Fact(6.8e12, "FLOP/s", INSIDE_VOLTA, "vector; the launch material rounds to 7"),
    },
    bandwidth=Fact(288e9, "B/s", _M40_24GB, "384 bit x 6 Gb/s"),
    capacity=Fact(12e9, "B", _M40, "a 24 GB version followed in 2016"),
    power=Fact(250, "W", _M40, "TDP of the board"),
)  # fmt: skip

P40 = Accelerator(
    "P40", "NVIDIA", "GPU",
    year=Fact(2016, "year", _P40_NEWS),
    peaks={
        "fp32": Fact(12e12, "FLOP/s", _P40_NEWS, "vector"),
        "int8": Fact(47e12, "OP/s", _P40_SHEET, "vector (four-way dot products); no tensor cores"),
    },
    bandwidth=Fact(345.6e9, "B/s", _P40_NEWS, "384 bit x 7.2 Gb/s; usually rounded to 346", "derived"),
    capacity=Fact(24e9, "B", _P40_NEWS),
    power=Fact(250, "W", _P40_BRIEF, "limit of the board"),
)  # fmt: skip

P100 = Accelerator(
    "P100", "NVIDIA", "GPU",
    year=Fact(2016, "year", _P40_AND_P100, "on the market by September 2016"),
    peaks={
        "fp64": Fact(5.3e12, "FLOP/s", _AMPERE, "vector"),
        "fp32": Fact(10.6e12, "FLOP/s", _AMPERE, "vector"),
        "fp16": Fact(21.2e12, "FLOP/s", _AMPERE, "vector, two values a lane; no tensor cores"),
    },
    bandwidth=Fact(720e9, "B/s", _AMPERE, "4096 bit x 1.406 Gb/s; the data sheet's 732 is also quoted"),
    capacity=Fact(16e9, "B", _AMPERE),
    power=Fact(300, "W", _AMPERE, "TDP, SXM module"),
)  # fmt: skip

V100 = Accelerator(
    "V100", "NVIDIA", "GPU",
    year=Fact(2017, "year", V100_LAUNCH),
    peaks={
        "fp64": Fact(7.8e12, "FLOP/s", _AMPERE, "vector"),
        "fp32": Fact(15.7e12, "FLOP/s", _AMPERE, "vector"),
        "fp16": Fact(125e12, "FLOP/s", _AMPERE, "tensor cores; 31.4 on the vector units"),
    },
    bandwidth=Fact(900e9, "B/s", _AMPERE, "4096 bit x 1.755 Gb/s, rounded"),
    capacity=Fact(32e9, "B", _AMPERE, "also sold with 16 GB"),
    power=Fact(300, "W", _AMPERE, "TDP, SXM2 module"),
)  # fmt: skip

T4 = Accelerator(
    "T4", "NVIDIA", "GPU",
    year=Fact(2018, "year", _T4_NEWS),
    peaks={
        "fp32": Fact(8.1e12, "FLOP/s", _T4, "vector"),
        "fp16": Fact(65e12, "FLOP/s", _T4, "tensor cores"),
        "int8": Fact(130e12, "OP/s", _T4, "tensor cores"),
        "int4": Fact(260e12, "OP/s", _T4, "tensor cores"),
    },
    bandwidth=Fact(320e9, "B/s", _T4, "256 bit x 10 Gb/s; the page prints 320+"),
    capacity=Fact(16e9, "B", _T4),
    power=Fact(70, "W", _T4, "limit of the board"),
)  # fmt: skip

_A100_PEAKS = {
    "fp64": Fact(9.7e12, "FLOP/s", _AMPERE, "vector; 19.5 on the tensor cores"),
    "fp32": Fact(19.5e12, "FLOP/s", _AMPERE, "vector"),
    "tf32": Fact(156e12, "FLOP/s", _AMPERE, "dense; 312 with sparsity"),
    "fp16": Fact(312e12, "FLOP/s", _AMPERE, "dense; 624 with sparsity"),
    "bf16": Fact(312e12, "FLOP/s", _AMPERE, "dense; 624 with sparsity"),
    "int8": Fact(624e12, "OP/s", _AMPERE, "dense; 1,248 with sparsity"),
    "int4": Fact(1248e12, "OP/s", _AMPERE, "dense; 2,496 with sparsity"),
}

A100 = Accelerator(
    "A100", "NVIDIA", "GPU",
    year=Fact(2020, "year", _AMPERE, "the 80 GB module followed the 40 GB one in the same year"),
    peaks=_A100_PEAKS,
    bandwidth=Fact(2039e9, "B/s", _A100, "80 GB SXM; the PCIe card has 1,935"),
    capacity=Fact(80e9, "B", _A100),
    power=Fact(400, "W", _A100, "TDP, SXM module; a custom cooled version is allowed 500"),
)  # fmt: skip

A100_FP16_SPARSE = Fact(624e12, "FLOP/s", _AMPERE, "weights pruned to 2:4; a rate of the tensor cores, not of a layer")

A100_40GB = Accelerator(
    "A100-40GB", "NVIDIA", "GPU",
    year=Fact(2020, "year", _AMPERE),
    peaks=_A100_PEAKS,
    bandwidth=Fact(1555e9, "B/s", _AMPERE, "5120 bit x 2.43 Gb/s"),
    capacity=Fact(40e9, "B", _AMPERE),
    power=Fact(400, "W", _AMPERE, "TDP, SXM4 module"),
)  # fmt: skip

_H100_DENSE = "dense, half of the 1,979 printed with sparsity; the whitepaper prints 989.4"

H100 = Accelerator(
    "H100", "NVIDIA", "GPU",
    year=Fact(2022, "year", _HOPPER),
    peaks={
        "fp64": Fact(34e12, "FLOP/s", _H100, "vector; 67 on the tensor cores"),
        "fp32": Fact(67e12, "FLOP/s", _H100, "vector"),
        "tf32": Fact(494.5e12, "FLOP/s", _H100, "dense, half of the 989 printed with sparsity", "derived"),
        "fp16": Fact(989e12, "FLOP/s", _H100, _H100_DENSE, "derived"),
        "bf16": Fact(989e12, "FLOP/s", _H100, _H100_DENSE, "derived"),
        "fp8": Fact(1979e12, "FLOP/s", _H100, "dense, half of the 3,958 printed with sparsity", "derived"),
        "int8": Fact(1979e12, "OP/s", _H100, "dense, half of the 3,958 printed with sparsity", "derived"),
    },
    bandwidth=Fact(3.35e12, "B/s", _H100),
    capacity=Fact(80e9, "B", _H100),
    power=Fact(700, "W", _H100_WHITEPAPER, "TDP, SXM5 module"),
)  # fmt: skip

H100_PCIE = Accelerator(
    "H100-PCIe", "NVIDIA", "GPU",
    year=Fact(2022, "year", _HOPPER),
    peaks={
        "fp64": Fact(26e12, "FLOP/s", _H100, "vector; 51 on the tensor cores"),
        "fp32": Fact(51e12, "FLOP/s", _H100, "vector"),
        "tf32": Fact(
            378e12, "FLOP/s", _H100, "dense, half of fp16 as on the SXM module; this cell was not legible",
            "derived", confirmed=False,
        ),
        "fp16": Fact(756e12, "FLOP/s", _H100, "dense, half of the 1,513 printed with sparsity", "derived"),
        "bf16": Fact(756e12, "FLOP/s", _H100_WHITEPAPER, "dense; 1,513 with sparsity"),
        "fp8": Fact(1513e12, "FLOP/s", _H100, "dense, half of the 3,026 printed with sparsity", "derived"),
        "int8": Fact(1513e12, "OP/s", _H100, "dense, half of the 3,026 printed with sparsity", "derived"),
    },
    bandwidth=Fact(2e12, "B/s", _H100, "HBM2e, not the SXM module's HBM3"),
    capacity=Fact(80e9, "B", _H100),
    power=Fact(350, "W", _H100_WHITEPAPER, "TDP of the card"),
)  # fmt: skip

H200 = Accelerator(
    "H200", "NVIDIA", "GPU",
    year=Fact(2023, "year", _H200, "announced November 2023; no dated page was read", confirmed=False),
    peaks={
        "fp64": Fact(34e12, "FLOP/s", _H200, "vector; 67 on the tensor cores"),
        "fp32": Fact(67e12, "FLOP/s", _H200, "vector"),
        "tf32": Fact(494.5e12, "FLOP/s", _H200, "dense, half of the 989 printed with sparsity", "derived"),
        "fp16": Fact(989e12, "FLOP/s", _H200, "dense, half of the 1,979 printed with sparsity", "derived"),
        "bf16": Fact(989e12, "FLOP/s", _H200, "dense, half of the 1,979 printed with sparsity", "derived"),
        "fp8": Fact(1979e12, "FLOP/s", _H200, "dense, half of the 3,958 printed with sparsity", "derived"),
        "int8": Fact(1979e12, "OP/s", _H200, "dense, half of the 3,958 printed with sparsity", "derived"),
    },
    bandwidth=Fact(4.8e12, "B/s", _H200),
    capacity=Fact(141e9, "B", _H200),
    power=Fact(700, "W", _H200, "TDP, SXM module"),
)  # fmt: skip

B200 = Accelerator(
    "B200", "NVIDIA", "GPU",
    year=Fact(2024, "year", _BLACKWELL, "announced March 2024; no dated page was read", confirmed=False),
    peaks={
        "fp64": Fact(37e12, "FLOP/s", _BLACKWELL, "vector and tensor cores alike"),
        "fp32": Fact(75e12, "FLOP/s", _BLACKWELL, "vector"),
        "tf32": Fact(1125e12, "FLOP/s", _HGX_B200, "dense; 18,000 with sparsity / 2 / 8 GPUs", "derived"),
        "fp16": Fact(2250e12, "FLOP/s", _HGX_B200, "dense; 36,000 with sparsity / 2 / 8 GPUs", "derived"),
        "bf16": Fact(2250e12, "FLOP/s", _HGX_B200, "dense; 36,000 with sparsity / 2 / 8 GPUs", "derived"),
        "fp8": Fact(4500e12, "FLOP/s", _BLACKWELL, "dense; 9,000 with sparsity"),
        "fp4": Fact(9000e12, "FLOP/s", _BLACKWELL, "dense; 18,000 with sparsity; 10,000 in a GB200"),
        "int8": Fact(4500e12, "OP/s", _BLACKWELL, "dense; 9,000 with sparsity"),
    },
    bandwidth=Fact(7.7e12, "B/s", _BLACKWELL, "the DGX B200 page prints 64 TB/s for 8 GPUs, 8 each"),
    capacity=Fact(180e9, "B", _DGX_B200, "1,440 GB / 8 GPUs; the brief prints up to 192", "derived"),
    power=Fact(1000, "W", _BLACKWELL, "TDP"),
)  # fmt: skip
