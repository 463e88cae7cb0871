"""Networks as they were served: measured on one chip, server and client included."""

from __future__ import annotations

from labcore.catalogue.facts import Fact, Source

_TRITON = Source(
    "NVIDIA", "DeepLearningExamples, Deploying the ResNet50 v1.5 model on Triton Inference Server", 2021,
    "https://github.com/NVIDIA/DeepLearningExamples/blob/master/PyTorch/Classification/ConvNets/triton/resnet50/README.md",
)  # fmt: skip
_SETTING = "one A100 of 80 GB, FP16, TensorRT behind ONNX Runtime, offline"

RESNET50_LATENCY = {  # of a whole batch, mean
    1: Fact(2.128e-3, "s", _TRITON, _SETTING),
    32: Fact(11.193e-3, "s", _TRITON, _SETTING),
}
RESNET50_RATE = {  # inferences a second
    1: Fact(469.1, "", _TRITON, _SETTING),
    32: Fact(2857.6, "", _TRITON, _SETTING),
}
