"""Which choice suits which network: lines 2062 to 2091, and the questions of set 6 about dataflow.

>>> from labcore.claims.ledger import claim
>>> claim("sc6-q1").computed
3136
"""

from __future__ import annotations

import math

from labcore.claims.ledger import computes, shows
from labcore.claims.printed import FAR, HUNDREDS, THOUSANDS, Identity, Range, Truth, Words
from labcore.dataflow import best, counts
from labcore.loopnest import conv_problem, matmul_problem
from labcore.models.zoo import build
from labcore.ops import matmul
from labcore.roofline import ridge

LAB = "11_dataflow"
NETWORKS, REUSE, MLP, CHECK, ONE_FOR_ALL = (
    f"{LAB}#{cell}" for cell in ("three-networks", "weight-reuse", "batch-reuse", "self-check", "one-for-all")
)
TABLE, CNN = "Table 22", "Text §Convolutional neural networks (ResNet-50)"
TRANSFORMER, PERCEPTRON = "Text §Transformer architectures", "Text §GEMM / §Multilayer perceptrons"

shows(
    "three-representative-workloads", "Text §Applying mapping strategies",
    "Convolutional networks, transformers and perceptrons stand for three kinds of reuse: over positions, over "
    "tokens and the cache, over the batch.", NETWORKS,
)  # fmt: skip
shows(
    "table22-caption", TABLE,
    "Four rows of choices (dataflow, layout, fusion, tiling) for three families of networks.", NETWORKS,
)  # fmt: skip
shows(
    "table22-dataflow", TABLE,
    "Advises weights to stay for convolutions and perceptrons, and inputs for transformers, by what each family "
    "reuses. Between memory and a buffer the lab finds weights never ahead and sums never behind, on the whole of one "
    "network of each family; at the edge of an array it depends on the layer.", NETWORKS,
)  # fmt: skip
shows(
    "table22-layout", TABLE,
    "Leaves the order in memory to the library and the chip, and names what is common.", NETWORKS,
)  # fmt: skip
shows(
    "table22-fusion", TABLE,
    "Names what is usually fused: an activation behind a convolution, attention as a whole, what follows a product.",
    NETWORKS,
)  # fmt: skip
shows(
    "table22-tiling", TABLE,
    "Names along which dimensions tiles are cut: space, sequence, blocks of a matrix.", NETWORKS,
)  # fmt: skip


@computes("cnn-weight-reuse-hundreds", CNN,
          Words("hundreds or thousands", least=HUNDREDS[0]), "", REUSE)  # fmt: skip
def uses_of_a_weight(batch=1):
    """Multiply-accumulates of one weight in a pass of ResNet-50, for each size of feature map: N P Q."""
    return sorted(set(positions(batch).values()), reverse=True)


@uses_of_a_weight.erratum
def most_weights_serve_few():
    """For one image a weight in front of the last maps, of 7 x 7, is used {last} times.

    The layers that put out those maps hold {share:.0%} of the weights of all convolutions: at one image most weights of
    the network are used {last} times. Would hold before the last maps, {next_to_last} to {first:,} uses, and for a
    batch: from {batch} images on, all have hundreds.
    """
    layers = [layer for layer in build("resnet50").layers if layer.op.kind == "conv2d"]
    uses = positions(1)
    words = {layer.name: math.prod(layer.op.shape[d] for d in "KCRS") for layer in layers}
    *others, last = uses_of_a_weight()
    few = sum(words[name] for name in words if uses[name] == last)
    return {
        "first": others[0], "next_to_last": others[-1], "last": last, "share": few / sum(words.values()),
        "batch": math.ceil(HUNDREDS[0] / last),
    }  # fmt: skip


def positions(batch: int) -> dict[str, int]:
    """Output positions of each convolution of ResNet-50, all images of a batch."""
    layers = (layer for layer in build("resnet50", batch=batch).layers if layer.op.kind == "conv2d")
    return {layer.name: math.prod(layer.op.shape[d] for d in "NPQ") for layer in layers}


@computes("attention-s-squared", TRANSFORMER, Words("O(S^2)", least=2, most=2), "", NETWORKS)
def exponent_of_attention(short=512, long=1024):
    """Exponent with which the FLOP of GPT-2's two attention products grow with the length of the text."""
    ops = [[layer.op.flop for layer in build("gpt2", seq=S).layers if layer.name in ATTENTION] for S in (short, long)]
    return math.log(sum(ops[1]) / sum(ops[0]), long / short)


@computes("gemm-square-n-over-3", PERCEPTRON, Identity("n/3"), "FLOP/B", MLP)
def intensity_of_a_square(sizes=(64, 768, 4096), b=2):
    """Intensity of an n x n x n product in FP16, counted and as 2 n^3 over 3 n^2 elements of b bytes."""
    return [matmul(n, n, n, b).I for n in sizes], [2 * n / (3 * b) for n in sizes]


@computes("gemm-64-below-ridge", PERCEPTRON, Truth(words="far below the ridge"), "", MLP)
def small_product_far_below(n=64, R_peak=312e12, BW=2.04e12):
    """A 64 x 64 product lies far below the A100's ridge: by an order of magnitude, at least."""
    return ridge(R_peak, BW) >= FAR * matmul(n, n, n).I


@computes("mlp-batch-reuse-linear", PERCEPTRON, Identity("linear"), "", MLP)
def uses_by_batch(batches=(1, 2, 32, 128), K=512, N=256, buffer_words=16384):
    """MACs for each weight that crosses into the buffer, weights staying, and the batch."""
    return [macs_per_weight(matmul_problem(B, K, N), buffer_words) for B in batches], list(batches)


def macs_per_weight(problem: object, buffer_words: int) -> float:
    """MACs of a problem for each weight read, under weight stationary."""
    return problem.macs / counts(problem, best(problem, "ws", buffer_words)).B_reads


shows(
    "fn38-gemm", "Text §GEMM footnote 38",
    "The product of two matrices, scaled, added to a third that is scaled too: the routine into which most layers are "
    "turned, and for which matrix units and their libraries are made.", MLP,
)  # fmt: skip


@computes("sc6-q1", "Self-Check set 6 Q1", Words("thousands of positions", *THOUSANDS), "", CHECK)
def positions_of_a_filter(h=56, C=64, K=64, buffer_words=16384):
    """Uses of each weight of a 3 x 3 layer for one time that it is read, weights staying."""
    return round(macs_per_weight(conv_problem(1, C, h, h, K, 3, 3, padding=1), buffer_words))


shows(
    "sc6-q5", "Self-Check set 6 Q5",
    "False: no one dataflow is best for all. The answer estimates what one for all costs in some class of layers; it "
    "names no network, batch or chip. In cycles on a 128 x 128 array weight stationary loses that much on DLRM at "
    "batch 1, and no dataflow does on the lab's three networks at larger sizes.", ONE_FOR_ALL,
    Range("2", "3"), "x",
)  # fmt: skip

ATTENTION = ("attn.scores", "attn.context")
