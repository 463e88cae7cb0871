"""A keyword spotter: DS-CNN, as the MLPerf Tiny benchmark runs it on microcontrollers."""

from __future__ import annotations

from labcore.catalogue.facts import Source
from labcore.models.network import Layer, Network
from labcore.models.vision import Chain
from labcore.ops import softmax
from labcore.precision import bytes_per_element
from labcore.windows import same_padding

# The architecture is DS-CNN of Zhang, Suda, Lai and Chandra, "Hello Edge", 2017; these are the benchmark's sizes.
_SOURCE = Source(
    "Banbury et al.", "MLPerf Tiny Benchmark", 2021, "https://github.com/mlcommons/tiny/tree/master/benchmark"
)
FRAMES, COEFFICIENTS, WORDS = 49, 10, 12  # one second of sound in steps of 20 ms, 10 MFCCs a step
CHANNELS, BLOCKS = 64, 4


def kws(batch: int = 1, precision: str = "fp16") -> Network:
    """DS-CNN: one convolution, four depthwise-separable blocks, a mean, 12 words.

    The reference keeps a bias in each convolution beside the one of its batch normalization; both are counted.

    >>> kws().params
    23756
    """
    chain = Chain((batch, 1, FRAMES, COEFFICIENTS), bytes_per_element(precision))
    padding = same_padding(FRAMES, kernel=10, stride=2), same_padding(COEFFICIENTS, kernel=4, stride=2)
    chain.conv("conv1", CHANNELS, kernel=(10, 4), stride=2, padding=padding, bias=True)
    chain.activation("relu1")
    for block in range(1, BLOCKS + 1):
        chain.conv(f"block{block}.depthwise", CHANNELS, kernel=3, groups=CHANNELS, bias=True)
        chain.activation(f"block{block}.relu1")
        chain.conv(f"block{block}.pointwise", CHANNELS, kernel=1, bias=True)
        chain.activation(f"block{block}.relu2")
    chain.pool("avgpool", kernel=chain.shape[2:])
    chain.dense("fc", WORDS)
    last = Layer("softmax", softmax(batch, WORDS, chain.bytes_per_element))
    note = "DS-CNN on 49 x 10 MFCCs; batch normalization folded into the convolutions"
    return Network("kws", (*chain.layers, last), _SOURCE, batch, note, fed=chain.fed)
