"""DLRM: embedding tables far larger than the computation on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from labcore.catalogue.facts import Source
from labcore.models.network import Layer, Network
from labcore.ops import FLOP_PER_ELEMENT, Operation, elementwise, embedding_bag, matmul, movement
from labcore.precision import bytes_per_element
from labcore.units import Bytes, positive_ints

# DLRM is Naumov et al., 2019 (arXiv:1906.00091). The sizes are those of MLPerf Training v0.7 to v2.1 and of
# Inference: --arch-mlp-bot=13-512-256-128 --arch-mlp-top=1024-1024-512-256-1 --max-ind-range=40000000.
_SOURCE = Source(
    "MLCommons", "MLPerf DLRM on Criteo Terabyte (bench/run_and_time.sh)", 2020,
    "https://github.com/facebookresearch/dlrm/blob/main/bench/run_and_time.sh",
)  # fmt: skip
DENSE_FEATURES = 13
BOTTOM_MLP = (512, 256, 128)
TOP_MLP = (1024, 1024, 512, 256, 1)
TABLE_ROWS = (  # distinct values of Criteo Terabyte's 26 categorical features, hashed into 40 million at most
    39884406, 39043, 17289, 7420, 20263, 3, 7120, 1543, 63, 38532951, 2953546, 403346, 10, 2208, 11938, 155, 4, 976,
    14, 39979771, 25641295, 39664984, 585935, 12972, 108, 36,
)  # fmt: skip
INDEX_BYTES = 8  # int64 indices, whatever the precision


def dlrm(batch: int = 1, precision: str = "fp16", lookups: int = 1) -> Network:
    """DLRM of MLPerf on Criteo Terabyte: 26 tables of 128 columns, dot interaction.

    Criteo has one value a feature, so each table is looked up once and the sum over a bag is empty; `lookups`
    pools more of them. The interaction multiplies all 27 x 27 pairs, as the reference does, and keeps the 351
    below the diagonal; both copies around it are counted.

    >>> round(dlrm().params / 1e9, 2)
    24.04
    """
    positive_ints(batch=batch, lookups=lookups)
    b = bytes_per_element(precision)
    dim = BOTTOM_MLP[-1]
    bag = embedding_bag(batch, lookups, dim, b, INDEX_BYTES)
    bottom = mlp_layers("bottom", (DENSE_FEATURES, *BOTTOM_MLP), batch, b)
    tables = [Layer(f"table{i}", bag, rows * dim, inputs=("indices",)) for i, rows in enumerate(TABLE_ROWS)]
    fed = ("dense", batch * DENSE_FEATURES * b), ("indices", len(tables) * batch * lookups * INDEX_BYTES)
    vectors = tuple(layer.name for layer in (bottom[-1], *tables))
    layers = (
        *bottom,
        *tables,
        *_interaction(vectors, dim, batch, b),
        *mlp_layers("top", (interaction_width(1 + len(TABLE_ROWS), dim), *TOP_MLP), batch, b, last="sigmoid"),
    )
    return Network("dlrm", layers, _SOURCE, batch, f"{lookups} lookups a table", fed=fed)


def interaction_width(vectors: int, dim: int) -> int:
    """Width of what enters the top MLP: the dense vector and the dot product of every pair.

    >>> interaction_width(vectors=27, dim=128)
    479
    """
    return dim + vectors * (vectors - 1) // 2


def mlp_layers(name: str, widths: Sequence[int], batch: int, b: Bytes, last: str = "relu") -> list[Layer]:
    """Dense layers with a bias, each followed by a ReLU, the last by `last`."""
    layers = []
    for i, (K, N) in enumerate(pairwise(widths)):
        flop = FLOP_PER_ELEMENT[last if i == len(widths) - 2 else "relu"]
        layers.append(Layer(f"{name}.fc{i}", matmul(batch, K, N, b), K * N + N))
        layers.append(Layer(f"{name}.act{i}", elementwise(batch * N, flop, bytes_per_element=b)))
    return layers


def _interaction(vectors: tuple[str, ...], dim: int, batch: int, b: Bytes) -> list[Layer]:
    """T @ T^T for the (vectors, dim) matrix T of each sample; T is both operands and is read once.

    `vectors` names the layers that make the rows of T; the first one's goes on beside the pairs.
    """
    n = len(vectors)
    pairs = movement(batch * interaction_width(n, dim), b)
    return [
        Layer("interaction.stack", movement(batch * n * dim, b), inputs=vectors),
        Layer("interaction.dot", _gram(n, dim, batch, b)),
        Layer("interaction.pairs", pairs, inputs=("interaction.dot", vectors[0])),
    ]


def _gram(vectors: int, dim: int, batch: int, b: Bytes) -> Operation:
    op = matmul(vectors, dim, vectors, b, batch)
    return replace(op, reads={"T": op.reads["A"]})
