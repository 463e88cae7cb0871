"""Layouts as frameworks document them: the default order, strides of an example, what channels last gains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labcore.catalogue.facts import Fact, Source

_PYTORCH = Source(
    "PyTorch", "Channels Last Memory Format in PyTorch, tutorial", 2025,
    "https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html",
)  # fmt: skip
_TENSORFLOW = Source(
    "TensorFlow", "C++ API 2.12, ops::MaxPoolV2::Attrs, data_format_", 2023,
    "https://www.tensorflow.org/versions/r2.12/api_docs/cc/struct/tensorflow/ops/max-pool-v2/attrs",
)  # fmt: skip


@dataclass(frozen=True)
class Convention:
    """What a framework's page says of its layouts: the default, and the strides (N, C, H, W) of an example, if any."""

    framework: str
    default: str
    source: Source
    sizes: Mapping[str, int]
    strides: Mapping[str, tuple[int, int, int, int]]


PYTORCH = Convention(
    "PyTorch", "NCHW", _PYTORCH, {"N": 10, "C": 3, "H": 32, "W": 32},
    {"NCHW": (3072, 1024, 32, 1), "NHWC": (3072, 1, 96, 3)},
)  # fmt: skip
TENSORFLOW = Convention("TensorFlow", "NHWC", _TENSORFLOW, {}, {})

RESNET50_GAIN = Fact(1.22, "x", _PYTORCH, "training in mixed precision, channels last over NCHW; cuDNN 7.6.3")
VOLTA_GAINS = Fact(1.08, "x", _PYTORCH, "least of 28 networks"), Fact(1.35, "x", _PYTORCH, "most of 28 networks")
ICE_LAKE_GAINS = Fact(1.26, "x", _PYTORCH, "least, on a CPU"), Fact(1.76, "x", _PYTORCH, "most, on a CPU")

_BATCH_NORM = Source(
    "PyTorch", "torch/csrc/api/include/torch/nn/functional/batchnorm.h, version 2.0", 2023,
    "https://github.com/pytorch/pytorch/blob/v2.0.0/torch/csrc/api/include/torch/nn/functional/batchnorm.h",
)  # fmt: skip
BATCH_NORM_ARGUMENTS = Fact(9, "", _BATCH_NORM, "of torch.batch_norm: the tensor, four vectors, four settings")
