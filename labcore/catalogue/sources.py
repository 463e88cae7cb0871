"""Sources that more than one file of the catalogue cites; what only one file cites is declared there."""

from __future__ import annotations

from labcore.catalogue.facts import Source

TPU_V1_PAPER = Source(
    "Jouppi et al. (Google)",
    "In-Datacenter Performance Analysis of a Tensor Processing Unit, ISCA",
    2017,
    "https://arxiv.org/abs/1704.04760",
)
INTEL_486 = Source(
    "Olympus Micro", "486DX Microprocessor, Silicon Zoo galleries", 2003, "http://olympusconfocal.com/gfp/micd/"
)
ALEXNET_PAPER = Source(
    "Krizhevsky, Sutskever and Hinton",
    "ImageNet Classification with Deep Convolutional Neural Networks, NIPS",
    2012,
    "https://papers.nips.cc/paper/4824-imagenet-classification-with-deep-convolutional-neural-networks",
)
INSIDE_VOLTA = Source(
    "NVIDIA",
    "Inside Volta: The World's Most Advanced Data Center GPU, Table 1",
    2017,
    "https://developer.nvidia.com/blog/inside-volta/",
)
V100_LAUNCH = Source(
    "TweakTown",
    "NVIDIA Tesla V100: single-slot 150W, dual 300W (GTC 2017)",
    2017,
    "https://www.tweaktown.com/news/57488/nvidia-tesla-v100-single-slot-150w-dual-300w/index.html",
)
XEON_8480 = Source("Intel", "Xeon Platinum 8480+ Processor, specifications", 2023, "https://ark.intel.com/")
GPT3_PAPER = Source("Brown et al.", "Language Models are Few-Shot Learners", 2020, "https://arxiv.org/abs/2005.14165")
CHAPTER = Source("Machine Learning Systems", "Hardware Acceleration, the chapter these labs accompany", 2026)
TEACHING = Source("labcore", "Conventions of these labs", 2026)

UNREAD = "the document itself was not read"  # of a fact that is not confirmed
